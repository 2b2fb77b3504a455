# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quota of requests that a server announces, how long it says to wait, and who keeps to both."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import threading
import time
import typing as t
from collections import deque
from email.utils import parsedate_to_datetime

from .._parallel import RUNTIME
from .fields import moment

if t.TYPE_CHECKING:
    from .._parallel import Runtime

RATE_LIMIT_WAIT = 60.0  # seconds; the most that is waited after a 429 that does not say how long
FIRST_WAIT = 1.0  # seconds; what is waited after the first of such
# Seconds. Who says less does not say how long: a time that is over by this machine's clock is 0.
LEAST_WAIT = 0.1
# A wait is known as seconds that are left, and as a time in epoch seconds or milliseconds; none is longer than this.
_LONGEST_WINDOW = 366 * 86400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_PARTS = re.compile(rf"(?:{_PART.pattern})+$")


class Quota(t.NamedTuple):
    """What a server says about its quota.

    Attributes:
        limit: Requests in a period.
        period: Seconds.
        remaining: Requests left, None if not said.
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
    if not limit or limit < 1 or not period or period > _LONGEST_WINDOW:
        return None
    remaining = _number(headers, "X-RateLimit-Remaining")
    return Quota(int(limit), period, None if remaining is None else int(remaining))


def _number(headers: t.Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers.get(name, ""))
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def retry_after(status: int, headers: t.Mapping[str, str]) -> float | None:
    """Seconds to wait before the next request, None if the answer does not ask for any.

    From Retry-After; for a 429 without it from X-RateLimit-Reset (seconds that are left, as others use these headers:
    inferred), or from X-RateLimit-Period.
    """
    # What is a time is one of the server's clock.
    now = http_date(headers.get("Date", "")) or time.time()
    seconds = _from_now(_seconds(headers.get("Retry-After", "").strip(), now), now)
    if seconds is not None or status != 429:
        return seconds
    reset = _from_now(_number(headers, "X-RateLimit-Reset"), now)
    return reset if reset is not None else _from_now(_number(headers, "X-RateLimit-Period"), now)


def _from_now(wait: float | None, now: float) -> float | None:
    """Seconds from now; None for what is no time that anybody can have meant."""
    if wait is None or wait <= _LONGEST_WINDOW:
        return wait
    end = moment(wait)
    return None if end is None else min(_LONGEST_WINDOW, max(0.0, end - now))


def _seconds(value: str, now: float) -> float | None:
    """A wait as it stands in Retry-After: seconds, a time, and as some gateways write it "0.5" or "1m0s"."""
    found = _number({"": value}, "")
    if found is not None:
        return found
    if _PARTS.match(value):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    end = http_date(value)
    return None if end is None else max(0.0, end - now)


def http_date(date: str) -> float | None:
    """Epoch seconds of a date as HTTP writes it, None for anything else."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        # The last of them before Python 3.10.
        return None


class RateLimiter:
    """Says when the next request of a kind may go out. Thread-safe."""

    def __init__(self, patience: float, runtime: Runtime = RUNTIME) -> None:
        """Make one without a quota.

        Args:
            patience: The seconds from now after which nobody waits any longer.
            runtime: Time.
        """
        self._runtime = runtime
        self._lock = threading.Lock()
        self._not_before = runtime.monotonic()
        self._deadline = self._not_before + patience
        self._sent: deque[float] = deque()
        self._quota: Quota | None = None
        self._next_wait = FIRST_WAIT

    def allow(self, patience: float) -> None:
        """Have patience for so many seconds from now at least."""
        with self._lock:
            self._deadline = max(self._deadline, self._runtime.monotonic() + patience)

    def acquire(self) -> float:
        """Wait until a request may go out, and count it; returns 0.

        Where that would take longer than there is patience for, returns at once the seconds until it could go out.
        """
        while True:
            with self._lock:
                now = self._runtime.monotonic()
                wait = self._next_time(now) - now
                if wait <= 0:
                    self._sent.append(now)
                    return 0.0
                if now + wait > self._deadline:
                    return wait
            self._runtime.sleep(wait)

    def _next_time(self, now: float) -> float:
        turn = self._not_before
        if self._quota:
            while self._sent and self._sent[0] <= now - self._quota.period:
                self._sent.popleft()
            if len(self._sent) >= self._quota.limit:
                turn = max(turn, self._sent[-self._quota.limit] + self._quota.period)
        return turn

    def note(self, quota: Quota | None) -> None:
        """Take in a good answer, and the quota that it announced."""
        with self._lock:
            self._next_wait = FIRST_WAIT
            self._quota = quota or self._quota

    def pause(self, seconds: float | None) -> None:
        """Let nothing out for a while: the server has said that its quota is used up.

        Args:
            seconds: What it said; None where it did not say how long. That grows, since a policy of a customer-managed
                CommCell counts per second, and others per minute.
        """
        with self._lock:
            if seconds is None or seconds < LEAST_WAIT:
                seconds, self._next_wait = self._next_wait, min(RATE_LIMIT_WAIT, 2 * self._next_wait)
            self._not_before = max(self._not_before, self._runtime.monotonic() + seconds)
