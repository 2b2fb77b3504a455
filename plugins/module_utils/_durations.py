# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lengths of time as users write them: seconds, or texts such as 30m, 4h and 2d."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t

from ._errors import InvalidInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = r"(\d+(?:\.\d+)?)\s*([smhdw])"
_WHOLE = re.compile(rf"(?:{_PART}\s*)+$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?$")


def parse_duration(value: t.Any, name: str) -> float:
    """Seconds, from a number of seconds or a text such as "90", "30m", "4h", "2d" or "1h 30m".

    name: of the option, for the message. Raises InvalidInput for anything else, negative numbers included.
    """
    text = str(value).strip()
    if not isinstance(value, bool):
        if _NUMBER.match(text):
            return float(text)
        if _WHOLE.match(text):
            parts = re.findall(_PART, text, re.IGNORECASE)
            return sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)
    raise InvalidInput(
        f"{name} must be a number of seconds, or one with a unit, such as 90, 30m, 4h, 2d or 1h30m, not {text!r}."
    )


def positive_duration(value: t.Any, name: str) -> float:
    """As parse_duration, but 0 is refused, too."""
    seconds = parse_duration(value, name)
    if not seconds:
        raise InvalidInput(f"{name} must be longer than 0 seconds.")
    return seconds
