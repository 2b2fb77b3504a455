# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to tell how the databases of a large CommCell are protected, and how much memory.

The server is a stub that has all answers ready, since the simulator takes longer to make them than anybody to read
them. "a bare script" reads the same answers with requests and json, as many at once, and throws them away.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .plan import WentWrong
from .table import align

CLIENTS, DATABASES, DAYS = 1200, 10_000, 7
LATENCY = 0.020  # seconds of each call
CONCURRENCY = 16
LIMIT = 300  # seconds for one run

_COMMON = """
import json, re, resource, sys, time
started = time.perf_counter(), time.process_time()
def done(count):
    try:
        # What getrusage tells begins with the peak of the process that started this one; what Linux has here does not.
        kilobytes = re.search("VmHWM:[^0-9]*([0-9]+)", open("/proc/self/status").read())[1]
    except OSError:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = int(kilobytes) / 1024
    times = time.perf_counter() - started[0], time.process_time() - started[1]
    print(json.dumps({"count": count, "seconds": times[0], "cpu": times[1], "megabytes": peak}))
"""
SURVEY = (
    _COMMON
    + """
from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.module_utils._module.connection import open_commcell
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.api import EstateApi
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.discovery import Query
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobsApi
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import JobReader
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.result import protection_result
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.survey import Surveyor, Terms
options = {name: option.get("default") for name, option in connection_spec().options.items()}
options.update(url=sys.argv[1], auth_token="a-token")
with open_commcell(options.get, Redactor(), pool_size=int(sys.argv[2])) as commcell:
    terms = Terms(86400.0)
    surveyor = Surveyor(EstateApi(commcell), JobReader(JobsApi(commcell)), terms)
    survey = surveyor.survey(None, Query(concurrency=int(sys.argv[2])))
    result = protection_result(survey, terms, ["client_name"], commcell.job_url)
assert result["evidence"]["complete"]
done(sum(row["protected"] for row in result["databases"]))
"""
)
BARE = (
    _COMMON
    + """
import requests
from concurrent.futures import ThreadPoolExecutor
url, count = sys.argv[1], int(sys.argv[2])
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=count))
clients = {row["client"]["id"] for row in session.get(f"{url}/V4/Instances").json()["instances"]}
def read(client):
    params = {"clientId": client, "applicationId": 22, "propertyLevel": 20}
    return len(session.get(f"{url}/Subclient", params=params).json()["subClientProperties"])
with ThreadPoolExecutor(count) as workers:
    databases = sum(workers.map(read, clients))
offset = 0
while True:
    page = session.post(f"{url}/Jobs", json={"pagingConfig": {"offset": offset, "limit": 1000}}).json()
    offset += 995
    if offset + 5 >= page["totalRecordsWithoutPaging"]:
        break
done(databases)
"""
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: _Answers

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"))

    def _answer(self, body: dict[str, Any] | None = None) -> None:
        time.sleep(LATENCY)
        parts = urlsplit(self.path)
        content = self.answers.of(parts.path.rpartition("/api/")[2].lower(), parse_qs(parts.query), body or {})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Keep quiet."""


class _Answers:
    """A CommCell as JSON that is ready to be sent."""

    def __init__(self) -> None:
        now = int(time.time())
        names = [(f"client-{number % CLIENTS:04d}", f"db-{number:05d}", number) for number in range(DATABASES)]
        instances: list[dict[str, Any]] = []
        subclients: dict[int, list[dict[str, Any]]] = {}
        jobs: list[dict[str, Any]] = []
        for client, name, number in names:
            client_id = 10 + number % CLIENTS
            instances.append(
                {"id": 100 + number, "name": name, "client": {"id": client_id, "name": client}, "status": "READY"}
                | {"databaseEngine": "ORACLE", "vendor": "AMAZON", "plan": {"id": 1, "name": "Gold"}}
            )
            entity = {"clientId": client_id, "clientName": client, "instanceId": 100 + number, "instanceName": name}
            entity |= {"subclientId": 20_000 + number, "subclientName": "default", "applicationId": 22}
            row = {
                "subClientEntity": entity,
                "planEntity": {"planName": "Gold"},
                "commonProperties": {"enableBackup": True},
            }
            subclients.setdefault(client_id, []).append(row)
            for day in range(DAYS):
                end = now - 1800 - day * 86400 - number
                jobs.append(
                    {"status": "Completed", "jobType": "Backup", "backupLevelName": "Full", "percentComplete": 100}
                    | {"jobStartTime": end - 900, "jobEndTime": end, "jobElapsedTime": 900, "subclient": entity}
                    | {"sizeOfApplication": 10**11, "sizeOfMediaOnDisk": 10**10, "pendingReason": "", "commcellId": 2}
                )
        jobs.sort(key=lambda job: -job["jobEndTime"])
        self._rows = [
            json.dumps({"jobSummary": {"jobId": len(jobs) - place, **job}}).encode() for place, job in enumerate(jobs)
        ]
        self._subclients = {
            str(key): json.dumps({"subClientProperties": rows}).encode() for key, rows in subclients.items()
        }
        self._instances = json.dumps({"instances": instances}).encode()

    def of(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> bytes:
        """The answer to a request."""
        if path == "v4/instances":
            return self._instances
        if path == "subclient":
            return self._subclients[query["clientId"][0]]
        if path == "jobs":
            start, limit = (body["pagingConfig"][name] for name in ("offset", "limit"))
            rows = b",".join(self._rows[start : start + limit])
            return b'{"totalRecordsWithoutPaging": %d, "jobs": [%b]}' % (len(self._rows), rows)
        return b"{}"


def run(runs: int) -> None:
    """Measure both, one after the other, and print the best and the worst of each. Raises WentWrong."""
    handler = type("Handler", (_Handler,), {"answers": _Answers()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/commandcenter/api"
    print(f"{DATABASES} databases of {CLIENTS} clients, {DAYS} days of jobs, {1000 * LATENCY:g} ms a call", flush=True)
    rows = [["", "databases", "seconds", "of it CPU", "MB", "promised"]]
    try:
        for number in range(runs):
            for says, source, promised in (("protection", SURVEY, "<= 15 s, 200 MB"), ("a bare script", BARE, "")):
                facts = _measure(source, url)
                times = [f"{facts[name]:.2f} s" for name in ("seconds", "cpu")]
                rows.append(
                    [f"{number + 1} {says}", str(facts["count"]), *times, f"{facts['megabytes']:.0f}", promised]
                )
    finally:
        server.shutdown()
        server.server_close()
    print(align(rows, max(len(row[0]) for row in rows)))


def _measure(source: str, url: str) -> dict[str, Any]:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", source, url, str(CONCURRENCY)],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        raise WentWrong(done.stderr[-4000:])
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts
