# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import wait_loop
from ansible_collections.rdsops.commvault.plugins.modules import job_wait
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post


def test_jobs_that_have_ended_well_are_a_success_at_once(run_module):
    rows = [job_summary(8, "Completed"), job_summary(7, "Completed w/ one or more warnings")]
    result = run_module(job_wait, Script(post("Jobs").returns(200, listing(*rows))), job_ids=["7", "8"])
    assert (result["changed"], result["waited_seconds"]) == (False, 0)
    assert [entry["outcome"] for entry in result["jobs"]] == ["succeeded", "succeeded"]
    assert result["api_calls"] == {"reads": 1, "writes": 0, "quota": None}
    assert undocumented_or_missing(job_wait, result) == set()


def test_a_failed_job_fails_with_its_cause_and_all_jobs(run_module):
    rows = [job_summary(8, "Completed"), job_summary(7, "Failed", pendingReason="No space left on device")]
    script = Script(
        post("Jobs").returns(200, listing(*rows)),
        post("JobDetails").returns(200, {}),
        get("Events").with_query(jobId=7).returns(200, {}),
    )
    result = run_module(job_wait, script, job_ids=["7", "8"])
    assert (result["failed"], result["failure"]["kind"]) == (True, "job_failed")
    assert "Job 7 (orders): Failed, No space left on device. Hint: There is no room left" in result["msg"]
    assert [entry["outcome"] for entry in result["jobs"]] == ["failed", "succeeded"]
    assert undocumented_or_missing(job_wait, result) == set()


def test_time_over_returns_the_jobs_as_they_are(run_module):
    script = Script(get("Job/7").returns(200, listing(job_summary(7, percentComplete=43))))
    result = run_module(job_wait, script, job_ids=["7"], wait_timeout="0")
    assert (result["failed"], result["failure"]["kind"]) == (True, "wait_timeout")
    assert (result["jobs"][0]["outcome"], result["jobs"][0]["percent_complete"]) == ("timed_out", 43)
    assert undocumented_or_missing(job_wait, result) == set()


def test_a_job_is_killed_in_the_end_if_that_is_asked_for(run_module):
    running, dying = listing(job_summary(7)), listing(job_summary(7, "Kill Pending"))
    script = Script(
        get("Job/7").returns(200, running),
        get("Job/7").returns(200, running),
        post("Job/7/action/kill").returns(200, {}),
        get("Job/7").returns(200, dying),
    )
    result = run_module(job_wait, script, job_ids=["7"], wait_timeout="0", on_timeout="kill")
    assert (result["changed"], result["failure"]["kind"]) == (True, "wait_timeout")
    assert (result["jobs"][0]["on_timeout"], result["jobs"][0]["status"]) == ("kill", "Kill Pending")


def test_check_mode_looks_once(run_module):
    script = Script(get("Job/7").returns(200, listing(job_summary(7))))
    result = run_module(job_wait, script, check=True, job_ids=["7"], on_timeout="kill")
    assert (result["jobs"][0]["outcome"], result.get("failed")) == ("active", None)


@pytest.mark.parametrize("check", [False, True])
def test_an_empty_list_is_a_success_without_any_request(run_module, check):
    result = run_module(job_wait, check=check, job_ids=[])
    assert (result["msg"], result["jobs"], result.get("failed")) == ("There are no jobs to wait for.", [], None)


FORBIDDEN = {"errorMessage": "User does not have view permission on the job", "errorCode": 7}


@pytest.mark.parametrize(("status", "body"), [(200, FORBIDDEN), (403, FORBIDDEN), (404, "<html>no such job</html>")])
@pytest.mark.parametrize("listed", [True, False])
def test_a_job_id_that_is_refused_does_not_keep_others_from_being_followed(
    run_module, monkeypatch, listed, status, body
):
    monkeypatch.setattr(wait_loop, "GRACE", 0.0)
    refused = [get("Job/9").returns(status, body)]
    if status == 403:
        # Whether the credentials are good.
        refused += [post("WhoAmI").returns(200, {"user": {"userName": "operator"}}), *refused]
    ended = listing(job_summary(7, "Completed"))
    jobs = [post("Jobs").returns(200, ended), *refused]
    if not listed:
        jobs = [post("Jobs").returns(404, {}), get("Job/7").returns(200, ended), *refused]
    result = run_module(job_wait, Script(*jobs), job_ids=["7", "9"], wait_timeout="0")
    assert (result["failed"], result["failure"]["kind"]) == (True, "job_missing")
    assert [entry["outcome"] for entry in result["jobs"]] == ["succeeded", "missing"]
    assert "Job 9 does not exist on this CommCell, or the user may not see it." in result["msg"]


def test_a_wrong_address_is_told_at_once(run_module):
    script = Script(get("Job/7").returns(404, "<html>nothing here</html>"))
    result = run_module(job_wait, script, job_ids=["7"])
    assert result["failure"]["kind"] == "not_found"
    assert result["jobs"][0]["outcome"] == "not_followed"
    assert undocumented_or_missing(job_wait, result) == set()


def test_an_unknown_state_is_a_warning(run_module, warned):
    script = Script(get("Job/7").returns(200, listing(job_summary(7, "Levitating"))))
    run_module(job_wait, script, job_ids=["7"], wait_timeout="0")
    assert warned == ["Job 7 is in a state that this collection does not know: 'Levitating'. It counts as active."]


@pytest.mark.parametrize(
    "wrong",
    [{"wait_timeout": "soon"}, {"wait_interval": "0"}, {"stuck_timeout": "x"}, {"job_ids": ["x"]}],
)
def test_wrong_options_are_refused_before_anything_is_sent(run_module, wrong):
    result = run_module(job_wait, **{"job_ids": ["7"], **wrong})
    assert (result["failed"], result["failure"]["kind"]) == (True, "invalid_input")
    assert next(iter(wrong)) in result["msg"]
