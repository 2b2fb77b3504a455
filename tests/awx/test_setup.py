# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that sets up AWX: run with the real collection awx.awx, against a stand-in for AWX's API."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.awx.awx_api import Awx
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import core

from .conftest import COMMCELL, ROOT, SECRET, Twice, data, playbooks, set_up


def test_awx_accepts_all_that_the_playbook_sends(done: Twice) -> None:
    assert [run.rc for run in done.runs] == [0, 0]
    assert [run.warnings for run in done.runs] == [[], []]
    assert [(call.path, call.status) for call in done.awx.calls if call.status >= 400] == []


def test_a_second_run_changes_nothing(done: Twice) -> None:
    assert done.writes[1] == []
    assert " changed=0 " in done.runs[1].stdout
    assert " changed=0 " not in done.runs[0].stdout


def test_a_secret_goes_into_the_credential_and_nowhere_else(done: Twice) -> None:
    holding = [call.path for call in done.awx.writes() if core(SECRET) in json.dumps(call.body)]
    assert holding == ["/api/v2/credentials/"]
    assert not any(core(SECRET) in run.output for run in done.runs)
    assert done.awx.inputs("Commvault backups") == {
        "url": COMMCELL["COMMVAULT_URL"],
        "username": COMMCELL["COMMVAULT_USERNAME"],
        "password": SECRET,
    }


def test_the_credential_type_is_that_of_the_data_file(done: Twice) -> None:
    expected = data("credential_type")
    found = done.awx.named("credential_types")[expected["name"]]
    assert {name: found[name] for name in expected} == expected


def test_projects_of_the_organization_can_install_collections(done: Twice) -> None:
    assert done.awx.linked("organizations", "Default", "galaxy_credentials") == ["Ansible Galaxy"]


def test_the_inventory_is_read_by_the_plugin_of_the_project_with_the_credential(done: Twice) -> None:
    source = done.awx.named("inventory_sources")["CommCell"]
    assert (ROOT / source["source_path"]).is_file()
    assert source["credential"] == done.awx.named("credentials")["Commvault backups"]["id"]
    assert source["source_project"] == done.awx.named("projects")["Commvault backups"]["id"]
    assert "/runner/requirements_collections" in json.loads(source["source_vars"])["ANSIBLE_COLLECTIONS_PATH"]
    assert source["update_on_launch"] is True
    assert source["overwrite"] is True
    assert [call.path for call in done.writes[0] if call.path.endswith("/update/")] == [
        f"/api/v2/inventory_sources/{source['id']}/update/"
    ]


def test_every_template_has_its_survey_playbook_credential_and_image(done: Twice) -> None:
    image = done.awx.named("execution_environments")["Commvault backups"]
    assert image["image"] == done.settings["commvault_awx_execution_environment_image"]
    templates = done.awx.named("job_templates")
    expected = {f"Commvault: {one['name']}": one for one in data("job_templates")}
    assert templates.keys() == expected.keys()
    for name, template in templates.items():
        wanted = expected[name]
        assert template["playbook"] == f"playbooks/{wanted['playbook']}"
        assert template["execution_environment"] == image["id"]
        assert template["survey_enabled"] is True
        assert template["ask_variables_on_launch"] is False
        assert done.awx.survey("job_templates", name) == data(wanted["survey"].removesuffix(".yml"))
        assert done.awx.linked("job_templates", name, "credentials") == ["Commvault backups"]
        report = {"oracle_rds_export_backup_report_path": done.settings["commvault_awx_report_path"]}
        waits = wanted["key"] in ("export_backup", "wait_and_report")
        assert json.loads(template["extra_vars"]) == {**wanted["extra_vars"], **(report if waits else {})}


def test_the_workflow_has_the_nodes_and_edges_of_the_data_file(done: Twice) -> None:
    workflow = data("workflow")
    keys = {f"Commvault: {one['name']}": one["key"] for one in data("job_templates")}
    names = {one["id"]: name for name, one in done.awx.named("job_templates").items()}
    found = []
    for identifier, node in done.awx.named("workflow_job_template_nodes").items():
        links = {
            kind: done.awx.linked("workflow_job_template_nodes", identifier, kind)
            for kind in ("always_nodes", "success_nodes", "failure_nodes")
        }
        found.append(
            {
                "identifier": identifier,
                "template": keys[names[node["unified_job_template"]]],
                "extra_data": node["extra_data"],
                "all_parents_must_converge": False,
                **links,
            }
        )
    assert found == workflow["nodes"]
    (name,) = done.awx.named("workflow_job_templates")
    assert done.awx.survey("workflow_job_templates", name) == data("survey_workflow")
    assert (
        done.awx.named("schedules")["Commvault nightly backups"]["rrule"]
        == (done.settings["commvault_awx_schedule_rule"])
    )


def test_without_credentials_it_says_which_variables_to_set_and_makes_nothing(
    tmp_path: Path, collections_path: str
) -> None:
    with Awx(playbooks=playbooks(), galaxy=True) as awx:
        run = set_up(awx, tmp_path, collections_path, {"COMMVAULT_URL": "https://commandcenter.example.com"})
        assert run.rc == 2
        assert "Set the environment variables COMMVAULT_URL, and COMMVAULT_USERNAME" in " ".join(run.stdout.split())
        assert awx.writes() == []


def test_a_check_of_a_new_awx_says_that_all_would_be_made(tmp_path: Path, collections_path: str) -> None:
    with Awx(playbooks=playbooks()) as awx:
        run = set_up(awx, tmp_path, collections_path, COMMCELL, {}, "--check")
        assert run.rc == 0
        assert "a run would make all of it" in run.stdout
        assert awx.writes() == []


def test_a_credential_stays_as_it_is_where_its_secrets_are_not_at_hand(tmp_path: Path, collections_path: str) -> None:
    """It would lose them. What follows ends here, with a project that cannot be made."""
    with Awx(galaxy=True) as awx:
        known = {"url": "https://old.example.com", "auth_token": SECRET}
        awx.have_credential(data("credential_type"), "Commvault backups", known)
        wrong = {"commvault_awx_project_credential": "no-such-credential"}
        run = set_up(awx, tmp_path, collections_path, {"COMMVAULT_URL": "https://new.example.com"}, wrong)
        assert run.rc == 2
        assert "no-such-credential" in run.stdout
        assert awx.inputs("Commvault backups") == known
        assert awx.writes() == []


def test_without_awx_awx_it_says_so_and_how_to_get_it(tmp_path: Path, collections_path: str) -> None:
    with Awx() as awx:
        # pip has put awx.awx beside Ansible itself.
        hidden = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
        run = set_up(awx, tmp_path, collections_path, {**COMMCELL, **hidden})
    assert run.rc == 2
    assert "needs the collection awx.awx, which is not installed" in " ".join(run.stdout.split())
    assert awx.calls == []


def test_an_awx_that_refuses_the_token_is_named(tmp_path: Path, collections_path: str) -> None:
    with Awx() as awx:
        run = set_up(awx, tmp_path, collections_path, {**COMMCELL, "CONTROLLER_OAUTH_TOKEN": "wrong"})
        assert run.rc == 2
        assert "AWX did not answer as it should" in " ".join(run.stdout.split())
        assert "401" in run.stdout
        assert awx.writes() == []
