# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.entry import NO_EXPLANATION
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_loop import Wait
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_options import WaitOptions
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_result import OUTCOMES, wait_result


def result_of(*jobs, unseen=(), entries=None, fail_on="errors", actions=None, check_mode=False, **more):
    wait = Wait([*[job.id for job in jobs], *unseen], jobs={job.id: job for job in jobs}, waited=750.9, **more)
    given = {job.id: {**job.to_result(), "job_url": None, **NO_EXPLANATION} for job in jobs}
    for job_id, extra in (entries or {}).items():
        given[job_id].update(extra)
    return wait_result(wait, given, WaitOptions(fail_on=fail_on), actions=actions, check_mode=check_mode)


def outcomes(result):
    return {entry["job_id"]: entry["outcome"] for entry in result["jobs"]}


def test_all_well_is_success():
    result = result_of(Job("1", "Completed"), Job("2", "Completed"))
    assert outcomes(result) == {"1": "succeeded", "2": "succeeded"}
    assert (result["changed"], result["waited_seconds"], result["job_ids"]) == (False, 750, ["1", "2"])
    assert result["msg"] == "2 jobs after 00:12:30: 2 succeeded."
    assert result["counts"] == {**dict.fromkeys(OUTCOMES, 0), "succeeded": 2}
    assert not {"failed", "failure", "warnings"} & result.keys()


def test_jobs_with_warnings_succeed_and_are_shown_as_a_warning():
    result = result_of(Job("1", "Completed"), *(Job(str(n), "Completed w/ one or more warnings") for n in range(2, 7)))
    assert outcomes(result) == {str(n): "succeeded" for n in range(1, 7)}
    (warning,) = result["warnings"]
    assert warning.startswith("5 jobs succeeded with warnings. Job 2: Completed w/ one or more warnings. Job 3: ")
    assert warning.endswith("And 2 more, see jobs.")


def test_a_job_that_is_another_one_is_not_said_to_be_missing():
    result = result_of(unseen=["7", "8"], missing=["7", "8"], strangers={"7": "Job 7 is of another database."})
    assert outcomes(result) == {"7": "missing", "8": "missing"}
    assert result["msg"] == (
        "2 jobs after 00:12:30: 2 not there. Job 7 is of another database. Job 8 does not exist on this CommCell, or"
        " the user may not see it."
    )


def test_no_jobs_are_a_success():
    result = result_of()
    assert (result["msg"], result["jobs"], result.get("failed")) == ("There are no jobs to wait for.", [], None)


@pytest.mark.parametrize(("fail_on", "failed"), [("failure", 1), ("errors", 2), ("warnings", 3)])
def test_the_user_says_what_counts_as_failed(fail_on, failed):
    jobs = [
        Job("1", "Completed"),
        Job("2", "Completed w/ one or more warnings"),
        Job("3", "Committed"),
        Job("4", "Killed"),
    ]
    assert result_of(*jobs, fail_on=fail_on)["counts"]["failed"] == failed


def test_a_failed_job_fails_with_the_vendors_words_before_the_hint():
    job = Job("7", "Failed", instance_name="orders", reason="ORA-01017: denied.")
    extra = {"delay_reason": "No stream", "hint": "Update the credentials."}
    result = result_of(job, Job("8", "Completed"), entries={"7": extra})
    assert result["failed"] is True
    assert result["msg"] == (
        "2 jobs after 00:12:30: 1 succeeded, 1 failed."
        " Job 7 (orders): Failed, ORA-01017: denied, No stream. Hint: Update the credentials."
    )
    assert (result["failure"]["kind"], result["failure"]["message"]) == ("job_failed", result["msg"])
    assert len(result["jobs"]) == 2


def test_without_a_reason_the_last_event_speaks():
    entries = {"7": {"events": ["2026-01-01T00:00:00Z The disk is full.", "2026-01-01T00:00:00Z Started."]}}
    assert "Job 7: Failed, The disk is full." in result_of(Job("7", "Failed"), entries=entries)["msg"]


def test_only_the_first_failures_are_in_the_message():
    jobs = [Job(str(number), "Failed") for number in range(1, 41)]
    assert result_of(*jobs)["msg"] == (
        "40 jobs after 00:12:30: 40 failed. Job 1: Failed. Job 2: Failed. Job 3: Failed. And 37 more, see jobs."
    )


def test_time_over_names_the_jobs_and_what_was_done_to_them():
    jobs = [Job("1", "Running"), Job("2", "Running"), Job("3", "Killed")]
    result = result_of(*jobs, timed_out=["1", "2", "3"], actions={"2": ("kill", "not allowed."), "3": ("kill", None)})
    assert outcomes(result) == dict.fromkeys(["1", "2", "3"], "timed_out")
    assert [entry["on_timeout"] for entry in result["jobs"]] == [None, None, "kill"]
    assert (result["changed"], result["failure"]["kind"]) == (True, "wait_timeout")
    assert result["msg"] == (
        "3 jobs after 00:12:30: 3 still running when the time was over. Job 1: Running."
        " Job 2: Running. To kill it failed: not allowed. Job 3: Killed. It was killed."
        " Commvault goes on with them; to wait again, use job_wait with job_ids 1, 2."
    )


def test_one_job_whose_time_is_over_is_told_once_with_what_to_do():
    result = result_of(Job("1", "Pending", instance_name="orders", reason="No resources"), timed_out=["1"])
    assert result["msg"] == (
        "Job 1 (orders) was still running after 00:12:30: Pending, No resources."
        " Commvault goes on with it; to wait again, use job_wait with job_ids 1."
    )
    killed = result_of(Job("1", "Killed"), timed_out=["1"], actions={"1": ("kill", None)})
    assert killed["msg"] == "Job 1 was still running after 00:12:30: Killed. It was killed."


def test_a_job_that_was_not_seen_before_the_time_was_over():
    result = result_of(unseen=["5"], timed_out=["5"])
    assert (outcomes(result), result["jobs"][0]["found"]) == ({"5": "timed_out"}, False)
    assert "Job 5 was still running after 00:12:30: not visible yet." in result["msg"]


def test_a_stuck_job():
    result = result_of(Job("1", "Pending", reason="No resources"), stuck=["1"])
    assert (outcomes(result), result["failure"]["kind"]) == ({"1": "stuck"}, "job_stuck")
    assert "1 stuck. Job 1: Pending, No resources." in result["msg"]


def test_a_job_that_never_existed_and_one_that_vanished():
    result = result_of(Job("1", "Running"), unseen=["5"], missing=["1", "5"])
    assert outcomes(result) == {"1": "missing", "5": "missing"}
    assert (result["failure"]["kind"], result["jobs"][1]["found"]) == ("job_missing", False)
    assert "Job 1 is not there any more; it was last seen as Running." in result["msg"]
    assert "Job 5 does not exist on this CommCell, or the user may not see it." in result["msg"]


def test_when_no_more_could_be_read_every_job_is_still_returned():
    error = CommvaultError("the token has expired", "authentication")
    result = result_of(Job("1", "Running"), Job("2", "Completed"), unseen=["3"], waiting=["1", "3"], error=error)
    assert outcomes(result) == {"1": "not_followed", "2": "succeeded", "3": "not_followed"}
    assert result["failure"]["kind"] == "authentication"
    assert "2 not followed to the end. No more could be read: the token has expired" in result["msg"]


def test_a_last_look_that_failed_is_told():
    trouble = CommvaultError("no route to host", "connection")
    result = result_of(Job("1", "Running"), timed_out=["1"], last_error=trouble)
    assert " The last look failed: no route to host Commvault goes on with it" in result["msg"]


def test_the_worst_failure_names_the_kind():
    jobs = [Job("1", "Failed"), Job("2", "Pending"), Job("3", "Running")]
    kind = result_of(*jobs, unseen=["4"], stuck=["2"], timed_out=["3"], missing=["4"])["failure"]["kind"]
    assert kind == "job_failed"


class TestCheckMode:
    def test_active_jobs_are_all_right(self):
        result = result_of(Job("1", "Running"), Job("2", "Completed"), timed_out=["1"], check_mode=True)
        assert outcomes(result) == {"1": "active", "2": "succeeded"}
        assert "failed" not in result

    def test_bad_ends_and_missing_jobs_are_not(self):
        result = result_of(Job("1", "Failed"), unseen=["2"], timed_out=["2"], check_mode=True)
        assert outcomes(result) == {"1": "failed", "2": "missing"}
        assert result["failed"] is True


def test_warnings_are_passed_on():
    assert result_of(Job("1", "Completed"), warnings=["odd"])["warnings"] == ["odd"]
