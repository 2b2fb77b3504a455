# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import ServerClock
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import make_instance
from ansible_collections.rdsops.commvault.plugins.module_utils._export.strangers import stranger_finder
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job

NOON = 1767268800.0
DATE = "Thu, 01 Jan 2026 12:00:00 GMT"


def finder(date=DATE):
    clock = ServerClock()
    clock.note(date, NOON - 30)
    instance = make_instance({"client_name": "aws-prod", "instance_name": "orders"})
    return stranger_finder([Backup(instance, "started", "", job_ids=("7",), sent_at=NOON - 30)], clock)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"instance_name": "ORDERS", "subclient_name": "Default", "client_name": "proxy01", "application_id": 134},
        {"instance_name": "&#111;rders"},
        {"start_time": int(NOON) + 5},
        {"start_time": int(NOON) - 1800},
    ],
)
def test_a_row_that_can_be_of_the_backup_is_no_stranger(fields):
    assert finder()(Job("7", "Running", **fields)) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"client_name": "elsewhere", "instance_name": "other", "subclient_name": "default"},
            "elsewhere/other/default",
        ),
        ({"instance_name": "orders", "subclient_name": "nightly"}, "None/orders/nightly"),
        ({"instance_name": "orders", "start_time": int(NOON) - 86400}, "began at 2025-12-31T12:00:00Z"),
    ],
)
def test_another_name_or_a_start_long_before_makes_a_stranger(fields, words):
    told = finder()(Job("7", "Completed", **fields))
    assert words in told
    assert "so it is not the backup of instance 'orders'" in told


def test_without_the_time_of_the_server_a_start_says_nothing():
    assert finder(None)(Job("7", "Completed", start_time=1)) is None


def test_a_clock_that_was_put_forward_since_makes_no_stranger():
    clock = ServerClock()
    clock.note(DATE, NOON - 30)
    instance = make_instance({"client_name": "aws-prod", "instance_name": "orders"})
    find = stranger_finder([Backup(instance, "started", "", job_ids=("7",), sent_at=NOON - 30)], clock)
    clock.note("Fri, 02 Jan 2026 12:00:00 GMT", NOON)
    assert find(Job("7", "Running", start_time=int(NOON) + 5)) is None


def test_jobs_of_no_backup_are_not_judged():
    assert finder()(Job("8", "Completed", instance_name="other")) is None
