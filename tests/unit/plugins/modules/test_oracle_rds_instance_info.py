# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_instance_info as info
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.job_rows import ended_job, listing
from ansible_collections.rdsops.commvault.tests.support.module_runner import TOKEN
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

NO_V4 = {"errorCode": 404, "errorMessage": "Requested Details not found"}
ROWS = [estates.subclient_row(1001, "orders"), estates.subclient_row(1002, "billing")]


QUIET = {"concurrency": 1, "history": "0"}


def one_client(*rows, more=()):
    return Script(
        get("V4/Instances").with_header("Authtoken", TOKEN).returns(404, NO_V4),
        estates.list_clients("aws-prod"),
        estates.list_subclients(11).returns(200, estates.subclients(*(rows or ROWS))),
        *more,
    )


def names(result):
    return [(one["client_name"], one["instance_name"], one["subclient_name"]) for one in result["instances"]]


@pytest.mark.parametrize("check", [False, True])
def test_it_lists_what_can_be_backed_up_and_changes_nothing(run_module, check):
    script = Script(
        get("V4/Instances").returns(200, estates.v4(estates.v4_row(1101, "orders"), estates.v4_row(1102, "billing"))),
        estates.list_subclients(11).returns(200, estates.subclients(*ROWS)),
        post("Jobs").returns(200, listing(ended_job(9, "orders", subclient_id=1001))),
    )
    result = run_module(info, script, check=check, concurrency=1)
    assert result["changed"] is False
    assert result["msg"] == "2 subclients of 1 client."
    assert names(result) == [("aws-prod", "billing", "default"), ("aws-prod", "orders", "default")]
    assert (result["source"], result["history_seconds"], result["unread"]) == ("instances", 604800, [])
    assert result["api_calls"] == {"reads": 3, "writes": 0, "quota": None}
    billing, orders = result["instances"]
    assert billing["last_backup"] is None
    assert orders["last_backup"] == orders["last_good_backup"]
    assert orders["last_backup"] == {
        "job_id": "9",
        "status": "Completed",
        "state": "ok",
        "time": 5000,
        "level": "Full",
        "reason": None,
    }
    assert "matches" not in result


def test_the_result_holds_what_its_documentation_says(run_module):
    import yaml

    documented = yaml.safe_load(info.RETURN)
    result = run_module(info, one_client(), **QUIET)
    for entry in result["instances"]:
        assert set(entry) == set(documented["instances"]["contains"])
    backup = documented["instances"]["contains"]["last_backup"]["contains"]
    jobs = post("Jobs").returns(200, listing(ended_job(9, "orders", subclient_id=1001)))
    result = run_module(info, one_client(more=[jobs]), concurrency=1)
    assert set(result["instances"][1]["last_backup"]) == set(backup)
    always = {name for name, value in documented.items() if "match" not in value["returned"] and name != "failure"}
    assert set(result) - {"invocation", "changed", "instances"} == always
    result = run_module(info, one_client(), **QUIET, match=[{"db_instance_identifier": "orders"}])
    assert set(result) - {"invocation", "changed", "matches"} == always
    assert set(result["matches"][0]) == set(documented["matches"]["contains"])


def test_an_empty_commcell_is_a_good_result(run_module):
    script = Script(get("V4/Instances").returns(404, NO_V4), get("Client").returns(200, {}))
    result = run_module(info, script)
    assert (result["instances"], result["msg"]) == (
        [],
        "0 subclients of 0 clients. Check client_names and application_ids; users see only what they have rights on.",
    )


def test_patterns_choose_by_name(run_module):
    result = run_module(info, one_client(), **QUIET, name_patterns=["BILL*"])
    assert names(result) == [("aws-prod", "billing", "default")]


def test_patterns_that_match_nothing_are_told_apart_from_an_empty_commcell(run_module):
    result = run_module(info, one_client(), **QUIET, name_patterns=["bil"])
    assert result["msg"] == "0 subclients of 0 clients. None of 2 matches name_patterns, with * for any characters."


def test_named_clients_are_read_alone_and_unknown_ones_are_told(run_module, warned):
    script = Script(
        estates.list_subclients("aws-prod").returns(200, estates.subclients(*ROWS)),
        estates.list_subclients("aws-prd").returns(200, {}),
        get("GetId").with_query(clientname="aws-prd").returns(404, {"clientId": -32000}),
        estates.list_clients("aws-prod"),
    )
    result = run_module(info, script, client_names=["aws-prod", "aws-prd"], **QUIET)
    assert len(result["instances"]) == 2
    assert [(one["client_name"], one["kind"]) for one in result["unread"]] == [("aws-prd", "not_found")]
    assert "Nearest: aws-prod" in result.text
    assert "no client aws-prd" in warned[0]


def test_applications_other_than_oracle_can_be_listed(run_module):
    rows = [*ROWS, estates.subclient_row(1003, "crm", application_id=81, app_name="SQL Server")]
    script = Script(
        estates.list_clients("aws-prod"),
        estates.list_subclients(11, None).returns(200, estates.subclients(*rows)),
    )
    result = run_module(info, script, application_ids=[81, 134], source="clients", **QUIET)
    assert [(one["instance_name"], one["app_name"]) for one in result["instances"]] == [("crm", "SQL Server")]


def test_partial_rights_give_a_partial_list_that_says_so(run_module, warned):
    denied = {"errorMessage": "Access denied", "errorCode": 5}
    script = Script(
        estates.list_clients("aws-prod", "aws-dev"),
        estates.list_subclients(11).returns(200, estates.subclients(*ROWS)),
        estates.list_subclients(12).returns(200, {"errors": [{"errorString": "not for you"}]}),
        post("Jobs").returns(200, denied),
        post("WhoAmI").returns(200, {"user": {"userName": "dba"}}),
        post("Jobs").returns(200, denied),
    )
    result = run_module(info, script, source="clients", concurrency=1)
    assert len(result["instances"]) == 2
    unread = [(one["what"], one["client_name"]) for one in result["unread"]]
    assert unread == [("subclients", "aws-dev"), ("jobs", None)]
    assert result["history_seconds"] == 0
    assert "not for you" in warned[0]


def test_many_unreadable_clients_make_one_warning(run_module, warned):
    refused = {"errors": [{"errorString": "no"}]}
    script = Script(
        estates.list_clients(*"abcdef"),
        *(estates.list_subclients(number).returns(200, refused if number > 11 else {}) for number in range(11, 17)),
    )
    result = run_module(info, script, source="clients", **QUIET)
    assert len(result["unread"]) == 5
    assert len(warned) == 1
    assert warned[0].endswith("And 2 more, see unread.")


def test_if_nothing_can_be_read_it_fails(run_module):
    script = Script(get("Client").returns(302, headers={"Location": "https://elsewhere.example.com/x"}))
    result = run_module(info, script, source="clients")
    assert result["failed"] is True
    assert result["failure"]["kind"] == "redirect"


MATCH = [
    {"id": "h1", "db_instance_identifier": "Orders", "engine": "oracle-ee", "region": "us-east-1"},
    {"id": "h2", "db_instance_identifier": "order", "engine": "oracle-se2"},
    {"id": "h3", "db_instance_identifier": "web", "engine": "postgres"},
]


def test_db_instances_are_found_by_their_identifiers(run_module):
    result = run_module(info, one_client(), **QUIET, match=MATCH)
    states = {one["id"]: one["state"] for one in result["matches"]}
    assert states == {"h1": "matched", "h2": "missing", "h3": "skipped"}
    assert result["matches"][0]["entry"]["instance_name"] == "orders"
    assert result["matches"][1]["nearest"] == ["orders"]
    assert [one["entry"] for one in result["matches"][1:]] == [None, None]
    assert result["msg"].startswith("3 DB instances: 1 matched, 1 missing, 1 skipped. Commvault has no instance for")
    assert "postgres" not in result["msg"]
    assert "instances" not in result


def test_of_no_db_instances_there_is_nothing_to_tell(run_module):
    result = run_module(info, one_client(), **QUIET, match=[])
    assert (result["matches"], result["msg"]) == ([], "0 DB instances.")


def test_an_entry_of_the_result_is_one_that_the_backup_takes(run_module):
    from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import make_instances
    from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_backup

    taken = set(oracle_rds_export_backup.argument_spec().options["instances"]["options"])
    matched = run_module(info, one_client(), **QUIET, match=MATCH[:1])["matches"][0]["entry"]
    listed = run_module(info, one_client(), **QUIET)["instances"][0]["entry"]
    assert set(matched) == taken
    assert set(listed) == taken - {"id"}
    assert make_instances([matched])[0].id == "h1"


def test_patterns_find_instances_of_other_names(run_module):
    rows = [estates.subclient_row(1001, "rds-orders-us-east-1")]
    patterns = ["rds-{identifier}-{region}"]
    result = run_module(info, one_client(*rows), **QUIET, match=MATCH[:1], match_patterns=patterns)
    assert result["matches"][0]["entry"]["instance_name"] == "rds-orders-us-east-1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"history": "yesterday"}, "history must be a number of seconds"),
        ({"concurrency": 0}, "concurrency must be a number from 1 to 64"),
        ({"match": MATCH[:1] * 2}, "have the same id"),
        ({"match_patterns": ["plain"]}, "match_patterns"),
        ({"match": [{"db_instance_arn": "x"}]}, "not the ARN"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_sent(run_module, options, words):
    result = run_module(info, **options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert result["failure"]["kind"] == "invalid_input"


ESTATE = {
    "clients": [
        {"name": "aws-prod", "instances": ["orders", "billing"]},
        {"name": "aws-dev", "instances": ["orders", {"name": "scratch", "activity": False}]},
    ]
}


def test_releases_with_and_without_the_list_of_instances_give_the_same_names(run_simulated, simulator):
    with_it = run_simulated(info)
    simulator.reset({"clients": [*ESTATE["clients"], {"name": "fileserver"}]})
    simulator.set(v4_discovery=False, list_activity=False, empty_lists="404")
    without_it = run_simulated(info)
    assert [one["entry"] for one in with_it["instances"]] == [one["entry"] for one in without_it["instances"]]
    assert (with_it["source"], without_it["source"]) == ("instances", "clients")
    assert {one["status"] for one in with_it["instances"]} == {"ready", "disabled"}
    assert {one["status"] for one in without_it["instances"]} == {"unknown"}


@pytest.mark.parametrize(("form", "with_v4"), [("object", False), ("404", True)])
def test_every_form_of_an_empty_commcell_is_an_empty_list(run_simulated, simulator, form, with_v4):
    simulator.reset({"clients": []})
    simulator.set(empty_lists=form, v4_discovery=with_v4)
    assert run_simulated(info)["instances"] == []
