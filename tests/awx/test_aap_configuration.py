# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data files as variables of infra.aap_configuration: the same objects as the set-up makes from the same file."""

from __future__ import annotations

import importlib.util
import json
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.tests.support.playbooks import run_command

from .conftest import COMMCELL, DATA, ROOT, Twice

# The variables, the modules whose options their members have, and the kinds of objects that these make.
MAP = {
    "controller_credential_types": ("credential_type", "credential_types"),
    "controller_credentials": ("credential", "credentials"),
    "controller_labels": ("label", "labels"),
    "controller_notifications": ("notification_template", "notification_templates"),
    "controller_projects": ("project", "projects"),
    "controller_inventories": ("inventory", "inventories"),
    "controller_inventory_sources": ("inventory_source", "inventory_sources"),
    "controller_templates": ("job_template", "job_templates"),
    "controller_workflows": ("workflow_job_template", "workflow_job_templates"),
    "controller_schedules": ("schedule", "schedules"),
}
# What infra.aap_configuration knows beside the options of the module.
OWN = {"controller_workflows": {"simplified_workflow_nodes"}}
# What stands for an id in AWX, for what is associated, or for a secret.
REFERENCES = {
    *("organization", "inventory", "project", "source_project", "credential", "credential_type", "credentials"),
    *("labels", "instance_groups", "notification_templates_error", "notification_templates_success", "inputs"),
    *("unified_job_template", "survey_spec", "simplified_workflow_nodes", "notification_configuration"),
}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory, done: Twice) -> dict[str, list[dict[str, t.Any]]]:
    place = tmp_path_factory.mktemp("aap")
    (place / "awx.yml").write_text(yaml.safe_dump(done.settings), encoding="utf-8")
    files = [f"{ROOT}/playbooks/vars/awx_setup.yml", f"{ROOT}/playbooks/vars/awx_setup_internal.yml", "awx.yml"]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"setup_data": str(DATA)},
        "vars_files": [*files, f"{DATA}/aap_configuration.yml"],
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "dest": f"{place}/all.json",
                    "content": f"{{{{ dict({list(MAP)} | zip([{', '.join(MAP)}])) | to_json }}}}",
                    "mode": "0600",
                }
            }
        ],
    }
    (place / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    run = run_command(["ansible-playbook", "play.yml"], variables=COMMCELL, cwd=place)
    assert run.rc == 0, run.output
    return t.cast("dict[str, t.Any]", json.loads((place / "all.json").read_text(encoding="utf-8")))


def options_of(module: str) -> set[str]:
    """The options of a module of awx.awx, by its documentation."""
    spec = importlib.util.find_spec("ansible_collections")
    assert spec is not None
    (path,) = [
        path
        for place in spec.submodule_search_locations or ()
        for path in Path(place).glob(f"awx/awx/plugins/modules/{module}.py")
    ]
    text = path.read_text(encoding="utf-8").partition("DOCUMENTATION = '''")[2].partition("'''")[0]
    return set(yaml.safe_load(text)["options"])


@pytest.mark.parametrize("name", MAP)
def test_members_have_options_of_the_module_that_gets_them(
    name: str, variables: dict[str, list[dict[str, t.Any]]]
) -> None:
    allowed = options_of(MAP[name][0]) | OWN.get(name, set())
    assert [sorted(one.keys() - allowed) for one in variables[name] if one.keys() - allowed] == []


@pytest.mark.parametrize("name", MAP)
def test_they_are_what_the_set_up_makes(name: str, variables: dict[str, list[dict[str, t.Any]]], done: Twice) -> None:
    kind = MAP[name][1]
    made = done.awx.named(kind) if kind == "credential_types" else done.awx.of(kind)
    ours = {one["name"]: one for one in variables[name]}
    if kind != "credential_types":
        assert ours.keys() == made.keys()
    for title, one in ours.items():
        for key in one.keys() - REFERENCES:
            value = made[title].get(key)
            if key in ("extra_vars", "source_vars"):
                value = json.loads(value or "{}")
            assert (one[key] or None) == (value or None), f"{title}: {key}"


def test_surveys_links_and_notifications_are_the_same(
    variables: dict[str, list[dict[str, t.Any]]], done: Twice
) -> None:
    awx = done.awx
    for name in ("controller_templates", "controller_workflows"):
        kind = MAP[name][1]
        for one in variables[name]:
            made = awx.of(kind)[one["name"]]
            assert one["survey_spec"] == awx.survey(kind, made)
            for link in ("notification_templates_error", "notification_templates_success"):
                assert one[link] == awx.linked(kind, made, link)
    (workflow,) = variables["controller_workflows"]
    nodes = awx.of("workflow_job_template_nodes")
    names = {one["id"]: title for title, one in awx.of("job_templates").items()}
    for node in workflow["simplified_workflow_nodes"]:
        made = nodes[node["identifier"]]
        assert node["unified_job_template"] == names[made["unified_job_template"]]
        assert node["extra_data"] == made["extra_data"]
        for link in ("always_nodes", "success_nodes", "failure_nodes"):
            assert node[link] == awx.linked("workflow_job_template_nodes", made, link)
