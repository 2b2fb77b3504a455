# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Keeps secrets out of every text that leaves the collection."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from urllib.parse import quote, quote_plus

MASK = "********"
EXCERPT_LENGTH = 300

_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SECRET_NAME = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key", re.IGNORECASE)


def secret_forms(secret: str) -> set[str]:
    """The ways in which a secret can stand in a text: plain, URL-quoted, Base64 and JSON-escaped.

    Base64 matters because Commvault's Login takes the password that way
    (https://documentation.commvault.com/v11/essential/rest_api_authentication_post_login.html).
    """
    raw = secret.encode("utf-8", "surrogateescape")
    forms = {
        secret,
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        base64.b64encode(raw).decode("ascii"),
        base64.urlsafe_b64encode(raw).decode("ascii"),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    return {form for form in forms if form}


class Redactor:
    """Knows the secrets of a run and masks them in texts."""

    def __init__(self, secrets: t.Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str | None) -> set[str]:
        """Learn one more secret; None and empty are ignored. Returns its forms, for whoever else must mask them."""
        if not secret:
            return set()
        forms = secret_forms(secret)
        # Longest first: a form that contains another one must be masked before its part is.
        self._forms = sorted(forms.union(self._forms), key=len, reverse=True)
        return forms

    def forms(self) -> set[str]:
        """Every form of every secret known so far."""
        return set(self._forms)

    def clean(self, text: str) -> str:
        """The text with every known secret masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def excerpt(self, text: str, length: int = EXCERPT_LENGTH) -> str:
        """One readable line of a server's answer: secrets masked, markup dropped, at most length characters."""
        # Masked before it is cut, so that no half of a secret is left at the end.
        line = " ".join(_MARKUP.sub(" ", self.clean(text)).split())
        line = self.clean(line)
        return line if len(line) <= length else line[: length - 3] + "..."


def named_secrets(value: t.Any, _inside: bool = False) -> t.Iterator[str]:
    """The string values of a free-form structure whose key says that they are secret (password, token ...)."""
    if isinstance(value, dict):
        for key, member in value.items():
            for secret in named_secrets(member, _inside or bool(_SECRET_NAME.search(str(key)))):
                yield secret
    elif isinstance(value, (list, tuple)):
        for member in value:
            for secret in named_secrets(member, _inside):
                yield secret
    elif _inside and isinstance(value, str):
        yield value
