# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the answer of a server: tells JSON from everything else that can come back in its place."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import typing as t

_MARKUP_START = "<"
_SHAPES = {dict: "object", list: "array", str: "string", type(None): "empty"}
MAX_DEPTH = 100  # levels of objects and lists in each other; Commvault's answers have less than twenty


class Reply(t.NamedTuple):
    """What came back, whatever it was.

    Attributes:
        status: The HTTP status.
        headers: A case-insensitive mapping.
        text: The body as text.
        shape: "object", "array", "string" (a JSON string), "scalar", "text" (neither JSON nor markup), "markup" (HTML,
            XML), "empty", "cut" (begins like JSON, but is not), or "deep" (nested deeper than MAX_DEPTH).
        data: The parsed JSON for object, array, string and scalar; else None.
        trusted: Whether the server is known to accept the credentials of the request, so that a denial is about
            something else.
    """

    status: int
    headers: t.Mapping[str, str]
    text: str
    shape: str
    data: t.Any = None
    trusted: bool = False

    @property
    def words(self) -> str:
        """The server's plain words where the whole answer is a sentence (JSON string or bare text), else empty."""
        if self.shape == "string":
            return str(self.data).strip()
        return self.text.strip() if self.shape == "text" else ""


def read_reply(status: int, headers: t.Mapping[str, str], body: bytes, complete: bool = True) -> Reply:
    """Classify a body.

    Args:
        status: The HTTP status.
        headers: A case-insensitive mapping.
        body: The bytes that came.
        complete: False when the connection delivered fewer bytes than announced.
    """
    text = body.decode(json.detect_encoding(body), "replace")
    stripped = text.strip()
    if not complete:
        return Reply(status, headers, text, "cut")
    if not stripped:
        return Reply(status, headers, text, "empty")
    try:
        # Commvault puts line breaks into texts as they are.
        data = json.loads(stripped, strict=False)
    except ValueError:
        if stripped.startswith(_MARKUP_START):
            return Reply(status, headers, text, "markup")
        return Reply(status, headers, text, "cut" if stripped[0] in '{["' else "text")
    except RecursionError:
        return Reply(status, headers, text, "deep")
    if _is_too_deep(stripped, data):
        return Reply(status, headers, text, "deep")
    return Reply(status, headers, text, _SHAPES.get(type(data), "scalar"), data)


def _is_too_deep(text: str, data: t.Any) -> bool:
    """Whether parsed JSON is nested deeper than MAX_DEPTH."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    level = [data]
    for _depth in range(MAX_DEPTH):
        members = (one for box in level for one in (box.values() if isinstance(box, dict) else box))
        level = [one for one in members if isinstance(one, (dict, list))]
        if not level:
            return False
    return True
