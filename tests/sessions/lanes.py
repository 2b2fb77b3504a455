# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run sessions of nox in a few lanes at once, and sum up how long each took and what could not run here.

The sessions are taken in the order given. Before the first that needs an environment, its own session fills it; all
others find it full. Each one's output goes to a file; what a failed one wrote is shown.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"
LANES = 4  # for two processors: most sessions wait for a while, some have one process only
KEPT_RUNS = 5
LIMIT = 3000.0  # seconds, for one session; on a slow machine, one needs half an hour
TAIL = 4  # lines shown of a session that passed
SOON = 1.5  # seconds; an environment that took less was there already, and is not worth a line
# What is left out of a session that passed: tests of pytest, tests of ansible-test, what the session says itself.
LEFT_OUT = re.compile(r"^(?:SKIPPED .*|WARNING: Skipping .*|nox > left out.*)$", re.MULTILINE)
CLOSING = re.compile(r"^(?:=+ )?((?:\d+ \w+, )*\d+ \w+ in [\d.]+s.*?)(?: =+)?$", re.MULTILINE)


@dataclass
class Outcome:
    """How a session ended; why is for people."""

    state: str
    why: str = ""
    output: str = ""
    seconds: float = 0.0

    @property
    def notes(self) -> list[str]:
        """What was left out."""
        return [line.removeprefix("nox > ") for line in LEFT_OUT.findall(self.output)]


@dataclass
class Nox:
    """Starts sessions of nox, each as a process group of its own that ends with it."""

    logs: Path
    scratch: Path
    command: Sequence[str] = (sys.executable, "-m", "nox")
    limit: float = LIMIT
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: bool = False

    def __call__(self, name: str, *options: str) -> Outcome:
        """Run one session to its end or its limit."""
        report = self.scratch / f"{name}.json"
        path = self.logs / f"{name}.log"
        with path.open("w", encoding="utf-8") as log:
            with self._lock:  # so that nothing starts behind the back of end_all
                if self._stopping:
                    return Outcome(SKIPPED, "interrupted")
                process = subprocess.Popen(
                    [*self.command, *options, "--report", str(report), "-s", name],
                    env={**os.environ, "TMPDIR": str(self.scratch)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(process)
            try:
                status = process.wait(self.limit)
                why = f"exit code {status}" if status else ""
            except subprocess.TimeoutExpired:
                why = f"stopped after {self.limit:.0f} s"
            finally:
                with self._lock:
                    self._running.discard(process)
                _end(process)
        output = path.read_text(encoding="utf-8", errors="replace")
        if why:
            return Outcome(FAILED, why, output)
        results = {entry["name"]: entry for entry in json.loads(report.read_text(encoding="utf-8"))["sessions"]}
        mine = results[name]
        if mine["result"] == "skipped":
            return Outcome(SKIPPED, mine["reason"], output)
        return Outcome(PASSED, "", output)

    def end_all(self) -> None:
        """End every session and what it started, and let no other start."""
        with self._lock:
            self._stopping = True
            for process in self._running:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process group that a process leads, politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


class Board:
    """What waits, what runs, and what ended; shared by the lanes."""

    def __init__(self, sessions: Sequence[tuple[str, Sequence[str]]], call: Callable[..., Outcome]) -> None:
        """sessions: names, each with the environments it needs. call: runs a session, given its name and options."""
        self._waiting = list(sessions)
        self._call = call
        self._filling = {name: threading.Lock() for name in itertools.chain(*(needs for _name, needs in sessions))}
        self._lock = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}

    def work_off(self) -> None:
        """Take and run sessions until none is left."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                name, environments = self._waiting.pop(0)
            environment = next((f"venv-{each}" for each in environments if not self._filled(each)), None)
            failed = environment and self.outcomes[environment].state == FAILED
            if failed:
                self._ended(name, Outcome(FAILED, f"needs {environment}"))
            else:
                _say(f"...... {name}")
                self._ended(name, self._timed(name, "-R"))

    def _filled(self, environment: str) -> bool:
        """Fill an environment unless that is done; whether it is there."""
        name = f"venv-{environment}"
        with self._filling[environment]:
            if name not in self.outcomes:
                self._ended(name, self._timed(name))
        return self.outcomes[name].state != FAILED

    def _timed(self, name: str, *options: str) -> Outcome:
        since = time.monotonic()
        try:
            outcome = self._call(name, *options)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is this session's failure
            outcome = Outcome(FAILED, f"{type(exc).__name__}: {exc}")
        outcome.seconds = time.monotonic() - since
        return outcome

    def _ended(self, name: str, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[name] = outcome
            if not _is_full(name, outcome):
                _show(name, outcome)


def _is_full(name: str, outcome: Outcome) -> bool:
    """Whether it is an environment that was there already."""
    return name.startswith("venv-") and outcome.state == PASSED and outcome.seconds < SOON


def _show(name: str, outcome: Outcome) -> None:
    """The end of the output of a session that passed, all of it of one that failed."""
    _say(f"{outcome.state:6} {name} ({outcome.seconds:.1f} s){': ' if outcome.why else ''}{outcome.why}")
    lines = outcome.output.rstrip().splitlines() if outcome.state != SKIPPED else []
    if outcome.state == PASSED:
        lines = [] if name.startswith("venv-") else [line for line in lines if not line.startswith("nox > ")][-TAIL:]
    for line in lines:
        _say(f"       | {line}")


def summary(outcomes: dict[str, Outcome], seconds: float, logs: Path) -> None:
    """The table of all sessions, slowest first; what was skipped and left out; what pytest counted."""
    width = max(len(name) for name in outcomes)
    _say("", f"{'':7} {'session':{width}} seconds")
    for name, outcome in sorted(outcomes.items(), key=lambda item: -item[1].seconds):
        if not _is_full(name, outcome):
            counted = CLOSING.findall(outcome.output)[-1:]
            _say(f"{outcome.state:7} {name:{width}} {outcome.seconds:7.1f}  {''.join(counted)}".rstrip())
    for title, state in (("Not run here", SKIPPED), ("Failed", FAILED)):
        named = [f"  {name}: {outcome.why}" for name, outcome in outcomes.items() if outcome.state == state]
        if named:
            _say("", f"{title}:", *named)
    notes = [f"  {name}: {note}" for name, outcome in outcomes.items() for note in outcome.notes]
    if notes:
        _say("", "Left out:", *notes)
    states = [outcome.state for name, outcome in outcomes.items() if not name.startswith("venv-")]
    told = ", ".join(f"{states.count(state)} {state.lower()}" for state in (PASSED, FAILED, SKIPPED) if state in states)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    _say("", f"{told}, in {_time(seconds)} ({_time(processor)} of processor time); output in {os.path.relpath(logs)}/")


def _time(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def run(sessions: Sequence[tuple[str, Sequence[str]]], work: Path) -> bool:
    """Run sessions, each given with the environments it needs; whether some passed and none failed.

    Logs go to a new directory below ``work``; those of old runs are removed.
    """
    for old in sorted(work.glob("logs-*"))[: -KEPT_RUNS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    logs = work / time.strftime(f"logs-%Y%m%d-%H%M%S-{os.getpid()}")
    logs.mkdir(parents=True)
    _say(f"{len(sessions)} sessions in {LANES} lanes; the complete output of each goes to {os.path.relpath(logs)}/")
    since = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lanes-", ignore_cleanup_errors=True) as scratch:
        call = Nox(logs, Path(scratch))
        board = Board(sessions, call)
        with ThreadPoolExecutor(LANES) as pool:
            try:
                lanes = [pool.submit(board.work_off) for _number in range(LANES)]
                while wait(lanes, 0.5, FIRST_EXCEPTION).not_done:
                    pass  # a bare wait would not let Ctrl-C through
            finally:
                call.end_all()
    for lane in lanes:
        lane.result()
    summary(board.outcomes, time.monotonic() - since, logs)
    states = {outcome.state for name, outcome in board.outcomes.items() if not name.startswith("venv-")}
    return PASSED in states and FAILED not in {outcome.state for outcome in board.outcomes.values()}
