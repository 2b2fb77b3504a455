# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of jobs are held against what is assumed of them, and what differs proposes a profile."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.checks import DIFFERS, NOT_SEEN, OK
from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.rows import (
    export_rows,
    judge_listing,
    judge_rows,
    shape_of,
    summaries,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import Subclient

ORDERS = Subclient(11, "aws-prod", "AWS production", 5, "orders", 42, "default", 22, "Oracle")
SUBCLIENTS = {42: ORDERS}


def row(**changes):
    """A row of a finished export of ORDERS; changes of the member subclient begin with sub_; None leaves a key out."""
    names = {"subclientId": 42, "clientName": "aws-prod", "instanceName": "orders", "applicationId": 22}
    names.update({key[4:]: value for key, value in changes.items() if key.startswith("sub_")})
    whole = {
        "jobId": 7, "status": "Completed", "jobType": "Backup", "backupLevel": 1, "backupLevelName": "Full",
        "jobStartTime": 100, "jobEndTime": 200, "subclient": names, "commcellId": 2,
    }  # fmt: skip
    whole.update({key: value for key, value in changes.items() if not key.startswith("sub_")})
    return {key: value for key, value in whole.items() if value is not None}


def judged(*rows):
    found = judge_rows(rows, SUBCLIENTS, "in a test")
    return {finding.check: finding.status for finding in found.findings}, found.differences


def test_rows_as_assumed_are_ok_and_propose_nothing():
    statuses, differences = judged(row(), row(jobId=8, status="Running", jobEndTime=0))
    assert set(statuses.values()) == {OK}
    assert differences == {}


def test_without_rows_nothing_can_be_told():
    statuses, differences = judged()
    assert set(statuses.values()) == {NOT_SEEN}
    assert differences == {}


@pytest.mark.parametrize(
    ("changes", "check", "proposed"),
    [
        ({"jobType": "Data Pump Export"}, "job_type", {"job_types": ["Data Pump Export"]}),
        ({"sub_applicationId": 134}, "job_application", {"application_ids": [134]}),
        ({"sub_clientName": "access-node-1"}, "job_client", {"client_is_proxy": True}),
        ({"backupLevelName": None}, "job_level", {}),
        ({"backupLevelName": "Data Pump"}, "job_level", {}),
        ({"jobEndTime": None}, "job_end", {}),
        ({"jobEndTime": 0}, "job_end", {}),
        ({"status": "Reticulating"}, "job_states", {}),
    ],
)
def test_each_difference_has_its_line_and_what_adapts_to_it(changes, check, proposed):
    statuses, differences = judged(row(**changes))
    assert [name for name, status in statuses.items() if status == DIFFERS] == [check]
    assert differences == proposed


def test_a_row_without_the_id_of_a_subclient_is_told():
    statuses, _differences = judged(row(), row(jobId=8, sub_subclientId=None))
    assert statuses["job_subclient"] == DIFFERS


def test_a_display_name_is_no_other_client():
    statuses, differences = judged(row(sub_clientName="aws PRODUCTION"))
    assert (statuses["job_client"], differences) == (OK, {})


def test_a_restore_beside_backups_proposes_no_type():
    statuses, differences = judged(row(), row(jobId=8, jobType="Restore"))
    assert (statuses["job_type"], differences) == (OK, {})


def test_exports_are_known_by_subclient_or_by_application():
    by_id = row(sub_applicationId=134)
    by_application = row(sub_subclientId=None)
    by_name = row(sub_subclientId=None, sub_applicationId=None, appTypeName="Oracle")
    other = row(sub_subclientId=99, sub_applicationId=81)
    assert export_rows([by_id, by_application, by_name, other], SUBCLIENTS) == [by_id, by_application, by_name]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], NOT_SEEN),
        ([row(), row(jobId=8)], OK),
        ([row(), row()], DIFFERS),
        ([row(), row(jobId=8, commcellId=3)], DIFFERS),
    ],
)
def test_a_listing_has_each_job_once_and_of_one_commcell(rows, status):
    assert judge_listing(rows).status == status


def test_a_shape_has_keys_and_types_and_no_values():
    assert shape_of([{"jobId": 7, "subclient": {"clientName": "SECRET"}, "x": None}, {"jobId": "8"}]) == {
        "jobId": ["int", "str"],
        "subclient.clientName": ["str"],
        "x": ["NoneType"],
    }


@pytest.mark.parametrize("data", [None, [], {}, {"jobs": None}, {"jobs": [None, {}, {"jobSummary": 3}]}, "text"])
def test_answers_without_rows_are_no_rows(data):
    assert summaries(data) == []


def test_a_single_row_may_come_bare():
    assert summaries({"jobs": {"jobSummary": {"jobId": 7}}}) == [{"jobId": 7}]
