# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._estate import model as _estate
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import LastBackup
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.jobs import job as read_job


def subclient(number=1001, instance="orders", **more):
    (found,) = _estate.parse_subclients(estates.subclients(estates.subclient_row(number, instance, **more)))
    return found


def test_a_subclient_holds_what_a_request_must_name():
    found = subclient()
    assert found.entry() == {
        "client_name": "aws-prod",
        "instance_name": "orders",
        "subclient_name": "default",
        "display_name": "AWS production",
        "app_name": "Oracle",
        "application_id": 22,
    }
    assert (found.client_id, found.instance_id, found.subclient_id) == (11, 1101, 1001)
    assert (found.plan, found.company, found.backup_enabled) == ("gold", "Acme", True)


def test_ids_count_as_numbers_also_when_they_come_as_texts():
    row = estates.subclient_row(1001, "orders")
    row["subClientEntity"].update(clientId="11", subclientId="1001", applicationId="22")
    (found,) = _estate.parse_subclients({"subClientProperties": row})
    assert (found.client_id, found.subclient_id, found.application_id) == (11, 1001, 22)


@pytest.mark.parametrize(
    "data",
    [None, {}, [], {"subClientProperties": None}, {"subClientProperties": ["x", {}, {"subClientEntity": []}]}],
)
def test_an_answer_without_subclients_has_none(data):
    assert _estate.parse_subclients(data) == []


@pytest.mark.parametrize("gone", ["clientName", "instanceName", "subclientName", "clientId", "applicationId"])
def test_a_row_that_names_no_subclient_is_left_out(gone):
    row = estates.subclient_row(1001, "orders")
    del row["subClientEntity"][gone]
    assert _estate.parse_subclients(estates.subclients(row)) == []


def test_a_client_without_display_name_is_called_by_its_name():
    data = estates.clients(estates.client_row(11, "aws-prod"), {"client": {}}, {})
    del data["clientProperties"][0]["client"]["clientEntity"]["displayName"]
    (client,) = _estate.parse_clients(data)
    assert (client.id, client.name, client.display_name, client.company) == (11, "aws-prod", "aws-prod", "Acme")


@pytest.mark.parametrize(
    ("properties", "enabled"),
    [
        (
            {"clientActivityControl": {"activityControlOptions": [{"activityType": 1, "enableActivityType": False}]}},
            False,
        ),
        (
            {"clientActivityControl": {"activityControlOptions": [{"activityType": "1", "enableActivityType": True}]}},
            True,
        ),
        (
            {"clientActivityControl": {"activityControlOptions": [{"activityType": 2, "enableActivityType": False}]}},
            None,
        ),
        ({"activityControl": {"EnableDataManagement": False}}, False),
        ({}, None),
    ],
)
def test_the_activity_of_a_client_is_that_of_its_backups(properties, enabled):
    data = {"clientProperties": [{"clientProps": properties}]}
    assert _estate.parse_client_activity(data) is enabled


def test_nothing_is_said_of_the_activity_of_a_client_that_is_not_there():
    assert _estate.parse_client_activity({}) is None


@pytest.mark.parametrize(
    ("rows", "enabled"),
    [
        ([{"activityType": 1, "enabled": True}, {"activityType": 128, "enabled": True}], True),
        ([{"activityType": 1, "enabled": False}, {"activityType": 128, "enabled": True}], False),
        ([{"activityType": 1, "enabled": True}, {"activityType": 128, "enabled": False}], False),
        ([{"activityType": 2, "enabled": False}], None),
        ([], None),
    ],
)
def test_backups_of_a_commcell_need_all_activity_and_their_own(rows, enabled):
    assert _estate.parse_activity({"acObjects": rows}) is enabled


@pytest.mark.parametrize(
    ("enabled", "readiness", "status"),
    [
        (False, "READY", "disabled"),
        (True, "READY", "ready"),
        (True, "NOT_READY", "not_ready"),
        (None, "READY", "ready"),
        (True, None, "enabled"),
        (None, None, "unknown"),
    ],
)
def test_the_status_says_no_more_than_is_known(enabled, readiness, status):
    found = subclient(enabled=enabled)
    found.readiness = readiness
    assert found.status == status
    assert found.to_result()["status"] == status


def test_the_list_of_instances_completes_their_subclients():
    found = subclient(plan=None)
    # In another case than the vendor's list has it.
    rows = [estates.v4_row(1101, "orders", status="Not_Ready"), estates.v4_row(9, "another")]
    _estate.add_instance_facts([found], _estate.parse_database_instances(estates.v4(*rows)))
    assert (found.vendor, found.plan, found.status) == ("AMAZON", "gold", "not_ready")
    assert found.not_ready_reason == "No plan is assigned."
    assert (found.last_backup, found.last_good_backup) == (None, None)


def instance_with_backup(status):
    last = {"jobId": 7, "status": status, "time": 5000, "failureReason": "disk<br>full"}
    return _estate.parse_database_instances(estates.v4(estates.v4_row(1101, "orders", last=last)))


@pytest.mark.parametrize(
    ("status", "state", "good"),
    [
        ("COMPLETED", "ok", True),
        ("COMPLETED_WITH_WARNINGS", "warnings", True),
        ("COMPLETED_WITH_ERRORS", "errors", False),
        ("FAILED", "failed", False),
        ("STARTED", "active", False),
        ("SYSTEM_FAILED", "failed", False),
    ],
)
def test_the_last_backup_of_an_instance_is_good_only_if_it_is_said_to_be(status, state, good):
    found = subclient()
    _estate.add_instance_facts([found], instance_with_backup(status))
    backup = found.to_result()["last_backup"]
    assert (backup["job_id"], backup["state"], backup["time"], backup["level"]) == ("7", state, 5000, None)
    assert backup["reason"] == "disk full"
    assert (found.last_good_backup is not None) is good


def test_the_last_backup_of_an_instance_is_of_none_of_its_subclients_if_it_has_several():
    pair = [subclient(1001, instance_id=101), subclient(1002, instance_id=101, name="schema-a")]
    instances = instance_with_backup("COMPLETED")
    _estate.add_instance_facts(pair, [_estate.DatabaseInstance(**{**vars(instances[0]), "id": 101})])
    assert [found.vendor for found in pair] == ["AMAZON", "AMAZON"]
    assert [found.last_backup for found in pair] == [None, None]


def test_an_instance_alone_stands_for_the_default_subclient():
    found = _estate.from_database_instance(instance_with_backup("COMPLETED")[0])
    assert (found.subclient_id, found.subclient_name, found.application_id, found.app_name) == (
        None,
        "default",
        22,
        "Oracle",
    )
    assert found.last_good_backup
    assert found.status == "ready"


def job(number, status="Completed", end=5000, **more):
    told = {"client_name": "AWS-PROD", "end_time": end, "backup_level": "Full", "application_id": None}
    return read_job(number, "Orders", status, **{**told, **more})


def test_jobs_tell_the_last_backup_and_the_last_good_one():
    found = subclient()
    jobs = [job(9, "Failed", subclient_id=1001), job(8, end=4000, subclient_id=1001), job(7, subclient_id=1001)]
    _estate.add_jobs([found], jobs)
    assert found.last_backup == LastBackup("9", "Failed", 5000, "Full")
    assert found.last_good_backup == LastBackup("8", "Completed", 4000, "Full")


def test_a_job_that_runs_has_the_time_of_its_start():
    found = subclient()
    _estate.add_jobs([found], [job(9, "Running", end=None, start_time=4500)])
    assert found.last_backup == LastBackup("9", "Running", 4500, "Full")
    assert found.last_good_backup is None


ORDERS, BILLING = subclient(), subclient(1002, "billing")
NEW = replace(subclient(1003, "new"), subclient_id=None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # The number counts more than the names, which may have changed since.
        ({"subclient_id": 1002}, ("billing", True)),
        ({}, ("orders", True)),
        # A subclient of the same names that was removed and made anew.
        ({"subclient_id": 999999}, (None, False)),
        # Listed under the access node that did the export.
        ({"client_name": "access-node"}, ("orders", False)),
        ({"client_name": "access-node", "subclient_id": 999999}, (None, False)),
        ({"instance_name": "other"}, (None, False)),
        ({"instance_name": None}, (None, False)),
        ({"subclient_name": None}, (None, False)),
        ({"instance_name": "new", "subclient_id": 5}, ("new", True)),
    ],
)
def test_a_job_is_of_the_subclient_that_it_names(values, expected):
    found, certain = _estate.SubclientIndex([ORDERS, BILLING, NEW]).owner(job(9, **values))
    assert (found and found.instance_name, certain) == expected


def test_a_job_may_have_the_names_of_its_subclient_written_in_another_way():
    one = subclient(1004, "R&D caf\u00e9")
    found, certain = _estate.SubclientIndex([one]).owner(job(9, instance_name="r&amp;d cafe\u0301"))
    assert (found, certain) == (one, True)


def test_a_job_of_another_client_that_may_be_of_two_subclients_is_of_none():
    twin = subclient(1004, client="aws-dev", client_id=12)
    assert _estate.SubclientIndex([ORDERS, twin]).owner(job(9, client_name="access-node")) == (None, False)


@pytest.mark.parametrize(("values", "last"), [({}, "9"), ({"client_name": "access-node"}, None)])
def test_only_what_is_certainly_its_own_is_the_last_backup_of_a_subclient(values, last):
    found = subclient()
    _estate.add_jobs([found], [job(9, **values)])
    assert (found.last_backup and found.last_backup.job_id) == last


def test_the_list_of_jobs_tells_the_level_that_the_list_of_instances_does_not():
    found = subclient()
    _estate.note_backup(found, LastBackup("7", "COMPLETED", 5000))
    _estate.note_backup(found, LastBackup("7", "Completed", 5000, "Full"))
    assert found.last_backup == found.last_good_backup == LastBackup("7", "Completed", 5000, "Full")
    _estate.note_backup(found, LastBackup("7", "COMPLETED", 5000))
    assert found.last_backup.level == "Full"


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        ([], True),
        (["ORD*"], True),
        (["aws-*"], True),
        (["aws production"], True),
        (["billing", "?rders"], True),
        (["rders"], False),
        (["default"], False),
    ],
)
def test_patterns_are_about_instance_client_and_display_names(patterns, fits):
    assert _estate.name_filter(patterns)("aws-prod", "AWS production", "orders") is fits


def test_the_nearest_names_come_first_and_as_they_are_written():
    known = ["Orders-Prd", "orders-dev", "billing", "x-orders-prd-eu", "Orders-Prd"]
    assert _estate.nearest_names("order-prd", known)[0] == "Orders-Prd"
    assert "billing" not in _estate.nearest_names("order-prd", known)
    assert _estate.nearest_names("zzz", known) == []
    assert _estate.nearest_words([]) == ""
    assert _estate.nearest_words(["a", "b"]) == " Nearest: a, b."


def test_a_name_is_near_to_the_longer_ones_that_it_is_a_part_of():
    assert _estate.nearest_names("orders", ["a-very-long-name-with-orders-in-it", "billing"]) == [
        "a-very-long-name-with-orders-in-it"
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("COMPLETED", "ok"),
        ("COMPLETED_WITH_WARNINGS", "warnings"),
        ("COMPLETED_WITH_ERRORS", "errors"),
        ("COMMITTED", "errors"),
        ("SYNCHRONIZED", "ok"),
        ("STARTED", "active"),
        ("SUSPENDED", "active"),
        ("INTERRUPTED", "active"),
        ("FAILED", "failed"),
        ("FAILED_TO_START", "failed"),
        ("KILLED", "failed"),
        ("SYSTEM_FAILED", "failed"),
        ("SKIPPED", "failed"),
        ("NOT_ATTEMPTED", "failed"),
        ("NOT_SYNCHRONIZED", "failed"),
    ],
)
def test_every_status_of_the_vendors_list_has_a_meaning(status, state):
    assert LastBackup("7", status, None).state == state
