# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Starts the backups of one call: batches, several requests at once, and an outcome for every instance."""

from __future__ import annotations

import threading
import time
import typing as t

from .._errors import CommvaultError
from .._http.quota import Pacer
from .._times import iso_time
from .backup import BATCH, RUNNING, Backup, backup_from_error, id_words
from .request import build_request

if t.TYPE_CHECKING:
    from .api import TaskReply, TasksApi
    from .request import ExportOptions, Instance

# So many failures in a row that have nothing to do with the instances mean that the rest would fail too.
GIVE_UP_AFTER = 5
# Seconds that a request may be held up by a quota when no time for the whole call is given.
PATIENCE = 60.0
_NOT_ABOUT_THE_INSTANCE = frozenset(
    ["authentication", "bad_reply", "connection", "interrupted", "not_found", "redirect", "server", "timeout", "tls"]
)
# Refusals that one association of a batch can bring upon all of it.
_ABOUT_ONE_OF_THE_BATCH = frozenset(["refused", "already_running", "bad_request", "permission"])

# How long answers must be waited for, measured by the work that goes into their requests, until waiting for several at
# once is faster than one after the other; and the seconds that a connection may take to begin.
WORTH_THREADS = 0.5
SLOW_START = 0.01


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
            return CommvaultError(
                f"it was not sent, since the {self._in_a_row} requests before it failed alike. The last of them:"
                f" {self._last}",
                "not_submitted",
            )


class Submission:
    """Sends the createtask requests of one call. Nothing that may have been carried out is sent twice."""

    def __init__(
        self,
        tasks: TasksApi,
        options: ExportOptions,
        *,
        batch_size: int = 1,
        concurrency: int = 1,
        adopt_running: bool = True,
        patience: float = PATIENCE,
        now: t.Callable[[], float] = time.time,
        pacer: Pacer | None = None,
        deadline: float | None = None,
        clock: t.Callable[[], float] = time.monotonic,
        is_orphan: t.Callable[[], bool] = lambda: False,
    ) -> None:
        """batch_size: associations in one request. concurrency: requests at once. adopt_running: whether a backup that
        is under way already is as good as one that is started. patience: seconds that a quota may hold requests up.
        deadline: when nothing more is sent, as of clock. is_orphan: whether nobody is left to hear what was started;
        nothing more is sent then, either.
        """
        self._tasks = tasks
        self._options = options
        self._batch_size = batch_size
        self._concurrency = concurrency
        self._adopt_running = adopt_running
        self._now = now
        self._breaker = _Breaker()
        self._deadline = deadline
        self._clock = clock
        self._is_orphan = is_orphan
        self._pacer = pacer or Pacer(patience if deadline is None else min(patience, deadline - clock()))

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
        """Start a backup of every instance; returns one Backup each, in the order of instances. Raises nothing.

        Backups with a question are for _recovery.Recovery to settle.
        """
        batches = self.batches(instances)
        done = self._one_by_one(batches)
        left = batches[len(done) :]
        if left:
            # Imported here because starting one backup, the most common use, does without it.
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(self._concurrency, len(left))) as workers:
                done += workers.map(self._submit, left)
        return [backup for backups in done for backup in backups]

    def _one_by_one(self, batches: t.Sequence[t.Sequence[Instance]]) -> list[list[Backup]]:
        """What became of the first batches, without threads; of all, if only one request at a time is wanted.

        The first answer is awaited in any case: if the server does not take the credentials, one request finds it out
        as well as several. It goes on so for as long as there is little to wait for: threads compete for the
        interpreter, and would take longer then.
        """
        done: list[list[Backup]] = []
        begun, begun_work = time.perf_counter(), time.thread_time()
        for batch in batches:
            done.append(self._submit(batch))
            worked = time.thread_time() - begun_work
            waited = time.perf_counter() - begun - worked
            if self._concurrency > 1 and waited > WORTH_THREADS * worked + SLOW_START:
                break
        return done

    def _submit(self, batch: t.Sequence[Instance]) -> list[Backup]:
        body = build_request(batch, self._options)
        sent_at = None
        while True:
            try:
                self._wait_for_turn()
                sent_at = self._now()
                reply = self._create(body)
            except CommvaultError as error:
                if error.kind == "rate_limited" and not isinstance(error, _QuotaExceeded):
                    # A 429 proves that nothing ran: the same request may go out again in its turn.
                    self._pacer.hold(getattr(error, "retry_after", None) or PATIENCE)
                    continue
                return self._failed(batch, error, sent_at)
            return _started(batch, reply, sent_at)

    def _create(self, body: dict[str, t.Any]) -> TaskReply:
        """Send one request and learn from how it ended. Raises CommvaultError."""
        try:
            reply = self._tasks.create(body)
        except CommvaultError as error:
            self._breaker.note(error)
            raise
        except Exception as fault:
            # A fault of this collection in the middle of a request must not lose what the other requests started.
            raise CommvaultError(
                f"A fault in rdsops.commvault: {type(fault).__name__}.", "internal", maybe_ran=True
            ) from fault
        self._breaker.note(None)
        self._pacer.note(self._tasks.quota)
        return reply

    def _wait_for_turn(self) -> None:
        """Wait until a request may go out. Raises CommvaultError if none may."""
        refusal = self._breaker.refusal()
        if refusal:
            raise refusal
        wait = self._pacer.take_turn()
        if wait:
            raise _QuotaExceeded(self._now() + wait)
        if self._is_orphan():
            raise CommvaultError("it was not sent, since Ansible has ended.", "not_submitted")
        if self._deadline is not None and self._clock() >= self._deadline:
            raise CommvaultError(
                "it was not sent, since the time was over that Ansible gives this task (timeout).", "not_submitted"
            )

    def _failed(self, batch: t.Sequence[Instance], error: CommvaultError, sent_at: float | None) -> list[Backup]:
        if len(batch) > 1 and error.kind in _ABOUT_ONE_OF_THE_BATCH and not error.maybe_ran:
            # Nothing of the batch ran, and one association can be the cause: the halves are new requests.
            middle = len(batch) // 2
            return self._submit(batch[:middle]) + self._submit(batch[middle:])
        backups = [backup_from_error(instance, error, sent_at) for instance in batch]
        for backup in backups:
            if error.kind == "already_running" and self._adopt_running:
                backup.question = RUNNING
            if isinstance(error, _QuotaExceeded):
                backup.retry_at = error.retry_at
        return backups


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
    if len(batch) > 1:
        return [
            Backup(
                instance,
                "unknown",
                f"Commvault took the backup of {instance.label} into task {reply.task_id}, but did not say which job is"
                " its own.",
                reply.task_id,
                response=reply.response,
                changed=True,
                candidates=reply.job_ids,
                question=BATCH,
                sent_at=sent_at,
            )
            for instance in batch
        ]
    complaint = f" Commvault added: {reply.complaint}" if reply.complaint else ""
    msg = f"Started the backup of {batch[0].label}: task {reply.task_id}, {id_words(reply.job_ids)}.{complaint}"
    return [
        Backup(
            batch[0], "started", msg, reply.task_id, reply.job_ids, None, reply.response, changed=True, sent_at=sent_at
        )
    ]
