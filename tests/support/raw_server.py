# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server on the loopback that does to connections what real networks do; no protocol library gets in its way."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import typing as t

Step = t.Callable[[socket.socket], None]


def read_request(connection: socket.socket) -> bytes:
    """Read one request with its body; empty if the client closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, _end, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Close so that the peer sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_nothing(connection: socket.socket) -> None:
    """Take all that comes and answer nothing, until the client gives up."""
    while connection.recv(65536):
        pass


def http_answer(status: int, body: bytes = b"{}", headers: str = "", length: int | None = None) -> bytes:
    """The bytes of an answer; length: what Content-Length claims, if not the truth."""
    claimed = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {claimed}\r\n{headers}\r\n".encode()
        + body
    )


class RawServer:
    """Handles each connection with the next of the given steps, further ones with a reset; as a context manager, until
    it is left.

    steps: functions of the connected socket. requests: what answering steps received.
    """

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self._steps = list(steps)
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """The base URL to give to a client."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def answer(self, *answers: bytes) -> Step:
        """A step that answers one request after the other on one connection, then closes it."""

        def step(connection: socket.socket) -> None:
            for answer in answers:
                request = read_request(connection)
                if not request:
                    return
                self.requests.append(request)
                connection.sendall(answer)

        return step

    def reset_after_request(self, connection: socket.socket) -> None:
        """A step that takes a request and resets the connection."""
        self.requests.append(read_request(connection))
        reset(connection)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        # close() alone does not wake up a thread that is in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def add(self, *steps: Step) -> RawServer:
        """More steps."""
        self._steps.extend(steps)
        return self

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            if not self._steps:
                reset(connection)
                continue
            self.connections += 1
            connection.settimeout(20)
            step = self._steps.pop(0)
            try:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                step(connection)
            except OSError:
                pass
            finally:
                connection.close()
