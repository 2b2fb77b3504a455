# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that are no CommCell."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Command Center</title></head><body><form>Log on</form></body></html>"
NOT_FOUND = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
# The examples of the vendor's pages, which a mock made of its OpenAPI files answers whatever it is asked.
STARTED = {"taskId": 123, "jobIds": ["148886"]}
INSTANCES = {
    "instances": [
        {
            "id": 5,
            "name": "orders",
            "client": {"id": 3, "name": "aws-prod"},
            "databaseEngine": "ORACLE",
            "vendor": "AMAZON",
            "status": "READY",
        }
    ]
}
NO_ROUTE = {"type": "NO_PATH_MATCHED_ERROR", "title": "Route not resolved, no path matched", "status": 404}

Answer = tuple[int, str, bytes]


def openapi_mock(method: str, path: str) -> Answer:
    found = {("POST", "createtask"): STARTED, ("GET", "v4/instances"): INSTANCES}.get((method, path))
    if found is None:
        return 404, "application/problem+json", json.dumps(NO_ROUTE).encode()
    return 200, "application/json", json.dumps(found).encode()


def web_server(_method: str, path: str) -> Answer:
    return (404, "text/html", NOT_FOUND) if path else (200, "text/html", LOGIN_PAGE)


def login_page(_method: str, _path: str) -> Answer:
    return 200, "text/html; charset=utf-8", LOGIN_PAGE


@contextlib.contextmanager
def serving(answer: t.Callable[[str, str], Answer]) -> t.Iterator[tuple[str, list[str]]]:
    """A server of this machine: its URL, and the requests that come in."""
    journal: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0].rpartition("/api/")[2].strip("/").lower()
            journal.append(f"{self.command} {path}")
            status, kind, content = answer(self.command, path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _reply

        def log_message(self, *_args: t.Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", journal
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent() -> t.Iterator[tuple[str, list[str]]]:
    """A server that takes connections and says nothing."""
    journal: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])
                    journal.append("connection")

        threading.Thread(target=take, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", journal
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in taken:
                one.close()


@contextlib.contextmanager
def nobody() -> t.Iterator[tuple[str, list[str]]]:
    """A port that nobody listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}", []


# By name: the place, the verdict of the doctor and words of it, and how many requests it may get at most.
ELSEWHERE: dict[str, tuple[t.Callable[[], t.Any], str, str, int]] = {
    "an OpenAPI mock": (
        lambda: serving(openapi_mock),
        "no_commcell",
        "neither WhoAmI nor Jobs|no Commvault REST API",
        30,
    ),
    "a web server": (lambda: serving(web_server), "no_commcell", "web page", 1),
    "a login page": (lambda: serving(login_page), "no_commcell", "web page", 1),
    # Each may take ten seconds, and all of it must not take half a minute.
    "a silent server": (silent, "unreachable", "does not answer", 2),
    "nobody": (nobody, "unreachable", "does not answer", 0),
}
PASSWORD = {"username": "ops", "password": "correct horse"}
