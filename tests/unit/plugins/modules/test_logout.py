# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.modules import logout
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, post

SESSION = {
    "token": "QSDK SECRETtoken",
    "scheme": "authtoken",
    "deviceId": "device",
    "url": "https://cc.example.com/commandcenter/api",
}


@pytest.fixture
def session(tmp_path):
    """The file of a session in a directory of its own."""
    path = tmp_path / "rdsops-commvault-x" / "session.json"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(json.dumps({**SESSION, "ownDirectory": True}), encoding="utf-8")
    return path


def logged_out():
    return Script(post("Logout").with_header("Authtoken", "QSDK SECRETtoken").returns(200, "User logged out"))


@pytest.mark.parametrize("check", [False, True])
def test_the_session_ends_and_its_file_and_directory_go(run_module, session, check):
    result = run_module(logout, logged_out(), check=check, auth_token=None, token_file=str(session))
    assert (result["changed"], result["msg"]) == (True, "Logged out from cc.example.com.")
    assert "SECRET" not in result.text
    assert not session.parent.exists()


def test_a_directory_of_somebody_else_stays(run_module, session):
    session.write_text(json.dumps(SESSION), encoding="utf-8")
    run_module(logout, logged_out(), auth_token=None, token_file=str(session))
    assert list(session.parent.iterdir()) == []


def test_the_file_comes_from_the_environment_too(run_module, session, monkeypatch):
    monkeypatch.setenv("COMMVAULT_TOKEN_FILE", str(session))
    assert run_module(logout, logged_out(), auth_token=None)["changed"] is True


def test_a_session_that_is_gone_is_no_change(run_module, tmp_path):
    result = run_module(logout, auth_token=None, token_file=str(tmp_path / "session.json"))
    assert result["changed"] is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", [(500, "<html></html>"), (200, "<html>Scheduled Maintenance SECRETtoken</html>")])
def test_a_server_that_does_not_answer_well_is_a_warning_and_the_file_goes(run_module, session, warned, answer):
    result = run_module(logout, Script(post("Logout").returns(*answer)), auth_token=None, token_file=str(session))
    assert result["changed"] is True
    assert "may not have ended it" in warned[0]
    assert "SECRET" not in warned[0] + result.text
    assert not session.parent.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"accessToken": "SECRETa", "refreshToken": "SECRETb"}, "holds no session"),
        ({**SESSION, "url": "https://other.example.com"}, "of another server"),
        ({key: value for key, value in SESSION.items() if key != "url"}, "of another server"),
    ],
)
def test_what_is_no_session_of_this_server_is_left_alone_and_nothing_is_sent(run_module, session, content, words):
    session.write_text(json.dumps(content), encoding="utf-8")
    result = run_module(logout, auth_token=None, token_file=str(session))
    assert words in result["msg"]
    assert "SECRET" not in result.text
    assert json.loads(session.read_text(encoding="utf-8")) == content


def test_a_file_that_others_can_read_is_not_used(run_module, session):
    session.chmod(0o644)
    result = run_module(logout, auth_token=None, token_file=str(session))
    assert "has the mode 0644" in result["msg"]


def test_a_logout_needs_to_know_the_file(run_module):
    assert "token_file is missing" in run_module(logout)["msg"]
