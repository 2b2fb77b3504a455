# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import wait as wait_module
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait import wait_and_describe
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_options import WaitOptions
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of, start_jobs

NAMES = [f"db{number:03d}" for number in range(120)]
ESTATE = {"clients": [{"name": "aws-prod", "instances": NAMES}, {"name": "other", "instances": NAMES[:100]}]}
HOUR = 3600.0


@pytest.fixture
def time(simulator):
    return SimulatedRuntime(simulator, standing=True)


@pytest.fixture
def commcell(simulator):
    with commcell_of(simulator) as commcell:
        yield commcell


def wait(commcell, time, job_ids, *, check_mode=False, on_progress=None, **options):
    return wait_and_describe(
        commcell,
        job_ids,
        WaitOptions(**options),
        check_mode=check_mode,
        on_progress=on_progress,
        runtime=time,
    )


def outcomes(result):
    return [entry["outcome"] for entry in result["jobs"]]


def reads(simulator):
    return [request["endpoint"] for request in simulator.journal() if request["kind"] == "read"]


def test_a_job_that_is_not_listed_for_as_long_as_the_profile_says_is_not_missing(simulator, time):
    simulator.set(visibility_lag=200)
    simulator.script("db000", [{"state": "Running", "seconds": 300}, "Completed"], client="aws-prod")
    with commcell_of(simulator, commcell_profile={"visibility_lag": 200}) as commcell:
        assert outcomes(wait(commcell, time, start_jobs(commcell, NAMES[:1]))) == ["succeeded"]


def test_120_jobs_are_followed_for_an_hour_with_about_60_requests(simulator, time, commcell):
    for number, name in enumerate(NAMES):
        simulator.script(name, [{"state": "Running", "seconds": 60 + number * 29.7}, "Completed"], client="aws-prod")
    simulator.script(None, [{"state": "Running", "seconds": 2 * HOUR}, "Completed"], client="other")
    job_ids = start_jobs(commcell, NAMES)
    # Other people start jobs all the time, and none of them may cost a request.
    others = iter(NAMES[:100])

    def others_start_jobs(_wait):
        name = next(others, None)
        if name:
            start_jobs(commcell, [name], client="other")

    result = wait(commcell, time, job_ids, on_progress=others_start_jobs)
    assert result["counts"]["succeeded"] == 120
    assert result["waited_seconds"] == pytest.approx(HOUR, abs=60)
    assert len(reads(simulator)) <= 65
    assert set(reads(simulator)) == {"jobs"}
    assert len(json.dumps(result)) < 120 * 1024


def test_the_same_on_a_server_whose_finished_jobs_are_gone_from_sight_and_whose_rows_are_a_mess(
    simulator, time, commcell
):
    simulator.set(active_keeps_finished=0, hidden_rows=True, list_duplicates=True, sort_reversed=True, job_seconds=1200)
    result = wait(commcell, time, start_jobs(commcell, NAMES[:60]))
    assert result["counts"]["succeeded"] == 60
    assert len(reads(simulator)) <= 25


def test_one_failed_job_of_many_is_explained_with_two_more_requests(simulator, time, commcell):
    reason = "ORA-01017: invalid username/password; <b>logon denied</b>"
    simulator.script("db001", [{"state": "Running", "seconds": 300}, {"state": "Failed", "reason": reason}])
    result = wait(commcell, time, start_jobs(commcell, NAMES[:40]))
    assert outcomes(result) == ["succeeded", "failed", *["succeeded"] * 38]
    failed = result["jobs"][1]
    assert failed["reason"] == "ORA-01017: invalid username/password; logon denied"
    assert failed["hint"].startswith("The database refused the user name or password")
    assert any("logon denied" in event for event in failed["events"])
    assert failed["job_url"].endswith(f"/commandcenter/#/jobs/{failed['job_id']}")
    assert result["failure"]["kind"] == "job_failed"
    assert sorted(set(reads(simulator)) - {"jobs"}) == ["events", f"job/{failed['job_id']}", "jobdetails"]


def test_a_wait_that_times_out_returns_all_jobs_and_leaves_them_alone(simulator, time, commcell):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:5])
    before = len(simulator.writes())
    result = wait(commcell, time, job_ids, timeout=HOUR)
    assert (result["job_ids"], outcomes(result), result["waited_seconds"]) == (job_ids, ["timed_out"] * 5, 3600)
    assert (result["changed"], len(simulator.writes())) == (False, before)
    assert {job["state"] for job in simulator.jobs()} == {"Running"}


@pytest.mark.parametrize(
    ("on_timeout", "pending", "final"),
    [("suspend", "Suspend Pending", "Suspended"), ("kill", "Kill Pending", "Killed")],
)
def test_jobs_are_suspended_or_killed_only_if_asked_for(simulator, time, commcell, on_timeout, pending, final):
    simulator.script("db000", [{"state": "Running", "seconds": 60}, "Completed"])
    simulator.script("db001", [{"state": "Pending", "reason": "No resources available"}])
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:3])
    result = wait(commcell, time, job_ids, timeout=HOUR, stuck_timeout=600, on_timeout=on_timeout)
    assert outcomes(result) == ["succeeded", "stuck", "timed_out"]
    assert [entry["on_timeout"] for entry in result["jobs"]] == [None, on_timeout, on_timeout]
    assert [entry["status"] for entry in result["jobs"]] == ["Completed", pending, pending]
    assert result["changed"] is True
    time.sleep(60)
    assert [job["state"] for job in simulator.jobs()] == ["Completed", final, final]


def test_jobs_that_cannot_be_suspended_are_named(simulator, time, commcell):
    simulator.set(job_seconds=2 * HOUR)
    simulator.order_fault({"path": "job/*/action/*"}, {"kind": "forbidden"}, times=None)
    result = wait(commcell, time, start_jobs(commcell, NAMES[:1]), timeout=60, on_timeout="suspend")
    assert (outcomes(result), result["jobs"][0]["on_timeout"], result["changed"]) == (["timed_out"], None, False)
    assert "To suspend it failed:" in result["msg"]


def test_check_mode_looks_once_and_leaves_everything_alone(simulator, time, commcell):
    job_ids = start_jobs(commcell, NAMES[:3])
    before = len(simulator.writes())
    result = wait(commcell, time, [*job_ids, "5"], on_timeout="kill", check_mode=True)
    assert outcomes(result) == ["active"] * 3 + ["missing"]
    assert (time.slept, len(simulator.writes())) == (0, before)


@pytest.mark.parametrize("style", ["zero", "missing", "404", "empty"])
def test_a_job_that_does_not_exist_is_missing_after_a_while(simulator, time, commcell, style):
    simulator.set(not_visible=style)
    result = wait(commcell, time, ["5"])
    assert (outcomes(result), result["waited_seconds"]) == (["missing"], 90)


def test_an_outage_in_the_middle_is_survived(simulator, time, commcell):
    simulator.set(job_seconds=HOUR)
    job_ids = start_jobs(commcell, NAMES[:3])
    for kind in ("maintenance", "bad_gateway", "reset_after", "cut_json", "empty", "server_error"):
        simulator.order_fault({"path": "jobs"}, {"kind": kind}, times=3, after=5)
    result = wait(commcell, time, job_ids)
    assert outcomes(result) == ["succeeded"] * 3


def test_a_token_that_is_refused_ends_the_wait_with_what_is_known(simulator, time, commcell):
    simulator.set(job_seconds=HOUR)
    job_ids = start_jobs(commcell, NAMES[:3])
    simulator.order_fault(None, {"kind": "unauthorized"}, times=None, after=10)
    result = wait(commcell, time, job_ids)
    assert outcomes(result) == ["not_followed"] * 3
    assert [entry["status"] for entry in result["jobs"]] == ["Running"] * 3
    assert result["failure"]["kind"] == "authentication"
    assert result["waited_seconds"] < HOUR


@pytest.mark.parametrize("verb", ["kill", "suspend"])
def test_on_timeout_leaves_jobs_of_others_alone_and_says_so(simulator, time, commcell, verb):
    simulator.set(job_seconds=2 * HOUR)
    mine, theirs = start_jobs(commcell, NAMES[:2])
    result = wait_and_describe(
        commcell,
        [mine, theirs],
        WaitOptions(timeout=60.0, on_timeout=verb),
        own={mine},
        runtime=time,
    )
    assert [entry["on_timeout"] for entry in result["jobs"]] == [verb, None]
    assert "(db001): Running. It was left alone, since this run did not start it." in result["msg"]
    assert [write["endpoint"].rpartition("/")[0] for write in simulator.writes()[1:]] == [f"job/{mine}/action"]


def test_how_long_the_last_of_the_jobs_will_take_is_known_while_any_forecast_is(simulator, time, commcell):
    first, second, unknown = start_jobs(commcell, NAMES[:3])
    simulator.script("db000", [{"state": "Running", "seconds": 100}, "Completed"])
    now = time.now()
    left = []
    wait_and_describe(
        commcell,
        [first, second, unknown],
        WaitOptions(interval=60.0),
        expected_ends={first: now + 300, second: now + 900},
        on_progress=lambda wait: left.append(wait.expected_left),
        runtime=time,
    )
    assert left[0] == pytest.approx(900, abs=5)
    # The time goes down, and once the forecasts are over or their jobs have ended there is none to tell.
    known = [one for one in left if one is not None]
    assert known == sorted(known, reverse=True)
    assert left[-1] is None


def test_with_nothing_of_its_own_left_nothing_is_killed(simulator, time, commcell):
    simulator.set(job_seconds=2 * HOUR)
    (theirs,) = start_jobs(commcell, NAMES[:1])
    before = len(simulator.writes())
    result = wait_and_describe(
        commcell,
        [theirs],
        WaitOptions(timeout=60.0, on_timeout="kill"),
        own=set(),
        runtime=time,
    )
    assert (len(simulator.writes()), result["changed"]) == (before, False)
    assert "It was left alone, since this run did not start it." in result["msg"]


def test_a_kill_for_which_the_commcell_is_away_leaves_the_results_of_the_wait(simulator, time, commcell, monkeypatch):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:2])

    def away(*_args):
        raise CommvaultError("nobody answers", "connection")

    monkeypatch.setattr(wait_module, "control_jobs", away)
    result = wait(commcell, time, job_ids, timeout=60, on_timeout="kill")
    assert outcomes(result) == ["timed_out"] * 2
    assert [entry["on_timeout"] for entry in result["jobs"]] == [None, None]
    assert "To kill it failed: nobody answers" in result["msg"]
