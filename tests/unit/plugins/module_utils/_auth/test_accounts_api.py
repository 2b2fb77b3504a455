# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
import requests

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.accounts_api import (
    AccountsApi,
    LoginToken,
    PairRefused,
    TokenPair,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.standing import CredentialStatus
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.tests.support.scripted_http import post, script_of, scripted_transport

PASSWORD = "SECRET-pässword"
PAIR = TokenPair("SECRET-access-1", "SECRET-refresh-1")
NEW = {"accessToken": "SECRET-access-2", "refreshToken": "SECRET-refresh-2"}
DENIED = {"errorMessage": "Access denied", "errorCode": 5}
ACCEPTED, REJECTED, UNKNOWN = CredentialStatus
HTML = "<html>Scheduled Maintenance</html>"


def accounts(*exchanges):
    return AccountsApi(scripted_transport(*exchanges, secrets=[PASSWORD], timeout=60), now=lambda: 1000.0)


# --- login


def test_a_login_sends_the_password_as_base64_of_utf_8():
    api = accounts(
        post("Login")
        .sends(
            {
                "username": "operator",
                "password": base64.b64encode(PASSWORD.encode("utf-8")).decode(),
                "domain": "CORP",
                "deviceId": "device",
            }
        )
        .returns(200, {"token": "QSDK 3abc", "errList": [], "isAccountLocked": False, "remainingLockTime": 0})
    )
    assert api.login("operator", PASSWORD, "CORP", "device") == LoginToken("QSDK 3abc", "authtoken")
    assert api._transport.redactor.clean("Authtoken: QSDK 3abc, 3abc") == "Authtoken: ********, ********"


@pytest.mark.parametrize("domain", [None, ""])
def test_a_login_without_domain_sends_none(domain):
    api = accounts(post("Login").returns(200, {"token": "QSDK 3a"}))
    api.login("operator", PASSWORD, domain, "device")
    assert b"domain" not in script_of(api._transport).requests[0].body


def test_the_login_of_commvault_cloud_gives_a_bearer_token():
    api = accounts(post("Login").returns(200, {"data": {"authToken": "SECRET-cloud"}}))
    assert api.login("operator", PASSWORD, None, "device") == LoginToken("SECRET-cloud", "bearer")
    assert "SECRET" not in api._transport.redactor.clean("Bearer SECRET-cloud")


def test_a_login_token_of_commvault_cloud_that_says_what_it_is_is_sent_as_that():
    api = accounts(post("Login").returns(200, {"data": {"authToken": "QSDK 3a"}}))
    assert api.login("operator", PASSWORD, None, "device") == LoginToken("QSDK 3a", "authtoken")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, {"errList": [{"errorCode": 5, "errLogMessage": "Invalid user."}]}, "did not accept.*Invalid user"),
        (401, DENIED, "did not accept the login of 'operator': Access denied"),
        (403, DENIED, "did not accept the login of 'operator': Access denied"),
        (200, {}, "without a token and without a reason"),
        (200, {"token": "", "errList": []}, "without a token and without a reason"),
        (200, {"errList": [{"errorCode": 0, "errLogMessage": "Enter the PIN."}]}, "without a token: Enter the PIN\\."),
        (200, {"errorCode": 0, "errorMessage": "Enter the PIN."}, "without a token: Enter the PIN\\."),
        (
            200,
            {"isAccountLocked": True, "remainingLockTime": 899, "errList": [{"errorCode": 5, "errLogMessage": "No."}]},
            "the account is locked for another 15 min: No",
        ),
        (200, {"isAccountLocked": True, "remainingLockTime": 40}, "locked for another 40 seconds"),
        (200, {"isAccountLocked": True, "remainingLockTime": 7300}, "locked for another 2 h 2 min"),
        (200, {"isAccountLocked": True}, "locked for a time that the server does not tell"),
    ],
)  # fmt: skip
def test_a_refused_login_is_one_request_and_says_why(status, body, words):
    api = accounts(post("Login").returns(status, body))
    with pytest.raises(RequestError, match=words) as caught:
        api.login("operator", PASSWORD, None, "device")
    assert (caught.value.kind, caught.value.maybe_ran) == ("authentication", False)


def test_a_locked_account_tells_when_to_come_back():
    api = accounts(post("Login").returns(200, {"isAccountLocked": True, "remainingLockTime": 899}))
    with pytest.raises(RequestError) as caught:
        api.login("operator", PASSWORD, None, "device")
    assert caught.value.retry_after == 899


@pytest.mark.parametrize(
    "page",
    [
        "<html><title>Sign in to Example</title><body>Who are you?</body></html>",
        '<html><form action="/sso"><input name="p" type="password"></form></html>',
    ],
)
def test_a_page_to_log_in_is_told_at_once(page):
    api = accounts(post("Login").returns(200, page))
    with pytest.raises(RequestError, match="such as a proxy, answers with a page to log in: ") as caught:
        api.login("operator", PASSWORD, None, "device")
    assert (caught.value.kind, caught.value.status) == ("authentication", 200)


def test_a_login_that_is_redirected_is_not_told_of_a_login_page():
    elsewhere = {"Location": "https://other.example.com/commandcenter/api/Login"}
    with pytest.raises(RequestError, match="put it into url") as caught:
        accounts(post("Login").returns(307, "", elsewhere)).login("operator", PASSWORD, None, "device")
    assert "token" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(200, HTML, "bad_reply"), (503, HTML, "server"), (404, HTML, "not_found"), (302, "", "redirect")],
)
def test_a_server_that_is_not_in_order_did_not_refuse_the_login(status, body, kind):
    api = accounts(post("Login").returns(status, body))
    with pytest.raises(RequestError) as caught:
        api.login("operator", PASSWORD, None, "device")
    assert (caught.value.kind, caught.value.maybe_ran) == (kind, False)


def test_a_server_that_repeats_the_login_does_not_get_the_password_shown():
    encoded = base64.b64encode(PASSWORD.encode("utf-8")).decode()
    words = f"bad request: operator {PASSWORD} {encoded}"
    api = accounts(post("Login").returns(200, {"errorCode": 7, "errorMessage": words}))
    with pytest.raises(RequestError) as caught:
        api.login("operator", PASSWORD, None, "device")
    text = str(caught.value) + str(caught.value.failure())
    assert "SECRET" not in text
    assert encoded not in text


def test_a_login_whose_answer_is_lost_leaves_no_question_about_a_backup():
    api = accounts(post("Login").raises(requests.exceptions.ReadTimeout()))
    with pytest.raises(RequestError) as caught:
        api.login("operator", PASSWORD, None, "device")
    assert (caught.value.kind, caught.value.maybe_ran) == ("timeout", False)


# --- renewal and end of a login


def test_a_login_is_renewed_with_its_device():
    api = accounts(
        post("RenewLoginToken")
        .with_header("Authtoken", "QSDK old")
        .sends({"sessionId": "QSDK old", "deviceId": "device"})
        .returns(200, {"token": "QSDK SECRETnew", "error": {}})
    )
    assert api.renew_login(LoginToken("QSDK old", "authtoken"), "device") == LoginToken("QSDK SECRETnew", "authtoken")
    assert "SECRET" not in api._transport.redactor.clean("SECRETnew")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((200, {"error": {"errorCode": 5, "errLogMessage": "expired"}}), (401, DENIED), (404, HTML), (440, HTML)),
        *((200, "<html><title>Log in</title></html>"), (302, "")),
    ],
)
def test_a_login_that_the_server_does_not_renew_is_none(status, body):
    headers = {"Location": "/commandcenter/login"} if status == 302 else {}
    api = accounts(post("RenewLoginToken").returns(status, body, headers))
    assert api.renew_login(LoginToken("QSDK old", "authtoken"), "device") is None


@pytest.mark.parametrize(("status", "body", "kind"), [(200, HTML, "bad_reply"), (502, HTML, "server")])
def test_a_renewal_that_nobody_decided_about_is_an_error(status, body, kind):
    api = accounts(post("RenewLoginToken").returns(status, body))
    with pytest.raises(RequestError) as caught:
        api.renew_login(LoginToken("QSDK old", "authtoken"), "device")
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("status", "body"), [(200, "User logged out"), (200, '"User logged out"'), (200, ""), (200, {}), (401, DENIED)]
)
def test_a_logout_goes_well_even_if_the_login_had_ended(status, body):
    api = accounts(post("Logout").with_header("Authtoken", "QSDK 3a").returns(status, body))
    api.logout({"Authtoken": "QSDK 3a"})


@pytest.mark.parametrize(("status", "body"), [(200, HTML), (500, HTML)])
def test_a_logout_that_did_not_work_is_an_error(status, body):
    api = accounts(post("Logout").returns(status, body))
    with pytest.raises(RequestError):
        api.logout({"Authtoken": "QSDK 3a"})


# --- who one is


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, {"user": {"userName": "operator"}}, ACCEPTED),
        (401, DENIED, REJECTED),
        (403, DENIED, REJECTED),
        (200, DENIED, REJECTED),
        (200, {"errorCode": "5"}, REJECTED),
        (404, HTML, UNKNOWN),
        (200, {"errorCode": 9, "errorMessage": "?"}, UNKNOWN),
    ],
)
def test_the_server_says_whether_it_accepts_credentials(status, body, answer):
    api = accounts(post("WhoAmI").with_header("Authtoken", "x").returns(status, body))
    assert api.status_of({"Authtoken": "x"}) is answer


@pytest.mark.parametrize(("status", "body"), [(200, HTML), (503, HTML), (302, "")])
def test_a_server_that_is_not_in_order_says_nothing_about_credentials(status, body):
    api = accounts(post("WhoAmI").returns(status, body))
    with pytest.raises(RequestError):
        api.status_of({"Authtoken": "x"})


# --- pairs


@pytest.mark.parametrize(
    ("body", "expires"),
    [
        ({**NEW, "tokenExpiryTimestamp": 5000}, 5000),
        ({**NEW, "tokenExpiryTimestamp": "5000"}, 5000),
        ({**NEW, "expiresIn": 1800}, 2800),
        (NEW, None),
        ({**NEW, "tokenExpiryTimestamp": "soon"}, None),
        ({"tokenInfo": {**NEW, "tokenExpiryTimestamp": 5000}}, 5000),
        ({**NEW, "errorCode": 0}, None),
        ('{"accessToken":"SECRET-access-2","refreshToken":"SECRET-refresh-2","tokenExpiryTimes}amp":5000', 5000),
        ('{"accessToken" : "SECRET-access-2", "refreshToken" : "SECRET-refresh-2", "expiresIn":"1800"', 2800),
    ],
)
def test_a_new_pair_is_read_from_whatever_it_comes_in(body, expires):
    api = accounts(
        post("V4/AccessToken/Renew")
        .with_header("Authorization", "Bearer SECRET-access-1")
        .sends({"accessToken": "SECRET-access-1", "refreshToken": "SECRET-refresh-1"})
        .returns(200, body)
    )
    assert api.renew_pair(PAIR) == TokenPair("SECRET-access-2", "SECRET-refresh-2", expires)
    assert "SECRET" not in api._transport.redactor.clean("SECRET-access-2 SECRET-refresh-2")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 450])
def test_a_pair_that_the_server_refuses_was_not_used_up_by_that(status):
    api = accounts(post("V4/AccessToken/Renew").returns(status, DENIED))
    with pytest.raises(PairRefused) as caught:
        api.renew_pair(PAIR)
    assert (caught.value.kind, caught.value.maybe_ran, caught.value.status) == ("authentication", False, status)


def test_an_error_code_in_a_good_status_is_a_refusal():
    api = accounts(post("V4/AccessToken/Renew").returns(200, {"errorCode": 7, "errorMessage": "no"}))
    with pytest.raises(PairRefused, match="no"):
        api.renew_pair(PAIR)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (200, ""),
        (200, {}),
        (200, {"accessToken": "x"}),
        (200, '{"accessToken":"SECRET-access-2","refreshToken":"SECRET-re'),
        (500, HTML),
        (502, HTML),
        (503, HTML),
        (504, HTML),
    ],
)
def test_an_unclear_answer_to_a_renewal_leaves_it_open_and_is_not_followed_by_another(status, body):
    api = accounts(post("V4/AccessToken/Renew").returns(status, body))
    with pytest.raises(RequestError) as caught:
        api.renew_pair(PAIR)
    assert caught.value.maybe_ran is True
    assert not isinstance(caught.value, PairRefused)


@pytest.mark.parametrize(("status", "headers"), [(302, {"Location": "https://sso.example.com"}), (429, {})])
def test_what_the_server_did_not_look_at_used_nothing_up(status, headers, monkeypatch):
    api = accounts(post("V4/AccessToken/Renew").returns(status, "", headers))
    with pytest.raises(RequestError) as caught:
        api.renew_pair(PAIR)
    assert caught.value.maybe_ran is False
    assert not isinstance(caught.value, PairRefused)
