# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what a client sees, and whether the job exists nevertheless."""

from __future__ import annotations

import http.client
import json

import pytest
import requests

from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association, body
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError


@pytest.mark.parametrize(
    ("kind", "status", "part"),
    [
        ("maintenance", 200, "Scheduled Maintenance"),
        ("rate_limit", 429, "Too many requests"),
        ("rate_limit_retry_after", 429, "Too many requests"),
        ("rate_limit_bare", 429, ""),
        ("unauthorized", 401, "Access denied"),
        ("forbidden", 403, "Forbidden"),
        ("server_error", 500, "Internal Server Error"),
        ("server_error_json", 500, '"errorCode":1'),
        ("bad_gateway", 502, "Bad Gateway"),
        ("unavailable", 503, "Service Unavailable"),
        ("gateway_timeout", 504, "Gateway Time-out"),
        ("empty", 200, ""),
        ("empty_object", 200, "{}"),
        ("json_string", 200, '"Request could not be processed"'),
        ("text", 200, "Request could not be processed"),
    ],
)
@pytest.mark.parametrize("carried_out", [False, True])
def test_ready_made_answers(
    api: Api, simulator: Simulator, kind: str, status: int, part: str, carried_out: bool
) -> None:
    simulator.order_fault({"path": "CreateTask"}, {"kind": kind, "process": carried_out})
    reply = api.start()
    assert reply.status_code == status
    assert part in reply.text
    assert len(simulator.jobs()) == int(carried_out)
    (entry,) = simulator.journal()
    assert (entry["fault"], entry["status"], len(entry["job_ids"])) == (kind, status, int(carried_out))


def test_connection_reset_before_processing_starts_nothing(api: Api, simulator: Simulator) -> None:
    simulator.order_fault({"path": "createtask"}, {"kind": "reset_before"})
    with pytest.raises(requests.ConnectionError):
        api.start()
    assert simulator.jobs() == []
    assert simulator.journal()[0]["status"] is None


@pytest.mark.parametrize(
    ("kind", "error"), [("reset_after", ConnectionResetError), ("cut_body", http.client.IncompleteRead)]
)
def test_broken_answer_leaves_a_job_that_the_client_does_not_know(
    simulator: Simulator, kind: str, error: type[Exception]
) -> None:
    simulator.order_fault({"path": "createtask"}, {"kind": kind})
    # Not with requests: its oldest supported release takes a body that is too short for a whole one.
    connection = http.client.HTTPConnection(simulator.root.rpartition("/")[2], timeout=10)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Authtoken": simulator.token}
    connection.request("POST", "/commandcenter/api/createtask", json.dumps(body()), headers)
    with pytest.raises(error):
        connection.getresponse().read()
    connection.close()
    (job,) = simulator.jobs()
    (entry,) = simulator.journal()
    assert entry["job_ids"] == [job["job_id"]]
    assert job["started_by"] == entry["seq"]


def test_cut_json_has_its_proper_length(api: Api, simulator: Simulator) -> None:
    simulator.order_fault(None, {"kind": "cut_json"})
    reply = api.start()
    assert len(reply.content) == int(reply.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.text)
    assert len(simulator.jobs()) == 1


def test_echo_repeats_the_credential_to_the_client_but_not_to_the_journal(api: Api, simulator: Simulator) -> None:
    simulator.order_fault(None, {"kind": "echo"})
    assert simulator.token in api.start().text
    assert simulator.token not in json.dumps(simulator.journal())


def test_redirect_goes_to_another_host(api: Api, simulator: Simulator) -> None:
    simulator.order_fault(None, {"kind": "redirect"})
    reply = api.start()
    assert reply.headers["Location"] == "https://elsewhere.example.invalid/commandcenter/api/createtask"


def test_any_answer_can_be_ordered(api: Api, simulator: Simulator) -> None:
    simulator.order_fault(
        None, {"status": 418, "json": {"errorCode": "7", "errorMessage": "x"}, "headers": {"Retry-After": "3"}}
    )
    reply = api.start()
    assert (reply.status_code, reply.json()["errorCode"], reply.headers["Retry-After"]) == (418, "7", "3")


def test_delay_before_and_after_processing_lets_the_client_time_out(api: Api, simulator: Simulator) -> None:
    simulator.order_fault(None, {"delay_after": 2})
    with pytest.raises(requests.Timeout):
        api.start(timeout=0.2)
    assert len(simulator.jobs()) == 1
    simulator.reset()
    simulator.order_fault(None, {"delay": 2, "reset": "before"})
    with pytest.raises(requests.Timeout):
        api.start(timeout=0.2)
    assert simulator.jobs() == []


def test_match_by_names_method_and_number(api: Api, simulator: Simulator) -> None:
    simulator.order_fault({"instance": "Billing"}, {"kind": "unavailable"})
    simulator.order_fault({"client": "aws-dev"}, {"kind": "bad_gateway"})
    simulator.order_fault({"method": "GET", "path": "job/*"}, {"kind": "empty"}, after=1, times=1)
    assert api.start(association("orders")).status_code == 200
    assert api.start(association("billing")).status_code == 503
    assert api.start(association("billing")).status_code == 200
    assert api.start(association("orders", "aws-dev")).status_code == 502
    assert [bool(api.call("GET", "Job/148886").content) for _call in range(3)] == [True, False, True]
    assert [order["applied"] for order in simulator.faults()] == [1, 1, 1]


def test_match_by_job(api: Api, simulator: Simulator) -> None:
    simulator.order_fault({"job_id": 148886}, {"kind": "unavailable"}, times=None)
    assert api.call("GET", "Job/148885").status_code == 200
    assert [api.call("GET", "Job/148886").status_code for _call in range(3)] == [503, 503, 503]
    simulator.clear_faults()
    assert api.call("GET", "Job/148886").status_code == 200


def test_random_faults_repeat_with_their_seed(api: Api, simulator: Simulator) -> None:
    def draw() -> list[int]:
        simulator.reset()
        simulator.set(seed=7)
        simulator.order_fault(
            {"path": "job/*"},
            {"choice": [{"kind": "unavailable"}, {"kind": "rate_limit"}]},
            times=None,
            probability=0.5,
        )
        return [api.call("GET", "Job/1").status_code for _call in range(40)]

    first = draw()
    assert set(first) == {200, 429, 503}
    assert draw() == first


@pytest.mark.parametrize(
    "order",
    [{"fault": {"kind": "none"}}, {"fault": {"stauts": 1}}, {"match": {"colour": 1}, "fault": {"kind": "empty"}}],
)
def test_wrong_orders_are_refused(simulator: Simulator, order: dict) -> None:
    with pytest.raises(SimulatorError, match="no such"):
        simulator.order_fault(**order)
