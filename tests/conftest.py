# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For all tests: the collection is importable, the environment is their own, and there is one simulator."""

from __future__ import annotations

import functools
import os
import typing as t
from pathlib import Path

import pytest
from ansible.utils.collection_loader import AnsibleCollectionConfig

# pytest-ansible does it after the conftest.py files below are read; ansible-test did it before.
if AnsibleCollectionConfig.collection_finder is None:
    from pytest_ansible.units import inject

    inject(Path(__file__).parents[1])

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.ansible_test import BY_ANSIBLE_TEST

# Say where an installed collection is, to test that one.
INSTALLED = "PLAYBOOK_TESTS_COLLECTIONS_PATH"

CONNECTION_VARIABLES = (
    "COMMVAULT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what is set where it runs."""
    for name in list(os.environ):
        if name.upper().startswith(CONNECTION_VARIABLES):
            monkeypatch.delenv(name)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the markers, and give ansible-test its collections path back: to pytest-ansible's longer one its workers
    cannot start.
    """
    config.addinivalue_line(
        "markers", "browser: draws pages in Chromium, which takes long and is the same with each ansible-core"
    )
    if BY_ANSIBLE_TEST:
        os.environ["ANSIBLE_COLLECTIONS_PATH"] = os.environ["ANSIBLE_COLLECTIONS_PATH"].split(os.pathsep)[0]


@functools.cache
def _the_simulator() -> Simulator:
    """One for each process of tests, started when it is first asked for."""
    return Simulator(https=True, lifetime=7200).__enter__()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Start the simulator here: ansible-test does each test in a fork, and would start one more in each."""
    if "_simulator" in getattr(item, "fixturenames", ()):
        _the_simulator()


def pytest_sessionfinish() -> None:
    """End the simulator if there is one."""
    if _the_simulator.cache_info().currsize:
        _the_simulator().stop()


@pytest.fixture(scope="session")
def _simulator() -> Simulator:
    return _the_simulator()


@pytest.fixture
def estate(request: pytest.FixtureRequest) -> t.Any:
    """What the simulator begins with: ESTATE of the tests' file, or that of the directory's conftest.py."""
    return request.module.ESTATE


@pytest.fixture
def simulator(_simulator: Simulator, estate: t.Any) -> t.Iterator[Simulator]:
    """The simulator as it is after its start, with the estate of these tests."""
    _simulator.reset(estate)
    yield _simulator
    _simulator.set(speed=1)  # the one thing that a reset leaves as it is


@pytest.fixture(scope="session")
def collections_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A collections path that holds this collection and no other."""
    if os.environ.get(INSTALLED):
        return os.environ[INSTALLED]
    path = tmp_path_factory.mktemp("collections")
    (path / "ansible_collections" / "rdsops").mkdir(parents=True)
    (path / "ansible_collections" / "rdsops" / "commvault").symlink_to(Path(__file__).parents[1])
    return str(path)
