# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated clock: it starts at the real time, can run faster and can be moved forward."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since the epoch as the simulated CommServe sees them.

    :param speed: simulated seconds per real second.
    :param start: the time it starts at, default the real time.
    :param ticks: a monotonic source of real seconds.
    """

    def __init__(
        self, speed: float = 1.0, start: float | None = None, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._ticks = ticks
        self._speed = speed
        self._start = start
        self.reset()

    def reset(self) -> None:
        """Go back to the time it starts at, where there are no jobs that would come back to life. The speed stays."""
        self._base = time.time() if self._start is None else self._start
        self._mark = self._ticks()

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Return the simulated time."""
        return self._base + (self._ticks() - self._mark) * self._speed

    def advance(self, seconds: float) -> float:
        """Move the clock forward and return the new time.

        :raises ValueError: if ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError("the clock does not go back")
        self._base += seconds
        return self.now()

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on.

        :raises ValueError: if ``speed`` is negative.
        """
        if speed < 0:
            raise ValueError("the speed must not be negative")
        now = self._ticks()
        self._base += (now - self._mark) * self._speed
        self._mark = now
        self._speed = speed
