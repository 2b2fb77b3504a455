# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole nights on a simulator whose clock moves when somebody waits."""

from __future__ import annotations

import datetime
import itertools
import time
from dataclasses import replace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._export.night import parse_end
from ansible_collections.rdsops.commvault.tests.support.nights import (
    HOUR,
    check_night,
    estate_of,
    instances_of,
    make_night,
    tonight,
    usual,
)
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of

PER_CLIENT = 25
ESTATE = estate_of(PER_CLIENT)


@pytest.fixture
def runtime(simulator):
    return SimulatedRuntime(simulator, standing=True)


@pytest.fixture
def commcell(simulator):
    with commcell_of(simulator) as commcell:
        yield commcell


@pytest.fixture
def night(commcell, runtime):
    """Makes what starts backups by a schedule."""
    return lambda *args, **options: make_night(commcell, runtime, *args, **options)


def instances(count):
    return instances_of(PER_CLIENT, count)


def test_never_more_at_once_than_allowed_and_the_forecast_holds(simulator, runtime, commcell):
    check_night(simulator, runtime, commcell, PER_CLIENT)


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


def test_jobs_that_are_not_listed_for_long_count_as_at_work(simulator, runtime):
    simulator.set(visibility_lag=200)
    with commcell_of(simulator, commcell_profile={"visibility_lag": 200}) as commcell:
        make_night(commcell, runtime, per_client=1).run(instances(3))
    spans = sorted((job["created"], job["ended"] or runtime.now()) for job in tonight(simulator))
    assert len(spans) == 3
    assert all(end <= start for (_start, end), (start, _end) in itertools.pairwise(spans))


def test_nobody_waits_behind_a_job_that_is_being_killed(runtime, night, monkeypatch):
    one = night(per_client=1, wait_timeout=HOUR)
    read = one._reader.read

    def killed(job_ids):
        return {job_id: replace(job, status="Kill Pending") for job_id, job in read(job_ids).items()}

    monkeypatch.setattr(one._reader, "read", killed)
    assert [backup.state for backup in one.run(instances(3))] == ["started"] * 3
    assert runtime.slept < 300


def test_starts_wait_no_longer_than_the_task_may_take(runtime, night):
    backups = night(per_client=2, deadline=runtime.monotonic() + 600.0).run(instances(40))
    assert {one.state for one in backups} == {"started", "not_submitted"}
    assert "(timeout)" in next(one.msg for one in backups if one.state == "not_submitted")
    assert runtime.slept == 600


def test_a_job_that_cannot_be_read_counts_as_at_work_and_holds_up_no_other(night, monkeypatch):
    one = night(per_client=2, wait_timeout=2 * HOUR)
    read, asked = one._reader.read, []

    def all_but_the_first(job_ids):
        asked.append(tuple(job_ids))
        error = CommvaultError("no", "server")
        error.found = {job_id: job for job_id, job in read(job_ids).items() if job_id != asked[0][0]}
        raise error

    monkeypatch.setattr(one._reader, "read", all_but_the_first)
    assert [backup.state for backup in one.run(instances(4))] == ["started"] * 4
    assert {len(job_ids) for job_ids in asked} == {2}
    assert all(asked[0][0] in job_ids for job_ids in asked)


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


@pytest.mark.parametrize("where", ["_check_history", "read"])
def test_a_fault_in_a_later_round_loses_no_start(simulator, night, monkeypatch, where):
    one = night(per_client=2)
    rounds = [one._export._check_history]

    def check_history(*given):
        return rounds.pop()(*given)

    if where == "read":
        monkeypatch.setattr(one._reader, "read", lambda _job_ids: 1 / 0)
    else:
        monkeypatch.setattr(one._export, "_check_history", check_history)
    backups = one.run(instances(6))
    assert [backup.state for backup in backups[:2]] == ["started", "started"]
    assert {backup.state for backup in backups[2:]} == {"not_submitted"}
    assert "A fault in rdsops.commvault" in backups[2].msg
    assert len(tonight(simulator)) == 2


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


@pytest.fixture
def in_berlin(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("text", "hours"),
    [("23:00", 1), ("06:00", 7), ("21:00", 22), ("2026-03-29T06:00", 7), ("2026-03-30T06:00", 31)],
)
def test_an_end_behind_the_change_to_summer_time_is_as_clocks_show_it_then(text, hours):
    evening = datetime.datetime(2026, 3, 28, 22, tzinfo=datetime.timezone(datetime.timedelta(hours=1))).timestamp()
    assert parse_end(text, evening) - evening == hours * HOUR


@pytest.mark.parametrize("text", ["2020-01-01T00:00:00Z", "0", "soon", "25:00"])
def test_an_end_that_is_over_or_none_is_refused(text):
    with pytest.raises(InvalidInput, match="must_end_by"):
        parse_end(text, 1767312000.0)
