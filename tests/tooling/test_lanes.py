# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of sessions in the lanes, what becomes of those that cannot run, and what is told of them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.sessions.lanes import (
    FAILED,
    PASSED,
    SKIPPED,
    Board,
    Nox,
    Outcome,
    summary,
)

# Stands in for nox: writes the report that it writes, and what a session may say.
FAKE_NOX = """
import json, sys
name, report = sys.argv[-1], sys.argv[sys.argv.index("--report") + 1]
result, status = {"good": ("success", 0), "bad": ("failed", 1), "absent": ("skipped", 0)}[name]
print("nox > left out: the module on Python 3.8, which is not here")
print("SKIPPED [1] tests/test_it.py:3: no IPv6 here")
print("==== 12 passed, 1 skipped in 3.21s ====")
with open(report, "w") as file:
    json.dump({"sessions": [{"name": name, "result": result, "reason": "no Python 3.13 here"}]}, file)
sys.exit(status)
"""


def work_off(sessions, results=None, lanes=1):
    """Run sessions whose outcomes are given by name, others pass; the outcomes, and the calls in their order."""
    calls = []

    def call(name, *options):
        calls.append((name, *options))
        result = (results or {}).get(name, Outcome(PASSED))
        if isinstance(result, Exception):
            raise result
        return result() if callable(result) else result

    board = Board(sessions, call)
    threads = [threading.Thread(target=board.work_off) for _number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return board.outcomes, calls


def test_an_environment_is_filled_once_before_the_first_session_that_needs_it():
    outcomes, calls = work_off([("unit", ["core"]), ("sanity", ["core", "old"])])
    assert calls == [("venv-core",), ("unit", "-R"), ("venv-old",), ("sanity", "-R")]
    assert {outcome.state for outcome in outcomes.values()} == {PASSED}


def test_what_needs_an_environment_that_cannot_be_made_fails_with_it():
    outcomes, calls = work_off([("unit", ["core"]), ("style", ["lint"])], {"venv-core": Outcome(FAILED, "exit code 1")})
    assert outcomes["unit"].why == "needs venv-core"
    assert {name: outcome.state for name, outcome in outcomes.items()} == {
        "venv-core": FAILED, "unit": FAILED, "venv-lint": PASSED, "style": PASSED,
    }  # fmt: skip
    assert ("unit", "-R") not in calls


def test_an_exception_fails_its_session_and_no_other():
    outcomes, _calls = work_off([("a", []), ("b", [])], {"a": ValueError("a bug")})
    assert outcomes["a"].why == "ValueError: a bug"
    assert outcomes["b"].state == PASSED


def test_two_lanes_work_at_the_same_time():
    meeting = threading.Barrier(2)

    def meet():
        meeting.wait(30)
        return Outcome(PASSED)

    outcomes, _calls = work_off([("a", []), ("b", [])], {"a": meet, "b": meet}, lanes=2)
    assert {outcome.state for outcome in outcomes.values()} == {PASSED}


@pytest.fixture
def nox(tmp_path: Path) -> Nox:
    """Calls the fake."""
    return Nox(tmp_path, tmp_path, (sys.executable, "-c", FAKE_NOX))


@pytest.mark.parametrize(
    ("name", "state", "why"),
    [("good", PASSED, ""), ("bad", FAILED, "exit code 1"), ("absent", SKIPPED, "no Python 3.13 here")],
)
def test_the_report_of_nox_tells_how_a_session_ended(nox, name, state, why):
    outcome = nox(name, "-R")
    assert (outcome.state, outcome.why) == (state, why)


def test_a_session_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path):
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    outcome = Nox(tmp_path, tmp_path, (sys.executable, "-c", child), limit=0.5)("slow")
    assert (outcome.state, outcome.why) == (FAILED, "stopped after 0 s")


def test_nothing_starts_once_all_is_to_end(nox):
    nox.end_all()
    assert nox("good").why == "interrupted"


def test_the_summary_names_seconds_and_what_was_left_out_and_why(nox, tmp_path, capsys):
    outcomes = {name: nox(name) for name in ("good", "bad", "absent")}
    outcomes["bad"].seconds = 7.0
    summary(outcomes, 61.0, tmp_path)
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert lines[2].split()[:3] == ["FAILED", "bad", "7.0"], "the slowest comes first"
    assert "12 passed, 1 skipped in 3.21s" in told
    assert "Not run here:\n  absent: no Python 3.13 here" in told
    assert "Failed:\n  bad: exit code 1" in told
    assert "good: left out: the module on Python 3.8, which is not here" in told
    assert "good: SKIPPED [1] tests/test_it.py:3: no IPv6 here" in told
    assert "1 passed, 1 failed, 1 skipped, in 1 min 1 s" in told
