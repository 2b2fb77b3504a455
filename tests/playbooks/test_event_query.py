# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that Ansible Automation Platform counts: its queries, by a real jq, over events."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import jq
import pytest
import yaml

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun, inventory_of

from .conftest import ROOT, Play

BACKUP = "rdsops.commvault.oracle_rds_export_backup"
QUERIES = {
    name: entry["query"]
    for name, entry in yaml.safe_load((ROOT / "extensions/audit/event_query.yml").read_text(encoding="utf-8")).items()
}
PROD = [("aws-prod", name) for name in ("billing", "hr", "orders")]


def databases(run: PlaybookRun) -> list[tuple[str, str]]:
    """The databases of a run, by client and instance, as the platform makes them of its events."""
    found: dict[str, dict[str, t.Any]] = {}
    for event in run.events:
        data = event["event_data"]
        query = QUERIES.get(data.get("resolved_action", ""))
        if query and "res" in data:
            of_event = jq.compile(query).input_value(data["res"]).all()
            identities = [json.dumps(one["canonical_facts"], sort_keys=True) for one in of_event]
            assert len(set(identities)) == len(identities)
            for one in of_event:
                hold_against_the_contract(one)
            found.update(zip(identities, of_event, strict=True))
    return sorted((one["canonical_facts"]["client"], one["canonical_facts"]["instance"]) for one in found.values())


def hold_against_the_contract(database: dict[str, t.Any]) -> None:
    """What the platform wants: a name, an identity without nulls that stays, and words in lower_snake."""
    assert set(database) == {"name", "canonical_facts", "facts"}
    assert re.fullmatch(r"[^/]+/[^/]+", database["name"])
    identity = database["canonical_facts"]
    assert set(identity) == {"commcell", "client", "instance"}
    assert all(value and isinstance(value, str) and value == value.lower() for value in identity.values())
    assert identity["commcell"].partition(":")[0] == "127.0.0.1"
    assert set(database["facts"]) == {"infra_type", "infra_bucket", "device_type"}
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", value) for value in database["facts"].values())


def tasks(*options: tuple[str, dict[str, t.Any]]) -> str:
    listed = [
        {"name": f"{number}", f"rdsops.commvault.{name}": given, "register": f"task{number}", "ignore_errors": True}
        for number, (name, given) in enumerate(options, 1)
    ]
    return json.dumps([{"name": "Tasks", "hosts": "localhost", "gather_facts": False, "tasks": listed}], indent=1)


def one(instance: str, **more: t.Any) -> tuple[str, dict[str, t.Any]]:
    return "oracle_rds_export_backup", {"client_name": "AWS-prod", "instance_name": instance, **more}


def test_one_database_is_the_same_in_the_results_of_all_modules(play: Play) -> None:
    job = {"job_ids": "{{ task1.job_ids }}"}
    run = play(
        tasks(
            one("orders"),
            one("Orders"),
            ("job_info", job),
            ("job_control", {**job, "state": "killed"}),
            ("job_wait", {**job, "wait_interval": 1}),
        )
    )
    assert [run.result(str(number))["failed"] for number in range(1, 6)] == [False, False, False, False, True]
    assert databases(run) == [("aws-prod", "orders")]


@pytest.mark.parametrize("number", range(1, 6))
def test_each_module_tells_of_its_databases(play: Play, number: int) -> None:
    job = {"job_ids": "{{ task1.job_ids }}"}
    modules = [one("orders"), ("job_info", job), ("job_control", {**job, "state": "suspended"})]
    modules += [("job_wait", {**job, "wait_timeout": 1}), one("orders", wait=True, wait_timeout=1)]
    run = play(tasks(*modules))
    run.events = [event for event in run.events if event["event_data"].get("task") == str(number)]
    assert databases(run) == [("aws-prod", "orders")]


def test_of_many_backups_those_that_run_are_databases(play: Play) -> None:
    names = [*(name for _client, name in PROD), "unknown"]
    instances = [{"client_name": "aws-prod", "instance_name": name} for name in names]
    run = play(tasks(("oracle_rds_export_backup", {"instances": instances})))
    assert run.result("1")["failed"]
    assert databases(run) == PROD


def test_what_starts_nothing_counts_nothing(play: Play, simulator: Simulator) -> None:
    assert databases(play(tasks(one("orders")), check=True)) == []
    simulator.order_fault({"path": "createtask"}, {"kind": "unauthorized"}, times=None)
    unknown = ("job_info", {"job_ids": ["4711"]})
    run = play(tasks(one("orders"), one("orders", batch_size="x"), unknown, ("oracle_rds_instance_info", {})))
    assert databases(run) == []


def test_the_role_counts_each_host_once(play: Play, tmp_path: Path) -> None:
    (tmp_path / "inventory.json").write_text(
        inventory_of([name for _client, name in PROD], "aws-prod"), encoding="utf-8"
    )
    run = play(
        "rdsops.commvault.export_backup",
        inventory=tmp_path / "inventory.json",
        extravars={"oracle_rds_export_backup_wait": True, "oracle_rds_export_backup_wait_timeout": 1},
    )
    assert databases(run) == PROD


def test_the_loop_of_a_task_counts_each_of_its_items(play: Play) -> None:
    playbook = yaml.safe_load(tasks(one("{{ item }}")))
    playbook[0]["tasks"][0]["loop"] = ["orders", "hr"]
    assert databases(play(json.dumps(playbook, indent=1))) == [("aws-prod", "hr"), ("aws-prod", "orders")]


def test_every_module_that_starts_or_follows_backups_has_a_query() -> None:
    others = {"login", "logout", "export_report", "oracle_rds_instance_info", "commcell_check"}
    # They tell hosts what the role's step did, whose own result is counted, and look only.
    others |= {"oracle_rds_export_result", "oracle_rds_protection_info"}
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert set(QUERIES) == {f"rdsops.commvault.{name}" for name in modules - others}
