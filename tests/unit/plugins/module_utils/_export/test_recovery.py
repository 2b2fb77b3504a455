# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import ServerClock
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup, Unresolved
from ansible_collections.rdsops.commvault.plugins.module_utils._export.evidence import (
    MAX_SKEW,
    MAX_TRIES,
    Evidence,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.matching import Matching
from ansible_collections.rdsops.commvault.plugins.module_utils._export.recovery import (
    GRACE,
    INTERVAL,
    SHORT_GRACE,
    Recovery,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import ExportOptions, Instance
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobDetails
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime
from ansible_collections.rdsops.commvault.tests.support.jobs import job as any_job
from ansible_collections.rdsops.commvault.tests.support.jobs import subclient

SENT = 1767225600.0


def job(job_id, instance="orders", start=SENT + 1, status="Running", **more):
    begun = None if start is None else int(start)
    ended = None if status == "Running" else int(start) + 60
    return any_job(job_id, instance, status, start_time=begun, end_time=ended, **{"user_name": "me", **more})


def backup(unresolved, instance="orders", **more):
    state = "refused" if unresolved is Unresolved.RUNNING else "unknown"
    more.setdefault("failure", {"kind": "interrupted"})
    one = Backup(Instance("aws-prod", instance, id=instance), state, "As it was.", **more)
    one.unresolved, one.sent_at, one.lost_at = unresolved, SENT, SENT + 2
    return one


def started(job_id, instance="billing", sent=SENT + 10):
    """A backup of this call whose answer came."""
    names = Instance("aws-prod", instance, id=instance)
    return Backup(names, "started", "", 1, (str(job_id),), response={}, changed=True, own=True, sent_at=sent)


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

    def recent(self, _age):
        return self._look()

    def details(self, job_id):
        found = self.all_details.get(job_id, details(1))
        if isinstance(found, Exception):
            raise found
        return found


def details(task_id, started_from="Interactive", started_by=None):
    return JobDetails(task_id, started_from, started_by)


@pytest.fixture
def runtime():
    return FakeRuntime(SENT + 3)


def settle(reader, *backups, runtime, server_clock=None, user="me", options=None, subclients=None, **more):
    def read_user():
        if isinstance(user, Exception):
            raise user
        return user

    evidence = Evidence(server_clock or ServerClock(), options or ExportOptions(), reader.details, read_user)
    matching = Matching(lambda _client: subclients, [one.instance for one in backups])
    recovery = Recovery(reader, evidence, matching, runtime=runtime, **more)
    recovery.settle(list(backups))
    assert all(one.unresolved is None for one in backups)
    return recovery


def settle_one(reader, runtime, *others, unresolved=Unresolved.LOST, **more):
    """One backup with a question, once it is settled; others: backups of the same call."""
    one = backup(unresolved)
    settle(reader, *others, one, runtime=runtime, **more)
    return one


def clock_ahead(seconds):
    """The clock of a web server that is so many seconds ahead of this machine's."""
    server_clock = ServerClock()
    server_clock.note("Thu, 01 Jan 2026 00:00:00 GMT", SENT - seconds)
    return server_clock


class TestLost:
    def test_its_job_is_found_and_taken_with_its_task(self, runtime):
        one = settle_one(FakeReader(job(7), details={"7": details(9920)}), runtime)
        assert (one.state, one.job_ids, one.task_id, one.changed, one.failure) == ("adopted", ("7",), 9920, True, None)
        # A run of the same user in the same seconds would look the same.
        assert one.own is False

    @pytest.mark.parametrize(
        ("found", "known", "read", "named"),
        [
            (job(7, start=SENT - 7200), (), True, True),
            (job(7, start=SENT - 7200), ("7",), True, False),
            (job(7, start=SENT - 7200), (), False, False),
            (job(7, start=SENT - 7200, status="Completed"), (), True, False),
            (job(7, "billing", start=SENT - 7200), (), True, False),
        ],
    )
    def test_an_active_job_that_was_not_there_before_is_named_whatever_its_clock(
        self, runtime, found, known, read, named
    ):
        one = settle_one(FakeReader(found), runtime, known_before=known, jobs_were_read=read)
        assert (one.state, one.candidates) == ("unknown", ("7",) if named else ())
        assert ("Job 7 is not taken for it: it began before the request, by its own time." in one.msg) is named

    def test_a_job_that_was_found_for_one_is_nobody_elses(self, runtime):
        first, second = backup(Unresolved.LOST), backup(Unresolved.LOST)
        settle(FakeReader(job(7)), first, second, runtime=runtime, read_refuses=lambda: True)
        assert (first.state, first.job_ids) == ("adopted", ("7",))
        assert (second.state, second.job_ids, second.candidates) == ("unknown", (), ())

    def test_where_conflicts_are_refused_it_is_taken_at_once_while_it_is_at_work(self, runtime):
        one, other = backup(Unresolved.LOST), backup(Unresolved.LOST)
        settle(FakeReader(job(7)), one, runtime=runtime, read_refuses=lambda: True)
        assert (one.state, one.job_ids, runtime.slept) == ("adopted", ("7",), [])
        # Behind one that has ended, another can have been started that is not visible yet.
        settle(FakeReader(job(7, status="Completed")), other, runtime=runtime, read_refuses=lambda: True)
        assert (other.state, sum(runtime.slept)) == ("adopted", GRACE)

    @pytest.mark.parametrize("refuses", [False, None, RequestError("no", "permission"), RequestError("down", "server")])
    def test_where_they_may_be_queued_it_is_taken_when_no_other_job_has_come(self, runtime, refuses):
        asked = []

        def read_refuses():
            asked.append(1)
            if isinstance(refuses, Exception):
                raise refuses
            return refuses

        reader = FakeReader(job(7))
        one = settle_one(reader, runtime, read_refuses=read_refuses)
        assert (one.state, one.job_ids, asked) == ("adopted", ("7",), [1])
        assert sum(runtime.slept) == GRACE
        assert reader.count <= 8

    @pytest.mark.parametrize("shown", [[job(8), job(7)], [job(8, start=SENT + 30), job(7)]])
    def test_a_job_that_comes_after_the_one_of_another_launch_leaves_both_as_candidates(self, runtime, shown):
        one = settle_one(FakeReader(looks=[[job(7)], [job(7)], shown]), runtime)
        assert (one.state, sorted(one.candidates), one.job_ids) == ("unknown", ["7", "8"], ())
        assert "Job 7 may be it." in one.msg or "Each of these jobs may be it: 7, 8." in one.msg

    def test_where_later_jobs_are_visible_one_candidate_is_taken_soon(self, runtime):
        one = settle_one(FakeReader(job(8, "billing", start=SENT + 11), job(7)), runtime, started(8))
        assert (one.job_ids, sum(runtime.slept)) == (("7",), SHORT_GRACE)

    @pytest.mark.parametrize("failure", [{"kind": "timeout"}, {"kind": "server", "status": 504}])
    def test_a_request_that_may_still_be_under_way_is_given_its_time(self, runtime, failure):
        one, refusing = backup(Unresolved.LOST), backup(Unresolved.LOST)
        one.failure = refusing.failure = failure
        settle(FakeReader(job(8, "billing", start=SENT + 11), job(7)), started(8), one, runtime=runtime)
        assert (one.job_ids, sum(runtime.slept)) == (("7",), GRACE)
        settle(FakeReader(job(7)), refusing, runtime=runtime, read_refuses=lambda: True)
        assert (refusing.job_ids, sum(runtime.slept)) == (("7",), 2 * GRACE)
        late = backup(Unresolved.LOST)
        late.failure = failure
        shown = [job(8, "billing", start=SENT + 11), job(7, start=SENT + 30)]
        settle(FakeReader(looks=[shown[:1]] * 6 + [shown]), started(8), late, runtime=runtime)
        assert late.job_ids == ("7",)

    def test_no_candidate_is_taken_where_the_time_is_over_before(self, runtime):
        one = settle_one(FakeReader(job(7)), runtime, deadline=runtime.monotonic() + 7)
        assert (one.state, one.candidates, sum(runtime.slept)) == ("unknown", ("7",), 7)
        assert "The time was over before it was certain that no other job of it would be seen." in one.msg
        assert "Job 7 may be it." in one.msg

    def test_no_candidate_is_taken_where_the_jobs_cannot_be_read_in_the_end(self, runtime):
        reader = FakeReader(looks=[[job(7)], *[RequestError("down", "server")] * 99])
        one = settle_one(reader, runtime)
        assert (one.state, one.candidates) == ("unknown", ("7",))
        assert "The jobs could not be read: down" in one.msg

    def test_an_ended_job_that_fits_less_well_is_named_beside_the_one_that_is_taken(self, runtime):
        one = settle_one(FakeReader(job(7), job(6, start=SENT - 90, status="Failed")), runtime)
        assert (one.state, one.job_ids, one.candidates) == ("adopted", ("7",), ("6",))
        assert "Job 6 is not taken for it: it did not start in the seconds of the request" in one.msg

    def test_a_job_that_began_after_the_request_was_given_up_may_be_its_own_late(self, runtime):
        one, late = backup(Unresolved.LOST), {"start": SENT + 40, "status": "Completed"}
        settle(FakeReader(job(7, status="Completed"), job(8, **late)), one, runtime=runtime)
        assert (one.state, one.candidates, one.job_ids) == ("unknown", ("7", "8"), ())

    def test_a_job_of_which_too_little_is_told_stands_beside_one_that_fits(self, runtime):
        one, hidden = backup(Unresolved.LOST), RequestError("no", "permission")
        ended = job(7, status="Completed")
        settle(FakeReader(ended, job(8), details={"7": hidden}), one, runtime=runtime)
        assert (one.state, one.job_ids, sorted(one.candidates)) == ("unknown", (), ["7", "8"])

    def test_details_that_tell_nothing_are_asked_for_again(self, runtime):
        one, reader, asked = backup(Unresolved.LOST), FakeReader(job(7)), []

        def read_details(job_id):
            asked.append(job_id)
            return JobDetails() if len(asked) == 1 else JobDetails(9920, "Interactive", "me")

        reader.details = read_details
        settle(reader, one, runtime=runtime)
        assert (one.state, one.task_id, len(asked)) == ("adopted", 9920, 2)

    def test_a_job_that_was_seen_is_named_though_nothing_more_could_be_read_of_it(self, runtime):
        one, down = backup(Unresolved.LOST), RequestError("down", "server")
        settle(FakeReader(job(7), details={"7": down}), one, runtime=runtime)
        assert (one.state, one.candidates) == ("unknown", ("7",))
        assert "Job 7 is not taken for it: it could not be looked at." in one.msg

    def test_jobs_that_were_seen_are_named_though_a_read_failed_before_they_were_judged(self, runtime):
        first, second = backup(Unresolved.LOST), backup(Unresolved.LOST, "billing")
        reader = FakeReader(job(7), job(8, "billing"), details={"7": RequestError("down", "server")})
        settle(reader, first, second, runtime=runtime)
        assert [(one.state, one.candidates) for one in (first, second)] == [("unknown", ("7",)), ("unknown", ("8",))]

    def test_a_look_that_took_until_the_end_is_not_the_last(self, runtime):
        one, reader = backup(Unresolved.LOST), FakeReader(looks=[[job(7)], [job(7), job(8)]])

        def read_details(_job_id):
            if reader.count == 1:
                runtime.time += GRACE + 1
            return details(1)

        reader.details = read_details
        settle(reader, one, runtime=runtime)
        assert (one.state, one.candidates) == ("unknown", ("7", "8"))

    def test_jobs_that_another_look_shows_later_are_named_once(self, runtime):
        one, found = backup(Unresolved.LOST), backup(Unresolved.LOST, "billing")
        recovery = settle(FakeReader(job(7, "billing")), one, found, runtime=runtime)
        for _time in range(2):
            recovery.name_later_jobs([one, found], [job(7, "billing"), job(8), job(9, start=SENT - MAX_SKEW - 1)])
        assert (one.state, one.candidates) == ("unknown", ("8",))
        assert one.msg.count("Job 8 (Running) was seen since, and may be it.") == 1
        assert (found.state, found.candidates) == ("adopted", ())

    def test_a_job_that_was_seen_once_is_not_lost_by_an_empty_answer(self, runtime):
        one = settle_one(FakeReader(looks=[[job(7)], []]), runtime)
        assert (one.state, one.job_ids) == ("adopted", ("7",))

    def test_details_that_are_denied_while_a_token_ends_are_asked_for_again(self, runtime):
        one, denied, asked = backup(Unresolved.LOST), RequestError("no", "permission", status=401), []
        reader = FakeReader(job(7))

        def read_details(job_id):
            asked.append(job_id)
            if len(asked) < MAX_TRIES:
                raise denied
            return details(9920)

        reader.details = read_details
        settle(reader, one, runtime=runtime)
        assert (one.state, one.job_ids, one.task_id, len(asked)) == ("adopted", ("7",), 9920, MAX_TRIES)

    def test_details_that_are_always_denied_are_asked_for_a_few_times_only(self, runtime):
        asked = []
        reader = FakeReader(job(7))

        def read_details(job_id):
            asked.append(job_id)
            raise RequestError("no", "permission", status=401)

        reader.details = read_details
        one = settle_one(reader, runtime)
        assert (one.state, one.candidates, len(asked)) == ("unknown", ("7",), MAX_TRIES)

    def test_a_job_that_becomes_visible_late_is_found(self, runtime):
        reader = FakeReader(looks=[[], [], [job(7)]])
        one = settle_one(reader, runtime, read_refuses=lambda: True)
        assert one.job_ids == ("7",)
        assert runtime.slept == [INTERVAL, INTERVAL]

    def test_a_job_that_has_ended_already_is_found(self, runtime):
        one = settle_one(FakeReader(job(7, status="Completed")), runtime)
        assert one.job_ids == ("7",)

    def test_none_after_the_grace_period_stays_unknown_with_advice(self, runtime):
        one = settle_one(FakeReader(), runtime)
        assert (one.state, one.changed, one.failure) == ("unknown", True, {"kind": "interrupted"})
        assert "No job of it was seen within 90 seconds" in one.msg
        assert "Nothing was sent again" in one.msg
        assert sum(runtime.slept) == GRACE

    def test_where_later_jobs_are_visible_nobody_waits_long_for_an_earlier_one(self, runtime):
        one = settle_one(FakeReader(job(8, "billing", start=SENT + 11)), runtime, started(8))
        assert one.state == "unknown"
        assert sum(runtime.slept) == SHORT_GRACE

    def test_where_only_earlier_jobs_are_visible_that_proves_nothing(self, runtime):
        settle_one(FakeReader(job(6, "billing", start=SENT - 1)), runtime, started(6, sent=SENT - 2))
        assert sum(runtime.slept) == GRACE

    def test_grace_begins_when_the_server_is_back(self, runtime):
        away = [RequestError("down", "server")] * 4
        reader = FakeReader(looks=[*away, *[[]] * 15, [job(7)]])
        one = settle_one(reader, runtime)
        assert one.job_ids == ("7",)

    def test_a_server_that_does_not_come_back_is_given_up_in_time(self, runtime):
        reader = FakeReader(looks=[RequestError("down", "server")] * 99)
        one = settle_one(reader, runtime)
        assert one.state == "unknown"
        assert "The jobs could not be read: down" in one.msg
        assert sum(runtime.slept) == GRACE
        assert reader.count <= 20

    @pytest.mark.parametrize(
        "other",
        [
            job(7, start=SENT - MAX_SKEW - 1),
            job(7, instance="billing"),
            job(7, subclient_name="other"),
        ],
    )
    def test_a_job_that_is_not_its_own_is_not_even_named(self, runtime, other):
        one = settle_one(FakeReader(other), runtime)
        assert (one.state, one.candidates) == ("unknown", ())

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            (job(7, user_name="somebody else"), "it was started by somebody else"),
            (job(7, user_name=None), "it does not tell who started it"),
            (job(7, backup_level="Differential"), "it is Differential, which was not asked for"),
            (job(7, start=SENT - 20), "did not start in the seconds of the request"),
            (job(7, start=SENT + 20), "did not start in the seconds of the request"),
            (job(7, start=None), "it does not tell when it started"),
            (job(7, client_name="access-node-1"), "it names client 'access-node-1' and application 22"),
            (job(7, application_id=134), "it names client 'aws-prod' and application 134"),
            (job(7, instance_name=None), "it does not say which database it is of"),
        ],
    )
    def test_a_job_that_may_be_somebody_elses_is_named_and_not_taken(self, runtime, other, why):
        one = settle_one(FakeReader(other), runtime)
        assert (one.state, one.candidates, one.job_ids, one.own) == ("unknown", ("7",), (), False)
        assert "Job 7 is not taken for it: it " in one.msg
        assert why in one.msg

    def test_who_we_are_may_not_be_told(self, runtime):
        one = settle_one(FakeReader(job(7)), runtime, user=RequestError("no", "permission"))
        assert (one.state, one.candidates) == ("unknown", ("7",))

    def test_the_jobs_of_this_call_tell_who_we_are(self, runtime):
        one = backup(Unresolved.LOST)
        mine = [job(8, "billing", start=SENT + 11, user_name="svc"), job(7, user_name="DOMAIN\\svc")]
        settle(FakeReader(*mine), started(8), one, runtime=runtime, user=RequestError("no", "permission"))
        assert one.job_ids == ("7",)

    def test_a_first_incremental_may_become_a_full_one_but_no_full_one_a_lesser(self, runtime):
        for wanted, level, state in (
            ("incremental", "Full", "adopted"),
            ("full", "Full", "adopted"),
            ("full", "Data Pump", "adopted"),
            ("full", "Incremental", "unknown"),
        ):
            one = backup(Unresolved.LOST)
            options = ExportOptions(backup_level=wanted)
            settle(FakeReader(job(7, backup_level=level)), one, runtime=runtime, options=options)
            assert one.state == state, (wanted, level)

    def test_the_number_of_the_subclient_decides_where_names_do_not(self, runtime):
        known = [subclient(1001)]
        odd = {"client_name": "access-node-1", "application_id": 134}
        mine, other = backup(Unresolved.LOST), backup(Unresolved.LOST)
        settle(FakeReader(job(7, subclient_id=1001, **odd)), mine, runtime=runtime, subclients=known)
        settle(FakeReader(job(7, subclient_id=1002, **odd)), other, runtime=runtime, subclients=known)
        assert (mine.state, other.state, other.candidates) == ("adopted", "unknown", ())

    @pytest.mark.parametrize("ahead", [30, -60])
    def test_jobs_of_this_call_tell_how_far_the_clocks_of_the_servers_differ(self, runtime, ahead):
        # Times of jobs are this machine's; Date is wrong.
        mine, earlier = backup(Unresolved.LOST), backup(Unresolved.LOST)
        known = job(8, "billing", start=SENT + 10)
        settle(FakeReader(known, job(7)), started(8), mine, runtime=runtime, server_clock=clock_ahead(ahead))
        settle(
            FakeReader(known, job(6, start=SENT - 8)),
            started(8),
            earlier,
            runtime=runtime,
            server_clock=clock_ahead(ahead),
        )
        assert mine.job_ids == ("7",)
        assert (earlier.state, earlier.candidates) == ("unknown", ())

    @pytest.mark.parametrize("ahead", [30, -60])
    def test_where_nothing_tells_that_the_job_is_named(self, runtime, ahead):
        one = settle_one(FakeReader(job(7)), runtime, server_clock=clock_ahead(ahead))
        assert (one.state, one.candidates) == ("unknown", ("7",))

    def test_time_is_told_by_the_servers_clock(self, runtime):
        one = settle_one(FakeReader(job(7, start=SENT - 3599)), runtime, server_clock=clock_ahead(-3600))
        assert one.job_ids == ("7",)

    def test_several_candidates_are_reported_and_none_is_taken(self, runtime):
        one = settle_one(FakeReader(job(7), job(8)), runtime)
        assert (one.state, one.candidates, one.job_ids) == ("unknown", ("7", "8"), ())
        assert "Each of these jobs may be it: 7, 8." in one.msg

    def test_what_a_schedule_started_is_not_taken(self, runtime):
        one, other = backup(Unresolved.LOST), backup(Unresolved.LOST)
        scheduled = details(1, "Scheduled")
        settle(FakeReader(job(7), job(8), details={"7": scheduled, "8": details(2)}), one, runtime=runtime)
        assert (one.job_ids, one.task_id) == (("8",), 2)
        settle(FakeReader(job(7), details={"7": scheduled}), other, runtime=runtime)
        assert (other.state, other.candidates) == ("unknown", ("7",))
        assert "it was started by a schedule" in other.msg

    @pytest.mark.parametrize("hidden", [RequestError("no", "permission"), details(1, None)])
    def test_where_it_is_hidden_whether_a_schedule_did_the_job_is_named(self, runtime, hidden):
        one = settle_one(FakeReader(job(7), details={"7": hidden}), runtime)
        assert (one.state, one.candidates) == ("unknown", ("7",))
        assert "it does not tell whether a schedule started it" in one.msg

    def test_a_marker_needs_no_details(self, runtime):
        one, reader = backup(Unresolved.LOST), FakeReader(job(7, description="rdsops-1"), job(8))
        reader.all_details = {"7": RequestError("no", "permission")}
        settle(reader, one, runtime=runtime, options=ExportOptions(marker="rdsops-1"))
        assert (one.state, one.job_ids, one.own, runtime.slept) == ("adopted", ("7",), True, [])

    @pytest.mark.parametrize("odd", [{"client_name": "node"}, {"application_id": 134}])
    def test_a_marker_and_names_of_one_database_alone_outweigh_client_and_application(self, runtime, odd):
        marked = ExportOptions(marker="rdsops-1")
        one, first, second = (backup(Unresolved.LOST) for _one in range(3))
        second.instance = Instance("aws-dev", "orders", id="orders")
        settle(FakeReader(job(7, description="rdsops-1", **odd)), one, runtime=runtime, options=marked)
        assert (one.state, one.job_ids, one.own) == ("adopted", ("7",), True)
        settle(FakeReader(job(7, description="rdsops-1", client_name="node")), first, second, runtime=runtime,
               options=marked)  # fmt: skip
        assert {first.state, second.state} == {"unknown"}
        assert first.candidates == second.candidates == ("7",)

    def test_a_marker_is_proof_either_way(self, runtime):
        marked = ExportOptions(marker="rdsops-1")
        mine, other, silent = (backup(Unresolved.LOST) for _one in range(3))
        odd = {"user_name": None, "start": SENT - 200}
        settle(FakeReader(job(7, description="by rdsops-1", **odd)), mine, runtime=runtime, options=marked)
        settle(FakeReader(job(7, description="rdsops-2")), other, runtime=runtime, options=marked)
        settle(FakeReader(job(7)), silent, runtime=runtime, options=marked)
        assert (mine.state, other.state, silent.state) == ("adopted", "unknown", "adopted")
        assert (mine.own, silent.own) == (True, False)

    def test_a_task_that_is_known_is_proof(self, runtime):
        one, other = (backup(Unresolved.LOST, task_id=9920, failure={"kind": "no_job"}) for _one in range(2))
        odd = {"user_name": None, "start": SENT - 200}
        shown = {"7": details(9920, None), "8": details(9921)}
        settle(FakeReader(job(7, **odd), job(8), details=shown), one, runtime=runtime)
        assert (one.state, one.job_ids, one.task_id, one.own) == ("adopted", ("7",), 9920, True)
        assert one.msg.endswith("was started: task 9920 came without a job, but its job was found, job 7 (Running).")
        # A task can wait for as long as jobs may be invisible, whatever is visible of later ones.
        settle(FakeReader(job(9, "billing", start=SENT + 11)), started(9), other, runtime=runtime)
        assert (other.state, other.task_id, other.changed) == ("unknown", 9920, True)
        assert sum(runtime.slept) == GRACE

    def test_a_job_that_was_there_before_the_request_is_not_its_own(self, runtime):
        one = settle_one(FakeReader(job(7)), runtime, known_before=["7"])
        assert (one.state, one.candidates) == ("unknown", ())

    def test_a_job_that_another_instance_of_the_call_owns_is_no_candidate(self, runtime):
        one = settle_one(FakeReader(job(7)), runtime, started(7, "orders", SENT))
        assert (one.state, one.candidates) == ("unknown", ())

    def test_many_lost_ones_are_found_with_one_look(self, runtime):
        lost = [backup(Unresolved.LOST, f"db{n}") for n in range(50)]
        reader = FakeReader(*[job(n + 1, f"db{n}") for n in range(50)])
        settle(reader, *lost, runtime=runtime, read_refuses=lambda: True)
        assert [one.job_ids for one in lost] == [(str(n + 1),) for n in range(50)]
        assert reader.count == 1

    def test_a_look_that_fails_is_repeated(self, runtime):
        reader = FakeReader(looks=[RequestError("down", "server"), RequestError("down", "timeout"), [job(7)]])
        one = settle_one(reader, runtime)
        assert one.job_ids == ("7",)

    def test_a_look_that_is_not_allowed_ends_the_search_and_says_so(self, runtime):
        one = settle_one(FakeReader(looks=[CommvaultError("not yours", "permission")]), runtime)
        assert one.state == "unknown"
        assert "The jobs could not be read: not yours" in one.msg
        assert runtime.slept == []

    def test_a_look_that_is_refused_after_a_long_outage_is_not_the_last(self, runtime):
        class Away(FakeReader):
            def recent(self, age):
                if not self.count:
                    runtime.sleep(300)  # as a read rides an outage out
                return super().recent(age)

        one = settle_one(
            Away(looks=[RequestError("Internal error", "refused"), [job(7)]]), runtime, read_refuses=lambda: True
        )
        assert one.job_ids == ("7",)

    @pytest.mark.parametrize(
        ("status", "before", "state"), [(401, True, "adopted"), (401, False, "unknown"), (403, True, "unknown")]
    )
    def test_who_has_read_jobs_before_takes_a_401_for_a_token_that_has_ended(self, runtime, status, before, state):
        one = backup(Unresolved.LOST)
        reader = FakeReader(looks=[RequestError("denied", "permission", status=status), [job(7)]])
        settle(reader, one, runtime=runtime, read_refuses=lambda: True, jobs_were_read=before)
        assert one.state == state

    def test_who_has_seen_the_jobs_looks_again_when_a_token_has_ended(self, runtime):
        denied = CommvaultError("not yours", "permission")
        one = settle_one(FakeReader(looks=[[], denied, denied, denied, [job(7)]]), runtime, read_refuses=lambda: True)
        assert one.job_ids == ("7",)

    def test_when_the_time_of_the_task_is_over_nobody_looks_any_more(self, runtime):
        settle_one(FakeReader(), runtime, deadline=runtime.monotonic() + 7)
        assert sum(runtime.slept) == 7


class TestRunning:
    def test_the_job_at_work_is_adopted_and_nothing_changed(self, runtime):
        one = settle_one(FakeReader(job(6, start=SENT - 9999)), runtime, unresolved=Unresolved.RUNNING)
        assert (one.state, one.job_ids, one.changed, one.failure) == ("adopted", ("6",), False, None)

    def test_of_several_the_oldest_is_what_keeps_others_away(self, runtime):
        one = settle_one(
            FakeReader(job(9, start=SENT - 5), job(6, start=SENT - 50)), runtime, unresolved=Unresolved.RUNNING
        )
        assert one.job_ids == ("6",)

    def test_a_job_that_has_ended_since_the_request_is_what_kept_it_from_starting(self, runtime):
        one = settle_one(
            FakeReader(job(6, start=SENT - 60, status="Completed")), runtime, unresolved=Unresolved.RUNNING
        )
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
        one = settle_one(
            FakeReader(job(6, start=SENT - 9, status="Killed"), job(7, start=SENT - 5)),
            runtime,
            unresolved=Unresolved.RUNNING,
        )
        assert one.job_ids == ("7",)

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("Kill Pending", "Job 6 is being killed. Start this backup again when that job has ended."),
            ("Killed", "Job 6 has ended since (Killed). Start this backup again."),
            ("Failed", "Job 6 has ended since (Failed). Start this backup again."),
        ],
    )
    @pytest.mark.parametrize("unresolved", [Unresolved.RUNNING, Unresolved.REFUSED])
    def test_what_will_be_no_backup_is_not_adopted(self, runtime, status, words, unresolved):
        one = settle_one(FakeReader(job(6, start=SENT - 9, status=status)), runtime, unresolved=unresolved)
        assert (one.state, one.changed, one.candidates) == ("refused", False, ("6",))
        assert one.msg.endswith(words)
        assert one.failure == {"kind": "interrupted"}

    def test_all_of_several_are_named(self, runtime):
        one = settle_one(FakeReader(job(9), job(6, start=SENT - 50), job(8)), runtime, unresolved=Unresolved.RUNNING)
        assert one.job_ids == ("6",)
        assert "The same subclient has jobs 8, 9 beside it." in one.msg

    def test_a_job_that_cannot_be_seen_leaves_a_refusal(self, runtime):
        one = settle_one(FakeReader(), runtime, unresolved=Unresolved.RUNNING)
        assert (one.state, one.changed, one.failure) == ("refused", False, {"kind": "interrupted"})
        assert "it may have ended meanwhile" in one.msg


class TestRefused:
    def test_a_job_at_work_was_the_reason(self, runtime):
        one = settle_one(FakeReader(job(6, start=SENT - 60)), runtime, unresolved=Unresolved.REFUSED)
        assert (one.state, one.job_ids, one.changed, one.failure) == ("adopted", ("6",), False, None)

    def test_without_one_the_refusal_stands_at_once(self, runtime):
        one = backup(Unresolved.REFUSED)
        one.state = "refused"
        settle(FakeReader(job(6, "billing")), one, runtime=runtime)
        assert (one.state, one.msg, one.failure) == ("refused", "As it was.", {"kind": "interrupted"})
        assert runtime.slept == []

    def test_a_job_that_may_be_the_reason_is_named(self, runtime):
        one = backup(Unresolved.REFUSED)
        one.state = "refused"
        settle(FakeReader(job(6, client_name="access-node-1")), one, runtime=runtime)
        assert (one.state, one.candidates) == ("refused", ("6",))
        assert "Job 6 may be one of its subclient that is active." in one.msg


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
        assert billing.msg.endswith("of it only, without saying why.")

    def test_a_job_of_the_batch_that_is_of_nobody_in_the_call_is_named(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7", "8"])
        settle(FakeReader(job(7, "orders"), job(8, "crm")), orders, billing, runtime=runtime)
        assert (orders.state, billing.state, billing.candidates) == ("started", "refused", ("8",))
        assert "It also started job 8, by its names for no instance of this call." in billing.msg

    def test_a_job_that_cannot_be_read_takes_no_other_of_the_batch_with_it(self, runtime):
        names = ["orders", "billing", "crm"]
        orders, *others = backups = self.batch(names, ["7", "8", "9"])
        unread = RequestError("no word of 8", "server")
        unread.found = {"7": job(7, "orders")}
        settle(FakeReader(looks=[unread] * 200), *backups, runtime=runtime)
        assert (orders.state, orders.job_ids) == ("started", ("7",))
        assert [(one.state, one.candidates) for one in others] == [("unknown", ("8", "9"))] * 2

    def test_what_commvault_said_of_a_batch_is_told_of_whoever_was_left_out(self, runtime):
        orders, billing = self.batch(["orders", "billing"], ["7"])
        billing.complaint = " Commvault added: no plan."
        settle(FakeReader(job(7, "orders")), orders, billing, runtime=runtime)
        assert billing.msg.endswith("of it only. Commvault added: no plan.")

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
