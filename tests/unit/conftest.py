# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the unit tests."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.support.module_runner import ModuleRunner
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script


def pytest_configure(config: pytest.Config) -> None:
    """ansible-test reads no pytest.ini."""
    config.addinivalue_line(
        "markers", "browser: draws pages in Chromium, which takes long and is the same with each ansible-core"
    )


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
