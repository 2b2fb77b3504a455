# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run hands on to those that follow it, and what these make of it."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ...module_utils._errors import InvalidInput
from ...module_utils._export.backup import AWAITED_STATES, GOOD_STATES, STATES, make_entry
from ...module_utils._report.model import FAILED, OPEN, SUCCEEDED, Report
from ...module_utils._times import shortened
from .entries import Entry, awaited, entry_not_submitted
from .table import totals

# What an artifact holds of backups that failed: AWX hands it on with every job that follows.
MAX_FAILED = 100
MAX_CAUSE = 200
# Of these, what the paragraph for notifications tells.
MAX_TOLD = 10

_NOT_STARTED = frozenset(STATES) - AWAITED_STATES - GOOD_STATES
_SEPARATORS = re.compile(r"[\s,;]+")
_ROW = re.compile(r"([0-9]{1,18})-([0-9]{1,18})$")
MAX_ROW = 100_000


@dataclass(frozen=True)
class PreviousRun:
    """What an earlier run handed on.

    job_ids: of the jobs to follow. task_ids: of the tasks that these belong to, in no order that would say which.
    not_started: backups without a job, as in "failed" of the artifact, of which it has at most MAX_FAILED. unnamed:
    how many more of them there were.
    """

    job_ids: list[str] = field(default_factory=list)
    task_ids: list[int] = field(default_factory=list)
    not_started: list[dict[str, t.Any]] = field(default_factory=list)
    unnamed: int = 0


def read_artifact(artifact: t.Mapping[str, t.Any]) -> PreviousRun:
    """Read what make_artifact made in another run. Raises InvalidInput for anything else."""
    try:
        task_ids = [int(task) for task in split_list(artifact.get("task_ids"))]
        not_started = [one for one in artifact.get("failed") or [] if one["id"] and one["result"] in _NOT_STARTED]
        results = (artifact.get("counts") or {}).get("results") or {}
        number = sum(int(count) for result, count in results.items() if result in _NOT_STARTED)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise InvalidInput(
            "artifact is not what a run hands on with set_stats: task_ids, counts and failed must be as they were"
            " there. Give job_ids alone in its place."
        ) from exc
    return PreviousRun(split_list(artifact.get("job_ids")), task_ids, not_started, number - len(not_started))


def make_artifact(entries: t.Sequence[Entry], report: Report, task_ids: t.Iterable[int] = ()) -> dict[str, t.Any]:
    """What a job hands on: ids, counts, what failed, and a paragraph for notifications, all bounded.

    Args:
        task_ids: Those of an earlier run, of which it is not known which backups are theirs.
    """
    summary = report.summary()
    tasks = (entry["task_id"] for entry in entries if entry["task_id"] is not None)
    failed = [
        {
            "id": row.id,
            "result": row.result,
            "cause": shortened(row.cause or row.msg or row.word, MAX_CAUSE),
            "job_ids": list(row.job_ids),
            "job_url": row.job.job_url,
        }
        for row in report.rows
        if row.counts_as == FAILED
    ]
    return {
        "task_ids": list(dict.fromkeys([*task_ids, *tasks])),
        "job_ids": awaited(entries),
        "counts": {
            **{name: summary[name] for name in ("backups", SUCCEEDED, FAILED, OPEN)},
            "results": {result: count for result, count in summary["results"].items() if count},
        },
        "failed": failed[:MAX_FAILED],
        "message": _paragraph(totals(report), failed),
    }


def _paragraph(text: str, failed: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """What to tell people who were not there."""
    shown = [" ".join(filter(None, (f"{one['id']}: {one['cause']}", one["job_url"]))) for one in failed[:MAX_TOLD]]
    more = [f"And {len(failed) - MAX_TOLD} more."] if len(failed) > MAX_TOLD else []
    return "\n".join([f"{text}.", *shown, *more])


def backups_of_jobs(
    jobs: t.Sequence[t.Mapping[str, t.Any]], not_started: t.Iterable[t.Mapping[str, t.Any]] = ()
) -> list[Entry]:
    """Backups for jobs of which nothing else is known, called client/instance/subclient.

    Args:
        not_started: As of PreviousRun.
    """
    backups: list[Entry] = []
    ids: set[str] = set()
    for job in jobs:
        names = {name: job.get(name) for name in ("client_name", "instance_name", "subclient_name")}
        name = "/".join(map(str, names.values())) if all(names.values()) else f"job {job['job_id']}"
        if name in ids:
            name = f"{name} (job {job['job_id']})"
        ids.add(name)
        own = {**names, "job_ids": [job["job_id"]], "job_url": job.get("job_url")}
        backups.append({**make_entry(name, "started", ""), **own})
    for one in not_started:
        if str(one["id"]) not in ids:
            entry = entry_not_submitted(str(one["id"]), str(one.get("cause") or ""), "")
            backups.append({**entry, "state": one["result"]})
    return backups


def split_list(value: t.Any) -> list[str]:
    """The members of a list, or of a text with commas, semicolons, spaces or line breaks between them, as surveys have
    it. Numbers become texts, and 7-9 is 7, 8 and 9.

    Raises:
        InvalidInput: Something like a range of ids, which is none.
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [word for member in value for word in split_list(member)]
    return [one for word in _SEPARATORS.split(str(value)) if word for one in _expand(word)]


def _expand(word: str) -> list[str]:
    row = _ROW.match(word)
    if not row:
        return [word]
    first, last = int(row[1]), int(row[2])
    if not first <= last < first + MAX_ROW:
        raise InvalidInput(
            f"{word} is not a range of job ids: the second number must be the larger one, by less than {MAX_ROW}."
        )
    return [str(number) for number in range(first, last + 1)]
