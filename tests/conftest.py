# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For all tests: the collection is importable, and the environment is their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.utils.collection_loader import AnsibleCollectionConfig

# pytest-ansible does it after the conftest.py files below are read; ansible-test did it before.
if AnsibleCollectionConfig.collection_finder is None:
    from pytest_ansible.units import inject

    inject(Path(__file__).parents[1])

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
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on what is set where it runs."""
    for name in list(os.environ):
        if name.upper().startswith(CONNECTION_VARIABLES):
            monkeypatch.delenv(name)
