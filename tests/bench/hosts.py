# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role over inventories of different sizes, beside plays of Ansible's own over the same hosts.

All cases of a size run one after the other in each run, so that a slow minute of the machine slows all of them. The
stub answers at once: what is measured is the controller. Memory is what all of Ansible's processes hold together at
the worst moment, pages that they share counted once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .events import Events, of_playbook
from .plan import WentWrong
from .stub import REFUSED, Stub
from .table import align

HERE = Path(__file__).resolve().parent
LIMIT = 1800  # seconds for one case
LOOKS_PER_SECOND = 4
# What is promised of the playbook for 5,000 hosts.
PROMISED = "<= 12 s, 110 MB"


@dataclass(frozen=True)
class Case:
    """One play. what: a playbook of playbooks/. starts: whether it starts a backup of each host. most: the largest
    number of hosts that it is run for. refused: for how many the server refuses to start one. variables: of the command
    line. promised: at most so much of what one "debug" on each host takes.
    """

    says: str
    what: str
    starts: bool
    most: int = 1000
    refused: int = 0
    variables: tuple[str, ...] = ()
    promised: float | None = None

    @property
    def playbook(self) -> Path:
        """Where it is."""
        return HERE / "playbooks" / f"{self.what}.yml"


OWN_RESULTS = ("-e", "oracle_rds_export_backup_host_results=true")
ROLE = Case("the playbook export_backup", "hosts_role", starts=True, most=1_000_000, promised=0.35)
DEBUG = Case("debug on each host", "hosts_debug", starts=False)
CASES = (
    Case("one task for all hosts that does nothing", "hosts_once", starts=False, most=1_000_000),
    DEBUG,
    ROLE,
    Case("  5 of them refused", "hosts_role", starts=True, refused=5, promised=2.0),
    Case("  a result for each host", "hosts_role", starts=True, variables=OWN_RESULTS, promised=2.0),
    Case("roles: with run_once", "hosts_roles_once", starts=True, promised=0.35),
    Case("roles:", "hosts_roles", starts=True, promised=2.6),
    Case("  a result for each host", "hosts_roles", starts=True, variables=OWN_RESULTS, promised=3.5),
    Case("import_role", "hosts_import_role", starts=True, promised=2.6),
    Case("uri on each host", "hosts_uri", starts=True, most=100),
)


@dataclass(frozen=True)
class Sample:
    """One run: seconds on the clock, seconds of CPU time, megabytes."""

    seconds: float
    cpu: float
    megabytes: float


def inventory(hosts: int, refused: int = 0) -> dict[str, object]:
    """An inventory of so many hosts, as JSON has it; of the last ones the stub refuses to start backups."""
    named = {f"db{number:05}.example.com": {"commvault_instance_name": f"db{number:05}"} for number in range(hosts)}
    for one in list(named.values())[hosts - refused :]:
        one["commvault_instance_name"] += REFUSED
    return {"oracle_rds": {"hosts": named, "vars": {"commvault_client_name": "aws-prod"}}}


def measure(stub: Stub, case: Case, hosts: int, place: Path) -> Sample:
    """Run a case once in an empty directory. Raises WentWrong unless the server saw a backup of each host, or none."""
    source, variables = _prepare(stub, hosts, place, case.refused)
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(source), *case.variables, str(case.playbook)]
    stub.reset()
    output = place / "output"
    started = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watch = _Watch(process.pid)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds, megabytes = time.perf_counter() - started, watch.stop()
    backups = stub.reset()["backups"]
    as_planned = process.returncode == (2 if case.refused else 0)
    if not as_planned or backups != (hosts - case.refused if case.starts else 0):
        text = output.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise WentWrong(f"{case.says}, {hosts} hosts: status {process.returncode}, {backups} backups\n{text}")
    return Sample(seconds, used.ru_utime + used.ru_stime, megabytes)


def measure_events(stub: Stub, hosts: int, place: Path) -> Events:
    """What the role over so many hosts leaves in events. Raises WentWrong."""
    source, variables = _prepare(stub, hosts, place)
    stub.reset()
    try:
        return of_playbook(ROLE.playbook, source, place / "runner", variables, LIMIT)
    except RuntimeError as exc:
        raise WentWrong(f"{ROLE.says}, {hosts} hosts: {exc}") from exc


def _prepare(stub: Stub, hosts: int, place: Path, refused: int = 0) -> tuple[Path, dict[str, str]]:
    """The inventory and the environment of a play."""
    source = place / f"hosts{hosts}.json"
    source.write_text(json.dumps(inventory(hosts, refused)), encoding="utf-8")
    (place / "ansible.cfg").write_text("[defaults]\nforks = 5\n", encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "COMMVAULT_"))}
    variables.update(
        ANSIBLE_COLLECTIONS_PATH=os.environ.get("ANSIBLE_COLLECTIONS_PATH", ""),
        ANSIBLE_CONFIG=str(place / "ansible.cfg"),
        ANSIBLE_HOME=str(place / "home"),
        COMMVAULT_URL=stub.url,
        COMMVAULT_AUTH_TOKEN="bench-token",
    )
    return source, variables


class _Watch:
    """Looks at the memory of a session's processes until it is stopped."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """The most that they held, in megabytes; 0 where the system does not tell."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(1 / LOOKS_PER_SECOND):
            self._peak = max(self._peak, sum(map(_megabytes, _processes(self._session))))


def _processes(session: int) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # After the name in brackets: state, parent, group, session.
            if process.joinpath("stat").read_text().rpartition(")")[2].split()[3] == str(session):
                found.append(process)
        except (OSError, IndexError):
            continue
    return found


def _megabytes(process: Path) -> float:
    """The memory of a process, of shared pages its share."""
    try:
        lines = process.joinpath("smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def run(sizes: Sequence[int], runs: int, place: Path) -> None:
    """Measure all cases that a size is not too large for, and print what came of it. Raises WentWrong."""
    samples: dict[tuple[int, Case], list[Sample]] = {}
    left: list[str] = []
    with Stub() as stub:
        for number in range(1, runs + 1):
            for size in sizes:
                for case in [case for case in CASES if size <= case.most]:
                    print(f"run {number} of {runs}: {size} hosts, {case.says}", flush=True)
                    samples.setdefault((size, case), []).append(measure(stub, case, size, place))
        for size in sizes:
            print(f"{size} hosts, {ROLE.says}, under ansible-runner", flush=True)
            left.append(measure_events(stub, size, place).told(size))
    print(f"\nMedians of {runs} runs.\n")
    print(render(sizes, samples))
    print("\nWhat the role leaves in the events of ansible-runner, and so of AWX:\n")
    print("\n".join(left))


def render(sizes: Sequence[int], samples: dict[tuple[int, Case], list[Sample]]) -> str:
    """The table: seconds, CPU seconds, megabytes, and the share of a "debug" on each host, within each run."""
    rows = [["", "seconds", "CPU s", "MB", "of debug", "promised"]]
    for size in sizes:
        rows.append([f"{size} hosts"])
        for case in CASES:
            taken = samples.get((size, case))
            if not taken:
                continue
            held = samples.get((size, DEBUG))
            ratios = [one.seconds / other.seconds for one, other in zip(taken, held or (), strict=False)]
            promised = f"<= {case.promised:.2f} of debug" if case.promised and size == DEBUG.most else ""
            if case is ROLE and size == 5000:
                promised = PROMISED
            rows.append(
                [
                    f"  {case.says}",
                    f"{median(one.seconds for one in taken):.2f}",
                    f"{median(one.cpu for one in taken):.2f}",
                    f"{median(one.megabytes for one in taken):.0f}",
                    f"{median(ratios):.2f}" if ratios else "",
                    promised,
                ]
            )
    return align(rows, max(len(row[0]) for row in rows))
