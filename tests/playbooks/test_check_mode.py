# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of this directory again, in check mode: it works to its end and nothing is started."""

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import ESTATE, HERE, Play

# Of this directory or of the collection, by the inventory that they are for; None for those about localhost.
PLAYBOOKS: dict[str | None, tuple[str, ...]] = {
    None: (
        "all_options.yml",
        "fleet.yml",
        "fleet_of_a_thousand.yml",
        "fleet_with_a_bad_one.yml",
        "module_defaults.yml",
        "one_instance.yml",
        "relaunch.yml",
        "rescue.yml",
        "role_over_list.yml",
    ),
    "production.yml": (
        "fleet_step_by_step.yml",
        "role_in_batches.yml",
        "rdsops.commvault.export_backup",
        "rdsops.commvault.start_only",
    ),
    "awkward.yml": ("role_on_awkward_hosts.yml",),
    "with_bad_ones.yml": ("role_with_rescue.yml",),
}
EVERYTHING = {"clients": [*ESTATE["clients"], {"name": "aws-fleet", "instances": [f"db{n}" for n in range(1000)]}]}


@pytest.mark.parametrize("inventory", PLAYBOOKS)
def test_playbooks_work_in_check_mode_and_start_nothing(
    play: Play, simulator: Simulator, inventory: str | None
) -> None:
    """All of an inventory in one run: if one fails, those after it are not played."""
    simulator.reset(EVERYTHING)
    assert simulator.https_url is not None
    assert simulator.ca_file is not None
    files = [str(HERE / name) if name.endswith(".yml") else name for name in PLAYBOOKS[inventory]]
    run = play(
        json.dumps([{"import_playbook": file} for file in files], indent=1),
        inventory=inventory,
        check=True,
        arguments=["--diff"],
        env={"COMMVAULT_URL": simulator.https_url, "COMMVAULT_CA_PATH": simulator.ca_file},
        extravars={"commcell_url": simulator.https_url, "commcell_token": simulator.token},
    )
    assert run.rc == 0
    assert "no hosts matched" not in run.stdout
    assert simulator.writes() == []
    assert simulator.jobs() == []


def test_every_other_playbook_has_a_test_of_its_own_in_check_mode() -> None:
    tests = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path.name != "test_check_mode.py"]
    checking = "".join(text for text in tests if "check=True" in text or "check=check" in text)
    others = {path.name for path in HERE.glob("*.yml")} - {name for names in PLAYBOOKS.values() for name in names}
    assert {name for name in others if f'"{name}"' not in checking} == set()
