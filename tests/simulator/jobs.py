# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: what runs, and what state it is in at a moment of the simulated clock.

A job has a script, a list of steps such as *Waiting for 2 s, Running for 60 s, Completed*. Its state is computed from
the script and the clock when somebody looks; nothing runs in the background.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

from .estate import Subclient

ENDED = frozenset(
    {
        "completed",
        "completed w/ one or more errors",
        "completed w/ one or more warnings",
        "committed",
        "failed",
        "failed to start",
        "killed",
    }
)
#: A step without a length lasts this long, unless it is an end or stands for being stuck (then it lasts for ever).
STEP_SECONDS = 10.0
STUCK = frozenset({"pending", "suspended", "queued"})


@dataclasses.dataclass(slots=True)
class Step:
    """One state of a script: how long it lasts, what it says, and the percentage at its end."""

    state: str
    seconds: float
    reason: str = ""
    code: str = ""
    percent: float | None = None
    phase: str = ""

    @property
    def ends(self) -> bool:
        """Whether the job is over with it."""
        return self.state.lower() in ENDED


def script_of(states: Iterable[Any]) -> list[Step]:
    """Return the steps of a script given as names of states or as mappings.

    The keys are ``state``, ``seconds``, ``reason``, ``code``, ``percent`` (at the end of the step) and ``phase``.

    A step without ``seconds`` lasts 10 seconds, or for ever if it is the last one.

    :raises ValueError: for an empty script, an unknown key or a step after an end.
    """
    rows = [{"state": state} if isinstance(state, str) else dict(state) for state in states]
    steps = []
    for index, row in enumerate(rows):
        unknown = row.keys() - {"state", "seconds", "reason", "code", "percent", "phase"}
        if unknown or "state" not in row:
            raise ValueError(f"a step has the keys state, seconds, reason, code, percent and phase, not {row}")
        seconds = row.pop("seconds", None)
        if seconds is None:
            seconds = math.inf if index == len(rows) - 1 else STEP_SECONDS
        step = Step(seconds=float(seconds), **row)
        if step.ends and index < len(rows) - 1:
            raise ValueError(f"nothing can follow {step.state}")
        steps.append(step)
    if not steps:
        raise ValueError("a script needs a state")
    return steps


@dataclasses.dataclass(slots=True)
class View:
    """A job at one moment. ``ended`` is the time of its end or None."""

    status: str
    percent: float
    reason: str
    code: str
    phase: str
    ended: float | None

    @property
    def active(self) -> bool:
        """Whether the job is not over."""
        return self.ended is None


@dataclasses.dataclass(slots=True, eq=False)
class Job:
    """One backup job.

    ``begun`` is when its script began; None as long as something (``gate``) holds it in the queue.
    """

    id: int
    task_id: int
    subclient: Subclient
    level: str
    created: float
    steps: list[Step]
    started_by: int | None
    user: str
    description: str
    request: dict[str, Any]
    begun: float | None
    gate: Callable[[float], float | None] | None = None
    gate_reason: str = ""
    suspended: float | None = None
    killed: float | None = None
    control_seconds: float = 0
    final: View | None = None

    def view(self, now: float) -> View:
        """Return the state at ``now`` (simulated seconds since the epoch)."""
        if self.final is None:
            view = self._view(now)
            if view.active:
                return view
            self.final = view
        return self.final

    def _view(self, now: float) -> View:
        until = now if self.suspended is None else min(now, self.suspended)
        if self.killed is not None:
            until = min(until, self.killed)
        view = self._at(until)
        if not view.active:
            return view
        if self.killed is not None:
            over = self.killed + self.control_seconds
            if now < over:
                return View("Kill Pending", view.percent, "", "", "", None)
            return View("Killed", view.percent, "The job was killed by a user.", "19:8", "", over)
        if self.suspended is not None:
            pending = now < self.suspended + self.control_seconds
            return View("Suspend Pending" if pending else "Suspended", view.percent, "", "", "", None)
        return view

    def suspend(self, now: float) -> bool:
        """Suspend the job and return whether that was possible."""
        view = self.view(now)
        if not view.active or self.killed is not None or self.suspended is not None:
            return False
        self.suspended = now
        return True

    def resume(self, now: float) -> bool:
        """Let a suspended job go on where it was and return whether that was possible."""
        if not self.view(now).active or self.killed is not None or self.suspended is None:
            return False
        if self.begun is not None:
            self.begun += now - self.suspended
        self.suspended = None
        return True

    def kill(self, now: float) -> bool:
        """Kill the job and return whether that was possible. Killing one that is being killed is."""
        if not self.view(now).active:
            return False
        if self.killed is None:
            self.killed = now
        return True

    def _at(self, now: float) -> View:
        """Return what gate and script say, as if nobody had interfered."""
        if self.begun is None and self.gate is not None and self.suspended is None and self.killed is None:
            self.begun = self.gate(now)
        if self.begun is None:
            return View("Queued", 0, self.gate_reason, "", "", None)
        elapsed = max(0.0, now - self.begun)
        total = sum(step.seconds for step in self.steps if step.state.lower() == "running" and step.seconds < math.inf)
        done = percent = passed = 0.0
        for step in self.steps:
            inside = elapsed - passed
            if step.ends:
                full = step.state.lower().startswith("completed")
                return View(step.state, 100.0 if full else percent, step.reason, step.code, "", self.begun + passed)
            running = step.state.lower() == "running"
            before = percent
            if running:
                share = min(inside, step.seconds)
                goal = step.percent if step.percent is not None else _share(done + step.seconds, total)
                percent = before + (goal - before) * (share / step.seconds if 0 < step.seconds < math.inf else 0.0)
                done += share
            if inside < step.seconds:
                return View(step.state, round(percent, 1), step.reason, step.code, step.phase, None)
            passed += step.seconds
        last = self.steps[-1]
        return View(last.state, round(percent, 1), last.reason, last.code, last.phase, None)


def _share(done: float, total: float) -> float:
    return 99.0 * done / total if total and done < math.inf else 0.0


@dataclasses.dataclass
class Script:
    """A script that a test set for jobs to come of some subclients."""

    client: str | None
    instance: str | None
    subclient: str | None
    steps: list[Step]
    times: int | None


class Jobs:
    """All jobs of the CommCell.

    :param now: the simulated clock.
    """

    def __init__(self, now: Callable[[], float], first_task_id: int, first_job_id: int) -> None:
        self._now = now
        self._next_task = first_task_id
        self._next_job = first_job_id
        self.by_id: dict[int, Job] = {}
        self._open: dict[int, list[Job]] = {}
        self.scripts: list[Script] = []

    def next_task_id(self) -> int:
        """Return a new task id."""
        self._next_task += 1
        return self._next_task - 1

    def active_of(self, subclient: Subclient) -> list[Job]:
        """Return the jobs of a subclient that are not over, the oldest first."""
        jobs = self._open.get(subclient.id)
        if not jobs:
            return []
        now = self._now()
        active = [job for job in jobs if job.view(now).active]
        self._open[subclient.id] = active
        return list(active)

    def start(
        self,
        subclient: Subclient,
        task_id: int,
        *,
        steps: list[Step],
        gate: Callable[[float], float | None] | None = None,
        gate_reason: str = "",
        start_suspended: bool = False,
        **facts: Any,
    ) -> Job:
        """Create a job; with a ``gate`` it stays Queued until the gate returns the time it opened at."""
        now = self._now()
        job = Job(
            id=self._next_job,
            task_id=task_id,
            subclient=subclient,
            created=now,
            steps=steps,
            begun=None if gate else now,
            gate=gate,
            gate_reason=gate_reason,
            suspended=now - facts.get("control_seconds", 0) if start_suspended else None,
            **facts,
        )
        self._next_job += 1
        self.by_id[job.id] = job
        self._open.setdefault(subclient.id, []).append(job)
        return job

    def remember(self, rows: Iterable[tuple[Subclient, dict[str, Any]]]) -> None:
        """Create jobs of the past, which get the ids below the first new one in the order of their starts.

        :param rows: pairs of a subclient and a mapping with ``status``, ``age`` (seconds since the end; since the start
            if the status is no end), ``seconds`` (how long it runs), ``level``, ``reason``, ``user``.
        :raises ValueError: for an unknown key.
        """
        now = self._now()
        past = []
        for subclient, row in rows:
            unknown = row.keys() - {"status", "age", "seconds", "level", "reason", "code", "user"}
            if unknown:
                raise ValueError(f"no such key of a past job: {', '.join(sorted(unknown))}")
            status, age = str(row.get("status", "Completed")), float(row.get("age", 86400))
            reason, code = str(row.get("reason", "")), str(row.get("code", ""))
            if status.lower() in ENDED:
                seconds = float(row.get("seconds", 600))
                start = now - age - seconds
                steps = [Step("Running", seconds, phase="Database Backup"), Step(status, math.inf, reason, code)]
            else:
                start = now - age
                seconds = float(row.get("seconds", math.inf))
                steps = [Step(status, seconds, reason, code), Step("Completed", math.inf)]
            past.append((start, subclient, row, steps))
        past.sort(key=lambda one: one[0])
        first_job, first_task = self._next_job - len(past), self._next_task - len(past)
        for offset, (start, subclient, row, steps) in enumerate(past):
            job = Job(
                id=first_job + offset,
                task_id=first_task + offset,
                subclient=subclient,
                level=str(row.get("level", "full")).lower(),
                created=start,
                steps=steps,
                started_by=None,
                user=str(row.get("user", "scheduler")),
                description="",
                request={},
                begun=start,
            )
            self.by_id[job.id] = job
            self._open.setdefault(subclient.id, []).append(job)

    def steps_for(self, subclient: Subclient, waiting_seconds: float, job_seconds: float) -> list[Step]:
        """Return the script for the next job of a subclient: one set by a test, the estate's, or an uneventful one."""
        for script in self.scripts:
            if (
                script.times != 0
                and (script.client is None or script.client.lower() == subclient.client.name.lower())
                and (script.instance is None or script.instance.lower() == subclient.instance.name.lower())
                and (script.subclient is None or script.subclient.lower() == subclient.name.lower())
            ):
                if script.times is not None:
                    script.times -= 1
                return script.steps
        if subclient.script:
            return script_of(subclient.script)
        seconds = job_seconds if subclient.job_seconds is None else float(subclient.job_seconds)
        return [
            Step("Waiting", waiting_seconds, phase=""),
            Step("Running", seconds, phase="Database Backup"),
            Step("Completed", math.inf),
        ]
