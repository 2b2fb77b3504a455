# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells a job that this run started from jobs of others, where the answer that named it was lost."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import enum
import typing as t
from collections import Counter

from .._commcell import TOLERANCE
from .._errors import CommvaultError
from .._http.fields import folded

if t.TYPE_CHECKING:
    from .._commcell import ServerClock
    from .._jobs.api import JobDetails
    from .._jobs.job import Job
    from .backup import Backup
    from .request import ExportOptions

# Seconds by which the clock of the web server, which Date shows, and that of the CommServe, which the times of jobs are
# from, may differ: they can be two machines. Chosen here.
MAX_SKEW = 300.0
# How often the details of a job are asked for where the server refuses them, or tells nothing.
MAX_TRIES = 3
# The levels that a backup can have that was asked for by one of these names: Commvault turns the first incremental one
# into a full one. A level of another name, such as one for exports, says nothing.
_POSSIBLE_LEVELS = {"full": frozenset(["full"]), "incremental": frozenset(["incremental", "full"])}
_LEVELS = frozenset(["full", "incremental", "differential", "synthetic full", "synthetic_full"])


class Owner(enum.Enum):
    """Whose a job is."""

    OURS = "ours"
    OTHERS = "others"
    UNSURE = "unsure"


class Judgement(t.NamedTuple):
    """Whose a job is, and how that is known.

    Attributes:
        owner: Whose.
        why: A clause after "it", for OTHERS and UNSURE.
        task_id: Of its task, None where it is not told.
        marked: Whether it has this run's marker or task. Without, a run of the same user in the same seconds looks
            the same.
    """

    owner: Owner
    why: str = ""
    task_id: int | None = None
    marked: bool = False


class Evidence:
    """What is known of this run's own jobs, by which others are judged."""

    def __init__(
        self,
        server_clock: ServerClock,
        options: ExportOptions,
        read_details: t.Callable[[str], JobDetails],
        read_user: t.Callable[[], str | None],
    ) -> None:
        """Prepare to judge.

        Args:
            server_clock: Learns the time of the web server from each answer.
            options: Of the requests that went out.
            read_details: Reads more about a job. Raises CommvaultError.
            read_user: Reads the name of the user that the credentials belong to, None where it is not told. Raises
                CommvaultError.
        """
        self._server_clock = server_clock
        self._options = options
        self._read_details = read_details
        self._read_user = read_user
        self._details: dict[str, JobDetails | None] = {}
        self._tries: Counter[str] = Counter()
        # Seconds from this machine's clock to that of the times of jobs, None while no job of ours was seen.
        self._offset: float | None = None
        self._own_users: set[str] = set()
        self._user: str | None = None
        self._user_was_read = False

    def learn(self, backups: t.Iterable[Backup], jobs: t.Iterable[Job]) -> None:
        """Take in what a listing shows of jobs that this run certainly started."""
        sent = {
            job_id: backup.sent_at
            for backup in backups
            if backup.own and backup.response is not None and backup.sent_at is not None
            for job_id in backup.job_ids
        }
        for job in jobs:
            if job.id not in sent:
                continue
            if job.user_name:
                self._own_users.add(folded(job.user_name))
            if job.start_time is not None:
                # A job can have waited before it started, but it cannot have started before its request.
                offset = job.start_time - sent[job.id]
                self._offset = offset if self._offset is None else min(self._offset, offset)

    def job_time(self, local: float) -> float:
        """What the times of jobs show at a time of this machine, as far as that is known."""
        return self._server_clock.at(local) if self._offset is None else local + self._offset

    def earliest(self, backup: Backup) -> float:
        """The first moment, in times of jobs, at which its job can have started, whichever way clocks differ."""
        slack = MAX_SKEW if self._offset is None else TOLERANCE
        return self.job_time(backup.sent_at or 0.0) - slack

    def judge(self, backup: Backup, job: Job) -> Judgement:
        """Whether a job of the subclient of a backup is the one that its request started. Raises CommvaultError."""
        details = self._details_of(job)
        task_id = details.task_id if details else None
        if task_id and task_id == backup.task_id:
            return Judgement(Owner.OURS, task_id=task_id, marked=True)
        marker = self._options.marker
        if marker and job.description:
            if marker in job.description:
                return Judgement(Owner.OURS, task_id=task_id, marked=True)
            return Judgement(Owner.OTHERS, "does not have the marker of this run", task_id)
        if details and "schedule" in (details.started_from or "").lower():
            return Judgement(Owner.OTHERS, "was started by a schedule", task_id)
        if self._options.backup_level in _POSSIBLE_LEVELS:
            level = (job.backup_level or "").lower()
            if level in _LEVELS and level not in _POSSIBLE_LEVELS[self._options.backup_level]:
                return Judgement(Owner.OTHERS, f"is {job.backup_level}, which was not asked for", task_id)
        user = job.user_name or (details.started_by if details else None)
        own = self._own_user()
        if user and own and not _same_user(user, own):
            return Judgement(Owner.OTHERS, f"was started by {user}", task_id)
        if not (user and own):
            return Judgement(Owner.UNSURE, "does not tell who started it", task_id)
        if not (details and details.started_from):
            return Judgement(Owner.UNSURE, "does not tell whether a schedule started it", task_id)
        return Judgement(*self._by_time(backup, job), task_id)

    def _by_time(self, backup: Backup, job: Job) -> tuple[Owner, str]:
        if job.start_time is None:
            return Owner.UNSURE, "does not tell when it started"
        sent = self.job_time(backup.sent_at or 0.0)
        # The times of jobs are whole seconds.
        if self._offset is not None:
            if job.start_time >= int(sent):
                return Owner.OURS, ""
            return Owner.OTHERS, "started before the request"
        lost = self.job_time(backup.lost_at or backup.sent_at or 0.0)
        if int(sent) <= job.start_time <= lost + TOLERANCE:
            return Owner.OURS, ""
        return Owner.UNSURE, "did not start in the seconds of the request, as far as the clocks of the servers tell"

    def _own_user(self) -> str | None:
        if len(self._own_users) == 1:
            return next(iter(self._own_users))
        if not self._user_was_read:
            try:
                self._user = self._read_user()
            except CommvaultError as error:
                if error.kind.passing:
                    raise
            self._user_was_read = True
        return self._user

    def _details_of(self, job: Job) -> JobDetails | None:
        """None where they cannot be seen. Raises CommvaultError for what may pass."""
        if job.id in self._details:
            return self._details[job.id]
        details = None
        try:
            details = self._read_details(job.id)
        except CommvaultError as error:
            if error.kind.passing:
                raise
        # Nothing at all may be an answer that was lost. And "Access denied" can be about a token that has just ended,
        # and will be renewed by the next look.
        self._tries[job.id] += 1
        if (details and any(details)) or self._tries[job.id] == MAX_TRIES:
            self._details[job.id] = details
        return details


def _same_user(one: str, other: str) -> bool:
    """Names of users can have a domain before a backslash, and one place may leave it out."""
    mine, yours = folded(one).split("\\"), folded(other).split("\\")
    return mine[-1] == yours[-1] and (len(mine) == 1 or len(yours) == 1 or mine[0] == yours[0])
