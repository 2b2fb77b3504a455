# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dry run tells each kind of trouble, and the real run afterwards agrees with it."""

from __future__ import annotations

import json
import typing as t

import yaml

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun

from .conftest import Play

ESTATE: dict[str, t.Any] = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                "orders",
                {"name": "running", "history": [{"status": "Running", "age": 60, "seconds": 90000}]},
                {"name": "recent", "history": [{"status": "Completed", "age": 3600, "seconds": 60}]},
                {"name": "stale", "history": [{"status": "Completed", "age": 200000, "seconds": 60}]},
                {"name": "failed", "history": [{"status": "Failed", "age": 3600, "seconds": 60}]},
                {"name": "planless", "plan": None},
                {"name": "disabled", "subclients": [{"name": "default", "activity": False}]},
                {"name": "reports", "application": "SQL Server", "vendor": "NOT_APPLICABLE"},
            ],
        },
        {"name": "aws-off", "activity": False, "instances": ["orders"]},
    ]
}
# Host: its variables, its state in the dry run, and words that say why.
HOSTS: dict[str, tuple[dict[str, str], str, str]] = {
    "orders": ({}, "would_start", "Would start"),
    "running": ({}, "adopted", "under way already: job"),
    "recent": ({}, "recent", "young enough: job"),
    "stale": ({}, "would_start", "Would start"),
    "failed": ({}, "would_start", "Would start"),
    "planless": ({}, "refused", "neither a plan nor"),
    "disabled": ({}, "refused", "activity is disabled"),
    "reports": ({}, "refused", "SQL Server"),
    "of-a-client-that-is-off": (
        {"client_name": "aws-off", "instance_name": "orders"},
        "refused",
        "activity is disabled",
    ),
    "misspelt": ({"instance_name": "oders"}, "refused", "nearest: orders"),
    "of-a-misspelt-client": ({"client_name": "aws-prd", "instance_name": "orders"}, "refused", "nearest: aws-prod"),
    "of-no-subclient": ({"instance_name": "stale", "subclient_name": "nightly"}, "refused", "default"),
}


def results(run: PlaybookRun) -> dict[str, dict[str, t.Any]]:
    """What the role says of each host."""
    (result,) = run.tasks["Start the backups"].values()
    found: dict[str, dict[str, t.Any]] = result["results"]
    return found


def test_a_dry_run_tells_each_kind_of_trouble_and_the_real_run_agrees(play: Play, simulator: Simulator) -> None:
    simulator.reset(ESTATE)
    hosts = {
        host: {f"commvault_{name}": value for name, value in {"instance_name": host, **own}.items()}
        for host, (own, _state, _words) in HOSTS.items()
    }
    inventory = yaml.safe_dump({"oracle_rds": {"vars": {"commvault_client_name": "aws-prod"}, "hosts": hosts}})

    dry = play("mixed_estate.yml", inventory=inventory, check=True)
    said = results(dry)
    assert {host: one["state"] for host, one in said.items()} == {host: of[1] for host, of in HOSTS.items()}
    assert {host: said[host]["msg"] for host, of in HOSTS.items() if of[2] not in said[host]["msg"]} == {}
    refused = {host for host, of in HOSTS.items() if of[1] == "refused"}
    assert set(dry.failed) == refused

    real = play("mixed_estate.yml", inventory=inventory)
    became = {host: one["state"] for host, one in results(real).items()}
    assert became == {host: one["state"].replace("would_start", "started") for host, one in said.items()}
    assert set(real.failed) == refused
    assert len(simulator.journal("createtask")) == len(HOSTS) - 2, "none for what runs or is recent"
    started = [job for job in simulator.jobs() if job["started_by"] is not None]
    assert sorted(job["instance"] for job in started) == ["failed", "orders", "stale"]
    assert simulator.token not in json.dumps(real.events, default=str)
