# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start backups for a sample inventory on the simulator, wait for their jobs, and write a report.

``make demo`` calls it. By hand: an environment with ansible-core and the packages of meta/ee-requirements.txt and
tests/simulator/requirements.txt, the directory above ansible_collections/ on PYTHONPATH, and the collection where
ANSIBLE_COLLECTIONS_PATH says. Arguments go to ansible-playbook, such as ``--check`` or ``--limit``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = "rdsops.commvault.export_backup"
INVENTORY = "tests/demo/inventory.yml"
REPORT = "dist/demo/report.html"
VARIABLES = {"wait": "true", "wait_interval": "1s", "report_path": REPORT}
# Simulated seconds in a second: the jobs take up to ten minutes there.
SPEED = 30
LIMIT_SECONDS = 300


def main(arguments: Sequence[str]) -> int:
    """Run the demo; the exit code of ansible-playbook, or 1 if the CommServe knows nothing of what was started."""
    if not os.environ.get("ANSIBLE_COLLECTIONS_PATH"):
        print("ANSIBLE_COLLECTIONS_PATH must say where the collection is; make demo does it.", file=sys.stderr)
        return 2
    started = time.monotonic()
    command = [str(Path(sys.executable).with_name("ansible-playbook")), PLAYBOOK, "-i", INVENTORY]
    for name, value in VARIABLES.items():
        command += ["-e", f"oracle_rds_export_backup_{name}={value}"]
    command += arguments
    (ROOT / REPORT).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / REPORT).unlink(missing_ok=True)
    with Simulator(https=True, speed=SPEED, lifetime=LIMIT_SECONDS + 30) as simulator:
        assert simulator.https_url is not None
        assert simulator.ca_file is not None
        settings = {
            "COMMVAULT_URL": simulator.https_url,
            "COMMVAULT_AUTH_TOKEN": simulator.token,
            "COMMVAULT_CA_PATH": simulator.ca_file,
        }
        say("A simulated CommServe listens on this machine, with a certificate of its own CA. Nothing leaves it.")
        say(f"Its clock runs {SPEED} times as fast as yours.")
        for name, value in settings.items():
            say(f"$ export {name}={'...' if 'TOKEN' in name else value}")
        say(f"$ {shlex.join(['ansible-playbook', *command[1:]])}")
        try:
            status = subprocess.run(
                command, cwd=ROOT, env={**os.environ, **settings}, timeout=LIMIT_SECONDS, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            say(f"ansible-playbook was stopped after {LIMIT_SECONDS} s")
            return 1
        requests, jobs = len(simulator.writes()), len(simulator.jobs())
    if (ROOT / REPORT).exists():
        say(f"The report is {REPORT}; open it in a browser.")
    say(f"The CommServe was sent {requests} requests to start backups, and started {jobs} jobs.")
    if status == 0 and not requests and "--check" not in arguments:
        say("That cannot be: the playbook said that all is well.")
        return 1
    say(f"It took {time.monotonic() - started:.1f} s" + (f"; ansible-playbook ended with {status}." if status else "."))
    say("")
    say("To go on:")
    say("  make demo ARGS=--check                     what would be started, without starting it")
    say("  make demo ARGS='--limit production'        some of the hosts only")
    say("  make simulator                             the CommServe alone, for playbooks of your own")
    return status


def say(text: str) -> None:
    """Print a line of this script's own, in order with what Ansible prints."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
