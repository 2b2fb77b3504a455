# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run in which only sleeping takes time, and nothing happens at once."""

from __future__ import annotations

import random
import typing as t

from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import Runtime

if t.TYPE_CHECKING:
    Item = t.TypeVar("Item")
    Answer = t.TypeVar("Answer")


class FakeRuntime(Runtime):
    """Both clocks show the same time; slept: the sleeps so far."""

    def __init__(self, now: float = 1000.0) -> None:
        self.time = now
        self.slept: list[float] = []
        self._random = random.Random(1)

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.time += seconds

    def random(self) -> float:
        return self._random.random()

    def map(
        self, function: t.Callable[[Item], Answer], items: t.Sequence[Item], concurrency: int
    ) -> t.Sequence[Answer]:
        return [function(item) for item in items]
