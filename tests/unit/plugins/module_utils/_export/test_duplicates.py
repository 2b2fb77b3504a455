# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup
from ansible_collections.rdsops.commvault.plugins.module_utils._export.duplicates import (
    INTERVAL,
    PATIENCE,
    DuplicateCheck,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.matching import Matching
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime
from ansible_collections.rdsops.commvault.tests.support.jobs import job


def started(job_id, instance="orders"):
    return Backup(
        Instance("aws-prod", instance, id=instance), "started", "Started.", 1, (str(job_id),), changed=True, own=True
    )


class FakeReader:
    """Shows one list of jobs after the other, the last one again and again; an error is raised."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.calls = []
        # Jobs that have left the listing, by id.
        self.ended = {}
        # Why another of them cannot be read.
        self.unread = None

    def _look(self, call):
        self.calls.append(call)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def recent(self, _age):
        return self._look("recent")

    def active(self):
        return self._look("active")

    def read(self, job_ids):
        found = {job_id: self.ended[job_id] for job_id in job_ids if job_id in self.ended}
        if self.unread:
            self.unread.found = found
            raise self.unread
        return found


def check(reader, *backups, kill=None, deadline=None):
    runtime = FakeRuntime()
    matching = Matching(lambda _client: None, [one.instance for one in backups])
    warnings = DuplicateCheck(reader, matching, kill, deadline, runtime).check(list(backups))
    return warnings, runtime.slept


def test_one_look_suffices_where_nothing_is_doubled():
    one, reader = started(7), FakeReader([job(7), job(6, "billing")])
    assert check(reader, one) == ([], [])
    assert (one.state, one.not_verified, reader.calls) == ("started", (), ["recent"])


def test_an_older_active_job_of_the_subclient_makes_a_duplicate_that_is_reported():
    one = started(7)
    (warning,), _slept = check(FakeReader([job(7, status="Queued"), job(6), job(5)]), one)
    assert (one.state, one.duplicate_of, one.job_ids, one.changed, one.own, one.ok) == (
        "duplicate",
        "5",
        ("7",),
        True,
        True,
        True,
    )
    assert "but job 5 (Running) of the same subclient was active already" in one.msg
    assert one.msg.endswith("The same subclient has job 6 beside it.")
    assert "on_duplicate: kill" in one.msg
    assert "1 of the backups were started beside another" in warning


def test_an_older_job_that_has_ended_since_the_start_makes_one_that_is_not_killed():
    killed: list = []
    one = started(7)
    ended = job(6, status="Completed", start_time=50, end_time=101)
    check(FakeReader([job(7, start_time=100), ended]), one, kill=killed.append)
    assert (one.state, one.duplicate_of, one.job_ids, killed) == ("duplicate", "6", ("7",), [])
    assert one.msg.endswith("but job 6 (Completed) of the same subclient was active already.")


def test_all_that_were_active_when_it_was_started_are_named():
    one = started(7)
    older = [job(number, status="Completed", start_time=50, end_time=101) for number in (6, 5)]
    check(FakeReader([job(7, start_time=100), *older]), one)
    assert one.duplicate_of == "5"
    assert one.msg.endswith("was active already. Job 6 (Completed) was active then, too.")


def test_what_else_is_at_work_is_named_beside_a_job_that_is_not_certainly_its_own():
    one, certain = started(7), started(17, "billing")
    one.own = False
    mine = [job(7), job(8, status="Queued"), job(9, client_name="node")]
    check(FakeReader([*mine, job(17, "billing"), job(18, "billing")]), one, certain)
    assert (one.state, one.candidates, certain.candidates) == ("started", ("8", "9"), ())
    assert one.msg.endswith(
        "Job 8 (Queued) of the same subclient is active, too. Job 9 (Running) of the same subclient is active, too."
    )


@pytest.mark.parametrize(
    "other",
    [
        job(6, status="Completed"),
        job(6, status="Completed", start_time=50, end_time=100),
        job(8),
        job(6, "billing"),
    ],
)
def test_a_job_that_has_ended_or_is_younger_or_of_another_makes_none(other):
    one = started(7)
    assert check(FakeReader([job(7, start_time=100), other]), one) == ([], [])
    assert one.state == "started"


def test_two_launches_choose_the_same_survivor():
    mine, yours = started(7), started(8)
    jobs = [job(7), job(8, status="Queued")]
    check(FakeReader(jobs), mine)
    check(FakeReader(jobs), yours)
    assert (mine.state, yours.state, yours.duplicate_of) == ("started", "duplicate", "7")


def test_only_the_own_job_is_killed_and_the_other_stands_for_it():
    killed: list = []
    one = started(7)
    check(FakeReader([job(7, status="Queued"), job(6)]), one, kill=killed.append)
    assert killed == ["7"]
    assert (one.state, one.job_ids, one.own, one.changed) == ("duplicate", ("6",), False, True)
    assert one.msg.endswith("Killed job 7; job 6 goes on.")
    assert one.candidates == ()


def test_the_own_job_is_not_killed_for_one_in_a_state_that_is_not_known():
    killed: list = []
    one = started(7)
    check(FakeReader([job(7), job(5, status="Weird")]), one, kill=killed.append)
    assert (one.state, one.job_ids, killed) == ("duplicate", ("7",), [])
    assert one.msg.endswith("It was not killed, since the state of that job is not known.")
    one = started(7)
    check(FakeReader([job(7), job(6), job(5, status="Weird")]), one, kill=killed.append)
    assert (one.job_ids, killed) == (("6",), ["7"])


def test_a_job_with_an_end_in_a_state_that_is_not_known_was_active_until_then():
    one, other = started(7), started(7)
    check(FakeReader([job(7, start_time=100), job(5, status="Weird", end_time=90)]), one)
    check(FakeReader([job(7, start_time=100), job(5, status="Weird", end_time=110)]), other)
    assert (one.state, other.state) == ("started", "duplicate")


@pytest.mark.parametrize(
    ("others", "survivor", "words"),
    [([], "7", "Job 5 is being killed; job 7 goes on."), ([job(6)], "6", "Killed job 7; job 6 goes on.")],
)
def test_the_own_job_is_not_killed_for_one_that_is_being_killed(others, survivor, words):
    killed: list = []
    one = started(7)
    check(FakeReader([job(7), *others, job(5, status="Kill Pending")]), one, kill=killed.append)
    assert (one.state, one.job_ids, killed) == ("duplicate", (survivor,), ["7"] if others else [])
    assert words in one.msg


def test_a_job_that_was_found_after_a_lost_answer_is_not_killed():
    killed: list = []
    one = started(7)
    one.own = False
    check(FakeReader([job(7, status="Queued"), job(6)]), one, kill=killed.append)
    assert killed == []
    assert (one.state, one.job_ids, one.duplicate_of) == ("duplicate", ("7",), "6")
    assert "not killed, since it may be that of another run" in one.msg


def test_a_kill_that_fails_is_said():
    def kill(_job_id):
        raise RequestError("not yours", "permission")

    one = started(7)
    check(FakeReader([job(7), job(6)]), one, kill=kill)
    assert (one.state, one.job_ids, one.own) == ("duplicate", ("7",), True)
    assert "It could not be killed: not yours" in one.msg


def test_what_is_listed_late_is_looked_at_again():
    one, other = started(7), started(9, "billing")
    _warnings, slept = check(FakeReader([job(9, "billing")], [job(9, "billing")], [job(7), job(6)]), one, other)
    assert (one.state, other.state) == ("duplicate", "started")
    assert slept == [INTERVAL] * 2


@pytest.mark.parametrize("unread", [None, RequestError("no word of another", "server")])
def test_a_job_that_ended_at_once_and_left_the_listing_is_read_by_its_id(unread):
    one, reader = started(7), FakeReader([])
    reader.ended, reader.unread = {"7": job(7, status="Completed")}, unread
    assert check(reader, one) == ([], [INTERVAL])
    assert (one.state, one.not_verified) == ("started", ())


def test_a_listing_without_an_own_job_that_can_be_read_shows_not_all():
    one, reader = started(7), FakeReader([], [], [job(7), job(6)])
    reader.ended = {"7": job(7)}
    check(reader, one)
    assert (one.state, one.duplicate_of, len(reader.calls)) == ("duplicate", "6", 3)


def test_what_is_never_listed_is_not_verified():
    one = started(7)
    (warning,), slept = check(FakeReader([]), one)
    assert one.not_verified == (
        "whether another backup of it was active when it was started: its job is not listed yet.",
    )
    assert "not listed yet" in warning
    assert sum(slept) == PATIENCE


def test_an_older_job_is_named_where_the_own_one_is_never_listed():
    one, killed = started(7), []
    check(FakeReader([job(6), job(5, status="Completed"), job(4, "billing"), job(8)]), one, kill=killed.append)
    assert (one.state, killed) == ("started", [])
    assert one.not_verified[0].endswith("not listed yet. Job 6 (Running) of the same subclient is listed.")


def test_where_jobs_are_hidden_that_is_said_at_once():
    one = started(7)
    (warning,), slept = check(FakeReader(RequestError("not yours", "permission")), one)
    assert "not yours" in one.not_verified[0]
    assert "not yours" in warning
    assert slept == []


def test_where_the_past_is_hidden_the_active_jobs_tell():
    one, reader = started(7), FakeReader(RequestError("no", "authentication"), [job(7), job(6)])
    check(reader, one)
    assert (one.state, reader.calls) == ("duplicate", ["recent", "active"])


def test_a_job_that_may_be_of_the_subclient_is_named():
    one = started(7)
    check(FakeReader([job(7), job(6, client_name="access-node-1")]), one)
    assert one.state == "started"
    assert "job 6 names client 'access-node-1'" in one.not_verified[0]


def test_only_backups_that_this_call_started_are_looked_at():
    adopted = Backup(Instance("aws-prod", "orders"), "adopted", "", job_ids=("7",))
    reader = FakeReader([job(7), job(6)])
    assert check(reader, adopted) == ([], [])
    assert reader.calls == []


def test_what_is_listed_later_beside_a_job_that_was_found_running_is_named():
    one, adopted = started(7), started(5, "billing")
    adopted.mark_already_running(job(5, "billing"))
    check(FakeReader([job(7), job(6, "billing"), job(5, "billing")]), one, adopted)
    assert (adopted.state, adopted.job_ids, adopted.candidates, adopted.changed) == ("adopted", ("5",), ("6",), False)
    assert adopted.msg.endswith("Job 6 (Running) of the same subclient is active, too.")


def test_it_is_also_named_where_a_running_job_refused_the_backup():
    one, refused = started(7), started(5, "billing")
    refused.state, refused.job_ids, refused.changed, refused.candidates = "refused", (), False, ("5",)
    refused.failure = {"kind": "already_running"}
    check(FakeReader([job(7), job(6, "billing"), job(5, "billing")]), one, refused)
    assert (refused.state, refused.candidates) == ("refused", ("5", "6"))
    assert refused.msg.endswith("Started. Job 6 (Running) of the same subclient is active, too.")


def test_what_was_named_beside_it_at_once_is_named_once():
    one, adopted = started(7), started(5, "billing")
    adopted.mark_already_running(job(5, "billing"), [job(6, "billing")])
    told = adopted.msg
    check(FakeReader([job(7), job(6, "billing"), job(5, "billing")]), one, adopted)
    assert (adopted.msg, adopted.candidates) == (told, ("6",))


def test_the_time_of_the_task_is_kept():
    one = started(7)
    _warnings, slept = check(FakeReader([]), one, deadline=1007.0)
    assert sum(slept) == 7


def test_a_listing_that_the_api_does_not_have_is_asked_for_once():
    one, reader = started(7), FakeReader(RequestError("HTTP 404", "not_found"))
    (warning,), slept = check(reader, one)
    assert "HTTP 404" in warning
    assert slept == []


def test_a_web_page_in_place_of_the_api_may_be_a_web_tier_that_restarts():
    error = RequestError("HTTP 404", "not_found")
    error.web_page = True
    one, reader = started(7), FakeReader(error, error, [job(7)])
    _warnings, slept = check(reader, one)
    assert slept == [5.0]
    assert one.not_verified == ()
