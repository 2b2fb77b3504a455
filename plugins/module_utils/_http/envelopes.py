# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the error in an answer of Commvault, whichever of its many envelopes it comes in.

The envelopes are gathered from https://api.commvault.com, from Commvault's own SDK (github.com/Commvault/cvpysdk:
job.py, instance.py, cvpysdk.py) and from third-party clients that were written against live systems; no single page of
the vendor lists them.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t

_MESSAGE_KEYS = ("errorMessage", "errLogMessage", "errorString", "errorStr")
_CODE_KEY = "errorCode"
_DIGITS = re.compile(r"^-?[0-9]+$")
_NESTED_KEYS = ("error", "errList", "errors", "errorList", "response")


class VendorError(t.NamedTuple):
    """code: the vendor's number (int where it is one, None when missing); message: its words, stripped."""

    code: int | str | None
    message: str


def as_number(value: t.Any) -> t.Any:
    """An int for a str of digits, since Commvault sends ids and codes now as strings, now as ints; else the value."""
    return int(value) if isinstance(value, str) and _DIGITS.match(value) else value


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

    payload: the parsed JSON. Understood are an errorCode at the top, and error, errList, errors, errorList and response
    (each an object or a list, nested in each other).
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
