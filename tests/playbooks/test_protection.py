# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that tell which databases are protected. tests/aws has one over a simulated AWS."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import artifact_of

from .conftest import HERE, ROOT, Play, Shell

HOUR = 3600
ESTATE = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                {"name": "orders", "history": [{"age": HOUR}]},
                {"name": "billing", "history": [{"age": 30 * HOUR}]},
                {"name": "hr"},
                {"name": "other", "history": [{"age": HOUR}]},
            ],
        }
    ]
}


# The role, below, writes the page.
def test_the_module_says_what_is_wrong_and_in_check_mode_there_is_no_page(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.reset(ESTATE)
    run = play("protection.yml", extravars={"report_directory": str(tmp_path)}, check=True)
    result = run.result("Look at two databases")
    assert {row["instance_name"]: row["state"] for row in result["databases"]} == {"orders": "protected", "hr": "never"}
    assert result["failure"]["kind"] == "not_protected"
    assert run.result("Write it down")["changed"] is True
    assert not (tmp_path / "protection.html").exists()


def test_each_host_of_the_inventory_fails_by_its_own_reason(play: Play, simulator: Simulator, tmp_path: Path) -> None:
    simulator.reset(ESTATE)
    more = {
        "oracle_rds_export_backup_report_path": f"{tmp_path}/night.html, {tmp_path}/night.prom",
        "oracle_rds_export_backup_protection_group_by": ["commvault_client_name"],
    }
    run = play(ROOT / "playbooks" / "protection_report.yml", inventory="production.yml", extravars=more)
    assert run.failed.keys() == {"billing.example.com", "hr.example.com"}
    assert "1 d 6 h ago" in run.failed["billing.example.com"]
    assert "Start a backup." in run.failed["hr.example.com"]
    artifact = artifact_of(run, "oracle_rds_export_backup_protection_artifact")
    assert artifact["counts"] == {"databases": 3, "protected": 1, "failed": 2}
    told = {one["id"]: (one["found"]["state"], one["found"]["msg"]) for one in artifact["failed"]}
    assert told.keys() == run.failed.keys()
    assert told["hr.example.com"][0] == "never"
    assert all(message in run.failed[host] for host, (_state, message) in told.items())
    page = (tmp_path / "night.html").read_text(encoding="utf-8")
    assert "aws-prod/other/default" in page, "Commvault has it, the inventory has not"
    assert "By commvault_client_name" in page
    assert (tmp_path / "night.prom").is_file()


def test_a_host_whose_variables_are_wrong_is_not_verified_and_the_others_are_read(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.reset(ESTATE)
    inventory = """
oracle_rds:
  vars:
    commvault_client_name: aws-prod
  hosts:
    misspelt:
      commvault_instance_name: hr
      oracle_rds_export_backup_protection_max_ag: 1h
    nameless:
      commvault_application_id: 22
      commvault_app_name: Oracle
    unborn:
      commvault_instance_name: billing
      instance_create_time: soon
    orders:
      commvault_instance_name: orders
"""
    more = {"oracle_rds_export_backup_report_path": f"{tmp_path}/night.prom"}
    run = play(ROOT / "playbooks" / "protection_report.yml", inventory=inventory, extravars=more)
    correct = " Correct the variables of this host."
    assert run.failed["nameless"] == f"commvault_instance_name is missing.{correct}"
    assert run.failed["misspelt"].startswith("the role has no variable oracle_rds_export_backup_protection_max_ag (n")
    assert run.failed["unborn"].startswith("instance_create_time must be a time such as ")
    assert run.failed.keys() == {"misspelt", "nameless", "unborn"}
    summary = run.result("Look at the databases")["summary"]
    assert (summary["databases"], summary["protected"], summary["states"]["not_verified"]) == (4, 1, 3)
    metrics = (tmp_path / "night.prom").read_text(encoding="utf-8")
    assert 'state="not_verified"} 3' in metrics


def test_a_database_outside_of_a_limit_is_not_said_to_be_unknown_to_the_inventory(
    play: Play, simulator: Simulator
) -> None:
    simulator.reset(ESTATE)
    limit = ["--limit", "orders.example.com"]
    run = play(ROOT / "playbooks" / "protection_report.yml", inventory="production.yml", arguments=limit, warnings=True)
    assert [row["id"] for row in run.result("Look at the databases")["databases"]] == ["orders.example.com"]


# tests/unit/plugins/modules/test_oracle_rds_protection_info.py has all that can go wrong with reading.
def test_what_is_not_certain_fails_the_host_with_the_reason(play: Play, simulator: Simulator) -> None:
    simulator.reset(ESTATE)
    simulator.order_fault({"path": "jobs"}, {"kind": "forbidden"}, times=None)
    run = play(ROOT / "playbooks" / "protection_report.yml", inventory="production.yml", warnings=True)
    states = {row["id"]: row["state"] for row in run.result("Look at the databases")["databases"] if row["listed"]}
    assert states["orders.example.com"] == "not_verified"
    assert "the user lacks a permission" in run.failed["orders.example.com"]
    assert "protected" not in states.values()


PREFIX = "oracle_rds_export_backup_"
# By mistake: keywords of the task that includes the role, and what each host is told.
WRONG: dict[str, tuple[dict[str, object], str]] = {
    "misspelt": ({"vars": {f"{PREFIX}protection_max_ages": "2d"}}, "nearest: oracle_rds_export_backup_prot"),
    "undefined": ({"vars": {f"{PREFIX}protection_max_age": "{{ nobody }}"}}, "'nobody' is undefined"),
    "no age": ({"vars": {f"{PREFIX}protection_max_age": "0"}}, "must be longer than 0 seconds"),
    "no target": ({"vars": {f"{PREFIX}protection_target": "0"}}, "must be longer than 0 seconds"),
    "too many days": ({"vars": {f"{PREFIX}protection_history_days": 61}}, "must be 1 to 60"),
    "a list": (
        {"vars": {"commvault_instance_name": ["orders"]}},
        "billing.example.com: commvault_instance_name must be a string",
    ),
    "a group of no host": ({"vars": {f"{PREFIX}protection_group_by": ["tags.team"]}}, "has the key 'tags.team'"),
    "some hosts": (
        {"when": "inventory_hostname != 'hr.example.com'"},
        "condition (when) of the role is not the same for all hosts",
    ),
}


def test_wrong_variables_are_refused_before_anything_is_read(play: Play, simulator: Simulator) -> None:
    simulator.reset(ESTATE)
    role = {
        "name": "Look at the databases",
        "ansible.builtin.import_role": {
            "name": "rdsops.commvault.oracle_rds_export_backup",
            "tasks_from": "protection",
            "rolespec_validate": False,
        },
    }
    tasks = [
        {
            "name": "Look at some",
            "block": [{**role, **keywords}],
            "rescue": [
                {"name": name, "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg | default('') }}"}}
            ],
        }
        for name, (keywords, _words) in WRONG.items()
    ]
    whole = [{"name": "Look at the databases", "hosts": "oracle_rds", "gather_facts": False, "tasks": tasks}]
    run = play(json.dumps(whole, indent=1), inventory="production.yml")
    for name, (_keywords, words) in WRONG.items():
        # What runs once leaves its result on the first host.
        assert words in run.message(name, "orders.example.com"), name
        assert run.message(name, "billing.example.com") == "", name
    assert simulator.journal() == []


def look(name: str, **options: str) -> str:
    """The text of a task that looks at databases for all hosts of a play."""
    lines = "".join(f"\n        {key}: {value}" for key, value in options.items())
    return f"""
    - name: {name}
      rdsops.commvault.oracle_rds_protection_info:
        fail: false{lines}
      run_once: true
      delegate_to: localhost
      ignore_errors: true
      vars:
        ansible_connection: ansible.builtin.local
        ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
"""


def test_of_hosts_is_read_as_other_options_are_and_beside_no_others(play: Play, simulator: Simulator) -> None:
    """An extra variable is a text, and every text that is not empty would be true."""
    simulator.reset(ESTATE)
    head = "- name: Look at the databases\n  hosts: oracle_rds\n  gather_facts: false\n  tasks:"
    refused = {
        "Not a boolean": (look("Not a boolean", of_hosts="'maybe'"), "'maybe'"),
        "Beside databases": (
            look("Beside databases", of_hosts="'true'", databases="[{client_name: aws-prod, instance_name: other}]"),
            "databases and of_hosts",
        ),
    }
    run = play(
        head + "".join(task for task, _words in refused.values()) + look("Look at all", of_hosts="'{{ answer }}'"),
        inventory="production.yml",
        extravars={"answer": "false"},
    )
    for name, (_task, words) in refused.items():
        assert run.result(name)["failed"] is True
        assert words in run.result(name)["msg"]
        assert "databases" not in run.result(name)
    result = run.result("Look at all")
    assert "hosts" not in result
    assert len(result["databases"]) == 4
    assert result["api_calls"]["reads"] == len(simulator.journal()), "those that were refused read nothing"


def test_an_inventory_without_a_database_to_check_is_no_success(play: Play, simulator: Simulator) -> None:
    simulator.reset(ESTATE)
    more = {"oracle_rds_export_backup_hosts": "nowhere"}
    playbook = ROOT / "playbooks" / "protection_report.yml"
    run = play(playbook, inventory="production.yml", extravars=more, warnings=True)
    assert run.rc != 0
    assert "There is no host to check in nowhere." in " ".join(run.stdout.split())


def test_a_strategy_under_which_each_host_would_read_everything_is_refused(play: Play, simulator: Simulator) -> None:
    playbook = ROOT / "playbooks" / "protection_report.yml"
    env = {"ANSIBLE_STRATEGY": "ansible.builtin.free"}
    run = play(playbook, inventory="production.yml", env=env, warnings=True)
    assert run.rc != 0
    assert "Use linear" in run.stdout
    assert simulator.journal() == []


def test_an_inventory_without_any_host_is_no_success(play: Play, simulator: Simulator) -> None:
    run = play(ROOT / "playbooks" / "protection_report.yml", warnings=True)
    assert run.rc != 0
    assert "Nothing was read." in run.failed["localhost"]
    assert "is missing. Correct the variables of these hosts" in run.failed["localhost"]
    assert simulator.journal() == []


def test_variables_of_the_command_line_and_of_empty_answers_mean_what_they_say(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.reset(ESTATE)
    prefix = "oracle_rds_export_backup_"
    told = ["protection_fail=false", "protection_report_unlisted=", "report_path=night.html,"]
    run = shell(
        *("ansible-playbook", str(ROOT / "playbooks" / "protection_report.yml")),
        *("-i", str(HERE / "inventories" / "production.yml")),
        *(part for one in told for part in ("-e", f"{prefix}{one}")),
        # systemd sets none, and AWX one of another directory.
        env={"PWD": "/"},
    )
    assert run.rc == 0
    assert (tmp_path / "night.html").is_file()
