# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The texts of notifications, as AWX accepts and renders them. The test of a night has those of a real job."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.awx.notifications import render

from .conftest import data

TEXTS: dict[str, dict[str, str]] = data("notifications")
DENIED = "Failed. ORA-01017: invalid username/password; logon denied"
URL = "https://awx.example.com/#/jobs/playbook/42"


def failed(number: int, cause: str = DENIED, name: str = "db") -> list[dict[str, t.Any]]:
    """What an artifact says of databases, of which it names a hundred."""
    return [
        {"id": f"{name}{index}", "result": "failed", "cause": cause, "job_ids": [str(148000 + index)]}
        for index in range(min(number, 100))
    ]


def job(
    bad: int, backups: int, *, status: str = "failed", playbook: str = "export_backup.yml", **more: t.Any
) -> dict[str, t.Any]:
    """A job as AWX shows it."""
    counts = {"backups": backups, "succeeded": backups - bad, "failed": bad, "open": 0, "results": {}}
    artifact = {"task_ids": [], "job_ids": [], "counts": counts, "failed": failed(bad), **more}
    return {
        "type": "job",
        "id": 42,
        "name": "Commvault: back up and wait",
        "playbook": f"playbooks/{playbook}",
        "status": status,
        "failed": status == "failed",
        "job_explanation": "",
        "artifacts": {"oracle_rds_export_backup_artifact": artifact},
    }


def check(late: int, databases: int) -> dict[str, t.Any]:
    """A job that checked which databases are protected, with what it hands on of at most a hundred that are not."""
    found = {"state": "never", "protected": False, "msg": "It has no good backup in 7 days. Start a backup."}
    artifact = {
        "counts": {"databases": databases, "protected": databases - late, "failed": late},
        "failed": [{"id": f"db{index}", "found": found} for index in range(min(late, 100))],
        "message": "",
    }
    told = {**job(0, 0, status="failed" if late else "successful"), "playbook": "playbooks/protection_report.yml"}
    return {
        **told,
        "name": "Commvault: check protection",
        "artifacts": {"oracle_rds_export_backup_protection_artifact": artifact},
    }


def messages(kind: str) -> dict[str, dict[str, str]]:
    return {"error": TEXTS[kind], "success": TEXTS[kind]}


@pytest.mark.parametrize("kind", TEXTS)
def test_awx_accepts_the_texts(kind: str) -> None:
    assert rules.message_problems(messages(kind)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            {"message": "{{ job.artifacts.oracle_rds_export_backup_artifact.counts }}"},
            "oracle_rds_export_backup_artifact",
        ),
        ({"message": "{{ job.extra_vars }}"}, "extra_vars"),
        ({"message": "a\nb"}, "line break"),
        ({"message": "{% for %}"}, "message"),
        ({"body": "{{ ''.__class__.__mro__ }}"}, "unsafe"),
        ({"subject": "x"}, "subject"),
    ],
)
def test_awx_refuses_texts(text: dict[str, str], problem: str) -> None:
    assert problem in " ".join(rules.message_problems({"error": text}))


def test_a_mail_names_databases_causes_jobs_and_what_to_do() -> None:
    mail = render(messages("email"), "error", job(2, 40))
    assert mail.subject == "2 of 40 backups failed: db0, db1 (Job 42)"
    assert mail.body.splitlines() == [
        "Of 40 backups, 38 succeeded, 2 failed, 0 are still running.",
        "",
        "db0: failed (Commvault job 148000)",
        f"  {DENIED}",
        "",
        "db1: failed (Commvault job 148001)",
        f"  {DENIED}",
        "",
        f"Job 42, Commvault: back up and wait: {URL}",
        "To back up only these again: open the job and relaunch it on failed hosts.",
    ]


@pytest.mark.parametrize(("result", "words"), [("timed_out", "still running"), ("stuck", "stuck")])
def test_a_mail_says_of_a_backup_that_was_not_seen_to_end_that_it_goes_on(result: str, words: str) -> None:
    told = job(2, 3, failed=[*failed(1), {**failed(2)[1], "result": result}])
    told["artifacts"]["oracle_rds_export_backup_artifact"]["counts"]["results"] = {"failed": 1, result: 1}
    mail = render(messages("email"), "error", told)
    assert mail.subject == "1 of 3 backups failed, 1 still running: db0, db1 (Job 42)"
    lines = mail.body.splitlines()
    assert lines[0] == "Of 3 backups, 1 succeeded, 1 failed, 1 are still running."
    assert f"db1: {words} (Commvault job 148001)" in lines


@pytest.mark.parametrize("kind", ["email", "slack", "generic"])
def test_backups_that_only_took_too_long_are_not_said_to_have_failed(kind: str) -> None:
    told = job(2, 3, failed=[{**one, "result": "timed_out", "cause": "Running"} for one in failed(2)])
    told["artifacts"]["oracle_rds_export_backup_artifact"]["counts"]["results"] = {"timed_out": 2}
    subject = render(messages(kind), "error", told).subject
    assert "2 of 3 backups are still running" in subject
    assert "failed" not in subject.partition("relaunch")[0]


def test_jobs_without_databases_as_hosts_are_not_to_be_relaunched_on_failed_hosts() -> None:
    waiting = job(1, 3, playbook="wait_and_report.yml")
    assert "relaunch" not in render(messages("email"), "error", waiting).body
    assert "relaunch" not in render(messages("slack"), "error", waiting).subject


def test_a_chat_has_a_line_for_each_database_and_nothing_that_it_takes_for_a_command() -> None:
    told = job(1, 3, failed=failed(1, cause="<!channel> & more"))
    assert render(messages("slack"), "error", told).subject.splitlines() == [
        "*1 of 3 backups failed*",
        "- *db0* (job 148000): (!channel) & more",
        f"<{URL}|Job 42>: relaunch it on failed hosts to back up only these",
    ]


def test_a_webhook_gets_a_json_object() -> None:
    body = json.loads(render(messages("webhook"), "error", job(30, 40, failed=failed(30, cause='"</script>'))).body)
    assert body["job"] == {
        "id": 42,
        "name": "Commvault: back up and wait",
        "status": "failed",
        "explanation": "",
        "url": URL,
    }
    assert body["counts"]["failed"] == 30
    assert [one["id"] for one in body["failed"]] == [f"db{index}" for index in range(20)]
    assert body["failed"][0]["cause"] == '"</script>'
    assert body["not_listed"] == 10


def test_other_types_get_one_line() -> None:
    text = render(messages("generic"), "error", job(7, 9)).subject
    assert "\n" not in text
    assert text.startswith(f"7 of 9 backups failed: db0 ({DENIED}), ")
    assert text.endswith(f"db4 ({DENIED}) and 2 more. Job 42: {URL}")


@pytest.mark.parametrize("kind", TEXTS)
def test_a_check_names_the_databases_that_are_not_protected(kind: str) -> None:
    sent = render(messages(kind), "error", check(2, 9))
    if kind == "webhook":
        body = json.loads(sent.body)
        assert body["counts"] == {"databases": 9, "protected": 7, "failed": 2}
        assert [one["id"] for one in body["failed"]] == ["db0", "db1"]
        return
    assert "2 of 9 databases are not protected" in sent.subject
    assert "db0" in sent.subject
    assert "It has no good backup in 7 days." in (sent.body if kind == "email" else sent.subject)
    assert "relaunch" not in sent.subject + sent.body
    good = render(messages(kind), "success", check(0, 9)).subject
    assert good.startswith("9 of 9 databases are protected")


def test_a_mail_about_protection_has_a_reason_for_each_database() -> None:
    mail = render(messages("email"), "error", check(21, 40))
    assert mail.subject == "21 of 40 databases are not protected: db0, db1, db2, db3, db4 and 16 more (Job 42)"
    lines = mail.body.splitlines()
    assert lines[:5] == [
        "Of 40 databases, 19 are protected, 21 are not.",
        "",
        "db0: never",
        "  It has no good backup in 7 days. Start a backup.",
        "",
    ]
    assert lines[-3:] == ["... and 1 more.", "", f"Job 42, Commvault: check protection: {URL}"]


@pytest.mark.parametrize(
    ("status", "explanation"),
    [("canceled", ""), ("failed", "Job terminated due to timeout"), ("error", "Failed to JSON parse a line")],
)
def test_the_mail_of_a_job_that_was_ended_says_where_the_ids_are(status: str, explanation: str) -> None:
    told = {**job(0, 0, status=status), "artifacts": {}, "job_explanation": explanation}
    assert "its output has their job ids" in render(messages("email"), "error", told).body
    other = {**told, "status": "failed", "job_explanation": "Previous Task Failed: inventory_update 7"}
    assert "its output" not in render(messages("email"), "error", other).body


@pytest.mark.parametrize("kind", TEXTS)
def test_success_is_said_in_a_line(kind: str) -> None:
    sent = render(messages(kind), "success", job(0, 40, status="successful"))
    if kind == "webhook":
        assert json.loads(sent.body)["failed"] == []
    else:
        assert sent.subject.startswith("40 of 40 backups succeeded")


@pytest.mark.parametrize("kind", TEXTS)
def test_a_job_that_failed_although_all_backups_succeeded_says_both(kind: str) -> None:
    """As with a report that could not be written."""
    sent = render(messages(kind), "error", job(0, 40))
    assert "Commvault: back up and wait" in sent.subject + sent.body
    assert "failed" in sent.subject + sent.body


@pytest.mark.parametrize("kind", TEXTS)
def test_a_job_without_a_result_says_what_awx_says_of_it(kind: str) -> None:
    """One that was ended, or whose inventory could not be read."""
    told = {**job(0, 0), "artifacts": {}, "job_explanation": "Previous Task Failed: inventory_update 7"}
    sent = render(messages(kind), "error", told)
    assert "inventory_update 7" in sent.subject + sent.body
    assert "Commvault: back up and wait" in sent.subject + sent.body


@pytest.mark.parametrize("kind", TEXTS)
def test_a_workflow_has_no_artifacts_and_no_playbook(kind: str) -> None:
    told = {"type": "workflow_job", "id": 41, "name": "Commvault: nightly", "status": "failed", "job_explanation": ""}
    sent = render(messages(kind), "error", told)
    assert "Commvault: nightly" in sent.subject + sent.body
    assert "#/jobs/workflow/41" in sent.subject + sent.body
    assert "no result" not in sent.body


@pytest.mark.parametrize(
    ("kind", "limit"), [("email", 10_000), ("slack", 4_000), ("webhook", 40_000), ("generic", 1_600)]
)
def test_texts_are_bounded(kind: str, limit: int) -> None:
    """Slack cuts what is longer than that, and so do text messages. A webhook has six letters for each quote."""
    many = job(300, 300, failed=failed(300, cause='"' * 200, name="n" * 300))
    sent = render(messages(kind), "error", many)
    assert len(sent.subject + sent.body) <= limit
    assert "280 more" in sent.body or kind != "email"
