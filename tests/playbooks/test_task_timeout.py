# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks that have less time than they need. Ansible ends them by an alarm, which its releases do not do alike, so the
gates run these with each ansible-core.
"""

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun, inventory_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

from .conftest import Play

NAMES = [f"db{number}" for number in range(12)]
INVENTORY = inventory_of(NAMES, "aws-prod")
ROLE = """
- name: Back up
  hosts: oracle_rds
  gather_facts: false
  timeout: 2
  tasks:
    - name: Back up
      ansible.builtin.import_role:
        name: rdsops.commvault.oracle_rds_export_backup
        rolespec_validate: false
"""
MODULE = f"""
- name: Back up
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Back up
      rdsops.commvault.oracle_rds_export_backup:
        instances: {json.dumps([{"client_name": "aws-prod", "instance_name": name, "id": name} for name in NAMES])}
        concurrency: 1
      timeout: 2
      register: backup
      ignore_errors: true

    - name: Show what is known
      ansible.builtin.debug:
        msg: "{{{{ backup.backups | default(backup) }}}}"
"""
WAIT = """
- name: Wait
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Wait
      rdsops.commvault.job_wait:
        job_ids: [148886]
        wait_interval: 1s
        on_timeout: kill
      timeout: 2
"""


@pytest.fixture
def slow(simulator: Simulator) -> Simulator:
    """A CommServe with all databases, whose answers take half a second."""
    simulator.reset({"clients": [{"name": "aws-prod", "instances": NAMES}]})
    simulator.order_fault({"path": "createtask"}, {"delay": 0.5}, times=None)
    return simulator


def started(simulator: Simulator) -> list[str]:
    return sorted(str(job["job_id"]) for job in simulator.jobs())


def states(backups: list[dict[str, object]]) -> list[str]:
    return [str(one["state"]) for one in backups]


def told_of(run: PlaybookRun) -> list[dict[str, object]]:
    (fleet,) = run.tasks["Start the backups"].values()
    return list(fleet["results"].values())


def test_the_role_tells_all_that_was_started_when_its_time_is_over(play: Play, slow: Simulator) -> None:
    more = {"oracle_rds_export_backup_concurrency": 1}
    run = play(ROLE, inventory=INVENTORY, extravars=more)
    backups = told_of(run)
    known = sorted(str(job_id) for one in backups for job_id in one["job_ids"])  # type: ignore[attr-defined]
    assert known == started(slow)
    assert set(states(backups)) == {"started", "not_submitted"}
    left = [one["id"] for one in backups if one["state"] == "not_submitted"]
    assert sorted(run.failed) == sorted(map(str, left))
    assert all("the time was over that Ansible gives this task (timeout)" in text for text in run.failed.values())


def test_a_task_tells_all_that_was_started_when_its_time_is_over(play: Play, slow: Simulator) -> None:
    backups = play(MODULE).message("Show what is known")
    assert sorted(str(job_id) for one in backups for job_id in one["job_ids"]) == started(slow)
    assert set(states(backups)) == {"started", "not_submitted"}


def test_a_packed_module_ends_its_work_and_tells_of_it(play: Play, slow: Simulator) -> None:
    backups = play(MODULE.replace("      timeout: 2\n", "      timeout: 2\n      environment: {LANG: C}\n")).message(
        "Show what is known"
    )
    assert states(backups) == ["started"] * len(NAMES)
    assert len(started(slow)) == len(NAMES)


def test_a_wait_says_how_far_the_jobs_are_when_its_time_is_over(play: Play, simulator: Simulator) -> None:
    simulator.set(speed=1)
    with commcell_of(simulator) as commcell:
        start_jobs(commcell, ["orders"])
    run = play(WAIT)
    (result,) = run.tasks["Wait"].values()
    assert result["failed"] is True
    assert [job["state"] for job in result["jobs"]] == ["active"]
    assert "was still running after 00:00:0" in result["msg"]
    # on_timeout is about the timeout of the wait.
    assert {entry["path"].rpartition("/api/")[2] for entry in simulator.writes()} == {"createtask"}


def test_the_role_keeps_what_it_started_when_the_time_of_its_wait_is_over(play: Play, simulator: Simulator) -> None:
    simulator.set(speed=1)
    more = {"oracle_rds_export_backup_wait": True, "oracle_rds_export_backup_wait_interval": "1s"}
    run = play(ROLE, inventory="production.yml", extravars=more)
    (fleet,) = run.tasks["Wait for the jobs"].values()
    assert sorted(job_id for one in fleet["results"].values() for job_id in one["job_ids"]) == started(simulator)
    assert len(run.failed) == 3
    assert run.failed["orders.example.com"] == (
        "Job 148886 (still running): Running. Commvault goes on with it; to wait again, run ansible-playbook"
        " rdsops.commvault.wait_and_report -e oracle_rds_export_backup_follow_job_ids=148886."
    )
