# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends requests to one CommCell; returns whatever answer came, or raises an error that says what may have happened.

Reads are repeated when that can help, attempts to connect too; a request that changes something is sent once.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import re
import socket
import threading
import typing as t

from .._errors import CommvaultError, ErrorKind, InvalidInput, RequestError
from .reply import Reply, read_reply
from .session import (
    HAS_REQUESTS,
    MAX_BODY,
    MAX_RATE_LIMIT_WAIT,
    AnswerTooLong,
    AnswerTooSlow,
    RetryQuota,
    make_session,
    proxy_secrets,
    read_rules,
    send,
    was_never_sent,
    write_rules,
)

if HAS_REQUESTS:
    import requests

if t.TYPE_CHECKING:
    from .._redact import Redactor
    from .base_url import BaseUrl

# urllib3 begins some of its texts with the Python object that failed.
# Errors of the resolver that do not pass: there is no such name, or it has no address.
_NO_ADDRESS = frozenset([socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)])
_LEADING_OBJECT = re.compile(r"^[<\w.]*(?:Connection|Pool)[^:]*: ")


class CallCounts(t.NamedTuple):
    """How many requests were made; repeats by the retry rules are not counted."""

    reads: int
    writes: int


class Transport:
    """One HTTP session for a run. Safe to share between threads."""

    def __init__(
        self,
        base: BaseUrl,
        redactor: Redactor,
        *,
        timeout: float = 60,
        validate_certs: bool = True,
        ca_path: str | None = None,
        read_retries: int = 3,
        pool_size: int = 1,
    ) -> None:
        """Make a session; nothing is sent.

        Args:
            base: Where the API is.
            redactor: Knows the secrets that no error may show; learns those of proxies.
            timeout: Seconds to connect, and seconds to wait for an answer.
            validate_certs: Whether to verify the server's certificate.
            ca_path: A CA bundle (file or directory).
            read_retries: How often a read, or an attempt to connect, is repeated.
            pool_size: The most requests at once, and the connections kept open.
        """
        self.base = base
        self.redactor = redactor
        self.timeout = timeout
        self._lock = threading.Lock()
        self._reads = 0
        self._writes = 0
        quota = RetryQuota()
        self._read_rules = read_rules(read_retries, quota, MAX_RATE_LIMIT_WAIT)
        self._write_rules = write_rules(read_retries, quota)
        self._unrepeated_rules = write_rules(read_retries, quota, MAX_RATE_LIMIT_WAIT)
        self._single_rules = read_rules(0, quota, 0.0)
        self.session = make_session(base, validate_certs=validate_certs, ca_path=ca_path, pool_size=pool_size)
        for secret in proxy_secrets(self.session):
            redactor.add(secret)

    def counts(self) -> CallCounts:
        """The requests made so far."""
        with self._lock:
            return CallCounts(self._reads, self._writes)

    @property
    def proxied(self) -> bool:
        """Whether requests go through a proxy."""
        return bool(requests.utils.select_proxy(self.base.url, self.session.proxies))

    def close(self) -> None:
        """Close all connections."""
        self.session.close()

    def url(self, path: str) -> str:
        """The URL of an endpoint; path without leading slash."""
        return f"{self.base.url}/{path}"

    def read(self, method: str, path: str, *, repeat: bool = True, **kwargs: t.Any) -> Reply:
        """Send a request that changes nothing, whatever its method; repeated on passing faults.

        Args:
            method: HTTP method.
            path: As of url.
            repeat: False where the caller has a better time for a repeat.
            **kwargs: As of _send, as are results and errors.
        """
        with self._lock:
            self._reads += 1
        rules = self._read_rules if repeat else self._single_rules
        return self._send(rules, method, path, changes=False, **kwargs)

    def write(self, method: str, path: str, **kwargs: t.Any) -> Reply:
        """Send a request that changes something; never twice, unless it is certain that the first was not carried out.

        Arguments, results and errors are those of _send.
        """
        with self._lock:
            self._writes += 1
        return self._send(self._write_rules, method, path, changes=True, **kwargs)

    def send_unrepeated(self, method: str, path: str, **kwargs: t.Any) -> Reply:
        """Send a request that changes nothing that Commvault protects, but must not be repeated either.

        Such as a login or the renewal of a token. Counted as a read, sent like a write; a 429 is waited for.
        Arguments, results and errors are those of _send.
        """
        with self._lock:
            self._reads += 1
        return self._send(self._unrepeated_rules, method, path, changes=True, **kwargs)

    def _send(
        self,
        rules: t.Any,
        method: str,
        path: str,
        *,
        changes: bool,
        headers: t.Mapping[str, str] | None = None,
        params: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        timeout: float | None = None,
        on_response: t.Callable[[t.Any], object] | None = None,
        within: float | None = None,
    ) -> Reply:
        """Send a request by some rules.

        Args:
            rules: When to repeat it.
            method: HTTP method.
            path: As of url.
            changes: Whether the request may change something.
            headers: Added to the usual ones.
            params: The query.
            body: Sent as JSON unless None.
            timeout: Seconds, instead of the usual.
            on_response: As of session.send.
            within: Seconds for the whole answer, if less than usual.

        Returns:
            Any answer, good or bad.

        Raises:
            RequestError: No answer came; maybe_ran is set if the request changes something and a part of it may have
                reached the server.
            InvalidInput: The request cannot be made.
        """
        url = self.url(path)
        all_headers = dict(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode("utf-8")
            all_headers["Content-Type"] = "application/json"
        timeout = timeout or self.timeout
        try:
            response, content = send(
                self.session, rules, method, url,
                headers=all_headers, params=params, data=data, timeout=timeout, within=within, on_response=on_response,
            )  # fmt: skip
        except AnswerTooLong:
            raise RequestError(
                f"The answer of {self.base.host} is larger than {MAX_BODY >> 20} MiB. ({method} {url})",
                ErrorKind.BAD_REPLY, method=method, url=url, maybe_ran=changes,
            ) from None  # fmt: skip
        except Exception as exc:  # noqa: BLE001  # pylint: disable=broad-except
            # Of any kind, since a fault of a library in the middle of an answer must not look like one before it. Not
            # chained: the text of exc can hold more of the request than may be shown, and users are shown traces.
            raise self._failed(exc, method, url, timeout, changes) from None
        # With urllib3 1 an answer that is shorter than announced raises nothing.
        complete = not getattr(response.raw, "length_remaining", 0)
        return read_reply(response.status_code, response.headers, content, complete)

    def _failed(self, exc: Exception, method: str, url: str, timeout: float, changes: bool) -> CommvaultError:
        errors = requests.exceptions
        unsent = was_never_sent(exc)
        if unsent and (not isinstance(exc, errors.RequestException) or isinstance(exc, ValueError)):
            return InvalidInput(f"The request cannot be made: {self.redactor.excerpt(str(exc))}")
        host, advice = self.base.host, ""
        # That a proxy answers with 4xx passes as little as a name that does not exist.
        unknown = "Tunnel connection failed: 4" in str(exc) or any(
            isinstance(link, socket.gaierror) and link.errno in _NO_ADDRESS for link in _chain_of(exc)
        )
        if unsent and isinstance(exc, errors.SSLError):
            kind, (text, advice) = ErrorKind.TLS, _tls_texts(host, self._cause(exc))
        elif unsent and isinstance(exc, errors.ProxyError):
            kind, text = ErrorKind.CONNECTION, f"The proxy for {host} could not be used: {self._cause(exc)}."
            advice = " Correct HTTPS_PROXY, or put the host into NO_PROXY."
        elif unsent:
            kind, text = ErrorKind.CONNECTION, f"{host} could not be reached: {self._cause(exc)}."
            way = "the proxy in HTTPS_PROXY, and the firewall" if self.proxied else "and the firewall"
            advice = " Correct the host in url." if unknown else f" Check host and port in url, {way}."
        elif _is_caused_by(exc, AnswerTooSlow):
            kind, text = (
                ErrorKind.TIMEOUT,
                f"The answer of {host} was not complete in the time for it.",
            )
        elif isinstance(exc, errors.Timeout) or "timed out" in str(exc).lower():
            kind, text = ErrorKind.TIMEOUT, f"{host} did not answer within {timeout:g} seconds."
        else:
            kind, text = (
                ErrorKind.INTERRUPTED,
                f"The connection to {host} broke before the answer was complete: {self._cause(exc)}.",
            )
        where = f"({method} {url})"
        error = RequestError(f"{text} {where}{advice}", kind, method=method, url=url, maybe_ran=changes and not unsent)
        error.unknown_host = unknown
        return error

    def _cause(self, exc: BaseException) -> str:
        """The innermost reason in a chain of wrapped errors, in one clean line."""
        while True:
            inner = getattr(exc, "reason", None) or next(
                (arg for arg in exc.args if isinstance(arg, BaseException)), None
            )
            if not isinstance(inner, BaseException):
                break
            exc = inner
        text = _LEADING_OBJECT.sub("", str(exc))
        return self.redactor.excerpt(text).rstrip(".") or type(exc).__name__


def _chain_of(exc: BaseException) -> t.Iterator[BaseException]:
    """An error and all that it wraps."""
    left, seen = [exc], set()
    while left:
        link = left.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (getattr(link, "reason", None), link.__cause__, link.__context__, *link.args)
        left += [one for one in inner if isinstance(one, BaseException)]


def _is_caused_by(exc: BaseException, cause: type[BaseException]) -> bool:
    return any(isinstance(link, cause) for link in _chain_of(exc))


def _tls_texts(host: str, reason: str) -> tuple[str, str]:
    """What happened, and a sentence behind a blank: what to do about it."""
    text = f"The TLS connection to {host} failed: {reason}."
    lowered = reason.lower()
    if "certificate_required" in lowered.replace(" ", "_"):
        return text, " The server wants a certificate of the client, which this collection does not support."
    if "hostname" in lowered or "ip address mismatch" in lowered or "doesn't match" in lowered:
        return text, " The certificate is made out to another name: put the name in the certificate into url."
    if "expired" in lowered:
        return text, " Have the certificate renewed on the server."
    if "certificate" in lowered:
        return text, (
            " If the CommCell's certificate comes from a private CA, set ca_path (or COMMVAULT_CA_PATH) to a file"
            " that holds the certificate of that CA."
        )
    return text, " Check host and port in url."
