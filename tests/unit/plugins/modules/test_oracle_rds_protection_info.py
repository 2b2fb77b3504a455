# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import re

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, InvalidInput
from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_protection_info
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing

HOUR = 3600
ESTATE = {
    "clients": [
        {
            "name": "aws-prod",
            "display_name": "Production",
            "instances": [
                {"name": "orders", "history": [{"age": 2 * HOUR}, {"age": 26 * HOUR}]},
                {
                    "name": "billing",
                    "history": [{"age": 30 * HOUR}, {"age": HOUR, "status": "Failed", "reason": "denied"}],
                },
                {"name": "noplan", "plan": None},
                {"name": "off", "activity": False},
                "hr",
            ],
        },
        {"name": "aws-dev", "instances": [{"name": "scratch", "history": [{"age": HOUR}]}]},
    ]
}
DATABASES = [
    {"client_name": "aws-prod", "instance_name": name} for name in ("orders", "billing", "noplan", "off", "hr")
]


@pytest.fixture
def survey(run_simulated):
    """Runs the module against the simulator."""
    return functools.partial(run_simulated, oracle_rds_protection_info)


def states(result):
    return {row["id"]: row["state"] for row in result["databases"]}


def test_each_database_is_what_its_jobs_and_its_set_up_say(survey, simulator):
    result = survey(databases=DATABASES)
    assert states(result) == {
        "aws-prod/orders/default": "protected",
        "aws-prod/billing/default": "late",
        "aws-prod/noplan/default": "not_configured",
        "aws-prod/off/default": "not_configured",
        "aws-prod/hr/default": "never",
        "aws-dev/scratch/default": "unknown_to_inventory",
    }
    assert (result["failed"], result["failure"]["kind"]) == (True, "not_protected")
    assert result["summary"]["unprotected"] == 4
    assert {request["kind"] for request in simulator.journal()} == {"read"}
    del result["warnings"]
    assert undocumented_or_missing(oracle_rds_protection_info, result) == set()


def test_evidence_says_who_read_it_where_and_when(survey):
    evidence = survey(databases=DATABASES, fail=False)["evidence"]
    assert (evidence["user"], evidence["commcell"], evidence["complete"]) == ("admin", "commserve01", True)
    assert (evidence["max_age_seconds"], evidence["fail_on"]) == (86400, "errors")


def test_without_a_list_all_that_the_commcell_has_counts(survey):
    result = survey(fail=False)
    assert len(result["databases"]) == 6
    assert all(row["listed"] for row in result["databases"])
    assert result.get("failed") is None


def test_one_read_a_client_and_one_listing_for_all(survey, simulator):
    survey(databases=[DATABASES[0]], report_unlisted=False, fail=False)
    endpoints = [request["endpoint"] for request in simulator.journal()]
    assert sorted(endpoints) == ["commserv", "jobs", "subclient", "whoami"]


def test_names_that_commvault_does_not_have_are_rows_with_the_nearest_ones(survey):
    wanted = [{"client_name": "aws-prod", "instance_name": "ordres"}, {"client_name": "nowhere", "instance_name": "x"}]
    result = survey(databases=wanted, fail=False)
    rows = {row["id"]: row for row in result["databases"]}
    assert rows["aws-prod/ordres/default"]["state"] == rows["nowhere/x/default"]["state"] == "unknown_to_commvault"
    assert "Nearest: orders" in rows["aws-prod/ordres/default"]["reason"]


def test_accents_may_be_composed_in_the_other_way(survey, simulator):
    instance = {"name": "caf\u00e9", "history": [{"age": HOUR}]}
    simulator.reset({"clients": [{"name": "aws-prod", "display_name": "Fran\u00e7ois", "instances": [instance]}]})
    result = survey(databases=[{"client_name": "Franc\u0327ois", "instance_name": "cafe\u0301"}])
    assert [row["state"] for row in result["databases"]] == ["protected"]


def test_what_aws_names_is_found_and_other_engines_are_left_out(survey):
    wanted = [
        {"db_instance_identifier": "orders", "engine": "oracle-ee"},
        {"db_instance_identifier": "web", "engine": "postgres"},
        {"db_instance_identifier": "lost", "engine": "oracle-se2", "created": "2026-01-01T00:00:00+00:00"},
    ]
    result = survey(databases=wanted, fail=False, report_unlisted=False)
    assert states(result) == {"orders": "protected", "lost": "unknown_to_commvault"}
    assert [one["id"] for one in result["left_out"]] == ["web"]


def test_ages_levels_of_strictness_and_groups_are_as_asked_for(survey):
    wanted = [{**DATABASES[0], "groups": {"team": "a"}}, {**DATABASES[1], "max_age": "2d", "groups": {"team": "b"}}]
    result = survey(databases=wanted, group_by=["team", "plan"], report_unlisted=False)
    assert set(states(result).values()) == {"protected"}
    assert result["summary"]["groups"]["team"] == {v: {"databases": 1, "protected": 1} for v in ("a", "b")}
    assert result["msg"] == "2 of 2 databases protected (100 %)."


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_age": "0"},
        {"new_after": "0"},
        {"history_days": 0},
        {"history_days": 61},
        {"group_by": ["team"]},
        {"databases": [{"instance_name": "x"}]},
        {"databases": [{}]},
        {"databases": [{**DATABASES[0], "max_age": "0"}]},
        {"databases": [{**DATABASES[0], "created": "yesterday"}]},
        {"databases": [dict(DATABASES[0]), dict(DATABASES[0])]},
        {"databases": [dict(DATABASES[0])], "group_by": ["team"]},
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(survey, simulator, wrong):
    with pytest.raises(InvalidInput, match=r"max_age|new_after|history_days|group_by|databases"):
        survey(**wrong)
    assert simulator.journal() == []


@pytest.mark.parametrize(
    ("path", "fault"),
    [("jobs", {"kind": "forbidden"}), ("jobs", {"kind": "cut_json"}), ("subclient", {"kind": "forbidden"})],
)
def test_what_cannot_be_read_is_not_verified_and_never_protected(survey, simulator, path, fault):
    simulator.order_fault({"path": path}, fault, times=None)
    try:
        result = survey(databases=DATABASES, report_unlisted=False, fail=False)
    except CommvaultError:
        assert path == "subclient", "nothing at all could be read"
        return
    assert set(states(result).values()) <= {"not_verified", "not_configured"}
    assert result["evidence"]["complete"] is False
    assert result["warnings"]


@pytest.mark.parametrize(
    ("settings", "fault", "words"),
    [
        ({}, {"kind": "forbidden"}, "the user lacks a permission"),
        ({}, {"kind": "server_error_json"}, "Internal error occurred."),
        ({}, {"cut_json": True}, "broken JSON"),
        # To an older urllib3, half an answer is a whole one.
        ({}, {"cut_body": True}, "before the answer was complete|broken JSON"),
        ({}, {"json": {"totalRecordsWithoutPaging": 40, "jobs": []}}, "ended after 0 of 40 rows"),
        ({"clock_skew": -10 * HOUR}, None, "Compare the clocks"),
        ({"clock_skew": 23.5 * HOUR}, None, "Correct the clock that is wrong"),
    ],
)
def test_what_is_not_certain_is_not_verified_and_says_why(survey, simulator, settings, fault, words):
    simulator.set(**settings)
    if fault:
        simulator.order_fault({"path": "jobs"}, fault, times=None)
    result = survey(databases=DATABASES, report_unlisted=False, fail=False)
    (orders,) = [row for row in result["databases"] if row["instance_name"] == "orders"]
    assert orders["state"] == "not_verified"
    assert re.search(words, f"{orders['reason']} {orders['action']}")
    assert "protected" not in states(result).values()


def test_half_a_listing_of_jobs_is_not_taken_for_all(survey, monkeypatch):
    from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobsApi

    original = JobsApi.list_page

    def short(self, **kwargs):
        page = original(self, **kwargs)
        if kwargs["offset"]:
            return page._replace(jobs=[], rows=0, total=page.total + 3)
        return page._replace(jobs=page.jobs[:2], rows=2, total=page.total + 3)

    monkeypatch.setattr(JobsApi, "list_page", short)
    result = survey(databases=DATABASES, fail=False)
    assert "not_verified" in states(result).values()
    assert "ended after" in result["unread"][0]


def test_instances_of_a_client_that_may_not_be_read_are_not_verified(survey, simulator):
    simulator.order_fault({"path": "subclient", "client": "aws-dev"}, {"kind": "forbidden"}, times=None)
    scratch = {"client_name": "aws-dev", "instance_name": "scratch"}
    of_aws = {"db_instance_identifier": "lost", "engine": "oracle-se2"}
    result = survey(databases=[DATABASES[0], scratch, of_aws], report_unlisted=False, fail=False)
    rows = {row["id"]: row for row in result["databases"]}
    assert states(result)["aws-prod/orders/default"] == "protected"
    assert states(result)["aws-dev/scratch/default"] == "not_verified"
    assert (rows["lost"]["protected"], rows["lost"]["state"]) == (False, "not_verified")
    assert "It may be among what could not be read." in rows["lost"]["reason"]
    assert len(result["unread"]) == 1


def test_a_subclient_whose_plan_cannot_be_read_is_not_said_to_have_none(survey, simulator):
    simulator.order_fault({"path": "subclient/*"}, {"kind": "forbidden"}, times=None)
    result = survey(databases=[DATABASES[2]], report_unlisted=False, fail=False)
    assert states(result) == {"aws-prod/noplan/default": "never"}
