# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that the collection's code raises and its entry points catch, each once, and the kinds that they have."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import enum
import typing as t


class About(enum.Enum):
    """What an error tells something of."""

    SERVER = "server"  # the CommCell, the way to it, or the credentials: the next request would fail alike
    ADDRESS = "address"  # the object of a read; of a request that starts something, the URL
    BATCH = "batch"  # all that one request was about
    ITEM = "item"  # one object: another one may do well
    RUN = "run"  # the run itself


class Lasts(enum.Enum):
    """For how long an error stands."""

    PASSING = "passing"  # the same request may do well in a while
    UNLESS_PROVEN = "unless proven"  # the set-up is wrong, or passing where it worked before
    FINAL = "final"  # somebody must do something


class ErrorKind(str, enum.Enum):
    """Every word that failure.kind can be. The only place where kinds are sorted.

    The guide on troubleshooting has the same words with the same meanings.

    Attributes:
        meaning: A sentence for the documentation.
        about: What it tells something of.
        lasts: For how long it stands.
        says_no: Whether a server in working order looked at the request and declined it.
        hidden: Whether it can mean that these credentials may not see what was asked for.
        unsent: Whether a backup that failed so never came to the CommCell's attention.
    """

    meaning: str
    about: About
    lasts: Lasts
    says_no: bool
    hidden: bool
    unsent: bool

    def __new__(cls, word: str, *columns: t.Any) -> ErrorKind:
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.about, kind.lasts, traits, kind.meaning = columns
        kind.says_no, kind.hidden, kind.unsent = ("no" in traits, "hidden" in traits, "unsent" in traits)
        return kind

    def __str__(self) -> str:
        return str(self.value)

    INVALID_INPUT = (
        "invalid_input", About.RUN, Lasts.FINAL, (),
        "An option has a value that cannot be used; nothing was sent.",
    )  # fmt: skip
    CONNECTION = (
        "connection", About.SERVER, Lasts.PASSING, ("unsent",),
        "The server could not be reached; nothing was sent.",
    )  # fmt: skip
    TLS = (
        "tls", About.SERVER, Lasts.UNLESS_PROVEN, ("unsent",),
        "The server's certificate was not accepted, or TLS failed.",
    )  # fmt: skip
    TIMEOUT = (
        "timeout", About.SERVER, Lasts.PASSING, (),
        "The server did not answer in time; the request may have been carried out.",
    )  # fmt: skip
    INTERRUPTED = (
        "interrupted", About.SERVER, Lasts.PASSING, (),
        "The connection broke after the request was sent; it may have been carried out.",
    )  # fmt: skip
    REDIRECT = (
        "redirect", About.SERVER, Lasts.UNLESS_PROVEN, (),
        "The server sent the client elsewhere; redirects are not followed.",
    )  # fmt: skip
    AUTHENTICATION = (
        "authentication", About.SERVER, Lasts.FINAL, ("no", "hidden"),
        "The credentials were not accepted.",
    )  # fmt: skip
    PERMISSION = (
        "permission", About.ITEM, Lasts.FINAL, ("no", "hidden"),
        "The credentials are good, but do not allow this.",
    )  # fmt: skip
    NOT_FOUND = (
        "not_found", About.ADDRESS, Lasts.UNLESS_PROVEN, ("no", "hidden"),
        "The server does not know the URL or the object.",
    )  # fmt: skip
    BAD_REQUEST = (
        "bad_request", About.ITEM, Lasts.UNLESS_PROVEN, ("no",),
        "The server did not understand the request.",
    )  # fmt: skip
    RATE_LIMITED = (
        "rate_limited", About.SERVER, Lasts.PASSING, ("unsent",),
        "The server's quota is used up; nothing was carried out.",
    )  # fmt: skip
    ALREADY_RUNNING = (
        "already_running", About.ITEM, Lasts.PASSING, ("no",),
        "Another backup of the same subclient is active.",
    )  # fmt: skip
    REFUSED = (
        "refused", About.ITEM, Lasts.UNLESS_PROVEN, ("no",),
        "The server answered with an error code; nothing was carried out.",
    )  # fmt: skip
    NO_JOB = (
        "no_job", About.BATCH, Lasts.FINAL, (),
        "The server accepted the request but named no job.",
    )  # fmt: skip
    SERVER = (
        "server", About.SERVER, Lasts.PASSING, (),
        "The server failed without saying what it did.",
    )  # fmt: skip
    BAD_REPLY = (
        "bad_reply", About.SERVER, Lasts.PASSING, (),
        "The answer is not what this API returns (HTML, cut off, empty).",
    )  # fmt: skip
    NOT_SUBMITTED = (
        "not_submitted", About.RUN, Lasts.PASSING, ("unsent",),
        "Nothing was sent: the requests before it had failed, or the time was over.",
    )  # fmt: skip
    INSTANCE_MISSING = (
        "instance_missing", About.ITEM, Lasts.FINAL, ("unsent",),
        "Commvault has no instance for this host that the credentials may see; nothing was sent.",
    )  # fmt: skip
    INSTANCE_AMBIGUOUS = (
        "instance_ambiguous", About.ITEM, Lasts.FINAL, ("unsent",),
        "Several instances can be the one of this host, or several hosts can have the same instance; nothing was sent.",
    )  # fmt: skip
    INSTANCE_NOT_VERIFIED = (
        "instance_not_verified", About.ITEM, Lasts.PASSING, ("unsent",),
        "Clients that could not be read may have the instance of this host; nothing was sent.",
    )  # fmt: skip
    JOB_FAILED = (
        "job_failed", About.ITEM, Lasts.FINAL, (),
        "A job failed, or ended in a state that fail_on counts as failed.",
    )  # fmt: skip
    JOB_MISSING = (
        "job_missing", About.ITEM, Lasts.FINAL, (),
        "A job does not exist, the user may not see it, or it is not there any more.",
    )  # fmt: skip
    JOB_STUCK = (
        "job_stuck", About.ITEM, Lasts.PASSING, (),
        "A job spent too long waiting for something.",
    )  # fmt: skip
    JOB_ENDED = (
        "job_ended", About.ITEM, Lasts.FINAL, (),
        "A job has ended or is being killed, so its state cannot be changed.",
    )  # fmt: skip
    NOT_PROTECTED = (
        "not_protected", About.ITEM, Lasts.FINAL, (),
        "A database has no good backup that is young enough.",
    )  # fmt: skip
    WAIT_TIMEOUT = (
        "wait_timeout", About.ITEM, Lasts.PASSING, (),
        "A job was still running when the time was over.",
    )  # fmt: skip
    INTERNAL = (
        "internal", About.RUN, Lasts.FINAL, (),
        "A fault in this collection.",
    )  # fmt: skip

    @property
    def passing(self) -> bool:
        """Whether the same request may do well in a while, without anybody doing anything."""
        return self.lasts is Lasts.PASSING

    def ends_a_wait(self, proven: bool) -> bool:
        """Whether to ask again is of no use.

        Args:
            proven: Whether the CommCell has answered well before, with this address and these credentials.
        """
        return self.lasts is Lasts.FINAL or (self.lasts is Lasts.UNLESS_PROVEN and not proven)

    @property
    def denies_access(self) -> bool:
        """Whether it is the credentials that the server did not like."""
        return self in (ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION)

    @property
    def about_the_server(self) -> bool:
        """Whether a request that starts another backup would fail alike; a quota is waited for, and no such reason."""
        return self.about in (About.SERVER, About.ADDRESS) and self is not ErrorKind.RATE_LIMITED

    @property
    def about_one_object(self) -> bool:
        """Whether a read that failed so tells nothing of reads of other objects."""
        return self.about in (About.ITEM, About.ADDRESS)

    @property
    def may_be_of_one_read(self) -> bool:
        """Whether a server may answer so about one object again and again, though it answers well about others."""
        return self in (ErrorKind.SERVER, ErrorKind.BAD_REPLY)

    @property
    def may_be_a_wrong_name(self) -> bool:
        """Whether a start that failed so may have named what does not exist; of a batch, that is left out."""
        return self in (ErrorKind.REFUSED, ErrorKind.NO_JOB)

    @property
    def may_be_of_one_in_a_batch(self) -> bool:
        """Whether the halves of a batch that was declined so may do better; nothing of it was carried out."""
        return self.about is About.ITEM and self.says_no


class CommvaultError(Exception):
    """Base of every error of this collection. str() of it is a message for people, free of secrets.

    Attributes:
        kind: What went wrong, as a stable word that a playbook can branch on.
        maybe_ran: Whether the server may have carried out a request that changes something although no good answer
            came.
        unknown_host: Whether the name of the server has no address, or a proxy refuses to connect to it: a mistake in
            the set-up, as a rule.
        web_page: Whether a page for people came in place of an answer of the API.
        task_id: Of the task into which a request was taken.
        found: Of a read of many things: what could be read all the same, by id.

    The attributes of RequestError are None where there was no request.
    """

    unknown_host = False
    web_page = False
    task_id: int | None = None
    found: t.Mapping[str, t.Any] = {}
    default_kind = ErrorKind.INTERNAL
    method: str | None = None
    url: str | None = None
    status: int | None = None
    code: int | str | None = None
    vendor_message: str | None = None
    retry_after: float | None = None

    def __init__(self, message: str, kind: ErrorKind | str | None = None, maybe_ran: bool = False) -> None:
        super().__init__(message)
        self.kind = ErrorKind(kind or self.default_kind)
        self.maybe_ran = maybe_ran

    @property
    def hidden(self) -> bool:
        """Whether Commvault keeps from these credentials what was asked for; a web page may come from a proxy."""
        return self.kind.hidden and not self.web_page

    def failure(self) -> dict[str, t.Any]:
        """The machine-readable form: kind, method, url, status (int), code (int or str) and message, which is the
        vendor's words where there are any.
        """
        return {
            "kind": self.kind.value,
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "code": self.code,
            "message": self.vendor_message or str(self),
        }


class InvalidInput(CommvaultError):
    """An option has a value that cannot be used. Raised before anything is sent."""

    default_kind = ErrorKind.INVALID_INPUT


class RequestError(CommvaultError):
    """A request to the CommCell failed: no connection, no usable answer, or an answer that says no.

    Attributes:
        method: Of the request.
        url: Of the request, without query and credentials.
        status: HTTP status (int), None when no answer came.
        code: The vendor's errorCode (int where it is a number), None when the answer had none.
        vendor_message: The vendor's own words, stripped, or None.
        retry_after: Seconds after which the server said to come back, or None.
    """

    def __init__(
        self,
        message: str,
        kind: ErrorKind | str,
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


def fault_words(fault: BaseException) -> str:
    """A sentence for an error that nobody expected. Its own text is left out: it can hold a secret."""
    return f"A fault in rdsops.commvault: {type(fault).__name__}."
