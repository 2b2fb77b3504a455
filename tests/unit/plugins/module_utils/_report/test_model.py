# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import AWAITED_STATES, STATES
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job, result_of_missing
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_result import OUTCOMES
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import RESULTS, make_report
from ansible_collections.rdsops.commvault.tests.support.reports import GB, MIDNIGHT, PAGE, backup, job, night


def only_row(*backups, jobs=()):
    (row,) = make_report(backups, jobs).rows
    return row


@pytest.mark.parametrize("state", [state for state in STATES if state not in AWAITED_STATES])
def test_what_was_not_started_has_its_state_for_a_result(state):
    assert only_row(backup(state=state)).result == state


@pytest.mark.parametrize("state", sorted(AWAITED_STATES))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_started_has_the_outcome_of_its_job_for_a_result(state, outcome):
    assert only_row(backup(state=state, job=job(1, outcome))).result == outcome


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("Running", "active"),
        ("A state of tomorrow", "active"),
        ("Completed", "succeeded"),
        ("Completed w/ one or more warnings", "succeeded_with_warnings"),
        ("Completed w/ one or more errors", "failed"),
        ("Failed", "failed"),
        ("Killed", "failed"),
    ],
)
def test_a_job_that_nobody_waited_for_counts_as_it_was_when_it_was_read(status, result):
    assert only_row(backup(job=Job("7", status=status).to_result())).result == result


@pytest.mark.parametrize(
    ("state", "result"), [("warnings", "succeeded_with_warnings"), ("errors", "completed_with_errors")]
)
def test_an_end_that_was_allowed_for_is_well_and_still_told_apart(state, result):
    row = only_row(backup(job=job(7, "succeeded", state=state, status="Completed w/ something")))
    assert (row.result, row.counts_as, row.cause) == (result, "succeeded", "Completed w/ something.")


def test_a_job_of_which_nothing_is_known_was_started_and_no_more():
    row = only_row(backup(job=None, job_ids=["148886"]))
    assert (row.result, row.counts_as, row.cause) == ("started", "open", None)
    assert row.job.job_url == f"{PAGE}148886"


def test_a_job_that_could_not_be_read_is_missing():
    row = only_row(backup(job_ids=["5"]), jobs=[result_of_missing("5")])
    assert (row.result, row.counts_as) == ("missing", "failed")
    assert "does not exist" in row.cause


def test_jobs_are_found_by_id_and_say_the_last_word():
    report = make_report(
        [backup("a", job=job(1, None, state="active", status="Running")), backup("b", job_ids=["2"])],
        [job(2, "failed"), job(1), job(99, "failed")],
    )
    assert [(row.id, row.result) for row in report.rows] == [("b", "failed"), ("a", "succeeded")]


def test_of_several_jobs_the_worst_decides():
    row = only_row(backup(job_ids=["1", "2", "3"]), jobs=[job(1), job(2, "failed", reason="Out of space.")])
    assert row.result == "failed"
    results = {entry.job_id: entry.result for entry in row.jobs}
    assert list(results.items()) == [("2", "failed"), ("3", "started"), ("1", "succeeded")]
    assert row.cause == "Failed. Out of space."


def test_a_backup_that_was_waited_for_succeeded_if_the_job_that_it_has_did():
    """Of several jobs it has one that did not succeed, if there is one."""
    row = only_row(backup(job=job(1), job_ids=["1", "2"]))
    assert (row.result, row.job.job_id) == ("succeeded", "1")
    failed = only_row(backup(job=job(2, "failed"), job_ids=["1", "2"]))
    assert (failed.result, failed.job.job_id) == ("failed", "2")


FIRST_EVENT = "2026-01-01T00:00:00Z An event"


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        (
            backup(job=job(1, "failed", reason="Waiting.", delay_reason="No drive.", events=[FIRST_EVENT])),
            "Failed. Waiting. No drive.",
        ),
        (backup(job=job(1, "failed", events=[FIRST_EVENT, "An older one"])), f"Failed. {FIRST_EVENT}"),
        (backup(state="refused", msg="No."), "No."),
        (backup(state="recent", msg="Young enough."), None),
        (backup(job=job(1)), None),
    ],
)
def test_the_cause_holds_what_the_vendor_said_once(entry, cause):
    assert only_row(entry).cause == cause


def test_what_needs_attention_comes_first_and_else_the_order_stays():
    names = [("a", "started"), ("b", "refused"), ("c", "unknown"), ("d", "started"), ("e", "refused"), ("f", "recent")]
    report = make_report([backup(name, state) for name, state in names])
    assert [row.id for row in report.rows] == ["c", "b", "e", "a", "d", "f"]


def test_the_summary_adds_up():
    summary = make_report(night(1000)).summary()
    assert summary["backups"] == 1000
    assert summary["succeeded"] + summary["failed"] + summary["open"] == 1000
    assert sum(summary["results"].values()) == 1000
    assert list(summary["results"]) == list(RESULTS)
    assert summary["results"]["unknown"] == 13
    assert summary["first_start"] == "2026-01-01T00:00:00Z"


def test_the_summary_counts_the_jobs_of_this_run_once():
    shared = job(1)
    old = job(2, None, start_time=MIDNIGHT - 80000, end_time=MIDNIGHT - 70000)
    report = make_report([backup("a", job=shared), backup("b", job=shared), backup("c", "recent", job=old)])
    summary = report.summary()
    assert (summary["application_size"], summary["media_size"]) == (82 * GB, 27 * GB)
    assert (summary["first_start"], summary["last_end"]) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")


def test_no_backups_make_a_report_of_nothing():
    summary = make_report([]).summary()
    assert (summary["backups"], summary["first_start"], summary["last_end"]) == (0, None, None)


@pytest.mark.parametrize(
    ("on_timeout", "result", "going_on"), [(None, None, 1), ("suspend", None, 1), ("kill", "failed", 0)]
)
@pytest.mark.parametrize("outcome", ["stuck", "timed_out"])
def test_what_was_not_seen_to_end_goes_on_unless_it_was_killed(outcome, on_timeout, result, going_on):
    report = make_report([backup(job=job(1, outcome, on_timeout=on_timeout)), backup("b", job=job(2, "failed"))])
    row = next(row for row in report.rows if row.job.job_id == "1")
    assert (row.result, row.counts_as, report.going_on) == (result or outcome, "failed", going_on)
    assert row.cause == "Running." + (f" on_timeout was {on_timeout}." if on_timeout else "")


def test_an_active_job_has_come_as_far_as_it_was_last_seen():
    report = make_report([backup(job=job(1, "timed_out", elapsed_seconds=1800))])
    assert report.last_end == MIDNIGHT + 1800


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("start_time", value) for value in (10**20, -5, "soon")),
        *(("application_size", value) for value in ({"a": 1}, True, 1.5, 10**400)),
    ],
)
def test_numbers_that_make_no_sense_are_not_known(name, value):
    assert getattr(only_row(backup(job=job(1, **{name: value}))).job, name) is None


def test_numbers_that_a_template_made_texts_are_numbers():
    row = only_row(backup(task_id="9920", job=job(1, start_time=str(MIDNIGHT))))
    assert (row.task_id, row.job.start_time) == (9920, MIDNIGHT)


def test_characters_that_no_report_can_hold_are_left_out():
    row = only_row(backup("a\x00b\x1bc\ud800d\ufffee", msg="\x0bx"))
    assert (row.id, row.msg) == ("abcde", "x")


@pytest.mark.parametrize(
    ("backups", "jobs", "words"),
    [
        ([job(1)], [], r"backups\[0\] is not what oracle_rds_export_backup returns"),
        ([backup(), backup(state="fine")], [], r"backups\[1\].*not 'fine'"),
        ([{**backup(), "state": ["started"]}], [], r"backups\[0\].*not \['started'\]"),
        ([{"state": "started"}], [], r"backups\[0\].*needs an id"),
        ([backup(job_ids="148886")], [], r"backups\[0\]\.job_ids must be a list, not str"),
        ([backup()], [backup()], r"jobs\[0\] is not what job_wait"),
        ([backup(job_ids=["1"])], [job(1, "splendid")], r"jobs\[0\]\.outcome is 'splendid'"),
        ([backup(job=job(1, "splendid"))], [], r"backups\[0\]\.job\.outcome is 'splendid'"),
        ([backup(job_ids=["1"])], [{**job(1), "outcome": ["failed"]}], r"jobs\[0\]\.outcome is \['failed'\]"),
    ],
)
def test_what_no_module_returns_is_refused_by_its_place(backups, jobs, words):
    with pytest.raises(InvalidInput, match=words):
        make_report(backups, jobs)


@pytest.mark.parametrize("odd", [5, True, float("inf"), float("nan"), "x", ["x"]])
def test_numbers_and_lists_that_are_none_are_left_out(odd):
    row = only_row({**backup(state="recent"), "age_seconds": odd, "attempts": odd})
    assert row.attempts == ()
    assert row.age == (5 if odd == 5 else None)


def test_attempts_and_expected_ends_are_told():
    failed = {"state": "started", "job_id": "7", "status": "Failed", "reason": "TNS:no listener"}
    told = {**backup("orders"), "attempts": [failed], "expected_end": "2026-01-01T03:00:00Z"}
    (row,) = make_report([told]).rows
    assert row.attempts == ("job 7: Failed, TNS:no listener",)
    assert row.expected_end == "2026-01-01T03:00:00Z"
