# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._history import HistoryCheck, age_words
from ansible_collections.rdsops.commvault.plugins.module_utils._oracle_rds import Instance

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


def check(jobs, instances=ORDERS, **options):
    asked = []

    def client_jobs(client, age):
        asked.append((client, age))
        found = jobs.get(client, []) if isinstance(jobs, dict) else jobs
        if isinstance(found, Exception):
            raise found
        return found

    defaults = {"max_age": 24 * HOUR, "backup_level": "incremental", "fail_on": "errors", "adopt_running": True}
    history = HistoryCheck(client_jobs, lambda: NOW, **{**defaults, **options}).check(instances)
    return history, asked


def test_a_young_good_backup_spares_a_new_one_and_is_named():
    history, asked = check([job(7, ended=2 * HOUR)])
    backup = history.settled[0]
    assert (backup.state, backup.job_ids, backup.changed, backup.ok) == ("recent", ("7",), False, True)
    assert "job 7 ended 2 h 00 min ago" in backup.msg
    assert asked == [("aws-prod", 24 * HOUR)]


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
    history, _asked = check([found])
    assert history.settled == {}


def test_the_youngest_of_several_is_named():
    history, _asked = check([job(5, ended=9 * HOUR), job(7, ended=HOUR), job(6, ended=3 * HOUR)])
    assert history.settled[0].job_ids == ("7",)


@pytest.mark.parametrize(
    ("wanted", "had", "spared"), [("full", "Full", 1), ("full", "Incremental", 0), ("incremental", "Full", 1)]
)
def test_a_lesser_level_does_not_count(wanted, had, spared):
    history, _asked = check([job(7, level=had)], backup_level=wanted)
    assert len(history.settled) == spared


def test_what_runs_is_adopted_before_anything_else_counts():
    history, _asked = check([job(7, ended=HOUR), job(9, ended=None)])
    backup = history.settled[0]
    assert (backup.state, backup.job_ids, backup.changed) == ("adopted", ("9",), False)


def test_what_runs_is_refused_where_adopting_is_not_wanted():
    history, _asked = check([job(9, ended=None)], adopt_running=False)
    backup = history.settled[0]
    assert (backup.state, backup.failure["kind"]) == ("refused", "already_running")


def test_the_history_is_read_once_for_each_client():
    instances = [Instance("aws-prod", f"db{n}") for n in range(20)] + [
        Instance("AWS-Prod", "x"),
        Instance("aws-dev", "x"),
    ]
    _history, asked = check({}, instances)
    assert [client for client, _age in asked] == ["aws-prod", "aws-dev"]


@pytest.mark.parametrize("kind", ["permission", "authentication", "not_found"])
def test_where_the_history_is_hidden_the_backup_is_started_and_that_is_said(kind):
    history, _asked = check(RequestError("hidden", kind))
    assert history.settled == {}
    assert "client 'aws-prod' cannot be seen" in history.warnings[0]


def test_where_the_history_cannot_be_read_nothing_is_started_for_that_client():
    instances = [Instance("aws-prod", "orders"), Instance("aws-dev", "orders")]
    history, _asked = check({"aws-prod": RequestError("down", "server")}, instances)
    assert list(history.settled) == [0]
    assert (history.settled[0].state, history.settled[0].failure["kind"]) == ("not_submitted", "not_submitted")
    assert "down" in history.settled[0].msg


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min"), (-5, "0 min"), (59, "0 min"), (3599, "59 min"), (7500, "2 h 05 min"), (90000, "1 d 1 h")],
)
def test_ages_are_told_in_words(seconds, words):
    assert age_words(seconds) == words
