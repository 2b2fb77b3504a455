# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listings, details, events: paging, filters, and jobs that are not to be seen."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import Api, association
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError

PAST = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                {"name": "orders", "history": [{"age": 90000}, {"age": 3600, "seconds": 900, "level": "incremental"}]},
                {"name": "billing", "history": [{"status": "Failed", "age": 7200, "reason": "No space."}]},
                {"name": "hr", "history": [{"status": "Running", "age": 60, "seconds": 600, "user": "else"}]},
            ],
        },
        {"name": "aws-dev", "instances": [{"name": "orders", "history": [{"age": 40 * 86400}]}]},
    ]
}


@pytest.fixture
def past(simulator: Simulator) -> Simulator:
    """A CommCell with a history."""
    simulator.reset(PAST)
    simulator.set(speed=0)
    return simulator


def query(api: Api, category: int | str = 0, paging: dict | None = None, **wanted: Any) -> dict[str, Any]:
    """POST Jobs and return its answer."""
    body = {
        "scope": 1,
        "category": category,
        "pagingConfig": {"sortDirection": 1, "offset": 0, "sortField": "jobId", "limit": 20, **(paging or {})},
        "jobFilter": {"completedJobLookupTime": 86400 * 365, "showAgedJobs": False, "hideAdminJobs": False, **wanted},
    }
    return api.call("POST", "Jobs", json=body).json()


def ids(reply: dict[str, Any]) -> list[int]:
    """Return the job ids of a listing in order."""
    return [row["jobSummary"]["jobId"] for row in reply.get("jobs", [])]


def names(reply: dict[str, Any]) -> list[str]:
    """Return client and instance of each row in order."""
    rows = [row["jobSummary"]["subclient"] for row in reply.get("jobs", [])]
    return [f"{row['clientName']}/{row['instanceName']}" for row in rows]


def test_past_jobs_have_ids_below_new_ones_in_order_of_their_start(api: Api, past: Simulator) -> None:
    reply = query(api)
    assert ids(reply) == [148885, 148884, 148883, 148882, 148881]
    assert names(reply) == ["aws-prod/hr", "aws-prod/orders", "aws-prod/billing", "aws-prod/orders", "aws-dev/orders"]
    assert api.start(association("billing")).json() == {"taskId": 9920, "jobIds": ["148886"]}
    assert api.start(association("hr")).json()["errorCode"] == 2


@pytest.mark.parametrize(
    ("category", "expected"),
    [(0, 5), ("ALL", 5), (1, 1), ("active", 1), (2, 4), ("FINISHED", 4)],
)
def test_category(api: Api, past: Simulator, category: int | str, expected: int) -> None:
    assert query(api, category)["totalRecordsWithoutPaging"] == expected


def test_finished_job_stays_among_the_active_ones_for_five_minutes(api: Api, past: Simulator) -> None:
    past.advance(540)
    past.advance(299)
    assert ids(query(api, 1)) == [148885]
    assert ids(query(api, 2))[0] == 148885
    past.advance(2)
    assert ids(query(api, 1)) == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"completedJobLookupTime": 3601}, [148885, 148884]),
        ({"clientList": [{"clientId": 12}]}, [148881]),
        ({"clientList": [{"clientName": "AWS-Dev"}, {"clientId": 99}]}, [148881]),
        ({"clientList": [{"clientId": 99}]}, []),
        ({"jobTypeList": ["Backup"], "statusList": ["failed", "Running"]}, [148885, 148883]),
        ({"jobTypeList": ["Restore"]}, []),
        ({"entity": {"subclientId": 1001}}, [148884, 148882]),
        ({"entity": {"instanceId": 102, "applicationId": 22}}, [148883]),
        ({"entity": {"dataSourceId": 0}}, [148885, 148884, 148883, 148882, 148881]),
    ],
)
def test_filters(api: Api, past: Simulator, wanted: dict, expected: list[int]) -> None:
    reply = query(api, **wanted)
    assert (ids(reply), reply["totalRecordsWithoutPaging"]) == (expected, len(expected))


def test_range_of_end_times(api: Api, past: Simulator) -> None:
    now = int(past.now())
    assert ids(query(api, endTimeRange={"fromTime": now - 7300, "toTime": now - 7100})) == [148883]
    assert ids(query(api, startTimeRange={"fromTime": now - 4600})) == [148885, 148884]


def test_paging_and_direction_in_the_body(api: Api, past: Simulator) -> None:
    page = query(api, paging={"limit": 2, "offset": 2})
    assert (ids(page), page["totalRecordsWithoutPaging"]) == ([148883, 148882], 5)
    assert ids(query(api, paging={"limit": 1, "sortDirection": 0})) == [148881]
    assert ids(query(api, paging={"sortField": "jobStartTime", "limit": 1})) == [148885]
    past.set(sort_reversed=True)
    assert ids(query(api, paging={"limit": 1})) == [148881]


def test_list_with_paging_in_headers_or_query(api: Api, past: Simulator) -> None:
    assert ids(api.call("GET", "Job").json()) == [148881, 148882, 148883, 148884, 148885]
    page = api.call("GET", "job", headers={"limit": "2", "offset": "1"}).json()
    assert (ids(page), page["totalRecordsWithoutPaging"]) == ([148882, 148883], 5)
    assert ids(api.call("GET", "Job?limit=1&offset=4").json()) == [148885]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("jobFilter=", 5),
        ("jobFilter=Restore,Backup", 5),
        ("jobFilter=Restore", 0),
        ("clientId=12", 1),
        ("ClientID=11&SubclientId=1001&jobCategory=Finished", 2),
        ("jobCategory=Active", 1),
        ("completedJobLookupTime=4000", 2),
    ],
)
def test_list_filters(api: Api, past: Simulator, filters: str, expected: int) -> None:
    assert api.call("GET", f"Job?{filters}").json()["totalRecordsWithoutPaging"] == expected


def test_rows_can_be_there_twice_and_hidden_ones_between_them(api: Api, past: Simulator) -> None:
    past.set(list_duplicates=True)
    assert ids(query(api, paging={"limit": 2})) == [148885, 148884, 148885]
    assert ids(query(api, paging={"limit": 2, "offset": 2})) == [148884, 148883, 148882, 148883]
    past.set(list_duplicates=False, hidden_rows=True)
    rows = [row["jobSummary"] for row in query(api, paging={"limit": 2})["jobs"]]
    assert [row["jobId"] for row in rows if row["isVisible"]] == [148885, 148884]
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("style", "status", "text"),
    [("zero", 200, '{"totalRecordsWithoutPaging":0}'), ("missing", 200, "{}"), ("404", 404, "{}"), ("empty", 200, "")],
)
def test_new_job_is_not_visible_at_once_when_set(
    api: Api, simulator: Simulator, style: str, status: int, text: str
) -> None:
    simulator.set(visibility_lag=5, not_visible=style)
    api.start()
    reply = api.call("GET", "Job/148886")
    assert (reply.status_code, reply.text) == (status, text)
    assert ids(query(api)) == []
    assert "error" in api.call("POST", "JobDetails", json={"jobId": 148886}).json()
    simulator.advance(5)
    assert api.job(148886)["status"] == "Running"
    assert ids(query(api)) == [148886]


def test_jobs_of_others_can_be_out_of_sight(api: Api, past: Simulator) -> None:
    past.set(job_view="own")
    api.start(association("billing"))
    assert ids(query(api)) == [148886]
    assert "jobs" not in api.call("GET", "Job/148885").json()


def test_history_can_be_out_of_sight(api: Api, past: Simulator) -> None:
    past.set(history_view="none")
    assert ids(query(api)) == [148885]
    past.set(history_view="denied")
    assert api.call("POST", "Jobs", json={"category": 2}).status_code == 401
    assert ids(query(api, 1)) == [148885]


def test_jobs_can_be_denied(api: Api, past: Simulator) -> None:
    past.set(job_view="denied")
    answers = [
        api.call("GET", "Job"),
        api.call("GET", "Job/148885"),
        api.call("POST", "JobDetails", json={"jobId": 148885}),
    ]
    assert [(answer.status_code, answer.json()["errorCode"]) for answer in answers] == [(401, 5)] * 3


def test_details_link_the_job_to_its_task_and_mark_what_is_unknown(api: Api, simulator: Simulator) -> None:
    api.start(association("orders"), association("hr"))
    simulator.advance(30)
    detail = api.call("POST", "jobdetails", json={"jobId": 148887, "showAttempt": True}).json()["job"]["jobDetail"]
    assert detail["generalInfo"]["taskData"]["taskId"] == 9920
    assert detail["generalInfo"]["subclient"]["instanceName"] == "hr"
    assert isinstance(detail["detailInfo"]["sizeOfApplication"], str)
    assert (detail["detailInfo"]["endTime"], detail["detailInfo"]["numOfObjects"]) == (-999, -999)
    simulator.advance(100)
    detail = api.call("POST", "jobdetails", json={"jobId": 148887}).json()["job"]["jobDetail"]
    assert detail["detailInfo"]["endTime"] > detail["detailInfo"]["startTime"]
    assert detail["progressInfo"]["state"] == "Completed"


def test_details_of_an_unknown_job_are_an_error_list(api: Api) -> None:
    reply = api.call("POST", "JobDetails", json={"jobId": 1})
    assert (reply.status_code, reply.json()["error"]["errList"][0]["errorCode"]) == (200, 2)
    assert "errorMessage" in api.call("GET", "Job/1/TaskDetails").json()["error"]["errList"][0]


def test_task_details_give_the_request_back(api: Api) -> None:
    api.start(association("orders"), association("hr"))
    info = api.call("GET", "Job/148887/TaskDetails").json()["taskInfo"]
    assert info["task"]["taskId"] == 9920
    assert [row["instanceName"] for row in info["associations"]] == ["orders", "hr"]


def test_events_tell_start_reasons_and_end(api: Api, past: Simulator) -> None:
    events = api.call("GET", "Events?jobId=148883").json()["commservEvents"]
    assert [event["description"] for event in events] == [
        "Job [148883] has ended with the status [Failed].",
        "No space.",
        "Backup job [148883] has started.",
    ]
    assert events[1]["eventCodeString"] == "19:1916"
    assert events[1]["eventCode"] == "318769020"
    assert api.call("GET", "Event?jobId=148883").status_code == 404


def test_estate_with_a_wrong_history_is_refused(simulator: Simulator) -> None:
    with pytest.raises(SimulatorError, match="no such key of a past job: colour"):
        simulator.reset({"clients": [{"name": "c", "instances": [{"name": "i", "history": [{"colour": 1}]}]}]})
