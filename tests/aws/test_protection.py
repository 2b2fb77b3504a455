# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is every database of AWS protected? The real amazon.aws inventory, AWS as moto has it, and the simulated CommCell."""

from __future__ import annotations

import csv
import json
import re
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun, run_playbook

ROOT = Path(__file__).parents[2]
HOUR = 3600
GOOD = ["orders", "billing", "payroll", "hr", "crm"]
OLD, NEVER, PLANLESS, OFF = "invoices", "reports", "legacy", "archive"
LOST = ["forgotten", "brand-new", "shadow"]
DATABASES = [*GOOD, OLD, NEVER, PLANLESS, OFF, *LOST]
ESTATE: dict[str, t.Any] = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                *({"name": name, "history": [{"age": 3 * HOUR}, {"age": 27 * HOUR}]} for name in GOOD),
                {
                    "name": OLD,
                    "history": [{"age": 40 * HOUR}, {"age": 2 * HOUR, "status": "Failed", "reason": "denied"}],
                },
                {"name": NEVER},
                {"name": PLANLESS, "plan": None},
                {"name": OFF, "activity": False},
                {"name": "oldcrm", "history": [{"age": 90 * HOUR}]},
                {"name": "gone"},
            ],
        }
    ]
}
STATES = {
    **dict.fromkeys(GOOD, "protected"),
    **dict.fromkeys(LOST, "unknown_to_commvault"),
    OLD: "late",
    NEVER: "never",
    PLANLESS: "not_configured",
    OFF: "not_configured",
    "aws-prod/oldcrm/default": "unknown_to_inventory",
    "aws-prod/gone/default": "unknown_to_inventory",
}
FORMATS = ("html", "json", "csv", "junit.xml", "prom")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[dict[str, str]]:
    """An AWS with twelve databases; the environment variables that lead to it."""
    variables = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _host, port = server.get_host_and_port()
        url = f"http://127.0.0.1:{port}"
        requests.post(f"{url}/moto-api/reset", timeout=20).raise_for_status()
        client = boto3.client("rds", region_name="us-east-1", endpoint_url=url)
        for place, name in enumerate(DATABASES):
            client.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t3.small",
                Engine="oracle-ee",
                AllocatedStorage=20,
                MasterUsername="admin",
                MasterUserPassword="not-a-secret",
                Tags=[{"Key": "team", "Value": "shop" if place % 2 else "people"}],
            )
        yield {**variables, "AWS_ENDPOINT_URL": url}
    finally:
        server.stop()


class Night:
    """Runs playbooks over that AWS."""

    def __init__(self, place: Path, variables: dict[str, str]) -> None:
        self.place = place
        self._variables = variables
        self._inventory = place / "prod.aws_rds.yml"
        self._inventory.write_text("plugin: amazon.aws.aws_rds\nregions: [us-east-1]\n", encoding="utf-8")
        collections = place / "collections" / "ansible_collections" / "rdsops"
        collections.mkdir(parents=True)
        (collections / "commvault").symlink_to(ROOT)
        self._runs = 0

    def __call__(self) -> PlaybookRun:
        """Look at all databases and write the reports."""
        return self._run(
            "protection_report.yml",
            oracle_rds_export_backup_report_path=[str(self.place / f"night.{name}") for name in FORMATS],
            oracle_rds_export_backup_protection_group_by=["tags.team"],
        )

    def back_up(self, names: t.Iterable[str]) -> PlaybookRun:
        """Back up these databases and wait for the ends."""
        return self._run(
            "export_backup.yml",
            "--limit",
            ",".join(names),
            oracle_rds_export_backup_wait=True,
            oracle_rds_export_backup_wait_interval="1s",
        )

    def _run(self, playbook: str, *arguments: str, **variables: t.Any) -> PlaybookRun:
        self._runs += 1
        done = run_playbook(
            self.place / f"run{self._runs}",
            ROOT / "playbooks" / playbook,
            inventory=self._inventory,
            arguments=arguments,
            extravars={"oracle_rds_export_backup_hosts": "aws_rds", **variables},
            variables={"ANSIBLE_COLLECTIONS_PATH": str(self.place / "collections"), **self._variables},
        )
        print(done.stdout)
        return done

    def states(self) -> dict[str, str]:
        """The state of each database by the name that the page gives it."""
        page = self.text("html")
        names = re.findall(r'scope="rowgroup"><b>(.*?)</b>', page)
        return dict(zip(names, re.findall(r'<tbody[^>]* data-result="(\w+)"', page), strict=True))

    def to_back_up(self) -> list[str]:
        """The databases of which the page says that a backup is to be started."""
        rows = re.findall(r"<tbody.*?</tbody>", self.text("html"), re.DOTALL)
        return [re.findall(r"<b>(.*?)</b>", row)[0] for row in rows if "Start a backup." in row]

    def text(self, name: str) -> str:
        return (self.place / f"night.{name}").read_text(encoding="utf-8")


def test_the_page_names_each_database_rightly_and_is_green_once_what_it_names_is_backed_up(
    tmp_path: Path, aws: dict[str, str]
) -> None:
    with Simulator(ESTATE, waiting_seconds=1, job_seconds=2) as simulator:
        variables = {"COMMVAULT_URL": simulator.url, "COMMVAULT_AUTH_TOKEN": simulator.token, **aws}
        night = Night(tmp_path, variables)
        run = night()
        assert run.rc == 2
        assert run.failed.keys() == {OLD, NEVER, PLANLESS, OFF, *LOST}
        assert "denied" in run.failed[OLD]
        assert "neither a plan" in run.failed[PLANLESS]
        from_json = json.loads(night.text("json"))
        assert {row["id"]: row["state"] for row in from_json["databases"]} == STATES
        assert from_json["summary"]["percent"] == 41
        assert sum(one["databases"] for one in from_json["summary"]["groups"]["tags.team"].values()) == 12
        lines = csv.DictReader(night.text("csv").splitlines())
        assert {line["id"]: line["state"] for line in lines} == STATES
        assert night.states() == STATES
        (suite,) = ET.fromstring(night.text("junit.xml"))
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("14", "7", "2")
        assert f'commvault_rds_database_protected{{id="{OLD}"' in night.text("prom")
        assert {request["kind"] for request in simulator.journal()} == {"read"}

        # What the page says can be backed up is backed up. The others must be set up first.
        assert night.to_back_up() == [NEVER, OLD]
        run = night.back_up(night.to_back_up())
        assert (run.rc, run.failed) == (0, {})
        run = night()
        assert run.failed.keys() == {PLANLESS, OFF, *LOST}
        assert night.states() == {**STATES, OLD: "protected", NEVER: "protected"}

        # Somebody does that in the Command Center. To have a plan is not to have a backup.
        for name in (PLANLESS, OFF, *LOST):
            simulator.set_up("aws-prod", name)
        run = night()
        assert run.failed.keys() == {PLANLESS, OFF, *LOST}
        run = night.back_up(night.to_back_up())
        assert (run.rc, run.failed) == (0, {})
        run = night()
        assert (run.rc, run.failed) == (0, {})
        assert {state for name, state in night.states().items() if name in DATABASES} == {"protected"}
        assert "All databases are protected" in night.text("html")
        started = [job["instance"] for job in simulator.jobs() if job["user"] != "scheduler"]
        assert sorted(started) == sorted([OLD, NEVER, PLANLESS, OFF, *LOST]), "each once"
