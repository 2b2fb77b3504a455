# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the inventory of a large CommCell takes, and how much memory: read anew, and from the cache.

The simulator is the server. "plugin" is the time of the plugin's parse() alone and "of it CPU" its processor time, the
better number on a busy machine; "command" is "ansible-inventory --graph" with Ansible's own start and output. The last
line is a file with the same hosts in the same groups, for what of that is Ansible's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .plan import WentWrong
from .table import align

CLIENTS, SUBCLIENTS = 3600, 10_000
LATENCY = 20.0  # milliseconds of each call
LIMIT = 600  # seconds for one run

# Run by the Python of Ansible: the way in which ansible-inventory reads a source, with a clock at the plugin.
PROBE = """
import json, resource, sys, time
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
from ansible.plugins.loader import init_plugin_loader, inventory_loader
init_plugin_loader()
plugin = type(inventory_loader.get(sys.argv[2]))
parse, spent = plugin.parse, [0, 0]
def timed(*args, **kwargs):
    started = time.perf_counter(), time.process_time()
    parse(*args, **kwargs)
    spent[:] = time.perf_counter() - started[0], time.process_time() - started[1]
plugin.parse = timed
inventory = InventoryManager(loader=DataLoader(), sources=[sys.argv[1]])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": spent[0], "cpu": spent[1], "hosts": len(inventory.hosts), "megabytes": peak}))
"""


@dataclass(frozen=True)
class Case:
    """settings: of the simulator. options: of the plugin. promised: of the time of the plugin; that of a second run,
    from the cache, is promised for all alike.
    """

    says: str
    settings: dict[str, Any]
    options: dict[str, Any]
    promised: str = ""


CASES = (
    Case("auto", {}, {}, "<= 10 s"),
    Case("auto, no V4/Instances", {"v4_discovery": False}, {}, "<= 10 s"),
    Case("auto, no history", {}, {"history": "0"}, "<= 10 s"),
    Case("source: instances", {}, {"source": "instances"}),
)
CACHED = "<= 1 s"
HEAD = ["", "hosts", "reads", "plugin", "of it CPU", "command", "MB", "promised"]


def run(place: Path, clients: int = CLIENTS, subclients: int = SUBCLIENTS, latency: float = LATENCY) -> None:
    """Measure all cases in an empty directory, and print a table. latency: milliseconds. Raises WentWrong."""
    generate = {"clients": clients, "subclients": subclients, "database_clients": clients, "backed_up": True}
    print(f"{subclients} subclients of {clients} clients, {latency:g} ms a call", flush=True)
    rows = [HEAD]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "COMMVAULT_"))}
    variables["ANSIBLE_COLLECTIONS_PATH"] = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")
    with Simulator({"generate": generate}, lifetime=3600) as simulator:
        variables.update(COMMVAULT_URL=simulator.url, COMMVAULT_AUTH_TOKEN=simulator.token)
        bench = _Bench(simulator, place, variables)
        for case in CASES:
            simulator.reset({"generate": generate})
            simulator.set(latency_ms=latency, **case.settings)
            rows += bench.measure(case)
        rows.append(bench.measure_file())
    print()
    print(align(rows, max(len(row[0]) for row in rows)))


class _Bench:
    """Runs cases one after the other."""

    def __init__(self, simulator: Simulator, place: Path, variables: dict[str, str]) -> None:
        self._simulator, self._place, self._variables = simulator, place, variables
        self._source = place / "bench.commvault_rds.yml"
        self._cache = place / "cache"

    def measure(self, case: Case) -> list[list[str]]:
        """The rows of a case: read anew and from the cache."""
        print(f"{case.says}, and from the cache", flush=True)
        config = {
            "plugin": "rdsops.commvault.oracle_rds",
            "cache": True,
            "cache_plugin": "ansible.builtin.jsonfile",
            "cache_connection": str(self._cache),
            **case.options,
        }
        self._source.write_text(json.dumps(config), encoding="utf-8")
        self._forget()
        anew = self._line(case.says, "rdsops.commvault.oracle_rds", self._source, case.promised, self._forget)
        cached = self._line(f"{case.says}, cached", "rdsops.commvault.oracle_rds", self._source, CACHED)
        if cached[1:3] != [anew[1], "0"]:
            raise WentWrong(f"{case.says}: {anew[1]} hosts, then {cached[1]} from the cache with {cached[2]} reads")
        return [anew, cached]

    def measure_file(self) -> list[str]:
        """The row of a file with the hosts that the plugin made last."""
        command = [*self._ansible_inventory(self._source), "--list", "--export"]
        listed = json.loads(self._run(command)[0])
        variables = listed.pop("_meta")["hostvars"]
        listed["oracle_rds"]["hosts"] = [*variables]
        groups = {
            name: {"hosts": {host: variables[host] if name == "oracle_rds" else {} for host in group["hosts"]}}
            for name, group in listed.items()
            if group.get("hosts")
        }
        path = self._place / "file.json"
        path.write_text(json.dumps({"all": {"children": groups}}), encoding="utf-8")
        return self._line("a file", "ansible.builtin.yaml", path, "")

    def _line(self, says: str, plugin: str, source: Path, promised: str, before_command: Any = None) -> list[str]:
        before = len(self._simulator.journal())
        facts = json.loads(self._run([sys.executable, "-c", PROBE, str(source), plugin])[0])
        reads = len(self._simulator.journal()) - before
        if before_command:
            before_command()
        _output, seconds = self._run([*self._ansible_inventory(source), "--graph"])
        times = [f"{spent:.2f} s" for spent in (facts["seconds"], facts["cpu"], seconds)]
        return [says, str(facts["hosts"]), str(reads), *times, f"{facts['megabytes']:.0f}", promised]

    def _ansible_inventory(self, source: Path) -> list[str]:
        return [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(source)]

    def _forget(self) -> None:
        if self._cache.is_dir():
            for entry in self._cache.iterdir():
                entry.unlink()

    def _run(self, command: list[str]) -> tuple[str, float]:
        """What a command wrote, and its seconds. Raises WentWrong if it failed or warned."""
        started = time.perf_counter()
        done = subprocess.run(
            command,
            env=self._variables,
            cwd=self._place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        if done.returncode or "WARNING" in done.stderr:
            raise WentWrong(f"{' '.join(command[:1])}: {done.stderr[-4000:]}")
        return done.stdout, time.perf_counter() - started
