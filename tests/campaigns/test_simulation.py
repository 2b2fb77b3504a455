# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.campaigns.simulation.commserve import Job, Truth
from ansible_collections.rdsops.commvault.tests.campaigns.simulation.scenario import (
    ALL_VARIANTS,
    VARIANTS,
    Scenario,
    draw,
)
from ansible_collections.rdsops.commvault.tests.campaigns.simulation.scheduler import Process, Scheduler, Stalled
from ansible_collections.rdsops.commvault.tests.campaigns.simulation.shrink import shrink
from ansible_collections.rdsops.commvault.tests.simulator.variants import VARIANTS as SIMULATED

PACKAGE = "ansible_collections.rdsops.commvault.tests.campaigns.simulation"


@pytest.fixture
def simulation(tmp_path):
    """Runs the campaign's program, which puts its whole process onto virtual time."""
    # The collection where ansible finds it, as a directory that Python can import from.
    link = tmp_path / "ansible_collections" / "rdsops" / "commvault"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path(__file__).parents[2])

    def run(*arguments, timeout=900, program=("-m", PACKAGE)):
        variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, *program, *map(str, arguments)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=timeout, check=False)

    return run


@pytest.fixture
def world(simulation, tmp_path):
    """Runs one world of the given events and returns the kinds of promises that it breaks."""

    def run(*events, plant=None):
        path = tmp_path / "events.json"
        path.write_text(json.dumps({"seed": "test", "events": events}), encoding="utf-8")
        done = simulation("--events", path, *(("--plant", plant) if plant else ()))
        assert "trace" in done.stdout, done.stderr
        return {line.partition(" ")[2].partition(":")[0] for line in done.stdout.splitlines() if "BROKEN" in line}

    return run


def test_a_slice_of_the_simulation_breaks_no_promise(simulation):
    done = simulation("--submissions", 4000, "--seed", 20260101)
    assert "Every promise was kept." in done.stdout, done.stdout + done.stderr
    # Without these, the slice would have tested nothing.
    for word in ("started", "adopted", "unknown", "killed", "two at once", "requests in outages"):
        assert f"  {word} " in done.stdout


def test_a_slice_of_commcells_that_differ_breaks_no_promise_with_their_profiles(simulation):
    done = simulation("--submissions", 2000, "--seed", f"20260101{ALL_VARIANTS}")
    assert "Every promise was kept." in done.stdout, done.stdout + done.stderr
    for name in VARIANTS:
        assert f"  worlds of {name} " in done.stdout
    for word in ("started", "adopted", "unknown", "two at once"):
        assert f"  {word} " in done.stdout


NIGHT = """
import json, sys
from {package} import checker, scenario, world
for variant in scenario.VARIANTS:
    events = [*json.loads(sys.argv[1]), {{"kind": "variant", "name": variant}}]
    outcome = world.World(scenario.Scenario("night", tuple(events))).run()
    states = {{entry["id"]: entry["state"] for entry in outcome.launches[0].result["backups"]}}
    broken = [finding.kind for finding in checker.check(outcome).findings]
    print(json.dumps([variant, states, len(outcome.truth.starts), broken]))
"""


def test_an_ordinary_night_a_lost_answer_and_an_age_are_right_on_each_with_its_profile(simulation):
    young = {"kind": "instance", "name": "db02", "history": {"age": 7200, "seconds": 900, "ending": "Completed"}}
    events = [
        {"kind": "instance", "name": "db00"},
        {"kind": "instance", "name": "db01"},
        young,
        {"kind": "start_fault", "instance": "db01", "attempt": 0, "fault": "reset after"},
        launch(options={"max_age": "24h"}),
    ]
    done = simulation(json.dumps(events), program=("-c", NIGHT.format(package=PACKAGE)))
    seen = {name: rest for name, *rest in map(json.loads, done.stdout.splitlines())}
    expected = [{"db00": "started", "db01": "adopted", "db02": "recent"}, 2, []]
    assert seen == dict.fromkeys(VARIANTS, expected), done.stderr


def test_every_variant_of_the_simulator_is_in_the_simulation():
    assert set(VARIANTS) == set(SIMULATED)


def test_a_world_leaves_the_same_trace_in_each_process(simulation):
    done = simulation("--same", 10, "--seed", "test")
    assert "10 of 10 worlds left the same trace three times" in done.stdout, done.stdout + done.stderr


INSTANCE = {"kind": "instance", "name": "db00"}
QUEUEING = {"kind": "setting", "name": "queueing", "value": True}


def launch(number=0, **values):
    return {"kind": "launch", "number": number, "options": {}, "credential": "token", "at": 100.0, **values}


LOST = {"kind": "start_fault", "instance": "db00", "attempt": 0, "fault": "reset after"}
NEVER_RAN = {"kind": "start_fault", "instance": "db00", "attempt": 0, "fault": "reset before"}
STRANGER = {
    "kind": "stranger",
    "instance": "db00",
    "attempt": 0,
    "before": -0.4,
    "user": "admin",
    "level": "Full",
    "started_from": "Interactive",
}
OVERDUE = {"wait": True, "wait_timeout": "10m", "wait_interval": "5m", "on_timeout": "kill"}
OTHER = {"kind": "instance", "name": "db01"}
BUSY = {**OTHER, "history": {"age": 600, "seconds": 90_000, "ending": "Completed"}}
OUTAGE = {"kind": "outage", "at": 99.0, "seconds": 250.0, "fault": "503 before"}


@pytest.mark.parametrize(
    ("plant", "broken", "events"),
    [
        ("send_lost_requests_again", "twice unsaid", [INSTANCE, QUEUEING, LOST, launch()]),
        ("call_lost_requests_refused", "lost", [INSTANCE, LOST, launch()]),
        ("take_any_job_for_ours", "claimed", [INSTANCE, NEVER_RAN, STRANGER, launch()]),
        ("kill_the_jobs_before", "touched", [INSTANCE, BUSY, launch(options=OVERDUE)]),
        ("start_without_a_look", "twice unsaid", [INSTANCE, OTHER, QUEUEING, launch(), launch(1)]),
        ("never_rest", "hammered", [INSTANCE, OTHER, OUTAGE, launch()]),
    ],
)
def test_a_planted_fault_is_found(world, plant, broken, events):
    assert world(*events) == set()
    assert broken in world(*events, plant=plant)


# --- the scheduler


def test_threads_run_one_at_a_time_in_the_order_of_virtual_time():
    def history(seed):
        scheduler, seen = Scheduler(seed), []
        process = Process("p")

        def work(name, pauses):
            for pause in pauses:
                scheduler.pause(pause)
                seen.append((name, scheduler.now))

        scheduler.spawn(process, lambda: work("a", [1.0, 1.0]))
        scheduler.spawn(process, lambda: work("b", [1.5]))
        scheduler.run()
        return seen

    assert history("1") == [("a", 1.0), ("b", 1.5), ("a", 2.0)]


def test_threads_that_wait_for_each_other_are_told_of():
    scheduler = Scheduler("1")
    scheduler.spawn(Process("p"), scheduler.park)
    with pytest.raises(Stalled, match="deadlock"):
        scheduler.run()


def test_a_killed_process_does_nothing_more():
    scheduler, seen = Scheduler("1"), []
    process = Process("p", kill_at_step=2)

    def work():
        for number in range(5):
            scheduler.pause(1.0)
            seen.append(number)

    scheduler.spawn(process, work)
    scheduler.run()
    assert seen == [0]
    assert process.dead


# --- shrinking


def test_only_the_events_that_matter_are_left():
    scenario = draw("1:1")
    launch_number = scenario.of("launch")[0]["number"]

    def shows(candidate: Scenario) -> bool:
        return any(event["kind"] == "launch" and event["number"] == launch_number for event in candidate.events)

    left = shrink(scenario, shows).events
    assert [event["kind"] for event in left] == ["launch"]
    assert left[0]["options"] == {}


# --- the truth


def test_a_queued_job_begins_when_the_one_before_has_ended():
    job = Job(2, 1, "db00", None, "u", "Full", created=10.0, visible=10.0, seconds=5.0, ending="Completed")
    job.begins, job.ended = 20.0, 25.0
    assert [job.status_at(moment) for moment in (15.0, 21.0, 25.0)] == ["Queued", "Running", "Completed"]
    assert Truth().jobs == {}
