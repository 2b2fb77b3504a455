# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the backups of one call: batches, several requests at once, and an outcome for every instance."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import typing as t

from .._errors import CommvaultError, ErrorKind, RequestError, fault_words
from .._http.outage import MAX_READS
from .._http.quota import RateLimiter
from .._parallel import GIVE_UP_AFTER, RUNTIME, Breaker
from .._times import iso_time, short_ids
from .backup import Backup, Unresolved, backup_from_error, started_words
from .request import PATIENCE, build_request

if t.TYPE_CHECKING:
    from .._http.outage import Outage
    from .._parallel import Runtime
    from .api import TaskReply, TasksApi
    from .request import ExportOptions, ExportPlan, Instance
# The code of the refusal for a subclient with an active job, and of others.
GENERAL_FAILURE = 2
# Seconds between two lines about how far the starts are. What was started after the last one is not known to whoever
# ends this run before the starts are done.
TELL_EVERY = 10.0


class _News:
    """Shows people how far the starts are while they go on, with the jobs that they gave."""

    def __init__(self, tell: t.Callable[[str], object] | None, total: int, runtime: Runtime) -> None:
        """tell: As of Outage. total: Of backups."""
        self._tell = tell
        self._total = total
        self._runtime = runtime
        self._lock = threading.Lock()
        self._told_at = runtime.monotonic()
        self._requested = 0
        self._job_ids: list[str] = []

    def of(self, backups: list[Backup]) -> list[Backup]:
        """Take in what came of a request; returns it."""
        with self._lock:
            self._requested += len(backups)
            self._job_ids += [job_id for backup in backups for job_id in backup.job_ids]
            now = self._runtime.monotonic()
            if not self._tell or now - self._told_at < TELL_EVERY or self._requested == self._total:
                return backups
            line = f"{self._requested} of {self._total} requested, new jobs: {short_ids(self._job_ids) or 'none'}"
            self._told_at, self._job_ids = now, []
        self._tell(line)
        return backups


class Submission:
    """Sends the createtask requests of one call. Nothing that may have been carried out is sent twice."""

    def __init__(
        self,
        tasks: TasksApi,
        options: ExportOptions,
        plan: ExportPlan,
        outage: Outage,
        runtime: Runtime = RUNTIME,
        parent_has_died: t.Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare to send.

        Args:
            outage: Holds requests back while the CommCell is away.
            parent_has_died: Whether nobody is left to hear what was started; nothing more is sent then.
        """
        self._tasks = tasks
        self._options = options
        self._plan = plan
        self._runtime = runtime
        self._parent_has_died = parent_has_died
        self._outage = outage
        self._breaker = Breaker()
        # Access denied to credentials that were good a moment ago is a missing permission: that is about the instance.
        self._accepted = False
        self._limiter = RateLimiter(self._patience(plan.patience), runtime)

    def batches(self, instances: t.Sequence[Instance]) -> list[t.Sequence[Instance]]:
        """The instances of each request, in order."""
        size = self._plan.batch_size
        return [instances[at : at + size] for at in range(0, len(instances), size)]

    def requests(self, instances: t.Sequence[Instance]) -> list[dict[str, t.Any]]:
        """The exact requests that run would send, in order: method, url and body of each."""
        url = self._tasks.create_url()
        return [
            {"method": "POST", "url": url, "body": build_request(batch, self._options)}
            for batch in self.batches(instances)
        ]

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """Start a backup of every instance; returns one Backup each, in the order of instances. Raises nothing.

        Backups with a question are for _recovery.Recovery to settle.
        """
        batches = self.batches(instances)
        # A call can start its backups in several rounds, hours apart.
        self._limiter.allow(self._patience(min(self._plan.patience, PATIENCE)))
        # The first answer is awaited in any case: if the server does not take the credentials, one request finds it out
        # as well as several.
        news = _News(self._outage.tell, len(instances), self._runtime)
        done = [news.of(self._submit(batch)) for batch in batches[:1]]
        done += self._runtime.map(lambda batch: news.of(self._submit(batch)), batches[1:], self._plan.concurrency)
        return [backup for backups in done for backup in backups]

    def _patience(self, seconds: float) -> float:
        """These seconds, or what is left of the time of the task."""
        deadline = self._plan.deadline
        return seconds if deadline is None else min(seconds, deadline - self._runtime.monotonic())

    def _submit(self, batch: t.Sequence[Instance]) -> list[Backup]:
        try:
            return self._submit_in_turn(batch)
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            return [backup_from_error(instance, _fault_error(fault)) for instance in batch]

    def _submit_in_turn(self, batch: t.Sequence[Instance]) -> list[Backup]:
        body = build_request(batch, self._options)
        sent_at = None
        turned_away = 0
        while True:
            try:
                self._wait_for_turn()
                sent_at = self._runtime.now()
                reply = self._create(body)
            except CommvaultError as error:
                if error.kind is ErrorKind.RATE_LIMITED and not isinstance(error, _QuotaExceeded):
                    # A 429 proves that nothing ran: the same request may go out again in its turn.
                    self._limiter.pause(error.retry_after)
                    continue
                if not error.maybe_ran and self._outage.is_about(error) and not isinstance(error, _GivenUp):
                    # Nothing was carried out: it goes out when the CommCell is back.
                    turned_away += 1
                    if turned_away < MAX_READS:
                        continue
                    # The CommCell answers others, so it is this request that it does not take.
                    self._breaker.note(error)
                return self._failed(batch, error, sent_at)
            return _started(batch, reply, sent_at)

    def _create(self, body: dict[str, t.Any]) -> TaskReply:
        """Send one request and learn from how it ended. Raises CommvaultError."""
        try:
            reply = self._tasks.create(body)
        except CommvaultError as error:
            self._note(error)
            raise
        except Exception as fault:
            self._outage.note(None)
            raise _fault_error(fault) from fault
        self._note(None)
        self._limiter.note(self._tasks.quota)
        return reply

    def _note(self, error: CommvaultError | None) -> None:
        """Learn from how a request ended; None: well."""
        if error is None or not error.kind.about_the_server:
            self._accepted = True
            self._breaker.note(None)
            self._outage.note(None)
            return
        away = self._outage.is_about(error)
        self._outage.note(error)
        if not away and (error.kind is not ErrorKind.AUTHENTICATION or not self._accepted):
            self._breaker.note(error)

    def _wait_for_turn(self) -> None:
        """Wait until a request may go out. Raises CommvaultError if none may."""
        last = self._breaker.open()
        if last:
            raise CommvaultError(
                f"it was not sent, since the {GIVE_UP_AFTER} requests before it failed alike. The last of them: {last}",
                ErrorKind.NOT_SUBMITTED,
            )
        if self._parent_has_died():
            raise CommvaultError("it was not sent, since Ansible has ended.", ErrorKind.NOT_SUBMITTED)
        wait = self._limiter.acquire()
        if wait:
            raise _QuotaExceeded(self._runtime.now() + wait)
        if self._plan.deadline is not None and self._runtime.monotonic() >= self._plan.deadline:
            raise CommvaultError(
                "it was not sent, since the time was over that Ansible gives this task (timeout).",
                ErrorKind.NOT_SUBMITTED,
            )
        try:
            self._outage.wait()
        except CommvaultError as error:
            last_error = self._outage.last_error
            kind = last_error.kind if last_error and last_error.kind.unsent else error.kind
            raise _GivenUp(str(error), kind) from None

    def _failed(self, batch: t.Sequence[Instance], error: CommvaultError, sent_at: float | None) -> list[Backup]:
        if len(batch) > 1 and error.kind.may_be_of_one_in_a_batch and not error.maybe_ran:
            # Nothing of the batch ran, and one association can be the cause: the halves are new requests.
            middle = len(batch) // 2
            return self._submit(batch[:middle]) + self._submit(batch[middle:])
        backups = [backup_from_error(instance, error, sent_at, self._runtime.now()) for instance in batch]
        adopting = self._plan.adopt_running and not error.maybe_ran
        for backup in backups:
            if adopting and error.kind is ErrorKind.ALREADY_RUNNING:
                backup.unresolved = Unresolved.RUNNING
            elif adopting and _may_be_running(error):
                backup.unresolved = Unresolved.REFUSED
            if isinstance(error, _QuotaExceeded):
                backup.retry_at = error.retry_at
        return backups


def _fault_error(fault: Exception) -> CommvaultError:
    """A fault of this collection: it must not lose what the other requests started."""
    return CommvaultError(fault_words(fault), "internal", maybe_ran=True)


def _may_be_running(error: CommvaultError) -> bool:
    """Whether a refusal can be the one for a subclient with an active job. Its text depends on the language of the
    CommCell; its code, 2, stands for other failures, too (github.com/smatechnologies/commvault-connector-docs:
    docs/operation.md).
    """
    return isinstance(error, RequestError) and error.kind is ErrorKind.REFUSED and error.code == GENERAL_FAILURE


class _GivenUp(CommvaultError):
    """The CommCell was away for too long."""


class _QuotaExceeded(CommvaultError):
    """A request does not fit into the quota in the time there is."""

    def __init__(self, retry_at: float) -> None:
        """retry_at: when it would fit, in epoch seconds of this machine."""
        super().__init__(
            f"it was not sent, since the server's quota of requests is used up. It would fit at {iso_time(retry_at)}.",
            "rate_limited",
        )
        self.retry_at = retry_at


def _started(batch: t.Sequence[Instance], reply: TaskReply, sent_at: float) -> list[Backup]:
    complaint = f" Commvault added: {reply.complaint.rstrip('.')}." if reply.complaint else ""
    if len(batch) > 1:
        return [
            Backup(
                instance,
                "unknown",
                f"Commvault took the backup of {instance.label} into task {reply.task_id}, but did not say which job is"
                f" its own.{complaint}",
                reply.task_id,
                response=reply.response,
                changed=True,
                candidates=reply.job_ids,
                unresolved=Unresolved.BATCH,
                sent_at=sent_at,
                complaint=complaint,
            )
            for instance in batch
        ]
    msg = f"{started_words(batch[0], reply.task_id, reply.job_ids)}{complaint}"
    return [
        Backup(
            batch[0], "started", msg, reply.task_id, reply.job_ids, None, reply.response, True, True, sent_at=sent_at
        )
    ]
