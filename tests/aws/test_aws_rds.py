# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play over the inventory of amazon.aws: the real collection, AWS as moto has it, and the simulated CommCell."""

from __future__ import annotations

import typing as t
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import run_command, run_playbook

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REGIONS = {
    "us-east-1": {
        "orders": "oracle-ee",
        "billing": "oracle-se2",
        "payroll": "oracle-ee",
        "forgotten": "oracle-ee",
        "web": "postgres",
    },
    "eu-central-1": {"hr": "oracle-se2", "crm": "oracle-ee", "brand-new": "oracle-se2", "shop": "mysql"},
}
# As different sites would name them.
ESTATE: dict[str, t.Any] = {
    "clients": [
        {"name": "aws-prod", "instances": ["ORDERS", "rds-billing-us-east-1", "rds-billing-eu-central-1", "forgot"]},
        {"name": "c0815", "display_name": "Payroll", "instances": ["ORCL"]},
        {"name": "aws-123456789012-eu", "instances": ["hr", "crm"]},
        {"name": "aws-999999999999-eu", "instances": ["hr", "web"]},
    ]
}
RIGHT = {
    "aws-prod/ORDERS",
    "aws-prod/rds-billing-us-east-1",
    "c0815/ORCL",
    "aws-123456789012-eu/hr",
    "aws-123456789012-eu/crm",
}
SKIPPED = {"web", "shop"}
UNKNOWN = {"forgotten", "brand-new"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[dict[str, str]]:
    """An AWS with databases; the environment variables that lead to it."""
    variables = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _host, port = server.get_host_and_port()
        url = f"http://127.0.0.1:{port}"
        # What moto holds belongs to the process, not to the server.
        requests.post(f"{url}/moto-api/reset", timeout=20).raise_for_status()
        for region, databases in REGIONS.items():
            client = boto3.client("rds", region_name=region, endpoint_url=url)
            for name, engine in databases.items():
                client.create_db_instance(
                    DBInstanceIdentifier=name,
                    DBInstanceClass="db.t3.small",
                    Engine=engine,
                    AllocatedStorage=20,
                    MasterUsername="admin",
                    MasterUserPassword="not-a-secret",
                )
        yield {**variables, "AWS_ENDPOINT_URL": url}
    finally:
        server.stop()


@pytest.fixture
def collections_path(tmp_path: Path) -> str:
    """A path with this collection; amazon.aws is where pip put it."""
    path = tmp_path / "collections"
    (path / "ansible_collections" / "rdsops").mkdir(parents=True)
    (path / "ansible_collections" / "rdsops" / "commvault").symlink_to(ROOT)
    return str(path)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """The configuration file of amazon.aws.aws_rds."""
    path = tmp_path / "prod.aws_rds.yml"
    path.write_text(f"plugin: amazon.aws.aws_rds\nregions: {list(REGIONS)}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("check", [False, True])
def test_databases_are_backed_up_by_the_names_that_aws_has_for_them(
    tmp_path: Path, collections_path: str, inventory: Path, aws: dict[str, str], check: bool
) -> None:
    with Simulator(ESTATE) as simulator:
        variables = {
            "ANSIBLE_COLLECTIONS_PATH": collections_path,
            "COMMVAULT_URL": simulator.url,
            "COMMVAULT_AUTH_TOKEN": simulator.token,
            **aws,
        }
        run = run_playbook(
            tmp_path / "run",
            HERE / "back_up_rds.yml",
            inventory=inventory,
            variables=variables,
            arguments=["--check"] if check else [],
        )
        started = [f"{job['client']}/{job['instance']}" for job in simulator.jobs()]
    print(run.stdout)
    ((_host, fleet),) = run.tasks["Start the backups"].items()
    assert {name for name, one in fleet["results"].items() if one["counts_as"] != "failed"} == {
        *["orders", "billing", "payroll", "hr", "crm"]
    }
    assert {one["id"] for one in fleet["left_out"]} == SKIPPED
    assert run.failed.keys() == UNKNOWN
    assert "DB instance forgotten in us-east-1" in run.failed["forgotten"]
    assert "Nearest: forgot." in run.failed["forgotten"]
    assert "DB instance brand-new in eu-central-1" in run.failed["brand-new"]
    assert sorted(started) == ([] if check else sorted(RIGHT))


def test_the_inventory_is_the_one_of_the_real_collection(
    tmp_path: Path, collections_path: str, inventory: Path, aws: dict[str, str]
) -> None:
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **aws}
    run = run_command(["ansible-inventory", "-i", str(inventory), "--host", "hr"], variables=variables, cwd=tmp_path)
    for word in ("db_instance_identifier", "db_instance_arn", "oracle-se2", "eu-central-1"):
        assert word in run.stdout
