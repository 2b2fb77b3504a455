# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a route answers, and how it looks on the wire: JSON when the client asks for it, else the vendor's XML."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from xml.sax.saxutils import quoteattr

MAINTENANCE_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Scheduled Maintenance</title></head><body><h1>Scheduled Maintenance</h1>"
    "<p>The site is being updated and will be back in a few minutes.</p></body></html>\n"
)
NOT_FOUND_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>HTTP Status 404</title></head><body><h1>HTTP Status 404 - Not Found</h1>"
    "<p>The requested resource is not available.</p></body></html>\n"
)


@dataclasses.dataclass
class Reply:
    """An answer before it is put on the wire.

    ``data`` is a value for JSON (or XML); ``text``, when given, goes out as it is with ``media_type``.
    """

    data: Any = None
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    text: str | None = None
    media_type: str = "application/json"

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return body and content type for a client that sent this ``Accept`` header.

        The vendor's servers answer in XML unless asked for JSON, so ``*/*`` gets XML.
        """
        if self.text is not None:
            return self.text.encode("utf-8"), self.media_type
        if "json" in accept.lower():
            return json.dumps(self.data, separators=(",", ":"), ensure_ascii=False).encode("utf-8"), self.media_type
        if isinstance(self.data, str):
            return self.data.encode("utf-8"), "text/plain"
        return to_xml(self.data).encode("utf-8"), "application/xml"


def to_xml(data: Any, name: str = "Response") -> str:
    """Return ``data`` as XML in the vendor's manner: scalars are attributes, list members repeat."""
    if not isinstance(data, dict):
        return f"<{name} val={quoteattr(_text(data))}/>"
    attributes, children = [], []
    for key, value in data.items():
        if isinstance(value, dict):
            children.append(to_xml(value, key))
        elif isinstance(value, list):
            children.extend(to_xml(member, key) for member in value)
        else:
            attributes.append(f" {key}={quoteattr(_text(value))}")
    return f"<{name}{''.join(attributes)}>{''.join(children)}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def error(code: int, message: str, status: int = 200) -> Reply:
    """Return the plain error envelope ``{"errorMessage", "errorCode"}``."""
    return Reply({"errorMessage": message, "errorCode": code}, status)


def access_denied() -> Reply:
    """Return the 401 of the vendor: the same for a missing, a wrong and an expired token and for a missing right."""
    return error(5, "Access denied", 401)


def html(page: str, status: int) -> Reply:
    """Return an HTML page."""
    return Reply(status=status, text=page, media_type="text/html; charset=utf-8")
