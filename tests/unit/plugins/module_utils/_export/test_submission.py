# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TaskReply
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Unresolved
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    ExportPlan,
    Instance,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.submission import Submission
from ansible_collections.rdsops.commvault.plugins.module_utils._http.outage import MAX_READS, Outage
from ansible_collections.rdsops.commvault.plugins.module_utils._http.quota import Quota
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import GIVE_UP_AFTER, Runtime
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime


@pytest.fixture
def runtime():
    return FakeRuntime()


class FakeTasks:
    """Answers create by instance name; remembers what was sent."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.sent = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        self.barrier = None
        self.quota = None
        self.probes = 0

    def own_user(self):
        self.probes += 1
        return "me"

    def create_url(self):
        return "https://cc/createtask"

    def create(self, body):
        names = [association["instanceName"] for association in body["taskInfo"]["associations"]]
        with self._lock:
            self.sent.append(names)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            number = len(self.sent)
        # The first one is always alone.
        if self.barrier and number > 1:
            self.barrier.wait(10)
        with self._lock:
            self.at_once -= 1
        for name in names:
            answer = self.answers.get(name)
            if isinstance(answer, list):
                answer = answer.pop(0) if answer else None
            if isinstance(answer, Exception):
                raise answer
        return answer or TaskReply(number, tuple(f"j-{name}" for name in names), {"taskId": number})


def instances(count):
    return [Instance("c", f"i{number}", id=f"i{number}") for number in range(count)]


class Quick(Runtime):
    """Has real threads, and a clock that only sleeping moves."""

    def __init__(self):
        self.slept = 0.0

    def monotonic(self):
        return self.slept

    def sleep(self, seconds):
        super().sleep(0.001)
        self.slept += seconds


def run(tasks, count, runtime=None, parent_has_died=lambda: False, outage_timeout=300.0, tell=None, **plan):
    runtime = runtime or Quick()
    outage = Outage(tasks.own_user, outage_timeout, plan.get("deadline"), runtime)
    outage.tell = tell
    submission = Submission(tasks, ExportOptions(), ExportPlan(**plan), outage, runtime, parent_has_died)
    return submission.run(instances(count))


@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_instance_is_sent_once_and_reported_in_the_order_asked(concurrency):
    tasks = FakeTasks()
    backups = run(tasks, 25, concurrency=concurrency)
    assert sorted(name for names in tasks.sent for name in names) == sorted(f"i{number}" for number in range(25))
    assert [backup.instance.id for backup in backups] == [f"i{number}" for number in range(25)]
    assert [backup.job_ids for backup in backups] == [(f"j-i{number}",) for number in range(25)]


def test_as_many_requests_as_allowed_are_under_way_at_once():
    tasks = FakeTasks()
    tasks.barrier = threading.Barrier(3)
    run(tasks, 10, concurrency=3)
    assert tasks.most_at_once == 3


def test_batches_are_cut_in_order_and_ask_whose_job_is_whose():
    tasks = FakeTasks()
    backups = run(tasks, 5, batch_size=2)
    assert tasks.sent == [["i0", "i1"], ["i2", "i3"], ["i4"]]
    assert [backup.unresolved for backup in backups] == [Unresolved.BATCH] * 4 + [None]
    assert backups[0].candidates == ("j-i0", "j-i1")
    assert backups[4].job_ids == ("j-i4",)


def test_a_batch_refused_whole_is_split_until_the_good_ones_start():
    tasks = FakeTasks({"i5": RequestError("no", "refused", code=587207178)})
    backups = run(tasks, 8, batch_size=8)
    assert [backup.state for backup in backups].count("refused") == 1
    assert backups[5].state == "refused"
    # Nobody is in two requests that were accepted.
    accepted = [name for names in tasks.sent if "i5" not in names for name in names]
    assert sorted(accepted) == sorted(f"i{number}" for number in range(8) if number != 5)
    assert len(tasks.sent) == 7


@pytest.mark.parametrize("kind", ["timeout", "interrupted", "server", "bad_reply"])
def test_a_batch_that_may_have_started_is_never_split(kind):
    tasks = FakeTasks({"i1": RequestError("?", kind, maybe_ran=True)})
    backups = run(tasks, 4, batch_size=4)
    assert len(tasks.sent) == 1
    assert [(backup.state, backup.unresolved) for backup in backups] == [("unknown", Unresolved.LOST)] * 4


@pytest.mark.parametrize(("kind", "code"), [("already_running", 2), ("refused", 2), ("refused", 7)])
@pytest.mark.parametrize("size", [1, 4])
def test_a_refusal_beside_a_task_is_looked_into_and_never_sent_again(kind, code, size):
    tasks = FakeTasks({"i0": RequestError("?", kind, code=code, maybe_ran=True)})
    backups = run(tasks, size, batch_size=size)
    assert len(tasks.sent) == 1
    assert [(backup.state, backup.unresolved) for backup in backups] == [("unknown", Unresolved.LOST)] * size


@pytest.mark.parametrize("size", [1, 2])
def test_what_commvault_adds_to_jobs_is_told(size):
    tasks = FakeTasks(dict.fromkeys(["i0", "i1"], TaskReply(5, ("7",), {}, "no plan.")))
    assert all(one.msg.endswith(" Commvault added: no plan.") for one in run(tasks, size, batch_size=2))


def test_a_backup_without_a_task_says_nothing_of_one():
    tasks = FakeTasks({"i0": TaskReply(None, ("7",), {})})
    assert run(tasks, 1)[0].msg.endswith("(subclient 'default'): job 7.")


@pytest.mark.parametrize("kind", ["authentication", "tls", "no_job", "not_found"])
def test_a_batch_is_not_split_for_what_no_instance_can_help(kind):
    tasks = FakeTasks({"i1": RequestError("no", kind)})
    run(tasks, 4, batch_size=4)
    assert len(tasks.sent) == 1


@pytest.mark.parametrize(("adopt", "question"), [(True, Unresolved.RUNNING), (False, None)])
def test_a_backup_that_runs_already_is_looked_for_only_if_it_may_be_adopted(adopt, question):
    tasks = FakeTasks({"i0": RequestError("Another backup is running", "already_running", code=2)})
    (backup,) = run(tasks, 1, adopt_running=adopt)
    assert (backup.state, backup.unresolved) == ("refused", question)


@pytest.mark.parametrize(
    ("code", "adopt", "unresolved"),
    [(2, True, Unresolved.REFUSED), ("2", True, None), (7, True, None), (2, False, None)],
)
def test_a_refusal_in_another_language_may_be_that_of_a_running_backup(code, adopt, unresolved):
    tasks = FakeTasks({"i0": RequestError("Eine andere Sicherung laeuft", "refused", code=code)})
    (backup,) = run(tasks, 1, adopt_running=adopt)
    assert (backup.state, backup.unresolved) == ("refused", unresolved)


class TestQuota:
    def test_what_a_quota_turned_away_is_sent_again_in_its_turn(self, runtime):
        tasks = FakeTasks({"i1": [RequestError("no", "rate_limited", retry_after=100.0)]})
        backups = run(tasks, 3, runtime=runtime, patience=1000)
        assert [backup.state for backup in backups] == ["started"] * 3
        assert tasks.sent == [["i0"], ["i1"], ["i1"], ["i2"]]
        assert runtime.slept == [100.0]

    def test_a_quota_that_is_always_over_by_this_clock_and_always_used_up_is_given_up(self, runtime):
        tasks = FakeTasks({"i0": [RequestError("no", "rate_limited", retry_after=0.0)] * 99})
        (backup,) = run(tasks, 1, runtime=runtime, patience=60)
        assert (backup.state, len(tasks.sent)) == ("not_submitted", 6)

    def test_each_round_of_starts_may_be_held_up(self, runtime):
        tasks: t.Any = FakeTasks({"i1": [RequestError("no", "rate_limited", retry_after=5.0)]})
        outage = Outage(tasks.own_user, 300.0, None, runtime)
        submission = Submission(tasks, ExportOptions(), ExportPlan(patience=60), outage, runtime)
        first, second = instances(2)
        assert [backup.state for backup in submission.run([first])] == ["started"]
        runtime.time += 3600
        assert [backup.state for backup in submission.run([second])] == ["started"]
        assert runtime.slept == [5.0]

    def test_what_does_not_fit_is_not_submitted_and_says_when_it_would(self, runtime):
        tasks = FakeTasks({"i1": [RequestError("no", "rate_limited", retry_after=3600.0)] * 9})
        backups = run(tasks, 4, runtime=FakeRuntime(1767225600.0))
        assert [backup.state for backup in backups] == ["started", "not_submitted", "not_submitted", "not_submitted"]
        assert backups[1].retry_at == 1767229200.0
        assert "2026-01-01T01:00:00Z" in backups[3].msg
        assert tasks.sent == [["i0"], ["i1"]]
        assert runtime.slept == []

    def test_an_announced_quota_is_kept_before_the_server_must_say_no(self, runtime):
        tasks = FakeTasks()
        tasks.quota = Quota(2, 60.0)
        backups = run(tasks, 5, runtime=runtime, patience=1000)
        assert [backup.state for backup in backups] == ["started"] * 5
        assert runtime.slept == [60.0, 60.0]


def test_requests_are_those_that_run_sends():
    tasks: t.Any = FakeTasks()
    submission = Submission(tasks, ExportOptions(), ExportPlan(batch_size=2), Outage(tasks.own_user))
    requests = submission.requests(instances(3))
    assert [request["method"] for request in requests] == ["POST", "POST"]
    assert requests[0]["url"] == "https://cc/createtask"
    assert [len(request["body"]["taskInfo"]["associations"]) for request in requests] == [2, 1]


def test_one_bad_instance_stops_nothing():
    tasks = FakeTasks({"i1": RequestError("no", "refused", code=587207178)})
    assert [backup.state for backup in run(tasks, 4)] == ["started", "refused", "started", "started"]


def test_many_bad_instances_in_a_row_stop_nothing():
    bad = {f"i{number}": RequestError("no", "refused") for number in range(20)}
    states = [backup.state for backup in run(FakeTasks(bad), 22)]
    assert states == ["refused"] * 20 + ["started"] * 2


def test_an_unclear_outcome_is_not_sent_again():
    tasks = FakeTasks({"i0": RequestError("?", "timeout", maybe_ran=True)})
    assert [backup.state for backup in run(tasks, 2)] == ["unknown", "started"]
    assert tasks.sent == [["i0"], ["i1"]]


def test_a_fault_in_the_middle_loses_nothing():
    tasks = FakeTasks({"i1": ZeroDivisionError("SECRET")})
    backups = run(tasks, 3)
    assert [backup.state for backup in backups] == ["started", "unknown", "started"]
    assert backups[1].failure["kind"] == "internal"
    assert "SECRET" not in backups[1].msg


def test_a_fault_between_requests_loses_nothing(runtime, monkeypatch):
    monkeypatch.setattr(runtime, "sleep", lambda _seconds: 1 / 0)
    tasks = FakeTasks({"i1": RequestError("no", "rate_limited", retry_after=5.0)})
    backups = run(tasks, 2, runtime=runtime)
    assert [(backup.state, backup.changed) for backup in backups] == [("started", True), ("unknown", True)]
    assert backups[1].failure["kind"] == "internal"


@pytest.mark.parametrize("kind", ["authentication", "redirect", "tls", "not_found"])
def test_what_somebody_must_settle_is_not_asked_a_thousand_times(kind):
    tasks = FakeTasks({f"i{number}": RequestError("no", kind) for number in range(50)})
    backups = run(tasks, 50)
    assert len(tasks.sent) == GIVE_UP_AFTER
    assert backups[-1].failure["kind"] == "not_submitted"
    assert "failed alike. The last of them: no" in backups[-1].msg


@pytest.mark.parametrize(("kind", "state"), [("redirect", "refused"), ("connection", "not_submitted")])
def test_a_request_that_is_not_taken_while_others_are_is_left_after_a_few_times(runtime, kind, state):
    tasks = FakeTasks({"i1": RequestError("no", kind)})
    backups = run(tasks, 3, runtime)
    assert [backup.state for backup in backups] == ["started", state, "started"]
    assert backups[1].failure["kind"] == kind
    assert len(tasks.sent) == 2 + MAX_READS
    assert runtime.time < 1000.0 + 60


class Away(FakeTasks):
    """Is away in some seconds of the runtime's clock; loses: whether it carries out what it does not answer."""

    def __init__(self, runtime, begin, end, kind="server", maybe_ran=True):
        super().__init__()
        self.runtime, self.begin, self.end, self.kind, self.maybe_ran = runtime, begin, end, kind, maybe_ran
        self.asked = 0

    def _answer(self):
        self.asked += 1
        self.runtime.time += 0.1
        if self.begin <= self.runtime.time - 1000.0 < self.end:
            raise RequestError("gateway restarts", self.kind, maybe_ran=self.maybe_ran)

    def own_user(self):
        self._answer()
        return super().own_user()

    def create(self, body):
        self._answer()
        return super().create(body)


def test_long_starts_tell_their_jobs_before_they_are_done(runtime):
    lines = []
    tasks = Away(runtime, 0, 0)
    backups = run(tasks, 250, runtime, tell=lines.append, concurrency=1)
    started = [job_id for backup in backups for job_id in backup.job_ids]
    assert [line.partition(",")[0] for line in lines] == ["100 of 250 requested", "200 of 250 requested"]
    for line, own in zip(lines, (started[:100], started[100:200]), strict=True):
        assert line.endswith(f"new jobs: {','.join(own)}")


class TestOutage:
    @pytest.mark.parametrize(("begin", "end"), [(0, 12), (15, 25), (15, 45)])
    def test_starts_go_on_where_they_stopped(self, runtime, begin, end):
        tasks = Away(runtime, begin, end)
        states = [backup.state for backup in run(tasks, 300, runtime)]
        assert states.count("started") >= 299
        assert states.count("unknown") == 300 - states.count("started")
        assert len(tasks.sent) == len({name for (name,) in tasks.sent})

    def test_what_was_never_sent_goes_out_when_the_commcell_is_back(self, runtime):
        tasks = Away(runtime, 0, 60, "connection", maybe_ran=False)
        assert {backup.state for backup in run(tasks, 10, runtime)} == {"started"}

    def test_one_that_never_comes_back_is_given_up_in_time_and_asked_seldom(self, runtime):
        tasks = Away(runtime, 3, 1e9)
        backups = run(tasks, 300, runtime, outage_timeout=300.0)
        states = [backup.state for backup in backups]
        assert states.count("unknown") == 1
        assert states[-200:] == ["not_submitted"] * 200
        assert "was away for 5 min" in backups[-1].msg
        assert "gateway restarts" in backups[-1].msg
        assert tasks.asked < 30 + 60
        assert runtime.time - 1000.0 < 3 + 300 + 30

    @pytest.mark.parametrize(("kind", "told"), [("connection", "connection"), ("server", "not_submitted")])
    def test_what_kept_it_from_being_sent_is_its_kind(self, runtime, kind, told):
        backups = run(Away(runtime, 0, 1e9, kind, maybe_ran=kind == "server"), 3, runtime)
        assert (backups[-1].state, backups[-1].failure["kind"]) == ("not_submitted", told)

    def test_where_only_the_starts_fail_they_end_too(self, runtime):
        class Half(Away):
            def own_user(self):
                return "me"

        backups = run(Half(runtime, 0, 1e9), 300, runtime)
        states = [backup.state for backup in backups]
        assert states[-1] == "not_submitted"
        assert states.count("unknown") < 60

    def test_the_time_of_the_task_is_kept(self, runtime):
        backups = run(Away(runtime, 0, 1e9), 5, runtime, deadline=runtime.monotonic() + 20)
        assert backups[-1].state == "not_submitted"
        assert runtime.time - 1000.0 < 25

    def test_an_answer_that_says_no_is_an_answer(self, runtime):
        class Closed(Away):
            def own_user(self):
                raise RequestError("not you", "permission")

        assert [backup.state for backup in run(Closed(runtime, 0, 0.15), 9, runtime)].count("started") == 8

    def test_many_threads_lose_one_request_each_at_most(self):
        lock, state = threading.Lock(), {"left": 8}

        class Flaky(FakeTasks):
            def create(self, body):
                with lock:
                    state["left"] -= 1
                    if 0 <= state["left"] < 4:
                        raise RequestError("?", "interrupted", maybe_ran=True)
                return super().create(body)

        states = [backup.state for backup in run(Flaky(), 40, concurrency=4)]
        assert (states.count("started"), states.count("unknown")) == (36, 4)


def test_missing_permissions_for_some_do_not_stop_the_others():
    bad = {f"i{number}": RequestError("denied", "authentication") for number in range(1, 30)}
    tasks = FakeTasks(bad)
    states = [backup.state for backup in run(tasks, 31)]
    assert states == ["started"] + ["refused"] * 29 + ["started"]


def test_what_the_server_added_to_a_started_job_is_passed_on():
    tasks = FakeTasks({"i0": TaskReply(1, ("7",), {}, "half of it")})
    (backup,) = run(tasks, 1)
    assert backup.state == "started"
    assert "half of it" in backup.msg


def test_when_the_time_of_the_task_is_over_nothing_more_is_sent_and_all_is_told(runtime):
    class Slow(FakeTasks):
        def create(self, body):
            runtime.sleep(1)
            return super().create(body)

    tasks = Slow()
    backups = run(tasks, 5, runtime=runtime, deadline=runtime.monotonic() + 2.5)
    assert [backup.state for backup in backups] == ["started"] * 3 + ["not_submitted"] * 2
    assert len(tasks.sent) == 3
    assert "the time was over that Ansible gives this task (timeout)" in backups[3].msg
    assert backups[3].changed is False


def test_a_quota_is_not_waited_for_longer_than_the_task_has_time(runtime):
    tasks = FakeTasks({"i0": [RequestError("429", "rate_limited", retry_after=50.0)]})
    (backup,) = run(tasks, 1, runtime=runtime, deadline=runtime.monotonic() + 20)
    assert backup.state == "not_submitted"
    assert runtime.slept == []


@pytest.mark.parametrize("concurrency", [1, 4])
def test_when_nobody_is_left_to_hear_of_it_nothing_more_is_sent(concurrency):
    tasks = FakeTasks()
    backups = run(tasks, 20, concurrency=concurrency, parent_has_died=lambda: len(tasks.sent) >= 5)
    assert len(tasks.sent) < 5 + concurrency
    assert [backup.state for backup in backups].count("not_submitted") == 20 - len(tasks.sent)
    assert "Ansible has ended" in backups[-1].msg
