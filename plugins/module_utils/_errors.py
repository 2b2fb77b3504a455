# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""The errors that the collection's code raises and its entry points catch, each once."""

from __future__ import annotations

import typing as t


class CommvaultError(Exception):
    """Base of every error of this collection. str() of it is a message for people, free of secrets.

    kind: what went wrong, as a stable word that a playbook can branch on (see KINDS).
    maybe_ran: whether the server may have carried out a request that changes something although no good answer came.
    """

    default_kind = "internal"

    def __init__(self, message: str, kind: str | None = None, maybe_ran: bool = False) -> None:
        super().__init__(message)
        self.kind = kind or self.default_kind
        self.maybe_ran = maybe_ran

    def failure(self) -> dict[str, t.Any]:
        """The machine-readable form: kind, method, url, status (int), code (int or str) and message."""
        return {
            "kind": self.kind,
            "method": None,
            "url": None,
            "status": None,
            "code": None,
            "message": str(self),
        }


class InvalidInput(CommvaultError):
    """An option has a value that cannot be used. Raised before anything is sent."""

    default_kind = "invalid_input"


class RequestError(CommvaultError):
    """A request to the CommCell failed: no connection, no usable answer, or an answer that says no.

    method, url: the request, the URL without query and credentials.
    status: HTTP status (int), None when no answer came.
    code: the vendor's errorCode (int where it is a number), None when the answer had none.
    vendor_message: the vendor's own words, stripped, or None.
    retry_after: seconds after which the server said to come back, or None.
    """

    def __init__(
        self,
        message: str,
        kind: str,
        *,
        method: str | None = None,
        url: str | None = None,
        status: int | None = None,
        code: int | str | None = None,
        vendor_message: str | None = None,
        retry_after: float | None = None,
        maybe_ran: bool = False,
    ) -> None:
        super().__init__(message, kind, maybe_ran)
        self.method = method
        self.url = url
        self.status = status
        self.code = code
        self.vendor_message = vendor_message
        self.retry_after = retry_after

    def failure(self) -> dict[str, t.Any]:
        """See CommvaultError.failure; message is the vendor's words where there are any."""
        return {
            "kind": self.kind,
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "code": self.code,
            "message": self.vendor_message or str(self),
        }


# Every kind that failure.kind can have, with what it means. The documentation of the modules lists the same.
KINDS = {
    "invalid_input": "An option has a value that cannot be used; nothing was sent.",
    "connection": "The server could not be reached; nothing was sent.",
    "tls": "The server's certificate was not accepted or TLS failed.",
    "timeout": "The server did not answer in time; the request may have been carried out.",
    "interrupted": "The connection broke after the request was sent; it may have been carried out.",
    "redirect": "The server sent the client elsewhere; redirects are not followed.",
    "authentication": "The credentials were not accepted.",
    "permission": "The credentials are good, but do not allow this.",
    "not_found": "The server does not know the URL or the object.",
    "bad_request": "The server did not understand the request.",
    "rate_limited": "The server's quota is used up; nothing ran.",
    "already_running": "Another backup of the same subclient is active.",
    "refused": "The server answered with an error code; nothing ran.",
    "no_job": "The server accepted the request but named no job.",
    "server": "The server failed without saying what it did.",
    "bad_reply": "The answer is not what this API returns (HTML, cut off, empty).",
    "not_submitted": "Nothing was sent: requests before it had shown that it would fail, or the time was over.",
    "job_failed": "A job did not end well.",
    "job_missing": "A job does not exist, is hidden from the user, or is not there any more.",
    "job_stuck": "A job spent too long waiting for something.",
    "job_ended": "A job has ended or is being killed, so its state cannot be changed.",
    "wait_timeout": "A job was still active when the time was over.",
    "internal": "A fault in this collection.",
}
