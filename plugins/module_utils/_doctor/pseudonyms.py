# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a doctor's report fit to be sent: names of clients, databases, hosts and users become stable pseudonyms.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter


class Pseudonyms:
    """Replaces each known name by the same word wherever it stands, such as client-1.

    A short name can be part of an ordinary word, so names count as whole words only.
    """

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._pattern: re.Pattern[str] | None = None

    def add(self, kind: str, *names: t.Any) -> None:
        """Learn names.

        Args:
            kind: What they name, the first part of their pseudonyms. Empty names are ignored.
        """
        for name in names:
            text = str(name or "").strip().lower()
            if text and text not in self._words:
                self._counts[kind] += 1
                self._words[text] = f"{kind}-{self._counts[kind]}"
                self._pattern = None

    def clean(self, value: t.Any) -> t.Any:
        """The value with all known names replaced, in keys of mappings, too."""
        if isinstance(value, dict):
            return {self.clean(key): self.clean(member) for key, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(member) for member in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if self._words:
            if self._pattern is None:
                # Longest first: a name that contains another one must be replaced before its part is.
                names = sorted(self._words, key=len, reverse=True)
                self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
            text = self._pattern.sub(lambda match: self._words[match.group().lower()], text)
        return text
