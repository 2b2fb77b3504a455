# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login, logout, renewal, and access tokens."""

from __future__ import annotations

import json
from typing import Any

from ..auth import Login, Refused
from ..commserve import Call, CommServe
from ..replies import NOT_FOUND_PAGE, Reply, access_denied, error, html
from ..routes import Route


def login(server: CommServe, call: Call) -> Reply:
    """POST Login. A refusal is a 200 without a token, or a 401 or 403 where the settings say so."""
    body = call.json
    if not isinstance(body, dict):
        return Reply({"errList": [{"errorCode": 2, "errLogMessage": "Invalid login request."}]})
    minutes = body.get("timeout")
    outcome = server.auth.login(
        str(body.get("username", "")),
        str(body.get("password", "")),
        str(body.get("domain", "")),
        str(body.get("deviceId", "")),
        float(minutes) if isinstance(minutes, (int, float)) and minutes > 0 else None,
    )
    call.entry["user"] = outcome.user.name if outcome.user else None
    if outcome.token is None or outcome.user is None:
        return _refused(server, outcome)
    token = f"QSDK {outcome.token}"
    if server.settings.saas_login:
        return Reply({"data": {"authToken": token}})
    user = outcome.user
    return Reply(
        {
            "aliasName": str(user.id),
            "userGUID": f"5E000000-51D0-4000-8000-{user.id:012d}",
            "loginAttempts": 0,
            "remainingLockTime": 0,
            "smtpAddress": user.email,
            "userName": user.name,
            "providerType": 1,
            "ccn": 0,
            "token": token,
            "capability": 4328650366975,
            "forcePasswordChange": False,
            "isAccountLocked": False,
            "ownerOrganization": {"GUID": "", "providerDomainName": "Commcell", "providerId": 0},
            "additionalResp": {"nameValues": [{"name": "USERNAME", "value": user.name}]},
            "providerOrganization": {"GUID": "", "providerDomainName": "Commcell", "providerId": 0},
            "errList": [],
            "company": {"providerId": 0, "providerDomainName": ""},
        }
    )


def _refused(server: CommServe, outcome: Login) -> Reply:
    if server.settings.login_refusal != 200:
        return error(5, "Access denied", server.settings.login_refusal)
    data: dict[str, Any] = {
        "loginAttempts": outcome.attempts,
        "remainingLockTime": outcome.remaining_lock_seconds,
        "isAccountLocked": outcome.remaining_lock_seconds > 0,
        "forcePasswordChange": False,
        "errList": [{"errorCode": 5, "errLogMessage": outcome.message}],
    }
    return Reply(data)


def logout(server: CommServe, call: Call) -> Reply:
    """POST Logout."""
    server.auth.logout(call.headers)
    return Reply(text="User logged out", media_type="text/plain")


def renew_login(server: CommServe, call: Call) -> Reply:
    """POST RenewLoginToken: works without a valid token, as that is what it is for."""
    body = call.json if isinstance(call.json, dict) else {}
    try:
        token = server.auth.renew_login(str(body.get("sessionId", "")), str(body.get("deviceId", "")))
    except Refused as exc:
        return Reply({"error": {"errorCode": 5, "errLogMessage": str(exc)}})
    return Reply({"token": f"QSDK {token}", "error": {}})


def _released(server: CommServe) -> bool:
    """Whether the release has access tokens: from 11.38 on."""
    major, minor = (int(part) for part in server.settings.release.split(".")[:2])
    return (major, minor) >= (11, 38)


def create_access(server: CommServe, call: Call) -> Reply:
    """POST V4/AccessToken. An access token cannot create another."""
    if not _released(server):
        return html(NOT_FOUND_PAGE, 404)
    if call.identity is None or call.identity.kind == "access":
        return access_denied()
    body = call.json if isinstance(call.json, dict) else {}
    if not body.get("tokenName"):
        return Reply({"error": {"errorCode": 2, "errorMessage": "tokenName is missing."}})
    chain = server.auth.create_access(
        call.identity.user, str(body["tokenName"]), body.get("apiEndpoints"), body.get("renewableUntilTimestamp")
    )
    info = {
        "accessTokenId": chain.id,
        **server.auth.describe(chain),
        "tokenName": chain.name,
        "userId": chain.user.id,
    }
    return Reply({"error": {"errorCode": 0}, "tokenInfo": info})


def renew_access(server: CommServe, call: Call) -> Reply:
    """POST V4/AccessToken/Renew: the pair in the body is all that counts, whatever the headers say."""
    if not _released(server):
        return html(NOT_FOUND_PAGE, 404)
    settings = server.settings
    body = call.json if isinstance(call.json, dict) else {}
    try:
        chain = server.auth.renew_access(str(body.get("accessToken", "")), str(body.get("refreshToken", "")))
    except Refused as exc:
        return error(5, str(exc), 403 if exc.reused else settings.renew_refusal)
    told = server.auth.describe(chain)
    data: dict[str, Any] = {key: told[key] for key in ("accessToken", "refreshToken", "tokenExpiryTimestamp")}
    if settings.renew_reply == "expires_in":
        del data["tokenExpiryTimestamp"]
        data["expiresIn"] = int(settings.access_token_seconds)
    elif settings.renew_reply == "broken_json":
        # Seen from a live system: the key is mangled and the object is not closed.
        text = json.dumps(data, separators=(",", ":"))[:-1].replace("tokenExpiryTimestamp", "tokenExpiryTimes}amp")
        return Reply(text=text, media_type="application/json")
    return Reply(data)


def revoke_access(server: CommServe, call: Call) -> Reply:
    """DELETE V4/AccessToken/{id}."""
    number = call.params["token_id"]
    if call.identity is None or call.identity.kind == "access":
        return access_denied()
    if not number.isdigit() or not server.auth.revoke_access(int(number), call.identity.user):
        return error(2, "The access token does not exist.")
    return error(0, "")


ROUTES = [
    Route("POST", "login", "session", login, auth=False),
    Route("POST", "logout", "session", logout),
    Route("POST", "renewlogintoken", "session", renew_login, auth=False),
    Route("POST", "v4/accesstoken", "session", create_access),
    Route("POST", "v4/accesstoken/renew", "session", renew_access, auth=False),
    Route("DELETE", "v4/accesstoken/{token_id}", "session", revoke_access),
]
