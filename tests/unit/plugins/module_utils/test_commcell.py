# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import requests

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell, ServerClock
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import RUNTIME
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime
from ansible_collections.rdsops.commvault.tests.support.scripted_http import get, post, script_of, scripted_transport

NEW_YEAR = 1767225600.0  # 2026-01-01T00:00:00Z
DENIED = {"errorMessage": "Access denied", "errorCode": 5}


class RenewableCredential:
    """Has as many tokens as it is given."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.renewals = 0
        self.closed = False

    def headers(self):
        return {"Authtoken": self.tokens[0]}

    def is_fresh(self, headers):
        return self.renewals > 0

    def renew(self, rejected):
        assert rejected == self.headers()
        if len(self.tokens) < 2:
            return False
        del self.tokens[0]
        self.renewals += 1
        return True

    def close(self):
        self.closed = True


def commcell(*exchanges, tokens=("one",), runtime=RUNTIME):
    return CommCell(scripted_transport(*exchanges), RenewableCredential(*tokens), runtime)


def write(cell, method, path, **kwargs):
    """The JSON of a good answer to a request that changes something."""
    reply = cell.change(method, path, **kwargs)
    cell.check(reply, method, path, changes=True)
    return reply.data


def test_a_good_answer_is_its_json():
    cell = commcell(get("Job/7").with_header("Authtoken", "one").with_header("limit", "5").returns(200, {"jobs": []}))
    assert cell.read("GET", "Job/7", headers={"limit": "5"}) == {"jobs": []}


@pytest.mark.parametrize("verb", [CommCell.read, write])
def test_a_bad_answer_is_an_error(verb):
    cell = commcell(post("Jobs").returns(200, {"errorCode": 9, "errorMessage": "no"}))
    with pytest.raises(RequestError) as caught:
        verb(cell, "POST", "Jobs", body={})
    assert caught.value.code == 9


def test_a_quota_is_waited_for_before_something_is_changed():
    runtime = FakeRuntime()
    cell = commcell(
        post("Job/7/action/pause").returns(429, {}, {"Retry-After": "7"}),
        post("Job/7/action/pause").returns(200, {"ok": 1}),
        runtime=runtime,
    )
    assert write(cell, "POST", "Job/7/action/pause") == {"ok": 1}
    assert runtime.slept == [7]


def test_a_quota_that_takes_too_long_is_an_error():
    runtime = FakeRuntime()
    cell = commcell(post("Job/7/action/pause").returns(429, {}, {"X-RateLimit-Period": "3600"}), runtime=runtime)
    with pytest.raises(RequestError) as caught:
        write(cell, "POST", "Job/7/action/pause")
    assert (caught.value.kind, caught.value.retry_after, runtime.slept) == ("rate_limited", 3600, [])


@pytest.mark.parametrize("verb", [CommCell.read, write])
def test_a_401_for_dead_credentials_renews_them_and_repeats_the_call_once(verb):
    cell = commcell(
        post("x").with_header("Authtoken", "one").returns(401, DENIED),
        post("WhoAmI").with_header("Authtoken", "one").returns(401, DENIED),
        post("x").with_header("Authtoken", "two").sends({"a": 1}).returns(200, {"ok": 1}),
        tokens=("one", "two"),
    )
    assert verb(cell, "POST", "x", body={"a": 1}) == {"ok": 1}


@pytest.mark.parametrize("who_am_i", [(404, "no such page"), (200, {"errorCode": 9, "errorMessage": "?"})])
def test_where_the_server_does_not_tell_who_one_is_a_401_renews(who_am_i):
    cell = commcell(
        post("x").returns(401, DENIED),
        post("WhoAmI").returns(*who_am_i),
        post("x").with_header("Authtoken", "two").returns(200, {"ok": 1}),
        tokens=("one", "two"),
    )
    assert write(cell, "POST", "x") == {"ok": 1}


def test_a_second_401_with_new_credentials_is_a_missing_permission():
    cell = commcell(
        post("x").returns(401, DENIED),
        post("WhoAmI").returns(401, DENIED),
        post("x").returns(401, DENIED),
        post("WhoAmI").with_header("Authtoken", "two").returns(401, DENIED),
        tokens=("one", "two", "three"),
    )
    with pytest.raises(RequestError, match="accepts the credentials, but not for this") as caught:
        write(cell, "POST", "x", body={})
    assert (caught.value.kind, caught.value.maybe_ran, cell._credential.tokens) == (
        "permission",
        False,
        ["two", "three"],
    )


def test_a_401_that_only_one_of_several_web_servers_gives_is_repeated_with_the_same_credentials():
    cell = commcell(
        post("x").returns(401, DENIED),
        post("WhoAmI").returns(200, {"user": {"userName": "operator"}}),
        post("x").with_header("Authtoken", "one").returns(200, {"ok": 1}),
        tokens=("one", "two"),
    )
    assert write(cell, "POST", "x", body={}) == {"ok": 1}
    assert cell._credential.renewals == 0


def test_a_permission_that_a_whole_fleet_lacks_is_asked_about_once():
    refused = [post("x").returns(401, DENIED) for _number in range(5)]
    cell = commcell(refused[0], post("WhoAmI").returns(200, {"user": {}}), *refused[1:], tokens=("one", "two"))
    for _call in range(4):
        with pytest.raises(RequestError) as caught:
            write(cell, "POST", "x", body={})
        assert caught.value.kind == "permission"
    assert cell._credential.renewals == 0


def test_credentials_that_are_dead_and_cannot_be_renewed_are_asked_about_once():
    cell = commcell(post("x").returns(401, DENIED), post("WhoAmI").returns(401, DENIED), post("x").returns(401, DENIED))
    for _call in range(2):
        with pytest.raises(RequestError, match="did not accept the credentials") as caught:
            write(cell, "POST", "x", body={})
        assert caught.value.kind == "authentication"


def test_a_server_that_is_not_in_order_renews_nothing():
    cell = commcell(
        post("x").returns(401, DENIED),
        post("WhoAmI").returns(200, "<html>Scheduled Maintenance</html>"),
        tokens=("one", "two"),
    )
    with pytest.raises(RequestError) as caught:
        write(cell, "POST", "x", body={})
    assert (caught.value.kind, caught.value.maybe_ran, cell._credential.renewals) == ("bad_reply", False, 0)


def test_a_403_on_a_write_is_not_repeated_while_the_credentials_are_good():
    cell = commcell(post("x").returns(403, DENIED), post("WhoAmI").returns(200, {"user": {}}), tokens=("one", "two"))
    with pytest.raises(RequestError) as caught:
        write(cell, "POST", "x", body={})
    assert caught.value.kind == "permission"


@pytest.mark.parametrize(
    ("denial", "kind", "maybe_ran"),
    [((403, DENIED), "permission", False), ((303, "", {"Location": "/commandcenter/login"}), "redirect", True)],
)
def test_what_may_have_been_executed_has_its_own_answer_where_nobody_knows_about_the_credentials(
    denial, kind, maybe_ran
):
    cell = commcell(
        post("x").returns(*denial), post("WhoAmI").returns(200, "<html>Maintenance</html>"), tokens=("one", "two")
    )
    with pytest.raises(RequestError) as caught:
        write(cell, "POST", "x", body={})
    assert (caught.value.kind, caught.value.maybe_ran, cell._credential.renewals) == (kind, maybe_ran, 0)


def test_a_403_for_dead_credentials_renews_them():
    cell = commcell(
        post("x").returns(403, DENIED),
        post("WhoAmI").returns(403, DENIED),
        post("x").with_header("Authtoken", "two").returns(200, {"ok": 1}),
        tokens=("one", "two"),
    )
    assert write(cell, "POST", "x", body={}) == {"ok": 1}


@pytest.mark.parametrize(
    "denied",
    [
        DENIED,
        {"errList": [{"errorCode": "5", "errLogMessage": "Access denied"}]},
        "<html><title>Sign in</title></html>",
    ],
)
def test_access_denied_in_a_good_status_renews_for_a_read_and_never_for_a_write(denied):
    cell = commcell(
        post("x").returns(200, denied),
        post("WhoAmI").returns(200, DENIED),
        post("x").with_header("Authtoken", "two").returns(200, {"ok": 1}),
        post("y").returns(200, {"taskId": 1, "jobIds": ["7"], "errorCode": 5}),
        tokens=("one", "two"),
    )
    assert cell.read("POST", "x", body={}) == {"ok": 1}
    assert cell.call("POST", "y", changes=True).data["jobIds"] == ["7"]


def test_leaving_it_gives_back_credentials_and_connections():
    cell = commcell()
    with cell:
        pass
    assert cell._credential.closed
    assert script_of(cell.transport).closed


def test_the_servers_clock_is_read_from_its_answers():
    cell = commcell(get("x").returns(200, {}, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}))
    assert not cell.clock.known
    cell.read("GET", "x")
    assert cell.clock.known


def test_the_page_of_a_job_is_in_the_command_center():
    cell = commcell()
    assert cell.job_url("148886") == "https://cc.example.com/commandcenter/#/jobs/148886"


def test_local_times_are_told_in_server_time():
    clock = ServerClock()
    clock.note("Thu, 01 Jan 2026 00:00:00 GMT", NEW_YEAR - 3600)
    assert clock.at(NEW_YEAR - 3600 + 10) == NEW_YEAR + 10


@pytest.mark.parametrize("skew", [0.0, 60.0, -30.0])
def test_the_time_of_jobs_is_that_of_date_without_the_skew(skew):
    clock = ServerClock(skew)
    assert clock.at(1000.0) == 1000.0
    clock.note("Thu, 01 Jan 2026 00:00:00 GMT", 1000.0)
    assert (clock.at(1000.0), clock.date_offset) == (NEW_YEAR - skew, NEW_YEAR - 1000)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT", "Mon Nov , , -"])
def test_without_a_usable_date_the_local_time_counts(date):
    clock = ServerClock()
    clock.note(date, NEW_YEAR)
    assert not clock.known
    assert clock.at(NEW_YEAR) == NEW_YEAR


def test_the_last_answer_counts():
    clock = ServerClock()
    clock.note("Thu, 01 Jan 2026 00:00:00 GMT", NEW_YEAR)
    clock.note("Thu, 01 Jan 2026 00:00:30 GMT", NEW_YEAR)
    assert clock.at(NEW_YEAR) == NEW_YEAR + 30


def test_the_earliest_time_is_by_the_answer_that_told_the_least():
    clock = ServerClock()
    assert clock.earliest(NEW_YEAR) == NEW_YEAR
    clock.note("Thu, 01 Jan 2026 00:00:10 GMT", NEW_YEAR)
    clock.note("Fri, 02 Jan 2026 00:00:00 GMT", NEW_YEAR)
    assert clock.earliest(NEW_YEAR) == NEW_YEAR + 10


# --- outages


def test_web_pages_that_say_no_from_the_first_are_a_wrong_address_and_no_outage():
    page = (404, "<html>Not found</html>", {"Content-Type": "text/html"})
    cell = commcell(get("Client").returns(*page), post("x").returns(*page))
    cell.outage.timeout = 300.0
    for send in (lambda: cell.read("GET", "Client"), lambda: write(cell, "POST", "x")):
        with pytest.raises(RequestError) as caught:
            send()
        assert (caught.value.kind, cell.outage.is_about(caught.value)) == ("not_found", False)


def ridden(*exchanges):
    """A CommCell that is waited for, and the clock of the waiting."""
    runtime = FakeRuntime()
    cell = commcell(*exchanges, runtime=runtime)
    cell.outage.timeout = 300.0
    return cell, runtime


def test_a_read_is_made_again_once_the_commcell_answers_something():
    cell, runtime = ridden(
        get("Job/7").returns(503, "<html>starting</html>"),
        post("WhoAmI").returns(503, "<html>starting</html>"),
        post("WhoAmI").raises(requests.exceptions.ReadTimeout("...")),
        post("WhoAmI").returns(200, {"user": {"userName": "operator"}}),
        get("Job/7").returns(200, {"jobs": []}),
    )
    assert cell.read("GET", "Job/7") == {"jobs": []}
    assert len(runtime.slept) == 3


def test_a_read_that_only_fails_itself_ends_with_what_it_was_answered():
    page = (200, "<html>odd</html>")
    cell, _runtime = ridden(
        *[step for _time in range(2) for step in (get("x").returns(*page), post("WhoAmI").returns(200, {"user": {}}))],
        get("x").returns(*page),
    )
    assert cell.call("GET", "x", changes=False).shape == "markup"


@pytest.mark.parametrize("status", [404, 403, 400, 429])
def test_an_answer_that_says_no_is_not_asked_for_again(status):
    exchanges = [get("x").returns(status, {"errorCode": 9})]
    if status == 403:
        exchanges.append(post("WhoAmI").returns(200, {"user": {}}))
        exchanges.append(get("x").returns(status, {"errorCode": 9}))
    cell, runtime = ridden(*exchanges)
    assert cell.call("GET", "x", changes=False).status == status
    assert runtime.slept == []


@pytest.mark.parametrize("how", [{"changes": True}, {"changes": False, "repeat": False}])
def test_writes_and_polls_are_for_their_callers_to_repeat(how):
    cell, runtime = ridden(post("x").returns(503, "<html>starting</html>"))
    assert cell.call("POST", "x", **how).status == 503
    assert runtime.slept == []


LOGIN_PAGE = (302, "", {"Location": "/commandcenter/login?redirect=x"})


def test_a_redirect_to_the_login_page_renews_the_session():
    cell = commcell(
        get("Job/7").returns(*LOGIN_PAGE),
        post("WhoAmI").returns(*LOGIN_PAGE),
        get("Job/7").with_header("Authtoken", "two").returns(200, {"jobs": []}),
        tokens=("one", "two"),
    )
    assert cell.read("GET", "Job/7") == {"jobs": []}


def test_a_redirect_to_the_login_page_that_stays_is_said_as_one():
    cell = commcell(
        get("Job/7").returns(*LOGIN_PAGE),
        post("WhoAmI").returns(*LOGIN_PAGE),
        get("Job/7").returns(*LOGIN_PAGE),
        post("WhoAmI").returns(*LOGIN_PAGE),
        tokens=("one", "two"),
    )
    with pytest.raises(RequestError, match=r"a login page, so the session has ended") as caught:
        cell.read("GET", "Job/7")
    assert caught.value.kind == "redirect"


def test_an_empty_list_as_204_is_no_error():
    cell = commcell(get("Client").returns(204), post("x").returns(204))
    assert cell.read("GET", "Client") is None
    with pytest.raises(RequestError) as caught:
        write(cell, "POST", "x")
    assert caught.value.maybe_ran


def test_an_answer_without_a_body_is_read_again_and_then_said():
    cell = commcell(get("x").returns(200), get("x").returns(200, {"ok": 1}))
    assert cell.read("GET", "x") == {"ok": 1}
    cell = commcell(get("x").returns(200), get("x").returns(200))
    with pytest.raises(RequestError, match="answered with nothing instead of JSON"):
        cell.read("GET", "x")
