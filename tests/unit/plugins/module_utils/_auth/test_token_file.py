# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import json
import os
import signal

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth import token_file as _auth_token_file
from ansible_collections.rdsops.commvault.plugins.module_utils._auth import token_store as _token_store
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.accounts_api import (
    LoginToken,
    PairRefused,
    TokenPair,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_file import TokenFile, session_content
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_store import TokenStore
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import (
    CommvaultError,
    InvalidInput,
    RequestError,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor

URL = "https://cc.example.com/commandcenter/api"
PAIR = {"accessToken": "SECRET-access-0", "refreshToken": "SECRET-refresh-0"}
SESSION = session_content(LoginToken("QSDK SECRETsession", "authtoken"), "device", URL)
LOST = RequestError("no answer in time", "timeout", maybe_ran=True)
UNSENT = RequestError("no connection", "connection")
NO = PairRefused("token is invalid", "authentication", method="POST", url=URL, status=404, vendor_message="invalid")


class Accounts:
    """Stands in for AccountsApi: renews, or raises what it is told to; looks at the file while it does."""

    def __init__(self, path):
        self.path = path
        self.error = None
        self.pairs, self.sessions = [], []
        self.during = None
        self.hook = None

    def renew_pair(self, pair):
        self.pairs.append(pair)
        self.during = json.loads(self.path.read_text(encoding="utf-8"))
        if self.hook:
            self.hook()
        if self.error:
            raise self.error
        number = len(self.pairs)
        return TokenPair(f"SECRET-access-{number}", f"SECRET-refresh-{number}", 5000.0)

    def renew_login(self, login, device):
        self.sessions.append((login.token, device))
        return None if self.error else LoginToken("QSDK SECRETrenewed", login.scheme)


@pytest.fixture
def path(tmp_path):
    """Where the file is."""
    return tmp_path / "token.json"


def write(path, content):
    path.touch(mode=0o600)
    path.write_text(json.dumps(content), encoding="utf-8")


def on_disk(path):
    return json.loads(path.read_text(encoding="utf-8"))


def open_file(path, content=None, scheme="authtoken", now=lambda: 1000.0):
    if content is not None:
        write(path, content)
    accounts = Accounts(path)
    redactor = Redactor()
    return TokenFile(TokenStore(str(path)), accounts, redactor, URL, scheme, now), accounts, redactor


@pytest.mark.parametrize(
    ("content", "scheme", "headers"),
    [
        (PAIR, "authtoken", {"Authtoken": "SECRET-access-0"}),
        (PAIR, "bearer", {"Authorization": "Bearer SECRET-access-0"}),
        ({"error": {"errorCode": 0}, "tokenInfo": PAIR}, "authtoken", {"Authtoken": "SECRET-access-0"}),
        (SESSION, "authtoken", {"Authtoken": "QSDK SECRETsession"}),
        (SESSION, "bearer", {"Authtoken": "QSDK SECRETsession"}),
        ({**SESSION, "scheme": "bearer"}, "authtoken", {"Authorization": "Bearer QSDK SECRETsession"}),
    ],
)
def test_the_token_in_the_file_is_sent_and_every_secret_in_it_masked(path, content, scheme, headers):
    file, _accounts, redactor = open_file(path, content, scheme)
    assert file.headers() == headers
    assert "SECRET" not in redactor.clean(json.dumps(content))
    assert "SECRET" not in redactor.clean(" ".join(headers.values()).replace("QSDK ", "").replace("Bearer ", ""))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "holds neither accessToken and refreshToken"),
        ({"accessToken": "SECRET"}, "holds neither"),
        ({"accessToken": "SECRET", "refreshToken": ""}, "holds neither"),
        ({"accessToken": "SECRET\n", "refreshToken": "SECRET"}, "line break"),
        ({"accessToken": "SECRET\x07x", "refreshToken": "SECRET"}, "control character"),
        ({**PAIR, "url": "https://other.example.com/commandcenter/api"}, "is for https://other.example.com"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_without_showing_it(path, content, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        open_file(path, content)
    assert "SECRET" not in str(caught.value)


def test_a_renewal_is_noted_in_the_file_before_it_is_sent_and_the_new_pair_is_there_after_it(path):
    file, accounts, _redactor = open_file(path, {**PAIR, "url": URL, "note": "of the DBA team"})
    assert file.renew(file.headers()) is True
    assert accounts.during == {**PAIR, "url": URL, "note": "of the DBA team", "renewalSentAt": 1000}
    assert on_disk(path) == {
        "accessToken": "SECRET-access-1",
        "refreshToken": "SECRET-refresh-1",
        "tokenExpiryTimestamp": 5000,
        "renewedAt": 1000,
        "url": URL,
        "note": "of the DBA team",
    }
    assert file.headers() == {"Authtoken": "SECRET-access-1"}
    assert accounts.pairs == [TokenPair("SECRET-access-0", "SECRET-refresh-0")]
    assert sorted(os.listdir(path.parent)) == ["token.json", "token.json.lock"]


def test_the_answer_that_creating_a_token_gives_can_be_the_file(path):
    file, _accounts, _redactor = open_file(path, {"error": {"errorCode": 0}, "tokenInfo": PAIR})
    file.renew(file.headers())
    assert "tokenInfo" not in on_disk(path)
    assert open_file(path)[0].headers() == {"Authtoken": "SECRET-access-1"}


def test_each_renewal_uses_the_pair_of_the_one_before(path):
    file, accounts, _redactor = open_file(path, PAIR)
    for _time in range(3):
        file.renew(file.headers())
    assert [pair.refresh for pair in accounts.pairs] == ["SECRET-refresh-0", "SECRET-refresh-1", "SECRET-refresh-2"]


def test_what_another_process_has_renewed_is_read_and_not_renewed(path):
    file, accounts, redactor = open_file(path, PAIR)
    write(path, {"accessToken": "SECRET-other", "refreshToken": "SECRET-too", "renewedAt": 995})
    assert file.renew({"Authtoken": "SECRET-access-0"}) is True
    assert file.headers() == {"Authtoken": "SECRET-other"}
    assert accounts.pairs == []
    assert file.is_fresh(file.headers())
    assert "SECRET" not in redactor.clean("SECRET-other SECRET-too")


def test_what_another_thread_has_renewed_is_not_renewed_again(path):
    file, accounts, _redactor = open_file(path, PAIR)
    rejected = file.headers()
    file.renew(rejected)
    assert file.renew(rejected) is True
    assert len(accounts.pairs) == 1


def test_a_renewed_token_is_fresh_for_a_moment(path):
    times = [1000.0]
    file, _accounts, _redactor = open_file(path, PAIR, now=lambda: times[0])
    assert not file.is_fresh(file.headers())
    old = file.headers()
    file.renew(old)
    assert file.is_fresh(file.headers())
    assert not file.is_fresh(old)
    times[0] = 1010.0
    assert not file.is_fresh(file.headers())
    times[0] = 900.0
    assert not file.is_fresh(file.headers())


def test_a_lost_answer_is_never_followed_by_another_attempt_in_this_process_or_the_next(path):
    file, accounts, _redactor = open_file(path, PAIR)
    accounts.error = LOST
    for _time in range(2):
        with pytest.raises(CommvaultError, match=r"may be used up.*Create a new access token") as caught:
            file.renew(file.headers())
        assert caught.value.kind == "authentication"
    assert on_disk(path) == {**PAIR, "renewalSentAt": 1000}
    later, more, _redactor = open_file(path)
    with pytest.raises(
        CommvaultError, match=r"renewal was sent on 1970-01-01 at 00:16:40 UTC.*Create a new access token"
    ):
        later.renew(later.headers())
    assert (len(accounts.pairs), len(more.pairs)) == (1, 0)
    assert later.headers() == {"Authtoken": "SECRET-access-0"}


def test_a_process_that_dies_in_the_middle_leaves_a_pair_that_is_not_sent_again(path):
    file, accounts, _redactor = open_file(path, PAIR)

    def die():
        raise SystemExit

    accounts.hook = die
    with pytest.raises(SystemExit):
        file.renew(file.headers())
    later, more, _redactor = open_file(path)
    with pytest.raises(CommvaultError, match="is not known"):
        later.renew(later.headers())
    assert more.pairs == []


def test_a_new_pair_that_somebody_puts_into_the_file_ends_the_trouble(path):
    file, _accounts, _redactor = open_file(path, {**PAIR, "renewalSentAt": 900})
    with pytest.raises(CommvaultError):
        file.renew(file.headers())
    write(path, {"accessToken": "SECRET-made", "refreshToken": "SECRET-by-hand"})
    assert file.renew(file.headers()) is True
    assert file.headers() == {"Authtoken": "SECRET-made"}
    assert file.renew(file.headers()) is True
    assert file.headers() == {"Authtoken": "SECRET-access-1"}


def test_an_attempt_that_never_left_this_machine_leaves_the_pair_as_it_was(path):
    file, accounts, _redactor = open_file(path, PAIR)
    accounts.error = UNSENT
    with pytest.raises(RequestError) as caught:
        file.renew(file.headers())
    assert caught.value is UNSENT
    assert on_disk(path) == PAIR
    accounts.error = None
    assert file.renew(file.headers()) is True
    assert file.headers() == {"Authtoken": "SECRET-access-2"}


def test_a_refused_pair_is_not_tried_again_in_this_run_and_the_error_says_what_to_do(path):
    file, accounts, _redactor = open_file(path, PAIR)
    accounts.error = NO
    for _time in range(3):
        with pytest.raises(RequestError, match=r"Create a new access token.*token is invalid") as caught:
            file.renew(file.headers())
        assert (caught.value.kind, caught.value.status, caught.value.maybe_ran) == ("authentication", 404, False)
    assert len(accounts.pairs) == 1
    assert on_disk(path) == PAIR


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_a_place_that_cannot_be_written_is_found_before_anything_is_renewed(path, monkeypatch, call):
    file, accounts, _redactor = open_file(path, PAIR)
    real_open = os.open

    def denied(*args, **kwargs):
        if call == "open" and not args[0].endswith(".new"):
            return real_open(*args, **kwargs)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_token_store.os, call, denied)
    with pytest.raises(CommvaultError, match=r"not renewed.*Permission denied.*directory writable") as caught:
        file.renew(file.headers())
    monkeypatch.undo()
    assert caught.value.kind == "authentication"
    assert accounts.pairs == []
    assert on_disk(path) == PAIR


def test_an_obstacle_in_the_directory_is_found_before_anything_is_renewed(path):
    file, accounts, _redactor = open_file(path, PAIR)
    (path.parent / "token.json.new").mkdir()
    with pytest.raises(CommvaultError, match="not renewed"):
        file.renew(file.headers())
    assert accounts.pairs == []
    assert on_disk(path) == PAIR


def test_a_new_pair_that_cannot_be_kept_is_not_used_and_the_old_one_not_sent_again(path, monkeypatch):
    file, accounts, _redactor = open_file(path, PAIR)

    def break_disk():
        def fail(*_args):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(_token_store.os, "rename", fail)

    accounts.hook = break_disk
    with pytest.raises(CommvaultError, match=r"could not be kept \(Input/output error\).*Create a new access token"):
        file.renew(file.headers())
    monkeypatch.undo()
    assert file.headers() == {"Authtoken": "SECRET-access-0"}
    assert on_disk(path) == {**PAIR, "renewalSentAt": 1000}
    with pytest.raises(CommvaultError):
        file.renew(file.headers())
    assert len(accounts.pairs) == 1


def test_a_session_is_renewed_in_its_file(path):
    file, accounts, redactor = open_file(path, SESSION)
    assert file.renew(file.headers()) is True
    assert accounts.sessions == [("QSDK SECRETsession", "device")]
    assert on_disk(path) == {**SESSION, "token": "QSDK SECRETrenewed", "renewedAt": 1000}
    assert file.headers() == {"Authtoken": "QSDK SECRETrenewed"}
    assert "SECRET" not in redactor.clean("SECRETrenewed")


def test_a_session_that_has_ended_says_what_to_do(path):
    file, accounts, _redactor = open_file(path, SESSION)
    accounts.error = True
    for _time in range(2):
        with pytest.raises(CommvaultError, match=r"Log in again with the module rdsops\.commvault\.login"):
            file.renew(file.headers())
    assert len(accounts.sessions) == 1
    assert on_disk(path) == SESSION


def test_an_interrupt_waits_until_the_new_pair_is_kept(path, request):
    # In the background job of a script it is ignored.
    request.addfinalizer(functools.partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    file, accounts, _redactor = open_file(path, PAIR)
    # To this very thread: the test runner has others, and any of them could take a signal to the process.
    accounts.hook = lambda: signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        file.renew(file.headers())
    assert on_disk(path)["accessToken"] == "SECRET-access-1"
    assert "renewalSentAt" not in on_disk(path)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_closing_leaves_the_tokens_to_the_next(path):
    file, accounts, _redactor = open_file(path, SESSION)
    file.close()
    assert on_disk(path) == SESSION
    assert accounts.sessions == []


def test_every_signal_that_ends_a_job_is_held_back():
    assert set(_auth_token_file._HELD_BACK) == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
