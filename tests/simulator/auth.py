# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials: fixed tokens, login sessions, and chains of rotating access and refresh tokens."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from .journal import split_scheme
from .settings import Settings
from .users import User, Users


@dataclasses.dataclass
class Identity:
    """Who calls, with which kind of credential (``fixed``, ``login`` or ``access``) and for which endpoints."""

    user: User
    kind: str
    scope: tuple[str, ...] | None = None

    def may(self, endpoint: str) -> bool:
        """Whether neither the user's rights nor the token's scope stand against a call."""
        inside = self.scope is None or any(endpoint.startswith(prefix) for prefix in self.scope)
        return inside and self.user.may(endpoint)


@dataclasses.dataclass
class Session:
    """A login. It ends after so many seconds without a call."""

    user: User
    device: str
    idle_seconds: float
    last_used: float

    def over(self, now: float) -> bool:
        """Whether it has ended."""
        return now - self.last_used > self.idle_seconds


@dataclasses.dataclass
class Chain:
    """Access tokens that follow from one another; ``pairs`` are all pairs so far, the last one is in force."""

    id: int
    user: User
    name: str
    scope: tuple[str, ...] | None
    renewable_until: float
    pairs: list[tuple[str, str]]
    expires: float = 0
    renewals: int = 0
    reuses: int = 0
    destroyed: bool = False


class Refused(Exception):
    """A credential was refused; ``reused`` if that has destroyed its chain."""

    def __init__(self, message: str, reused: bool = False) -> None:
        super().__init__(message)
        self.reused = reused


@dataclasses.dataclass
class Login:
    """What became of a login: a token, or what the server says about it."""

    user: User | None
    token: str | None = None
    message: str = ""
    remaining_lock_seconds: int = 0
    attempts: int = 0


def token_in(headers: Mapping[str, str]) -> str | None:
    """Return the token of a request without its prefix.

    ``Authtoken`` holds it as it is or with the prefix QSDK, SAML or Bearer; else ``Authorization: Bearer`` counts.
    """
    if headers.get("authtoken"):
        return split_scheme(headers["authtoken"])[1]
    scheme, token = split_scheme(headers.get("authorization", ""))
    return token if scheme.lower() == "bearer" and token else None


class Auth:
    """All credentials in force.

    :param fixed: token to name of its user.
    :param now: the simulated clock.
    """

    def __init__(self, users: Users, fixed: Mapping[str, str], settings: Settings, now: Callable[[], float]) -> None:
        self._users = users
        self._fixed = dict(fixed)
        self._settings = settings
        self._now = now
        self._begun = now()
        self._sessions: dict[str, Session] = {}
        self._chains: dict[int, Chain] = {}
        self._chain_of: dict[str, Chain] = {}

    # every call

    def identify(self, headers: Mapping[str, str]) -> Identity | None:
        """Return who sent a request, or None if its token is missing or not in force."""
        token = token_in(headers)
        if token is None or (self._settings.token_header == "bearer" and not headers.get("authorization")):
            return None
        now = self._now()
        if token in self._fixed:
            limit = self._settings.fixed_token_seconds
            over = limit is not None and now - self._begun > limit
            return None if over else Identity(self._users.get(self._fixed[token]), "fixed")
        session = self._sessions.get(token)
        if session is not None:
            if session.over(now):
                return None
            session.last_used = now
            return Identity(session.user, "login")
        chain = self._chain_of.get(token)
        if chain is None or chain.destroyed or now >= chain.expires or not self._in_force(chain, token):
            return None
        return Identity(chain.user, "access", chain.scope)

    def _in_force(self, chain: Chain, access: str) -> bool:
        if self._settings.old_access_tokens == "valid":
            return any(access == pair[0] for pair in chain.pairs)
        return access == chain.pairs[-1][0]

    # logins

    def login(self, name: str, password: str, domain: str, device: str, minutes: float | None) -> Login:
        """Log somebody in.

        :param password: as sent: Base64 of UTF-8, unless the settings say that it comes as it is.
        :param minutes: how long the session may idle, None for the default.
        """
        now, settings = self._now(), self._settings
        user = self._users.find(name, domain)
        wrong = "Invalid username or password."
        if user is None:
            return Login(None, message=wrong)
        if now < user.locked_until:
            return Login(user, None, "User account is locked.", int(user.locked_until - now) + 1, user.attempts)
        if user.password is None or _decoded(password, settings.login_password) != user.password:
            user.attempts += 1
            if user.attempts >= settings.lockout_attempts:
                user.locked_until = now + settings.lockout_seconds
                return Login(user, None, "User account is locked.", int(settings.lockout_seconds), user.attempts)
            return Login(user, message=wrong, attempts=user.attempts)
        user.attempts = 0
        if user.two_factor:
            return Login(user, message="Two-factor authentication is enabled. Enter the one-time password.")
        idle = settings.login_idle_seconds if minutes is None else minutes * 60
        token = secrets.token_hex(40)
        self._sessions[token] = Session(user, device, idle, now)
        return Login(user, token)

    def logout(self, headers: Mapping[str, str]) -> None:
        """End the session of a request. A fixed token is somebody's login, too, and ends as well."""
        token = token_in(headers) or ""
        self._sessions.pop(token, None)
        self._fixed.pop(token, None)

    def renew_login(self, token: str, device: str) -> str:
        """Exchange a login token, even one that has idled too long, for a new one.

        :raises Refused: if the token is unknown or too old, or came from another device.
        """
        token = split_scheme(token)[1]
        session = self._sessions.get(token)
        now = self._now()
        if session is None or now - session.last_used > session.idle_seconds + self._settings.login_renewable_seconds:
            raise Refused("The session is invalid or has expired.")
        if not session.device or session.device != device:
            raise Refused("The device is not the one that logged in.")
        del self._sessions[token]
        new = secrets.token_hex(40)
        self._sessions[new] = dataclasses.replace(session, last_used=now)
        return new

    def expire(self) -> None:
        """End all login sessions and access tokens now, as if their time were over. They can still be renewed."""
        now = self._now()
        for session in self._sessions.values():
            session.last_used = min(session.last_used, now - session.idle_seconds - 1)
        for chain in self._chains.values():
            chain.expires = min(chain.expires, now)

    # access tokens

    def create_access(
        self, user: str | User, name: str = "", endpoints: list[str] | None = None, renewable_until: float | None = None
    ) -> Chain:
        """Begin a chain of access tokens."""
        owner = self._users.get(user) if isinstance(user, str) else user
        scope = tuple(one.strip("/").lower() for one in endpoints) if endpoints else None
        until = renewable_until or self._now() + self._settings.access_chain_seconds
        chain = Chain(len(self._chains) + 1, owner, name, scope, until, [])
        self._chains[chain.id] = chain
        self._issue(chain)
        return chain

    def renew_access(self, access: str, refresh: str) -> Chain:
        """Exchange a pair for a new one.

        :raises Refused: if the pair is none or too old; if it was exchanged before, its chain is destroyed.
        """
        access = split_scheme(access)[1]
        chain = self._chain_of.get(access)
        if chain is None or self._chain_of.get(refresh) is not chain or chain.destroyed:
            raise Refused("The token is invalid.")
        if (access, refresh) != chain.pairs[-1]:
            chain.reuses += 1
            chain.destroyed = True
            raise Refused("Token reuse detected. The token has been purged.", reused=True)
        now = self._now()
        if now > chain.renewable_until or now > chain.expires + self._settings.access_renewable_seconds:
            raise Refused("The token can no longer be renewed.")
        chain.renewals += 1
        self._issue(chain)
        return chain

    def revoke_access(self, number: int, user: User) -> bool:
        """Delete a user's chain and return whether there was one."""
        chain = self._chains.get(number)
        if chain is None or chain.destroyed or chain.user is not user:
            return False
        chain.destroyed = True
        return True

    def _issue(self, chain: Chain) -> None:
        pair = (secrets.token_hex(32), secrets.token_hex(32))
        chain.pairs.append(pair)
        chain.expires = self._now() + self._settings.access_token_seconds
        self._chain_of[pair[0]] = self._chain_of[pair[1]] = chain

    def describe(self, chain: Chain) -> dict[str, Any]:
        """Return a chain's pair in force with its times, as the vendor's answers name them."""
        access, refresh = chain.pairs[-1]
        return {
            "accessToken": access,
            "refreshToken": refresh,
            "tokenExpiryTimestamp": int(chain.expires),
            "refreshTokenExpiryTimestamp": int(chain.expires + self._settings.access_renewable_seconds),
            "renewableUntilTimestamp": int(chain.renewable_until),
        }

    def chains(self) -> list[dict[str, Any]]:
        """Return the truth about all chains, without the tokens."""
        return [
            {
                "id": chain.id,
                "user": chain.user.name,
                "name": chain.name,
                "renewals": chain.renewals,
                "reuses": chain.reuses,
                "destroyed": chain.destroyed,
                "expires": chain.expires,
            }
            for chain in self._chains.values()
        ]

    def sessions(self) -> list[dict[str, Any]]:
        """Return the logins that were not logged out, without the tokens."""
        now = self._now()
        return [
            {"user": session.user.name, "expired": session.over(now), "device": session.device}
            for session in self._sessions.values()
        ]


def _decoded(password: str, form: str) -> str | None:
    if form == "plain":
        return password
    try:
        return base64.b64decode(password, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
