# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Credentials: what goes into the header of each request."""

from __future__ import annotations

import re
import typing as t

from ._errors import InvalidInput

_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")


class Token:
    """A ready token, used as it is for the whole run.

    Commvault documents the header Authtoken (https://api.commvault.com) and, for access tokens, Authorization: Bearer
    (https://documentation.commvault.com/11.42/software/access_tokens_for_rest_apis.html). A login token already begins
    with "QSDK " and is sent back verbatim.
    """

    def __init__(self, token: str, scheme: str = "authtoken") -> None:
        """scheme: "authtoken" or "bearer". Raises InvalidInput for a token that no header can carry."""
        if not token or token.isspace():
            raise InvalidInput(
                "auth_token is empty. Give a token, or set the environment variable COMMVAULT_AUTH_TOKEN."
            )
        if token != token.strip():
            raise InvalidInput(
                "auth_token begins or ends with a blank or a line break, as a token read from a file often does."
                " Remove it, for example"
                " with the filter trim."
            )
        if _NOT_PRINTABLE_ASCII.search(token):
            raise InvalidInput("auth_token contains a control character or one outside ASCII; such a token is damaged.")
        self._token = token
        self._scheme = scheme

    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request."""
        if self._scheme == "bearer":
            bare = self._token[len("Bearer ") :] if self._token.startswith("Bearer ") else self._token
            return {"Authorization": f"Bearer {bare}"}
        return {"Authtoken": self._token}

    def renew(self, rejected: t.Mapping[str, str]) -> bool:  # noqa: ARG002
        """A ready token cannot be renewed."""
        return False

    def close(self) -> None:
        """Nothing was obtained, nothing is given back."""
