# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator with the estate of its own tests, its clock standing still, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


@pytest.fixture
def estate() -> Any:
    """The same for all."""
    return ESTATE


@pytest.fixture
def simulator(simulator: Simulator) -> Simulator:
    """The clock of the shared simulator is moved by tests alone."""
    simulator.set(speed=0)
    return simulator


@pytest.fixture
def api(simulator: Simulator) -> Iterator[Api]:
    """A client of the shared simulator."""
    client = Api(simulator)
    yield client
    client.session.close()
