# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import re
from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.action import job_wait as action
from ansible_collections.rdsops.commvault.plugins.module_utils._auth import login
from ansible_collections.rdsops.commvault.plugins.modules import job_wait
from ansible_collections.rdsops.commvault.plugins.plugin_utils import _in_place
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime, commcell_of, start_jobs

NAMES = [f"db{number:02d}" for number in range(40)]
PASSWORD = "SECRET-password"
ESTATE = {
    "clients": [{"name": "aws-prod", "instances": NAMES}],
    "users": [{"name": "operator", "password": PASSWORD}],
}
USER = {"auth_token": None, "username": "operator", "password": PASSWORD}
HOUR = 3600.0


@pytest.fixture
def time(simulator, monkeypatch):
    time = SimulatedRuntime(simulator, standing=True)
    waiting = functools.partial(job_wait.wait_and_describe, runtime=time)
    monkeypatch.setattr(job_wait, "wait_and_describe", waiting)
    return time


@pytest.fixture
def commcell(simulator):
    with commcell_of(simulator) as commcell:
        yield commcell


class World:
    """Runs the action plugin for a task of the controller, or elsewhere.

    lines: what was shown. packed: the options of each run as a packed module, and whether it was in the background.
    """

    def __init__(self, simulator, monkeypatch):
        self.simulator = simulator
        self.lines = []
        self.packed = []
        self._monkeypatch = monkeypatch

    def __call__(self, *, check=False, async_val=0, no_log=False, timeout=0, transport="local", **args):
        args = {"url": self.simulator.url, "auth_token": self.simulator.token, **args}
        task = SimpleNamespace(
            args={name: value for name, value in args.items() if value is not None},
            async_val=async_val,
            check_mode=check,
            diff=False,
            no_log=no_log,
            action="rdsops.commvault.job_wait",
            environment=[],
            delegate_to=None,
            timeout=timeout,
        )
        shell = SimpleNamespace(tmpdir="unused")
        connection = SimpleNamespace(_shell=shell, has_native_async=False, transport=transport, become=None)
        templar = SimpleNamespace(template=lambda text: text)
        plugin = action.ActionModule(task, connection, SimpleNamespace(), None, templar, None)
        self._monkeypatch.setattr(plugin, "_execute_module", self._execute)
        display = SimpleNamespace(display=self.lines.append, verbosity=0)
        self._monkeypatch.setattr(plugin, "_display", display)
        return plugin.run(task_vars={"inventory_hostname": "db-host"})

    def _execute(self, module_name, module_args, task_vars, wrap_async=False):
        assert module_name == "rdsops.commvault.job_wait"
        self.packed.append((module_args, wrap_async))
        return {"by": "module"}


@pytest.fixture
def wait(simulator, time, monkeypatch):
    return World(simulator, monkeypatch)


def outcomes(result):
    return [entry["outcome"] for entry in result["jobs"]]


def endpoints(simulator, since=0):
    return [request["endpoint"] for request in simulator.journal()[since:]]


def test_people_see_how_far_the_jobs_are(wait, simulator, commcell):
    simulator.script("db01", [{"state": "Pending", "seconds": 90, "reason": "No resources available"}, "Completed"])
    simulator.script("db02", [{"state": "Running", "seconds": 100}, {"state": "Failed", "reason": "no luck"}])
    simulator.set(job_seconds=170)
    result = wait(job_ids=start_jobs(commcell, NAMES[:3]), wait_interval="30s")
    assert wait.packed == []
    assert undocumented_or_missing(job_wait, {**result, "invocation": None}) <= {"invocation"}
    assert wait.lines[0] == "[db-host] 1 running (db02 0 %), 1 pending (db01), 1 waiting (db00) of 3, 00:00"
    assert [re.sub(r"\d+ %", "N %", line) for line in wait.lines[1:]] == [
        "[db-host] 2 running (db00 N %, db02 N %), 1 pending (db01) of 3, 00:30",
        "[db-host] 2 running (db00 N %, db02 N %), 1 pending (db01) of 3, 01:20",
        "[db-host] 1 ok, 2 running (db00 N %, db02 N %) of 3, 01:30",
        "[db-host] 1 ok, 1 failed, 1 running (db00 N %) of 3, 02:00",
        "[db-host] 1 ok, 1 failed, 1 running (db00 N %) of 3, 02:50",
        "[db-host] 2 ok, 1 failed of 3, 03:00",
    ]


def test_nothing_is_named_under_no_log(wait, simulator, commcell):
    simulator.script("db01", [{"state": "Pending", "seconds": 90, "reason": "No resources available"}, "Completed"])
    wait(job_ids=start_jobs(commcell, NAMES[:2]), no_log=True)
    assert wait.lines
    assert not [line for line in wait.lines if "db0" in line or "resources" in line]


def test_thirty_polls_are_one_connection_and_one_login(wait, simulator, commcell):
    simulator.set(job_seconds=29 * 60)
    job_ids = start_jobs(commcell, NAMES[:2])
    before = len(simulator.journal())
    result = wait(job_ids=job_ids, **USER)
    assert outcomes(result) == ["succeeded"] * 2
    entries = simulator.journal()[before:]
    assert [entry["endpoint"] for entry in entries].count("jobs") >= 30
    assert len({entry["connection"] for entry in entries}) == 1
    assert (entries[0]["endpoint"], entries[-1]["endpoint"]) == ("login", "logout")
    assert [entry["endpoint"] for entry in entries].count("login") == 1
    assert PASSWORD not in str(result)


def test_a_session_that_dies_in_mid_wait_is_renewed_unseen(wait, time, simulator, commcell, monkeypatch):
    simulator.set(job_seconds=600)
    job_ids = start_jobs(commcell, NAMES[:2])
    before = len(simulator.journal())
    go_on = time.sleep

    def sleep(seconds):
        if 100 <= time.slept < 120:
            simulator.expire_tokens()
        go_on(seconds)

    # The login is minutes old by the simulator's clock, not by the one that tells how fresh it is.
    monkeypatch.setattr(login, "FRESH", 0.0)
    monkeypatch.setattr(time, "sleep", sleep)
    result = wait(job_ids=job_ids, **USER)
    assert outcomes(result) == ["succeeded"] * 2
    others = [name for name in endpoints(simulator, before) if not name.startswith("job")]
    assert others == ["login", "whoami", "renewlogintoken", "logout"]
    assert not [line for line in wait.lines if "failed" in line]


def test_a_connection_that_the_server_closes_is_made_anew(wait, simulator, commcell):
    simulator.set(job_seconds=600)
    job_ids = start_jobs(commcell, NAMES[:2])
    simulator.order_fault({"path": "jobs"}, {"kind": "reset_before"}, times=2, after=2)
    result = wait(job_ids=job_ids)
    assert outcomes(result) == ["succeeded"] * 2
    assert any("last poll failed (interrupted)" in line for line in wait.lines)


@pytest.mark.parametrize("elsewhere", [{"transport": "ssh"}, {"async_val": 60}])
def test_elsewhere_the_module_does_it_all_and_the_task_says_that_it_shows_nothing(wait, elsewhere):
    assert wait(job_ids=["7"], **elsewhere) == {"by": "module"}
    ((args, in_background),) = wait.packed
    assert (args["job_ids"], in_background) == (["7"], "async_val" in elsewhere)
    assert wait.lines == ["[db-host] No progress is shown, since this task does not run in Ansible's own process."]


def test_wrong_values_are_for_the_module_to_word(wait):
    assert wait(job_ids=["7"], read_retries="some") == {"by": "module"}
    assert wait.lines == []


def test_options_that_it_does_not_have_are_named(wait):
    assert wait(job_ids=["7"], nonsense=1)["msg"].startswith("job_wait has no option nonsense.")
    assert (wait.packed, wait.lines) == ([], [])


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({}, {"wait_timeout": 70, "on_timeout": "leave"}),
        ({"wait_timeout": "1h", "on_timeout": "kill"}, {"wait_timeout": 70, "on_timeout": "leave"}),
        ({"wait_timeout": "60s", "on_timeout": "kill"}, {"wait_timeout": "60s", "on_timeout": "kill"}),
        ({"wait_timeout": "soon"}, {"wait_timeout": "soon"}),
    ],
)
def test_elsewhere_the_wait_ends_by_itself_when_the_time_of_its_task_is_over(wait, monkeypatch, asked, given):
    outlived = []
    monkeypatch.setattr(_in_place, "ignore_task_timeout", outlived.append)
    wait(job_ids=["7"], transport="ssh", timeout=70, **asked)
    ((args, _in_background),) = wait.packed
    assert {name: args[name] for name in ("wait_timeout", "on_timeout") if name in args} == given
    assert len(outlived) == 1


def test_when_the_time_of_the_task_is_over_the_wait_ends_and_leaves_jobs_alone(wait, simulator, commcell, monkeypatch):
    simulator.set(job_seconds=2 * HOUR)
    outlived = []
    monkeypatch.setattr(_in_place, "ignore_task_timeout", outlived.append)
    result = wait(job_ids=start_jobs(commcell, NAMES[:1]), wait_timeout="1h", on_timeout="kill", timeout=70)
    assert [task.timeout for task in outlived] == [70]
    assert result["failure"]["kind"] == "wait_timeout"
    assert 60 <= result["waited_seconds"] <= 70
    assert len(simulator.writes()) == 1


def test_nobody_goes_on_waiting_when_ansible_has_ended(wait, simulator, commcell, monkeypatch):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:1])
    left = []
    monkeypatch.setattr(_in_place, "parent_has_died", lambda: endpoints(simulator).count(f"job/{job_ids[0]}") >= 2)
    monkeypatch.setattr(_in_place, "exit_if_parent_died", lambda: left.append(True))
    result = wait(job_ids=job_ids, wait_timeout="1h", on_timeout="kill")
    assert endpoints(simulator).count(f"job/{job_ids[0]}") == 2
    assert "Ansible has ended. The jobs go on." in result["msg"]
    assert left == [True]


@pytest.mark.parametrize("credentials", [{}, USER], ids=["token", "password"])
@pytest.mark.parametrize(
    "kind",
    ["unavailable", "bad_gateway", "maintenance", "reset_before", "reset_after", "cut_json", "empty", "unauthorized"],
)
def test_a_wait_survives_an_outage_of_any_kind(wait, simulator, commcell, monkeypatch, kind, credentials):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:2])
    monkeypatch.setattr(login, "FRESH", 0.0)
    # Refused credentials are asked about less and less often, so these are ten minutes as well.
    simulator.order_fault({}, {"kind": kind}, times=6 if kind == "unauthorized" else 24, after=3)
    result = wait(job_ids=job_ids, wait_interval="60s", **credentials)
    assert outcomes(result) == ["succeeded"] * 2
    assert any("last poll failed" in line for line in wait.lines)
