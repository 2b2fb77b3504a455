# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Export backups from the question to the answer: what needs none, what is started, and which jobs came of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._api_tasks import TasksApi
from ._errors import CommvaultError, RequestError
from ._oracle_rds import NO_ELIGIBLE_SUBCLIENT, Backup
from ._submission import PATIENCE, Submission

if t.TYPE_CHECKING:
    from ._api import CommCell
    from ._api_estate import EstateApi
    from ._job_reader import JobReader
    from ._jobs import Job
    from ._oracle_rds import ExportOptions, Instance
    from ._recovery import Recovery


# How far back the last good backup is looked for when somebody wants to see it, in seconds.
LAST_GOOD_AGE = 30 * 86400.0


@dataclass(frozen=True)
class ExportPlan:
    """How a call goes about its backups.

    batch_size: associations in one request. concurrency: requests at once. adopt_running: whether a backup that is
    under way already is as good as one that is started. max_age: seconds for which a good backup spares a new one, None
    for never. fail_on: which ends of a job are bad, as of Job.ended_well. patience: seconds that a quota may hold
    requests up. preflight: whether names, eligibility and running backups are looked at before anything is started.
    """

    batch_size: int = 1
    concurrency: int = 1
    adopt_running: bool = True
    max_age: float | None = None
    fail_on: str = "errors"
    patience: float = PATIENCE
    preflight: bool = False


class Export:
    """Starts the export backups of one call."""

    def __init__(
        self,
        commcell: CommCell,
        options: ExportOptions,
        plan: ExportPlan,
        reader: JobReader | None = None,
        recovery: Recovery | None = None,
    ) -> None:
        """reader, recovery: made when they are needed if not given."""
        self._commcell = commcell
        self._options = options
        self._plan = plan
        self._own_reader = reader
        self._own_recovery = recovery
        self._submission = Submission(
            TasksApi(commcell),
            options,
            batch_size=plan.batch_size,
            concurrency=plan.concurrency,
            adopt_running=plan.adopt_running,
            patience=plan.patience,
            now=commcell.now,
        )
        self.warnings: list[str] = []
        # The numbers of clients, by their names in lower case, as far as they were read.
        self._client_ids: dict[str, int] = {}
        self._running: t.Sequence[Job] | None = None

    # What only some calls need is imported where it is used: Ansible hands the sources of a module over without their
    # compiled form, so every import costs the start of a single backup a few milliseconds.

    @property
    def _reader(self) -> JobReader:
        if self._own_reader is None:
            from ._api_jobs import JobsApi
            from ._job_reader import JobReader

            self._own_reader = JobReader(JobsApi(self._commcell))
        return self._own_reader

    @property
    def _estate(self) -> EstateApi:
        from ._api_estate import EstateApi

        return EstateApi(self._commcell)

    def requests(self, instances: t.Sequence[Instance]) -> list[dict[str, t.Any]]:
        """The requests that start backups of all these instances: method, url and body of each."""
        return self._submission.requests(instances)

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """Back up the instances; returns one Backup each, in order. Raises nothing; sets warnings."""
        settled: dict[int, Backup] = {}
        if self._plan.preflight:
            self._check_names(instances, settled)
        if self._plan.preflight or self._plan.max_age is not None:
            self._check_history(instances, settled)
        wanted = [place for place in range(len(instances)) if place not in settled]
        for place, backup in zip(wanted, self._submission.run([instances[place] for place in wanted])):
            settled[place] = backup
        backups = [settled[place] for place in range(len(instances))]
        if any(backup.question for backup in backups):
            self._settle(backups)
        return backups

    def _settle(self, backups: t.Sequence[Backup]) -> None:
        from ._recovery import Recovery

        (self._own_recovery or Recovery(self._reader, self._commcell.clock)).settle(backups)

    def preview(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """What run would do for each instance, as far as reading tells; starts nothing. Sets warnings."""
        settled: dict[int, Backup] = {}
        open_words = self._check_names(instances, settled)
        self._check_history(instances, settled)
        for place, instance in enumerate(instances):
            unread = settled.get(place)
            if unread and unread.state == "not_submitted":
                # A real run would not go on without knowing. That is no reason to call this one a failure.
                msg = f"Whether a backup of {instance.label} would be started is not verified. {unread.msg}"
                settled[place] = Backup(instance, "not_verified", msg, changed=True)
            elif not unread:
                state, msg = open_words[place]
                settled[place] = Backup(instance, state, msg, changed=True)
        return [settled[place] for place in range(len(instances))]

    def last_good(self, instances: t.Sequence[Instance]) -> list[Job | None]:
        """The last good backup of each instance within LAST_GOOD_AGE, None where none is known. Raises nothing."""
        from ._recovery import is_same_subclient

        jobs: dict[str, t.Sequence[Job]] = {}
        found: list[Job | None] = []
        for instance in instances:
            name = instance.client_name.lower()
            if name not in jobs:
                try:
                    jobs[name] = self._client_jobs(instance.client_name, LAST_GOOD_AGE)
                except CommvaultError:
                    jobs[name] = []
            good = [
                job
                for job in jobs[name]
                if job.end_time and job.ended_well(self._plan.fail_on) and is_same_subclient(instance, job)
            ]
            found.append(max(good, key=lambda job: job.end_time or 0, default=None))
        return found

    def _check_names(self, instances: t.Sequence[Instance], settled: dict[int, Backup]) -> dict[int, tuple[str, str]]:
        """Settle what would be refused; returns state and words for the others, by their place."""
        from ._preflight import REFUSED, Preflight

        others: dict[int, tuple[str, str]] = {}
        for place, verdict in enumerate(Preflight(self._estate, self._plan.concurrency).check(instances)):
            if verdict.subclient:
                self._client_ids[verdict.instance.client_name.lower()] = verdict.subclient.client_id
            if verdict.state == REFUSED:
                # The code of the refusal that is foreseen, so that a rescue takes the same branch in a dry run.
                error = RequestError(verdict.msg, "refused", code=NO_ELIGIBLE_SUBCLIENT)
                settled[place] = Backup(verdict.instance, "refused", verdict.msg, failure=error.failure())
            else:
                others[place] = (verdict.state, verdict.msg)
        return others

    def _check_history(self, instances: t.Sequence[Instance], settled: dict[int, Backup]) -> None:
        """Settle what needs no new backup, or about which nothing can be said. Sets warnings."""
        from ._history import HistoryCheck

        check = HistoryCheck(
            self._running_jobs if self._plan.max_age is None else self._client_jobs,
            lambda: self._commcell.clock.at(self._commcell.now()),
            max_age=self._plan.max_age,
            backup_level=self._options.backup_level,
            fail_on=self._plan.fail_on,
            adopt_running=self._plan.adopt_running,
        )
        places = [place for place in range(len(instances)) if place not in settled]
        history = check.check([instances[place] for place in places])
        settled.update({places[at]: backup for at, backup in history.settled.items()})
        self.warnings.extend(history.warnings)

    def _client_jobs(self, client_name: str, age: float) -> t.Sequence[Job]:
        client_id = self._client_ids.get(client_name.lower())
        if client_id is None:
            client_id = self._estate.client_id(client_name)
        if client_id is None:
            # Nothing of it is visible; createtask will say whether the name is right.
            return []
        return self._reader.recent([client_id], age)

    def _running_jobs(self, client_name: str, age: float) -> t.Sequence[Job]:  # noqa: ARG002
        """One listing for all clients, since there are few active jobs."""
        if self._running is None:
            self._running = self._reader.active()
        return self._running
