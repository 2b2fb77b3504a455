# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make test``: environments, copies of the tree, gates in two lanes, and the summary."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from . import processes, programs, report, tree, venvs
from .lanes import FAILED, PASSED, SKIPPED, Job, Outcome
from .lanes import run as run_lanes
from .layout import DIST, WORK
from .stages import Gate, gates

LANES = 2
KEPT_RUNS = 5


class UnknownGate(Exception):
    """A name that is neither a gate nor a group of gates."""


def choose(wanted: Sequence[str]) -> list[Gate]:
    """The gates with these names or groups, with the gates that they need before them; when none is named, all but
    those that are on demand.
    """
    everything = gates()
    names = {gate.name for gate in everything}
    unknown = sorted(set(wanted) - names - {gate.group for gate in everything})
    if unknown:
        groups = sorted({gate.group for gate in everything})
        raise UnknownGate(
            f"no gate {', '.join(unknown)}; there are {', '.join(sorted(names))}, in groups {', '.join(groups)}"
        )
    chosen = {gate.name for gate in everything if gate.name in wanted or gate.group in wanted}
    if not wanted:
        chosen = {gate.name for gate in everything if not gate.on_demand}
    chosen |= {name for gate in everything if gate.name in chosen for name in gate.after}
    return [gate for gate in everything if gate.name in chosen]


def run_gates(wanted: Sequence[str], *, keep_tarball: bool = False) -> int:
    """Run the gates; 0 when all that could run passed, 1 otherwise."""
    chosen = choose(wanted)
    logs = _log_directory()
    scratch = Path(tempfile.mkdtemp(prefix="commvault-gates-"))
    run = _Run(scratch, logs)
    since = time.monotonic()
    report.opening(chosen, LANES, logs)
    try:
        outcomes = run_lanes(
            run.jobs(chosen), LANES, report.started, lambda job, outcome: report.ended(job, outcome, logs)
        )
        if keep_tarball and run.tarballs():
            DIST.mkdir(exist_ok=True)
            print(f"kept {shutil.copy2(run.tarballs()[0], DIST)}")
    finally:
        processes.end_all()
        shutil.rmtree(scratch, ignore_errors=True)
    report.summary(chosen, outcomes, time.monotonic() - since, logs)
    nothing_ran = all(outcome.state == SKIPPED for outcome in outcomes.values())
    return 1 if nothing_ran or any(outcome.state == FAILED for outcome in outcomes.values()) else 0


class _Run:
    """One run: its scratch directory, its logs, and the environments made so far."""

    def __init__(self, scratch: Path, logs: Path) -> None:
        self.scratch, self.logs = scratch, logs
        self.dist = scratch / "dist"
        self.dist.mkdir()
        self.bins: dict[str, Path] = {}

    def jobs(self, chosen: Sequence[Gate]) -> list[Job]:
        """A job per gate, and before its first use one per environment and program."""
        made: list[str] = []
        jobs: list[Job] = []
        for gate in chosen:
            needed = f"program {gate.program}" if gate.program else ""
            if needed and needed not in made:
                made.append(needed)
                jobs.append(Job(needed, lambda name=gate.program: self.program(name)))  # type: ignore[misc]
            environments = (gate.environment, *gate.also)
            for name in environments:
                if name not in made:
                    made.append(name)
                    jobs.append(Job(f"venv {name}", lambda name=name: self.environment(name)))  # type: ignore[misc]
            after = (*(f"venv {name}" for name in environments), *({needed} - {""}), *gate.after)
            jobs.append(Job(gate.name, lambda gate=gate: self.gate(gate), after, gate.alone))  # type: ignore[misc]
        return jobs

    def environment(self, name: str) -> Outcome:
        """Make one virtual environment, or say why it cannot be here."""
        env = venvs.ENVIRONMENTS[name]
        missing = env.missing()
        if missing:
            return Outcome(SKIPPED, missing)
        try:
            self.bins[name], word = venvs.ensure(env)
        except venvs.CannotMake as exc:
            report.write_log(self.logs, f"venv {name}", str(exc))
            return Outcome(FAILED, f"the environment {name} could not be made")
        report.write_log(self.logs, f"venv {name}", word)
        return Outcome(PASSED, word)

    def program(self, name: str) -> Outcome:
        """See that a program of the system is there, or say why it is not."""
        try:
            word = programs.ensure(programs.PROGRAMS[name])
        except programs.CannotInstall as exc:
            return Outcome(SKIPPED, str(exc))
        report.write_log(self.logs, f"program {name}", word)
        return Outcome(PASSED, word)

    def gate(self, gate: Gate) -> Outcome:
        """Run the commands of one gate on its own copy of the tree, up to the first that fails."""
        home = self.scratch / gate.name
        places: dict[str, Any] = {
            "run": str(home),
            "tree": str(tree.copy(home, untracked=not gate.tracked_only)),
            "bin": str(self.bins[gate.environment]),
            "python": str(self.bins[gate.environment] / "python"),
            "python_of": {name: str(self.bins[name] / "python") for name in gate.also},
            "dist": str(self.dist),
            "tarball": str(self.tarballs()[0]) if gate.after else "",
        }
        network = gate.group == "sanity"  # ansible-test installs packages
        environment = processes.clean_environment(self.bins[gate.environment], home, network=network)
        environment.update({name: value.format(**places) for name, value in gate.variables.items()})
        path = report.log_path(self.logs, gate.name)
        filled = [[part.format(**places) for part in command] for command in gate.commands]
        with path.open("w", encoding="utf-8") as log, _alone_on_this_machine(gate.alone):
            why, deadline = "", time.monotonic() + gate.limit
            for command in filled:
                left = deadline - time.monotonic()
                why = why or processes.run(command, gate.cwd.format(**places), environment, left, log)
        reading = gate.reading(path.read_text(encoding="utf-8", errors="replace"))
        why = "; ".join([part for part in (why, *reading.problems) if part])
        notes = [*gate.notes, *reading.notes]
        loose = tree.untracked() if gate.tracked_only else []
        if loose:
            more = ", ..." if loose[3:] else ""
            notes.append(f"{len(loose)} files that git does not track: {', '.join(loose[:3])}{more}")
        return Outcome(FAILED if why else PASSED, why, notes, reading.closing)

    def tarballs(self) -> list[Path]:
        """What the build gate made: one file, or none yet."""
        return sorted(self.dist.glob("*.tar.gz"))


@contextlib.contextmanager
def _alone_on_this_machine(reason: str) -> Iterator[None]:
    """Wait until no run in another clone does what must not be done twice at a time."""
    if not reason:
        yield
        return
    with Path(tempfile.gettempdir(), f"commvault-gates-{os.getuid()}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _log_directory() -> Path:
    """A new directory for this run's logs; the oldest runs' are removed."""
    WORK.mkdir(exist_ok=True)
    for old in sorted(WORK.glob("logs-*"))[: -KEPT_RUNS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    logs = WORK / time.strftime(f"logs-%Y%m%d-%H%M%S-{os.getpid()}")
    logs.mkdir()
    return logs
