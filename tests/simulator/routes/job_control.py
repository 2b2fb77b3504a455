# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: suspending, resuming, killing and resubmitting them."""

from __future__ import annotations

from typing import Any

from ..commserve import Call, CommServe
from ..jobs import Job
from ..replies import Reply
from ..routes import Route
from ..routes.createtask import NO_ELIGIBLE_SUBCLIENTS, submit
from ..routes.jobs import find

#: Names of MultiJobOperation's operationType; of its numbers only 0 is known (Commvault/commvault-mcp-server).
OPERATIONS = {"0": "pause", "job_suspend": "pause", "job_resume": "resume", "job_kill": "kill"}


def _refused(server: CommServe, message: str, code: int = 2) -> Reply:
    """Return the refusal of an action: HTTP 200 with one of the two known envelopes."""
    if server.settings.action_error == "top_level":
        return Reply({"errorCode": code, "errorMessage": message})
    return Reply({"errors": [{"errList": [{"errorCode": code, "errLogMessage": message}]}]})


def _apply(server: CommServe, job: Job, action: str) -> str | None:
    """Do it, and return why it was impossible, or None."""
    now = server.clock.now()
    before = job.view(now)
    done = {"pause": job.suspend, "resume": job.resume, "kill": job.kill}[action](now)
    return None if done else f"The operation is not possible: job [{job.id}] is in the state [{before.status}]."


def _act(server: CommServe, call: Call, action: str) -> Reply:
    job = find(server, call, call.params["job_id"])
    if job is None:
        return _refused(server, f"Job [{call.params['job_id']}] does not exist.")
    problem = _apply(server, job, action)
    return Reply({}) if problem is None else _refused(server, problem)


def pause(server: CommServe, call: Call) -> Reply:
    """Suspend a job."""
    return _act(server, call, "pause")


def resume(server: CommServe, call: Call) -> Reply:
    """Resume a job."""
    return _act(server, call, "resume")


def kill(server: CommServe, call: Call) -> Reply:
    """Kill a job."""
    return _act(server, call, "kill")


def resubmit(server: CommServe, call: Call) -> Reply:
    """Start a finished job again, as a new job."""
    job = find(server, call, call.params["job_id"])
    if job is None:
        return _refused(server, f"Job [{call.params['job_id']}] does not exist.")
    if job.view(server.clock.now()).active:
        return _refused(server, f"Job [{job.id}] is still running.")
    options: dict[str, Any] = {"backupOpts": {"backupLevel": job.level}}
    if call.query.get("startinsuspendedstate", "").lower() == "true":
        options["commonOpts"] = {"startUpOpts": {"startInSuspendedState": True}}
    association = {"subclientId": job.subclient.id}
    reply = submit(server, call, [association], options, {"taskInfo": {"associations": [association]}})
    if reply.status != 200 or "jobIds" not in reply.data:
        return _refused(server, reply.data.get("errorMessage", NO_ELIGIBLE_SUBCLIENTS), reply.data.get("errorCode", 2))
    return reply


def many(server: CommServe, call: Call) -> Reply:
    """POST Jobs/MultiJobOperation: one operation for several jobs."""
    body = call.json if isinstance(call.json, dict) else {}
    request = body.get("jobOpReq") or {}
    action = OPERATIONS.get(str(request.get("operationType")).lower())
    rows = [row for row in request.get("jobs") or [] if isinstance(row, dict)]
    if action is None or not rows:
        return Reply({"error": {"errorCode": 2, "errLogMessage": "Invalid operation request."}})
    problems = []
    for row in rows:
        job = find(server, call, row.get("jobId"))
        problem = f"Job [{row.get('jobId')}] does not exist." if job is None else _apply(server, job, action)
        if problem:
            problems.append(problem)
    if problems:
        return Reply({"error": {"errorCode": 2, "errLogMessage": " ".join(problems)}})
    return Reply({"error": {"errorCode": 0}})


ROUTES = [
    Route("POST", "job/{job_id}/action/pause", "write", pause),
    Route("POST", "job/{job_id}/action/resume", "write", resume),
    Route("POST", "job/{job_id}/action/kill", "write", kill),
    Route("POST", "job/{job_id}/action/resubmit", "write", resubmit),
    Route("POST", "jobs/multijoboperation", "write", many),
]
