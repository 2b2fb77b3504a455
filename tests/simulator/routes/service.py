# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service itself: whether it is there, what it is, and who is calling."""

from __future__ import annotations

from ..commserve import Call, CommServe
from ..replies import Reply
from ..routes import Route


def root(_server: CommServe, _call: Call) -> Reply:
    """GET on the base URL itself: clients look for a 200 to see that a service listens there."""
    return Reply(text="<html><body>Command Center API</body></html>", media_type="text/html")


def commserv(server: CommServe, _call: Call) -> Reply:
    """GET CommServ: name, version and time zone."""
    return Reply(
        {
            "commcell": {
                "commCellName": server.estate.commcell_name,
                "commCellId": server.estate.commcell_id,
                "csGUID": server.estate.guid,
            },
            "hostName": f"{server.estate.commcell_name}.example.com",
            "csTimeZone": {"TimeZoneName": "UTC", "TimeZoneID": 0},
            "timeZone": "0:0:(UTC) Coordinated Universal Time",
            "currentSPVersion": int(server.settings.release.split(".")[1]),
            "csVersionInfo": f"{server.settings.release}.0",
            "releaseName": "11.0",
        }
    )


def who_am_i(_server: CommServe, call: Call) -> Reply:
    """POST WhoAmI: the user behind the token."""
    return Reply({"user": {"userName": call.user.name if call.user else ""}})


def job_settings(server: CommServe, _call: Call) -> Reply:
    """GET CommServ/JobManagementSetting: whether conflicting jobs are queued (github.com/Commvault/cvpysdk: job.py)."""
    general = {
        "queueJobsIfConflictingJobsActive": server.settings.queue_conflicting_jobs,
        "queueJobsIfActivityDisabled": server.settings.queue_when_disabled,
    }
    return Reply({"jobManagementSettings": {"generalSettings": general}})


ROUTES = [
    Route("GET", "", "read", root, auth=False),
    Route("GET", "commserv", "read", commserv),
    Route("GET", "commserv/jobmanagementsetting", "read", job_settings),
    Route("POST", "whoami", "read", who_am_i),
]
