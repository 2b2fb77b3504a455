# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CommCells that differ: each variant shows what its name says, and nothing else changes."""

from __future__ import annotations

import functools

import pytest
import requests

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError
from ansible_collections.rdsops.commvault.tests.simulator.variants import VARIANTS, settings_of

ESTATE = {"clients": {"aws-prod": ["orders"]}}
BODY = {
    "taskInfo": {
        "associations": [
            {
                "clientName": "aws-prod",
                "instanceName": "orders",
                "subclientName": "default",
                "displayName": "aws-prod",
                "appName": "Oracle",
                "applicationId": 22,
            }
        ],
        "task": {"taskType": "IMMEDIATE"},
        "subTasks": [
            {
                "subTask": {"subTaskType": 2, "operationType": 2},
                "options": {"backupOpts": {"backupLevel": "FULL"}, "commonOpts": {"jobDescription": "mark-4711"}},
            }
        ],
    }
}


def call(simulator, method, path, header="Authtoken", **kwargs):
    token = f"Bearer {simulator.token}" if header == "Authorization" else simulator.token
    headers = {header: token, "Accept": "application/json"}
    return requests.request(method, f"{simulator.url}/{path}", headers=headers, timeout=20, **kwargs)


@functools.cache
def row_of(variant):
    """The row of a job that has ended."""
    settings = settings_of(variant) if variant else {}
    header = "Authorization" if settings.get("token_header") == "bearer" else "Authtoken"
    with Simulator(ESTATE, waiting_seconds=0, job_seconds=0, **settings) as simulator:
        job_id = call(simulator, "POST", "createtask", header, json=BODY).json()["jobIds"][0]
        (row,) = call(simulator, "GET", f"Job/{job_id}", header).json()["jobs"]
    return row["jobSummary"]


@pytest.mark.parametrize(
    ("variant", "key", "value"),
    [
        ("proxy-client", "destClientName", "access-node-1"),
        ("other-type", "jobType", "Data Pump Export"),
        ("no-end-time", "jobEndTime", None),
        ("numeric-level", "backupLevelName", None),
        ("marker-in-row", "jobDescription", "mark-4711"),
    ],
)
def test_the_row_of_a_job_differs(variant, key, value):
    plain, row = row_of(""), row_of(variant)
    assert row.get(key) == value != plain.get(key)


def test_the_application_of_a_row_differs():
    assert row_of("app-134")["subclient"]["applicationId"] == 134


def test_only_a_bearer_is_accepted():
    with Simulator(ESTATE, **settings_of("bearer-only")) as simulator:
        assert call(simulator, "POST", "WhoAmI").status_code == 401
        assert call(simulator, "POST", "WhoAmI", "Authorization").status_code == 200


def test_the_rate_limiter_refuses_a_burst_and_then_recovers():
    with Simulator(ESTATE, rate_limit={"rate": 1000.0, "burst": 3.0}) as simulator:
        assert call(simulator, "GET", "Client").status_code == 200
    with Simulator(ESTATE, rate_limit={"rate": 0.001, "burst": 3.0}) as simulator:
        assert [call(simulator, "GET", "Client").status_code for _call in range(4)] == [200, 200, 200, 429]


def test_the_setting_tells_whether_conflicts_are_queued():
    for variant, queued in (("queue", True), ("app-134", False)):
        with Simulator(ESTATE, **settings_of(variant)) as simulator:
            data = call(simulator, "GET", "CommServ/JobManagementSetting").json()
        assert data["jobManagementSettings"]["generalSettings"]["queueJobsIfConflictingJobsActive"] is queued


def test_a_variant_takes_its_own_number():
    assert settings_of("skew=-30") == {"clock_skew": -30.0}


@pytest.mark.parametrize("variant", ["nonsense", "queue=5", "skew=soon"])
def test_a_variant_that_does_not_exist_is_refused(variant):
    with pytest.raises(ValueError):  # noqa: PT011
        settings_of(variant)


def test_each_variant_is_a_setting_of_the_simulator():
    with Simulator(ESTATE) as simulator:
        for variant in VARIANTS:
            simulator.set(**settings_of(variant))
        with pytest.raises(SimulatorError):
            simulator.set(nonsense=True)


def test_a_fault_is_for_a_request_that_the_rate_limiter_lets_through():
    with Simulator(ESTATE, rate_limit={"rate": 0.001, "burst": 1.0}) as simulator:
        call(simulator, "GET", "Client")
        simulator.order_fault({"path": "createtask"}, {"reset": "after"})
        assert call(simulator, "POST", "CreateTask", json=BODY).status_code == 429
        simulator.advance(3600)
        with pytest.raises(requests.ConnectionError):
            call(simulator, "POST", "CreateTask", json=BODY)
        assert len(simulator.jobs()) == 1
