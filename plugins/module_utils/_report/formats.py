# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report: which formats there are, which of them a file name asks for, and their content."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import os
import re
import typing as t

from .._errors import InvalidInput
from .._times import iso_time
from .html import report_html
from .metrics import backup_metrics, protection_metrics
from .model import AMOUNTS, FAILED, OPEN, TIMES, Report, Row
from .protection import protection_csv, protection_html, protection_json, protection_junit
from .tables import csv_of, junit_of

if t.TYPE_CHECKING:
    from .model import ReportedJob
    from .protection import ProtectionReport
    from .tables import Case

# Told apart by whoever reads old files: goes up when a key changes its meaning or goes away, not when one is added.
SCHEMA = 1
# What the CSV says of a backup, in the order of its columns, and what of that is said of the job that decided.
_NAMES = ("id", "client_name", "instance_name", "subclient_name")
_OUTCOME = ("result", "counts_as", "state", "task_id", "job_ids", "candidates")
_STATUS = ("status", "backup_level", "percent_complete")
_JOB = (*TIMES, *AMOUNTS, "job_url")
COLUMNS = (*_NAMES, *_OUTCOME, *_STATUS, *_JOB, "expected_end", "attempts", "cause", "hint", "msg")
_OF_JOB = frozenset([*_STATUS, *_JOB, "hint"])
# What became of these is not known; everything else that counts as failed is known to have failed.
_ERRORS = frozenset(["unknown", "not_submitted", "missing", "not_followed"])
# As AnsibleModule.set_mode_if_different of ansible-core 2.16 to 2.21 reads them.
_OCTAL = re.compile(r"(0o)?[0-7]{1,5}")
_SYMBOLIC_PART = r"(a|[ugo]*)([-+=][rwxXstugo]*)+"
_SYMBOLIC = re.compile(f"{_SYMBOLIC_PART}(,{_SYMBOLIC_PART})*")


def report_json(report: Report) -> str:
    """The report as JSON, with the keys that the guide "Reports of backups" lists."""
    content = {
        "schema": SCHEMA,
        "title": report.title,
        "summary": report.summary(),
        "backups": [
            {
                **flat(row),
                "jobs": [
                    {name: _value(job, name) for name in ("job_id", "result", "status", *_JOB)} for job in row.jobs
                ],
            }
            for row in report.rows
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def flat(row: Row) -> dict[str, t.Any]:
    """A backup as one level of keys, those of the CSV."""
    return {name: _value(row.job if name in _OF_JOB else row, name) for name in COLUMNS}


def _value(of: Row | ReportedJob, name: str) -> t.Any:
    value = getattr(of, name)
    if name in TIMES:
        return iso_time(value)
    return list(value) if isinstance(value, tuple) else value


def report_csv(report: Report) -> str:
    """The report as CSV (RFC 4180): a line of names, then one line a backup."""
    return csv_of(COLUMNS, [flat(row) for row in report.rows])


def report_junit(report: Report) -> str:
    """The report as JUnit XML, one suite with one testcase a backup."""
    cases: list[Case] = []
    for row in report.rows:
        told = row.cause or row.msg
        cases.append(
            {
                "classname": row.client_name,
                "name": row.id,
                "seconds": row.job.elapsed_seconds or 0,
                "what": _junit_kind(row),
                "type": row.result,
                "message": f"{row.word}: {told}" if told else row.word,
                "text": "\n".join(part for part in (told, row.job.hint and f"Hint: {row.job.hint}") if part),
                "facts": [
                    ("Instance", f"{row.client_name}/{row.instance_name}/{row.subclient_name}"),
                    ("Result", row.word),
                    ("Task", row.task_id),
                    ("Jobs", " ".join(row.job_ids)),
                    ("Status", row.job.status),
                    ("Start", iso_time(row.job.start_time)),
                    ("End", iso_time(row.job.end_time)),
                    ("Page", row.job.job_url),
                ],
            }
        )
    return junit_of(report.title, cases, (iso_time(report.first_start) or "").rstrip("Z"))


def _junit_kind(row: Row) -> str:
    """The element that says what became of it: failure, error, skipped or, if it went well, none ("")."""
    if row.counts_as == FAILED:
        return "error" if row.result in _ERRORS else "failure"
    return "skipped" if row.counts_as == OPEN or row.result == "recent" else ""


# By the ending of the file: how a report of backups is written, and how one of protection is.
FORMATS: dict[str, tuple[t.Callable[[Report], str], t.Callable[[ProtectionReport], str]]] = {
    "html": (report_html, protection_html),
    "json": (report_json, protection_json),
    "csv": (report_csv, protection_csv),
    "junit.xml": (report_junit, protection_junit),
    "prom": (backup_metrics, protection_metrics),
}


def format_of(path: str) -> str:
    """The key of FORMATS that a path ends with.

    Raises:
        InvalidInput: It ends with none.
    """
    for name in FORMATS:
        if path.lower().endswith(f".{name}"):
            return name
    endings = ", ".join(f".{name}" for name in FORMATS)
    raise InvalidInput(f"The ending of {path!r} says no format of a report. It must be one of {endings}.")


def render(report: Report | ProtectionReport, name: str) -> bytes:
    """The content of a file in a format (a key of FORMATS), in UTF-8."""
    of_backups, of_protection = FORMATS[name]
    text = of_backups(report) if isinstance(report, Report) else of_protection(report)
    return text.encode("utf-8")


def check_paths(paths: t.Sequence[str]) -> list[tuple[str, str]]:
    """The paths with their formats, as far as can be told before there is anything to write.

    Raises:
        InvalidInput: A file that cannot be written, or one that is named twice.
    """
    if not paths:
        raise InvalidInput("path is an empty list: there is nothing to write.")
    targets: dict[str, tuple[str, str]] = {}
    for path in paths:
        name = format_of(path)
        directory = os.path.dirname(path) or "."
        if not os.path.isdir(directory):
            raise InvalidInput(f"{path!r} cannot be written: there is no directory {directory!r}.")
        if os.path.exists(path) and not os.path.isfile(path):
            what = "a directory" if os.path.isdir(path) else "a device, socket or FIFO, and no file"
            raise InvalidInput(f"{path!r} cannot be written: it is {what}.")
        if not os.access(directory, os.W_OK | os.X_OK):
            raise InvalidInput(f"{path!r} cannot be written: the user may not write to the directory {directory!r}.")
        real = os.path.realpath(path)
        if real in targets:
            raise InvalidInput(f"path names the same file twice: {targets[real][0]!r} and {path!r}.")
        targets[real] = (path, name)
    return list(targets.values())


def check_mode(mode: str | int | None) -> None:
    """Check the permissions of a file; None or "" lets Ansible choose them.

    Raises:
        InvalidInput: Ansible does not take them.
    """
    if mode and isinstance(mode, str) and not _OCTAL.fullmatch(mode) and not _SYMBOLIC.fullmatch(mode):
        raise InvalidInput(f"mode must be octal, such as '0640', or symbolic, such as 'u=rw,g=r', but is {mode!r}.")
