# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_simulator/: for the harness alone, outside of journal, faults and latency."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.commserve import CommServe
from simulator.control_key import KEY_HEADER


def operations(server: CommServe) -> dict[str, Callable[..., Any]]:
    """Return what can be asked, by name. Arguments come as a JSON object, the result goes back as JSON."""
    return {
        "journal": lambda **by: server.journal.select(**by),
        "connections": lambda: len(server.journal.connections),
        "order_fault": lambda **order: server.faults.order(**order),
        "clear_faults": lambda: server.faults.clear(),
        "faults": lambda: server.faults.list(),
        "now": server.clock.now,
        "advance": lambda seconds: server.clock.advance(seconds),
        "jobs": lambda: server.truth(),
        "script": lambda **script: server.script(**script),
        "set": lambda **changes: server.set(changes),
        "set_activity": lambda **which: server.set_activity(**which),
        "create_access_token": lambda **how: server.create_access_token(**how),
        "access_tokens": lambda: server.auth.chains(),
        "sessions": lambda: server.auth.sessions(),
        "expire_tokens": lambda: server.auth.expire(),
        "reset": lambda estate=None: server.reset(estate),
    }


def application(server: CommServe, key: str) -> Starlette:
    """Return the control API as an application of its own."""
    table = operations(server)

    async def control(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, ""), key):
            return JSONResponse({"error": "wrong control key"}, 403)
        operation = table.get(request.path_params["operation"])
        if operation is None:
            return JSONResponse({"error": "no such operation"}, 404)
        try:
            return JSONResponse({"result": operation(**(await request.json()))})
        except (ValueError, TypeError, KeyError) as exc:
            return JSONResponse({"error": f"{type(exc).__name__}: {exc}"}, 422)

    return Starlette(routes=[Route("/_simulator/{operation}", control, methods=["POST"])])
