# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from support.module_runner import TOKEN
from support.scripted_http import Script, post

from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_backup as backup

ONE = {"client_name": "aws-prod", "instance_name": "orders"}
FLEET = [
    {"id": "a", "client_name": "aws-prod", "instance_name": "orders"},
    {"id": "b", "client_name": "aws-prod", "instance_name": "billing"},
]
DOCUMENTED = {"taskId": 9920, "jobIds": ["148886"]}


def test_one_backup_is_one_request_and_returns_its_ids(run_module):
    script = Script(post("createtask").with_header("Authtoken", TOKEN).returns(200, DOCUMENTED))
    result = run_module(backup, script, **ONE)
    assert result["changed"] is True
    assert (result["task_id"], result["job_ids"], result["response"]) == (9920, ["148886"], DOCUMENTED)
    assert result["api_calls"] == {"reads": 0, "writes": 1}
    (entry,) = result["backups"]
    assert entry["state"] == "started"
    assert entry["job_url"] == "https://cc.example.com/commandcenter/#/jobs/148886"
    assert "task_ids" not in result
    assert "request" not in result


def test_many_backups_are_reported_in_order_with_their_ids(run_module):
    script = Script(
        post("createtask").returns(200, {"taskId": 1, "jobIds": ["11"]}),
        post("createtask").returns(
            500,
            {"errorMessage": "Failed to start backups as no eligible subclients were found. ", "errorCode": 587207178},
        ),
    )
    result = run_module(backup, script, instances=FLEET, concurrency=1)
    assert result["failed"] is True
    assert result["changed"] is True
    assert (result["task_ids"], result["job_ids"]) == ([1], ["11"])
    assert [(entry["id"], entry["state"]) for entry in result["backups"]] == [("a", "started"), ("b", "refused")]
    assert result["failure"]["code"] == 587207178
    assert "instance 'billing' of client 'aws-prod'" in result["msg"]
    assert "task_id" not in result


@pytest.mark.parametrize(
    "body", ['"Request body is empty or format is invalid"', "Request body is empty or format is invalid"]
)
def test_the_documented_400(run_module, body):
    result = run_module(backup, Script(post("createtask").returns(400, body)), **ONE)
    assert result["failed"] is True
    assert result["failure"] == {
        "kind": "bad_request",
        "method": "POST",
        "url": "https://cc.example.com/commandcenter/api/createtask",
        "status": 400,
        "code": None,
        "message": "Request body is empty or format is invalid",
    }
    assert result["backups"][0]["state"] == "refused"


def test_an_unknown_outcome_is_reported_and_not_sent_again(run_module):
    result = run_module(backup, Script(post("createtask").returns(200, "<html>Scheduled Maintenance</html>")), **ONE)
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["backups"][0]["state"] == "unknown"
    assert "Scheduled Maintenance" in result["msg"]


def test_check_mode_sends_nothing_and_returns_the_request(run_module):
    result = run_module(backup, check=True, instances=FLEET, batch_size=2, backup_level="full")
    assert result["changed"] is True
    assert [entry["state"] for entry in result["backups"]] == ["would_start", "would_start"]
    assert result["api_calls"] == {"reads": 0, "writes": 0}
    (request,) = result["request"]
    assert request["method"] == "POST"
    assert request["url"] == "https://cc.example.com/commandcenter/api/createtask"
    assert len(request["body"]["taskInfo"]["associations"]) == 2


def test_check_mode_returns_the_same_keys_as_a_real_run(run_module):
    real = run_module(backup, Script(post("createtask").returns(200, DOCUMENTED)), **ONE)
    check = run_module(backup, check=True, **ONE)
    assert set(check) - set(real) == {"request"}
    assert set(real) <= set(check)
    assert (check["task_id"], check["job_ids"], check["response"]) == (None, [], None)


@pytest.mark.parametrize("check", [True, False])
def test_diff_mode_shows_exactly_what_is_sent(run_module, check):
    script = None if check else Script(post("createtask").returns(200, DOCUMENTED))
    result = run_module(backup, script, check=check, diff=True, **ONE)
    assert result["diff"]["before"] == ""
    first_line, _, shown = result["diff"]["after"].partition("\n")
    assert first_line == "POST https://cc.example.com/commandcenter/api/createtask"
    assert json.loads(shown) == result["request"][0]["body"]
    if script:
        assert json.loads(script.requests[0].body) == result["request"][0]["body"]


def test_the_request_is_returned_when_someone_looks_closely(run_module):
    assert "request" in run_module(backup, Script(post("createtask").returns(200, DOCUMENTED)), verbosity=3, **ONE)


def test_the_bearer_scheme(run_module):
    script = Script(post("createtask").with_header("Authorization", f"Bearer {TOKEN}").returns(200, DOCUMENTED))
    assert run_module(backup, script, auth_scheme="bearer", **ONE)["changed"] is True


def test_secrets_in_task_info_are_masked(run_module):
    info = {"subTasks": [{"options": {"userPassword": "SECRET-in-task-info"}}]}
    result = run_module(backup, check=True, diff=True, task_info=info, **ONE)
    assert "SECRET-in-task-info" not in result.text


def test_what_the_server_echoes_is_masked(run_module):
    result = run_module(backup, Script(post("createtask").returns(500, f"Authtoken: {TOKEN}")), verbosity=5, **ONE)
    assert TOKEN not in result.text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "one of the following is required: client_name, instances"),
        ({"client_name": "c"}, "required together: client_name, instance_name"),
        ({"instance_name": "i", "instances": FLEET}, "mutually exclusive"),
        ({**ONE, "instances": FLEET}, "mutually exclusive"),
        ({"instances": FLEET, "subclient_name": "s"}, "mutually exclusive"),
        ({"instances": []}, "empty list"),
        ({"instances": [{"client_name": "c"}]}, "missing required arguments: instance_name"),
        ({"instances": [{"client_name": "c", "instance_name": "i", "nope": 1}]}, "nope"),
        ({"instances": [FLEET[0], FLEET[0]]}, "are the same"),
        ({"client_name": "", "instance_name": "i"}, "client_name is empty"),
        ({**ONE, "application_id": -1}, "application_id must be a positive number"),
        ({**ONE, "batch_size": 0}, "batch_size must be a positive number, not 0"),
        ({**ONE, "concurrency": -4}, "concurrency must be a positive number, not -4"),
        ({**ONE, "timeout": 0}, "timeout must be a positive number"),
        ({**ONE, "backup_level": "differential"}, "value of backup_level must be one of"),
        ({**ONE, "installer_user": {"user_id": 1}}, "missing required arguments: user_name"),
        ({**ONE, "task_info": {"associations": [{"clientName": "x"}]}}, "task_info.associations"),
        ({**ONE, "url": "http://cc.example.com"}, "allow_http"),
        ({**ONE, "url": None}, "url is missing"),
        ({**ONE, "auth_token": "a\nb"}, "control character"),
        ({**ONE, "auth_token": None}, "auth_token is missing"),
        ({**ONE, "ca_path": "/does/not/exist"}, "does not exist"),
        ({**ONE, "auth_scheme": "basic"}, "value of auth_scheme must be one of"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_wrong_input_is_refused_before_anything_is_sent(run_module, args, words, check):
    result = run_module(backup, check=check, **args)
    assert result["failed"] is True
    assert words in result["msg"]
