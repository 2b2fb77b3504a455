# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads from a CommCell what tells whether the facts about the vendor's API hold there. Changes nothing.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import contextlib
import statistics
import time
import typing as t

from .._errors import CommvaultError, ErrorKind, RequestError
from .._estate.api import EstateApi
from .._estate.model import ORACLE
from .._http.fields import member, positive, text
from .._http.fields import rows as rows_of
from .._http.look import describe
from .._http.profile import MOST_SECONDS, PLAIN, read_profile
from .._jobs.api import listing_body
from .._jobs.job import parse_job
from .._times import counted
from .checks import DIFFERS, NOT_ALLOWED, NOT_SEEN, OK, Finding, Findings, date_is
from .pseudonyms import Pseudonyms
from .rows import export_rows, judge_listing, judge_rows, shape_of, summaries

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._estate.model import Client, DatabaseInstance, Subclient
    from .._http.look import Look
    from .._http.profile import Profile
    from .._http.reply import Reply
    from .rows import Row

# The verdicts on a server.
READY, USABLE, UNUSABLE, NO_COMMCELL, UNREACHABLE = "ready", "usable", "unusable", "no_commcell", "unreachable"

ACCESS_DENIED = 5
COUNT = "totalRecordsWithoutPaging"
READS = 5  # how many reads are timed
PAGE = 100  # rows of a page of jobs
MOST_CLIENTS = 10  # clients whose subclients are read
MOST_WAIT = 5.0  # seconds that a refused read waits before it is tried again
SLOW = 2.0  # seconds
CLOCK_TOLERANCE = 10.0  # seconds; Date has whole seconds, and a running job is not updated in each of them
DAYS_LEFT = 14  # of a certificate
FIRST_RELEASE = (11, 38)


class Diagnosis(t.NamedTuple):
    """What the doctor found.

    verdict: READY (all as assumed), USABLE (something differs), UNUSABLE, NO_COMMCELL or UNREACHABLE. msg: the verdict
    in a sentence. profile: what would adapt the collection. shape: keys and types of the rows of jobs. names: what must
    not leave the house. release: of the CommCell, None if it is not told. life: of the job of a start, as of
    start.StartSeen.
    """

    verdict: str
    msg: str
    findings: list[Finding]
    profile: Profile
    shape: dict[str, list[str]]
    names: Pseudonyms
    release: str | None
    life: t.Sequence[t.Mapping[str, t.Any]] = ()

    def with_start(self, found: Findings, life: t.Sequence[t.Mapping[str, t.Any]]) -> Diagnosis:
        """The same with what one start showed; arguments as of start.StartSeen."""
        together = [*self.findings, *found.findings]
        profile = read_profile({**self.profile.to_result(), **found.differences})
        verdict, msg = verdict_on(together, profile != PLAIN)
        return self._replace(verdict=verdict, msg=msg, findings=together, profile=profile, life=life)


class _Over(Exception):
    """There is nothing more to check."""

    def __init__(self, verdict: str, msg: str) -> None:
        super().__init__(msg)
        self.verdict = verdict


def verdict_on(findings: t.Iterable[Finding], has_profile: bool) -> tuple[str, str]:
    """READY or USABLE, and the sentence that says it."""
    differing = sum(finding.status == DIFFERS for finding in findings)
    if not differing:
        return READY, "Everything that could be seen is as this collection assumes."
    adapted = " The proposed profile adapts to it." if has_profile else ""
    lines = "1 line differs" if differing == 1 else f"{differing} lines differ"
    return USABLE, f"{lines} from what this collection assumes.{adapted}"


class Checkup:
    """One examination of a CommCell."""

    def __init__(
        self,
        commcells: t.Mapping[str, CommCell],
        *,
        days: int = 30,
        lifetime: str = "",
        logs_in: bool = False,
        timeout: float = 10.0,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare it; nothing is sent.

        Args:
            commcells: the CommCell by the header in which the token is sent, the configured one first. With another
                kind of credentials than a token there is one only.
            days: how far back jobs are read.
            lifetime: what is known of how long the credentials last, in a sentence.
            logs_in: whether the first request would send a password.
            timeout: seconds that one read may take.
        """
        self._commcells = commcells
        self._scheme, self.commcell = next(iter(commcells.items()))
        self.subclients: dict[int, Subclient] = {}
        self._lifetime = lifetime
        self._logs_in = logs_in
        self._days = days
        self._timeout = timeout
        self._knows_who = False
        self._sleep = sleep
        self._found = Findings()
        self._limited = 0
        self._rate_headers: dict[str, str] = {}
        self._shape: dict[str, list[str]] = {}
        self._release: str | None = None
        self.names = Pseudonyms()

    def run(self) -> Diagnosis:
        """Examine the CommCell. Raises nothing."""
        self.names.add("host", self.commcell.transport.base.host)
        try:
            if self._logs_in:
                # A login waits long, and no password goes to what is no CommCell.
                transport = self.commcell.transport
                self._answer_of(lambda: transport.send_unrepeated("POST", "WhoAmI", timeout=self._timeout))
            self._check_who()
            self._check_way()
            self._check_service()
            self.subclients = self._check_estate()
            self._check_jobs(self.subclients)
            self._check_settings()
        except _Over as over:
            return self._diagnosis(over.verdict, str(over))
        return self._diagnosis(*verdict_on(self._found.findings, bool(self._found.differences)))

    def _diagnosis(self, verdict: str, msg: str) -> Diagnosis:
        profile = read_profile(self._found.differences)
        return Diagnosis(verdict, msg, self._found.findings, profile, self._shape, self.names, self._release)

    # --- one read

    def _ask(self, method: str, path: str, commcell: CommCell | None = None, **kwargs: t.Any) -> Reply:
        """Any answer. A 429 is waited out twice, since what it is about here is another line. Raises RequestError."""
        for attempt in range(3):
            reply = (commcell or self.commcell).call(
                method, path, changes=False, repeat=False, timeout=self._timeout, **kwargs
            )
            self._rate_headers.update(
                {name: value for name, value in reply.headers.items() if name.lower().startswith("x-ratelimit")}
            )
            if reply.status != 429:
                break
            self._limited += 1
            if attempt < 2:
                self._sleep(MOST_WAIT if attempt else 1.0)
        return reply

    def _endpoint(self, name: str, method: str, path: str, key: str = "", **kwargs: t.Any) -> t.Any:
        """The JSON of an answer, None if there is none; adds the line on the endpoint.

        key: what a good answer has; an empty object, or one that counts no rows, is good as well.
        """
        check = f"endpoint_{name}"
        try:
            reply = self._ask(method, path, **kwargs)
        except RequestError as error:
            self._found.add(check, NOT_SEEN, f"The read failed: {error.kind}.")
            return None
        good = reply.status == 200 and reply.shape in ("object", "array")
        if good and (not key or not reply.data or key in reply.data or COUNT in reply.data):
            self._found.add(check, OK, "It answers.")
            return reply.data
        if reply.status in (401, 403) or _code(reply) == ACCESS_DENIED:
            self._found.add(check, NOT_ALLOWED, f"This user may not read it (HTTP {reply.status}).")
        elif reply.status == 404 and reply.shape == "object" and not reply.data:
            self._found.add(check, OK, "It answers that there is nothing (HTTP 404).")
        elif reply.status == 429:
            self._found.add(check, NOT_SEEN, "The server refused to answer so often (HTTP 429).")
        else:
            self._found.add(check, DIFFERS, f"It does not answer as expected: HTTP {reply.status}, {reply.shape}.")
        return None

    # --- who, first of all: without credentials that work nothing else can be seen

    def _check_who(self) -> None:
        """Find out who is calling, and in which header. Raises _Over."""
        reply = self._who_am_i(self.commcell)
        scheme = self._scheme
        if reply.status in (401, 403):
            for other, commcell in self._commcells.items():
                if other != self._scheme and self._who_am_i(commcell).status == 200:
                    self._scheme, self.commcell = other, commcell
                    reply = self._who_am_i(commcell)
                    break
        self._found.add("url", OK, "The URL answers without a redirect.")
        if reply.status in (401, 403):
            self._found.add("header", DIFFERS, f"The server does not accept the credentials (HTTP {reply.status}).")
            raise _Over(
                UNUSABLE,
                "The CommCell does not accept the credentials, whichever header they are sent in. Make a new token in"
                " the Command Center, or check user name and password.",
            )
        if self._scheme == scheme:
            self._found.add("header", OK, f"The credentials are accepted ({scheme}).")
        else:
            words = f"The token is refused as {scheme} and accepted as {self._scheme}."
            self._found.judge("header", False, words, auth_scheme=self._scheme)
        self._knows_who = reply.status == 200
        user = text(member(reply.data, "user").get("userName"))
        self.names.add("user", user)
        if user:
            self._found.add("user", OK, f"WhoAmI answers with {user}.")
        elif reply.status == 200 and reply.shape == "object":
            self._found.add("user", NOT_SEEN, "WhoAmI names no user.")
        else:
            self._found.add("user", DIFFERS, f"WhoAmI does not answer as expected: HTTP {reply.status}, {reply.shape}.")

    def _who_am_i(self, commcell: CommCell) -> Reply:
        """Raises _Over where no CommCell answers."""
        reply = self._answer_of(lambda: self._ask("POST", "WhoAmI", commcell))
        if reply.status not in (200, 401, 403):
            self._look_for_anything(commcell.transport.base.host, reply)
        return reply

    def _answer_of(self, ask: t.Callable[[], Reply]) -> Reply:
        """An answer that may be that of a CommCell. Raises _Over for any other."""
        transport = self.commcell.transport
        host = transport.base.host
        try:
            reply = ask()
        except CommvaultError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                self._found.add("url", DIFFERS, "The login has no such URL.")
                raise _Over(NO_COMMCELL, str(error)) from error
            if error.kind.ends_a_wait(proven=False) and error.kind is not ErrorKind.TLS:
                self._found.add("header", DIFFERS, "The login failed.")
                raise _Over(UNUSABLE, str(error)) from error
            self._found.add("tls" if error.kind == ErrorKind.TLS else "url", DIFFERS, f"No answer: {error.kind}.")
            raise _Over(UNREACHABLE, f"{host} does not answer. {error}") from error
        if 300 <= reply.status < 400:
            self._found.add("url", DIFFERS, f"The server redirects (HTTP {reply.status}).")
            raise _Over(
                UNUSABLE,
                f"{host} redirects to {transport.redactor.excerpt(reply.headers.get('Location', ''))}."
                " Redirects are not followed: set the option url to the final address.",
            )
        if reply.shape == "markup":
            self._found.add("url", DIFFERS, f"A web page answers (HTTP {reply.status}).")
            raise _Over(
                NO_COMMCELL,
                f"A web page answers at this URL of {host} (HTTP {reply.status}), not Commvault's REST API: a login"
                " page, maintenance, or another server. The usual URL is https://HOST/commandcenter/api.",
            )
        return reply

    def _look_for_anything(self, host: str, reply: Reply) -> None:
        """WhoAmI is not there; something else that only a CommCell has may be. Raises _Over if not."""
        for path, key in (("Client", "clientProperties"), ("V4/Instances", "instances")):
            try:
                other = self._ask("GET", path)
            except CommvaultError:
                continue
            if other.status == 200 and isinstance(other.data, dict) and key in other.data:
                return
        self._found.add("url", DIFFERS, f"WhoAmI: HTTP {reply.status}, {reply.shape}.")
        raise _Over(
            NO_COMMCELL,
            f"{host} answers, but not like a CommCell: it knows none of WhoAmI, Client and V4/Instances. Check the URL;"
            " the usual one is https://HOST/commandcenter/api.",
        )

    # --- the way

    def _check_way(self) -> None:
        looks: list[Look] = []
        times: list[float] = []
        proxied = self.commcell.transport.proxied
        for _read in range(READS):
            begun = time.perf_counter()
            with contextlib.suppress(CommvaultError):
                self._ask("GET", "CommServ", on_response=lambda response: looks.append(describe(response, proxied)))
                times.append(time.perf_counter() - begun)
        if not looks:
            return
        last = looks[-1]
        self._check_certificate(last)
        self._found.judge("proxy", not last.proxied, "Through a proxy." if last.proxied else "No proxy.")
        if times:
            words = f"{len(times)} reads took {min(times) * 1000:.1f} to {max(times) * 1000:.1f} ms."
            self._found.judge("latency", statistics.median(times) <= SLOW, words)
        else:
            self._found.add("latency", NOT_SEEN, "No read was answered to its end.")
        if self.commcell.clock.known:
            ahead = self.commcell.clock.date_offset
            words = date_is(ahead, "this machine's clock")
            self._found.judge("local_clock", abs(ahead) <= CLOCK_TOLERANCE, words)
        else:
            self._found.add("local_clock", NOT_SEEN, "No answer has a Date.")
        ports = {one.port for one in looks}
        words = f"{counted(len(looks), 'read')}, {counted(len(ports), 'connection')}."
        self._found.judge("keep_alive", len(ports) < len(looks) or len(looks) == 1, words)
        self._found.judge("http_version", last.http_version == "1.1", f"HTTP/{last.http_version}.")

    def _check_certificate(self, seen: Look) -> None:
        if not seen.tls:
            self._found.add("tls", NOT_SEEN, "Plain http.")
        elif seen.certificate_end is None:
            self._found.add("tls", NOT_SEEN, "It cannot be read: validate_certs is false, or a proxy is in between.")
        else:
            days = int((seen.certificate_end - self.commcell.now()) // 86400)
            self._found.judge("tls", days >= DAYS_LEFT, f"{seen.tls}; trusted; {days} days left.")

    def _check_service(self) -> None:
        try:
            reply = self._ask("GET", "CommServ")
        except RequestError:
            reply = None
        data = reply.data if reply and isinstance(reply.data, dict) else {}
        commcell = member(data, "commcell")
        self.names.add("commcell", commcell.get("commCellName"))
        self.names.add("host", data.get("hostName"))
        self.names.add("guid", commcell.get("csGUID"))
        version = text(data.get("csVersionInfo"))
        self._release = version
        parts = [int(part) for part in (version or "").split(".")[:2] if part.isdigit()]
        if len(parts) < 2:
            self._found.add("release", NOT_SEEN, "CommServ does not tell the release.")
        else:
            self._found.judge("release", tuple(parts) >= FIRST_RELEASE, f"Release {version}.")
        self._found.add("lifetime", NOT_SEEN, self._lifetime)
        self._found.add("start_right", NOT_SEEN, "Not tried.")

    # --- what can be backed up

    def _check_estate(self) -> dict[int, Subclient]:
        """The Oracle subclients of the first clients, by id."""
        estate = EstateApi(self.commcell)
        self._endpoint("client", "GET", "Client", "clientProperties")
        clients: list[Client] = []
        with contextlib.suppress(CommvaultError):
            clients = estate.clients()
        for client in clients:
            self.names.add("client", client.name, client.display_name)
            self.names.add("company", client.company)
        self._found.judge("sight", bool(clients), f"{len(clients)} clients." if clients else "No client.")
        instances = self._v4_instances(estate)
        oracle = {one.client_id for one in instances if one.engine in ("ORACLE", "RDS")}
        chosen = [client for client in clients if client.id in oracle] or clients
        subclients: dict[int, Subclient] = {}
        ignored = 0
        for client in chosen[:MOST_CLIENTS]:
            params = {"clientId": client.id, "applicationId": ORACLE, "propertyLevel": 20}
            if client is chosen[0]:
                self._endpoint("subclient", "GET", "Subclient", params=params)
                self._endpoint("get_id", "GET", "GetId", "clientId", params={"clientname": client.name})
            try:
                found = estate.subclients(client.id)
            except CommvaultError:
                continue
            ignored += sum(one.client_id != client.id for one in found)
            for one in found:
                if one.subclient_id and one.application_id == ORACLE:
                    subclients[one.subclient_id] = one
        for one in subclients.values():
            self.names.add("instance", one.instance_name)
            self.names.add("plan", one.plan, one.storage_policy)
        self._tell_instances(subclients, len(chosen), ignored)
        return subclients

    def _v4_instances(self, estate: EstateApi) -> list[DatabaseInstance]:
        self._endpoint("v4_instances", "GET", "V4/Instances", "instances")
        instances: list[DatabaseInstance] = []
        with contextlib.suppress(CommvaultError):
            instances = estate.database_instances()
        for one in instances:
            self.names.add("client", one.client_name)
            self.names.add("instance", one.name)
            self.names.add("plan", one.plan)
        return instances

    def _tell_instances(self, subclients: t.Mapping[int, Subclient], clients: int, ignored: int) -> None:
        looked = f"in {min(clients, MOST_CLIENTS)} of {clients} clients"
        if ignored:
            self._found.add("instances", DIFFERS, f"GET Subclient ignored its filter in {ignored} rows.")
        elif subclients:
            names = sorted({f"{one.client_name}/{one.instance_name}" for one in subclients.values()})
            more = f", and {len(names) - 5} more" if len(names) > 5 else ""
            self._found.add("instances", OK, f"{len(names)} Oracle instances {looked}: {', '.join(names[:5])}{more}.")
        else:
            self._found.add("instances", NOT_SEEN, f"No Oracle instance {looked}.")

    # --- jobs

    def _check_jobs(self, subclients: t.Mapping[int, Subclient]) -> None:
        body = listing_body(lookup_seconds=self._days * 86400.0, limit=PAGE)
        encodings: list[str] = []
        data = self._endpoint(
            *("jobs", "POST", "Jobs", "jobs"),
            body=body,
            on_response=lambda response: encodings.append(response.headers.get("Content-Encoding", "")),
        )
        if data is None and not self._knows_who:
            raise _Over(
                NO_COMMCELL,
                f"{self.commcell.transport.base.host} answers some requests like a CommCell, but knows neither WhoAmI"
                " nor Jobs: it may be a mock, or a gateway in between. Check the URL; the usual one is"
                " https://HOST/commandcenter/api.",
            )
        if data is None:
            raise _Over(
                UNUSABLE,
                "Jobs cannot be listed with these credentials, so nothing that was started could be followed. Ask for"
                " the right to see jobs, or see the line on POST Jobs.",
            )
        rows = summaries(data)
        for row in rows:
            self._add_names(row)
        exports = export_rows(rows, subclients)
        self._shape = shape_of(exports or rows)
        judged = judge_rows(exports, subclients, f"among the newest {len(rows)} jobs of {self._days} days")
        self._found.take(judged)
        self._found.findings.append(judge_listing(rows))
        self._check_pages(rows, positive(data.get(COUNT)))
        self._check_newest(rows)
        self._check_job_clock(rows)
        encoding = encodings[-1] if encodings else ""
        words = f"compressed ({encoding})" if encoding else "uncompressed"
        self._found.add("compression", OK, f"A page of {len(rows)} jobs came {words}.")

    def _add_names(self, row: Row) -> None:
        """Learn the names in a row of a job that must not leave the house."""
        subclient, destination = member(row, "subclient"), member(row, "destinationClient")
        add = self.names.add
        add("job", row.get("jobId"))
        add("client", subclient.get("clientName"), row.get("destClientName"))
        add("client", destination.get("clientName"), destination.get("displayName"))
        add("instance", subclient.get("instanceName"))
        add("commcell", subclient.get("commCellName"))
        add("user", member(row, "userName").get("userName"))
        add("plan", member(row, "storagePolicy").get("storagePolicyName"))
        add("group", *(group.get("clientGroupName") for group in rows_of(row, "clientGroups")))

    def _check_pages(self, rows: t.Sequence[Row], total: int | None) -> None:
        ids = _job_ids(rows)
        if len(ids) < 2:
            self._found.add("job_order", NOT_SEEN, f"{len(ids)} jobs.")
            self._found.add("job_paging", NOT_SEEN, f"{len(ids)} jobs.")
            return
        newest_first = ids[0] > ids[-1]
        self._found.judge("job_order", newest_first, f"It begins with the {'newest' if newest_first else 'oldest'}.")
        half = len(ids) // 2
        body = listing_body(lookup_seconds=self._days * 86400.0, offset=half, limit=PAGE)
        try:
            data = self._ask("POST", "Jobs", body=body).data
        except RequestError as error:
            self._found.add("job_paging", NOT_SEEN, f"The second page could not be read: {error.kind}.")
            return
        second = [positive(row.get("jobId")) for row in summaries(data)]
        # Each job that has started since moves the rows down by one.
        now = positive(data.get(COUNT)) if isinstance(data, dict) else None
        first = max(0, half - (max(0, now - total) if newest_first and now and total else 0))
        goes_on = second[: len(ids) - first] == ids[first:]
        fits = total is None or (total >= len(set(ids)) and (len(ids) < PAGE) <= (total == len(ids)))
        words = f"{len(ids)} rows, total {total}; the page from {half} on {'fits' if goes_on else 'does not fit'}."
        self._found.judge("job_paging", goes_on and fits, words)

    def _check_newest(self, rows: t.Sequence[Row]) -> None:
        """The endpoints on one job, and whether there is a job that a listing does not show yet."""
        ids = _job_ids(rows)
        if not ids:
            for name in ("job", "job_details", "events"):
                self._found.add(f"endpoint_{name}", NOT_SEEN, "No job to ask for.")
            self._found.add("job_lag", NOT_SEEN, "No job.")
            return
        newest = max(ids)
        self._endpoint("job", "GET", f"Job/{newest}", "jobs")
        self._endpoint("job_details", "POST", "JobDetails", "job", body={"jobId": newest, "showAttempt": True})
        self._endpoint("events", "GET", "Events", params={"jobId": newest})
        try:
            beyond = summaries(self._ask("GET", f"Job/{newest + 1}").data)
        except RequestError:
            beyond = []
        if beyond:
            self._found.add("job_lag", DIFFERS, "A job can be read that is not listed.")
        else:
            self._found.add("job_lag", NOT_SEEN, "No job that was just started. A start shows it.")

    def _check_job_clock(self, rows: t.Sequence[Row]) -> None:
        """Running jobs were updated a moment ago at most; so the latest of them is close to the jobs' clock. Jobs that
        wait or are suspended are not updated for days.
        """
        jobs = [parse_job(row) for row in rows]
        times = [job.last_update for job in jobs if job and job.status.lower() == "running" and job.last_update]
        if not times or not self.commcell.clock.known:
            self._found.add("job_clock", NOT_SEEN, "No running job by whose time it could be told.")
            return
        ahead = self.commcell.clock.at(self.commcell.now()) - max(times)
        if abs(ahead) > MOST_SECONDS:
            self._found.add("job_clock", NOT_SEEN, "No running job was updated within a day.")
            return
        good = abs(ahead) <= CLOCK_TOLERANCE
        words = "Date and the times of running jobs agree."
        if not good:
            words = date_is(ahead, "the last update of a running job")
        self._found.judge("job_clock", good, words, clock_skew=float(round(ahead)))

    # --- settings

    def _check_settings(self) -> None:
        data = self._endpoint("job_settings", "GET", "CommServ/JobManagementSetting", "jobManagementSettings")
        general = member(member(data, "jobManagementSettings"), "generalSettings")
        queues = general.get("queueJobsIfConflictingJobsActive")
        if isinstance(queues, bool):
            words = f"Conflicting jobs are {'queued' if queues else 'refused'}."
            self._found.judge("queueing", not queues, words, queues_conflicts=True)
        else:
            self._found.add("queueing", NOT_SEEN, "The setting cannot be read.")
        self._endpoint("activity", "GET", "V4/CommCell/ActivityControl")
        enabled = None
        with contextlib.suppress(CommvaultError):
            enabled = EstateApi(self.commcell).activity()
        if enabled is None:
            self._found.add("activity", NOT_SEEN, "It is not told.")
        else:
            self._found.judge("activity", enabled, "Enabled." if enabled else "Disabled.")
        if self._limited or self._rate_headers:
            told = [f"{self._limited} reads were refused with HTTP 429"] if self._limited else []
            told += [f"{name}: {value}" for name, value in sorted(self._rate_headers.items())]
            self._found.add("rate_limit", DIFFERS, f"{'; '.join(told)}.")
        else:
            self._found.add("rate_limit", OK, "No refusal, and no header of a rate limit.")


def _job_ids(rows: t.Sequence[Row]) -> list[int]:
    return [job_id for job_id in (positive(row.get("jobId")) for row in rows) if job_id is not None]


def _code(reply: Reply) -> int | None:
    return positive(reply.data.get("errorCode")) if isinstance(reply.data, dict) else None
