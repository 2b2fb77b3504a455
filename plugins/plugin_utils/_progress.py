# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people see while jobs are waited for: one line that says all."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ..module_utils._jobs.job import STUCK_STATES
from ..module_utils._times import age_words, shortened, some_of, span

if t.TYPE_CHECKING:
    from ..module_utils._jobs.job import Job
    from ..module_utils._jobs.wait_loop import Wait

# The longest time in seconds without a line. Looks happen in between and can take a while, and after 60 seconds of
# silence people, and some systems, take a job for dead.
HEARTBEAT = 40.0
# Columns of a console that nobody has made wider.
WIDTH = 80
# What is left for a line behind a long name of a host, at least.
_MIN_WIDTH = 40
# Running jobs that a line names, if there are no more of them; and stuck ones of each state.
_MAX_RUNNING = 3
_MAX_STUCK = 2
_REASON_LENGTH = 40


def progress_line(wait: Wait, fail_on: str, *, names: bool = True, width: int = WIDTH) -> str:
    """A line such as "36 ok, 2 failed, 1 running (db11 99 %) of 39, 01:36".

    Args:
        wait: What is known of the jobs.
        fail_on: As of Job.succeeded.
        names: Whether names and reasons may be shown.
        width: Columns for the line. Details that do not fit are left out.
    """
    line = ""
    for detail in (_ALL, _NAMES, _COUNTS, _PLAIN, _SHORT) if names else (_COUNTS, _PLAIN, _SHORT):
        line = _line(wait, fail_on, detail)
        if len(line) <= width:
            return line
    return shortened(line, max(width, _MIN_WIDTH))


# How much a line tells: reasons and names, names, counts and percent, counts, or counts of what is alike together.
_ALL, _NAMES, _COUNTS, _PLAIN, _SHORT = range(5)


def _line(wait: Wait, fail_on: str, detail: int) -> str:
    jobs = list(wait.jobs.values())
    ended = [job for job in jobs if job.finished]
    good = sum(job.succeeded(fail_on) for job in ended)
    gone = set(wait.missing)
    active = [job for job in jobs if not job.finished and job.id not in gone]
    unseen = len(wait.job_ids) - len(jobs) - len([job_id for job_id in gone if job_id not in wait.jobs])
    parts = [f"{good} ok"] if good else []
    parts += [f"{len(ended) - good} failed"] if len(ended) > good else []
    parts += _running([job for job in active if not job.stuck], detail)
    parts += _stuck([job for job in active if job.stuck], detail)
    parts += [f"{unseen} not visible yet"] if unseen else []
    parts += [f"{len(gone)} missing"] if gone else []
    text = f"{', '.join(parts)} of {len(wait.job_ids)}, {_clock(wait.waited)}"
    if wait.expected_left and detail < _SHORT:
        text += f", about {age_words(wait.expected_left)} left"
    if wait.last_error:
        text += f", last poll {'incomplete' if wait.last_error.found else 'failed'} ({wait.last_error.kind})"
    return text


def _clock(seconds: float) -> str:
    text = span(seconds)
    return text[3:] if text.startswith("00:") else text


def _running(jobs: t.Sequence[Job], detail: int) -> list[str]:
    by_status: dict[str, list[Job]] = {}
    for job in jobs:
        status = "running" if job.status.lower().startswith("running") else job.status.lower()
        by_status.setdefault(status, []).append(job)
    parts = []
    for status, own in sorted(by_status.items(), key=lambda one: (one[0] != "running", one[0])):
        text = f"{len(own)} {status or 'in an unnamed state'}"
        known = [job.percent_complete for job in own if job.percent_complete is not None]
        if detail < _COUNTS and len(own) <= _MAX_RUNNING:
            told = (
                job.label if job.percent_complete is None else f"{job.label} {job.percent_complete} %" for job in own
            )
            text += f" ({', '.join(told)})"
        elif status == "running" and known and detail < _PLAIN:
            text += f" ({sum(known) // len(known)} % avg)"
        parts.append(text)
    return parts


def _stuck(jobs: t.Sequence[Job], detail: int) -> list[str]:
    if detail == _SHORT:
        return [f"{len(jobs)} on hold"] if jobs else []
    parts = []
    for state in STUCK_STATES:
        own = [job for job in jobs if job.stuck == state]
        if own:
            told = f" ({_named(own, detail)})" if detail < _COUNTS else ""
            parts.append(f"{len(own)} {state}{told}")
    return parts


def _named(jobs: t.Sequence[Job], detail: int) -> str:
    reasons = (shortened(job.reason or "", _REASON_LENGTH) if detail == _ALL else "" for job in jobs)
    return some_of(
        [f"{job.label}: {reason}" if reason else job.label for job, reason in zip(jobs, reasons)], _MAX_STUCK
    )


class Progress:
    """Puts out a line when something has changed, and when nothing has for a while. Pass it as on_progress."""

    def __init__(
        self, put_out: t.Callable[[str], None], fail_on: str, *, names: bool = True, width: int = WIDTH
    ) -> None:
        """put_out: gets each line. Else as of progress_line."""
        self._put_out = put_out
        self._fail_on = fail_on
        self._names = names
        self._width = width
        self._shown: t.Any = None
        self._shown_at = 0.0

    def __call__(self, wait: Wait) -> None:
        """Take in what is known now."""
        states = {job_id: (job.status, job.reason) for job_id, job in wait.jobs.items()}
        present = (states, tuple(wait.missing), wait.last_error is None)
        if present != self._shown or wait.waited - self._shown_at >= HEARTBEAT:
            self._shown, self._shown_at = present, wait.waited
            self._put_out(progress_line(wait, self._fail_on, names=self._names, width=self._width))
