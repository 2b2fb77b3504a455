# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run jobs that wait for one another in a few lanes at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"


@dataclass
class Outcome:
    """How a job ended. ``why`` is for people; notes and closing lines go to the summary."""

    state: str
    why: str = ""
    notes: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """A name, what must have passed before, what must not run beside it, and the work itself."""

    name: str
    work: Callable[[], Outcome]
    after: tuple[str, ...] = ()
    alone: str = ""


def run(
    jobs: Sequence[Job], lanes: int, started: Callable[[Job], None], ended: Callable[[Job, Outcome], None]
) -> dict[str, Outcome]:
    """Run every job, the first that is ready first; the outcomes by name.

    A job whose forerunner failed or was skipped ends like it, with that reason. ``started`` and ``ended`` are called
    one at a time. An exception of a job's work is a failure of that job, never the end of the lane.
    """
    board = _Board(jobs, started, ended)
    threads = [threading.Thread(target=board.work_off, daemon=True) for _number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)  # a bare join would not let Ctrl-C through
    return board.outcomes


class _Board:
    """What waits, what runs, what ended; shared by the lanes under one lock."""

    def __init__(
        self, jobs: Sequence[Job], started: Callable[[Job], None], ended: Callable[[Job, Outcome], None]
    ) -> None:
        self._waiting = list(jobs)
        self._started, self._ended = started, ended
        self._busy: set[str] = set()
        self._news = threading.Condition()
        self.outcomes: dict[str, Outcome] = {}

    def work_off(self) -> None:
        """Take and do jobs until none is left."""
        while (job := self._take()) is not None:
            since = time.monotonic()
            try:
                outcome = job.work()
            except Exception as exc:  # noqa: BLE001 - whatever it is, it is this job's failure
                outcome = Outcome(FAILED, f"{type(exc).__name__}: {exc}")
            outcome.seconds = time.monotonic() - since
            with self._news:
                self._busy.discard(job.alone)
                self._end(job, outcome)

    def _take(self) -> Job | None:
        """The next job that can start, or None when there is none left; waits for news in between."""
        with self._news:
            while self._waiting:
                self._drop_hopeless()
                job = next((job for job in self._waiting if self._ready(job)), None)
                if job is not None:
                    self._waiting.remove(job)
                    self._busy.update({job.alone} - {""})
                    self._started(job)
                    return job
                if self._waiting:
                    self._news.wait()
            return None

    def _ready(self, job: Job) -> bool:
        return all(name in self.outcomes for name in job.after) and job.alone not in self._busy

    def _drop_hopeless(self) -> None:
        """End the jobs whose forerunner did not pass, in list order, so that theirs end in the same sweep."""
        for job in list(self._waiting):
            bad = next(
                (name for name in job.after if name in self.outcomes and self.outcomes[name].state != PASSED), None
            )
            if bad:
                self._waiting.remove(job)
                self._end(job, Outcome(self.outcomes[bad].state, f"needs {bad}: {self.outcomes[bad].why}"))

    def _end(self, job: Job, outcome: Outcome) -> None:
        self.outcomes[job.name] = outcome
        self._ended(job, outcome)
        self._news.notify_all()
