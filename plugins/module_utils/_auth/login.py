# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential user name and password: logs in when it is first needed, renews, and logs out at the end."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import time
import typing as t
import uuid

from .._errors import ErrorKind, RequestError
from .token import auth_headers

if t.TYPE_CHECKING:
    from .accounts_api import AccountsApi, LoginToken

# Seconds for which a token is too young to be dead; it is not renewed again so soon, whatever the server denies.
FRESH = 10.0
# Seconds until the next attempt after each refused login where the credentials were good before. Together they outlast
# a restart of ten minutes; with more attempts, a password that was changed in the meantime would lock the account.
REFUSAL_PAUSES = (200.0, 200.0, 240.0)


def new_device() -> str:
    """A name for this client, which the server wants to see again when a login is to be renewed."""
    return f"rdsops.commvault-{uuid.uuid4()}"


class Login:
    """Logs in once, however many threads ask for headers.

    After a refusal it does not try again, since that would lock accounts. Where the credentials were good before in the
    run, it does so a few times: a web tier that restarts refuses everybody for a while.
    """

    def __init__(
        self,
        accounts: AccountsApi,
        username: str,
        password: str,
        domain: str | None = None,
        clock: t.Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to log in when headers are first asked for.

        Args:
            accounts: The accounts of the CommCell.
            username: Of the account.
            password: Of the account.
            domain: Of the directory, if the account is not a local one.
            clock: Seconds, monotonic.
        """
        self._accounts = accounts
        self._username, self._password, self._domain = username, password, domain
        self._clock = clock
        self._device = new_device()
        self._lock = threading.Lock()
        self._token: LoginToken | None = None
        self._refusal: RequestError | None = None
        self._refused_at = 0.0
        self._refusals = 0
        # Whether the server has taken these credentials in this run.
        self._proven = False
        self._issued_at = 0.0

    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request. Logs in if need be; raises RequestError."""
        with self._lock:
            return auth_headers(*(self._token or self._log_in()))

    def is_fresh(self, headers: t.Mapping[str, str]) -> bool:
        """Whether the server gave out the token in these headers a moment ago."""
        with self._lock:
            return self._is_current(headers) and self._clock() - self._issued_at < FRESH

    def renew(self, rejected: t.Mapping[str, str]) -> bool:
        """Renew the login that was rejected, or log in again where the server does not renew it. Raises RequestError.

        Returns True: there is a new token, this thread's or that of another one.
        """
        with self._lock:
            if self._token and self._is_current(rejected):
                self._check_refusal()
                renewed = self._accounts.renew_login(self._token, self._device)
                if renewed:
                    self._keep(renewed)
                else:
                    # If this is refused, too, the old token stays: the server may take it again when it is in order.
                    self._log_in()
            return True

    def close(self) -> None:
        """Log out, if there was a login. Raises nothing: what was done with the login counts, not its end."""
        with self._lock:
            token, self._token = self._token, None
            if token is None:
                return
            try:
                self._accounts.logout(auth_headers(*token))
            except Exception:  # noqa: BLE001  # pylint: disable=broad-except
                # The server ends the login by itself when nobody uses it.
                return

    def _is_current(self, headers: t.Mapping[str, str]) -> bool:
        return self._token is not None and auth_headers(*self._token) == headers

    def _log_in(self) -> LoginToken:
        self._check_refusal()
        try:
            token = self._accounts.login(self._username, self._password, self._domain, self._device)
        except RequestError as error:
            if error.kind is ErrorKind.AUTHENTICATION:
                self._refusal, self._refused_at = error, self._clock()
                self._refusals += 1
            raise
        self._keep(token)
        return token

    def _check_refusal(self) -> None:
        """Raises the last refusal of a login where another attempt would be too many, or too soon."""
        if self._refusal is None:
            return
        pauses = REFUSAL_PAUSES if self._proven else ()
        if self._refusals > len(pauses) or self._clock() - self._refused_at < pauses[self._refusals - 1]:
            raise self._refusal

    def _keep(self, token: LoginToken) -> None:
        self._token = token
        self._issued_at = self._clock()
        self._refusal, self._proven = None, True
