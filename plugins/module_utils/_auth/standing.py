# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells credentials that the server no longer takes from a permission that is missing: the answer to both is 401."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import enum
import threading
import time
import typing as t

# Seconds for which an answer holds: a fleet with a thousand refused requests asks once in so many seconds, and a token
# that dies in the meantime is taken for a missing permission for no longer.
STATUS_TTL = 5.0


class CredentialStatus(enum.Enum):
    """What the server says about credentials."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # it does not tell


class Step(enum.Enum):
    """What to do after a request was denied."""

    REPEAT = "repeat"  # with the same credentials, which may have been renewed just now
    RENEW = "renew"  # get other credentials, then repeat
    TRUST = "trust"  # the credentials are good: a permission is missing
    STOP = "stop"  # the answer stands


def step_after_denial(status: CredentialStatus, *, fresh: bool, may_have_been_executed: bool) -> Step:
    """What to do after a request was denied.

    Args:
        status: What the server says about the credentials.
        fresh: Whether the server gave them out a moment ago: a token may be limited to endpoints that do not include
            the question, but it cannot be dead so soon.
        may_have_been_executed: Whether the request may have changed something all the same.
    """
    if status is CredentialStatus.ACCEPTED:
        return Step.TRUST if may_have_been_executed else Step.REPEAT
    if fresh:
        return Step.TRUST
    if status is CredentialStatus.UNKNOWN and may_have_been_executed:
        return Step.STOP
    return Step.RENEW


class CredentialCheck:
    """What the server last said about credentials. Thread-safe; while one thread asks, the others wait."""

    def __init__(
        self,
        ask: t.Callable[[t.Mapping[str, str]], CredentialStatus],
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        """Make one that knows nothing yet.

        Args:
            ask: Asks the server about the credentials in these headers, as AccountsApi.status_of does.
            clock: Seconds.
        """
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._about: dict[str, str] | None = None
        self._status = CredentialStatus.UNKNOWN
        self._asked_at = 0.0

    def recently_accepted(self, headers: t.Mapping[str, str]) -> bool:
        """Whether the server has said a moment ago that it accepts these credentials."""
        with self._lock:
            return self._status is CredentialStatus.ACCEPTED and self._is_known(headers)

    def status(self, headers: t.Mapping[str, str]) -> CredentialStatus:
        """What the server says about these credentials. Raises RequestError."""
        with self._lock:
            if not self._is_known(headers):
                self._status = self._ask(headers)
                self._about = dict(headers)
                self._asked_at = self._clock()
            return self._status

    def _is_known(self, headers: t.Mapping[str, str]) -> bool:
        # What is dead stays dead, and what was not told will not be told the next time.
        accepted = self._status is CredentialStatus.ACCEPTED
        return self._about == headers and (not accepted or 0 <= self._clock() - self._asked_at < STATUS_TTL)
