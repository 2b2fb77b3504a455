# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's arithmetic, its table and its server; not how fast anything is."""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.error
import urllib.request

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import listing_body
from ansible_collections.rdsops.commvault.tests.bench import hosts, inventory
from ansible_collections.rdsops.commvault.tests.bench.events import AWX_LIMIT, add_up
from ansible_collections.rdsops.commvault.tests.bench.floor import request_body
from ansible_collections.rdsops.commvault.tests.bench.plan import Plan, WentWrong
from ansible_collections.rdsops.commvault.tests.bench.run import Bench, arguments, rounds
from ansible_collections.rdsops.commvault.tests.bench.stub import Stub
from ansible_collections.rdsops.commvault.tests.bench.table import Sample, Samples, align, render


@pytest.fixture
def plan():
    return Plan(fleet=100, loop=5, concurrency=4)


@pytest.fixture
def stub():
    with Stub() as running:
        yield running


def filled(plan, seconds):
    """Samples of two runs at 0 and 50 ms; seconds(case, latency, run) gives the time of each."""
    samples = Samples([0, 50])
    for run in (1, 2):
        for latency in samples.latencies:
            for case in plan.cases:
                took = seconds(case, latency, run)
                samples.add(case, latency, Sample(took, took / 2, case.backups, case.connections))
    return samples


class TestRatios:
    def test_ratio_divides_by_the_sum_of_what_it_is_held_against(self, plan):
        fleet = plan.ratios[-1]
        samples = filled(plan, lambda case, _latency, _run: 3.0 if case is fleet.case else 1.0)
        assert samples.ratio(fleet, 0) == pytest.approx(1.5)
        assert samples.cpu_ratio(fleet) == pytest.approx(1.5)

    def test_run_that_was_slow_as_a_whole_leaves_the_ratio_alone(self, plan):
        single = plan.ratios[0]
        samples = filled(plan, lambda case, _latency, run: (2.0 if case is single.case else 4.0) * 10**run)
        assert samples.ratio(single, 50) == pytest.approx(0.5)

    def test_ratio_is_that_of_one_latency(self, plan):
        single = plan.ratios[0]
        samples = filled(plan, lambda case, latency, _run: 8.0 if latency and case is single.case else 4.0)
        assert samples.ratio(single, 0) == pytest.approx(1.0)
        assert samples.ratio(single, 50) == pytest.approx(2.0)
        assert samples.cpu_ratio(single) == pytest.approx(1.5)

    def test_promises_are_held_against_uri_and_the_bare_script(self, plan):
        promised = {ratio.at_most: (ratio.case, ratio.over) for ratio in plan.ratios if ratio.at_most}
        start_up = plan.cases[0]
        ours, (uri,) = promised[1.0]
        assert (ours.backups, ours.what, uri.backups, uri.what) == (1, "module_loop", 1, "uri_loop")
        ours, (floor, also) = promised[1.3]
        assert (ours.backups, ours.what, floor.backups, floor.what) == (100, "fleet", 100, "floor")
        assert also is start_up


class TestTable:
    def test_shows_each_case_with_medians_and_counts(self, plan):
        text = render(plan, filled(plan, lambda case, latency, run: run + latency + case.backups))
        line = next(line for line in text.splitlines() if "bare script on requests" in line)
        # 0 ms: 101 and 102; 50 ms: 151 and 152; CPU time is half of all four
        assert line.split()[-5:] == ["101.50", "151.50", "63.25", "100", "4"]

    def test_shows_every_count_that_occurred(self, plan):
        samples = filled(plan, lambda *_args: 1.0)
        samples.taken[plan.cases[-1], 0][1] = Sample(1.0, 1.0, 100, 3)
        assert "3 or 4" in render(plan, samples)

    def test_shows_what_is_promised_beside_the_ratio(self, plan):
        text = render(plan, filled(plan, lambda *_args: 1.0))
        line = next(line for line in text.splitlines() if line.startswith("1 backup: module / uri"))
        assert line.split()[-5:] == ["1.00", "1.00", "1.00", "<=", "1.00"]

    def test_columns_line_up(self):
        assert align([["a", "1", "x"], ["bb"], ["c", "22"]], 3) == "a     1  x\nbb\nc    22"


class TestOrder:
    def test_every_case_is_measured_at_every_latency_in_each_run(self, plan):
        order = list(rounds(plan, [0, 50], 2))
        assert len(order) == len(set(order)) == len(plan.cases) * 2 * 2
        assert {(case, latency) for run, case, latency in order if run == 2} == {
            (case, latency) for case in plan.cases for latency in (0, 50)
        }

    def test_every_second_run_goes_the_other_way_round(self, plan):
        order = [(run, case) for run, case, _latency in rounds(plan, [0], 2)]
        assert [case for run, case in order if run == 1] == list(plan.cases)
        assert [case for run, case in order if run == 2] == list(reversed(plan.cases))


class TestCommandLine:
    def test_sizes_can_be_chosen(self):
        options = arguments(["--backups", "1000", "--latency", "0,20.5"])
        assert (options.backups, options.latency) == (1000, [0, 20.5])

    @pytest.mark.parametrize("wrong", ["--backups=0", "--runs=-1", "--concurrency=0", "--latency=-1"])
    def test_sizes_that_measure_nothing_are_refused(self, wrong, capsys):
        with pytest.raises(SystemExit):
            arguments([wrong])
        assert "positive" in capsys.readouterr().err


class TestStub:
    @staticmethod
    def post(stub, body, path="/createtask", **headers):
        request = urllib.request.Request(stub.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def test_answers_with_a_task_and_a_job_for_each_association(self, stub):
        reply = self.post(stub, request_body("aws-prod", "orders"), Authtoken="token")
        assert isinstance(reply["taskId"], int)
        assert [type(job_id) for job_id in reply["jobIds"]] == [str]

    def test_counts_until_it_is_asked(self, stub):
        for name in ("orders", "billing"):
            self.post(stub, request_body("aws-prod", name), Authtoken="token")
        assert stub.reset() == {"connections": 2, "requests": 2, "backups": 2, "refused": 0}
        assert stub.reset() == {"connections": 0, "requests": 0, "backups": 0, "refused": 0}

    def test_starts_no_instance_twice(self, stub):
        body = request_body("aws-prod", "orders")
        self.post(stub, body, Authtoken="token")
        assert self.post(stub, body, Authtoken="token")["errorCode"] == 2
        assert stub.reset() == {"connections": 2, "requests": 2, "backups": 1, "refused": 1}

    def test_lists_what_it_has_started_page_by_page(self, stub):
        for name in ("orders", "billing", "hr"):
            self.post(stub, request_body("aws-prod", name), Authtoken="token")
        body = listing_body(offset=1, limit=5)
        listed = self.post(stub, body, "/Jobs", Authtoken="token")
        assert listed["totalRecordsWithoutPaging"] == 3
        assert [row["jobSummary"]["subclient"]["instanceName"] for row in listed["jobs"]] == ["billing", "orders"]

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [("/createtask", {}, 401), ("/Jobs", {}, 401), ("/JobDetails", {"Authtoken": "token"}, 404)],
    )
    def test_refuses_what_the_api_would_refuse(self, stub, path, headers, status):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.post(stub, request_body("aws-prod", "orders"), path, **headers)
        with caught.value:
            assert caught.value.code == status
        assert stub.reset()["backups"] == 0

    def test_makes_callers_wait_as_long_as_it_is_told_to(self, stub):
        stub.reset(30_000)
        request = urllib.request.Request(
            stub.url + "/createtask",
            json.dumps(request_body("aws-prod", "orders")).encode(),
            {"Authtoken": "token"},
        )
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(request, timeout=0.2)


class TestMeasuring:
    def test_call_that_starts_all_may_look_at_the_list_of_jobs_beside_it(self, stub, tmp_path):
        fleet = next(case for case in Plan(3, 2, 1).cases if case.what == "fleet")
        assert Bench(stub, tmp_path, 1).measure(fleet, 0).requests == 2 + fleet.looks
        with pytest.raises(WentWrong, match=r"'requests': 4, 'backups': 2"):
            Bench(stub, tmp_path, 1).measure(dataclasses.replace(fleet, looks=0), 0)


class TestHosts:
    def test_every_case_that_is_not_too_large_for_a_size_is_in_the_table_with_its_share(self):
        role, debug, uri = hosts.ROLE, hosts.DEBUG, hosts.CASES[-1]
        samples = {
            (1000, role): [hosts.Sample(4, 3, 60), hosts.Sample(40, 3, 60)],
            (1000, debug): [hosts.Sample(10, 12, 50), hosts.Sample(100, 12, 50)],
            (5000, role): [hosts.Sample(9, 8, 80)],
        }
        lines = hosts.render([1000, 5000], samples).splitlines()
        told = [line.removeprefix(f"  {role.says}").split() for line in lines if role.says in line]
        assert told == [
            ["22.00", "3.00", "60", "0.40", "<=", "0.35", "of", "debug"],
            ["9.00", "8.00", "80", "<=", "12", "s,", "110", "MB"],
        ]
        assert uri.says not in "".join(lines)

    def test_inventory_has_so_many_hosts_and_all_are_different(self):
        named = hosts.inventory(100)["oracle_rds"]["hosts"]
        assert len({values["commvault_instance_name"] for values in named.values()}) == 100

    def test_play_that_starts_nothing_has_gone_wrong(self, stub, tmp_path):
        once = hosts.CASES[0]
        promising = dataclasses.replace(once, starts=True)
        assert hosts.measure(stub, once, 2, tmp_path).seconds > 0
        with pytest.raises(WentWrong, match="0 backups"):
            hosts.measure(stub, promising, 2, tmp_path)

    def test_what_a_run_leaves_in_events_is_added_up(self, stub, tmp_path, monkeypatch):
        monkeypatch.setenv("MAX_EVENT_RES", "10")
        few, more = (hosts.measure_events(stub, number, tmp_path) for number in (2, 30))
        assert stub.reset()["backups"] == 30
        assert {few.task, more.task} <= {"Start the backups", "Wait for the jobs"}
        # An entry, and the line of the summary; 700,000 characters are about 900 hosts in AWX's own view of the task.
        assert 28 * 300 < more.largest - few.largest < 28 * 800
        assert more.largest < more.characters

    def test_what_awx_does_not_show_is_told(self):
        event = {"event_data": {"task": "Start", "res": {"text": "x" * AWX_LIMIT}}}
        other = {"event_data": {"task": "Other", "res": {"text": "x"}}}
        assert add_up([{"event": "verbose"}, other, event]).told(5) == (
            "5 hosts: 3 events of 0.70 MB together; the largest result has 0.70 MB (Start): AWX leaves it out"
        )
        assert add_up([other]).told(1).endswith("has 0.00 MB (Other): AWX shows it")


class TestInventory:
    def test_the_inventory_is_measured_anew_from_the_cache_and_as_a_file(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(inventory, "CASES", inventory.CASES[:1])
        inventory.run(tmp_path, clients=3, subclients=7, latency=0)
        counted = re.findall(r"^(\S.*?) {2,}(\d+) +(\d+) ", capsys.readouterr().out, flags=re.MULTILINE)
        assert counted == [("auto", "7", "5"), ("auto, cached", "7", "0"), ("a file", "7", "0")]

    def test_what_cannot_be_read_is_not_measured(self, tmp_path, monkeypatch):
        wrong = inventory.Case("wrong", {}, {"source": "nothing"})
        monkeypatch.setattr(inventory, "CASES", (wrong,))
        with pytest.raises(WentWrong, match="Invalid value 'nothing'"):
            inventory.run(tmp_path, clients=1, subclients=1, latency=0)
