# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the unit tests."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.support.inventory_runner import InventoryRunner
from ansible_collections.rdsops.commvault.tests.support.module_runner import ModuleRunner


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> t.Callable[..., t.Any]:
    """Runs a module's main() in this process."""
    return ModuleRunner(monkeypatch, capfd)


@pytest.fixture
def run_inventory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InventoryRunner:
    """Runs the inventory plugin in this process."""
    return InventoryRunner(monkeypatch, tmp_path)
