# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hourly quota of the SaaS gateways: so many reads and so many writes in each period of the simulated clock."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass
class Verdict:
    """Whether a call is one too many, and the headers that say what is allowed."""

    exceeded: bool
    headers: dict[str, str]


class Quota:
    """Counts calls by kind; a period begins with the first call after the last one ended."""

    def __init__(self) -> None:
        self._begun = float("-inf")
        self._used = {"read": 0, "write": 0}

    def take(self, quota: dict[str, Any], kind: str, now: float, period_header: str) -> Verdict:
        """Count a call and return the verdict on it. Refused calls are not counted.

        :param quota: ``reads`` and ``writes`` allowed in ``period`` seconds.
        :param kind: ``write``; everything else counts as a read.
        :param period_header: ``full``: ``X-RateLimit-Period`` is the length of the period; ``remaining``: what is left.
        """
        kind = "write" if kind == "write" else "read"
        if now >= self._begun + quota["period"]:
            self._begun = now
            self._used = {"read": 0, "write": 0}
        limit = quota[f"{kind}s"]
        exceeded = self._used[kind] >= limit
        if not exceeded:
            self._used[kind] += 1
        period = quota["period"] if period_header == "full" else int(self._begun + quota["period"] - now) + 1
        return Verdict(exceeded, {"X-RateLimit-Limit": str(limit), "X-RateLimit-Period": str(period)})


class RateLimiter:
    """The rate limiter policy of a CommCell: a bucket of ``burst`` requests that fills by ``rate`` a second."""

    def __init__(self) -> None:
        self._level: float | None = None
        self._at = 0.0

    def refuses(self, policy: dict[str, float], now: float) -> bool:
        """Count a request and return whether it is one too many. Refused ones are not counted.

        :param now: seconds of the simulated clock.
        """
        level = policy["burst"] if self._level is None else self._level + (now - self._at) * policy["rate"]
        self._level, self._at = min(policy["burst"], level), now
        if self._level < 1:
            return True
        self._level -= 1
        return False
