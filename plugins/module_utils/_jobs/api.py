# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs: GET Job/{id}, POST Jobs, JobDetails, Events and the actions on a job.

Paths and shapes are those of Commvault's SDK (github.com/Commvault/cvpysdk: job.py, services.py).
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import ErrorKind
from .._http.fields import as_number, flag, is_list, member, moment, number, positive, rows
from .._http.reply_errors import error_about, find_error
from .job import Job, parse_job, plain_text

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._http.reply import Reply

# Categories of POST Jobs.
ALL, ACTIVE, FINISHED = 0, 1, 2
# The number that a CommCell has in its own records.
LOCAL_COMMCELL = 2
# Stands for "not available" in JobDetails.
NOT_AVAILABLE = -999
EVENT_LENGTH = 160


class JobPage(t.NamedTuple):
    """One page of a listing.

    Attributes:
        jobs: The visible ones, each once, as they came.
        rows: How many rows the page had, with the hidden and repeated ones.
        total: How many jobs the whole listing has, None if the server did not say.
        descending: Whether the ids get smaller; None with less than two jobs.
        silent: Whether the answer was a 204: no list at all, which can also be what became of a lost answer.
    """

    jobs: list[Job]
    rows: int
    total: int | None
    descending: bool | None
    silent: bool = False


class JobDetails(t.NamedTuple):
    """More about one job; each is None if it is not told.

    Attributes:
        task_id: Of the task that createtask answered with.
        started_from: "Interactive" or "Scheduled".
        started_by: A user name.
        delay_reason: Why it is delayed.
    """

    task_id: int | None = None
    started_from: str | None = None
    started_by: str | None = None
    delay_reason: str | None = None


class Event(t.NamedTuple):
    """An event of a job.

    Attributes:
        time: Epoch seconds or None.
        text: Without markup.
    """

    id: int
    time: int | None
    text: str


def listing_body(
    category: int = ALL,
    client_ids: t.Iterable[int] = (),
    lookup_seconds: float | None = None,
    offset: int = 0,
    limit: int = 100,
    newest_first: bool = True,
) -> dict[str, t.Any]:
    """The body of POST Jobs; arguments as of JobsApi.list_page."""
    wanted: dict[str, t.Any] = {"showAgedJobs": False, "hideAdminJobs": False}
    if lookup_seconds is not None:
        wanted["completedJobLookupTime"] = int(lookup_seconds) + 1
    clients = sorted(set(client_ids))
    if clients:
        wanted["clientList"] = [{"clientId": client_id} for client_id in clients]
    paging = {"sortField": "jobId", "sortDirection": int(newest_first), "offset": offset, "limit": limit}
    return {"scope": 1, "category": category, "pagingConfig": paging, "jobFilter": wanted}


class JobsApi:
    """The jobs of a CommCell."""

    def __init__(self, commcell: CommCell) -> None:
        self._commcell = commcell
        self._clean = commcell.transport.redactor.clean
        self._limits: dict[str, t.Any] = {}

    def limit(self, seconds: float | None, *, repeat: bool = True) -> None:
        """Set limits for all reads to come.

        Args:
            seconds: For which a read may wait for its answer; None: as long as usual.
            repeat: Whether reads are repeated after passing faults.
        """
        self._limits = {} if repeat else {"repeat": False}
        if seconds is not None:
            self._limits.update(timeout=min(seconds, self._commcell.transport.timeout), within=seconds)

    def url(self, job_id: str) -> str | None:
        """The page of a job in the Command Center, None if its address cannot be told."""
        return self._commcell.job_url(job_id)

    def is_backup(self, job: Job) -> bool:
        """Whether a job is a backup, also by the types that this CommCell gives to exports (A51)."""
        return job.is_backup or job.job_type in self._commcell.profile.job_types

    @property
    def clients_are_told(self) -> bool:
        """Whether rows of jobs name the client of the request, so that a listing can be narrowed to it (A53)."""
        return not self._commcell.profile.client_is_proxy

    def server_time(self) -> float:
        """The server's time in epoch seconds, this machine's as long as the server has not told its own."""
        return self._commcell.clock.at(self._commcell.now())

    def local_time(self) -> float:
        """The time of this machine in epoch seconds."""
        return self._commcell.now()

    def server_ahead(self) -> float:
        """Seconds by which the server's time is ahead of this machine's, negative if it is behind."""
        now = self._commcell.now()
        return self._commcell.clock.at(now) - now

    def get(self, job_id: str) -> Job | None:
        """One job, None if the server does not know it, not yet, or does not show it.

        Not there is 200 without jobs, or 404; a web page as 404 is no answer of the API, and so an error.

        Raises:
            RequestError: No usable answer.
        """
        path = f"Job/{job_id}"
        reply = self._commcell.call("GET", path, changes=False, **self._limits)
        if (reply.status == 404 and reply.shape != "markup") or (reply.status in (200, 204) and reply.shape == "empty"):
            return None
        jobs = self._listed(reply, "GET", path).jobs
        return next((job for job in _each_once(jobs) if job.id == str(job_id)), None)

    def list_page(
        self,
        *,
        category: int = ALL,
        client_ids: t.Iterable[int] = (),
        lookup_seconds: float | None = None,
        offset: int = 0,
        limit: int = 100,
        newest_first: bool = True,
    ) -> JobPage:
        """A page of the listing of jobs, sorted by id: POST Jobs, by nature a read.

        Args:
            category: ALL, ACTIVE or FINISHED.
            client_ids: Only jobs of these clients; empty for all.
            lookup_seconds: Leave out jobs that ended longer ago.
            offset: Rows before the page.
            limit: Rows of the page.
            newest_first: The order.

        Raises:
            RequestError: No usable answer.
        """
        body = listing_body(category, client_ids, lookup_seconds, offset, limit, newest_first)
        reply = self._commcell.call("POST", "Jobs", changes=False, body=body, **self._limits)
        if reply.status == 204:
            return JobPage([], 0, 0, None, silent=True)
        listed = self._listed(reply, "POST", "Jobs", offset)
        total = listed.total
        if total is not None and total < len({job.id for job in listed.jobs}):
            # It cannot be that of the whole listing, which may go on. Repeated rows need not be in it.
            total = None
        jobs = _each_once(job for job in listed.jobs if job.visible)
        ids = [int(job.id) for job in jobs]
        return JobPage(jobs, listed.rows, total, ids[0] > ids[-1] if len(ids) > 1 else None)

    def details(self, job_id: str) -> JobDetails:
        """More about a job: POST JobDetails, by nature a read. Raises RequestError."""
        body = {"jobId": int(job_id), "showAttempt": True}
        data = self._commcell.read("POST", "JobDetails", body=body, **self._limits)
        detail = member(member(data, "job"), "jobDetail")
        general = member(detail, "generalInfo")
        return JobDetails(
            positive(_available(member(general, "taskData").get("taskId"))),
            plain_text(_available(general.get("jobStartedFrom")), 80) or None,
            plain_text(_available(general.get("jobStartedBy")), 80) or None,
            plain_text(_available(member(detail, "progressInfo").get("reasonForJobDelay")), clean=self._clean) or None,
        )

    def events(self, job_id: str) -> list[Event]:
        """The events of a job, the newest first: GET Events. Raises RequestError."""
        params = {"jobId": str(job_id)}
        reply = self._commcell.call("GET", "Events", changes=False, params=params, **self._limits)
        if reply.status == 200 and reply.shape == "empty":
            return []
        self._commcell.check(reply, "GET", "Events", changes=False)
        events = [
            Event(
                number(row.get("id")) or 0,
                moment(row.get("timeSource")),
                plain_text(row.get("description"), EVENT_LENGTH, self._clean),
            )
            for row in rows(reply.data, "commservEvents")
        ]
        return sorted(events, key=lambda event: (event.time or 0, event.id), reverse=True)

    def refuses_conflicts(self) -> bool | None:
        """Whether the CommCell refuses a job that conflicts with an active one, instead of queueing it; None if that is
        not told: GET CommServ/JobManagementSetting. Raises RequestError.
        """
        data = self._commcell.read("GET", "CommServ/JobManagementSetting", **self._limits)
        general = member(member(data, "jobManagementSettings"), "generalSettings")
        queues = flag(general.get("queueJobsIfConflictingJobsActive"))
        return None if queues is None else not queues

    def act(self, job_id: str, action: str) -> None:
        """Pause, resume or kill a job. Raises RequestError."""
        path = f"Job/{job_id}/action/{action}"
        reply = self._commcell.change("POST", path)
        if 200 <= reply.status < 300 and reply.shape == "empty":
            # Nothing to complain of is what the vendor's SDK takes for a success, too.
            return
        if reply.status == 404:
            # Jobs were read before, so url is right.
            told = find_error(reply.data)
            words = plain_text(told.message if told else reply.words, clean=self._clean).rstrip(".")
            msg = f"Commvault has no such job any more, or does not let it be changed{f': {words}' if words else ''}."
            raise error_about(reply, "POST", self._commcell.url(path), msg, ErrorKind.JOB_MISSING)
        self._commcell.check(reply, "POST", path, changes=True)

    def _listed(self, reply: Reply, method: str, path: str, offset: int = 0) -> JobPage:
        """The rows of an answer as they are. Raises RequestError for what is no list of jobs."""
        self._commcell.check(reply, method, path, changes=False)
        data = reply.data
        found = rows(data, "jobs")
        parsed = [parse_job(member(row, "jobSummary") or row, self._clean) for row in found]
        jobs = [job for job in parsed if job is not None]
        total = number(data.get("totalRecordsWithoutPaging")) if isinstance(data, dict) else None
        ended_early = not found and not offset and (total or 0) > 0
        told = data.get("jobs") if isinstance(data, dict) else None
        odd = total is None and not is_list(data, "jobs")
        if odd or ended_early or ((any(found) or (told and not found)) and not jobs):
            # Not to be taken for a list without jobs: whoever reads it might start what is under way, or take it for
            # gone.
            what = f"ended after 0 of {total} rows" if ended_early else "is in a shape that is not known"
            msg = f"The list of jobs that Commvault sent {what}."
            raise error_about(reply, method, self._commcell.url(path), msg, ErrorKind.BAD_REPLY)
        return JobPage(jobs, len(found), total, None)


def _each_once(jobs: t.Iterable[Job]) -> list[Job]:
    """Rows of which no two have the same id, in order.

    Of two rows of a job the newer one counts. Of two CommCells' jobs it is that of the CommCell itself, whose number is
    2 (the vendor's SDK takes it for granted, github.com/Commvault/cvpysdk: job.py), else that of the first row.
    """
    kept: dict[str, Job] = {}
    for job in jobs:
        other = kept.get(job.id)
        if other is None or _is_better(job, other):
            kept[job.id] = job
    return list(kept.values())


def _is_better(job: Job, other: Job) -> bool:
    if job.commcell_id != other.commcell_id:
        return job.commcell_id == LOCAL_COMMCELL
    return (job.last_update or 0, job.finished) > (other.last_update or 0, other.finished)


def _available(value: t.Any) -> t.Any:
    return None if as_number(value) == NOT_AVAILABLE else value
