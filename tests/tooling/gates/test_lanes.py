# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of jobs in the lanes, and what becomes of those that cannot run."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ansible_collections.rdsops.commvault.tests.gates.lanes import FAILED, PASSED, SKIPPED, Job, Outcome, run


def passing() -> Outcome:
    return Outcome(PASSED)


def run_quietly(*jobs: Job, lanes: int = 2) -> tuple[dict[str, Outcome], list[str]]:
    """Run the jobs; their outcomes, and the names in the order in which they started."""
    started: list[str] = []
    outcomes = run(jobs, lanes, lambda job: started.append(job.name), lambda _job, _outcome: None)
    return outcomes, started


def states(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.state for name, outcome in outcomes.items()}


def test_one_lane_takes_jobs_in_the_order_given() -> None:
    outcomes, started = run_quietly(*(Job(name, passing) for name in "abc"), lanes=1)
    assert started == ["a", "b", "c"]
    assert states(outcomes) == dict.fromkeys("abc", PASSED)


def test_a_job_waits_for_those_before_it_while_others_go_ahead() -> None:
    jobs = (Job("last", passing, ("first",)), Job("other", passing), Job("first", passing))
    _outcomes, started = run_quietly(*jobs, lanes=1)
    assert started == ["other", "first", "last"]


def test_a_job_ends_like_the_one_that_it_needs_all_along_the_chain() -> None:
    jobs = (
        Job("a", lambda: Outcome(SKIPPED, "no Python")),
        Job("b", passing, ("a",)),
        Job("c", passing, ("b",)),
        Job("x", lambda: Outcome(FAILED, "exit code 1")),
        Job("y", passing, ("x",)),
    )
    outcomes, started = run_quietly(*jobs)
    assert states(outcomes) == {"a": SKIPPED, "b": SKIPPED, "c": SKIPPED, "x": FAILED, "y": FAILED}
    assert outcomes["c"].why == "needs b: needs a: no Python"
    assert sorted(started) == ["a", "x"]


def test_an_exception_fails_its_job_and_no_other() -> None:
    def explode() -> Outcome:
        raise ValueError("a bug")

    outcomes, _started = run_quietly(Job("a", explode), Job("b", passing))
    assert states(outcomes) == {"a": FAILED, "b": PASSED}
    assert outcomes["a"].why == "ValueError: a bug"


def test_two_lanes_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2)

    def meet() -> Outcome:
        meeting.wait(30)
        return Outcome(PASSED)

    outcomes, _started = run_quietly(Job("a", meet), Job("b", meet))
    assert states(outcomes) == {"a": PASSED, "b": PASSED}


def test_jobs_that_must_be_alone_never_meet() -> None:
    inside: list[str] = []
    met: list[list[str]] = []
    other_ran = threading.Event()

    def work(name: str, wait: bool) -> Callable[[], Outcome]:
        def enter() -> Outcome:
            inside.append(name)
            if wait:
                other_ran.wait(30)
            met.append(list(inside))
            inside.remove(name)
            return Outcome(PASSED)

        return enter

    def free() -> Outcome:
        other_ran.set()
        return Outcome(PASSED)

    jobs = (Job("a", work("a", True), alone="x"), Job("b", work("b", False), alone="x"), Job("free", free))
    outcomes, started = run_quietly(*jobs)
    assert states(outcomes) == {"a": PASSED, "b": PASSED, "free": PASSED}
    assert met == [["a"], ["b"]]
    assert started == ["a", "free", "b"]
