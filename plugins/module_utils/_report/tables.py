# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CSV and JUnit XML, whatever the rows are."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import csv
import io
import typing as t
from xml.sax.saxutils import escape, quoteattr

# A spreadsheet takes a text that begins so for a formula, also when it comes out of a file
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@")


class Case(t.TypedDict):
    """A testcase of JUnit XML.

    Attributes:
        what: failure, error, skipped, or an empty text if all is well.
        message: Why, in a line.
        text: Why.
        facts: Lines of names and values.
    """

    classname: str
    name: str
    seconds: int
    what: str
    type: str
    message: str
    text: str
    facts: t.Sequence[tuple[str, t.Any]]


def csv_of(columns: t.Sequence[str], rows: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """A table as CSV (RFC 4180), harmless to spreadsheets."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return lines.getvalue()


def _cell(value: t.Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(value) if any(" " in one for one in value) else " ".join(value)
    text = " ".join(str(value).splitlines())
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def junit_of(
    title: str, cases: t.Sequence[Case], started: str = "", properties: t.Mapping[str, t.Any] | None = None
) -> str:
    """A report as JUnit XML, one suite.

    Source: github.com/jenkinsci/xunit-plugin has the elements and attributes that Jenkins takes in
    src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd.

    Args:
        title: The name of the suite.
        cases: Its testcases.
        started: A time in UTC without the Z: the format has no place for a time zone, and its readers take UTC.
        properties: Of the suite.
    """
    kinds = [case["what"] for case in cases]
    shared = {
        "name": title,
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "time": f"{sum(case['seconds'] for case in cases)}.0",
    }
    suite = {**shared, "skipped": kinds.count("skipped"), **({"timestamp": started} if started else {})}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', _open("testsuites", shared), _open("testsuite", suite)]
    if properties:
        told = [_open("property", {"name": name, "value": value}, empty=True) for name, value in properties.items()]
        lines += ["<properties>", *told, "</properties>"]
    for case in cases:
        lines += _testcase(case)
    return "\n".join([*lines, "</testsuite>", "</testsuites>"]) + "\n"


def _testcase(case: Case) -> list[str]:
    attributes = {"classname": case["classname"], "name": case["name"], "time": f"{case['seconds']}.0"}
    lines = [_open("testcase", attributes)]
    if case["what"] == "skipped":
        lines.append(_open("skipped", {"message": case["message"]}, empty=True))
    elif case["what"]:
        said = _open(case["what"], {"message": case["message"], "type": case["type"]})
        lines.append(f"{said}{escape(case['text'])}</{case['what']}>")
    text = "\n".join(f"{name}: {value}" for name, value in case["facts"] if value)
    return [*lines, f"<system-out>{escape(text)}</system-out>", "</testcase>"]


def _open(name: str, attributes: t.Mapping[str, t.Any], empty: bool = False) -> str:
    said = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{said}{'/' if empty else ''}>"
