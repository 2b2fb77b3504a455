# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a short script does that knows nothing but requests: the floor of the benchmark.

Usage: floor.py URL TOKEN BACKUPS CONCURRENCY
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

TIMEOUT = 60  # seconds


def request_body(client: str, instance: str) -> dict[str, Any]:
    """The documented request for one instance."""
    return {
        "taskInfo": {
            "associations": [
                {
                    "clientName": client,
                    "displayName": client,
                    "instanceName": instance,
                    "subclientName": "default",
                    "appName": "Oracle",
                    "applicationId": 22,
                }
            ],
            "task": {"taskType": "IMMEDIATE"},
            "subTasks": [
                {
                    "subTask": {"subTaskType": 2, "operationType": 2},
                    "options": {
                        "backupOpts": {"backupLevel": "INCREMENTAL", "oracleOptions": {"cumulative": True}},
                        "commonOpts": {"notifyUserOnJobCompletion": True},
                    },
                }
            ],
        }
    }


def main(url: str, token: str, backups: int, concurrency: int) -> None:
    """Start backups, each with a request of its own, over one kept connection in each of the threads."""
    mine = threading.local()

    def start(number: int) -> int:
        if not hasattr(mine, "session"):
            mine.session = requests.Session()
            mine.session.headers.update({"Authtoken": token, "Accept": "application/json"})
        body = request_body("aws-prod", f"orders{number:05}")
        reply = mine.session.post(f"{url}/createtask", json=body, timeout=TIMEOUT)
        reply.raise_for_status()
        return len(reply.json()["jobIds"])

    with ThreadPoolExecutor(concurrency) as workers:
        print(sum(workers.map(start, range(backups))), "jobs")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
