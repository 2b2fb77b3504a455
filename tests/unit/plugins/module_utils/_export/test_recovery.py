# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import ServerClock
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup, Unresolved
from ansible_collections.rdsops.commvault.plugins.module_utils._export.recovery import (
    GRACE,
    Recovery,
    is_same_subclient,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

SENT = 1767225600.0


def job(job_id, instance="orders", start=SENT + 1, status="Running", **more):
    values = {
        "id": str(job_id),
        "client_name": "aws-prod",
        "instance_name": instance,
        "subclient_name": "default",
        "application_id": 22,
        "start_time": int(start),
        "status": status,
        "finished": status != "Running",
        "end_time": None if status == "Running" else int(start) + 60,
        **more,
    }
    return SimpleNamespace(**values)


def backup(question, instance="orders", **more):
    state = "refused" if question == Unresolved.RUNNING else "unknown"
    names = Instance("aws-prod", instance, id=instance)
    return Backup(names, state, "As it was.", failure={"kind": "timeout"}, unresolved=question, sent_at=SENT, **more)


class FakeReader:
    """Has jobs; each look can be given a failure or jobs of its own."""

    def __init__(self, *jobs, looks=None, details=None):
        self.jobs = list(jobs)
        self.looks = list(looks or [])
        self.all_details = details or {}
        self.count = 0

    def _look(self):
        self.count += 1
        if self.looks:
            look = self.looks.pop(0)
            if isinstance(look, Exception):
                raise look
            self.jobs = look
        return self.jobs

    def read(self, job_ids):
        return {found.id: found for found in self._look() if found.id in job_ids}

    def started_since(self, since):
        return [found for found in self._look() if found.start_time is not None and found.start_time >= since]

    def active_or_ended_since(self, since):
        return [found for found in self._look() if not found.finished or found.end_time >= since]

    def details(self, job_id):
        found = self.all_details.get(job_id)
        if isinstance(found, Exception):
            raise found
        return found


def details(task_id, started_from="Interactive"):
    return SimpleNamespace(task_id=task_id, started_from=started_from)


@pytest.fixture
def runtime():
    return FakeRuntime()


def settle(reader, *backups, runtime, server_clock=None):
    Recovery(reader, server_clock or ServerClock(), runtime=runtime).settle(list(backups))
    assert all(one.unresolved is None for one in backups)


class TestLost:
    def test_its_job_is_found_and_taken_with_its_task(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7), details={"7": details(9920)}), one, runtime=runtime)
        assert (one.state, one.job_ids, one.task_id, one.changed, one.failure) == ("adopted", ("7",), 9920, True, None)
        assert runtime.slept == []

    def test_a_job_that_becomes_visible_late_is_found(self, runtime):
        reader = FakeReader(looks=[[], [], [job(7)]])
        one = backup(Unresolved.LOST)
        settle(reader, one, runtime=runtime)
        assert one.job_ids == ("7",)
        assert len(runtime.slept) == 2

    def test_a_job_that_has_ended_already_is_found(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7, status="Completed")), one, runtime=runtime)
        assert one.job_ids == ("7",)

    def test_none_after_the_grace_period_stays_unknown_with_advice(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(), one, runtime=runtime)
        assert (one.state, one.changed, one.failure) == ("unknown", True, {"kind": "timeout"})
        assert "No job of it was seen within 90 seconds" in one.msg
        assert "Nothing was sent again" in one.msg
        assert sum(runtime.slept) == GRACE

    @pytest.mark.parametrize(
        "other",
        [
            job(7, start=SENT - 60),
            job(7, instance="billing"),
            job(7, client_name="aws-dev"),
            job(7, subclient_name="other"),
            job(7, application_id=134),
            job(7, start_time=None),
            job(7, instance_name=None),
        ],
    )
    def test_a_job_that_is_not_its_own_is_not_taken(self, runtime, other):
        one = backup(Unresolved.LOST)
        settle(FakeReader(other), one, runtime=runtime)
        assert one.state == "unknown"

    def test_a_job_from_just_before_the_request_is_taken_but_may_be_an_earlier_one(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7, start=SENT - 3)), one, runtime=runtime)
        assert (one.state, one.job_ids, one.changed) == ("adopted", ("7",), False)
        assert "a job from the same seconds was found" in one.msg

    def test_time_is_told_by_the_servers_clock(self, runtime):
        server_clock = ServerClock()
        server_clock.note("Thu, 01 Jan 2026 00:00:00 GMT", SENT + 3600)
        mine, old = backup(Unresolved.LOST), backup(Unresolved.LOST)
        settle(FakeReader(job(7, start=SENT - 3600 + 1)), mine, runtime=runtime, server_clock=server_clock)
        assert mine.job_ids == ("7",)
        settle(FakeReader(job(7, start=SENT - 3600 - 60)), old, runtime=runtime, server_clock=server_clock)
        assert old.state == "unknown"

    def test_several_candidates_are_reported_and_none_is_taken(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7), job(8)), one, runtime=runtime)
        assert (one.state, one.candidates, one.job_ids) == ("unknown", ("7", "8"), ())
        assert "Each of these jobs may be it: 7, 8." in one.msg

    def test_what_a_schedule_started_is_no_candidate(self, runtime):
        one = backup(Unresolved.LOST)
        reader = FakeReader(job(7), job(8), details={"7": details(1, "Scheduled"), "8": details(2)})
        settle(reader, one, runtime=runtime)
        assert (one.job_ids, one.task_id) == (("8",), 2)

    def test_details_that_cannot_be_read_do_not_matter(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7), details={"7": RequestError("no", "permission")}), one, runtime=runtime)
        assert (one.job_ids, one.task_id) == (("7",), None)

    def test_a_job_that_another_instance_of_the_call_owns_is_no_candidate(self, runtime):
        other = Backup(Instance("aws-prod", "orders", "default"), "started", "", 1, ("7",))
        one = backup(Unresolved.LOST)
        settle(FakeReader(job(7)), other, one, runtime=runtime)
        assert one.state == "unknown"

    def test_many_lost_ones_are_found_with_one_look(self, runtime):
        lost = [backup(Unresolved.LOST, f"db{n}") for n in range(50)]
        reader = FakeReader(*[job(n, f"db{n}") for n in range(50)])
        settle(reader, *lost, runtime=runtime)
        assert [one.job_ids for one in lost] == [(str(n),) for n in range(50)]
        assert reader.count == 1

    def test_a_look_that_fails_is_repeated(self, runtime):
        reader = FakeReader(looks=[RequestError("down", "server"), RequestError("down", "timeout"), [job(7)]])
        one = backup(Unresolved.LOST)
        settle(reader, one, runtime=runtime)
        assert one.job_ids == ("7",)

    def test_a_look_that_is_not_allowed_ends_the_search_and_says_so(self, runtime):
        one = backup(Unresolved.LOST)
        settle(FakeReader(looks=[CommvaultError("not yours", "permission")]), one, runtime=runtime)
        assert one.state == "unknown"
        assert "The jobs could not be read: not yours" in one.msg
        assert runtime.slept == []


class TestRunning:
    def test_the_job_at_work_is_adopted_and_nothing_changed(self, runtime):
        one = backup(Unresolved.RUNNING)
        settle(FakeReader(job(6, start=SENT - 9999)), one, runtime=runtime)
        assert (one.state, one.job_ids, one.changed, one.failure) == ("adopted", ("6",), False, None)

    def test_of_several_the_oldest_is_what_keeps_others_away(self, runtime):
        one = backup(Unresolved.RUNNING)
        settle(FakeReader(job(9, start=SENT - 5), job(6, start=SENT - 50)), one, runtime=runtime)
        assert one.job_ids == ("6",)

    def test_a_job_that_has_ended_since_the_request_is_what_kept_it_from_starting(self, runtime):
        one = backup(Unresolved.RUNNING)
        settle(FakeReader(job(6, start=SENT - 60, status="Completed")), one, runtime=runtime)
        assert (one.state, one.job_ids, one.changed, one.failure) == ("adopted", ("6",), False, None)
        assert "was under way already, and has ended: job 6 (Completed). No other was started." in one.msg
        assert runtime.slept == []

    def test_a_job_that_ended_before_the_request_kept_nothing_from_starting(self, runtime):
        one = backup(Unresolved.RUNNING)
        before = job(5, start=SENT - 61, status="Completed")
        settle(FakeReader(looks=[[before], [before, job(6, start=SENT - 1)]]), one, runtime=runtime)
        assert one.job_ids == ("6",)
        assert runtime.slept == [5.0]

    def test_one_that_is_at_work_goes_before_one_that_has_ended(self, runtime):
        one = backup(Unresolved.RUNNING)
        settle(FakeReader(job(6, start=SENT - 9, status="Killed"), job(7, start=SENT - 5)), one, runtime=runtime)
        assert one.job_ids == ("7",)

    def test_a_job_that_cannot_be_seen_leaves_a_refusal(self, runtime):
        one = backup(Unresolved.RUNNING)
        settle(FakeReader(), one, runtime=runtime)
        assert (one.state, one.changed, one.failure) == ("refused", False, {"kind": "timeout"})
        assert "it may have ended meanwhile" in one.msg


class TestBatch:
    def batch(self, names, job_ids):
        backups = [backup(Unresolved.BATCH, name, task_id=5, candidates=tuple(job_ids)) for name in names]
        for one in backups:
            one.failure = None
        return backups

    def test_jobs_are_given_to_instances_by_their_names_in_any_order(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7", "8"])
        settle(FakeReader(job(7, "billing"), job(8, "orders")), orders, billing, runtime=runtime)
        assert (orders.job_ids, billing.job_ids) == (("8",), ("7",))
        assert (orders.state, orders.task_id, orders.changed, orders.failure) == ("started", 5, True, None)

    def test_whoever_has_no_job_of_the_batch_was_left_out(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7"])
        settle(FakeReader(job(7, "orders")), orders, billing, runtime=runtime)
        assert (orders.state, billing.state, billing.changed) == ("started", "refused", False)
        assert billing.failure["kind"] == "no_job"
        assert "task 5" in billing.msg

    def test_the_last_job_belongs_to_the_last_instance_even_unseen(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7", "8"])
        settle(FakeReader(job(7, "orders")), orders, billing, runtime=runtime)
        assert (billing.state, billing.job_ids) == ("started", ("8",))

    def test_several_unseen_jobs_cannot_be_told_apart(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7", "8"])
        settle(FakeReader(), orders, billing, runtime=runtime)
        assert (orders.state, orders.candidates) == ("unknown", ("7", "8"))
        assert billing.failure["kind"] == "no_job"
        assert "7, 8" in billing.msg

    def test_a_subclient_with_two_jobs_has_both(self, runtime):
        (orders,) = self.batch(["orders"], ["7", "8"])
        settle(FakeReader(job(7), job(8)), orders, runtime=runtime)
        assert orders.job_ids == ("7", "8")


@pytest.mark.parametrize(
    ("instance", "matches"),
    [
        (Instance("aws-prod", "orders"), True),
        (Instance("AWS-PROD", "Orders", "DEFAULT"), True),
        (Instance("other", "orders", display_name="aws-prod"), True),
        (Instance("aws-prod", "billing"), False),
        (Instance("aws-prod", "orders", application_id=80), False),
    ],
)
def test_names_are_compared_as_commvault_does(instance, matches):
    assert is_same_subclient(instance, job(7)) is matches
