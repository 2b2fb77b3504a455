# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data files for AWX: accepted by it, without what it accepts and cannot work, and in step with the collection."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.tests.awx import rules

from .conftest import DATA, ROOT, data, inject

TEMPLATES: dict[str, dict[str, t.Any]] = {one["key"]: one for one in data("job_templates")}
WORKFLOWS: dict[str, dict[str, t.Any]] = {one["key"]: one for one in data("workflows")}
NODES = WORKFLOWS["workflow"]["nodes"]
SURVEYS = sorted(path.stem for path in DATA.glob("survey_*.yml"))
URL = "https://cc.example.com"
SECRET = "a-secret-0123456789-/+=&"
# A pair of tokens is renewed in its file, and the containers of AWX are thrown away.
NOT_IN_AWX = {"COMMVAULT_TOKEN_FILE"}


def module_environment() -> set[str]:
    options = connection_spec().options.values()
    return {option["fallback"][1][0] for option in options if "fallback" in option}


def test_awx_accepts_the_credential_type() -> None:
    assert rules.credential_type_problems(data("credential_type")) == []
    assert rules.mistakes_in_credential_type(data("credential_type")) == []


def test_the_credential_sets_what_modules_and_inventory_read() -> None:
    given = set(data("credential_type")["injectors"]["env"])
    assert given == module_environment() - NOT_IN_AWX
    source = (ROOT / "plugins/inventory/oracle_rds.py").read_text(encoding="utf-8")
    documentation = yaml.safe_load(source.split('DOCUMENTATION = r"""', 1)[1].split('"""', 1)[0])
    named = {entry["name"] for option in documentation["options"].values() for entry in option.get("env", ())}
    assert given == named - NOT_IN_AWX


def test_secrets_of_the_credential_are_hidden_and_its_other_fields_are_shown(tmp_path: Path) -> None:
    fields = {field["id"]: field.get("secret", False) for field in data("credential_type")["inputs"]["fields"]}
    assert {name for name, secret in fields.items() if secret} == {"password", "auth_token"}
    values = {"url": URL, "username": "operator", "password": SECRET, "auth_token": SECRET[::-1]}
    found = inject(values, tmp_path)
    assert found.env["COMMVAULT_PASSWORD"] == SECRET
    assert found.env["COMMVAULT_AUTH_TOKEN"] == SECRET[::-1]
    assert SECRET not in str(found.shown)
    assert SECRET[::-1] not in str(found.shown)
    assert found.shown["COMMVAULT_URL"] == URL
    assert found.shown["COMMVAULT_USERNAME"] == "operator"


@pytest.mark.parametrize(
    ("given", "checks"), [({}, "true"), ({"insecure": False}, "true"), ({"insecure": True}, "false")]
)
def test_certificates_are_checked_unless_the_box_is_ticked(tmp_path: Path, given: dict[str, bool], checks: str) -> None:
    assert inject({"url": URL, **given}, tmp_path).env["COMMVAULT_VALIDATE_CERTS"] == checks


def test_an_empty_field_leaves_its_variable_empty_and_no_file_is_named(tmp_path: Path) -> None:
    for given in ({}, {"ca_cert": "", "username": "", "auth_scheme": "", "timeout": ""}):
        env = inject({"url": URL, **given}, tmp_path).env
        assert {name for name, value in env.items() if value} == {"COMMVAULT_URL", "COMMVAULT_VALIDATE_CERTS"}


def test_certificates_of_authorities_come_as_a_file(tmp_path: Path) -> None:
    env = inject({"url": URL, "ca_cert": "-----BEGIN CERTIFICATE-----\n"}, tmp_path).env
    assert Path(env["COMMVAULT_CA_PATH"]).read_text(encoding="utf-8") == "-----BEGIN CERTIFICATE-----\n"


# --- Surveys and templates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SURVEYS)
def test_awx_accepts_the_survey(name: str) -> None:
    assert rules.survey_problems(data(name)) == []
    assert rules.mistakes_in_survey(data(name)) == []


def role_options() -> dict[str, dict[str, t.Any]]:
    specs = yaml.safe_load(
        (ROOT / "roles/oracle_rds_export_backup/meta/argument_specs.yml").read_text(encoding="utf-8")
    )["argument_specs"]
    return {name: option for spec in specs.values() for name, option in spec.get("options", {}).items()}


@pytest.mark.parametrize("name", [name for name in SURVEYS if name != "survey_kill_jobs"])
def test_questions_are_about_variables_of_the_role_with_its_choices_and_defaults(name: str) -> None:
    options = role_options()
    for question in data(name)["spec"]:
        option = options[question["variable"]]
        if "choices" in option:
            assert sorted(question["choices"]) == sorted(option["choices"]), question["variable"]
        if option.get("type") == "bool":
            assert question["choices"] == ["false", "true"]
        if question["type"] == "multiplechoice":
            assert question["default"] == str(option["default"]).lower(), question["variable"]


def test_every_template_has_a_playbook_of_the_collection_and_a_survey() -> None:
    for template in TEMPLATES.values():
        path = f"playbooks/{template['playbook']}"
        assert rules.is_playbook(path, (ROOT / path).read_text(encoding="utf-8"))
        assert template["survey"].removesuffix(".yml") in SURVEYS
        assert template["inventory"] in ("databases", "jobs")
    used = {one["survey"] for one in [*TEMPLATES.values(), *WORKFLOWS.values()]}
    assert used == {f"{name}.yml" for name in SURVEYS}


def test_variables_of_templates_are_those_of_the_role() -> None:
    for template in TEMPLATES.values():
        assert template["extra_vars"].keys() <= role_options().keys()


# --- Workflow ---------------------------------------------------------------------------------------------------------


def test_nodes_of_workflows_say_only_what_their_surveys_ask_and_the_workflow_does_not_overrule() -> None:
    for workflow in WORKFLOWS.values():
        overruled = {question["variable"] for question in data(workflow["survey"].removesuffix(".yml"))["spec"]}
        for node in workflow["nodes"]:
            if "template" in node:
                survey = data(TEMPLATES[node["template"]]["survey"].removesuffix(".yml"))
                assert rules.answer_problems(node["extra_data"], survey, needs_all=False) == []
                missing = {question["variable"] for question in survey["spec"] if question["required"]}
                assert missing <= overruled
            assert node["extra_data"].keys() & overruled == set()


def test_what_needs_approval_is_run_by_a_node_after_a_question() -> None:
    kept = {key for key, one in TEMPLATES.items() if "approval" in one}
    for workflow in WORKFLOWS.values():
        first, *others = workflow["nodes"]
        if kept & {one.get("template") for one in workflow["nodes"]}:
            assert "approval" in workflow
            assert "template" not in first
            assert first["success_nodes"] == [one["identifier"] for one in others]
            assert [first["always_nodes"], first["failure_nodes"]] == [[], []]


@pytest.mark.parametrize(
    ("failing", "ran", "succeeds"),
    [
        (set(), ["start", "wait"], True),
        ({"start"}, ["start", "wait", "again"], True),
        ({"wait"}, ["start", "wait", "again"], True),
        ({"start", "wait"}, ["start", "wait", "again"], True),
        ({"start", "again"}, ["start", "wait", "again"], False),
        ({"wait", "again"}, ["start", "wait", "again"], False),
    ],
)
def test_the_workflow_tries_again_what_failed_and_fails_if_that_does(
    failing: set[str], ran: list[str], succeeds: bool
) -> None:
    assert rules.run_workflow(NODES, failing) == (ran, succeeds)
