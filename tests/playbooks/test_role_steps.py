# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry points of the role, each alone, and the playbooks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import (
    BARE_FACTS,
    artifact_of,
    inventory_of,
    summary_of,
)
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

from .conftest import Play

ROLE = "rdsops.commvault.oracle_rds_export_backup"
FULL_DISK = "The disk is full."
INVENTORY = """
oracle_rds:
  vars: {commvault_client_name: aws-prod}
  hosts:
    orders.example.com: {commvault_instance_name: orders}
    archive.example.com: {commvault_instance_name: archive, commvault_client_name: aws-old}
    billing.example.com: {commvault_instance_name: billing}
    hr.example.com: {commvault_instance_name: hr}
"""


@pytest.fixture
def night(simulator: Simulator) -> Simulator:
    """One backup will be refused, one will fail."""
    simulator.script("billing", [{"state": "Running", "seconds": 30}, {"state": "Failed", "reason": FULL_DISK}])
    simulator.set(speed=600)
    return simulator


def test_each_step_can_be_a_play_of_its_own_and_goes_on_with_what_was_well(
    play: Play, night: Simulator, tmp_path: Path
) -> None:
    run = play("role_in_steps.yml", inventory=INVENTORY, extravars={"reports": str(tmp_path)})
    assert run.rc == 2
    assert sorted(run.failed) == ["archive.example.com", "billing.example.com"]
    assert run.failed["billing.example.com"].startswith(f"Job 148887 (failed): Failed. {FULL_DISK}")
    assert len(night.writes()) == 4
    went_on = {host: result["msg"] for host, result in run.tasks["Go on with what is well"].items()}
    assert went_on == dict.fromkeys(["orders.example.com", "hr.example.com"], "Completed")
    steps = [*run.tasks["Start the backups"].items(), *run.tasks["Wait for the jobs"].items()]
    # Tasks of the playbook that include the role are called like that, too.
    tables = {host: result["summary"][0] for host, result in steps if "summary" in result}
    assert tables == {
        # Of the second batch, and then of all after waiting.
        "billing.example.com": "2 backups: 2 started",
        "orders.example.com": "4 backups: 1 failed, 1 refused, 2 succeeded",
    }
    artifact = artifact_of(run)
    assert artifact["counts"]["results"] == {"failed": 1, "refused": 1, "succeeded": 2}
    report = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    assert {entry["id"]: entry["result"] for entry in report["backups"]} == {
        "archive.example.com": "refused",
        "billing.example.com": "failed",
        "orders.example.com": "succeeded",
        "hr.example.com": "succeeded",
    }


def test_a_dry_run_of_the_steps_starts_nothing_and_writes_nothing(play: Play, tmp_path: Path) -> None:
    run = play("role_in_steps.yml", inventory="production.yml", check=True, extravars={"reports": str(tmp_path)})
    assert run.result("Write the report")["msg"].startswith("Report of 3 backups: would write night.json")
    assert list(tmp_path.glob("*.json")) == []
    assert artifact_of(run) is None


def test_a_later_job_of_a_workflow_waits_for_what_an_earlier_one_started(
    play: Play, night: Simulator, tmp_path: Path
) -> None:
    first = play(
        "rdsops.commvault.start_only",
        inventory=INVENTORY,
        # Whatever else is set for all jobs.
        extravars={"oracle_rds_export_backup_wait": True},
    )
    assert list(first.failed) == ["archive.example.com"]
    artifact = artifact_of(first)
    assert artifact["counts"]["results"] == {"refused": 1, "started": 3}
    assert [one["id"] for one in artifact["failed"]] == ["archive.example.com"]

    # As a survey gives them: texts, empty ones too.
    answers = {
        "oracle_rds_export_backup_wait_interval": "1",
        "oracle_rds_export_backup_stuck_timeout": "",
        "oracle_rds_export_backup_report_path": f"{tmp_path}/night.json, {tmp_path}/night.html",
        "oracle_rds_export_backup_follow_job_ids": "",
        "oracle_rds_export_backup_summary_lines": "1",
    }
    handed_on = {"oracle_rds_export_backup_artifact": artifact}
    second = play("rdsops.commvault.wait_and_report", extravars={**handed_on, **answers})
    assert second.rc == 2
    assert summary_of(second)[0] == "4 backups: 1 failed, 1 refused, 2 succeeded"
    message = second.failed["localhost"]
    assert message.startswith("4 backups: 1 failed, 1 refused, 2 succeeded. [aws-prod/billing/default] Failed.")
    assert "[archive.example.com] No backup of instance 'archive'" in message
    assert artifact_of(second)["counts"]["results"] == {"failed": 1, "refused": 1, "succeeded": 2}
    assert artifact_of(second)["task_ids"] == artifact["task_ids"]
    assert len(artifact["task_ids"]) == 3
    report = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    assert report["summary"]["failed"] == 2
    assert (tmp_path / "night.html").is_file()
    assert len(night.writes()) == 4

    third = play("rdsops.commvault.job_status", extravars=handed_on)
    assert third.rc == 0
    assert summary_of(third)[0] == "4 backups: 1 failed, 1 refused, 2 succeeded"


def test_what_was_started_is_known_after_a_step_that_is_not_wanted_and_one_that_cannot_begin(
    play: Play, simulator: Simulator
) -> None:
    def step(entry: str, more: str = "") -> str:
        return f"""
    - name: Do {entry}
      ansible.builtin.import_role:
        name: {ROLE}
        tasks_from: {entry}
{more}"""

    def use(after: str) -> str:
        return f"""
    - name: Use what is known of this host after {after}
      ansible.builtin.debug:
        msg: "{{{{ oracle_rds_export_backup_job_ids }}}}"
"""

    text = """
- name: Start, and perhaps do more
  hosts: oracle_rds
  gather_facts: false
  tasks:
""" + step("start")
    entries = ("main", "start", "wait")
    for entry in entries:
        text += step(entry, "      when: false\n") + use(entry)
    text += step(
        "wait", "        rolespec_validate: false\n      vars: {oracle_rds_export_backup_on_timeout: explode}\n"
    )
    run = play(text, inventory="production.yml", env=BARE_FACTS)
    started = sorted(str(job["job_id"]) for job in simulator.jobs())
    assert len(started) == 3
    for entry in entries:
        known = [result["msg"] for result in run.tasks[f"Use what is known of this host after {entry}"].values()]
        assert sorted(known) == [[job_id] for job_id in started]
    # A wait that cannot begin fails every host and loses no job.
    assert sorted(run.failed) == ["billing.example.com", "hr.example.com", "orders.example.com"]
    assert all("on_timeout must be one of" in message for message in run.failed.values())
    assert sorted(artifact_of(run)["job_ids"]) == started


def test_a_list_whose_ids_are_names_of_other_hosts_is_followed_and_fails_the_play(
    play: Play, night: Simulator, tmp_path: Path
) -> None:
    instances = [
        {"id": "billing.example.com", "client_name": "aws-prod", "instance_name": "billing"},
        {"id": "archive.example.com", "client_name": "aws-old", "instance_name": "archive"},
        {"id": "hr.example.com", "client_name": "aws-prod", "instance_name": "hr"},
    ]
    run = play(
        f"""
- name: Back up a list
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Back up
      ansible.builtin.import_role:
        name: {ROLE}
""",
        inventory=INVENTORY,
        extravars={
            "oracle_rds_export_backup_instances": instances,
            "oracle_rds_export_backup_wait": True,
            "oracle_rds_export_backup_wait_interval": "1s",
            "oracle_rds_export_backup_report_path": f"{tmp_path}/list.json, {tmp_path}/list.html",
        },
        arguments=["--diff"],
    )
    counts = "1 failed, 1 refused, 1 succeeded"
    assert run.rc == 2
    assert summary_of(run)[0] == f"3 backups: {counts}"
    assert run.failed["localhost"].startswith(f"3 backups: {counts}.")
    report = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
    assert len(report["backups"]) == 3
    # The diff shows the requests and not the whole page of the report.
    assert (tmp_path / "list.html").is_file()
    assert '"instanceName": "billing"' in run.stdout
    assert "<html" not in run.stdout
    assert len(run.stdout) < 30_000


def test_in_a_workflow_in_which_all_was_refused_the_wait_is_red_and_what_is_not_named_is_warned_of(play: Play) -> None:
    cause = "No backup of instance 'archive' was started."
    artifact = {
        "task_ids": [],
        "job_ids": [],
        "counts": {"results": {"refused": 4}},
        "failed": [{"id": "archive.example.com", "result": "refused", "cause": cause}],
    }
    run = play(
        # AWX has the same inventory in each node.
        "rdsops.commvault.wait_and_report",
        inventory=INVENTORY,
        extravars={"oracle_rds_export_backup_artifact": artifact},
        warnings=True,
    )
    assert run.rc == 2
    assert run.failed["localhost"].startswith("1 backup: 1 refused. [archive.example.com] No backup of instance")
    (warning,) = run.warnings
    assert "3 more backups were not started in the run before" in warning


def test_what_an_earlier_play_did_for_hosts_of_other_batches_is_not_reported_again(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    """A host that failed then knows nothing newer of the others."""
    role = f"""
  tasks:
    - name: Back up
      ansible.builtin.import_role:
        name: {ROLE}
        rolespec_validate: false
"""
    text = f"""
- name: Back up
  hosts: oracle_rds
  gather_facts: false
{role}
- name: Back up again
  hosts: oracle_rds
  gather_facts: false
  serial: 1
{role}"""
    inventory = """
oracle_rds:
  vars: {commvault_client_name: aws-prod}
  hosts:
    archive: {commvault_instance_name: archive, commvault_client_name: aws-old}
    billing: {commvault_instance_name: billing}
    hr: {commvault_instance_name: hr}
"""
    more = {
        "oracle_rds_export_backup_on_running": "adopt",
        "oracle_rds_export_backup_wait": True,
        "oracle_rds_export_backup_wait_interval": "1s",
        "oracle_rds_export_backup_report_path": f"{tmp_path}/night.json",
    }
    simulator.set(speed=600)
    run = play(text, inventory=inventory, extravars=more)
    assert list(run.failed) == ["archive"]
    second = sorted(str(job["job_id"]) for job in simulator.jobs())[2:]
    assert len(second) == 2
    assert sorted(artifact_of(run)["job_ids"]) == second
    report = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    found = {entry["id"]: entry["job_ids"] for entry in report["backups"]}
    assert found == {"archive": [], "billing": [second[0]], "hr": [second[1]]}


def test_a_report_of_a_play_with_fewer_hosts_is_one_of_all_that_was_started(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    def step(hosts: str, name: str) -> str:
        return f"""
- name: Do a step
  hosts: {hosts}
  gather_facts: false
  tasks:
    - name: Do it
      ansible.builtin.import_role:
        name: {ROLE}
        tasks_from: {name}
        rolespec_validate: false
"""

    more = {"oracle_rds_export_backup_report_path": f"{tmp_path}/all.json"}
    run = play(step("oracle_rds", "start") + step("orders.example.com", "report"), inventory=INVENTORY, extravars=more)
    started = list(run.result("Start the backups")["results"])
    report = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert len(started) > 1
    assert sorted(entry["id"] for entry in report["backups"]) == sorted(started)


def test_jobs_are_followed_by_their_ids(play: Play, night: Simulator) -> None:
    night.set(speed=0)
    with commcell_of(night) as commcell:
        ids = " ".join(start_jobs(commcell, ["orders", "billing", "hr"]))
    night.advance(20)
    status = play("rdsops.commvault.job_status", extravars={"oracle_rds_export_backup_follow_job_ids": ids})
    assert status.rc == 0
    table = summary_of(status)
    assert table[0] == "3 backups: 3 active"
    assert {tuple(line.split()[:3]) for line in table[1:]} == {
        (f"aws-prod/{name}/default", "active", "job") for name in ("orders", "billing", "hr")
    }
    assert all("Running, " in line for line in table[1:])
    night.advance(600)
    waited = play("rdsops.commvault.wait_and_report", extravars={"oracle_rds_export_backup_follow_job_ids": ids})
    assert waited.rc == 2
    assert waited.failed["localhost"].startswith("3 backups: 1 failed, 2 succeeded. [aws-prod/billing/default]")


# tests/unit/plugins/plugin_utils/_fleet/test_step.py has more that can be wrong.
def test_what_is_wrong_with_later_steps_is_said_before_anything_is_started(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    (tmp_path / "dir.html").mkdir()
    wrong = {
        "on_timeout must be one of: leave, suspend, kill": {"on_timeout": "explode"},
        "wait_interval": {"wait_interval": "0"},
        "must_end_by": {"must_end_by": "25:00"},
        "The report: '/nowhere/night.html'": {"report_path": "/nowhere/night.html"},
        "dir.html' cannot be written: it is a directory": {"report_path": f"{tmp_path}/night.json,{tmp_path}/dir.html"},
    }
    tasks = [
        {
            "name": "Back up, or say why not",
            "block": [
                {
                    "name": "Back up",
                    "ansible.builtin.include_role": {"name": ROLE, "rolespec_validate": False},
                    "vars": {f"oracle_rds_export_backup_{name}": value for name, value in options.items()},
                }
            ],
            "rescue": [{"name": words, "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}],
        }
        for words, options in wrong.items()
    ]
    text = json.dumps([{"name": "Back up", "hosts": "oracle_rds", "gather_facts": False, "tasks": tasks}], indent=1)
    run = play(text, inventory="production.yml", extravars={"oracle_rds_export_backup_wait": True})
    assert run.rc == 0
    for words in wrong:
        told = {host: result["msg"] for host, result in run.tasks[words].items()}
        assert len(told) == 3
        for message in told.values():
            # What the module itself refuses is told in its words.
            assert message.startswith(("Nothing was started. ", "must_end_by must be "))
        # The others are told the beginning of a long cause.
        assert words in told["orders.example.com"]
    assert simulator.journal() == []


def test_jobs_that_cannot_be_read_any_more_count_as_failed_and_are_still_reported(
    play: Play, night: Simulator, tmp_path: Path
) -> None:
    night.order_fault({"path": "job*"}, {"kind": "unauthorized"}, times=1000)
    run = play(
        "rdsops.commvault.export_backup",
        inventory="production.yml",
        extravars={
            "oracle_rds_export_backup_wait": "true",
            "oracle_rds_export_backup_report_path": f"{tmp_path}/night.json",
        },
        warnings=True,
    )
    assert run.rc == 2
    assert sorted(run.failed) == ["billing.example.com", "hr.example.com", "orders.example.com"]
    assert summary_of(run)[0] == "3 backups: 3 not followed to the end"
    assert sorted(artifact_of(run)["job_ids"]) == ["148886", "148887", "148888"]
    report = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    assert report["summary"]["results"]["not_followed"] == 3


def test_a_report_that_cannot_be_written_is_found_out_before_anything_is_waited_for(
    play: Play, simulator: Simulator
) -> None:
    more = {
        "oracle_rds_export_backup_report_path": "/nowhere/night.html",
        "oracle_rds_export_backup_follow_job_ids": "148886",
    }
    run = play("rdsops.commvault.wait_and_report", extravars=more)
    assert run.failed["localhost"].startswith("Nothing was waited for; jobs that were started go on. The report: ")
    assert simulator.journal() == []


def test_a_report_alone_changes_no_host_and_if_it_cannot_be_written_fails_one(play: Play, tmp_path: Path) -> None:
    text = f"""
- name: Start, and report
  hosts: oracle_rds
  gather_facts: false
  tasks:
    - name: Start
      ansible.builtin.import_role:
        name: {ROLE}
        tasks_from: start

    - name: Report
      ansible.builtin.import_role:
        name: {ROLE}
        tasks_from: report
      vars:
        oracle_rds_export_backup_report_path: ["{tmp_path}/{"night" * 60}.json"]

    - name: Go on
      ansible.builtin.debug:
        msg: well
"""
    written = play(text.replace("night" * 60, "night"), inventory="production.yml")
    # The start of each was a change, and was told by the step before.
    assert {host: result["changed"] for host, result in written.tasks["Result"].items()} == {
        "orders.example.com": False,
        "billing.example.com": False,
        "hr.example.com": False,
    }
    run = play(text, inventory="production.yml")
    assert list(run.failed) == ["orders.example.com"]
    assert run.failed["orders.example.com"].startswith("The report was not written: ")
    assert sorted(run.tasks["Go on"]) == ["billing.example.com", "hr.example.com"]


NO_HOSTS = "oracle_rds:\n  hosts:\nothers:\n  hosts:\n    one:\n"


# test_inventory.py has an inventory without hosts.
def test_a_play_without_hosts_is_an_error_that_says_what_to_do(play: Play, simulator: Simulator) -> None:
    run = play("rdsops.commvault.export_backup", inventory=NO_HOSTS, arguments=("--limit", "one"))
    assert run.rc not in (0, 2)
    said = " ".join(run.stdout.split())
    where = "oracle_rds within --limit one"
    assert f"There is no host to back up in {where}. Choose other hosts with oracle_rds_export_backup_hosts" in said
    assert simulator.journal() == []


def test_a_workflow_over_a_slice_that_may_be_empty_ends_well_and_says_so(play: Play, simulator: Simulator) -> None:
    more = {"oracle_rds_export_backup_allow_empty": "true"}
    start = play("rdsops.commvault.start_only", inventory=NO_HOSTS, extravars=more)
    handed_on = {"oracle_rds_export_backup_artifact": artifact_of(start)}
    wait = play("rdsops.commvault.wait_and_report", extravars=handed_on)
    assert [start.rc, wait.rc] == [0, 0]
    assert summary_of(wait) == ["0 backups"]
    assert artifact_of(wait) == artifact_of(start)
    assert simulator.journal() == []


def test_tags_choose_the_steps(play: Play, simulator: Simulator) -> None:
    simulator.set(speed=600)
    more = {"oracle_rds_export_backup_wait": True, "oracle_rds_export_backup_wait_interval": "1s"}
    started = play(
        "rdsops.commvault.export_backup", inventory="production.yml", extravars=more, arguments=["--tags", "backup"]
    )
    assert "Wait for the jobs" not in started.tasks
    ids = ",".join(str(job["job_id"]) for job in simulator.jobs())
    assert len(simulator.writes()) == 3
    waited = play(
        "rdsops.commvault.export_backup",
        inventory="production.yml",
        extravars={**more, "oracle_rds_export_backup_follow_job_ids": ids},
        arguments=["--tags", "wait"],
    )
    assert summary_of(waited)[0] == "3 backups: 3 succeeded"
    assert len(simulator.writes()) == 3


def test_no_step_begins_whose_result_would_be_skipped(play: Play, simulator: Simulator) -> None:
    run = play("rdsops.commvault.export_backup", inventory="with_bad_ones.yml", arguments=["--skip-tags", "report"])
    assert run.rc == 2
    assert "Nothing was started. --skip-tags report would skip the task Result" in run.stdout
    assert simulator.writes() == []


def test_progress_and_summary_tell_when_jobs_will_end(play: Play, simulator: Simulator) -> None:
    history = [{"age": 86400 * day, "seconds": 7200} for day in (1, 2, 3)]
    simulator.reset({"clients": [{"name": "aws-prod", "instances": [{"name": "orders", "history": history}]}]})
    simulator.set(speed=2400, waiting_seconds=1, job_seconds=7000)
    more = {
        "oracle_rds_export_backup_must_end_by": "12h",
        "oracle_rds_export_backup_wait": True,
        "oracle_rds_export_backup_wait_interval": "1s",
    }
    run = play("rdsops.commvault.export_backup", inventory=inventory_of(["orders"], "aws-prod"), extravars=more)
    assert run.rc == 0
    lines = [line for line in run.stdout.splitlines() if " of 1, " in line]
    assert any("left" in line and "about 1 h" in line for line in lines)
    assert max(map(len, lines)) <= 80
    (line,) = run.result("Start the backups")["summary"][1:]
    assert "expected end 20" in line
