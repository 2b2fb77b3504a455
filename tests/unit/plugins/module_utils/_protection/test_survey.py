# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import SubclientIndex
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._protection import survey
from ansible_collections.rdsops.commvault.tests.support.protection import subclient

ORDERS, BILLING = subclient("orders", subclient_id=1), subclient("billing", subclient_id=2)
NEW = subclient("new", subclient_id=None)


def owner(job, *subclients):
    found, certain = SubclientIndex(subclients).owner(job)
    return found and found.instance_name, certain


def job(**values):
    names = {"client_name": "AWS-Prod", "instance_name": "Orders", "subclient_name": "Default", "subclient_id": None}
    return Job("7", "Completed", **{**names, **values})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # The number counts more than the names, which may have changed since.
        ({"subclient_id": BILLING.subclient_id}, ("billing", True)),
        ({}, ("orders", True)),
        # A subclient of the same names that was removed and made anew.
        ({"subclient_id": 999999}, (None, False)),
        # Listed under the access node that did the export.
        ({"client_name": "access-node"}, ("orders", False)),
        ({"client_name": "access-node", "subclient_id": 999999}, (None, False)),
        ({"instance_name": "other"}, (None, False)),
        ({"instance_name": None}, (None, False)),
        ({"instance_name": "new", "subclient_id": 5}, ("new", True)),
    ],
)
def test_a_job_is_of_the_subclient_that_it_names(values, expected):
    assert owner(job(**values), ORDERS, BILLING, NEW) == expected


def test_a_job_of_another_client_that_may_be_of_two_subclients_is_of_none():
    twin = subclient("orders", client="aws-dev")
    assert owner(job(client_name="access-node"), ORDERS, twin) == (None, False)


def test_who_looked_and_where_is_told_as_far_as_it_can_be_read():
    def refused():
        raise CommvaultError("no right")

    full = SimpleNamespace(user_name=lambda: "operator", commcell_name=lambda: "commserve01")
    assert survey.who_and_where(full) == ("operator", "commserve01")
    part = SimpleNamespace(user_name=refused, commcell_name=lambda: "commserve01")
    assert survey.who_and_where(part) == (None, "commserve01")
    part = SimpleNamespace(user_name=lambda: "operator", commcell_name=refused)
    assert survey.who_and_where(part) == ("operator", None)
