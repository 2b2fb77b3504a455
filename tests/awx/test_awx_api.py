# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for AWX's API refuses what a real one was seen to refuse."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.awx.awx_api import Awx, Sync

from .conftest import data

PLAYBOOK = "playbooks/job_status.yml"


class Client:
    """Somebody who asks the stand-in."""

    def __init__(self, awx: Awx, token: str) -> None:
        self._awx, self._token = awx, token

    def ask(self, method: str, path: str, /, **body: t.Any) -> tuple[int, t.Any]:
        return self._awx.answer(method, f"/api/v2/{path}", body or None, f"Bearer {self._token}")

    def make(self, kind: str, /, **body: t.Any) -> int:
        status, made = self.ask("POST", f"{kind}/", **body)
        assert status == 201, made
        return t.cast("int", made["id"])

    def found(self, query: str) -> list[str]:
        status, page = self.ask("GET", query)
        assert status == 200
        return [one["name"] for one in page["results"]]


@pytest.fixture
def awx() -> Awx:
    return Awx(playbooks=[PLAYBOOK])


@pytest.fixture
def admin(awx: Awx) -> Client:
    return Client(awx, awx.token)


def organizations(awx: Awx, admin: Client) -> tuple[int, int]:
    return awx.named("organizations")["Default"]["id"], admin.make("organizations", name="Payments")


def test_a_name_finds_what_has_it_in_any_organization_and_an_id_finds_one(awx: Awx, admin: Client) -> None:
    ids = [admin.make("inventories", name="databases", organization=one) for one in organizations(awx, admin)]
    assert admin.found("inventories/?name=databases") == ["databases"] * 2
    assert admin.found(f"inventories/?or__id={ids[1]}&or__name={ids[1]}") == ["databases"]
    assert (
        admin.ask(
            "POST", "inventories/", name="databases", organization=awx.of("inventories")["databases"]["organization"]
        )[0]
        == 400
    )


def test_names_of_execution_environments_are_unique_everywhere(awx: Awx, admin: Client) -> None:
    first, second = organizations(awx, admin)
    made = admin.make("execution_environments", name="image", image="x", organization=first)
    assert admin.ask("POST", "execution_environments/", name="image", image="x", organization=second)[0] == 400
    status, words = admin.ask("PATCH", f"execution_environments/{made}/", organization=second)
    assert status == 400
    assert "Cannot change the organization" in str(words)


def test_a_project_whose_update_failed_has_no_playbooks_and_no_revision(awx: Awx, admin: Client) -> None:
    awx.project_syncs.append(Sync("failed", "fatal: no route to host"))
    default, _other = organizations(awx, admin)
    project = admin.make("projects", name="p", organization=default, scm_type="git", scm_url="https://git.example.com")
    shown = admin.ask("GET", f"projects/{project}/")[1]
    assert [shown["status"], shown["scm_revision"]] == ["failed", ""]
    update = shown["summary_fields"]["last_update"]["id"]
    assert admin.ask("GET", f"project_updates/{update}/stdout/?format=json")[1]["content"] == "fatal: no route to host"

    inventory = admin.make("inventories", name="i", organization=default)
    template = {"name": "t", "organization": default, "project": project, "inventory": inventory, "playbook": PLAYBOOK}
    status, words = admin.ask("POST", "job_templates/", **template, extra_vars="{}")
    assert [status, words] == [400, {"playbook": ["Playbook not found for project."]}]

    kind = admin.make("credential_types", **data("credential_type"))
    credential = admin.make("credentials", name="c", organization=default, credential_type=kind, inputs={"url": "u"})
    origin = {"source": "scm", "source_path": "x.yml", "source_project": project, "source_vars": "{}"}
    source = admin.make("inventory_sources", name="s", inventory=inventory, credential=credential, **origin)
    number = admin.ask("POST", f"inventory_sources/{source}/update/")[1]["id"]
    done = admin.ask("GET", f"inventory_updates/{number}/")[1]
    assert done["status"] == "failed"
    assert done["job_explanation"].startswith("Missing a revision to run")

    # Nobody updates it again but on request, or after a change.
    assert admin.ask("PATCH", f"projects/{project}/", description="again")[1]["status"] == "failed"
    assert admin.ask("PATCH", f"projects/{project}/", scm_branch="main")[1]["status"] == "successful"
    assert admin.ask("POST", "job_templates/", **template, extra_vars="{}")[0] == 201


def test_an_administrator_of_an_organization_sees_and_changes_that_alone(awx: Awx, admin: Client) -> None:
    first, second = organizations(awx, admin)
    night = Client(awx, awx.administrator("Payments"))
    admin.make("inventories", name="theirs", organization=first)
    ours = night.make("inventories", name="ours", organization=second)
    assert night.found("inventories/") == ["ours"]
    assert night.found("organizations/") == ["Payments"]
    # The galaxy credential belongs to no organization.
    assert night.found("credentials/") == []
    assert night.found("instance_groups/") == []
    assert admin.found("credentials/") == ["Ansible Galaxy"]
    assert night.ask("PATCH", f"inventories/{ours}/", description="x")[0] == 200
    for kind, body in (
        ("inventories", {"name": "x", "organization": first}),
        ("organizations", {"name": "x"}),
        ("credential_types", data("credential_type")),
    ):
        assert night.ask("POST", f"{kind}/", **body)[0] == 403
    assert night.ask("GET", "settings/jobs/")[0] == 403
    assert admin.ask("GET", "settings/jobs/")[0] == 200


def workflow(awx: Awx, admin: Client) -> int:
    """A workflow with our survey."""
    default, _other = organizations(awx, admin)
    made = admin.make("workflow_job_templates", name="w", organization=default)
    assert admin.ask("POST", f"workflow_job_templates/{made}/survey_spec/", **data("survey_workflow"))[0] == 200
    return made


RULE = "DTSTART;TZID=Europe/Berlin:20260101T010000 RRULE:FREQ=DAILY;INTERVAL=1"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rrule": "DTSTART;TZID=Europe/Berlin:20260101T010000 RRULE:FREQ=DAILY"}, "INTERVAL"),
        ({"rrule": RULE, "extra_data": {"oracle_rds_export_backup_preflight": True}}, "is no choice"),
        ({"rrule": RULE, "extra_data": {"oracle_rds_export_backup_preflight": ""}}, "is no choice"),
        ({"rrule": RULE, "extra_data": {"oracle_rds_export_backup_wait_timeout": ""}}, "length"),
        ({"rrule": RULE, "extra_data": {"oracle_rds_export_backup_wait_timeout": 12}}, "is no text"),
        ({"rrule": RULE, "extra_data": {"oracle_rds_export_backup_max_age": "12h"}}, "no question asks"),
        ({"rrule": RULE, "limit": "hr"}, "not configured to prompt"),
    ],
)
def test_a_schedule_is_refused(awx: Awx, admin: Client, given: dict[str, t.Any], words: str) -> None:
    status, told = admin.ask("POST", "schedules/", name="s", unified_job_template=workflow(awx, admin), **given)
    assert status == 400
    assert words in json.dumps(told)


def test_a_schedule_is_accepted(awx: Awx, admin: Client) -> None:
    answers = {"oracle_rds_export_backup_preflight": "true", "oracle_rds_export_backup_job_description": ""}
    admin.make("schedules", name="s", unified_job_template=workflow(awx, admin), rrule=RULE, extra_data=answers)


@pytest.mark.parametrize(
    "configuration",
    [
        {"host": "mail.example.com", "recipients": ["dba@example.com"]},
        {"channels": []},
    ],
)
def test_a_notification_template_without_all_that_it_needs_is_refused(
    awx: Awx, admin: Client, configuration: dict[str, t.Any]
) -> None:
    default, _other = organizations(awx, admin)
    kind = "email" if "host" in configuration else "slack"
    body = {"notification_type": kind, "notification_configuration": configuration, "messages": None}
    assert admin.ask("POST", "notification_templates/", name="n", organization=default, **body)[0] == 400


def test_secrets_are_not_shown_again(awx: Awx, admin: Client) -> None:
    default, _other = organizations(awx, admin)
    configuration = {"token": "xoxb-1", "channels": ["#dba"]}
    body = {"notification_type": "slack", "notification_configuration": configuration, "messages": None}
    made = admin.make("notification_templates", name="n", organization=default, **body)
    shown = admin.ask("GET", f"notification_templates/{made}/")[1]
    assert shown["notification_configuration"] == {"token": "$encrypted$", "channels": ["#dba"]}
    assert set(shown["messages"]) == {"started", "success", "error", "workflow_approval"}
