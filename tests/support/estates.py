# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of a CommCell about what it protects, in the shapes of the vendor's pages and SDK."""

from __future__ import annotations

import typing as t

from .scripted_http import Exchange, get


def client_row(number: int, name: str, display_name: str | None = None) -> dict[str, t.Any]:
    """A row of GET Client."""
    entity = {"clientId": number, "clientName": name, "displayName": display_name or name}
    return {"client": {"clientEntity": {**entity, "entityInfo": {"companyId": 0, "companyName": "Acme"}}}}


def list_clients(*names: str) -> Exchange:
    """The exchange of GET Client, of clients with the numbers 11, 12 and so on."""
    return get("Client").returns(200, clients(*(client_row(number, name) for number, name in enumerate(names, 11))))


def list_subclients(client: int | str, application_id: int | None = 22) -> Exchange:
    """The request of GET Subclient for a client, by number or name; what it returns is still to be said."""
    query: dict[str, t.Any] = {"clientId" if isinstance(client, int) else "clientName": client, "propertyLevel": 20}
    if application_id:
        query["applicationId"] = application_id
    return get("Subclient").with_query(**query)


def clients(*rows: dict[str, t.Any]) -> dict[str, t.Any]:
    """An answer of GET Client."""
    return {"clientProperties": list(rows)}


def client_with_activity(number: int, name: str, enabled: bool) -> dict[str, t.Any]:
    """An answer of GET Client/{id}."""
    options = [
        {"activityType": 2, "enableActivityType": not enabled},
        {"activityType": 1, "enableActivityType": enabled},
    ]
    row = client_row(number, name)
    row["clientProps"] = {"clientActivityControl": {"activityControlOptions": options}}
    return clients(row)


def subclient_row(
    number: int,
    instance: str,
    *,
    client: str = "aws-prod",
    client_id: int = 11,
    instance_id: int | None = None,
    name: str = "default",
    application_id: int = 22,
    app_name: str = "Oracle",
    enabled: bool | None = True,
    plan: str | None = "gold",
    policy: str | None = None,
    display_name: str = "AWS production",
) -> dict[str, t.Any]:
    """A row of GET Subclient with propertyLevel 20."""
    common: dict[str, t.Any] = {} if enabled is None else {"enableBackup": enabled}
    if policy is not None:
        common["storageDevice"] = {"dataBackupStoragePolicy": {"storagePolicyName": policy}}
    return {
        "subClientEntity": {
            "clientId": client_id,
            "clientName": client,
            "displayName": display_name,
            "instanceId": number + 100 if instance_id is None else instance_id,
            "instanceName": instance,
            "backupsetName": "defaultBackupSet",
            "subclientId": number,
            "subclientName": name,
            "applicationId": application_id,
            "appName": app_name,
            "entityInfo": {"companyName": "Acme"},
        },
        "planEntity": {"planId": 1, "planName": plan} if plan else {},
        "commonProperties": common,
    }


def subclients(*rows: dict[str, t.Any]) -> dict[str, t.Any]:
    """An answer of GET Subclient."""
    return {"filterQueryCount": len(rows), "subClientProperties": list(rows)}


def v4_row(
    number: int,
    name: str,
    *,
    client: str = "aws-prod",
    client_id: int = 11,
    engine: str = "ORACLE",
    status: str = "READY",
    last: dict[str, t.Any] | None = None,
) -> dict[str, t.Any]:
    """A row of GET V4/Instances."""
    return {
        "id": number,
        "name": name,
        "server": "AWS production",
        "client": {"id": client_id, "name": client},
        "vendor": "AMAZON",
        "databaseEngine": engine,
        "status": status,
        "notReadyReason": "" if status == "READY" else "No plan is assigned.",
        "lastBackup": last or {"status": "NEVER_BACKED_UP"},
        "plan": {"id": 1, "name": "gold"},
        "company": {"id": 0, "name": "Acme"},
    }


def v4(*rows: dict[str, t.Any]) -> dict[str, t.Any]:
    """An answer of GET V4/Instances."""
    return {"instances": list(rows)}
