# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin as a user has it: a file, Ansible's commands, and a playbook over what the CommCell has."""

from __future__ import annotations

import json
import shutil
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import CommandRun, run_command

from .conftest import ROOT, Play, Shell

GOOD = {"age": 3600, "seconds": 60}
CLIENTS: list[dict[str, t.Any]] = [
    {
        "name": "aws-prod",
        "display_name": "AWS production",
        "instances": [{"name": "orders", "history": [GOOD]}, "billing", {"name": "hr", "plan": "Gold plan"}],
    },
    {"name": "aws-dev", "instances": ["orders", {"name": "scratch", "activity": False}]},
    {"name": "dbhost", "instances": [{"name": "crm", "application": "SQL Server"}]},
]
ESTATE = {"clients": CLIENTS}
EXAMPLE = ROOT / "inventories/example.commvault_rds.yml"
PLUGIN = "plugin: rdsops.commvault.oracle_rds\n"


@pytest.fixture
def source(tmp_path: Path) -> t.Callable[[str], str]:
    """Makes a configuration file of the plugin of what to add to its first line."""

    def write(text: str = "") -> str:
        path = tmp_path / "my.commvault_rds.yml"
        path.write_text(PLUGIN + text, encoding="utf-8")
        return str(path)

    return write


def plain(value: t.Any) -> t.Any:
    """A value of ansible-inventory --list without the mark that newer releases put on every text."""
    if isinstance(value, dict):
        return value["__ansible_unsafe"] if "__ansible_unsafe" in value else {k: plain(v) for k, v in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def listed(run: CommandRun) -> tuple[dict[str, t.Any], dict[str, list[str]]]:
    """The variables of each host and the hosts of each group."""
    data = json.loads(run.stdout)
    variables = plain(data.pop("_meta")["hostvars"])
    return variables, {name: group.get("hosts", []) for name, group in data.items()}


def reads(simulator: Simulator) -> list[str]:
    return [entry["path"].rpartition("/api/")[2] for entry in simulator.journal()]


def test_the_example_gives_an_inventory_that_is_cached(
    tmp_path: Path, collections_path: str, connection: dict[str, str], simulator: Simulator
) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, "HOME": str(tmp_path), **connection}
    command = ["ansible-inventory", "-i", EXAMPLE.name, "--graph"]
    first = run_command(command, variables=variables, cwd=tmp_path)
    assert "several subclients would be called orders" in " ".join(first.stderr.split())
    assert [line.strip(" |-") for line in first.stdout.splitlines()] == [
        *["@all:", "@ungrouped:", "@oracle_rds:", "orders.aws-dev", "billing", "hr", "orders.aws-prod"],
        *["@commvault_client_aws_dev:", "orders.aws-dev"],
        *["@commvault_plan_RDS_export_plan:", "orders.aws-dev", "billing", "orders.aws-prod"],
        *["@commvault_status_ready:", "orders.aws-dev", "billing", "hr", "orders.aws-prod"],
        *["@commvault_stale:", "orders.aws-dev", "billing", "hr"],
        *["@commvault_client_aws_prod:", "billing", "hr", "orders.aws-prod"],
        *["@commvault_plan_Gold_plan:", "hr"],
        *["@commvault_fresh:", "orders.aws-prod"],
    ]
    assert sorted(reads(simulator)) == ["Jobs", "Subclient", "Subclient", "V4/Instances"]
    again = run_command(command, variables=variables, cwd=tmp_path)
    assert again.stdout == first.stdout
    assert len(reads(simulator)) == 4
    assert list((tmp_path / ".cache/ansible-commvault").iterdir())
    gone = {**variables, "COMMVAULT_URL": "http://127.0.0.1:1/commandcenter/api"}
    with (tmp_path / EXAMPLE.name).open("a", encoding="utf-8") as file:
        file.write("outage_timeout: 0\n")
    elsewhere = run_command(command, variables=gone, cwd=tmp_path)
    assert elsewhere.rc == 0
    assert "127.0.0.1 could not be reached" in elsewhere.output


def test_an_expired_cache_serves_while_the_commcell_does_not_answer(
    tmp_path: Path,
    collections_path: str,
    connection: dict[str, str],
    simulator: Simulator,
    source: t.Callable[[str], str],
) -> None:
    cache = "cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: cache\ncache_timeout: 1\n"
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}
    command = [
        "ansible-inventory",
        "-i",
        source(f"{cache}cache_fallback_age: 1d\nread_retries: 0\noutage_timeout: 1s\n"),
        "--list",
    ]
    first = run_command(command, variables=variables, cwd=tmp_path)
    simulator.order_fault({}, {"kind": "maintenance"}, times=None)
    time.sleep(1.1)  # longer than the timeout; ansible-inventory of ansible-core 2.16 knows no --flush-cache
    second = run_command(command, variables=variables, cwd=tmp_path)
    assert listed(second) == listed(first)
    warning = " ".join(second.stderr.split())
    assert "this is what it was 0 minutes ago" in warning
    assert "Scheduled Maintenance" in warning


def test_hosts_have_the_variables_of_the_role(shell: Shell, source: t.Callable[[str], str]) -> None:
    own = source("name_patterns: [aws-prod]\nhostname: '{{ commvault_client_name }}.{{ commvault_instance_name }}'\n")
    variables, groups = listed(shell("ansible-inventory", "-i", own, "--list"))
    assert groups["oracle_rds"] == ["aws-prod.billing", "aws-prod.hr", "aws-prod.orders"]
    orders = variables["aws-prod.orders"]
    assert (orders["commvault_client_name"], orders["commvault_display_name"]) == ("aws-prod", "AWS production")
    assert orders["commvault_last_good_backup"]["state"] == "ok"


def test_two_files_in_a_directory_lose_no_database(
    tmp_path: Path, collections_path: str, connection: dict[str, str], simulator: Simulator
) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    for name, client in (("prod", "aws-prod"), ("dev", "aws-dev")):
        (estate / f"{name}.commvault_rds.yml").write_text(f"{PLUGIN}client_names: [{client}]\n", encoding="utf-8")
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}
    run = run_command(["ansible-inventory", "-i", "estate", "--list"], variables=variables, cwd=tmp_path)
    hosts, groups = listed(run)
    assert len(run.warnings) == 1
    assert "other subclients that are called orders" in run.warnings[0]
    assert groups["commvault_client_aws_dev"] == ["orders", "scratch"]
    assert groups["commvault_client_aws_prod"] == ["billing", "hr", "orders.aws-prod"]
    clients = {name: host["commvault_client_name"] for name, host in hosts.items() if "orders" in name}
    assert clients == {"orders": "aws-dev", "orders.aws-prod": "aws-prod"}


@pytest.mark.parametrize("check", [False, True])
def test_the_playbook_backs_up_what_is_stale(
    play: Play, simulator: Simulator, source: t.Callable[[str], str], check: bool
) -> None:
    own = source("hostname: '{{ commvault_instance_name }}.{{ commvault_client_name }}'\n")
    limit = "commvault_stale:&commvault_status_ready"
    run = play("rdsops.commvault.export_backup", inventory=Path(own), check=check, arguments=["--limit", limit])
    assert run.rc == 0
    jobs = sorted(f"{job['instance']}.{job['client']}" for job in simulator.jobs() if job["started_by"])
    assert jobs == ([] if check else ["billing.aws-prod", "hr.aws-prod", "orders.aws-dev"])


def test_releases_without_the_list_of_instances_give_the_same_hosts(
    shell: Shell, simulator: Simulator, source: t.Callable[[str], str]
) -> None:
    own = source("application_ids: [22, 81]\nhostname: '{{ commvault_subclient_id }}'\n")
    before, _groups = listed(shell("ansible-inventory", "-i", own, "--list"))
    simulator.set(v4_discovery=False, empty_lists="404")
    after, groups = listed(shell("ansible-inventory", "-i", own, "--list"))
    assert before.keys() == after.keys()
    assert len(after) == 6
    assert len(groups["commvault_status_disabled"]) == 1
    assert len(groups["commvault_status_enabled"]) == 5


def test_a_source_of_awx_with_empty_fields_and_nothing_but_the_environment(
    collections_path: str, tmp_path: Path, simulator: Simulator, source: t.Callable[[str], str]
) -> None:
    users = [{"name": "dev", "password": "SECRET-of-dev", "clients": ["aws-dev"]}]
    simulator.reset({"clients": CLIENTS, "users": users})
    variables = {
        "ANSIBLE_COLLECTIONS_PATH": collections_path,
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        "COMMVAULT_URL": simulator.url,
        "COMMVAULT_USERNAME": "dev",
        "COMMVAULT_PASSWORD": "SECRET-of-dev",
        **{f"COMMVAULT_{name}": "" for name in ("AUTH_TOKEN", "DOMAIN", "CA_PATH", "VALIDATE_CERTS", "TIMEOUT")},
    }
    run = run_command(["ansible-inventory", "-i", source(""), "--list"], variables=variables, cwd=tmp_path)
    assert run.warnings == []
    assert "SECRET" not in run.output
    assert list(listed(run)[0]) == ["orders", "scratch"]
    assert simulator.sessions() == []


def test_a_source_that_cannot_be_read_fails_where_that_is_wanted(
    collections_path: str, tmp_path: Path, connection: dict[str, str], source: t.Callable[[str], str]
) -> None:
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}
    variables.update(COMMVAULT_AUTH_TOKEN="SECRET-wrong-token", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    run = run_command(["ansible-inventory", "-i", source(""), "--list"], variables=variables, cwd=tmp_path)
    assert run.rc != 0
    assert "did not accept the credentials" in run.output
    assert "SECRET" not in run.output


def settings_of_the_repository(tmp_path: Path) -> dict[str, str]:
    """The variables that have Ansible read the settings of this repository, but for the place of collections."""
    lines = (ROOT / "ansible.cfg").read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "ansible.cfg"
    path.write_text("".join(line for line in lines if not line.startswith("collections_path")), encoding="utf-8")
    return {"ANSIBLE_CONFIG": str(path)}


def test_a_playbook_without_its_inventory_fails_where_that_is_wanted(
    collections_path: str, tmp_path: Path, connection: dict[str, str], source: t.Callable[[str], str]
) -> None:
    gone = {"COMMVAULT_URL": "http://127.0.0.1:1/commandcenter/api"}
    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection, **gone}
    command = [
        "ansible-playbook",
        "rdsops.commvault.export_backup",
        "-i",
        source("read_retries: 0\noutage_timeout: 0\n"),
    ]
    # By itself Ansible goes on without the inventory; the role says that it has no host.
    run = run_command(command, variables=variables, cwd=tmp_path)
    assert (run.rc, "There is no host to back up" in " ".join(run.output.split())) == (2, True)
    # test_a_source_that_cannot_be_read has the variable that does the same as this setting.
    variables.update(settings_of_the_repository(tmp_path))
    run = run_command(command, variables=variables, cwd=tmp_path)
    assert run.rc != 0
    assert "127.0.0.1 could not be reached" in run.output
