# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on protection, read as its readers read it."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.model import STATES
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.result import digest_of, summary_of
from ansible_collections.rdsops.commvault.plugins.module_utils._report.formats import FORMATS, render
from ansible_collections.rdsops.commvault.plugins.module_utils._report.protection import _LOOKS, make_protection_report
from ansible_collections.rdsops.commvault.tests.support.protection import survey_of_twelve


@pytest.fixture(scope="module")
def result():
    return survey_of_twelve()


@pytest.fixture(scope="module")
def report(result):
    return make_protection_report(result, "Protection <night>")


def test_all_formats_name_each_database_and_its_state(result, report):
    expected = {row["id"]: row["state"] for row in result["databases"]}
    from_json = json.loads(render(report, "json"))
    assert {row["id"]: row["state"] for row in from_json["databases"]} == expected
    lines = list(csv.DictReader(io.StringIO(render(report, "csv").decode(), newline="")))
    assert {line["id"]: line["state"] for line in lines} == expected
    page = render(report, "html").decode()
    states = re.findall(r'<tbody[^>]* data-result="(\w+)"', page)
    names = re.findall(r'scope="rowgroup"><b>(.*?)</b>', page)
    assert dict(zip(names, states, strict=True)) == expected
    (suite,) = ET.fromstring(render(report, "junit.xml"))
    kinds = {
        case.get("name"): next((child.tag for child in case if child.tag != "system-out"), "")
        for case in suite.iter("testcase")
    }
    assert kinds.keys() == expected.keys()
    assert {kinds[name] for name, state in expected.items() if state == "protected"} == {""}
    assert {kinds[name] for name, state in expected.items() if state in ("new", "unknown_to_inventory")} == {"skipped"}
    assert {kinds[name] for name, state in expected.items() if state == "not_verified"} == {"error"}


def test_many_days_are_drawn_in_lines_that_fit_into_their_column(result):
    rows = [{**row, "history": "gwf" * 20} for row in result["databases"]]
    long = {**result, "databases": rows, "evidence": {**result["evidence"], "digest": digest_of(rows)}}
    page = render(make_protection_report(long, ""), "html").decode()
    assert page.count('<svg class="strip" width="130" height="84"') == len(rows)
    assert page.count('<g transform="translate(0 70)">') == len(rows)


def test_the_unprotected_come_first_and_the_page_says_how_many(report):
    page = render(report, "html").decode()
    assert "6 of 13 databases are not protected" in page
    groups = re.findall(r'<tbody class="(\w+)"', page)
    assert groups == sorted(groups, key=["failed", "open", "succeeded"].index)
    assert "Protection &lt;night&gt;" in page


def test_evidence_is_in_all_formats_and_proves_the_data(result, report):
    digest = result["evidence"]["digest"]
    for name in ("html", "json", "csv", "junit.xml"):
        text = render(report, name).decode()
        assert digest in text, name
        assert "backup-operator" in text, name
        assert "commserve01" in text, name
    assert digest_of(result["databases"]) == digest


def test_evidence_that_is_not_known_is_no_text(result):
    unknown = {**result, "evidence": {**result["evidence"], "user": None}}
    report = make_protection_report(unknown, "")
    assert '<property name="user"' not in render(report, "junit.xml").decode()
    assert "<dt>By user</dt><dd>not told</dd>" in render(report, "html").decode()


def test_groups_and_history_are_on_the_page(report):
    page = render(report, "html").decode()
    assert "<h2>By team</h2>" in page
    assert "<b>1/4</b> people" in page
    assert 'aria-label="good, good, good, good, failed, failed, failed"' in page


def test_a_result_that_was_changed_since_is_refused(result):
    changed = json.loads(json.dumps(result))
    changed["databases"][0]["state"] = "protected"
    with pytest.raises(InvalidInput, match="digest"):
        make_protection_report(changed, "")


@pytest.mark.parametrize("change", [{"protected": 13, "unprotected": 0}, {"groups": None}, {"states": {}}])
def test_totals_that_are_not_those_of_the_databases_are_refused(result, change):
    with pytest.raises(InvalidInput, match="summary"):
        make_protection_report({**result, "summary": {**result["summary"], **change}}, "")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("wrong", [None, 5, "text", ["text"], {"id": "a"}])
def test_what_was_not_checked_may_be_anything(result, name, wrong):
    render(make_protection_report({**result, "unread": wrong, "left_out": wrong}, ""), name)


@pytest.mark.parametrize(
    "wrong", [{}, {"databases": [], "summary": {}}, {"databases": [{}], "summary": {}, "evidence": {}}]
)
def test_what_is_no_result_is_refused(wrong):
    with pytest.raises(InvalidInput, match="oracle_rds_protection_info"):
        make_protection_report(wrong, "")


def test_every_state_has_a_look():
    assert _LOOKS.keys() == STATES.keys()


def test_nothing_to_protect_is_a_page_too():
    rows = []
    empty = {
        "databases": rows,
        "summary": summary_of(rows, []),
        "evidence": {"digest": digest_of(rows)},
    }
    report = make_protection_report(empty, "")
    assert "There are no databases to protect" in render(report, "html").decode()
    assert render(report, "prom").decode().endswith("# EOF\n")


def test_hostile_names_stay_text(result):
    hostile = json.loads(json.dumps(result))
    hostile["databases"][0]["id"] = "<script>alert(1)</script>\x00"
    hostile["databases"][0]["last_good"] = {**hostile["databases"][-1]["last_good"], "job_url": "javascript:alert(1)"}
    hostile["evidence"]["digest"] = digest_of(hostile["databases"])
    page = render(make_protection_report(hostile, ""), "html").decode()
    assert "<script>alert" not in page
    assert "javascript:alert" not in page
    ET.fromstring(render(make_protection_report(hostile, ""), "junit.xml"))
