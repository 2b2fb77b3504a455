# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of this directory again, in check mode: it works to its end and nothing is started."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import ESTATE, HERE, Play


@dataclass(frozen=True)
class Needs:
    """What a playbook is run with. inventory: None if it is about localhost. estate: None for that of all tests."""

    inventory: str | None = None
    estate: dict[str, t.Any] | None = None


PLAYBOOKS = {
    "all_options.yml": Needs(),
    "fleet.yml": Needs(),
    "fleet_of_a_thousand.yml": Needs(estate={"clients": {"aws-fleet": [f"db{number}" for number in range(1000)]}}),
    "fleet_step_by_step.yml": Needs("production.yml"),
    "fleet_with_a_bad_one.yml": Needs(),
    "module_defaults.yml": Needs(),
    "one_instance.yml": Needs(),
    "relaunch.yml": Needs(),
    "rescue.yml": Needs(),
    "role_in_batches.yml": Needs("production.yml"),
    "role_on_awkward_hosts.yml": Needs("awkward.yml"),
    "role_over_inventory.yml": Needs("production.yml"),
    "role_over_list.yml": Needs(),
    "role_with_rescue.yml": Needs("with_bad_ones.yml"),
    "rdsops.commvault.export_backup": Needs("production.yml"),
    "rdsops.commvault.start_only": Needs("production.yml"),
}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_works_in_check_mode_and_starts_nothing(play: Play, simulator: Simulator, playbook: str) -> None:
    needs = PLAYBOOKS[playbook]
    simulator.reset(needs.estate or ESTATE)
    assert simulator.https_url is not None
    assert simulator.ca_file is not None
    run = play(
        playbook,
        inventory=needs.inventory,
        check=True,
        arguments=["--diff"],
        env={"COMMVAULT_URL": simulator.https_url, "COMMVAULT_CA_PATH": simulator.ca_file},
        extravars={"commcell_url": simulator.https_url, "commcell_token": simulator.token},
    )
    assert run.rc == 0
    assert simulator.writes() == []
    assert simulator.jobs() == []


def test_every_other_playbook_has_a_test_of_its_own_in_check_mode() -> None:
    tests = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path.name != "test_check_mode.py"]
    checking = "".join(text for text in tests if "check=True" in text or "check=check" in text)
    others = {path.name for path in HERE.glob("*.yml")} - PLAYBOOKS.keys()
    assert {name for name in others if f'"{name}"' not in checking} == set()
