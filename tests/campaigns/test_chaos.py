# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.tests.campaigns.chaos.__main__ import run


def test_a_slice_of_the_fault_campaign_breaks_no_promise(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time", __import__("time"))
    report = run(240, seed=20260101)
    assert report.findings == []
    assert report.submissions >= 240
    # Without these, the slice would have tested nothing.
    assert report.states["started"] > 0
    assert report.states["adopted"] > 0
    assert report.states["unknown"] > 0
