# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells credentials that the server no longer takes from a permission that is missing: the answer to both is 401."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import time
import typing as t

# Seconds for which an answer holds. Long enough that a thousand refused requests of a fleet ask a few times only, short
# enough that a token which dies in the meantime is not taken for a missing permission for long.
TRUST = 30.0


class Standing:
    """What the server last said about credentials. Thread-safe; while one thread asks, the others wait for its answer.

    ask: whether the server accepts these headers, None where it does not tell (see _api_accounts.AccountsApi.accepts).
    clock: seconds.
    """

    def __init__(
        self,
        ask: t.Callable[[t.Mapping[str, str]], bool | None],
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._about: dict[str, str] | None = None
        self._answer: bool | None = None
        self._asked_at = 0.0

    def vouches(self, headers: t.Mapping[str, str]) -> bool:
        """Whether the server has said a moment ago that it accepts these credentials."""
        with self._lock:
            return bool(self._answer) and self._is_known(headers)

    def ask(self, headers: t.Mapping[str, str]) -> bool | None:
        """Whether the server accepts these credentials, None where it does not tell. Raises RequestError."""
        with self._lock:
            if not self._is_known(headers):
                self._answer = self._ask(headers)
                self._about = dict(headers)
                self._asked_at = self._clock()
            return self._answer

    def _is_known(self, headers: t.Mapping[str, str]) -> bool:
        # What is dead stays dead, and what was not told will not be told the next time.
        return self._about == headers and (not self._answer or 0 <= self._clock() - self._asked_at < TRUST)
