# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.entries import (
    awaited,
    entry_not_submitted,
    expected_ends,
)
from ansible_collections.rdsops.commvault.tests.support.reports import backup


def test_only_jobs_of_this_run_are_waited_for():
    entries = [
        backup("a", job_ids=["1"]),
        backup("b", "adopted", job_ids=["2"]),
        backup("c", "recent", job_ids=["3"]),
        backup("d", "unknown", job_ids=[]),
        backup("e", job_ids=["1"]),
    ]
    assert awaited(entries) == ["1", "2"]


def test_the_ends_that_are_expected_are_those_of_the_jobs_of_a_backup():
    entries = [backup("a", job_ids=["1", "2"], expected_end="2026-01-01T06:00:00Z"), backup("b", job_ids=["3"])]
    assert expected_ends(entries) == dict.fromkeys(["1", "2"], "2026-01-01T06:00:00Z")


def test_what_no_module_was_asked_for_has_the_keys_of_what_one_returns():
    entry = entry_not_submitted("hr", "Not started: no.", "invalid_input")
    assert set(entry) == set(backup("hr", "not_submitted"))
    assert (entry["id"], entry["state"], entry["failure"]["kind"]) == ("hr", "not_submitted", "invalid_input")
