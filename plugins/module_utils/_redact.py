# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps secrets out of every text that leaves the collection."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import base64
import html
import json
import re
import threading
import typing as t
from urllib.parse import quote, quote_plus

MASK = "********"
EXCERPT_LENGTH = 300
# A secret below so many characters is part of too many words.
SHORT = 6

# Halves of surrogate pairs: JSON can hold one, but no encoding takes it, so a result or report with it would be lost.
_HALF_PAIR = re.compile("[\ud800-\udfff]")
# Those of terminals among them, which would move the cursor or change colours.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_PERCENT = re.compile("%[0-9A-F]{2}")
_SECRET_NAME = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key", re.IGNORECASE)


def secret_forms(secret: str) -> set[str]:
    """The ways in which a secret can stand in a text.

    Plain, in capitals, URL-quoted (also twice), HTML-escaped, in hex, as Base64, and each of them JSON-escaped. Base64
    matters because Commvault's Login takes the password that way
    (https://documentation.commvault.com/v11/essential/rest_api_authentication_post_login.html).
    """
    raw = secret.encode("utf-8", "surrogateescape")
    # Also as Python shows it, since texts of errors often hold that.
    forms = {secret, html.escape(secret), repr(secret)[1:-1], repr(raw)[2:-1]}
    if len(secret) >= SHORT:
        forms.update((secret.upper(), secret.lower(), raw.hex(), raw.hex().upper()))
        forms.update(_inside_base64(raw))
    for encoded in (base64.b64encode(raw).decode("ascii"), base64.urlsafe_b64encode(raw).decode("ascii")):
        # Not every encoder pads.
        forms.update((encoded, encoded.rstrip("=")))
    for _time in range(2):
        for form in list(forms):
            as_bytes = form.encode("utf-8", "surrogateescape")
            for quoted in (quote(as_bytes, safe=""), quote(as_bytes), quote_plus(as_bytes)):
                forms.update((quoted, _PERCENT.sub(lambda match: match.group().lower(), quoted)))
    for form in list(forms):
        for escaped in (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]):
            # Some encoders escape the slash, too.
            forms.update((escaped, escaped.replace("/", "\\/")))
    return {form for form in forms if form}


def _inside_base64(raw: bytes) -> t.Iterator[str]:
    """The characters that bytes always become in the Base64 of something longer, such as "user:token"."""
    for before in range(3):
        # 6 bits a character: those that also hold bits of the neighbours are not the secret's alone.
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + raw).decode("ascii")[first:last]


def printable(text: str) -> str:
    """A text of a server with a mark in place of each half of a surrogate pair, and blanks for control characters."""
    return text if text.isprintable() else _CONTROL.sub(" ", _HALF_PAIR.sub("\ufffd", text))


class Redactor:
    """Knows the secrets of a run and masks them in texts. Thread-safe."""

    def __init__(self, secrets: t.Iterable[str] = (), listener: t.Callable[[set[str]], object] | None = None) -> None:
        """Learn the first secrets.

        Args:
            secrets: Some of them.
            listener: Called with the forms of each secret when it is learned, for whoever else must mask them.
        """
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._listener = listener
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str | None) -> set[str]:
        """Learn one more secret; None and empty are ignored. Returns its forms."""
        if not secret:
            return set()
        forms = secret_forms(secret)
        with self._lock:
            self._forms = forms | self._forms
            self._pattern = None
        if self._listener:
            self._listener(forms)
        return forms

    def clean(self, text: str) -> str:
        """The text with every known secret masked."""
        pattern = self._pattern
        if pattern is None:
            # To compile it takes as long as a request, and most runs never need it.
            forms = self._forms
            if not any(form in text for form in forms):
                return text
            # Longest first: of two forms that begin alike, the whole of the longer one must go.
            pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
            with self._lock:
                self._pattern = pattern if forms is self._forms else None
        return pattern.sub(MASK, text)

    def excerpt(self, text: str, length: int = EXCERPT_LENGTH) -> str:
        """One readable line of a server's answer: secrets masked, markup dropped, at most length characters."""
        # Masked before it is cut, so that no half of a secret is left at the end.
        line = " ".join(_MARKUP.sub(" ", printable(self.clean(text))).split())
        line = self.clean(line)
        return line if len(line) <= length else line[: length - 3] + "..."


def named_secrets(value: t.Any, _inside: bool = False) -> t.Iterator[str]:
    """The string values of a free-form structure whose key says that they are secret (password, token ...)."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from named_secrets(member, _inside or bool(_SECRET_NAME.search(str(key))))
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from named_secrets(member, _inside)
    elif _inside and isinstance(value, str):
        yield value


def url_secret(url: str) -> str:
    """What must stay hidden of a URL: its password, or all before its "@"; empty where it has none."""
    user = (url.partition("://")[2] or url).rpartition("@")[0]
    return user.partition(":")[2] or user
