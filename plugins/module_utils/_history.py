# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Looks before it starts: leaves alone what runs already or was backed up well a short while ago."""

from __future__ import annotations

import typing as t

from ._errors import CommvaultError
from ._oracle_rds import Backup, backup_from_error
from ._recovery import is_same_subclient

if t.TYPE_CHECKING:
    from ._jobs import Job
    from ._oracle_rds import Instance

# The server hides what the user may not see behind these; anything else is a fault.
_HIDDEN = frozenset(["authentication", "permission", "not_found"])
_FULL = "full"


class History(t.NamedTuple):
    """What a look at the jobs of some instances brought.

    settled: what became of the instances that need no new backup, or about which nothing can be said, by their place.
    warnings: whose jobs could not be seen.
    """

    settled: dict[int, Backup]
    warnings: list[str]


class HistoryCheck:
    """Reads the jobs of every client once."""

    def __init__(
        self,
        client_jobs: t.Callable[[str, float], t.Sequence[Job]],
        server_now: t.Callable[[], float],
        *,
        max_age: float | None,
        backup_level: str,
        fail_on: str,
        adopt_running: bool,
    ) -> None:
        """client_jobs: gives the jobs of a client (by name) that are active or ended at most so many seconds ago;
        raises CommvaultError. server_now: tells the server's time in epoch seconds, once it was read from. max_age:
        seconds since the end of a backup that count as young, None if
        only running ones matter. backup_level: "full" needs a full backup, "incremental"
        any.
        fail_on: as of Job.ended_well.
        """
        self._client_jobs = client_jobs
        self._server_now = server_now
        self._max_age = max_age
        self._backup_level = backup_level
        self._fail_on = fail_on
        self._adopt_running = adopt_running

    def check(self, instances: t.Sequence[Instance]) -> History:
        """Look at the jobs of all clients of these instances."""
        settled: dict[int, Backup] = {}
        warnings: list[str] = []
        by_client: dict[str, list[int]] = {}
        for place, instance in enumerate(instances):
            by_client.setdefault(instance.client_name.lower(), []).append(place)
        for places in by_client.values():
            name = instances[places[0]].client_name
            try:
                jobs = self._client_jobs(name, self._max_age or 0.0)
            except CommvaultError as error:
                if error.kind in _HIDDEN:
                    warnings.append(
                        f"The jobs of client '{name}' cannot be seen, so nothing is known of backups of it that run or"
                        f" were made a short while ago: {error}"
                    )
                    continue
                unread = CommvaultError(
                    f"whether one runs or was made a short while ago could not be read. {error}", "not_submitted"
                )
                settled.update({place: backup_from_error(instances[place], unread) for place in places})
                continue
            for place in places:
                backup = self._judge(instances[place], jobs)
                if backup:
                    settled[place] = backup
        return History(settled, warnings)

    def _judge(self, instance: Instance, jobs: t.Sequence[Job]) -> Backup | None:
        own = [job for job in jobs if is_same_subclient(instance, job)]
        active = [job for job in own if not job.finished]
        if active:
            oldest = min(active, key=lambda job: (job.start_time or 0, job.id))
            backup = Backup(instance, "adopted", "")
            if self._adopt_running:
                backup.becomes_adopted(oldest)
                return backup
            running = CommvaultError(f"job {oldest.id} is under way ({oldest.status}).", "already_running")
            return backup_from_error(instance, running)
        recent = [job for job in own if self._is_young_and_good(job)]
        if not recent:
            return None
        youngest = max(recent, key=lambda job: job.end_time or 0)
        backup = Backup(instance, "recent", "")
        backup.becomes_recent(youngest, age_words(self._server_now() - (youngest.end_time or 0)))
        return backup

    def _is_young_and_good(self, job: Job) -> bool:
        if self._max_age is None or not job.finished or not job.ended_well(self._fail_on) or job.end_time is None:
            return False
        if self._backup_level == _FULL and (job.backup_level or "").lower() != _FULL:
            return False
        return self._server_now() - job.end_time <= self._max_age


def age_words(seconds: float) -> str:
    """An age for people, such as "2 h 05 min"."""
    minutes = max(0, int(seconds // 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
