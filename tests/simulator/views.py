# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs look in the vendor's answers."""

from __future__ import annotations

from typing import Any

from .jobs import Job, View

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


def job_details(job: Job, now: float) -> dict[str, Any]:
    """Return the answer of JobDetails: sizes are strings there, and -999 stands for what is not known (yet)."""
    view = job.view(now)
    subclient, instance, client = job.subclient, job.subclient.instance, job.subclient.client
    size = size_of(job, view.percent)
    over = view.ended is not None
    begun = job.created if job.begun is None else job.begun
    return {
        "job": {
            "jobDetail": {
                "generalInfo": {
                    "jobId": job.id,
                    "backupType": LEVELS[job.level][1],
                    "jobStartedFrom": "Scheduled" if job.user == "scheduler" else "Interactive",
                    "jobStartedBy": job.user,
                    "startTime": int(job.created),
                    "priority": 166,
                    "totalNumOfFiles": 0,
                    "operationType": "Backup",
                    "softwareCompression": "On",
                    "systemState": 0,
                    "taskData": {"taskId": job.task_id, "subtaskId": job.task_id + 1, "taskName": ""},
                    "subclient": {
                        "clientName": client.name,
                        "displayName": client.display_name,
                        "instanceName": instance.name,
                        "backupsetName": subclient.backupset_name,
                        "backupsetId": subclient.backupset_id,
                        "instanceId": instance.id,
                        "subclientId": subclient.id,
                        "clientId": client.id,
                        "appName": instance.app_name,
                        "applicationId": instance.application_id,
                        "subclientName": subclient.name,
                    },
                    "destinationClient": {"clientName": client.name},
                },
                "detailInfo": {
                    "sizeOfApplication": str(size),
                    "transferTime": str(int((view.ended or now) - begun)),
                    "dataWritten": str(size // 3),
                    "dataXferedNetwork": str(size // 3),
                    "savingsPercent": "66.67" if over else "-999",
                    "throughPut": "120.50" if over else "-999",
                    "unCompressedBytes": size if over else -999,
                    "compressedBytes": size // 3 if over else -999,
                    "sizeOfMediaOnDisk": size // 3,
                    "numOfObjects": 1 if over else -999,
                    "skippedItems": 0,
                    "startTime": int(job.created),
                    "endTime": int(view.ended) if view.ended is not None else -999,
                },
                "progressInfo": {
                    "state": view.status,
                    "reasonForJobDelay": view.reason,
                    "percentComplete": round(view.percent),
                    "numOfFilesTransferred": "0",
                },
                "attemptsInfo": _attempts(job, view),
                "clientStatusInfo": {"vmStatus": []},
            }
        }
    }


def _attempts(job: Job, view: View) -> dict[str, Any]:
    begun = job.created if job.begun is None else job.begun
    return {
        "attempts": [
            {
                "phaseName": view.phase or "Database Backup",
                "status": view.status,
                "startTime": int(begun),
                "endTime": int(view.ended or 0),
                "delayReason": view.reason,
            }
        ]
    }


def job_events(job: Job, now: float, commcell_name: str) -> list[dict[str, Any]]:
    """Return the events of a job so far, the newest first: its start, each state that gave a reason, its end."""
    view = job.view(now)
    found: list[tuple[float, int, int, str]] = [(job.created, 3, 857, f"Backup job [{job.id}] has started.")]
    begun = job.created if job.begun is None else job.begun
    moment = begun
    for step in job.steps:
        if moment > now or (view.ended is not None and moment > view.ended):
            break
        if step.reason:
            found.append((moment, 6 if step.ends or step.state.lower() == "pending" else 3, 1916, step.reason))
        moment += step.seconds
    if view.ended is not None:
        found.append((view.ended, 3, 857, f"Job [{job.id}] has ended with the status [{view.status}]."))
    client = job.subclient.client
    return [
        {
            "severity": severity,
            "eventCode": str((19 << 24) + number),
            "eventCodeString": f"19:{number}",
            "jobId": job.id,
            "subsystem": "JobManager",
            "description": description,
            "id": job.id * 10 + index,
            "timeSource": int(moment),
            "acknowledge": 0,
            "type": 0,
            "clientEntity": {"clientId": client.id, "clientName": client.name, "commCellName": commcell_name},
        }
        for index, (moment, severity, number, description) in reversed(list(enumerate(found)))
    ]
