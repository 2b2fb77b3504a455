# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.hosts import HostInputs
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.variables import CannotEvaluate
from ansible_collections.rdsops.commvault.tests.support.reports import backup

NAMES = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
AWS = {
    "db_instance_identifier": "orders",
    "db_instance_arn": "arn:aws:rds:us-east-1:123456789012:db:orders",
    "engine": "oracle-ee",
    "region": "us-east-1",
}


class Broken(dict):
    """Variables of which none can be evaluated."""

    def get(self, name, default=None):
        if name in self:
            raise CannotEvaluate("'x' is undefined")
        return default


def read(**hosts):
    inputs = HostInputs()
    for host, variables in hosts.items():
        inputs.add(host, variables)
    return inputs


def test_a_host_is_called_what_its_variables_say():
    inputs = read(
        one={**NAMES, "commvault_application_id": 22, "commvault_display_name": None, "commvault_app_name": "  "},
        two={**NAMES, "oracle_rds_export_backup_instance_name": "hr", "commvault_subclient_name": "nightly"},
    )
    assert inputs.problems == {}
    assert inputs.entries == {
        "one": {"id": "one", "client_name": "aws-prod", "instance_name": "orders", "application_id": "22"},
        "two": {"id": "two", "client_name": "aws-prod", "instance_name": "hr", "subclient_name": "nightly"},
    }


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "commvault_client_name is missing; commvault_instance_name is missing"),
        ({**NAMES, "commvault_client_name": ""}, "commvault_client_name is missing"),
        ({**NAMES, "commvault_client_name": ["aws"]}, "commvault_client_name must be a string, not a list"),
        ({**NAMES, "commvault_client_name": {"a": 1}}, "commvault_client_name must be a string, not a dictionary"),
        ({**NAMES, "commvault_client_name": True}, "commvault_client_name must be a string, not a boolean"),
        ({**NAMES, "commvault_application_id": 0}, "commvault_application_id must be a positive number, not '0'"),
        ({**NAMES, "commvault_application_id": "Oracle"}, "commvault_application_id must be a positive number"),
        ({**NAMES, "commvault_instance_name": " orders"}, "commvault_instance_name begins or ends with a blank: ' ord"),
        ({**NAMES, "commvault_instance_name": "orders "}, "commvault_instance_name begins or ends with a blank"),
        (
            {**NAMES, "commvault_instance_name": "a\u00a0b"},
            "commvault_instance_name contains an invisible character (U+00A0)",
        ),
        (
            {**NAMES, "commvault_instance_name": "a\tb"},
            "commvault_instance_name contains a control character or a line break (U+0009)",
        ),
        ({**NAMES, "commvault_instance_name": "orders\n"}, "commvault_instance_name begins or ends with a blank"),
        # What a template leaves of no value, before ansible-core 2.19, and YAML's .inf.
        ({**NAMES, "commvault_instance_name": "None"}, "commvault_instance_name is 'None', which looks like"),
        ({**NAMES, "commvault_subclient_name": float("inf")}, "commvault_subclient_name is 'inf', which looks like"),
        (Broken(NAMES), "commvault_client_name cannot be evaluated: 'x' is undefined; commvault_instance_name"),
        (
            {**NAMES, "oracle_rds_export_backup_client_name": "", "db_instance_identifier": "orders"},
            "commvault_client_name is missing",
        ),
        ({**AWS, "db_instance_arn": "arn:aws:s3:::x"}, "db_instance_arn is not the ARN of a DB instance"),
        ({**AWS, "engine": ["oracle"]}, "engine must be a string, not a list"),
    ],
)
def test_each_host_has_its_own_problems(variables, problem):
    inputs = read(fine=NAMES, bad=variables)
    assert list(inputs.problems) == ["bad"]
    assert inputs.problems["bad"].startswith(problem)
    assert list(inputs.entries) == ["fine"]


@pytest.mark.parametrize("name", ["{a}", "{{ a }}", "a b", "Größe", "データ"])
def test_any_character_that_can_be_seen_may_be_in_a_name(name):
    inputs = read(host={**NAMES, "commvault_instance_name": name})
    assert (inputs.problems, inputs.entries["host"]["instance_name"]) == ({}, name)


def test_the_second_host_that_names_a_subclient_is_wrong():
    inputs = read(three=NAMES, four={**NAMES, "commvault_client_name": "AWS-PROD"})
    assert inputs.problems == {"four": "it names the same subclient as three"}


def test_a_host_of_aws_is_looked_up_unless_it_has_a_name_of_commvault():
    inputs = read(
        orders={**AWS, "commvault_subclient_name": "nightly"},
        named={**AWS, **NAMES},
        cluster={"db_cluster_identifier": "c", "engine": "aurora-mysql"},
        **{"of-client": {**AWS, "commvault_client_name": "AWS production", "commvault_display_name": "x"}},
    )
    assert inputs.problems == {}
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
    assert inputs.problems == {"same": "it names the same subclient as oracle"}


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
    lost, left_out = inputs.add_matches(
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
    assert make_fleet(lost)["failed_backups"] == ["b", "d", "e"]


def test_a_backup_that_no_module_was_asked_for_has_the_same_keys():
    (lost,), _left_out = read(b=AWS).add_matches(matches(("b", "missing", None)))
    assert set(lost) == set(backup())


def test_a_name_of_commvault_goes_before_those_of_aws_be_it_right_or_wrong():
    inputs = read(aws=AWS, empty={**AWS, "commvault_instance_name": ""}, named=NAMES)
    assert [one["id"] for one in inputs.wanted] == ["aws"]
    assert (list(inputs.problems), list(inputs.entries)) == (["empty"], ["named"])
