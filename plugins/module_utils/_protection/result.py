# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a survey: rows, totals, evidence and a message."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import hashlib
import json
import typing as t

from .._times import counted, first_of, iso_time
from .model import NEW, STATES, UNPROTECTED

if t.TYPE_CHECKING:
    from .survey import Survey, Terms

_SHOWN = 3


def protection_result(
    survey: Survey, terms: Terms, group_by: t.Sequence[str], job_url: t.Callable[[str], str | None]
) -> dict[str, t.Any]:
    """databases, summary, evidence, unread and left_out, as RETURN of oracle_rds_protection_info describes them."""
    rows = [row.to_result(job_url) for row in survey.rows]
    return {
        "changed": False,
        "databases": rows,
        "summary": summary_of(rows, group_by),
        "evidence": {
            "time": iso_time(survey.now),
            "user": None,
            "commcell": None,
            "url": None,
            "max_age_seconds": int(terms.max_age),
            "fail_on": terms.fail_on,
            "history_days": terms.days,
            "complete": survey.complete and not survey.unread,
            "digest": digest_of(rows),
        },
        "unread": survey.unread,
        "left_out": survey.left_out,
    }


def digest_of(rows: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """SHA-256 of rows, for whoever has to show later that they are unchanged."""
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def summary_of(rows: t.Sequence[t.Mapping[str, t.Any]], group_by: t.Sequence[str]) -> dict[str, t.Any]:
    """The totals of rows."""
    listed = [row for row in rows if row["listed"]]
    good = sum(row["protected"] for row in listed)
    counting = sum(row["state"] != NEW for row in listed)
    groups: dict[str, dict[str, dict[str, int]]] = {key: {} for key in group_by}
    for key, values in groups.items():
        for row in listed:
            count = values.setdefault(group_value(row, key), {"databases": 0, "protected": 0})
            count["databases"] += 1
            count["protected"] += row["protected"]
        groups[key] = dict(sorted(values.items()))
    return {
        "databases": len(listed),
        "protected": good,
        "unprotected": sum(row["state"] in UNPROTECTED for row in listed),
        "percent": 100 * good // counting if counting else 100,
        "states": {state: sum(row["state"] == state for row in rows) for state in STATES},
        "groups": groups,
    }


def group_value(row: t.Mapping[str, t.Any], key: str) -> str:
    """The value of a row that it is grouped by; an empty one for none."""
    value = row["groups"].get(key, row.get(key))
    return "" if value is None else str(value)


def message(result: t.Mapping[str, t.Any]) -> str:
    """The totals in a sentence, and what is wrong with the first databases."""
    summary, rows = result["summary"], result["databases"]
    total = summary["databases"]
    if not total:
        return "There are no databases to look at."
    counts = ", ".join(
        f"{count} {STATES[state]}" for state, count in summary["states"].items() if count and state != "protected"
    )
    text = f"{summary['protected']} of {counted(total, 'database')} protected ({summary['percent']} %)"
    bad = [f"{row['id']}: {row['reason']}" for row in rows if row["listed"] and row["state"] in UNPROTECTED]
    return text + (f": {counts}." if counts else ".") + first_of(bad, _SHOWN, "databases")
