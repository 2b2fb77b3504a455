# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time and threads of a run, and many reads at once, of which some may fail."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import random
import threading
import time
import typing as t

from ._errors import CommvaultError, InvalidInput

if t.TYPE_CHECKING:
    Item = t.TypeVar("Item")
    Answer = t.TypeVar("Answer")

# So many failures in a row that are not about what was asked for mean that all the others would fail alike.
GIVE_UP_AFTER = 5


# More requests at once than this load a server and gain nothing.
MAX_CONCURRENCY = 64


def check_concurrency(value: int) -> int:
    """The value of an option concurrency. Raises InvalidInput."""
    if not 1 <= value <= MAX_CONCURRENCY:
        raise InvalidInput(f"concurrency must be a number from 1 to {MAX_CONCURRENCY}, not {value}.")
    return value


class Runtime:
    """Time and threads, in one place: a test can put in a world with a clock and a scheduler of its own."""

    def now(self) -> float:
        """The time of this machine in epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that nobody sets."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 to 1."""
        return random.random()

    def map(
        self, function: t.Callable[[Item], Answer], items: t.Sequence[Item], concurrency: int
    ) -> t.Sequence[Answer]:
        """What function gives for each item, in order; at most concurrency of them at once."""
        if len(items) < 2 or concurrency < 2:
            return [function(item) for item in items]
        # Imported here because starting one backup, the most common use, does without it.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(concurrency, len(items))) as workers:
            return list(workers.map(function, items))


RUNTIME = Runtime()


class Breaker:
    """Counts failures in a row that are not about what was asked for. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._last: CommvaultError | None = None

    def note(self, error: CommvaultError | None) -> None:
        """Take in how a request ended.

        Args:
            error: None where it succeeded, or in a way that says nothing about the next one.
        """
        with self._lock:
            self._in_a_row = 0 if error is None else self._in_a_row + 1
            self._last = error

    def open(self) -> CommvaultError | None:
        """The last failure when there were enough of them to ask for nothing more, else None."""
        with self._lock:
            return self._last if self._in_a_row >= GIVE_UP_AFTER else None


def read_each(
    items: t.Sequence[Item], read: t.Callable[[Item], Answer], concurrency: int, runtime: Runtime = RUNTIME
) -> list[Answer | CommvaultError]:
    """Read many things.

    Args:
        items: What to read.
        read: Reads one of them.
        concurrency: Reads at once.

    Returns:
        What read gives for each item, in order, or the CommvaultError that it raised. When the server seems to be out
        of reach, what is left is not asked for, and has the error of the last that was.
    """
    breaker = Breaker()

    def attempt(item: Item) -> Answer | CommvaultError:
        last = breaker.open()
        if last:
            return last
        try:
            answer = read(item)
        except CommvaultError as error:
            breaker.note(None if error.kind.about_one_object else error)
            return error
        breaker.note(None)
        return answer

    return list(runtime.map(attempt, items, concurrency))
