# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import result_of_missing
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.artifact import (
    PreviousRun,
    backups_of_jobs,
    read_artifact,
    split_list,
)
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job


def test_jobs_alone_make_backups_that_are_called_by_their_names():
    names = {"client_name": "aws-prod", "instance_name": "orders", "subclient_name": "default"}
    jobs = [job(1, **names), job(2, **names), {**result_of_missing("3"), "outcome": "missing"}]
    backups = backups_of_jobs(
        jobs,
        [
            {"id": "hr", "result": "refused", "cause": "No such subclient.", "job_ids": []},
        ],
    )
    fleet = make_fleet(backups, jobs)
    assert list(fleet["results"]) == [
        "aws-prod/orders/default",
        "aws-prod/orders/default (job 2)",
        "job 3",
        "hr",
    ]
    assert fleet["failed_backups"] == ["job 3", "hr"]
    assert fleet["results"]["hr"]["cause"] == "No such subclient."


def test_the_artifact_holds_earlier_batches_too():
    earlier = make_fleet([backup("a", job_ids=["1"], task_id=11), backup("b", "refused", msg="Refused.")])["results"]
    fleet = make_fleet([backup("c", job_ids=["2"], task_id=12)], earlier=list(earlier.values()))
    assert list(fleet["results"]) == ["c"]
    assert fleet["artifact"] == {
        "task_ids": [11, 12],
        "job_ids": ["1", "2"],
        "counts": {"backups": 3, "succeeded": 0, "failed": 1, "open": 2, "results": {"refused": 1, "started": 2}},
        "failed": [{"id": "b", "result": "refused", "cause": "Refused.", "job_ids": [], "job_url": None}],
        "message": "3 backups: 1 refused, 2 started.\nb: Refused.",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        (" 1,2 3\n4;;5 ", ["1", "2", "3", "4", "5"]),
        ([1, "2", "3, 4"], ["1", "2", "3", "4"]),
        (148886, ["148886"]),
        ("7-9, 12", ["7", "8", "9", "12"]),
        (["orders-1"], ["orders-1"]),
    ],
)
def test_ids_are_read_from_lists_and_from_what_people_type(value, expected):
    assert split_list(value) == expected


@pytest.mark.parametrize("row", ["9-7", "1-999999999"])
def test_a_range_of_ids_that_is_none_is_refused(row):
    with pytest.raises(InvalidInput, match=f"{row} is not a range of job ids"):
        split_list(row)


def test_the_paragraph_for_notifications_names_what_failed_with_its_job():
    bad = {**job(1, "failed"), "reason": "The disk is full.", "job_url": "https://example.com/jobs/1"}
    lost = [backup(f"db{number}", "refused", msg="No plan.") for number in range(12)]
    artifact = make_fleet([backup("orders", job_ids=["1"]), *lost], [bad])["artifact"]
    lines = artifact["message"].splitlines()
    assert lines[1].startswith("orders: ")
    assert lines[1].endswith("The disk is full. https://example.com/jobs/1")
    assert (len(lines), lines[-1]) == (12, "And 3 more.")


def test_what_a_run_hands_on_is_read_by_the_next():
    bad = job(1, "failed")
    lost = [backup(f"db{number}", "refused", msg="No plan.") for number in range(150)]
    artifact = make_fleet([backup("orders", job_ids=["1"], task_id=11), *lost], [bad])["artifact"]
    previous = read_artifact(json.loads(json.dumps(artifact)))
    assert (previous.job_ids, previous.task_ids) == (["1"], [11])
    assert len(previous.not_started) + previous.unnamed == 150
    again = make_fleet(backups_of_jobs([bad], previous.not_started), [bad], task_ids=previous.task_ids)
    assert again["artifact"]["task_ids"] == [11]
    assert len(again["results"]) == 1 + len(previous.not_started)


def test_jobs_alone_are_enough_of_an_artifact():
    assert read_artifact({"job_ids": "1, 2"}) == PreviousRun(["1", "2"])


@pytest.mark.parametrize(
    "more",
    [
        {"failed": ["hr"]},
        {"failed": [{"result": "refused"}]},
        {"failed": 7},
        {"task_ids": ["x"]},
        {"counts": 7},
        {"counts": {"results": {"refused": "many"}}},
    ],
)
def test_anything_else_is_no_artifact(more):
    with pytest.raises(InvalidInput, match="artifact is not what a run hands on"):
        read_artifact({"job_ids": [], **more})
