# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suspending, resuming, killing, resubmitting; and the hourly quota."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


def act(api: Api, action: str, job_id: int = 148886) -> dict:
    """Send an action with an empty body and return the answer."""
    reply = api.call("POST", f"Job/{job_id}/action/{action}")
    assert reply.status_code == 200
    return reply.json()


def test_suspended_job_stands_still_and_goes_on_where_it_was(api: Api, simulator: Simulator) -> None:
    api.start()
    simulator.advance(32)
    assert act(api, "pause") == {}
    assert api.job(148886)["status"] == "Suspend Pending"
    simulator.advance(2)
    assert (api.job(148886)["status"], api.job(148886)["percentComplete"]) == ("Suspended", 50)
    simulator.advance(86400)
    assert api.start().json()["errorCode"] == 2
    assert act(api, "resume") == {}
    assert (api.job(148886)["status"], api.job(148886)["percentComplete"]) == ("Running", 50)
    simulator.advance(30)
    assert api.job(148886)["status"] == "Completed"


def test_killed_job_ends_after_a_moment(api: Api, simulator: Simulator) -> None:
    api.start()
    simulator.advance(10)
    assert act(api, "kill") == {}
    assert (api.job(148886)["status"], api.job(148886)["jobEndTime"]) == ("Kill Pending", 0)
    assert act(api, "kill") == {}
    simulator.advance(2)
    assert api.job(148886)["status"] == "Killed"
    assert api.start().status_code == 200


def test_suspended_and_queued_jobs_can_be_killed(api: Api, simulator: Simulator) -> None:
    simulator.set(queue_conflicting_jobs=True, control_seconds=0)
    api.start()
    api.start()
    act(api, "pause")
    act(api, "kill")
    act(api, "kill", 148887)
    assert [job["state"] for job in simulator.jobs()] == ["Killed", "Killed"]


def test_suspended_queued_job_does_not_start(api: Api, simulator: Simulator) -> None:
    simulator.set(queue_conflicting_jobs=True)
    api.start()
    api.start()
    act(api, "pause", 148887)
    simulator.advance(1000)
    assert api.job(148887)["status"] == "Suspended"
    act(api, "resume", 148887)
    simulator.advance(1000)
    assert api.job(148887)["status"] == "Completed"


@pytest.mark.parametrize(
    ("action", "seconds"), [("resume", 0), ("pause", 100), ("resume", 100), ("kill", 100), ("Resubmit", 0)]
)
def test_impossible_actions_are_refused_with_status_200(
    api: Api, simulator: Simulator, action: str, seconds: int
) -> None:
    api.start()
    simulator.advance(seconds)
    (outer,) = act(api, action)["errors"]
    assert outer["errList"][0]["errorCode"] == 2
    simulator.set(action_error="top_level")
    assert act(api, action)["errorCode"] == 2


def test_actions_on_an_unknown_job_are_refused(api: Api) -> None:
    for action in ("pause", "resume", "kill", "Resubmit"):
        assert "does not exist" in act(api, action, 7)["errors"][0]["errList"][0]["errLogMessage"]


def test_resubmitting_makes_a_new_job(api: Api, simulator: Simulator) -> None:
    simulator.script(instance="orders", states=["Failed"], times=1)
    api.start()
    assert act(api, "Resubmit")["jobIds"] == ["148887"]
    assert [job["state"] for job in simulator.jobs()] == ["Failed", "Waiting"]


def test_job_can_start_suspended(api: Api, simulator: Simulator) -> None:
    api.start()
    simulator.advance(100)
    act(api, "Resubmit?startInSuspendedState=true")
    assert api.job(148887)["status"] == "Suspended"


def test_several_jobs_at_once(api: Api, simulator: Simulator) -> None:
    api.start(association("orders"), association("hr"))
    request: dict[str, Any] = {
        "message": 1,
        "jobOpReq": {"operationType": 0, "jobs": [{"jobId": 148886}, {"jobId": 148887}]},
        "operationDescription": "why",
    }
    assert api.call("POST", "Jobs/MultiJobOperation", json=request).json() == {"error": {"errorCode": 0}}
    assert [job["state"] for job in simulator.jobs()] == ["Suspend Pending"] * 2
    request["jobOpReq"]["operationType"] = "JOB_RESUME"
    request["jobOpReq"]["jobs"].append({"jobId": 9})
    reply = api.call("POST", "Jobs/MultiJobOperation", json=request).json()
    assert (reply["error"]["errorCode"], reply["error"]["errLogMessage"]) == (2, "Job [9] does not exist.")
    assert [job["state"] for job in simulator.jobs()] == ["Waiting"] * 2


def test_actions_are_writes_and_listings_are_not(api: Api, simulator: Simulator) -> None:
    api.start()
    act(api, "pause")
    api.call("POST", "Jobs", json={})
    api.call("POST", "JobDetails", json={"jobId": 148886})
    api.call("POST", "Subclient/1002/action/backup?backupLevel=Full")
    assert [entry["endpoint"] for entry in simulator.writes()] == [
        "createtask",
        "job/148886/action/pause",
        "subclient/1002/action/backup",
    ]


def test_backup_of_a_subclient_by_its_id(api: Api, simulator: Simulator) -> None:
    reply = api.call("POST", "Subclient/1002/action/backup?backupLevel=Full")
    assert reply.json() == {"taskId": 9920, "jobIds": ["148886"]}
    (job,) = simulator.jobs()
    assert (job["instance"], job["level"]) == ("billing", "full")


def test_quota_refuses_what_is_too_much_until_the_period_ends(api: Api, simulator: Simulator) -> None:
    simulator.set(quota={"reads": 3, "writes": 1, "period": 3600})
    assert api.start(association("orders")).status_code == 200
    refused = api.start(association("hr"))
    assert refused.status_code == 429
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Period"]) == ("1", "3600")
    assert len(simulator.jobs()) == 1
    assert [api.call("GET", "Job").status_code for _call in range(2)] == [200, 200]
    assert [api.call("POST", "Jobs", json={}).status_code for _call in range(2)] == [200, 429]
    simulator.advance(3600)
    assert api.start(association("hr")).status_code == 200


def test_quota_can_count_queries_as_writes_and_tell_what_is_left_of_the_period(api: Api, simulator: Simulator) -> None:
    simulator.set(
        quota={"reads": 9, "writes": 1, "period": 3600},
        quota_queries="write",
        quota_period="remaining",
        quota_headers_always=True,
    )
    assert api.call("POST", "Jobs", json={}).headers["X-RateLimit-Limit"] == "1"
    simulator.advance(3000)
    refused = api.start()
    assert (refused.status_code, refused.headers["X-RateLimit-Period"]) == (429, "601")
