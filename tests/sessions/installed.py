# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use the collection as a user does who has the tarball and nothing else of this project.

``installed.py TARBALL [PYTHON...]`` installs it to an empty path, runs its playbook by full name over an inventory, and
its module from a shell, also with each of these Pythons in the part of the managed node. It counts at the simulator
what was started. Run with the Python of an environment that holds ansible-core and the simulator, and with the
directory above ansible_collections/ on PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

MODULE = "rdsops.commvault.oracle_rds_export_backup"
PLAYBOOK = "rdsops.commvault.export_backup"
# Two instances of the simulator's sample estate.
INVENTORY = """
oracle_rds:
  hosts:
    orders:
      commvault_instance_name: orders
    billing:
      commvault_instance_name: billing
  vars:
    commvault_client_name: aws-prod
"""
BIN = Path(sys.executable).parent


class Installed:
    """A directory with the installed collection and nothing else, and the simulator to work with."""

    def __init__(self, place: Path, simulator: Simulator) -> None:
        self.place, self.simulator = place, simulator
        assert simulator.https_url is not None
        assert simulator.ca_file is not None
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.environment.update(
            ANSIBLE_COLLECTIONS_PATH=str(place / "collections"),
            ANSIBLE_DEPRECATION_WARNINGS="true",
            ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
            ANSIBLE_LOCALHOST_WARNING="false",
            COMMVAULT_URL=simulator.https_url,
            COMMVAULT_AUTH_TOKEN=simulator.token,
            COMMVAULT_CA_PATH=simulator.ca_file,
        )

    def call(self, program: str, *arguments: str) -> str:
        """Run one of Ansible's commands from an empty directory; what it wrote. Failures and warnings end the gate."""
        print(f"$ {program} {' '.join(arguments)}", flush=True)
        with tempfile.TemporaryDirectory(dir=self.place) as empty:
            done = subprocess.run(
                [str(BIN / program), *arguments],
                cwd=empty,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=180,
                check=False,
            )
        warned = "WARNING]" in done.stdout
        if done.returncode or warned or program != "ansible-doc":
            print(done.stdout, flush=True)
        if done.returncode or warned:
            raise SystemExit(f"{program} {'warned' if warned else f'ended with {done.returncode}'}")
        return done.stdout

    def check_started(self, expected: int, output: str) -> None:
        """The simulator knows as many new jobs as it should, one request each, and their ids are in the output."""
        writes, jobs = self.simulator.writes(), self.simulator.jobs()
        if (len(writes), len(jobs)) != (expected, expected):
            raise SystemExit(f"expected {expected} backups, the simulator saw {len(writes)} requests, {len(jobs)} jobs")
        missing = [str(job["job_id"]) for job in jobs if str(job["job_id"]) not in output]
        if missing:
            raise SystemExit(f"the output does not name job {', '.join(missing)}")
        self.simulator.reset()

    def install(self, tarball: Path) -> None:
        """Install the tarball, and ask Ansible for what it finds there."""
        self.call("ansible-galaxy", "collection", "install", "--offline", "-p", self.collections, str(tarball))
        # Private files and missing documentation would come out here.
        listed = json.loads(self.call("ansible-doc", "--list", "--json", "rdsops.commvault"))
        self.call("ansible-doc", *listed)

    @property
    def collections(self) -> str:
        """The path that holds the collection, and no other."""
        return self.environment["ANSIBLE_COLLECTIONS_PATH"]

    def run_module(self, python: str) -> None:
        """From a shell, with ``python`` in the part of the managed node; in check mode first."""
        arguments = ["localhost", "-c", "local", "-e", f"ansible_python_interpreter={python}"]
        arguments += ["-m", MODULE, "-a", "client_name=aws-prod instance_name=orders"]
        self.check_started(0, self.call("ansible", *arguments, "--check"))
        self.check_started(1, self.call("ansible", *arguments))

    def run_playbook(self) -> None:
        """By full name, over an inventory of two; in check mode first."""
        inventory = self.place / "inventory.yml"
        inventory.write_text(INVENTORY, encoding="utf-8")
        arguments = [PLAYBOOK, "-i", str(inventory)]
        self.check_started(0, self.call("ansible-playbook", *arguments, "--check"))
        self.check_started(2, self.call("ansible-playbook", *arguments))


def main() -> None:
    """See the top of this file."""
    tarball, *pythons = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="installed-") as place, Simulator(https=True, lifetime=600) as simulator:
        installed = Installed(Path(place), simulator)
        installed.install(Path(tarball).resolve())
        installed.run_playbook()
        for python in (sys.executable, *pythons):
            installed.run_module(python)
        print(f"used by {len(pythons) + 1} Python(s), each backup started once")


if __name__ == "__main__":
    main()
