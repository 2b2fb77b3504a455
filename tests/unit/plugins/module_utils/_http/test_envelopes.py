# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http.envelopes import as_number, find_error


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        # createtask
        ({"errorCode": 2, "errorMessage": " Another backup is running. "}, (2, "Another backup is running.")),
        ({"errorCode": "587207178", "errorMessage": "no"}, (587207178, "no")),
        ({"errorMessage": "Access denied", "errorCode": 5}, (5, "Access denied")),
        ({"errorMessage": "only words"}, (None, "only words")),
        ({"errorCode": 7}, (7, "")),
        # Login
        ({"errList": [{"errorCode": 1127, "errLogMessage": "bad password"}]}, (1127, "bad password")),
        # RenewLoginToken, AccessToken
        ({"token": "", "error": {"errorCode": 3, "errLogMessage": "gone"}}, (3, "gone")),
        ({"error": {"errorString": "gone", "errorCode": "3"}}, (3, "gone")),
        # JobDetails, TaskDetails
        ({"error": {"errList": [{"errorCode": 9, "errLogMessage": "no job"}]}}, (9, "no job")),
        ({"error": {"errList": [{"errorCode": 9, "errorMessage": "no job"}]}}, (9, "no job")),
        # job actions
        ({"errors": [{"errList": [{"errorCode": 2, "errLogMessage": "not now"}]}]}, (2, "not now")),
        (
            {"errors": [{"errList": [{"errorCode": 0}]}, {"errList": [{"errorCode": 4, "errLogMessage": "x"}]}]},
            (4, "x"),
        ),
        # Instance
        ({"errors": [{"errorString": "client missing"}]}, (None, "client missing")),
        # updates
        ({"response": [{"errorCode": 6, "errorString": "no"}]}, (6, "no")),
        ({"errorList": [{"errorCode": 8, "errorMessage": "no"}]}, (8, "no")),
        # a code at the top, words below
        ({"errorCode": 1, "errList": [{"errorCode": 12, "errLogMessage": "why"}]}, (12, "why")),
        ({"errorCode": {"odd": 1}, "errorMessage": "x"}, ("{'odd': 1}", "x")),
    ],
)
def test_every_known_envelope_is_understood(payload, expected):
    assert find_error(payload) == expected


@pytest.mark.parametrize(
    "payload",
    [
        {"taskId": 9920, "jobIds": ["148886"]},
        {"errorCode": 0, "errorMessage": "Success"},
        {"errorCode": "0"},
        {"errorMessage": ""},
        {"error": {}, "token": "QSDK x"},
        {"errList": []},
        {"error": {"errorCode": 0, "errorString": "fine"}},
        {"errors": [{"errList": [{"errorCode": 0, "errLogMessage": "ok"}]}]},
        {"response": ["text"], "error": "text"},
        {},
        [],
        [1],
        None,
        "text",
    ],
)
def test_what_reports_no_error_is_none(payload):
    assert find_error(payload) is None


@pytest.mark.parametrize(
    ("value", "expected"), [("12", 12), ("-304283248", -304283248), (12, 12), ("1_0", "1_0"), ("", ""), (True, True)]
)
def test_numbers_come_as_text_and_as_numbers(value, expected):
    assert as_number(value) is expected or as_number(value) == expected
