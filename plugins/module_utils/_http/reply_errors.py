# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer of the server means: a good one, or which error."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import re
import typing as t
from urllib.parse import urljoin, urlsplit

from .._errors import ErrorKind, RequestError
from .base_url import USUAL_BASE_URLS, without_query
from .fields import as_number
from .quota import retry_after
from .reply import MAX_DEPTH

if t.TYPE_CHECKING:
    from .._redact import Redactor
    from .reply import Reply

# The envelopes are gathered from https://api.commvault.com, from Commvault's own SDK (github.com/Commvault/cvpysdk:
# job.py, instance.py, cvpysdk.py) and from third-party clients that were written against live systems; no single page
# of the vendor lists them.
_MESSAGE_KEYS = ("errorMessage", "errLogMessage", "errorString", "errorStr")
_CODE_KEY = "errorCode"
_NESTED_KEYS = ("error", "errList", "errors", "errorList", "response")


class VendorError(t.NamedTuple):
    """An error that Commvault reports.

    Attributes:
        code: The vendor's number (int where it is one, None when missing).
        message: The vendor's words, stripped.
    """

    code: int | str | None
    message: str


# "Access denied", for an expired token as well as for a missing permission (https://api.commvault.com, Oracle DB
# backup).
ACCESS_DENIED = 5
# The text comes with error code 2 (github.com/smatechnologies/commvault-connector-docs: docs/operation.md); the code
# alone is generic.
_ALREADY_RUNNING_TEXT = "another backup is running"

# What waited for an answer has gone: 499 and 460 are nginx's and AWS's words for it, of a chain of gateways.
_GAVE_UP = frozenset([408, 460, 499])

# A field for a password, or a title that speaks of logging in: what a page of a server that is not in order has not.
_LOGIN_PAGE = re.compile(r"<input[^>]*\btype=.?password|<title>[^<]*\b(log|sign)[ -]?(in|on)\b", re.IGNORECASE)

_GIVE_PERMISSION = "Give the user the permission in the Command Center."
_NO_PERMISSION = (
    ErrorKind.PERMISSION,
    (
        "{host} accepts the credentials, but not for this: the user lacks a permission, or the token is limited to"
        " other endpoints"
    ),
    _GIVE_PERMISSION,
)

_SHAPES = {
    "string": "a sentence",
    "scalar": "a bare value",
    "text": "plain text",
    "markup": "a web page",
    "empty": "nothing",
    "cut": "broken JSON",
    "deep": f"JSON nested deeper than {MAX_DEPTH} levels",
}

# The statuses that say all by themselves, with the kind of error, its words, and what to do.
_PLAIN_STATUSES = {
    401: (
        ErrorKind.AUTHENTICATION,
        "{host} did not accept the credentials: the token is wrong, has expired, or is limited to other endpoints",
        "Create a new token in the Command Center, and use it in place of this one.",
    ),
    440: (ErrorKind.AUTHENTICATION, "{host} says that the session has ended", "Use a new token."),
    403: (ErrorKind.PERMISSION, "{host} does not allow this with the given credentials", _GIVE_PERMISSION),
    404: (
        ErrorKind.NOT_FOUND,
        "{host} has no Commvault REST API at this address, or not this part of it",
        "Correct url (or COMMVAULT_URL), usually to one of " + ", ".join(USUAL_BASE_URLS) + ".",
    ),
    # Seen on Subclient/{id}/action/backup for a backup that is queued or running; that createtask does so too is
    # inferred.
    409: (ErrorKind.ALREADY_RUNNING, "{host} says that this is under way already", ""),
}


def _own_error(envelope: dict[str, t.Any]) -> VendorError | None:
    code = as_number(envelope.get(_CODE_KEY))
    if not isinstance(code, int):
        code = str(code) if code else None
    message = next((str(envelope[key]).strip() for key in _MESSAGE_KEYS if envelope.get(key)), "")
    if code == 0 or (code is None and not message):
        return None
    return VendorError(code, message)


def find_error(payload: t.Any, _depth: int = 8) -> VendorError | None:
    """The first error that an answer reports, None when it reports none (code 0 is "no error").

    Understood are an errorCode at the top, and error, errList, errors, errorList and response (each an object or a
    list, nested in each other).

    Args:
        payload: The parsed JSON.
    """
    if _depth == 0:
        return None
    if isinstance(payload, list):
        for member in payload:
            error = find_error(member, _depth - 1) if isinstance(member, dict) else None
            if error:
                return error
        return None
    if not isinstance(payload, dict):
        return None
    own = _own_error(payload)
    if own and own.message:
        return own
    for key in _NESTED_KEYS:
        nested = find_error(payload.get(key), _depth - 1)
        if nested:
            return nested
    return own


def _is_foreign(data: t.Any) -> bool:
    """Whether an answer reports an error as gateways and frameworks do, as a text or an object with a message. Who took
    it for a good one would find an empty list.
    """
    told = [data.get(key) for key in ("error", "errors")] if isinstance(data, dict) else []
    each = [one for found in told for one in (found if isinstance(found, list) else [found])]
    return any(one.get("message") if isinstance(one, dict) else isinstance(one, str) and one.strip() for one in each)


def _oddity(reply: Reply, changes: bool) -> str:
    """What an answer below 300 is that is no good one, empty for a good one."""
    if _is_foreign(reply.data):
        return "an error that is not in Commvault's form"
    # A 204 to a read has nothing to list; an answer that is empty otherwise says nothing at all.
    if reply.status >= 200 and (reply.shape in ("object", "array") or (reply.status == 204 and not changes)):
        return ""
    return f"{'an interim status' if reply.status < 200 else _SHAPES[reply.shape]} instead of JSON"


def error_from_reply(reply: Reply, method: str, url: str, redactor: Redactor, *, changes: bool) -> RequestError | None:
    """The error that an answer stands for, None for a good one: 2xx with a JSON object or array that reports no error.

    Args:
        reply: The answer.
        method: Of the request.
        url: Of the request.
        redactor: Masks secrets in the server's words.
        changes: Whether the request may have changed something, so that an unclear answer leaves its outcome open
            (maybe_ran).
    """
    vendor = find_error(reply.data)
    error = functools.partial(_worded, reply, method, url, redactor, vendor)
    status, host = reply.status, urlsplit(url).hostname or url
    if _ALREADY_RUNNING_TEXT in (vendor.message if vendor else reply.words).lower():
        # Unmistakable, whatever the status, and whether the code came along.
        return error(ErrorKind.ALREADY_RUNNING, f"{host} refused the request")
    if reply.trusted and not 300 <= status < 400 and not is_login_page(reply):
        kind, text, advice = _NO_PERMISSION
        return error(kind, text.format(host=host), advice)
    if status < 300 and vendor is not None:
        return error(_vendor_kind(vendor), f"{host} refused the request")
    if status < 300:
        odd = _oddity(reply, changes)
        return error(ErrorKind.BAD_REPLY, f"{host} answered with {odd}", maybe_ran=changes) if odd else None
    if 300 <= status < 400:
        # These ask for the request to be sent elsewhere; 303 points to what came of one that was carried out.
        ran = changes and status not in (301, 302, 307, 308)
        return error(ErrorKind.REDIRECT, *_redirect_texts(reply, host, url, redactor), maybe_ran=ran)
    if status in _PLAIN_STATUSES:
        kind, text, advice = _PLAIN_STATUSES[status]
        return error(kind, text.format(host=host), advice)
    if status in _GAVE_UP:
        return error(ErrorKind.TIMEOUT, f"{host} gave up waiting for the request", maybe_ran=changes)
    if status == 429:
        return error(
            ErrorKind.RATE_LIMITED,
            f"The quota of requests to {host} is used up",
            retry_after=retry_after(status, reply.headers),
        )
    if status < 500 or status == 501:
        return error(ErrorKind.BAD_REQUEST, f"{host} rejected the request")
    # A code that is a word, or only repeats the status, is none of Commvault's: something in front of it has failed.
    if status == 500 and vendor is not None and isinstance(vendor.code, int) and vendor.code != status:
        return error(_vendor_kind(vendor), f"{host} refused the request")
    return error(ErrorKind.SERVER, f"{host} failed", maybe_ran=changes)


def error_about(reply: Reply, method: str, url: str, text: str, kind: ErrorKind, **more: t.Any) -> RequestError:
    """An error about what a good status came with; text: a sentence. more: as of RequestError."""
    where = f"({method} {url}, HTTP {reply.status})"
    return RequestError(f"{text} {where}", kind, method=method, url=url, status=reply.status, **more)


def is_to_login(reply: Reply) -> bool:
    """Whether an answer sends the client to a page to log in, as web tiers do with ended sessions."""
    return 300 <= reply.status < 400 and "login" in urlsplit(_location(reply)).path.lower()


def is_login_page(reply: Reply) -> bool:
    """Whether an answer is a page to log in, in place of an answer of the API."""
    return reply.shape == "markup" and reply.status < 300 and bool(_LOGIN_PAGE.search(reply.text))


def _location(reply: Reply) -> str:
    """Where a redirect leads; empty where it does not say so, or where that is no URL."""
    where = reply.headers.get("Location", "")
    try:
        urlsplit(where)
    except ValueError:
        return ""
    return where


def _redirect_texts(reply: Reply, host: str, url: str, redactor: Redactor) -> tuple[str, str]:
    """What happened, and what to do about it."""
    where = _location(reply)
    target = redactor.clean(without_query(where)) or "another place"
    what = f"{host} redirects to {target}, which is not followed"
    there, here = urlsplit(urljoin(url, where)), urlsplit(url)
    same = there.path.rstrip("/") == here.path.rstrip("/")
    if is_to_login(reply) and not same:
        what += ": that is a login page, so the session has ended, or this token is not taken for this request"
        return what, "Use a new token."
    moved = there.hostname != here.hostname or (here.scheme, there.scheme) == ("http", "https")
    if where and not moved and same:
        what += ": something in front of the CommCell, such as a proxy, rewrites its URLs"
        return what, "Have it pass them on as they are."
    return what, "If it is the right server, put it into url."


def _vendor_kind(vendor: VendorError) -> ErrorKind:
    return ErrorKind.AUTHENTICATION if vendor.code == ACCESS_DENIED else ErrorKind.REFUSED


def _worded(
    reply: Reply,
    method: str,
    url: str,
    redactor: Redactor,
    vendor: VendorError | None,
    kind: ErrorKind,
    what: str,
    advice: str = "",
    *,
    maybe_ran: bool = False,
    retry_after: float | None = None,
) -> RequestError:
    """An error: what happened, the vendor's words, where, and what to do."""
    status = reply.status
    # A web server's page on what it does not have says no more than the status.
    own = "" if status == 404 and reply.shape == "markup" else reply.words or reply.text
    words = redactor.excerpt(vendor.message if vendor else own)
    code = vendor.code if vendor else None
    if isinstance(code, str):
        code = redactor.excerpt(code)
    where = [f"{method} {url}", f"HTTP {status}"]
    if code is not None:
        where.append(f"error code {code}")
    said = f": {words.rstrip('.')}." if words else "."
    error = RequestError(
        f"{what}{said} ({', '.join(where)}){f' {advice}' if advice else ''}",
        kind,
        method=method,
        url=url,
        status=status,
        code=code,
        vendor_message=words or None,
        retry_after=retry_after,
        maybe_ran=maybe_ran,
    )
    error.web_page = reply.shape == "markup"
    return error
