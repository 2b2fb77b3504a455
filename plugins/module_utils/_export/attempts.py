# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts again what failed for a cause that passes."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import ErrorKind, fault_words
from .._jobs.hints import may_pass
from .._jobs.job import from_result
from .._times import shortened
from .backup import AWAITED_STATES, Backup

if t.TYPE_CHECKING:
    from .request import Instance

    # Starts backups of these instances.
    Start = t.Callable[[t.Sequence[Instance]], t.Sequence[Backup]]
    # Waits for the jobs of these backups and returns the result of job_wait.
    Wait = t.Callable[[t.Sequence[Backup]], t.Dict[str, t.Any]]


_REASON_LENGTH = 120


def start_and_wait(
    instances: t.Sequence[Instance],
    attempts: int,
    start: Start,
    wait: Wait,
    pause: t.Callable[[], bool] = lambda: True,
) -> tuple[list[Backup], dict[str, t.Any]]:
    """Start backups, wait for them, and start those again that failed for a passing cause.

    One whose outcome is unknown is never started again, and neither is one that was adopted.

    Args:
        instances: What to back up.
        attempts: How often, at most.
        start: Starts backups, one Backup each, in order.
        wait: Waits for their jobs.
        pause: Called before each further attempt; False if there is no time for one.

    Returns:
        The last Backup of each instance, with the attempts before it, and the result of waiting for all of them.
    """
    backups = list(start(instances))
    waited = wait(backups)
    for _attempt in range(1, attempts):
        entries = {entry["job_id"]: entry for entry in waited["jobs"]}
        places = [place for place, backup in enumerate(backups) if _is_worth_it(backup, entries)]
        if not places or not pause():
            break
        try:
            fresh = start([instances[place] for place in places])
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            # It came before anything was sent again, and must not take with it what was started before.
            words = f" There is no other attempt. {fault_words(fault)}"
            for place in places:
                backups[place].msg += words
            break
        for place, backup in zip(places, fresh):
            # What was started before this attempt was a change, whatever came of this one.
            backup.changed = backup.changed or backups[place].changed
            backup.attempts = (*backups[place].attempts, _told(backups[place], entries))
            backup.msg += f" This is attempt {len(backup.attempts) + 1}; {_words(backup.attempts[-1])}."
            backups[place] = backup
        wait(fresh)
        waited = wait(backups)
    return backups, waited


def _is_worth_it(backup: Backup, entries: t.Mapping[str, t.Mapping[str, t.Any]]) -> bool:
    """Whether another attempt may do better, and cannot be a second backup beside the first."""
    if not backup.ok and backup.state != "unknown" and not backup.job_ids:
        kind = (backup.failure or {}).get("kind")
        return kind is not None and ErrorKind(kind).passing and kind != ErrorKind.NOT_SUBMITTED
    if backup.state not in AWAITED_STATES or not backup.own:
        return False
    own = [entries[job_id] for job_id in backup.job_ids if job_id in entries]
    jobs = [from_result(entry) for entry in own]
    return (
        len(own) == len(backup.job_ids)
        and any(entry["outcome"] == "failed" for entry in own)
        and all(
            job is not None
            and job.finished
            and (job.succeeded() or may_pass(job, [entry["delay_reason"], *entry["events"]]))
            for job, entry in zip(jobs, own)
        )
    )


def _told(backup: Backup, entries: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What became of an attempt, for the result."""
    entry = next((entries[job_id] for job_id in backup.job_ids if job_id in entries), {})
    return {
        "state": backup.state,
        "task_id": backup.task_id,
        "job_id": entry.get("job_id"),
        "status": entry.get("status"),
        "reason": entry.get("reason") or (None if entry else backup.msg),
        "start_time": entry.get("start_time"),
        "end_time": entry.get("end_time"),
    }


def _words(told: t.Mapping[str, t.Any]) -> str:
    """Why there is a further attempt, as a clause."""
    reason = shortened(told["reason"] or "no reason given", _REASON_LENGTH).rstrip(".")
    return (
        f"job {told['job_id']} before it failed ({reason})" if told["job_id"] else f"the one before failed ({reason})"
    )
