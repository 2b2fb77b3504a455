# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of one step for all backups of a play, and of each host. Hosts, console, artifact and reports are made of
the same entries, so that they cannot but say the same.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._export.backup import AWAITED_STATES
from ...module_utils._report.model import FAILED, Row, clean, make_report
from ...module_utils._times import shortened
from .._play.conditions import DIFFERENT_CONDITIONS
from .artifact import make_artifact
from .entries import Entry, cause_of
from .table import make_message, make_table

# What is kept of a job that was waited for: all that reports tell, and no more, since each host's facts hold it.
JOB_KEYS = (
    *("job_id", "found", "outcome", "state", "status", "backup_level", "percent_complete", "start_time", "end_time"),
    *("elapsed_seconds", "application_size", "media_size", "reason", "delay_reason", "events", "hint", "job_url"),
    "on_timeout",
)


def make_fleet(
    backups: t.Sequence[Entry],
    jobs: t.Sequence[t.Mapping[str, t.Any]] = (),
    earlier: t.Sequence[Entry] = (),
    left_out: t.Sequence[t.Mapping[str, str]] = (),
    lines: int = 40,
    task_ids: t.Iterable[int] = (),
) -> dict[str, t.Any]:
    """What a step of oracle_rds_export_fleet returns of all backups; see RETURN there.

    Args:
        backups: As oracle_rds_export_backup returns them, or as "results" of an earlier step.
        jobs: As job_wait returns them.
        earlier: "results" of other batches of the play, which only the artifact holds.
        left_out: Hosts that are not Oracle, with the reason.
        lines: How many other backups the summary lists.
        task_ids: As of make_artifact.
    """
    kept = {job["job_id"]: {name: job.get(name) for name in JOB_KEYS} for job in jobs}
    report = make_report(backups, list(kept.values()))
    rows = {row.id: row for row in report.rows}
    entries = {}
    for backup in backups:
        row = rows[clean(backup["id"])]
        entries[row.id] = _entry(backup, row, kept)
    everything = [*earlier, *entries.values()]
    whole = make_report(everything) if earlier else report
    return {
        "results": entries,
        "failed_backups": [row.id for row in report.rows if row.counts_as == FAILED],
        "left_out": [dict(one) for one in left_out],
        "summary": make_table(entries, report, left_out, lines),
        "artifact": make_artifact(everything, whole, task_ids),
        "msg": make_message(report),
    }


def _entry(backup: Entry, row: Row, jobs: t.Mapping[str, dict[str, t.Any]]) -> Entry:
    """A backup with what came of it: result and counts_as as in reports, the cause, and its jobs, of which the one that
    decides is "job", and where there are several, all are "jobs".
    """
    entry = {**backup, "result": row.result, "counts_as": row.counts_as, "cause": _cause_alone(row)}
    own = [jobs[job_id] for job_id in backup["job_ids"] if job_id in jobs]
    if own:
        entry["job"] = jobs.get(row.job.job_id, own[0])
        if len(own) > 1:
            entry["jobs"] = own
        if row.result == "timed_out" and not entry["job"]["on_timeout"]:
            entry["cause"] += (
                " Commvault goes on with it; to wait again, run ansible-playbook rdsops.commvault.wait_and_report"
                f" -e oracle_rds_export_backup_follow_job_ids={row.job.job_id}."
            )
    return entry


def _cause_alone(row: Row) -> str | None:
    """The cause as it is told of a host that is failed, where nothing beside it says what it is about."""
    cause = cause_of(row)
    if row.counts_as != FAILED or row.state not in AWAITED_STATES:
        return cause
    job = f"Job {row.job.job_id} ({row.word})"
    return job if cause == row.word else f"{job}: {cause}"


# What a host's own result has of its entry; its message has the rest.
KEPT = (
    *("client_name", "instance_name", "subclient_name", "state", "result", "counts_as"),
    *("task_id", "job_ids", "job_url", "job", "candidates", "retry_at", "age_seconds"),
)
# What the task sets as variables of the host, beside what it registers.
OWN_FACTS = ("task_id", "job_ids")
MAX_REPEATED = 200
NO_STEP = (
    "No step of the role ran before the task Result, so nothing was started, and nothing is known of any backup. Run"
    " the role as a whole: leave out --start-at-task, or start at an earlier task."
)
NOT_SERVED = (
    "No backup of this host was started: it failed in the block before this always section, where the role serves only"
    " hosts that did not fail. To back it up all the same, give the block a rescue section: a rescued host has not"
    " failed."
)


def host_result(
    fleet: t.Mapping[str, t.Any], report: t.Mapping[str, t.Any], host: str, active: t.Container[str]
) -> Entry:
    """The result of the task Result for one host, or where it runs once, for all.

    Args:
        fleet: What the steps before left for all hosts.
        report: What the last of them returned.
        active: The hosts of the play that have not failed; only in a section always comes another one here.
    """
    if report.get("host_results") is False:
        if "error" in fleet:
            return {"failed": True, "msg": fleet["error"]}
        more = "See oracle_rds_export_backup_results, or set oracle_rds_export_backup_host_results."
        return {"changed": any(one["changed"] for one in fleet["results"].values()), "msg": f"{fleet['msg']} {more}"}
    if fleet.get("skipped"):
        return {"failed": True, "msg": DIFFERENT_CONDITIONS}
    if not fleet and not report:
        return {"failed": True, "msg": NO_STEP}
    results, by_host = fleet.get("results", {}), fleet.get("by_host")
    entries = [results[name] for name in ([host] if by_host else results) if name in results]
    bad = any(one["counts_as"] == FAILED for one in entries)
    # One host stands for all where something is about all of them.
    first = report.get("host", host) == host
    error = fleet.get("error") or (report.get("error") if first else None)
    result: Entry = {
        # A report that is written later starts nothing again.
        "changed": not report.get("again") and any(one["changed"] for one in entries),
        "failed": bool(error) or (bad and report.get("fail_hosts", True)),
        "task_id": None,
        "job_ids": [job_id for one in entries for job_id in one["job_ids"]],
        "job": None,
    }
    if by_host and entries:
        (entry,) = entries
        result.update({name: entry[name] for name in KEPT if entry[name] not in (None, [])})
        result.update(failure=_brief(entry["failure"]), msg=entry["cause"] or entry["msg"])
    else:
        unknown = "No backup of this host is known." if by_host and results else str(fleet.get("msg", ""))
        left_out = next((one["msg"] for one in fleet.get("left_out", ()) if one["id"] == host), None)
        lost = by_host and left_out is None and host not in active
        result.update(failed=result["failed"] or lost, msg=NOT_SERVED if lost else left_out or unknown)
    if error and not (by_host and bad and result["msg"]):
        result["msg"] = error if first else shortened(error, MAX_REPEATED)
        result["failure"] = _brief(fleet.get("failure"))
    return result


def _brief(failure: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """A failure without its text, which is in the message."""
    if failure is None:
        return None
    return {name: value for name, value in failure.items() if name != "message" and value is not None}
