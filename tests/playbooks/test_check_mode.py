# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of this directory again, in check mode: it works to its end and nothing is started."""

from __future__ import annotations

import pytest
from simulator.harness import Simulator

from .conftest import HERE, Play

# The inventory of each playbook; none: it is about localhost.
PLAYBOOKS = {
    "all_options.yml": None,
    "fleet.yml": None,
    "fleet_of_a_thousand.yml": None,
    "fleet_with_a_bad_one.yml": None,
    "module_defaults.yml": None,
    "one_instance.yml": None,
    "rescue.yml": None,
    "role_in_batches.yml": "production.yml",
    "role_on_awkward_hosts.yml": "awkward.yml",
    "role_over_inventory.yml": "production.yml",
    "role_over_list.yml": None,
    "role_with_rescue.yml": "with_bad_ones.yml",
    "rdsops.commvault.export_backup": "production.yml",
}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_playbook_works_in_check_mode_and_starts_nothing(play: Play, simulator: Simulator, playbook: str) -> None:
    assert simulator.https_url is not None
    assert simulator.ca_file is not None
    run = play(
        playbook,
        inventory=PLAYBOOKS[playbook],
        check=True,
        arguments=["--diff"],
        env={"COMMVAULT_URL": simulator.https_url, "COMMVAULT_CA_PATH": simulator.ca_file},
        extravars={"commcell_url": simulator.https_url, "commcell_token": simulator.token},
    )
    assert run.rc == 0
    assert run.failed == {}
    assert simulator.writes() == []
    assert simulator.jobs() == []


def test_no_playbook_is_left_out() -> None:
    assert {path.name for path in HERE.glob("*.yml")} == {name for name in PLAYBOOKS if name.endswith(".yml")}
