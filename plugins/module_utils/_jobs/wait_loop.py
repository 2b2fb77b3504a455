# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one loop that waits for jobs. How jobs are read is passed in; it changes nothing and decides nothing else."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._errors import CommvaultError
from .._parallel import RUNTIME

if t.TYPE_CHECKING:
    from .._parallel import Runtime
    from .job import Job

    # Gets job ids and the seconds that the poll may take, None for any; returns the visible jobs by id.
    # Raises CommvaultError, with those in found that could be read all the same.
    Poll = t.Callable[[t.Sequence[str], t.Optional[float]], t.Mapping[str, Job]]

# Seconds for which a job may be invisible, after its start or in between. Commvault's own SDK looks for up to a minute
# and more (github.com/Commvault/cvpysdk: job.py); 90 is chosen here.
GRACE = 90.0
# Seconds for which a server that knew the credentials may refuse them: a web tier that restarts does so before it can
# ask the CommServe. No source says for how long; ten minutes are chosen here.
REFUSAL_LIMIT = 600.0
# Seconds until the next poll while credentials are refused, the most: each can count as a failed login.
REFUSAL_INTERVAL = 120.0
# Seconds until the next poll after one that failed, or while a job is not visible; interval, where that is shorter.
RETRY_INTERVAL = 15.0
MIN_INTERVAL = 0.5
# The longest time without a call of on_progress, in seconds.
PROGRESS_INTERVAL = 20.0
# Seconds that a poll may take whatever is left of the time, so that the last one has a chance.
FINAL_POLL_TIMEOUT = 10.0


@dataclass
class Wait:
    """What is known of the jobs that are waited for.

    Attributes:
        job_ids: All of them, in order.
        jobs: Each as it was last seen, by id.
        waiting: Those whose end is waited for.
        missing: Those that have not been visible for too long.
        timed_out: Those that were still running when the time was over.
        stuck: Those that were in one of STUCK_STATES for too long.
        strangers: By id, why a job that has it cannot be the one that is waited for.
        error: Why no more polls were possible.
        last_error: Why the last poll failed, as a whole or in part, None if it did not.
        warnings: For the user.
        waited: Seconds.
        expected_left: Seconds until the last job that is waited for will have ended, as far as that is known.
    """

    job_ids: list[str]
    jobs: dict[str, Job] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    strangers: dict[str, str] = field(default_factory=dict)
    error: CommvaultError | None = None
    last_error: CommvaultError | None = None
    warnings: list[str] = field(default_factory=list)
    waited: float = 0.0
    expected_left: float | None = None

    @property
    def overdue(self) -> list[str]:
        """The jobs to which on_timeout applies: those still active when their time was over."""
        return [*self.timed_out, *self.stuck]


class _Loop:
    """State of one wait that its caller does not need."""

    def __init__(
        self,
        wait: Wait,
        poll: Poll,
        done: t.Callable[[Job], bool],
        stuck_timeout: float | None,
        stranger: t.Callable[[Job], str | None],
        grace: float,
    ) -> None:
        self.wait = wait
        self._poll = poll
        self._done = done
        self._stuck_timeout = stuck_timeout
        self._stranger = stranger
        self._grace = grace
        self.proven = False
        # Since when a job has not been visible.
        self._absent: dict[str, float] = {}
        # Since when a job has been in which state that it can be stuck in.
        self._stuck: dict[str, tuple[str, float]] = {}
        self._named: set[str] = set()
        # Since when, and for how many polls, the credentials have been refused.
        self._refused: tuple[float, int] | None = None

    def poll(self, now: float, time_left: float | None) -> None:
        """Read the jobs that are waited for, and sort out those that need no more waiting.

        Args:
            now: Seconds of the clock.
            time_left: Seconds that the poll may take, None for any.
        """
        wait = self.wait
        wait.last_error = None
        try:
            seen = self._poll(list(wait.waiting), time_left)
        except CommvaultError as error:
            wait.last_error, seen = error, error.found
            if not seen:
                if self._is_final(error, now):
                    wait.error = error
                return
        self._refused = None
        self.proven = True
        for job_id in list(wait.waiting):
            job = seen.get(job_id)
            if job is None and wait.last_error:
                # It may be one of those that could not be read.
                continue
            words = self._stranger(job) if job else None
            if words and job_id not in wait.strangers:
                wait.strangers[job_id] = words
                wait.warnings.append(words)
            if job is None or words:
                self._on_missing(job_id, now)
            else:
                self._on_seen(job, now)

    def _is_final(self, error: CommvaultError, now: float) -> bool:
        """Whether an error ends the wait. A refusal of credentials that were good before is given some time."""
        if not error.kind.denies_access or not self.proven:
            return error.kind.ends_a_wait(self.proven)
        since, polls = self._refused or (now, 0)
        self._refused = (since, polls + 1)
        return now - since >= REFUSAL_LIMIT

    def _on_seen(self, job: Job, now: float) -> None:
        wait = self.wait
        wait.jobs[job.id] = job
        self._absent.pop(job.id, None)
        if not job.known_state and job.status not in self._named:
            self._named.add(job.status)
            wait.warnings.append(
                f"Job {job.id} is in a state that this collection does not know: '{job.status}'. It counts as active."
            )
        if self._done(job):
            wait.waiting.remove(job.id)
            return
        state, since = self._stuck.get(job.id, ("", now))
        if not job.stuck:
            self._stuck.pop(job.id, None)
        elif job.stuck != state:
            self._stuck[job.id] = (job.stuck, now)
        elif self._stuck_timeout is not None and now - since >= self._stuck_timeout:
            wait.waiting.remove(job.id)
            wait.stuck.append(job.id)

    def _on_missing(self, job_id: str, now: float) -> None:
        if now - self._absent.setdefault(job_id, now) >= self._grace:
            self.wait.waiting.remove(job_id)
            self.wait.missing.append(job_id)

    def pause(self, now: float, interval: float) -> float:
        """Seconds until the next poll is due."""
        pause = interval
        error = self.wait.last_error
        if self._absent.keys() & set(self.wait.waiting) or (error and not error.found):
            pause = min(pause, RETRY_INTERVAL)
        if self._refused:
            pause = min(RETRY_INTERVAL * 2 ** (self._refused[1] - 1), REFUSAL_INTERVAL)
        if self._stuck_timeout is not None:
            for job_id, (_state, since) in self._stuck.items():
                if job_id in self.wait.waiting:
                    pause = min(pause, max(since + self._stuck_timeout - now, 0.0))
        # The server may have said when it wants to be asked again. Never at once: rounding could make that for ever.
        asked = error.retry_after if error else None
        return max(pause, asked or 0.0, min(interval, MIN_INTERVAL))


def wait_for_jobs(
    job_ids: t.Sequence[str],
    poll: Poll,
    *,
    timeout: float | None,
    interval: float,
    stuck_timeout: float | None = None,
    proven: bool = False,
    runtime: Runtime = RUNTIME,
    on_progress: t.Callable[[Wait], None] | None = None,
    done: t.Callable[[Job], bool] = lambda job: job.finished,
    stranger: t.Callable[[Job], str | None] = lambda _job: None,
    parent_has_died: t.Callable[[], bool] = lambda: False,
    lag: float = 0.0,
) -> Wait:
    """Poll until all jobs have ended, or their time is over. There is always a poll at the very end.

    A poll that fails for a passing reason is one poll missed, no more.

    Args:
        job_ids: The jobs.
        poll: How they are read.
        timeout: Seconds for all together; 0 polls once, None waits for ever.
        interval: Seconds between polls.
        stuck_timeout: Seconds that a job may spend in one state that it can be stuck in, None for ever.
        proven: Whether the CommCell has answered well before, so that odd answers count as passing faults.
        on_progress: Called after each poll and every PROGRESS_INTERVAL seconds with what is known.
        done: Whether a job needs no more waiting; by default that it has ended.
        stranger: A warning about a job that has the id of one that is waited for but cannot be that one, None for all
            others. It counts as not visible.
        parent_has_died: Whether nobody is left to hear of the jobs; asked before each poll, it ends the wait.
        lag: Seconds for which new jobs of this CommCell are known to be invisible.

    Raises:
        Exception: What poll raises beside CommvaultError.
    """
    started = runtime.monotonic()
    wait = Wait(list(job_ids), waiting=list(job_ids))
    loop = _Loop(wait, poll, done, stuck_timeout, stranger, GRACE + lag)
    loop.proven = proven
    deadline = None if timeout is None else started + timeout

    def tell() -> None:
        wait.waited = runtime.monotonic() - started
        if on_progress:
            on_progress(wait)

    while wait.waiting:
        if parent_has_died():
            wait.error = wait.last_error = CommvaultError("Ansible has ended. The jobs go on.")
            break
        now = runtime.monotonic()
        last = deadline is not None and now >= deadline
        loop.poll(now, None if deadline is None else max(deadline - now, FINAL_POLL_TIMEOUT))
        tell()
        if last or wait.error or not wait.waiting:
            break
        now = runtime.monotonic()
        due = now + loop.pause(now, interval)
        if deadline is not None:
            due = min(due, deadline)
        while now < due:
            runtime.sleep(min(PROGRESS_INTERVAL, due - now))
            now = runtime.monotonic()
            if now < due:
                tell()
    wait.waited = runtime.monotonic() - started
    wait.timed_out = [] if wait.error else list(wait.waiting)
    return wait
