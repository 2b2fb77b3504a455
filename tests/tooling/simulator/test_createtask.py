# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""createtask: what the simulated server starts, refuses and answers."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association, body
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

ELIGIBLE = {"errorMessage": "Failed to start backups as no eligible subclients were found. ", "errorCode": 587207178}
BAD_REQUEST = "Request body is empty or format is invalid"


def test_first_answer_is_the_documented_sample(api: Api) -> None:
    reply = api.start(path="CreatEtask")
    assert reply.status_code == 200
    assert reply.json() == {"taskId": 9920, "jobIds": ["148886"]}


@pytest.mark.parametrize("path", ["createtask", "CreatEtask", "CreateTask", "Createtask", "createTask", "createtask/"])
def test_path_is_case_insensitive(api: Api, path: str) -> None:
    assert api.start(path=path).status_code == 200


@pytest.mark.parametrize(
    "base",
    [
        "/commandcenter/api",
        "/CommandCenter/API",
        "/webconsole/api",
        "/SearchSvc/CVWebService.svc",
        "/WebServerCore",
        "",
    ],
)
def test_every_documented_base_url_works(api: Api, simulator: Simulator, base: str) -> None:
    assert api.start(base=simulator.root + base).status_code == 200


@pytest.mark.parametrize("base", ["/commandcenter", "/api", "/commandcenter/apis"])
def test_wrong_base_url_is_not_found(api: Api, simulator: Simulator, base: str) -> None:
    reply = api.start(base=simulator.root + base)
    assert reply.status_code == 404
    assert "<html>" in reply.text
    assert simulator.jobs() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"{}", b'{"taskInfo": {}}'])
def test_malformed_body_gets_the_documented_string(api: Api, content: bytes) -> None:
    reply = api.call("POST", "createtask", data=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert reply.json() == BAD_REQUEST


def test_malformed_body_gets_bare_text_when_set(api: Api, simulator: Simulator) -> None:
    simulator.set(bad_request_style="bare_text")
    reply = api.call("POST", "createtask", json={})
    assert (reply.status_code, reply.text) == (400, BAD_REQUEST)
    assert reply.headers["Content-Type"].startswith("text/plain")


def test_body_of_another_type_is_refused(api: Api, simulator: Simulator) -> None:
    reply = api.call("POST", "createtask", data={"taskInfo": "x"})
    assert reply.status_code == 400
    assert simulator.journal()[0]["contract_errors"]


@pytest.mark.parametrize(
    "row",
    [
        association("nope"),
        association(client="nope"),
        association(subclientName="nope"),
        association(applicationId=80),
        association(appName="SQL Server"),
        association("noplan"),
        association("off"),
        association(clientId=9999),
    ],
)
def test_association_that_fits_nothing_gets_the_documented_500(api: Api, simulator: Simulator, row: dict) -> None:
    reply = api.start(row)
    assert (reply.status_code, reply.json()) == (500, ELIGIBLE)
    assert simulator.jobs() == []


def test_names_count_in_any_case_and_ids_go_beside_them(api: Api, simulator: Simulator) -> None:
    assert api.start(association("ORDERS", "AWS-Prod", appName="oracle", clientId=11)).status_code == 200
    (job,) = simulator.jobs()
    assert (job["client"], job["instance"], job["subclient"]) == ("aws-prod", "orders", "default")


@pytest.mark.parametrize(
    "change",
    [
        {"subTaskType": 0, "operationType": 2},
        {"subTaskType": 2, "operationType": 0},
        {"subTaskType": "RESTORE", "operationType": "BACKUP"},
        {"subTaskType": 2},
        {"subTaskType": 2, "operationType": 2, "purityType": 1},
    ],
)
def test_placeholders_and_wrong_subtasks_break_the_contract(api: Api, simulator: Simulator, change: dict) -> None:
    request = body()
    request["taskInfo"]["subTasks"][0]["subTask"] = change
    reply = api.call("POST", "createtask", json=request)
    assert (reply.status_code, reply.json()) == (400, BAD_REQUEST)
    assert any("subTask" in line for line in simulator.journal()[0]["contract_errors"])


@pytest.mark.parametrize("backup", [2, "BACKUP", "backup", "Backup"])
@pytest.mark.parametrize(
    ("level", "name"),
    [(1, "full"), ("full", "full"), ("INCREMENTAL", "incremental"), (2, "incremental"), ("Full", "full")],
)
def test_enumerations_are_numbers_or_names_in_any_case(
    api: Api, simulator: Simulator, backup: object, level: object, name: str
) -> None:
    request = body()
    request["taskInfo"]["subTasks"][0]["subTask"] = {"subTaskType": backup, "operationType": backup}
    request["taskInfo"]["subTasks"][0]["options"]["backupOpts"]["backupLevel"] = level
    request["taskInfo"]["task"]["taskType"] = 1
    assert api.call("POST", "createtask", json=request).status_code == 200
    assert simulator.jobs()[0]["level"] == name


def test_schedule_gets_a_task_and_no_job(api: Api, simulator: Simulator) -> None:
    request = body()
    request["taskInfo"]["task"]["taskType"] = "SCHEDULE"
    assert api.call("POST", "createtask", json=request).json() == {"taskId": 9920}
    assert simulator.jobs() == []


def test_second_backup_of_a_subclient_is_refused_while_the_first_runs(api: Api, simulator: Simulator) -> None:
    api.start()
    reply = api.start()
    assert reply.status_code == 200
    assert reply.json() == {
        "errorMessage": "Another backup is running for client [aws-prod], iDataAgent [Oracle], Backup Set"
        " [defaultBackupSet], Subclient [default].",
        "errorCode": 2,
    }
    simulator.advance(100)
    assert api.start().json()["jobIds"] == ["148887"]


def test_refusal_of_a_second_backup_can_be_a_409(api: Api, simulator: Simulator) -> None:
    simulator.set(conflict_status=409)
    api.start()
    reply = api.start()
    assert (reply.status_code, reply.json()["errorCode"]) == (409, 2)


def test_second_backup_queues_behind_the_first_when_set(api: Api, simulator: Simulator) -> None:
    simulator.set(queue_conflicting_jobs=True)
    for expected in ("148886", "148887", "148888"):
        assert api.start().json()["jobIds"] == [expected]
    assert [job["state"] for job in simulator.jobs()] == ["Waiting", "Queued", "Queued"]
    simulator.advance(62)
    assert [job["state"] for job in simulator.jobs()] == ["Completed", "Waiting", "Queued"]
    simulator.advance(124)
    assert [job["state"] for job in simulator.jobs()] == ["Completed", "Completed", "Completed"]


def test_disabled_activity_queues_until_it_is_enabled_when_set(api: Api, simulator: Simulator) -> None:
    simulator.set(queue_when_disabled=True, activity_enabled=False)
    assert api.start().status_code == 200
    simulator.advance(1000)
    assert api.job(148886)["status"] == "Queued"
    assert api.job(148886)["pendingReason"] == "Backup activity is disabled."
    simulator.set(activity_enabled=True)
    assert api.job(148886)["status"] == "Waiting"


def test_disabled_activity_of_the_commcell_refuses(api: Api, simulator: Simulator) -> None:
    simulator.set(activity_enabled=False)
    assert api.start().json() == ELIGIBLE


def test_activity_of_one_instance_can_be_switched(api: Api, simulator: Simulator) -> None:
    assert simulator.set_activity(False, instance="orders", client="aws-prod") == 1
    assert api.start().status_code == 500
    simulator.set_activity(True, instance="orders")
    assert api.start().status_code == 200


def test_an_instance_can_be_set_up(api: Api, simulator: Simulator) -> None:
    simulator.set_up("aws-prod", "brand-new")
    assert api.start(association("brand-new")).status_code == 200
    simulator.set_activity(False, instance="orders", client="aws-prod")
    simulator.set_up("aws-prod", "orders")
    assert api.start().status_code == 200


def test_blackout_window_queues(api: Api, simulator: Simulator) -> None:
    simulator.set(blackout=True)
    api.start()
    assert api.job(148886)["status"] == "Queued"
    simulator.set(blackout=False)
    assert api.job(148886)["status"] == "Waiting"


def test_many_associations_get_one_task_and_a_job_each(api: Api, simulator: Simulator) -> None:
    reply = api.start(association("orders"), association("billing"), association("hr")).json()
    assert reply == {"taskId": 9920, "jobIds": ["148886", "148887", "148888"]}
    assert [job["instance"] for job in simulator.jobs()] == ["orders", "billing", "hr"]


def test_order_of_job_ids_can_differ_from_that_of_the_associations(api: Api, simulator: Simulator) -> None:
    simulator.set(job_ids_order="reversed")
    assert api.start(association("orders"), association("hr")).json()["jobIds"] == ["148887", "148886"]


def test_good_associations_start_beside_bad_ones(api: Api, simulator: Simulator) -> None:
    api.start(association("hr"))
    reply = api.start(association("orders"), association("nope"), association("hr"), association("billing"))
    assert reply.json() == {"taskId": 9921, "jobIds": ["148887", "148888"]}
    assert [job["instance"] for job in simulator.jobs()] == ["hr", "orders", "billing"]


def test_one_bad_association_refuses_all_when_set(api: Api, simulator: Simulator) -> None:
    simulator.set(mixed_batch="refuse_all")
    assert api.start(association("orders"), association("nope")).json() == ELIGIBLE
    assert simulator.jobs() == []


def test_server_can_start_fewer_than_it_could(api: Api, simulator: Simulator) -> None:
    simulator.set(start_at_most=1)
    assert api.start(association("orders"), association("billing")).json()["jobIds"] == ["148886"]
    assert len(simulator.jobs()) == 1


def test_same_subclient_twice_in_one_request_starts_once(api: Api, simulator: Simulator) -> None:
    assert api.start(association(), association()).json()["jobIds"] == ["148886"]


def test_association_without_subclient_means_all_of_the_instance(api: Api, simulator: Simulator) -> None:
    row = association("many")
    del row["subclientName"]
    assert len(api.start(row).json()["jobIds"]) == 2


def test_types_of_the_ids_can_be_changed(api: Api, simulator: Simulator) -> None:
    simulator.set(task_id_type="str", job_ids_type="int", processing_instruction=True)
    reply = api.start().json()
    assert (reply["taskId"], reply["jobIds"]) == ("9920", [148886])
    assert "processinginstructioninfo" in reply


@pytest.mark.parametrize(
    "headers",
    [
        {"Authtoken": "{}"},
        {"Authtoken": "QSDK {}"},
        {"Authtoken": "Bearer {}"},
        {"Authtoken": None, "Authorization": "Bearer {}"},
    ],
)
def test_token_is_taken_in_each_known_form(api: Api, simulator: Simulator, headers: dict) -> None:
    sent = {name: value.format(simulator.token) if value else None for name, value in headers.items()}
    assert api.start(headers=sent).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Authtoken": "wrong"}, {"Authtoken": None}, {"Authtoken": None, "Authorization": "Basic eA=="}]
)
def test_wrong_or_missing_token_is_denied(api: Api, simulator: Simulator, headers: dict) -> None:
    reply = api.start(headers=headers)
    assert (reply.status_code, reply.json()) == (401, {"errorMessage": "Access denied", "errorCode": 5})
    assert simulator.jobs() == []


@pytest.mark.parametrize("accept", [None, "*/*", "application/xml"])
def test_answer_is_xml_unless_json_is_asked_for(api: Api, accept: str | None) -> None:
    api.session.headers.pop("Accept")
    reply = api.start(headers={"Accept": accept})
    assert reply.headers["Content-Type"] == "application/xml"
    assert reply.text == '<Response taskId="9920"><jobIds val="148886"/></Response>'


def test_answer_carries_the_date_of_the_simulated_clock(api: Api, simulator: Simulator) -> None:
    simulator.set(clock_skew=-86400)
    before = api.call("GET", "Job/1").headers["Date"]
    simulator.advance(86400)
    assert api.call("GET", "Job/1").headers["Date"] != before
