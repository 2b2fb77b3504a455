# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps to the quota of requests that a server announces, as long as the time allows it."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import time
import typing as t
from collections import deque


class Quota(t.NamedTuple):
    """What a server says about its quota. limit: requests in period seconds. remaining: requests left, None if not
    said.
    """

    limit: int
    period: float
    remaining: int | None = None


def read_quota(headers: t.Mapping[str, str]) -> Quota | None:
    """The quota in the headers of an answer, None if there is none.

    Commvault Cloud documents X-RateLimit-Limit and X-RateLimit-Period
    (https://docs.metallic.io/metallic/rest_api.html); that the period is in seconds, and that X-RateLimit-Remaining may
    come along, is inferred.
    """
    limit, period = _number(headers, "X-RateLimit-Limit"), _number(headers, "X-RateLimit-Period")
    if not limit or not period:
        return None
    remaining = _number(headers, "X-RateLimit-Remaining")
    return Quota(int(limit), period, None if remaining is None else int(remaining))


def _number(headers: t.Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers.get(name, ""))
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


class Pacer:
    """Says when the next request of a kind may go out. Thread-safe.

    patience: the seconds from now after which nobody waits any longer.
    """

    def __init__(
        self,
        patience: float,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._deadline = clock() + patience
        self._not_before = clock()
        self._sent: deque[float] = deque()
        self._quota: Quota | None = None

    def take_turn(self) -> float:
        """Wait until a request may go out, and count it; returns 0.

        Where that would take longer than there is patience for, returns at once the seconds until it could go out.
        """
        while True:
            with self._lock:
                now = self._clock()
                wait = self._next_turn(now) - now
                if wait <= 0:
                    self._sent.append(now)
                    return 0.0
                if now + wait > self._deadline:
                    return wait
            self._sleep(wait)

    def _next_turn(self, now: float) -> float:
        turn = self._not_before
        if self._quota:
            while self._sent and self._sent[0] <= now - self._quota.period:
                self._sent.popleft()
            if len(self._sent) >= self._quota.limit:
                turn = max(turn, self._sent[-self._quota.limit] + self._quota.period)
        return turn

    def note(self, quota: Quota | None) -> None:
        """Take in the quota that an answer announced."""
        if quota:
            with self._lock:
                self._quota = quota

    def hold(self, seconds: float) -> None:
        """Let nothing out for a while: the server has said that its quota is used up."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)
