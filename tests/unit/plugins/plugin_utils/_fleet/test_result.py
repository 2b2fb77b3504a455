# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.entries import make_entries
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.result import make_fleet
from ansible_collections.rdsops.commvault.tests.support.reports import backup


def test_table_and_artifact_stay_small_however_much_goes_wrong():
    backups = [backup(f"db{number}", "refused", msg="x " * 500) for number in range(5000)]
    fleet = make_fleet(make_entries(backups))
    assert len(fleet["summary"]) == 102
    assert fleet["summary"][-1] == "... and 4900 more that are not well"
    assert max(map(len, fleet["summary"])) < 400
    assert len(fleet["artifact"]["not_well"]) == 100
    assert fleet["artifact"]["counts"]["not_well"] == 5000
    assert len(json.dumps(fleet["artifact"])) < 50_000
    assert len(fleet["not_well"]) == 5000


def test_nothing_at_all_makes_a_result_too():
    fleet = make_fleet({})
    assert (fleet["summary"], fleet["not_well"], fleet["msg"]) == (["0 backups"], [], "0 backups.")
