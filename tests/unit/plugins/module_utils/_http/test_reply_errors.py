# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import ErrorKind
from ansible_collections.rdsops.commvault.plugins.module_utils._http.reply import read_reply
from ansible_collections.rdsops.commvault.plugins.module_utils._http.reply_errors import error_from_reply, find_error
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor

URL = "https://cc.example.com/commandcenter/api/createtask"


def answer(status, body=b"", headers=None, changes=True, redactor=None):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return error_from_reply(
        read_reply(status, headers or {}, body), "POST", URL, redactor or Redactor(), changes=changes
    )


@pytest.mark.parametrize(
    ("status", "body", "kind", "maybe_ran"),
    [
        (200, {"errorCode": 7, "errorMessage": "no"}, "refused", False),
        (200, {"errorCode": 5, "errorMessage": "Access denied"}, "authentication", False),
        (200, {"errorCode": 2, "errorMessage": "Another backup is running for client [a]"}, "already_running", False),
        (200, b"<html>Scheduled Maintenance</html>", "bad_reply", True),
        (200, b'{"taskId": 99', "bad_reply", True),
        (200, b"", "bad_reply", True),
        (200, '"a sentence"', "bad_reply", True),
        (301, b"", "redirect", False),
        (303, b"", "redirect", True),
        (304, b"", "redirect", True),
        (200, {"error": "Session expired"}, "bad_reply", True),
        (200, {"error": {"message": "boom", "code": 17}}, "bad_reply", True),
        (200, {"errors": [None, "boom"]}, "bad_reply", True),
        (400, '"Request body is empty or format is invalid"', "bad_request", False),
        (401, {"errorMessage": "Access denied", "errorCode": 5}, "authentication", False),
        (403, b"no", "permission", False),
        (404, {}, "not_found", False),
        (408, b"", "timeout", True),
        (409, b"", "already_running", False),
        (400, '"Another backup is running for client [a]"', "already_running", False),
        (403, {"errorMessage": "Another backup is running for client [a]", "errorCode": 2}, "already_running", False),
        (500, {"errorMessage": "Another backup is running.", "errorCode": 500}, "already_running", False),
        (200, b"Another backup is running for client [a]", "already_running", False),
        (500, b"<html>Another backup is running</html>", "server", True),
        (460, b"", "timeout", True),
        (499, b"", "timeout", True),
        (413, b"", "bad_request", False),
        (440, b"Login Time-out", "authentication", False),
        (429, b"", "rate_limited", False),
        (500, {"errorMessage": "no eligible subclients ", "errorCode": 587207178}, "refused", False),
        (500, {"errorMessage": "Another backup is running for client [a]", "errorCode": 2}, "already_running", False),
        (500, {"errorMessage": "without a code"}, "server", True),
        (500, {"errorCode": 0}, "server", True),
        (500, {"errorCode": 500, "errorMessage": "Internal Server Error"}, "server", True),
        (500, {"errorCode": "INTERNAL_ERROR", "errorMessage": "Internal Server Error"}, "server", True),
        (500, b"<html>oops</html>", "server", True),
        (501, b"", "bad_request", False),
        (502, {"errorCode": 7, "errorMessage": "a proxy that speaks JSON"}, "server", True),
        (503, b"", "server", True),
        (504, b"", "server", True),
    ],
)
def test_every_answer_has_one_meaning(status, body, kind, maybe_ran):
    body = body.encode() if isinstance(body, str) else body
    error = answer(status, body)
    assert (error.kind, error.maybe_ran) == (kind, maybe_ran)
    assert error.kind in ErrorKind
    assert (error.status, error.method, error.url) == (status, "POST", URL)


@pytest.mark.parametrize(
    "body",
    [
        *({"taskId": 1, "jobIds": ["1"]}, {}, [], {"errorCode": 0, "errorMessage": "Success"}),
        *(
            {"error": {"errorCode": 0, "errLogMessage": ""}},
            {"error": {}, "errors": []},
            {"error": " ", "errors": None},
        ),
    ],
)
def test_a_good_answer_is_no_error(body):
    assert answer(200, body) is None


@pytest.mark.parametrize("status", [200, 408, 500, 502])
def test_a_read_never_leaves_anything_open(status):
    error = answer(status, b"<html></html>", changes=False)
    assert error.maybe_ran is False


def test_the_message_has_the_vendors_words_trimmed_the_place_and_the_code():
    error = answer(
        500, {"errorMessage": "Failed to start backups as no eligible subclients were found. ", "errorCode": 587207178}
    )
    assert str(error) == (
        "cc.example.com refused the request: Failed to start backups as no eligible subclients were found."
        " (POST https://cc.example.com/commandcenter/api/createtask, HTTP 500, error code 587207178)"
    )
    assert error.failure() == {
        "kind": "refused",
        "method": "POST",
        "url": URL,
        "status": 500,
        "code": 587207178,
        "message": "Failed to start backups as no eligible subclients were found.",
    }


@pytest.mark.parametrize(
    "body", ['"Request body is empty or format is invalid"', "Request body is empty or format is invalid"]
)
def test_the_documented_400_is_understood_as_json_string_and_as_bare_text(body):
    error = answer(400, body.encode())
    assert error.vendor_message == "Request body is empty or format is invalid"


def test_a_wrong_base_url_is_answered_with_the_usual_ones_and_without_the_words_of_a_web_page():
    error = answer(404, b"<html><title>HTTP Status 404</title>Not here</html>")
    assert str(error).startswith(
        "cc.example.com has no Commvault REST API at this address, or not this part of it."
        f" (POST {URL}, HTTP 404) Correct url (or COMMVAULT_URL), usually to one of https://HOST/commandcenter/api, "
    )
    assert str(error).endswith("https://api.metallic.io (Commvault Cloud).")
    assert "No such part" in str(answer(404, {"errorMessage": "No such part", "errorCode": 404}))


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (401, {"errorCode": 5}, "Create a new token in the Command Center, and use it in place of this one."),
        (403, b"Forbidden", "Give the user the permission in the Command Center."),
    ],
)
def test_an_error_ends_in_what_to_do(status, body, advice):
    assert str(answer(status, body)).endswith(f") {advice}")


def test_a_redirect_names_its_target_without_query():
    error = answer(302, b"", {"Location": "https://login.example.com/sso?token=SECRETVALUE"})
    assert "https://login.example.com/sso," in str(error)
    assert "SECRETVALUE" not in str(error)


def test_what_the_server_echoes_of_a_secret_is_masked():
    error = answer(500, b"headers were: Authtoken=SECRETVALUE", redactor=Redactor(["SECRETVALUE"]))
    assert "SECRETVALUE" not in str(error) + str(error.failure())
    assert "headers were" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "17"}, 17), ({"X-RateLimit-Period": "3600"}, 3600), ({"Retry-After": "soon"}, None), ({}, None)],
)
def test_a_429_says_when_to_come_back(headers, seconds):
    assert answer(429, b"", headers).retry_after == seconds


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


@pytest.mark.parametrize("status", [102, 103, 199])
def test_an_interim_status_alone_leaves_the_outcome_open(status):
    error = answer(status)
    assert (error.kind, error.maybe_ran) == ("bad_reply", True)


def test_an_empty_list_can_come_as_204_but_not_as_nothing():
    assert answer(204, changes=False) is None
    assert answer(200, changes=False).kind == "bad_reply"
    assert (answer(204).kind, answer(204).maybe_ran) == ("bad_reply", True)


def test_json_nested_too_deep_is_named():
    assert "JSON nested deeper than 100 levels" in str(answer(200, b"[" * 101 + b"]" * 101))


@pytest.mark.parametrize(
    ("location", "words", "advice"),
    [
        ("https://other.example.com/api", "redirects to https://other.example.com/api", True),
        ("/commandcenter/api/createtask/", "something in front of the CommCell", False),
        ("http://cc.example.com/commandcenter/api/createtask", "something in front of the CommCell", False),
        ("https://other.example.com/commandcenter/api/createtask", "redirects to https://other.example.com/", True),
        ("/commandcenter/login?redirect=x", "the session has ended", False),
        ("", "another place", True),
        ("https://[no.address/login", "another place", True),
    ],
)
def test_a_redirect_says_what_can_be_done(location, words, advice):
    error = answer(308, headers={"Location": location})
    assert (error.kind, error.maybe_ran) == ("redirect", False)
    assert words in str(error)
    assert ("put it into url" in str(error)) is advice


def test_a_redirect_from_http_to_https_is_for_the_url():
    url = URL.replace("https:", "http:")
    error = error_from_reply(read_reply(301, {"Location": URL}, b""), "POST", url, Redactor(), changes=True)
    assert f"redirects to {URL}, which is not followed. (" in str(error)
    assert "put it into url" in str(error)
