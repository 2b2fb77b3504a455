# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers of the vendor's JSON, which leaves fields out, and sends numbers as numbers or as text, as it likes.

All take whatever stands in an answer and return None, or an empty collection, for what is not there or of another type.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import html
import re
import typing as t
import unicodedata

from .._redact import printable

_DIGITS = re.compile(r"^-?[0-9]+$")
# Python refuses to read numbers of thousands of digits; no id, time or size has more than these.
_MOST_DIGITS = 40
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
# Epoch seconds in the year 5138. Times in milliseconds are larger, but for the first three years.
_LATEST = 10**11
# More than any size in bytes or time in seconds; what is much larger no float holds.
_LARGEST = 2**63
# What can stand in an answer beside a list, and in place of one that is empty.
_BESIDE_A_LIST = frozenset(["processinginstructioninfo", "error", "errorCode", "errorMessage", "errList"])


def as_number(value: t.Any) -> t.Any:
    """An int for a str of digits, since Commvault sends ids and codes now as strings, now as ints; else the value."""
    digits = value.strip() if isinstance(value, str) else ""
    return int(digits) if len(digits) <= _MOST_DIGITS and _DIGITS.match(digits) else value


def number(value: t.Any) -> int | None:
    """A whole number, from an int, a float or a str of one."""
    # Of the million fields of a large listing most are such: reading one takes two thirds of the time with it.
    if type(value) is int:  # pylint: disable=unidiomatic-typecheck
        return value
    value = as_number(value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if abs(value) < float("inf") else None


def size(value: t.Any) -> int | None:
    """A number that cannot be negative: Commvault says -999 for what it does not know. None for one beyond all bounds,
    too.
    """
    found = number(value)
    return found if found is not None and 0 <= found < _LARGEST else None


def positive(value: t.Any) -> int | None:
    """An id: 0 and less stand for none."""
    found = number(value)
    return found if found is not None and found > 0 else None


def moment(value: t.Any) -> int | None:
    """A time in epoch seconds; 0 and less stand for none, and one that is far too large is in milliseconds."""
    found = positive(value) or 0
    if found >= _LATEST:
        found //= 1000
    return found if 0 < found < _LATEST else None


def text(value: t.Any) -> str | None:
    """A str without blanks around it, from a str or an int; None for an empty one."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return printable(str(value)).strip() or None


@functools.lru_cache(maxsize=4096)
def folded(name: str | None) -> str:
    """A name for comparisons. Commvault takes names without regard to case; that rows can have them with HTML entities,
    as its texts do, or with the accents of the request composed in the other way, is inferred.
    """
    return unicodedata.normalize("NFC", html.unescape(name or "")).lower()


def flag(value: t.Any) -> bool | None:
    """A bool; as the numbers, it may come as 0 or 1, or as text."""
    if isinstance(value, bool):
        return value
    return _FLAGS.get(str(value).lower()) if isinstance(value, (int, str)) else None


def member(data: t.Any, key: str) -> dict[str, t.Any]:
    """The object at a key of an object."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def rows(data: t.Any, key: str) -> list[dict[str, t.Any]]:
    """The objects in the list at a key; one may come bare, the list without its key, an empty one as nothing."""
    found = data.get(key) if isinstance(data, dict) else data
    if isinstance(found, dict):
        return [found]
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def is_list(data: t.Any, key: str) -> bool:
    """Whether an answer can be the list at a key, which may be left out where there is nothing in it."""
    return (
        not isinstance(data, dict)
        or key in data
        or not any(value for name, value in data.items() if name not in _BESIDE_A_LIST)
    )
