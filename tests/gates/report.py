# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints: a line when a gate starts, its output when it ends, a table at the end."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .lanes import FAILED, PASSED, SKIPPED, Job, Outcome
from .stages import Gate

TAIL = 4  # lines shown of a gate that passed
SOON = 0.5  # seconds; what a gate needs and took less was there already, and is not worth a line
NEEDS = {"venv": "virtual environment", "program": "program of the system"}


def opening(chosen: Sequence[Gate], lanes: int, logs: Path) -> None:
    """Say what is going to happen."""
    _say(f"{len(chosen)} gates in {lanes} lanes; the complete output of each goes to {os.path.relpath(logs)}/")


def started(job: Job) -> None:
    """Say that a gate has begun."""
    if not _is_need(job.name):
        _say(f"...... {job.name}")


def ended(job: Job, outcome: Outcome, logs: Path) -> None:
    """Print the end of the output of a job that passed, all of it for one that failed."""
    need_met = _is_need(job.name) and outcome.state == PASSED
    if need_met and outcome.seconds < SOON:
        return
    _say(f"{outcome.state:6} {job.name} ({outcome.seconds:.1f} s){': ' if outcome.why else ''}{outcome.why}")
    path = log_path(logs, job.name)
    if outcome.state == SKIPPED or not path.exists() or need_met:
        return
    lines = path.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    if outcome.state == PASSED:
        lines = [line for line in lines if not line.startswith("$ ")][-TAIL:]
    for line in lines:
        _say(f"       | {line}")


def summary(chosen: Sequence[Gate], outcomes: Mapping[str, Outcome], seconds: float, logs: Path) -> None:
    """The table of all jobs, slowest first; what was skipped and noted; pytest's closing lines last."""
    says = {gate.name: gate.says for gate in chosen}
    width = max(len(name) for name in outcomes)
    _say("", f"{'':7} {'gate':{width}} seconds")
    for name, outcome in sorted(outcomes.items(), key=lambda item: -item[1].seconds):
        if _is_need(name) and outcome.state == PASSED and outcome.seconds < SOON:
            continue
        _say(f"{outcome.state:7} {name:{width}} {outcome.seconds:7.1f}  {says.get(name) or NEEDS[name.split()[0]]}")
    for title, state in (("Not run here", SKIPPED), ("Failed", FAILED)):
        named = {name: outcome.why for name, outcome in outcomes.items() if outcome.state == state}
        if named:
            _say("", f"{title}:", *(f"  {name}: {why}" for name, why in named.items()))
    notes = [f"  {name}: {note}" for name, outcome in outcomes.items() for note in outcome.notes]
    if notes:
        _say("", "Left out:", *notes)
    counted = {
        state: sum(1 for gate in chosen if outcomes[gate.name].state == state) for state in (PASSED, FAILED, SKIPPED)
    }
    told = ", ".join(f"{count} {state.lower()}" for state, count in counted.items() if count)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    _say("", f"gates: {told}, in {_time(seconds)} ({_time(used.ru_utime + used.ru_stime)} of processor time);")
    _say(f"complete output in {os.path.relpath(logs)}/")
    for name, outcome in outcomes.items():
        for line in outcome.closing:
            _say(f"{name}:", line)


def _time(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _is_need(name: str) -> bool:
    return name.split()[0] in NEEDS


def log_path(logs: Path, name: str) -> Path:
    """The file that keeps the output of a job."""
    return logs / f"{name.replace(' ', '-')}.log"


def write_log(logs: Path, name: str, text: str) -> None:
    """Keep what a job without output of its own has to say."""
    log_path(logs, name).write_text(f"{text}\n", encoding="utf-8")


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
