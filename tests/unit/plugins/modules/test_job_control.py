# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import wait_loop
from ansible_collections.rdsops.commvault.plugins.modules import job_control
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post


def job(status, number=7):
    return get(f"Job/{number}").returns(200, listing(job_summary(number, status)))


PAUSED = post("Job/7/action/pause").returns(200, {})


def test_a_running_job_is_suspended(run_module):
    script = Script(job("Running"), PAUSED, job("Suspend Pending"))
    result = run_module(job_control, script, job_ids=["7"], state="suspended")
    assert (result["changed"], result["waited_seconds"]) == (True, 0)
    assert result["msg"] == "Job 7 was Running and was asked to suspend. It is Suspend Pending now."
    assert (result["jobs"][0]["action"], result["jobs"][0]["status"]) == ("suspend", "Suspend Pending")
    assert result["api_calls"] == {"reads": 2, "writes": 1, "quota": None}
    assert undocumented_or_missing(job_control, result) == set()


@pytest.mark.parametrize(
    ("state", "status"),
    [("suspended", "Suspended"), ("resumed", "Running"), ("killed", "Killed"), ("killed", "Completed")],
)
def test_a_job_that_is_there_already_is_left_alone(run_module, state, status):
    result = run_module(job_control, Script(job(status)), job_ids=["7"], state=state)
    assert (result["changed"], result.get("failed"), result["jobs"][0]["action"]) == (False, None, None)
    assert status in result["msg"]
    assert undocumented_or_missing(job_control, result) == set()


@pytest.mark.parametrize("state", ["suspended", "resumed"])
def test_an_ended_job_is_a_clear_error(run_module, state):
    row = job_summary(7, "Completed", jobEndTime=1767229200)
    result = run_module(job_control, Script(get("Job/7").returns(200, listing(row))), job_ids=["7"], state=state)
    assert (result["failed"], result["changed"], result["failure"]["kind"]) == (True, False, "job_ended")
    assert result["msg"] == (
        f"Job 7 (orders) has ended already: Completed at 2026-01-01T01:00:00Z. It cannot be {state}."
    )
    assert undocumented_or_missing(job_control, result) == set()


def test_check_mode_sends_nothing_and_says_what_would_be_done(run_module):
    result = run_module(job_control, Script(job("Running")), check=True, job_ids=["7"], state="killed", wait=True)
    assert (result["changed"], result["jobs"][0]["action"]) == (True, "kill")
    assert result["msg"] == "Job 7 (orders) is Running and would be asked to end."


def test_many_jobs_are_judged_one_by_one(run_module):
    rows = [job_summary(9, "Running"), job_summary(8, "Completed"), job_summary(7, "Suspended")]
    script = Script(
        post("Jobs").returns(200, listing(*rows)),
        get("Job/5").returns(200, {}),
        post("Job/9/action/pause").returns(200, {}),
        job("Suspended", 9),
    )
    result = run_module(job_control, script, job_ids=["9", "8", "7", "5"], state="suspended")
    assert [entry["action"] for entry in result["jobs"]] == ["suspend", None, None, None]
    kinds = [(entry["failure"] or {}).get("kind") for entry in result["jobs"]]
    assert kinds == [None, "job_ended", None, "job_missing"]
    assert (result["changed"], result["failed"], result["failure"]["kind"]) == (True, True, "job_ended")
    assert result["msg"].startswith("4 jobs: 1 asked to change, 1 left as they were, 2 failed. Job 8 (orders) has")


def test_a_job_that_cannot_be_read_is_left_alone_and_no_other(run_module):
    script = Script(
        post("Jobs").returns(200, listing(job_summary(7, "Running"))),
        get("Job/8").returns(500, "broken"),
        PAUSED,
        job("Suspended"),
    )
    result = run_module(job_control, script, job_ids=["7", "8"], state="suspended")
    assert [(entry["action"], (entry["failure"] or {}).get("kind")) for entry in result["jobs"]] == [
        ("suspend", None),
        (None, "server"),
    ]
    assert "Job 8 could not be read, so it was left alone: " in result["msg"]


def test_it_waits_until_the_state_is_reached(run_module):
    script = Script(
        job("Running"),
        post("Job/7/action/kill").returns(200, {}),
        job("Kill Pending"),
        job("Kill Pending"),
        job("Killed"),
    )
    result = run_module(job_control, script, job_ids=["7"], state="killed", wait=True, wait_interval="0.01")
    assert (result["changed"], result.get("failed"), result["jobs"][0]["status"]) == (True, None, "Killed")
    assert result["msg"].endswith("After 00:00:00 it is Killed.")


def test_a_state_that_is_not_reached_in_time_is_a_failure(run_module):
    script = Script(job("Running"), PAUSED, job("Suspend Pending"), job("Suspend Pending"))
    result = run_module(job_control, script, job_ids=["7"], state="suspended", wait=True, wait_timeout="0")
    assert (result["failed"], result["failure"]["kind"], result["changed"]) == (True, "wait_timeout", True)


def test_a_job_that_ends_instead_of_pausing_is_a_failure(run_module):
    script = Script(job("Running"), PAUSED, job("Suspend Pending"), job("Completed"))
    result = run_module(job_control, script, job_ids=["7"], state="suspended", wait=True)
    assert result["failure"]["kind"] == "job_ended"
    assert result["msg"] == result["failure"]["message"]
    assert result["msg"].endswith(" it is Completed. It ended before it could be suspended.")


def test_a_job_that_vanishes_instead_of_ending_is_said_to_be_gone(run_module, monkeypatch):
    monkeypatch.setattr(wait_loop, "GRACE", 0.0)
    script = Script(job("Running"), post("Job/7/action/kill").returns(200, {}), job("Running"), get("Job/7"))
    result = run_module(job_control, script, job_ids=["7"], state="killed", wait=True)
    assert result["failure"]["kind"] == "job_missing"
    assert result["msg"] == result["failure"]["message"]
    assert result["msg"].endswith("It is Running now. After 00:00:00 it is not there any more.")


@pytest.mark.parametrize(
    ("body", "words"),
    [({"errorCode": 2, "errorMessage": "No job 7"}, "changed: No job 7. ("), ("<html/>", "changed. (")],
)
def test_a_job_that_is_not_there_any_more_is_not_blamed_on_url(run_module, body, words):
    script = Script(job("Running"), post("Job/7/action/kill").returns(404, body), get("Job/7").returns(404, {}))
    result = run_module(job_control, script, job_ids=["7"], state="killed")
    assert (result["failed"], result["failure"]["kind"], result["failure"]["status"]) == (True, "job_missing", 404)
    assert words in result["msg"]
    assert "url" not in result["msg"].lower().replace("http", "")


def test_a_refusal_is_told_with_the_vendors_words(run_module):
    refusal = {"errors": [{"errList": [{"errorCode": 2, "errLogMessage": "Not allowed on this job."}]}]}
    script = Script(job("Running"), post("Job/7/action/kill").returns(200, refusal), job("Running"))
    result = run_module(job_control, script, job_ids=["7"], state="killed")
    assert (result["failed"], result["changed"], result["failure"]["kind"]) == (True, False, "refused")
    assert result["failure"]["code"] == 2
    assert "Not allowed on this job" in result["msg"]


def test_no_jobs_are_no_request(run_module):
    result = run_module(job_control, job_ids=[], state="killed")
    assert (result["changed"], result["jobs"], result["msg"]) == (
        False,
        [],
        "0 jobs: 0 asked to change, 0 left as they were, 0 failed.",
    )


@pytest.mark.parametrize("wrong", [{"job_ids": ["x"]}, {"wait_timeout": "soon"}, {"wait_interval": "0"}])
def test_wrong_options_are_refused_before_anything_is_sent(run_module, wrong):
    result = run_module(job_control, **{"job_ids": ["7"], "state": "killed", **wrong})
    assert (result["failed"], result["failure"]["kind"]) == (True, "invalid_input")
