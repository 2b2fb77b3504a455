# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Starts the backups of one call: batches, several requests at once, and an outcome for every instance."""

from __future__ import annotations

import threading
import typing as t

from ._errors import CommvaultError, RequestError
from ._oracle_rds import Backup, backup_from_error, build_request

if t.TYPE_CHECKING:
    from ._api_tasks import TaskReply, TasksApi
    from ._oracle_rds import ExportOptions, Instance

# So many failures in a row that have nothing to do with the instances mean that the rest would fail too.
GIVE_UP_AFTER = 5
_NOT_ABOUT_THE_INSTANCE = frozenset(
    [
        "authentication",
        "bad_reply",
        "connection",
        "interrupted",
        "not_found",
        "rate_limited",
        "redirect",
        "server",
        "timeout",
        "tls",
    ]
)


class _Breaker:
    """Counts failures in a row that are not about an instance; open means: send nothing more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._accepted = False
        self._last: CommvaultError | None = None

    def note(self, error: CommvaultError | None) -> None:
        """Take in how a request ended; None: well."""
        with self._lock:
            if error is None or error.kind not in _NOT_ABOUT_THE_INSTANCE:
                self._in_a_row = 0
                self._accepted = True
            elif error.kind != "authentication" or not self._accepted:
                # Access denied to credentials that were good a moment ago is a missing permission: that is about the
                # instance.
                self._in_a_row += 1
                self._last = error

    def refusal(self) -> CommvaultError | None:
        """Why nothing more is sent, None while there is no reason."""
        with self._lock:
            if self._in_a_row < GIVE_UP_AFTER or self._last is None:
                return None
            return RequestError(
                f"it was not sent, since the {self._in_a_row} requests before it failed alike. The last of them:"
                f" {self._last}",
                "not_submitted",
            )


class Submission:
    """Sends the createtask requests of one call. No instance is ever sent twice."""

    def __init__(self, tasks: TasksApi, options: ExportOptions, *, batch_size: int = 1, concurrency: int = 1) -> None:
        """batch_size: associations in one request. concurrency: requests at once."""
        self._tasks = tasks
        self._options = options
        self._batch_size = batch_size
        self._concurrency = concurrency
        self._breaker = _Breaker()

    def batches(self, instances: t.Sequence[Instance]) -> list[t.Sequence[Instance]]:
        """The instances of each request, in order."""
        return [instances[at : at + self._batch_size] for at in range(0, len(instances), self._batch_size)]

    def requests(self, instances: t.Sequence[Instance]) -> list[dict[str, t.Any]]:
        """The exact requests that run would send, in order: method, url and body of each."""
        url = self._tasks.create_url()
        return [
            {"method": "POST", "url": url, "body": build_request(batch, self._options)}
            for batch in self.batches(instances)
        ]

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """Start a backup of every instance; returns one Backup each, in the order of instances. Raises nothing."""
        batches = self.batches(instances)
        if len(batches) == 1 or self._concurrency == 1:
            done = [self._submit(batch) for batch in batches]
        else:
            # Imported here because starting one backup, the most common use, does without it.
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(self._concurrency, len(batches))) as workers:
                done = list(workers.map(self._submit, batches))
        return [backup for backups in done for backup in backups]

    def _submit(self, batch: t.Sequence[Instance]) -> list[Backup]:
        refusal = self._breaker.refusal()
        if refusal:
            return [backup_from_error(instance, refusal) for instance in batch]
        try:
            reply = self._tasks.create(build_request(batch, self._options))
        except CommvaultError as error:
            self._breaker.note(error)
            return [backup_from_error(instance, error) for instance in batch]
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            # A fault of this collection in the middle of a request must not lose what the other requests started.
            unclear = CommvaultError(
                f"A fault in rdsops.commvault: {type(fault).__name__}.", "internal", maybe_ran=True
            )
            return [backup_from_error(instance, unclear) for instance in batch]
        self._breaker.note(None)
        return _started(batch, reply)


def _started(batch: t.Sequence[Instance], reply: TaskReply) -> list[Backup]:
    jobs = f"job {reply.job_ids[0]}" if len(reply.job_ids) == 1 else f"jobs {', '.join(reply.job_ids)}"
    complaint = f" Commvault added: {reply.complaint}" if reply.complaint else ""
    backups = []
    for instance in batch:
        msg = f"Started the backup of {instance.label}: task {reply.task_id}, {jobs}.{complaint}"
        backups.append(Backup(instance, "started", msg, reply.task_id, reply.job_ids, response=reply.response))
    return backups
