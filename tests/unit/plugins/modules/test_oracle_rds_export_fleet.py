# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_fleet
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script


def test_without_a_play_it_says_where_it_works(run_module):
    result = run_module(oracle_rds_export_fleet, Script(), step="start")
    assert result["failed"]
    assert result["msg"] == "oracle_rds_export_fleet works on the controller, as a task of a play."
