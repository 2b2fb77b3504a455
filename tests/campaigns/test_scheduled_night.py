# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A night of two hundred databases, five at once for each client."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.nights import check_night, estate_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of

PER_CLIENT = 100


@pytest.fixture
def estate():
    """What the simulator begins with."""
    return estate_of(PER_CLIENT)


def test_the_forecast_of_a_night_holds_and_no_client_is_asked_for_more_than_it_may_be(simulator: Simulator) -> None:
    with commcell_of(simulator) as commcell:
        check_night(simulator, SimulatedRuntime(simulator, standing=True), commcell, PER_CLIENT)
