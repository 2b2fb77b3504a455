# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the jobs of backups whose start left a question open. Reads only; nothing is ever sent again from here.

See backup.Unresolved for the questions.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from collections import Counter

from .._commcell import TOLERANCE
from .._errors import CommvaultError, RequestError
from .._parallel import RUNTIME
from .backup import Unresolved

if t.TYPE_CHECKING:
    from .._commcell import ServerClock
    from .._jobs.api import JobDetails
    from .._jobs.job import Job
    from .._parallel import Runtime
    from .backup import Backup
    from .request import Instance

    class Reader(t.Protocol):
        """Reads jobs; see _job_reader.JobReader."""

        def read(self, job_ids: t.Sequence[str]) -> t.Mapping[str, Job]:
            """The visible ones of these jobs."""

        def started_since(self, since: float) -> t.Sequence[Job]:
            """The visible jobs that were started since then, in server time."""

        def active_or_ended_since(self, since: float) -> t.Sequence[Job]:
            """The visible jobs that have not ended, or not before then, in server time."""

        def details(self, job_id: str) -> JobDetails:
            """More about one job."""


# Seconds for which a job that was started may be invisible. Commvault's own SDK looks for up to a minute and more
# (github.com/Commvault/cvpysdk: job.py); 90 is chosen here.
GRACE = 90.0
INTERVAL = 5.0  # seconds between two looks


def is_same_subclient(instance: Instance, job: Job) -> bool:
    """Whether a job works on what the instance names; a name that the job does not tell is a no."""
    names = {instance.client_name.lower(), (instance.display_name or instance.client_name).lower()}
    return (
        (job.client_name or "").lower() in names
        and (job.instance_name or "").lower() == instance.instance_name.lower()
        and (job.subclient_name or "").lower() == instance.subclient_name.lower()
        and job.application_id in (None, instance.application_id)
    )


class Recovery:
    """Looks for jobs until every question is answered or the grace period is over."""

    def __init__(
        self,
        reader: Reader,
        server_clock: ServerClock,
        *,
        grace: float = GRACE,
        interval: float = INTERVAL,
        runtime: Runtime = RUNTIME,
    ) -> None:
        """Prepare to look.

        Args:
            grace: Seconds for which a job that was started may be invisible.
            interval: Seconds between two looks.
        """
        self._reader = reader
        self._server_clock = server_clock
        self._grace = grace
        self._interval = interval
        self._runtime = runtime

    def settle(self, backups: t.Sequence[Backup]) -> None:
        """Answer the open questions of backups, in place. Where a question stays open, the backup says so."""
        deadline = self._runtime.monotonic() + self._grace
        trouble: CommvaultError | None = None
        while True:
            try:
                self._look(backups)
                trouble = None
            except CommvaultError as error:
                trouble = error
            now = self._runtime.monotonic()
            hopeless = trouble is not None and trouble.kind.ends_a_wait(proven=False)
            if hopeless or now >= deadline or not any(backup.unresolved for backup in backups):
                break
            self._runtime.sleep(min(self._interval, deadline - now))
        self._give_up([backup for backup in backups if backup.unresolved], trouble)

    def _look(self, backups: t.Sequence[Backup]) -> None:
        """One look at the jobs; settles what it can. Raises CommvaultError."""
        batch = [backup for backup in backups if backup.unresolved == Unresolved.BATCH]
        if batch:
            self._map_batches(batch)
        lost = [backup for backup in backups if backup.unresolved == Unresolved.LOST]
        if lost:
            since = min(self._since(backup) for backup in lost)
            self._find_lost(lost, self._reader.started_since(since), backups)
        running = [backup for backup in backups if backup.unresolved == Unresolved.RUNNING]
        if running:
            since = min(self._sent_at(backup) for backup in running)
            self._find_running(running, self._reader.active_or_ended_since(since))

    def _since(self, backup: Backup) -> float:
        return self._server_clock.at(backup.sent_at or 0.0) - TOLERANCE

    def _sent_at(self, backup: Backup) -> int:
        """When the request went out by the server's clock, in whole seconds as the times of jobs are."""
        return int(self._server_clock.at(backup.sent_at or 0.0))

    def _map_batches(self, backups: t.Sequence[Backup]) -> None:
        wanted = list(dict.fromkeys(job_id for backup in backups for job_id in backup.candidates))
        jobs = self._reader.read(wanted)
        for backup in backups:
            own = [
                job
                for job_id, job in jobs.items()
                if job_id in backup.candidates and is_same_subclient(backup.instance, job)
            ]
            if own:
                backup.mark_started(own)
        for backup in backups:
            if backup.unresolved != Unresolved.BATCH:
                continue
            taken = {job_id for other in backups if other is not backup for job_id in other.job_ids}
            backup.candidates = tuple(job_id for job_id in backup.candidates if job_id not in taken)
            if all(job_id in jobs for job_id in backup.candidates):
                # Every job of the batch is known, and none is of this instance.
                backup.mark_not_in_batch()

    def _find_lost(self, lost: t.Sequence[Backup], jobs: t.Sequence[Job], backups: t.Sequence[Backup]) -> None:
        # A job that another instance of this call is known or thought to own is nobody else's.
        owned = {job_id for backup in backups for job_id in (*backup.job_ids, *backup.candidates)}
        for backup in lost:
            found = [
                job
                for job in jobs
                if job.id not in owned
                and job.start_time is not None
                and job.start_time >= self._since(backup)
                and is_same_subclient(backup.instance, job)
            ]
            if found:
                self._judge(backup, found)

    def _judge(self, backup: Backup, found: t.Sequence[Job]) -> None:
        """One job is the one that was started; of several, those that a schedule started are not."""
        tasks: dict[str, int | None] = {}
        mine = []
        for job in found:
            details = self._details(job.id)
            tasks[job.id] = details.task_id if details else None
            if not (details and "schedule" in (details.started_from or "").lower()):
                mine.append(job)
        if len(mine) == 1:
            # Within the tolerance of the clocks, a job from before the request may be an earlier one.
            surely = (mine[0].start_time or 0) >= self._sent_at(backup)
            backup.mark_recovered(mine[0], tasks[mine[0].id], surely)
        elif mine:
            backup.mark_ambiguous([job.id for job in mine])

    def _details(self, job_id: str) -> JobDetails | None:
        try:
            return self._reader.details(job_id)
        except RequestError:
            # They only help to tell several jobs apart.
            return None

    def _find_running(self, running: t.Sequence[Backup], jobs: t.Sequence[Job]) -> None:
        for backup in running:
            own = [job for job in jobs if is_same_subclient(backup.instance, job)]
            # Without the tolerance of the clocks: an earlier job would be taken for one that is not visible yet.
            ended = [job for job in own if job.finished and (job.end_time or 0) >= self._sent_at(backup)]
            found = [job for job in own if not job.finished] or ended
            if found:
                # The oldest one is what keeps others from starting.
                backup.mark_already_running(min(found, key=lambda job: (job.start_time or 0, job.id)))

    def _give_up(self, backups: t.Sequence[Backup], trouble: CommvaultError | None) -> None:
        if trouble:
            looked = f"The jobs could not be read: {trouble}"
        else:
            looked = f"No job of it was seen within {self._grace:g} seconds."
        left = Counter(backup.task_id for backup in backups if backup.unresolved == Unresolved.BATCH)
        for backup in backups:
            if backup.unresolved == Unresolved.BATCH and left[backup.task_id] == 1 and len(backup.candidates) == 1:
                # All others of the batch have theirs.
                backup.mark_only_candidate()
            else:
                backup.mark_unresolved(looked)
