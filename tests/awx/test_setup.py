# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that sets up AWX: run with the real collection awx.awx, against a stand-in for AWX's API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.awx.awx_api import STOCK_SETTINGS, Awx, Sync
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import core

from .conftest import (
    CHAT_SECRET,
    COMMCELL,
    REFUSED,
    ROOT,
    SECRET,
    Payments,
    Twice,
    data,
    playbooks,
    said,
    set_up,
)


def test_awx_accepts_all_that_the_playbook_sends(done: Twice) -> None:
    assert [run.rc for run in done.runs] == [0, 0]
    assert [run.warnings for run in done.runs] == [[], []]
    assert done.refused == []


def test_a_second_run_changes_nothing(done: Twice) -> None:
    assert done.writes[1] == []
    assert " changed=0 " in done.runs[1].stdout
    assert " changed=0 " not in done.runs[0].stdout


def test_a_secret_goes_into_the_credential_and_nowhere_else(done: Twice) -> None:
    holding = [call.path for call in done.awx.writes() if core(SECRET) in json.dumps(call.body)]
    assert set(holding) == {"/api/v2/credentials/"}
    assert not any(core(SECRET) in run.output for run in done.runs)
    assert done.awx.inputs(done.awx.of("credentials")["Commvault backups"]) == {
        "url": COMMCELL["COMMVAULT_URL"],
        "username": COMMCELL["COMMVAULT_USERNAME"],
        "password": SECRET,
    }


def test_the_credential_type_is_that_of_the_data_file(done: Twice) -> None:
    expected = data("credential_type")
    found = done.awx.named("credential_types")[expected["name"]]
    assert {name: found[name] for name in expected} == expected


def test_projects_of_the_organization_can_install_collections(done: Twice) -> None:
    default = done.awx.named("organizations")["Default"]
    assert done.awx.linked("organizations", default, "galaxy_credentials") == ["Ansible Galaxy"]


def test_the_inventory_is_read_by_the_plugin_of_the_project_with_the_credential(done: Twice) -> None:
    source = done.awx.of("inventory_sources")["CommCell"]
    assert (ROOT / source["source_path"]).is_file()
    assert source["credential"] == done.awx.of("credentials")["Commvault backups"]["id"]
    assert source["source_project"] == done.awx.of("projects")["Commvault backups"]["id"]
    variables = json.loads(source["source_vars"])
    assert "/runner/requirements_collections" in variables["ANSIBLE_COLLECTIONS_PATH"]
    assert variables["ANSIBLE_INVENTORY_ENABLED"] == "auto"
    assert source["update_on_launch"] is True
    assert source["update_cache_timeout"] == 3600
    assert source["overwrite"] is True
    assert [call.path for call in done.writes[0] if call.path.endswith("/update/")] == [
        f"/api/v2/inventory_sources/{source['id']}/update/"
    ]


def test_every_template_has_its_survey_playbook_credential_and_inventory(done: Twice) -> None:
    templates = done.awx.of("job_templates")
    expected = {f"Commvault: {one['name']}": one for one in data("job_templates") if "approval" not in one}
    assert templates.keys() == expected.keys()
    inventories = {one["id"]: name for name, one in done.awx.of("inventories").items()}
    for name, template in templates.items():
        wanted = expected[name]
        assert template["playbook"] == f"playbooks/{wanted['playbook']}"
        assert template["execution_environment"] is None
        assert template["survey_enabled"] is True
        assert template["ask_variables_on_launch"] is False
        assert template["ask_credential_on_launch"] is False
        assert template["ask_inventory_on_launch"] is False
        assert done.awx.survey("job_templates", template) == data(wanted["survey"].removesuffix(".yml"))
        assert done.awx.linked("job_templates", template, "credentials") == ["Commvault backups"]
        assert json.loads(template["extra_vars"]) == wanted["extra_vars"]
        # A source that is read at a launch would keep these from starting while the CommServe is away.
        needs_hosts = wanted["playbook"] in ("export_backup.yml", "start_only.yml", "protection_report.yml")
        assert inventories[template["inventory"]] == ("Commvault Oracle RDS" if needs_hosts else "Commvault jobs")
    sources = done.awx.of("inventory_sources").values()
    assert [inventories[source["inventory"]] for source in sources] == ["Commvault Oracle RDS"]


def test_the_workflow_has_the_nodes_and_edges_of_the_data_file(done: Twice) -> None:
    (workflow,) = [one for one in data("workflows") if "approval" not in one]
    assert nodes_of(done.awx, "Default") == {workflow["name"]: workflow["nodes"]}
    (made,) = done.awx.of("workflow_job_templates").values()
    assert done.awx.survey("workflow_job_templates", made) == data("survey_workflow")


def nodes_of(awx: Awx, organization: str) -> dict[str, list[dict[str, object]]]:
    """The nodes of the workflows of an organization, as the data file has them."""
    keys = {f"Commvault: {one['name']}": one["key"] for one in data("job_templates")}
    names = {one["id"]: name for name, one in awx.of("job_templates", organization).items()}
    questions = {one["id"]: one["name"] for one in awx.named("workflow_approval_templates").values()}
    found: dict[str, list[dict[str, object]]] = {}
    workflows = {one["id"]: name for name, one in awx.of("workflow_job_templates", organization).items()}
    for identifier, node in awx.of("workflow_job_template_nodes", organization).items():
        assert node["all_parents_must_converge"] is False
        template = node["unified_job_template"]
        what = {"template": keys[names[template]]} if template in names else {"name": questions[template]}
        links = {
            kind: awx.linked("workflow_job_template_nodes", node, kind)
            for kind in ("always_nodes", "success_nodes", "failure_nodes")
        }
        nodes = found.setdefault(workflows[node["workflow_job_template"]].removeprefix("Commvault: "), [])
        nodes.append({"identifier": identifier, **what, "extra_data": node["extra_data"], **links})
    return found


def test_schedules_have_their_rules_and_answers(done: Twice) -> None:
    names = {one["key"]: f"Commvault: {one['name']}" for one in [*data("job_templates"), *data("workflows")]}
    templates = {**done.awx.of("workflow_job_templates"), **done.awx.of("job_templates")}
    made = done.awx.of("schedules")
    wanted = done.settings["commvault_awx_schedules"]
    assert list(made) == [one["name"] for one in wanted]
    for one in wanted:
        schedule = made[one["name"]]
        assert schedule["unified_job_template"] == templates[names[one.get("template", "workflow")]]["id"]
        assert schedule["rrule"] == one["rrule"]
        assert schedule["extra_data"] == one.get("answers", {})


def test_notifications_are_attached_to_failures_of_what_ends_a_night_and_of_checks(done: Twice) -> None:
    (name,) = [one["name"] for one in done.settings["commvault_awx_notifications"]]
    template = done.awx.of("notification_templates")[name]
    assert template["messages"]["error"] == data("notifications")["email"]
    (workflow,) = done.awx.of("workflow_job_templates").values()
    assert done.awx.linked("workflow_job_templates", workflow, "notification_templates_error") == [name]
    attached = {
        title: [
            done.awx.linked("job_templates", one, f"notification_templates_{event}") for event in ("error", "success")
        ]
        for title, one in done.awx.of("job_templates").items()
    }
    for title in ("Commvault: back up and wait", "Commvault: check protection"):
        assert attached.pop(title) == [[name], []]
    assert set(map(str, attached.values())) == {"[[], []]"}


# --- A second organization, by its own administrator ------------------------------------------------------------------


def test_an_administrator_of_an_organization_is_told_what_a_system_administrator_does_once(payments: Payments) -> None:
    assert payments.told.rc == 2
    assert "There is no organization Payments, or you may not see it." in said(payments.told)
    assert "-e commvault_awx_system_only=true" in said(payments.told)
    assert "Nothing was changed." in said(payments.told)


def test_that_is_the_organization_its_galaxy_credential_and_the_type(payments: Payments) -> None:
    assert payments.system.rc == 0
    organization = payments.awx.named("organizations")["Payments"]["id"]
    assert [(call.method, call.path) for call in payments.writes["system"]] == [
        ("POST", "/api/v2/organizations/"),
        ("POST", f"/api/v2/organizations/{organization}/galaxy_credentials/"),
    ]


def test_a_project_whose_update_failed_is_told_with_the_cause(payments: Payments) -> None:
    assert payments.failed.rc == 2
    assert REFUSED in said(payments.failed)
    assert "The update" in said(payments.failed)
    assert "of the project Commvault backups ended: failed. Mend the cause" in said(payments.failed)


def test_what_was_printed_by_a_failed_update_has_lines_of_its_own(payments: Payments) -> None:
    # A line break is \\n in JSON, which prints one that was escaped as \\\\n.
    assert r"it goes on from here.\\n" not in payments.failed.stdout
    assert r"it goes on from here.\n" in payments.failed.stdout


def test_and_is_updated_by_the_next_run(payments: Payments) -> None:
    project = payments.awx.of("projects", "Payments")["Commvault backups"]
    starts = [call.path for call in payments.writes["broken"] if call.path.endswith("/update/")]
    assert starts[0] == f"/api/v2/projects/{project['id']}/update/"
    assert re.search(r"TASK \[Wait for an update of the project Commvault backups, \d+\]", payments.broken.stdout)


def test_a_set_up_that_was_interrupted_goes_on_where_it_stopped(payments: Payments) -> None:
    assert payments.broken.rc == 2
    assert "503" in payments.broken.stdout
    assert payments.done.rc == 0
    assert nodes_of(payments.awx, "Payments") == {one["name"]: one["nodes"] for one in data("workflows")}


def test_two_organizations_with_the_same_names_stand_side_by_side(payments: Payments, done: Twice) -> None:
    """Each has what it needs, and finds nothing to change although the other is there."""
    awx = payments.awx
    kinds = ("credentials", "projects", "inventories", "inventory_sources", "job_templates", "workflow_job_templates")
    for kind in kinds:
        assert awx.of(kind, "Default").keys() <= awx.of(kind, "Payments").keys()
        for organization in ("Default", "Payments"):
            for one in awx.of(kind, organization).values():
                for name, others in (
                    ("inventory", "inventories"),
                    ("project", "projects"),
                    ("credential", "credentials"),
                ):
                    if one.get(name) is not None:
                        assert one[name] in [other["id"] for other in awx.of(others, organization).values()]
    assert [run.rc for run in (payments.check, payments.other_check)] == [0, 0]
    assert " changed=0 " in payments.check.stdout
    assert " changed=0 " in payments.other_check.stdout
    images = [one["name"] for one in awx.named("execution_environments").values()]
    assert images == ["Commvault backups (Payments)"]


def test_nothing_was_refused_but_what_the_tests_broke(payments: Payments) -> None:
    assert [status for _path, status in payments.awx.refused()] == [503]
    assert [run.warnings for run in (payments.done, payments.check)] == [[], []]


def test_secrets_of_notifications_are_kept_and_shown_nowhere(payments: Payments) -> None:
    chat = payments.awx.of("notification_templates", "Payments")["DBA channel"]
    assert chat["notification_configuration"]["token"] == rules.ENCRYPTED
    assert not any(core(CHAT_SECRET) in run.output for run in payments.runs)


def test_teams_may_do_what_they_were_given_and_read_why_it_failed(payments: Payments) -> None:
    awx = payments.awx
    assert awx.of("teams", "Payments").keys() == {"Database administrators", "Auditors"}
    both, one = ["Database administrators", "Auditors"], ["Database administrators"]
    for name, template in awx.of("job_templates", "Payments").items():
        assert awx.holders("job_templates", template, "read") == both
        # What needs approval is launched by its workflow.
        assert awx.holders("job_templates", template, "execute") == ([] if "kill" in name else one)
    for workflow in awx.of("workflow_job_templates", "Payments").values():
        assert awx.holders("workflow_job_templates", workflow, "read") == both
        assert awx.holders("workflow_job_templates", workflow, "execute") == one
        assert awx.holders("workflow_job_templates", workflow, "approval") == one
    for kind in ("inventories", "projects"):
        for owned in awx.of(kind, "Payments").values():
            assert awx.holders(kind, owned, "read") == both


def test_a_killing_that_needs_approval_is_offered_nowhere_else(payments: Payments) -> None:
    awx = payments.awx
    for kind in ("job_templates", "workflow_job_templates"):
        for template in awx.of(kind, "Payments").values():
            for question in awx.survey(kind, template)["spec"]:
                assert "kill" not in question.get("choices", [])
    approval = awx.of("workflow_job_templates", "Payments")["Commvault: kill jobs, after approval"]
    linked = awx.linked("workflow_job_templates", approval, "notification_templates_approvals")
    assert sorted(linked) == ["DBA channel", "Ticket hook"]


def test_labels_groups_images_and_questions_are_those_of_the_file(payments: Payments) -> None:
    awx = payments.awx
    image = awx.named("execution_environments")["Commvault backups (Payments)"]
    for name, template in awx.of("job_templates", "Payments").items():
        assert awx.linked("job_templates", template, "labels") == ["commvault"]
        assert awx.linked("job_templates", template, "instance_groups") == ["default"]
        assert template["execution_environment"] == image["id"]
        assert template["ask_credential_on_launch"] is True
        needs_hosts = name in ("Commvault: back up and wait", "Commvault: start backups", "Commvault: check protection")
        assert template["ask_inventory_on_launch"] is needs_hosts
        report = json.loads(template["extra_vars"]).get("oracle_rds_export_backup_report_path")
        writes = name in ("Commvault: back up and wait", "Commvault: wait for jobs", "Commvault: check protection")
        # AWX fills in the number of the job: nodes of a workflow and slices have files of their own.
        files = ["/reports/commvault-{{ awx_job_id }}.html", "/reports/commvault-{{ awx_job_id }}.json"]
        assert report == (",".join(files) if writes else None)


# --- What is refused before anything is changed -----------------------------------------------------------------------


def test_without_credentials_it_says_which_variables_to_set(tmp_path: Path, collections_path: str) -> None:
    with Awx(playbooks=playbooks(), galaxy=True) as awx:
        run = set_up(awx, tmp_path, collections_path, {"COMMVAULT_URL": "https://commandcenter.example.com"})
        assert run.rc == 2
        assert "Set the environment variables COMMVAULT_URL, and COMMVAULT_USERNAME" in said(run)
        assert awx.writes() == []


WRONG = {
    "commvault_awx_report_path": "/var/reports/a.html",
    "commvault_awx_report_directory": "/var/reports",
    "commvault_awx_instance_groups": ["nowhere"],
    "commvault_awx_roles": [{"team": "DBA", "roles": ["launch"]}],
    "commvault_awx_notifications": [
        {"name": "mail", "type": "email", "configuration": {"host": "mail"}, "events": ["error"], "templates": ["all"]}
    ],
    "commvault_awx_schedules": [
        {"name": "a", "rrule": "DTSTART;TZID=Europe/Berlin:20260101T010000 RRULE:FREQ=DAILY"},
        {"name": "b", "rrule": "DTSTART:20260101T010000 RRULE:FREQ=DAILY;INTERVAL=1"},
        {"name": "c", "rrule": "DTSTART;TZID=Europe/Berlin:20260101T010000Z RRULE:FREQ=DAILY;INTERVAL=1"},
        {"name": "d", "rrule": "DTSTART;TZID=Mars/Base:20260101T010000 RRULE:FREQ=SECONDLY;INTERVAL=1;COUNT=1000"},
        {
            "name": "e",
            "rrule": "DTSTART:20260101T010000Z RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1SA;COUNT=2;UNTIL=20270101T000000Z",
            "answers": {
                "oracle_rds_export_backup_preflight": True,
                "oracle_rds_export_backup_backup_level": "ful",
                "oracle_rds_export_backup_max_age": "12h",
                "oracle_rds_export_backup_wait_timeout": 12,
            },
        },
        {"name": "f", "rrule": "DTSTART:20260101T010000Z EXDATE:20260102T010000Z", "template": "night"},
    ],
}
SAYS = [
    "No such variable: commvault_awx_report_path.",
    "AWX does not show /var/reports to its jobs",
    "AWX_MOUNT_ISOLATED_PATHS_ON_K8S",
    "No such instance group, or you may not see it: nowhere.",
    "no role launch; they are execute, read, approve.",
    "Notification mail has no sender.",
    "Notification mail has no recipients.",
    "Notification mail: no event error; they are failure and success.",
    "Notification mail: no template all; they are export_backup",
    "Schedule a: RRULE needs INTERVAL",
    "Schedule b: DTSTART needs a time zone",
    "Schedule c: DTSTART has TZID and the Z of UTC",
    "Schedule d: AWX does not know the time zone Mars/Base.",
    "Schedule d: FREQ must be MINUTELY",
    "Schedule d: COUNT can be 999 at most.",
    "Schedule e: AWX does not take a number in BYDAY",
    "Schedule e: RRULE can have COUNT or UNTIL, not both.",
    'Schedule e: oracle_rds_export_backup_preflight must be a string: "true".',
    "Schedule e: oracle_rds_export_backup_backup_level must be one of incremental, full.",
    'Schedule e: no question of "back up, wait, try again" asks for oracle_rds_export_backup_max_age.',
    'Schedule e: oracle_rds_export_backup_wait_timeout must be a string: "12".',
    "Schedule f: rrule needs an RRULE",
    "Schedule f: AWX does not take EXDATE and RDATE.",
    "Schedule f: template must be one of export_backup",
]


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path, collections_path: str) -> None:
    with Awx(kubernetes=True, settings={**STOCK_SETTINGS, "AWX_MOUNT_ISOLATED_PATHS_ON_K8S": False}) as awx:
        wrong = {**WRONG, "commvault_awx_instance_groups": ["nowhere", "default"]}
        run = set_up(awx, tmp_path, collections_path, COMMCELL, wrong)
        assert run.rc == 2
        assert [words for words in SAYS if words not in said(run)] == []
        assert awx.writes() == []


def test_the_stand_in_refuses_the_schedules_that_the_set_up_refuses() -> None:
    schedules = WRONG["commvault_awx_schedules"]
    assert isinstance(schedules, list)
    assert [
        rules.schedule_problems(one["rrule"]) for one in schedules if not rules.schedule_problems(one["rrule"])
    ] == []


def test_a_directory_that_awx_shows_to_its_jobs_will_do_for_reports(tmp_path: Path, collections_path: str) -> None:
    """The run ends with a project that cannot be updated in time."""
    shown = {"AWX_ISOLATION_SHOW_PATHS": ["/srv/reports:/reports:rw"], "AWX_MOUNT_ISOLATED_PATHS_ON_K8S": False}
    with Awx(galaxy=True, settings=shown, project_syncs=[Sync(polls=99)]) as awx:
        settings = {"commvault_awx_report_directory": "/reports/night", "commvault_awx_update_timeout": 3}
        run = set_up(awx, tmp_path, collections_path, COMMCELL, settings)
        assert run.rc == 2
        assert "FAILED - RETRYING: [localhost]: Wait for an update of the project Commvault backups" in said(run)
        assert "AWX has not ended the update" in said(run)
        assert "of the project Commvault backups within 3 s (commvault_awx_update_timeout); it is running." in said(run)


def test_a_check_of_a_new_awx_says_what_a_run_would_make(tmp_path: Path, collections_path: str, done: Twice) -> None:
    with Awx(playbooks=playbooks()) as awx:
        run = set_up(awx, tmp_path, collections_path, COMMCELL, done.settings, "--check")
        assert run.rc == 0
        assert awx.writes() == []
    for kind, words in (
        ("credential_types", "credential type"),
        ("credentials", "credential"),
        ("projects", "project"),
        ("inventories", "inventory"),
        ("inventory_sources", "inventory source"),
        ("job_templates", "job template"),
        ("workflow_job_templates", "workflow"),
        ("notification_templates", "notification template"),
        ("schedules", "schedule"),
    ):
        names = [data("credential_type")["name"]] if kind == "credential_types" else list(done.awx.of(kind))
        for name in names:
            assert f"{words} {name}" in said(run)
    assert "organization Default" not in said(run)


@pytest.mark.parametrize("galaxy", [True, False])
def test_a_credential_stays_as_it_is_where_its_secrets_are_not_at_hand(
    galaxy: bool, tmp_path: Path, collections_path: str
) -> None:
    """It would lose them. The run ends with a project that cannot be updated."""
    with Awx(galaxy=galaxy, project_syncs=[Sync("failed", "fatal: no route to host")]) as awx:
        kind = awx.have("credential_types", data("credential_type"))
        known = {"url": "https://old.example.com", "auth_token": SECRET}
        default = awx.named("organizations")["Default"]["id"]
        given = {"name": "Commvault backups", "credential_type": kind["id"], "organization": default, "inputs": known}
        credential = awx.have("credentials", given)
        run = set_up(awx, tmp_path, collections_path, {"COMMVAULT_URL": "https://new.example.com"})
        assert run.rc == 2
        assert "no route to host" in said(run)
        assert awx.inputs(credential) == known


def test_without_awx_awx_it_says_so_and_how_to_get_it(tmp_path: Path, collections_path: str) -> None:
    with Awx() as awx:
        # pip has put awx.awx beside Ansible itself.
        hidden = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
        run = set_up(awx, tmp_path, collections_path, {**COMMCELL, **hidden})
    assert run.rc == 2
    assert "needs the collection awx.awx, which is not installed" in said(run)
    assert awx.calls == []


def test_an_awx_that_refuses_the_token_is_named(tmp_path: Path, collections_path: str) -> None:
    with Awx(prefix="/api/controller/v2/") as awx:
        run = set_up(awx, tmp_path, collections_path, {**COMMCELL, "CONTROLLER_OAUTH_TOKEN": "wrong"})
        assert run.rc == 2
        assert "AWX did not answer as expected" in said(run)
        assert "401" in run.stdout
        assert [call.path for call in awx.calls] == ["/api/controller/v2/ping/"]
        assert awx.writes() == []
