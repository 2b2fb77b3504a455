# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http import fields
from ansible_collections.rdsops.commvault.plugins.module_utils._times import iso_time


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12),
        ("-304283248", -304283248),
        (12, 12),
        (" 9007199254740993 ", 9007199254740993),
        ("1_0", "1_0"),
        ("", ""),
        (True, True),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers_come_as_text_and_as_numbers(value, expected):
    assert fields.as_number(value) is expected or fields.as_number(value) == expected


@pytest.mark.parametrize(
    ("value", "number", "size", "positive"),
    [
        (7, 7, 7, 7),
        ("7", 7, 7, 7),
        ("-999", -999, None, None),
        (0, 0, 0, None),
        (98.6, 98, 98, 98),
        ("98.6", 98, 98, 98),
        (True, None, None, None),
        ("many", None, None, None),
        (float("nan"), None, None, None),
        ("inf", None, None, None),
        (None, None, None, None),
        ([7], None, None, None),
        ("9" * 5000, None, None, None),
        (10**400, 10**400, None, 10**400),
    ],
)
def test_numbers_are_read_from_whatever_stands_there(value, number, size, positive):
    assert (fields.number(value), fields.size(value), fields.positive(value)) == (number, size, positive)


@pytest.mark.parametrize(
    ("value", "text"), [(" a ", "a"), (7, "7"), ("", None), (True, None), (None, None), (["a"], None)]
)
def test_texts_are_without_blanks_and_never_empty(value, text):
    assert fields.text(value) == text


def test_objects_and_lists_of_them_are_read_where_they_are():
    data = {"one": {"a": 1}, "many": [{"a": 1}, "x", None], "none": None, "word": "x"}
    assert [fields.member(data, key) for key in ("one", "many", "gone")] == [{"a": 1}, {}, {}]
    assert [fields.rows(data, key) for key in ("one", "many", "none", "word", "gone")] == [[{"a": 1}]] * 2 + [[]] * 3
    assert (fields.member([], "one"), fields.rows("text", "one")) == ({}, [])
    assert fields.rows([{"a": 1}, "x"], "many") == [{"a": 1}]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((value, True) for value in (True, 1, "1", "true", "True")),
        *((value, False) for value in (False, 0, "0", "false", "False")),
        *((value, None) for value in (None, 2, "", "yes", 1.0, [True], {})),
    ],
)
def test_flags_come_as_text_and_as_numbers_too(value, flag):
    assert fields.flag(value) is flag


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1767225600, 1767225600),
        ("1767225600", 1767225600),
        (1767225600123, 1767225600),
        ("1767225600123", 1767225600),
        (10**11 - 1, 10**11 - 1),
        *((value, None) for value in (0, -1, 10**14, 1e300, "2026-01-01T00:00:00Z", True, None)),
    ],
)
def test_times_are_epoch_seconds_that_can_be_shown(value, moment):
    assert fields.moment(value) == moment
    assert moment is None or iso_time(moment)
