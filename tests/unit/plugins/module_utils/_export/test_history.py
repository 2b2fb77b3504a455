# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.clients import MAX_LOOKUPS, ClientDirectory
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import Client
from ansible_collections.rdsops.commvault.plugins.module_utils._export.history import (
    ClientJobs,
    HistoryCheck,
    JobListing,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import GIVE_UP_AFTER

NOW = 1767225600.0
HOUR = 3600


def job(job_id, instance="orders", *, client="aws-prod", ended=HOUR, good=True, level="Full"):
    """ended: seconds ago, None while it runs."""
    return SimpleNamespace(
        id=str(job_id),
        client_name=client,
        instance_name=instance,
        subclient_name="default",
        application_id=22,
        start_time=int(NOW - 9999),
        end_time=None if ended is None else int(NOW - ended),
        status="Running" if ended is None else "Completed" if good else "Failed",
        finished=ended is not None,
        backup_level=level,
        ended_well=lambda _fail_on: good,
    )


ORDERS = (Instance("aws-prod", "orders"),)


def check(jobs, instances=ORDERS, unread=None, **options):
    """unread: by client, why its jobs could not be read."""
    defaults = {"max_age": 24 * HOUR, "backup_level": "incremental", "fail_on": "errors", "adopt_running": True}
    return HistoryCheck(lambda: NOW, **{**defaults, **options}).check(instances, JobListing(jobs, unread or {}))


def test_a_young_good_backup_spares_a_new_one_and_is_named():
    history = check([job(7, ended=2 * HOUR)])
    backup = history.settled[0]
    assert (backup.state, backup.job_ids, backup.changed, backup.ok) == ("recent", ("7",), False, True)
    assert "job 7 ended 2 h 00 min ago" in backup.msg
    assert backup.age == 2 * HOUR


@pytest.mark.parametrize(
    "found",
    [
        job(7, ended=25 * HOUR),
        job(7, good=False),
        job(7, instance="billing"),
        job(7, client="aws-dev"),
    ],
)
def test_anything_else_does_not(found):
    history = check([found])
    assert history.settled == {}


def test_the_youngest_of_several_is_named():
    history = check([job(5, ended=9 * HOUR), job(7, ended=HOUR), job(6, ended=3 * HOUR)])
    assert history.settled[0].job_ids == ("7",)


@pytest.mark.parametrize(
    ("wanted", "had", "spared"), [("full", "Full", 1), ("full", "Incremental", 0), ("incremental", "Full", 1)]
)
def test_a_lesser_level_does_not_count(wanted, had, spared):
    history = check([job(7, level=had)], backup_level=wanted)
    assert len(history.settled) == spared


def test_what_runs_is_adopted_before_anything_else_counts():
    history = check([job(7, ended=HOUR), job(9, ended=None)])
    backup = history.settled[0]
    assert (backup.state, backup.job_ids, backup.changed) == ("adopted", ("9",), False)


def test_what_runs_is_refused_where_adopting_is_not_wanted():
    history = check([job(9, ended=None)], adopt_running=False)
    backup = history.settled[0]
    assert (backup.state, backup.failure["kind"]) == ("refused", "already_running")


def test_a_job_that_names_the_client_by_its_display_name_counts():
    shown = Instance("aws-prod", "orders", display_name="AWS production")
    assert check([job(7, client="aws production")], [shown]).settled[0].job_ids == ("7",)


@pytest.mark.parametrize("kind", ["permission", "authentication", "not_found"])
def test_where_the_history_is_hidden_the_backup_is_started_and_that_is_said(kind):
    history = check([], unread={"aws-prod": RequestError("Hidden.", kind)})
    assert history.settled == {}
    assert history.gaps[0].hidden is True
    assert history.gaps[0].text == "whether another backup of it runs or was made a short while ago: Hidden."
    (warning,) = history.warnings
    assert warning.startswith(
        "The jobs of client 'aws-prod' cannot be seen, so nothing is known of other backups that run"
    )
    assert warning.endswith(" or were made a short while ago: Hidden.")


def test_where_the_history_cannot_be_read_nothing_is_started_for_that_client():
    instances = [Instance("aws-prod", "orders"), Instance("aws-dev", "orders")]
    history = check([], instances, {"aws-prod": RequestError("It is down.", "server")})
    assert (history.settled, history.warnings, list(history.gaps)) == ({}, [], [0])
    backup = history.gaps[0].not_submitted(instances[0])
    assert (backup.state, backup.failure["kind"]) == ("not_submitted", "not_submitted")
    assert "runs or was made a short while ago could not be read. It is down." in backup.msg


def test_where_only_running_ones_matter_what_cannot_be_read_is_a_warning():
    history = check([], unread={"aws-prod": RequestError("It is down.", "server")}, max_age=None)
    assert history.gaps[0].text == "whether another backup of it runs: It is down."
    assert history.warnings == [
        "The jobs of client 'aws-prod' could not be read, so nothing is known of other backups that run: It is down."
    ]


def test_of_many_clients_one_warning_tells_how_many_for_each_cause():
    instances = [Instance(f"c{number}", name) for number in range(5) for name in ("orders", "billing")]
    hidden = RequestError("Hidden.", "permission")
    unread = {**{f"c{number}": hidden for number in range(4)}, "c4": RequestError("Gone.", "not_found")}
    first, second = check([], instances, unread).warnings
    assert first.startswith("The jobs of 4 clients ('c0', 'c1', 'c2' and 1 more) cannot be seen")
    assert second.startswith("The jobs of client 'c4' cannot be seen")


class FakeCommCell:
    """Clients and their jobs; calls: what was read. errors: by call, what reading that raises."""

    def __init__(self, clients, errors=None, unlisted=()):
        self._clients, self._errors, self._unlisted = clients, errors or {}, unlisted
        self.calls = []

    def _call(self, *call):
        self.calls.append(call)
        if call[0] in self._errors:
            raise self._errors[call[0]]
        if call in self._errors:
            raise self._errors[call]

    def client_id(self, name):
        self._call("client_id", name)
        return self._clients.get(name)

    def clients(self):
        self._call("clients")
        shown = {name: number for name, number in self._clients.items() if name not in self._unlisted}
        return [Client(number, name.upper(), name) for name, number in shown.items()]

    def recent(self, client_ids, age):
        self._call("recent", tuple(sorted(client_ids)), age)
        return [job(number, client=name) for name, number in self._clients.items()]

    def active(self):
        self._call("active")
        return [job(1, ended=None)]


def many(count):
    return {f"c{number}": number + 1 for number in range(count)}


def reading(cell):
    return ClientJobs(ClientDirectory(cell, concurrency=1), cell)


def test_the_jobs_of_all_clients_are_one_listing():
    cell = FakeCommCell(many(3))
    clients = ClientDirectory(cell, concurrency=1)
    clients.remember_id("C2", 3)
    jobs = ClientJobs(clients, cell)
    seen = jobs.past(["c0", "C0", "c1", "c2", "no-such"], HOUR)
    assert (len(seen.jobs), seen.unread) == (3, {})
    assert cell.calls == [
        ("client_id", "c0"),
        ("client_id", "c1"),
        ("client_id", "no-such"),
        ("recent", (1, 2, 3), HOUR),
    ]
    jobs.past(["c0", "c1", "no-such"], 2 * HOUR)
    assert cell.calls[4:] == [("recent", (1, 2), 2 * HOUR)], "numbers are read once"


def test_of_many_clients_the_numbers_are_one_listing_too():
    cell = FakeCommCell(many(MAX_LOOKUPS + 1), unlisted=("c3",))
    assert reading(cell).past(many(MAX_LOOKUPS + 1), HOUR).unread == {}
    assert cell.calls == [
        ("clients",),
        ("client_id", "c3"),
        ("recent", tuple(range(1, MAX_LOOKUPS + 2)), HOUR),
    ]


def test_where_the_clients_cannot_be_listed_each_is_asked_for():
    cell = FakeCommCell(many(MAX_LOOKUPS + 1), {"clients": CommvaultError("Hidden.", "permission")})
    assert reading(cell).past(many(MAX_LOOKUPS + 1), HOUR).unread == {}
    assert [call[0] for call in cell.calls] == ["clients", *["client_id"] * (MAX_LOOKUPS + 1), "recent"]


@pytest.mark.parametrize(("count", "calls"), [(MAX_LOOKUPS + 1, 1), (MAX_LOOKUPS, GIVE_UP_AFTER)])
def test_a_server_out_of_reach_is_not_asked_for_each_client(count, calls):
    error = CommvaultError("It is down.", "connection")
    cell = FakeCommCell(many(count), {"clients": error, "client_id": error})
    seen = reading(cell).past(many(count), HOUR)
    assert seen == ([], dict.fromkeys(many(count), error))
    assert len(cell.calls) == calls


def test_of_very_many_clients_the_list_names_none():
    cell = FakeCommCell(many(2))
    reading(cell).past([f"c{number}" for number in range(501)], HOUR)
    assert cell.calls == [("recent", (), HOUR)]


def test_nothing_is_listed_for_clients_that_nobody_sees():
    cell = FakeCommCell({})
    assert reading(cell).past(["c0"], HOUR) == ([], {})
    assert cell.calls == [("client_id", "c0")]


def test_one_client_whose_number_cannot_be_read_does_not_hide_the_others():
    error = CommvaultError("Hidden.", "permission")
    cell = FakeCommCell(many(2), {("client_id", "c0"): error})
    seen = reading(cell).past(["c0", "c1"], HOUR)
    assert seen.unread == {"c0": error}
    assert cell.calls[-1] == ("recent", (2,), HOUR)


def test_one_hidden_client_does_not_hide_the_jobs_of_the_others():
    cell = FakeCommCell(many(2), {("recent", (1, 2), HOUR): CommvaultError("Hidden.", "permission")})
    assert len(reading(cell).past(["c0", "c1"], HOUR).jobs) == 2
    assert cell.calls[-1] == ("recent", (), HOUR)


@pytest.mark.parametrize(("kind", "listings"), [("permission", 2), ("server", 1)])
def test_a_list_of_jobs_that_cannot_be_read_is_not_asked_for_each_client(kind, listings):
    error = CommvaultError("No.", kind)
    cell = FakeCommCell(many(3), {"recent": error})
    assert reading(cell).past(["c0", "c1", "c2"], HOUR) == ([], dict.fromkeys(many(3), error))
    assert sum(call[0] == "recent" for call in cell.calls) == listings


def test_active_jobs_are_one_listing_or_none():
    cell = FakeCommCell({})
    assert len(reading(cell).active(["c0", "c1"]).jobs) == 1
    error = CommvaultError("No.", "server")
    assert reading(FakeCommCell({}, {"active": error})).active(["C0", "c1"]) == ([], {"c0": error, "c1": error})
