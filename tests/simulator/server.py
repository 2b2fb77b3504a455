# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners: http, and https when wanted, in one event loop on 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from .app import Application
from .protocol import Protocol

#: Idle connections stay open this long (real seconds), so that clients which keep them can be seen to do so.
KEEP_ALIVE = 75


class Listener(uvicorn.Server):
    """A uvicorn server that leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(port: int) -> socket.socket:
    """Return a socket bound to a port of 127.0.0.1; 0 takes a free one.

    :raises OSError: if the port is taken.
    """
    # Named in full: asyncio switches Nagle's algorithm off only for sockets that say they are TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1024)
    return sock


def _listener(application: Application, certificate: tuple[Path, Path] | None) -> Listener:
    return Listener(
        uvicorn.Config(
            application,
            http=Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="error",
            date_header=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,
            ssl_certfile=str(certificate[0]) if certificate else None,
            ssl_keyfile=str(certificate[1]) if certificate else None,
        )
    )


async def serve(
    application: Application,
    http: socket.socket,
    https: socket.socket | None,
    certificate: tuple[Path, Path] | None,
    *,
    ready: Callable[[], None],
    lifetime: float | None,
    stop_when_done: asyncio.StreamReader | None = None,
) -> None:
    """Serve until a signal comes, the lifetime is over (real seconds) or ``stop_when_done`` reaches its end.

    :param ready: called once when all listeners accept connections.
    """
    listeners = [(_listener(application, None), http)]
    if https is not None:
        listeners.append((_listener(application, certificate), https))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if lifetime is not None:
        loop.call_later(lifetime, stop.set)
    tasks = [asyncio.create_task(listener.serve(sockets=[sock])) for listener, sock in listeners]
    if stop_when_done is not None:
        watch = asyncio.create_task(stop_when_done.read())
        watch.add_done_callback(lambda _task: stop.set())
    while not all(listener.started for listener, _sock in listeners) and not stop.is_set():
        await asyncio.sleep(0.005)
    ready()
    await stop.wait()
    for listener, _sock in listeners:
        listener.should_exit = True
    await asyncio.gather(*tasks)
