# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import result_of_missing
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.entries import (
    JOB_KEYS,
    awaited,
    entry_not_submitted,
    expected_ends,
    make_entries,
)
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job


def test_a_backup_says_what_came_of_its_job_as_reports_do():
    entries = make_entries(
        [
            backup("good", job_ids=["1"]),
            backup("bad", job_ids=["2"]),
            backup("refused", "refused", msg="No backup was started."),
        ],
        [job(1), job(2, "failed", reason="The disk is full.", hint="Free some.")],
    )
    assert {name: (entry["result"], entry["counts_as"]) for name, entry in entries.items()} == {
        "good": ("succeeded", "succeeded"),
        "bad": ("failed", "failed"),
        "refused": ("refused", "failed"),
    }
    assert entries["bad"]["cause"] == "Job 2 (failed): Failed. The disk is full. Hint: Free some."
    assert entries["refused"]["cause"] == "No backup was started."
    assert entries["good"]["job"]["outcome"] == "succeeded"
    assert set(entries["bad"]["job"]) == set(JOB_KEYS)


def test_whatever_failed_has_a_cause():
    nothing_known = {**result_of_missing("1"), "outcome": "not_followed"}
    entries = make_entries([backup("orders", job_ids=["1"], msg="")], [nothing_known])
    assert entries["orders"]["counts_as"] == "failed"
    assert entries["orders"]["cause"] == "Job 1 (not followed to the end)"


def test_of_several_jobs_of_a_backup_the_bad_one_decides_and_stays_known():
    jobs = [job(1), job(2, "failed"), job(3)]
    entries = make_entries([backup("orders", job_ids=["1", "2", "3"])], jobs)
    again = make_entries(list(entries.values()))
    for entry in (entries["orders"], again["orders"]):
        assert (entry["result"], entry["job"]["job_id"]) == ("failed", "2")
        assert [one["job_id"] for one in entry["jobs"]] == ["1", "2", "3"]


def test_only_jobs_of_this_run_are_waited_for():
    entries = [
        backup("a", job_ids=["1"]),
        backup("b", "adopted", job_ids=["2"]),
        backup("c", "recent", job_ids=["3"]),
        backup("d", "unknown", job_ids=[]),
        backup("e", job_ids=["1"]),
    ]
    assert awaited(entries) == ["1", "2"]


def test_a_backup_that_is_still_running_says_how_to_go_on_waiting_for_it():
    jobs = [job(1, "timed_out", end_time=None), job(2, "timed_out", end_time=None, on_timeout="kill")]
    entries = make_entries([backup("left", job_ids=["1"]), backup("killed", job_ids=["2"])], jobs)
    assert "wait_and_report -e oracle_rds_export_backup_follow_job_ids=1." in entries["left"]["cause"]
    # What on_timeout has ended does not go on.
    assert "goes on" not in entries["killed"]["cause"]


def test_the_ends_that_are_expected_are_those_of_the_jobs_of_a_backup():
    entries = [backup("a", job_ids=["1", "2"], expected_end="2026-01-01T06:00:00Z"), backup("b", job_ids=["3"])]
    assert expected_ends(entries) == dict.fromkeys(["1", "2"], "2026-01-01T06:00:00Z")


def test_what_no_module_was_asked_for_has_the_keys_of_what_one_returns():
    entry = entry_not_submitted("hr", "Not started: no.", "invalid_input")
    assert set(entry) == set(backup("hr", "not_submitted"))
    assert (entry["id"], entry["state"], entry["failure"]["kind"]) == ("hr", "not_submitted", "invalid_input")
