# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web proxy on the loopback that keeps what it was asked for."""

from __future__ import annotations

import base64
import select
import socket
import threading
import typing as t
from urllib.parse import urlsplit

from .raw_server import read_request

LIMIT_SECONDS = 30


class Proxy:
    """Tunnels CONNECT and forwards plain http, until the block is left.

    credentials: "user:password" to insist on, None to let everybody in. target: where all connections go, whatever host
    they ask for; None for that host. requests: the head of each request, as text.
    """

    def __init__(self, credentials: str | None = None, target: tuple[str, int] | None = None) -> None:
        self._expected = credentials and "basic " + base64.b64encode(credentials.encode()).decode()
        self._target = target
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def url(self, credentials: str = "") -> str:
        """What to set a proxy variable to; credentials: URL-quoted "user:password"."""
        return f"http://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        connection.settimeout(LIMIT_SECONDS)
        with connection:
            try:
                request = read_request(connection)
                if request:
                    self._answer(connection, request)
            except OSError:
                return

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
        self.requests.append(head)
        sent = next((line.partition(":")[2].strip() for line in head.split("\r\n") if _names_credentials(line)), "")
        if self._expected and (sent[:6].lower() + sent[6:]) != self._expected:
            # As some proxies do, it shows what it did not like.
            body = f"<html>not good: Proxy-Authorization: {sent}</html>".encode()
            connection.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            return
        method, address, _version = head.split("\r\n")[0].split(" ")
        if method == "CONNECT":
            host, _colon, port = address.rpartition(":")
            with socket.create_connection(self._target or (host, int(port)), LIMIT_SECONDS) as upstream:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _pump(connection, upstream)
            return
        parts = urlsplit(address)
        with socket.create_connection(
            self._target or (str(parts.hostname), parts.port or 80), LIMIT_SECONDS
        ) as upstream:
            # Everything as it came, but for the path, and only one request for each connection.
            line = f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\n".encode()
            upstream.sendall(line + b"Connection: close\r\n" + request.partition(b"\r\n")[2])
            _pump(connection, upstream)


def _names_credentials(line: str) -> bool:
    return line.lower().startswith("proxy-authorization:")


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Hand bytes over in both directions until one side has ended."""
    peers: dict[t.Any, socket.socket] = {one: other, other: one}
    while True:
        ready, _write, _error = select.select(list(peers), [], [], LIMIT_SECONDS)
        if not ready:
            return
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            peers[source].sendall(data)
