# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be backed up: clients, agents, instances, subclients, their ids, and the lists of API version 4."""

from __future__ import annotations

from typing import Any

from ..commserve import Call, CommServe
from ..estate import Client, Instance, Subclient
from ..jobs import Job
from ..replies import NOT_FOUND_PAGE, Reply, error, html
from ..routes import Route

UNRESOLVED = -32000
ENGINES = {
    22: "ORACLE",
    80: "ORACLE_RAC",
    81: "SQL_SERVER",
    104: "MYSQL",
    125: "POSTGRESQL",
}
#: Job states as the lists of version 4 name them, where that is not just upper case with underscores.
STATES = {
    "completed w/ one or more errors": "COMPLETED_WITH_ERRORS",
    "completed w/ one or more warnings": "COMPLETED_WITH_WARNINGS",
    "running": "STARTED",
    "waiting": "STARTED",
    "pending": "STARTED",
    "queued": "NOT_ATTEMPTED",
}


def _listed(server: CommServe, key: str, rows: list[Any], **more: Any) -> Reply:
    """Return a list; an empty one in the form that the settings say."""
    if rows or server.settings.empty_lists == "list":
        return Reply({**more, key: rows})
    return Reply({}, 404) if server.settings.empty_lists == "404" else Reply({})


def _sees(call: Call, client: Client) -> bool:
    return call.user is None or call.user.sees(client.name)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _client_named(server: CommServe, call: Call) -> Client | None:
    """Return the client that ``clientId`` or ``clientName`` of the query means, if it is visible."""
    if call.query.get("clientid"):
        client = server.estate.clients_by_id.get(_number(call.query["clientid"]) or 0)
    else:
        client = server.estate.clients.get(call.query.get("clientname", "").lower())
    return client if client is not None and _sees(call, client) else None


def _asks_for_client(call: Call) -> bool:
    return bool(call.query.get("clientid") or call.query.get("clientname"))


def client_entity(client: Client) -> dict[str, Any]:
    """Return the entity of a client."""
    return {
        "clientId": client.id,
        "clientName": client.name,
        "displayName": client.display_name,
        "hostName": f"{client.name}.example.com".lower(),
        "clientGUID": f"C1000000-0000-4000-8000-{client.id:012d}",
        "_type_": 3,
        "entityInfo": {"companyId": 0, "companyName": client.company},
    }


def clients(server: CommServe, call: Call) -> Reply:
    """GET Client: all clients that the user sees, in one answer however many there are."""
    if "pseudoclienttype" in call.query:
        return none_of_these(server, call)
    rows = [
        {"client": {"clientEntity": client_entity(client)}, "clientProps": {}}
        for client in server.estate.clients.values()
        if _sees(call, client)
    ]
    return _listed(server, "clientProperties", rows)


def none_of_these(_server: CommServe, _call: Call) -> Reply:
    """Answer a list of things that no estate here has. Commvault's SDK asks for some before it comes to the point."""
    return Reply({})


def _client_properties(client: Client) -> dict[str, Any]:
    """Return the properties of one client, with all that Commvault's SDK cannot do without."""
    activities = {1: client.activity, 2: True, 16: True}
    return {
        "client": {
            "clientEntity": client_entity(client),
            "cvdPort": 8400,
            "osInfo": {
                "Type": "Any",
                "SubType": "Any",
                "OsDisplayInfo": {"ProcessorType": "Any", "OSName": "Any"},
            },
            "TimeZone": {"TimeZoneName": "UTC"},
            "versionInfo": {},
        },
        "clientProps": {
            "EnableSnapBackups": False,
            "activityControl": {
                "EnableDataRecovery": True,
                "EnableDataManagement": client.activity,
                "EnableOnlineContentIndex": False,
            },
            "clientActivityControl": {
                "activityControlOptions": [
                    {"activityType": number, "enableActivityType": enabled} for number, enabled in activities.items()
                ]
            },
        },
    }


def client_by_id(server: CommServe, call: Call) -> Reply:
    """GET Client/{id}: one client with its activity control."""
    client = server.estate.clients_by_id.get(_number(call.params["client_id"]) or 0)
    if client is None or not _sees(call, client):
        return Reply({})
    return Reply({"clientProperties": [_client_properties(client)]})


def client_by_name(server: CommServe, call: Call) -> Reply:
    """GET Client/byName(clientName='x')."""
    client = server.estate.clients.get(call.params["name"])
    if client is None or not _sees(call, client):
        return Reply({})
    return Reply({"clientProperties": [_client_properties(client)]})


def agents(server: CommServe, call: Call) -> Reply:
    """GET Agent?clientId=: the applications of a client."""
    client = _client_named(server, call)
    found = {one.application_id: one.app_name for one in client.instances} if client else {}
    rows = [
        {"idaEntity": {"clientId": client.id, "clientName": client.name, "applicationId": number, "appName": name}}
        for number, name in sorted(found.items())
        if client and call.query.get("applicationid", str(number)) == str(number)
    ]
    return _listed(server, "agentProperties", rows)


def _instance_entity(instance: Instance) -> dict[str, Any]:
    client = instance.client
    return {
        "clientId": client.id,
        "clientName": client.name,
        "displayName": client.display_name,
        "instanceId": instance.id,
        "instanceName": instance.name,
        "applicationId": instance.application_id,
        "appName": instance.app_name,
        "_type_": 5,
    }


def instances(server: CommServe, call: Call) -> Reply:
    """GET Instance?clientId= or clientName=; without one it is a bad request."""
    if not _asks_for_client(call):
        return Reply("Required parameter clientId is missing", 400)
    client = _client_named(server, call)
    if client is None:
        return Reply({"errors": [{"errorString": "The client does not exist or is not visible."}]})
    application, name = call.query.get("applicationid"), call.query.get("appname", "").lower()
    rows = [
        {"instance": _instance_entity(instance)}
        for instance in client.instances
        if (not application or str(instance.application_id) == application)
        and (not name or instance.app_name.lower() == name)
    ]
    return _listed(server, "instanceProperties", rows)


def instance_by_id(server: CommServe, call: Call) -> Reply:
    """GET Instance/{id}: one instance with its plan, in a list or bare."""
    instance = server.estate.instances_by_id.get(_number(call.params["instance_id"]) or 0)
    if instance is None or not _sees(call, instance.client):
        return Reply({"errors": [{"errorString": "The instance does not exist or is not visible."}]})
    properties: dict[str, Any] = {
        "instance": _instance_entity(instance),
        "instanceActivityControl": {},
        "planEntity": _plan(server, instance),
    }
    if instance.application_id in (22, 80):
        properties["oracleInstance"] = {
            "oracleHome": "",
            "oracleUser": {"userName": ""},
            "sqlConnect": {"userName": "", "domainName": ""},
        }
    bare = server.settings.instance_properties == "object"
    return Reply({"instanceProperties": properties if bare else [properties]})


def _plan(server: CommServe, instance: Instance) -> dict[str, Any]:
    name = next((one.plan for one in instance.subclients if one.plan), None)
    return {} if name is None else {"planId": server.estate.plan_id(name), "planName": name}


def _backupset_properties(server: CommServe, instance: Instance) -> dict[str, Any]:
    return {
        "backupSetEntity": {
            **_instance_entity(instance),
            "backupsetId": instance.subclients[0].backupset_id,
            "backupsetName": instance.subclients[0].backupset_name,
            "_type_": 6,
        },
        "commonBackupSet": {"isDefaultBackupSet": True, "userDescription": ""},
        "planEntity": _plan(server, instance),
    }


def backupset_by_id(server: CommServe, call: Call) -> Reply:
    """GET Backupset/{id}."""
    number = _number(call.params["backupset_id"])
    for instance in server.estate.instances_by_id.values():
        if instance.subclients[0].backupset_id == number and _sees(call, instance.client):
            return Reply({"backupsetProperties": [_backupset_properties(server, instance)]})
    return Reply({})


def backupsets(server: CommServe, call: Call) -> Reply:
    """GET Backupset?clientId=: one for each instance."""
    client = _client_named(server, call)
    rows = [
        _backupset_properties(server, instance)
        for instance in (client.instances if client else [])
        if call.query.get("applicationid", str(instance.application_id)) == str(instance.application_id)
        and call.query.get("instanceid", str(instance.id)) == str(instance.id)
    ]
    return _listed(server, "backupsetProperties", rows)


def subclient_entity(server: CommServe, subclient: Subclient) -> dict[str, Any]:
    """Return the entity of a subclient: exactly what createtask wants in an association."""
    instance, client = subclient.instance, subclient.client
    return {
        "clientName": client.name,
        "displayName": client.display_name,
        "instanceName": instance.name,
        "backupsetName": subclient.backupset_name,
        "backupsetId": subclient.backupset_id,
        "instanceId": instance.id,
        "subclientId": subclient.id,
        "clientId": client.id,
        "appName": instance.app_name,
        "applicationId": instance.application_id,
        "subclientName": subclient.name,
        "subclientGUID": f"5C000000-0000-4000-8000-{subclient.id:012d}",
        "csGUID": server.estate.guid,
        "commCellName": server.estate.commcell_name,
        "_type_": 7,
        "entityInfo": {"companyId": 0, "companyName": client.company},
    }


def _subclient_properties(server: CommServe, subclient: Subclient, activity: bool) -> dict[str, Any]:
    # The activity of the client stands with the client, not here.
    own = {"enableBackup": subclient.activity and subclient.instance.activity} if activity else {}
    plan = (
        {} if subclient.plan is None else {"planId": server.estate.plan_id(subclient.plan), "planName": subclient.plan}
    )
    return {
        "subClientEntity": subclient_entity(server, subclient),
        "planEntity": plan,
        "commonProperties": {**own, "isDefaultSubclient": subclient.name == "default"} if own else {},
    }


def subclients(server: CommServe, call: Call) -> Reply:
    """GET Subclient?clientId= or clientName=, with applicationId, instanceId and propertyLevel if wanted."""
    if not _asks_for_client(call):
        return Reply("Required parameter clientId is missing", 400)
    client = _client_named(server, call)
    application, instance_id = call.query.get("applicationid"), call.query.get("instanceid")
    deep = (_number(call.query.get("propertylevel")) or 0) >= 20 and server.settings.list_activity
    rows = [
        _subclient_properties(server, subclient, deep)
        for instance in (client.instances if client else [])
        for subclient in instance.subclients
        if (not application or str(instance.application_id) == application)
        and (not instance_id or str(instance.id) == instance_id)
        and call.query.get("backupsetid", str(subclient.backupset_id)) == str(subclient.backupset_id)
    ]
    return _listed(server, "subClientProperties", rows, filterQueryCount=len(rows))


def subclient_by_id(server: CommServe, call: Call) -> Reply:
    """GET Subclient/{id}: one subclient with its activity and storage policy."""
    subclient = server.estate.subclients_by_id.get(_number(call.params["subclient_id"]) or 0)
    if subclient is None or not _sees(call, subclient.client):
        return Reply({})
    properties = _subclient_properties(server, subclient, True)
    policy = {"storagePolicyName": subclient.plan or "", "storagePolicyId": 1 if subclient.plan else 0}
    properties["commonProperties"]["storageDevice"] = {"dataBackupStoragePolicy": policy}
    return Reply({"subClientProperties": [properties]})


def get_id(server: CommServe, call: Call) -> Reply:
    """GET GetId: names to ids, level by level; what cannot be resolved is -32000 and makes it a 404."""
    query = call.query
    client = server.estate.clients.get(query.get("clientname", "").lower())
    if client is not None and not _sees(call, client):
        client = None
    data: dict[str, Any] = {"clientId": client.id if client else UNRESOLVED, "type": 3}
    if client is not None:
        data["clientName"] = client.name
    found = list(client.instances) if client else []
    if "agent" in query:
        found = [one for one in found if one.app_name.lower() == query["agent"].lower()]
        data["applicationId"] = found[0].application_id if found else UNRESOLVED
        data["appName"] = query["agent"]
    if "instancename" in query:
        found = [one for one in found if one.name.lower() == query["instancename"].lower()]
        data["instanceId"] = found[0].id if found else UNRESOLVED
    below = [one for instance in found for one in instance.subclients]
    if "backupset" in query:
        below = [one for one in below if one.backupset_name.lower() == query["backupset"].lower()]
        data["backupsetId"] = below[0].backupset_id if below else UNRESOLVED
    if "subclient" in query:
        below = [one for one in below if one.name.lower() == query["subclient"].lower()]
        data["subclientId"] = below[0].id if below else UNRESOLVED
    return Reply(data, 404 if UNRESOLVED in data.values() else 200)


def _v4(server: CommServe, key: str, rows: list[dict[str, Any]]) -> Reply:
    if not server.settings.v4_discovery:
        return html(NOT_FOUND_PAGE, 404)
    return Reply({key: rows}) if rows else error(404, "Requested Details not found", 404)


def activity_control(server: CommServe, _call: Call) -> Reply:
    """GET V4/CommCell/ActivityControl: which activity of the whole CommCell is enabled."""
    if not server.settings.activity_control:
        return html(NOT_FOUND_PAGE, 404)
    enabled = {128: True, 1: server.settings.activity_enabled, 2: True, 4: True, 16: True, 256: True}
    rows = [
        {
            "activityType": number,
            "enabled": is_enabled,
            "noSchedEnable": is_enabled,
            "reEnableTime": 0,
            "reenableTimeZone": "",
        }
        for number, is_enabled in enabled.items()
    ]
    return Reply({"acObjects": rows})


def _visible_instances(server: CommServe, call: Call) -> list[Instance]:
    found = server.estate.instances_by_id.values()
    return [one for one in found if one.application_id in ENGINES and _sees(call, one.client)]


def v4_instances(server: CommServe, call: Call) -> Reply:
    """GET V4/Instances: all database instances in one answer."""
    last = _last_jobs(server)
    return _v4(server, "instances", [_v4_instance(server, one, last) for one in _visible_instances(server, call)])


def _v4_instance(server: CommServe, instance: Instance, last: dict[int, Job]) -> dict[str, Any]:
    client = instance.client
    ready = any(one.enabled and one.plan for one in instance.subclients)
    plan = _plan(server, instance)
    return {
        "id": instance.id,
        "name": instance.name,
        "server": client.display_name,
        "client": {"id": client.id, "name": client.name},
        "vendor": instance.vendor,
        "databaseEngine": ENGINES[instance.application_id],
        "status": "READY" if ready else "NOT_READY",
        "notReadyReason": "" if ready else "No plan is assigned or backup activity is disabled.",
        "lastBackup": _last_backup(server, last.get(instance.id)),
        "applicationSize": 0,
        "plan": {"id": plan["planId"], "name": plan["planName"]} if plan else {},
        "SLA": {"status": "MET", "reasonList": []},
        "company": {"id": 0, "name": client.company},
        "commcell": {"name": server.estate.commcell_name},
    }


def _last_jobs(server: CommServe) -> dict[int, Job]:
    """Return the newest job of each instance, as far as the settings let the user see it."""
    if server.settings.job_view != "all" or server.settings.history_view != "all":
        return {}
    return {job.subclient.instance.id: job for job in server.jobs.by_id.values()}


def _last_backup(server: CommServe, job: Job | None) -> dict[str, Any]:
    if job is None:
        return {"status": "NEVER_BACKED_UP"}
    view = job.view(server.clock.now())
    status = STATES.get(view.status.lower(), view.status.upper().replace(" ", "_"))
    return {
        "jobId": job.id,
        "status": status,
        "time": int(view.ended or job.created),
        "failureReason": view.reason if status in ("FAILED", "FAILED_TO_START") else "",
    }


def v4_databases(server: CommServe, call: Call) -> Reply:
    """GET V4/Databases: all databases, of which each instance has one here."""
    rows = []
    for instance in _visible_instances(server, call):
        client, plan = instance.client, _plan(server, instance)
        rows.append(
            {
                "applicationId": instance.application_id,
                "name": instance.name,
                "instance": {"id": instance.id, "name": instance.name},
                "server": {"id": client.id, "name": client.name},
                "vendor": instance.vendor,
                "databaseEngine": ENGINES[instance.application_id],
                "SLAStatus": "MET",
                "lastBackupSize": 0,
                "lastBackupTime": 0,
                "plan": {"id": plan["planId"], "name": plan["planName"]} if plan else {},
                "company": {"id": 0, "name": client.company},
            }
        )
    return _v4(server, "databases", rows)


ROUTES = [
    Route("GET", "client", "read", clients),
    Route("GET", "vsaclientandclientgrouplist", "read", none_of_these),
    Route("GET", "schedules", "read", none_of_these),
    Route("GET", "client/byname(clientname='{name}')", "read", client_by_name),
    Route("GET", "client/{client_id}", "read", client_by_id),
    Route("GET", "agent", "read", agents),
    Route("GET", "instance", "read", instances),
    Route("GET", "instance/{instance_id}", "read", instance_by_id),
    Route("GET", "backupset", "read", backupsets),
    Route("GET", "backupset/{backupset_id}", "read", backupset_by_id),
    Route("GET", "subclient", "read", subclients),
    Route("GET", "subclient/{subclient_id}", "read", subclient_by_id),
    Route("GET", "getid", "read", get_id),
    Route("GET", "v4/commcell/activitycontrol", "read", activity_control),
    Route("GET", "v4/instances", "read", v4_instances),
    Route("GET", "v4/databases", "read", v4_databases),
]
