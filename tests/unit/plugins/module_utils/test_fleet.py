# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from support.reports import backup, job

from ansible_collections.rdsops.commvault.plugins.module_utils import _fleet
from ansible_collections.rdsops.commvault.plugins.module_utils._fleet import (
    add_matches,
    awaited,
    backups_of_jobs,
    make_entries,
    make_fleet,
    not_of_the_play,
    read_hosts,
    shortened,
    words,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import result_of_missing

NAMES = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
AWS = {
    "db_instance_identifier": "orders",
    "db_instance_arn": "arn:aws:rds:us-east-1:123456789012:db:orders",
    "engine": "oracle-ee",
    "region": "us-east-1",
}


class CannotBeEvaluated(dict):
    """Variables of which none can be evaluated."""

    def __getitem__(self, name):
        raise ValueError(name)


def read(**hosts):
    return read_hosts(hosts, hosts.__getitem__)


# --- From hosts to instances


def test_a_host_is_called_what_its_variables_say():
    reading = read(
        one={**NAMES, "commvault_application_id": 22, "commvault_display_name": None, "commvault_app_name": "  "},
        two={**NAMES, "oracle_rds_export_backup_instance_name": "hr", "commvault_subclient_name": "nightly"},
    )
    assert reading.problems == []
    assert reading.entries == {
        "one": {"id": "one", "client_name": "aws-prod", "instance_name": "orders", "application_id": "22"},
        "two": {"id": "two", "client_name": "aws-prod", "instance_name": "hr", "subclient_name": "nightly"},
    }


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "commvault_client_name is missing, commvault_instance_name is missing"),
        ({**NAMES, "commvault_client_name": ""}, "commvault_client_name is missing"),
        ({**NAMES, "commvault_client_name": ["aws"]}, "commvault_client_name must be a text"),
        ({**NAMES, "commvault_client_name": True}, "commvault_client_name must be a text"),
        ({**NAMES, "commvault_application_id": 0}, "commvault_application_id must be a positive number"),
        ({**NAMES, "commvault_application_id": "Oracle"}, "commvault_application_id must be a positive number"),
        (
            {**NAMES, "commvault_instance_name": "{{ undefined }}"},
            "commvault_instance_name cannot be evaluated, or looks like a template",
        ),
        (
            {**NAMES, "oracle_rds_export_backup_client_name": "", "db_instance_identifier": "orders"},
            "commvault_client_name is missing",
        ),
        ({**AWS, "db_instance_arn": "arn:aws:s3:::x"}, "db_instance_arn is not the ARN of a DB instance"),
        ({**AWS, "engine": ["oracle"]}, "engine must be a text"),
    ],
)
def test_what_is_wrong_with_a_host_is_said(variables, problem):
    reading = read(fine=NAMES, bad=variables)
    assert [text.startswith(f"bad: {problem}") for text in reading.problems] == [True]
    assert list(reading.entries) == ["fine"]


def test_braces_alone_are_no_template():
    reading = read_hosts(["{a}"], lambda _host: {**NAMES, "commvault_display_name": "AWS {prod}"})
    assert (reading.problems, reading.entries["{a}"]["display_name"]) == ([], "AWS {prod}")


def test_what_is_wrong_is_said_of_all_hosts_at_once():
    reading = read(
        one={}, two=CannotBeEvaluated(NAMES), three=NAMES, four={**NAMES, "commvault_client_name": "AWS-PROD"}
    )
    reading_of_template = read_hosts(["{{ x }}"], lambda _host: NAMES)
    assert [problem.split(": ")[0] for problem in reading.problems] == ["one", "two", "four"]
    assert reading.problems[2] == "four: it is the same instance as three"
    assert reading_of_template.problems == ["?? x }}: its name looks like a template"]


def test_variables_of_the_play_that_hosts_should_have_are_found():
    own = dict(NAMES)
    assert not_of_the_play(own, {**own, "commvault_job": 1}) == []
    (problem,) = not_of_the_play(own, {**own, "commvault_subclient_name": "nightly"})
    assert problem.startswith("commvault_subclient_name is set for the play or the role")


def test_a_host_of_aws_is_looked_up_unless_it_has_a_name_of_commvault():
    reading = read(
        orders={**AWS, "commvault_subclient_name": "nightly"},
        named={**AWS, **NAMES},
        cluster={"db_cluster_identifier": "c", "engine": "aurora-mysql"},
        **{"of-client": {**AWS, "commvault_client_name": "AWS production", "commvault_display_name": "x"}},
    )
    assert reading.problems == []
    assert reading.wanted == [
        {"id": "orders", "subclient_name": "nightly", **AWS},
        {"id": "cluster", "engine": "aurora-mysql"},
        {"id": "of-client", "client_name": "AWS production", **AWS},
    ]
    assert reading.more == {
        "orders": {"id": "orders"},
        "cluster": {"id": "cluster"},
        "of-client": {"id": "of-client", "display_name": "x"},
    }
    assert list(reading.entries) == ["named"]


def test_two_applications_may_have_instances_of_the_same_name():
    reading = read(
        oracle=NAMES, rac={**NAMES, "commvault_application_id": 80}, same={**NAMES, "commvault_application_id": "022"}
    )
    assert reading.problems == ["same: it is the same instance as oracle"]


def matches(*states):
    return [
        {
            "id": host,
            "state": state,
            "msg": f"{host} is {state}.",
            "entry": {"id": host, "client_name": "aws-prod", "instance_name": name} if state == "matched" else None,
        }
        for host, state, name in states
    ]


def test_what_was_found_is_started_and_what_was_not_is_said_host_by_host():
    reading = read(
        a={**AWS, "commvault_subclient_name": "nightly", "commvault_display_name": "AWS"},
        b=AWS,
        c=AWS,
        d=AWS,
        e=AWS,
        named={**NAMES, "commvault_instance_name": "hr"},
    )
    lost, left_out = add_matches(
        reading,
        matches(
            ("a", "matched", "orders"),
            ("b", "missing", None),
            ("c", "skipped", None),
            ("d", "ambiguous", None),
            ("e", "matched", "HR"),
        ),
    )
    assert reading.entries["a"] == {
        "id": "a",
        "client_name": "aws-prod",
        "instance_name": "orders",
        "display_name": "AWS",
    }
    assert "e" not in reading.entries
    assert left_out == [{"id": "c", "msg": "c is skipped."}]
    assert [(one["id"], one["state"], one["failure"]["kind"]) for one in lost] == [
        ("b", "not_submitted", "instance_missing"),
        ("d", "not_submitted", "instance_ambiguous"),
        ("e", "not_submitted", "instance_ambiguous"),
    ]
    assert lost[2]["msg"] == "No backup of e was started: e is matched. But that is named already."
    assert make_fleet(make_entries(lost))["not_well"] == ["b", "d", "e"]


# --- From backups to what is said of them


def test_a_backup_says_what_came_of_its_job_as_reports_do():
    entries = make_entries(
        [
            backup("good", job_ids=["1"]),
            backup("bad", job_ids=["2"]),
            backup("refused", "refused", msg="No backup was started."),
        ],
        [job(1), job(2, "ended_badly", reason="The disk is full.", hint="Free some.")],
    )
    assert {name: (entry["result"], entry["verdict"]) for name, entry in entries.items()} == {
        "good": ("ended_well", "well"),
        "bad": ("ended_badly", "not_well"),
        "refused": ("refused", "not_well"),
    }
    assert entries["bad"]["cause"] == "Failed. The disk is full. Hint: Free some."
    assert entries["refused"]["cause"] == "No backup was started."
    assert entries["good"]["job"]["outcome"] == "ended_well"
    assert set(entries["bad"]["job"]) == set(_fleet.JOB_KEYS)


def test_whatever_is_not_well_has_a_cause():
    nothing_known = {**result_of_missing("1"), "outcome": "not_followed"}
    entries = make_entries([backup("orders", job_ids=["1"], msg="")], [nothing_known])
    assert (entries["orders"]["verdict"], entries["orders"]["cause"]) == ("not_well", "not followed to the end")


def test_of_several_jobs_of_a_backup_the_bad_one_decides_and_stays_known():
    jobs = [job(1), job(2, "ended_badly"), job(3)]
    entries = make_entries([backup("orders", job_ids=["1", "2", "3"])], jobs)
    again = make_entries(list(entries.values()))
    for entry in (entries["orders"], again["orders"]):
        assert (entry["result"], entry["job"]["job_id"]) == ("ended_badly", "2")
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


def test_jobs_alone_make_backups_that_are_called_by_their_names():
    names = {"client_name": "aws-prod", "instance_name": "orders", "subclient_name": "default"}
    jobs = [job(1, **names), job(2, **names), {**result_of_missing("3"), "outcome": "missing"}]
    backups = backups_of_jobs(
        jobs,
        [
            {"id": "hr", "result": "refused", "cause": "No such subclient.", "job_ids": []},
            {"id": "orders", "result": "ended_badly", "cause": "Failed.", "job_ids": ["1"]},
        ],
    )
    fleet = make_fleet(make_entries(backups, jobs))
    assert list(fleet["results"]) == [
        "aws-prod/orders/default",
        "aws-prod/orders/default (job 2)",
        "job 3",
        "hr",
    ]
    assert fleet["not_well"] == ["job 3", "hr"]
    assert fleet["results"]["hr"]["cause"] == "No such subclient."


def test_the_table_has_what_is_not_well_first_and_in_full():
    backups = [backup(f"db{number}", job_ids=[str(number)], task_id=number) for number in range(5)]
    backups.append(backup("archive", "refused", msg="No backup was started:\nno plan."))
    fleet = make_fleet(
        make_entries(backups, [job(2, "active", percent_complete=40)]), left_out=[{"id": "web", "msg": ""}], lines=2
    )
    assert fleet["summary"] == [
        "6 backups: 1 refused, 1 active, 4 started",
        "archive  REFUSED  No backup was started: no plan.",
        "db2      active   task 2, job 2, Running, 40 %",
        "db0      started  task 0, job 0",
        "... and 3 more",
        "1 left out, not Oracle: web",
    ]
    assert fleet["msg"] == "6 backups: 1 refused, 1 active, 4 started. [archive] No backup was started:\nno plan."


def test_table_and_artifact_stay_small_however_much_goes_wrong():
    backups = [backup(f"db{number}", "refused", msg="x " * 500) for number in range(5000)]
    fleet = make_fleet(make_entries(backups))
    assert len(fleet["summary"]) == 102
    assert fleet["summary"][-1] == "... and 4900 more that are not well"
    assert max(map(len, fleet["summary"])) < 400
    assert len(fleet["artifact"]["not_well"]) == 100
    assert fleet["artifact"]["counts"]["not_well"] == 5000
    assert len(json.dumps(fleet["artifact"])) < 50_000
    assert len(fleet["not_well"]) == 5000


def test_the_artifact_holds_earlier_batches_too():
    earlier = make_entries([backup("a", job_ids=["1"], task_id=11), backup("b", "refused", msg="Not well.")])
    fleet = make_fleet(make_entries([backup("c", job_ids=["2"], task_id=12)]), list(earlier.values()))
    assert list(fleet["results"]) == ["c"]
    assert fleet["artifact"] == {
        "task_ids": [11, 12],
        "job_ids": ["1", "2"],
        "counts": {"backups": 3, "well": 0, "not_well": 1, "open": 2, "results": {"refused": 1, "started": 2}},
        "not_well": [
            {"id": "b", "result": "refused", "cause": fleet["artifact"]["not_well"][0]["cause"], "job_ids": []}
        ],
    }


def test_nothing_at_all_makes_a_result_too():
    fleet = make_fleet({})
    assert (fleet["summary"], fleet["not_well"], fleet["msg"]) == (["0 backups"], [], "0 backups.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        (" 1,2 3\n4;;5 ", ["1", "2", "3", "4", "5"]),
        ([1, "2", "3, 4"], ["1", "2", "3", "4"]),
        (148886, ["148886"]),
    ],
)
def test_ids_are_read_from_lists_and_from_what_people_type(value, expected):
    assert words(value) == expected


def test_long_texts_are_cut_and_say_so():
    assert shortened("a\n b", 10) == "a b"
    assert shortened("x" * 20, 10) == "xxxxxx ..."


def test_the_table_tells_jobs_of_what_is_not_well_and_how_old_a_recent_one_is():
    bad = backup("bad", "started", job_ids=["7"], task_id=70)
    ended = {"job": {**job("8", "ended_well"), "end_time": 1767225600}}
    recent = backup("new", "recent", age_seconds=7500, **ended)
    # From an artifact or a version that did not tell the age.
    ageless = {name: value for name, value in backup("old", "recent", **ended).items() if name != "age_seconds"}
    fleet = make_fleet(
        make_entries([bad, recent, ageless], [{**job("7", "ended_badly"), "reason": "The disk is full."}])
    )
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
    fleet = make_fleet(make_entries([*rest, *dry]), left_out=[{"id": "web", "msg": ""}], lines=1)
    assert fleet["summary"][2:] == [
        "... and 6 more",
        f"5 with something not verified (db0, db1, db2 and 2 more): {remark}",
        "1 left out, not Oracle: web",
    ]


def test_a_backup_that_no_module_was_asked_for_has_the_same_keys():
    (lost,), _left_out = add_matches(read(b=AWS), matches(("b", "missing", None)))
    assert set(lost) == set(backup())
