# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible-test hides what an inventory plugin needs of Ansible from the tests of modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.support.inventory_runner import InventoryRunner


@pytest.fixture
def run_inventory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InventoryRunner:
    """Runs the inventory plugin in this process."""
    return InventoryRunner(monkeypatch, tmp_path)
