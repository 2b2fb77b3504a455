# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth import token_store as _token_store
from ansible_collections.rdsops.commvault.plugins.modules import login
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, post

USER = {"auth_token": None, "username": "operator", "password": "SECRET-password"}
LOGGED_IN = {"token": "QSDK SECRETtoken", "errList": []}
URL = "https://cc.example.com/commandcenter/api"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("check", [False, True])
def test_a_login_leaves_a_private_file_and_returns_its_path_alone(run_module, temporary, check):
    script = Script(post("Login").returns(200, LOGGED_IN))
    result = run_module(login, script, check=check, **USER)
    path = Path(result["token_file"])
    assert set(result) - {"invocation"} == {"changed", "msg", "token_file"}
    assert result["changed"] is True
    assert "SECRET" not in result.text
    assert path.parent.parent == temporary
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path.parent, path)] == [0o700, 0o600]
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content == {
        "token": "QSDK SECRETtoken",
        "scheme": "authtoken",
        "deviceId": json.loads(script.requests[0].body)["deviceId"],
        "url": URL,
        "ownDirectory": True,
    }


def test_the_session_can_be_kept_in_a_file_of_ones_own(run_module, tmp_path):
    path = tmp_path / "mine.json"
    script = Script(post("Login").returns(200, {"data": {"authToken": "SECRETcloud"}}))
    result = run_module(login, script, path=str(path), **USER)
    assert result["token_file"] == str(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["token"], content["scheme"], content.get("ownDirectory")) == ("SECRETcloud", "bearer", None)


def test_an_older_session_in_the_file_is_replaced(run_module, tmp_path):
    path = tmp_path / "mine.json"
    path.touch(mode=0o600)
    path.write_text('{"token": "QSDK SECRETold"}', encoding="utf-8")
    run_module(login, Script(post("Login").returns(200, LOGGED_IN)), path=str(path), **USER)
    assert "SECRETtoken" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ['{"accessToken": "a", "refreshToken": "b"}', "notes", ""])
def test_a_file_with_anything_else_is_left_alone_and_nobody_logs_in(run_module, tmp_path, text):
    path = tmp_path / "mine.json"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    result = run_module(login, path=str(path), **USER)
    assert result["failure"]["kind"] == "invalid_input"
    assert path.read_text(encoding="utf-8") == text


def test_a_place_that_cannot_be_written_is_found_before_the_login(run_module, tmp_path):
    result = run_module(login, path=str(tmp_path / "missing" / "session.json"), **USER)
    assert "cannot be kept" in result["msg"]


def test_a_login_that_cannot_be_kept_is_given_back(run_module, tmp_path, monkeypatch):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_token_store.os, "rename", fail)
    script = Script(
        post("Login").returns(200, LOGGED_IN),
        post("Logout").with_header("Authtoken", "QSDK SECRETtoken").returns(200, "User logged out"),
    )
    result = run_module(login, script, **USER)
    assert "No space left on device" in result["msg"]
    assert "SECRET" not in result.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"errList": [{"errorCode": 5, "errLogMessage": "Invalid user name SECRET-password"}]}, "did not accept"),
        ({"isAccountLocked": True, "remainingLockTime": 600}, "locked for another 10 min"),
    ],
)
def test_a_refused_login_leaves_nothing_behind(run_module, tmp_path, answer, words):
    result = run_module(login, Script(post("Login").returns(200, answer)), **USER)
    assert words in result["msg"]
    assert result["failure"]["kind"] == "authentication"
    assert "SECRET" not in result.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "auth_token has no use here"),
        ({"auth_token": None, "token_file": "/x"}, "token_file has no use here"),
        ({"auth_token": None}, "username is missing"),
        ({"auth_token": None, "username": "u"}, "password is missing"),
    ],
)
def test_a_login_needs_a_user_and_a_password_alone(run_module, args, words):
    result = run_module(login, **args)
    assert words in result["msg"]


def test_a_token_in_the_environment_is_no_obstacle(run_module, monkeypatch):
    monkeypatch.setenv("COMMVAULT_AUTH_TOKEN", "SECRET-other")
    monkeypatch.setenv("COMMVAULT_USERNAME", "operator")
    monkeypatch.setenv("COMMVAULT_PASSWORD", "SECRET-password")
    script = Script(post("Login").returns(200, LOGGED_IN))
    result = run_module(login, script, auth_token=None)
    assert os.path.exists(result["token_file"])
    assert script.requests[0].headers.get("Authtoken") is None
