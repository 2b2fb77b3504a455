# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks before it starts: leaves alone what runs already or was backed up well a short while ago."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError
from .._estate.discovery import MAX_CLIENT_FILTER
from .backup import Backup, backup_from_error
from .recovery import is_same_subclient

if t.TYPE_CHECKING:
    from .._estate.clients import ClientDirectory
    from .._jobs.job import Job
    from .request import Instance

    class Reader(t.Protocol):
        """Reads jobs; see _job_reader.JobReader."""

        def recent(self, client_ids: t.Iterable[int], age: float) -> t.Sequence[Job]:
            """The jobs of these clients, of all for none, that are active or ended at most age seconds ago."""

        def active(self) -> t.Sequence[Job]:
            """The visible jobs that have not ended."""


_FULL = "full"
_SHOWN_NAMES = 3


class JobListing(t.NamedTuple):
    """Jobs of some clients. unread: why those of a client could not be read, by its name in lower case."""

    jobs: t.Sequence[Job]
    unread: t.Mapping[str, CommvaultError]


class ClientJobs:
    """Reads the jobs of the clients of a call, of all of them with one listing."""

    def __init__(self, clients: ClientDirectory, reader: Reader) -> None:
        self._clients = clients
        self._reader = reader

    def active(self, client_names: t.Iterable[str]) -> JobListing:
        """The jobs that have not ended: one listing for all clients there are, since few are active. Raises nothing."""
        try:
            return JobListing(self._reader.active(), {})
        except CommvaultError as error:
            return JobListing([], {name.lower(): error for name in client_names})

    def past(self, client_names: t.Collection[str], age: float) -> JobListing:
        """The jobs of these clients that are active or ended at most age seconds ago. Raises nothing."""
        names = {name.lower() for name in client_names}
        numbers: dict[str, int] = {}
        unread: dict[str, CommvaultError] = {}
        if len(names) <= MAX_CLIENT_FILTER:
            for name, found in self._clients.ids(client_names).items():
                if isinstance(found, CommvaultError):
                    unread[name] = found
                elif found is not None:
                    numbers[name] = found
            if not numbers:
                # Nothing of them is visible; createtask will say whether the names are right.
                return JobListing([], unread)
        try:
            return JobListing(self._list(set(numbers.values()), age), unread)
        except CommvaultError as error:
            return JobListing([], {**dict.fromkeys(numbers or names, error), **unread})

    def _list(self, client_ids: set[int], age: float) -> t.Sequence[Job]:
        """client_ids: empty for all clients."""
        try:
            return self._reader.recent(client_ids, age)
        except CommvaultError as error:
            if len(client_ids) < 2 or not error.kind.says_no:
                raise
        # One client that the user may not see can have been the cause. The jobs of such a one are left out of a list
        # that names no client; if that is refused, too, it is the list that is closed to the user.
        return self._reader.recent((), age)


class JobsBySubclient:
    """Finds the jobs of an instance among many."""

    def __init__(self, jobs: t.Iterable[Job]) -> None:
        self._jobs: dict[tuple[str, ...], list[Job]] = {}
        for job in jobs:
            names = (job.client_name, job.instance_name, job.subclient_name)
            self._jobs.setdefault(tuple((name or "").lower() for name in names), []).append(job)

    def of(self, instance: Instance) -> list[Job]:
        """The jobs of its subclient, as of is_same_subclient."""
        _client, *below = instance.key[:3]
        clients = dict.fromkeys(name.lower() for name in (instance.client_name, instance.display_name) if name)
        found = [job for client in clients for job in self._jobs.get((client, *below), ())]
        return [job for job in found if is_same_subclient(instance, job)]


class UnreadableHistory(t.NamedTuple):
    """What could not be read about an instance. what: begins with "whether". hidden: whether the server keeps it from
    these credentials, so that reading again would not help.
    """

    what: str
    error: CommvaultError
    hidden: bool

    @property
    def text(self) -> str:
        """As in Backup.not_verified."""
        return f"{self.what}: {self.error}"

    def not_submitted(self, instance: Instance) -> Backup:
        """The outcome for an instance that is not sent for that."""
        return backup_from_error(
            instance, CommvaultError(f"{self.what} could not be read. {self.error}", "not_submitted")
        )


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

    def __init__(
        self,
        server_now: t.Callable[[], float],
        *,
        max_age: float | None,
        backup_level: str,
        fail_on: str,
        adopt_running: bool,
    ) -> None:
        """server_now: tells the server's time in epoch seconds, once it was read from. max_age: seconds since the end
        of a backup that count as young, None if only running ones matter. backup_level: "full" needs a full backup,
        "incremental" any. fail_on: as of Job.ended_well.
        """
        self._server_now = server_now
        self._max_age = max_age
        self._backup_level = backup_level
        self._fail_on = fail_on
        self._adopt_running = adopt_running
        self._past = "" if max_age is None else " or was made a short while ago"

    def check(self, instances: t.Sequence[Instance], seen: JobListing) -> History:
        """seen: the jobs of the clients of these instances."""
        history = History({}, {}, [])
        jobs = JobsBySubclient(seen.jobs)
        for place, instance in enumerate(instances):
            error = seen.unread.get(instance.client_name.lower())
            if error:
                what = f"whether another backup of it runs{self._past}"
                history.gaps[place] = UnreadableHistory(what, error, error.kind.hidden)
                continue
            backup = self._judge(instance, jobs.of(instance))
            if backup:
                history.settled[place] = backup
        history.warnings.extend(self._warnings(instances, history.gaps))
        return history

    def _warnings(self, instances: t.Sequence[Instance], gaps: t.Mapping[int, UnreadableHistory]) -> t.Iterator[str]:
        """One for each cause, however many clients it is about."""
        causes: dict[tuple[str, bool], dict[str, str]] = {}
        for place, gap in gaps.items():
            name = instances[place].client_name
            causes.setdefault((str(gap.error), gap.hidden), {}).setdefault(name.lower(), name)
        for (error, hidden), names in causes.items():
            # Where a backup is not started for it, the failure says so.
            if hidden or self._max_age is None:
                how = "cannot be seen" if hidden else "could not be read"
                past = " or were made a short while ago" if self._past else ""
                yield (
                    f"The jobs of {client_words(list(names.values()))} {how}, so nothing is known of other backups that"
                    f" run{past}: {error}"
                )

    def _judge(self, instance: Instance, own: t.Sequence[Job]) -> Backup | None:
        """own: the jobs of its subclient."""
        active = [job for job in own if not job.finished]
        if active:
            oldest = min(active, key=lambda job: (job.start_time or 0, job.id))
            backup = Backup(instance, "adopted", "")
            if self._adopt_running:
                backup.mark_already_running(oldest)
                return backup
            running = CommvaultError(f"job {oldest.id} is under way ({oldest.status}).", "already_running")
            return backup_from_error(instance, running)
        recent = [job for job in own if self._is_young_and_good(job)]
        if not recent:
            return None
        youngest = max(recent, key=lambda job: job.end_time or 0)
        backup = Backup(instance, "recent", "")
        backup.mark_recent(youngest, self._server_now() - (youngest.end_time or 0))
        return backup

    def _is_young_and_good(self, job: Job) -> bool:
        if self._max_age is None or not job.finished or not job.ended_well(self._fail_on) or job.end_time is None:
            return False
        if self._backup_level == _FULL and (job.backup_level or "").lower() != _FULL:
            return False
        return self._server_now() - job.end_time <= self._max_age


def client_words(names: t.Sequence[str]) -> str:
    """One or several clients in a sentence."""
    if len(names) == 1:
        return f"client '{names[0]}'"
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"{len(names)} clients ({shown}{more})"
