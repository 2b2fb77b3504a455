# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import functools
import re
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from simulator.harness import Simulator
from support.documented import undocumented_or_missing
from support.scripted_jobs import SimulatedTime, commcell_of, start_jobs

from ansible_collections.rdsops.commvault.plugins.action import job_wait as action
from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.modules import job_control, job_info, job_wait

NAMES = [f"db{number:02d}" for number in range(40)]
ESTATE = {"clients": [{"name": "aws-prod", "instances": NAMES}]}
MODULES = {"job_info": job_info, "job_control": job_control, "job_wait": job_wait}
HOUR = 3600.0


@pytest.fixture(scope="module")
def _simulator():
    with Simulator(ESTATE) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator):
    _simulator.reset(ESTATE)
    return _simulator


@pytest.fixture
def time(simulator, monkeypatch):
    time = SimulatedTime(simulator)
    waiting = functools.partial(action.wait_for_jobs, clock=time.clock, sleep=time.sleep)
    monkeypatch.setattr(action, "wait_for_jobs", waiting)
    return time


@pytest.fixture
def commcell(simulator):
    with commcell_of(simulator) as commcell:
        yield commcell


class World:
    """Runs the action plugin; its modules run in this process against the simulator. runs: name and arguments of each
    run. answers: what runs return instead, by name of the module: a list of results or errors, None for the real thing.
    """

    def __init__(self, simulator, monkeypatch):
        self.simulator = simulator
        self.runs = []
        self.lines = []
        self.answers = {}
        self._monkeypatch = monkeypatch

    def __call__(self, *, check=False, async_val=0, no_log=False, task_timeout=0, **args):
        task = SimpleNamespace(
            args={"url": self.simulator.url, "auth_token": self.simulator.token, **args},
            async_val=async_val,
            check_mode=check,
            no_log=no_log,
            action="rdsops.commvault.job_wait",
            environment=[],
            timeout=task_timeout,
        )
        task.args = {name: value for name, value in task.args.items() if value is not None}
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"), has_native_async=False, transport="ssh")
        plugin = action.ActionModule(task, connection, SimpleNamespace(), None, None, None)
        plugin._execute_module = functools.partial(self._execute, task)
        display = SimpleNamespace(display=self.lines.append)
        self._monkeypatch.setattr(plugin, "_display", display)
        given = copy.deepcopy(task.args)
        result = plugin.run(task_vars={"inventory_hostname": "db-host"})
        assert task.args == given
        return result

    def _execute(self, task, module_name, module_args, task_vars, wrap_async=False):
        name = module_name.rpartition(".")[2]
        self.runs.append((name, module_args, wrap_async))
        answers = self.answers.get(name)
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        module = MODULES[name]
        spec = connection_spec().merge(module.argument_spec())
        checked = ArgumentSpecValidator(spec.options, **spec.constraints).validate(module_args)
        if checked.error_messages:
            return {"failed": True, "msg": checked.error_messages[0]}
        params = checked.validated_parameters
        options = {option: params[option] for option in connection_spec().options}
        run = SimpleNamespace(
            params=params,
            check_mode=task.check_mode,
            open=lambda: commcell_of(self.simulator, **options),
            warn=print,
        )
        try:
            return module.run(run)
        except CommvaultError as error:
            return {"failed": True, "msg": str(error), "failure": error.failure()}

    def names(self):
        return [name for name, _args, _in_background in self.runs]


@pytest.fixture
def wait(simulator, time, monkeypatch):
    return World(simulator, monkeypatch)


def outcomes(result):
    return [entry["outcome"] for entry in result["jobs"]]


def reads(simulator):
    return [request for request in simulator.journal() if request["kind"] == "read"]


def test_jobs_are_followed_by_short_runs_of_job_info(wait, simulator, commcell):
    simulator.set(job_seconds=HOUR)
    result = wait(job_ids=start_jobs(commcell, NAMES))
    assert outcomes(result) == ["ended_well"] * 40
    assert set(wait.names()) == {"job_info"}
    assert 60 <= len(reads(simulator)) <= 65
    assert result["api_calls"] == {"reads": len(reads(simulator)), "writes": 0, "quota": None}
    assert undocumented_or_missing(job_wait, result) == set()


def test_after_the_first_look_only_the_clients_of_the_jobs_are_listed(wait, simulator, commcell):
    wait(job_ids=start_jobs(commcell, NAMES[:2]))
    bodies = [request["body"]["jobFilter"].get("clientList") for request in simulator.journal("Jobs")]
    assert bodies[0] is None
    assert bodies[1:] == [[{"clientId": 11}]] * len(bodies[1:])


def test_people_see_how_far_the_jobs_are(wait, simulator, commcell):
    simulator.script("db01", [{"state": "Pending", "seconds": 90, "reason": "No resources available"}, "Completed"])
    simulator.script("db02", [{"state": "Running", "seconds": 100}, {"state": "Failed", "reason": "no luck"}])
    simulator.set(job_seconds=170)
    wait(job_ids=start_jobs(commcell, NAMES[:3]), wait_interval="30s")
    assert wait.lines[0] == (
        "[db-host] 0/3 finished; 1 running, 0 % on average; 1 pending: db01 (No resources available); 1 waiting: db00;"
        " 00:00:00"
    )
    assert [re.sub(r"\d+ %", "N %", line) for line in wait.lines[1:]] == [
        "[db-host] 0/3 finished; 2 running, N % on average; 1 pending: db01 (No resources available); 00:00:30",
        "[db-host] 0/3 finished; 2 running, N % on average; 1 pending: db01 (No resources available); 00:01:20",
        "[db-host] 1/3 finished; 2 running, N % on average; 00:01:30",
        "[db-host] 1/3 finished, 1 failed; 1 running, N % on average; 00:02:00",
        "[db-host] 1/3 finished, 1 failed; 1 running, N % on average; 00:02:50",
        "[db-host] 2/3 finished, 1 failed; 00:03:00",
    ]


def test_nothing_is_named_under_no_log(wait, simulator, commcell):
    simulator.script("db01", [{"state": "Pending", "seconds": 90, "reason": "No resources available"}, "Completed"])
    wait(job_ids=start_jobs(commcell, NAMES[:2]), no_log=True)
    assert wait.lines
    assert not [line for line in wait.lines if "db0" in line or "resources" in line]


def test_a_failed_job_is_explained(wait, simulator, commcell):
    simulator.script("db01", [{"state": "Running", "seconds": 10}, {"state": "Failed", "reason": "ORA-01017: denied"}])
    result = wait(job_ids=start_jobs(commcell, NAMES[:3]))
    assert outcomes(result) == ["ended_well", "ended_badly", "ended_well"]
    assert "Job 148887 (db01): Failed, ORA-01017: denied. Hint: The database refused" in result["msg"]
    assert result["jobs"][1]["events"]
    assert (result["failed"], result["failure"]["kind"]) == (True, "job_failed")
    assert undocumented_or_missing(job_wait, result) == set()


def test_time_over_is_told_with_all_jobs_and_the_jobs_are_left_alone(wait, simulator, time, commcell):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:5])
    result = wait(job_ids=job_ids, wait_timeout="1h")
    assert (outcomes(result), result["waited_seconds"], result["job_ids"]) == (["timed_out"] * 5, 3600, job_ids)
    assert result["failure"]["kind"] == "wait_timeout"
    assert len(simulator.writes()) == 1
    assert undocumented_or_missing(job_wait, result) == set()


@pytest.mark.parametrize(("verb", "status"), [("suspend", "Suspend Pending"), ("kill", "Kill Pending")])
def test_overdue_jobs_are_handed_to_job_control_if_asked_for(wait, simulator, commcell, verb, status):
    simulator.set(job_seconds=2 * HOUR)
    result = wait(job_ids=start_jobs(commcell, NAMES[:2]), wait_timeout="60", on_timeout=verb)
    assert wait.names()[-1] == "job_control"
    assert [(entry["status"], entry["on_timeout"]) for entry in result["jobs"]] == [(status, verb)] * 2
    assert (result["changed"], result["api_calls"]["writes"]) == (True, 2)
    assert undocumented_or_missing(job_wait, result) == set()


def test_overdue_jobs_that_cannot_be_suspended_are_named(wait, simulator, commcell):
    simulator.set(job_seconds=2 * HOUR)
    job_ids = start_jobs(commcell, NAMES[:1])
    wait.answers["job_control"] = [{"failed": True, "msg": "no way", "failure": {"kind": "permission"}}]
    result = wait(job_ids=job_ids, wait_timeout="60", on_timeout="suspend")
    assert (result["jobs"][0]["on_timeout"], result["changed"]) == (None, False)
    assert "To suspend it failed: no way" in result["msg"]


def test_check_mode_looks_once(wait, simulator, commcell):
    result = wait(check=True, job_ids=start_jobs(commcell, NAMES[:2]), on_timeout="kill")
    assert (outcomes(result), wait.names(), result.get("failed")) == (["active"] * 2, ["job_info"], None)


@pytest.mark.parametrize("check", [False, True])
def test_nothing_to_wait_for_is_no_run_of_a_module(wait, check):
    result = wait(check=check, job_ids=[])
    assert (result["jobs"], result.get("failed"), wait.runs, wait.lines) == ([], None, [], [])
    assert undocumented_or_missing(job_wait, result) == set()


def test_in_the_background_the_module_does_it_all(wait, commcell):
    wait.answers["job_wait"] = [{"started": 1, "ansible_job_id": "1.2"}]
    assert wait(job_ids=["7"], async_val=60) == {"started": 1, "ansible_job_id": "1.2"}
    ((name, args, in_background),) = wait.runs
    assert (name, args["job_ids"], in_background) == ("job_wait", ["7"], True)


def test_wrong_options_are_for_the_module_to_word(wait):
    assert "nonsense" in wait(job_ids=["7"], nonsense=1)["msg"]
    assert wait.names() == ["job_wait"]


@pytest.mark.parametrize(
    "wrong", [{"wait_timeout": "soon"}, {"wait_interval": "0"}, {"stuck_timeout": "x"}, {"job_ids": ["x"]}]
)
def test_wrong_values_are_refused_before_any_module_runs(wait, wrong):
    result = wait(**{"job_ids": ["7"], **wrong})
    assert (result["failed"], result["failure"]["kind"], wait.runs) == (True, "invalid_input", [])
    assert next(iter(wrong)) in result["msg"]


def test_a_passing_fault_is_a_look_missed(wait, simulator, commcell):
    job_ids = start_jobs(commcell, NAMES[:2])
    simulator.order_fault({"path": "jobs"}, {"kind": "maintenance"}, times=3, after=1)
    result = wait(job_ids=job_ids)
    assert outcomes(result) == ["ended_well"] * 2
    assert any("the last look failed (bad_reply)" in line for line in wait.lines)
    assert all(args["read_retries"] == 0 for _name, args, _in_background in wait.runs)


def test_a_machine_that_cannot_be_reached_for_a_while_is_a_look_missed(wait, commcell):
    gone = AnsibleConnectionFailure("no route to host")
    wait.answers["job_info"] = [None, gone, gone]
    result = wait(job_ids=start_jobs(commcell, NAMES[:2]))
    assert outcomes(result) == ["ended_well"] * 2


def test_a_machine_that_cannot_be_reached_at_all_is_unreachable(wait):
    wait.answers["job_info"] = [AnsibleConnectionFailure("no route to host")]
    with pytest.raises(AnsibleConnectionFailure):
        wait(job_ids=["7"])


def test_a_module_that_cannot_run_ends_the_wait_with_its_words(wait):
    wait.answers["job_info"] = [{"failed": True, "msg": "Failed to import the required Python library (requests)"}]
    result = wait(job_ids=["7"])
    assert (result["failure"]["kind"], outcomes(result)) == ("internal", ["not_followed"])
    assert "Failed to import the required Python library (requests)" in result["msg"]


def test_after_a_refusal_for_want_of_quota_it_stays_away_for_a_minute(wait, time, commcell):
    refusal = {"failed": True, "msg": "quota", "failure": {"kind": "rate_limited"}}
    wait.answers["job_info"] = [None, refusal, None]
    looks = []
    original = wait._execute

    def execute(*args, **kwargs):
        looks.append(time.clock())
        return original(*args, **kwargs)

    wait._execute = execute
    wait(job_ids=start_jobs(commcell, NAMES[:2]), wait_interval="5s")
    assert looks[1:3] == [5, 65]


def test_a_look_near_the_end_gets_no_more_than_the_time_that_is_left(wait, simulator, commcell):
    simulator.set(job_seconds=HOUR)
    wait(job_ids=start_jobs(commcell, NAMES[:1]), wait_timeout="100", timeout=70)
    assert [args.get("timeout") for _name, args, _in_background in wait.runs] == [70, 40, 10]


def test_warnings_of_the_runs_are_given_once(wait, simulator, commcell):
    job_ids = start_jobs(commcell, NAMES[:1])
    simulator.set(job_seconds=600)
    original = wait._execute
    wait._execute = lambda *args, **kwargs: {**original(*args, **kwargs), "warnings": ["certificates are not checked"]}
    assert wait(job_ids=job_ids)["warnings"] == ["certificates are not checked"]


class TestLogins:
    """A user name and password: one login for all looks."""

    USER = {"auth_token": None, "username": "operator", "password": "SECRET-password", "domain": "CORP"}

    @pytest.fixture(autouse=True)
    def _slow_jobs(self, simulator):
        simulator.set(job_seconds=600)

    def session(self, wait, simulator, *, dies_after=None):
        """Let job_info take the session for the simulator's token, and login and logout be fakes."""
        original = wait._execute
        looks = []

        def execute(task, module_name, module_args, task_vars, wrap_async=False):
            name = module_name.rpartition(".")[2]
            if name in ("login", "logout"):
                wait.runs.append((name, dict(module_args), wrap_async))
                answers = wait.answers.get(name)
                return answers.pop(0) if answers else {"token_file": f"/run/session{len(wait.runs)}"}
            looks.append(dict(module_args))
            if dies_after is not None and len(looks) == dies_after:
                return {"failed": True, "msg": "the session has ended", "failure": {"kind": "authentication"}}
            credentials = ("username", "password", "domain", "token_file", "auth_token")
            bare = {option: value for option, value in module_args.items() if option not in credentials}
            return original(task, module_name, {**bare, "auth_token": simulator.token}, task_vars, wrap_async)

        wait._execute = execute
        return looks

    def test_all_looks_share_one_login_that_is_ended_in_the_end(self, wait, simulator, commcell):
        looks = self.session(wait, simulator)
        result = wait(job_ids=start_jobs(commcell, NAMES[:2]), **self.USER)
        assert outcomes(result) == ["ended_well"] * 2
        assert wait.names().count("login") == 1
        assert wait.names()[-1] == "logout"
        assert looks[0]["username"] == "operator"
        assert all(look["token_file"].startswith("/run/session") for look in looks[1:])
        assert not [look for look in looks[1:] if {"username", "password", "domain"} & look.keys()]
        assert "SECRET" not in str(result)

    def test_one_look_needs_no_session(self, wait, simulator, commcell):
        job_ids = start_jobs(commcell, NAMES[:2])
        simulator.advance(1000)
        self.session(wait, simulator)
        wait(job_ids=job_ids, **self.USER)
        assert wait.names() == ["job_info"]

    def test_a_session_that_has_died_is_replaced_once(self, wait, simulator, commcell):
        looks = self.session(wait, simulator, dies_after=4)
        result = wait(job_ids=start_jobs(commcell, NAMES[:2]), **self.USER)
        assert outcomes(result) == ["ended_well"] * 2
        assert [name for name in wait.names() if name != "job_info"] == ["login", "logout", "login", "logout"]
        assert looks[3]["token_file"] != looks[4]["token_file"]

    def test_where_no_session_can_be_had_each_look_logs_in(self, wait, simulator, commcell):
        looks = self.session(wait, simulator)
        wait.answers["login"] = [{"failed": True, "msg": "no place for a file"}]
        result = wait(job_ids=start_jobs(commcell, NAMES[:2]), **self.USER)
        assert outcomes(result) == ["ended_well"] * 2
        assert wait.names().count("login") == 1
        assert all(look["username"] == "operator" for look in looks)
        assert "logout" not in wait.names()

    def test_the_session_is_ended_when_the_wait_fails(self, wait, simulator, commcell):
        self.session(wait, simulator)
        result = wait(job_ids=start_jobs(commcell, NAMES[:2]), wait_timeout="120", **self.USER)
        assert result["failed"] is True
        assert wait.names()[-1] == "logout"

    def test_a_token_needs_no_login(self, wait, simulator, commcell, monkeypatch):
        monkeypatch.setenv("COMMVAULT_USERNAME", "operator")
        monkeypatch.setenv("COMMVAULT_PASSWORD", "SECRET-password")
        wait(job_ids=start_jobs(commcell, NAMES[:2]))
        assert set(wait.names()) == {"job_info"}


def test_when_the_time_of_the_task_is_over_the_wait_ends_and_leaves_jobs_alone(wait, simulator, commcell, monkeypatch):
    simulator.set(job_seconds=2 * HOUR)
    outlived = []
    monkeypatch.setattr(action, "ignore_task_timeout", outlived.append)
    result = wait(job_ids=start_jobs(commcell, NAMES[:1]), wait_timeout="1h", on_timeout="kill", task_timeout=70)
    assert [task.timeout for task in outlived] == [70]
    assert result["failure"]["kind"] == "wait_timeout"
    assert "after 00:01:10" in result["msg"]
    assert "job_control" not in wait.names()


def test_nobody_goes_on_waiting_when_ansible_has_ended(wait, simulator, commcell, monkeypatch):
    simulator.set(job_seconds=2 * HOUR)
    monkeypatch.setattr(action, "parent_has_died", lambda: len(wait.runs) >= 2)
    monkeypatch.setattr(action, "exit_if_parent_died", lambda: wait.runs.append(("left", {}, False)))
    result = wait(job_ids=start_jobs(commcell, NAMES[:1]), wait_timeout="1h", on_timeout="kill")
    assert wait.names() == ["job_info", "job_info", "left"]
    assert "Ansible has ended. The jobs go on." in result["msg"]
