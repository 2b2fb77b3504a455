# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.accounts_api import LoginToken
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.login import FRESH, REFUSAL_PAUSES, Login
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

REFUSED = RequestError("wrong password", "authentication")
UNREACHABLE = RequestError("no connection", "connection")


class Accounts:
    """Stands in for AccountsApi: gives tokens out by number, or raises what it is told to."""

    def __init__(self):
        self.calls = []
        self.login_error = None
        self.renews = True
        self.logout_error = None
        self._number = 0

    def _token(self):
        self._number += 1
        return LoginToken(f"QSDK {self._number}", "authtoken")

    def login(self, username, password, domain, device):
        self.calls.append(("login", username, password, domain))
        self.device = device
        if self.login_error:
            raise self.login_error
        return self._token()

    def renew_login(self, login, device):
        assert device == self.device
        self.calls.append(("renew", login.token))
        return self._token() if self.renews else None

    def logout(self, headers):
        self.calls.append(("logout", headers["Authtoken"]))
        if self.logout_error:
            raise self.logout_error


def login_with(clock=None):
    accounts = Accounts()
    return Login(accounts, "operator", "SECRET", "CORP", (clock or FakeRuntime()).now), accounts


def test_nothing_is_sent_until_somebody_needs_headers_and_nothing_is_given_back_then():
    login, accounts = login_with()
    login.close()
    assert accounts.calls == []


def test_it_logs_in_once_and_logs_out_what_it_logged_in():
    login, accounts = login_with()
    assert login.headers() == login.headers() == {"Authtoken": "QSDK 1"}
    login.close()
    login.close()
    assert accounts.calls == [("login", "operator", "SECRET", "CORP"), ("logout", "QSDK 1")]


def test_threads_share_one_login():
    login, accounts = login_with()
    barrier = threading.Barrier(8)
    seen = []

    def work():
        barrier.wait(10)
        seen.append(login.headers()["Authtoken"])

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == ["QSDK 1"] * 8
    assert len(accounts.calls) == 1


def test_a_rejected_login_is_renewed_and_the_renewed_one_logged_out():
    login, accounts = login_with()
    assert login.renew(login.headers()) is True
    assert login.headers() == {"Authtoken": "QSDK 2"}
    login.close()
    assert [call[0] for call in accounts.calls] == ["login", "renew", "logout"]
    assert accounts.calls[-1] == ("logout", "QSDK 2")


def test_a_login_that_cannot_be_renewed_is_made_anew():
    login, accounts = login_with()
    rejected = login.headers()
    accounts.renews = False
    assert login.renew(rejected) is True
    assert login.headers() == {"Authtoken": "QSDK 2"}
    assert [call[0] for call in accounts.calls] == ["login", "renew", "login"]


def test_what_another_thread_has_renewed_is_not_renewed_again():
    login, accounts = login_with()
    rejected = login.headers()
    login.renew(rejected)
    assert login.renew(rejected) is True
    assert [call[0] for call in accounts.calls] == ["login", "renew"]


def test_bad_credentials_are_sent_once_however_often_they_are_needed():
    login, accounts = login_with()
    accounts.login_error = REFUSED
    for _time in range(5):
        with pytest.raises(RequestError, match="wrong password"):
            login.headers()
    login.close()
    assert len(accounts.calls) == 1


def renew_and_use(login, rejected):
    login.renew(rejected)
    login.headers()


def test_credentials_that_turn_bad_in_the_middle_are_sent_once():
    login, accounts = login_with()
    rejected = login.headers()
    accounts.renews, accounts.login_error = False, REFUSED
    for _time in range(3):
        with pytest.raises(RequestError, match="wrong password"):
            renew_and_use(login, rejected)
    assert [call[0] for call in accounts.calls] == ["login", "renew", "login"]


def test_a_server_that_was_away_is_tried_again():
    login, accounts = login_with()
    accounts.login_error = UNREACHABLE
    with pytest.raises(RequestError):
        login.headers()
    accounts.login_error = None
    assert login.headers() == {"Authtoken": "QSDK 1"}


def test_a_login_is_fresh_for_a_moment():
    clock = FakeRuntime()
    login, _accounts = login_with(clock)
    headers = login.headers()
    assert login.is_fresh(headers)
    assert not login.is_fresh({"Authtoken": "another"})
    clock.time += FRESH
    assert not login.is_fresh(headers)


@pytest.mark.parametrize("error", [UNREACHABLE, ZeroDivisionError("a fault")])
def test_a_logout_that_fails_keeps_quiet(error):
    login, accounts = login_with()
    login.headers()
    accounts.logout_error = error
    login.close()
    assert accounts.calls[-1][0] == "logout"


def test_credentials_that_were_good_are_tried_again_after_a_while_and_not_for_ever():
    clock = FakeRuntime()
    login, accounts = login_with(clock)
    old = login.headers()
    accounts.renews, accounts.login_error = False, REFUSED
    for _minute in range(60):
        with pytest.raises(RequestError, match="wrong password"):
            login.renew(old)
        # The server may take the old token again when it is in order.
        assert login.headers() == old
        clock.sleep(60)
    assert [call[0] for call in accounts.calls].count("login") == 2 + len(REFUSAL_PAUSES)
    assert sum(REFUSAL_PAUSES) > 600


def test_a_restart_that_refuses_everybody_is_outlasted():
    clock = FakeRuntime()
    login, accounts = login_with(clock)
    old = login.headers()
    accounts.renews, accounts.login_error = False, REFUSED
    with pytest.raises(RequestError):
        login.renew(old)
    accounts.login_error = None
    clock.sleep(REFUSAL_PAUSES[0])
    assert login.renew(old) is True
    assert login.headers() == {"Authtoken": "QSDK 2"}
