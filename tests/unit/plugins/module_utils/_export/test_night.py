# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole nights on a simulator whose clock moves when somebody waits."""

from __future__ import annotations

import datetime
import itertools

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._export.export import LAST_GOOD_AGE, Export
from ansible_collections.rdsops.commvault.plugins.module_utils._export.night import Night, Schedule, parse_end
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    ExportPlan,
    make_instances,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobsApi
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import JobReader
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of

CLIENTS = ["aws-prod", "aws-dev"]
PER_CLIENT = 25
HOUR = 3600


def usual(number):
    """Seconds that backups of a database take."""
    return 300 + number * 37 % 1500


def database(number):
    """With a week of backups that take within a tenth of what is usual; tonight's takes as long as that, too."""
    seconds = usual(number)
    history = [{"age": HOUR + day * 86400, "seconds": seconds * (0.9 + (number + day) % 3 / 10)} for day in range(7)]
    tonight = seconds * (0.95 + number % 2 / 10)
    script = [{"state": "Running", "seconds": tonight}, "Completed"]
    return {"name": f"db{number:03d}", "history": history, "script": script}


ESTATE = {
    "clients": [
        {"name": client, "instances": [database(place * PER_CLIENT + number) for number in range(PER_CLIENT)]}
        for place, client in enumerate(CLIENTS)
    ]
}
ALL = [
    {"client_name": client, "instance_name": f"db{place * PER_CLIENT + number:03d}"}
    for place, client in enumerate(CLIENTS)
    for number in range(PER_CLIENT)
]


@pytest.fixture
def runtime(simulator):
    return SimulatedRuntime(simulator, standing=True)


@pytest.fixture
def night(simulator, runtime):
    """Makes what starts backups by a schedule."""
    with commcell_of(simulator) as commcell:
        commcell.now = runtime.now

        def make(parent_has_died=lambda: False, **options):
            plan = ExportPlan(concurrency=4, look_back=LAST_GOOD_AGE)
            export = Export(commcell, ExportOptions(), plan, runtime)
            reader = JobReader(JobsApi(commcell))
            return Night(export, reader, Schedule(**options), runtime, parent_has_died)

        yield make


def instances(count=50):
    return make_instances(ALL[:count])


def tonight(simulator):
    """The jobs that were started since."""
    return [job for job in simulator.jobs() if job["user"] != "scheduler"]


def test_never_more_at_once_than_allowed_and_the_forecast_holds(simulator, runtime, night):
    begun = runtime.now()
    backups = night(per_client=5, longest_first=True, interval=60.0, must_end_by=begun + 12 * HOUR).run(instances())
    assert {backup.state for backup in backups} == {"started"}
    runtime.sleep(2 * HOUR)
    for client in CLIENTS:
        spans = [(job["created"], job["ended"]) for job in tonight(simulator) if job["client"] == client]
        assert len(spans) == PER_CLIENT
        moments = sorted(itertools.chain(((start, 1) for start, _end in spans), ((end, -1) for _start, end in spans)))
        assert max(itertools.accumulate(change for _moment, change in moments)) == 5
    ends = {job["job_id"]: (job["created"], job["ended"]) for job in tonight(simulator)}
    for backup in backups:
        started, ended = ends[int(backup.job_ids[0])]
        assert abs(backup.expected_end - ended) <= 0.2 * (ended - started) + 5
    last = max(job["ended"] for job in tonight(simulator))
    # What was promised before anything was started is what then came, give or take the polls in between.
    forecast = sum(usual(number) for number in range(PER_CLIENT, 2 * PER_CLIENT)) / 5
    assert last - begun == pytest.approx(forecast, rel=0.2)


def test_what_takes_longest_is_started_first(simulator, night):
    night(longest_first=True, per_client=1, wait_timeout=1.0).run(instances(3))
    (job,) = tonight(simulator)
    assert job["instance"] == "db002"


def test_what_will_not_end_in_time_is_left_out_or_warned_of(simulator, runtime, night):
    end = runtime.now() + 600
    wanted = instances(20)
    late = {f"db{number:03d}" for number in range(20) if usual(number) > 610}
    skipping = night(must_end_by=end, skip_late=True)
    backups = skipping.run(wanted)
    assert {one.instance.instance_name for one in backups if one.state == "not_submitted"} == late
    assert all("would not end by" in one.msg for one in backups if one.state == "not_submitted")
    assert skipping.warnings[0].startswith(f"{len(late)} of 20 backups will not end by")
    runtime.sleep(600)
    warning = night(must_end_by=runtime.now() + 600)
    assert {one.state for one in warning.run(wanted)} == {"started"}
    assert "They are started all the same." in warning.warnings[0]


def test_a_dry_run_says_the_same_and_starts_nothing(simulator, runtime, night):
    dry = night(must_end_by=runtime.now() + 600, skip_late=True)
    states = [backup.state for backup in dry.preview(instances(20))]
    assert states.count("not_submitted") == int(dry.warnings[0].split()[0]) > 0
    assert simulator.writes() == []


def test_nothing_is_started_after_the_end(simulator, runtime, night):
    end = runtime.now() + 1200
    backups = night(per_client=2, must_end_by=end).run(instances(40))
    left = [one for one in backups if one.state == "not_submitted"]
    assert left
    assert all("(must_end_by)" in one.msg for one in left)
    assert max(job["created"] for job in tonight(simulator)) <= end


def test_starts_wait_no_longer_than_they_may(simulator, runtime, night):
    backups = night(per_client=2, wait_timeout=600.0).run(instances(40))
    assert {one.state for one in backups} == {"started", "not_submitted"}
    assert "concurrency_per_client" in next(one.msg for one in backups if one.state == "not_submitted")
    assert runtime.slept <= 660


@pytest.mark.parametrize(("kind", "states"), [("server", {"started"}), ("internal", {"started", "not_submitted"})])
def test_a_poll_that_fails_is_one_poll_missed_unless_it_is_of_no_use(night, monkeypatch, kind, states):
    one = night(per_client=2)
    read, polls = one._reader.read, []

    def fail(job_ids):
        polls.append(job_ids)
        if len(polls) < 3:
            raise CommvaultError("no", kind)
        return read(job_ids)

    monkeypatch.setattr(one._reader, "read", fail)
    assert {backup.state for backup in one.run(instances(4))} == states


def test_nobody_is_started_once_ansible_has_ended(simulator, night):
    backups = night(lambda: len(simulator.writes()) >= 2, per_client=2).run(instances(10))
    assert [one.state for one in backups].count("started") == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("6h", 6 * HOUR), ("2026-01-02T06:00:00Z", 6 * HOUR), ("2026-01-02T07:00:00+01:00", 6 * HOUR)]
)
def test_an_end_is_a_time_or_a_duration(text, seconds):
    midnight = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc).timestamp()
    assert parse_end(text, midnight) == midnight + seconds


def test_a_time_of_day_is_the_next_one_here():
    noon = datetime.datetime(2026, 1, 2, 12).astimezone()
    assert parse_end("13:30", noon.timestamp()) - noon.timestamp() == 1.5 * HOUR
    assert parse_end("11:00", noon.timestamp()) - noon.timestamp() == pytest.approx(23 * HOUR, abs=HOUR)


@pytest.mark.parametrize("text", ["2020-01-01T00:00:00Z", "0", "soon", "25:00"])
def test_an_end_that_is_over_or_none_is_refused(text):
    with pytest.raises(InvalidInput, match="must_end_by"):
        parse_end(text, 1767312000.0)
