# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""This repository as a project in AWX: what AWX installs and offers of it, with each supported ansible-core."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.awx.jobs import Project
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import run_command

from .conftest import ROOT, data, inject

# The Pythons of other environments, each with another ansible-core.
PYTHONS = [sys.executable, *filter(None, os.environ.get("AWX_TESTS_PYTHONS", "").split(os.pathsep))]
BRACES = "AWS {{ 7 * 7 }}"
ESTATE: dict[str, t.Any] = {
    "clients": [{"name": "aws-prod", "display_name": BRACES, "instances": ["orders", "billing"]}],
}
INVENTORY_FILE = "inventories/awx.commvault_rds.yml"


@pytest.mark.parametrize("python", PYTHONS, ids=range(len(PYTHONS)))
def test_awx_installs_the_collection_of_the_project_and_reads_its_inventory(
    python: str, projects: t.Callable[[str], Project], simulator: Simulator, tmp_path: Path
) -> None:
    project = projects(python)
    installed = project.collections / "ansible_collections/rdsops/commvault"
    assert (installed / "MANIFEST.json").is_file()
    assert not (installed / "tests").exists()

    credential = inject({"url": simulator.url, "auth_token": simulator.token}, tmp_path).env
    read = project.read_inventory(INVENTORY_FILE, credential, data("inventory_source")["source_vars"])
    assert read.rc == 0, read.output
    assert read.warnings == []
    inventory = json.loads(read.stdout)
    assert sorted(inventory.pop("_meta")["hostvars"]) == ["billing", "orders"]
    # Text from a server comes out as {"__ansible_unsafe": "orders"}. As the name of a host it would stop AWX's import.
    names = [name for group in inventory.values() for members in group.values() for name in members]
    assert {type(name) for name in names} == {str}

    # A job gets what AWX has kept of that. What came from the server is no template there, either.
    script = tmp_path / "hosts"
    script.write_text(f"#!{sys.executable}\nprint({read.stdout!r})\n", encoding="utf-8")
    script.chmod(0o755)
    shown = run_command(
        [
            *[python, "-m", "ansible", "adhoc", "-i", str(script), "orders", "-m", "ansible.builtin.debug"],
            *["-a", '{"msg": "{{ [commvault_display_name, commvault_instance_name, commvault_application_id] }}"}'],
        ],
        variables={"ANSIBLE_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
    )
    assert shown.adhoc("orders")["msg"] == [BRACES, "orders", 22]


def test_the_configuration_of_the_project_alone_leads_inventory_updates_to_its_collections(
    projects: t.Callable[[], Project], simulator: Simulator, tmp_path: Path
) -> None:
    """For inventory sources that were made by hand, without variables: AWX tells them of collections in vain."""
    updated = projects()
    clone = tmp_path / "clone"
    (clone / "inventories").mkdir(parents=True)
    configuration = (ROOT / "ansible.cfg").read_text(encoding="utf-8")
    assert "/runner/requirements_collections" in configuration
    (clone / "ansible.cfg").write_text(configuration.replace("/runner/", f"{updated.place}/"), encoding="utf-8")
    (clone / INVENTORY_FILE).write_text((ROOT / INVENTORY_FILE).read_text(encoding="utf-8"), encoding="utf-8")
    credential = inject({"url": simulator.url, "auth_token": simulator.token}, tmp_path).env
    read = Project(clone, updated.place).read_inventory(INVENTORY_FILE, credential, {})
    assert read.rc == 0, read.output


def test_an_inventory_update_fails_rather_than_leave_an_empty_inventory(
    simulator: Simulator, tmp_path: Path, collections_path: str
) -> None:
    """With a wrong token, and with a certificate that nobody knows where the box of the credential was left empty."""
    project = Project(ROOT, tmp_path)
    wrong = {"url": simulator.url, "auth_token": "wrong"}
    unknown = {"url": simulator.https_url, "auth_token": simulator.token}
    for values, words in ((wrong, "did not accept the credentials"), (unknown, "certificate")):
        credential = inject(values, tmp_path).env
        read = project.read_inventory(INVENTORY_FILE, credential, {"ANSIBLE_COLLECTIONS_PATH": collections_path})
        assert read.rc != 0
        assert words in " ".join(read.output.split())


def test_what_the_project_asks_for_is_there_without_a_galaxy_server() -> None:
    wanted = yaml.safe_load((ROOT / "collections/requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": ".", "type": "dir"}]}
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["dependencies"] == {}


def test_awx_offers_the_playbooks_for_operators_and_nothing_else() -> None:
    """Playbooks and inventories of tests have the key "hosts" in quotes, which AWX does not take for a playbook's."""
    offered = {
        path.relative_to(ROOT).as_posix()
        for ending in ("yml", "yaml")
        for path in ROOT.rglob(f"*.{ending}")
        if rules.is_playbook(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    }
    assert offered == {f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")}
