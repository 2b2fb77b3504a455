# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.control import (
    KILLED,
    RESUMED,
    SUSPENDED,
    control_jobs,
    judge,
    reached,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import GIVE_UP_AFTER

ACTIVE = ["Running", "Waiting", "Pending", "Queued", "Interrupted", "Something new"]
ENDED = ["Completed", "Failed", "Killed", "Committed", "Completed w/ one or more errors", "Failed to Start"]


@pytest.mark.parametrize("status", ACTIVE)
@pytest.mark.parametrize(("state", "action"), [(SUSPENDED, "suspend"), (KILLED, "kill"), (RESUMED, None)])
def test_an_active_job(status, state, action):
    control = judge("7", Job("7", status), state)
    assert (control.action, control.error) == (action, None)
    assert status in control.msg


@pytest.mark.parametrize("status", ["Suspended", "Suspend Pending", "Suspend"])
@pytest.mark.parametrize(("state", "action"), [(SUSPENDED, None), (KILLED, "kill"), (RESUMED, "resume")])
def test_a_suspended_job(status, state, action):
    control = judge("7", Job("7", status), state)
    assert (control.action, control.error) == (action, None)


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("state", [SUSPENDED, RESUMED])
def test_an_ended_job_cannot_be_suspended_or_resumed(status, state):
    job = Job("7", status, instance_name="orders", end_time=1767225600)
    control = judge("7", job, state)
    assert control.action is None
    assert control.error.kind == "job_ended"
    assert control.msg == (f"Job 7 (orders) has ended already: {status} at 2026-01-01T00:00:00Z. It cannot be {state}.")


@pytest.mark.parametrize("status", ENDED)
def test_an_ended_job_need_not_be_killed(status):
    control = judge("7", Job("7", status), KILLED)
    assert (control.action, control.error) == (None, None)
    assert control.msg == f"Job 7 has ended already: {status}. There is nothing to kill."


@pytest.mark.parametrize(("state", "kind"), [(SUSPENDED, "job_ended"), (RESUMED, "job_ended"), (KILLED, None)])
@pytest.mark.parametrize("status", ["Kill Pending", "KILL_PENDING"])
def test_a_job_that_is_being_killed(state, kind, status):
    control = judge("7", Job("7", status), state)
    assert control.action is None
    assert (control.error.kind if control.error else None) == kind


@pytest.mark.parametrize("state", [SUSPENDED, RESUMED, KILLED])
def test_a_job_that_is_not_there(state):
    assert judge("7", None, state).error.kind == "job_missing"


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        (SUSPENDED, "Suspended", True),
        (SUSPENDED, "Suspend Pending", False),
        (SUSPENDED, "Completed", True),
        (RESUMED, "Running", True),
        (RESUMED, "Suspended", False),
        (KILLED, "Kill Pending", False),
        (KILLED, "Killed", True),
    ],
)
def test_when_a_state_is_reached(state, status, expected):
    assert reached(Job("7", status), state) is expected


class FakeCell:
    """Reader and API in one. then: by job id what an action does: a status to go to, an error, or both."""

    def __init__(self, statuses, then=None):
        self.statuses = dict(statuses)
        self.then = then or {}
        self.acted = []
        self.reads = []
        self.later_reads_fail = False

    def read(self, job_ids):
        if self.reads and self.later_reads_fail:
            raise RequestError("gone", "timeout")
        self.reads.append(list(job_ids))
        return {name: Job(name, status) for name, status in self.statuses.items() if name in job_ids}

    def act(self, job_id, action):
        self.acted.append((action, job_id))
        for outcome in self.then.get(job_id, ()):
            if isinstance(outcome, Exception):
                raise outcome
            self.statuses[job_id] = outcome


def control(cell, state, **more):
    return control_jobs(cell, cell, list(cell.statuses), state, **more)


LOST = RequestError("no answer", "timeout", maybe_ran=True)
REFUSED = RequestError("not possible", "refused")


class TestControl:
    def test_only_jobs_that_need_it_are_asked(self):
        cell = FakeCell(
            {"1": "Running", "2": "Suspended", "3": "Completed", "4": "Pending"},
            {"1": ["Suspend Pending"], "4": ["Suspended"]},
        )
        controls = control(cell, SUSPENDED)
        assert cell.acted == [("pause", "1"), ("pause", "4")]
        assert cell.reads == [["1", "2", "3", "4"], ["1", "4"]]
        assert [one.action for one in controls] == ["suspend", None, None, "suspend"]
        assert [one.job.status for one in controls] == ["Suspend Pending", "Suspended", "Completed", "Suspended"]
        assert [one.error is None for one in controls] == [True, True, False, True]
        assert controls[0].msg == "Job 1 was Running and was asked to suspend. It is Suspend Pending now."

    def test_check_mode_asks_for_nothing(self):
        cell = FakeCell({"1": "Running", "2": "Completed"})
        controls = control(cell, KILLED, check_mode=True)
        assert cell.acted == []
        assert [one.action for one in controls] == ["kill", None]
        assert controls[0].msg == "Job 1 is Running and would be asked to end."

    def test_nothing_to_do_is_one_read(self):
        cell = FakeCell({"1": "Suspended"})
        control(cell, SUSPENDED)
        assert len(cell.reads) == 1

    @pytest.mark.parametrize(
        ("state", "before", "after"),
        [
            (SUSPENDED, "Running", "Suspend Pending"),
            (RESUMED, "Suspended", "Running"),
            (KILLED, "Running", "Kill Pending"),
            (KILLED, "Running", "Killed"),
        ],
    )
    def test_a_lost_answer_is_no_failure_if_the_job_obeyed(self, state, before, after):
        cell = FakeCell({"1": before}, {"1": [after, LOST]})
        (one,) = control(cell, state)
        assert one.error is None
        assert one.action is not None
        assert one.msg == f"Job 1 was {before}. It is {after} now."

    def test_a_lost_answer_is_a_failure_if_it_did_not(self):
        cell = FakeCell({"1": "Running"}, {"1": [LOST]})
        (one,) = control(cell, KILLED)
        assert (one.error, one.action) == (LOST, "kill")
        assert one.msg == "Job 1 was Running. Whether it was asked to end is not known: no answer It is Running now."
        assert len(cell.acted) == 1

    def test_a_refusal_is_a_failure_of_that_job_alone(self):
        cell = FakeCell({"1": "Running", "2": "Running"}, {"1": [REFUSED], "2": ["Kill Pending"]})
        first, second = control(cell, KILLED)
        assert (first.error, first.action) == (REFUSED, None)
        assert first.msg == "Job 1 was Running and could not be killed: not possible It is Running now."
        assert (second.error, second.action) == (None, "kill")

    def test_a_job_that_ended_by_itself_in_the_meantime_is_killed_well_enough(self):
        cell = FakeCell({"1": "Running"}, {"1": ["Completed", REFUSED]})
        (one,) = control(cell, KILLED)
        assert (one.error, one.action, one.job.status) == (None, None, "Completed")

    def test_a_job_that_ended_by_itself_in_the_meantime_cannot_be_suspended(self):
        cell = FakeCell({"1": "Running"}, {"1": ["Completed", REFUSED]})
        assert control(cell, SUSPENDED)[0].error is REFUSED

    def test_refused_credentials_are_not_tried_again(self):
        denied = CommvaultError("denied", "authentication")
        cell = FakeCell({"1": "Running", "2": "Running"}, {"1": [denied]})
        assert [one.error for one in control(cell, KILLED)] == [denied, denied]
        assert cell.acted == [("kill", "1")]

    @pytest.mark.parametrize(
        "fault", [LOST, RequestError("no way", "connection"), RequestError("wait", "rate_limited")]
    )
    def test_a_commcell_that_is_away_is_not_asked_about_each_of_many_jobs(self, fault):
        names = [str(number) for number in range(1, 21)]
        cell = FakeCell(dict.fromkeys(names, "Running"), {name: [fault] for name in names})
        controls = control(cell, KILLED)
        assert len(cell.acted) == GIVE_UP_AFTER
        assert all(one.error is fault for one in controls[:GIVE_UP_AFTER])
        assert {(one.error.kind, one.action) for one in controls[GIVE_UP_AFTER:]} == {("not_submitted", None)}
        assert "was Running and could not be killed: it was not asked" in controls[-1].msg

    def test_jobs_that_cannot_be_asked_stop_no_others(self):
        names = [str(number) for number in range(1, 21)]
        cell = FakeCell(dict.fromkeys(names, "Running"), {name: [REFUSED] for name in names})
        control(cell, KILLED)
        assert len(cell.acted) == 20

    def test_what_was_done_is_known_although_the_jobs_cannot_be_read_afterwards(self):
        cell = FakeCell({"1": "Running"}, {"1": ["Kill Pending"]})
        cell.later_reads_fail = True
        (one,) = control(cell, KILLED)
        assert (one.error, one.action, one.job.status) == (None, "kill", "Running")
        assert one.msg == "Job 1 was Running and was asked to end."

    def test_nothing_is_done_to_jobs_that_cannot_be_read(self):
        cell = FakeCell({"1": "Running"})
        cell.reads, cell.later_reads_fail = [[]], True
        with pytest.raises(RequestError):
            control(cell, KILLED)
        assert cell.acted == []
