# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rows of jobs, as the server sends them, say about the facts on jobs. Sends nothing.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import typing as t
from collections import Counter

from .._estate.model import ORACLE
from .._http import fields
from .._http.fields import member, positive, text
from .._jobs.job import parse_job
from .checks import DIFFERS, NOT_SEEN, OK, Finding, Findings

if t.TYPE_CHECKING:
    from .._estate.model import Subclient

    Row = t.Mapping[str, t.Any]

_LEVELS = ("full", "incremental", "differential", "synthetic full", "synthetic_full", "transaction log")
_SHOWN = 5


def summaries(data: t.Any) -> list[Row]:
    """The jobSummary of each row of a listing or of GET Job/{id}; a single one may come bare."""
    found = [member(row, "jobSummary") for row in fields.rows(data, "jobs")]
    return [summary for summary in found if summary]


def export_rows(rows: t.Sequence[Row], subclients: t.Mapping[int, Subclient]) -> list[Row]:
    """The rows that can be of exports: of a known Oracle subclient, or with Oracle as application."""
    return [row for row in rows if _subclient_id(row) in subclients or _is_oracle(row)]


def judge_rows(rows: t.Sequence[Row], subclients: t.Mapping[int, Subclient], seen: str) -> Findings:
    """Hold the rows of Oracle jobs against what is assumed of them.

    Args:
        rows: as of export_rows.
        subclients: the Oracle subclients that the user sees, by id.
        seen: where the rows come from, such as "in the last 30 days".
    """
    found = Findings()
    if not rows:
        for name in ("rows", "type", "application", "client", "level", "end", "subclient", "states"):
            found.add(f"job_{name}", NOT_SEEN, f"No job of an Oracle instance {seen}.")
        return found
    known = [row for row in rows if _subclient_id(row) in subclients]
    found.add("job_rows", OK, f"{len(rows)} jobs of Oracle instances {seen}, {len(known)} of known subclients.")
    _judge_type(rows, found)
    _judge_application(known, found)
    _judge_client(known, subclients, found)
    levels = Counter(text(row.get("backupLevelName")) or f"number {row.get('backupLevel')}" for row in rows)
    found.judge("job_level", all(name.lower() in _LEVELS for name in levels), f"Levels: {_counted(levels)}.")
    jobs = [(row, parse_job(row)) for row in rows]
    ended = [row for row, job in jobs if job and job.known_state and job.finished]
    without = sum(positive(row.get("jobEndTime")) is None for row in ended)
    _judge_some(found, "job_end", ended, not without, f"{without} of {len(ended)} jobs that ended have no jobEndTime.")
    with_id = sum(_subclient_id(row) is not None for row in rows)
    found.judge("job_subclient", with_id == len(rows), f"{with_id} of {len(rows)} rows have a subclientId.")
    states = Counter(str(row.get("status")) for row in rows)
    unknown = Counter(str(row.get("status")) for row, job in jobs if not (job and job.known_state))
    found.judge(
        "job_states", not unknown, f"Unknown states: {_counted(unknown)}." if unknown else f"{_counted(states)}."
    )
    return found


def judge_listing(rows: t.Sequence[Row]) -> Finding:
    """Whether each job of a listing is there once, and all of them are of one CommCell."""
    times = Counter(positive(row.get("jobId")) for row in rows)
    repeated = sum(count > 1 for job_id, count in times.items() if job_id is not None)
    commcells = {positive(row.get("commcellId")) for row in rows} - {None}
    if repeated or len(commcells) > 1:
        return Finding("job_rows_once", DIFFERS, f"{repeated} jobs came more than once; {len(commcells)} CommCell ids.")
    return Finding(
        "job_rows_once",
        OK if rows else NOT_SEEN,
        f"{len(times)} jobs, each once, of one CommCell." if rows else "No jobs.",
    )


def shape_of(rows: t.Sequence[Row]) -> dict[str, list[str]]:
    """The names of all keys in the rows, members of objects with a dot, and the types of their values; no values."""
    shape: dict[str, set[str]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, dict):
                for inner, member in value.items():
                    shape.setdefault(f"{key}.{inner}", set()).add(type(member).__name__)
            else:
                shape.setdefault(key, set()).add(type(value).__name__)
    return {key: sorted(types) for key, types in sorted(shape.items())}


def _judge_type(rows: t.Sequence[Row], found: Findings) -> None:
    types = Counter(text(row.get("jobType")) or "none" for row in rows)
    other = sorted(kind for kind in types if "backup" not in kind.lower() and kind != "none")
    # Restores stand in the same listing, so a type counts as that of an export only where there is no other.
    good = not other or any("backup" in kind.lower() for kind in types)
    found.judge("job_type", good, f"jobType: {_counted(types)}.", job_types=other)


def _judge_application(known: t.Sequence[Row], found: Findings) -> None:
    ids = Counter(positive(member(row, "subclient").get("applicationId")) for row in known)
    other = sorted(one for one in ids if one is not None and one != ORACLE)
    seen = f"applicationId: {_counted(ids)}."
    _judge_some(found, "job_application", known, not other, seen, application_ids=other)


def _judge_client(known: t.Sequence[Row], subclients: t.Mapping[int, Subclient], found: Findings) -> None:
    other = 0
    for row in known:
        subclient = subclients[t.cast("int", _subclient_id(row))]
        name = text(member(row, "subclient").get("clientName")) or ""
        other += not subclient.is_of(name)
    seen = f"{other} of {len(known)} rows name another client than their subclient has."
    _judge_some(found, "job_client", known, not other, seen, client_is_proxy=True)


def _judge_some(
    found: Findings, check: str, rows: t.Sequence[Row], good: bool, seen: str, **differences: t.Any
) -> None:
    """As Findings.judge, where there may be no rows to judge by."""
    if rows:
        found.judge(check, good, seen, **differences)
    else:
        found.add(check, NOT_SEEN, "No job by which it could be told.")


def _subclient_id(row: Row) -> int | None:
    return positive(member(row, "subclient").get("subclientId"))


def _is_oracle(row: Row) -> bool:
    names = member(row, "subclient")
    words = (row.get("appTypeName"), names.get("appName"))
    return positive(names.get("applicationId")) == ORACLE or any("oracle" in str(word).lower() for word in words)


def _counted(counts: Counter[t.Any]) -> str:
    """The most frequent values with their counts, in one line."""
    words = [f"{value} ({count})" for value, count in counts.most_common(_SHOWN)]
    return ", ".join(words) + (f", and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else "")
