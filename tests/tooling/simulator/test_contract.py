# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI description of createtask: valid, complete, and true of what the simulator answers."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from ansible_collections.rdsops.commvault.tests.simulator import contract
from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association, body
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

OPERATION = contract.load()["paths"]["/createtask"]["post"]


def test_description_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(contract.load()).iter_errors()) == []


def test_description_has_every_documented_answer() -> None:
    assert set(OPERATION["responses"]) >= {"200", "400", "401", "404", "409", "429", "500"}


@pytest.mark.parametrize("name", list(OPERATION["requestBody"]["content"]["application/json"]["examples"]))
def test_request_examples_keep_the_contract(name: str) -> None:
    value = OPERATION["requestBody"]["content"]["application/json"]["examples"][name]["value"]
    assert contract.request_errors(value) == []


def _examples() -> list[tuple[str, Any]]:
    return [
        (status, example["value"])
        for status, answer in OPERATION["responses"].items()
        for example in answer.get("content", {}).get("application/json", {}).get("examples", {}).values()
    ]


@pytest.mark.parametrize(("status", "value"), _examples())
def test_answer_examples_keep_the_contract(status: str, value: Any) -> None:
    assert contract.answer_errors(int(status), value) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("associations",), []),
        (("associations", 0, "clientname"), "x"),
        (("associations", 0, "clientName"), "string"),
        (("associations", 0, "clientName"), ""),
        (("associations", 0, "applicationId"), "22"),
        (("task", "taskType"), "NOW"),
        (("task", "tasktype"), "IMMEDIATE"),
        (("subTasks",), []),
        (("subTasks", 0, "options", "backupOpts", "backupLevel"), "EVERYTHING"),
        (("subTasks", 0, "options", "backupOpts", "cumulative"), True),
        (("subTasks", 0, "options", "commonOpts", "notifyUserOnJobCompletion"), "yes"),
        (("subTasks", 0, "options", "commonOpts", "jobdescription"), "x"),
        (
            ("subTasks", 0, "options", "adminOpts"),
            {"clientInstallOption": {"installerOption": {"User": {"userId": 0}}}},
        ),
    ],
)
def test_departures_from_the_contract_are_found(path: tuple, value: Any) -> None:
    request = body()
    part = request["taskInfo"]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert contract.request_errors(request)


@pytest.mark.parametrize(
    "rows",
    [
        [association()],
        [association("nope")],
        [association("hr"), association("billing")],
        [association("hr"), association("nope")],
    ],
)
def test_answers_of_the_simulator_keep_the_contract(api: Api, rows: list) -> None:
    for _again in range(2):
        reply = api.start(*rows)
        assert contract.answer_errors(reply.status_code, reply.json()) == []


def test_denial_and_bad_request_keep_the_contract(api: Api) -> None:
    for reply in (api.start(headers={"Authtoken": "wrong"}), api.call("POST", "createtask", json={})):
        assert contract.answer_errors(reply.status_code, reply.json()) == []


def test_journal_marks_a_request_that_breaks_the_contract(api: Api, simulator: Simulator) -> None:
    api.start(association(colour="red"))
    (entry,) = simulator.journal()
    assert entry["status"] == 400
    assert any("colour" in line for line in entry["contract_errors"])
