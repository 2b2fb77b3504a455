# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every API request in order, with what became of it and without any credential."""

from __future__ import annotations

import collections
import hashlib
from typing import Any

CREDENTIAL_HEADERS = frozenset({"authtoken", "authorization", "proxy-authorization", "cookie"})
CREDENTIAL_KEYS = frozenset({"password", "accesstoken", "refreshtoken", "sessionid", "token", "authtoken"})
PREFIXES = ("qsdk", "bearer", "saml", "basic")


def split_scheme(value: str) -> tuple[str, str]:
    """Split a credential as sent into its prefix (``QSDK``, ``Bearer``, ... or nothing) and the token itself."""
    head, blank, rest = value.strip().partition(" ")
    if blank and head.lower() in PREFIXES:
        return head, rest.strip()
    return "", value.strip()


def fingerprint(value: str) -> str:
    """Return a short name for a credential that does not give it away; the same for every prefix it is sent with."""
    scheme, token = split_scheme(value)
    digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{scheme} fingerprint:{digest}".strip()


def without_credentials(value: Any) -> Any:
    """Return a copy of a JSON value with the credentials in it replaced by their fingerprints."""
    if isinstance(value, dict):
        return {
            key: fingerprint(member)
            if key.lower() in CREDENTIAL_KEYS and isinstance(member, str)
            else without_credentials(member)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [without_credentials(member) for member in value]
    return value


class Journal:
    """The requests since the last reset, the oldest first.

    :param keep: how many to keep, None for all.
    """

    def __init__(self, keep: int | None = None) -> None:
        self.entries: collections.deque[dict[str, Any]] = collections.deque(maxlen=keep)
        self._count = 0
        self.connections: set[int] = set()

    def open(self, **facts: Any) -> dict[str, Any]:
        """Write down a request as it arrives and return its entry, to be completed later."""
        headers = {
            name: fingerprint(value) if name in CREDENTIAL_HEADERS else value
            for name, value in facts["headers"].items()
        }
        self._count += 1
        entry: dict[str, Any] = {
            "seq": self._count,
            **facts,
            "headers": headers,
            "body": without_credentials(facts["body"]),
            "user": None,
            "status": None,
            "fault": None,
            "task_id": None,
            "job_ids": [],
            "contract_errors": [],
        }
        self.entries.append(entry)
        self.connections.add(entry["connection"])
        return entry

    def count_connections(self) -> int:
        """Return how many TCP connections carried requests."""
        return len(self.connections)

    def select(
        self, path: str | None = None, method: str | None = None, kind: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the entries that fit: ``path`` as the endpoint below the base URL, in any case."""
        wanted = path.strip("/").lower() if path is not None else None
        return [
            entry
            for entry in self.entries
            if (wanted is None or entry["endpoint"] == wanted)
            and (method is None or entry["method"] == method.upper())
            and (kind is None or entry["kind"] == kind)
        ]
