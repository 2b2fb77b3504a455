# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application: finds the route of a call, applies faults, keeps the journal, puts the answer on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import compile_path

from . import control
from .commserve import Call, CommServe
from .estate import Estate
from .faults import Fault
from .replies import NOT_FOUND_PAGE, Reply, access_denied, error, html
from .routes import Route, createtask, discovery, job_control, jobs, service, sessions

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Where the API is found: the forms of the base URL that the vendor documents, and the root for the SaaS gateways.
BASES = ("commandcenter/api", "webconsole/api", "searchsvc/cvwebservice.svc", "webservercore")
ROUTES: list[Route] = [
    *createtask.ROUTES,
    *jobs.ROUTES,
    *job_control.ROUTES,
    *service.ROUTES,
    *sessions.ROUTES,
    *discovery.ROUTES,
]
#: SO_LINGER with no time: closing sends a reset instead of a proper end.
RESET = struct.pack("ii", 1, 0)


class Router:
    """Finds the route of an endpoint; the table is compiled once."""

    def __init__(self, routes: list[Route]) -> None:
        self._exact = {(route.method, route.path): route for route in routes if "{" not in route.path}
        self._patterns = [(route, *compile_path("/" + route.path)[::2]) for route in routes if "{" in route.path]

    def find(self, method: str, endpoint: str) -> tuple[Route | None, dict[str, str]]:
        """Return the route and the variable parts of the path."""
        route = self._exact.get((method, endpoint))
        if route is not None:
            return route, {}
        for candidate, pattern, _convertors in self._patterns:
            found = pattern.match("/" + endpoint) if candidate.method == method else None
            if found:
                return candidate, found.groupdict()
        return None, {}


def split_base(path: str) -> tuple[str, str]:
    """Split a path into its base (lower case, without slashes) and the endpoint below it (lower case)."""
    rest = path.strip("/").lower()
    for base in BASES:
        if rest == base or rest.startswith(base + "/"):
            return base, rest[len(base) :].strip("/")
    return "", rest


class Application:
    """The API of one CommServe.

    :param log: called with one line per API request, or None.
    :param control_key: what a caller of the control API must show; None switches that API off.
    """

    def __init__(
        self, server: CommServe, control_key: str | None = None, log: Callable[[str], None] | None = None
    ) -> None:
        self.server = server
        self._router = Router(ROUTES)
        self._control = control.application(server, control_key) if control_key else None
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._control is not None and scope["path"].startswith("/_simulator/"):
            await self._control(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await self._serve(scope, body, receive, send)

    def _call(self, scope: Scope, body: bytes) -> tuple[Call, Route | None, str]:
        base, endpoint = split_base(scope["path"])
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        route, params = self._router.find(scope["method"], endpoint)
        call = Call(
            method=scope["method"],
            path=scope["path"],
            endpoint=endpoint,
            query={
                name.lower(): value
                for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            },
            headers=headers,
            raw=body,
            accept=headers.get("accept", ""),
            params=params,
        )
        call.entry = self.server.journal.open(
            connection=scope.get("simulator.connection", 0),
            time=self.server.clock.now(),
            method=call.method,
            path=call.path,
            endpoint=endpoint,
            query=dict(call.query),
            headers=headers,
            body=call.json if call.json is not None else body.decode("utf-8", "replace")[:2000] or None,
            kind=route.kind if route else ("read" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "write"),
        )
        return call, route, base

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        call, route, base = self._call(scope, body)
        settings = self.server.settings
        generation = self.server.generation
        if settings.latency_ms:
            await asyncio.sleep(settings.latency_ms / 1000)
        # A request that was held back must not reach into the test that comes next, nor take a fault from it.
        late = generation != self.server.generation
        # What the limiter turns away comes to nothing else: a fault is for a request that gets through.
        limited = not late and route is not None and self._is_limited()
        fault = None if late or limited else self.server.faults.pick(_facts(call, self.server.estate))
        if fault is not None:
            call.entry["fault"] = fault.name
            await asyncio.sleep(fault.delay)
            late = generation != self.server.generation
        if limited:
            # What such a refusal looks like is on no page of the vendor's.
            reply: Reply | None = Reply({"errorMessage": "Too many requests", "errorCode": 429}, 429)
        else:
            reply = None if late else await self._answer(call, route, base, fault)
        if reply is None:
            await self._break(scope, receive, call, started)
            return
        call.entry["status"] = reply.status
        content, media_type = reply.render(call.accept)
        headers = {**reply.headers, **call.quota_headers}
        if settings.date_header:
            headers.setdefault("Date", formatdate(self.server.clock.now() + settings.clock_skew, usegmt=True))
        headers.setdefault("Server", "CommServe simulator")
        self._line(call, started)
        if fault is not None and fault.primitives.get("cut_json"):
            content = content[: max(1, len(content) // 2)]
        if fault is not None and fault.primitives.get("cut_body"):
            await self._cut(scope, receive, reply.status, headers, media_type, content, fault)
            return
        response = Response(content, reply.status, headers, media_type if content else None)
        await response(scope, receive, send)

    def _is_limited(self) -> bool:
        policy = self.server.settings.rate_limit
        return policy is not None and self.server.rate_limiter.refuses(policy, self.server.clock.now())

    async def _answer(self, call: Call, route: Route | None, base: str, fault: Fault | None) -> Reply | None:
        """Carry a call out as far as its fault lets it, and return the answer, or None to reset the connection."""
        if fault is None:
            return self._process(call, route, base)
        if fault.reset == "before":
            return None
        reply = self._process(call, route, base) if fault.processes else Reply()
        if fault.delay_after:
            await asyncio.sleep(fault.delay_after)
        if fault.reset == "after":
            return None
        return fault.reply(call.path, call.headers) if fault.answers else reply

    def _process(self, call: Call, route: Route | None, base: str) -> Reply:
        """Carry a call out: right of entry first, then the route."""
        if route is None:
            return html(NOT_FOUND_PAGE, 404)
        settings = self.server.settings
        if settings.quota:
            kind = settings.quota_queries if call.method == "POST" and route.kind != "write" else route.kind
            left = self.server.quota.take(settings.quota, kind, self.server.clock.now(), settings.quota_period)
            call.quota_headers = left.headers if left.exceeded or settings.quota_headers_always else {}
            if left.exceeded:
                return Reply({"errorMessage": "API rate limit exceeded", "errorCode": 429}, 429)
        if base == "webconsole/api" and settings.webconsole == "redirect":
            return Reply(status=302, text="", headers={"Location": f"/commandcenter/api/{call.endpoint}"})
        if route.auth:
            call.identity = self.server.auth.identify(call.headers)
            call.entry["user"] = call.user.name if call.user else None
            if call.identity is None or not call.identity.may(call.endpoint):
                return access_denied()
        try:
            return route.handler(self.server, call)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            # A body of a shape that no client should send. Shown in the journal, as it may be a mistake of the model.
            call.entry["crash"] = f"{type(exc).__name__}: {exc}"
            return error(1, "Internal error occurred.", 500)

    async def _break(self, scope: Scope, receive: Receive, call: Call, started: float) -> None:
        """Reset the connection."""
        self._line(call, started)
        transport = scope["simulator.transport"]
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()
        await _gone(receive)

    async def _cut(
        self,
        scope: Scope,
        receive: Receive,
        status: int,
        headers: dict[str, str],
        media_type: str,
        content: bytes,
        fault: Fault,
    ) -> None:
        """Announce the whole body, send a part of it and close."""
        wanted = fault.primitives["cut_body"]
        keep = len(content) // 2 if wanted is True else int(wanted)
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {media_type}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        transport = scope["simulator.transport"]
        transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content[:keep])
        transport.close()
        await _gone(receive)

    def _line(self, call: Call, started: float) -> None:
        if self._log is None:
            return
        entry = call.entry
        what = f"{call.method} {call.path} -> {entry['status'] or 'connection reset'}"
        names = [f"{one.get('clientName', '?')}/{one.get('instanceName', '?')}" for one in call.associations]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            what += f"  {', '.join(names[:3])}{more}"
        if entry["task_id"]:
            what += f"  task {entry['task_id']}, jobs {', '.join(map(str, entry['job_ids'])) or 'none'}"
        if entry["contract_errors"]:
            what += f"  {entry['contract_errors'][0]}"
        self._log(f"{time.strftime('%H:%M:%S')}  {what}  ({(time.monotonic() - started) * 1000:.0f} ms)")


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed, so that it does not answer by itself."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _facts(call: Call, estate: Estate) -> dict[str, Any]:
    """Return what faults can be matched by."""
    rows = call.associations
    asked = call.query.get("clientname", "")
    if call.query.get("clientid", "").isdigit():
        client = estate.clients_by_id.get(int(call.query["clientid"]))
        asked = client.name if client else ""
    return {
        "path": call.endpoint,
        "method": call.method,
        "job_id": call.params.get("job_id") or (call.json.get("jobId") if isinstance(call.json, dict) else None),
        "client": [*(str(row.get("clientName", "")).lower() for row in rows), *({asked.lower()} - {""})],
        "instance": [str(row.get("instanceName", "")).lower() for row in rows],
        "subclient": [str(row.get("subclientName", "")).lower() for row in rows],
    }
