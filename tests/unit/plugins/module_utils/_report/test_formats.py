# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report, read as their readers read them."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import STATES
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_result import OUTCOMES
from ansible_collections.rdsops.commvault.plugins.module_utils._report.formats import (
    COLUMNS,
    FORMATS,
    check_mode,
    format_of,
    render,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import RESULTS, make_report
from ansible_collections.rdsops.commvault.tests.support.reports import GB, PAGE, backup, hostile, job, night

HOSTILE = (
    "<script>alert(1)</script>",
    "</script></style><img src=x onerror=alert(1)>",
    "\"' onmouseover='x' \"",
    "]]> &amp; &#0; <!--",
    '=HYPERLINK("http://x")',
    " +1",
    "-2",
    "@SUM(A1)",
    "bell\x07 null\x00 escape\x1b lone\ud83d",
    "a,b;c\td\r\ne\nf",
    "Ünïcödé 漢字 🙂",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnp.exe",
)


def all_hostile():
    """Backups in which every text is hostile."""
    return hostile(*HOSTILE)


def everything():
    """A backup of every state, and one for every outcome of a job."""
    backups = [backup(f"state-{state}", state) for state in STATES]
    return backups + [
        backup(f"outcome-{outcome}", job=job(number, outcome)) for number, outcome in enumerate(OUTCOMES, 1)
    ]


def text(backups, name, title="Night"):
    return render(make_report(backups, (), title), name).decode("utf-8")


def lines(backups):
    return list(csv.DictReader(io.StringIO(text(backups, "csv"), newline="")))


def suite(backups):
    (found,) = ET.fromstring(text(backups, "junit.xml")).findall("testsuite")
    return found


# --- All formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_backups_give_the_same_file(name):
    assert text(night(50), name) == text(night(50), name)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_a_report_too(name):
    assert text([], name)


@pytest.mark.parametrize("make", [everything, all_hostile, lambda: night(1000)])
def test_all_formats_say_the_same_in_the_same_order(make):
    backups = make()
    from_json = [(entry["id"], entry["result"]) for entry in json.loads(text(backups, "json"))["backups"]]
    assert len(from_json) == len(backups)
    assert [line["result"] for line in lines(backups)] == [result for _id, result in from_json]
    plain = [(" ".join(name.splitlines()), result) for name, result in from_json]
    assert [(line["id"].removeprefix("'"), line["result"]) for line in lines(backups)] == plain
    cases = suite(backups).findall("testcase")
    # An XML reader makes one line break of two characters for it.
    names = [name.replace("\r", "") for name, _result in from_json]
    assert [case.get("name").replace("\r", "") for case in cases] == names
    rows = re.findall(r'<tbody[^>]* data-result="(\w+)"', text(backups, "html"))
    assert rows == [result for _id, result in from_json]


@pytest.mark.parametrize(
    ("path", "name"),
    [*((f"a.{name}", name) for name in FORMATS), ("a/b.c/NIGHT.HTML", "html"), ("a.json.html", "html")],
)
def test_the_ending_says_the_format(path, name):
    assert format_of(path) == name


@pytest.mark.parametrize("path", ["a", "a.xml", "a.htm", "a.html.gz", "html", "a.html/b"])
def test_another_ending_is_refused_with_a_list_of_the_right_ones(path):
    with pytest.raises(InvalidInput, match=r"one of \.html, \.json, \.csv, \.junit\.xml"):
        format_of(path)


# --- JSON -------------------------------------------------------------------------------------------------------------


def test_json_has_the_documented_keys():
    content = json.loads(text([backup(job=job(7))], "json"))
    assert list(content) == ["schema", "title", "summary", "backups"]
    assert content["schema"] == 1
    (entry,) = content["backups"]
    assert list(entry) == [*COLUMNS, "jobs"]
    of_job = {
        "result": "succeeded",
        "status": "Completed",
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-01T01:00:00Z",
        "elapsed_seconds": 3600,
        "application_size": 82 * GB,
        "media_size": 27 * GB,
        "job_url": f"{PAGE}7",
    }
    assert entry == {
        "id": "orders",
        "client_name": "aws-prod",
        "instance_name": "orders",
        "subclient_name": "default",
        "counts_as": "succeeded",
        "state": "started",
        "task_id": 9920,
        "job_ids": ["7"],
        "candidates": [],
        "backup_level": "Full",
        "percent_complete": 100,
        **of_job,
        "expected_end": None,
        "attempts": [],
        "cause": None,
        "hint": None,
        "msg": "What became of orders.",
        "jobs": [{"job_id": "7", **of_job}],
    }


def test_json_holds_the_summary_that_the_module_returns():
    backups = night(30)
    assert json.loads(text(backups, "json"))["summary"] == make_report(backups).summary()


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_csv_begins_with_the_names_of_its_columns_also_without_backups():
    assert text([], "csv") == ",".join(COLUMNS) + "\r\n"


def test_csv_lines_have_one_cell_for_each_column():
    rows = list(csv.reader(io.StringIO(text(all_hostile() + everything(), "csv"), newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert all("\n" not in cell and "\r" not in cell for row in rows for cell in row)


def test_csv_has_no_cell_that_a_spreadsheet_would_compute():
    rows = list(csv.reader(io.StringIO(text(all_hostile(), "csv"), newline="")))
    assert [cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")] == []
    assert "'=HYPERLINK" in text(all_hostile(), "csv").replace('"', "")


def test_csv_cells_of_several_values_are_separated_by_spaces():
    (line,) = lines([backup(job_ids=["1", "2"])])
    assert line["job_ids"] == "1 2"
    assert (line["task_id"], line["hint"]) == ("9920", "")


# --- JUnit ------------------------------------------------------------------------------------------------------------

# By the element of a case: the states of backups, and the outcomes of their jobs.
KINDS = {
    "": "outcome-succeeded",
    "skipped": (
        "outcome-active state-started state-adopted state-duplicate state-recent state-would_start state-not_verified"
    ),
    "failure": "outcome-failed outcome-stuck outcome-timed_out state-refused",
    "error": "outcome-missing outcome-not_followed state-unknown state-not_submitted",
}


def test_junit_has_the_kind_of_every_state_and_outcome():
    kinds = {}
    for case in suite(everything()).findall("testcase"):
        kinds[case.get("name")] = "".join(child.tag for child in case if child.tag != "system-out")
    assert kinds == {name: kind for kind, names in KINDS.items() for name in names.split()}


# Elements with their attributes (required ones first, then others) and children, as Jenkins' schema junit-10.xsd has
# them; GitLab and others read a part of these.
RULES = {
    "testsuites": ((), ("name", "time", "tests", "failures", "errors"), ("testsuite",)),
    "testsuite": (("name", "tests", "failures", "errors"), ("time", "skipped", "timestamp"), ("testcase",)),
    "testcase": (("name",), ("time", "classname"), ("skipped", "error", "failure", "system-out")),
    "skipped": ((), ("type", "message"), ()),
    "error": ((), ("type", "message"), ()),
    "failure": ((), ("type", "message"), ()),
    "system-out": ((), (), ()),
}


@pytest.mark.parametrize("make", [list, everything, all_hostile, lambda: night(1000)])
def test_junit_keeps_to_the_rules_of_its_readers(make):
    root = ET.fromstring(text(make(), "junit.xml", title='A "title" <&>'))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, others, children = RULES[element.tag]
        assert set(required) <= set(element.keys()) <= {*required, *others}
        assert {child.tag for child in element} <= set(children)
        if "time" in element.keys():  # noqa: SIM118  # an element has no "in" for its attributes
            assert re.fullmatch(r"\d+\.\d+", element.get("time"))
        if element.get("timestamp"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp"))
    (found,) = root
    cases = found.findall("testcase")
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(found.get(name)) == sum(case.find(tag) is not None for case in cases)
    assert int(found.get("tests")) == len(cases)
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "time")} == {
        name: found.get(name) for name in ("tests", "failures", "errors", "time")
    }


def test_junit_says_why_a_case_failed():
    own = job(7, "failed", reason="The disk is full.", hint="Make room.")
    (case,) = suite([backup(job=own)]).findall("testcase")
    assert (case.get("classname"), case.get("name"), case.get("time")) == ("aws-prod", "orders", "3600.0")
    failure = case.find("failure")
    assert failure.get("type") == "failed"
    assert failure.get("message") == "failed: Failed. The disk is full."
    assert failure.text == "Failed. The disk is full.\nHint: Make room."
    assert f"Page: {PAGE}7" in case.find("system-out").text


def test_junit_names_of_cases_differ():
    names = [case.get("name") for case in suite(night(1000)).findall("testcase")]
    assert len(set(names)) == 1000


def test_every_result_has_a_place_in_these_tests():
    seen = {entry["result"] for entry in json.loads(text(everything(), "json"))["backups"]}
    assert set(RESULTS) - seen == {"completed_with_errors", "succeeded_with_warnings"}


@pytest.mark.parametrize(
    "mode", [None, "", 0o640, "0640", "640", "0o640", "1644", "u=rw,g=r,o=", "a+r", "+X", "u+rw-x", "ug=rwX,o=u"]
)
def test_permissions_as_ansible_takes_them(mode):
    check_mode(mode)


@pytest.mark.parametrize("mode", ["nonsense", "0848", "u", "u=rw;g=r", "b+r", "u=q", "u=rw,"])
def test_other_permissions_are_refused_with_an_example(mode):
    with pytest.raises(InvalidInput, match="mode must be octal, such as '0640', or symbolic"):
        check_mode(mode)
