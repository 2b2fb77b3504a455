# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of each backup of a play: what the module returned, and what came of its jobs."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._errors import CommvaultError
from ...module_utils._export.backup import AWAITED_STATES, make_entry
from ...module_utils._report.model import FAILED, clean, make_report

if t.TYPE_CHECKING:
    from ...module_utils._report.model import Row

    Entry = t.Dict[str, t.Any]

# What is kept of a job that was waited for: all that reports tell, and no more, since each host's facts hold it.
JOB_KEYS = (
    "job_id",
    "found",
    "outcome",
    "state",
    "status",
    "backup_level",
    "percent_complete",
    "start_time",
    "end_time",
    "elapsed_seconds",
    "application_size",
    "media_size",
    "reason",
    "delay_reason",
    "events",
    "hint",
    "job_url",
    "on_timeout",
)


def entry_not_submitted(name: str, msg: str, kind: str) -> Entry:
    """A backup that no module was asked for, with the keys of those that oracle_rds_export_backup returns."""
    return {**make_entry(name, "not_submitted", msg, CommvaultError(msg, kind).failure())}


def awaited(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The ids of the jobs that are at work, or were when they were last seen."""
    found = (job_id for entry in entries if entry["state"] in AWAITED_STATES for job_id in entry["job_ids"])
    return list(dict.fromkeys(found))


def expected_ends(entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """When the jobs of backups will end, by their ids, as far as that is known."""
    return {job_id: entry["expected_end"] for entry in entries if entry["expected_end"] for job_id in entry["job_ids"]}


def make_entries(
    backups: t.Sequence[t.Mapping[str, t.Any]], jobs: t.Sequence[t.Mapping[str, t.Any]] = ()
) -> dict[str, Entry]:
    """The backups by id, each with what came of it: result and counts_as as in reports, and the cause.

    Args:
        backups: As oracle_rds_export_backup returns them, or as this function did.
        jobs: As job_wait returns them; those of a backup are kept in its "job", the one that decides, and where there
            are several in "jobs".
    """
    kept = [{name: job.get(name) for name in JOB_KEYS} for job in jobs]
    by_id = {job["job_id"]: job for job in kept}
    rows = {row.id: row for row in make_report(backups, [*known_jobs(backups), *kept]).rows}
    entries = {}
    for backup in backups:
        row = rows[clean(backup["id"])]
        entry = {**backup, "result": row.result, "counts_as": row.counts_as, "cause": _cause_alone(row)}
        own = [by_id[job_id] for job_id in backup["job_ids"] if job_id in by_id]
        if own:
            entry["job"] = by_id.get(row.job.job_id, own[0])
            if len(own) > 1:
                entry["jobs"] = own
            if row.result == "timed_out" and not entry["job"]["on_timeout"]:
                entry["cause"] += (
                    " Commvault goes on with it; to wait again, run ansible-playbook rdsops.commvault.wait_and_report"
                    f" -e oracle_rds_export_backup_follow_job_ids={row.job.job_id}."
                )
        entries[row.id] = entry
    return entries


def cause_of(row: Row) -> str | None:
    """Why it failed, with what to do about it if that is known."""
    hint = row.job.hint
    cause = row.cause or (row.msg or row.word if row.counts_as == FAILED else None)
    return f"{cause.rstrip('.')}. Hint: {hint}" if cause and hint else cause


def _cause_alone(row: Row) -> str | None:
    """The cause as it is told of a host that is failed, where nothing beside it says what it is about."""
    cause = cause_of(row)
    if row.counts_as != FAILED or row.state not in AWAITED_STATES:
        return cause
    job = f"Job {row.job.job_id} ({row.word})"
    return job if cause == row.word else f"{job}: {cause}"


def known_jobs(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[t.Mapping[str, t.Any]]:
    """What make_entries kept of several jobs of a backup."""
    return [job for entry in entries for job in entry.get("jobs") or ()]
