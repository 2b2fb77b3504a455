# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for programs: JSON."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import typing as t

from .._times import iso_time

if t.TYPE_CHECKING:
    from .model import Report, ReportedJob, Row

# Told apart by whoever reads old files: goes up when a key changes its meaning or goes away, not when one is added.
SCHEMA = 1


def report_json(report: Report) -> str:
    """The report as JSON, with the keys that the guide "Reports of backups" lists."""
    content = {
        "schema": SCHEMA,
        "title": report.title,
        "summary": report.summary(),
        "backups": [{**flat(row), "jobs": [_job(job) for job in row.jobs]} for row in report.rows],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def flat(row: Row) -> dict[str, t.Any]:
    """A backup as one level of keys. What it says of a job is said of the one that decided."""
    job = row.job
    return {
        "id": row.id,
        "client_name": row.client_name,
        "instance_name": row.instance_name,
        "subclient_name": row.subclient_name,
        "result": row.result,
        "verdict": row.verdict,
        "state": row.state,
        "task_id": row.task_id,
        "job_ids": list(row.job_ids),
        "candidates": list(row.candidates),
        "status": job.status,
        "backup_level": job.backup_level,
        "percent_complete": job.percent_complete,
        "start_time": iso_time(job.start_time),
        "end_time": iso_time(job.end_time),
        "elapsed_seconds": job.elapsed_seconds,
        "application_size": job.application_size,
        "media_size": job.media_size,
        "job_url": job.job_url,
        "cause": row.cause,
        "hint": job.hint,
        "msg": row.msg,
    }


def _job(job: ReportedJob) -> dict[str, t.Any]:
    return {
        "job_id": job.job_id,
        "result": job.result,
        "status": job.status,
        "start_time": iso_time(job.start_time),
        "end_time": iso_time(job.end_time),
        "elapsed_seconds": job.elapsed_seconds,
        "application_size": job.application_size,
        "media_size": job.media_size,
        "job_url": job.job_url,
    }
