# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs look in the vendor's answers."""

from __future__ import annotations

from typing import Any

from simulator.jobs import Job

LEVELS = {
    "full": (1, "Full"),
    "incremental": (2, "Incremental"),
    "differential": (3, "Differential"),
    "synthetic_full": (4, "Synthetic Full"),
}


def size_of(job: Job, percent: float) -> int:
    """Return the bytes a job has read so far: some gigabytes that depend on the subclient alone."""
    return int((job.subclient.id * 7919 % 97 + 3) * 1_073_741_824 * percent / 100)


def job_summary(job: Job, now: float, commcell_name: str, commcell_id: int) -> dict[str, Any]:
    """Return the ``jobSummary`` of a job, with the types that live servers send."""
    view = job.view(now)
    subclient, instance, client = job.subclient, job.subclient.instance, job.subclient.client
    level_id, level_name = LEVELS[job.level]
    begun = job.created if job.begun is None else job.begun
    ended = int(view.ended) if view.ended is not None else 0
    size = size_of(job, view.percent)
    summary: dict[str, Any] = {
        "sizeOfApplication": size,
        "vsaParentJobID": 0,
        "commcellId": commcell_id,
        "backupSetName": subclient.backupset_name,
        "opType": 4,
        "totalFailedFolders": 0,
        "totalFailedFiles": 0,
        "alertColorLevel": 0,
        "jobAttributes": 288232025419153408,
        "jobAttributesEx": 67108864,
        "isVisible": True,
        "localizedStatus": view.status,
        "isAged": False,
        "totalNumOfFiles": 0,
        "jobId": job.id,
        "jobSubmitErrorCode": 0,
        "sizeOfMediaOnDisk": size // 3,
        "currentPhase": 4 if view.phase else 0,
        "status": view.status,
        "lastUpdateTime": ended or int(now),
        "percentSavings": 66.67 if size else 0,
        "localizedOperationName": "Backup",
        "statusColor": "black",
        "pendingReason": view.reason,
        "errorType": 0,
        "backupLevel": level_id,
        "jobElapsedTime": int((view.ended or now) - begun),
        "jobStartTime": int(job.created),
        "currentPhaseName": view.phase,
        "jobType": "Backup",
        "isPreemptable": 0,
        "backupLevelName": level_name,
        "attemptStartTime": 0,
        "pendingReasonErrorCode": view.code,
        "appTypeName": instance.app_name,
        "percentComplete": round(view.percent),
        "averageThroughput": 120.5,
        "localizedBackupLevelName": level_name,
        "currentThroughput": 118.25 if view.active and view.phase else 0,
        "subclientName": subclient.name,
        "destClientName": client.name,
        "jobEndTime": ended,
        "dataSource": {"dataSourceId": 0},
        "subclient": {
            "clientName": client.name,
            "instanceName": instance.name,
            "backupsetId": subclient.backupset_id,
            "commCellName": commcell_name,
            "instanceId": instance.id,
            "subclientId": subclient.id,
            "clientId": client.id,
            "appName": instance.app_name,
            "backupsetName": subclient.backupset_name,
            "applicationId": instance.application_id,
            "subclientName": subclient.name,
        },
        "storagePolicy": {"storagePolicyName": subclient.plan or "", "storagePolicyId": 1},
        "destinationClient": {"clientId": client.id, "clientName": client.name, "displayName": client.display_name},
        "userName": {"userName": job.user, "userId": 1},
        "clientGroups": [{"_type_": 28, "clientGroupId": 1, "clientGroupName": client.company}],
    }
    return summary
