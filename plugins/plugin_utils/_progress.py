# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people see while jobs are waited for: one line that says all."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from collections import Counter

from ..module_utils._jobs.job import STUCK_STATES
from ..module_utils._times import age_words, some_of, span

if t.TYPE_CHECKING:
    from ..module_utils._jobs.job import Job
    from ..module_utils._jobs.wait_loop import Wait

# The longest time in seconds without a line. Looks happen in between and can take a while, and after 60 seconds of
# silence people, and some systems, take a job for dead.
HEARTBEAT = 40.0
# Jobs that a line names for each state that they are stuck in.
MAX_NAMED = 3
_REASON_LENGTH = 60


def progress_line(wait: Wait, fail_on: str, *, names: bool = True) -> str:
    """A line such as "12/40 finished, 1 failed; 25 running, 43 % on average; 2 pending: orders (No resources
    available), billing; 00:12:30".

    fail_on: as of Job.succeeded. names: whether names and reasons may be shown.
    """
    jobs = list(wait.jobs.values())
    ended = [job for job in jobs if job.finished]
    good = sum(job.succeeded(fail_on) for job in ended)
    parts = [f"{good}/{len(wait.job_ids)} finished" + (f", {len(ended) - good} failed" if len(ended) > good else "")]
    gone = set(wait.missing)
    active = [job for job in jobs if not job.finished and job.id not in gone]
    running = [job for job in active if not job.stuck]
    parts += _running(running)
    for state in STUCK_STATES:
        stuck = [job for job in active if job.stuck == state]
        if stuck:
            parts.append(f"{len(stuck)} {state}" + (f": {_named(stuck)}" if names else ""))
    unseen = len(wait.job_ids) - len(jobs) - len([job_id for job_id in gone if job_id not in wait.jobs])
    if unseen:
        parts.append(f"{unseen} not visible yet")
    if gone:
        parts.append(f"{len(gone)} not there")
    if wait.last_error:
        parts.append(f"the last look failed ({wait.last_error.kind})")
    parts.append(span(wait.waited) + (f", about {age_words(wait.expected_left)} left" if wait.expected_left else ""))
    return "; ".join(parts)


def _running(jobs: t.Sequence[Job]) -> list[str]:
    parts = []
    by_status = Counter("running" if job.status.lower().startswith("running") else job.status.lower() for job in jobs)
    for status, count in sorted(by_status.items(), key=lambda one: (one[0] != "running", one[0])):
        text = f"{count} {status or 'in an unnamed state'}"
        if status == "running":
            known = [job.percent_complete for job in jobs if job.percent_complete is not None]
            text += f", {sum(known) // len(known)} % on average" if known else ""
        parts.append(text)
    return parts


def _named(jobs: t.Sequence[Job]) -> str:
    names = []
    for job in jobs:
        reason = job.reason or ""
        if len(reason) > _REASON_LENGTH:
            reason = reason[: _REASON_LENGTH - 3] + "..."
        names.append(f"{job.label} ({reason})" if reason else job.label)
    return some_of(names, MAX_NAMED)


class Progress:
    """Puts out a line when something has changed, and when nothing has for a while. Pass it as on_progress."""

    def __init__(self, put_out: t.Callable[[str], None], fail_on: str, *, names: bool = True) -> None:
        """put_out: gets each line."""
        self._put_out = put_out
        self._fail_on = fail_on
        self._names = names
        self._shown: t.Any = None
        self._shown_at = 0.0

    def __call__(self, wait: Wait) -> None:
        """Take in what is known now."""
        states = {job_id: (job.status, job.reason) for job_id, job in wait.jobs.items()}
        present = (states, tuple(wait.missing), wait.last_error is None)
        if present != self._shown or wait.waited - self._shown_at >= HEARTBEAT:
            self._shown, self._shown_at = present, wait.waited
            self._put_out(progress_line(wait, self._fail_on, names=self._names))
