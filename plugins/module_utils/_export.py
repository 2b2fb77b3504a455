# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Export backups from the question to the answer: what needs none, what is started, and which jobs came of it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._api_estate import EstateApi
from ._api_tasks import TasksApi
from ._history import HistoryCheck
from ._oracle_rds import Backup
from ._recovery import Recovery
from ._submission import PATIENCE, Submission

if t.TYPE_CHECKING:
    from ._api import CommCell
    from ._job_reader import JobReader
    from ._jobs import Job
    from ._oracle_rds import ExportOptions, Instance


@dataclass(frozen=True)
class ExportPlan:
    """How a call goes about its backups.

    batch_size: associations in one request. concurrency: requests at once. adopt_running: whether a backup that is
    under way already is as good as one that is started. max_age: seconds for which a good backup spares a new one, None
    for never. fail_on: which ends of a job are bad, as of Job.ended_well. patience: seconds that a quota may hold
    requests up.
    """

    batch_size: int = 1
    concurrency: int = 1
    adopt_running: bool = True
    max_age: float | None = None
    fail_on: str = "errors"
    patience: float = PATIENCE


class Export:
    """Starts the export backups of one call."""

    def __init__(
        self,
        commcell: CommCell,
        reader: JobReader,
        options: ExportOptions,
        plan: ExportPlan,
        recovery: Recovery | None = None,
    ) -> None:
        self._commcell = commcell
        self._reader = reader
        self._options = options
        self._plan = plan
        self._recovery = recovery or Recovery(reader, commcell.clock)
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

    def requests(self, instances: t.Sequence[Instance]) -> list[dict[str, t.Any]]:
        """The requests that start backups of all these instances: method, url and body of each."""
        return self._submission.requests(instances)

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """Back up the instances; returns one Backup each, in order. Raises nothing; sets warnings."""
        settled = self.spared(instances)
        wanted = [place for place in range(len(instances)) if place not in settled]
        for place, backup in zip(wanted, self._submission.run([instances[place] for place in wanted])):
            settled[place] = backup
        backups = [settled[place] for place in range(len(instances))]
        if any(backup.question for backup in backups):
            self._recovery.settle(backups)
        return backups

    def preview(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """What run would do for each instance, as far as reading tells; starts nothing. Sets warnings."""
        settled = self.spared(instances)
        for place, instance in enumerate(instances):
            if place not in settled:
                msg = f"Would start a backup of {instance.label}."
                settled[place] = Backup(instance, "would_start", msg, changed=True)
        return [settled[place] for place in range(len(instances))]

    def spared(self, instances: t.Sequence[Instance]) -> dict[int, Backup]:
        """The instances that need no new backup, by their place; only reads. Sets warnings."""
        if self._plan.max_age is None:
            return {}
        check = HistoryCheck(
            self._client_jobs,
            lambda: self._commcell.clock.at(self._commcell.now()),
            max_age=self._plan.max_age,
            backup_level=self._options.backup_level,
            fail_on=self._plan.fail_on,
            adopt_running=self._plan.adopt_running,
        )
        history = check.check(instances)
        self.warnings.extend(history.warnings)
        return history.settled

    def _client_jobs(self, client_name: str, age: float) -> t.Sequence[Job]:
        client_id = EstateApi(self._commcell).client_id(client_name)
        if client_id is None:
            # Nothing of it is visible; createtask will say whether the name is right.
            return []
        return self._reader.recent([client_id], age)
