# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.table import shortened, started_line
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job


def test_the_table_has_what_failed_first_and_in_full():
    backups = [backup(f"db{number}", job_ids=[str(number)], task_id=number) for number in range(5)]
    backups.append(backup("archive", "refused", msg="No backup was started:\nno plan."))
    fleet = make_fleet(backups, [job(2, "active", percent_complete=40)], left_out=[{"id": "web", "msg": ""}], lines=2)
    assert fleet["summary"] == [
        "6 backups: 1 refused, 1 active, 4 started",
        "archive  REFUSED  No backup was started: no plan.",
        "db2      active   task 2, job 2, Running, 40 %",
        "db0      started  task 0, job 0",
        "... and 3 more",
        "1 left out, not Oracle: web",
    ]
    assert fleet["msg"] == "6 backups: 1 refused, 1 active, 4 started. [archive] No backup was started:\nno plan."


def test_what_to_do_about_a_refused_backup_is_in_the_table():
    words = (
        "No backup of instance 'ordrs' of client 'aws-prod' (subclient 'default') was started: cc.example.com"
        " refused the request: Failed to start backups as no eligible subclients were found. (POST"
        " https://commandcenter.example.com/commandcenter/api/createtask, HTTP 500, error code 587207178) Client"
        " 'aws-prod' has no instance 'ordrs' that these credentials may see. Correct instance_name; nearest: orders."
    )
    fleet = make_fleet([backup("ordrs.example.com", "refused", msg=words)])
    assert fleet["summary"][1] == f"ordrs.example.com  REFUSED  {words}"


def test_the_table_tells_when_jobs_will_end_and_which_attempt_it_was():
    end = "2026-01-01T03:00:00Z"
    failed = {"state": "started", "job_id": "7", "status": "Failed", "reason": "TNS:no listener"}
    backups = [
        backup("db0", job_ids=["8"], task_id=70, expected_end=end, attempts=[failed]),
        backup("db1", job_ids=["9"], task_id=71, expected_end=end),
        backup("db2", job_ids=["10"], task_id=72, attempts=[failed, failed]),
    ]
    fleet = make_fleet(backups, [job(9, "succeeded"), job(10, "failed")])
    assert fleet["summary"][1:] == [
        "db2  FAILED     task 72, job 10, attempt 3: Failed.",
        f"db0  started    task 70, job 8, attempt 2, expected end {end}",
        "db1  succeeded  task 71, job 9",
    ]


def test_of_many_with_the_same_cause_the_cause_is_told_once():
    words = {"reason": "ORA-01017: invalid username/password", "hint": "Update the credentials."}
    backups = [backup(f"db{number:02d}", job_ids=[str(number)], task_id=number) for number in range(11)]
    jobs = [{**job(number, "failed"), **words} for number in range(11)]
    fleet = make_fleet([*backups, backup("crm", "refused", msg="No plan.")], jobs)
    assert fleet["summary"][:3] == [
        "12 backups: 11 failed, 1 refused",
        "11 FAILED: Failed. ORA-01017: invalid username/password. Hint: Update the credentials.",
        "  db00, task 0, job 0",
    ]
    assert fleet["summary"][13:] == ["crm  REFUSED  No plan."]
    assert fleet["msg"] == (
        "12 backups: 11 failed, 1 refused. [db00, db01, db02 and 8 more] Failed. ORA-01017: invalid username/password."
        " Hint: Update the credentials. [crm] No plan."
    )


def test_long_texts_are_cut_and_say_so():
    assert shortened("a\n b", 10) == "a b"
    assert shortened("x" * 20, 10) == "xxxxxx ..."


def test_the_table_tells_jobs_of_what_failed_and_how_old_a_recent_one_is():
    bad = backup("bad", "started", job_ids=["7"], task_id=70)
    ended = {"job": {**job("8", "succeeded"), "end_time": 1767225600}}
    recent = backup("new", "recent", age_seconds=7500, **ended)
    # From an artifact or a version that did not tell the age.
    ageless = {name: value for name, value in backup("old", "recent", **ended).items() if name != "age_seconds"}
    fleet = make_fleet([bad, recent, ageless], [{**job("7", "failed"), "reason": "The disk is full."}])
    lines = {line.split()[0]: line for line in fleet["summary"][1:]}
    assert "task 70, job 7: " in lines["bad"]
    assert lines["bad"].endswith("The disk is full.")
    assert lines["new"].endswith("job 8, ended 2026-01-01T00:00:00Z, 2 h 05 min before this run")
    assert lines["old"].endswith("job 8, ended 2026-01-01T00:00:00Z")


def test_the_table_ends_with_how_much_is_not_verified_and_why():
    remark = "whether backup activity of its client is enabled: no right."
    dry = [backup(f"db{number}", "would_start", not_verified=[remark, "whether x: y."]) for number in range(5)]
    told = [name for name in backup("old") if name != "not_verified"]
    rest = [backup("well", "would_start"), {name: backup("old", "would_start")[name] for name in told}]
    fleet = make_fleet([*rest, *dry], left_out=[{"id": "web", "msg": ""}], lines=1)
    assert fleet["summary"][2:] == [
        "... and 6 more",
        f"5 with something not verified (db0, db1, db2 and 2 more): {remark}",
        "1 left out, not Oracle: web",
    ]


def test_all_ids_are_told_after_the_start_those_in_a_row_shortly():
    few = [backup(f"db{number}", job_ids=[str(7 + number)], task_id=90 + number) for number in range(3)]
    recent = backup("old", "recent", job_ids=["1"])
    assert started_line([recent, backup("bad", "refused")]) == ""
    assert started_line([*few, recent]) == (
        "Tasks 90,91,92, jobs 7,8,9. To wait for the jobs in another run: ansible-playbook"
        " rdsops.commvault.wait_and_report -e oracle_rds_export_backup_follow_job_ids=7,8,9"
    )
    many = [backup(f"db{number}", job_ids=[str(number)], task_id=7) for number in (*range(1000, 1100), 1105)]
    assert started_line(many).startswith("Tasks 7, jobs 1000-1099,1105. ")
