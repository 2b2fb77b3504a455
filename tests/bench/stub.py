# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the benchmark: starts backups, lists them as running after a set time, counts, and does as little else
as it can.

The simulator would do for correctness, but what it spends on each request would be most of what a benchmark at 0 ms
sees. The stub listens on a free port of 127.0.0.1 and is run by its owner through pipes: it writes its port as the
first line; each line it reads is the time that calls take from now on, in milliseconds, and is answered with what was
counted since the line before, as JSON. It ends when its input does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import subprocess
import sys
import time
from typing import Any

# No backup is started of an instance whose name ends so.
REFUSED = "-refused"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_TOKEN = re.compile(rb"\r\nauthtoken: *[^\r ]", re.IGNORECASE)


class State:
    """What calls take, and what was counted."""

    def __init__(self) -> None:
        self.latency = 0.0  # seconds
        self.ids = itertools.count(1)
        self.reset()

    def reset(self) -> dict[str, int]:
        """Begin to count anew; the counts so far."""
        counts = dict(getattr(self, "counts", {}))
        self.counts = {"connections": 0, "requests": 0, "backups": 0, "refused": 0}
        self.names: set[str] = set()
        # Of each backup that runs, the oldest first, as a listing has it.
        self.rows: list[bytes] = []
        return counts

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The answer to one request: a task with a job for each association, a page of jobs, or an error."""
        self.counts["requests"] += 1
        method, target = head.split(b" ", 2)[:2]
        answer = {b"/createtask": self._start, b"/jobs": self._list}.get(target[target.rfind(b"/") :].lower())
        if method != b"POST" or not answer:
            return self._refuse(404, {"errorMessage": "no such endpoint", "errorCode": 404})
        if not _TOKEN.search(head):
            return self._refuse(401, {"errorMessage": "Access denied", "errorCode": 5})
        try:
            return answer(json.loads(body))
        except (ValueError, KeyError, TypeError):
            return self._refuse(400, "Request body is empty or format is invalid")

    def _start(self, body: Any) -> bytes:
        associations = body["taskInfo"]["associations"]
        names = [entry["instanceName"] for entry in associations]
        if any(name.endswith(REFUSED) for name in names):
            return self._refuse(200, {"errorMessage": "No eligible subclient", "errorCode": 587207178})
        if not names or not self.names.isdisjoint(names):
            text = f"Another backup is running for instance [{', '.join(names)}]"
            return self._refuse(200, {"errorMessage": text, "errorCode": 2})
        self.names.update(names)
        self.counts["backups"] += len(names)
        jobs = [next(self.ids) for _name in names]
        self.rows += [_row(job_id, entry) for job_id, entry in zip(jobs, associations, strict=True)]
        return _http(200, {"taskId": next(self.ids), "jobIds": [str(job_id) for job_id in jobs]})

    def _list(self, body: Any) -> bytes:
        paging = body["pagingConfig"]
        found = self.rows[::-1] if paging["sortDirection"] else self.rows
        page = b",".join(found[paging["offset"] : paging["offset"] + paging["limit"]])
        return _answer(200, b'{"totalRecordsWithoutPaging":%d,"jobs":[%b]}' % (len(self.rows), page))

    def _refuse(self, status: int, reply: Any) -> bytes:
        self.counts["refused"] += 1
        return _http(status, reply)


def _row(job_id: int, entry: dict[str, Any]) -> bytes:
    names = {name: entry[name] for name in ("clientName", "instanceName", "subclientName", "applicationId")}
    job = {
        "jobId": job_id,
        "status": "Running",
        "jobType": "Backup",
        "jobStartTime": int(time.time()),
        "subclient": names,
    }
    return json.dumps({"jobSummary": job}).encode()


def _http(status: int, reply: Any) -> bytes:
    return _answer(status, json.dumps(reply).encode())


def _answer(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request after the other, bodies with Content-Length."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._state.counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = _LENGTH.search(head)
        expected = int(length.group(1)) if length else 0
        if len(body) < expected:
            return
        self._data = body[expected:]
        answer = self._state.answer(head, body[:expected])
        close = b"\r\nconnection: close" in head.lower()
        if self._state.latency:
            asyncio.get_running_loop().call_later(self._state.latency, self._send, answer, close)
        else:
            self._send(answer, close)

    def _send(self, answer: bytes, close: bool) -> None:
        self._transport.write(answer)
        if close:
            self._transport.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    state = State()
    server = await loop.create_server(lambda: _Connection(state), "127.0.0.1", 0, backlog=1024)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await orders.readline():
        state.latency = float(line) / 1000
        print(json.dumps(state.reset()), flush=True)
    server.close()


class Stub:
    """The stub in a process of its own, until the block is left."""

    def __enter__(self) -> Stub:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        port = self._read()
        if not port:
            raise RuntimeError("the stub did not start")
        self.url = f"http://127.0.0.1:{port.strip()}/commandcenter/api"
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def reset(self, latency_ms: float = 0) -> dict[str, int]:
        """Let calls take latency_ms from now on; the counts since the last reset."""
        assert self._process.stdin
        self._process.stdin.write(f"{latency_ms}\n")
        self._process.stdin.flush()
        counts: dict[str, int] = json.loads(self._read())
        return counts

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


if __name__ == "__main__":
    asyncio.run(_serve())
