# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of credentials in playbooks: which one is used, how long it lasts, and what is left of it."""

from __future__ import annotations

import json
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import inventory_of, summary_of
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

from . import conftest
from .conftest import Play

BACKUP = "rdsops.commvault.oracle_rds_export_backup"
USERS = [
    {"name": "operator", "password": "SECRET-pässword:1"},
    {"name": "viewer", "password": "SECRET-viewer", "deny": ["createtask"]},
]
ESTATE = {**conftest.ESTATE, "users": USERS}
LOGIN = {"COMMVAULT_USERNAME": "operator", "COMMVAULT_PASSWORD": "SECRET-pässword:1", "COMMVAULT_AUTH_TOKEN": ""}
FLEET = [{"client_name": "aws-prod", "instance_name": name} for name in ("orders", "billing", "hr")] + [
    {"client_name": "aws-dev", "instance_name": name} for name in ("orders", "scratch")
]


@pytest.fixture
def pair_file(simulator: Simulator, tmp_path: Path) -> Path:
    """A pair of tokens in a file, as a user would make it."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    made = simulator.create_access_token()
    pair = {"accessToken": made["accessToken"], "refreshToken": made["refreshToken"]}
    path.write_text(json.dumps(pair), encoding="utf-8")
    return path


def backups(cases: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """A play with a task for each case that starts backups, whatever became of those before. check_mode: of a task."""
    tasks = []
    for name, options in cases.items():
        options = {"client_name": "aws-prod", "instance_name": "orders", **options}
        if "instances" in options:
            del options["client_name"], options["instance_name"]
        check = options.pop("check_mode", False)
        tasks.append({"name": name, BACKUP: options, "ignore_errors": True, **({"check_mode": True} if check else {})})
    return json.dumps([{"name": "Back up", "hosts": "localhost", "gather_facts": False, "tasks": tasks}], indent=1)


def backup(**options: t.Any) -> str:
    """A play with one task that starts backups."""
    return backups({"Back up": options})


def endpoints(simulator: Simulator) -> list[str]:
    """What was asked for, in order."""
    return [entry["endpoint"] for entry in simulator.journal()]


def by_login(simulator: Simulator) -> list[list[str]]:
    """What was asked for, in order, from each login to the next one."""
    found: list[list[str]] = []
    for endpoint in endpoints(simulator):
        if endpoint == "login" or not found:
            found.append([])
        found[-1].append(endpoint)
    return found


# --- secrets that are part of names


PASSWORD = {"COMMVAULT_USERNAME": "operator", "COMMVAULT_PASSWORD": "oracle"}
IN_PLACE = "{{ ansible_playbook_python }}"
PACKED = "{{ ansible_playbook_python | dirname }}/./python"


@pytest.mark.parametrize(
    ("credentials", "warning", "python"),
    [
        (PASSWORD, "The password is also the name", IN_PLACE),
        (PASSWORD, "The password is also the name", PACKED),
        ({"COMMVAULT_AUTH_TOKEN": "x"}, "The auth_token is very short", PACKED),
    ],
)
def test_a_host_whose_name_holds_the_secret_keeps_its_job(
    play: Play, tmp_path: Path, credentials: dict[str, str], warning: str, python: str
) -> None:
    names = ["oracle", "oracle-orders", "next"]
    estate = {
        "clients": [{"name": "oracle", "instances": names}],
        "users": [{"name": "operator", "password": "oracle"}],
    }
    (tmp_path / "inventory.json").write_text(inventory_of(names, "oracle"), encoding="utf-8")
    with Simulator(estate, tokens=["x"]) as simulator:
        run = play(
            "rdsops.commvault.export_backup",
            inventory=tmp_path / "inventory.json",
            env={"COMMVAULT_AUTH_TOKEN": "", **credentials, "COMMVAULT_URL": simulator.url},
            extravars={"ansible_python_interpreter": python},
            warnings=True,
        )
        started = {job["instance"]: str(job["job_id"]) for job in simulator.jobs()}
    assert run.rc == 0
    lines = summary_of(run)[1:]
    assert {line.split()[0]: line.split()[-1] for line in lines} == started
    assert len([text for text in run.warnings if warning in " ".join(text.split())]) == 1


# --- username and password


def test_each_task_logs_in_and_out(play: Play, simulator: Simulator) -> None:
    run = play(
        backups(
            {
                "In check mode": {"check_mode": True},
                "A good one": {},
                "A refused one": {"client_name": "aws-old", "instance_name": "archive"},
                "A fleet": {"instances": FLEET, "concurrency": 5},
                "With empty options": {"instance_name": "hr", "auth_token": "", "token_file": "", "password": ""},
            }
        ),
        env=LOGIN,
    )
    assert run.result("A good one")["task_id"] == 9920
    assert run.result("A refused one")["failure"]["code"] == 587207178
    assert len(run.result("A fleet")["job_ids"]) == 5
    assert run.result("In check mode")["changed"] is True
    assert run.result("With empty options")["failed"] is False
    dry, good, refused, fleet, running = by_login(simulator)
    assert good == ["login", "jobs", "createtask", "logout"]
    assert dry[-1] == refused[-1] == fleet[-1] == "logout"
    assert (running[0], running[-1], "createtask" in running) == ("login", "logout", False)
    assert simulator.sessions() == []


def test_refused_logins_are_sent_once_and_a_locked_account_is_left_alone(play: Play, simulator: Simulator) -> None:
    simulator.set(lockout_attempts=2, speed=0)
    fleet = {"instances": FLEET, "concurrency": 5}
    wrong = {"username": "operator", "password": "SECRET-wrong"}
    run = play(backups({"Wrong": {**fleet, **wrong}, "Wrong again": {**fleet, **wrong}, "Locked": fleet}), env=LOGIN)
    assert run.result("Wrong")["failure"]["kind"] == "authentication"
    assert "did not accept the login of 'operator': Invalid username or password" in run.result("Wrong")["msg"]
    assert "the account is locked for another 16 min" in run.result("Locked")["msg"]
    assert endpoints(simulator) == ["login"] * 3


def test_a_permission_that_is_missing_is_not_taken_for_bad_credentials(play: Play, simulator: Simulator) -> None:
    env = {**LOGIN, "COMMVAULT_USERNAME": "viewer", "COMMVAULT_PASSWORD": "SECRET-viewer"}
    run = play(backup(instances=FLEET, concurrency=1), env=env)
    result = run.result("Back up")
    assert [entry["state"] for entry in result["backups"]] == ["refused"] * 5
    assert {entry["failure"]["kind"] for entry in result["backups"]} == {"permission"}
    assert "accepts the credentials, but not for this" in result["msg"]
    assert endpoints(simulator) == ["login", "jobs", "createtask", "whoami", *["createtask"] * 5, "logout"]


# --- login and logout


@pytest.fixture
def short_path() -> t.Iterator[Path]:
    """An empty directory whose path is short: since ansible-core 2.22, Ansible has a socket below TMPDIR."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        yield Path(path)


@pytest.mark.parametrize("check", [False, True])
def test_tasks_share_one_login(play: Play, simulator: Simulator, check: bool, short_path: Path) -> None:
    run = play("login_once.yml", env={**LOGIN, "TMPDIR": str(short_path)}, check=check)
    assert run.rc == 0
    assert (endpoints(simulator)[0], endpoints(simulator)[-1]) == ("login", "logout")
    assert (endpoints(simulator).count("login"), endpoints(simulator).count("logout")) == (1, 1)
    assert run.result("Log out again")["changed"] is False
    assert simulator.sessions() == []
    assert list(short_path.iterdir()) == []
    # An endpoint that this release lacks is answered before anybody looks who asks.
    assert {entry["user"] for entry in simulator.journal()} - {None} == {"operator"}


def test_a_play_that_fails_in_the_middle_logs_out(play: Play, simulator: Simulator) -> None:
    run = play("login_once.yml", env=LOGIN, extravars={"second_instance": "unknown"})
    assert "no eligible subclients" in run.failed["localhost"]
    assert run.result("Log out")["changed"] is True
    assert simulator.sessions() == []


def test_a_session_that_has_idled_out_is_renewed(play: Play, simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    play(
        f"- hosts: localhost\n  gather_facts: false\n  tasks:\n    - rdsops.commvault.login: {{path: {path}}}\n",
        env=LOGIN,
    )
    before = path.read_text(encoding="utf-8")
    simulator.advance(31 * 60)
    run = play(backup(), env={**LOGIN, "COMMVAULT_TOKEN_FILE": str(path), "COMMVAULT_USERNAME": ""})
    assert run.rc == 0
    assert endpoints(simulator) == ["login", "jobs", "whoami", "renewlogintoken", "jobs", "createtask"]
    assert path.read_text(encoding="utf-8") != before
    assert len(simulator.jobs()) == 1


# --- token_file


def test_an_expired_pair_is_renewed_in_its_file(play: Play, simulator: Simulator, pair_file: Path) -> None:
    simulator.advance(40 * 60)
    run = play(
        backups({"Back up": {}, "Back up another one": {"instance_name": "hr"}}),
        env={"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""},
    )
    assert [run.result(task)["failed"] for task in run.tasks] == [False, False]
    renewed = ["jobs", "whoami", "v4/accesstoken/renew", "jobs", "createtask"]
    assert endpoints(simulator) == [*renewed, "jobs", "createtask"]
    assert len(simulator.jobs()) == 2
    (chain,) = simulator.access_tokens()
    assert (chain["renewals"], chain["reuses"]) == (1, 0)
    assert pair_file.stat().st_mode & 0o777 == 0o600


def test_a_renewal_whose_answer_is_lost_starts_nothing_and_says_what_to_do(
    play: Play, simulator: Simulator, pair_file: Path
) -> None:
    simulator.expire_tokens()
    simulator.order_fault({"path": "v4/accesstoken/renew"}, {"reset": "after"})
    env = {"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""}
    run = play(backups({"Back up": {}, "Back up again": {}}), env=env)
    for result in (run.result("Back up"), run.result("Back up again")):
        assert "Create a new access token in Commvault" in result["msg"]
        assert result["failure"]["kind"] == "authentication"
    assert endpoints(simulator).count("v4/accesstoken/renew") == 1
    assert (simulator.reuses(), simulator.jobs()) == (0, [])


def test_a_pair_that_was_used_elsewhere_says_what_to_do(play: Play, simulator: Simulator, pair_file: Path) -> None:
    old = pair_file.read_text(encoding="utf-8")
    simulator.expire_tokens()
    with commcell_of(simulator, auth_token=None, token_file=str(pair_file)) as elsewhere:
        start_jobs(elsewhere, ["orders"])
    pair_file.write_text(old, encoding="utf-8")
    env = {"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""}
    run = play(backup(instance_name="hr"), env=env)
    assert "each pair is good for one renewal, by one consumer" in run.result("Back up")["msg"]
    assert "Token reuse detected" in run.result("Back up")["msg"]


# --- several kinds


def test_what_a_task_says_beats_the_environment_where_a_token_beats_the_other_kinds(
    play: Play, simulator: Simulator, pair_file: Path
) -> None:
    """A file that cannot be trusted is not used."""
    open_to_others, no_object, link = (pair_file.with_name(f"{name}.json") for name in ("open", "cut", "link"))
    open_to_others.write_text(pair_file.read_text(encoding="utf-8"), encoding="utf-8")
    open_to_others.chmod(0o640)
    no_object.touch(mode=0o600)
    no_object.write_text("{", encoding="utf-8")
    link.symlink_to(pair_file)
    refused: dict[str, tuple[dict[str, str], str]] = {
        "Two kinds": (
            {"auth_token": "SECRET-a", "username": "operator"},
            "auth_token and username with password are set at once",
        ),
        "Open to others": (
            {"token_file": str(open_to_others)},
            "has the mode 0640: others can read or change it",
        ),
        "No object": ({"token_file": str(no_object)}, "does not hold a JSON object"),
        "A link": ({"token_file": str(link)}, "is a link"),
    }
    run = play(
        backups(
            {
                "As the environment says": {},
                "As another user": {"instance_name": "hr", "username": "operator"},
                **{name: options for name, (options, _words) in refused.items()},
            }
        ),
        env={**LOGIN, "COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": simulator.token},
    )
    assert run.result("As the environment says")["failed"] is False
    assert run.result("As another user")["failed"] is False
    for name, (_options, words) in refused.items():
        assert run.result(name)["failed"] is True
        assert words in run.result(name)["msg"]
    assert by_login(simulator) == [["jobs", "createtask"], ["login", "jobs", "createtask", "logout"]]
    assert [entry["user"] for entry in simulator.journal()][:2] == ["admin", "admin"]
