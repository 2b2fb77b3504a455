# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential token file: tokens that several processes share, and that are renewed in the file.

Two kinds of content: a pair of access and refresh token that somebody made in Commvault, and the session that the
module login has left for later tasks.

A pair is good for one renewal. Using it a second time makes the server delete every token that ever came from it
(https://documentation.commvault.com/11.42/software/using_refresh_tokens_to_renew_access_tokens.html), so the file says
that a renewal is under way before it is sent, and no process sends one for a pair that says so.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import signal
import threading
import time
import typing as t

from .._errors import CommvaultError, ErrorKind, InvalidInput, RequestError
from .accounts_api import LoginToken, PairRefused, TokenPair, read_pair
from .login import FRESH
from .token import auth_headers, check_token
from .token_store import CannotStore

if t.TYPE_CHECKING:
    from .._redact import Redactor
    from .accounts_api import AccountsApi
    from .token_store import Replacement, TokenStore

    Content = t.Dict[str, t.Any]

RENEWAL = "renewalSentAt"  # epoch seconds; in the file from before a renewal until its answer is there
RENEWED = "renewedAt"  # epoch seconds
BASE_URL = "url"
_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class TokenFile:
    """The tokens in a file. Thread-safe, and safe among all processes of a user on a machine."""

    def __init__(
        self,
        store: TokenStore,
        accounts: AccountsApi,
        redactor: Redactor,
        base_url: str,
        scheme: str = "authtoken",
        now: t.Callable[[], float] = time.time,
    ) -> None:
        """Read the file.

        Args:
            store: The file.
            accounts: The accounts of the CommCell.
            redactor: Learns every token.
            base_url: Where the tokens are sent to; a file that names another place is refused.
            scheme: Of access tokens, as of auth_headers.
            now: Epoch seconds.

        Raises:
            InvalidInput: The file cannot be used.
        """
        self._store = store
        self._accounts = accounts
        self._redactor = redactor
        self._base_url = base_url
        self._scheme = scheme
        self._now = now
        self._lock = threading.Lock()
        self._content: Content = {}
        self._headers: dict[str, str] = {}
        self._failure: CommvaultError | None = None
        self._load()

    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request."""
        with self._lock:
            return dict(self._headers)

    def is_fresh(self, headers: t.Mapping[str, str]) -> bool:
        """Whether the server gave out the token in these headers a moment ago, to this process or another one."""
        with self._lock:
            age = self._now() - float(self._content.get(RENEWED) or 0)
            return self._headers == headers and 0 <= age < FRESH

    def renew(self, rejected: t.Mapping[str, str]) -> bool:
        """Take the tokens that another process or thread has renewed, or renew them. Returns True; raises
        CommvaultError.
        """
        with self._lock:
            if self._headers != rejected:
                return True
            if self._failure:
                # Somebody may have put other tokens into the file, or another process better ones.
                self._load()
                if self._headers == rejected:
                    raise self._failure
                self._failure = None
                return True
            try:
                with self._store.locked(), _interrupts_held_back():
                    self._load()
                    if self._headers == rejected:
                        self._renew()
            except CannotStore as exc:
                raise self._given_up(
                    f"The tokens in {self._store.path!r} have expired, and were not renewed because the new ones could"
                    f" not be kept: {exc}. Make the file and its directory writable for the user that runs this task."
                ) from None
            return True

    def close(self) -> None:
        """Nothing is given back: the tokens are for the next process, too."""

    # --- inside; the thread's lock is held

    def _load(self) -> None:
        """Read the file. Raises InvalidInput."""
        content = self._store.read()
        path = self._store.path
        headers = self._learn(content)
        if headers is None:
            raise InvalidInput(
                f"token_file {path!r} holds neither accessToken and refreshToken, as Commvault shows them when a token"
                " is made, nor the session of a login."
            )
        bound = content.get(BASE_URL)
        if bound and bound != self._base_url:
            raise InvalidInput(
                f"token_file {path!r} is for {self._redactor.excerpt(str(bound))}, but url is {self._base_url}: a token"
                " is not sent to another server than its own."
            )
        self._content, self._headers = content, headers

    def _learn(self, content: Content) -> dict[str, str] | None:
        """The headers of a content, whose secrets are masked from now on; None if it has none."""
        pair = read_pair(content, self._now())
        session = session_in(content)
        secrets = pair[:2] if pair else session[:1] if session else ()
        for secret in secrets:
            self._redactor.add(secret)
            self._redactor.add(secret.rpartition(" ")[2])
            check_token(secret, f"A token in token_file {self._store.path!r}")
        if pair:
            return auth_headers(pair.access, self._scheme)
        return auth_headers(*session) if session else None

    def _renew(self) -> None:
        """Exchange the tokens that the file holds. The lock of the file is held. Raises CommvaultError, CannotStore."""
        pair = read_pair(self._content, self._now())
        if pair:
            self._renew_pair(pair)
        else:
            self._renew_session()

    def _renew_session(self) -> None:
        session = session_in(self._content)
        with self._store.replacement() as place:
            renewed = session and self._accounts.renew_login(session, str(self._content.get("deviceId") or ""))
            if not renewed:
                raise self._given_up(
                    f"The login in {self._store.path!r} has ended, and the server does not renew it. Log in again with"
                    " the module rdsops.commvault.login."
                )
            place.commit(self._after({**self._content, "token": renewed.token}))
        self._load()

    def _renew_pair(self, pair: TokenPair) -> None:
        sent_at = self._content.get(RENEWAL)
        if sent_at:
            raise self._given_up(
                f"The pair of tokens in {self._store.path!r} cannot be renewed: a renewal was sent"
                f" {_moment(sent_at)}, and what became of it is not known, because the answer was lost or the process"
                " was stopped. If the server has replaced the pair, a second attempt with it would destroy all that"
                f" came after it. {_NEW_PAIR}"
            )
        # This also rehearses what must not fail later: room on the disk, and the right to replace the file.
        self._store.write({**self._content, RENEWAL: int(self._now())})
        with self._store.replacement() as place:
            try:
                fresh = self._accounts.renew_pair(pair)
            except CommvaultError as error:
                raise self._not_renewed(error, place) from None
            try:
                place.commit(self._after(_content_of(fresh, self._content)))
            except CannotStore as exc:
                raise self._given_up(
                    f"The pair of tokens in {self._store.path!r} was renewed, but the new one could not be kept"
                    f" ({exc}), and the old one is used up. {_NEW_PAIR}"
                ) from None
        self._load()

    def _not_renewed(self, error: CommvaultError, place: Replacement) -> CommvaultError:
        """What to tell of a renewal that did not work. Takes the note of it out of the file if nothing came of it.
        Raises CannotStore.
        """
        path = self._store.path
        if error.maybe_ran:
            return self._given_up(
                f"The pair of tokens in {path!r} was sent to be renewed, but no clear answer came, so it may be used"
                f" up. It is not sent again, since using it twice would destroy all that came after it. {_NEW_PAIR}"
                f" What happened: {error}"
            )
        place.commit(self._content)
        if isinstance(error, PairRefused):
            return self._given_up(
                f"The server did not renew the pair of tokens in {path!r}. It is used up (each pair is good for one"
                f" renewal, by one consumer), too old, or was revoked. {_NEW_PAIR} What the server said: {error}",
                error,
            )
        return error

    def _after(self, content: Content) -> Content:
        """What to write after a renewal."""
        kept = {name: value for name, value in content.items() if name != RENEWAL}
        return {**kept, RENEWED: int(self._now())}

    def _given_up(self, message: str, cause: RequestError | None = None) -> CommvaultError:
        """The error for a renewal that is not to be tried again in this run."""
        if cause is None:
            self._failure = CommvaultError(message, ErrorKind.AUTHENTICATION)
        else:
            self._failure = RequestError(
                message, ErrorKind.AUTHENTICATION, method=cause.method, url=cause.url, status=cause.status,
                code=cause.code, vendor_message=cause.vendor_message,
            )  # fmt: skip
        return self._failure


_NEW_PAIR = "Create a new access token in Commvault and put its two tokens into the file, without anything else."


def session_in(content: t.Mapping[str, t.Any]) -> LoginToken | None:
    """The login in the content of a file, None if it holds none."""
    token = content.get("token")
    if not isinstance(token, str) or not token:
        return None
    return LoginToken(token, "bearer" if content.get("scheme") == "bearer" else "authtoken")


def session_content(token: LoginToken, device: str, base_url: str) -> dict[str, t.Any]:
    """The content of a file for a login; see session_in.

    Args:
        token: Of the login.
        device: The one that logged in.
        base_url: Where it is good for.
    """
    return {"token": token.token, "scheme": token.scheme, "deviceId": device, BASE_URL: base_url}


def _content_of(pair: TokenPair, before: Content) -> Content:
    """The content for a new pair; what else the file held, such as url, stays."""
    dropped = ("accessToken", "refreshToken", "tokenExpiryTimestamp", "expiresIn", "tokenInfo")
    kept = {name: value for name, value in before.items() if name not in dropped}
    kept.update({"accessToken": pair.access, "refreshToken": pair.refresh})
    if pair.expires:
        kept["tokenExpiryTimestamp"] = int(pair.expires)
    return kept


def _moment(epoch: t.Any) -> str:
    try:
        return "on " + time.strftime("%Y-%m-%d at %H:%M:%S UTC", time.gmtime(float(epoch)))
    except (TypeError, ValueError, OverflowError, OSError):
        return "before"


@contextlib.contextmanager
def _interrupts_held_back() -> t.Iterator[None]:
    """Let Ctrl-C, or the end of a job in AWX, wait for a renewal: it would leave a pair that nobody can use."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
