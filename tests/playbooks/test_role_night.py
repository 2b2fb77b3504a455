# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A night of 150 databases of which not all are well, and the run of the morning after for those that are not."""

from __future__ import annotations

import csv
import json
import re
import typing as t
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import artifact_of, inventory_of, summary_of

from .conftest import Play

NAMES = [f"db{number:03}" for number in range(150)]
REFUSED = NAMES[10:15]
UNKNOWN = NAMES[50:52]
# Of the two of unknown outcome, this one's backup was started, and nobody could see it.
LOST = UNKNOWN[0]
FAILED = NAMES[100:103]
WARNED = NAMES[110:114]
SLOW = NAMES[120:130]
INVENTORY = inventory_of(NAMES, "aws-fleet", domain=".example.com")
WITHOUT = sorted([*REFUSED, *UNKNOWN, *FAILED])
FULL_DISK = "The disk is full."
EXPECTED = {"unknown": 2, "failed": 3, "refused": 5, "succeeded_with_warnings": 4, "succeeded": 136}


def instance(name: str) -> dict[str, t.Any]:
    more: dict[str, t.Any] = {}
    if name in REFUSED:
        more = {"plan": None}
    elif name in SLOW:
        more = {"job_seconds": 1800}
    elif name in WARNED:
        more = {"script": [{"state": "Running", "seconds": 60}, "Completed w/ one or more warnings"]}
    return {"name": name, **more}


@pytest.fixture
def night(simulator: Simulator) -> Simulator:
    """Ten hours in a minute, with all that goes wrong in one night."""
    simulator.reset({"clients": [{"name": "aws-fleet", "instances": [instance(name) for name in NAMES]}]})
    for name in FAILED:
        simulator.script(name, [{"state": "Running", "seconds": 60}, {"state": "Failed", "reason": FULL_DISK}], times=1)
    for name in UNKNOWN:
        fault = {"kind": "gateway_timeout", "process": name == LOST}
        simulator.order_fault({"path": "createtask", "instance": name}, fault)
    # The jobs cannot be read at first, so that nobody can tell what became of the two.
    simulator.order_fault({"path": "job*"}, {"kind": "forbidden"}, times=2, after=1)
    simulator.set(speed=600)
    return simulator


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    place = tmp_path / "reports"
    place.mkdir()
    return place


def short(hosts: t.Iterable[str]) -> list[str]:
    return sorted(host.split(".", maxsplit=1)[0] for host in hosts)


def test_after_a_night_everything_says_the_same_and_a_relaunch_starts_what_is_missing(
    play: Play, night: Simulator, reports: Path
) -> None:
    run = play("role_night.yml", inventory=INVENTORY, extravars={"reports": str(reports)})
    assert run.rc == 2
    assert short(run.failed) == WITHOUT
    assert all(FULL_DISK in run.failed[f"{name}.example.com"] for name in FAILED)
    results = run.message("List what came of each")
    assert Counter(results.values()) == EXPECTED
    assert short(host for host, result in results.items() if result == "failed") == FAILED

    table = summary_of(run)
    assert table[0] == ("150 backups: 2 unknown, 3 failed, 5 refused, 4 succeeded with warnings, 136 succeeded")
    assert [line.partition(":")[0] for line in table if re.match(r"\d+ [A-Z]+:", line)] == ["5 REFUSED", "3 FAILED"]
    assert short(line.split()[0].rstrip(",") for line in table[1:13] if not re.match(r"\d+ [A-Z]+:", line)) == WITHOUT
    assert short(re.split(r"\s", line)[0] for line in table[13:17]) == WARNED
    assert len(table) == 54
    assert table[-1] == "... and 100 more"
    assert re.search(r"\[db000\.example\.com\] \d+ ok, 3 failed of 14\d, ", run.stdout)

    artifact = artifact_of(run)
    assert artifact["counts"] == {"backups": 150, "succeeded": 140, "failed": 10, "open": 0, "results": EXPECTED}
    assert short(one["id"] for one in artifact["failed"]) == WITHOUT
    assert sorted(map(int, artifact["job_ids"])) == sorted(
        job["job_id"] for job in night.jobs() if job["instance"] != LOST
    )
    assert len(json.dumps(artifact)) < 20_000
    # AWX keeps no result above 700,000 characters, and of up to 500 hosts each has one in it.
    assert max(len(json.dumps(event["event_data"].get("res"))) for event in run.events if event["event_data"]) < 200_000
    check_reports(reports, results)

    before = len(night.writes())
    again = play(
        "role_night.yml",
        inventory=INVENTORY,
        extravars={"reports": str(reports)},
        arguments=["--limit", ",".join(f"{name}.example.com" for name in WITHOUT)],
    )
    assert short(again.failed) == REFUSED
    asked = [write["body"]["taskInfo"]["associations"][0]["instanceName"] for write in night.writes()[before:]]
    assert sorted(asked) == sorted({*WITHOUT} - {LOST})
    assert Counter(job["instance"] for job in night.jobs() if job["instance"] in WITHOUT) == {
        LOST: 1,
        UNKNOWN[1]: 1,
        **dict.fromkeys(FAILED, 2),
    }
    assert artifact_of(again)["counts"]["results"] == {"refused": 5, "succeeded": 4, "recent": 1}


def test_a_night_can_be_rehearsed(play: Play, reports: Path) -> None:
    run = play("role_night.yml", inventory="production.yml", check=True, extravars={"reports": str(reports)})
    assert set(run.message("List what came of each").values()) == {"would_start"}
    assert list(reports.iterdir()) == []


def check_reports(place: Path, results: dict[str, str]) -> None:
    """All four say what the facts say."""
    from_json = json.loads((place / "night.json").read_text(encoding="utf-8"))
    assert {entry["id"]: entry["result"] for entry in from_json["backups"]} == results
    with (place / "night.csv").open(encoding="utf-8", newline="") as file:
        assert {line["id"]: line["result"] for line in csv.DictReader(file)} == results
    (suite,) = ET.parse(place / "night.junit.xml").getroot()
    assert [int(suite.get(name) or 0) for name in ("tests", "failures", "errors")] == [150, 8, 2]
    page = (place / "night.html").read_text(encoding="utf-8")
    assert (
        dict(
            zip(
                re.findall(r'scope="rowgroup"><b>(.*?)</b>', page),
                re.findall(r'<tbody[^>]* data-result="(\w+)"', page),
                strict=True,
            )
        )
        == results
    )
    assert "10 of 150 backups failed" in page
