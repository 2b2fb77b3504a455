# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile comes as a mapping, as JSON or from a file, and a wrong one is refused before anything is sent."""

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._http.profile import PLAIN, Profile, read_profile

WHOLE = {
    "auth_scheme": "bearer",
    "clock_skew": -12,
    "job_types": ["Data Pump"],
    "application_ids": [134],
    "client_is_proxy": True,
    "visibility_lag": 10.5,
    "queues_conflicts": True,
    "job_marker": True,
}


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_no_profile_is_the_plain_one(nothing):
    assert read_profile(nothing) is PLAIN
    assert PLAIN.to_result() == {}


def test_a_profile_survives_its_way_through_a_result():
    profile = read_profile(WHOLE)
    assert profile == Profile("bearer", -12.0, ("Data Pump",), (134,), True, 10.5, True, True)
    assert profile.to_result() == WHOLE
    assert read_profile(profile.to_result()) == profile


@pytest.mark.parametrize("inside", [False, True])
def test_a_profile_can_be_a_file_also_the_report_of_the_doctor(tmp_path, inside):
    path = tmp_path / "doctor.json"
    path.write_text(json.dumps({"verdict": "usable", "profile": WHOLE} if inside else WHOLE), encoding="utf-8")
    assert read_profile(str(path)) == read_profile(WHOLE)
    assert read_profile(json.dumps(WHOLE)) == read_profile(WHOLE)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"proxy": True}, "unknown keys: proxy"),
        ({"auth_scheme": "basic"}, "authtoken or bearer"),
        ({"clock_skew": "much"}, "number of seconds"),
        ({"clock_skew": True}, "number of seconds"),
        ({"clock_skew": float("inf")}, "number of seconds"),
        ({"clock_skew": 1e9}, "number of seconds"),
        ({"client_is_proxy": "yes"}, "true or false"),
        ({"application_ids": 134}, "list of numbers"),
        ({"application_ids": [True]}, "list of numbers"),
        ({"job_types": [134]}, "list of strings"),
        ("{nonsense", "not JSON"),
        ('{"a": ', "not JSON"),
        ("/no/such/profile.json", "cannot be read"),
        ([1], "must be a mapping"),
        (7, "must be a mapping"),
    ],
)
def test_what_is_no_profile_is_refused(value, words):
    with pytest.raises(InvalidInput, match=words):
        read_profile(value)


def test_a_file_that_is_not_json_is_named(tmp_path):
    path = tmp_path / "profile.yml"
    path.write_text("clock_skew: 3\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"commcell_profile '{path}' is not JSON"):
        read_profile(str(path))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "profile.json"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_profile(str(path))
