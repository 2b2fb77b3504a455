# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator process for all tests of a session, back to its first state before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


@pytest.fixture(scope="session")
def process() -> Iterator[Simulator]:
    """The process that all tests share."""
    with Simulator(ESTATE) as simulator:
        yield simulator


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    """The shared simulator in its first state, its clock standing still."""
    process.reset(ESTATE)
    process.set(speed=0)
    return process


@pytest.fixture
def api(simulator: Simulator) -> Iterator[Api]:
    """A client of the shared simulator."""
    client = Api(simulator)
    yield client
    client.session.close()
