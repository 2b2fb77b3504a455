# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks once more when backups have been started: was another one of the same subclient active already?

That happens on CommCells that queue conflicting jobs instead of refusing them, when two launches start the same backups
at once, or when a listing lags behind. Both launches see the same jobs and choose the same survivor, the one with the
lowest id.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError
from .._jobs.reader import CutShort, read_some
from .._parallel import RUNTIME
from .backup import beside_words
from .matching import JobsOfInstances

if t.TYPE_CHECKING:
    from .._jobs.job import Job
    from .._jobs.reader import JobReader
    from .._parallel import Runtime
    from .backup import Backup
    from .matching import Matching


# Seconds for which own jobs may be invisible before the look is given up, and seconds between two looks. Where they are
# visible, so are older ones.
PATIENCE = 15.0
INTERVAL = 5.0
_WHETHER = "whether another backup of it was active when it was started"


class DuplicateCheck:
    """Finds backups that were started although another one was active."""

    def __init__(
        self,
        reader: JobReader,
        matching: Matching,
        kill: t.Callable[[str], None] | None = None,
        deadline: float | None = None,
        runtime: Runtime = RUNTIME,
        lag: float = 0.0,
    ) -> None:
        """Prepare to look.

        Args:
            kill: Kills a job, raises CommvaultError; None to let it go on.
            deadline: When nobody looks any more, on the monotonic clock; None for no limit.
            lag: Seconds for which new jobs of this CommCell are known to be invisible.
        """
        self._reader = reader
        self._matching = matching
        self._kill = kill
        self._deadline = deadline
        self._lag = lag
        self._runtime = runtime
        self._since = runtime.now()
        self._running: list[Backup] = []
        # Of backups whose own job is not listed yet: the active jobs with lower ids, as of the last look.
        self._older: dict[int, list[Job]] = {}
        # All jobs of the last listing.
        self.listed: t.Sequence[Job] = ()

    def check(self, backups: t.Sequence[Backup]) -> list[str]:
        """Mark the duplicates among the backups that this call started, and name what is at work beside those that it
        found running, in place. Raises nothing.

        Returns:
            Warnings.
        """
        left = [backup for backup in backups if backup.changed and backup.job_ids]
        self._running = [backup for backup in backups if backup.found_running]
        self._since = min((backup.sent_at for backup in left if backup.sent_at is not None), default=self._since)
        end = self._runtime.monotonic() + PATIENCE + self._lag
        if self._deadline is not None:
            end = min(end, self._deadline)
        found: list[Backup] = []
        error: CommvaultError | None = None
        again = False
        while left:
            try:
                left, doubled = self._look(left, again)
                found += doubled
                error = None
                again = True
            except CommvaultError as failure:
                error = failure
            now = self._runtime.monotonic()
            if not left or now >= end or (error and _is_final(error)):
                break
            self._runtime.sleep(min(INTERVAL, end - now))
        for backup in left:
            older = self._older.get(id(backup), ())
            words = "".join(f" Job {job.id} ({job.status}) of the same subclient is listed." for job in older)
            backup.not_verified += (f"{_WHETHER}: {error or 'its job is not listed yet.'}{words}",)
        return [*_warnings(found, left, error)]

    def _look(self, backups: t.Sequence[Backup], again: bool) -> tuple[list[Backup], list[Backup]]:
        """One look.

        Args:
            again: Whether these were not in a listing before. Jobs that ended at once leave it soon.

        Returns:
            Those whose own job is not visible yet, and those that are duplicates.

        Raises:
            CommvaultError: The jobs cannot be read.
        """
        # Before the listing, so that this one is not older. One at work must be in it: else it does not show all.
        own: t.Mapping[str, Job] = {}
        if again:
            own, _unread = read_some(self._reader.read, [job_id for backup in backups for job_id in backup.job_ids])
        jobs = self.listed = self._list()
        listed = {job.id for job in jobs}
        jobs = [*jobs, *(job for job in own.values() if job.finished and job.id not in listed)]
        by_instance = JobsOfInstances(jobs, self._matching)
        for backup in self._running:
            # A listing that lagged behind when its job was found may show more now.
            certain, _possible = by_instance.of(backup.instance)
            backup.mark_beside([job for job in certain if not job.finished and job.id not in backup.job_ids])
        begun_at = {job.id: job.start_time or 0 for job in jobs}
        unseen, doubled = [], []
        for backup in backups:
            first = min(int(job_id) for job_id in backup.job_ids)
            certain, possible = by_instance.of(backup.instance)
            if not all(job_id in begun_at for job_id in backup.job_ids):
                # Nothing is decided by a listing that is older than the own job.
                self._older[id(backup)] = [job for job in certain if int(job.id) < first and not job.finished]
                unseen.append(backup)
                continue
            begun = min(begun_at[job_id] for job_id in backup.job_ids)
            older = [job for job in certain if int(job.id) < first and _was_active(job, begun)]
            doubts = [job for job in possible if int(job.id) < first and _was_active(job, begun)]
            own_ids = backup.job_ids
            if older:
                # One that goes on stands for the own one, one that has ended meanwhile or is being killed does not.
                first_of_all, *others = sorted(
                    older, key=lambda job: (job.finished, job.dying, not job.known_state, int(job.id))
                )
                self._settle(backup, first_of_all)
                backup.msg += beside_words([job for job in others if not job.finished])
                ended = [job for job in others if job.finished]
                backup.msg += "".join(f" Job {job.id} ({job.status}) was active then, too." for job in ended)
                doubled.append(backup)
            elif doubts:
                names = f"job {doubts[0].id} names client {doubts[0].client_name!r}"
                backup.not_verified += (f"{_WHETHER}: {names}, application {doubts[0].application_id}.",)
            if not backup.own:
                # Nothing proves that the job is its own: whatever else is at work must not go unsaid.
                backup.mark_beside(
                    [
                        job
                        for job in (*certain, *possible)
                        if not job.finished and job.id not in (*own_ids, *backup.job_ids, backup.duplicate_of)
                    ]
                )
        return unseen, doubled

    def _list(self) -> t.Sequence[Job]:
        try:
            # With those that have ended since the first start: own ones, and others beside which they were started.
            return self._reader.recent(max(0.0, self._runtime.now() - self._since))
        except CommvaultError as error:
            if not error.kind.says_no:
                raise
        try:
            return self._reader.active()
        except CutShort as error:
            return error.jobs

    def _settle(self, backup: Backup, other: Job) -> None:
        if not self._kill or other.finished or other.dying:
            backup.mark_duplicate(other)
            return
        if not backup.own:
            backup.mark_duplicate(other, why_not=" It was not killed, since it may be that of another run.")
            return
        if not other.known_state:
            backup.mark_duplicate(other, why_not=" It was not killed, since the state of that job is not known.")
            return
        try:
            for job_id in backup.job_ids:
                self._kill(job_id)
        except CommvaultError as error:
            backup.mark_duplicate(other, why_not=f" It could not be killed: {error}")
        else:
            backup.mark_duplicate(other, killed=True)


def _is_final(error: CommvaultError) -> bool:
    """Whether another look would fail alike. A web page instead of the API can be a web tier that restarts."""
    return error.kind.ends_a_wait(proven=True) or error.hidden


def _was_active(job: Job, moment: int) -> bool:
    """Whether a job was active at a time of jobs, which are whole seconds; 0 if that is not known."""
    return job.going_on or 0 < moment < (job.end_time or 0)


def _warnings(found: t.Sequence[Backup], left: t.Sequence[Backup], error: CommvaultError | None) -> t.Iterator[str]:
    if found:
        yield f"{len(found)} of the backups were started beside another of the same subclient. {found[0].msg}"
    if left:
        yield (
            f"Of {len(left)} of the backups it is not verified {_WHETHER}: {error or 'their jobs are not listed yet.'}"
        )
