# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of each module, run as a playbook, and again in check mode."""

from __future__ import annotations

import copy
import json
import re
import shlex
import typing as t
from pathlib import Path

import pytest
import requests
import yaml
from ansible.parsing.plugin_docs import read_docstring

from ansible_collections.rdsops.commvault.tests.simulator.client import BODY, association
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.documents import plays_of

from .conftest import ROOT, Play, Shell

MODULES = sorted((ROOT / "plugins/modules").glob("*.py"), key=lambda path: path.stem)
PASSWORD = "a-password-of-the-examples"
ESTATE: dict[str, t.Any] = {
    "clients": {
        "aws-prod": ["orders", "billing", "crm-prd", *(f"db{number}" for number in range(60))],
        "aws-dev": ["orders"],
        "aws-us-east-1": ["orders"],
    },
    "users": [{"name": "backup-operator", "password": PASSWORD, "domain": "CORP"}],
}
PROTECTED_ESTATE = {
    **ESTATE,
    "clients": [
        {
            "name": client,
            "instances": [{"name": name, "history": [{"status": "Completed", "age": 3600}]} for name in names],
        }
        for client, names in ESTATE["clients"].items()
    ],
}
# Examples that wait for jobs find them at their end at once.
WAITING = {"export_report", "job_wait", "oracle_rds_export_backup"}


def examples(module: Path) -> str:
    """The examples in the documentation of a module."""
    return read_docstring(str(module), verbose=False)["plainexamples"]


def prepare(simulator: Simulator, module: Path) -> dict[str, t.Any]:
    """Bring the simulator to where the examples begin; the variables that they take for given.

    Two backups run, with the ids of the vendor's sample. A further one of the same instance waits for the first, since
    many examples are about the same instance.
    """
    simulator.reset(PROTECTED_ESTATE if module.stem == "oracle_rds_protection_info" else ESTATE)
    simulator.set(queue_conflicting_jobs=True, control_seconds=0)
    started = []
    for name in ("orders", "billing"):
        body = copy.deepcopy(BODY)
        body["taskInfo"]["associations"] = [association(name)]
        headers = {"Authtoken": simulator.token, "Accept": "application/json"}
        reply = requests.post(f"{simulator.url}/createtask", json=body, headers=headers, timeout=30)
        started += reply.json()["jobIds"]
    assert started == ["148886", "148887"]
    if module.stem in WAITING:
        simulator.set(speed=100_000)
    return {
        "commcell_url": simulator.url,
        "commcell_token": simulator.token,
        "oracle_rds_export_backup_instances": [{"client_name": "aws-dev", "instance_name": "orders"}],
        "rds_instances": [{"client_name": "aws-prod", "instance_name": f"db{number}"} for number in range(60)],
        "started": {"job_ids": started},
        "vault_commvault_password": PASSWORD,
    }


def connection_of(simulator: Simulator, module: Path) -> dict[str, str]:
    """The environment variables for the examples."""
    if module.stem in ("login", "logout"):
        return {
            "COMMVAULT_AUTH_TOKEN": "",
            "COMMVAULT_USERNAME": "backup-operator",
            "COMMVAULT_PASSWORD": PASSWORD,
            "COMMVAULT_DOMAIN": "CORP",
        }
    return {}


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_examples_of_a_module_work_as_they_are(play: Play, simulator: Simulator, module: Path, check: bool) -> None:
    given = prepare(simulator, module)
    # The example server is the simulator; beside that nothing is changed.
    text = examples(module).replace("commandcenter.example.com", simulator.url)
    plays = plays_of(yaml.safe_load(text))
    for one in plays:
        one["vars"] = {**given, **one.get("vars", {})}
    before = len(simulator.jobs())
    run = play(json.dumps(plays, indent=1), env=connection_of(simulator, module), check=check)
    assert run.rc == 0
    if check:
        assert len(simulator.jobs()) == before


@pytest.mark.parametrize(
    ("estate", "settings", "due"),
    [
        ({"clients": {"aws-prod": ["another"]}}, {}, False),
        ({"clients": {"aws-prod": ["orders", "crm-prd"], "aws-us-east-1": ["orders"]}}, {"v4_discovery": False}, True),
    ],
    ids=["nothing that is wanted", "no V4/Instances"],
)
def test_what_the_examples_find_is_backed_up_at_other_sites_as_well(
    play: Play, simulator: Simulator, estate: dict[str, t.Any], settings: dict[str, t.Any], due: bool
) -> None:
    simulator.reset(estate)
    simulator.set(**settings)
    (module,) = [path for path in MODULES if path.stem == "oracle_rds_instance_info"]
    run = play(json.dumps(plays_of(yaml.safe_load(examples(module))), indent=1))
    assert run.rc == 0
    started = {f"{job['client']}/{job['instance']}" for job in simulator.jobs() if job["started_by"]}
    assert started == ({"aws-prod/crm-prd", "aws-us-east-1/orders"} if due else set())


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_commands_in_the_examples_of_a_module_work_as_they_are(
    shell: Shell, simulator: Simulator, module: Path
) -> None:
    for line in re.findall(r"^# (ansible .*)$", examples(module), flags=re.MULTILINE):
        prepare(simulator, module)
        assert shell(*shlex.split(line)).rc == 0
