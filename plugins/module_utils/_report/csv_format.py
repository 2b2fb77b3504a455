# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for spreadsheets: CSV."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import csv
import io
import typing as t

from .json_format import flat

if t.TYPE_CHECKING:
    from .model import Report

COLUMNS = (
    "id",
    "client_name",
    "instance_name",
    "subclient_name",
    "result",
    "verdict",
    "state",
    "task_id",
    "job_ids",
    "candidates",
    "status",
    "backup_level",
    "percent_complete",
    "start_time",
    "end_time",
    "elapsed_seconds",
    "application_size",
    "media_size",
    "job_url",
    "cause",
    "hint",
    "msg",
)
# A spreadsheet takes a text that begins so for a formula, also when it comes out of a file
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@")


def report_csv(report: Report) -> str:
    """The report as CSV (RFC 4180): a line of names, then one line a backup."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in report.rows:
        values = flat(row)
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return lines.getvalue()


def _cell(value: t.Any) -> str:
    """A value in one line, harmless to spreadsheets."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = " ".join(value)
    text = " ".join(str(value).splitlines())
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
