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


def databases(run: PlaybookRun, task: str | None = None) -> list[tuple[str, str]]:
    """The databases of a run, or of one task, by client and instance, as the platform makes them of its events."""
    found: dict[str, dict[str, t.Any]] = {}
    for event in run.events:
        data = event["event_data"]
        query = QUERIES.get(data.get("resolved_action", ""))
        if query and "res" in data and task in (None, data["task"]):
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
            ("job_control", {**job, "state": "suspended"}),
            ("job_wait", {**job, "wait_timeout": 1}),
            one("orders", wait=True, wait_timeout=1),
            ("job_control", {**job, "state": "killed"}),
            ("job_wait", {**job, "wait_interval": 1}),
        )
    )
    numbers = [str(number) for number in range(1, 9)]
    assert [run.result(number)["failed"] for number in numbers] == [False] * 4 + [True] * 2 + [False, True]
    for number in numbers:
        assert databases(run, number) == [("aws-prod", "orders")]
    assert databases(run) == [("aws-prod", "orders")]


def test_of_many_backups_and_of_a_loop_those_that_run_are_databases(play: Play) -> None:
    names = [*(name for _client, name in PROD), "unknown"]
    instances = [{"client_name": "aws-prod", "instance_name": name} for name in names]
    playbook = yaml.safe_load(tasks(("oracle_rds_export_backup", {"instances": instances}), one("{{ item }}")))
    playbook[0]["tasks"][1]["loop"] = ["orders", "hr"]
    run = play(json.dumps(playbook, indent=1))
    assert run.result("1")["failed"]
    assert databases(run, "1") == PROD
    assert databases(run, "2") == [("aws-prod", "hr"), ("aws-prod", "orders")]


def test_what_starts_nothing_counts_nothing(play: Play, simulator: Simulator) -> None:
    simulator.order_fault({"path": "createtask"}, {"kind": "unauthorized"}, times=None)
    unknown = ("job_info", {"job_ids": ["4711"]})
    playbook = yaml.safe_load(
        tasks(one("orders"), one("orders", batch_size="x"), unknown, ("oracle_rds_instance_info", {}), one("orders"))
    )
    playbook[0]["tasks"][4]["check_mode"] = True
    run = play(json.dumps(playbook, indent=1))
    assert run.result("5")["backups"][0]["state"] == "would_start"
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


def test_every_module_that_starts_or_follows_backups_has_a_query() -> None:
    others = {"login", "logout", "export_report", "oracle_rds_instance_info", "commcell_check"}
    # They tell hosts what the role's step did, whose own result is counted, and look only.
    others |= {"oracle_rds_export_result", "oracle_rds_protection_info"}
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert set(QUERIES) == {f"rdsops.commvault.{name}" for name in modules - others}
