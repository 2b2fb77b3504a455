# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the jobs of backups whose start left a question open. Reads only; nothing is ever sent again from here.

See backup.Unresolved for the questions.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import functools
import typing as t
from collections import Counter

from .._errors import CommvaultError, ErrorKind
from .._parallel import RUNTIME
from .backup import Unresolved
from .evidence import Owner
from .matching import JobsOfInstances

if t.TYPE_CHECKING:
    from .._jobs.job import Job
    from .._jobs.reader import JobReader
    from .._parallel import Runtime
    from .backup import Backup
    from .evidence import Evidence, Judgement
    from .matching import Matching

# Seconds for which a job that was started may be invisible. Commvault's own SDK looks for up to a minute and more
# (github.com/Commvault/cvpysdk: job.py); 90 is chosen here.
GRACE = 90.0
# The same, in seconds, where jobs that this call started later are visible already: then so is an earlier one.
SHORT_GRACE = 10.0
INTERVAL = 5.0  # seconds between two looks
UNAUTHORIZED, GATEWAY_TIMEOUT = 401, 504
LONGEST_INTERVAL = 30.0  # seconds between two looks at a server that is away


class Recovery:
    """Looks for jobs until every question is answered or the grace period is over."""

    def __init__(
        self,
        reader: JobReader,
        evidence: Evidence,
        matching: Matching,
        *,
        known_before: t.Collection[str] = (),
        deadline: float | None = None,
        runtime: Runtime = RUNTIME,
        lag: float = 0.0,
        read_refuses: t.Callable[[], bool | None] = lambda: None,
        jobs_were_read: bool = False,
    ) -> None:
        """Prepare to look.

        Args:
            known_before: Ids of jobs that were there before anything was sent.
            deadline: When no more is looked for, on the monotonic clock; None for no limit.
            lag: Seconds for which new jobs of this CommCell are known to be invisible.
            read_refuses: Reads whether this CommCell refuses a second backup of a subclient, None where it is not
                told. Raises CommvaultError.
            jobs_were_read: Whether these credentials have read jobs in this call: then a 401 is about a token.
        """
        self._reader = reader
        self._evidence = evidence
        self._matching = matching
        self._known_before = frozenset(known_before)
        self._deadline = deadline
        self._lag = lag
        self._runtime = runtime
        self._read_refuses = read_refuses
        self._jobs_were_read = jobs_were_read
        # All jobs of all looks, as they were last seen.
        self._seen: dict[str, Job] = {}
        # Of lost ones, as of the last look: the one job that is theirs if no other comes.
        self._finds: dict[int, _Find] = {}
        # Of lost ones: jobs that were found and are not taken for theirs, with the reason.
        self._others: dict[int, dict[str, str]] = {}

    def settle(self, backups: t.Sequence[Backup]) -> None:
        """Answer the open questions of backups, in place. Where one stays open, the backup says so."""
        begun = self._runtime.monotonic()
        # Grace counts from the first look that a server answers, if only by no: before, nothing could have been seen.
        answered_since: float | None = None
        seen = False
        pause = INTERVAL
        while True:
            last_error: CommvaultError | None = None
            grace = GRACE
            shown_at = self._runtime.monotonic()
            try:
                grace = self._look(backups)
            except CommvaultError as error:
                last_error = error
            now = self._runtime.monotonic()
            seen = seen or last_error is None
            if answered_since is None and (last_error is None or not last_error.kind.about_the_server):
                answered_since = now
            left = [backup for backup in backups if backup.unresolved]
            if not left:
                return
            # What is only waited for in case that another job comes is not asked for all the time.
            hurried = last_error is None and any(id(backup) not in self._finds for backup in left)
            pause = INTERVAL if hurried else min(LONGEST_INTERVAL, 1.5 * pause)
            due = (begun if answered_since is None else answered_since) + self._lag + grace
            end = due if self._deadline is None else min(due, self._deadline)
            # Who may not see the jobs need not ask again. Where they were seen, it is a token that will be renewed.
            readable = seen or (self._jobs_were_read and last_error and last_error.status == UNAUTHORIZED)
            # A look that took long shows what was there when it began.
            over = now >= end if last_error or end < due else shown_at >= end
            if over or (last_error and last_error.kind.ends_a_wait(proven=True) and not readable):
                break
            self._runtime.sleep(max(0.0, min(pause, end - now)))
        if last_error is None and shown_at >= due:
            for backup in left:
                self._take(backup)
        looked = f"No job of it was seen within {now - (answered_since or begun):.0f} seconds."
        self._give_up(backups, looked, last_error)

    def _look(self, backups: t.Sequence[Backup]) -> float:
        """One look at the jobs; settles what it can.

        Returns:
            Seconds after which whatever is left would be visible if it were there.

        Raises:
            CommvaultError: The jobs cannot be read.
        """
        batch = [backup for backup in backups if backup.unresolved is Unresolved.BATCH]
        if batch:
            self._map_batches(batch)
        asked = [backup for backup in backups if backup.unresolved not in (None, Unresolved.BATCH)]
        if not asked:
            return GRACE
        now = self._evidence.job_time(self._runtime.now())
        listed = self._reader.recent(max(0.0, now - min(self._evidence.earliest(backup) for backup in asked)))
        # What was there once is there, even if an answer without a list comes in between.
        self._seen.update((job.id, job) for job in listed)
        jobs = list(self._seen.values())
        self._evidence.learn(backups, jobs)
        by_instance = JobsOfInstances(jobs, self._matching)
        owners = _Owners(backups)
        for backup in asked:
            if backup.unresolved is Unresolved.LOST:
                # Should a read fail before it is judged, its jobs were seen all the same.
                found = self._may_be_its_own(backup, by_instance, owners)
                told = {job.id: "could not be looked at" for job in found if job.id not in backup.candidates}
                self._others[id(backup)] = {**told, **self._others.get(id(backup), {})}
        for backup in asked:
            if backup.unresolved is Unresolved.LOST:
                self._find_lost(backup, by_instance, owners)
            else:
                self._find_running(backup, by_instance)
            if backup.unresolved is Unresolved.REFUSED:
                # A job that kept it from starting has been there for longer than jobs are invisible.
                backup.mark_unresolved("", self._others.get(id(backup)))
            owners.note(backup)
        return SHORT_GRACE if self._is_decisive(backups, jobs) else GRACE

    def _is_decisive(self, backups: t.Sequence[Backup], jobs: t.Sequence[Job]) -> bool:
        """Whether a job that this call started after everything that is left is visible."""
        left = [backup for backup in backups if backup.unresolved]
        visible = {job.id for job in jobs}
        later = max(
            (backup.sent_at or 0.0 for backup in backups if backup.own and visible.intersection(backup.job_ids)),
            default=0.0,
        )
        return all(
            backup.unresolved is not Unresolved.BATCH
            and later > (backup.lost_at or backup.sent_at or 0.0)
            and not (backup.unresolved is Unresolved.LOST and _may_be_under_way(backup))
            for backup in left
        )

    def _map_batches(self, backups: t.Sequence[Backup]) -> None:
        wanted = list(dict.fromkeys(job_id for backup in backups for job_id in backup.candidates))
        unread: CommvaultError | None = None
        try:
            jobs = self._reader.read(wanted)
        except CommvaultError as error:
            jobs, unread = dict(error.found), error
        by_instance = JobsOfInstances(jobs.values(), self._matching)
        unclear: set[str] = set()
        for backup in backups:
            own, possible = by_instance.of(backup.instance)
            own = [job for job in own if job.id in backup.candidates]
            if own:
                backup.mark_started(own)
            unclear.update(job.id for job in possible)
        taken = {job_id for backup in backups for job_id in backup.job_ids}
        for backup in backups:
            if backup.unresolved is not Unresolved.BATCH:
                continue
            backup.candidates = tuple(job_id for job_id in backup.candidates if job_id not in taken)
            if all(job_id in jobs and job_id not in unclear for job_id in backup.candidates):
                # Every job of the batch is known, and none is of this instance.
                backup.mark_not_in_batch()
        if unread:
            raise unread

    def name_later_jobs(self, backups: t.Sequence[Backup], jobs: t.Iterable[Job]) -> None:
        """Name in what stayed unknown the jobs that were seen since settle, in place."""
        by_instance = JobsOfInstances(jobs, self._matching)
        owners = _Owners(backups)
        for backup in backups:
            if backup.state == "unknown":
                backup.mark_seen_later(self._may_be_its_own(backup, by_instance, owners))
                owners.note(backup)

    def _may_be_its_own(self, backup: Backup, jobs: JobsOfInstances, owners: _Owners) -> list[Job]:
        """The jobs that are or may be of its subclient, nobody else's, and young enough."""
        certain, possible = jobs.of(backup.instance)
        earliest = self._evidence.earliest(backup)
        return [
            job
            for job in sorted((*certain, *possible), key=lambda job: int(job.id))
            if job.id not in self._known_before
            and not owners.has_another(backup, job.id)
            and (job.start_time is None or job.start_time >= earliest)
        ]

    def _find_lost(self, backup: Backup, jobs: JobsOfInstances, owners: _Owners) -> None:
        certain, possible = jobs.of(backup.instance)
        ours: list[tuple[Job, Judgement]] = []
        others: dict[str, str] = {}
        doubtful: list[Job] = []
        for job in self._may_be_its_own(backup, jobs, owners):
            judged = self._evidence.judge(backup, job)
            # The marker says that it is of this run, and where its names are those of one database only, of which.
            named = judged.marked and self._matching.is_named_alone(backup.instance, job)
            if judged.owner is Owner.OURS and (job not in possible or named):
                ours.append((job, judged))
                continue
            if judged.owner is Owner.OURS:
                others[job.id] = _names(job)
            else:
                others[job.id] = judged.why
            if judged.owner is not Owner.OTHERS:
                doubtful.append(job)
        marked = [(job, judged) for job, judged in ours if judged.marked]
        ours = marked or ours
        if not ours and self._jobs_were_read:
            # Clocks can be wrong by hours: what was not there before the request must not go unsaid.
            for job in certain:
                if not (job.finished or job.id in self._known_before or owners.has_another(backup, job.id)):
                    others.setdefault(job.id, "began before the request, by its own time")
        self._others[id(backup)] = others
        self._finds.pop(id(backup), None)
        backup.candidates = tuple(job.id for job, _judged in ours)
        if len(ours) != 1:
            return
        job, judged = ours[0]
        # One that began before the request and has ended is a worse guess than one that fits. One at work may be its
        # own as well, and so may one that began since: what is told of it was not enough, or it was carried out late.
        sent = int(self._evidence.job_time(backup.sent_at or 0.0))
        rivals = [one for one in doubtful if not one.finished or (one.start_time or sent) >= sent]
        if rivals and not marked:
            return
        beside = {} if marked else {one.id: others[one.id] for one in doubtful}
        self._finds[id(backup)] = _Find(job, judged, beside)
        # Without a marker, it can be that of a like run in the same seconds, and its own, behind that one, not visible
        # yet: where conflicts are refused, there is no other beside one that is at work.
        if marked or (not job.finished and not _may_be_under_way(backup) and self._conflicts_are_refused):
            self._take(backup)

    @functools.cached_property
    def _conflicts_are_refused(self) -> bool:
        # Many users may not see it. Without it, time tells.
        with contextlib.suppress(CommvaultError):
            return self._read_refuses() is True
        return False

    def _take(self, backup: Backup) -> None:
        """Take the one job that was found for its own, if there is one."""
        find = self._finds.pop(id(backup), None)
        if find:
            backup.mark_recovered(find.job, find.judged.task_id, certain=find.judged.marked, beside=find.beside)

    def _find_running(self, backup: Backup, jobs: JobsOfInstances) -> None:
        own, possible = jobs.of(backup.instance)
        sent_at = int(self._evidence.job_time(backup.sent_at or 0.0))
        # An earlier job would be taken for one that is not visible yet.
        ended = [job for job in own if job.finished and (job.end_time or 0) >= sent_at]
        found = [job for job in own if not job.finished] or ended
        if found:
            # The oldest one is what keeps others from starting; one that is being killed is no backup to come.
            oldest, *others = sorted(found, key=lambda job: (job.dying, int(job.id)))
            if oldest.dying or (oldest.finished and not oldest.succeeded()):
                backup.mark_kept_off(oldest)
            else:
                backup.mark_already_running(oldest, [job for job in others if not job.finished])
        else:
            self._others[id(backup)] = {job.id: _names(job) for job in possible if not job.finished}

    def _give_up(self, backups: t.Sequence[Backup], looked: str, error: CommvaultError | None) -> None:
        left = Counter(backup.task_id for backup in backups if backup.unresolved is Unresolved.BATCH)
        for backup in backups:
            if not backup.unresolved:
                continue
            if backup.unresolved is Unresolved.BATCH and left[backup.task_id] == 1 and len(backup.candidates) == 1:
                # All others of the batch have theirs.
                backup.mark_only_candidate()
                continue
            words = looked
            if error:
                words = f"The jobs could not be read: {error}"
            elif id(backup) in self._finds:
                words = "The time was over before it was certain that no other job of it would be seen."
            elif backup.unresolved is Unresolved.LOST and backup.candidates:
                words = ""
            backup.mark_unresolved(words, self._others.get(id(backup)))


def _names(job: Job) -> str:
    """Why a job that may be of a database is not certainly of it, a clause after "it"."""
    if job.instance_name and job.subclient_name:
        return f"names client {job.client_name!r} and application {job.application_id}"
    return "does not say which database it is of"


def _may_be_under_way(backup: Backup) -> bool:
    """Whether its request can still be carried out: a task waits, or this side, or a gateway, has given up waiting."""
    kind, status = ((backup.failure or {}).get(name) for name in ("kind", "status"))
    return bool(backup.task_id) or kind == ErrorKind.TIMEOUT or status == GATEWAY_TIMEOUT


class _Owners:
    """Which jobs backups of one call are known or thought to own: such a job is nobody else's."""

    def __init__(self, backups: t.Iterable[Backup]) -> None:
        self._jobs: dict[int, frozenset[str]] = {}
        self._owners: Counter[str] = Counter()
        for backup in backups:
            self.note(backup)

    def note(self, backup: Backup) -> None:
        """Take over the jobs of a backup as they are now."""
        self._owners.subtract(self._jobs.get(id(backup), ()))
        self._jobs[id(backup)] = frozenset((*backup.job_ids, *backup.candidates))
        self._owners.update(self._jobs[id(backup)])

    def has_another(self, backup: Backup, job_id: str) -> bool:
        """Whether a job is of another backup of the call."""
        return self._owners[job_id] > (job_id in self._jobs[id(backup)])


class _Find(t.NamedTuple):
    """The one job that seems to be that of a lost answer. beside: less likely ones, by id the reason."""

    job: Job
    judged: Judgement
    beside: t.Mapping[str, str]
