# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of a report, and which of them a file name asks for."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .csv_format import report_csv
from .html_format import report_html
from .json_format import report_json
from .junit_format import report_junit

if t.TYPE_CHECKING:
    from .model import Report

# By the ending of the file.
FORMATS: dict[str, t.Callable[[Report], str]] = {
    "html": report_html,
    "json": report_json,
    "csv": report_csv,
    "junit.xml": report_junit,
}


def format_of(path: str) -> str:
    """The key of FORMATS that a path ends with. Raises InvalidInput if it ends with none."""
    for name in FORMATS:
        if path.lower().endswith(f".{name}"):
            return name
    endings = ", ".join(f".{name}" for name in FORMATS)
    raise InvalidInput(f"The ending of {path!r} says no format of a report. It must be one of {endings}.")


def render(report: Report, name: str) -> bytes:
    """The content of a file in a format (a key of FORMATS), in UTF-8."""
    return FORMATS[name](report).encode("utf-8")
