# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from support.scripted_http import Script, get, post

from ansible_collections.rdsops.commvault.plugins.module_utils._api import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._http import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor


class RenewableCredential:
    """Has as many tokens as it is given."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.closed = False

    def headers(self):
        return {"Authtoken": self.tokens[0]}

    def renew(self, rejected):
        assert rejected == self.headers()
        if len(self.tokens) < 2:
            return False
        del self.tokens[0]
        return True

    def close(self):
        self.closed = True


def commcell(*exchanges, tokens=("one",)):
    transport = Transport(parse_base_url("cc.example.com"), Redactor(), timeout=5)
    script = Script(*exchanges)
    script.mount_on(transport.session)
    credential = RenewableCredential(*tokens)
    return CommCell(transport, credential), script, credential


def test_a_good_answer_is_its_json():
    cell, script, _credential = commcell(
        get("Job/7").with_header("Authtoken", "one").with_header("limit", "5").returns(200, {"jobs": []})
    )
    assert cell.read("GET", "Job/7", headers={"limit": "5"}) == {"jobs": []}
    script.finish()


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_bad_answer_is_an_error(verb):
    cell, _script, _credential = commcell(post("Jobs").returns(200, {"errorCode": 9, "errorMessage": "no"}))
    with pytest.raises(RequestError) as caught:
        getattr(cell, verb)("POST", "Jobs", body={})
    assert caught.value.code == 9


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_401_renews_the_credentials_and_repeats_the_call_once(verb):
    cell, script, _credential = commcell(
        post("x").with_header("Authtoken", "one").returns(401, {"errorCode": 5}),
        post("x").with_header("Authtoken", "two").sends({"a": 1}).returns(200, {"ok": 1}),
        tokens=("one", "two"),
    )
    assert getattr(cell, verb)("POST", "x", body={"a": 1}) == {"ok": 1}
    script.finish()


def test_a_second_401_is_an_error():
    cell, script, _credential = commcell(
        post("x").returns(401, {"errorCode": 5}),
        post("x").returns(401, {"errorCode": 5}),
        tokens=("one", "two", "three"),
    )
    with pytest.raises(RequestError) as caught:
        cell.write("POST", "x", body={})
    assert caught.value.kind == "authentication"
    script.finish()


def test_leaving_it_gives_back_credentials_and_connections():
    cell, script, credential = commcell()
    with cell:
        pass
    assert credential.closed
    assert script.closed


def test_the_servers_clock_is_read_from_its_answers():
    cell, _script, _credential = commcell(get("x").returns(200, {}, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}))
    assert not cell.clock.known
    cell.read("GET", "x")
    assert cell.clock.known


def test_the_page_of_a_job_is_in_the_command_center():
    cell, _script, _credential = commcell()
    assert cell.job_url("148886") == "https://cc.example.com/commandcenter/#/jobs/148886"
