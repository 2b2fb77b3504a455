# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that report backups."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Play


def written(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_all_reports_of_a_run_agree(play: Play, simulator: Simulator, tmp_path: Path) -> None:
    place = tmp_path / "reports"
    place.mkdir()
    simulator.set(speed=2000)
    run = play("export_report.yml", extravars={"report_directory": str(place)})
    assert run.rc == 0
    summary = run.result("Write all reports")["summary"]
    assert (summary["backups"], summary["succeeded"], summary["failed"]) == (4, 3, 1)
    assert (summary["results"]["succeeded"], summary["results"]["refused"]) == (3, 1)
    assert written(place) == ["night.csv", "night.html", "night.json", "night.junit.xml"]

    from_json = json.loads((place / "night.json").read_text(encoding="utf-8"))
    assert from_json["summary"] == summary
    results = {entry["id"]: entry["result"] for entry in from_json["backups"]}
    assert results == {
        "aws-prod/no-such-instance/default": "refused",
        "aws-prod/orders/default": "succeeded",
        "aws-prod/billing/default": "succeeded",
        "aws-dev/orders/default": "succeeded",
    }
    assert [entry["job_ids"] for entry in from_json["backups"]] == [
        [],
        *([job_id] for job_id in run.result("Start the backups")["job_ids"]),
    ]
    with (place / "night.csv").open(encoding="utf-8", newline="") as file:
        assert {line["id"]: line["result"] for line in csv.DictReader(file)} == results
    (suite,) = ET.parse(place / "night.junit.xml").getroot()
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
    }
    page = (place / "night.html").read_text(encoding="utf-8")
    names = re.findall(r'scope="rowgroup"><b>(.*?)</b>', page)
    found = re.findall(r'<tbody[^>]* data-result="(\w+)"', page)
    assert dict(zip(names, found, strict=True)) == results
    assert "1 of 4 backups failed" in page

    assert run.result("Write all reports")["changed"] is True
    assert run.result("Write them again")["changed"] is False


def test_a_dry_run_writes_nothing(play: Play, tmp_path: Path) -> None:
    place = tmp_path / "reports"
    place.mkdir()
    run = play("export_report.yml", extravars={"report_directory": str(place)}, check=True)
    assert run.rc == 0
    result = run.result("Write all reports")
    assert result["changed"] is True
    assert result["summary"]["backups"] == 4
    assert written(place) == []
