# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST createtask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import contract
from ..commserve import Call, CommServe
from ..estate import Subclient
from ..replies import Reply, error
from ..routes import Route
from ..views import LEVELS

BAD_REQUEST = "Request body is empty or format is invalid"
NO_ELIGIBLE_SUBCLIENTS = "Failed to start backups as no eligible subclients were found. "
LEVEL_NAMES = {1: "full", 2: "incremental", 3: "differential", 4: "synthetic_full", "syntheticfull": "synthetic_full"}


def bad_request(server: CommServe) -> Reply:
    """Return the documented 400: a JSON string, or the bare text where the settings say so."""
    if server.settings.bad_request_style == "bare_text":
        return Reply(status=400, text=BAD_REQUEST, media_type="text/plain; charset=utf-8")
    return Reply(BAD_REQUEST, 400)


def not_eligible() -> Reply:
    """Return the documented 500, with the blank at the end of its message."""
    return error(587207178, NO_ELIGIBLE_SUBCLIENTS, 500)


def conflict(server: CommServe, subclient: Subclient) -> Reply:
    """Return the refusal for a subclient that has an active job."""
    text = (
        f"Another backup is running for client [{subclient.client.name}], iDataAgent [{subclient.instance.app_name}], "
        f"Backup Set [{subclient.backupset_name}], Subclient [{subclient.name}]."
    )
    return error(2, text, server.settings.conflict_status)


def create_task(server: CommServe, call: Call) -> Reply:
    """Check the body against the contract and the estate, and start what can be started."""
    if "json" not in call.headers.get("content-type", "").lower():
        call.entry["contract_errors"] = ["header Content-Type: must be application/json"]
        return bad_request(server)
    body = call.json
    call.entry["contract_errors"] = contract.request_errors(body)
    if call.entry["contract_errors"]:
        return bad_request(server)
    info = body["taskInfo"]
    if str(info["task"].get("taskType", 1)).lower() in ("2", "4", "schedule"):
        task_id = server.jobs.next_task_id()
        call.entry["task_id"] = task_id
        return Reply({"taskId": _typed(task_id, server.settings.task_id_type)})
    options = info["subTasks"][0].get("options", {})
    return submit(server, call, info["associations"], options, body)


def submit(
    server: CommServe, call: Call, associations: list[dict[str, Any]], options: dict[str, Any], body: dict[str, Any]
) -> Reply:
    """Start a backup of each association that can be backed up and answer with the ids."""
    settings = server.settings
    wanted: list[Subclient] = []
    refusals: list[Reply] = []
    taken: set[int] = set()
    for association in associations:
        found = server.estate.resolve(association)
        usable = [subclient for subclient in found if _eligible(server, call, subclient)]
        if not usable:
            refusals.append(not_eligible())
        for subclient in usable:
            busy = subclient.id in taken or bool(server.jobs.active_of(subclient))
            if busy and not settings.queue_conflicting_jobs:
                refusals.append(conflict(server, subclient))
            else:
                taken.add(subclient.id)
                wanted.append(subclient)
    if not wanted or (refusals and settings.mixed_batch == "refuse_all"):
        # A conflict tells more than "not eligible", and is what the vendor words for one subclient.
        return next((reply for reply in refusals if reply.data["errorCode"] == 2), refusals[0])
    task_id = server.jobs.next_task_id()
    level = options.get("backupOpts", {}).get("backupLevel", "INCREMENTAL")
    level = LEVEL_NAMES.get(level.lower() if isinstance(level, str) else level, str(level).lower())
    common = options.get("commonOpts", {})
    job_ids = []
    for subclient in wanted[: settings.start_at_most]:
        job = server.jobs.start(
            subclient,
            task_id,
            steps=server.jobs.steps_for(subclient, settings.waiting_seconds, settings.job_seconds),
            level=level if level in LEVELS else "incremental",
            started_by=call.entry["seq"],
            user=call.user.name if call.user else "",
            description=str(common.get("jobDescription", "")),
            request=body,
            control_seconds=settings.control_seconds,
            start_suspended=bool(common.get("startUpOpts", {}).get("startInSuspendedState")),
            **_gate(server, subclient),
        )
        job_ids.append(job.id)
    call.entry["task_id"] = task_id
    call.entry["job_ids"] = list(job_ids)
    return _submitted(server, task_id, job_ids)


def _submitted(server: CommServe, task_id: int, job_ids: list[int]) -> Reply:
    settings = server.settings
    if settings.job_ids_order == "reversed":
        job_ids = job_ids[::-1]
    elif settings.job_ids_order == "shuffled":
        server.random.shuffle(job_ids)
    data: dict[str, Any] = {
        "taskId": _typed(task_id, settings.task_id_type),
        "jobIds": [_typed(job_id, settings.job_ids_type) for job_id in job_ids],
    }
    if settings.processing_instruction:
        data["processinginstructioninfo"] = {"attributes": []}
    return Reply(data)


def _eligible(server: CommServe, call: Call, subclient: Subclient) -> bool:
    if subclient.plan is None or (call.user is not None and not call.user.sees(subclient.client.name)):
        return False
    enabled = subclient.enabled and server.settings.activity_enabled
    return enabled or server.settings.queue_when_disabled


def _gate(server: CommServe, subclient: Subclient) -> dict[str, Any]:
    """Return what holds a new job in the queue: an active job, disabled activity, a blackout window, or nothing."""
    ahead = server.jobs.active_of(subclient)
    last = ahead[-1] if ahead else None
    settings = server.settings

    def opened(now: float) -> float | None:
        if not (subclient.enabled and server.settings.activity_enabled) or server.settings.blackout:
            return None
        if last is None:
            return now
        ended = last.view(now).ended
        return None if ended is None else ended

    gate: Callable[[float], float | None] | None = opened
    if last is not None:
        reason = f"Another backup job [{last.id}] is running for this subclient."
    elif not (subclient.enabled and settings.activity_enabled):
        reason = "Backup activity is disabled."
    elif settings.blackout:
        reason = "The job is queued because of a blackout window."
    else:
        gate, reason = None, ""
    return {"gate": gate, "gate_reason": reason}


def _typed(number: int, kind: str) -> int | str:
    return str(number) if kind == "str" else number


def subclient_backup(server: CommServe, call: Call) -> Reply:
    """Start a backup of one subclient by its id; the level stands in the query."""
    number = call.params["subclient_id"]
    level = call.query.get("backuplevel", "Incremental")
    options = {"backupOpts": {"backupLevel": level}}
    association = {"subclientId": int(number) if number.isdigit() else -1}
    return submit(server, call, [association], options, {"taskInfo": {"associations": [association]}})


ROUTES = [
    Route("POST", "createtask", "write", create_task),
    Route("POST", "subclient/{subclient_id}/action/backup", "write", subclient_backup),
]
