# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._http.outage import HEARTBEAT, MAX_READS, Outage
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

MINUTES_5 = 300.0


class Server:
    """A CommCell that is away until a time; counts what it is asked."""

    def __init__(self, runtime, back_at=float("inf"), kind="server"):
        self.runtime, self.back_at, self.kind = runtime, back_at, kind
        self.asked = []

    def __call__(self):
        self.asked.append(self.runtime.time)
        if self.runtime.time < self.back_at:
            raise RequestError("away", self.kind)
        return "answer"


@pytest.fixture
def runtime():
    """A clock that only moves when somebody sleeps."""
    return FakeRuntime(0.0)


def away(runtime, probe, timeout=MINUTES_5, deadline=None, error=None):
    """An Outage that has begun."""
    outage = Outage(probe, timeout, deadline, runtime)
    outage.note(error or RequestError("away", "server"))
    return outage


def test_while_the_commcell_answers_nobody_waits(runtime):
    probe = Server(runtime)
    outage = Outage(probe, MINUTES_5, None, runtime)
    outage.wait()
    outage.note(None)
    outage.wait()
    assert (runtime.slept, probe.asked) == ([], [])


@pytest.mark.parametrize("kind", ["server", "connection", "timeout", "interrupted", "bad_reply"])
def test_requests_are_held_back_until_a_probe_is_answered(runtime, kind):
    probe = Server(runtime, back_at=30, kind=kind)
    outage = away(runtime, probe, error=RequestError("away", kind))
    outage.wait()
    assert 30 <= runtime.time <= 60
    assert [at < 30 for at in probe.asked] == [True] * (len(probe.asked) - 1) + [False]


def test_a_commcell_that_never_comes_back_sees_few_probes_and_ends_the_waiting_in_time(runtime):
    probe = Server(runtime)
    outage = away(runtime, probe)
    with pytest.raises(CommvaultError, match="away for 5 min; last error: away") as caught:
        outage.wait()
    assert caught.value.kind == "not_submitted"
    assert outage.given_up
    assert runtime.time == MINUTES_5
    assert len(probe.asked) <= 60
    with pytest.raises(CommvaultError):
        outage.wait()
    assert runtime.time == MINUTES_5


def test_people_are_told_at_once_what_is_waited_for_then_now_and_again(runtime):
    outage = away(runtime, Server(runtime, back_at=100), error=RequestError("It is away.", "connection"))
    lines = []
    outage.tell = lambda line: lines.append((runtime.time, line))
    outage.wait()
    outage.note(None)
    (first, line), *middle, (_last, end) = lines
    assert (first, line) == (
        0,
        "It is away. Waiting for up to 5 min until it answers (outage_timeout; 0 does not wait).",
    )
    assert [round(at // HEARTBEAT) for at, _line in middle] == [1, 2]
    assert all("The CommCell has been away for" in line for _at, line in middle)
    assert end.startswith("The CommCell answers again after ")
    outage.note(None)
    assert len(lines) == 4


def test_the_time_of_the_task_ends_the_waiting_too(runtime):
    outage = away(runtime, Server(runtime), deadline=20.0)
    with pytest.raises(CommvaultError):
        outage.wait()
    assert runtime.time == 20


def test_pauses_grow_and_are_drawn_by_chance(runtime):
    runtime.random = lambda: 1.0
    with pytest.raises(CommvaultError):
        away(runtime, Server(runtime)).wait()
    assert runtime.slept[:6] == [1, 2, 4, 8, 16, 20]
    again = FakeRuntime(0.0)
    again.random = lambda: 0.5
    with pytest.raises(CommvaultError):
        away(again, Server(again)).wait()
    assert again.slept[:6] == [0.5, 1, 2, 4, 8, 10]


def test_one_caller_probes_and_the_others_wait_for_its_request(runtime):
    probe = Server(runtime, back_at=0)
    outage = away(runtime, probe)
    outage.wait()
    asked = len(probe.asked)
    # The first caller's request is under way: a second one looks again until that has ended.
    runtime.sleep = lambda _seconds: outage.note(None)
    outage.wait()
    assert len(probe.asked) == asked


def test_failures_of_requests_that_were_under_way_make_nobody_else_probe(runtime):
    probe = Server(runtime, back_at=0)
    outage = away(runtime, probe)
    outage.wait()
    asked = len(probe.asked)
    seen = []

    def sleep(_seconds):
        seen.append(len(probe.asked))
        if len(seen) >= 3:
            outage.note(None)

    def other():
        outage.note(RequestError("away", "server"))
        runtime.sleep = sleep
        outage.wait()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(10)
    assert seen == [asked] * 3


def test_many_threads_together_ask_a_dead_server_as_often_as_one(runtime):
    # A hundred times as fast as life.
    runtime.sleep, runtime.monotonic = lambda seconds: time.sleep(seconds / 100), lambda: time.monotonic() * 100
    asked = []

    def probe():
        asked.append(1)
        raise RequestError("away", "server")

    outage = Outage(probe, MINUTES_5, None, runtime)

    def work():
        outage.note(RequestError("away", "server"))
        with pytest.raises(CommvaultError):
            outage.wait()

    threads = [threading.Thread(target=work) for _number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 0 < len(asked) <= 80


def test_after_the_request_behind_a_good_probe_has_failed_it_goes_on(runtime):
    outage = away(runtime, Server(runtime, back_at=0))
    outage.wait()
    outage.note(RequestError("away again", "server"))
    outage.wait()
    outage.note(None)
    outage.wait()
    assert len(runtime.slept) == 2


def test_a_probe_that_ends_in_a_fault_leaves_the_next_one_to_others(runtime):
    faults = [ValueError("a fault")]

    def probe():
        if faults:
            raise faults.pop()

    outage = away(runtime, probe)
    with pytest.raises(ValueError, match="a fault"):
        outage.wait()
    outage.wait()
    assert not outage.given_up


def test_an_answer_that_says_no_shows_that_the_commcell_is_back(runtime):
    def probe():
        raise RequestError("This token is for other endpoints.", "authentication")

    outage = away(runtime, probe)
    outage.wait()
    assert len(runtime.slept) == 1


@pytest.mark.parametrize("kind", ["authentication", "permission", "refused", "bad_request", "rate_limited", "no_job"])
def test_what_somebody_must_settle_is_no_outage(runtime, kind):
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    outage.note(None)
    error = RequestError("no", kind)
    assert not outage.is_about(error)
    outage.note(error)
    outage.wait()
    assert runtime.slept == []


@pytest.mark.parametrize("kind", ["tls", "redirect", "not_found"])
def test_what_points_to_a_wrong_address_is_an_outage_only_where_it_was_right_before(runtime, kind):
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    error = RequestError("?", kind)
    error.web_page = True
    assert not outage.is_about(error)
    outage.note(None)
    assert outage.is_about(error)


def test_a_web_page_that_says_no_does_not_show_that_the_address_is_right(runtime):
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    error = RequestError("no API here", "not_found")
    error.web_page = True

    def read():
        raise error

    for _read in range(2):
        with pytest.raises(RequestError, match="no API here"):
            outage.ride_out(read)
    assert not outage.is_about(error)
    assert (outage.last_error, runtime.slept) == (None, [])


def test_what_the_api_does_not_know_is_no_outage(runtime):
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    outage.note(None)
    assert not outage.is_about(RequestError("No such client.", "not_found"))


def test_a_host_without_an_address_is_a_mistake_unless_it_had_one(runtime):
    error = RequestError("?", "connection")
    error.unknown_host = True
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    assert not outage.is_about(error)
    outage.note(None)
    assert outage.is_about(error)


def test_a_read_is_made_again_when_the_commcell_is_back(runtime):
    server = Server(runtime, back_at=100)
    outage = Outage(server, MINUTES_5, None, runtime)
    assert outage.ride_out(server) == "answer"
    assert 100 <= runtime.time <= 120


def test_a_read_of_a_commcell_that_stays_away_fails_with_its_own_error(runtime):
    outage = Outage(Server(runtime), MINUTES_5, None, runtime)
    with pytest.raises(RequestError, match=r"^away$"):
        outage.ride_out(Server(runtime))
    assert runtime.time == MINUTES_5
    # Whoever reads now is not kept waiting again.
    late = Server(runtime)
    with pytest.raises(RequestError):
        outage.ride_out(late)
    assert (len(late.asked), runtime.time) == (1, MINUTES_5)


def test_a_read_that_fails_while_others_are_answered_is_left_at_that(runtime):
    read = Server(runtime, kind="bad_reply")
    outage = Outage(Server(runtime, back_at=0), MINUTES_5, None, runtime)
    with pytest.raises(RequestError):
        outage.ride_out(read)
    assert len(read.asked) == MAX_READS
    assert runtime.time < 30


def test_without_a_time_for_it_nothing_is_ridden_out(runtime):
    read = Server(runtime)
    outage = Outage(Server(runtime), 0.0, None, runtime)
    with pytest.raises(RequestError):
        outage.ride_out(read)
    assert (len(read.asked), runtime.slept) == (1, [])


def test_an_answer_ends_what_was_given_up(runtime):
    outage = away(runtime, Server(runtime))
    with pytest.raises(CommvaultError):
        outage.wait()
    outage.note(None)
    assert not outage.given_up
    outage.wait()
