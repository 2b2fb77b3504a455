# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: ways to start backups side by side in one run, against a stub that answers after a set time."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from . import hosts, inventory, protection
from .plan import Case, Plan, WentWrong
from .stub import Stub
from .table import Sample, Samples, render

HERE = Path(__file__).resolve().parent
TOKEN = "bench-token"
LIMIT = 600  # seconds for one case


class Bench:
    """Runs cases in a scratch directory against a stub."""

    def __init__(self, stub: Stub, scratch: Path, concurrency: int) -> None:
        self._stub, self._scratch, self._concurrency = stub, scratch, concurrency
        (scratch / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")

    def measure(self, case: Case, latency: float) -> Sample:
        """Run a case once. Raises WentWrong unless the server saw what the case promises."""
        command = self._floor(case) if case.what == "floor" else self._playbook(case)
        self._stub.reset(latency)
        cpu, started = _children_cpu(), time.perf_counter()
        done = subprocess.run(
            command,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        seconds, cpu = time.perf_counter() - started, _children_cpu() - cpu
        counts = self._stub.reset()
        too_many = counts["requests"] > case.backups + case.looks or counts["connections"] > case.connections
        if done.returncode or counts["backups"] != case.backups or too_many:
            raise WentWrong(
                f"{case.says}, {case.backups} backups: exit code {done.returncode}, the server counted {counts}\n"
                + done.stdout[-4000:]
            )
        return Sample(seconds, cpu, counts["requests"], counts["connections"])

    def _floor(self, case: Case) -> list[str]:
        size = (str(case.backups), str(self._concurrency))
        return [sys.executable, str(HERE / "floor.py"), self._stub.url, TOKEN, *size]

    def _playbook(self, case: Case) -> list[str]:
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "bench_url": self._stub.url,
            "bench_token": TOKEN,
            "bench_concurrency": self._concurrency,
            "bench_instances": [
                {"client_name": "aws-prod", "instance_name": f"orders{number:05}"} for number in range(case.backups)
            ],
        }
        path = self._scratch / "variables.json"
        path.write_text(json.dumps(variables), encoding="utf-8")
        playbook = HERE / "playbooks" / f"{case.what}.yml"
        return [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-e", f"@{path}", str(playbook)]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "COMMVAULT_"))}
        kept["ANSIBLE_COLLECTIONS_PATH"] = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")
        kept.update(ANSIBLE_CONFIG=str(self._scratch / "ansible.cfg"), ANSIBLE_HOME=str(self._scratch / "home"))
        return kept


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rounds(plan: Plan, latencies: list[float], runs: int) -> Iterator[tuple[int, Case, float]]:
    """Every case at every latency in each run, those of a latency one after the other and the other way round in every
    second run, so that neither a slow minute of the machine nor the order favors one of them.
    """
    for run in range(1, runs + 1):
        for latency in latencies:
            for case in plan.cases if run % 2 else reversed(plan.cases):
                yield run, case, latency


def compare(options: argparse.Namespace, scratch: Path) -> None:
    """Measure the ways to start backups, and print the table. Raises WentWrong."""
    plan = Plan(options.backups, options.loop, options.concurrency)
    samples = Samples(options.latency)
    started, run = time.monotonic(), 0
    with Stub() as stub:
        bench = Bench(stub, scratch, options.concurrency)
        for number, case, latency in rounds(plan, options.latency, options.runs):
            if number != run:
                run = number
                print(f"run {run} of {options.runs}, {time.monotonic() - started:.0f} s so far", flush=True)
            samples.add(case, latency, bench.measure(case, latency))
    print(
        f"\nMedians of {options.runs} runs. Seconds from the start of the process to its end, by how long a call takes"
        "\nat the server; seconds of CPU time, for what other work on this machine does to the clock; what the server"
        "\ncounted. Ratios are the medians of the ratios within each run.\n"
    )
    print(render(plan, samples))


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small run, to see that it works")
    parser.add_argument("--backups", type=int, default=200, metavar="N", help="in one fleet call (default: 200)")
    parser.add_argument("--loop", type=int, default=4, metavar="N", help="in a loop (default: 4)")
    parser.add_argument(
        "--hosts",
        type=lambda text: [int(part) for part in text.split(",")],
        metavar="N,...",
        help="measure plays over inventories of so many hosts instead, such as 100,1000,5000",
    )
    parser.add_argument(
        "--inventory",
        action="store_true",
        help=f"measure the inventory plugin on a CommCell of {inventory.SUBCLIENTS} subclients instead",
    )
    parser.add_argument(
        "--protection",
        action="store_true",
        help=f"measure the survey of {protection.DATABASES} databases beside a bare script that reads the same instead",
    )
    parser.add_argument("--concurrency", type=int, default=4, metavar="N", help="requests at once (default: 4)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="how often all is measured (default: 3)")
    parser.add_argument(
        "--latency",
        type=lambda text: [float(part) for part in text.split(",")],
        default=[0.0, 50.0, 150.0],
        metavar="MS,...",
        help="milliseconds that a call takes (default: 0,50,150)",
    )
    options = parser.parse_args(given)
    if options.quick:
        options.backups, options.loop, options.runs, options.latency = 40, 2, 1, [0.0, 50.0]
    if min(options.backups, options.loop, options.concurrency, options.runs) < 1 or min(options.latency) < 0:
        parser.error("numbers must be positive")
    return options


def main() -> int:
    """Measure and print; 1 if a case went wrong."""
    options = arguments()
    print(
        f"ansible-core {version('ansible-core')}, Python {platform.python_version()}, requests {version('requests')},"
        f" {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start",
        flush=True,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            if options.hosts:
                hosts.run(options.hosts, options.runs, Path(scratch))
            elif options.inventory:
                inventory.run(Path(scratch))
            elif options.protection:
                protection.run(options.runs)
            else:
                compare(options, Path(scratch))
    except WentWrong as exc:
        print(f"bench: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
