# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.action import job_info as job_info_action
from ansible_collections.rdsops.commvault.plugins.module_utils._http import transport as _http
from ansible_collections.rdsops.commvault.plugins.modules import job_info
from ansible_collections.rdsops.commvault.plugins.plugin_utils import _in_place
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.module_runner import TOKEN, URL
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get

BY_MODULE = {"by": "module"}


class Task:
    """Runs an action plugin the way Ansible does, for a task of the controller unless it is changed."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self.task = SimpleNamespace(
            action="rdsops.commvault.job_info",
            args={"url": URL, "auth_token": TOKEN, "job_ids": [7]},
            async_val=0,
            environment=[],
            delegate_to=None,
            check_mode=False,
            diff=False,
            timeout=0,
            no_log=False,
        )
        self.connection = SimpleNamespace(
            transport="local", become=None, has_native_async=False, _shell=SimpleNamespace(tmpdir="unused")
        )
        self.variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        self.verbosity = 0
        self.module_runs = []
        self.lines = []

    def run(self, *exchanges):
        """The result, after exactly these exchanges in this process."""
        script = Script(*exchanges)
        original = _http.make_session

        def scripted_session(*args, **kwargs):
            session = original(*args, **kwargs)
            script.mount_on(session)
            return session

        self._monkeypatch.setattr(_http, "make_session", scripted_session)
        plugin = job_info_action.ActionModule(
            self.task,
            self.connection,
            SimpleNamespace(),
            None,
            SimpleNamespace(template=lambda text: sys.executable if text and "playbook_python" in text else text),
            None,
        )
        self._monkeypatch.setattr(
            plugin, "_display", SimpleNamespace(verbosity=self.verbosity, display=self.lines.append)
        )
        self._monkeypatch.setattr(plugin, "_execute_module", self._run_module)
        result = plugin.run(task_vars=self.variables)
        script.finish()
        self._monkeypatch.setattr(_http, "make_session", original)
        return result

    def _run_module(self, **given):
        self.module_runs.append(given)
        return dict(BY_MODULE)


@pytest.fixture
def task(monkeypatch):
    return Task(monkeypatch)


def job_7(**fields):
    return get("Job/7").with_header("Authtoken", TOKEN).returns(200, listing(job_summary(7, **fields)))


def test_the_work_for_a_task_of_the_controller_is_done_in_place(task):
    result = task.run(job_7())
    assert task.module_runs == []
    assert [entry["job_id"] for entry in result["jobs"]] == ["7"]
    invocation = result.pop("invocation")
    assert invocation["module_args"]["read_retries"] == 3
    assert undocumented_or_missing(job_info, result) == set()


@pytest.mark.parametrize(("no_log", "lines"), [(False, ["[localhost] It is away."]), (True, [])])
def test_whoever_looks_on_is_told_that_the_commcell_is_waited_for(task, monkeypatch, no_log, lines):
    def wait(run):
        with run.open() as commcell:
            if commcell.outage.tell:
                commcell.outage.tell("It is away.")
        return {}

    monkeypatch.setattr(job_info, "run", wait)
    task.task.no_log = no_log
    task.run()
    assert task.lines == lines


@pytest.mark.parametrize("interpreter", [None, "auto", "auto_silent", sys.executable])
def test_any_choice_of_python_that_allows_ansibles_own_is_in_place(task, interpreter):
    task.variables = {"ansible_python_interpreter": interpreter}
    assert "jobs" in task.run(job_7())


def elsewhere(task):
    task.connection.transport = "ssh"


def as_another_user(task):
    task.connection.become = object()


def in_an_environment(task):
    task.task.environment = [{}, {"HTTPS_PROXY": "http://proxy.example.com"}]


def with_another_python(task):
    task.variables = {"ansible_python_interpreter": "/usr/bin/python3"}


def with_another_python_by_configuration(task):
    task.variables = {"inventory_hostname": "db-host"}
    task._monkeypatch.setenv("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3")


def with_another_python_of_the_host_it_is_delegated_to(task):
    task.task.delegate_to = "localhost"
    task.variables["ansible_delegated_vars"] = {"localhost": {"ansible_python_interpreter": "/usr/bin/python3"}}


def without_requests(task):
    task._monkeypatch.setattr(_in_place, "HAS_REQUESTS", False)


def on_macos(task):
    task._monkeypatch.setattr(_in_place.sys, "platform", "darwin")


def with_wrong_options(task):
    task.task.args["job_ids"] = ["7"]
    task.task.args["read_retries"] = "some"


@pytest.mark.parametrize(
    "difference",
    [
        elsewhere,
        as_another_user,
        in_an_environment,
        with_another_python,
        with_another_python_by_configuration,
        with_another_python_of_the_host_it_is_delegated_to,
        without_requests,
        on_macos,
        with_wrong_options,
    ],
)
def test_any_other_task_runs_the_module(task, difference):
    difference(task)
    assert task.run() == BY_MODULE
    (given,) = task.module_runs
    assert given["module_name"] == "rdsops.commvault.job_info"
    assert given["module_args"] == task.task.args
    assert given["task_vars"] is task.variables
    assert given["wrap_async"] is False


def missing_python(task):
    task.variables = {"ansible_python_interpreter": "/nowhere/python3"}


def missing_python_in_the_background(task):
    missing_python(task)
    task.task.async_val = 60


def misspelt_option(task):
    task.task.args["job_idss"] = task.task.args.pop("job_ids")


def misspelt_option_elsewhere(task):
    elsewhere(task)
    misspelt_option(task)


def option_like_no_other(task):
    task.task.args["qqq"] = 1


NO_PYTHON = "ansible_python_interpreter is /nowhere/python3, which does not exist on this machine."
PYTHON = f"{NO_PYTHON} Correct it, or do not set it."


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (missing_python, PYTHON),
        (missing_python_in_the_background, PYTHON),
        (misspelt_option, "job_info has no option job_idss. Correct it; nearest: job_ids."),
        (misspelt_option_elsewhere, "job_info has no option job_idss. Correct it; nearest: job_ids."),
        (option_like_no_other, "job_info has no option qqq. See ansible-doc rdsops.commvault.job_info."),
    ],
)
def test_a_mistake_is_said_with_what_to_do_and_nothing_is_run(task, mistake, words):
    mistake(task)
    result = task.run()
    assert task.module_runs == []
    assert (result["failed"], result["msg"], result["failure"]["kind"]) == (True, words, "invalid_input")


@pytest.mark.parametrize("where", [elsewhere, as_another_user])
def test_a_python_that_is_not_on_this_machine_may_be_where_the_task_runs(task, where):
    missing_python(task)
    where(task)
    assert task.run() == BY_MODULE


def test_a_task_in_the_background_runs_the_module_there(task):
    task.task.async_val = 60
    task.run()
    assert task.module_runs[0]["wrap_async"] is True


def test_secrets_are_masked_in_result_options_and_warnings(task):
    task.task.args["validate_certs"] = False
    result = task.run(job_7(pendingReason=f"it said {TOKEN}"))
    assert "SECRET" not in str(result)
    assert "nothing proves" in result["warnings"][0]
    assert result["jobs"][0]["reason"] == "it said ********"


def test_values_lose_what_ansible_knows_of_them(task):
    class Tagged(str):
        """A value that Ansible would take for a template once more, if it came back."""

    task.task.args["url"] = Tagged(URL)
    result = task.run(job_7())
    assert not isinstance(result["invocation"]["module_args"]["url"], Tagged)


def test_an_error_is_a_result(task):
    result = task.run(get("Job/7").returns(500, {"errorCode": 7, "errorMessage": "broken"}))
    assert result["failed"] is True
    assert result["failure"]["code"] == 7


def test_a_fault_of_the_collection_is_a_result_without_secrets(task, monkeypatch):
    def broken(_run):
        raise ValueError(f"a fault with {TOKEN}")

    monkeypatch.setattr(job_info, "run", broken)
    result = task.run()
    assert result["failed"] is True
    assert "please report it: ValueError at test_in_place.py" in result["msg"]
    assert "SECRET" not in str(result)


def test_no_module_that_talks_to_a_commcell_is_left_out():
    plugins = Path(_in_place.__file__).parents[1]
    modules = {
        path.stem
        for path in (plugins / "modules").glob("*.py")
        if "run_module(argument_spec(), run)" in path.read_text()
    }
    assert len(modules) >= 7
    assert modules <= {path.stem for path in (plugins / "action").glob("*.py")}


@pytest.mark.parametrize(("arguments", "verbosity"), [({"module_args": ""}, 0), ({"module_args": ""}, 1), ({}, 0)])
def test_the_command_ansible_shows_the_message_of_a_failure_once(task, monkeypatch, arguments, verbosity):
    monkeypatch.setattr(_in_place.context, "CLIARGS", arguments)
    failure = {"kind": "refused", "status": 400, "message": "No such thing."}
    refused = {"failed": True, "msg": "Job 7: No such thing.", "failure": failure}
    monkeypatch.setattr(_in_place, "execute", lambda *_args: refused)
    task.verbosity = verbosity
    result = task.run()
    assert (result["failed"], result["msg"]) == (True, "Job 7: No such thing.")
    # With -v, and in playbooks, all of it is there.
    assert ("message" in result["failure"]) is (bool(verbosity) or not arguments)
    assert result["failure"]["status"] == 400


def test_of_a_result_only_what_the_message_has_is_left_out():
    row = {"msg": "No plan.", "state": "refused"}
    result = {
        "msg": "a: No plan.",
        "backups": [row, {"msg": "Started.", "state": "started"}, 7],
        "failure": {"code": 1},
    }
    assert _in_place.without_repeats(result, result["msg"]) == {
        "backups": [{"state": "refused"}, {"msg": "Started.", "state": "started"}, 7],
        "failure": {"code": 1},
    }
