# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the CommCell: passwords, what they may call and what they see."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import Any

#: Rights of a name that the estate does not describe: everything.
ADMIN = "admin"


@dataclasses.dataclass
class User:
    """Somebody with an account.

    :ivar clients: names (lower case) of the clients that are visible, None for all.
    :ivar deny: endpoints, wildcards allowed, for which the answer is "Access denied".
    :ivar attempts: wrong passwords in a row; ``locked_until`` is when a lock ends.
    """

    name: str
    id: int
    password: str | None = None
    domain: str = ""
    email: str = ""
    clients: frozenset[str] | None = None
    deny: tuple[str, ...] = ()
    two_factor: bool = False
    attempts: int = 0
    locked_until: float = 0

    def may(self, endpoint: str) -> bool:
        """Whether an endpoint is not denied."""
        return not any(fnmatch.fnmatchcase(endpoint, pattern) for pattern in self.deny)

    def sees(self, client: str) -> bool:
        """Whether a client of this name is visible."""
        return self.clients is None or client.lower() in self.clients


class Users:
    """All accounts.

    :param rows: the ``users`` of an estate: mappings with ``name``, ``password``, ``domain``, ``email``, ``clients``,
        ``deny`` and ``two_factor``.
    :raises ValueError: for an unknown key.
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._by_name: dict[str, User] = {}
        for row in rows:
            unknown = row.keys() - {"name", "password", "domain", "email", "clients", "deny", "two_factor"}
            if unknown:
                raise ValueError(f"no such key of a user: {', '.join(sorted(unknown))}")
            clients = row.get("clients")
            user = User(
                name=str(row["name"]),
                id=len(self._by_name) + 2,
                password=str(row["password"]) if "password" in row else None,
                domain=str(row.get("domain", "")),
                email=str(row.get("email", "")),
                clients=None if clients is None else frozenset(str(name).lower() for name in clients),
                deny=tuple(str(pattern).strip("/").lower() for pattern in row.get("deny", [])),
                two_factor=bool(row.get("two_factor", False)),
            )
            self._by_name[user.name.lower()] = user

    def get(self, name: str) -> User:
        """Return the account of a token's owner; one without a description may do everything."""
        return self._by_name.setdefault(name.lower(), User(name, 1 if name == ADMIN else len(self._by_name) + 2))

    def find(self, name: str, domain: str) -> User | None:
        """Return who logs in as ``name``, ``DOMAIN\\name``, an e-mail address, or a name with a separate domain."""
        before, backslash, after = name.partition("\\")
        if backslash:
            domain, name = before, after
        for user in self._by_name.values():
            if user.email and name.lower() == user.email.lower():
                return user
            if user.name.lower() == name.lower() and user.domain.lower() == domain.lower():
                return user
        return None
