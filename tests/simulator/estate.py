# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate: the clients, instances and subclients that the simulated CommCell knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

#: https://documentation.commvault.com (REST API, GET Instance) lists these ids.
APPLICATIONS = {
    "oracle": (22, "Oracle"),
    "oracle rac": (80, "Oracle RAC"),
    "sql server": (81, "SQL Server"),
    "file system": (33, "File System"),
    "mysql": (104, "MySQL"),
    "postgresql": (125, "PostgreSQL"),
    "cloud apps": (134, "Cloud Apps"),
}
SAMPLE = Path(__file__).resolve().with_name("sample_estate.yml")
DEFAULT_PLAN = "RDS export plan"
#: What a subclient takes over from its instance.
INHERITED = ("plan", "job_seconds", "script", "history")
CLIENT_KEYS = frozenset({"name", "id", "display_name", "activity", "company", "instances"})
INSTANCE_KEYS = frozenset({"name", "id", "application", "activity", "vendor", "subclients", "backupset", *INHERITED})
SUBCLIENT_KEYS = frozenset({"name", "id", "activity", *INHERITED})
GENERATED_KEYS = frozenset({"clients", "subclients", "database_clients", "prefix", "backed_up", "days"})


@dataclasses.dataclass(slots=True, eq=False)
class Client:
    """A client; for databases on Amazon RDS the cloud or pseudo client they are configured under."""

    id: int
    name: str
    display_name: str
    activity: bool
    company: str
    instances: list[Instance]
    by_name: dict[str, list[Instance]]


@dataclasses.dataclass(slots=True, eq=False)
class Instance:
    """A database instance of a client."""

    id: int
    name: str
    client: Client
    application_id: int
    app_name: str
    activity: bool
    vendor: str
    subclients: list[Subclient]


@dataclasses.dataclass(slots=True, eq=False)
class Subclient:
    """What a backup runs on."""

    id: int
    name: str
    instance: Instance
    backupset_id: int
    backupset_name: str
    activity: bool
    plan: str | None
    job_seconds: float | None
    script: list[Any] | None
    history: list[dict[str, Any]] | None

    @property
    def client(self) -> Client:
        """The client it belongs to."""
        return self.instance.client

    @property
    def enabled(self) -> bool:
        """Whether backup activity is enabled on it and above it."""
        return self.activity and self.instance.activity and self.instance.client.activity


class Estate:
    """All clients, found by name in any case or by id.

    :param data: a description as in ``sample_estate.yml``: ``clients`` is a list of mappings, or in short form a
        mapping of client name to instance names.
    :raises ValueError: if the description has a wrong form.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        commcell = data.get("commcell") or {}
        self.commcell_name = str(commcell.get("name", "commserve01"))
        self.commcell_id = int(commcell.get("id", 2))
        self.clients: dict[str, Client] = {}
        self.clients_by_id: dict[int, Client] = {}
        self.instances_by_id: dict[int, Instance] = {}
        self.subclients_by_id: dict[int, Subclient] = {}
        self.guid = f"5E000000-51D0-4000-8000-{self.commcell_id:012d}"
        self._plan_ids: dict[str, int] = {}
        clients = data.get("clients") or []
        if isinstance(clients, dict):
            clients = [{"name": name, "instances": instances} for name, instances in clients.items()]
        for row in clients:
            self._add_client(row)
        if data.get("generate"):
            for row in generated(data["generate"]):
                self._add_client(row)

    def _add_client(self, row: dict[str, Any]) -> None:
        _known(row, "client", CLIENT_KEYS)
        name = str(row["name"])
        if name.lower() in self.clients:
            raise ValueError(f"client {name} is there twice")
        client = Client(
            id=int(row.get("id", 11 + len(self.clients))),
            name=name,
            display_name=str(row.get("display_name", name)),
            activity=bool(row.get("activity", True)),
            company=str(row.get("company", "CommCell")),
            instances=[],
            by_name={},
        )
        self.clients[name.lower()] = client
        self.clients_by_id[client.id] = client
        for instance in row.get("instances") or []:
            self._add_instance(client, {"name": instance} if isinstance(instance, str) else instance)

    def _add_instance(self, client: Client, row: dict[str, Any]) -> None:
        _known(row, "instance", INSTANCE_KEYS)
        application = str(row.get("application", "Oracle")).lower()
        if application not in APPLICATIONS:
            raise ValueError(f"no such application: {application}")
        application_id, app_name = APPLICATIONS[application]
        instance = Instance(
            id=int(row.get("id", 101 + len(self.instances_by_id))),
            name=str(row["name"]),
            client=client,
            application_id=application_id,
            app_name=app_name,
            activity=bool(row.get("activity", True)),
            vendor=str(row.get("vendor", "AMAZON")),
            subclients=[],
        )
        client.instances.append(instance)
        client.by_name.setdefault(instance.name.lower(), []).append(instance)
        self.instances_by_id[instance.id] = instance
        for subclient in row.get("subclients") or ["default"]:
            self._add_subclient(instance, row, {"name": subclient} if isinstance(subclient, str) else subclient)

    def _add_subclient(self, instance: Instance, above: dict[str, Any], row: dict[str, Any]) -> None:
        _known(row, "subclient", SUBCLIENT_KEYS)
        merged: dict[str, Any] = {key: above[key] for key in INHERITED if key in above}
        merged.update(row)
        plan = merged.get("plan", DEFAULT_PLAN)
        subclient = Subclient(
            id=int(row.get("id", 1001 + len(self.subclients_by_id))),
            name=str(row["name"]),
            instance=instance,
            backupset_id=instance.id + 400,
            backupset_name=str(above.get("backupset", "defaultBackupSet")),
            activity=bool(row.get("activity", True)),
            plan=None if plan is None else str(plan),
            job_seconds=merged.get("job_seconds"),
            script=merged.get("script"),
            history=merged.get("history"),
        )
        instance.subclients.append(subclient)
        self.subclients_by_id[subclient.id] = subclient

    def set_up(self, client: str, instance: str) -> None:
        """Have an instance be backed up: add it if it is not there, give it a plan, enable its backup activity.

        :raises KeyError: if there is no such client.
        """
        owner = self.clients[client.lower()]
        if instance.lower() not in owner.by_name:
            self._add_instance(owner, {"name": instance})
        for one in self.find(client, instance):
            one.plan = one.plan or DEFAULT_PLAN
            one.activity = one.instance.activity = True

    def plan_id(self, name: str) -> int:
        """Return the id of a plan."""
        return self._plan_ids.setdefault(name, len(self._plan_ids) + 1)

    def resolve(self, association: dict[str, Any]) -> list[Subclient]:
        """Return the subclients that an association of createtask names; none if anything in it does not fit.

        Ids count before names. Without a subclient it means every subclient of the instance.
        """
        subclient_id = association.get("subclientId")
        if subclient_id is not None:
            found = [self.subclients_by_id[subclient_id]] if subclient_id in self.subclients_by_id else []
        else:
            found = [subclient for instance in self._instances(association) for subclient in instance.subclients]
        return [subclient for subclient in found if _names_it(association, subclient)]

    def _instances(self, association: dict[str, Any]) -> list[Instance]:
        if "clientId" in association:
            client = self.clients_by_id.get(association["clientId"])
        else:
            client = self.clients.get(str(association.get("clientName", "")).lower())
        if client is None:
            return []
        name = association.get("instanceName")
        return client.instances if name is None else client.by_name.get(name.lower(), [])

    def find(
        self, client: str | None = None, instance: str | None = None, subclient: str | None = None
    ) -> list[Subclient]:
        """Return the subclients that have these names (any case, None fits all)."""
        return [
            one
            for one in self.subclients_by_id.values()
            if (client is None or one.client.name.lower() == client.lower())
            and (instance is None or one.instance.name.lower() == instance.lower())
            and (subclient is None or one.name.lower() == subclient.lower())
        ]


def generated(how: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the descriptions of many clients, made from a short one; the same each time.

    :param how: ``clients`` (how many), ``subclients`` (how many in all, each with an instance of its own),
        ``database_clients`` (among how many clients they are spread, default all), ``prefix`` of the clients' names,
        ``backed_up`` (true: each has a completed backup of some hours or days ago) and ``days`` (each has a backup on
        each of so many days, of a duration that varies about its own; one in 20 failed).
    :raises ValueError: for an unknown key or impossible numbers.
    """
    _known(how, "generated estate", GENERATED_KEYS)
    count, total = int(how.get("clients", 100)), int(how.get("subclients", how.get("clients", 100)))
    spread = min(count, int(how.get("database_clients", count)))
    if count < 1 or total < 0 or spread < 1:
        raise ValueError("a generated estate needs at least one client")
    prefix, width = str(how.get("prefix", "client-")), len(str(count))
    number = 0
    for index in range(count):
        instances = []
        share = total // spread + (1 if index < total % spread else 0) if index < spread else 0
        for _instance in range(share):
            number += 1
            row: dict[str, Any] = {"name": f"db-{number:0{len(str(total))}d}"}
            if how.get("backed_up"):
                row["history"] = [{"age": 3600 * (1 + number * 7 % 96), "seconds": 600 + number % 7 * 300}]
            if how.get("days"):
                row["history"] = list(_nights(number, int(how["days"])))
            instances.append(row)
        name = f"{prefix}{index + 1:0{width}d}"
        yield {"name": name, "display_name": f"Client {index + 1}", "instances": instances}


def _nights(number: int, days: int) -> Iterator[dict[str, Any]]:
    """Yield a backup a day, the same each time: durations within a tenth of 10 minutes to 2 hours."""
    usual = 600 + number * 37 % 6600
    for day in range(days):
        night: dict[str, Any] = {
            "age": 1800 + 86400 * day + number * 7 % 3600,
            "seconds": round(usual * (0.9 + (number + day * 13) % 21 / 100)),
        }
        if (number + day * 7) % 20 == 0:
            night |= {"status": "Failed", "reason": "ORA-12541: TNS:no listener"}
        yield night


def _names_it(association: dict[str, Any], subclient: Subclient) -> bool:
    truth = {
        "clientId": subclient.client.id,
        "clientName": subclient.client.name,
        "instanceId": subclient.instance.id,
        "instanceName": subclient.instance.name,
        "backupsetId": subclient.backupset_id,
        "backupsetName": subclient.backupset_name,
        "subclientName": subclient.name,
        "applicationId": subclient.instance.application_id,
        "appName": subclient.instance.app_name,
    }
    return all(
        str(association[key]).lower() == str(value).lower() for key, value in truth.items() if key in association
    )


def _known(row: dict[str, Any], what: str, keys: frozenset[str]) -> None:
    unknown = row.keys() - keys
    if unknown:
        raise ValueError(f"no such key of a {what}: {', '.join(sorted(unknown))}")


def load(source: Path | str | dict[str, Any] | None) -> dict[str, Any]:
    """Return the description of an estate from a dict, a YAML or JSON file, or the sample for None.

    :raises ValueError: if the file holds no mapping.
    """
    if isinstance(source, dict):
        return source
    with Path(source or SAMPLE).open(encoding="utf-8") as stream:
        data = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(data, dict):
        raise ValueError("the estate must be a mapping with the key clients")
    return data
