# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A night of a hundred databases, five at once for each client."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.nights import check_night, estate_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of

PER_CLIENT = 50


@pytest.fixture
def estate():
    """What the simulator begins with."""
    return estate_of(PER_CLIENT)


@pytest.mark.parametrize(("share", "skip_late"), [(2.0, False), (0.6, False), (0.6, True)])
def test_the_forecast_of_a_night_holds_and_no_client_is_asked_for_more_than_it_may_be(
    simulator: Simulator, share: float, skip_late: bool
) -> None:
    with commcell_of(simulator) as commcell:
        runtime = SimulatedRuntime(simulator, standing=True)
        check_night(simulator, runtime, commcell, PER_CLIENT, share=share, skip_late=skip_late)
