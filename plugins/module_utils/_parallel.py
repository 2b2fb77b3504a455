# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Many reads at once, of which some may fail."""

from __future__ import annotations

import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ._errors import CommvaultError

if t.TYPE_CHECKING:
    Item = t.TypeVar("Item")
    Answer = t.TypeVar("Answer")

# So many failures in a row that are not about what was asked for mean that all the others would fail alike.
GIVE_UP_AFTER = 3
# What the server says of one object only: the next one may be readable.
ABOUT_THE_ITEM = frozenset(["permission", "not_found", "bad_request", "refused"])


def read_each(
    items: t.Sequence[Item], read: t.Callable[[Item], Answer], concurrency: int
) -> list[Answer | CommvaultError]:
    """What read gives for each item, in order, or the CommvaultError that it raised.

    concurrency: reads at once. When the server seems to be out of reach, what is left is not asked for, and has the
    error of the last that was.
    """
    lock = threading.Lock()
    failures: list[CommvaultError] = []

    def attempt(item: Item) -> Answer | CommvaultError:
        with lock:
            if len(failures) >= GIVE_UP_AFTER:
                return failures[-1]
        try:
            answer = read(item)
        except CommvaultError as error:
            with lock:
                if error.kind in ABOUT_THE_ITEM:
                    failures.clear()
                else:
                    failures.append(error)
            return error
        with lock:
            failures.clear()
        return answer

    if len(items) < 2 or concurrency == 1:
        return [attempt(item) for item in items]
    with ThreadPoolExecutor(min(concurrency, len(items))) as workers:
        return list(workers.map(attempt, items))
