# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_simulator/: for the harness alone, outside of journal, faults and latency."""

from __future__ import annotations

import hmac
from operator import attrgetter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .commserve import CommServe
from .control_key import KEY_HEADER

#: What can be asked, and which method of the CommServe answers; looked up at each call, as a reset replaces the parts.
#: Arguments come as a JSON object, results go back as JSON.
OPERATIONS = {
    "journal": "journal.select",
    "connections": "journal.count_connections",
    "order_fault": "faults.order",
    "clear_faults": "faults.clear",
    "faults": "faults.list",
    "now": "clock.now",
    "advance": "clock.advance",
    "jobs": "truth",
    "script": "script",
    "set": "set",
    "set_activity": "set_activity",
    "set_up": "set_up",
    "create_access_token": "create_access_token",
    "access_tokens": "auth.chains",
    "sessions": "auth.sessions",
    "expire_tokens": "auth.expire",
    "reset": "reset",
}


def application(server: CommServe, key: str) -> Starlette:
    """Return the control API as an application of its own."""

    async def control(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, ""), key):
            return JSONResponse({"error": "wrong control key"}, 403)
        method = OPERATIONS.get(request.path_params["operation"])
        if method is None:
            return JSONResponse({"error": "no such operation"}, 404)
        try:
            return JSONResponse({"result": attrgetter(method)(server)(**(await request.json()))})
        except (ValueError, TypeError, KeyError) as exc:
            return JSONResponse({"error": f"{type(exc).__name__}: {exc}"}, 422)

    return Starlette(routes=[Route("/_simulator/{operation}", control, methods=["POST"])])
