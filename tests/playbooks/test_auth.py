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


def backup(**options: t.Any) -> str:
    """A play with one task that starts backups."""
    options = options or {"client_name": "aws-prod", "instance_name": "orders"}
    tasks = [{"name": "Back up", BACKUP: options}]
    return json.dumps([{"name": "Back up", "hosts": "localhost", "gather_facts": False, "tasks": tasks}], indent=1)


def endpoints(simulator: Simulator) -> list[str]:
    """What was asked for, in order."""
    return [entry["endpoint"] for entry in simulator.journal()]


# --- secrets that are part of names


@pytest.mark.parametrize(
    "python", ["{{ ansible_playbook_python }}", "{{ ansible_playbook_python | dirname }}/./python"]
)
@pytest.mark.parametrize(
    ("credentials", "warning"),
    [
        ({"COMMVAULT_USERNAME": "operator", "COMMVAULT_PASSWORD": "oracle"}, "The password is also the name"),
        ({"COMMVAULT_AUTH_TOKEN": "x"}, "The auth_token is very short"),
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
            extravars={"ansible_python_interpreter": python or "{{ ansible_playbook_python }}"},
            warnings=True,
        )
        started = {job["instance"]: str(job["job_id"]) for job in simulator.jobs()}
    assert run.rc == 0
    lines = summary_of(run)[1:]
    assert {line.split()[0]: line.split()[-1] for line in lines} == started
    assert len([text for text in run.warnings if warning in " ".join(text.split())]) == 1


# --- username and password


def test_a_task_logs_in_and_out(play: Play, simulator: Simulator) -> None:
    run = play(backup(), env=LOGIN)
    assert run.result("Back up")["task_id"] == 9920
    assert endpoints(simulator) == ["login", "jobs", "createtask", "logout"]
    assert simulator.sessions() == []


def test_a_task_that_fails_logs_out_and_fails_with_its_own_error(play: Play, simulator: Simulator) -> None:
    run = play(backup(client_name="aws-old", instance_name="archive"), env=LOGIN)
    assert run.result("Back up")["failure"]["code"] == 587207178
    assert endpoints(simulator)[-1] == "logout"
    assert simulator.sessions() == []


def test_a_logout_that_fails_does_not_hide_what_was_started(play: Play, simulator: Simulator) -> None:
    simulator.order_fault({"path": "logout"}, {"reset": "before"})
    run = play(backup(), env=LOGIN)
    assert run.result("Back up")["job_ids"] == ["148886"]


def test_a_fleet_logs_in_once(play: Play, simulator: Simulator) -> None:
    run = play(backup(instances=FLEET, concurrency=5), env=LOGIN)
    assert len(run.result("Back up")["job_ids"]) == 5
    assert endpoints(simulator).count("login") == 1
    assert simulator.sessions() == []


def test_check_mode_of_a_task_that_needs_no_answer_does_not_even_log_in(play: Play, simulator: Simulator) -> None:
    run = play(backup(), env=LOGIN, check=True)
    assert run.result("Back up")["changed"] is True
    assert simulator.sessions() == []


def test_a_wrong_password_is_sent_once_whatever_the_size_of_the_fleet(play: Play, simulator: Simulator) -> None:
    run = play(backup(instances=FLEET, concurrency=5), env={**LOGIN, "COMMVAULT_PASSWORD": "SECRET-wrong"})
    result = run.result("Back up")
    assert result["failure"]["kind"] == "authentication"
    assert "did not accept the login of 'operator': Invalid username or password" in result["msg"]
    assert endpoints(simulator) == ["login"]


def test_a_locked_account_is_left_alone_at_once_and_the_message_says_for_how_long(
    play: Play, simulator: Simulator
) -> None:
    simulator.set(lockout_attempts=1, speed=0)
    play(backup(), env={**LOGIN, "COMMVAULT_PASSWORD": "SECRET-wrong"})
    simulator.advance(300)
    run = play(backup(instances=FLEET, concurrency=5), env=LOGIN)
    assert "the account is locked for another 11 min" in run.result("Back up")["msg"]
    assert endpoints(simulator) == ["login", "login"]


def test_the_login_of_commvault_cloud_is_understood(play: Play, simulator: Simulator) -> None:
    simulator.set(saas_login=True)
    assert play(backup(), env=LOGIN).rc == 0
    assert len(simulator.jobs()) == 1
    assert simulator.sessions() == []


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
    run = play(backup(), env={"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""})
    assert run.rc == 0
    assert endpoints(simulator) == ["jobs", "whoami", "v4/accesstoken/renew", "jobs", "createtask"]
    assert len(simulator.jobs()) == 1
    again = play(
        backup(client_name="aws-prod", instance_name="hr"),
        env={"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""},
    )
    assert again.rc == 0
    (chain,) = simulator.access_tokens()
    assert (chain["renewals"], chain["reuses"]) == (1, 0)
    assert pair_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("reply", "scheme"), [("plain", "bearer"), ("expires_in", "authtoken"), ("broken_json", "authtoken")]
)
def test_every_form_of_the_answer_to_a_renewal_is_understood(
    play: Play, simulator: Simulator, pair_file: Path, reply: str, scheme: str
) -> None:
    simulator.set(renew_reply=reply)
    simulator.expire_tokens()
    env = {"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": "", "COMMVAULT_AUTH_SCHEME": scheme}
    assert play(backup(), env=env).rc == 0


def test_a_renewal_whose_answer_is_lost_starts_nothing_and_says_what_to_do(
    play: Play, simulator: Simulator, pair_file: Path
) -> None:
    simulator.expire_tokens()
    simulator.order_fault({"path": "v4/accesstoken/renew"}, {"reset": "after"})
    env = {"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""}
    for _run in range(2):
        run = play(backup(), env=env)
        assert "Create a new access token in Commvault" in run.result("Back up")["msg"]
        assert run.result("Back up")["failure"]["kind"] == "authentication"
    assert endpoints(simulator).count("v4/accesstoken/renew") == 1
    assert (simulator.reuses(), simulator.jobs()) == (0, [])


def test_a_pair_that_was_used_elsewhere_says_what_to_do(play: Play, simulator: Simulator, pair_file: Path) -> None:
    old = pair_file.read_text(encoding="utf-8")
    env = {"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""}
    simulator.expire_tokens()
    assert play(backup(), env=env).rc == 0
    pair_file.write_text(old, encoding="utf-8")
    run = play(backup(client_name="aws-prod", instance_name="hr"), env=env)
    assert "each pair is good for one renewal, by one consumer" in run.result("Back up")["msg"]
    assert "Token reuse detected" in run.result("Back up")["msg"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.chmod(0o640), "has the mode 0640: others can read or change it"),
        (lambda path: path.write_text("{", encoding="utf-8"), "does not hold a JSON object"),
        (lambda path: path.symlink_to(path.rename(path.with_name("elsewhere.json"))), "is a link"),
    ],
)
def test_a_token_file_that_cannot_be_trusted_is_not_used(
    play: Play, simulator: Simulator, pair_file: Path, spoil: t.Callable[[Path], t.Any], words: str
) -> None:
    spoil(pair_file)
    run = play(backup(), env={"COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": ""})
    assert words in run.result("Back up")["msg"]
    assert simulator.journal() == []


# --- several kinds


def test_what_a_task_says_beats_the_environment(play: Play, simulator: Simulator) -> None:
    task = {"client_name": "aws-prod", "instance_name": "orders", "username": "operator"}
    run = play(backup(**task), env={"COMMVAULT_PASSWORD": LOGIN["COMMVAULT_PASSWORD"]})
    assert run.rc == 0
    assert endpoints(simulator)[0] == "login"


def test_a_token_beats_the_other_kinds_in_the_environment(play: Play, simulator: Simulator, pair_file: Path) -> None:
    env = {**LOGIN, "COMMVAULT_TOKEN_FILE": str(pair_file), "COMMVAULT_AUTH_TOKEN": simulator.token}
    assert play(backup(), env=env).rc == 0
    assert endpoints(simulator) == ["jobs", "createtask"]
    assert {entry["user"] for entry in simulator.journal()} == {"admin"}


def test_an_option_that_is_left_empty_is_none(play: Play, simulator: Simulator) -> None:
    task = {"client_name": "aws-prod", "instance_name": "orders", "auth_token": "", "token_file": "", "password": ""}
    assert play(backup(**task), env=LOGIN).rc == 0


def test_two_kinds_in_one_task_are_a_mistake(play: Play, simulator: Simulator) -> None:
    task = {"client_name": "aws-prod", "instance_name": "orders", "auth_token": "SECRET-a", "username": "operator"}
    run = play(backup(**task))
    assert "auth_token and username with password are set at once" in run.result("Back up")["msg"]
    assert simulator.journal() == []


def test_no_kind_at_all_is_said_with_all_that_there_are(play: Play, simulator: Simulator) -> None:
    run = play(backup(), env={"COMMVAULT_AUTH_TOKEN": ""})
    assert "Set one of auth_token, token_file, or username with password" in run.result("Back up")["msg"]
