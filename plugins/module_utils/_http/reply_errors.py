# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer of the server means: a good one, or which error."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from .._errors import RequestError
from .base_url import USUAL_BASE_URLS, without_query
from .envelopes import find_error
from .session import parse_retry_after

if t.TYPE_CHECKING:
    from .._redact import Redactor
    from .envelopes import VendorError
    from .reply import Reply

# "Access denied", for an expired token as well as for a missing permission (https://api.commvault.com, Oracle DB
# backup).
ACCESS_DENIED = 5
# The text comes with error code 2 (github.com/smatechnologies/commvault-connector-docs: docs/operation.md); the code
# alone is generic.
_ALREADY_RUNNING_TEXT = "another backup is running"

_NO_PERMISSION = (
    "permission",
    (
        "{host} accepts the credentials, but not for this: the user lacks a permission, or the token is limited to"
        " other endpoints"
    ),
)

_SHAPES = {
    "string": "a sentence",
    "scalar": "a bare value",
    "text": "plain text",
    "markup": "a web page",
    "empty": "nothing",
    "cut": "broken JSON",
}

# The statuses that say all by themselves, with the kind of error and its words.
_PLAIN_STATUSES = {
    401: (
        "authentication",
        "{host} did not accept the credentials: the token is wrong, has expired, or is limited to other endpoints",
    ),
    403: ("permission", "{host} does not allow this with the given credentials"),
    404: ("not_found", "{host} knows nothing of this name. Usual values of url are " + ", ".join(USUAL_BASE_URLS)),
    # Seen on Subclient/{id}/action/backup for a backup that is queued or running; that createtask does so too is
    # inferred.
    409: ("already_running", "{host} says that this is under way already"),
}


def error_from_reply(reply: Reply, method: str, url: str, redactor: Redactor, *, changes: bool) -> RequestError | None:
    """The error that an answer stands for, None for a good one: 2xx with a JSON object or array that reports no error.

    changes: whether the request may have changed something, so that an unclear answer leaves its outcome open
      (maybe_ran).
    """
    vendor = find_error(reply.data)
    error = _Wording(reply, method, url, redactor, vendor)
    status, host = reply.status, error.host
    if reply.trusted:
        kind, text = _NO_PERMISSION
        return error(kind, text.format(host=host))
    if 200 <= status < 300:
        if vendor is not None:
            return error(_vendor_kind(vendor), f"{host} refused the request")
        if reply.shape in ("object", "array"):
            return None
        return error("bad_reply", f"{host} answered with {_SHAPES[reply.shape]} instead of JSON", maybe_ran=changes)
    if 300 <= status < 400:
        target = redactor.clean(without_query(reply.headers.get("Location", ""))) or "another place"
        return error(
            "redirect",
            f"{host} redirects to {target}, which is not followed. If it is the right server, put it into url",
        )
    if status in _PLAIN_STATUSES:
        kind, text = _PLAIN_STATUSES[status]
        return error(kind, text.format(host=host))
    if status == 408:
        return error("timeout", f"{host} gave up waiting for the request", maybe_ran=changes)
    if status == 429:
        return error(
            "rate_limited",
            f"The quota of requests to {host} is used up",
            retry_after=parse_retry_after(status, reply.headers),
        )
    if status < 500:
        return error("bad_request", f"{host} rejected the request")
    if status == 500 and vendor is not None and vendor.code is not None:
        return error(_vendor_kind(vendor), f"{host} refused the request")
    return error("server", f"{host} failed", maybe_ran=changes)


def _vendor_kind(vendor: VendorError) -> str:
    if _ALREADY_RUNNING_TEXT in vendor.message.lower():
        return "already_running"
    return "authentication" if vendor.code == ACCESS_DENIED else "refused"


class _Wording:
    """Makes the errors of one answer: what happened, the vendor's words, and where."""

    def __init__(self, reply: Reply, method: str, url: str, redactor: Redactor, vendor: VendorError | None) -> None:
        self.host = urlsplit(url).hostname or url
        self._reply, self._method, self._url, self._redactor, self._vendor = reply, method, url, redactor, vendor

    def __call__(
        self, kind: str, what: str, *, maybe_ran: bool = False, retry_after: float | None = None
    ) -> RequestError:
        vendor, status = self._vendor, self._reply.status
        words = self._redactor.excerpt(vendor.message if vendor else self._reply.words or self._reply.text)
        code = vendor.code if vendor else None
        if isinstance(code, str):
            code = self._redactor.excerpt(code)
        where = [f"{self._method} {self._url}", f"HTTP {status}"]
        if code is not None:
            where.append(f"error code {code}")
        said = f": {words.rstrip('.')}." if words else "."
        return RequestError(
            f"{what}{said} ({', '.join(where)})",
            kind,
            method=self._method,
            url=self._url,
            status=status,
            code=code,
            vendor_message=words or None,
            retry_after=retry_after,
            maybe_ran=maybe_ran,
        )
