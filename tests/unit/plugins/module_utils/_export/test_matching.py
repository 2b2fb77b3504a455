# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.matching import (
    Fit,
    JobsOfInstances,
    Matching,
    fit_by_names,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.tests.support.jobs import job, subclient

ORDERS = Instance("aws-prod", "orders")


@pytest.mark.parametrize(
    ("instance", "fit"),
    [
        (ORDERS, Fit.YES),
        (Instance("AWS-PROD", "Orders", "DEFAULT"), Fit.YES),
        (Instance("other", "orders", display_name="aws-prod"), Fit.YES),
        (Instance("aws-prod", "billing"), Fit.NO),
        (Instance("aws-prod", "orders", "other"), Fit.NO),
        (Instance("aws-dev", "orders"), Fit.MAYBE),
        (Instance("aws-prod", "orders", application_id=80), Fit.MAYBE),
    ],
)
def test_names_are_compared_as_commvault_does(instance, fit):
    assert fit_by_names(instance, job()) is fit


@pytest.mark.parametrize(
    ("asked", "row"),
    [
        ("R&D", "R&amp;D"),
        ("R&amp;D", "R&amp;D"),
        ("it's", "IT&#39;S"),
        ("B\u00fccher", "Bu\u0308cher"),
        ("E\u0301", "\u00e9"),
    ],
)
def test_a_name_is_the_same_however_a_row_writes_it(asked, row):
    instance = Instance("aws-prod", asked)
    jobs = JobsOfInstances([job(1, row), job(2, "other")], Matching(lambda _client: None, [instance]))
    assert [one.id for one in jobs.of(instance)[0]] == ["1"]
    assert fit_by_names(Instance(asked, "orders"), job(client_name=row)) is Fit.YES


@pytest.mark.parametrize(
    ("row", "fit"),
    [
        ({"application_id": None}, Fit.YES),
        ({"instance_name": None}, Fit.MAYBE),
        ({"subclient_name": None}, Fit.MAYBE),
        ({"client_name": None}, Fit.MAYBE),
        ({"instance_name": None, "subclient_name": None}, Fit.MAYBE),
        ({"instance_name": None, "subclient_name": None, "application_id": 33}, Fit.NO),
        ({"instance_name": None, "subclient_name": None, "client_name": "proxy"}, Fit.NO),
    ],
)
def test_a_name_that_is_missing_is_no_other_name(row, fit):
    assert fit_by_names(ORDERS, job(**row)) is fit


@pytest.mark.parametrize(("ids", "fit"), [((), Fit.MAYBE), ((134,), Fit.YES), ((80,), Fit.MAYBE)])
def test_another_application_is_certain_where_the_profile_names_it(ids, fit):
    assert fit_by_names(ORDERS, job(application_id=134), ids) is fit


def test_subclients_are_only_read_where_names_do_not_decide():
    read = []

    def subclients(client):
        read.append(client)
        return [subclient(1001, "ORDERS")]

    matching = Matching(subclients, [ORDERS])
    assert matching.fit(ORDERS, job()) is Fit.YES
    assert matching.fit(ORDERS, job(instance_name="billing")) is Fit.NO
    assert matching.fit(ORDERS, job(client_name="proxy")) is Fit.MAYBE
    assert read == []
    assert matching.fit(ORDERS, job(client_name="proxy", subclient_id=1001)) is Fit.YES
    assert matching.fit(ORDERS, job(client_name="proxy", subclient_id=1002)) is Fit.NO
    assert read == ["aws-prod"] * 2


@pytest.mark.parametrize("answer", [None, [], CommvaultError("Hidden.", "permission")])
def test_what_cannot_be_read_remains_possible(answer):
    def subclients(_client):
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert Matching(subclients).fit(ORDERS, job(client_name="proxy", subclient_id=1001)) is Fit.MAYBE


def test_the_job_of_one_instance_of_a_call_is_not_that_of_its_namesake():
    namesake = Instance("aws-dev", "orders")
    matching = Matching(lambda _client: None, [ORDERS, namesake])
    assert matching.fit(namesake, job()) is Fit.NO
    assert matching.fit(Instance("aws-test", "orders"), job()) is Fit.NO
    assert Matching(lambda _client: None, [namesake]).fit(namesake, job()) is Fit.MAYBE


def test_jobs_of_an_instance_are_found_also_where_rows_lack_names():
    rows = [job(), job(instance_name=None), job(instance_name="billing"), job(client_name="proxy")]
    certain, possible = JobsOfInstances(rows, Matching(lambda _client: None, [ORDERS])).of(ORDERS)
    assert certain == [rows[0]]
    assert [(one.instance_name, one.client_name) for one in possible] == [("orders", "proxy"), (None, "aws-prod")]
