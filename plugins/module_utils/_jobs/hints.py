# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about a job that failed or hangs, where the cause is known. A hint stands beside the vendor's words, never
in their place.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from .job import Job


class Cause(t.NamedTuple):
    """A known cause.

    Attributes:
        pattern: Found in the vendor's words.
        hint: What to do about it.
        lasts: Whether it does not pass by itself.
        goes_on: A sentence behind the hint for a job that has not ended.
    """

    pattern: re.Pattern[str]
    hint: str
    lasts: bool
    goes_on: str


def _cause(pattern: str, hint: str, *, lasts: bool = False, goes_on: str = "") -> Cause:
    return Cause(re.compile(pattern, re.IGNORECASE), hint, lasts, goes_on)


# The first entry whose pattern is found in the vendor's words wins, so the special ones come first. What export backups
# of RDS need is in https://documentation.commvault.com/11.42/software/getting_started_with_amazon_rds_for_oracle.html
# and, for AWS permissions,
# https://docs.metallic.io/metallic/how_commvault_uses_aws_permissions_to_protect_amazon_rds_for_export_based_protection.html;
# ORA codes are in https://docs.oracle.com/error-help/db/.
CAUSES = [
    _cause(
        r"587207178|no eligible subclient",
        "The subclient does not exist under these names, has no plan, or its backup activity is disabled.",
        lasts=True,
    ),
    _cause(
        r"ORA-01017|ORA-01005|invalid (username|user name|password)",
        "The database refused the user name or password that Commvault holds for this instance. Update the credentials"
        " of the instance in the Command Center.",
        lasts=True,
    ),
    _cause(
        r"ORA-2800[01]|account is locked|password has expired",
        "The database user that Commvault connects with is locked, or its password has expired. Unlock it, or set a new"
        " password in the database and in the Command Center.",
        lasts=True,
    ),
    _cause(
        r"ORA-01031|ORA-31631|ORA-3916[12]|insufficient privileges",
        "The database user that Commvault connects with lacks a privilege that Data Pump needs.",
        lasts=True,
    ),
    _cause(
        r"ORA-01555|snapshot too old",
        "The export took longer than the database keeps undo data. Run it when less is written, or raise"
        " undo_retention.",
    ),
    _cause(
        r"ORA-12\d{3}|ORA-0311[34]|ORA-03135|\bTNS\b|TNS-\d{5}",
        "The access node could not reach the database, or lost it. Check that the RDS instance is available, its"
        " endpoint and port, and the security group between both.",
    ),
    _cause(
        r"InvalidDBInstanceState|(db ?instance|rds instance|instance)\b.{0,60}\bnot\b.{0,20}\bavailable",
        "The RDS instance was not in the state 'available', for example because it was stopped, modified or patched.",
    ),
    _cause(
        r"AccessDenied|UnauthorizedOperation|not authorized to perform|is not authorized",
        "AWS refused a call: the IAM role or user that Commvault works with lacks a permission for export backups.",
        lasts=True,
    ),
    _cause(
        r"no space left|disk (is )?full|(insufficient|not enough|out of) (free )?(disk )?space|ORA-2704[0-9]|ORA-39095",
        "There is no room left, on the access node where the export is written or in the storage of the plan.",
        lasts=True,
    ),
    _cause(
        r"ORA-39\d{3}|ORA-316\d{2}",
        "Data Pump gave up. The events of the job in the Command Center, and the log of the export on the access node,"
        " say more.",
    ),
    _cause(
        r"activity\b.{0,60}\bdisabled|disabled\b.{0,60}\bactivity",
        "Backup activity is disabled for the CommCell, the client group, the client or the subclient.",
        lasts=True,
        goes_on=" The job goes on once it is enabled.",
    ),
    _cause(
        r"blackout|operation window",
        "Backups are not allowed at this time.",
        goes_on=" The job goes on by itself when the blackout window is over.",
    ),
    _cause(
        r"no resources? (is |are )?available|(maximum|all) (number of )?streams|reached.{0,40}stream",
        "There is no free stream, drive or MediaAgent. If none is busy, look at the storage of the plan.",
        goes_on=" The job goes on by itself when one is free.",
    ),
    _cause(
        r"media ?agent.{0,60}(offline|not available|unavailable|not reachable)|(library|mount path|disk library).{0,60}"
        r"(offline|not available|unavailable|not accessible)",
        "The storage of the plan is not available: a MediaAgent, library or mount path is offline.",
    ),
    _cause(
        r"(client|access node|proxy|computer|host).{0,60}(offline|unreachable|not reachable|not responding)"
        r"|network (error|failure)|unable to connect|cannot connect|failed to (connect|launch|start)"
        r"|services? .{0,40}(down|not running)",
        "Commvault could not reach the access node that does the export, or its services do not run.",
    ),
    _cause(r"licen[sc]e", "A license of the CommCell is missing, used up or expired.", lasts=True),
]

# What a state alone tells.
BY_STATUS = {
    "queued": "It waits until another job of the same subclient has ended, a blackout window is over or backup activity"
    " is enabled.",
    "suspended": "Somebody has suspended it. It goes on when it is resumed, for example with"
    " rdsops.commvault.job_control.",
    "committed": "It was ended early; only what had been backed up by then is there.",
    "killed": "It was ended by a user or by a rule of the CommCell; the events name it.",
    "failed to start": "It never ran; the reason is one of configuration or of resources.",
}


def _was_ended(job: Job) -> bool:
    """Whether somebody, or a rule, ended the job before it was done."""
    return job.status.lower() in ("killed", "committed")


def may_pass(job: Job, words: t.Iterable[str | None] = ()) -> bool:
    """Whether a job that failed may do better at another attempt.

    One that somebody killed is not tried again, and neither is one with a known cause that does not pass: each attempt
    with a wrong password can lock the database user. What nobody knows the cause of may pass.

    Args:
        job: The job.
        words: As of hint_for.
    """
    if _was_ended(job):
        return False
    said = "\n".join(text for text in (job.reason, job.reason_code, *words) if text)
    return not any(cause.lasts for cause in CAUSES if cause.pattern.search(said))


def hint_for(job: Job, words: t.Iterable[str | None] = ()) -> str | None:
    """What to do about a job that failed or hangs; None for others, and where no cause is known.

    Commvault keeps the reason of an earlier delay with a job that somebody ended; what passes by itself is not why it
    ended.

    Args:
        words: What else the vendor said about it, such as delay reason and events.
    """
    if job.state in ("ok", "warnings") or (not job.finished and not job.stuck):
        return None
    said = "\n".join(text for text in (job.reason, job.reason_code, *words) if text)
    for cause in CAUSES:
        if cause.pattern.search(said) and (cause.lasts or not _was_ended(job)):
            return cause.hint if job.finished else cause.hint + cause.goes_on
    return BY_STATUS.get(" ".join(job.status.lower().split()))
