# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CommServe of a world: a small model of its own, which knows the truth.

It keeps to what is known of Commvault's API (tests/simulator/README.md has the sources), and has the settings in which
real ones are known or suspected to differ.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from .scheduler import EPOCH
from .wire import Answer

if t.TYPE_CHECKING:
    import random

    from .wire import Request

OUR_USER, OUR_PASSWORD, TOKEN = "svc-ansible", "correct horse", "0123abcd" * 16
LEVELS = ("Full", "Incremental", "Differential")  # by number, from 1 on
GOOD_ENDS = ("Completed", "Completed w/ one or more warnings")
CLIENT = "aws-prod"
CLIENT_ID, COMMCELL_ID = 11, 2
FIRST_JOB = 148_000
# How a CommCell may differ from the plain one; a scenario changes some of these.
SETTINGS: dict[str, t.Any] = {
    "lag": 0.0,  # seconds until a new job is in listings
    "queueing": False,  # "Queue jobs if conflicting jobs are active"
    "date_ahead": 0.0,  # seconds by which the web server's clock is ahead of that of jobs
    "server_ahead": 0.0,  # seconds by which the clock of jobs is ahead of the true one
    "queueing_told": True,  # whether the setting above may be read
    "conflict": "text",  # how a conflict is refused: text, other_words, status_409
    "description": True,  # whether a job's description is returned
    "not_visible": "zero",  # how a job that is not visible is answered: zero, missing, json_404, no_content
    "job_ids": "strings",  # shape of jobIds: strings, numbers, bare, objects, string
    "rows": "plain",  # shape of rows: plain, no_end, other_type, cloud_apps, proxy, level_number, no_user, no_instance
    "job_seconds": 90_000.0,
    "job_ending": "Completed",
    "first_is_full": False,  # whether an incremental without a full before it becomes a full
    "twice_listed": False,  # rows come twice
    "foreign_rows": False,  # rows of another CommCell, with ids that are also ours
    "details": True,  # whether JobDetails may be read
    "oldest_first": False,  # whether the flag for the order means the opposite
    "start_at_most": None,  # jobs of one request; the rest is left out unsaid
    "batch_order": "asked",  # order of jobIds: asked, reversed
    "token_seconds": None,  # how long a token of a login or of a pair lasts
    "bearer_only": False,  # whether access tokens are taken in the header Authorization alone
    "rate": None,  # requests per second that the rate limiter lets through, after a burst of 20
    "rate_headers": "bare",  # what a 429 tells: bare, half_second, minute_text, period
}


@dataclass
class Job:
    """A job, as it really is. Times are true seconds of the world; owner: the launch whose request started it."""

    id: int
    task_id: int
    instance: str
    owner: str | None
    user: str
    level: str
    created: float
    visible: float
    seconds: float
    ending: str
    started_from: str = "Interactive"
    description: str | None = None
    begins: float | None = None  # when it leaves the queue, None while it is in it
    ended: float | None = None
    status: str | None = None  # once it was killed or suspended

    def active(self, now: float) -> bool:
        return self.ended is None or now < self.ended

    def status_at(self, now: float) -> str:
        if self.status == "Killed" or not self.active(now):
            return self.status or self.ending
        if self.status:
            return self.status
        return "Running" if self.begins is not None and self.begins <= now else "Queued"


@dataclass
class Started:
    """One association of a createtask request that was carried out or refused."""

    moment: float
    launch: str
    instance: str
    job: Job | None
    refusal: str | None


@dataclass
class Truth:
    """What really happened, for the checker."""

    jobs: dict[int, Job] = field(default_factory=dict)
    starts: list[Started] = field(default_factory=list)
    actions: list[tuple[float, str, int, str]] = field(default_factory=list)  # moment, launch, job, what
    seen: dict[str, dict[int, float]] = field(default_factory=dict)  # when a launch first read a row of a job
    logins: dict[str, int] = field(default_factory=dict)
    pairs_reused: list[str] = field(default_factory=list)
    unserved: set[str] = field(default_factory=set)


class CommServe:
    """Answers requests. settings: as of SETTINGS. instances: by name, what is special of each."""

    def __init__(
        self, settings: dict[str, t.Any], instances: dict[str, dict[str, t.Any]], chance: random.Random, truth: Truth
    ) -> None:
        self.settings = {**SETTINGS, **settings}
        self.instances = instances
        self.truth = truth
        self._chance = chance
        self._next_job, self._next_task = FIRST_JOB, 9_000
        self._numbers = {name: 1000 + number for number, name in enumerate(instances)}
        self._tokens: dict[str, float] = {TOKEN: float("inf")}
        self._pairs: dict[str, tuple[str, bool]] = {}  # refresh token: access token, whether it was used
        self._issued = 0
        self._bucket = (0.0, 20.0)
        self.dead_tokens = False

    # --- time

    def job_time(self, moment: float) -> int:
        """A true time as the CommServe writes it into jobs."""
        return int(EPOCH + moment + self.settings["server_ahead"])

    def date(self, moment: float) -> float:
        """What the web server puts into the header Date."""
        return EPOCH + moment + self.settings["server_ahead"] + self.settings["date_ahead"]

    # --- what others do

    def add_job(self, now: float, instance: str, owner: str | None, **values: t.Any) -> Job:
        """Start a job, whoever asked for it."""
        settings = self.settings
        self._next_job += self._chance.choice((1, 1, 1, 2, 5))
        active = [job for job in self.truth.jobs.values() if job.instance == instance and job.active(now)]
        job = Job(
            self._next_job,
            values.pop("task_id", None) or self._task(),
            instance,
            owner,
            values.pop("user", OUR_USER),
            values.pop("level", "Incremental"),
            now,
            now + settings["lag"],
            values.pop("seconds", None) or settings["job_seconds"] * self._chance.uniform(0.8, 1.2),
            values.pop("ending", settings["job_ending"]),
            **values,
        )
        begins = max([now, *(other.ended or now for other in active)])
        job.begins, job.ended = begins, begins + job.seconds
        self.truth.jobs[job.id] = job
        return job

    def make_pair(self) -> dict[str, t.Any]:
        """A new pair of access and refresh token, for a token file."""
        access, refresh = self._token("A"), self._token("R")
        self._tokens[access] = float("inf")
        self._pairs[refresh] = (access, False)
        return {"accessToken": access, "refreshToken": refresh}

    def expire_tokens(self) -> None:
        """End every token that can be renewed."""
        for token in self._tokens:
            if token != TOKEN:
                self._tokens[token] = -1.0

    # --- answers

    def answer(self, request: Request, now: float) -> Answer:
        """Carry a request out."""
        if not self._admit(now):
            return self._limited()
        path = request.path
        if path == "login":
            return self._login(request, now)
        if path == "v4/accesstoken/renew":
            return self._renew_pair(request, now)
        if path == "renewlogintoken":
            return reply({"token": self._grant("QSDK ", now), "error": {"errorCode": 0}})
        if not self._accepted(request, now):
            return reply({"errorMessage": "Access denied", "errorCode": 5}, 401)
        if path == "createtask":
            return self._create(request, now)
        if path == "jobs":
            return self._list(request, now)
        if path == "jobdetails":
            return self._details(request, now)
        head, _slash, rest = path.partition("/")
        if head == "job" and rest.isdigit():
            return self._one_job(request, int(rest), now)
        if head == "job" and "/action/" in rest:
            return self._act(request, rest, now)
        if path == "commserv/jobmanagementsetting":
            return self._job_settings()
        return self._other(request)

    def _other(self, request: Request) -> Answer:
        path = request.path
        if path == "whoami":
            return reply({"user": {"userName": OUR_USER, "userId": 7}})
        if path == "logout":
            return Answer(200, b"User logged out", "text/plain")
        if path == "getid":
            known = request.query.get("clientname", "").lower() == CLIENT
            return reply({"clientId": CLIENT_ID}) if known else reply({"clientId": -32000}, 404)
        if path == "client":
            return reply({"clientProperties": [{"client": {"clientEntity": _client_entity()}}]})
        if path == "client/" + str(CLIENT_ID):
            return reply({"clientProperties": [{"client": {"clientEntity": _client_entity()}, "clientProps": {}}]})
        if path == "subclient":
            return reply({"subClientProperties": [self._subclient(name) for name in self.instances]})
        if path.startswith("subclient/"):
            number = path.partition("/")[2]
            found = [name for name, own in self._numbers.items() if str(own) == number]
            return reply({"subClientProperties": [self._subclient(name) for name in found]})
        if path == "commserv":
            return reply({"commcell": {"commCellName": "commserve01", "commCellId": COMMCELL_ID}})
        if path == "events":
            return reply({"commservEvents": []})
        if path != "v4/commcell/activitycontrol":
            self.truth.unserved.add(f"{request.method} {path}")
        return reply({"errorMessage": "No HTTP resource was found", "errorCode": 404}, 404)

    def _job_settings(self) -> Answer:
        if not self.settings["queueing_told"]:
            return reply({"errorMessage": "Access denied", "errorCode": 5}, 403)
        general = {"queueJobsIfConflictingJobsActive": self.settings["queueing"]}
        return reply({"jobManagementSettings": {"generalSettings": general}})

    # --- who asks

    def _token(self, prefix: str) -> str:
        self._issued += 1
        return f"{prefix}{self._issued:03d}{self._chance.getrandbits(96):024x}"

    def _grant(self, prefix: str, now: float) -> str:
        token = self._token(prefix)
        seconds = self.settings["token_seconds"]
        self._tokens[token] = float("inf") if seconds is None else now + seconds
        return token

    def _accepted(self, request: Request, now: float) -> bool:
        own = request.headers.get("authtoken", "")
        if self.settings["bearer_only"] and not own.startswith("QSDK "):
            own = ""
        token = own or request.headers.get("authorization", "").rpartition(" ")[2]
        return not self.dead_tokens and self._tokens.get(token, -1.0) > now

    def _login(self, request: Request, now: float) -> Answer:
        launch = request.process.name
        self.truth.logins[launch] = self.truth.logins.get(launch, 0) + 1
        return reply({"token": self._grant("QSDK ", now), "errorCode": 0})

    def _renew_pair(self, request: Request, now: float) -> Answer:
        refresh = request.body["refreshToken"]
        if refresh not in self._pairs:
            return reply({"errorMessage": "Invalid refresh token", "errorCode": 5}, 401)
        access, used = self._pairs[refresh]
        if used:
            # The vendor destroys all that came from this pair.
            self.truth.pairs_reused.append(request.process.name)
            self._tokens = {TOKEN: float("inf")}
            return reply({"errorMessage": "Refresh token was used before", "errorCode": 5}, 401)
        self._pairs[refresh] = (access, True)
        self._tokens.pop(access, None)
        seconds = self.settings["token_seconds"]
        fresh = self.make_pair()
        self._tokens[fresh["accessToken"]] = float("inf") if seconds is None else now + seconds
        return reply({**fresh, "tokenExpiryTimestamp": int(self.date(now) + (seconds or 1800))})

    def _admit(self, now: float) -> bool:
        rate = self.settings["rate"]
        if rate is None:
            return True
        then, tokens = self._bucket
        tokens = min(20.0, tokens + (now - then) * rate)
        self._bucket = (now, tokens - 1 if tokens >= 1 else tokens)
        return tokens >= 1

    def _limited(self) -> Answer:
        headers = {
            "bare": (),
            "half_second": (("Retry-After", "0.5"),),
            "minute_text": (("Retry-After", "0m2s"),),
            "period": (("X-RateLimit-Limit", "100"), ("X-RateLimit-Period", "10")),
        }[self.settings["rate_headers"]]
        return reply({"errorMessage": "Too many requests"}, 429, headers)

    # --- createtask

    def _create(self, request: Request, now: float) -> Answer:
        info = request.body["taskInfo"]
        options = info["subTasks"][0]["options"]
        level = options["backupOpts"]["backupLevel"].capitalize()
        description = options.get("commonOpts", {}).get("jobDescription")
        launch = request.process.name
        task_id = self._task()
        jobs: list[Job] = []
        refusals: list[Answer] = []
        for association in info["associations"]:
            name = association["instanceName"].lower()
            refusal = self._refusal(association, name, now)
            most = self.settings["start_at_most"]
            if refusal is None and most is not None and len(jobs) >= most:
                self.truth.starts.append(Started(now, launch, name, None, "left out"))
                continue
            if refusal is not None:
                self.truth.starts.append(Started(now, launch, name, None, refusal[0]))
                refusals.append(refusal[1])
                continue
            full = self.settings["first_is_full"] and not any(job.instance == name for job in self.truth.jobs.values())
            job = self.add_job(
                now, name, launch, task_id=task_id, level="Full" if full else level, description=description
            )
            self.truth.starts.append(Started(now, launch, name, job, None))
            jobs.append(job)
        if not jobs:
            return refusals[0] if refusals else reply({"taskId": task_id})
        if self.settings["batch_order"] == "reversed":
            jobs.reverse()
        return reply({"taskId": task_id, "jobIds": self._job_ids(jobs)})

    def _task(self) -> int:
        self._next_task += 1
        return self._next_task

    def _refusal(self, association: dict[str, t.Any], name: str, now: float) -> tuple[str, Answer] | None:
        """Why an association starts nothing: for the truth, and as an answer."""
        traits = self.instances.get(name)
        if traits is None or traits.get("refused") or association["clientName"].lower() != CLIENT:
            words = "Failed to start backups as no eligible subclients were found. "
            return "not eligible", reply({"errorMessage": words, "errorCode": 587207178}, 500)
        active = any(job.instance == name and job.active(now) for job in self.truth.jobs.values())
        if not active or self.settings["queueing"]:
            return None
        words = f"Another backup is running for client [{CLIENT}], iDataAgent [Oracle], Subclient [default]."
        if self.settings["conflict"] == "other_words":
            words = "Für diesen Subclient läuft bereits eine Sicherung."
        if self.settings["conflict"] == "status_409":
            return "conflict", reply({"errorMessage": "Backup already queued or running"}, 409)
        return "conflict", reply({"errorMessage": words, "errorCode": 2})

    def _job_ids(self, jobs: t.Sequence[Job]) -> t.Any:
        shape = self.settings["job_ids"]
        if shape == "numbers":
            return [job.id for job in jobs]
        if shape == "objects":
            return [{"val": job.id} for job in jobs]
        if shape == "bare" and len(jobs) == 1:
            return jobs[0].id
        if shape == "string":
            return ",".join(str(job.id) for job in jobs)
        return [str(job.id) for job in jobs]

    # --- reading jobs

    def _list(self, request: Request, now: float) -> Answer:
        wanted = request.body
        category = wanted.get("category", 0)
        filters = wanted.get("jobFilter", {})
        clients = {int(client["clientId"]) for client in filters.get("clientList", ())}
        lookup = filters.get("completedJobLookupTime")
        jobs = []
        for job in self.truth.jobs.values():
            active = job.active(now)
            if job.visible > now or (category == 1 and not active) or (category == 2 and active):
                continue
            if not active and lookup is not None and job.ended is not None and now - job.ended > lookup:
                continue
            if clients and self._client_of(job)[0] not in clients:
                continue
            jobs.append(job)
        paging = wanted.get("pagingConfig", {})
        newest_first = bool(paging.get("sortDirection", 1)) != self.settings["oldest_first"]
        jobs.sort(key=lambda job: job.id, reverse=newest_first)
        offset, limit = paging.get("offset", 0), paging.get("limit", 20)
        page = jobs[offset : offset + limit]
        rows: list[dict[str, t.Any]] = []
        seen = self.truth.seen.setdefault(request.process.name, {})
        for job in page:
            seen.setdefault(job.id, now)
            row = self._row(job, now)
            rows += [row, row] if self.settings["twice_listed"] else [row]
            if self.settings["foreign_rows"]:
                rows.append(self._foreign_row(job, now))
        if not rows and self.settings["not_visible"] == "no_content":
            return Answer(204, None)
        return reply({"totalRecordsWithoutPaging": len(jobs), "jobs": rows})

    def _one_job(self, request: Request, job_id: int, now: float) -> Answer:
        job = self.truth.jobs.get(job_id)
        if job is None or job.visible > now:
            how = self.settings["not_visible"]
            if how == "json_404":
                return reply({"errorMessage": "Job not found", "errorCode": 1}, 404)
            if how == "no_content":
                return Answer(204, None)
            return reply({"totalRecordsWithoutPaging": 0} if how == "zero" else {"processinginstructioninfo": {}})
        self.truth.seen.setdefault(request.process.name, {}).setdefault(job.id, now)
        return reply({"totalRecordsWithoutPaging": 1, "jobs": [self._row(job, now)]})

    def _details(self, request: Request, now: float) -> Answer:
        job = self.truth.jobs.get(int(request.body["jobId"]))
        if not self.settings["details"]:
            return reply({"error": {"errList": [{"errorCode": 5, "errLogMessage": "Access denied"}]}})
        if job is None or job.visible > now:
            return reply({"error": {"errList": [{"errorCode": 2, "errLogMessage": "Job not found"}]}})
        general: dict[str, t.Any] = {
            "jobId": job.id,
            "jobStartedFrom": job.started_from,
            "jobStartedBy": job.user,
            "startTime": self.job_time(job.created),
            "taskData": {"taskId": job.task_id},
        }
        if self.settings["description"] and job.description:
            general["jobDescription"] = job.description
        return reply({"job": {"jobDetail": {"generalInfo": general, "progressInfo": {"state": job.status_at(now)}}}})

    def _act(self, request: Request, rest: str, now: float) -> Answer:
        number, _word, action = rest.split("/")
        job = self.truth.jobs.get(int(number))
        if job is None or not job.active(now):
            return reply({"errors": [{"errList": [{"errorCode": 2, "errLogMessage": "Job is not active"}]}]})
        self.truth.actions.append((now, request.process.name, job.id, action))
        if action == "kill":
            job.status, job.ended = "Killed", now
        else:
            job.status = "Suspended" if action == "pause" else None
        return reply({"errors": [{"errList": [{"errorCode": 0, "errLogMessage": ""}]}]})

    def _client_of(self, job: Job) -> tuple[int, str]:
        return (77, "proxy01") if self.settings["rows"] == "proxy" else (CLIENT_ID, CLIENT)

    def _row(self, job: Job, now: float) -> dict[str, t.Any]:
        shape, status, active = self.settings["rows"], job.status_at(now), job.active(now)
        client_id, client = self._client_of(job)
        number = self._numbers[job.instance]
        names = {
            "clientId": client_id,
            "clientName": client,
            "instanceId": number - 900,
            "instanceName": job.instance.upper() if shape == "upper_case" else job.instance,
            "subclientId": number,
            "subclientName": "default",
            "applicationId": 134 if shape == "cloud_apps" else 22,
            "appName": "Oracle",
        }
        summary: dict[str, t.Any] = {
            "isVisible": True,
            "jobId": job.id,
            "commcellId": COMMCELL_ID,
            "status": status,
            "jobType": "Data Protection" if shape == "other_type" else "Backup",
            "jobStartTime": self.job_time(job.created),
            "jobEndTime": 0 if active or job.ended is None else self.job_time(job.ended),
            "lastUpdateTime": self.job_time(now if active or job.ended is None else job.ended),
            "jobElapsedTime": int((now if active or job.ended is None else job.ended) - job.created),
            "percentComplete": 50 if active else 100,
            "backupLevel": LEVELS.index(job.level) + 1,
            "backupLevelName": job.level,
            "userName": {"userName": job.user, "userId": 7},
            "subclient": names,
        }
        if shape == "no_end":
            del summary["jobEndTime"]
        if shape == "level_number":
            del summary["backupLevelName"]
        if shape == "no_user":
            del summary["userName"]
        if shape == "no_instance":
            del names["instanceName"]
        if self.settings["description"] and job.description:
            summary["jobDescription"] = job.description
        return {"jobSummary": summary}

    def _foreign_row(self, job: Job, now: float) -> dict[str, t.Any]:
        """A row of another CommCell: the same id, another job."""
        summary = dict(self._row(job, now)["jobSummary"])
        summary.update(commcellId=COMMCELL_ID + 3, status="Completed", jobEndTime=self.job_time(now))
        summary["subclient"] = {**summary["subclient"], "clientName": "elsewhere", "clientId": 901, "subclientId": 5}
        return {"jobSummary": summary}

    def _subclient(self, name: str) -> dict[str, t.Any]:
        number = self._numbers[name]
        entity = {
            "clientId": CLIENT_ID,
            "clientName": CLIENT,
            "instanceId": number - 900,
            "instanceName": name,
            "subclientId": number,
            "subclientName": "default",
            "applicationId": 22,
            "appName": "Oracle",
            "backupsetName": "default",
        }
        plan = {} if self.instances[name].get("refused") else {"planId": 4, "planName": "gold"}
        return {
            "subClientEntity": entity,
            "commonProperties": {"enableBackup": True},
            "planEntity": plan,
        }


def _client_entity() -> dict[str, t.Any]:
    return {"clientId": CLIENT_ID, "clientName": CLIENT, "displayName": CLIENT}


def reply(body: t.Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer with JSON."""
    return Answer(status, json.dumps(body).encode(), headers=headers)
