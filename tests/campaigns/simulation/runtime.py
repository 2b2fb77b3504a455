# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the code under test onto the scheduler: its clocks, locks, threads, random numbers and sockets.

install() must come before the code under test is imported, since it keeps some of these as defaults of parameters.
Outside of a world everything behaves as always, but a process in which it was called is for simulations only.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import os
import random
import threading
import time
import typing as t
from collections import deque

from .scheduler import EPOCH, Scheduler, Task, current_task

_RealThread = threading.Thread
_real_time, _real_monotonic, _real_sleep = time.time, time.monotonic, time.sleep
_real_perf_counter, _real_thread_time, _real_urandom = time.perf_counter, time.thread_time, os.urandom


def _time() -> float:
    task = current_task()
    return _real_time() if task is None else EPOCH + task.scheduler.now + task.process.clock_error


def _monotonic() -> float:
    task = current_task()
    return _real_monotonic() if task is None else 1000.0 + task.scheduler.now


def _perf_counter() -> float:
    task = current_task()
    return _real_perf_counter() if task is None else task.scheduler.now


def _thread_time() -> float:
    # Work takes no time in a world; only waiting does.
    return _real_thread_time() if current_task() is None else 0.0


def _sleep(seconds: float) -> None:
    task = current_task()
    if task is None:
        _real_sleep(seconds)
    else:
        task.scheduler.pause(seconds)


def _urandom(size: int) -> bytes:
    task = current_task()
    return _real_urandom(size) if task is None else task.scheduler.random.randbytes(size)


class Lock:
    """threading.Lock for threads of which one runs at a time."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: deque[Task] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._held:
            self._held = True
            return True
        task = current_task()
        if not blocking or task is None:
            return False
        deadline = None if timeout is None or timeout < 0 else task.scheduler.now + timeout
        while self.locked():
            left = None if deadline is None else deadline - task.scheduler.now
            if left is not None and left <= 0:
                return False
            self._waiting.append(task)
            try:
                task.scheduler.park(left)
            finally:
                if task in self._waiting:
                    self._waiting.remove(task)
        self._held = True
        return True

    def release(self) -> None:
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False
        if self._waiting:
            task = self._waiting.popleft()
            task.scheduler.wake(task)

    def locked(self) -> bool:
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()


class Thread(threading.Thread):
    """threading.Thread as a thread of the world."""

    _task: Task | None = None

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        # Not by super(): threading calls this for its stand-ins of threads that it did not start, too.
        _RealThread.__init__(self, *args, **kwargs)  # pylint: disable=non-parent-init-called

    def start(self) -> None:
        task = current_task()
        assert task is not None, "threads of a simulation live in a world"
        self._task = task.scheduler.spawn(task.process, self.run)

    def join(self, timeout: float | None = None) -> None:
        if self._task:
            self._task.scheduler.join(self._task, timeout)

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.ended


class Executor(concurrent.futures.Executor):
    """ThreadPoolExecutor; its workers are threads of the world, which end when there is nothing to do."""

    def __init__(self, max_workers: int | None = None, *_args: t.Any, **_kwargs: t.Any) -> None:
        self._limit = max_workers or 4
        self._waiting: deque[tuple[t.Any, t.Any, t.Any, t.Any]] = deque()
        self._workers: list[Task] = []

    def submit(self, fn: t.Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any) -> t.Any:
        future: t.Any = concurrent.futures.Future()
        self._waiting.append((future, fn, args, kwargs))
        self._workers = [worker for worker in self._workers if not worker.ended]
        task = current_task()
        if task is None:
            self._work()
        elif len(self._workers) < self._limit:
            self._workers.append(task.scheduler.spawn(task.process, self._work))
        return future

    def _work(self) -> None:
        while self._waiting:
            future, fn, args, kwargs = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = fn(*args, **kwargs)
            except Exception as failure:  # noqa: BLE001 - handed to who asks for the result
                future.set_exception(failure)
            else:
                future.set_result(result)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for waiting in self._waiting:
                waiting[0].cancel()
        if wait:
            for worker in self._workers:
                worker.scheduler.join(worker)


def install() -> None:
    """Put this process onto the scheduler, for good."""
    if time.sleep is _sleep:
        return
    time.time, time.monotonic, time.sleep = _time, _monotonic, _sleep  # type: ignore[assignment]
    time.perf_counter, time.thread_time = _perf_counter, _thread_time
    os.urandom = random._urandom = _urandom  # type: ignore[attr-defined]
    threading.Lock = threading._allocate_lock = Lock  # type: ignore[assignment,attr-defined]
    threading.RLock = threading._PyRLock  # type: ignore[attr-defined]
    threading.Thread = Thread  # type: ignore[misc]
    concurrent.futures.ThreadPoolExecutor = Executor  # type: ignore[misc,assignment]
    concurrent.futures.thread.ThreadPoolExecutor = Executor  # type: ignore[misc,assignment]
    from . import wire

    wire.install()


def seed_randomness(seed: str) -> None:
    """The random module, by which the code under test spreads its retries."""
    random.seed(seed)


__all__ = ["Scheduler", "install", "seed_randomness"]
