# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of a job listing as a CommCell sends them."""

from __future__ import annotations

import typing as t


def job_summary(job_id: int, status: str = "Running", **more: t.Any) -> dict[str, t.Any]:
    """A jobSummary with what is nearly always there; more: further fields, or others in place of these."""
    row = {
        "jobId": job_id,
        "status": status,
        "isVisible": True,
        "jobStartTime": 1767225600,
        "jobEndTime": 0,
        "percentComplete": 0,
        "backupLevelName": "Full",
        "jobType": "Backup",
        "subclient": {
            "clientName": "aws-prod",
            "instanceName": "orders",
            "subclientName": "default",
            "applicationId": 22,
            "clientId": 11,
        },
    }
    return {**row, **more}


def ended_job(
    job_id: int, instance: str, *, status: str = "Completed", subclient_id: int = 0, end: int = 5000
) -> dict[str, t.Any]:
    """The jobSummary of a backup of an instance that ended, in epoch seconds."""
    row = job_summary(job_id, status, jobStartTime=4000, jobEndTime=end)
    row["subclient"] = {**row["subclient"], "instanceName": instance, "subclientId": subclient_id}
    return row


def listing(*rows: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    """The answer that holds these rows; more: fields beside them."""
    return {"totalRecordsWithoutPaging": len(rows), "jobs": [{"jobSummary": row} for row in rows], **more}
