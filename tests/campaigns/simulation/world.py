# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a scenario: launches of the real module over a network on which its events happen."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
import tempfile
import typing as t
from dataclasses import dataclass, field

from . import runtime, wire
from .commserve import CLIENT, OUR_PASSWORD, OUR_USER, TOKEN, CommServe, Truth
from .scenario import Event, Scenario
from .scheduler import Process, Scheduler, Stalled

if t.TYPE_CHECKING:
    from .wire import Answer, Piece, Request

runtime.install()

# After install, since the code under test keeps clocks as defaults of parameters.
from . import module_run

URL = "http://127.0.0.1/commandcenter/api"
HTML = b"<html><head><title>Scheduled Maintenance</title></head><body>Please come back later.</body></html>"
LATE = 25.0  # seconds after the client's timeout at which a late request is carried out, at most


@dataclass
class Launch:
    """One run of the module, and what it said. result None: it was killed."""

    number: int
    event: Event
    process: Process
    began: float = 0.0
    ended: float | None = None
    result: dict[str, t.Any] | None = None
    failure: BaseException | None = None
    requests: int = 0
    outage_requests: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.process.name

    @property
    def backups(self) -> list[t.Any]:
        """What became of each instance, as of _export.backup.Backup."""
        return self.process.backups

    @property
    def options(self) -> Event:
        return self.event["options"]


@dataclass
class Outcome:
    """All that a world was: for the checker.

    Attributes:
        sent: By launch and instance, what became of each createtask request that named it: the fault, or "" for none.
        trace: The hash of everything that happened, in order.
        stalled: Why the world had to be given up, None if it came to its end.
    """

    scenario: Scenario
    truth: Truth
    launches: list[Launch]
    sent: dict[tuple[str, str], list[str]]
    read_faults: dict[str, list[str]]
    refusals: dict[tuple[str, str], list[str]]
    trace: str
    seconds: float
    stalled: str | None
    lines: list[str]

    @property
    def settings(self) -> dict[str, t.Any]:
        return self.scenario.settings()


class World:
    """One world, from its beginning to its end."""

    def __init__(self, scenario: Scenario, keep_lines: bool = False) -> None:
        self.scenario = scenario
        self.scheduler = Scheduler(scenario.seed)
        self.truth = Truth()
        self._chance = random.Random(f"{scenario.seed}:world")
        self.instances = {event["name"]: event for event in scenario.of("instance")}
        self.commserve = CommServe(scenario.settings(), self.instances, self._chance, self.truth)
        self.launches: list[Launch] = []
        self._by_name: dict[str, Launch] = {}
        self._sent: dict[tuple[str, str], list[str]] = {}
        self._read_faults_met: dict[str, list[str]] = {}
        self._reads: dict[str, int] = {}
        self._attempts: dict[str, int] = {}
        self._start_faults = {
            (event["instance"], event["attempt"]): event["fault"] for event in scenario.of("start_fault")
        }
        self._read_faults = {(event["launch"], event["number"]): event["fault"] for event in scenario.of("read_fault")}
        self._strangers: dict[tuple[str, int], list[Event]] = {}
        for event in scenario.of("stranger"):
            self._strangers.setdefault((event["instance"], event["attempt"]), []).append(event)
        self._outages = [(e["at"], e["at"] + e["seconds"], e["fault"]) for e in scenario.of("outage")]
        self._hash = hashlib.sha256()
        self._keep = keep_lines
        self.lines: list[str] = []
        self._place: str | None = None

    def run(self) -> Outcome:
        """Let it happen."""
        runtime.seed_randomness(self.scenario.seed)
        for name, traits in self.instances.items():
            past = traits.get("history")
            if past:
                job = self.commserve.add_job(
                    100.0 - past["age"], name, None, user="admin", seconds=past["seconds"], ending=past["ending"],
                    level=past.get("level", "Full"), started_from="Scheduled",
                )  # fmt: skip
                job.visible = job.created
        for event in self.scenario.of("expire"):
            self.scheduler.at(event["at"], self.commserve.expire_tokens)
        for event in self.scenario.of("launch"):
            self._add_launch(event)
        self._begin_those_due()
        stalled = None
        wire.connect_to(self)
        try:
            self.scheduler.run()
        except Stalled as stall:
            stalled = str(stall)
        finally:
            wire.connect_to(None)
            if self._place:
                shutil.rmtree(self._place, ignore_errors=True)
        for launch in self.launches:
            self.note(
                "result", launch.name, launch.process.steps, json.dumps(launch.result, sort_keys=True, default=str)
            )
        refusals: dict[tuple[str, str], list[str]] = {}
        for start in self.truth.starts:
            if start.refusal:
                refusals.setdefault((start.launch, start.instance), []).append(start.refusal)
        return Outcome(
            self.scenario, self.truth, self.launches, self._sent, self._read_faults_met, refusals,
            self._hash.hexdigest(), self.scheduler.now, stalled, self.lines,
        )  # fmt: skip

    def note(self, *what: t.Any) -> None:
        """Write into the trace."""
        line = f"{self.scheduler.now:.6f} " + " ".join(str(part) for part in what)
        if self._place:
            line = line.replace(self._place, "PLACE")
        self._hash.update(line.encode("utf-8", "replace"))
        if self._keep:
            self.lines.append(line)

    # --- launches

    def _add_launch(self, event: Event) -> None:
        process = Process(f"launch{event['number']}", event.get("clock_error", 0.0), event.get("kill_at_step"))
        launch = Launch(event["number"], event, process)
        self.launches.append(launch)
        self._by_name[process.name] = launch

    def _begin_those_due(self) -> None:
        """Begin the launches that have a time, or that wait only for launches that have ended."""
        open_ = {launch.number for launch in self.launches if launch.ended is None}
        for launch in self.launches:
            if not launch.began and open_.isdisjoint(launch.event.get("after", ())):
                launch.began = launch.event.get("at") or self.scheduler.now + launch.event["gap"]
                after = launch.began - self.scheduler.now
                self.scheduler.spawn(launch.process, functools.partial(self._live, launch), after)

    def _live(self, launch: Launch) -> None:
        """The life of a launch; a later one may wait for its end."""
        try:
            self._run_module(launch)
        except Exception as failure:  # noqa: BLE001 - the checker reports it
            launch.failure = failure
        finally:
            launch.ended = self.scheduler.now
            self.note("ended", launch.name, "killed" if launch.result is None else "")
            self._begin_those_due()

    def _run_module(self, launch: Launch) -> None:
        params = module_run.spec_defaults()
        params.update({name: value for name, value in launch.options.items() if name in params})
        params["commcell_profile"] = self.scenario.variant()[1]
        params.update(url=URL, read_retries=params["read_retries"], **self._credential(launch))
        params["instances"] = [
            {"client_name": CLIENT, "instance_name": name, "id": name, **_NO_NAMES} for name in self.instances
        ]
        launch.result = module_run.run(params)

    def _credential(self, launch: Launch) -> dict[str, t.Any]:
        kind = launch.event["credential"]
        if kind == "token":
            return {"auth_token": TOKEN}
        if kind == "login":
            return {"username": OUR_USER, "password": OUR_PASSWORD}
        if self._place is None:
            memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
            self._place = tempfile.mkdtemp(prefix="simulation-", dir=memory)
        path = os.path.join(self._place, "tokens.json")
        if not os.path.exists(path):
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                json.dump(self.commserve.make_pair(), file)
        return {"token_file": path}

    # --- the network

    def connect(self, process: Process, timeout: float | None) -> None:
        """A client connects."""
        fault = self._outage()
        launch = self._by_name[process.name]
        if fault is not None:
            launch.outage_requests.append(self.scheduler.now)
        self.scheduler.pause(self._chance.uniform(0.0005, 0.002))
        if fault == "refused connection":
            self.note(process.name, "connection refused")
            raise ConnectionRefusedError(111, "Connection refused")
        if fault == "silence before":
            self.note(process.name, "no connection")
            self.scheduler.pause(60.0 if timeout is None else timeout)
            raise TimeoutError("timed out")

    def transmit(self, request: Request, deliver: t.Callable[[t.Sequence[Piece]], None]) -> None:
        """Carry a request over, with what befalls it on the way."""
        launch = self._by_name[request.process.name]
        launch.requests += 1
        fault = self._fault(request, launch)
        self.note(request.process.name, request.method, request.path, wire.digest(request.raw), fault)
        way = self._chance.uniform(0.002, 0.04)
        if fault == "late":
            way += launch.options.get("timeout", 60.0) + self._chance.uniform(0.5, LATE)
        self.scheduler.at(self.scheduler.now + way, lambda: self._arrive(request, fault, deliver))

    def _outage(self) -> str | None:
        now = self.scheduler.now
        return next((fault for begin, end, fault in self._outages if begin <= now < end), None)

    def _fault(self, request: Request, launch: Launch) -> str:
        outage = self._outage()
        if outage:
            launch.outage_requests.append(self.scheduler.now)
        if request.path != "createtask":
            number = self._reads.get(launch.name, 0)
            self._reads[launch.name] = number + 1
            fault = outage or self._read_faults.get((launch.number, number), "")
            # A login that was lost is gone; nobody can be blamed for what follows from it.
            if fault:
                self._read_faults_met.setdefault(launch.name, []).append(fault)
            return fault
        names = named_instances(request)
        fault = outage or ""
        for name in names:
            attempt = self._attempts.get(name, 0)
            self._attempts[name] = attempt + 1
            fault = fault or self._start_faults.get((name, attempt), "")
            for stranger in self._strangers.get((name, attempt), ()):
                self._schedule_stranger(stranger)
        for name in names:
            self._sent.setdefault((launch.name, name), []).append(fault)
        return fault

    def _schedule_stranger(self, event: Event) -> None:
        moment = self.scheduler.now - event["before"]

        def start() -> None:
            jobs = self.truth.jobs.values()
            busy = any(job.instance == event["instance"] and job.active(self.scheduler.now) for job in jobs)
            if busy and not self.commserve.settings["queueing"]:
                return
            job = self.commserve.add_job(
                moment, event["instance"], None, user=event["user"], level=event["level"],
                started_from=event["started_from"],
            )  # fmt: skip
            job.visible = max(self.scheduler.now, moment + self.commserve.settings["lag"])
            self.note("stranger", job.id, event["instance"])

        if event["before"] > 0:
            start()
        else:
            self.scheduler.at(moment, start)

    def _arrive(self, request: Request, fault: str, deliver: t.Callable[[t.Sequence[Piece]], None]) -> None:
        now = self.scheduler.now
        answer = None
        if not fault.endswith(" before") and fault not in ("html 404", "refused connection"):
            answer = self.commserve.answer(request, now)
        pieces = _spoil(fault, answer, self.commserve.date(now))
        self.note("arrived", request.path, answer.status if answer else "-", fault)
        if pieces:
            back = now + self._chance.uniform(0.002, 0.04)
            first = 1 if fault == "interim first" else len(pieces)
            self.scheduler.at(back, lambda: deliver(pieces[:first]))
            if first < len(pieces):
                # Late enough to be taken for the answer to the next request on this connection.
                self.scheduler.at(back + self._chance.uniform(0.0, 0.2), lambda: deliver(pieces[first:]))


_NO_NAMES = {"subclient_name": "default", "display_name": None, "app_name": "Oracle", "application_id": 22}


def named_instances(request: Request) -> list[str]:
    """The instances that a createtask request names."""
    return [association["instanceName"].lower() for association in request.body["taskInfo"]["associations"]]


def _spoil(fault: str, answer: Answer | None, date: float) -> list[Piece]:
    """What comes back of an answer; nothing at all for silence."""
    reset = ConnectionResetError(104, "Connection reset by peer")
    if fault.startswith("silence") or fault == "late":
        return []
    if fault.startswith("reset") or fault == "refused connection":
        return [reset]
    if fault in _INSTEAD:
        status, body, headers = _INSTEAD[fault]
        kind = "text/html" if body and body.startswith(b"<") else "application/json"
        return [wire.encode(wire.Answer(status, body, kind, headers), date)]
    assert answer is not None
    whole = wire.encode(answer, date)
    body = answer.body or b""
    if fault == "half an answer":
        return [whole[: len(whole) - max(1, len(body) // 2)], None]
    if fault == "task alone" and b'"jobIds"' in body:
        task = {"taskId": json.loads(body)["taskId"]}
        return [wire.encode(answer._replace(body=json.dumps(task).encode()), date)]
    if fault == "cut json":
        return [wire.encode(answer._replace(body=body[: len(body) // 2]), date)]
    if fault == "two lengths":
        lengths = (("Content-Length", str(len(body))), ("Content-Length", str(len(body) + 7)))
        return [wire.encode(answer._replace(headers=lengths), date), None]
    if fault == "bad chunk":
        chunked = (("Transfer-Encoding", "chunked"),)
        return [wire.encode(answer._replace(body=b"zz\r\n" + body + b"\r\n", headers=chunked), date), None]
    if fault == "bad encoding":
        return [wire.encode(answer._replace(headers=(("Content-Encoding", "gzip"),)), date), None]
    interim = wire.encode(wire.Answer(102, None), date)
    if fault == "interim":
        return [interim, None]
    if fault == "interim first":
        return [interim, whole]
    return [whole]


_OOPS = b'{"errorMessage": "Internal error", "errorCode": 4711}'
_INSTEAD: dict[str, tuple[int, bytes | None, tuple[tuple[str, str], ...]]] = {
    "html before": (200, HTML, ()),
    "html after": (200, HTML, ()),
    "html 404": (404, HTML, ()),
    "empty after": (200, b"", ()),
    "empty before": (200, b"", ()),
    "no content after": (204, None, ()),
    "502 before": (502, HTML, ()),
    "502 after": (502, HTML, ()),
    "503 before": (503, HTML, ()),
    "503 retry-after before": (503, HTML, (("Retry-After", "0.5"),)),
    "504 after": (504, HTML, ()),
    "500 text after": (500, b"oops", ()),
    "500 text before": (500, b"oops", ()),
    "500 json before": (500, _OOPS, ()),
    "empty object after": (200, b"{}", ()),
    "401 before": (401, b'{"errorMessage": "Access denied", "errorCode": 5}', ()),
    "403 before": (403, b'{"errorMessage": "Forbidden", "errorCode": 5}', ()),
    "429 before": (429, b"", (("Retry-After", "2"),)),
    "redirect before": (302, b"", (("Location", "https://elsewhere.example.com/login"),)),
}
