# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A result of oracle_rds_protection_info with every state, for reports and pictures."""

from __future__ import annotations

import typing as t

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import Subclient
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.model import (
    DAY,
    Judge,
    Past,
    Protection,
    Target,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.result import protection_result
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.survey import Survey, Terms

HOUR, GB = 3600, 1024**3
SIX_O_CLOCK = 1767333600
TERMS = Terms(max_age=24.0 * HOUR, new_after=14.0 * DAY)
_STATUS = {
    "g": "Completed",
    "w": "Completed w/ one or more warnings",
    "f": "Failed",
    "e": "Completed w/ one or more errors",
}


def subclient(name: str, client: str = "aws-prod", **facts: t.Any) -> Subclient:
    """A subclient of the estate."""
    values: dict[str, t.Any] = {
        "instance_id": 1,
        "subclient_id": 1,
        "subclient_name": "default",
        "application_id": 22,
        "app_name": "Oracle",
    }
    values |= {"plan": "Gold", "backup_enabled": True, "client_id": 11, "readiness": "READY", **facts}
    return Subclient(client_name=client, display_name=client, instance_name=name, **values)


def past(nights: str, hours: float = 3.0, **facts: t.Any) -> Past:
    """Jobs by the letters of a history; hours: since the end of the last one."""
    found = Past(TERMS.days)
    for age, letter in enumerate(reversed(nights)):
        if letter in _STATUS:
            end = int(SIX_O_CLOCK - hours * HOUR - age * DAY)
            found.add(
                Job(
                    str(148886 - age),
                    _STATUS[letter],
                    end_time=end,
                    start_time=end - 3000,
                    elapsed_seconds=3000 - 60 * age,
                    backup_level="Full",
                    application_size=82 * GB,
                    media_size=27 * GB,
                    reason="ORA-01017: invalid username/password; logon denied" if letter == "f" else None,
                    **facts,
                ),
                SIX_O_CLOCK // DAY,
                "errors",
            )
    return found


def target(name: str, client: str = "aws-prod", **facts: t.Any) -> Target:
    """A database that is wanted."""
    return Target(f"{name}.example.com", (client, name, "default"), None, TERMS.max_age, **facts)


def survey_of_twelve(group_by: t.Sequence[str] = ("plan", "team")) -> dict[str, t.Any]:
    """The result for twelve databases, of which Commvault knows ten, and two that only Commvault has."""
    judge = Judge(SIX_O_CLOCK, history=7.0 * DAY, new_after=TERMS.new_after)
    rows: list[Protection] = []

    def add(
        name: str, nights: str, hours: float = 3.0, *, team: str = "shop", planless: bool = False, **facts: t.Any
    ) -> None:
        wanted = target(name, created=facts.pop("created", None), groups={"team": team})
        rows.append(judge.judge(wanted, subclient(name, **facts), past(nights, hours), None, planless))

    add("orders", "ggggggg")
    add("billing", "gggwggg", 5.5)
    add("invoices", "gfggggg", 7)
    add("warehouse", "gggggeg", 9)
    add("crm", "ggg.ggg", 11, team="sales")
    add("payroll", "ggggffg", 22, team="people")
    add("hr", "ggggfff", 3, team="people")
    add("archive", "g......", 10, team="sales", backup_enabled=False)
    add("reports", ".......", team="sales")
    add("legacy", ".......", team="people", plan=None, planless=True)
    add("brand-new", ".......", created=SIX_O_CLOCK - 2.0 * DAY)
    msg = "Commvault shows no instance forgotten of client aws-prod with a subclient default. Nearest: forgot."
    rows.append(judge.unknown(target("forgotten", groups={"team": "shop"}), msg))
    unread = Judge(
        SIX_O_CLOCK, history=7.0 * DAY, unread=CommvaultError("HTTP 403 for the client aws-secret.", "permission")
    )
    rows.append(
        unread.judge(
            target("vault", "aws-secret", groups={"team": "people"}),
            subclient("vault", "aws-secret"),
            past(""),
            None,
            False,
        )
    )
    for name in ("oldcrm", "forgot"):
        gone = Target(f"aws-prod/{name}/default", None, None, TERMS.max_age)
        msg = "Commvault has this database, but it is none of those that were asked for."
        what = "Remove it from Commvault if it is gone, or add it to the inventory."
        rows.append(
            Protection(
                gone, "unknown_to_inventory", msg, what, subclient(name), past("gg....."), 4.0 * DAY, listed=False
            )
        )
    rows.sort(key=lambda row: row.sort_key)
    survey = Survey(
        rows, [], ["Not all jobs could be read: HTTP 403 for the client aws-secret."], complete=False, now=SIX_O_CLOCK
    )
    page = "https://commandcenter.example.com/commandcenter/#/jobs/{}"
    result = protection_result(survey, TERMS, group_by, page.format)
    result["evidence"].update(
        user="backup-operator", commcell="commserve01", url="https://commandcenter.example.com/commandcenter/api"
    )
    result["api_calls"] = {"reads": 17, "writes": 0, "quota": None}
    return result
