# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from requests.exceptions import ConnectTimeout

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.api import EstateApi
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

PAGE = "<html>not found</html>"
DENIED = {"errorMessage": "Access denied", "errorCode": 5}


class Commvault:
    """An EstateApi before a script that must be played to its end."""

    def __init__(self, *exchanges):
        transport = Transport(parse_base_url("cc.example.com"), Redactor(["SECRET"]), timeout=5, read_retries=0)
        self.script = Script(*exchanges)
        self.script.mount_on(transport.session)
        self.api = EstateApi(CommCell(transport, Token("SECRET")))

    def __enter__(self):
        return self.api

    def __exit__(self, kind, *exc_info):
        if kind is None:
            self.script.finish()


def test_a_client_is_found_by_its_name():
    with Commvault(get("GetId").with_query(clientname="aws prod").returns(200, {"clientId": "11"})) as api:
        assert api.client_id("aws prod") == 11


@pytest.mark.parametrize(("status", "body"), [(404, {"clientId": -32000}), (200, {"clientId": -32000}), (200, {})])
def test_a_client_that_is_not_there_has_no_number(status, body):
    with Commvault(get("GetId").with_query(clientname="x").returns(status, body)) as api:
        assert api.client_id("x") is None


def test_all_clients_come_in_one_answer():
    rows = [estates.client_row(11, "aws-prod", "AWS production"), estates.client_row(12, "aws-dev")]
    with Commvault(get("Client").returns(200, estates.clients(*rows))) as api:
        found = {client.id: client.display_name for client in api.clients()}
    assert found == {11: "AWS production", 12: "aws-dev"}


@pytest.mark.parametrize(("status", "body"), [(200, {}), (404, {}), (404, {"errorMessage": "none"}), (200, {"x": []})])
def test_an_empty_list_of_clients_takes_several_forms(status, body):
    with Commvault(get("Client").returns(status, body)) as api:
        assert api.clients() == []


@pytest.mark.parametrize(
    ("status", "body"), [(404, PAGE), (404, ""), (200, PAGE), (500, {"errorCode": 9}), (502, PAGE)]
)
def test_a_wrong_address_or_a_broken_server_is_no_empty_list(status, body):
    with Commvault(get("Client").returns(status, body)) as api, pytest.raises(RequestError):
        api.clients()


@pytest.mark.parametrize(
    "body",
    [
        *({"message": "Service unavailable"}, {"clients": [{"id": 11, "name": "aws-prod"}]}),
        *({"clientProperties": [{"client": {"name": "aws-prod"}}]}, {"clientProperties": {"clientId": 11}}),
    ],
)
def test_a_list_in_another_shape_is_no_empty_list(body):
    with Commvault(get("Client").returns(200, body)) as api, pytest.raises(RequestError, match="is not known"):
        api.clients()


def test_subclients_are_asked_for_by_number_or_name_of_their_client():
    answer = estates.subclients(estates.subclient_row(1001, "orders"))
    with Commvault(
        estates.list_subclients(11).returns(200, answer),
        estates.list_subclients("aws-prod", None).returns(200, answer),
    ) as api:
        assert [one.instance_name for one in api.subclients(11, 22)] == ["orders"]
        assert [one.instance_name for one in api.subclients("aws-prod")] == ["orders"]


def test_subclients_of_other_applications_are_left_out_even_if_the_server_sends_them():
    rows = [estates.subclient_row(1001, "orders"), estates.subclient_row(1002, "crm", application_id=81)]
    with Commvault(estates.list_subclients(11).returns(200, estates.subclients(*rows))) as api:
        assert [one.instance_name for one in api.subclients(11, 22)] == ["orders"]


def test_a_client_without_subclients_is_told_from_one_that_is_not_there():
    by_name = estates.list_subclients("x", None).returns(404, {})
    with Commvault(by_name, get("GetId").with_query(clientname="x").returns(404, {"clientId": -32000})) as api:
        assert api.subclients_of("x") is None
    with Commvault(
        by_name,
        get("GetId").with_query(clientname="x").returns(200, {"clientId": 11}),
        estates.list_subclients(11, None).returns(200, {}),
    ) as api:
        assert api.subclients_of("x") == []


def test_a_release_that_takes_no_names_is_asked_by_number():
    answer = estates.subclients(estates.subclient_row(1001, "orders"))
    with Commvault(
        estates.list_subclients("x", None).returns(200, {}),
        get("GetId").with_query(clientname="x").returns(200, {"clientId": 11}),
        estates.list_subclients(11, None).returns(200, answer),
    ) as api:
        assert [one.instance_name for one in api.subclients_of("x")] == ["orders"]


def test_one_subclient_tells_its_storage_policy():
    answer = estates.subclients(estates.subclient_row(1001, "orders", plan=None, policy="silver"))
    with Commvault(get("Subclient/1001").returns(200, answer)) as api:
        found = api.subclient(1001)
    assert (found.plan, found.storage_policy) == (None, "silver")


def test_a_subclient_that_is_not_visible_is_none():
    with Commvault(get("Subclient/1001").returns(200, {})) as api:
        assert api.subclient(1001) is None


def test_activity_is_told_by_client_and_by_commcell():
    with Commvault(
        get("Client/11").returns(200, estates.client_with_activity(11, "aws-prod", False)),
        get("V4/CommCell/ActivityControl").returns(200, {"acObjects": [{"activityType": 1, "enabled": True}]}),
    ) as api:
        assert api.client_activity(11) is False
        assert api.activity() is True


def test_all_database_instances_come_in_one_answer():
    with Commvault(get("V4/Instances").returns(200, estates.v4(estates.v4_row(101, "orders")))) as api:
        (found,) = api.database_instances()
    assert (found.id, found.name, found.client_id, found.engine) == (101, "orders", 11, "ORACLE")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"errorCode": 404, "errorMessage": "Requested Details not found"}),
        (404, PAGE),
        (400, "Bad Request"),
        (403, DENIED),
        (500, {"errorCode": 9, "errorMessage": "not supported"}),
        (200, {}),
        (200, PAGE),
    ],
)
@pytest.mark.parametrize("path", ["V4/Instances", "V4/CommCell/ActivityControl"])
def test_what_a_release_does_not_have_tells_nothing(path, status, body):
    exchanges = [get(path).returns(status, body)]
    if status == 403:
        exchanges += [post("WhoAmI").returns(200, {"user": {"userName": "u"}}), get(path).returns(status, body)]
    with Commvault(*exchanges) as api:
        assert not (api.database_instances() if path == "V4/Instances" else api.activity())


def test_a_dead_token_is_not_taken_for_a_release_without_the_list_where_it_is_all_there_is():
    denied = [get("V4/Instances").returns(401, {}), post("WhoAmI").returns(401, {})]
    with Commvault(*denied) as api, pytest.raises(RequestError, match="did not accept the credentials") as caught:
        api.database_instances(required=True)
    assert caught.value.kind == "authentication"
    with Commvault(get("V4/Instances").returns(404, PAGE)) as api:
        assert api.database_instances(required=True) == []


@pytest.mark.parametrize("path", ["V4/Instances", "V4/CommCell/ActivityControl"])
@pytest.mark.parametrize("kind", ["connection", "server"])
def test_a_server_out_of_reach_or_order_is_no_release_without_the_list(path, kind):
    away = get(path).raises(ConnectTimeout("no")) if kind == "connection" else get(path).returns(503, PAGE)
    with Commvault(away) as api, pytest.raises(RequestError) as caught:
        api.database_instances() if path == "V4/Instances" else api.activity()
    assert caught.value.kind == kind


def test_a_secret_in_what_the_server_says_of_an_instance_is_masked():
    row = {"id": 1, "name": "orders", "client": {"id": 2, "name": "aws"}, "notReadyReason": "no SECRET"}
    row["lastBackup"] = {"status": "FAILED", "failureReason": f"{'x' * 247}SECRET"}
    with Commvault(get("V4/Instances").returns(200, {"instances": [row]})) as api:
        (instance,) = api.database_instances()
    assert "SEC" not in f"{instance}"
    assert instance.not_ready_reason == "no ********"


def test_subclients_of_other_clients_are_left_out_where_the_server_ignores_the_filter():
    rows = estates.subclients(
        estates.subclient_row(1001, "orders"), estates.subclient_row(1002, "billing", client="aws-dev", client_id=12)
    )
    with Commvault(estates.list_subclients("AWS-DEV", None).returns(200, rows)) as api:
        assert [one.subclient_id for one in api.subclients("AWS-DEV")] == [1002]
    with Commvault(estates.list_subclients(11, None).returns(200, rows)) as api:
        assert [one.subclient_id for one in api.subclients(11)] == [1001]
