# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._estate import model as _estate
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.discovery import Discovery, Query
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.jobs import job as read_job


class FakeEstate:
    """A CommCell; calls: what was read of it. errors: by call, what reading that raises."""

    def __init__(self, subclients=(), listed=(), errors=None, more_clients=()):
        self._subclients = _estate.parse_subclients(estates.subclients(*subclients))
        self._listed = _estate.parse_database_instances(estates.v4(*listed))
        self._clients = {one.client_id: (one.client_name, one.display_name) for one in self._subclients}
        self._clients.update(more_clients)
        self._errors = errors or {}
        self.calls = []

    def _call(self, *call):
        self.calls.append(call)
        if call in self._errors:
            raise CommvaultError(f"{call[0]} failed", self._errors[call])

    def database_instances(self, required=False):
        self._call("v4")
        return list(self._listed)

    def clients(self):
        self._call("clients")
        return [_estate.Client(number, *names) for number, names in self._clients.items()]

    def subclients_of(self, client, application_id=None):
        self._call("subclients", client, application_id)
        own = [
            one
            for one in self._subclients
            if client in (one.client_id, one.client_name) and application_id in (None, one.application_id)
        ]
        known = any(client in (number, names[0]) for number, names in self._clients.items())
        return own if own or known or isinstance(client, int) else None


class FakeJobs:
    def __init__(self, *jobs, error=None):
        self.jobs, self.error, self.asked = jobs, error, []

    def recent(self, age, narrow=None):
        self.asked.append((set(narrow()) if narrow else set(), age))
        if self.error:
            raise CommvaultError("jobs failed", self.error)
        return self.jobs


PROD = [estates.subclient_row(1001, "orders"), estates.subclient_row(1002, "billing")]
DEV = [estates.subclient_row(1003, "orders", client="aws-dev", client_id=12)]
SQL = [estates.subclient_row(1004, "crm", client="dbhost", client_id=13, application_id=81)]
RAC = [estates.subclient_row(1005, "fin", client="dbhost", client_id=13, application_id=80)]
LISTED = [
    estates.v4_row(1101, "orders"),
    estates.v4_row(1102, "billing", status="NOT_READY"),
    estates.v4_row(1103, "orders", client="aws-dev", client_id=12),
    estates.v4_row(1104, "crm", client="dbhost", client_id=13, engine="SQL_SERVER"),
]


def find(estate, jobs=None, **query):
    return Discovery(estate, jobs or FakeJobs()).find(Query(concurrency=1, **query))


def labels(found):
    return [one.label for one in found.subclients]


def test_only_clients_with_matching_instances_are_read():
    estate = FakeEstate([*PROD, *DEV, *SQL], LISTED)
    found = find(estate)
    assert estate.calls == [("v4",), ("subclients", 11, 22), ("subclients", 12, 22)]
    assert labels(found) == ["aws-dev/orders/default", "aws-prod/billing/default", "aws-prod/orders/default"]
    assert [one.status for one in found.subclients] == ["ready", "not_ready", "ready"]
    assert (found.source, found.unread) == ("instances", [])


@pytest.mark.parametrize("source", ["auto", "instances"])
def test_a_row_that_a_list_repeats_is_one(source):
    found = find(FakeEstate([*PROD, PROD[0]], [*LISTED, LISTED[0]]), source=source, client_names=("aws-prod",))
    assert [one.instance_name for one in found.subclients] == ["billing", "orders"]


def test_without_a_list_of_instances_every_client_is_read():
    estate = FakeEstate([*PROD, *DEV, *SQL])
    found = find(estate)
    assert estate.calls == [("v4",), ("clients",), *(("subclients", number, 22) for number in (11, 12, 13))]
    assert len(found.subclients) == 3
    assert found.source == "clients"


def test_an_empty_commcell_is_an_empty_result():
    found = find(FakeEstate())
    assert (found.subclients, found.unread) == ([], [])


def test_an_instance_of_an_engine_that_may_be_oracle_has_its_client_read():
    estate = FakeEstate(DEV, [estates.v4_row(1103, "orders", client="aws-dev", client_id=12, engine="RDS")])
    assert labels(find(estate)) == ["aws-dev/orders/default"]


def test_a_client_with_instances_and_without_a_visible_subclient_is_said():
    estate = FakeEstate(DEV, [*LISTED, estates.v4_row(1105, "hr", client="aws-eu", client_id=14, engine="RDS")])
    found = find(estate)
    assert labels(found) == ["aws-dev/orders/default"]
    (unread,) = found.unread
    assert (unread.what, unread.client_name, unread.hidden) == ("subclients", "aws-prod", True)
    assert unread.msg == (
        "Commvault lists 2 instances of client aws-prod, but shows none of its subclients to these credentials."
    )
    assert found.clients_not_read == ["aws-prod"]


@pytest.mark.parametrize(
    ("kind", "listed", "hidden", "not_read"),
    [
        ("server", (), False, True),
        ("timeout", LISTED, False, True),
        ("permission", (), True, False),
        ("permission", LISTED, True, True),
    ],
)
def test_a_client_that_cannot_be_read_is_listed_and_the_rest_is_there(kind, listed, hidden, not_read):
    found = find(FakeEstate([*PROD, *DEV], listed, errors={("subclients", 12, 22): kind}))
    assert labels(found) == ["aws-prod/billing/default", "aws-prod/orders/default"]
    (unread,) = found.unread
    assert (unread.what, unread.client_name, unread.kind) == ("subclients", "aws-dev", kind)
    assert unread.hidden is hidden
    # Of what is hidden and not listed, nobody knows that there are databases at all.
    assert found.clients_not_read == (["aws-dev"] if not_read else [])


def test_named_clients_are_read_and_no_others():
    estate = FakeEstate([*PROD, *DEV], LISTED)
    found = find(estate, client_names=("aws-dev", "AWS-DEV"))
    assert estate.calls == [("subclients", "aws-dev", 22)]
    assert labels(found) == ["aws-dev/orders/default"]


def test_an_unknown_client_is_named_with_what_is_like_it():
    estate = FakeEstate([*PROD, *DEV])
    found = find(estate, client_names=("aws-prd", "aws-dev"))
    assert labels(found) == ["aws-dev/orders/default"]
    (unread,) = found.unread
    assert (unread.client_name, unread.kind, unread.hidden) == ("aws-prd", "not_found", True)
    assert "no client aws-prd" in unread.msg
    assert "Nearest: aws-prod" in unread.msg


def test_a_client_without_instances_is_not_unknown():
    estate = FakeEstate(PROD, more_clients={14: ("empty", "Empty")})
    found = find(estate, client_names=("empty", "aws-prod"))
    assert found.unread == []


def test_names_are_not_compared_if_the_clients_cannot_be_listed():
    estate = FakeEstate(PROD, errors={("clients",): "permission"})
    found = find(estate, client_names=("aws-prd", "aws-prod"))
    assert "Nearest" not in found.unread[0].msg


def test_the_list_of_instances_alone_takes_one_read():
    estate = FakeEstate([*PROD, *DEV], LISTED)
    found = find(estate, source="instances")
    assert estate.calls == [("v4",)]
    assert [one.subclient_id for one in found.subclients] == [None, None, None]
    assert labels(found)[0] == "aws-dev/orders/default"


def test_the_list_of_instances_alone_can_be_limited_to_clients():
    estate = FakeEstate([], LISTED)
    found = find(estate, source="instances", client_names=("AWS-dev", "aws-prd"))
    assert labels(found) == ["aws-dev/orders/default"]
    assert [(unread.client_name, "aws-prod" in unread.msg) for unread in found.unread] == [("aws-prd", True)]


def test_a_missing_list_of_instances_is_an_error_if_nothing_else_may_be_read():
    with pytest.raises(CommvaultError, match="Set source to auto"):
        find(FakeEstate(PROD), source="instances")


def test_an_instance_that_only_may_be_oracle_is_not_taken_for_it():
    estate = FakeEstate([], [*LISTED[:1], estates.v4_row(9, "x", engine="RDS")])
    assert labels(find(estate, source="instances")) == ["aws-prod/orders/default"]


@pytest.mark.parametrize("query", [{"source": "clients"}, {"application_ids": (22, 134)}])
def test_the_list_of_instances_is_not_asked_for_what_it_cannot_or_shall_not_tell(query):
    estate = FakeEstate([*PROD, *SQL], LISTED)
    find(estate, **query)
    assert estate.calls[0] == ("clients",)
    assert ("v4",) not in estate.calls


def test_several_applications_take_one_read_for_each_client():
    estate = FakeEstate([*PROD, *SQL, *RAC])
    found = find(estate, application_ids=(22, 80))
    assert [call for call in estate.calls if call[0] == "subclients"] == [
        ("subclients", 11, None),
        ("subclients", 13, None),
    ]
    assert [one.application_id for one in found.subclients] == [22, 22, 80]


def test_if_nothing_can_be_read_that_is_an_error():
    with pytest.raises(CommvaultError, match="subclients failed"):
        find(FakeEstate(PROD, errors={("subclients", 11, 22): "authentication"}))


def job(number, **more):
    return read_job(number, status="Completed", end_time=5000, subclient_id=1001, **more)


def test_last_backups_are_read_in_one_list_for_all_clients():
    jobs = FakeJobs(job(9, backup_level="Full"))
    found = find(FakeEstate([*PROD, *DEV]), jobs, history=3600)
    assert jobs.asked == [({11, 12}, 3600)]
    assert found.history == 3600
    assert [one.last_good_backup and one.last_good_backup.job_id for one in found.subclients] == [None, None, "9"]


def test_the_list_of_jobs_of_very_many_clients_is_not_narrowed():
    rows = [
        estates.subclient_row(number, f"db{number}", client=f"c{number}", client_id=number) for number in range(1, 502)
    ]
    jobs = FakeJobs()
    find(FakeEstate(rows), jobs, history=60)
    assert jobs.asked == [(set(), 60)]


def test_no_history_reads_no_jobs():
    jobs = FakeJobs()
    assert find(FakeEstate(PROD), jobs).history == 0
    assert find(FakeEstate(), jobs, history=60).history == 0
    assert jobs.asked == []


def test_jobs_that_cannot_be_read_leave_the_instances_as_they_are():
    found = find(FakeEstate(PROD), FakeJobs(error="permission"), history=60)
    assert len(found.subclients) == 2
    assert (found.history, found.unread[0].what, found.unread[0].client_name) == (0, "jobs", None)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"application_ids": ()}, "application_ids is an empty list"),
        ({"application_ids": (0,)}, "positive"),
        ({"client_names": ("a", " ")}, "empty name"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_before_anything_is_read(query, words):
    estate = FakeEstate()
    with pytest.raises(InvalidInput, match=words):
        find(estate, **query)
    assert estate.calls == []
