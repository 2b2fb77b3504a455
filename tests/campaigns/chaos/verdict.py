# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what a call reported against what really happened on the simulator."""

from __future__ import annotations

import typing as t


class Finding(t.NamedTuple):
    """One broken promise. kind: "twice", "lost", "misreported" or "unknown without a cause"."""

    kind: str
    instance: str
    text: str


class Truth(t.NamedTuple):
    """What the simulator knows of one call.

    own: ids of the jobs that requests of this call started, by subclient. tasks: their task ids. others: ids of the
      jobs that were
    there before, by subclient. troubled: the subclients that were in a request of this call whose answer a fault
    touched.
    """

    own: dict[tuple[str, str, str], list[str]]
    tasks: dict[str, int]
    others: dict[tuple[str, str, str], list[str]]
    troubled: set[tuple[str, str, str]]


def truth_of(jobs: list[dict[str, t.Any]], journal: list[dict[str, t.Any]], first_seq: int) -> Truth:
    """jobs: Simulator.jobs(). journal: Simulator.journal(). first_seq: the number of the first request of the call."""
    truth = Truth({}, {}, {}, set())
    for job in jobs:
        key = (job["client"].lower(), job["instance"].lower(), job["subclient"].lower())
        mine = job["started_by"] is not None and job["started_by"] >= first_seq
        (truth.own if mine else truth.others).setdefault(key, []).append(str(job["job_id"]))
        truth.tasks[str(job["job_id"])] = job["task_id"]
    for request in journal:
        if request["seq"] < first_seq or request["endpoint"] != "createtask":
            continue
        if request["fault"] is None and request["status"] is not None:
            continue
        for association in request["body"]["taskInfo"]["associations"]:
            key = (association["clientName"], association["instanceName"], association["subclientName"])
            truth.troubled.add(tuple(name.lower() for name in key))
    return truth


def findings(backups: t.Sequence[t.Any], truth: Truth) -> list[Finding]:
    """backups: what the call reported (_export.backup.Backup); returns every broken promise."""
    found = []
    for backup in backups:
        own = truth.own.get(backup.instance.key[:3], [])
        if len(own) > 1:
            found.append(Finding("twice", backup.instance.label, f"jobs {own}"))
        found.extend(_misreports(backup, own, truth))
    return found


def _misreports(backup: t.Any, own: list[str], truth: Truth) -> t.Iterator[Finding]:
    label, reported = backup.instance.label, list(backup.job_ids)
    text = f"{backup.state} {reported}, really {own}: {backup.msg}"
    if backup.state == "started" or (backup.state == "adopted" and backup.changed):
        if sorted(reported) != sorted(own):
            yield Finding("misreported" if not own else "lost", label, text)
        elif backup.task_id is not None and backup.task_id != truth.tasks[reported[0]]:
            yield Finding("misreported", label, f"task {backup.task_id}, really {truth.tasks[reported[0]]}")
    elif backup.state in ("adopted", "recent"):
        # A job from the second of the request is taken without the claim that this call started it.
        if own and reported != own:
            yield Finding("lost", label, text)
        if reported[0] not in [*own, *truth.others.get(backup.instance.key[:3], [])]:
            yield Finding("misreported", label, text)
    elif backup.state == "unknown":
        if backup.instance.key[:3] not in truth.troubled and not backup.candidates:
            yield Finding("unknown without a cause", label, text)
    elif own:
        yield Finding("lost", label, text)
