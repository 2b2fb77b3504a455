# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role over hosts that have the names of AWS; tests/aws has the real inventory of amazon.aws."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import summary_of

from .conftest import ESTATE, Play

PLAYBOOK = "rdsops.commvault.export_backup"
PATTERNS: dict[str, t.Any] = {
    "oracle_rds_export_backup_hosts": "aws_rds",
    "oracle_rds_export_backup_match_patterns": "aws-prod/{identifier}",
}


def started(simulator: Simulator) -> list[str]:
    return sorted(f"{job['client']}/{job['instance']}/{job['subclient']}" for job in simulator.jobs())


def test_hosts_of_aws_are_looked_up_with_one_call_and_those_that_are_not_there_fail_alone(
    play: Play, simulator: Simulator
) -> None:
    run = play(PLAYBOOK, inventory="from_aws.yml", extravars=PATTERNS)
    assert run.rc == 2
    assert list(run.failed) == ["brand-new"]
    assert "Commvault has no instance for DB instance ordes in us-east-1" in run.failed["brand-new"]
    assert "Nearest: orders" in run.failed["brand-new"]
    assert started(simulator) == [
        "aws-dev/scratch/nightly",
        "aws-prod/billing/default",
        "aws-prod/hr/default",
        "aws-prod/orders/default",
    ]
    table = summary_of(run)
    assert table[0] == "5 backups: 1 not submitted, 4 started"
    assert table[1].startswith("brand-new  NOT SUBMITTED  No backup of brand-new was started: ")
    assert table[-1] == "1 left out, not Oracle: web"


def test_without_patterns_one_that_can_be_either_of_two_is_not_guessed_and_nothing_starts_if_that_is_wanted(
    play: Play, simulator: Simulator
) -> None:
    more = {**PATTERNS, "oracle_rds_export_backup_match_patterns": "", "oracle_rds_export_backup_on_unmatched": "stop"}
    run = play(PLAYBOOK, inventory="from_aws.yml", extravars=more)
    assert run.rc == 2
    message = run.failed["orders"]
    assert message.startswith("Nothing was started. No backup of orders was started: DB instance orders in us-east-1")
    assert "can be any of aws-dev/orders/default, aws-prod/orders/default" in message
    assert "No backup of brand-new was started" in message
    assert simulator.writes() == []


@pytest.mark.parametrize("fault", [{"kind": "forbidden"}, {"kind": "empty_object"}])
def test_another_database_of_the_same_name_is_not_backed_up_instead_of_one_that_could_not_be_read(
    play: Play, simulator: Simulator, fault: dict[str, t.Any]
) -> None:
    simulator.order_fault({"path": "subclient", "client": "aws-prod"}, fault, times=None)
    run = play(
        PLAYBOOK,
        inventory="from_aws.yml",
        extravars={**PATTERNS, "oracle_rds_export_backup_hosts": "orders"},
        warnings=True,
    )
    assert run.rc == 2
    assert "fits aws-dev/orders/default, but the instances of client aws-prod could not be read" in run.failed["orders"]
    (text,) = run.warnings
    assert "aws-prod" in text
    assert simulator.writes() == []


def test_a_host_may_say_which_client_and_which_subclient_it_is_under(play: Play, simulator: Simulator) -> None:
    estate = {
        "clients": [
            {"name": "aws-prod", "instances": ["orders", {"name": "hr", "subclients": ["s1", "s2"]}]},
            {"name": "aws-dev", "display_name": "AWS development", "instances": ["orders"]},
        ]
    }
    simulator.reset(estate)
    inventory = """
aws_rds:
  vars: {engine: oracle-ee, region: us-east-1}
  hosts:
    orders: {db_instance_identifier: orders, commvault_client_name: AWS development}
    hr-one: {db_instance_identifier: hr, oracle_rds_export_backup_subclient_name: s1}
    hr-two: {db_instance_identifier: hr, commvault_subclient_name: S2}
"""
    run = play(PLAYBOOK, inventory=inventory, extravars={"oracle_rds_export_backup_hosts": "aws_rds"})
    assert run.rc == 0
    assert started(simulator) == ["aws-dev/orders/default", "aws-prod/hr/s1", "aws-prod/hr/s2"]


def test_hosts_of_which_none_is_oracle_are_left_out_and_nothing_is_asked_for(play: Play, simulator: Simulator) -> None:
    simulator.reset(ESTATE)
    run = play(PLAYBOOK, inventory="from_aws.yml", extravars={**PATTERNS, "oracle_rds_export_backup_hosts": "web"})
    assert run.rc == 0
    assert summary_of(run) == ["0 backups", "1 left out, not Oracle: web"]
    assert simulator.writes() == []
