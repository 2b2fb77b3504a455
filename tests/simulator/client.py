# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain client of the simulator for its own tests, with a small estate and ready-made createtask bodies."""

from __future__ import annotations

import copy
from typing import Any

import requests

from .harness import Simulator

ESTATE: dict[str, Any] = {
    "clients": [
        {
            "name": "aws-prod",
            "display_name": "AWS production",
            "instances": [
                "orders",
                "billing",
                "hr",
                {"name": "noplan", "plan": None},
                {"name": "off", "activity": False},
                {"name": "many", "subclients": ["default", "schema-a"]},
            ],
        },
        {"name": "aws-dev", "instances": ["orders", {"name": "rac", "application": "Oracle RAC"}]},
    ]
}
BODY: dict[str, Any] = {
    "taskInfo": {
        "associations": [],
        "task": {"taskType": "IMMEDIATE"},
        "subTasks": [
            {
                "subTask": {"subTaskType": "BACKUP", "operationType": "BACKUP"},
                "options": {
                    "backupOpts": {"backupLevel": "FULL", "oracleOptions": {"cumulative": True}},
                    "commonOpts": {"notifyUserOnJobCompletion": True},
                },
            }
        ],
    }
}


def association(instance: str = "orders", client: str = "aws-prod", **more: Any) -> dict[str, Any]:
    """Return an association with all documented fields."""
    return {
        "displayName": client,
        "instanceName": instance,
        "appName": "Oracle",
        "applicationId": 22,
        "clientName": client,
        "subclientName": "default",
        **more,
    }


def body(*associations: dict[str, Any]) -> dict[str, Any]:
    """Return a createtask body for these associations, default one for ``orders``."""
    out = copy.deepcopy(BODY)
    out["taskInfo"]["associations"] = list(associations) or [association()]
    return out


class Api:
    """A plain client of the simulator's API."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Accept": "application/json", "Authtoken": simulator.token})

    def call(self, method: str, path: str, base: str | None = None, **how: Any) -> requests.Response:
        """Send one request to an endpoint below the base URL."""
        how.setdefault("timeout", 10)
        return self.session.request(
            method, f"{self.simulator.url if base is None else base}/{path}", allow_redirects=False, **how
        )

    def start(self, *associations: dict[str, Any], path: str = "createtask", **how: Any) -> requests.Response:
        """Send createtask for these associations."""
        return self.call("POST", path, json=body(*associations), **how)

    def job(self, job_id: int | str) -> dict[str, Any]:
        """Return the summary of a job."""
        return self.call("GET", f"Job/{job_id}").json()["jobs"][0]["jobSummary"]
