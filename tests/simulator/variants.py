# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CommCells that differ from what the collection assumes, by name, and rows of jobs as these show them.

No source shows the job row of an export, so each of these is as possible as the plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .jobs import Job
    from .settings import Settings

#: Name to settings; the value after "=" stands for VALUE, 60 or 10 if there is none.
VARIANTS: dict[str, dict[str, Any]] = {
    "proxy-client": {"job_client": "access-node-1"},
    "app-134": {"job_application_id": 134},
    "other-type": {"job_type": "Data Pump Export"},
    "no-end-time": {"job_end_times": False},
    "numeric-level": {"level_names": False},
    "skew": {"clock_skew": 60.0},
    "lag": {"visibility_lag": 10.0},
    "bearer-only": {"token_header": "bearer"},
    "queue": {"queue_conflicting_jobs": True},
    "rate-limiter": {"rate_limit": {"rate": 2.0, "burst": 5.0}},
    "marker-in-row": {"row_description": True},
}


def settings_of(variant: str) -> dict[str, Any]:
    """Return the settings of a variant such as ``skew=60``.

    :raises ValueError: for an unknown name, or a value where none is taken.
    """
    name, equals, value = variant.partition("=")
    if name not in VARIANTS:
        raise ValueError(f"no such variant: {name} (there are {', '.join(VARIANTS)})")
    settings = dict(VARIANTS[name])
    if equals:
        (key, default), *_more = settings.items()
        if not isinstance(default, float):
            raise ValueError(f"the variant {name} takes no value")
        settings[key] = float(value)
    return settings


def vary_row(settings: Settings, summary: dict[str, Any], job: Job) -> dict[str, Any]:
    """Return a ``jobSummary`` as this CommCell shows it."""
    names = summary["subclient"]
    if settings.job_client:
        names["clientName"] = summary["destClientName"] = settings.job_client
        names["clientId"] = 900_001
        summary["destinationClient"] = {"clientId": 900_001, "clientName": settings.job_client}
    if settings.job_application_id is not None:
        names["applicationId"] = settings.job_application_id
    if settings.job_type != "Backup":
        summary["jobType"] = summary["localizedOperationName"] = settings.job_type
    if not settings.job_end_times:
        del summary["jobEndTime"]
    if not settings.level_names:
        del summary["backupLevelName"], summary["localizedBackupLevelName"]
    if settings.row_description:
        summary["jobDescription"] = job.description
    return summary
