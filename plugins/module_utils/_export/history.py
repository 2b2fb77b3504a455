# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks before it starts: leaves alone what runs already or was backed up well a short while ago."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError, ErrorKind
from .._estate.discovery import MAX_CLIENT_FILTER
from .._http.fields import folded
from .._jobs.reader import CutShort
from .._times import iso_time, some_of
from .backup import Backup, backup_from_error, beside_words, not_submitted
from .matching import JobsOfInstances
from .strangers import MARGIN

if t.TYPE_CHECKING:
    from .._estate.clients import ClientDirectory
    from .._jobs.job import Job
    from .._jobs.reader import JobReader
    from .matching import Matching
    from .request import ExportPlan, Instance


# Levels of which a backup counts as full, and those of which it certainly does not.
_FULL_LEVELS = frozenset(["full", "synthetic full", "synthetic_full"])
_LESSER_LEVELS = frozenset(["incremental", "differential"])
_SHOWN_NAMES = 3


class JobListing(t.NamedTuple):
    """Jobs of some clients. unread: why those of a client could not be read, or not all, by its folded name."""

    jobs: t.Sequence[Job]
    unread: t.Mapping[str, CommvaultError]


class ClientJobs:
    """Reads the jobs of the clients of a call, of all of them with one listing."""

    def __init__(self, clients: ClientDirectory, reader: JobReader) -> None:
        self._clients = clients
        self._reader = reader

    def active(self, client_names: t.Iterable[str]) -> JobListing:
        """The jobs that have not ended: one listing for all clients there are, since few are active. Raises nothing."""
        try:
            return JobListing(self._reader.active(), {})
        except CommvaultError as error:
            return _listing_of(error, client_names)

    def past(self, client_names: t.Collection[str], age: float) -> JobListing:
        """The jobs of these clients that are active or ended at most age seconds ago. Raises nothing."""
        unread: dict[str, CommvaultError] = {}

        def numbers() -> set[int]:
            found = self._clients.ids(client_names)
            unread.update({name: one for name, one in found.items() if isinstance(one, CommvaultError)})
            return {one for one in found.values() if isinstance(one, int)}

        narrow = numbers if len({folded(name) for name in client_names}) <= MAX_CLIENT_FILTER else None
        try:
            return JobListing(self._reader.past(age, narrow), unread)
        except CommvaultError as error:
            return _listing_of(error, client_names)


def _listing_of(error: CommvaultError, client_names: t.Iterable[str]) -> JobListing:
    """What an error leaves: what a listing had that was cut short is there all the same."""
    jobs = error.jobs if isinstance(error, CutShort) else []
    return JobListing(jobs, {folded(name): error for name in client_names})


class UnreadableHistory(t.NamedTuple):
    """What could not be read, or not be judged, about an instance.

    Attributes:
        what: Begins with "whether".
        error: Why.
        hidden: Whether the server keeps it from these credentials, so that reading again would not help.
        job: The job that could not be judged, None where none could be read.
    """

    what: str
    error: CommvaultError
    hidden: bool
    job: Job | None = None

    @property
    def text(self) -> str:
        """As in Backup.not_verified."""
        return f"{self.what}: {self.error}"

    def not_submitted(self, instance: Instance) -> Backup:
        """The outcome for an instance that is not sent for that."""
        found = "could not be told" if self.job else "could not be read"
        backup = not_submitted(instance, f"{self.what} {found}: {self.error}")
        if self.job:
            backup.mark_in_doubt(self.job)
        else:
            backup.msg += " Try again later, or use on_unverified: start to start a backup all the same."
        return backup


class History(t.NamedTuple):
    """What a look at the jobs of some instances brought, by their places.

    settled: what became of the instances that need no new backup. gaps: what could not be read about others. warnings:
    of which clients nothing is known though their backups are started.
    """

    settled: dict[int, Backup]
    gaps: dict[int, UnreadableHistory]
    warnings: list[str]


class HistoryCheck:
    """Judges by jobs that were read who needs a new backup."""

    def __init__(self, server_now: t.Callable[[], float], plan: ExportPlan, backup_level: str) -> None:
        """Prepare to judge.

        Args:
            server_now: Tells the server's time in epoch seconds, once it was read from.
            backup_level: "full" needs a full backup, "incremental" any.
        """
        self._server_now = server_now
        self._plan = plan
        self._backup_level = backup_level
        self._past = "" if plan.max_age is None else " or was made a short while ago"

    def check(self, instances: t.Sequence[Instance], seen: JobListing, matching: Matching) -> History:
        """Judge each of the instances by the jobs of their clients."""
        history = History({}, {}, [])
        jobs = JobsOfInstances(seen.jobs, matching)
        for place, instance in enumerate(instances):
            certain, possible = jobs.of(instance)
            backup = self._judge(instance, certain)
            error = seen.unread.get(folded(instance.client_name))
            doubt = None if backup or error else self._doubt(certain, possible)
            if backup:
                history.settled[place] = backup
            elif error:
                what = f"whether another backup of it runs{self._past}"
                history.gaps[place] = UnreadableHistory(what, error, error.hidden)
            elif doubt:
                history.gaps[place] = doubt
        history.warnings.extend(self._warnings(instances, history.gaps))
        return history

    def _warnings(self, instances: t.Sequence[Instance], gaps: t.Mapping[int, UnreadableHistory]) -> t.Iterator[str]:
        """One for each cause, however many clients it is about."""
        causes: dict[tuple[str, bool], dict[str, str]] = {}
        for place, gap in gaps.items():
            if gap.job:
                continue
            name = instances[place].client_name
            causes.setdefault((str(gap.error), gap.hidden), {}).setdefault(folded(name), name)
        for (error, hidden), names in causes.items():
            # Where a backup is not started for it, the failure says so.
            if hidden or self._plan.max_age is None:
                how = "cannot be seen" if hidden else "could not be read"
                past = " or were made a short while ago" if self._past else ""
                yield (
                    f"The jobs of {client_words(list(names.values()))} {how}, so nothing is known of other backups that"
                    f" run{past}: {error}"
                )

    def _judge(self, instance: Instance, own: t.Sequence[Job]) -> Backup | None:
        """own: the jobs of its subclient."""
        # One that is being killed is no backup to come. Those that go on come first, and the oldest of them.
        active = sorted((job for job in own if job.going_on), key=lambda job: (job.dying, int(job.id)))
        recent = [job for job in own if self._is_young_and_good(job)]
        if active and not (active[0].dying and recent):
            oldest, *others = active
            backup = Backup(instance, "adopted", "")
            if self._plan.adopt_running and not oldest.dying:
                backup.mark_already_running(oldest, others)
                return backup
            words = "another one" if oldest.dying else f"job {oldest.id}"
            words += f" is under way ({oldest.status}).{beside_words(others)}"
            refused = backup_from_error(instance, CommvaultError(words, "already_running"))
            if oldest.dying:
                refused.mark_kept_off(oldest)
            refused.candidates = tuple(job.id for job in active)
            return refused
        if not recent:
            return None
        youngest = max(recent, key=lambda job: job.end_time or 0)
        backup = Backup(instance, "recent", "")
        backup.mark_recent(youngest, self._server_now() - (youngest.end_time or 0))
        return backup

    def _is_young_and_good(self, job: Job) -> bool:
        if (
            self._is_useless(job)
            or job.end_time is None
            or self._server_now() - job.end_time > t.cast(float, self._plan.max_age)
            or self._ends_later(job)
        ):
            return False
        return self._backup_level != "full" or (job.backup_level or "").lower() in _FULL_LEVELS

    def _ends_later(self, job: Job) -> bool:
        """Whether it ended later than clocks can differ: by one that runs behind, any backup is young."""
        return (job.end_time or 0) > self._server_now() + MARGIN

    def _is_useless(self, job: Job) -> bool:
        """Whether a job certainly spares no new backup, however young it is."""
        if self._plan.max_age is None or not job.succeeded(self._plan.fail_on) or job.aged:
            return True
        return self._backup_level == "full" and (job.backup_level or "").lower() in _LESSER_LEVELS

    def _doubt(self, certain: t.Sequence[Job], possible: t.Sequence[Job]) -> UnreadableHistory | None:
        """The first job that cannot be judged, if there is one: it must not count as absent."""
        for job in possible:
            if not job.finished:
                why = f"it names client {job.client_name!r}, application {job.application_id}."
                return self._unclear(job, f"whether job {job.id} ({job.status}) is a backup of it that runs", why)
        for job in certain:
            if job.finished or job.going_on:
                continue
            if self._server_now() - (job.end_time or 0) <= (self._plan.max_age or MARGIN):
                what = f"whether job {job.id} is a backup of it that runs"
                why = f"its row tells an end, and a state that is not known ({job.status!r})."
                return self._unclear(job, what, why)
        for job in (*certain, *possible):
            if self._is_useless(job) or not job.finished:
                continue
            if job.end_time is not None and self._server_now() - job.end_time > t.cast(float, self._plan.max_age):
                continue
            if job.end_time is None:
                why = "its row tells no end."
            elif self._ends_later(job):
                now = iso_time(self._server_now())
                why = f"it ended at {iso_time(job.end_time)}, but the server's clock says {now}."
            elif job in possible:
                why = f"it names client {job.client_name!r}, application {job.application_id}."
            else:
                why = f"its row tells the level {job.backup_level!r}."
            return self._unclear(job, f"whether job {job.id} ({job.status}) is a good backup of it within max_age", why)
        return None

    def _unclear(self, job: Job, what: str, why: str) -> UnreadableHistory:
        return UnreadableHistory(what, CommvaultError(why, ErrorKind.NOT_SUBMITTED), False, job)


def client_words(names: t.Sequence[str]) -> str:
    """One or several clients in a sentence."""
    quoted = [f"'{name}'" for name in names]
    return f"client {quoted[0]}" if len(names) == 1 else f"{len(names)} clients ({some_of(quoted, _SHOWN_NAMES)})"
