# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a world: sockets whose other end is a simulated CommServe.

All of requests, urllib3 and http.client above them is real.
"""

from __future__ import annotations

import http.client
import io
import json
import typing as t
import zlib
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

from .scheduler import Task, current_task

if t.TYPE_CHECKING:
    from .scheduler import Process, Scheduler

    # What the client reads, piece by piece: bytes, an error to raise, or None for the end of the connection.
    Piece = bytes | Exception | None


class Request(t.NamedTuple):
    """A request as it arrived. path: below the root of the API, in lower case. query: with keys in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: t.Any
    process: Process
    raw: bytes


class Answer(t.NamedTuple):
    """How an answer goes over the wire. body None: no body at all. headers: added to the usual ones."""

    status: int
    body: bytes | None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Network(t.Protocol):
    """The world at the other end; see commserve.CommServe and launch.World."""

    scheduler: Scheduler

    def connect(self, process: Process, timeout: float | None) -> None:
        """A client connects; may block, and raises OSError."""

    def transmit(self, request: Request, deliver: t.Callable[[t.Sequence[Piece]], None]) -> None:
        """Take a request on its way; deliver is called once for every batch of pieces that come back."""


_network: list[Network] = []  # the one of the world that runs


def connect_to(network: Network | None) -> None:
    """Let all sockets lead into this world."""
    _network[:] = [network] if network else []


class Socket:
    """One connection, as http.client and urllib3 use a socket."""

    def __init__(self, network: Network, process: Process, timeout: t.Any) -> None:
        self._network = network
        self._process = process
        self._timeout: float | None = timeout if isinstance(timeout, (int, float)) else None
        self._sent = bytearray()
        self.inbox: list[Piece] = []
        self._reader: Task | None = None
        self.closed = False

    def sendall(self, data: bytes, *_flags: int) -> None:
        if self._process.dead or self.closed:
            raise BrokenPipeError(32, "Broken pipe")
        self._sent += data
        end = self._sent.find(b"\r\n\r\n")
        if end < 0:
            return
        length = 0
        for line in bytes(self._sent[:end]).split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(self._sent) < end + 4 + length:
            return
        raw = bytes(self._sent[: end + 4 + length])
        del self._sent[: end + 4 + length]

        def deliver(pieces: t.Sequence[Piece]) -> None:
            if not self.closed:
                self.inbox += pieces
                if self._reader:
                    self._network.scheduler.wake(self._reader)

        self._network.transmit(read_request(raw, self._process), deliver)

    send = sendall

    def receive(self) -> bytes:
        """The next piece; blocks for at most the timeout."""
        if not self.inbox:
            self._reader = current_task()
            try:
                self._network.scheduler.park(self._timeout)
            finally:
                self._reader = None
            if not self.inbox:
                raise TimeoutError("timed out")
        piece = self.inbox.pop(0)
        if piece is None:
            self.inbox.insert(0, None)
            return b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    @property
    def dropped(self) -> bool:
        """Whether reading would not block, which for an idle connection means that its other end is gone."""
        return bool(self.inbox)

    def makefile(self, mode: str = "rb", *_args: t.Any, **_kwargs: t.Any) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_Stream(self))

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    def setsockopt(self, *_args: t.Any) -> None:
        """Nothing to set."""

    def shutdown(self, _how: int) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def fileno(self) -> int:
        return -1


class _Stream(io.RawIOBase):
    def __init__(self, connection: Socket) -> None:
        self._connection = connection
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        if not self._rest:
            self._rest = self._connection.receive()
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def read_request(raw: bytes, process: Process) -> Request:
    """Parse what a client sent."""
    head, _blank, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    headers = {}
    for line in lines:
        name, _colon, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    parts = urlsplit(target)
    path = parts.path.lower().partition("/commandcenter/api/")[2]
    query = {name.lower(): value for name, value in parse_qsl(parts.query)}
    return Request(method, path, query, headers, json.loads(body) if body else None, process, raw)


def encode(answer: Answer, date: float) -> bytes:
    """An answer as bytes, with the header Date."""
    lines = [f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, 'Odd')}"]
    if answer.status >= 200:
        lines.append(f"Date: {formatdate(date, usegmt=True)}")
        names = {name.lower() for name, _value in answer.headers}
        if answer.body is not None:
            lines.append(f"Content-Type: {answer.content_type}")
            if not names & {"content-length", "transfer-encoding"}:
                lines.append(f"Content-Length: {len(answer.body)}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (answer.body or b"")


def digest(data: bytes) -> int:
    """A short fingerprint for traces."""
    return zlib.crc32(data)


def install() -> None:
    """Let urllib3 make its connections here."""
    import urllib3.connection
    import urllib3.util.connection

    def create_connection(_address: t.Any, timeout: t.Any = None, *_args: t.Any, **_kwargs: t.Any) -> t.Any:
        task = current_task()
        assert task is not None, "sockets of a simulation live in a world"
        network = _network[0]
        connection = Socket(network, task.process, timeout)
        network.connect(task.process, connection.gettimeout())
        return connection

    def wait_for_read(sock: t.Any, timeout: float | None = None) -> bool:
        return sock.dropped

    urllib3.util.connection.create_connection = create_connection  # type: ignore[assignment]
    for module in (urllib3.connection, urllib3.util.connection, urllib3.util):
        if hasattr(module, "wait_for_read"):
            setattr(module, "wait_for_read", wait_for_read)  # noqa: B010


__all__ = ["Answer", "Network", "Piece", "Request", "Socket", "connect_to", "encode", "install"]
