# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.database import read_host

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
            raise InvalidInput(f"{name} cannot be evaluated: 'x' is undefined")
        return default


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        (
            {**NAMES, "commvault_application_id": 22, "commvault_display_name": None, "commvault_app_name": "  "},
            {"client_name": "aws-prod", "instance_name": "orders", "application_id": "22"},
        ),
        (
            {**NAMES, "oracle_rds_export_backup_instance_name": "hr", "commvault_subclient_name": "nightly"},
            {"client_name": "aws-prod", "instance_name": "hr", "subclient_name": "nightly"},
        ),
    ],
)
def test_a_host_is_called_what_its_variables_say(variables, names):
    assert read_host("db", variables) == ({"id": "db", **names}, None, [])


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
def test_what_is_wrong_is_told_by_the_name_of_the_variable(variables, problem):
    _names, _wanted, wrong = read_host("db", variables)
    assert "; ".join(wrong).startswith(problem)


@pytest.mark.parametrize("name", ["{a}", "{{ a }}", "a b", "Größe", "データ"])
def test_any_character_that_can_be_seen_may_be_in_a_name(name):
    names, _wanted, wrong = read_host("db", {**NAMES, "commvault_instance_name": name})
    assert (wrong, names["instance_name"]) == ([], name)


def test_a_name_of_commvault_goes_before_those_of_aws_be_it_right_or_wrong():
    assert read_host("aws", AWS)[1:] == ({"id": "aws", **AWS}, [])
    assert read_host("named", {**AWS, **NAMES})[1:] == (None, [])
    assert read_host("empty", {**AWS, "commvault_instance_name": ""})[1:] == (
        None,
        ["commvault_client_name is missing", "commvault_instance_name is missing"],
    )
