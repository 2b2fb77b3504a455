# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.attempts import start_and_wait
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup, backup_from_error
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import make_instances
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.entry import missing_entry
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job

INSTANCES = make_instances([{"client_name": "aws-prod", "instance_name": name} for name in ("orders", "billing")])
GOOD, BAD = ("Completed", None), ("Failed", "ORA-12541: TNS:no listener")


class World:
    """Starts and waits. ends: by instance, how each of its jobs ends: status and reason, or an error of its start."""

    def __init__(self, **ends):
        self.ends = ends
        self.started = []
        self.jobs = {}

    def start(self, instances):
        return [self._one(instance) for instance in instances]

    def _one(self, instance):
        name = instance.instance_name
        number = self.started.count(name)
        self.started.append(name)
        end = self.ends.get(name, [GOOD])[number]
        if isinstance(end, Backup):
            return end
        if isinstance(end, Exception):
            return backup_from_error(instance, end)
        job_id = str(len(self.started))
        status, reason = end
        self.jobs[job_id] = Job(job_id, status, reason=reason)
        return Backup(instance, "started", "", job_ids=(job_id,), changed=True, own=True)

    def wait(self, backups):
        entries = []
        for job_id in (job_id for backup in backups for job_id in backup.job_ids):
            job = self.jobs[job_id]
            outcome = "succeeded" if job.succeeded() else "failed"
            entries.append({**missing_entry(job_id), **job.to_result(), "outcome": outcome})
        return {"jobs": entries}

    def run(self, attempts, pause=lambda: True):
        return start_and_wait(INSTANCES, attempts, self.start, self.wait, pause)


def test_what_failed_for_a_passing_cause_is_tried_again_and_the_attempts_are_told():
    world = World(orders=[BAD, BAD, GOOD])
    backups, waited = world.run(3)
    assert world.started == ["orders", "billing", "orders", "orders"]
    assert [one["job_id"] for one in backups[0].attempts] == ["1", "3"]
    assert backups[0].attempts[0]["reason"] == BAD[1]
    assert [entry["outcome"] for entry in waited["jobs"]] == ["succeeded", "succeeded"]
    assert backups[1].attempts == ()
    assert backups[0].msg == f" This is attempt 3; job 3 before it failed ({BAD[1]})."
    assert backups[1].msg == ""


def test_there_are_no_more_attempts_than_asked_for():
    world = World(orders=[BAD, BAD, GOOD])
    backups, waited = world.run(2)
    assert len(backups[0].attempts) == 1
    assert waited["jobs"][0]["outcome"] == "failed"


def test_one_attempt_is_one():
    world = World(orders=[BAD])
    assert world.run(1)[0][0].attempts == ()


@pytest.mark.parametrize(
    "end",
    [
        ("Failed", "ORA-01017: invalid username/password"),
        ("Failed", "No space left on device"),
        ("Failed", "A license is missing"),
        ("Killed", None),
        CommvaultError("no", "refused"),
        CommvaultError("no", "instance_missing"),
        CommvaultError("lost", "timeout", maybe_ran=True),
    ],
)
def test_what_does_not_pass_or_is_not_known_is_never_started_again(end):
    world = World(orders=[end])
    world.run(5)
    assert world.started == ["orders", "billing"]


def test_somebody_elses_backup_is_not_started_again():
    adopted = Backup(INSTANCES[0], "adopted", "", job_ids=("9",))
    world = World(orders=[adopted])
    world.jobs["9"] = Job("9", "Failed", reason=BAD[1])
    world.run(5)
    assert world.started == ["orders", "billing"]


def test_a_refusal_that_passes_is_tried_again():
    world = World(orders=[CommvaultError("quota", "rate_limited"), GOOD])
    backups, _waited = world.run(2)
    assert backups[0].state == "started"
    assert backups[0].attempts[0]["state"] == "not_submitted"


def test_a_start_before_an_attempt_that_starts_nothing_is_a_change():
    world = World(orders=[BAD, CommvaultError("no", "refused")])
    backups, _waited = world.run(2)
    assert (backups[0].state, backups[0].changed) == ("refused", True)


def test_a_fault_before_another_attempt_leaves_what_was_started():
    world = World(orders=[BAD, GOOD])
    start = world.start
    world.start = lambda instances: start(instances) if len(instances) > 1 else 1 / 0
    backups, waited = world.run(3)
    assert (backups[0].state, backups[0].job_ids, backups[0].changed) == ("started", ("1",), True)
    assert waited["jobs"][0]["outcome"] == "failed"
    assert "no other attempt. A fault in rdsops.commvault: ZeroDivisionError." in backups[0].msg


def test_without_time_there_is_no_other_attempt():
    world = World(orders=[BAD])
    world.run(5, pause=lambda: False)
    assert world.started == ["orders", "billing"]
