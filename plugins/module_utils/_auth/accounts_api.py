# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and their tokens: log in and out, renew, ask who one is.

These requests bring their credentials along, so they go to the transport directly and not through CommCell.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import base64
import re
import time
import typing as t

from .._errors import ErrorKind, RequestError
from .._http.fields import flag, positive, rows
from .._http.reply_errors import ACCESS_DENIED, error_about, error_from_reply, find_error, is_login_page, is_to_login
from .standing import CredentialStatus
from .token import auth_headers

if t.TYPE_CHECKING:
    from .._http.reply import Reply
    from .._http.transport import Transport

LOGIN = "Login"
LOGOUT = "Logout"
RENEW_LOGIN = "RenewLoginToken"
WHO_AM_I = "WhoAmI"
RENEW_PAIR = "V4/AccessToken/Renew"

# Giving a login back is a courtesy: the server ends it by itself, so nobody should wait long for it.
LOGOUT_TIMEOUT = 15.0  # seconds
# Statuses with which a login is refused; others come from a server that is not in order or not the right one.
_LOGIN_VERDICTS = frozenset([200, 201, 400, 401, 403])
_WORD_IN_JSON = '"{}"\\s*:\\s*"([^"\\\\]+)"'
_NUMBER_IN_JSON = '"{}[^"]*"\\s*:\\s*"?([0-9]+)'


class LoginToken(t.NamedTuple):
    """The token of a login, verbatim, and the scheme (see _auth.auth_headers) in which it is sent."""

    token: str
    scheme: str


class TokenPair(t.NamedTuple):
    """An access token with the refresh token that renews it; expires: epoch seconds, None if not told."""

    access: str
    refresh: str
    expires: float | None = None


class PairRefused(RequestError):
    """The server said no to the renewal of a pair: the pair was not used up by this request, and is of no use."""


class AccountsApi:
    """The accounts of a CommCell. Every token that an answer holds is masked from then on."""

    def __init__(self, transport: Transport, now: t.Callable[[], float] = time.time) -> None:
        """Prepare to send.

        Args:
            transport: The connection to the server.
            now: This machine's time in epoch seconds.
        """
        self._transport = transport
        self._now = now

    def login(self, username: str, password: str, domain: str | None, device: str) -> LoginToken:
        """Log in: POST Login, never repeated, since wrong passwords lock accounts.

        The password goes as Base64 of UTF-8, and a refusal comes with HTTP 200 and without a token
        (https://documentation.commvault.com/v11/essential/rest_api_authentication_post_login.html,
        github.com/Commvault/cvpysdk: cvpysdk.py); Commvault Cloud answers {"data": {"authToken": ...}} with a token to
        be sent as Bearer (github.com/Commvault/CVPowershellSDKV2).

        Args:
            username: Of the account.
            password: Of the account.
            domain: Of the directory; None or empty for a local user or a name that holds it.
            device: Names this client, so that the login can be renewed.

        Raises:
            RequestError: Of kind authentication for a refusal; its retry_after is the time in seconds for which the
                account is locked.
        """
        body = {
            "username": username,
            "password": base64.b64encode(password.encode("utf-8")).decode("ascii"),
            "deviceId": device,
        }
        if domain:
            body["domain"] = domain
        reply = self._send(LOGIN, body=body)
        token = self._login_token(reply)
        if token:
            return token
        raise self._login_refused(reply, username)

    def renew_login(self, login: LoginToken, device: str) -> LoginToken | None:
        """Exchange the token of a login, which may have ended, for a new one; None if the server refuses.

        The old token goes into the header, too, as in Commvault's own SDK (github.com/Commvault/cvpysdk: cvpysdk.py).

        Args:
            login: What there was.
            device: The one that logged in.

        Raises:
            RequestError: The server did not decide.
        """
        body = {"sessionId": login.token, "deviceId": device}
        reply = self._send(RENEW_LOGIN, headers=auth_headers(*login), body=body)
        token = self._login_token(reply)
        if token:
            return LoginToken(token.token, login.scheme)
        error = self._error(reply, RENEW_LOGIN)
        if error and not error.kind.says_no and not is_denial(reply):
            raise error
        return None

    def logout(self, headers: t.Mapping[str, str]) -> None:
        """End a login: POST Logout. Raises RequestError; that the login had ended before is no error."""
        reply = self._send(LOGOUT, headers=headers, timeout=min(LOGOUT_TIMEOUT, self._transport.timeout))
        # The good answer is the sentence "User logged out" (github.com/Commvault/cvpysdk: cvpysdk.py).
        if 200 <= reply.status < 300 and reply.shape in ("text", "string", "empty"):
            return
        error = self._error(reply, LOGOUT)
        if error and error.kind is not ErrorKind.AUTHENTICATION:
            raise error

    def status_of(self, headers: t.Mapping[str, str]) -> CredentialStatus:
        """What the server says about these credentials: POST WhoAmI.

        The answer is {"user": {"userName": ...}} or an error code (github.com/Commvault/cvpysdk: cvpysdk.py).

        Raises:
            RequestError: No answer came, or none that a server in working order gives.
        """
        reply = self._transport.read("POST", WHO_AM_I, headers=headers)
        if is_denial(reply):
            return CredentialStatus.REJECTED
        error = self._error(reply, WHO_AM_I)
        if error is None:
            return CredentialStatus.ACCEPTED
        if error.kind.says_no:
            return CredentialStatus.UNKNOWN
        raise error

    def renew_pair(self, pair: TokenPair) -> TokenPair:
        """Exchange a pair for a new one: POST V4/AccessToken/Renew, never repeated. The old one must not be used again.

        See https://documentation.commvault.com/11.42/software/using_refresh_tokens_to_renew_access_tokens.html; that
        the answer can be broken JSON was seen by others (github.com/centreon/centreon-plugins). Raises PairRefused for
        a clear no; RequestError with maybe_ran telling whether the pair may be used up all the same.
        """
        body = {"accessToken": pair.access, "refreshToken": pair.refresh}
        reply = self._transport.send_unrepeated(
            "POST", RENEW_PAIR, headers=auth_headers(pair.access, "bearer"), body=body
        )
        fresh = self._pair(reply)
        if fresh:
            return fresh
        url = self._transport.url(RENEW_PAIR)
        error = error_from_reply(reply, "POST", url, self._transport.redactor, changes=True)
        if error is None:
            msg = "The answer holds no new pair of tokens."
            raise error_about(reply, "POST", url, msg, ErrorKind.BAD_REPLY, maybe_ran=True)
        if error.maybe_ran or not error.kind.says_no:
            raise error
        raise PairRefused(
            str(error), ErrorKind.AUTHENTICATION, method="POST", url=url, status=error.status, code=error.code,
            vendor_message=error.vendor_message,
        )  # fmt: skip

    # --- answers

    def _send(self, path: str, **kwargs: t.Any) -> Reply:
        """Send a request that nothing but a session hangs on: no error of it leaves the outcome of a backup open."""
        try:
            return self._transport.send_unrepeated("POST", path, **kwargs)
        except RequestError as error:
            error.maybe_ran = False
            raise

    def _error(self, reply: Reply, path: str) -> RequestError | None:
        return error_from_reply(reply, "POST", self._transport.url(path), self._transport.redactor, changes=False)

    def _login_token(self, reply: Reply) -> LoginToken | None:
        """The token in an answer is what tells that a login went well, whatever the HTTP status says."""
        data = reply.data if isinstance(reply.data, dict) else {}
        inner = data.get("data")
        cloud = inner.get("authToken") if isinstance(inner, dict) else None
        token = data.get("token") or cloud
        if not isinstance(token, str) or not token.strip():
            return None
        self._hide(token)
        # One that names itself a login token is sent as such, wherever it came from.
        bare = token == cloud and not token.startswith("QSDK ")
        return LoginToken(token, "bearer" if bare else "authtoken")

    def _pair(self, reply: Reply) -> TokenPair | None:
        if not 200 <= reply.status < 300:
            return None
        pair = read_pair(reply.data, self._now()) or _pair_in_text(reply.text, self._now())
        if pair:
            self._hide(pair.access)
            self._hide(pair.refresh)
        return pair

    def _hide(self, token: str) -> None:
        self._transport.redactor.add(token)
        # A server that repeats a token may leave its prefix (QSDK, Bearer) out.
        self._transport.redactor.add(token.rpartition(" ")[2])

    def _login_refused(self, reply: Reply, username: str) -> RequestError:
        data = reply.data if isinstance(reply.data, dict) else {}
        error = self._error(reply, LOGIN)
        url, host = self._transport.url(LOGIN), self._transport.base.host
        if error and is_login_page(reply):
            page = error.vendor_message
            text = f"Something in front of the CommCell, such as a proxy, answers with a page to log in: {page}."
            return error_about(reply, "POST", url, text, ErrorKind.AUTHENTICATION, vendor_message=page)
        if error and (error.status not in _LOGIN_VERDICTS or error.kind is ErrorKind.BAD_REPLY):
            return error
        words = (error.vendor_message if error else None) or ""
        if error is None:
            # What asks for a second factor need not be an error.
            told = find_error([{**one, "errorCode": None} for one in (data, *rows(data, "errList"))])
            words = self._transport.redactor.excerpt(told.message) if told else ""
        seconds = positive(data.get("remainingLockTime"))
        if flag(data.get("isAccountLocked")) or seconds:
            wait = f"for another {_minutes(seconds)}" if seconds else "for a time that the server does not tell"
            text = f"{host} does not let {username!r} log in: the account is locked {wait}"
        elif error is None:
            text = (
                f"{host} answered the login of {username!r} without a token{'' if words else ' and without a reason'}"
            )
        else:
            text = f"{host} did not accept the login of {username!r}"
        said = f": {words.rstrip('.')}." if words else "."
        return error_about(
            reply,
            "POST",
            url,
            f"{text}{said}",
            ErrorKind.AUTHENTICATION,
            code=error.code if error else None,
            vendor_message=words or None,
            retry_after=seconds,
        )


def is_denial(reply: Reply, changes: bool = False) -> bool:
    """Whether an answer says "access denied", which Commvault says of dead tokens and of missing permissions alike.

    It comes with 401 (https://api.commvault.com, Oracle DB backup), 403, or with error code 5 and another status; the
    last counts only for requests that change nothing, since such an answer can report what was started all the same.
    Web tiers say it of ended sessions by a redirect to their login page, by that page, or by 440, as IIS has it.
    """
    if reply.status in (401, 403, 440) or is_to_login(reply):
        return True
    if changes:
        return False
    error = find_error(reply.data)
    return is_login_page(reply) or (error is not None and error.code == ACCESS_DENIED)


def read_pair(data: t.Any, now: float) -> TokenPair | None:
    """The pair in parsed JSON: at its top, or in the tokenInfo that creating a token answers with
    (github.com/Commvault/cvpysdk: security/user.py). None if there is no complete one.

    Args:
        data: The parsed JSON.
        now: Epoch seconds, for answers that tell how long the token lasts instead of when it ends.
    """
    if not isinstance(data, dict):
        return None
    inner = data.get("tokenInfo")
    source = inner if isinstance(inner, dict) else data
    access, refresh = source.get("accessToken"), source.get("refreshToken")
    if not (isinstance(access, str) and access.strip() and isinstance(refresh, str) and refresh.strip()):
        return None
    return TokenPair(access, refresh, _end(source.get("tokenExpiryTimestamp"), source.get("expiresIn"), now))


def _pair_in_text(text: str, now: float) -> TokenPair | None:
    """The pair in JSON that does not parse; the key of the time was seen mangled, so only its beginning counts."""
    access = re.search(_WORD_IN_JSON.format("accessToken"), text)
    refresh = re.search(_WORD_IN_JSON.format("refreshToken"), text)
    if not access or not refresh:
        return None
    stamp = re.search(_NUMBER_IN_JSON.format("tokenExpiryTimes"), text)
    lasts = re.search(_NUMBER_IN_JSON.format("expiresIn"), text)
    end = _end(stamp and stamp.group(1), lasts and lasts.group(1), now)
    return TokenPair(access.group(1), refresh.group(1), end)


def _end(stamp: t.Any, lasts: t.Any, now: float) -> float | None:
    """When a token expires, from its end (epoch seconds) or its life (seconds); None if neither is a number."""
    for value, start in ((stamp, 0.0), (lasts, now)):
        try:
            number = float(value or 0)
        except (TypeError, ValueError):
            continue
        if 0 < number < float("inf"):
            return start + number
    return None


def _minutes(seconds: int) -> str:
    """A time in words."""
    if seconds < 60:
        return f"{seconds} seconds"
    hours, minutes = divmod(-(-seconds // 60), 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes or not hours else []
    return " ".join(parts)
