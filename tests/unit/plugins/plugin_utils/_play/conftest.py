# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.variables import PlayVariables
from ansible_collections.rdsops.commvault.tests.support.plays import LoadedPlay


@pytest.fixture
def play(tmp_path):
    """What the step of a play sees of the variables of its hosts."""

    def make(tasks, hosts, batch=None, **more):
        loaded = LoadedPlay(tmp_path, hosts, {"tasks": tasks, **more})
        task = loaded.step("start")
        return PlayVariables(task, loaded.loader, loaded.variables(task, batch=batch))

    return make
