# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import result_of_missing
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import (
    JOB_KEYS,
    host_result,
    make_fleet,
)
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job


def entries_of(backups, jobs=()):
    return make_fleet(backups, jobs)["results"]


def test_a_backup_says_what_came_of_its_job_as_reports_do():
    entries = entries_of(
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
    entries = entries_of([backup("orders", job_ids=["1"], msg="")], [nothing_known])
    assert entries["orders"]["counts_as"] == "failed"
    assert entries["orders"]["cause"] == "Job 1 (not followed to the end)"


def test_of_several_jobs_of_a_backup_the_bad_one_decides_and_stays_known():
    jobs = [job(1), job(2, "failed"), job(3)]
    entries = entries_of([backup("orders", job_ids=["1", "2", "3"])], jobs)
    again = entries_of(list(entries.values()))
    for entry in (entries["orders"], again["orders"]):
        assert (entry["result"], entry["job"]["job_id"]) == ("failed", "2")
        assert [one["job_id"] for one in entry["jobs"]] == ["1", "2", "3"]


def test_a_backup_that_is_still_running_says_how_to_go_on_waiting_for_it():
    jobs = [job(1, "timed_out", end_time=None), job(2, "timed_out", end_time=None, on_timeout="kill")]
    entries = entries_of([backup("left", job_ids=["1"]), backup("killed", job_ids=["2"])], jobs)
    assert "wait_and_report -e oracle_rds_export_backup_follow_job_ids=1." in entries["left"]["cause"]
    # What on_timeout has ended does not go on.
    assert "goes on" not in entries["killed"]["cause"]


def test_table_and_artifact_stay_small_however_much_goes_wrong():
    backups = [backup(f"db{number}", "refused", msg="x " * 500) for number in range(5000)]
    fleet = make_fleet(backups)
    assert len(fleet["summary"]) == 33
    assert fleet["summary"][-1] == "  ... and 4970 more"
    assert max(map(len, fleet["summary"])) < 700
    assert len(fleet["artifact"]["failed"]) == 100
    assert fleet["artifact"]["counts"]["failed"] == 5000
    assert len(json.dumps(fleet["artifact"])) < 50_000
    assert len(fleet["failed_backups"]) == 5000


def test_nothing_at_all_makes_a_result_too():
    fleet = make_fleet([])
    assert (fleet["summary"], fleet["failed_backups"], fleet["msg"]) == (["0 backups"], [], "0 backups.")


def results_of(*backups, jobs=(), **more):
    fleet = {**make_fleet(backups, jobs), "by_host": True, **more}
    return lambda host, report=None, first=False, fail=True: host_result(
        fleet, {"host": host if first else "another", "fail_hosts": fail, **(report or {})}, host, [host]
    )


def test_each_host_has_what_came_of_its_own_backup():
    good = backup("orders", job_ids=["1"], task_id=11, changed=True)
    bad = backup("hr", "refused", msg="No plan.", failure={"kind": "refused", "code": 7, "message": "No plan."})
    result = results_of(good, bad)
    orders, hr = result("orders"), result("hr")
    assert (orders["changed"], orders["failed"], orders["task_id"], orders["job_ids"]) == (True, False, 11, ["1"])
    assert (hr["changed"], hr["failed"], hr["task_id"], hr["job_ids"]) == (False, True, None, [])
    assert (hr["msg"], hr["state"], hr["failure"]) == ("No plan.", "refused", {"kind": "refused", "code": 7})
    assert result("hr", fail=False)["failed"] is False
    unknown = result("other")
    assert (unknown["failed"], unknown["msg"]) == (False, "No backup of this host is known.")


def test_what_could_not_be_done_at_all_fails_each_host_and_is_told_in_full_once():
    result = results_of(error="x" * 500, failure={"kind": "authentication", "code": None, "message": "x" * 500})
    first, second = result("orders", first=True, fail=False), result("hr", fail=False)
    assert (first["failed"], len(first["msg"]), first["failure"]) == (True, 500, {"kind": "authentication"})
    assert (second["failed"], len(second["msg"])) == (True, 200)


def test_a_wait_that_could_not_be_done_keeps_the_ids_and_says_why():
    entry = {**entries_of([backup("orders", job_ids=["1"], task_id=11)])["orders"], "counts_as": "failed"}
    fleet = {"results": {"orders": {**entry, "cause": "No way."}}, "by_host": True, "error": "No way."}
    result = host_result(fleet, {"fail_hosts": False}, "orders", ["orders"])
    assert (result["failed"], result["msg"], result["job_ids"]) == (True, "No way.", ["1"])


def test_a_report_that_was_not_written_fails_the_first_host_alone():
    result = results_of(backup("orders"), backup("hr"))
    report = {"error": "The report was not written: no space."}
    assert result("orders", report, first=True)["msg"] == report["error"]
    assert result("hr", report)["failed"] is False


def test_a_list_fails_as_a_whole_with_the_ids_of_all():
    result = results_of(backup("a", job_ids=["1"], changed=True), backup("b", "refused", msg="No."), by_host=False)
    one = result("localhost", first=True)
    assert (one["changed"], one["failed"], one["job_ids"]) == (True, True, ["1"])
    assert one["msg"] == "2 backups: 1 refused, 1 started. [b] No."


def test_a_host_that_is_left_out_says_why():
    fleet = {**make_fleet([], left_out=[{"id": "web", "msg": "web is not Oracle."}]), "by_host": True}
    result = host_result(fleet, {}, "web", [])
    assert (result["failed"], result["msg"]) == (False, "web is not Oracle.")


def test_a_host_that_failed_before_an_always_section_is_told_that_it_was_not_backed_up():
    """One that was backed up in the block itself has its own result."""
    own = {**make_fleet([backup("orders", job_ids=["1"])]), "by_host": True}
    assert host_result(own, {}, "orders", [])["failed"] is False
    for fleet in (own, {**make_fleet([]), "by_host": True}):
        result = host_result(fleet, {}, "hr", ["orders"])
        assert result["failed"]
        assert result["msg"].startswith("No backup of this host was started: it failed in the block")


def test_hosts_of_a_role_that_was_skipped_for_the_first_of_them_fail():
    result = host_result({"skipped": True}, {"host": "orders"}, "hr", ["hr"])
    assert result["failed"] is True
    assert "is not the same for all hosts" in result["msg"]


def test_hosts_do_not_succeed_where_no_step_ran():
    result = host_result({}, {}, "hr", ["hr"])
    assert result["failed"]
    assert "leave out --start-at-task" in result["msg"]


def test_one_result_can_stand_for_all():
    fleet, once = make_fleet([backup("a", changed=True), backup("b")]), {"host_results": False}
    result = host_result(fleet, once, "a", ["a"])
    assert result["changed"] is True
    assert result["msg"].startswith("2 backups: 2 started. See oracle_rds_export_backup_results")
    assert host_result({"error": "Not so."}, once, "a", ["a"]) == {"failed": True, "msg": "Not so."}
