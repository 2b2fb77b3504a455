# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: reading them, one by one, listed, in detail, with events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..commserve import Call, CommServe
from ..jobs import Job
from ..replies import Reply, access_denied, error
from ..routes import Route
from ..variants import vary_row
from ..views import job_details, job_events, job_summary

YEAR = 31536000
#: Rows that no user may see carry ids far away from those of real jobs.
HIDDEN_OFFSET = 10_000_000
CATEGORIES = {"0": "all", "1": "active", "2": "finished", "all": "all", "active": "active", "finished": "finished"}


def find(server: CommServe, call: Call, number: Any) -> Job | None:
    """Return the job with this id if the caller may see it by now, else None."""
    job = server.jobs.by_id.get(int(number)) if str(number).isdigit() else None
    return job if job is not None and _visible(server, call, job) else None


def _visible(server: CommServe, call: Call, job: Job) -> bool:
    settings = server.settings
    if server.clock.now() < job.created + settings.visibility_lag:
        return False
    if call.user is not None and not call.user.sees(job.subclient.client.name):
        return False
    own = call.user is not None and job.user == call.user.name
    return own or settings.job_view != "own"


def not_there(server: CommServe) -> Reply:
    """Return the answer for a job that is not there, or not yet: the forms seen from servers differ."""
    style = server.settings.not_visible
    if style == "404":
        return Reply({}, 404)
    if style == "empty":
        return Reply(text="")
    return Reply({} if style == "missing" else {"totalRecordsWithoutPaging": 0})


def _summary(server: CommServe, job: Job) -> dict[str, Any]:
    row = job_summary(job, server.clock.now(), server.estate.commcell_name, server.estate.commcell_id)
    return vary_row(server.settings, row, job)


def get_job(server: CommServe, call: Call) -> Reply:
    """Answer with one job."""
    if server.settings.job_view == "denied":
        return access_denied()
    job = find(server, call, call.params["job_id"])
    if job is None:
        return not_there(server)
    return Reply({"totalRecordsWithoutPaging": 1, "jobs": [{"jobSummary": _summary(server, job)}]})


def _number(*candidates: Any, default: int) -> int:
    """Return the first candidate that is a number, as servers do with headers, queries and bodies alike."""
    for candidate in candidates:
        if candidate is not None and str(candidate).lstrip("-").isdigit():
            return int(candidate)
    return default


def list_jobs(server: CommServe, call: Call) -> Reply:
    """GET Job: filters in the query, ``limit`` and ``offset`` in the headers (or the query)."""
    query = call.query
    types = [one.strip().lower() for one in query.get("jobfilter", "Backup").split(",") if one.strip()]
    wanted = {
        "clientId": query.get("clientid"),
        "subclientId": query.get("subclientid"),
        "backupsetId": query.get("backupsetid"),
    }
    return _listing(
        server,
        call,
        category=CATEGORIES.get(query.get("jobcategory", "All").lower(), "all"),
        lookup=_number(query.get("completedjoblookuptime"), default=YEAR),
        keep=_by_ids(wanted) if not types or "backup" in types else _none,
        limit=_number(query.get("limit"), call.headers.get("limit"), default=100),
        offset=_number(query.get("offset"), call.headers.get("offset"), default=0),
        newest_first=False,
    )


def query_jobs(server: CommServe, call: Call) -> Reply:
    """POST Jobs: a filtered listing, by nature a read."""
    body = call.json
    if not isinstance(body, dict):
        return error(2, "Invalid input JSON.")
    wanted, paging = body.get("jobFilter") or {}, body.get("pagingConfig") or {}
    filters = [_by_ids(wanted.get("entity") or {}), _by_lists(wanted), _by_times(server, wanted)]
    newest_first = _number(paging.get("sortDirection"), default=0) == 1
    return _listing(
        server,
        call,
        category=CATEGORIES.get(str(body.get("category", 0)).lower(), "all"),
        lookup=_number(wanted.get("completedJobLookupTime"), default=YEAR),
        keep=lambda job: all(keep(job) for keep in filters),
        limit=_number(paging.get("limit"), default=100),
        offset=_number(paging.get("offset"), default=0),
        newest_first=newest_first,
        sort_field=str(paging.get("sortField", "jobId")),
    )


def _none(_job: Job) -> bool:
    return False


def _by_ids(wanted: dict[str, Any]) -> Callable[[Job], bool]:
    """Return a filter by ids; 0 and missing ones fit every job."""
    ids = {key: _number(value, default=0) for key, value in wanted.items()}
    ids = {key: value for key, value in ids.items() if value}

    def keep(job: Job) -> bool:
        subclient = job.subclient
        truth = {
            "clientId": subclient.client.id,
            "instanceId": subclient.instance.id,
            "backupsetId": subclient.backupset_id,
            "subclientId": subclient.id,
            "applicationId": subclient.instance.application_id,
        }
        return all(truth.get(key, value) == value for key, value in ids.items())

    return keep


def _by_lists(wanted: dict[str, Any]) -> Callable[[Job], bool]:
    clients = wanted.get("clientList") or []
    client_ids = {one.get("clientId") for one in clients if one.get("clientId")}
    client_names = {str(one.get("clientName")).lower() for one in clients if one.get("clientName")}
    types = {str(one).lower() for one in wanted.get("jobTypeList") or []}

    def keep(job: Job) -> bool:
        client = job.subclient.client
        if clients and client.id not in client_ids and client.name.lower() not in client_names:
            return False
        return not types or bool(types & {"backup", "4"})

    return keep


def _by_times(server: CommServe, wanted: dict[str, Any]) -> Callable[[Job], bool]:
    now = server.clock.now()
    statuses = {str(one).lower() for one in wanted.get("statusList") or []}
    ranges = {name: wanted.get(name) or {} for name in ("startTimeRange", "endTimeRange")}

    def inside(name: str, moment: float | None) -> bool:
        first, last = (_number(ranges[name].get(key), default=0) for key in ("fromTime", "toTime"))
        if not first and not last:
            return True
        return moment is not None and moment >= first and (not last or moment <= last)

    def keep(job: Job) -> bool:
        view = job.view(now)
        if statuses and view.status.lower() not in statuses:
            return False
        return inside("startTimeRange", job.created) and inside("endTimeRange", view.ended)

    return keep


def _by_category(server: CommServe, category: str, lookup: int) -> Callable[[Job], bool]:
    settings, now = server.settings, server.clock.now()

    def keep(job: Job) -> bool:
        ended = job.view(now).ended
        if ended is None:
            return category != "finished"
        # A finished job stays among the active ones for some minutes.
        if category == "active" and now - ended > settings.active_keeps_finished:
            return False
        return now - ended <= lookup and settings.history_view != "none"

    return keep


def _listing(
    server: CommServe,
    call: Call,
    *,
    category: str,
    lookup: int,
    keep: Callable[[Job], bool],
    limit: int,
    offset: int,
    newest_first: bool,
    sort_field: str = "jobId",
) -> Reply:
    settings = server.settings
    denied = settings.history_view == "denied" and category != "active"
    if settings.job_view == "denied" or denied:
        return access_denied()
    in_category = _by_category(server, category, lookup)
    found = [
        job for job in server.jobs.by_id.values() if in_category(job) and _visible(server, call, job) and keep(job)
    ]
    if sort_field != "jobId":
        found.sort(key=lambda job: _sort_key(_summary(server, job).get(sort_field)))
    if newest_first != settings.sort_reversed:
        found.reverse()
    page = found[offset : offset + limit]
    rows = [{"jobSummary": _summary(server, job)} for job in page]
    if settings.list_duplicates and rows:
        # As if jobs had moved from page to page between two calls.
        before = [{"jobSummary": _summary(server, found[offset - 1])}] if offset else []
        rows = [*before, *rows, rows[0]]
    if settings.hidden_rows:
        rows = list(_with_hidden(rows))
    reply: dict[str, Any] = {"totalRecordsWithoutPaging": len(found)}
    if rows:
        reply["jobs"] = rows
    elif settings.not_visible == "missing":
        reply = {}
    return Reply(reply)


def _sort_key(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, (int, float)) else (1, str(value))


def _with_hidden(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Put a row that clients must ignore beside each row."""
    for row in rows:
        summary = row["jobSummary"]
        yield row
        yield {
            "jobSummary": {
                **summary,
                "jobId": summary["jobId"] + HIDDEN_OFFSET,
                "isVisible": False,
                "status": "Running",
                "jobEndTime": 0,
            }
        }


def details(server: CommServe, call: Call) -> Reply:
    """POST JobDetails."""
    if server.settings.job_view == "denied":
        return access_denied()
    job = find(server, call, call.json.get("jobId")) if isinstance(call.json, dict) else None
    if job is None:
        return Reply({"error": {"errList": [{"errorCode": 2, "errLogMessage": "The job does not exist."}]}})
    return Reply(job_details(job, server.clock.now()))


def task_details(server: CommServe, call: Call) -> Reply:
    """GET Job/{id}/TaskDetails: the request as it was stored."""
    job = find(server, call, call.params["job_id"])
    if job is None:
        return Reply({"error": {"errList": [{"errorCode": 2, "errorMessage": "The job does not exist."}]}})
    stored = dict(job.request.get("taskInfo", {}))
    stored["task"] = {**stored.get("task", {}), "taskId": job.task_id, "ownerName": job.user}
    return Reply({"taskInfo": stored})


def events(server: CommServe, call: Call) -> Reply:
    """GET Events?jobId=: what happened to a job."""
    job = find(server, call, call.query.get("jobid", ""))
    if job is None:
        return Reply({})
    return Reply({"commservEvents": job_events(job, server.clock.now(), server.estate.commcell_name)})


ROUTES = [
    Route("GET", "job", "read", list_jobs),
    Route("POST", "jobs", "read", query_jobs),
    Route("GET", "job/{job_id}", "read", get_job),
    Route("POST", "jobdetails", "read", details),
    Route("GET", "job/{job_id}/taskdetails", "read", task_details),
    Route("GET", "events", "read", events),
]
