# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One job in the result of a module: what the summary says, where its page is, and for bad ends why."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import typing as t

from .._errors import RequestError
from .._times import iso_time
from .hints import hint_for
from .job import BAD, ERRORS, result_of_missing

if t.TYPE_CHECKING:
    from .api import JobsApi
    from .job import Job

# Jobs of one run that are looked into: each costs two requests and half a kilobyte.
MAX_EXPLAINED = 20
# Events of a job that are shown, the newest first.
MAX_EVENTS = 3

NO_EXPLANATION: dict[str, t.Any] = {"delay_reason": None, "events": [], "hint": None}


def needs_explanation(job: Job) -> bool:
    """Whether a job ended in a way that somebody will ask about."""
    return job.state in (BAD, ERRORS)


class JobReport:
    """Makes the entries of a result; see RETURN of job_info for their keys."""

    def __init__(self, api: JobsApi) -> None:
        self._api = api
        self._explained = 0

    def entry(self, job: Job | None, job_id: str, *, explain: bool = False) -> dict[str, t.Any]:
        """The entry of a job; of None that of one that cannot be seen.

        Args:
            explain: Also read why it is as it is.
        """
        if job is None:
            return missing_entry(job_id)
        delay, events = self._why(job) if explain else (None, [])
        return {
            **job.to_result(),
            "job_url": self._api.url(job.id),
            "delay_reason": delay if delay != job.reason else None,
            "events": events,
            "hint": hint_for(job, [delay, *events]),
        }

    def _why(self, job: Job) -> tuple[str | None, list[str]]:
        """Delay reason and last events, as far as they can be read: they are extras, and nothing fails for want of
        them.
        """
        self._explained += 1
        if self._explained > MAX_EXPLAINED:
            return None, []
        delay, events = None, []
        with contextlib.suppress(RequestError):
            delay = self._api.details(job.id).delay_reason
        with contextlib.suppress(RequestError):
            events = self._api.events(job.id)[:MAX_EVENTS]
        return delay, [f"{iso_time(event.time)} {event.text}" if event.time else event.text for event in events]


def missing_entry(job_id: str) -> dict[str, t.Any]:
    """The entry of a job that cannot be seen."""
    return {**result_of_missing(job_id), "job_url": None, **NO_EXPLANATION}
