# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C in the middle of a start: nothing can be told any more, so what counts is what is sent, then and later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from simulator.harness import Simulator
from support.playbooks import BIN, environment

from .conftest import Play

NAMES = [f"db{number}" for number in range(60)]
PLAYBOOK = "rdsops.commvault.export_backup"
LIMIT_SECONDS = 60


def test_after_an_interrupt_nothing_more_is_sent_and_a_second_run_starts_nothing_twice(
    play: Play, simulator: Simulator, collections_path: str, connection: dict[str, str], tmp_path: Path
) -> None:
    simulator.reset({"clients": [{"name": "aws-prod", "instances": NAMES}]})
    simulator.order_fault({"path": "createtask"}, {"delay": 0.3}, times=None)
    hosts = {name: {"commvault_client_name": "aws-prod", "commvault_instance_name": name} for name in NAMES}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(json.dumps({"oracle_rds": {"hosts": hosts}}, indent=1), encoding="utf-8")
    running = subprocess.Popen(
        [str(BIN / "ansible-playbook"), "-i", str(inventory), PLAYBOOK],
        env=environment({"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + LIMIT_SECONDS
        while len(simulator.jobs()) < 5 and time.monotonic() < end:
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        output, _ = running.communicate(timeout=LIMIT_SECONDS)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 99, output
    time.sleep(2)  # what was under way
    sent = len(simulator.writes())
    assert 5 <= sent < len(NAMES) / 2
    time.sleep(2)
    assert len(simulator.writes()) == sent

    simulator.clear_faults()
    second = play(PLAYBOOK, inventory=inventory)
    assert second.rc == 0
    adopted = f"{sent} active, {len(NAMES) - sent} started"
    assert second.message("Show | Show what became of the backups")[0] == f"{len(NAMES)} backups: {adopted}"
    assert Counter(job["instance"] for job in simulator.jobs()) == dict.fromkeys(NAMES, 1)
