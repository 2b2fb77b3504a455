# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the unit tests."""

from __future__ import annotations

import configparser
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.support.ansible_test import BY_ANSIBLE_TEST
from ansible_collections.rdsops.commvault.tests.support.module_runner import ModuleRunner
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script


def pytest_configure(config: pytest.Config) -> None:
    """ansible-test reads no pytest.ini: under it, too, a warning is a failure."""
    if BY_ANSIBLE_TEST:
        ours = configparser.ConfigParser()
        ours.read(Path(__file__).parents[2] / "pytest.ini", encoding="utf-8")
        for line in ours["pytest"]["filterwarnings"].strip().splitlines():
            config.addinivalue_line("filterwarnings", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """ansible-test takes no expression of markers: under it, leave the browser to the session of that name."""
    if BY_ANSIBLE_TEST:
        kept = [item for item in items if not item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> t.Callable[..., t.Any]:
    """Runs a module's main() in this process."""
    return ModuleRunner(monkeypatch, capfd)


@pytest.fixture(autouse=True)
def _scripts_are_played_to_their_end() -> t.Iterator[None]:
    """Every exchange that a test expects must have happened."""
    Script.made.clear()
    yield
    for script in Script.made:
        script.finish()
