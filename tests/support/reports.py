# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and jobs as the modules return them, for tests of reports."""

from __future__ import annotations

import typing as t

MIDNIGHT = 1767225600  # 2026-01-01T00:00:00Z
PAGE = "https://commandcenter.example.com/commandcenter/#/jobs/"
GB = 1024**3


def job(job_id: int | str = 148886, outcome: str | None = "succeeded", **values: t.Any) -> dict[str, t.Any]:
    """A job as job_wait returns it, of one hour; outcome None: as job_info or a backup has it."""
    ended = {
        "succeeded": ("ok", "Completed"),
        "failed": ("failed", "Failed"),
        "missing": (None, None),
    }.get(outcome or "succeeded", ("active", "Running"))
    active = ended[0] == "active"
    entry: dict[str, t.Any] = {
        "job_id": str(job_id),
        "found": outcome != "missing",
        "state": ended[0],
        "status": ended[1],
        "percent_complete": 40 if active else 100,
        "phase": "Database Backup",
        "reason": None,
        "backup_level": "Full",
        "start_time": MIDNIGHT,
        "end_time": None if active else MIDNIGHT + 3600,
        "elapsed_seconds": 3600,
        "application_size": 82 * GB,
        "media_size": 27 * GB,
    }
    if outcome == "missing":
        entry.update({name: None for name in entry if name not in ("job_id", "found")})
    if outcome is not None:
        entry.update(job_url=f"{PAGE}{job_id}", delay_reason=None, events=[], hint=None, outcome=outcome)
    return {**entry, **values}


def backup(name: str = "orders", state: str = "started", **values: t.Any) -> dict[str, t.Any]:
    """A backup as oracle_rds_export_backup returns it; its job is job 148886 unless it says otherwise."""
    with_job = state in ("started", "adopted", "recent")
    entry: dict[str, t.Any] = {
        "id": name,
        "client_name": "aws-prod",
        "instance_name": name,
        "subclient_name": "default",
        "state": state,
        "task_id": 9920 if state == "started" else None,
        "job_ids": ["148886"] if with_job else [],
        "candidates": [],
        "job": None,
        "retry_at": None,
        "expected_end": None,
        "attempts": [],
        "not_verified": [],
        "age_seconds": None,
        "job_url": f"{PAGE}148886" if with_job else None,
        "msg": f"What became of {name}.",
        "failure": None,
        "changed": False,
        "own": with_job,
        "duplicate_of": None,
    }
    if isinstance(values.get("job"), dict):
        entry["job_ids"] = [values["job"]["job_id"]]
        entry["job_url"] = f"{PAGE}{values['job']['job_id']}"
    return {**entry, **values}


def hostile(*texts: str) -> list[dict[str, t.Any]]:
    """Two backups for each text, one of them with a job, in which it stands wherever a text can."""
    backups = []
    for number, text in enumerate(texts, 1):
        own = job(number, "failed", reason=text, hint=text, status=text, backup_level=text, job_url=text)
        names: dict[str, t.Any] = dict.fromkeys(("id", "client_name", "instance_name", "subclient_name", "msg"), text)
        backups += [backup(**{**names, "job": own}), backup(**{**names, "state": "unknown", "candidates": [text]})]
    return backups


NIGHT_NAMES = (
    "orders",
    "billing",
    "hr",
    "payroll",
    "crm",
    "ledger",
    "stock",
    "claims",
    "audit",
    "search",
    "web",
    "mail",
)


def night(size: int) -> list[dict[str, t.Any]]:
    """The backups of a night, of which every result is seen a few times. The same for the same size."""
    backups = []
    for number in range(size):
        name = NIGHT_NAMES[number % 12] + (f"-{number // 12:03d}" if size > 12 else "")
        start = MIDNIGHT + number * 9000 // max(size, 12) + number * 37 % 600
        took = 900 + number * 7919 % 7200
        values: dict[str, t.Any] = {
            "start_time": start,
            "end_time": start + took,
            "elapsed_seconds": took,
            "application_size": (5 + number * 31 % 400) * GB,
            "media_size": (2 + number * 31 % 130) * GB,
        }
        case = _CASES.get(number if size <= 12 else number % 79, {})
        state = case.get("state", "started")
        refused = state in ("refused", "unknown", "not_submitted")
        own: dict[str, t.Any] = {"task_id": 9920 + number, "msg": case.get("msg", f"Started the backup of {name}.")}
        if not refused:
            own["job"] = job(148886 + number, case.get("outcome", "succeeded"), **{**values, **case.get("job", {})})
        if refused:
            own.update(task_id=None, candidates=case.get("candidates", []))
        backups.append(backup(name, state, id=f"{name}.example.com", **own))
    return backups


_CASES: dict[int, dict[str, t.Any]] = {
    1: {
        "outcome": "failed",
        "job": {
            "reason": "The AWS task of the snapshot export failed: the KMS key is pending deletion.",
            "hint": "Enable the key again, or give the plan another one.",
        },
    },
    3: {"job": {"state": "warnings", "status": "Completed w/ one or more warnings", "reason": "One file was skipped."}},
    4: {
        "state": "refused",
        "msg": "No backup of instance 'crm' of client 'aws-prod' (subclient 'default') was started: Failed to start"
        " backups as no eligible subclients were found.",
    },
    6: {"outcome": "timed_out", "job": {"end_time": None}},
    7: {
        "state": "unknown",
        "candidates": ["148901", "148902"],
        "msg": "Whether a backup was started is not known: no answer within 60 seconds. Each of these jobs may be it.",
    },
    9: {"state": "adopted"},
    10: {"outcome": "stuck", "job": {"end_time": None, "status": "Pending", "reason": "No resources available."}},
    40: {"outcome": "missing"},
}
