# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.modules import job_info
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.module_runner import TOKEN
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

DETAIL = {"job": {"jobDetail": {"progressInfo": {"reasonForJobDelay": "The proxy is busy"}}}}
EVENTS = {"commservEvents": [{"id": 1, "timeSource": 1767225600, "description": "ORA-12541: TNS:no listener"}]}


def explained(job_id):
    return [
        post("JobDetails").sends({"jobId": job_id, "showAttempt": True}).returns(200, DETAIL),
        get("Events").with_query(jobId=job_id).returns(200, EVENTS),
    ]


def test_one_job_is_one_request(run_module):
    row = job_summary(148886, percentComplete=43)
    script = Script(get("Job/148886").with_header("Authtoken", TOKEN).returns(200, listing(row)))
    result = run_module(job_info, script, job_ids=[148886])
    (entry,) = result["jobs"]
    assert (entry["job_id"], entry["status"], entry["percent_complete"]) == ("148886", "Running", 43)
    assert entry["job_url"] == "https://cc.example.com/commandcenter/#/jobs/148886"
    assert (result["changed"], result["msg"]) == (False, "1 job: 1 active.")
    assert result["counts"] == {"active": 1, "ok": 0, "warnings": 0, "errors": 0, "failed": 0, "missing": 0}
    assert result["api_calls"] == {"reads": 1, "writes": 0, "quota": None}
    assert undocumented_or_missing(job_info, result) == set()


def test_many_jobs_are_one_request_in_the_order_asked(run_module):
    rows = [job_summary(9), job_summary(8, "Completed"), job_summary(7, "Completed w/ one or more warnings")]
    result = run_module(job_info, Script(post("Jobs").returns(200, listing(*rows))), job_ids=["7", "9", "8", "7"])
    states = [(entry["job_id"], entry["state"]) for entry in result["jobs"]]
    assert states == [("7", "warnings"), ("9", "active"), ("8", "ok")]
    assert result["msg"] == "3 jobs: 1 active, 1 succeeded, 1 succeeded with warnings."


def test_failed_jobs_are_explained(run_module):
    script = Script(post("Jobs").returns(200, listing(job_summary(9), job_summary(8, "Failed"))), *explained(8))
    result = run_module(job_info, script, job_ids=["8", "9"])
    failed, active = result["jobs"]
    assert failed["delay_reason"] == "The proxy is busy"
    assert failed["events"] == ["2026-01-01T00:00:00Z ORA-12541: TNS:no listener"]
    assert "could not reach the database" in failed["hint"]
    assert (active["delay_reason"], active["events"], active["hint"]) == (None, [], None)
    assert "failed" not in result
    assert undocumented_or_missing(job_info, result) == set()


def test_or_all_or_none(run_module):
    script = Script(get("Job/9").returns(200, listing(job_summary(9))), *explained(9))
    assert run_module(job_info, script, job_ids=["9"], details="all")["jobs"][0]["events"]
    script = Script(get("Job/9").returns(200, listing(job_summary(9, "Failed"))))
    assert run_module(job_info, script, job_ids=["9"], details="none")["jobs"][0]["events"] == []


def test_known_clients_narrow_the_request(run_module):
    script = Script(post("Jobs").returns(200, listing(job_summary(9), job_summary(8))))
    run_module(job_info, script, job_ids=["8", "9"], client_ids=[11])
    assert b'"clientList": [{"clientId": 11}]' in script.requests[0].body


def test_a_job_that_is_not_there_is_no_failure(run_module):
    result = run_module(job_info, Script(get("Job/5").returns(404, {})), job_ids=["5"])
    (entry,) = result["jobs"]
    assert (entry["job_id"], entry["found"], entry["state"]) == ("5", False, None)
    assert (result["counts"]["missing"], result["msg"]) == (1, "1 job: 1 not there.")
    assert "failed" not in result
    assert undocumented_or_missing(job_info, result) == set()


def test_no_jobs_are_no_request(run_module):
    result = run_module(job_info, job_ids=[])
    assert (result["jobs"], result["msg"]) == ([], "0 jobs: nothing to read.")


def test_check_mode_makes_no_difference(run_module):
    script = Script(get("Job/9").returns(200, listing(job_summary(9))))
    assert run_module(job_info, script, check=True, job_ids=["9"])["jobs"][0]["found"] is True


@pytest.mark.parametrize("job_ids", [["abc"], ["0"], ["7", ""], ["-1"]])
def test_what_is_no_job_id_is_refused_before_anything_is_sent(run_module, job_ids):
    result = run_module(job_info, job_ids=job_ids)
    assert (result["failed"], result["failure"]["kind"]) == (True, "invalid_input")


def test_a_job_that_cannot_be_read_is_a_failure_that_tells_of_the_others(run_module):
    script = Script(post("Jobs").returns(200, listing(job_summary(9))), get("Job/8").returns(500, "broken"))
    result = run_module(job_info, script, job_ids=["8", "9"])
    assert (result["failed"], result["failure"]["kind"]) == (True, "server")
    assert [entry["job_id"] for entry in result["jobs"]] == ["9"]
    assert result["msg"].startswith("1 job: 1 active. 1 could not be read: ")
    assert "Job/8" in result["msg"]
    assert undocumented_or_missing(job_info, result) == set()


def test_a_commcell_that_does_not_answer_well_is_a_failure(run_module):
    result = run_module(job_info, Script(get("Job/9").returns(200, "<html>")), job_ids=["9"], read_retries=0)
    assert (result["failed"], result["failure"]["kind"]) == (True, "bad_reply")
    assert "jobs" not in result
