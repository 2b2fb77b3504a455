# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import (
    FAIL_ON,
    Job,
    check_job_ids,
    from_result,
    parse_job,
    plain_text,
    result_of_missing,
)
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary

# Every status of the vendor's list with the class it belongs to.
STATUSES = {
    "active": [
        "Running",
        "Waiting",
        "Pending",
        "Queued",
        "Suspend",
        "Suspend Pending",
        "Suspended",
        "Kill Pending",
        "Kill pending",
        "Interrupt Pending",
        "Interrupted",
        "Running (cannot be verified)",
        "Abnormal Terminated Cleanup",
        "Abnormal Terminated",
        "Cleanup",
    ],
    "ok": ["Completed", "completed", "COMPLETED", " Completed "],
    "warnings": [
        "Completed w/ one or more warnings",
        "Completed with one or more warnings",
        "COMPLETED_WITH_WARNINGS",
    ],
    "errors": [
        "Completed w/ one or more errors",
        "Completed W/ One or More Errors",
        "Completed with one or more errors",
        "COMPLETED_WITH_ERRORS",
        "Committed",
    ],
    "failed": ["Failed", "Failed to Start", "FAILED_TO_START", "Killed"],
}


@pytest.mark.parametrize(("state", "status"), [(state, status) for state, many in STATUSES.items() for status in many])
def test_every_status_is_understood_however_it_is_written(state, status):
    job = Job("7", status)
    assert (job.state, job.known_state) == (state, True)
    assert job.finished == (state != "active")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (("Completed", "Abgeschlossen"), "Completed"),
        ((1, "Completed"), "Completed"),
        ((None, "Failed"), "Failed"),
        (("Paused", "Angehalten"), "Paused"),
    ],
)
def test_of_two_words_for_the_status_the_one_that_is_known_counts(told, status):
    assert parse_job({"jobId": 7, "status": told[0], "localizedStatus": told[1]}).status == status


@pytest.mark.parametrize("status", ["", "Paused", "Completed in part", "Failed over", "Skipped"])
def test_an_unknown_status_is_no_end(status):
    job = Job("7", status)
    assert (job.state, job.finished, job.known_state, job.succeeded("failure")) == ("active", False, False, False)


@pytest.mark.parametrize("status", ["Queued", "Pending", "Waiting", "Suspended"])
def test_a_job_can_be_stuck_in_some_states(status):
    assert Job("7", status).stuck == status.lower()


@pytest.mark.parametrize("status", ["Running", "Suspend Pending", "Kill Pending", "Completed", "Something new"])
def test_a_job_is_not_stuck_in_others(status):
    assert Job("7", status).stuck is None


@pytest.mark.parametrize(
    ("fail_on", "good"),
    [
        ("failure", {"Completed", "Completed w/ one or more warnings", "Completed w/ one or more errors", "Committed"}),
        ("errors", {"Completed", "Completed w/ one or more warnings"}),
        ("warnings", {"Completed"}),
    ],
)
def test_the_user_says_which_ends_are_bad(fail_on, good):
    ends = [status for state, many in STATUSES.items() if state != "active" for status in many[:1]] + ["Committed"]
    assert {status for status in ends if Job("7", status).succeeded(fail_on)} == good
    assert not Job("7", "Running").succeeded(fail_on)
    assert fail_on in FAIL_ON


def test_a_whole_row_is_read():
    row = job_summary(
        148886,
        status="Pending",
        percentComplete=43.9,
        currentPhaseName="Database Backup",
        pendingReason="No resources &amp; no luck<br/>on <b>ma1</b>",
        pendingReasonErrorCode="19:1916",
        jobElapsedTime=59,
        sizeOfApplication="266793",
        sizeOfMediaOnDisk=1000,
        userName={"userName": "admin", "userId": 1},
    )
    row["subclient"].update(instanceId="101", subclientId=1001)
    assert parse_job(row) == Job(
        id="148886",
        status="Pending",
        percent_complete=43,
        phase="Database Backup",
        reason="No resources & no luck on ma1",
        reason_code="19:1916",
        job_type="Backup",
        backup_level="Full",
        client_name="aws-prod",
        instance_name="orders",
        subclient_name="default",
        client_id=11,
        instance_id=101,
        subclient_id=1001,
        application_id=22,
        user_name="admin",
        start_time=1767225600,
        end_time=None,
        elapsed_seconds=59,
        application_size=266793,
        media_size=1000,
    )


def test_a_row_with_nothing_but_an_id_is_a_job():
    assert parse_job({"jobId": "7"}) == Job("7")


@pytest.mark.parametrize("name", [name for name in job_summary(7) if name != "jobId"])
def test_any_field_may_be_missing_or_null(name):
    row = job_summary(7)
    row[name] = None
    assert parse_job(row).id == "7"
    del row[name]
    assert parse_job(row).id == "7"


@pytest.mark.parametrize("garbage", [[], "x", {"subclient": []}, -999, 1e400, True])
def test_fields_of_another_type_than_expected_are_left_out(garbage):
    row = dict.fromkeys(job_summary(7), garbage)
    row["jobId"] = 7
    assert parse_job(row).id == "7"
    json.dumps(parse_job(row).to_result(), allow_nan=False)


@pytest.mark.parametrize("job_id", [None, 0, "0", "", -5, "abc"])
def test_a_row_without_id_is_no_job(job_id):
    assert parse_job({"jobId": job_id, "status": "Running"}) is None


def test_names_may_stand_at_the_top_of_the_row():
    row = {"jobId": 7, "subclientName": "default", "destClientName": "aws-prod"}
    assert (parse_job(row).client_name, parse_job(row).subclient_name) == ("aws-prod", "default")
    row = {"jobId": 7, "destinationClient": {"clientName": "aws-dev", "clientId": 12}}
    assert (parse_job(row).client_name, parse_job(row).client_id) == ("aws-dev", 12)


@pytest.mark.parametrize(
    ("value", "percent"), [(0, 0), ("100.000000", 100), (99.99, 99), (250, 100), (-999, None), ("", None)]
)
def test_progress_is_0_to_100_and_never_rounded_up(value, percent):
    assert parse_job({"jobId": 7, "percentComplete": value}).percent_complete == percent


@pytest.mark.parametrize(("value", "time"), [(0, None), ("0", None), (-1, None), (5, 5), ("5", 5), (None, None)])
def test_a_time_of_0_is_none(value, time):
    job = parse_job({"jobId": 7, "jobStartTime": value, "jobEndTime": value})
    assert (job.start_time, job.end_time) == (time, time)


def test_rows_that_the_product_hides_are_told_apart():
    assert not parse_job({"jobId": 7, "isVisible": False}).visible
    assert not parse_job({"jobId": 7, "isVisible": 0}).visible
    assert parse_job({"jobId": 7}).visible


def test_the_data_of_a_job_can_be_gone():
    assert [parse_job({"jobId": 7, "isAged": value}).aged for value in (True, 1, "true", False, None)] == [True] * 3 + [
        False
    ] * 2


def test_texts_lose_their_markup_but_not_their_comparisons():
    assert plain_text("a<br>b&nbsp;<a href='x'>c</a> 1 < 2 > 0") == "a b c 1 < 2 > 0"
    assert plain_text(None) == ""
    assert plain_text("x" * 300, 10) == "xxxxxxx..."


def test_a_description_is_read_to_its_end():
    description = f"{'Before the patch of this night. ' * 20}rdsops-0123456789ab"
    assert parse_job({"jobId": 7, "jobDescription": description}).description == description


def test_a_result_is_the_job_again_when_it_is_read_back():
    job = parse_job(job_summary(7, status="Completed", jobEndTime=1767229200, percentComplete=100))
    assert from_result(json.loads(json.dumps(job.to_result()))) == job
    assert from_result(result_of_missing("7")) is None


def test_a_missing_job_has_the_keys_of_any_other():
    missing = result_of_missing("7")
    assert missing.keys() == parse_job(job_summary(7)).to_result().keys()
    assert {name: value for name, value in missing.items() if value is not None} == {"job_id": "7", "found": False}


def test_a_job_takes_about_a_kilobyte_in_a_result_whatever_its_reason():
    names = {"clientName": "c" * 60, "instanceName": "i" * 60, "subclientName": "s" * 60}
    row = job_summary(123456789, status="Completed w/ one or more errors", pendingReason="why " * 1000, subclient=names)
    assert len(json.dumps(parse_job(row).to_result())) < 1200


def test_job_ids_are_texts_each_once_in_order():
    assert check_job_ids(["9", 7, " 8 ", "007"]) == ["9", "7", "8"]
    assert check_job_ids([]) == []


@pytest.mark.parametrize("bad", ["", "abc", "-1", 0, "1.5", None, "1 2", "٣"])
def test_what_is_no_job_id_is_refused(bad):
    with pytest.raises(InvalidInput, match=r"job_ids holds .* not a job id"):
        check_job_ids(["7", bad])


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"jobEndTime": 50, "lastUpdateTime": 60}, 50),
        ({"jobEndTime": 0, "lastUpdateTime": 60}, 60),
        ({"jobStartTime": 10, "jobElapsedTime": 5}, 15),
        ({"jobStartTime": 10}, None),
        ({"status": "Running", "lastUpdateTime": 60}, None),
    ],
)
def test_the_end_of_a_job_is_told_in_several_ways(fields, end):
    assert parse_job({"jobId": 7, "status": "Completed", **fields}).end_time == end


@pytest.mark.parametrize(
    ("job_type", "backup"),
    [
        (None, True),
        ("Backup", True),
        ("Snap Backup", True),
        ("Data Protection", True),
        ("Restore", False),
        ("Aux Copy", False),
    ],
)
def test_what_is_not_known_to_be_something_else_may_be_a_backup(job_type, backup):
    assert parse_job({"jobId": 7, "jobType": job_type}).is_backup is backup
