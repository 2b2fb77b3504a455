# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible is ended in the middle of its work, by Ctrl-C, or killed, as ansible-runner does for a job that is cancelled.
Nothing can be told then, so what counts is what is sent, then and later. Its releases differ in what becomes of their
workers, so the gates run these with each ansible-core.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import typing as t
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import BIN, environment, inventory_of, summary_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

from .conftest import Play

NAMES = [f"db{number}" for number in range(60)]
PLAYBOOK = "rdsops.commvault.export_backup"
LIMIT_SECONDS = 60
WAIT = """
- name: Wait
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Wait
      rdsops.commvault.job_wait:
        job_ids: [148886]
        wait_interval: 1s
"""


class Running:
    """A playbook that runs until it is ended by a signal."""

    def __init__(self, place: Path, variables: dict[str, str], *arguments: str) -> None:
        self._process = subprocess.Popen(
            [str(BIN / "ansible-playbook"), *arguments],
            env=environment(variables),
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()

    def end(self, number: signal.Signals) -> int:
        """Send the signal to its group, as a terminal and ansible-runner do; returns the exit code."""
        os.killpg(self._process.pid, number)
        self._process.communicate(timeout=LIMIT_SECONDS)
        return self._process.returncode


def wait_until(happened: t.Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def variables(collections_path: str, connection: dict[str, str]) -> dict[str, str]:
    return {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 99), (signal.SIGKILL, -9)], ids=["Ctrl-C", "killed"])
def test_when_ansible_ends_nothing_more_is_sent_and_a_second_run_starts_nothing_twice(
    play: Play, simulator: Simulator, variables: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    simulator.reset({"clients": [{"name": "aws-prod", "instances": NAMES}]})
    simulator.order_fault({"path": "createtask"}, {"delay": 0.3}, times=None)
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(inventory_of(NAMES, "aws-prod"), encoding="utf-8")
    with Running(tmp_path, variables, "-i", str(inventory), PLAYBOOK) as running:
        wait_until(lambda: len(simulator.jobs()) >= 5)
        assert running.end(number) == code
    time.sleep(1)  # what was under way
    sent = len(simulator.writes())
    assert 5 <= sent < len(NAMES) / 2
    time.sleep(1)  # three times what a request takes
    assert len(simulator.writes()) == sent

    simulator.clear_faults()
    second = play(PLAYBOOK, inventory=inventory)
    assert second.rc == 0
    adopted = f"{sent} active, {len(NAMES) - sent} started"
    assert summary_of(second)[0] == f"{len(NAMES)} backups: {adopted}"
    assert Counter(job["instance"] for job in simulator.jobs()) == dict.fromkeys(NAMES, 1)


def test_when_ansible_is_killed_nobody_goes_on_waiting(
    simulator: Simulator, variables: dict[str, str], tmp_path: Path
) -> None:
    with commcell_of(simulator) as commcell:
        start_jobs(commcell, ["orders"])
    (tmp_path / "wait.yml").write_text(WAIT, encoding="utf-8")
    before = len(simulator.journal())
    with Running(tmp_path, variables, "wait.yml") as running:
        wait_until(lambda: len(simulator.journal()) >= before + 2)
        running.end(signal.SIGKILL)
    time.sleep(1)
    read = len(simulator.journal())
    time.sleep(2.5)  # for two polls
    assert len(simulator.journal()) == read
