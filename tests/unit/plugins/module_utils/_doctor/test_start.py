# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One start shows what reads cannot: how soon a job is visible, by which clock it begins, what comes back with it."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.start import watch_start
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import make_instance
from ansible_collections.rdsops.commvault.tests.simulator.variants import settings_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of

ESTATE = {"clients": [{"name": "aws-prod", "instances": ["orders", {"name": "noplan", "plan": None}]}]}


@pytest.fixture
def watch(simulator):
    """What one start shows: the lines by their names, and all the rest."""

    def run(instance="orders", timeout=3600.0):
        runtime = SimulatedRuntime(simulator, standing=True)
        with commcell_of(simulator) as commcell:
            one = make_instance({"client_name": "aws-prod", "instance_name": instance})
            seen = watch_start(commcell, one, "full", {}, timeout, runtime)
        return {finding.check: (finding.status, finding.seen) for finding in seen.found.findings}, seen

    return run


def test_a_job_is_followed_through_its_states_to_its_end(watch, simulator):
    simulator.script(
        "orders",
        [{"state": "Waiting", "seconds": 10}, {"state": "Running", "seconds": 300}, "Completed"],
    )
    lines, seen = watch()
    assert [one["state"] for one in seen.life] == ["Waiting", "Running", "Completed"]
    assert lines["start_end"] == ("ok", "Completed, with jobEndTime.")
    assert lines["start_task"] == ("ok", "The same task id.")
    assert seen.found.differences == {}


def test_what_is_not_started_shows_nothing(watch, simulator):
    lines, seen = watch("noplan")
    assert {status for status, _words in lines.values()} == {"not_seen"}
    assert lines["start_ids"][1] == "Nothing was started: refused."
    assert (seen.life, seen.found.differences) == ([], {})


def test_a_job_that_is_listed_late_proposes_how_long_to_look_for_it(watch, simulator):
    simulator.set(visibility_lag=20)
    lines, seen = watch()
    assert lines["start_lag"][0] == "differs"
    assert 20 <= seen.found.differences["visibility_lag"] <= 26


def test_a_job_that_never_shows_up_differs(watch, simulator):
    simulator.set(visibility_lag=7200)
    lines, seen = watch(timeout=600)
    assert lines == {"start_ids": ("differs", "The job that createtask named never showed up.")}
    assert seen.backup.job_ids


def test_a_clock_that_is_not_that_of_the_jobs_proposes_by_how_much(watch, simulator):
    simulator.set(clock_skew=60)
    lines, seen = watch()
    assert lines["start_clock"][0] == "differs"
    assert seen.found.differences["clock_skew"] == pytest.approx(60, abs=5)
    assert "ahead of the start of the job" in lines["start_clock"][1]


def test_a_job_that_outlives_the_time_goes_on(watch, simulator):
    simulator.set(job_seconds=7200)
    lines, _seen = watch(timeout=120)
    assert lines["start_end"] == ("not_seen", "The job goes on (Running).")
    assert [job["state"] for job in simulator.jobs()][-1] == "Running"


def test_details_that_cannot_be_read_differ_and_a_poll_that_fails_is_repeated(watch, simulator):
    simulator.order_fault({"path": "jobdetails"}, {"kind": "forbidden"}, times=None)
    simulator.order_fault({"path": "job/*"}, {"kind": "reset_before"}, times=2)
    lines, _seen = watch()
    assert lines["start_task"] == ("differs", "JobDetails has no task id.")
    assert lines["start_end"][0] == "ok"


def test_a_description_that_comes_back_proposes_to_mark_jobs(watch, simulator):
    simulator.set(row_description=True)
    lines, seen = watch()
    assert lines["start_marker"] == ("ok", "It comes back.")
    assert seen.found.differences["job_marker"] is True


def test_a_row_that_is_not_as_assumed_names_the_lines_that_say_how(watch, simulator):
    simulator.set(**settings_of("other-type"))
    lines, seen = watch()
    assert lines["start_row"] == ("differs", "Differing: job_type.")
    assert seen.found.differences["job_types"] == ["Data Pump Export"]
