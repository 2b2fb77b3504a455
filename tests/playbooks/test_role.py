# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that use the role oracle_rds_export_backup, and the playbook export_backup."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import BARE_FACTS, inventory_of, summary_of

from .conftest import Play

PLAYBOOK = "rdsops.commvault.export_backup"
ROLE = "rdsops.commvault.oracle_rds_export_backup"
SURVEY = [
    *("wait", "fail_hosts", "preflight", "cumulative", "notify_user_on_job_completion"),
    *("batch_size", "concurrency", "summary_lines", "installer_user", "task_info", "match_patterns", "report_path"),
    *("max_age", "backup_level", "on_unmatched", "on_running", "fail_on", "report_mode", "report_title"),
    *("wait_timeout", "wait_interval", "stuck_timeout", "on_timeout"),
]
PRODUCTION = ["orders.example.com", "billing.example.com", "hr.example.com"]


def jobs_by_instance(simulator: Simulator) -> dict[str, dict[str, t.Any]]:
    return {job["instance"]: job for job in simulator.jobs()}


def test_every_host_with_a_backup_learns_its_own_ids_and_keeps_them_for_later_plays(
    play: Play, simulator: Simulator
) -> None:
    run = play("role_over_inventory.yml", inventory="with_bad_ones.yml", env=BARE_FACTS)
    assert list(run.failed) == ["archive.example.com"]
    really = jobs_by_instance(simulator)
    started = ["hr.example.com", "orders.example.com"]
    assert sorted(run.tasks["Use what the role knows of this host"]) == started
    assert sorted(run.tasks["Use what the role knew of this host"]) == started
    for host in started:
        job = really[host.split(".", maxsplit=1)[0]]
        said = run.message("Use what the role knows of this host", host)
        assert (said["host"], said["state"]) == (host, "started")
        assert int(said["task_id"]) == job["task_id"]
        assert said["job_ids"] == [str(job["job_id"])]
        later = run.message("Use what the role knew of this host", host)
        assert later == {name: said[name] for name in ("task_id", "job_ids")}
    listed = run.result("List them")["results"]
    assert {item["item"]: item["msg"] for item in listed if "msg" in item} == {
        host: [str(really[host.split(".", maxsplit=1)[0]]["job_id"])] for host in started
    }


def test_one_task_starts_all_backups_and_each_host_has_a_result_of_its_own(play: Play, simulator: Simulator) -> None:
    run = play(PLAYBOOK, inventory="production.yml")
    assert run.rc == 0
    assert len(simulator.writes()) == 3
    ran = {task: sorted(hosts) for task, hosts in run.tasks.items()}
    assert ran.pop("Result") == sorted(PRODUCTION)
    assert {len(hosts) for hosts in ran.values()} == {1}, "a task for each host costs more than all the backups"
    assert list(run.result("Start the backups")["results"]) == PRODUCTION
    assert {host: counts["changed"] for host, counts in run.stats.items()} == dict.fromkeys(PRODUCTION, 1)
    assert "skipping" not in run.stdout
    # The summary is short and names every id.
    lines = summary_of(run)
    assert lines[0] == "3 backups: 3 started"
    really = jobs_by_instance(simulator)
    for host, line in zip(PRODUCTION, lines[1:], strict=True):
        job = really[host.split(".", maxsplit=1)[0]]
        assert line.split() == f"{host} started task {job['task_id']}, job {job['job_id']}".split()


def test_above_500_hosts_one_result_stands_for_all(play: Play, simulator: Simulator) -> None:
    names = [f"db{number}" for number in range(501)]
    simulator.reset({"clients": {"aws-fleet": names}})
    more = {"oracle_rds_export_backup_batch_size": 501}
    run = play(PLAYBOOK, inventory=inventory_of(names, "aws-fleet"), extravars=more)
    assert run.rc == 0
    assert run.result("Result")["msg"].startswith("501 backups: 501 active. See oracle_rds_export_backup_results")
    assert list(run.result("Wait for the jobs")["results"]) == names
    assert "db250" not in run.stdout, "a line for each host"


def test_hosts_without_backup_or_of_unknown_outcome_fail_with_their_causes(play: Play, simulator: Simulator) -> None:
    simulator.order_fault({"path": "createtask", "instance": "hr"}, {"kind": "gateway_timeout"})
    simulator.set(job_view="denied")
    # What cannot be read of the jobs is a warning.
    run = play(PLAYBOOK, inventory="with_bad_ones.yml", warnings=True)
    assert run.rc == 2
    assert sorted(run.failed) == ["archive.example.com", "hr.example.com"]
    assert "instance 'archive' of client 'aws-old'" in run.failed["archive.example.com"]
    assert "no eligible subclients" in run.failed["archive.example.com"]
    assert len(simulator.writes()) == 3, "what is unknown is not sent again"
    assert sorted(jobs_by_instance(simulator)) == ["orders"]
    lines = summary_of(run)
    assert lines[0] == "3 backups: 1 unknown, 1 refused, 1 started"
    (refused,) = [line for line in lines if line.startswith("archive.example.com")]
    assert refused.startswith("archive.example.com  REFUSED  No backup of instance 'archive'")
    assert [line.split()[1] for line in lines if line.startswith("orders.example.com")] == ["started"]


def test_a_rescue_sees_the_code_of_each_host(play: Play) -> None:
    run = play("role_with_rescue.yml", inventory="with_bad_ones.yml")
    assert run.rc == 0
    assert run.message("Say why not", "archive.example.com").startswith("587207178: No backup of instance 'archive'")
    assert list(run.tasks["Say why not"]) == ["archive.example.com"]
    states = {host: result["msg"] for host, result in run.tasks["Go on with every host"].items()}
    assert states == {
        "orders.example.com": "started",
        "archive.example.com": "refused",
        "hr.example.com": "started",
    }


def test_serial_starts_each_backup_once_batch_by_batch(play: Play, simulator: Simulator) -> None:
    # What a task registers is there however facts are kept.
    run = play("role_in_batches.yml", inventory="production.yml", env={"ANSIBLE_INJECT_FACT_VARS": "false"})
    assert run.rc == 0
    writes = [write["body"]["taskInfo"]["associations"][0]["instanceName"] for write in simulator.writes()]
    assert sorted(writes[:2]) == ["billing", "orders"]
    assert writes[2:] == ["hr"]
    really = jobs_by_instance(simulator)
    for host in PRODUCTION:
        said = run.message("Use what the role knows of this host", host)
        assert said == [str(really[host.split(".", maxsplit=1)[0]]["job_id"])]


CORRECT = " Correct the variables of this host."


def test_wrong_variables_are_named_for_all_hosts_before_anything_is_started(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    run = play(PLAYBOOK, inventory="wrong.yml", extravars={"canary": str(canary)})
    assert run.rc == 2
    undefined = run.failed.pop("undefined.example.com")
    assert undefined.startswith("Not started: commvault_instance_name cannot be evaluated: ")
    assert "'nobody_knows' is undefined" in undefined
    others = (
        "Not started, since variables of other hosts are wrong: without-instance.example.com, empty.example.com,"
        " same-again.example.com and 3 more. Correct them, or set oracle_rds_export_backup_on_invalid to skip to start"
        " the others."
    )
    assert run.failed == {
        "right.example.com": others,
        "without-instance.example.com": "Not started: commvault_instance_name is missing." + CORRECT,
        "empty.example.com": "Not started: commvault_client_name is missing." + CORRECT,
        "same-again.example.com": "Not started: it names the same subclient as right.example.com." + CORRECT,
        "not-text.example.com": "Not started: commvault_instance_name must be a string, not a list." + CORRECT,
        "not-a-number.example.com": "Not started: commvault_application_id must be a positive number, not 'Oracle'."
        + CORRECT,
        # What is no template for Ansible is none for the role.
        "hostile.example.com": others,
    }
    assert simulator.journal() == []
    assert not canary.exists()


def test_a_brace_in_a_name_of_commvault_is_a_character_like_others(play: Play, simulator: Simulator) -> None:
    simulator.reset({"clients": [{"name": "aws-prod", "display_name": "AWS {prod}", "instances": ["{a}", "b"]}]})
    inventory = """
oracle_rds:
  vars:
    commvault_client_name: aws-prod
    commvault_display_name: AWS {prod}
  hosts:
    a.example.com:
      commvault_instance_name: "{a}"
    "{b}.example.com":
      commvault_instance_name: b
"""
    run = play(PLAYBOOK, inventory=inventory)
    assert run.rc == 0
    assert sorted(jobs_by_instance(simulator)) == ["b", "{a}"]
    assert summary_of(run)[0] == "2 backups: 2 started"


def test_variables_of_the_role_override_those_of_the_inventory_host_by_host(play: Play, simulator: Simulator) -> None:
    run = play(PLAYBOOK, inventory="overrides.yml")
    assert run.rc == 0
    asked = {
        entry["instanceName"]: (entry["clientName"], entry["subclientName"], entry["displayName"])
        for write in simulator.writes()
        for entry in write["body"]["taskInfo"]["associations"]
    }
    assert asked == {
        "orders": ("aws-prod", "default", "aws-prod"),
        "scratch": ("aws-dev", "nightly", "aws-dev"),
        "hr": ("aws-prod", "default", "AWS production"),
    }


def test_an_extra_variable_counts_more_than_the_inventory_and_a_limit_holds(play: Play, simulator: Simulator) -> None:
    run = play(
        PLAYBOOK,
        inventory="production.yml",
        arguments=["--limit", "orders.example.com"],
        extravars={"commvault_client_name": "aws-dev"},
    )
    assert run.rc == 0
    assert [(job["client"], job["instance"]) for job in simulator.jobs()] == [("aws-dev", "orders")]
    assert summary_of(run)[0] == "1 backup: 1 started"


def test_options_of_the_role_reach_the_request(play: Play, simulator: Simulator) -> None:
    run = play(
        PLAYBOOK,
        inventory="production.yml",
        extravars={
            "oracle_rds_export_backup_backup_level": "full",
            "oracle_rds_export_backup_cumulative": False,
            "oracle_rds_export_backup_notify_user_on_job_completion": False,
            "oracle_rds_export_backup_job_description": "Before the patch",
            "oracle_rds_export_backup_installer_user": {"user_id": 7, "user_name": "operator"},
            "oracle_rds_export_backup_task_info": {"task": {"taskFlags": {"disabled": False}}},
            "oracle_rds_export_backup_batch_size": 3,
            "oracle_rds_export_backup_concurrency": 1,
            "oracle_rds_export_backup_summary_lines": 1,
        },
    )
    (write,) = simulator.writes()
    info = write["body"]["taskInfo"]
    assert len(info["associations"]) == 3
    assert info["task"] == {"taskType": "IMMEDIATE", "taskFlags": {"disabled": False}}
    options = info["subTasks"][0]["options"]
    assert options["backupOpts"] == {"backupLevel": "FULL", "oracleOptions": {"cumulative": False}}
    assert options["commonOpts"] == {"notifyUserOnJobCompletion": False, "jobDescription": "Before the patch"}
    assert options["adminOpts"]["clientInstallOption"]["installerOption"]["User"]["userId"] == 7
    assert [len(summary_of(run)), summary_of(run)[-1]] == [3, "... and 2 more"]


def test_a_list_is_backed_up_and_found_by_id(play: Play, simulator: Simulator) -> None:
    run = play("role_over_list.yml")
    assert run.rc == 0
    really = jobs_by_instance(simulator)
    assert sorted(really) == ["hr", "orders", "scratch"]
    assert str(really["scratch"]["job_id"]) in run.message("Look up one of them")
    assert len(simulator.writes()) == 2
    assert {job["level"] for job in really.values()} == {"full"}


def test_a_bad_entry_of_a_list_fails_the_play_after_the_others_were_started(play: Play, simulator: Simulator) -> None:
    instances = [
        {"id": "good", "client_name": "aws-prod", "instance_name": "orders"},
        {"id": "bad", "client_name": "aws-old", "instance_name": "archive"},
    ]
    run = play(
        PLAYBOOK,
        extravars={
            "oracle_rds_export_backup_hosts": "localhost",
            "oracle_rds_export_backup_instances": instances,
        },
    )
    assert run.rc == 2
    assert run.failed["localhost"].startswith("2 backups: 1 refused, 1 started. [bad] No backup of instance 'archive'")
    assert list(jobs_by_instance(simulator)) == ["orders"]


def test_hosts_without_log_in_sudo_or_python_make_no_difference(play: Play, simulator: Simulator) -> None:
    run = play("role_on_awkward_hosts.yml", inventory="awkward.yml")
    assert run.rc == 0
    assert sorted(jobs_by_instance(simulator)) == ["hr", "orders"]


def test_module_defaults_of_the_play_reach_the_role_and_a_host_that_failed_before_is_left_alone(
    play: Play, simulator: Simulator
) -> None:
    text = f"""
- name: Name the CommCell in the play
  hosts: oracle_rds
  gather_facts: false
  module_defaults:
    group/rdsops.commvault.commvault:
      url: "{{{{ commcell_url }}}}"
      auth_token: "{{{{ commcell_token }}}}"
  tasks:
    - name: Check
      ansible.builtin.fail:
        msg: Not tonight
      when: inventory_hostname == 'orders.example.com'

    - name: Start the backups
      ansible.builtin.import_role:
        name: {ROLE}
"""
    run = play(
        text,
        inventory="production.yml",
        env={"COMMVAULT_URL": "", "COMMVAULT_AUTH_TOKEN": ""},
        extravars={"commcell_url": simulator.url, "commcell_token": simulator.token},
    )
    assert run.failed == {"orders.example.com": "Not tonight"}
    assert sorted(jobs_by_instance(simulator)) == ["billing", "hr"]
    tasks = [event["event_data"]["task"] for event in run.events if event["event"] == "runner_on_start"]
    assert tasks.count("Result") == 2
    assert simulator.token not in run.stdout


def test_the_strategy_free_is_refused(play: Play, simulator: Simulator) -> None:
    run = play(PLAYBOOK, inventory="production.yml", env={"ANSIBLE_STRATEGY": "free"}, warnings=True)
    assert run.rc != 0
    assert "bypasses the host loop, which is currently not supported in the free strategy" in run.stdout
    assert simulator.journal() == []


def test_nothing_of_an_earlier_run_is_left_when_a_later_one_fails(play: Play, simulator: Simulator) -> None:
    text = f"""
- name: Start twice
  hosts: oracle_rds
  gather_facts: false
  tasks:
    - name: Start the backups
      ansible.builtin.include_role:
        name: {ROLE}

    - name: Start again, wrongly
      block:
        - name: Start the backups with a wrong option
          ansible.builtin.include_role:
            name: {ROLE}
          vars:
            oracle_rds_export_backup_concurrency: 0
      rescue:
        - name: Look at what is there
          ansible.builtin.debug:
            msg: "{{{{ [oracle_rds_export_backup_result, oracle_rds_export_backup_job_ids] }}}}"
"""
    run = play(text, inventory="production.yml", env=BARE_FACTS)
    assert run.rc == 0
    result, job_ids = run.message("Look at what is there", "hr.example.com")
    assert (result["failed"], result["job_ids"], job_ids) == (True, [], [])
    assert "concurrency must be a number from 1 to 64" in result["msg"]
    assert len(simulator.writes()) == 3, "a wrong option is told before anything is sent"


def test_check_mode_says_what_would_be_started_and_could_not_be_read_and_leaves_no_host_without_facts(
    play: Play, simulator: Simulator
) -> None:
    simulator.order_fault({"path": "client/*"}, {"kind": "forbidden"}, times=None)
    run = play("role_over_inventory.yml", inventory="production.yml", check=True, arguments=["--diff"], env=BARE_FACTS)
    assert run.rc == 0
    *lines, last = summary_of(run)
    assert [line.split() for line in lines] == [
        ["3", "backups:", "3", "would", "be", "started"],
        *([host, "would", "be", "started"] for host in PRODUCTION),
    ]
    names = ", ".join(PRODUCTION)
    start = f"3 with something not verified ({names}): whether backup activity of its client is enabled: "
    assert last.startswith(start)
    (fleet,) = run.tasks["Start the backups"].values()
    assert [len(one["not_verified"]) for one in fleet["results"].values()] == [1, 1, 1]
    for host in PRODUCTION:
        said = run.message("Use what the role knows of this host", host)
        assert (said["state"], said["job_ids"]) == ("would_start", [])
        assert not said["task_id"]
    # One request in full, and of the others what differs from it.
    assert run.stdout.count('"instanceName": ') == 1
    assert 'is the same, but taskInfo.associations[0].instanceName: "billing"' in run.stdout


def test_the_diff_of_a_dry_run_leaves_out_what_is_recent(play: Play, simulator: Simulator) -> None:
    history = [{"status": "Completed", "age": 7500, "seconds": 60}]
    instances = ["orders", "billing", {"name": "hr", "history": history}]
    simulator.reset({"clients": [{"name": "aws-prod", "instances": instances}]})
    run = play(
        "role_over_inventory.yml",
        inventory="production.yml",
        check=True,
        arguments=["--diff"],
        extravars={"oracle_rds_export_backup_max_age": "3h"},
        env=BARE_FACTS,
    )
    (recent,) = [line for line in summary_of(run) if line.startswith("hr.example.com")]
    assert recent.endswith(" min before this run")
    assert ", 2 h " in recent
    (fleet,) = run.tasks["Start the backups"].values()
    assert fleet["diff"]["before"].splitlines() == [f"{host}: none known" for host in PRODUCTION[:2]]
    assert '"instanceName": "hr"' not in fleet["diff"]["after"]


def test_empty_answers_of_a_survey_count_as_not_given(play: Play) -> None:
    text = f"""
- name: Back up
  hosts: oracle_rds
  gather_facts: false
  tasks:
    - name: Back up
      ansible.builtin.import_role:
        name: {ROLE}
        rolespec_validate: false
"""
    empty = {f"oracle_rds_export_backup_{name}": "" for name in SURVEY}
    run = play(text, inventory="with_bad_ones.yml", extravars=empty)
    assert list(run.failed) == ["archive.example.com"]
    assert summary_of(run)[0] == "3 backups: 1 refused, 2 started"
