# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One CommCell behind its REST API: authenticated requests, errors instead of bad answers, and the server's clock.

The endpoints are in the file api.py of each topic, on top of this.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import typing as t

from ._auth.accounts_api import WHO_AM_I, AccountsApi, is_denial
from ._auth.standing import CredentialCheck, Step, step_after_denial
from ._errors import About, CommvaultError
from ._http.outage import Outage
from ._http.profile import PLAIN, Profile
from ._http.quota import Quota, RateLimiter, http_date, read_quota, retry_after
from ._http.reply_errors import error_from_reply
from ._parallel import RUNTIME

if t.TYPE_CHECKING:
    from ._errors import RequestError
    from ._http.reply import Reply
    from ._http.transport import Transport
    from ._parallel import Runtime

    class Credential(t.Protocol):
        """What authenticates requests."""

        def headers(self) -> dict[str, str]:
            """The headers that authenticate a request."""

        def is_fresh(self, headers: t.Mapping[str, str]) -> bool:
            """Whether the server gave out the credentials in these headers a moment ago: they cannot be dead."""

        def renew(self, rejected: t.Mapping[str, str]) -> bool:
            """Get new credentials after a request with the headers rejected was refused; False: there are none to get.

            Called by several threads at once; credentials that another thread has renewed since count as new. Raises
            CommvaultError where it should have worked.
            """

        def close(self) -> None:
            """Give back what was obtained from the server, such as a login."""


# The header Date has whole seconds, and an answer takes a moment to arrive.
TOLERANCE = 5.0  # seconds
# Seconds that a quota may hold up a request that changes something: a minute, and what the answer takes.
QUOTA_PATIENCE = 90.0
PROBE_TIMEOUT = 10.0  # seconds
# One repeat is for credentials that another process has renewed but that have died again since, one for theirs.
MAX_REPEATS = 2


class ServerClock:
    """Learns from the header Date of each answer how far the server's clock is from this machine's. Thread-safe."""

    def __init__(self, skew: float = 0.0) -> None:
        """Know nothing yet.

        Args:
            skew: Seconds by which the header Date is known to be ahead of the times of jobs.
        """
        self._lock = threading.Lock()
        self._skew = skew
        self._offset: float | None = None
        self._least_offset: float | None = None

    def note(self, date: str | None, now: float) -> None:
        """Take in an answer.

        Args:
            date: Its header Date.
            now: This machine's time when it arrived, in epoch seconds.
        """
        seen = http_date(date) if date else None
        if seen is None:
            return
        with self._lock:
            self._offset = seen - now
            least = self._least_offset
            self._least_offset = self._offset if least is None else min(least, self._offset)

    @property
    def known(self) -> bool:
        """Whether any answer told the server's time."""
        with self._lock:
            return self._offset is not None

    @property
    def date_offset(self) -> float:
        """Seconds by which the header Date is ahead of this machine's clock; 0 while it is not known."""
        with self._lock:
            return self._offset or 0.0

    def at(self, local: float) -> float:
        """The time of the server's jobs (epoch seconds) at a local time; that time itself while it is not known."""
        with self._lock:
            return local if self._offset is None else local + self._offset - self._skew

    def earliest(self, local: float) -> float:
        """The earliest time of the server's jobs (epoch seconds) that a local time can have been.

        A clock that is put right, or runs fast, tells one answer more than another.
        """
        with self._lock:
            return local if self._least_offset is None else local + self._least_offset - self._skew


class CommCell:
    """One CommCell. Safe to share between threads. As a context manager it ends what it began."""

    def __init__(
        self, transport: Transport, credential: Credential, runtime: Runtime = RUNTIME, profile: Profile = PLAIN
    ) -> None:
        """Take a connection; nothing is sent.

        Args:
            transport: The connection to the server.
            credential: What authenticates requests.
            runtime: Time.
            profile: How this CommCell differs from others.
        """
        self.transport = transport
        self.profile = profile
        self.now = runtime.now
        self._runtime = runtime
        self.clock = ServerClock(profile.clock_skew)
        # What the server last said of its quota for requests that change something (True) and for others (False).
        self.quotas: dict[bool, Quota] = {}
        # Holds requests back while the CommCell is away; its timeout says for how long, 0 for not at all.
        self.outage = Outage(self._probe, runtime=runtime)
        self._credential = credential
        self._credential_check = CredentialCheck(AccountsApi(transport).status_of, runtime.now)

    def __enter__(self) -> CommCell:
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._credential.close()
        finally:
            self.transport.close()

    def api_calls(self) -> dict[str, t.Any]:
        """How many requests were made, and the quota that the server last told of: for the result of a module."""
        reads, writes = self.transport.counts()
        quota = self.quotas.get(True) or self.quotas.get(False)
        return {"reads": reads, "writes": writes, "quota": quota._asdict() if quota else None}

    def url(self, path: str) -> str:
        """The URL of an endpoint; path without leading slash."""
        return self.transport.url(path)

    def job_url(self, job_id: str) -> str | None:
        """The page of a job in the Command Center (github.com/Commvault/cvpysdk: job.py), None where the base URL does
        not tell its address.
        """
        root = self.transport.base.command_center()
        return f"{root}/commandcenter/#/jobs/{job_id}" if root else None

    def call(self, method: str, path: str, *, changes: bool, needs_body: bool = False, **kwargs: t.Any) -> Reply:
        """Send an authenticated request; returns any answer, good or bad.

        A read is repeated while the CommCell is away, as outage has it, unless repeat is false.

        Args:
            method: HTTP method.
            path: As of url.
            changes: Whether the request may change something, so that it is sent once only.
            needs_body: Whether a 200 without a body is no answer, so that it is read again.
            **kwargs: As of Transport.read.

        Raises:
            RequestError: No answer came.
            CommvaultError: The credentials could not be renewed.
        """
        if changes:
            return self._call(method, path, changes, kwargs)
        if not kwargs.get("repeat", True):
            reply = self._call(method, path, changes, kwargs)
            error = self._error(reply, method, path, changes)
            self.outage.note(error)
            return reply
        last: list[Reply] = []

        def read() -> Reply:
            last[:] = []
            reply = self._call(method, path, changes, kwargs)
            error = self._error(reply, method, path, changes)
            # What an address does not have, it need not have. Only that a web page says so does not show that there is
            # an API at all.
            passes = error is not None and self.outage.is_about(error)
            if error and ((passes and error.kind.about is About.SERVER) or (error.web_page and not passes)):
                last[:] = [reply]
                raise error
            return reply

        try:
            reply = self.outage.ride_out(read)
        except CommvaultError:
            if not last:
                raise
            reply = last[0]
        if needs_body and reply.status == 200 and reply.shape == "empty" and not self.outage.timeout:
            # That is how an answer looks that got lost, and no way to say that there is nothing.
            return self._call(method, path, changes, kwargs)
        return reply

    def _probe(self) -> None:
        """Ask something small, once. Raises CommvaultError."""
        limit = min(PROBE_TIMEOUT, self.transport.timeout)
        reply = self._call("POST", WHO_AM_I, False, {"repeat": False, "timeout": limit, "within": limit})
        self.check(reply, "POST", WHO_AM_I, changes=False)

    def _call(self, method: str, path: str, changes: bool, kwargs: t.Mapping[str, t.Any]) -> Reply:
        """As call, without regard to outages.

        A 401 means that nothing was carried out (inferred: it comes before the request is looked at), so the request is
        sent once more: with renewed credentials where the server says that these are dead and they can be renewed, as
        it was where the server says that it accepts them. If that is denied, too, the answer has trusted set. A 403
        on a request that changes something is only followed by another if the credentials are certainly dead.
        """
        for _attempt in range(1 + MAX_REPEATS):
            headers = self._credential.headers()
            reply = self._send(method, path, changes, headers, kwargs)
            if not is_denial(reply, changes):
                return reply
            if self._credential_check.recently_accepted(headers):
                return reply._replace(trusted=True)
            may_have_been_executed = changes and reply.status != 401
            try:
                status = self._credential_check.status(headers)
            except CommvaultError:
                if may_have_been_executed:
                    # The error would say that nothing was, and so have it sent again.
                    return reply
                raise
            step = step_after_denial(
                status, fresh=self._credential.is_fresh(headers), may_have_been_executed=may_have_been_executed
            )
            if step is Step.TRUST:
                return reply._replace(trusted=True)
            if step is Step.STOP or (step is Step.RENEW and not self._credential.renew(headers)):
                break
        return reply

    def _send(
        self, method: str, path: str, changes: bool, auth: t.Mapping[str, str], kwargs: t.Mapping[str, t.Any]
    ) -> Reply:
        send = self.transport.write if changes else self.transport.read
        extra = dict(kwargs)
        extra["headers"] = {**extra.pop("headers", {}), **auth}
        reply = send(method, path, **extra)
        self.clock.note(reply.headers.get("Date"), self.now())
        quota = read_quota(reply.headers)
        if quota:
            self.quotas[changes] = quota
        return reply

    def read(self, method: str, path: str, **kwargs: t.Any) -> t.Any:
        """The JSON of a good answer to a request that changes nothing. Raises RequestError for any other answer."""
        reply = self.call(method, path, changes=False, needs_body=True, **kwargs)
        self.check(reply, method, path, changes=False)
        return reply.data

    def change(self, method: str, path: str, **kwargs: t.Any) -> Reply:
        """Send a request that changes something, once; a quota is waited for. Returns any answer, as call does."""
        limiter = RateLimiter(QUOTA_PATIENCE, self._runtime)
        while True:
            reply = self.call(method, path, changes=True, **kwargs)
            # A 429 proves that nothing was carried out.
            if reply.status != 429:
                return reply
            limiter.pause(retry_after(reply.status, reply.headers))
            if limiter.acquire() > 0:
                return reply

    def check(self, reply: Reply, method: str, path: str, *, changes: bool) -> None:
        """Raises the RequestError that an answer stands for, if it is not a good one."""
        error = self._error(reply, method, path, changes)
        if error:
            raise error

    def _error(self, reply: Reply, method: str, path: str, changes: bool) -> RequestError | None:
        return error_from_reply(reply, method, self.url(path), self.transport.redactor, changes=changes)
