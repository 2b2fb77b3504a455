# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How this collection uses requests: when a request is repeated, and when it is certain that it was not sent.

requests and urllib3 do the work; here are only the rules in which a client of backups differs from a browser.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import http.client
import io
import os
import socket
import ssl
import threading
import time
import traceback
import typing as t
from urllib.parse import unquote, urlsplit

from .._errors import InvalidInput
from .base_url import is_loopback
from .quota import RATE_LIMIT_WAIT, retry_after

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
# Seconds to wait after a 429 that does not say how long, the first time, and by what it grows. Policies of
# customer-managed CommCells count requests per second
# (https://documentation.commvault.com/11.42/software/controlling_api_requests_with_rate_limiter_policy.html).
BARE_LIMIT_WAIT, BARE_LIMIT_GROWTH = 1.0, 6.0
# How much longer than timeout, which is for each silence, a whole answer may take.
ANSWER_FACTOR = 5
MAX_RATE_LIMIT_WAIT = 60.0  # seconds; the longest time that a 429 may hold a request up
MAX_BODY = 64 << 20  # bytes, unpacked
_CHUNK = 1 << 16
# Repeats that all requests of a run may make together beyond what answers have earned: a dead server must not get each
# request several times.
RETRY_QUOTA = 40
# 500 is missing: Commvault answers lasting errors with it (unknown names, for one), so repeating it only costs quota.
PASSING_STATUSES = frozenset([429, 502, 503, 504])

# What this thread works on: the rules for repeating the request in hand, whether it is certain that nothing of it was
# sent, and when its answer must be complete, on the monotonic clock.
_request_state = threading.local()


class AnswerTooLong(Exception):
    """The body of an answer is larger than MAX_BODY."""


class AnswerTooSlow(socket.timeout):
    """An answer was not complete in time although there was never a silence of timeout seconds."""


class _TimedBytes(io.RawIOBase):
    """What comes from a socket, until the answer in hand must be complete."""

    def __init__(self, raw: t.Any) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> t.Any:
        limit = getattr(_request_state, "complete_by", None)
        if limit is not None and time.monotonic() > limit:
            raise AnswerTooSlow("the answer took too long")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """http.client's response, bounded in time, and with every interim answer read past.

    http.client reads past 100 only; gateways also send 102 and 103 before the answer.
    """

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = io.BufferedReader(_TimedBytes(self.fp.detach()))

    def _read_status(self) -> t.Any:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            # 100 is for http.client itself; after 101 no HTTP follows.
            if not 101 < status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _TrackedConnection:
    """Knows when a request may have reached the server: a failure before that proves that nothing ran."""

    sock: t.Any = None
    response_class: t.Any = _Response

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
        _request_state.unsent = False
        _request_state.complete_by = time.monotonic() + getattr(_request_state, "answer_time", float("inf"))
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
    """requests' adapter with tracked connections, and with the retry rules of the request in hand. It is for one
    CommCell, by one way: so it looks for the pool of connections once.
    """

    _pool: t.Any = None

    def get_connection_with_tls_context(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def close(self) -> None:
        self._pool = None
        super().close()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    @property
    def max_retries(self) -> t.Any:
        return getattr(_request_state, "rules", None) or self._default_rules

    @max_retries.setter
    def max_retries(self, value: t.Any) -> None:
        self._default_rules = value

    def send(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        _request_state.unsent = True
        return super().send(*args, **kwargs)


class RetryQuota:
    """Repeats that all requests of a run may still make. Thread-safe; each answer earns one, as in the AWS SDKs."""

    def __init__(self) -> None:
        self._left = RETRY_QUOTA
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Use one up; False if there is none."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """An answer came."""
        with self._lock:
            self._left = min(RETRY_QUOTA, self._left + 1)


class VendorRetry(Retry):
    """urllib3's Retry that waits as quota.retry_after says, and never longer than max_wait seconds.

    Commvault Cloud answers 429 with X-RateLimit-Limit and X-RateLimit-Period and, as far as is documented, without
    Retry-After (https://docs.metallic.io/metallic/rest_api.html).
    """

    # urllib3 would repeat any request on 413 and 503 too when Retry-After is there, and a write may have run behind a
    # 503.
    RETRY_AFTER_STATUS_CODES = frozenset([429])
    max_wait = 60.0
    quota: RetryQuota | None = None

    def new(self, **kwargs: t.Any) -> t.Any:
        """A copy with the counts of kwargs, as urllib3 asks for one after each attempt."""
        fresh = super().new(**kwargs)
        fresh.max_wait, fresh.quota = self.max_wait, self.quota
        return fresh

    def get_retry_after(self, response: t.Any) -> float | None:
        """Seconds that the server asks to wait, or that a limit without any such word is given."""
        seconds = retry_after(response.status, response.headers)
        if seconds is not None or response.status != 429:
            return seconds
        return min(RATE_LIMIT_WAIT, BARE_LIMIT_WAIT * BARE_LIMIT_GROWTH ** max(0, len(self.history) - 1))

    def increment(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Count an attempt.

        It ends the attempts when the server asks for a longer wait than max_wait, or when all requests together have
        made too many.
        """
        fresh = super().increment(*args, **kwargs)
        response, error = kwargs.get("response"), kwargs.get("error")
        too_long = response is not None and (self.get_retry_after(response) or 0) > self.max_wait
        if too_long or not (self.quota and self.quota.take()):
            # urllib3 takes it as "no attempt left" and, since raise_on_status is off, hands an answer to the caller.
            raise MaxRetryError(kwargs.get("_pool"), "", error or ResponseError("no more attempts"))  # type: ignore[arg-type]
        return fresh


def _rules(attempts: int, quota: RetryQuota, max_wait: float, **kwargs: t.Any) -> VendorRetry:
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
    rules.max_wait, rules.quota = max_wait, quota
    return rules


def read_rules(attempts: int, quota: RetryQuota, max_wait: float) -> VendorRetry:
    """Repeat what changes nothing on any passing fault.

    Args:
        attempts: How often, for each sort of fault.
        quota: Of repeats, which all requests of a run share.
        max_wait: The longest time in seconds to wait for a quota.
    """
    return _rules(attempts, quota, max_wait, read=attempts, status_forcelist=PASSING_STATUSES)


def write_rules(attempts: int, quota: RetryQuota, max_wait: float = 0.0) -> VendorRetry:
    """Repeat only what proves that nothing was carried out: failed attempts to connect, and a 429.

    Args:
        max_wait: As of read_rules; 0 where a 429 is not repeated, since whoever sends many requests that change
            something waits for a quota once for all of them.
    """
    return _rules(attempts, quota, max_wait, read=0, status_forcelist=frozenset([429] if max_wait else ()))


def was_never_sent(exc: BaseException) -> bool:
    """Whether an error of requests is certain to have come before anything of the request in hand was carried out."""
    if getattr(_request_state, "unsent", False) or isinstance(exc, requests.exceptions.ConnectTimeout):
        return True
    # With TLS 1.3 this comes after the request was written, but the server does not look at what it got then.
    if isinstance(exc, requests.exceptions.SSLError) and "certificate_required" in str(exc).lower().replace(" ", "_"):
        return True
    reason = getattr(exc.args[0], "reason", None) if exc.args else None
    return isinstance(reason, ConnectTimeoutError)


def make_session(base: BaseUrl, *, validate_certs: bool, ca_path: str | None, pool_size: int) -> t.Any:
    """A requests.Session for one CommCell, for send.

    It has the adapter, the usual headers, and in verify and proxies what was found in the environment.

    Args:
        base: Where the API is.
        validate_certs: Whether to verify the server's certificate.
        ca_path: A CA bundle, file or directory.
        pool_size: The most connections, and requests, at once.
    """
    session = requests.Session()
    # Not pool_block, which would wait for ever for a connection that was lost in an error.
    adapter = _Adapter(pool_connections=1, pool_maxsize=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    verify: bool | str = (ca_path or True) if validate_certs else False
    # The environment is read once and here: with each request it could put REQUESTS_CA_BUNDLE above what the user asked
    # for.
    settings = session.merge_environment_settings(base.url, {}, False, verify, None)
    session.verify = settings["verify"]
    if not ca_path and isinstance(session.verify, str) and not os.path.exists(session.verify):
        raise InvalidInput(
            f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names {session.verify!r}, which does not exist on the machine that"
            " runs this task. Unset it, or set ca_path."
        )
    # A proxy has no business between this machine and itself, and over plain http it would be shown the token.
    session.proxies = {} if base.plain and is_loopback(base.host) else dict(settings["proxies"])
    session.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})
    return session


def send(
    session: t.Any,
    rules: VendorRetry,
    method: str,
    url: str,
    *,
    headers: t.Mapping[str, str],
    params: t.Mapping[str, t.Any] | None,
    data: bytes | None,
    timeout: float,
    on_response: t.Callable[[t.Any], object] | None = None,
    within: float | None = None,
) -> tuple[t.Any, bytes]:
    """Send a request, and repeat it by the rules.

    Not by session.request and session.send: they would follow redirects, put ~/.netrc's password in place of the token
    and send cookies back.

    Args:
        timeout: Seconds to connect, and for each silence. A whole answer may take ANSWER_FACTOR times as long.
        within: Seconds that a whole answer may take, if less.
        on_response: Called with requests' response as long as its connection is still at hand.

    Returns:
        requests' response and its whole body.

    Raises:
        requests.exceptions.RequestException: As requests does; see was_never_sent.
        AnswerTooLong: The body is too large.
    """
    _request_state.rules = rules
    _request_state.unsent = True
    _request_state.complete_by = None
    _request_state.answer_time = ANSWER_FACTOR * timeout if within is None else min(ANSWER_FACTOR * timeout, within)
    try:
        request = requests.PreparedRequest()
        # All of request.prepare but cookies and credentials in the URL, which there are none of.
        request.prepare_method(method)
        if params:
            request.prepare_url(url, params)
        else:
            request.url = _prepared_url(url)
        request.prepare_headers({**session.headers, **headers})
        request.prepare_body(data, None)
        # From here on the connection says what was sent.
        _request_state.unsent = False
        adapter = session.get_adapter(request.url)
        response = adapter.send(request, timeout=timeout, verify=session.verify, proxies=session.proxies)
        try:
            if on_response:
                on_response(response)
            body = _body_of(response)
        except BaseException:
            # Not to be used again: what is left of the answer would be taken for that of the next request.
            response.close()
            raise
    finally:
        _request_state.rules = _request_state.complete_by = None
    if rules.quota and response.status_code not in PASSING_STATUSES:
        rules.quota.earn()
    return response, body


@functools.lru_cache(maxsize=16)
def _prepared_url(url: str) -> str:
    """A URL as it is sent; requests takes a tenth of the time of a request to come to that."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return t.cast(str, request.url)


def _body_of(response: t.Any) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_content(_CHUNK):
        size += len(chunk)
        if size > MAX_BODY:
            raise AnswerTooLong
        chunks.append(chunk)
    return b"".join(chunks)


def proxy_secrets(session: t.Any) -> list[str]:
    """What must stay hidden of the proxy URLs of a session.

    Each password, as it was written, unquoted, and together with its user, as a proxy that repeats its header
    Proxy-Authorization shows it.
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
