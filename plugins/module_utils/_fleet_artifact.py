# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""What a run hands on to those that follow it, and what these make of it."""

from __future__ import annotations

import re
import typing as t

from ._fleet_entries import awaited, not_started
from ._fleet_table import shortened
from ._oracle_rds import AWAITED_STATES, STATES
from ._report import NOT_WELL

if t.TYPE_CHECKING:
    from ._fleet_entries import Entry
    from ._report import Report

# What an artifact holds of backups that are not well: AWX hands it on with every job that follows.
MAX_NOT_WELL = 100
MAX_CAUSE = 200

_SEPARATORS = re.compile(r"[\s,;]+")


def make_artifact(entries: t.Sequence[Entry], report: Report) -> dict[str, t.Any]:
    """What a job hands on: ids, counts and what is not well, bounded."""
    summary = report.summary()
    rows = [row for row in report.rows if row.verdict == NOT_WELL]
    return {
        "task_ids": list(dict.fromkeys(entry["task_id"] for entry in entries if entry["task_id"] is not None)),
        "job_ids": awaited(entries),
        "counts": {
            **{name: summary[name] for name in ("backups", "well", "not_well", "open")},
            "results": {result: count for result, count in summary["results"].items() if count},
        },
        "not_well": [
            {
                "id": row.id,
                "result": row.result,
                "cause": shortened(row.cause or row.msg or row.word, MAX_CAUSE),
                "job_ids": list(row.job_ids),
            }
            for row in rows[:MAX_NOT_WELL]
        ],
    }


def backups_of_jobs(
    jobs: t.Sequence[t.Mapping[str, t.Any]], carried: t.Iterable[t.Mapping[str, t.Any]] = ()
) -> list[Entry]:
    """Backups for jobs of which nothing else is known, called client/instance/subclient.

    carried: what an earlier run could not start, as an artifact has it in "not_well".
    """
    backups: list[Entry] = []
    ids: set[str] = set()
    for job in jobs:
        names = [job.get(name) for name in ("client_name", "instance_name", "subclient_name")]
        name = "/".join(map(str, names)) if all(names) else f"job {job['job_id']}"
        if name in ids:
            name = f"{name} (job {job['job_id']})"
        ids.add(name)
        entry = not_started(name, "", "")
        entry.update(zip(("client_name", "instance_name", "subclient_name"), names))
        entry.update(state="started", job_ids=[job["job_id"]], job_url=job.get("job_url"), failure=None)
        backups.append(entry)
    for one in carried:
        if one.get("result") in STATES and one["result"] not in AWAITED_STATES and str(one["id"]) not in ids:
            entry = not_started(str(one["id"]), str(one.get("cause") or ""), "")
            entry["state"] = one["result"]
            backups.append(entry)
    return backups


def words(value: t.Any) -> list[str]:
    """The members of a list, or of a text with commas, semicolons, spaces or line breaks between them, as surveys have
    it. Numbers become texts.
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [word for member in value for word in words(member)]
    return [word for word in _SEPARATORS.split(str(value)) if word]
