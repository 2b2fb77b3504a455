# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients, instances and subclients: what is listed, for whom, and how large an estate can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api, association
from ansible_collections.rdsops.commvault.tests.simulator.estate import Estate
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator, SimulatorError


def get(api: Api, path: str, **how: Any) -> Any:
    """GET a path and return the parsed answer, which has to be a good one."""
    reply = api.call("GET", path, **how)
    assert reply.status_code == 200
    return reply.json()


def test_clients_are_listed_with_their_display_names(api: Api) -> None:
    rows = [row["client"]["clientEntity"] for row in get(api, "Client")["clientProperties"]]
    assert [(row["clientId"], row["clientName"], row["displayName"]) for row in rows] == [
        (11, "aws-prod", "AWS production"),
        (12, "aws-dev", "aws-dev"),
    ]


@pytest.mark.parametrize("path", ["Client/11", "Client/byName(clientName='AWS-Prod')"])
def test_one_client_tells_its_activity(api: Api, path: str) -> None:
    (row,) = get(api, path)["clientProperties"]
    assert row["client"]["clientEntity"]["clientName"] == "aws-prod"
    assert row["clientProps"]["clientActivityControl"]["activityControlOptions"][0] == {
        "activityType": 1,
        "enableActivityType": True,
    }


def test_activity_of_the_commcell_is_told_but_for_old_releases(api: Api, simulator: Simulator) -> None:
    def told() -> dict[int, bool]:
        return {row["activityType"]: row["enabled"] for row in get(api, "V4/CommCell/ActivityControl")["acObjects"]}

    assert (told()[1], told()[128]) == (True, True)
    simulator.set(activity_enabled=False)
    assert (told()[1], told()[128]) == (False, True)
    simulator.set(activity_control=False)
    assert api.call("GET", "V4/CommCell/ActivityControl").status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("clientId=12", ["orders", "rac"]),
        ("clientName=AWS-DEV", ["orders", "rac"]),
        ("clientId=12&appName=Oracle", ["orders"]),
        ("clientId=12&applicationId=80", ["rac"]),
    ],
)
def test_instances_of_a_client(api: Api, query: str, names: list[str]) -> None:
    rows = [row["instance"] for row in get(api, f"Instance?{query}")["instanceProperties"]]
    assert [row["instanceName"] for row in rows] == names
    assert {row["clientId"] for row in rows} == {12}


def test_instances_need_a_client_that_exists(api: Api) -> None:
    assert api.call("GET", "Instance").status_code == 400
    assert get(api, "Instance?clientId=99")["errors"][0]["errorString"]


@pytest.mark.parametrize("form", ["list", "object"])
def test_one_instance_comes_in_a_list_or_bare(api: Api, simulator: Simulator, form: str) -> None:
    simulator.set(instance_properties=form)
    properties = get(api, "Instance/101")["instanceProperties"]
    row = properties[0] if form == "list" else properties
    assert row["instance"]["instanceName"] == "orders"
    assert row["planEntity"]["planName"] == "RDS export plan"


def test_subclients_carry_what_createtask_wants(api: Api, simulator: Simulator) -> None:
    answer = get(api, "Subclient?clientId=11&applicationId=22")
    assert answer["filterQueryCount"] == len(answer["subClientProperties"]) == 7
    entity = answer["subClientProperties"][1]["subClientEntity"]
    assert (entity["instanceName"], entity["_type_"], entity["commCellName"]) == ("billing", 7, "commserve01")
    assert api.start(entity).status_code == 200
    assert simulator.jobs()[0]["instance"] == "billing"


def test_subclients_of_one_instance(api: Api) -> None:
    rows = get(api, "Subclient?clientName=aws-prod&instanceId=106")["subClientProperties"]
    assert [row["subClientEntity"]["subclientName"] for row in rows] == ["default", "schema-a"]


def test_activity_and_plan_of_subclients_are_told_at_a_deep_level(api: Api, simulator: Simulator) -> None:
    def activity(level: str) -> dict:
        rows = get(api, f"Subclient?clientId=11{level}")["subClientProperties"]
        return {row["subClientEntity"]["instanceName"]: row["commonProperties"].get("enableBackup") for row in rows}

    assert activity("&propertyLevel=20") == {
        **dict.fromkeys(("orders", "billing", "hr", "noplan", "many"), True),
        "off": False,
    }
    assert set(activity("").values()) == {None}
    simulator.set(list_activity=False)
    assert set(activity("&propertyLevel=20").values()) == {None}
    rows = get(api, "Subclient?clientId=11")["subClientProperties"]
    assert [row["subClientEntity"]["instanceName"] for row in rows if not row["planEntity"]] == ["noplan"]


def test_one_subclient_tells_activity_and_storage_policy(api: Api) -> None:
    (row,) = get(api, "Subclient/1005")["subClientProperties"]
    assert row["subClientEntity"]["instanceName"] == "off"
    assert row["commonProperties"]["enableBackup"] is False
    assert row["commonProperties"]["storageDevice"]["dataBackupStoragePolicy"]["storagePolicyName"] == "RDS export plan"


def test_names_resolve_to_ids(api: Api) -> None:
    query = "clientname=aws-dev&agent=Oracle&instanceName=ORDERS&backupset=defaultBackupSet&subclient=default"
    answer = get(api, f"GetId?{query}")
    assert {key: answer[key] for key in ("clientId", "applicationId", "instanceId", "subclientId")} == {
        "clientId": 12,
        "applicationId": 22,
        "instanceId": 107,
        "subclientId": 1008,
    }


@pytest.mark.parametrize(
    ("query", "unresolved"),
    [
        ("clientname=nope", ["clientId"]),
        ("clientname=aws-dev&instanceName=nope&subclient=default", ["instanceId", "subclientId"]),
        ("clientname=aws-prod&agent=Oracle RAC", ["applicationId"]),
    ],
)
def test_names_that_do_not_resolve_are_a_404_with_a_marker(api: Api, query: str, unresolved: list[str]) -> None:
    reply = api.call("GET", f"GetId?{query}")
    assert reply.status_code == 404
    assert [key for key, value in reply.json().items() if value == -32000] == unresolved


def test_instances_of_version_4_with_their_last_backup(api: Api, simulator: Simulator) -> None:
    simulator.script(instance="billing", states=[{"state": "Failed", "reason": "No space."}])
    api.start(association("orders", "aws-dev"))
    api.start(association("billing"))
    simulator.advance(100)
    api.start(association("hr"))
    rows = {f"{row['client']['name']}/{row['name']}": row for row in get(api, "V4/Instances")["instances"]}
    assert (rows["aws-dev/orders"]["vendor"], rows["aws-dev/orders"]["databaseEngine"]) == ("AMAZON", "ORACLE")
    assert rows["aws-dev/rac"]["databaseEngine"] == "ORACLE_RAC"
    assert rows["aws-dev/orders"]["lastBackup"]["status"] == "COMPLETED"
    assert rows["aws-prod/orders"]["lastBackup"] == {"status": "NEVER_BACKED_UP"}
    assert rows["aws-prod/hr"]["lastBackup"]["status"] == "STARTED"
    failed = rows["aws-prod/billing"]["lastBackup"]
    assert (failed["jobId"], failed["status"], failed["failureReason"]) == (148887, "FAILED", "No space.")
    assert [name for name, row in rows.items() if row["status"] == "NOT_READY"] == ["aws-prod/noplan", "aws-prod/off"]
    simulator.set(history_view="none")
    assert {row["lastBackup"]["status"] for row in get(api, "V4/Instances")["instances"]} == {"NEVER_BACKED_UP"}


def test_databases_of_version_4(api: Api) -> None:
    rows = get(api, "V4/Databases")["databases"]
    assert len(rows) == 8
    assert rows[0]["instance"] == {"id": 101, "name": "orders"}


@pytest.mark.parametrize("path", ["V4/Instances", "V4/Databases"])
def test_releases_without_version_4(api: Api, simulator: Simulator, path: str) -> None:
    simulator.set(v4_discovery=False)
    reply = api.call("GET", path)
    assert (reply.status_code, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("form", "status", "body"), [("object", 200, {}), ("404", 404, {})])
@pytest.mark.parametrize("path", ["Client", "Subclient?clientId=11", "Instance?clientId=11"])
def test_empty_lists_take_each_known_form(
    api: Api, simulator: Simulator, path: str, form: str, status: int, body: dict
) -> None:
    simulator.reset({"clients": {"empty": []}} if path != "Client" else {"clients": []})
    simulator.set(empty_lists=form)
    reply = api.call("GET", path)
    assert (reply.status_code, reply.json()) == (status, body)


def test_empty_list_of_version_4_is_a_404_with_words(api: Api, simulator: Simulator) -> None:
    simulator.reset({"clients": []})
    reply = api.call("GET", "V4/Instances")
    assert (reply.status_code, reply.json()["errorMessage"]) == (404, "Requested Details not found")


@pytest.fixture
def restricted() -> Iterator[Api]:
    """A client whose user sees one of the two clients only."""
    users = [{"name": "dev", "clients": ["AWS-Dev"]}]
    with Simulator({**ESTATE, "users": users}, speed=0, tokens={"limited": "dev", "full": "admin"}) as simulator:
        api = Api(simulator)
        yield api
        api.session.close()


def test_restricted_user_sees_and_starts_only_what_is_allowed(restricted: Api) -> None:
    full = {"Authtoken": "full"}
    restricted.start(association("orders"), headers=full)
    names = [row["client"]["clientEntity"]["clientName"] for row in get(restricted, "Client")["clientProperties"]]
    assert names == ["aws-dev"]
    assert get(restricted, "Subclient?clientId=11") == {}
    assert get(restricted, "Client/11") == {}
    assert restricted.call("GET", "GetId?clientname=aws-prod").status_code == 404
    assert {row["client"]["name"] for row in get(restricted, "V4/Instances")["instances"]} == {"aws-dev"}
    assert "jobs" not in get(restricted, "Job/148886")
    assert get(restricted, "Job")["totalRecordsWithoutPaging"] == 0
    assert get(restricted, "Job", headers=full)["totalRecordsWithoutPaging"] == 1
    assert restricted.start(association("billing")).json()["errorCode"] == 587207178
    assert restricted.start(association("orders", "aws-dev")).json()["jobIds"] == ["148887"]


def test_large_estate_is_made_from_a_short_description(api: Api, simulator: Simulator) -> None:
    simulator.reset({"generate": {"clients": 3600, "subclients": 10000, "backed_up": True}, "clients": {"own": ["db"]}})
    assert len(get(api, "Client")["clientProperties"]) == 3601
    rows = get(api, "V4/Instances")["instances"]
    assert len(rows) == 10001
    assert len({row["name"] for row in rows}) == 10001
    assert rows[1]["lastBackup"]["status"] == "COMPLETED"
    assert len(get(api, "Subclient?clientName=client-0001")["subClientProperties"]) == 3
    assert api.start(association("db-00001", "client-0001")).json() == {"taskId": 9920, "jobIds": ["148886"]}


def test_generated_databases_can_sit_on_few_of_the_clients() -> None:
    estate = Estate({"generate": {"clients": 50, "subclients": 9, "database_clients": 2, "prefix": "x"}})
    assert [len(client.instances) for client in estate.clients.values()][:3] == [5, 4, 0]
    assert (len(estate.clients), len(estate.subclients_by_id)) == (50, 9)


@pytest.mark.parametrize("how", [{"clients": 0}, {"colour": 1}])
def test_impossible_generated_estates_are_refused(simulator: Simulator, how: dict) -> None:
    with pytest.raises(SimulatorError):
        simulator.reset({"generate": how})
