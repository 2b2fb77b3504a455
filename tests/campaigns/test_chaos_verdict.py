# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.tests.campaigns.chaos.verdict import findings, truth_of

KEY = ("client0", "db1", "default")


def job(job_id, started_by, instance="db1", task_id=1):
    return {
        "job_id": job_id,
        "task_id": task_id,
        "client": "client0",
        "instance": instance,
        "subclient": "default",
        "started_by": started_by,
    }


def request(seq, fault=None, status=200, instance="db1"):
    association = {"clientName": "client0", "instanceName": instance, "subclientName": "default"}
    return {
        "seq": seq,
        "endpoint": "createtask",
        "fault": fault,
        "status": status,
        "body": {"taskInfo": {"associations": [association]}},
    }


def backup(state, job_ids=(), changed=False, task_id=None, candidates=()):
    instance = SimpleNamespace(key=KEY, label="db1")
    return SimpleNamespace(
        state=state, job_ids=job_ids, changed=changed, task_id=task_id, candidates=candidates, instance=instance, msg=""
    )


def kinds(reported, jobs, journal=()):
    return [finding.kind for finding in findings([reported], truth_of(jobs, list(journal), 10))]


@pytest.mark.parametrize(
    ("reported", "jobs", "journal"),
    [
        (backup("started", ("7",), changed=True, task_id=1), [job(7, 10)], [request(10)]),
        (backup("adopted", ("7",), changed=True), [job(7, 10)], [request(10, "reset")]),
        (backup("adopted", ("6",)), [job(6, 3)], [request(10)]),
        (backup("adopted", ("6",)), [job(6, None)], [request(10)]),
        (backup("recent", ("6",)), [job(6, None)], []),
        (backup("refused"), [job(6, 3)], [request(10)]),
        (backup("not_submitted"), [], []),
        (backup("unknown", changed=True), [job(7, 10)], [request(10, "reset")]),
        (backup("unknown", changed=True), [], [request(10, status=None)]),
        (backup("unknown", changed=True, candidates=("7", "8")), [job(7, 10)], [request(10)]),
    ],
)
def test_kept_promises_are_no_finding(reported, jobs, journal):
    assert kinds(reported, jobs, journal) == []


@pytest.mark.parametrize(
    ("reported", "jobs", "journal", "kind"),
    [
        (backup("started", ("7",), changed=True), [job(7, 10), job(8, 11)], [], "twice"),
        (backup("started", ("8",), changed=True), [job(7, 10)], [], "lost"),
        (backup("started", ("7",), changed=True), [], [], "misreported"),
        (backup("started", ("7",), changed=True, task_id=2), [job(7, 10)], [], "misreported"),
        (backup("adopted", ("7",), changed=True), [job(7, 3)], [], "misreported"),
        (backup("adopted", ("6",)), [job(7, 10), job(6, 3)], [], "lost"),
        (backup("adopted", ("6",)), [], [], "misreported"),
        (backup("refused"), [job(7, 10)], [], "lost"),
        (backup("not_submitted"), [job(7, 10)], [], "lost"),
        (backup("unknown", changed=True), [job(7, 10)], [request(10)], "unknown without a cause"),
    ],
)
def test_every_broken_promise_is_found(reported, jobs, journal, kind):
    assert kind in kinds(reported, jobs, journal)
