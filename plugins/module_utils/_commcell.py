# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One CommCell behind its REST API: authenticated requests, and errors instead of bad answers.

The endpoints are in the modules _api_*.py, one for each topic, on top of this.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import time
import typing as t

from ._auth.accounts_api import AccountsApi, is_denial
from ._auth.standing import Standing
from ._http.quota import Quota, read_quota
from ._http.reply_errors import error_from_reply
from ._http.server_clock import ServerClock

if t.TYPE_CHECKING:
    from ._http.reply import Reply
    from ._http.transport import Transport

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


# One repeat is for credentials that another process has renewed but that have died again since, one for theirs.
MAX_REPEATS = 2


class CommCell:
    """One CommCell. Safe to share between threads. As a context manager it ends what it began."""

    def __init__(self, transport: Transport, credential: Credential, now: t.Callable[[], float] = time.time) -> None:
        """now: this machine's time in epoch seconds."""
        self.transport = transport
        self.now = now
        self.clock = ServerClock()
        # What the server last said of its quota for requests that change something (True) and for others (False).
        self.quotas: dict[bool, Quota] = {}
        self._credential = credential
        self._standing = Standing(AccountsApi(transport).accepts, now)

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

    def call(self, method: str, path: str, *, changes: bool, **kwargs: t.Any) -> Reply:
        """Send an authenticated request; returns any answer, good or bad.

        changes: whether the request may change something, so that it is sent once only. kwargs: as of Transport.read.
        A 401 means that nothing was carried out (inferred: it comes before the request is looked at), so the request is
        sent once more: with renewed credentials where the server says that these are dead and they can be renewed, as
        it was where the server says that it accepts them. If that is denied, too, the answer has trusted set. A 403
        on a request that changes something is only followed by another if the credentials are certainly dead.
        Raises RequestError when no answer came, CommvaultError when the renewal failed.
        """
        for _attempt in range(1 + MAX_REPEATS):
            headers = self._credential.headers()
            reply = self._send(method, path, changes, headers, kwargs)
            if not is_denial(reply, changes):
                return reply
            if self._standing.vouches(headers):
                return reply._replace(trusted=True)
            accepted = self._standing.ask(headers)
            unclear = changes and reply.status != 401
            # A token may be limited to endpoints that do not include the question, but it cannot be dead so soon.
            if (accepted and unclear) or (not accepted and self._credential.is_fresh(headers)):
                return reply._replace(trusted=True)
            if not accepted and ((unclear and accepted is None) or not self._credential.renew(headers)):
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
        reply = self.call(method, path, changes=False, **kwargs)
        self.check(reply, method, path, changes=False)
        return reply.data

    def write(self, method: str, path: str, **kwargs: t.Any) -> t.Any:
        """The JSON of a good answer to a request that changes something, sent once. Raises RequestError."""
        reply = self.call(method, path, changes=True, **kwargs)
        self.check(reply, method, path, changes=True)
        return reply.data

    def check(self, reply: Reply, method: str, path: str, *, changes: bool) -> None:
        """Raises the RequestError that an answer stands for, if it is not a good one."""
        error = error_from_reply(reply, method, self.url(path), self.transport.redactor, changes=changes)
        if error:
            raise error
