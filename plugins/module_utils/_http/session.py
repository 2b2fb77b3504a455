# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How this collection uses requests: when a request may be repeated, when it is certain that it was not sent, and what
a session does.

requests and urllib3 do the work; here are only the rules in which a client of backups differs from a browser.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import copy
import ssl
import threading
import traceback
import typing as t
from urllib.parse import unquote, urlsplit

from .base_url import is_loopback

if t.TYPE_CHECKING:
    from .base_url import BaseUrl

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ResponseError
    from urllib3.util.retry import Retry
except ImportError:
    HAS_REQUESTS = False
    REQUESTS_IMPORT_ERROR: str | None = traceback.format_exc()
    # Only so that the classes below can be defined; entry points refuse to work without the library.
    HTTPAdapter = Retry = object  # type: ignore[misc,assignment]
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc,assignment]
else:
    HAS_REQUESTS = True
    REQUESTS_IMPORT_ERROR = None

USER_AGENT = "rdsops.commvault (Ansible collection)"
BACKOFF_FACTOR = 0.5  # seconds; urllib3 doubles it with each attempt
RATE_LIMIT_WAIT = 60.0  # seconds; for a 429 without any header that says how long
# 500 is missing: Commvault answers lasting errors with it (unknown names, for one), so repeating it only costs quota.
PASSING_STATUSES = frozenset([429, 502, 503, 504])

# What this thread works on: the rules for repeating the request in hand, and whether it is certain that nothing of it
# was sent.
exchange = threading.local()


class _TrackedConnection:
    """Knows the moment from which a request may have reached the server, so that a failure before it proves that
    nothing ran.
    """

    sock: t.Any = None

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except (HTTPError, ssl.SSLError):
            raise
        except OSError as exc:
            # A peer that hangs up or falls silent in the TLS handshake is a failed attempt to connect, and those may be
            # repeated.
            raise NewConnectionError(self, f"Failed to establish a connection: {exc}") from exc  # type: ignore[arg-type]

    def request(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if self.sock is None:
            self.connect()
        exchange.unsent = False
        return super().request(*args, **kwargs)  # type: ignore[misc]


class _TrackedHTTPConnection(_TrackedConnection, HTTPConnection):
    """Plain http."""


class _TrackedHTTPSConnection(_TrackedConnection, HTTPSConnection):
    """https."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TrackedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TrackedHTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class _Adapter(HTTPAdapter):
    """requests' adapter for one CommCell: with tracked connections, with the retry rules of the request in hand instead
    of one set for all, and with what is the same for all requests of a session looked up once.
    """

    _pool: t.Any = None
    _verified: t.Any = None

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def get_connection_with_tls_context(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        # Proxy, certificates and server are those of the session. To look for the pool that has them takes as long as
        # to write the request.
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def get_connection(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        # What requests before 2.32 calls.
        if self._pool is None:
            self._pool = super().get_connection(*args, **kwargs)
        return self._pool

    def cert_verify(self, conn: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        if self._verified is not conn:
            super().cert_verify(conn, *args, **kwargs)
            self._verified = conn

    def close(self) -> None:
        self._pool = self._verified = None
        super().close()

    @property
    def max_retries(self) -> t.Any:
        return getattr(exchange, "rules", None) or self._default_rules

    @max_retries.setter
    def max_retries(self, value: t.Any) -> None:
        self._default_rules = value

    def send(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        exchange.unsent = True
        return super().send(*args, **kwargs)


class VendorRetry(Retry):
    """urllib3's Retry that also reads X-RateLimit-Period and never waits longer than max_wait seconds.

    Commvault Cloud answers 429 with X-RateLimit-Limit and X-RateLimit-Period and, as far as is documented, without
    Retry-After (https://docs.metallic.io/metallic/rest_api.html). That the period is in seconds is inferred.
    """

    # urllib3 would repeat any request on 413 and 503 too when Retry-After is there, and a write may have run behind a
    # 503.
    RETRY_AFTER_STATUS_CODES = frozenset([429])
    max_wait = 60.0

    def new(self, **kwargs: t.Any) -> t.Any:
        """A copy with the counts of kwargs, as urllib3 asks for one after each attempt."""
        fresh = super().new(**kwargs)
        fresh.max_wait = self.max_wait
        return fresh

    def get_retry_after(self, response: t.Any) -> float | None:
        """Seconds that the server asks to wait, also by the headers of a rate limit."""
        return _rate_limit_wait(response.status, response.headers, super().get_retry_after(response))

    def increment(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Count an attempt; ends the attempts when the server asks for a longer wait than max_wait."""
        response = kwargs.get("response")
        if response is not None and (self.get_retry_after(response) or 0) > self.max_wait:
            # urllib3 takes it as "no attempt left" and, since raise_on_status is off, hands the answer to the caller.
            raise MaxRetryError(kwargs.get("_pool"), "", ResponseError("the wait is too long"))  # type: ignore[arg-type]
        return super().increment(*args, **kwargs)


def _rules(attempts: int, max_wait: float, **kwargs: t.Any) -> VendorRetry:
    rules = VendorRetry(
        total=None,
        connect=attempts,
        status=attempts,
        redirect=0,
        other=0,
        backoff_factor=BACKOFF_FACTOR,
        allowed_methods=None,
        raise_on_status=False,
        raise_on_redirect=False,
        **kwargs,
    )
    rules.max_wait = max_wait
    return rules


def read_rules(attempts: int, max_wait: float) -> VendorRetry:
    """Repeat what changes nothing on any passing fault, up to attempts times each; wait at most max_wait seconds for a
    quota.
    """
    return _rules(attempts, max_wait, read=attempts, status_forcelist=PASSING_STATUSES)


def write_rules(attempts: int, max_wait: float) -> VendorRetry:
    """Repeat only failed attempts to connect and a 429, the two cases that prove that nothing was carried out."""
    return _rules(attempts, max_wait, read=0, status_forcelist=frozenset([429]))


def _rate_limit_wait(status: int, headers: t.Mapping[str, str], retry_after: float | None) -> float | None:
    if retry_after is not None or status != 429:
        return retry_after
    try:
        return max(0.0, float(headers.get("X-RateLimit-Period", "")))
    except ValueError:
        return RATE_LIMIT_WAIT


def parse_retry_after(status: int, headers: t.Mapping[str, str]) -> float | None:
    """Seconds to wait before the next request, from Retry-After, X-RateLimit-Period or, for a bare 429, a minute; else
    None.
    """
    value = headers.get("Retry-After", "")
    try:
        seconds: float | None = Retry().parse_retry_after(value) if value else None
    except HTTPError:
        seconds = None
    return _rate_limit_wait(status, headers, seconds)


def proves_unsent(exc: BaseException) -> bool:
    """Whether an error of requests is certain to have come before anything of the request in hand was sent."""
    if getattr(exchange, "unsent", False) or isinstance(exc, requests.exceptions.ConnectTimeout):
        return True
    reason = getattr(exc.args[0], "reason", None) if exc.args else None
    return isinstance(reason, ConnectTimeoutError)


def make_session(base: BaseUrl, *, validate_certs: bool, ca_path: str | None, pool_size: int) -> t.Any:
    """A requests.Session for one CommCell, for send: it has the adapter, the usual headers, and in verify and proxies
    what was found in the environment.

    ca_path: a CA bundle, file or directory. pool_size: the most connections, and requests, at once.
    """
    session = requests.Session()
    adapter = _Adapter(pool_connections=1, pool_maxsize=pool_size, pool_block=True)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    verify: bool | str = (ca_path or True) if validate_certs else False
    # The environment is read once and here: with each request it could put REQUESTS_CA_BUNDLE above what the user asked
    # for.
    settings = session.merge_environment_settings(base.url, {}, False, verify, None)
    session.verify = settings["verify"]
    # A proxy has no business between this machine and itself, and over plain http it would be shown the token.
    session.proxies = {} if base.plain and is_loopback(base.host) else dict(settings["proxies"])
    session.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})
    return session


class Preparer:
    """Makes the requests of a session. Safe to share between threads."""

    def __init__(self, session: t.Any) -> None:
        self._session = session
        # What the last request with a body was made of, and that request.
        self._last: tuple[t.Any, t.Any] = (None, None)

    def __call__(
        self,
        method: str,
        url: str,
        headers: t.Mapping[str, str],
        params: t.Mapping[str, t.Any] | None,
        data: bytes | None,
    ) -> t.Any:
        """The request to send; one that differs from the last in its body alone is a copy of that, in a fraction of the
        time. Raises what requests raises for headers and URLs that cannot be.
        """
        alike = None if params or data is None else (method, url, tuple(headers.items()))
        known, last = self._last
        if alike and known == alike:
            request = copy.copy(last)
            request.headers = last.headers.copy()
            request.body = data
            request.prepare_content_length(data)
            return request
        request = requests.PreparedRequest()
        request.prepare(method, url, {**self._session.headers, **headers}, params=params, data=data)
        if alike:
            self._last = (alike, request)
        return request


def send(session: t.Any, request: t.Any, timeout: float) -> tuple[t.Any, bytes]:
    """Send a request; returns requests' response and its whole body. Raises what requests raises.

    Not by session.request and session.send: they would follow redirects, put ~/.netrc's password in place of the token
    and send cookies back. Without all that, a request costs a third less.
    """
    adapter = session.get_adapter(request.url)
    response = adapter.send(request, timeout=timeout, verify=session.verify, proxies=session.proxies)
    return response, response.content


def proxy_secrets(session: t.Any) -> list[str]:
    """What must stay hidden of the proxy URLs of a session: each password, as it was written, unquoted, and together
    with its user, as a proxy that repeats its header Proxy-Authorization shows it.
    """
    secrets = []
    for proxy in session.proxies.values():
        try:
            parts = urlsplit(proxy)
        except ValueError:
            continue
        if parts.password:
            secrets += [parts.password, unquote(parts.password)]
            secrets.append(f"{unquote(parts.username or '')}:{unquote(parts.password)}")
    return secrets
