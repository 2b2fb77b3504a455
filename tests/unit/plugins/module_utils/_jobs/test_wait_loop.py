# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_loop import (
    FINAL_POLL_TIMEOUT,
    GRACE,
    PROGRESS_INTERVAL,
    wait_for_jobs,
)
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

DAY = 86400.0


class World:
    """Jobs that go through states as time passes, and a CommCell that may fail.

    scripts: by job id a list of (seconds since the start, status, None for not there, or why it cannot be read).
    faults: (from, until, error).
    """

    def __init__(self, *, look_seconds=0.0, faults=(), **scripts):
        self.clock = FakeRuntime()
        self.start = self.clock.time
        self.scripts = {name[1:]: script for name, script in scripts.items()}
        self.faults = faults
        self.look_seconds = look_seconds
        self.looks = []
        self.progress = []

    def age(self):
        return self.clock.time - self.start

    def poll(self, job_ids, time_left):
        age = self.age()
        self.looks.append((age, tuple(job_ids), time_left))
        self.clock.time += self.look_seconds
        for begin, end, error in self.faults:
            if begin <= age < end:
                raise error
        found = {}
        unread = None
        for job_id in job_ids:
            status = [status for since, status in self.scripts[job_id] if since <= age]
            if status and isinstance(status[-1], RequestError):
                unread = status[-1]
            elif status and status[-1]:
                found[job_id] = Job(job_id, status[-1])
        if unread:
            unread.found = found
            raise unread
        return found

    def wait(self, *job_ids, timeout=DAY, interval=60.0, **more):
        def on_progress(wait):
            self.progress.append((wait.waited, len(wait.waiting)))

        return wait_for_jobs(
            job_ids or list(self.scripts),
            self.poll,
            timeout=timeout,
            interval=interval,
            runtime=self.clock,
            on_progress=on_progress,
            **more,
        )

    def look_times(self):
        return [age for age, _job_ids, _left in self.looks]


def fault(kind, retry_after=None):
    return RequestError(f"a fault: {kind}", kind, retry_after=retry_after)


RUNS = [(0, "Running")]


class TestTheEnd:
    def test_nothing_to_wait_for_is_no_look_and_no_time(self):
        world = World()
        wait = wait_for_jobs([], world.poll, timeout=60, interval=1, runtime=world.clock)
        assert (wait.waited, wait.jobs, world.looks, world.clock.slept) == (0, {}, [], [])

    def test_jobs_that_have_ended_already_take_one_look(self):
        world = World(j1=[(0, "Completed")], j2=[(0, "Failed")])
        wait = world.wait()
        assert {job_id: job.status for job_id, job in wait.jobs.items()} == {"1": "Completed", "2": "Failed"}
        assert (wait.waited, wait.timed_out, wait.missing, wait.error) == (0, [], [], None)
        assert world.clock.slept == []

    def test_a_job_is_followed_for_days(self):
        world = World(j1=[(0, "Waiting"), (600, "Running"), (3 * DAY + 5, "Completed")])
        wait = world.wait(timeout=7 * DAY)
        assert wait.waited == pytest.approx(3 * DAY + 60)
        assert wait.jobs["1"].status == "Completed"
        assert len(world.looks) == 3 * 24 * 60 + 2

    def test_only_jobs_that_have_not_ended_are_read_again(self):
        world = World(j1=[(0, "Running"), (100, "Completed")], j2=[(0, "Running"), (170, "Killed")])
        world.wait()
        assert [job_ids for _age, job_ids, _left in world.looks] == [("1", "2"), ("1", "2"), ("1", "2"), ("2",)]

    def test_all_jobs_are_waited_for_although_one_failed(self):
        world = World(j1=[(0, "Failed")], j2=[(0, "Running"), (3000, "Completed")])
        assert world.wait().waited == pytest.approx(3000)


class TestTheTime:
    def test_the_timeout_is_kept_to_the_second_and_ends_with_a_look(self):
        world = World(j1=RUNS)
        wait = world.wait(timeout=100, interval=60)
        assert world.look_times() == [0, 60, 100]
        assert (wait.waited, wait.timed_out, wait.overdue) == (100, ["1"], ["1"])
        assert wait.jobs["1"].status == "Running"

    def test_a_job_that_ends_in_the_last_second_counts(self):
        world = World(j1=[(0, "Running"), (100, "Completed")])
        wait = world.wait(timeout=100, interval=60)
        assert (wait.waited, wait.timed_out) == (100, [])

    def test_slow_looks_are_part_of_the_time(self):
        world = World(j1=RUNS, look_seconds=25)
        wait = world.wait(timeout=100, interval=10)
        assert world.look_times() == [0, 35, 70, 100]
        assert wait.waited == 125

    def test_a_look_is_told_how_much_time_is_left(self):
        world = World(j1=RUNS)
        world.wait(timeout=100, interval=60)
        assert [left for _age, _job_ids, left in world.looks] == [100, 40, FINAL_POLL_TIMEOUT]

    def test_no_time_at_all_is_one_look(self):
        world = World(j1=RUNS)
        wait = world.wait(timeout=0)
        assert (world.look_times(), wait.timed_out) == ([0], ["1"])

    def test_without_timeout_only_the_jobs_count(self):
        world = World(j1=[(0, "Running"), (30 * DAY, "Completed")])
        wait = world.wait(timeout=None, interval=3600)
        assert wait.jobs["1"].finished
        assert {left for _age, _job_ids, left in world.looks} == {None}

    def test_a_clock_that_does_not_divide_evenly_makes_no_busy_loop(self):
        world = World(j1=[(0, "Pending")])
        world.clock.time = world.start = 1e9 / 3
        wait = world.wait(timeout=0.7, interval=0.1, stuck_timeout=0.3)
        assert wait.stuck == ["1"]
        assert len(world.looks) < 20


class TestNotThere:
    def test_a_job_that_becomes_visible_late_is_waited_for(self):
        world = World(j1=[(40, "Running"), (500, "Completed")])
        wait = world.wait(interval=60)
        assert (wait.missing, wait.jobs["1"].status) == ([], "Completed")

    def test_until_it_is_visible_looks_come_sooner(self):
        world = World(j1=[(40, "Running"), (200, "Completed")])
        world.wait(interval=60)
        assert world.look_times() == [0, 15, 30, 45, 105, 165, 225]

    def test_a_job_that_never_shows_up_is_missing_after_the_grace_period(self):
        world = World(j1=[], j2=[(0, "Running"), (300, "Completed")])
        wait = world.wait(interval=60)
        assert (wait.missing, list(wait.jobs)) == (["1"], ["2"])
        assert [age for age, job_ids, _left in world.looks if "1" in job_ids][-1] == GRACE
        assert wait.waited == pytest.approx(330)

    def test_a_job_that_disappears_is_missing_but_not_forgotten(self):
        world = World(j1=[(0, "Running"), (600, None)])
        wait = world.wait()
        assert (wait.missing, wait.jobs["1"].status) == (["1"], "Running")
        assert wait.waited == pytest.approx(600 + GRACE)

    def test_a_job_that_comes_back_was_never_away(self):
        world = World(j1=[(0, "Running"), (600, None), (680, "Running"), (1200, None), (1280, "Completed")])
        assert world.wait().missing == []

    def test_where_new_jobs_are_known_to_be_invisible_for_longer_they_are_waited_for(self):
        script = [(0, None), (300, "Running"), (900, "Completed")]
        assert World(j1=script).wait().missing == ["1"]
        wait = World(j1=script).wait(lag=300.0)
        assert (wait.missing, wait.jobs["1"].status) == ([], "Completed")

    def test_an_outage_at_the_start_does_not_use_up_the_grace_period(self):
        world = World(j1=[(650, "Completed")], faults=[(0, 600, fault("server"))])
        assert world.wait().missing == []

    def test_one_that_is_not_there_when_the_time_is_over_has_timed_out(self):
        world = World(j1=[])
        wait = world.wait(timeout=10)
        assert (wait.missing, wait.timed_out, wait.jobs) == ([], ["1"], {})


class TestFaults:
    @pytest.mark.parametrize(
        "kind", ["connection", "timeout", "interrupted", "server", "bad_reply", "rate_limited", "tls", "not_found"]
    )
    def test_a_passing_fault_is_a_look_missed(self, kind):
        world = World(j1=[(0, "Running"), (DAY / 2, "Completed")], faults=[(60, 7200, fault(kind))])
        wait = world.wait()
        assert (wait.jobs["1"].status, wait.error, wait.last_error) == ("Completed", None, None)

    def test_after_a_missed_look_the_next_one_comes_sooner(self):
        world = World(j1=RUNS, faults=[(60, 80, fault("server"))])
        world.wait(timeout=300, interval=60)
        assert world.look_times() == [0, 60, 75, 90, 150, 210, 270, 300]

    def test_the_server_says_when_to_come_back(self):
        world = World(j1=RUNS, faults=[(60, 80, fault("rate_limited", retry_after=200))])
        world.wait(timeout=400, interval=60)
        assert world.look_times() == [0, 60, 260, 320, 380, 400]

    def test_an_outage_until_the_end_is_reported_with_what_was_seen_before(self):
        world = World(j1=RUNS, faults=[(60, DAY, fault("server"))])
        wait = world.wait(timeout=600)
        assert (wait.timed_out, wait.jobs["1"].status, wait.last_error.kind) == (["1"], "Running", "server")

    def test_a_job_that_cannot_be_read_keeps_nobody_from_following_the_others(self):
        broken = [(0, "Running"), (100, fault("server")), (1000, "Completed")]
        world = World(j1=[(0, "Running"), (600, "Completed")], j2=broken, j3=[(0, "Running"), (300, None)])
        wait = world.wait(timeout=3000)
        assert [wait.jobs[job_id].status for job_id in "123"] == ["Completed", "Completed", "Running"]
        assert (wait.missing, wait.error, wait.last_error) == (["3"], None, None)
        # The others are followed as often as without it.
        assert [at for at in world.look_times() if 100 < at < 600] == pytest.approx(range(120, 600, 60))

    def test_a_job_that_cannot_be_read_until_the_end_is_not_missing(self):
        world = World(j1=[(0, "Completed")], j2=[(0, fault("server"))])
        wait = world.wait(timeout=600)
        assert (wait.timed_out, wait.missing, wait.error) == (["2"], [], None)

    @pytest.mark.parametrize("kind", ["authentication", "permission"])
    def test_credentials_that_were_good_are_refused_by_a_web_tier_that_restarts(self, kind):
        world = World(j1=[(0, "Running"), (7000, "Completed")], faults=[(3600, 3600 + 590, CommvaultError("no", kind))])
        wait = world.wait()
        assert (wait.error, wait.last_error, wait.jobs["1"].status) == (None, None, "Completed")
        refused = [age for age in world.look_times() if 3600 <= age < 4190]
        assert len(refused) <= 9, "each may count as a failed login"

    @pytest.mark.parametrize("kind", ["authentication", "permission"])
    def test_credentials_that_stay_refused_end_the_wait_after_ten_minutes(self, kind):
        world = World(j1=RUNS, faults=[(3600, DAY, CommvaultError("no", kind))])
        wait = world.wait()
        assert wait.error.kind == kind
        assert 600 <= wait.waited - 3600 <= 720

    @pytest.mark.parametrize("kind", ["authentication", "permission"])
    def test_credentials_that_never_worked_end_the_wait_at_once(self, kind):
        world = World(j1=RUNS, faults=[(0, DAY, CommvaultError("no", kind))])
        assert (world.wait().error.kind, len(world.looks)) == (kind, 1)

    def test_a_job_that_cannot_be_the_one_is_as_good_as_none(self):
        world = World(j1=[(0, "Completed")])
        wait = world.wait(timeout=300, stranger=lambda job: f"Job {job.id} is another's.")
        assert (wait.missing, wait.jobs, wait.warnings) == (["1"], {}, ["Job 1 is another's."])

    @pytest.mark.parametrize("kind", ["invalid_input", "internal"])
    def test_what_no_time_mends_ends_the_wait_at_once(self, kind):
        world = World(j1=[(0, "Running")], j2=[(0, "Completed")], faults=[(3600, DAY, CommvaultError("no", kind))])
        wait = world.wait()
        assert wait.waited == pytest.approx(3600)
        assert (wait.error.kind, wait.timed_out, wait.waiting) == (kind, [], ["1"])
        assert wait.jobs.keys() == {"1", "2"}

    @pytest.mark.parametrize("kind", ["tls", "redirect", "not_found", "bad_request", "refused"])
    def test_what_points_to_a_wrong_address_ends_the_wait_if_nothing_ever_worked(self, kind):
        world = World(j1=RUNS, faults=[(0, DAY, fault(kind))])
        wait = world.wait()
        assert (wait.error.kind, wait.waited) == (kind, 0)

    def test_unless_the_commcell_is_known_to_work(self):
        world = World(j1=[(0, "Completed")], faults=[(0, 100, fault("not_found"))])
        assert world.wait(proven=True).error is None

    def test_a_bug_is_not_swallowed(self):
        world = World(j1=RUNS, faults=[(60, DAY, ZeroDivisionError())])
        with pytest.raises(ZeroDivisionError):
            world.wait()


class TestStuck:
    def test_a_job_may_be_stuck_for_so_long_and_no_longer(self):
        world = World(j1=[(0, "Running"), (600, "Pending")], j2=[(0, "Running"), (9000, "Completed")])
        wait = world.wait(stuck_timeout=1800)
        assert (wait.stuck, wait.overdue, wait.timed_out) == (["1"], ["1"], [])
        assert [age for age, job_ids, _left in world.looks if "1" in job_ids][-1] == 2400
        assert wait.jobs["2"].status == "Completed"

    @pytest.mark.parametrize("status", ["Queued", "Pending", "Waiting", "Suspended"])
    def test_every_stuck_state_counts(self, status):
        assert World(j1=[(0, status)]).wait(stuck_timeout=600).waited == 600

    @pytest.mark.parametrize("status", ["Running", "Suspend Pending", "Something new"])
    def test_other_states_do_not(self, status):
        assert World(j1=[(0, status)]).wait(stuck_timeout=600, timeout=5000).timed_out == ["1"]

    def test_every_change_starts_anew(self):
        script = [(age, ("Pending", "Waiting", "Pending", "Running")[age // 500 % 4]) for age in range(0, 20000, 500)]
        wait = World(j1=[*script, (20000, "Completed")]).wait(stuck_timeout=600)
        assert (wait.stuck, wait.jobs["1"].status) == ([], "Completed")

    def test_without_a_limit_a_job_may_be_stuck_until_the_end(self):
        assert World(j1=[(0, "Queued")]).wait(timeout=2 * DAY).timed_out == ["1"]


class TestWords:
    def test_something_else_than_the_end_can_be_waited_for(self):
        world = World(j1=[(0, "Suspend Pending"), (70, "Suspended")])
        wait = world.wait(done=lambda job: job.stuck == "suspended")
        assert (wait.waited, wait.timed_out) == (120, [])

    def test_an_unknown_state_is_named_once(self):
        world = World(j1=[(0, "Levitating"), (3000, "Completed")], j2=[(0, "Levitating"), (9000, "Completed")])
        assert world.wait().warnings == [
            "Job 1 is in a state that this collection does not know: 'Levitating'. It counts as active."
        ]

    def test_progress_is_told_after_each_look_and_in_between(self):
        world = World(j1=[(0, "Running"), (100, "Completed")])
        world.wait(interval=100)
        assert world.progress == [(0, 1), (20, 1), (40, 1), (60, 1), (80, 1), (100, 0)]
        assert max(world.clock.slept) == PROGRESS_INTERVAL
