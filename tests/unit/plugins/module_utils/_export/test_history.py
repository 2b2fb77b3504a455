# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.history import (
    ClientJobs,
    HistoryCheck,
    JobListing,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.matching import Matching
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import ExportPlan, Instance
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import CutShort
from ansible_collections.rdsops.commvault.tests.support.jobs import job as any_job
from ansible_collections.rdsops.commvault.tests.support.jobs import subclient

NOW = 1767225600.0
HOUR = 3600


def job(job_id, instance="orders", *, client="aws-prod", ended=HOUR, good=True, level="Full", **more):
    """ended: seconds ago, None while it runs."""
    values = {
        "status": "Running" if ended is None else "Completed" if good else "Failed",
        "client_name": client,
        "start_time": int(NOW - 9999),
        "end_time": None if ended is None else int(NOW - ended),
        "backup_level": level,
    }
    return any_job(job_id, instance, **{**values, **more})


ORDERS = (Instance("aws-prod", "orders"),)


def check(jobs, instances=ORDERS, unread=None, subclients=None, backup_level="incremental", **plan):
    """unread: by client, why its jobs could not be read."""

    def read(_client):
        if isinstance(subclients, Exception):
            raise subclients
        return subclients

    matching = Matching(read, instances)
    judge = HistoryCheck(lambda: NOW, ExportPlan(**{"max_age": 24 * HOUR, **plan}), backup_level)
    return judge.check(instances, JobListing(jobs, unread or {}), matching)


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


def test_what_is_being_killed_is_no_backup_to_adopt():
    dying = job(7, ended=None, status="Kill Pending")
    backup = check([dying]).settled[0]
    assert (backup.state, backup.candidates, backup.failure["kind"]) == ("refused", ("7",), "already_running")
    assert "Job 7 is being killed. Start this backup again when that job has ended." in backup.msg
    assert check([dying, job(8, ended=None)]).settled[0].job_ids == ("8",)
    assert check([dying, job(6)]).settled[0].state == "recent"


def test_what_runs_is_refused_where_adopting_is_not_wanted():
    history = check([job(9, ended=None)], adopt_running=False)
    backup = history.settled[0]
    assert (backup.state, backup.failure["kind"]) == ("refused", "already_running")


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
    assert "runs or was made a short while ago could not be read: It is down." in backup.msg
    assert backup.msg.endswith("use on_unverified: start to start a backup all the same.")


def test_where_only_running_ones_matter_what_cannot_be_read_is_a_warning():
    orders = [Instance("AWS-prod", "orders")]
    history = check([], orders, unread={"aws-prod": RequestError("It is down.", "server")}, max_age=None)
    assert history.gaps[0].text == "whether another backup of it runs: It is down."
    assert history.warnings == [
        "The jobs of client 'AWS-prod' could not be read, so nothing is known of other backups that run: It is down."
    ]


def test_of_many_clients_one_warning_tells_how_many_for_each_cause():
    instances = [Instance(f"c{number}", name) for number in range(5) for name in ("orders", "billing")]
    hidden = RequestError("Hidden.", "permission")
    unread = {**{f"c{number}": hidden for number in range(4)}, "c4": RequestError("Gone.", "not_found")}
    first, second = check([], instances, unread).warnings
    assert first.startswith("The jobs of 4 clients ('c0', 'c1', 'c2' and 1 more) cannot be seen")
    assert second.startswith("The jobs of client 'c4' cannot be seen")


class TestDoubts:
    """Jobs that may be backups of the subclient are never taken for absent."""

    PROXY = {"client": "access-node-1", "subclient_id": 1001}

    def test_a_job_under_another_client_is_known_by_the_number_of_its_subclient(self):
        history = check([job(7, **self.PROXY)], subclients=[subclient(1001)])
        assert history.settled[0].state == "recent"
        assert check([job(7, **self.PROXY)], subclients=[subclient(1002)]) == ({}, {}, [])

    @pytest.mark.parametrize(
        "odd",
        [
            {"client": "access-node-1"},
            {"application_id": 134},
            {"instance": None},
            {"subclient_name": None},
            {"client": None},
        ],
    )
    @pytest.mark.parametrize("ended", [None, HOUR])
    def test_one_without_that_number_cannot_be_judged(self, odd, ended):
        history = check([job(7, ended=ended, **odd)], subclients=[subclient(1001)])
        assert history.settled == {}
        backup = history.gaps[0].not_submitted(ORDERS[0])
        assert (backup.state, backup.candidates) == ("not_submitted", ("7",))
        assert "job 7" in backup.msg
        assert "on_unverified: start" in backup.msg

    def test_nor_can_one_whose_subclients_are_hidden(self):
        history = check([job(7, **self.PROXY)], subclients=RequestError("Hidden.", "permission"))
        assert history.gaps[0].job.id == "7"

    def test_nor_can_a_good_job_without_any_end(self):
        history = check([job(7, end_time=None)])
        assert "tells no end" in history.gaps[0].text

    @pytest.mark.parametrize("status", ["Abgeschlossen", ""])
    def test_nor_can_one_with_an_end_in_a_state_that_is_not_known(self, status):
        gap = check([job(7, status=status)]).gaps[0]
        assert check([job(7, status=status)], max_age=None).gaps[0].text == gap.text
        assert gap.job.id == "7"
        assert gap.text.endswith(f"its row tells an end, and a state that is not known ({status!r}).")
        assert check([job(7, status=status, ended=None)]).settled[0].state == "adopted"
        assert check([job(7, status=status, ended=25 * HOUR)]).gaps == {}

    def test_nor_can_one_that_ended_long_after_what_the_server_says_it_is(self):
        history = check([job(7, ended=-1.5 * HOUR)])
        assert "it ended at 2026-01-01T01:30:00Z, but the server's clock says 2026-01-01T00:00:00Z" in (
            history.gaps[0].text
        )
        assert check([job(7, ended=-600)]).settled[0].state == "recent"

    @pytest.mark.parametrize("level", [None, "Data Pump"])
    def test_nor_can_one_of_unknown_level_where_a_full_one_is_wanted(self, level):
        assert "level" in check([job(7, level=level)], backup_level="full").gaps[0].text
        assert check([job(7, level=level)]).settled[0].state == "recent"

    @pytest.mark.parametrize(
        "useless", [{"good": False}, {"ended": 25 * HOUR}, {"aged": True}, {"level": "Incremental"}]
    )
    def test_what_spares_nothing_in_any_case_raises_no_doubt(self, useless):
        odd = job(7, client="access-node-1", **useless)
        assert check([odd], backup_level="full") == ({}, {}, [])

    def test_a_job_of_another_database_of_a_proxy_is_not_asked_about(self):
        assert check([job(7, instance="billing", client="access-node-1")], subclients=None) == ({}, {}, [])


class FakeReader:
    """Has one job; errors: by call, what it raises. clients: that the listing was cut down to."""

    def __init__(self, errors=None, clients=None):
        self._errors, self.clients = errors or {}, clients

    def past(self, _age, narrow=None):
        if "recent" in self._errors:
            raise self._errors["recent"]
        if self.clients is not None:
            self.clients.extend(sorted(narrow()) if narrow else ["all"])
        return [job(1)]

    def active(self):
        if "active" in self._errors:
            raise self._errors["active"]
        return [job(1, ended=None)]


def reading(reader, ids=None):
    directory = SimpleNamespace(ids=lambda names: {name: (ids or {}).get(name) for name in names})
    return ClientJobs(directory, reader)


def test_numbers_of_clients_are_only_read_for_a_long_listing():
    assert len(reading(FakeReader()).past(["c0"], HOUR).jobs) == 1
    error = RequestError("Hidden.", "permission")
    clients: list = []
    seen = reading(FakeReader(clients=clients), {"c0": 7, "c1": error, "c2": 5}).past(["c0", "c1", "c2", "c3"], HOUR)
    assert (clients, seen.unread) == ([5, 7], {"c1": error})


def test_of_very_many_clients_the_list_names_none():
    clients: list = []
    reading(FakeReader(clients=clients)).past([f"c{number}" for number in range(501)], HOUR)
    assert clients == ["all"]


def test_jobs_that_cannot_be_listed_are_unread_for_all_clients():
    error = CommvaultError("No.", "server")
    names, keys = ["C0", "R&amp;D"], ["c0", "r&d"]
    assert reading(FakeReader({"recent": error})).past(names, HOUR) == ([], dict.fromkeys(keys, error))
    assert reading(FakeReader({"active": error})).active(names) == ([], dict.fromkeys(keys, error))


def test_what_a_listing_had_that_was_cut_short_counts_all_the_same():
    error = CutShort("The listing ended.", "bad_reply")
    error.jobs = [job(7, ended=None)]
    instances = (*ORDERS, Instance("aws-prod", "billing"))
    for seen in (
        reading(FakeReader({"active": error})).active(["aws-prod"]),
        reading(FakeReader({"recent": error})).past(["aws-prod"], HOUR),
    ):
        history = check(seen.jobs, instances, seen.unread)
        assert (history.settled[0].state, history.settled[0].job_ids) == ("adopted", ("7",))
        assert history.gaps[1].error is error


def test_active_jobs_are_one_listing():
    assert len(reading(FakeReader()).active(["c0", "c1"]).jobs) == 1
