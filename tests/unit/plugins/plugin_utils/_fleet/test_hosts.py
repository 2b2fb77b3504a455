# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.entries import make_entries
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.hosts import (
    add_matches,
    not_of_the_play,
    read_hosts,
)
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.tests.support.reports import backup

NAMES = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
AWS = {
    "db_instance_identifier": "orders",
    "db_instance_arn": "arn:aws:rds:us-east-1:123456789012:db:orders",
    "engine": "oracle-ee",
    "region": "us-east-1",
}


class CannotBeEvaluated(dict):
    """Variables of which none can be evaluated."""

    def __getitem__(self, name):
        raise ValueError(name)


def read(**hosts):
    return read_hosts(hosts, hosts.__getitem__)


def test_a_host_is_called_what_its_variables_say():
    inputs = read(
        one={**NAMES, "commvault_application_id": 22, "commvault_display_name": None, "commvault_app_name": "  "},
        two={**NAMES, "oracle_rds_export_backup_instance_name": "hr", "commvault_subclient_name": "nightly"},
    )
    assert inputs.problems == []
    assert inputs.entries == {
        "one": {"id": "one", "client_name": "aws-prod", "instance_name": "orders", "application_id": "22"},
        "two": {"id": "two", "client_name": "aws-prod", "instance_name": "hr", "subclient_name": "nightly"},
    }


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "commvault_client_name is missing, commvault_instance_name is missing"),
        ({**NAMES, "commvault_client_name": ""}, "commvault_client_name is missing"),
        ({**NAMES, "commvault_client_name": ["aws"]}, "commvault_client_name must be a text"),
        ({**NAMES, "commvault_client_name": True}, "commvault_client_name must be a text"),
        ({**NAMES, "commvault_application_id": 0}, "commvault_application_id must be a positive number"),
        ({**NAMES, "commvault_application_id": "Oracle"}, "commvault_application_id must be a positive number"),
        (
            {**NAMES, "commvault_instance_name": "{{ undefined }}"},
            "commvault_instance_name cannot be evaluated, or looks like a template",
        ),
        (
            {**NAMES, "oracle_rds_export_backup_client_name": "", "db_instance_identifier": "orders"},
            "commvault_client_name is missing",
        ),
        ({**AWS, "db_instance_arn": "arn:aws:s3:::x"}, "db_instance_arn is not the ARN of a DB instance"),
        ({**AWS, "engine": ["oracle"]}, "engine must be a text"),
    ],
)
def test_what_is_wrong_with_a_host_is_said(variables, problem):
    inputs = read(fine=NAMES, bad=variables)
    assert [text.startswith(f"bad: {problem}") for text in inputs.problems] == [True]
    assert list(inputs.entries) == ["fine"]


def test_braces_alone_are_no_template():
    inputs = read_hosts(["{a}"], lambda _host: {**NAMES, "commvault_display_name": "AWS {prod}"})
    assert (inputs.problems, inputs.entries["{a}"]["display_name"]) == ([], "AWS {prod}")


def test_what_is_wrong_is_said_of_all_hosts_at_once():
    inputs = read(
        one={}, two=CannotBeEvaluated(NAMES), three=NAMES, four={**NAMES, "commvault_client_name": "AWS-PROD"}
    )
    reading_of_template = read_hosts(["{{ x }}"], lambda _host: NAMES)
    assert [problem.split(": ")[0] for problem in inputs.problems] == ["one", "two", "four"]
    assert inputs.problems[2] == "four: it is the same instance as three"
    assert reading_of_template.problems == ["?? x }}: its name looks like a template"]


def test_variables_of_the_play_that_hosts_should_have_are_found():
    own = dict(NAMES)
    assert not_of_the_play(own, {**own, "commvault_job": 1}) == []
    (problem,) = not_of_the_play(own, {**own, "commvault_subclient_name": "nightly"})
    assert problem.startswith("commvault_subclient_name is set for the play or the role")


def test_a_host_of_aws_is_looked_up_unless_it_has_a_name_of_commvault():
    inputs = read(
        orders={**AWS, "commvault_subclient_name": "nightly"},
        named={**AWS, **NAMES},
        cluster={"db_cluster_identifier": "c", "engine": "aurora-mysql"},
        **{"of-client": {**AWS, "commvault_client_name": "AWS production", "commvault_display_name": "x"}},
    )
    assert inputs.problems == []
    assert inputs.wanted == [
        {"id": "orders", "subclient_name": "nightly", **AWS},
        {"id": "cluster", "engine": "aurora-mysql"},
        {"id": "of-client", "client_name": "AWS production", **AWS},
    ]
    assert inputs.more == {
        "orders": {"id": "orders"},
        "cluster": {"id": "cluster"},
        "of-client": {"id": "of-client", "display_name": "x"},
    }
    assert list(inputs.entries) == ["named"]


def test_two_applications_may_have_instances_of_the_same_name():
    inputs = read(
        oracle=NAMES, rac={**NAMES, "commvault_application_id": 80}, same={**NAMES, "commvault_application_id": "022"}
    )
    assert inputs.problems == ["same: it is the same instance as oracle"]


def matches(*states):
    return [
        {
            "id": host,
            "state": state,
            "msg": f"{host} is {state}.",
            "entry": {"id": host, "client_name": "aws-prod", "instance_name": name} if state == "matched" else None,
        }
        for host, state, name in states
    ]


def test_what_was_found_is_started_and_what_was_not_is_said_host_by_host():
    inputs = read(
        a={**AWS, "commvault_subclient_name": "nightly", "commvault_display_name": "AWS"},
        b=AWS,
        c=AWS,
        d=AWS,
        e=AWS,
        named={**NAMES, "commvault_instance_name": "hr"},
    )
    lost, left_out = add_matches(
        inputs,
        matches(
            ("a", "matched", "orders"),
            ("b", "missing", None),
            ("c", "skipped", None),
            ("d", "ambiguous", None),
            ("e", "matched", "HR"),
        ),
    )
    assert inputs.entries["a"] == {
        "id": "a",
        "client_name": "aws-prod",
        "instance_name": "orders",
        "display_name": "AWS",
    }
    assert "e" not in inputs.entries
    assert left_out == [{"id": "c", "msg": "c is skipped."}]
    assert [(one["id"], one["state"], one["failure"]["kind"]) for one in lost] == [
        ("b", "not_submitted", "instance_missing"),
        ("d", "not_submitted", "instance_ambiguous"),
        ("e", "not_submitted", "instance_ambiguous"),
    ]
    assert lost[2]["msg"] == "No backup of e was started: e is matched. But that is named already."
    assert make_fleet(make_entries(lost))["not_well"] == ["b", "d", "e"]


def test_a_backup_that_no_module_was_asked_for_has_the_same_keys():
    (lost,), _left_out = add_matches(read(b=AWS), matches(("b", "missing", None)))
    assert set(lost) == set(backup())
