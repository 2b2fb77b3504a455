# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times, lengths of time, counts and lists, as people read and write them."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import datetime
import re
import typing as t

from ._errors import InvalidInput

LONGEST = 100 * 366 * 86400.0  # seconds
MAX_IDS = 100
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = r"(\d+(?:\.\d+)?)\s*([smhdw])"
_WHOLE = re.compile(rf"(?:{_PART}\s*)+$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?$")


def iso_time(epoch: float | None) -> str | None:
    """A time in UTC, such as 2026-01-01T00:00:00Z; None for None, and for one after the year 9999."""
    if epoch is None:
        return None
    try:
        moment = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str, name: str) -> float:
    """Epoch seconds, from a time of ISO 8601 as iso_time and AWS write it; one without a time zone is UTC.

    Args:
        text: What the user wrote.
        name: Of the option, for the message.

    Raises:
        InvalidInput: It is anything else.
    """
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as exc:
        raise InvalidInput(f"{name} must be a time such as 2026-01-01T00:00:00Z, not {text!r}.") from exc
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp()


def span(seconds: float) -> str:
    """A span of time as hours, minutes and seconds, such as 00:12:30; 100:00:00 is more than four days."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def age_words(seconds: float) -> str:
    """An age for people, such as "2 h 05 min"."""
    minutes = max(0, int(seconds // 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def length_words(seconds: float) -> str:
    """A length of time that somebody chose, such as "24 h", "7 d" or "90 s"; as an age where it is not round."""
    if seconds < 3600 and int(seconds) % 60:
        return f"{int(seconds)} s"
    days, rest = divmod(int(seconds), 86400)
    if days > 1 and not rest:
        return f"{days} d"
    return f"{int(seconds) // 3600} h" if seconds >= 3600 and not int(seconds) % 3600 else age_words(seconds)


def counted(number: int, noun: str) -> str:
    """A number of things, such as "1 job" or "2 jobs"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some_of(names: t.Sequence[str], shown: int) -> str:
    """The first of many names, and how many there are beside: "a, b and 3 more"."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def short_ids(ids: t.Iterable[str]) -> str:
    """Ids with commas in between; where there are many, those in a row as 148886-148999."""
    ids = list(ids)
    if len(ids) <= MAX_IDS:
        return ",".join(ids)
    rows: list[list[int]] = []
    for number in sorted(map(int, ids)):
        if rows and number == rows[-1][1] + 1:
            rows[-1][1] = number
        else:
            rows.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in rows)


def first_of(sentences: t.Sequence[str], shown: int, where: str) -> str:
    """The first of many sentences, each behind a blank, and where the others are: " A. B. And 3 more, see jobs."."""
    more = len(sentences) - shown
    return "".join(f" {sentence}" for sentence in sentences[:shown]) + (
        f" And {more} more, see {where}." if more > 0 else ""
    )


def capitalized(text: str) -> str:
    """A text as the beginning of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def shortened(text: str, limit: int) -> str:
    """A text of at most limit characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 4].rstrip() + " ..."


def parse_duration(value: t.Any, name: str) -> float:
    """Seconds, from a number of seconds or a text such as "90", "30m", "4h", "2d" or "1h 30m".

    Args:
        value: What the user wrote.
        name: Of the option, for the message.

    Raises:
        InvalidInput: It is anything else; negative numbers are.
    """
    text = str(value).strip()
    seconds = None
    if not isinstance(value, bool):
        if _NUMBER.match(text):
            seconds = float(text)
        elif _WHOLE.match(text):
            parts = re.findall(_PART, text, re.IGNORECASE)
            seconds = sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)
    if seconds is not None and seconds > LONGEST:
        raise InvalidInput(f"{name} must be at most 100 years.")
    if seconds is not None:
        return seconds
    raise InvalidInput(
        f"{name} must be a number of seconds, or one with a unit, such as 90, 30m, 4h, 2d or 1h30m, not {text!r}."
    )


def positive_duration(value: t.Any, name: str) -> float:
    """As parse_duration, but 0 is refused, too."""
    seconds = parse_duration(value, name)
    if not seconds:
        raise InvalidInput(f"{name} must be longer than 0 seconds.")
    return seconds
