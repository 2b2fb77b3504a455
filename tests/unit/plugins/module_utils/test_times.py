# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._times import age_words, iso_time, span


def test_times_are_shown_in_utc():
    assert iso_time(1767225600) == "2026-01-01T00:00:00Z"
    assert iso_time(None) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (59.9, "00:00:59"), (750, "00:12:30"), (360000, "100:00:00")]
)
def test_spans_are_hours_minutes_and_seconds(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min"), (-5, "0 min"), (59, "0 min"), (3599, "59 min"), (7500, "2 h 05 min"), (90000, "1 d 1 h")],
)
def test_ages_are_told_in_words(seconds, words):
    assert age_words(seconds) == words
