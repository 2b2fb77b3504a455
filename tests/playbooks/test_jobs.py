# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that read jobs, wait for them and control them."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import ansible_runner
import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import LIMIT_SECONDS, environment
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

from .conftest import HERE, ROOT, Play

FLEET: dict[str, t.Any] = {
    "clients": [
        {
            "name": "aws-fleet",
            "instances": [{"name": f"db{place:02d}", "job_seconds": 300 + 45 * place} for place in range(40)],
        }
    ]
}
DENIED = "ORA-01017: invalid username/password; logon denied"
LINE = re.compile(
    r"^\[localhost\] (\d+ ok)?(, )?(\d+ failed)?(, )?(\d+ running \([^)]+\))?"
    r"((, )?\d+ (queued|pending|waiting|suspended)( \([^)]+\))?)* of 40, (\d\d:)?\d\d:\d\d$"
)


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    """Forty databases, of which one will fail and one hang for a while, on a simulator whose clock stands still."""
    simulator.reset(FLEET)
    simulator.script("db07", [{"state": "Running", "seconds": 800}, {"state": "Failed", "reason": DENIED}])
    pending = {"state": "Pending", "seconds": 1200, "reason": "No resources available"}
    simulator.script("db11", [pending, {"state": "Running", "seconds": 600}, "Completed"])
    simulator.set(speed=0)
    return simulator


def play_of(*tasks: dict[str, t.Any], **play: t.Any) -> str:
    """The text of a play with these tasks."""
    named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks, 1)]
    return json.dumps([{"name": "Try", "hosts": "localhost", "gather_facts": False, "tasks": named, **play}], indent=1)


def start(*names: str, client: str = "aws-prod") -> dict[str, t.Any]:
    """A task that starts backups."""
    instances = [{"client_name": client, "instance_name": name} for name in names]
    return {"rdsops.commvault.oracle_rds_export_backup": {"instances": instances}, "register": "started"}


def wait_for_them(**options: t.Any) -> dict[str, t.Any]:
    """A task that waits for the jobs of start."""
    return {"rdsops.commvault.job_wait": {"job_ids": "{{ started.job_ids }}", "wait_interval": "0.5s", **options}}


def test_forty_jobs_are_followed_with_lines_that_come_while_they_run(
    fleet: Simulator, connection: dict[str, str], collections_path: str, tmp_path: Path
) -> None:
    """Time stands still until a line has come as an event: if they all came with the result, nothing would end."""
    lines: list[str] = []

    def time_goes_on(event: dict[str, t.Any]) -> bool:
        if event["event"] == "verbose" and event["stdout"].startswith("[localhost]"):
            lines.append(event["stdout"])
            fleet.advance(240)
        return True

    variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection}
    runner = ansible_runner.run(
        private_data_dir=str(tmp_path),
        project_dir=str(tmp_path),
        playbook=str(HERE / "jobs_follow.yml"),
        envvars=environment(variables),
        settings={"suppress_env_files": True},
        event_handler=time_goes_on,
        timeout=LIMIT_SECONDS,
        quiet=True,
    )
    print("\n".join(lines))
    (failure,) = [event["event_data"]["res"] for event in runner.events if event["event"] == "runner_on_failed"]
    (failed,) = [job for job in failure["jobs"] if job["outcome"] != "succeeded"]
    assert (failed["instance_name"], failed["status"], failed["reason"]) == ("db07", "Failed", DENIED)
    assert f"Job {failed['job_id']} (db07): Failed, {DENIED}. Hint: The database refused" in failure["msg"]
    assert any(DENIED in event for event in failed["events"])
    assert failure["counts"]["succeeded"] == 39
    assert failure["failure"]["kind"] == "job_failed"
    assert [line for line in lines if not LINE.match(line)] == []
    assert fleet.token not in json.dumps([*runner.events], default=str)
    # The guide shows this very run, with the times of a fleet that is not in such a hurry.
    guide = (ROOT / "docs/docsite/rst/guide_jobs.rst").read_text(encoding="utf-8")
    shown = [line.strip() for line in guide.splitlines() if line.strip().startswith("[localhost]")]
    assert [line.rpartition(";")[0] for line in shown] == [line.rpartition(";")[0] for line in lines]


def test_a_wait_that_times_out_returns_every_job_and_leaves_them_alone(play: Play, fleet: Simulator) -> None:
    run = play("jobs_follow.yml", extravars={"wait_timeout": "2s"})
    result = run.result("Wait for the jobs")
    assert result["failure"]["kind"] == "wait_timeout"
    assert result["job_ids"] == run.result("Start the backups")["job_ids"]
    assert [job["outcome"] for job in result["jobs"]] == ["timed_out"] * 40
    assert len(fleet.writes()) == 40
    assert {job["state"] for job in fleet.jobs()} <= {"Waiting", "Running", "Pending"}


def test_a_job_is_suspended_resumed_and_killed_once_however_often_it_is_asked_for(
    play: Play, simulator: Simulator
) -> None:
    run = play("jobs_control.yml")
    assert run.rc == 0
    changed = {task: run.result(task)["changed"] for task in run.tasks}
    assert changed == {
        "Start the backup": True,
        "Suspend it": True,
        "Suspend it again": False,
        "Read it": False,
        "Let it go on": True,
        "End it": True,
        "End it again": False,
    }
    assert run.result("Suspend it")["jobs"][0]["status"] == "Suspended"
    assert run.result("Read it")["jobs"][0]["events"]
    assert run.result("End it")["jobs"][0]["status"] == "Killed"
    paths = [write["endpoint"] for write in simulator.writes()[1:]]
    assert [path.rpartition("/")[2] for path in paths] == ["pause", "resume", "kill"]


def test_control_in_check_mode_says_what_it_would_do_and_an_ended_job_how_it_ended(
    play: Play, simulator: Simulator
) -> None:
    simulator.set(speed=1000)
    kill = {"rdsops.commvault.job_control": {"job_ids": "{{ started.job_ids }}", "state": "killed"}}
    resume = {"rdsops.commvault.job_control": {"job_ids": "{{ started.job_ids }}", "state": "resumed"}}
    simulator.script("orders", [{"state": "Running", "seconds": 5000}, "Completed"])
    run = play(play_of(start("orders"), {**kill, "check_mode": True}, wait_for_them(), resume))
    dry = run.result("Task 2")
    assert (dry["changed"], dry["jobs"][0]["action"]) == (True, "kill")
    assert "would be asked to end" in dry["msg"]
    result = run.result("Task 4")
    assert result["failure"]["kind"] == "job_ended"
    (job_id,) = run.result("Task 1")["job_ids"]
    assert re.match(rf"Job {job_id} \(orders\) has ended already: Completed at 20.*Z\. It cannot be", result["msg"])
    assert len(simulator.writes()) == 1


def test_the_playbook_kills_the_jobs_of_a_list(play: Play, simulator: Simulator) -> None:
    with commcell_of(simulator) as commcell:
        started = start_jobs(commcell, ["orders", "hr"])
    run = play("rdsops.commvault.kill_jobs", extravars={"commvault_kill_job_ids": [int(started[0]), started[1]]})
    assert {job["job_id"]: job["status"] for job in run.result("Kill the jobs")["jobs"]} == dict.fromkeys(
        started, "Killed"
    )


@pytest.mark.parametrize("given", [{}, {"commvault_kill_job_ids": " "}])
def test_the_playbook_wants_to_know_which_jobs_to_kill(play: Play, simulator: Simulator, given) -> None:
    run = play("rdsops.commvault.kill_jobs", extravars=given)
    assert run.rc != 0
    assert "Set it to the ids of the jobs" in run.failed["localhost"]
    assert simulator.journal() == []


def test_in_the_background_the_same_comes_out_without_lines(play: Play, fleet: Simulator) -> None:
    fleet.set(speed=1000)
    run = play(play_of(start("db01", "db07", client="aws-fleet"), {**wait_for_them(), "async": 100, "poll": 1}))
    result = run.result("Task 2")
    assert [job["outcome"] for job in result["jobs"]] == ["succeeded", "failed"]
    assert result["failure"]["kind"] == "job_failed"
    (line,) = re.findall(r"^\[localhost\].*", run.stdout, flags=re.MULTILINE)
    assert line == "[localhost] No progress is shown, since this task does not run in Ansible's own process."


def test_values_of_the_module_defaults_reach_every_look(play: Play, simulator: Simulator) -> None:
    simulator.set(speed=50)
    defaults = {"group/rdsops.commvault.commvault": {"url": simulator.url, "auth_token": simulator.token}}
    text = play_of(start("orders"), wait_for_them(), module_defaults=defaults)
    run = play(text, env={"COMMVAULT_URL": "", "COMMVAULT_AUTH_TOKEN": ""})
    assert run.rc == 0
    assert run.result("Task 2")["counts"]["succeeded"] == 1


def test_thirty_polls_over_https_are_one_connection_one_handshake_and_one_login(
    play: Play, simulator: Simulator
) -> None:
    password = "SECRET-password-of-this-test"
    simulator.reset({"clients": {"aws-prod": ["orders"]}, "users": [{"name": "operator", "password": password}]})
    simulator.set(speed=0)
    with commcell_of(simulator) as commcell:
        job_ids = start_jobs(commcell, ["orders"])
    before = len(simulator.journal())
    waiting = {"rdsops.commvault.job_wait": {"job_ids": job_ids, "wait_interval": "0.1s", "wait_timeout": "6s"}}
    login = {"COMMVAULT_AUTH_TOKEN": "", "COMMVAULT_USERNAME": "operator", "COMMVAULT_PASSWORD": password}
    https = {"COMMVAULT_URL": str(simulator.https_url), "COMMVAULT_CA_PATH": str(simulator.ca_file)}
    run = play(play_of(waiting), env={**login, **https}, arguments=["-vvv"])
    assert run.result("Task 1")["failure"]["kind"] == "wait_timeout"
    requests = simulator.journal()[before:]
    endpoints = [request["endpoint"] for request in requests]
    assert endpoints.count(f"job/{job_ids[0]}") >= 30
    # The simulator numbers connections once their TLS handshake is done.
    assert len({request["connection"] for request in requests}) == 1
    assert (endpoints.count("login"), endpoints.count("logout")) == (1, 1)
    assert simulator.sessions() == []
    assert password not in json.dumps([run.stdout, run.events], default=str)


def test_overdue_jobs_are_killed_if_that_is_asked_for_and_an_unknown_state_is_one_warning(
    play: Play, simulator: Simulator
) -> None:
    simulator.set(job_seconds=3600)
    simulator.script("hr", ["Levitating"])
    overdue = [start("orders", "billing"), wait_for_them(wait_timeout="1s", on_timeout="kill")]
    unknown = [start("hr"), wait_for_them(wait_timeout="3s")]
    run = play(play_of(*(task | {"ignore_errors": True} for task in (*overdue, *unknown))), warnings=True)
    result = run.result("Task 2")
    assert (result["changed"], result["failure"]["kind"]) == (True, "wait_timeout")
    assert [job["on_timeout"] for job in result["jobs"]] == ["kill", "kill"]
    assert run.result("Task 4")["failure"]["kind"] == "wait_timeout"
    (warning,) = run.warnings
    assert "does not know: 'Levitating'" in " ".join(warning.split())
    simulator.advance(60)
    states = {job["instance"]: job["state"] for job in simulator.jobs()}
    assert (states["orders"], states["billing"]) == ("Killed", "Killed")


def test_a_workflow_whose_check_run_started_nothing_goes_on(play: Play, simulator: Simulator) -> None:
    run = play(play_of(start("orders"), wait_for_them()), check=True)
    assert run.rc == 0
    assert run.result("Task 2")["msg"] == "There are no jobs to wait for."
