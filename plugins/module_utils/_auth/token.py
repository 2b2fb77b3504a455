# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens in the header of each request, and the simplest credential: a token that was given."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput

_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")


def auth_headers(token: str, scheme: str) -> dict[str, str]:
    """The headers that authenticate a request.

    Commvault documents the header Authtoken (https://api.commvault.com) and, for access tokens, Authorization: Bearer
    (https://documentation.commvault.com/11.42/software/access_tokens_for_rest_apis.html).

    Args:
        token: As the server gave it.
        scheme: "authtoken" or "bearer".
    """
    if scheme == "bearer":
        return {"Authorization": token if token.startswith("Bearer ") else f"Bearer {token}"}
    return {"Authtoken": token}


def check_token(token: str, source: str) -> str:
    """The token if a header can carry it.

    Args:
        token: As it was given.
        source: What it was taken from, for the message.

    Raises:
        InvalidInput: It cannot; the message does not hold the token.
    """
    if not token or token.isspace():
        raise InvalidInput(f"{source} is empty.")
    if token != token.strip():
        raise InvalidInput(
            f"{source} begins or ends with a blank or a line break, as a token read from a file often does. Remove it,"
            " for example with the filter trim."
        )
    if _NOT_PRINTABLE_ASCII.search(token):
        raise InvalidInput(f"{source} contains a control character or one outside ASCII; such a token is damaged.")
    return token


class Token:
    """A ready token, used as it is for the whole run. A login token already begins with "QSDK " and is sent back
    verbatim.
    """

    def __init__(self, token: str, scheme: str = "authtoken") -> None:
        """Take a token.

        Args:
            token: As the server gave it.
            scheme: "authtoken" or "bearer".

        Raises:
            InvalidInput: No header can carry it.
        """
        self._headers = auth_headers(check_token(token, "auth_token"), scheme)

    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request."""
        return dict(self._headers)

    def is_fresh(self, headers: t.Mapping[str, str]) -> bool:  # noqa: ARG002
        """Nobody knows how old a ready token is."""
        return False

    def renew(self, rejected: t.Mapping[str, str]) -> bool:  # noqa: ARG002
        """A ready token cannot be renewed."""
        return False

    def close(self) -> None:
        """Nothing was obtained, nothing is given back."""
