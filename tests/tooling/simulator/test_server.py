# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process: harness, journal, https, the rehearsal server, speed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.rdsops.commvault.tests.simulator.app import Application
from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api, association, body
from ansible_collections.rdsops.commvault.tests.simulator.clock import Clock
from ansible_collections.rdsops.commvault.tests.simulator.commserve import CommServe
from ansible_collections.rdsops.commvault.tests.simulator.faults import KINDS, MATCHES, PRIMITIVES
from ansible_collections.rdsops.commvault.tests.simulator.harness import TESTS, Simulator, SimulatorError, fingerprint
from ansible_collections.rdsops.commvault.tests.simulator.settings import Settings, from_text


def test_journal_has_every_request_in_order_and_no_credential(api: Api, simulator: Simulator) -> None:
    api.start()
    api.call("GET", "Job/148886?x=1", headers={"Authorization": "Basic c2VjcmV0"})
    api.call("DELETE", "Something/Else")
    first, second, third = simulator.journal()
    assert (first["method"], first["endpoint"], first["kind"], first["status"]) == ("POST", "createtask", "write", 200)
    assert (first["task_id"], first["job_ids"]) == (9920, [148886])
    assert first["body"]["taskInfo"]["associations"] == [association()]
    assert (second["path"], second["query"], second["kind"]) == ("/commandcenter/api/Job/148886", {"x": "1"}, "read")
    assert (third["kind"], third["status"]) == ("write", 404)
    assert first["headers"]["authtoken"] == fingerprint(simulator.token)
    everything = json.dumps(simulator.journal())
    assert simulator.token not in everything
    assert "c2VjcmV0" not in everything
    assert [entry["seq"] for entry in simulator.writes()] == [1, 3]
    assert [entry["seq"] for entry in simulator.journal(path="Job/148886")] == [2]


def test_connections_are_counted(api: Api, simulator: Simulator) -> None:
    for _call in range(5):
        api.call("GET", "Job/1")
    assert simulator.connections() == 1
    with requests.Session() as session:
        session.get(f"{simulator.url}/Job/1", timeout=10)
    assert simulator.connections() == 2


def test_control_api_needs_its_key_and_stays_out_of_the_journal(simulator: Simulator) -> None:
    reply = requests.post(f"{simulator.root}/_simulator/jobs", json={}, timeout=10)
    assert reply.status_code == 403
    assert simulator.journal() == []


def test_control_api_is_not_slowed_or_broken(simulator: Simulator) -> None:
    simulator.order_fault(None, {"kind": "unavailable"}, times=None)
    assert simulator.jobs() == []
    assert simulator.faults()[0]["seen"] == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"nonsense": 1},
        {"conflict_status": 418},
        {"blackout": "yes"},
        {"job_seconds": "long"},
        {"job_seconds": None},
        {"release": 11.4},
        {"quota": {"reads": 1}},
    ],
)
def test_wrong_settings_are_refused(simulator: Simulator, settings: dict) -> None:
    with pytest.raises(SimulatorError):
        simulator.set(**settings)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("release", "11.40", "11.40"),
        ("not_visible", "404", "404"),
        ("conflict_status", "409", 409),
        ("blackout", "true", True),
    ],
)
def test_settings_of_the_command_line_get_their_types(name: str, text: str, value: object) -> None:
    settings = Settings()
    settings.update({name: from_text(name, text)})
    assert getattr(settings, name) == value


def test_every_setting_is_in_the_readme() -> None:
    readme = (TESTS / "simulator" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", readme))
    assert {field.name for field in dataclasses.fields(Settings)} <= named
    assert set(KINDS) | (PRIMITIVES - {"kind"}) | MATCHES <= named
    members = {name for name in vars(Simulator) if not name.startswith("_")} - {"control", "stop"}
    assert members <= set(re.findall(r"`([a-z_]+)\(", readme))


def test_reset_brings_everything_back(api: Api, simulator: Simulator) -> None:
    simulator.set(conflict_status=409)
    api.start()
    simulator.reset({"clients": {"other": ["db"]}})
    assert simulator.journal() == simulator.jobs() == []
    assert api.start(association("db", "other")).json() == {"taskId": 9920, "jobIds": ["148886"]}
    assert api.start(association("db", "other")).status_code == 200


def test_request_that_is_held_back_does_not_reach_beyond_a_reset() -> None:
    server = CommServe(ESTATE, {"t": "admin"}, {}, Clock())
    server.faults.order({"delay": 0.05})
    request = {"type": "http.request", "body": json.dumps(body()).encode(), "more_body": False}
    messages = [request, {"type": "http.disconnect"}]
    broken: list[bool] = []
    transport = types.SimpleNamespace(get_extra_info=lambda _name: None, abort=lambda: broken.append(True))
    headers = {"authtoken": "t", "content-type": "application/json", "accept": "application/json"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/commandcenter/api/createtask",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "simulator.transport": transport,
    }

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    async def run() -> None:
        call = asyncio.create_task(Application(server)(scope, receive, send))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(server.journal.entries) == 1
        server.reset()
        await call

    asyncio.run(run())
    assert broken == [True]
    assert server.jobs.by_id == {}


@pytest.mark.parametrize(
    ("path", "sent"),
    [("Jobs", {"jobFilter": [1]}), ("Jobs", {"category": 0, "pagingConfig": 7}), ("JobDetails", {"jobId": {}})],
)
def test_bodies_of_impossible_shape_do_not_stop_the_server(
    api: Api, simulator: Simulator, path: str, sent: dict
) -> None:
    assert api.call("POST", path, json=sent).status_code in (200, 500)
    assert api.call("POST", "Jobs", json={}).status_code == 200


def test_thousand_submissions_over_four_connections(api: Api, simulator: Simulator) -> None:
    simulator.reset({"clients": {f"client{one}": [f"db{one}-{two}" for two in range(100)] for one in range(10)}})

    def work(part: int) -> None:
        client = Api(simulator)
        for number in range(part, 1000, 4):
            one, two = divmod(number, 100)
            assert client.start(association(f"db{one}-{two}", f"client{one}")).status_code == 200
        client.session.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert simulator.connections() == 4
    assert len(simulator.writes()) == len({job["job_id"] for job in simulator.jobs()}) == 1000


def test_https_works_with_the_ca_and_only_with_it(tmp_path: Path) -> None:
    with (
        Simulator(ESTATE, https=True, state_dir=tmp_path, tokens=["one", "two"], latency_ms=1) as simulator,
        requests.Session() as session,
    ):
        assert simulator.https_url is not None
        assert simulator.token == "one"
        session.trust_env = False
        url, headers = f"{simulator.https_url}/Job/1", {"Authtoken": "two", "Accept": "application/json"}
        assert session.get(url, headers=headers, verify=simulator.ca_file, timeout=10).status_code == 200
        with requests.Session() as other, pytest.raises(requests.exceptions.SSLError):
            other.get(url, headers=headers, timeout=10)
        assert len(simulator.journal()) == 1


@pytest.mark.parametrize(("tls", "words"), [("expired", "expired"), ("wrong-host", "match|not valid for")])
def test_bad_certificates_can_be_had(tls: str, words: str) -> None:
    with Simulator(ESTATE, https=True, tls=tls) as simulator, requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.SSLError, match=words):
            session.get(f"{simulator.https_url}/Job/1", verify=simulator.ca_file, timeout=10)


def test_process_ends_with_the_block_even_after_an_error() -> None:
    simulator = Simulator(ESTATE)

    def fail() -> None:
        with simulator:
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    pid = simulator.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_process_ends_when_its_owner_is_gone() -> None:
    script = (
        "import os, sys\nfrom simulator.harness import Simulator\n"
        "s = Simulator()\ns.__enter__()\nprint(s.pid, flush=True)\nos._exit(1)"
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    pid = int(out.stdout)
    _wait_until_gone(pid)


def _wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


def test_wrong_estate_is_told_at_start() -> None:
    with (
        pytest.raises(SimulatorError, match="no such key of a client: colour"),
        Simulator({"clients": [{"name": "x", "colour": 1}]}),
    ):
        pass


def test_rehearsal_server_greets_logs_without_the_token_and_stops_on_interrupt() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--lifetime", "60"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "One line for each request" not in lines[-1]:
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        lines.append(line)
    text = "".join(lines)
    exports = dict(line.strip()[7:].split("=", 1) for line in lines if line.strip().startswith("export "))
    assert "not the vendor's software" in text
    assert "oracle_rds_export_backup -a 'client_name=aws-prod instance_name=orders'" in text
    token = exports["COMMVAULT_AUTH_TOKEN"]
    reply = requests.get(
        f"{exports['COMMVAULT_URL']}/Job/1", headers={"Authtoken": token, "Accept": "application/json"}, timeout=10
    )
    assert reply.status_code == 200
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert "GET /commandcenter/api/Job/1 -> 200" in rest
    assert token not in rest
    assert rest.rstrip().endswith("Stopped.")
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [("clients: [", "expected"), ("- a", "must be a mapping"), ("clients: [{name: x, y: 1}]", "no such key")],
)
def test_rehearsal_server_tells_what_is_wrong_with_an_estate(tmp_path: Path, content: str, words: str) -> None:
    estate = tmp_path / "estate.yml"
    estate.write_text(content, encoding="utf-8")
    out = subprocess.run(
        [sys.executable, "-m", "simulator", "--estate", str(estate)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert out.returncode == 2
    assert words in out.stderr
    assert "Traceback" not in out.stderr
