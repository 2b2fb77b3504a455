# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._http.session import _request_state
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import ACTIVE, Event, JobDetails, JobsApi
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.scripted_http import get, post, scripted_commcell


def jobs_api(*exchanges):
    return JobsApi(scripted_commcell(*exchanges, secrets=["SEC<r>ET"], read_retries=2))


def test_a_job_is_read_by_its_id():
    api = jobs_api(get("Job/7").returns(200, listing(job_summary(7, status="Running"))))
    job = api.get("7")
    assert (job.id, job.status) == ("7", "Running")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"totalRecordsWithoutPaging": 0}),
        (200, {"totalRecordsWithoutPaging": 0, "jobs": []}),
        (200, {}),
        (200, ""),
        (200, {"totalRecordsWithoutPaging": 1, "jobs": [{}]}),
        (404, {}),
        (404, ""),
        (404, "not found"),
    ],
)
def test_a_job_that_is_not_there_is_none_in_every_form_of_the_answer(status, body):
    assert jobs_api(get("Job/7").returns(status, body)).get("7") is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, "<html>no such page</html>", "not_found"),
        (200, "<html>Scheduled Maintenance</html>", "bad_reply"),
        (200, '{"jobs": [', "bad_reply"),
        (503, "", "server"),
        (200, {"errorCode": 2, "errorMessage": "no"}, "refused"),
        (200, {"message": "Service unavailable"}, "bad_reply"),
        (200, {"totalRecordsWithoutPaging": 1, "jobs": None}, "bad_reply"),
        (200, {"jobs": [{"jobSummary": {"status": "Running"}}]}, "bad_reply"),
    ],
)
def test_any_other_answer_is_an_error(status, body, kind):
    with pytest.raises(RequestError) as caught:
        jobs_api(get("Job/7").returns(status, body)).get("7")
    assert (caught.value.kind, caught.value.maybe_ran) == (kind, False)


def test_a_page_of_the_listing_asks_for_no_more_than_it_needs():
    body = {
        "scope": 1,
        "category": 1,
        "pagingConfig": {"sortField": "jobId", "sortDirection": 1, "offset": 20, "limit": 10},
        "jobFilter": {
            "showAgedJobs": False,
            "hideAdminJobs": False,
            "completedJobLookupTime": 3601,
            "clientList": [{"clientId": 3}, {"clientId": 11}],
        },
    }
    api = jobs_api(post("Jobs").sends(body).returns(200, listing(job_summary(8), job_summary(7))))
    page = api.list_page(category=ACTIVE, client_ids=[11, 3, 11], lookup_seconds=3600, offset=20, limit=10)
    assert [job.id for job in page.jobs] == ["8", "7"]
    assert (page.rows, page.total, page.descending) == (2, 2, True)


def test_a_total_below_the_rows_of_a_page_is_none():
    body = {**listing(job_summary(8), job_summary(7)), "totalRecordsWithoutPaging": 0}
    assert jobs_api(post("Jobs").returns(200, body)).list_page().total is None


def test_a_total_that_leaves_out_repeated_rows_is_one():
    body = {**listing(job_summary(8), job_summary(7), job_summary(8)), "totalRecordsWithoutPaging": 2}
    assert jobs_api(post("Jobs").returns(200, body)).list_page().total == 2


def test_hidden_rows_are_left_out_and_repeated_ones_are_one():
    rows = [job_summary(7), job_summary(900, isVisible=False), job_summary(8), job_summary(7, status="Completed")]
    page = jobs_api(post("Jobs").returns(200, listing(*rows))).list_page(newest_first=False)
    assert [(job.id, job.status) for job in page.jobs] == [("7", "Completed"), ("8", "Running")]
    assert (page.rows, page.descending) == (4, False)


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"processinginstructioninfo": {}, "errorCode": 0}, {"totalRecordsWithoutPaging": 0, "more": 1}),
        *({"jobs": None}, [], {"jobs": ["x", {}, 5]}),
    ],
)
def test_a_listing_without_jobs_is_empty(body):
    page = jobs_api(post("Jobs").returns(200, body)).list_page()
    assert (page.jobs, page.descending) == ([], None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"totalRecordsWithoutPaging": 3}, "sent ended after 0 of 3 rows"),
        ({"totalRecordsWithoutPaging": "1", "jobs": None}, "sent ended after 0 of 1 rows"),
        ({"jobs": [{"id": 7}, {"id": 8}]}, "is in a shape that is not known"),
        ({"jobs": [148886, 148887]}, "is in a shape that is not known"),
        ({"jobs": "148886"}, "is in a shape that is not known"),
        ({"status": "degraded"}, "is in a shape that is not known"),
        (
            {"totalRecordsWithoutPaging": 1, "jobs": [{"jobSummary": {"jobId": None, "status": "Running"}}]},
            "is in a shape that is not known",
        ),
    ],
)
def test_a_listing_that_cannot_be_read_is_not_taken_for_one_without_jobs(body, words):
    with pytest.raises(RequestError, match=words) as caught:
        jobs_api(post("Jobs").returns(200, body)).list_page()
    assert caught.value.kind == "bad_reply"


@pytest.mark.parametrize("body", [listing(job_summary(7))["jobs"], {"jobs": [job_summary(7)]}])
def test_a_listing_may_leave_out_what_it_wraps_its_rows_in(body):
    assert [job.id for job in jobs_api(post("Jobs").returns(200, body)).list_page().jobs] == ["7"]


def test_details_link_a_job_to_its_task():
    detail = {
        "generalInfo": {
            "taskData": {"taskId": "9920"},
            "jobStartedFrom": "Scheduled",
            "jobStartedBy": "admin",
        },
        "progressInfo": {"reasonForJobDelay": "No<br>stream"},
    }
    exchange = post("JobDetails").sends({"jobId": 7, "showAttempt": True})
    api = jobs_api(exchange.returns(200, {"job": {"jobDetail": detail}}))
    assert api.details("7") == JobDetails(9920, "Scheduled", "admin", "No stream")


def test_details_that_are_not_available_are_none():
    detail = {
        "generalInfo": {"taskData": {"taskId": -999}, "jobStartedFrom": "-999"},
        "progressInfo": {"reasonForJobDelay": -999},
    }
    for body in ({"job": {"jobDetail": detail}}, {}, {"job": None}, []):
        assert jobs_api(post("JobDetails").returns(200, body)).details("7") == JobDetails()


def test_details_that_are_refused_are_an_error():
    body = {"error": {"errList": [{"errorCode": 2, "errLogMessage": "The job does not exist."}]}}
    with pytest.raises(RequestError, match="The job does not exist"):
        jobs_api(post("JobDetails").returns(200, body)).details("7")


def test_events_come_newest_first_without_markup():
    rows = [
        {"id": 1, "timeSource": 50, "description": "Backup <b>started</b>"},
        {"id": 2, "timeSource": 60, "description": "No space"},
        {"id": 3, "timeSource": 60, "description": "x" * 500},
        {},
        "garbage",
    ]
    api = jobs_api(get("Events").with_query(jobId=7).returns(200, {"commservEvents": rows}))
    events = api.events("7")
    assert events[1] == Event(2, 60, "No space")
    assert events[2] == Event(1, 50, "Backup started")
    assert len(events[0].text) == 160
    assert len(events) == 4


@pytest.mark.parametrize("body", [{}, "", {"commservEvents": None}])
def test_a_job_without_events_has_none(body):
    assert jobs_api(get("Events").with_query(jobId=7).returns(200, body)).events("7") == []


@pytest.mark.parametrize("action", ["pause", "resume", "kill"])
@pytest.mark.parametrize("body", [{}, "", {"errors": [{"errList": [{"errorCode": 0}]}]}])
def test_an_action_is_sent_once_and_no_complaint_is_success(action, body):
    api = jobs_api(post(f"Job/7/action/{action}").returns(200, body))
    assert api.act("7", action) is None


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"errList": [{"errorCode": 2, "errLogMessage": "not possible"}]}]},
        {"errorCode": 2, "errorMessage": "not possible"},
    ],
)
def test_a_refused_action_is_an_error_in_both_envelopes(body):
    with pytest.raises(RequestError, match="not possible") as caught:
        jobs_api(post("Job/7/action/kill").returns(200, body)).act("7", "kill")
    assert (caught.value.kind, caught.value.maybe_ran) == ("refused", False)


def test_an_action_without_a_clear_answer_may_have_been_carried_out():
    with pytest.raises(RequestError) as caught:
        jobs_api(post("Job/7/action/kill").returns(502, "<html>")).act("7", "kill")
    assert caught.value.maybe_ran


def test_a_caller_who_is_short_of_time_limits_every_read(monkeypatch):
    api = jobs_api(
        *(get("Job/7").returns(200, {}), post("Jobs").returns(200, {}), post("JobDetails").returns(200, {})),
        *(get("Events").with_query(jobId=7), get("Job/7").returns(200, {}), get("Job/7").returns(200, {})),
    )
    transport = api._commcell.transport
    seen = []
    adapter = transport.session.get_adapter("https://")
    original = adapter.send

    def send(*args, **kwargs):
        seen.append((kwargs["timeout"], _request_state.rules.read))
        return original(*args, **kwargs)

    monkeypatch.setattr(adapter, "send", send)
    api.limit(3, repeat=False)
    api.get("7")
    api.list_page()
    api.details("7")
    api.events("7")
    api.limit(99)
    api.get("7")
    api.limit(None)
    api.get("7")
    assert seen == [(3, 0)] * 4 + [(5, 2)] * 2


def test_the_page_of_a_job_is_named():
    assert jobs_api().url("7") == "https://cc.example.com/commandcenter/#/jobs/7"


def test_a_secret_in_what_the_server_says_of_a_job_is_masked_before_it_is_cut_or_stripped():
    words = f"SEC<r>ET {'x' * 236}SEC<r>ET"
    detail = {"generalInfo": {}, "progressInfo": {"reasonForJobDelay": words}}
    api = jobs_api(
        get("Job/7").returns(200, listing(job_summary(7, pendingReason=words))),
        post("Jobs").returns(200, listing(job_summary(7, pendingReason=words))),
        post("JobDetails").returns(200, {"job": {"jobDetail": detail}}),
        get("Events").with_query(jobId="7").returns(200, {"commservEvents": [{"id": 1, "description": words}]}),
    )
    said = [api.get("7").reason, api.list_page().jobs[0].reason, api.details("7").delay_reason, api.events("7")[0].text]
    assert [("SEC" in text, "*" in text) for text in said] == [(False, True)] * 4


def test_no_content_is_an_empty_listing():
    assert jobs_api(post("Jobs").returns(204, "")).list_page() == ([], 0, 0, None, True)


def test_an_empty_answer_is_no_empty_listing():
    with pytest.raises(RequestError) as caught:
        jobs_api(post("Jobs").returns(200, "")).list_page()
    assert caught.value.kind == "bad_reply"


def test_a_single_job_can_come_bare():
    api = jobs_api(get("Job/7").returns(200, {"jobs": {"jobSummary": job_summary(7)}}))
    assert api.get("7").id == "7"


def test_of_jobs_with_one_id_that_of_the_commcell_itself_counts():
    rows = [
        job_summary(7, "Running", commcellId=2),
        job_summary(7, "Completed", commcellId=5),
        job_summary(8, "Running", commcellId=2, lastUpdateTime=10),
        job_summary(8, "Completed", commcellId=2, lastUpdateTime=20),
    ]
    page = jobs_api(post("Jobs").returns(200, listing(*rows))).list_page()
    assert [(job.id, job.status) for job in page.jobs] == [("7", "Running"), ("8", "Completed")]


def test_line_breaks_and_halves_of_characters_in_a_reason_lose_nothing():
    body = '{"jobs": [{"jobSummary": {"jobId": 7, "status": "Failed", "pendingReason": "a\nb \\ud83d"}}]}'
    assert jobs_api(get("Job/7").returns(200, body)).get("7").reason == "a b \ufffd"


@pytest.mark.parametrize(("queues", "refuses"), [(False, True), (True, False), (None, None), ("yes", None)])
def test_the_settings_tell_whether_conflicts_are_refused(queues, refuses):
    body = {"jobManagementSettings": {"generalSettings": {"queueJobsIfConflictingJobsActive": queues}}}
    exchange = get("CommServ/JobManagementSetting")
    assert jobs_api(exchange.returns(200, body)).refuses_conflicts() is refuses
    assert jobs_api(get("CommServ/JobManagementSetting").returns(200, {})).refuses_conflicts() is None
