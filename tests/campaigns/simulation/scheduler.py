# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scheduler for everything that happens: virtual time, and a baton that exactly one thread holds.

Threads of the code under test are real threads, but each runs only from one blocking point to the next. Who runs next
follows from virtual time and, among those whose time is the same, from the seed. So a seed gives the same history on
every machine, however busy it is.
"""

from __future__ import annotations

import _thread
import heapq
import random
import typing as t

if t.TYPE_CHECKING:
    Work = t.Callable[[], object]

EPOCH = 1_790_000_000  # what the true clock shows when a world begins, in seconds since 1970
# Blocking points in one world; far more than any honest run needs.
MAX_STEPS = 100_000


class Killed(BaseException):
    """Ends the threads of a process that was killed. Not an Exception, so that nothing mistakes it for a fault."""


class Stalled(Exception):
    """Threads wait for each other, or a world does not come to its end."""


class Process:
    """What dies together: one launch.

    Attributes:
        clock_error: Seconds by which the wall clock of its machine is ahead.
        kill_at_step: The blocking point at which it is killed, None for never.
        backups: What became of each instance, as soon as the module has said so.
    """

    def __init__(self, name: str, clock_error: float = 0.0, kill_at_step: int | None = None) -> None:
        self.name = name
        self.clock_error = clock_error
        self.kill_at_step = kill_at_step
        self.steps = 0
        self.dead = False
        self.backups: list[t.Any] = []


class Task:
    """A thread of a process."""

    __slots__ = ("ended", "failure", "gate", "joining", "number", "parked", "process", "scheduler", "woken", "work")

    def __init__(self, scheduler: Scheduler, process: Process, number: int, work: Work) -> None:
        self.scheduler = scheduler
        self.process = process
        self.number = number
        self.work = work
        self.gate = _thread.allocate_lock()
        self.gate.acquire()
        self.parked = 0  # counts the times it was parked, so that an outdated alarm wakes nobody
        self.woken = False
        self.ended = False
        self.failure: BaseException | None = None
        self.joining: list[Task] = []


class _Pool:
    """Operating system threads for tasks: a world needs dozens, a campaign has a hundred thousand worlds."""

    def __init__(self) -> None:
        self._idle: list[tuple[t.Any, list[Task]]] = []

    def run(self, task: Task) -> None:
        if self._idle:
            wake, box = self._idle.pop()
            box.append(task)
            wake.release()
        else:
            wake, box = _thread.allocate_lock(), [task]
            wake.acquire()
            _thread.start_new_thread(self._loop, (wake, box))

    def _loop(self, wake: t.Any, box: list[Task]) -> None:
        while True:
            task = box.pop()
            task.gate.acquire()
            task.scheduler.live(task, lambda: self._idle.append((wake, box)))
            wake.acquire()


_pool = _Pool()


class Scheduler:
    """The one scheduler of a world."""

    active: Scheduler | None = None

    def __init__(self, seed: str) -> None:
        self.now = 0.0  # true seconds since the world began
        self.random = random.Random(f"{seed}:scheduler")
        self.current: Task | None = None
        self.steps = 0
        self._due: list[tuple[float, float, int, Task | Work, int]] = []
        self._pushed = 0
        self._tasks: list[Task] = []
        self._living = 0
        self._home = _thread.allocate_lock()
        self._home.acquire()
        self.stalled: str | None = None

    # --- what the world does

    def run(self) -> None:
        """Let everything happen until no task is left. Raises Stalled."""
        Scheduler.active = self
        try:
            following = self._next()
            if following is not None:
                self._hand_to(following)
                self._home.acquire()
            # What is still on its way to the server arrives although nobody waits for it.
            while self._due:
                self._next()
        finally:
            Scheduler.active = None
            self.current = None
        if self.stalled:
            raise Stalled(self.stalled)

    def at(self, moment: float, work: Work) -> None:
        """Do something at a true time; it must not block."""
        self._push(moment, work, 0)

    def spawn(self, process: Process, work: Work, after: float = 0.0) -> Task:
        """A new thread of a process."""
        task = Task(self, process, len(self._tasks), work)
        self._tasks.append(task)
        self._living += 1
        _pool.run(task)
        self._push(self.now + after, task, 0)
        return task

    def kill(self, process: Process) -> None:
        """End a process at once: each of its threads ends at the blocking point where it is."""
        process.dead = True
        for task in self._tasks:
            if task.process is process and not task.ended and task is not self.current:
                self.wake(task)

    # --- what threads do, while they hold the baton

    def pause(self, seconds: float) -> None:
        """Block this thread for a time."""
        self.park(max(0.0, seconds))

    def park(self, seconds: float | None = None) -> bool:
        """Block this thread until somebody wakes it, or for a time. Returns whether it was woken."""
        task = self.current
        assert task is not None
        self._step(task.process)
        task.parked += 1
        task.woken = False
        if seconds is not None:
            self._push(self.now + seconds, task, task.parked)
        following = self._next()
        if following is None:
            # Nobody is left who could wake anybody.
            self._stall(f"deadlock at {self.now:.3f} s")
            raise Killed
        if following is not task:
            self._hand_to(following)
            task.gate.acquire()
        self.current = task
        if task.process.dead:
            raise Killed
        return task.woken

    def wake(self, task: Task) -> None:
        """Let a parked thread go on."""
        if not task.ended and not task.woken:
            task.woken = True
            self._push(self.now, task, task.parked)

    def join(self, task: Task, seconds: float | None = None) -> bool:
        """Wait for the end of another thread. Returns whether it has ended."""
        deadline = None if seconds is None else self.now + seconds
        while not task.ended:
            task.joining.append(t.cast("Task", self.current))
            left = None if deadline is None else deadline - self.now
            if left is not None and left <= 0:
                return False
            self.park(left)
        return True

    def live(self, task: Task, release: Work) -> None:
        """The life of a thread, from its first baton to its last. release: gives its operating system thread back."""
        self.current = task
        try:
            if not task.process.dead:
                task.work()
        except Killed:
            pass
        except BaseException as failure:  # noqa: BLE001 - the world reports it
            task.failure = failure
        task.ended = True
        self._living -= 1
        for other in task.joining:
            self.wake(other)
        following = self._next() if self._living else None
        if following is None and self._living and not self.stalled:
            self._stall(f"deadlock at {self.now:.3f} s")
            following = self._next()
        release()
        if following is None:
            self._home.release()
        else:
            self._hand_to(following)

    # --- inside

    def _step(self, process: Process) -> None:
        self.steps += 1
        process.steps += 1
        if process.dead:
            raise Killed
        if process.kill_at_step is not None and process.steps >= process.kill_at_step:
            self.kill(process)
            raise Killed
        if self.steps > MAX_STEPS and not self.stalled:
            self._stall(f"no end after {MAX_STEPS} steps, at {self.now:.0f} s")
            raise Killed

    def _stall(self, what: str) -> None:
        """Give the world up: every thread ends."""
        self.stalled = what
        for task in self._tasks:
            if not task.ended:
                task.process.dead = True
                if task is not self.current:
                    self.wake(task)

    def _push(self, moment: float, what: Task | Work, ticket: int) -> None:
        self._pushed += 1
        heapq.heappush(self._due, (moment, self.random.random(), self._pushed, what, ticket))

    def _next(self) -> Task | None:
        """The thread whose turn it is; what the world has to do before is done."""
        while self._due:
            moment, _tie, _number, what, ticket = heapq.heappop(self._due)
            if isinstance(what, Task):
                if what.ended or what.parked != ticket:
                    continue
                self.now = max(self.now, moment)
                return what
            self.now = max(self.now, moment)
            what()
        return None

    def _hand_to(self, task: Task) -> None:
        self.current = task
        task.gate.release()


def current_task() -> Task | None:
    """The thread that holds the baton, None outside of a world."""
    scheduler = Scheduler.active
    return scheduler.current if scheduler else None
