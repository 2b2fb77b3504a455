# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.hosts import HostInputs
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.tests.support.reports import backup

NAMES = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
AWS = {"db_instance_identifier": "orders", "engine": "oracle-ee"}


def read(**hosts):
    inputs = HostInputs()
    for host, variables in hosts.items():
        inputs.add(host, variables)
    return inputs


def test_each_host_has_its_own_problems():
    inputs = read(fine=NAMES, bad={**NAMES, "commvault_client_name": "", "engine": 7}, none={})
    assert inputs.problems == {
        "bad": "commvault_client_name is missing",
        "none": "commvault_client_name is missing; commvault_instance_name is missing",
    }
    assert inputs.entries == {"fine": {"id": "fine", "client_name": "aws-prod", "instance_name": "orders"}}


def test_the_second_host_that_names_a_subclient_is_wrong():
    three = {**NAMES, "commvault_client_name": "aws-\u00e9"}
    inputs = read(three=three, four={**NAMES, "commvault_client_name": "AWS-E\u0301"})
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
