# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins, their refusals and renewal; access tokens, their rotation and the end of a chain that is used twice."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api, association
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError

DENIED = {"errorMessage": "Access denied", "errorCode": 5}
USERS: list[dict[str, Any]] = [
    {"name": "operator", "password": "pässword:1", "email": "op@example.com"},
    {"name": "dba", "domain": "CORP", "password": "two"},
    {"name": "second", "password": "factor", "two_factor": True},
    {"name": "viewer", "password": "see", "deny": ["/CreateTask", "job/*/action/*"]},
]


@pytest.fixture
def estate() -> Any:
    """The usual one, with some users."""
    return {**ESTATE, "users": USERS}


def encoded(password: str) -> str:
    """Return a password as Login wants it."""
    return base64.b64encode(password.encode("utf-8")).decode("ascii")


def login(api: Api, name: str = "operator", password: str = "pässword:1", **more: Any) -> dict[str, Any]:
    """Log in and return the answer, which comes with status 200 whatever it says."""
    reply = api.call(
        "POST", "Login", json={"username": name, "password": encoded(password), **more}, headers={"Authtoken": None}
    )
    assert reply.status_code == 200
    return reply.json()


def status(api: Api, token: str, path: str = "Job/1") -> int:
    """Return the status of a call with a token."""
    return api.call("GET", path, headers={"Authtoken": token}).status_code


def renew(api: Api, pair: dict[str, Any]) -> Any:
    """Renew an access token without any other credential."""
    body = {key: pair[key] for key in ("accessToken", "refreshToken")}
    return api.call("POST", "V4/AccessToken/Renew", json=body, headers={"Authtoken": None})


def test_login_gives_a_token_with_its_prefix(api: Api, simulator: Simulator) -> None:
    reply = login(api)
    assert reply["token"].startswith("QSDK ")
    assert (reply["userName"], reply["errList"], reply["isAccountLocked"]) == ("operator", [], False)
    assert status(api, reply["token"]) == 200
    assert api.call("POST", "WhoAmI", headers={"Authtoken": reply["token"]}).json()["user"]["userName"] == "operator"


@pytest.mark.parametrize(
    ("name", "password", "more"),
    [
        ("OPERATOR", "pässword:1", {}),
        ("op@example.com", "pässword:1", {}),
        ("CORP\\dba", "two", {}),
        ("dba", "two", {"domain": "corp"}),
        ("dba", "two", {"domain": "CORP", "mode": 4, "clientType": 30, "commserver": "host*csname"}),
    ],
)
def test_login_names(api: Api, name: str, password: str, more: dict) -> None:
    assert "token" in login(api, name, password, **more)


@pytest.mark.parametrize(
    ("name", "password"), [("operator", "wrong"), ("nobody", "x"), ("dba", "two"), ("second", "factor")]
)
def test_refused_login_is_a_200_without_token(api: Api, name: str, password: str) -> None:
    reply = login(api, name, password)
    assert "token" not in reply
    assert reply["errList"][0]["errLogMessage"]
    assert reply["isAccountLocked"] is False


def test_password_that_is_not_encoded_is_wrong(api: Api, simulator: Simulator) -> None:
    request = {"username": "dba", "domain": "CORP", "password": "two"}
    assert "token" not in api.call("POST", "Login", json=request).json()
    simulator.set(login_password="plain")
    assert "token" in api.call("POST", "Login", json=request).json()


@pytest.mark.parametrize("code", [401, 403])
def test_refusal_can_have_an_error_status(api: Api, simulator: Simulator, code: int) -> None:
    simulator.set(login_refusal=code)
    reply = api.call("POST", "Login", json={"username": "operator", "password": encoded("wrong")})
    assert (reply.status_code, reply.json()) == (code, DENIED)


def test_account_is_locked_after_five_wrong_passwords(api: Api, simulator: Simulator) -> None:
    for _attempt in range(4):
        assert login(api, password="wrong")["isAccountLocked"] is False
    assert login(api, password="wrong")["isAccountLocked"] is True
    simulator.advance(600)
    locked = login(api)
    assert "token" not in locked
    assert (locked["isAccountLocked"], locked["remainingLockTime"]) == (True, 301)
    simulator.advance(300)
    assert "token" in login(api)


def test_saas_answers_in_its_own_shape(api: Api, simulator: Simulator) -> None:
    simulator.set(saas_login=True)
    reply = api.call(
        "POST", "Login", base=simulator.root, json={"username": "operator", "password": encoded("pässword:1")}
    ).json()
    assert list(reply) == ["data"]
    sent = {"Authtoken": None, "Authorization": f"Bearer {reply['data']['authToken'].removeprefix('QSDK ')}"}
    assert api.call("GET", "Job/1", base=simulator.root, headers=sent).status_code == 200


def test_login_ends_after_half_an_hour_without_a_call(api: Api, simulator: Simulator) -> None:
    token = login(api)["token"]
    for _call in range(3):
        simulator.advance(1790)
        assert status(api, token) == 200
    simulator.advance(1801)
    reply = api.call("GET", "Job/1", headers={"Authtoken": token})
    assert (reply.status_code, reply.json()) == (401, DENIED)
    assert simulator.sessions() == [{"user": "operator", "expired": True, "device": ""}]


def test_login_can_ask_for_a_time_of_its_own(api: Api, simulator: Simulator) -> None:
    token = login(api, timeout=5)["token"]
    simulator.advance(301)
    assert status(api, token) == 401


def test_logout_ends_the_login(api: Api, simulator: Simulator) -> None:
    token = login(api)["token"]
    reply = api.call("POST", "Logout", headers={"Authtoken": token})
    assert (reply.status_code, reply.text) == (200, "User logged out")
    assert status(api, token) == 401
    assert simulator.sessions() == []


def test_logout_ends_a_given_token_too_so_that_clients_leave_it_alone(api: Api, simulator: Simulator) -> None:
    api.call("POST", "Logout")
    assert status(api, simulator.token) == 401


def test_login_token_is_renewed_even_after_it_expired_but_once_and_for_its_device(
    api: Api, simulator: Simulator
) -> None:
    token = login(api, deviceId="host1")["token"]
    simulator.advance(3600)

    def renewed(device: str) -> dict:
        return api.call(
            "POST", "RenewLoginToken", json={"sessionId": token, "deviceId": device}, headers={"Authtoken": None}
        ).json()

    assert "device" in renewed("other")["error"]["errLogMessage"]
    new = renewed("host1")
    assert new["error"] == {}
    assert status(api, new["token"]) == 200
    assert "token" not in renewed("host1")


def test_login_without_device_cannot_be_renewed(api: Api) -> None:
    token = login(api)["token"]
    reply = api.call("POST", "RenewLoginToken", json={"sessionId": token, "deviceId": ""}).json()
    assert reply["error"]["errorCode"] == 5


def test_denied_endpoint_looks_like_an_expired_token(api: Api, simulator: Simulator) -> None:
    token = login(api, "viewer", "see")["token"]
    assert status(api, token, "Job") == 200
    reply = api.start(headers={"Authtoken": token})
    assert (reply.status_code, reply.json()) == (401, DENIED)
    api.start()
    assert api.call("POST", "Job/148886/action/kill", headers={"Authtoken": token}).status_code == 401


def test_tokens_of_the_command_line_can_belong_to_users_and_have_an_end() -> None:
    settings: dict[str, Any] = {"fixed_token_seconds": 100}
    with Simulator({**ESTATE, "users": USERS}, speed=0, tokens={"a": "viewer", "b": "admin"}, **settings) as other:
        api = Api(other)
        assert api.start(headers={"Authtoken": "a"}).status_code == 401
        assert api.start(headers={"Authtoken": "b"}).status_code == 200
        other.advance(101)
        assert api.start(association("hr"), headers={"Authtoken": "b"}).status_code == 401
        api.session.close()


def test_access_token_lives_half_an_hour_and_is_renewed_after_that(api: Api, simulator: Simulator) -> None:
    first = simulator.create_access_token("operator")
    assert status(api, first["accessToken"]) == 200
    assert status(api, f"Bearer {first['accessToken']}") == 200
    assert first["tokenExpiryTimestamp"] == int(simulator.now() + 1800)
    simulator.advance(1800)
    assert status(api, first["accessToken"]) == 401
    simulator.advance(13 * 86400)
    second = renew(api, first).json()
    assert set(second) == {"accessToken", "refreshToken", "tokenExpiryTimestamp"}
    assert status(api, second["accessToken"]) == 200
    assert simulator.access_tokens()[0]["renewals"] == 1


def test_renewed_access_token_ends_the_old_one_unless_set(api: Api, simulator: Simulator) -> None:
    first = simulator.create_access_token()
    second = renew(api, first).json()
    assert status(api, first["accessToken"]) == 401
    simulator.set(old_access_tokens="valid")
    assert status(api, first["accessToken"]) == 200
    assert status(api, second["accessToken"]) == 200


def test_pair_used_twice_destroys_its_chain(api: Api, simulator: Simulator) -> None:
    first, other = simulator.create_access_token(), simulator.create_access_token()
    second = renew(api, first).json()
    reused = renew(api, first)
    assert (reused.status_code, simulator.reuses()) == (403, 1)
    assert status(api, second["accessToken"]) == 401
    assert renew(api, second).status_code == 404
    assert [chain["destroyed"] for chain in simulator.access_tokens()] == [True, False]
    assert status(api, other["accessToken"]) == 200


def test_old_refresh_token_beside_a_new_access_token_counts_as_reuse(api: Api, simulator: Simulator) -> None:
    first = simulator.create_access_token()
    second = renew(api, first).json()
    renew(api, {**second, "refreshToken": first["refreshToken"]})
    assert simulator.reuses() == 1


def test_pairs_of_different_chains_are_only_invalid(api: Api, simulator: Simulator) -> None:
    first, other = simulator.create_access_token(), simulator.create_access_token()
    assert renew(api, {**first, "refreshToken": other["refreshToken"]}).status_code == 404
    assert simulator.reuses() == 0


@pytest.mark.parametrize("code", [200, 403, 404, 450, 500])
def test_refused_renewal_has_the_status_set(api: Api, simulator: Simulator, code: int) -> None:
    simulator.set(renew_refusal=code)
    reply = renew(api, {"accessToken": "none", "refreshToken": "none"})
    assert (reply.status_code, reply.json()["errorCode"]) == (code, 5)


def test_pair_is_renewable_for_fourteen_days_and_its_chain_for_ninety(api: Api, simulator: Simulator) -> None:
    late = simulator.create_access_token()
    pair = simulator.create_access_token()
    for _day in range(10):
        simulator.advance(8.9 * 86400)
        reply = renew(api, pair)
        assert reply.status_code == 200
        pair = reply.json()
    assert renew(api, late).status_code == 404
    simulator.advance(2 * 86400)
    assert renew(api, pair).status_code == 404


def test_renewal_whose_answer_is_lost_leaves_a_pair_that_must_not_be_used(api: Api, simulator: Simulator) -> None:
    pair = simulator.create_access_token()
    simulator.order_fault({"path": "v4/accesstoken/renew"}, {"kind": "bad_gateway", "process": True})
    assert renew(api, pair).status_code == 502
    assert renew(api, pair).status_code == 403
    assert simulator.reuses() == 1


def test_other_forms_of_the_answer_to_a_renewal(api: Api, simulator: Simulator) -> None:
    simulator.set(renew_reply="expires_in")
    pair = renew(api, simulator.create_access_token()).json()
    assert (pair["expiresIn"], "tokenExpiryTimestamp" in pair) == (1800, False)
    simulator.set(renew_reply="broken_json")
    text = renew(api, pair).text
    assert "tokenExpiryTimes}amp" in text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_access_tokens_are_created_with_a_login_and_not_with_an_access_token(api: Api, simulator: Simulator) -> None:
    token = login(api)["token"]
    reply = api.call(
        "POST",
        "V4/AccessToken",
        json={"tokenName": "t", "tokenType": 3, "apiEndpoints": ["/Job"]},
        headers={"Authtoken": token},
    )
    info = reply.json()["tokenInfo"]
    assert reply.json()["error"] == {"errorCode": 0}
    assert (status(api, info["accessToken"], "Jobs"), status(api, info["accessToken"], "Events")) == (404, 401)
    denied = api.call("POST", "V4/AccessToken", json={"tokenName": "u"}, headers={"Authtoken": info["accessToken"]})
    assert denied.status_code == 401
    revoked = api.call("DELETE", f"V4/AccessToken/{info['accessTokenId']}", headers={"Authtoken": token})
    assert revoked.json()["errorCode"] == 0
    assert status(api, info["accessToken"], "Job") == 401


def test_older_releases_have_no_access_tokens(api: Api, simulator: Simulator) -> None:
    simulator.set(release="11.36")
    assert renew(api, simulator.create_access_token()).status_code == 404
    assert api.call("POST", "V4/AccessToken", json={"tokenName": "x"}).status_code == 404


def test_all_tokens_can_be_ended_at_once(api: Api, simulator: Simulator) -> None:
    token, pair = login(api)["token"], simulator.create_access_token()
    simulator.expire_tokens()
    assert [status(api, token), status(api, pair["accessToken"])] == [401, 401]
    assert renew(api, pair).status_code == 200


def test_no_secret_is_in_the_journal(api: Api, simulator: Simulator) -> None:
    token = login(api, deviceId="d")["token"]
    pair = simulator.create_access_token()
    api.call("POST", "RenewLoginToken", json={"sessionId": token, "deviceId": "d"})
    renew(api, pair)
    everything = json.dumps(simulator.journal())
    for secret in (encoded("pässword:1"), token.split()[1], pair["accessToken"], pair["refreshToken"], simulator.token):
        assert secret not in everything
    assert {entry["kind"] for entry in simulator.journal()} == {"session"}
    assert simulator.writes() == []


def test_wrong_users_are_told_at_once(simulator: Simulator) -> None:
    with pytest.raises(SimulatorError, match="no such key of a user: colour"):
        simulator.reset({"users": [{"name": "x", "colour": "red"}]})
