# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation: the real submission, recovery, waiting and token code in worlds drawn from a seed, with virtual time.

make chaos ARGS="--submissions 1000000"         the whole campaign, on all processors
make chaos ARGS="--seconds 60 --seed 7"         a slice of it
make chaos ARGS="--seed 7@variants"             CommCells that differ, each with the profile that the doctor proposes
make chaos ARGS="--replay 7:1234 --trace"       one world, with all that happened in it
make chaos ARGS="--replay 7:1234 --shrink"      the fewest events with which it still fails
make chaos ARGS="--events FILE"                 a world from such a list of events
make chaos ARGS="--same 1000"                   each of 1,000 seeds three times: the same traces
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
import typing as t
from collections import Counter
from pathlib import Path

PACKAGE = "ansible_collections.rdsops.commvault.tests.campaigns.simulation"
# Where this clone is importable as the collection, by the way on which it was imported.
COLLECTIONS = Path(__file__).absolute().parents[6]
SHOWN = 5  # worlds of each kind of finding


def main() -> int:
    """Run it; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(
        prog="simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=20_000, help="at least so many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="but no longer than this")
    parser.add_argument("--seed", default=None, help="of the campaign; drawn if it is not given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument("--replay", metavar="SEED:NUMBER", help="run this world alone")
    parser.add_argument("--events", metavar="FILE", help="run the world of these events alone")
    parser.add_argument("--shrink", action="store_true", help="find the fewest events with which it still fails")
    parser.add_argument("--trace", action="store_true", help="print everything that happens in it")
    parser.add_argument("--same", type=int, metavar="SEEDS", help="run worlds three times and compare the traces")
    parser.add_argument("--plant", metavar="FAULT", help="put this fault of planted.py into the code first")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(json.loads(options.worker))
    if options.replay or options.events:
        return replay(options)
    seed = str(random.SystemRandom().randrange(10**9)) if options.seed is None else options.seed
    if options.same:
        return compare(seed, options.same, options.jobs)
    return campaign(seed, options.submissions, options.seconds, options.jobs, options.plant)


def work(task: dict[str, t.Any]) -> int:
    """Be one of several processes: figures, findings and traces go to standard output, one JSON object a line."""
    from importlib import import_module

    runner = import_module(f"{PACKAGE}.campaign")
    if task.get("plant"):
        import_module(f"{PACKAGE}.planted").FAULTS[task["plant"]]()

    def tell(what: dict[str, t.Any]) -> None:
        print(json.dumps(what), flush=True)

    if "worlds" in task:
        for number in range(task["first"], task["worlds"], task["step"]):
            tell({"trace": [number, runner.run_world(f"{task['seed']}:{number}")[0].trace]})
        return 0
    runner.run_worlds(task["seed"], task["first"], task["step"], task["submissions"], task["seconds"], tell)
    return 0


def _spread(tasks: t.Sequence[dict[str, t.Any]], heard: t.Callable[[dict[str, t.Any]], None]) -> None:
    """Let each task be done by a process of its own, and hear what they tell. Raises RuntimeError if one fails."""
    lock = threading.Lock()
    processes = []

    def listen(process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            with lock:
                heard(json.loads(line))

    listeners = []
    for task in tasks:
        command = [sys.executable, "-m", PACKAGE, "--worker", json.dumps(task)]
        variables = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
        process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        listeners.append(threading.Thread(target=listen, args=(process,)))
        listeners[-1].start()
    try:
        for listener in listeners:
            listener.join()
    finally:
        for process in processes:
            process.terminate()
    if any(process.wait() for process in processes):
        raise RuntimeError("a process of the simulation failed; its error is above")


def campaign(seed: str, submissions: int, seconds: float, jobs: int, plant: str | None = None) -> int:
    """Run worlds in several processes and print what they show."""
    print(f"Simulation, seed {seed}: at least {submissions} submissions in {jobs} processes", flush=True)
    begun = shown = time.monotonic()
    counts: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    worlds: dict[str, list[str]] = {}

    def heard(what: dict[str, t.Any]) -> None:
        nonlocal shown
        counts.update(what.get("counts", {}))
        if "finding" in what:
            kind, *about = what["finding"]
            findings[kind] += what["count"]
            known = worlds.setdefault(kind, [])
            known.append(what["world"])
            if len(known) <= SHOWN:
                print(f"  {kind}: {' '.join(about)[:400]}")
                print(f"    make chaos ARGS='--replay {what['world']} --shrink'", flush=True)
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            print(f"  {counts['submissions']} submissions after {shown - begun:.0f} s", flush=True)

    tasks = [
        {"seed": seed, "first": number, "step": jobs, "submissions": -(-submissions // jobs), "seconds": seconds}
        | ({"plant": plant} if plant else {})
        for number in range(jobs)
    ]
    _spread(tasks, heard)
    show(counts, findings, worlds, time.monotonic() - begun)
    return 1 if findings else 0


def show(counts: Counter[str], findings: Counter[str], worlds: dict[str, list[str]], seconds: float) -> None:
    """Print the figures."""
    print(f"{counts['submissions']} submissions in {counts['worlds']} worlds, {seconds:.0f} s")
    for prefix in ("state ", "unknown: "):
        total = sum(number for name, number in counts.items() if name.startswith("state "))
        for name, number in sorted(counts.items(), key=lambda item: -item[1]):
            if name.startswith(prefix):
                print(
                    f"  {name[len(prefix) if prefix == 'state ' else 0 :]:60} {number:9}  {100 * number / total:7.3f} %"
                )
    for name, number in sorted(counts.items()):
        if not name.startswith(("state ", "unknown: ", "submissions")):
            print(f"  {name:60} {number:9}")
    print(f"  {'requests per backup':60} {counts['requests'] / max(1, counts['submissions']):9.2f}")
    for kind, number in findings.most_common():
        print(f"BROKEN {kind}: {number} in {len(worlds[kind])} worlds, such as {' '.join(worlds[kind][:SHOWN])}")
    if not findings:
        print("Every promise was kept.")


def compare(seed: str, worlds: int, jobs: int) -> int:
    """Whether three runs of each world, each in a process of its own, leave the same trace."""
    traces: dict[int, list[str]] = {}

    def heard(what: dict[str, t.Any]) -> None:
        number, trace = what["trace"]
        traces.setdefault(number, []).append(trace)

    for _time in range(3):
        _spread(
            [{"seed": seed, "first": first, "step": jobs, "worlds": worlds} for first in range(jobs)],
            heard,
        )
    different = sorted(number for number, found in traces.items() if len(found) != 3 or len(set(found)) != 1)
    same = len(traces) - len(different)
    print(f"Seed {seed}: {same} of {worlds} worlds left the same trace three times")
    for number in different[:SHOWN]:
        print(f"  different: {seed}:{number}")
    return 1 if different or len(traces) != worlds else 0


def replay(options: argparse.Namespace) -> int:
    """Run one world and say what is wrong with it."""
    from importlib import import_module

    world, scenarios = import_module(f"{PACKAGE}.world"), import_module(f"{PACKAGE}.scenario")
    checker, runner = import_module(f"{PACKAGE}.checker"), import_module(f"{PACKAGE}.campaign")
    if options.plant:
        import_module(f"{PACKAGE}.planted").FAULTS[options.plant]()
    if options.events:
        content = json.loads(Path(options.events).read_text(encoding="utf-8"))
        scenario = scenarios.Scenario(content["seed"], tuple(content["events"]))
    else:
        scenario = scenarios.draw(options.replay)
    if options.shrink:
        scenario = runner.shrink_world(scenario)
    outcome = world.World(scenario, keep_lines=True).run()
    if options.shrink or options.trace:
        print(json.dumps({"seed": scenario.seed, "events": scenario.events}, indent=1))
    if options.trace:
        print("\n".join(outcome.lines))
    verdict = checker.check(outcome)
    for finding in verdict.findings:
        print(f"BROKEN {finding.kind}: {finding.launch} {finding.instance} {finding.text}")
    print(f"{len(scenario.events)} events, {verdict.counts['submissions']} submissions, trace {outcome.trace}")
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
