# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: tokens and the users behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from simulator.journal import split_scheme


@dataclasses.dataclass
class User:
    """Somebody with rights on the CommCell."""

    name: str


def token_in(headers: Mapping[str, str]) -> str | None:
    """Return the token of a request without its prefix.

    ``Authtoken`` holds it as it is or with the prefix QSDK, SAML or Bearer; else ``Authorization: Bearer`` counts.
    """
    if headers.get("authtoken"):
        return split_scheme(headers["authtoken"])[1]
    scheme, token = split_scheme(headers.get("authorization", ""))
    return token if scheme.lower() == "bearer" and token else None


class Auth:
    """The tokens in force.

    :param tokens: token to name of its user; these tokens never expire.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._static = dict(tokens)

    def user_of(self, headers: Mapping[str, str]) -> User | None:
        """Return who sent a request, or None if its token is missing or not in force."""
        token = token_in(headers)
        if token is None or token not in self._static:
            return None
        return User(self._static[token])
