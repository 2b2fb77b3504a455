# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wait of six hours with each kind of credentials, on a clock that waiting moves."""

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.accounts_api import AccountsApi
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.login import REFUSAL_PAUSES, Login
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.session import begin
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_file import TokenFile
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_store import TokenStore
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TasksApi
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    build_request,
    make_instance,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobsApi
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import JobReader
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_loop import (
    REFUSAL_INTERVAL,
    REFUSAL_LIMIT,
    wait_for_jobs,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

HOUR = 3600.0
ESTATE = {
    "clients": [{"name": "aws-prod", "instances": [{"name": "orders", "job_seconds": 6 * HOUR}]}],
    "users": [{"name": "operator", "password": "SECRET"}],
}


@pytest.fixture
def simulator(simulator):
    """Its clock is moved by waiting alone."""
    simulator.set(speed=0)
    return simulator


@pytest.fixture
def clock(simulator):
    """Told to the simulator when it matters, not with each tick."""
    return FakeRuntime(simulator.now())


@pytest.fixture
def transport(simulator):
    """A connection to it."""
    transport = Transport(parse_base_url(simulator.url), Redactor(), timeout=30)
    yield transport
    transport.close()


def write_pair(simulator, path):
    made = simulator.create_access_token()
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: made[name] for name in ("accessToken", "refreshToken")}), encoding="utf-8")


def credential_of(kind, simulator, clock, transport, path=None):
    """A credential that lives on the simulator's clock."""
    accounts = AccountsApi(transport, clock.now)
    if kind == "token":
        return Token(simulator.token)
    if kind == "login":
        return Login(accounts, "operator", "SECRET", clock=clock.now)
    if kind == "pair":
        write_pair(simulator, path)
    else:
        begin(accounts, transport.base.url, "operator", "SECRET", None, str(path))
    if kind == "login token":
        return Token(json.loads(path.read_text(encoding="utf-8"))["token"])
    return TokenFile(TokenStore(str(path)), accounts, transport.redactor, transport.base.url, "authtoken", clock.now)


def wait_through(cell, simulator, clock, interval):
    body = build_request([make_instance({"client_name": "aws-prod", "instance_name": "orders"})], ExportOptions())
    (job_id,) = TasksApi(cell).create(body).job_ids
    reader = JobReader(JobsApi(cell))

    def look(job_ids, _time_left):
        simulator.advance(clock.time - simulator.now())
        return reader.read(job_ids)

    return wait_for_jobs([job_id], look, timeout=8 * HOUR, interval=interval, runtime=clock)


def count(simulator, endpoint):
    return len(simulator.journal(path=endpoint))


@pytest.mark.parametrize(
    ("kind", "renewals"), [("token", 0), ("login token", 0), ("login", 0), ("session", 0), ("pair", 12)]
)
def test_a_look_each_minute_survives(simulator, clock, transport, tmp_path, kind, renewals):
    with CommCell(transport, credential_of(kind, simulator, clock, transport, tmp_path / "t.json"), clock) as cell:
        wait = wait_through(cell, simulator, clock, 60.0)
    assert wait.error is None
    assert [job.status for job in wait.jobs.values()] == ["Completed"]
    assert 6 * HOUR <= wait.waited < 6 * HOUR + 120
    assert len(simulator.writes()) == 1
    assert simulator.reuses() == 0
    # An access token lasts for 30 minutes, whether it is used or not; a login as long as it is used.
    assert count(simulator, "v4/accesstoken/renew") == renewals
    assert count(simulator, "renewlogintoken") == 0
    assert count(simulator, "login") == (1 if kind in ("login token", "login", "session") else 0)


@pytest.mark.parametrize("kind", ["login", "session", "pair"])
def test_a_look_so_rarely_that_each_meets_a_dead_token_survives(simulator, clock, transport, tmp_path, kind):
    with CommCell(transport, credential_of(kind, simulator, clock, transport, tmp_path / "t.json"), clock) as cell:
        wait = wait_through(cell, simulator, clock, 45 * 60.0)
    assert wait.error is None
    assert [job.status for job in wait.jobs.values()] == ["Completed"]
    renewals = count(simulator, "v4/accesstoken/renew") + count(simulator, "renewlogintoken")
    assert renewals == 9
    assert count(simulator, "login") <= 1
    assert simulator.reuses() == 0


def test_a_login_that_the_server_does_not_renew_is_made_anew(simulator, clock, transport, tmp_path):
    simulator.set(login_renewable_seconds=0)
    with CommCell(transport, credential_of("login", simulator, clock, transport), clock) as cell:
        wait = wait_through(cell, simulator, clock, 45 * 60.0)
    assert wait.error is None
    assert count(simulator, "login") == 10
    assert [session["expired"] for session in simulator.sessions()] == [True] * len(simulator.sessions())


def test_an_access_token_given_as_it_is_dies_in_the_middle_and_the_wait_says_so(simulator, clock, transport):
    made = simulator.create_access_token()
    with CommCell(transport, Token(made["accessToken"]), clock) as cell:
        wait = wait_through(cell, simulator, clock, 60.0)
    assert wait.error.kind == "authentication"
    assert "has expired" in str(wait.error)
    # A web server that restarts may refuse good credentials for a while, so the wait goes on for ten minutes.
    assert 1700 + REFUSAL_LIMIT <= wait.waited <= 1860 + REFUSAL_LIMIT + REFUSAL_INTERVAL
    assert list(wait.jobs) == ["148886"]


def test_a_password_that_is_changed_in_the_middle_is_sent_too_rarely_to_lock_the_account(simulator, clock, transport):
    simulator.set(login_renewable_seconds=0)
    credential = credential_of("login", simulator, clock, transport)
    with CommCell(transport, credential, clock) as cell:
        cell.read("GET", "CommServ")
        credential._password = "CHANGED"
        wait = wait_through(cell, simulator, clock, 45 * 60.0)
    assert wait.error.kind == "authentication"
    assert "did not accept the login of 'operator'" in str(wait.error)
    assert count(simulator, "login") == 2 + len(REFUSAL_PAUSES)


def test_a_server_that_is_away_when_the_token_dies_is_waited_for(simulator, clock, transport, tmp_path):
    with CommCell(transport, credential_of("pair", simulator, clock, transport, tmp_path / "t.json"), clock) as cell:
        simulator.order_fault({"path": "whoami"}, {"kind": "maintenance"}, times=3)
        wait = wait_through(cell, simulator, clock, 60.0)
    assert wait.error is None
    assert [job.status for job in wait.jobs.values()] == ["Completed"]
    assert (simulator.reuses(), count(simulator, "v4/accesstoken/renew")) == (0, 12)
