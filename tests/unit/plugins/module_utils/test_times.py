# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._times import (
    age_words,
    counted,
    first_of,
    iso_time,
    length_words,
    parse_duration,
    positive_duration,
    some_of,
    span,
)


def test_times_are_shown_in_utc():
    assert iso_time(1767225600) == "2026-01-01T00:00:00Z"
    assert [iso_time(epoch) for epoch in (None, 1e12, 1e300)] == [None] * 3


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


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(24, "24 s"), (90, "90 s"), (0, "0 min"), (60, "1 min"), (86400, "24 h"), (604800, "7 d"), (5400, "1 h 30 min")],
)
def test_lengths_that_somebody_chose_are_told_as_they_were_chosen(seconds, words):
    """Who writes 24 and means hours has to see what it was taken for."""
    assert length_words(seconds) == words


def test_counts_and_lists_are_told_in_words():
    assert (counted(1, "job"), counted(0, "job")) == ("1 job", "0 jobs")
    assert (some_of(["a", "b"], 2), some_of(["a", "b", "c"], 2)) == ("a, b", "a, b and 1 more")
    assert (first_of(["A.", "B."], 1, "jobs"), first_of([], 1, "jobs")) == (" A. And 1 more, see jobs.", "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        (90, 90),
        (2.5, 2.5),
        ("2.5", 2.5),
        (" 30m ", 1800),
        ("4h", 14400),
        ("4H", 14400),
        ("4 h", 14400),
        ("2d", 172800),
        ("1w", 604800),
        ("1h30m", 5400),
        ("1d 2h 3m 4s", 93784),
        ("1.5h", 5400),
    ],
)
def test_a_duration_is_seconds_or_has_units(text, seconds):
    assert parse_duration(text, "max_age") == seconds


@pytest.mark.parametrize("text", ["", " ", "h", "4x", "-1", "-1h", "4h!", "1h30", "1e3", "nan", "inf", True, None, []])
def test_anything_else_is_refused_by_the_name_of_the_option(text):
    with pytest.raises(InvalidInput, match="max_age must be a number of seconds"):
        parse_duration(text, "max_age")


def test_nothing_can_be_done_in_no_time():
    assert positive_duration("1s", "wait_interval") == 1
    with pytest.raises(InvalidInput, match="wait_interval must be longer than 0 seconds"):
        positive_duration("0m", "wait_interval")


@pytest.mark.parametrize("text", ["9" * 400, "9" * 400 + "h", "99999999w"])
def test_no_duration_is_longer_than_a_century(text):
    with pytest.raises(InvalidInput, match="max_age must be at most 100 years"):
        parse_duration(text, "max_age")
