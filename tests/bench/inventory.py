# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the inventory of a large CommCell takes, and how much memory: read anew and from the cache.

``PYTHONPATH=tests python -m bench.inventory --clients 3600 --subclients 10000 --latency 20`` runs ansible-inventory of
this Python's environment against the simulator, for each way to read, and then from the cache. "plugin" is the time of
the plugin's parse() alone and "of it CPU" its processor time, the better number on a busy machine; "command" is that of
the whole command with Ansible's own start and output.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600  # seconds for one run

# Run by the Python of Ansible: the way in which ansible-inventory reads a source, with a clock at the plugin.
PROBE = """
import json, resource, sys, time
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
from ansible.plugins.loader import init_plugin_loader, inventory_loader
init_plugin_loader()
plugin = type(inventory_loader.get("rdsops.commvault.oracle_rds"))
parse, spent = plugin.parse, []
def timed(*args, **kwargs):
    started = time.perf_counter(), time.process_time()
    parse(*args, **kwargs)
    spent.extend((time.perf_counter() - started[0], time.process_time() - started[1]))
plugin.parse = timed
inventory = InventoryManager(loader=DataLoader(), sources=[sys.argv[1]])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"plugin": spent[0], "cpu": spent[1], "hosts": len(inventory.hosts), "peak_mb": peak}))
"""


def run(command: list[str], variables: dict[str, str], place: Path) -> tuple[str, float]:
    """What a command wrote, and its seconds. Raises RuntimeError if it failed or warned."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        env=variables,
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode or "WARNING" in done.stderr:
        raise RuntimeError(f"{' '.join(command[:3])}: {done.stderr[-4000:]}")
    return done.stdout, time.perf_counter() - started


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=3600)
    parser.add_argument("--subclients", type=int, default=10000)
    parser.add_argument("--database-clients", type=int, help="how many of the clients have databases; all by default")
    parser.add_argument("--latency", type=float, default=20, help="milliseconds that each call takes at the server")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--only", help="one way to read, by its name in the table")
    arguments = parser.parse_args()
    generate = {"clients": arguments.clients, "subclients": arguments.subclients, "backed_up": True}
    generate["database_clients"] = arguments.database_clients or arguments.clients
    cases: dict[str, tuple[dict[str, object], dict[str, object]]] = {
        "auto": ({}, {}),
        "auto, no V4/Instances": ({"v4_discovery": False}, {}),
        "source: instances": ({}, {"source": "instances"}),
        "auto, no history": ({}, {"history": "0"}),
    }
    print(f"{generate}, {arguments.latency:g} ms a call, {arguments.concurrency} requests at once")
    print(f"{'':24}{'hosts':>8}{'reads':>8}{'plugin':>10}{'of it CPU':>12}{'command':>10}{'peak':>10}")
    with tempfile.TemporaryDirectory() as scratch, Simulator({"generate": generate}, lifetime=3600) as simulator:
        place = Path(scratch)
        for says, (settings, options) in cases.items():
            if arguments.only not in (None, says):
                continue
            simulator.reset({"generate": generate})
            simulator.set(latency_ms=arguments.latency, **settings)
            _measure(says, {"concurrency": arguments.concurrency, **options}, simulator, place)


def _measure(says: str, options: dict[str, object], simulator: Simulator, place: Path) -> None:
    cache = place / says.replace(" ", "-").replace("/", "-")
    config = {
        "plugin": "rdsops.commvault.oracle_rds",
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(cache),
        **options,
    }
    path = place / "bench.commvault_rds.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    links = place / "collections" / "ansible_collections" / "rdsops"
    links.mkdir(parents=True, exist_ok=True)
    if not (links / "commvault").exists():
        (links / "commvault").symlink_to(ROOT)
    variables = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(place / "collections"),
        "COMMVAULT_URL": simulator.url,
        "COMMVAULT_AUTH_TOKEN": simulator.token,
    }
    probe = [sys.executable, "-c", PROBE, str(path)]
    command = [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(path), "--graph"]
    for name, first in ((says, lambda: None), (f"{says}, cached", None)):
        _line(name, first, probe, command, variables, simulator, place, cache)


def _line(
    says: str,
    first: Callable[[], None] | None,
    probe: list[str],
    command: list[str],
    variables: dict[str, str],
    simulator: Simulator,
    place: Path,
    cache: Path,
) -> None:
    before = len(simulator.journal())
    facts = json.loads(run(probe, variables, place)[0])
    reads = len(simulator.journal()) - before
    if first is not None:
        for entry in cache.iterdir():
            entry.unlink()
    _output, seconds = run(command, variables, place)
    times = f"{facts['plugin']:>8.2f} s{facts['cpu']:>10.2f} s{seconds:>8.2f} s"
    print(f"{says:24}{facts['hosts']:>8}{reads:>8}{times}{facts['peak_mb']:>7.0f} MB", flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
