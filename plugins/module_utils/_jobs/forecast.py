# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a backup will take, from how long it took before."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import statistics
import typing as t

if t.TYPE_CHECKING:
    from .job import Job

# Good backups that count, the newest ones: a database grows.
MAX_RUNS = 10


class Forecast(t.NamedTuple):
    """What the last good backups of a database took.

    Attributes:
        seconds: The median.
        runs: How many they were.
    """

    seconds: float
    runs: int


def forecast(jobs: t.Iterable[Job], fail_on: str) -> Forecast | None:
    """The forecast for a database, None without a good backup whose duration is known.

    Args:
        jobs: Its own jobs.
        fail_on: Which ends are bad, as of Job.succeeded.
    """
    good = [job for job in jobs if job.end_time and job.succeeded(fail_on) and job.duration is not None]
    good.sort(key=lambda job: job.end_time or 0, reverse=True)
    seconds = [float(job.duration or 0) for job in good[:MAX_RUNS]]
    if not seconds:
        return None
    return Forecast(statistics.median(seconds), len(seconds))
