# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock, and what state jobs are in as it goes on."""

from __future__ import annotations

import math

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association
from ansible_collections.rdsops.commvault.tests.simulator.clock import Clock
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError
from ansible_collections.rdsops.commvault.tests.simulator.jobs import script_of


def test_a_reset_sets_the_clock_back(simulator: Simulator) -> None:
    simulator.set(speed=0)
    real = simulator.now()
    simulator.advance(86400)
    simulator.reset()
    assert 0 <= simulator.now() - real < 3600


def test_clock_runs_at_its_speed_and_only_forward() -> None:
    real = [10.0]
    clock = Clock(speed=60, start=1000, ticks=lambda: real[0])
    real[0] = 12.0
    assert clock.now() == 1120
    clock.set_speed(0)
    real[0] = 50.0
    assert clock.now() == 1120
    assert clock.advance(5) == 1125
    with pytest.raises(ValueError, match="go back"):
        clock.advance(-1)


def test_job_waits_runs_and_completes(api: Api, simulator: Simulator) -> None:
    api.start()
    seen = []
    for step in (0, 2, 30, 29, 1):
        simulator.advance(step)
        summary = api.job(148886)
        seen.append((summary["status"], summary["percentComplete"], summary["jobEndTime"] == 0))
    assert seen == [
        ("Waiting", 0, True),
        ("Running", 0, True),
        ("Running", 50, True),
        ("Running", 97, True),
        ("Completed", 100, False),
    ]


def test_summary_has_the_fields_and_types_of_live_servers(api: Api, simulator: Simulator) -> None:
    api.start(association("billing"))
    simulator.advance(62)
    summary = api.job(148886)
    assert summary["jobId"] == 148886
    assert summary["jobEndTime"] - summary["jobStartTime"] == 62
    assert (summary["backupLevel"], summary["backupLevelName"]) == (1, "Full")
    assert {
        key: summary["subclient"][key] for key in ("clientName", "instanceName", "subclientName", "applicationId")
    } == {
        "clientName": "aws-prod",
        "instanceName": "billing",
        "subclientName": "default",
        "applicationId": 22,
    }
    assert summary["isVisible"] is True
    assert isinstance(summary["sizeOfApplication"], int)
    assert isinstance(summary["percentSavings"], float)


def test_unknown_job_is_an_empty_answer(api: Api) -> None:
    reply = api.call("GET", "Job/1")
    assert (reply.status_code, reply.json()) == (200, {"totalRecordsWithoutPaging": 0})


def test_script_of_an_instance_is_followed(api: Api, simulator: Simulator) -> None:
    simulator.script(
        instance="hr",
        states=[
            {"state": "Pending", "seconds": 600, "reason": "No resources available.", "code": "82:172"},
            {"state": "Running", "seconds": 100, "percent": 43},
            {"state": "Failed", "reason": "The database instance is not available."},
        ],
        times=1,
    )
    api.start(association("hr"))
    api.start(association("orders"))
    assert (api.job(148886)["status"], api.job(148886)["pendingReason"]) == ("Pending", "No resources available.")
    assert api.job(148887)["status"] == "Waiting"
    simulator.advance(650)
    assert (api.job(148886)["status"], api.job(148886)["percentComplete"]) == ("Running", 22)
    simulator.advance(50)
    summary = api.job(148886)
    assert (summary["status"], summary["percentComplete"]) == ("Failed", 43)
    assert summary["pendingReason"] == "The database instance is not available."
    api.start(association("hr"))
    assert api.job(148888)["status"] == "Waiting"


def test_last_state_lasts_for_ever() -> None:
    steps = script_of(["Waiting", "Something New"])
    assert [step.seconds for step in steps] == [10, math.inf]


@pytest.mark.parametrize("states", [[], ["Completed", "Running"], [{"state": "Running", "second": 1}]])
def test_impossible_scripts_are_refused(simulator: Simulator, states: list) -> None:
    with pytest.raises(SimulatorError):
        simulator.script(instance="hr", states=states)


def test_estate_can_carry_scripts_and_lengths(api: Api, simulator: Simulator) -> None:
    simulator.reset(
        {
            "clients": [
                {
                    "name": "c",
                    "instances": [{"name": "a", "script": ["Failed to Start"]}, {"name": "b", "job_seconds": 5}],
                }
            ]
        }
    )
    api.start(association("a", "c"))
    api.start(association("b", "c"))
    simulator.advance(7)
    assert [job["state"] for job in simulator.jobs()] == ["Failed to Start", "Completed"]
