# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for CI systems: JUnit XML."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from xml.sax.saxutils import escape, quoteattr

from .._times import iso_time
from .model import NOT_WELL, OPEN

if t.TYPE_CHECKING:
    from .model import Report, Row

# It is not known what became of these; all else that is not well is known to be so.
_ERRORS = frozenset(["unknown", "not_submitted", "missing", "not_followed"])


def report_junit(report: Report) -> str:
    """The report as JUnit XML, one suite with one testcase a backup.

    Elements and attributes are those that Jenkins takes
    (github.com/jenkinsci/xunit-plugin: src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd).
    """
    kinds = [kind(row) for row in report.rows]
    name = report.title
    shared = {
        "name": name,
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "time": _seconds(sum(row.job.elapsed_seconds or 0 for row in report.rows)),
    }
    # Without the Z: the format has no place for a time zone, and its readers take UTC.
    started = (iso_time(report.first_start) or "").rstrip("Z")
    suite = {**shared, "skipped": kinds.count("skipped"), **({"timestamp": started} if started else {})}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', _open("testsuites", shared), _open("testsuite", suite)]
    for row, what in zip(report.rows, kinds):
        lines.extend(_testcase(row, what))
    lines.extend(["</testsuite>", "</testsuites>"])
    return "\n".join(lines) + "\n"


def kind(row: Row) -> str:
    """The element that says what became of it: failure, error, skipped or, if it went well, none ("")."""
    if row.verdict == NOT_WELL:
        return "error" if row.result in _ERRORS else "failure"
    return "skipped" if row.verdict == OPEN or row.result == "recent" else ""


def _testcase(row: Row, what: str) -> list[str]:
    attributes = {"classname": row.client_name, "name": row.id, "time": _seconds(row.job.elapsed_seconds or 0)}
    lines = [_open("testcase", attributes)]
    told = row.cause or row.msg
    if what == "skipped":
        lines.append(_open("skipped", {"message": _sentence(row.word, told)}, empty=True))
    elif what:
        said = _open(what, {"message": _sentence(row.word, told), "type": row.result})
        text = "\n".join(part for part in (told, row.job.hint and f"Hint: {row.job.hint}") if part)
        lines.append(f"{said}{escape(text)}</{what}>")
    facts = [
        ("Instance", f"{row.client_name}/{row.instance_name}/{row.subclient_name}"),
        ("Result", row.word),
        ("Task", row.task_id),
        ("Jobs", " ".join(row.job_ids)),
        ("Status", row.job.status),
        ("Start", iso_time(row.job.start_time)),
        ("End", iso_time(row.job.end_time)),
        ("Page", row.job.job_url),
    ]
    text = "\n".join(f"{name}: {value}" for name, value in facts if value)
    lines.append(f"<system-out>{escape(text)}</system-out>")
    lines.append("</testcase>")
    return lines


def _sentence(word: str, told: str) -> str:
    return f"{word}: {told}" if told else word


def _seconds(value: int) -> str:
    return f"{value}.0"


def _open(name: str, attributes: t.Mapping[str, t.Any], empty: bool = False) -> str:
    said = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{said}{'/' if empty else ''}>"
