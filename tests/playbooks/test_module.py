# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that use the module oracle_rds_export_backup."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Play

MODULE = "rdsops.commvault.oracle_rds_export_backup"
FLEET: dict[str, t.Any] = {"clients": {"aws-fleet": [f"db{number}" for number in range(1000)]}}


def tries(cases: t.Mapping[str, t.Mapping[str, t.Any]], *, check: t.Collection[str] = ()) -> str:
    """The text of a play that calls the module once for each case, whatever became of those before.

    check: those that are called in check mode.
    """
    tasks = [
        {"name": name, MODULE: dict(options), "ignore_errors": True, **({"check_mode": True} if name in check else {})}
        for name, options in cases.items()
    ]
    return json.dumps([{"name": "Try", "hosts": "localhost", "gather_facts": False, "tasks": tasks}], indent=1)


def associations(write: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Those of a journal entry of createtask."""
    return write["body"]["taskInfo"]["associations"]


def test_one_instance_is_backed_up_with_the_request_that_check_mode_returns(play: Play, simulator: Simulator) -> None:
    planned = play("one_instance.yml", check=True).result("Start the backup")
    assert planned["changed"] is True
    assert planned["backups"][0]["state"] == "would_start"
    assert (planned["task_id"], planned["job_ids"]) == (None, [])
    looks = len(simulator.journal())

    simulator.order_fault({"path": "createtask"}, {"status": 200, "json": {"taskId": 9920, "jobIds": ["148886"]}})
    run = play("one_instance.yml", arguments=["--diff"])
    assert run.rc == 0
    # The answer that the vendor documents becomes the result.
    result = run.result("Start the backup")
    assert result["changed"] is True
    assert result["task_id"] == 9920
    assert result["job_ids"] == ["148886"]
    assert result["response"] == {"taskId": 9920, "jobIds": ["148886"]}
    assert (result["api_calls"]["reads"], result["api_calls"]["writes"]) == (1, 1)
    assert run.message("Show the ids") == "Task 9920, jobs 148886"
    (write,) = simulator.writes()
    assert write["contract_errors"] == []
    assert write["body"]["taskInfo"]["subTasks"][0]["options"]["backupOpts"]["backupLevel"] == "FULL"
    assert write["body"]["taskInfo"]["subTasks"][0]["options"]["commonOpts"] == {
        "notifyUserOnJobCompletion": True,
        "jobDescription": "Before the quarterly patch",
    }
    (request,) = planned["request"]
    assert request["body"] == write["body"]
    assert request["url"] == f"{simulator.url}/createtask"
    # Diff mode shows it, and reads when there was the last good backup.
    assert '+    "associations": [' in run.stdout
    assert '"instanceName": "orders"' in result["diff"]["after"]
    # One look for active backups before it.
    look, request = simulator.journal()[looks:]
    assert (look["endpoint"], request) == ("jobs", write)


def test_a_refusal_is_explained_in_the_words_of_the_server_and_an_outage_names_it(
    play: Play, simulator: Simulator
) -> None:
    text = "Request body is empty or format is invalid"
    reply = {
        "errorMessage": "Failed to start backups as no eligible subclients were found. ",
        "errorCode": 587207178,
    }
    simulator.order_fault({"path": "createtask", "instance": "orders"}, {"status": 400, "json": text})
    simulator.order_fault({"path": "createtask", "instance": "hr"}, {"status": 500, "json": reply})
    cases: dict[str, dict[str, t.Any]] = {
        name: {"client_name": "aws-prod", "instance_name": name} for name in ("orders", "hr")
    }
    away = {"url": "http://127.0.0.1:9/commandcenter/api", "outage_timeout": "2s"}
    run = play(tries({**cases, "away": {**cases["orders"], **away}}))
    documented = run.result("orders")
    assert text in documented["msg"]
    assert documented["failure"]["kind"] == "bad_request"
    assert documented["failure"]["status"] == 400
    assert documented["failure"]["message"] == text
    assert documented["changed"] is False
    not_eligible = run.result("hr")
    assert "instance 'hr' of client 'aws-prod' (subclient 'default')" in not_eligible["msg"]
    assert "Failed to start backups as no eligible subclients were found" in not_eligible["msg"]
    assert "An eligible subclient is one that exists under exactly this client" in not_eligible["msg"]
    assert (not_eligible["failure"]["status"], not_eligible["failure"]["code"]) == (500, 587207178)
    assert not_eligible["backups"][0]["state"] == "refused"
    assert len(simulator.writes()) == 2
    # A server that is down is named, and nothing counts as started.
    down = run.result("away")
    assert down["backups"][0]["state"] == "not_submitted"
    assert down["failure"]["kind"] == "connection"
    assert down["changed"] is False
    assert "127.0.0.1" in down["msg"]


def test_after_a_refusal_the_wrong_name_is_said_and_a_good_run_costs_what_it_did(
    play: Play, simulator: Simulator
) -> None:
    cases: dict[str, dict[str, t.Any]] = {
        "good": {"client_name": "aws-prod", "instance_name": "orders"},
        "wrong client": {"client_name": "aws-prd", "instance_name": "hr"},
        "wrong instance": {"client_name": "aws-prod", "instance_name": "biling"},
        "display name": {"client_name": "AWS production", "instance_name": "billing"},
        "without a near name": {"client_name": "zzz", "instance_name": "hr"},
    }
    run = play(tries(cases))
    requests = {}
    for name in cases:
        calls = run.result(name)["api_calls"]
        requests[name] = (calls["writes"], calls["reads"])
    assert requests == {
        "good": (1, 1),
        "wrong client": (1, 4),
        "wrong instance": (1, 2),
        "display name": (1, 4),
        "without a near name": (1, 4),
    }
    assert len(simulator.journal()) == sum(writes + reads for writes, reads in requests.values())
    said = {name: run.result(name)["msg"].partition("error code 587207178) ")[2] for name in cases}
    assert said == {
        "good": "",
        "wrong client": "There is no client 'aws-prd', or these credentials may not see it."
        " Correct client_name; nearest: aws-prod, aws-old, aws-dev.",
        "wrong instance": "Client 'aws-prod' has no instance 'biling' that these credentials may see."
        " Correct instance_name; nearest: billing.",
        "display name": "'AWS production' is the display name of client 'aws-prod'. Use its name as client_name.",
        "without a near name": "There is no client 'zzz', or these credentials may not see it."
        " Correct client_name: rdsops.commvault.list_instances shows all names.",
    }


def test_every_option_reaches_the_request(play: Play, simulator: Simulator) -> None:
    assert simulator.https_url is not None
    assert simulator.ca_file is not None
    run = play("all_options.yml", env={"COMMVAULT_URL": simulator.https_url, "COMMVAULT_CA_PATH": simulator.ca_file})
    assert run.rc == 0
    (write,) = simulator.writes()
    assert write["contract_errors"] == []
    info = write["body"]["taskInfo"]
    assert [entry["instanceName"] for entry in info["associations"]] == ["orders", "scratch"]
    assert [entry["subclientName"] for entry in info["associations"]] == ["default", "nightly"]
    assert [entry["displayName"] for entry in info["associations"]] == ["AWS production", "aws-dev"]
    options = info["subTasks"][0]["options"]
    assert options["backupOpts"] == {"backupLevel": "INCREMENTAL", "oracleOptions": {"cumulative": False}}
    assert options["commonOpts"] == {
        "notifyUserOnJobCompletion": False,
        "jobDescription": "Tried with every option",
        "startUpOpts": {"priority": 66},
    }
    user = options["adminOpts"]["clientInstallOption"]["installerOption"]["User"]
    assert user == {"userId": 7, "userName": "backup-operator"}
    assert "authorization" in {name.lower() for name in write["headers"]}
    assert run.message("Show the ids") == [["the orders", "started"], ["aws-dev/scratch/nightly", "started"]]


def test_module_defaults_of_the_group_name_the_commcell(play: Play, simulator: Simulator) -> None:
    nothing = {"COMMVAULT_URL": "", "COMMVAULT_AUTH_TOKEN": ""}
    own = {"commcell_url": simulator.url, "commcell_token": simulator.token}
    run = play("module_defaults.yml", env=nothing, extravars=own)
    assert run.rc == 0
    assert [associations(write)[0]["instanceName"] for write in simulator.writes()] == ["orders", "billing"]


def test_a_fleet_is_started_in_one_task_and_reported_in_the_order_asked(play: Play, simulator: Simulator) -> None:
    run = play("fleet.yml")
    assert run.rc == 0
    result = run.result("Start the backups")
    assert [backup["id"] for backup in result["backups"]] == [
        "orders.example.com",
        "billing.example.com",
        "hr.example.com",
        "orders.dev.example.com",
    ]
    really = {(job["client"], job["instance"]): str(job["job_id"]) for job in simulator.jobs()}
    for backup in result["backups"]:
        assert backup["job_ids"] == [really[backup["client_name"], backup["instance_name"]]]
    assert len(simulator.writes()) == 4
    assert simulator.connections() <= 3


def test_one_bad_instance_does_not_stop_the_others(play: Play, simulator: Simulator) -> None:
    run = play("fleet_with_a_bad_one.yml")
    assert run.rc == 0
    assert run.message("Show what was started") == ["orders", "billing"]
    (explanation,) = run.message("Show what was not")
    assert "instance 'archive' of client 'aws-old'" in explanation
    result = run.result("Start the backups")
    assert result["changed"] is True
    assert result["failure"]["code"] == 587207178
    assert [backup["state"] for backup in result["backups"]] == ["started", "refused", "started"]


def test_a_rescue_can_branch_on_the_code(play: Play) -> None:
    run = play("rescue.yml")
    assert run.rc == 0
    assert run.message("Take it as a matter of time") == "Not known to Commvault: aws-prod/brand-new/default"
    assert run.stats["localhost"]["rescued"] == 1


def test_a_rescue_fails_for_another_code(play: Play, simulator: Simulator) -> None:
    simulator.order_fault({"path": "createtask"}, {"kind": "forbidden"})
    run = play("rescue.yml")
    assert run.rc == 2
    assert "aws-prod" in run.failed["localhost"]


def test_a_backup_whose_answer_was_lost_is_found_and_not_sent_again(play: Play, simulator: Simulator) -> None:
    faults = ("reset_after", "cut_body", "cut_json")
    simulator.reset({"clients": {"aws-prod": list(faults)}})
    for fault in faults:
        simulator.order_fault({"path": "createtask", "instance": fault}, {"kind": fault})
    run = play(tries({fault: {"client_name": "aws-prod", "instance_name": fault} for fault in faults}))
    really = {job["instance"]: str(job["job_id"]) for job in simulator.jobs()}
    for fault in faults:
        result = run.result(fault)
        assert result["backups"][0]["state"] == "adopted", fault
        assert result["job_ids"] == [really[fault]], fault
        assert (result["failed"], result["changed"]) == (False, True), fault
    assert [associations(write)[0]["instanceName"] for write in simulator.writes()] == list(faults)


def test_an_outcome_that_stays_unknown_is_reported_and_never_sent_again(play: Play, simulator: Simulator) -> None:
    faults = ("reset_before", "reset_after", "gateway_timeout", "maintenance", "server_error")
    simulator.reset({"clients": {"aws-prod": list(faults)}})
    simulator.set(job_view="denied")  # else each would be looked for until it is certain that it is not there
    for fault in faults:
        simulator.order_fault({"path": "createtask", "instance": fault}, {"kind": fault})
    names = {fault: {"client_name": "aws-prod", "instance_name": fault} for fault in faults}
    # What cannot be read of the jobs is a warning.
    run = play(tries(names), warnings=True)
    for fault in faults:
        result = run.result(fault)
        assert result["backups"][0]["state"] == "unknown", fault
        assert (result["failed"], result["changed"]) == (True, True), fault
        assert "not known" in result["msg"], fault
    assert [associations(write)[0]["instanceName"] for write in simulator.writes()] == list(faults)
    assert [job["instance"] for job in simulator.jobs()] == ["reset_after"]


def test_a_wrong_token_is_told_without_showing_it(play: Play, simulator: Simulator) -> None:
    wrong = "not-the-token-0123456789"
    run = play("one_instance.yml", env={"COMMVAULT_AUTH_TOKEN": wrong}, arguments=["-vvv"])
    assert run.result("Start the backup")["failure"]["kind"] == "authentication"
    assert wrong not in run.stdout
    assert wrong not in json.dumps(run.events)
    assert simulator.jobs() == []


# What is wrong with the options, and what the message must say. tests/unit/plugins/modules has all that can be wrong.
BAD_INPUT: dict[str, tuple[dict[str, t.Any], str]] = {
    "neither form": ({}, "one of the following is required: client_name, instances"),
    "a blank name": ({"client_name": " ", "instance_name": "b"}, "client_name is empty"),
    "no CA file": ({"client_name": "a", "instance_name": "b", "ca_path": "/nowhere/ca.pem"}, "does not exist"),
}


def test_bad_input_is_refused_before_anything_is_sent(play: Play, simulator: Simulator) -> None:
    run = play(tries({name: options for name, (options, _message) in BAD_INPUT.items()}, check=["a blank name"]))
    for name, (_options, message) in BAD_INPUT.items():
        result = run.result(name)
        assert result["failed"] is True, name
        assert message in result["msg"], name
    assert simulator.journal() == []


# test_role.py has a batch of hundreds.
def test_a_thousand_instances_take_one_request_each(play: Play, simulator: Simulator) -> None:
    simulator.reset(FLEET)
    # One that answers at once is not asked several things at a time.
    simulator.set(latency_ms=10)
    run = play("fleet_of_a_thousand.yml")
    assert run.rc == 0
    assert run.message("Count them") == "1000 backups, 1000 jobs, 1000 requests"
    writes = simulator.writes()
    assert len(writes) == 1000
    assert simulator.connections() == 8
    asked = sorted(entry["instanceName"] for write in writes for entry in associations(write))
    assert asked == sorted(FLEET["clients"]["aws-fleet"])


def test_where_the_commcell_is_switched_off_a_dry_run_fails_as_the_real_run_does(
    play: Play, simulator: Simulator
) -> None:
    simulator.set(activity_enabled=False)
    orders = {"client_name": "aws-prod", "instance_name": "orders"}
    run = play(tries({"dry": orders, "real": orders}, check=["dry"]))
    dry, real = run.result("dry"), run.result("real")
    assert dry["failed"] is True
    assert "backup activity of the whole CommCell is disabled" in dry["msg"]
    assert real["failed"] is True
    assert real["failure"]["code"] == dry["failure"]["code"]
    assert simulator.jobs() == []
