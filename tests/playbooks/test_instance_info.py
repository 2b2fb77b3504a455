# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the CommCell has is found in every shape of release and rights, and can be backed up as it is found."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Play, Shell

INFO = "rdsops.commvault.oracle_rds_instance_info"
GOOD = {"age": 3600, "seconds": 60}
BADLY = {"age": 600, "seconds": 60, "status": "Failed", "reason": "disk full"}
CLIENTS: list[dict[str, t.Any]] = [
    {
        "name": "aws-prod",
        "display_name": "AWS production",
        "instances": [{"name": "orders", "history": [GOOD, BADLY]}, {"name": "billing", "history": [GOOD]}, "hr"],
    },
    {
        "name": "aws-dev",
        "instances": ["orders", {"name": "scratch", "activity": False}, {"name": "crm", "application": "SQL Server"}],
    },
]

ESTATE = {"clients": CLIENTS}


def started(simulator: Simulator) -> list[str]:
    return sorted(f"{job['client']}/{job['instance']}" for job in simulator.jobs() if job["started_by"])


def reads(simulator: Simulator) -> list[str]:
    return [entry["path"].rpartition("/api/")[2] for entry in simulator.journal()]


@pytest.mark.parametrize("check", [False, True])
def test_what_is_listed_can_be_backed_up_as_it_is(play: Play, simulator: Simulator, check: bool) -> None:
    simulator.set(queue_conflicting_jobs=True)
    run = play("instance_info.yml", check=check)
    assert run.rc == 0
    assert len(run.message("Show the names")) == 5
    assert "aws-prod/orders/default/AWS production/Oracle/22" in run.message("Show the names")
    matches = run.result("Find databases by their names in AWS")["matches"]
    assert [one["state"] for one in matches] == ["matched", "matched", "matched", "missing", "skipped"]
    if not check:
        # orders failed last, but well within the day; hr and the one in aws-dev were never backed up. What runs
        # already is not started again, even where the CommCell would queue it.
        assert started(simulator) == ["aws-dev/orders", "aws-prod/billing", "aws-prod/hr", "aws-prod/orders"]


def test_what_there_is_is_told_with_few_reads(play: Play, simulator: Simulator) -> None:
    cases: dict[str, dict[str, t.Any]] = {
        "All": {},
        "One client": {"client_names": ["aws-dev"], "history": 0},
        "By the list": {"source": "instances", "history": 0},
    }
    tasks = [{"name": name, INFO: options} for name, options in cases.items()]
    run = play(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], indent=1))
    counts = {name: run.result(name)["api_calls"]["reads"] for name in cases}
    assert counts == {"All": 4, "One client": 1, "By the list": 1}
    asked = reads(simulator)
    assert sorted(asked[:4]) == ["Jobs", "Subclient", "Subclient", "V4/Instances"]
    assert asked[4:] == ["Subclient", "V4/Instances"]
    assert len(run.result("By the list")["instances"]) == 5
    # The last backup and the last good one.
    instances = {
        one["entry"]["instance_name"]: one
        for one in run.result("All")["instances"]
        if one["entry"]["client_name"] == "aws-prod"
    }
    last, good = instances["orders"]["last_backup"], instances["orders"]["last_good_backup"]
    assert (last["state"], last["reason"], good["state"], good["level"]) == ("failed", "disk full", "ok", "Full")
    assert simulator.now() - 700 < last["time"] < simulator.now()
    assert instances["hr"]["last_backup"] is None


def info(shell: Shell, **env: str) -> dict[str, t.Any]:
    return shell("ansible", "localhost", "-m", INFO, env=env).adhoc()


def test_a_release_without_the_list_of_instances_shows_a_restricted_user_what_that_user_may_see(
    shell: Shell, simulator: Simulator
) -> None:
    users = [{"name": "dev", "password": "SECRET-of-dev", "clients": ["aws-dev"]}]
    simulator.reset({"clients": [*CLIENTS, {"name": "fileserver"}], "users": users})
    simulator.set(v4_discovery=False, list_activity=False, empty_lists="404")
    result = info(shell, COMMVAULT_AUTH_TOKEN="", COMMVAULT_USERNAME="dev", COMMVAULT_PASSWORD="SECRET-of-dev")
    assert {one["client_name"] for one in result["instances"]} == {"aws-dev"}
    assert [one["entry"]["instance_name"] for one in result["instances"]] == ["orders", "scratch"]
    assert (result["source"], result["unread"]) == ("clients", [])
    assert {one["status"] for one in result["instances"]} == {"unknown"}


def test_jobs_that_may_not_be_seen_are_named_as_unread(simulator: Simulator, play: Play) -> None:
    simulator.set(history_view="denied")
    run = play(f"- hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: List\n      {INFO}:\n", warnings=True)
    result = run.result("List")
    assert [(one["what"], one["kind"]) for one in result["unread"]] == [("jobs", "permission")]
    assert len(result["instances"]) == 5
    assert len(run.warnings) == 1
    assert "The last backups could not be read" in run.warnings[0]


def test_a_table_shows_what_can_be_backed_up(play: Play, simulator: Simulator) -> None:
    run = play("rdsops.commvault.list_instances", extravars={"list_instances_clients": "aws-prod"})
    head, *rows, last = run.message("Instances")
    assert head.split() == ["client", "instance", "subclient", "status", "last", "good", "backup"]
    assert [row.split()[:3] for row in rows] == [
        ["aws-prod", "billing", "default"],
        ["aws-prod", "hr", "default"],
        ["aws-prod", "orders", "default"],
    ]
    assert [row.endswith("UTC") for row in rows] == [True, False, True]
    assert last == "3 subclients of 1 client."
    assert max(map(len, [head, *rows])) <= 80


def test_a_table_of_nothing_says_so(play: Play, simulator: Simulator) -> None:
    run = play("rdsops.commvault.list_instances", extravars={"list_instances_patterns": "no-such-*"})
    (line,) = run.message("Instances")
    assert line.startswith("0 subclients of 0 clients. None of 5 matches name_patterns")
