# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one loop that waits for jobs. How jobs are read is passed in; it changes nothing and decides nothing else."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from .._errors import CommvaultError

if t.TYPE_CHECKING:
    from .job import Job

    # Gets job ids and the seconds that the look may take, None for any; returns the visible jobs by id.
    # Raises CommvaultError.
    Poll = t.Callable[[t.Sequence[str], t.Optional[float]], t.Mapping[str, Job]]

# Seconds for which a job may be invisible, after its start or in between. Commvault's own SDK looks for up to a minute
# and more (github.com/Commvault/cvpysdk: job.py); 90 is chosen here.
GRACE = 90.0
# Seconds until the next look after one that failed, or while a job is not visible; interval, where that is shorter.
SOON = 15.0
SHORTEST = 0.5
# The longest time without a call of on_progress, in seconds.
TICK = 20.0
# Seconds that a look may take whatever is left of the time, so that the last one has a chance.
LAST_LOOK = 10.0


@dataclass
class Wait:
    """What is known of the jobs that are waited for.

    job_ids: all of them, in order. jobs: each as it was last seen, by id. waiting: those whose end is waited for.
    missing: those that are not there (not visible for too long, or no more). timed_out: those that had not ended in
    time. stuck: those that were in one of _jobs.STUCK_STATES for too long. error: why no more looks were possible.
    trouble: why the last look failed, None if it did not. warnings: texts. started, waited: seconds.
    """

    job_ids: list[str]
    started: float
    jobs: dict[str, Job] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    error: CommvaultError | None = None
    trouble: CommvaultError | None = None
    warnings: list[str] = field(default_factory=list)
    waited: float = 0.0

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
        grace: float,
    ) -> None:
        self.wait = wait
        self._poll = poll
        self._done = done
        self._stuck_timeout = stuck_timeout
        self._grace = grace
        self.proven = False
        # Since when, and for how many looks, a job has not been there.
        self._absent: dict[str, tuple[float, int]] = {}
        # Since when a job has been in which state that it can be stuck in.
        self._stuck: dict[str, tuple[str, float]] = {}
        self._named: set[str] = set()

    def look(self, now: float, time_left: float | None) -> None:
        """Read the jobs that are waited for, and sort out those that need no more waiting. now: of the clock."""
        wait = self.wait
        try:
            seen = self._poll(list(wait.waiting), time_left)
        except CommvaultError as error:
            wait.trouble = error
            if error.kind.ends_a_wait(self.proven):
                wait.error = error
            return
        wait.trouble = None
        self.proven = True
        for job_id in list(wait.waiting):
            job = seen.get(job_id)
            if job is None:
                self._not_there(job_id, now)
            else:
                self._there(job, now)

    def _there(self, job: Job, now: float) -> None:
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

    def _not_there(self, job_id: str, now: float) -> None:
        since, looks = self._absent.get(job_id, (now, 0))
        self._absent[job_id] = (since, looks + 1)
        if now - since >= self._grace:
            self.wait.waiting.remove(job_id)
            self.wait.missing.append(job_id)

    def pause(self, now: float, interval: float) -> float:
        """Seconds until the next look is due."""
        pause = interval
        if self._absent.keys() & set(self.wait.waiting) or self.wait.trouble:
            pause = min(pause, SOON)
        if self._stuck_timeout is not None:
            for job_id, (_state, since) in self._stuck.items():
                if job_id in self.wait.waiting:
                    pause = min(pause, max(since + self._stuck_timeout - now, 0.0))
        # The server may have said when it wants to be asked again. Never at once: rounding could make that for ever.
        return max(pause, getattr(self.wait.trouble, "retry_after", None) or 0.0, min(interval, SHORTEST))


def wait_for_jobs(
    job_ids: t.Sequence[str],
    poll: Poll,
    *,
    timeout: float | None,
    interval: float,
    stuck_timeout: float | None = None,
    grace: float = GRACE,
    proven: bool = False,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
    on_progress: t.Callable[[Wait], None] | None = None,
    done: t.Callable[[Job], bool] = lambda job: job.finished,
    is_orphan: t.Callable[[], bool] = lambda: False,
) -> Wait:
    """Look at jobs until all have ended (or done is true of them), or their time is over.

    timeout: seconds for all together, by the clock; 0 looks once, None waits for ever. interval: seconds between looks.
    stuck_timeout: seconds that a job may spend in one state that it can be stuck in, None for ever. grace: seconds for
    which a job may be invisible. proven: whether the CommCell has answered well before, so that odd answers count as
    passing faults. on_progress: called after each look and every TICK seconds with what is known. is_orphan: whether
    nobody is left to hear of the jobs, asked before each look, and an error that ends the wait.

    There is always a look at the very end. A look that fails for a passing reason is a look missed, no more.
    Raises what poll raises beside CommvaultError.
    """
    started = clock()
    wait = Wait(list(job_ids), started, waiting=list(job_ids))
    loop = _Loop(wait, poll, done, stuck_timeout, grace)
    loop.proven = proven
    deadline = None if timeout is None else started + timeout

    def tell() -> None:
        wait.waited = clock() - started
        if on_progress:
            on_progress(wait)

    while wait.waiting:
        if is_orphan():
            wait.error = wait.trouble = CommvaultError("Ansible has ended. The jobs go on.")
            break
        now = clock()
        last = deadline is not None and now >= deadline
        loop.look(now, None if deadline is None else max(deadline - now, LAST_LOOK))
        tell()
        if last or wait.error or not wait.waiting:
            break
        now = clock()
        due = now + loop.pause(now, interval)
        if deadline is not None:
            due = min(due, deadline)
        while now < due:
            sleep(min(TICK, due - now))
            now = clock()
            if now < due:
                tell()
    wait.waited = clock() - started
    wait.timed_out = [] if wait.error else list(wait.waiting)
    return wait
