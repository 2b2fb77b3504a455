# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on how databases are protected: a page, JSON, CSV and JUnit XML, all from the result of the module."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from html import escape

from .._errors import InvalidInput
from .._http.fields import rows as rows_of
from .._protection.model import NEW, NOT_VERIFIED, PROTECTED, STATES, UNLISTED, UNPROTECTED
from .._protection.result import digest_of, group_value, summary_of
from .._times import age_words, counted, iso_time, length_words, span
from .html import (
    amount,
    banner,
    document,
    link,
    sign_of,
    size,
    small,
    table,
    table_row,
    time_cell,
    tools,
    totals,
)
from .model import FAILED, OPEN, SUCCEEDED, clean
from .tables import Case, csv_of, junit_of

# Tone and sign of every state, see page.SIGNS.
_LOOKS = {
    "never": ("bad", "cross"),
    "unknown_to_commvault": ("bad", "slash"),
    "not_configured": ("bad", "slash"),
    "late": ("bad", "hourglass"),
    "not_verified": ("doubt", "question"),
    "new": ("open", "ring"),
    "unknown_to_inventory": ("open", "ring"),
    "protected": ("ok", "check"),
}
# Pixels of an age: the target is in the middle, twice the target and more at the end.
_WIDTH = 120
# The letters of a history: words, and a shape, so that nobody needs the colors to tell them apart.
_TRIANGLE = '<path class="bar warn" d="M{x} 11h9l-4.5 -9z"/>'
_DAYS = {
    "g": ("good", '<rect class="bar ok" x="{x}" y="2" width="9" height="9"/>'),
    "w": ("with warnings", _TRIANGLE),
    "e": ("with errors", _TRIANGLE),
    "f": ("failed", '<path class="bad" d="M{x} 2l9 9m0 -9l-9 9" stroke="currentColor" stroke-width="2.5"/>'),
    ".": ("none", '<rect class="none" x="{x}" y="6" width="9" height="2" fill="currentColor"/>'),
}
_OTHER_DAY = ("not known", '<rect class="bar hollow doubt" x="{x}" y="2" width="9" height="9"/>')
_DAYS_IN_LINE = 10
_BACKUP_COLUMNS = ("job_id", "status", "backup_level", "end_time", "elapsed_seconds", "application_size", "media_size")
_NAMES = ("client_name", "instance_name", "subclient_name")
_AGES = ("max_age_seconds", "age_seconds", "history")
_COLUMNS = ("id", *_NAMES, "state", "protected", "reason", "action", "listed", "plan", "status", *_AGES)
_EVIDENCE = {
    "time": "Read at",
    "user": "By user",
    "commcell": "CommCell",
    "url": "URL",
    "max_age_seconds": "Target",
    "fail_on": "Counts as failed from",
    "complete": "Everything could be read",
    "digest": "SHA-256 of the data",
}


@dataclass(frozen=True)
class ProtectionReport:
    """The result of oracle_rds_protection_info, checked and free of what a report cannot hold."""

    title: str
    databases: tuple[dict[str, t.Any], ...]
    summary: dict[str, t.Any]
    evidence: dict[str, t.Any]
    unread: tuple[str, ...]
    left_out: tuple[dict[str, t.Any], ...]
    api_calls: dict[str, t.Any]

    def count(self, group: str) -> int:
        """How many databases count as this."""
        return sum(counts_as(row) == group for row in self.databases)


def counts_as(row: t.Mapping[str, t.Any]) -> str:
    """SUCCEEDED, FAILED or OPEN."""
    if row["state"] == PROTECTED:
        return SUCCEEDED
    return FAILED if row["state"] in UNPROTECTED and row["listed"] else OPEN


def make_protection_report(result: t.Mapping[str, t.Any], title: str) -> ProtectionReport:
    """The report of a result of oracle_rds_protection_info.

    Raises:
        InvalidInput: It is no such result, or was changed since.
    """
    rows, summary, evidence = (result.get(name) for name in ("databases", "summary", "evidence"))
    if not (isinstance(rows, list) and isinstance(summary, dict) and isinstance(evidence, dict)):
        raise InvalidInput(
            "protection is not what oracle_rds_protection_info returns: it needs databases, summary and evidence."
        )
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or row.get("state") not in STATES or not {*_COLUMNS, "groups"} <= row.keys():
            raise InvalidInput(f"protection.databases[{number}] is not what oracle_rds_protection_info returns.")
    if evidence.get("digest") != digest_of(rows):
        raise InvalidInput("protection.databases is not what protection.evidence.digest was made of.")
    groups = summary.get("groups")
    if summary != summary_of(rows, list(groups) if isinstance(groups, dict) else ()):
        raise InvalidInput("protection.summary is not what protection.databases come to.")
    calls, unread = result.get("api_calls"), result.get("unread")
    return ProtectionReport(
        clean(title),
        tuple(_clean(row) for row in rows),
        _clean(summary),
        _clean(evidence),
        tuple(clean(text) for text in (unread if isinstance(unread, list) else ())),
        tuple(_clean(one) for one in rows_of(result, "left_out")),
        calls if isinstance(calls, dict) else {},
    )


def _clean(value: t.Any) -> t.Any:
    """A value without the characters that a report cannot hold."""
    if isinstance(value, dict):
        return {clean(key): _clean(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(member) for member in value]
    return clean(value) if isinstance(value, str) else value


def protection_json(report: ProtectionReport) -> str:
    """The report as JSON; times of jobs in UTC."""
    rows = [{**row, **{name: _with_times(row[name]) for name in ("last_good", "last")}} for row in report.databases]
    content = {
        "schema": 1,
        "title": report.title,
        "summary": report.summary,
        "evidence": report.evidence,
        "databases": rows,
        "unread": list(report.unread),
        "left_out": list(report.left_out),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _with_times(backup: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
    return {**backup, "end_time": iso_time(backup["end_time"])} if backup else None


def protection_csv(report: ProtectionReport) -> str:
    """The report as CSV: a line a database, each with the evidence."""
    groups = sorted({key for row in report.databases for key in row["groups"]})
    evidence = {f"evidence_{name}": report.evidence.get(name) for name in _EVIDENCE}
    last = [f"last_good_{name}" for name in _BACKUP_COLUMNS]
    columns = [*_COLUMNS, *last, *(f"group_{key}" for key in groups), *evidence]
    return csv_of(columns, [{**_flat(row, groups), **evidence} for row in report.databases])


def _flat(row: t.Mapping[str, t.Any], groups: t.Sequence[str]) -> dict[str, t.Any]:
    good = _with_times(row["last_good"]) or {}
    return {
        **{name: row[name] for name in _COLUMNS},
        **{f"last_good_{name}": good.get(name) for name in _BACKUP_COLUMNS},
        **{f"group_{key}": row["groups"].get(key) for key in groups},
    }


def protection_junit(report: ProtectionReport) -> str:
    """The report as JUnit XML, one testcase a database; evidence as properties."""
    cases: list[Case] = []
    for row in report.databases:
        what = {FAILED: "failure", OPEN: "skipped"}.get(counts_as(row), "")
        good = row["last_good"] or {}
        cases.append(
            {
                "classname": row["client_name"] or "",
                "name": row["id"],
                "seconds": good.get("elapsed_seconds") or 0,
                "what": "error" if row["state"] == NOT_VERIFIED and what == "failure" else what,
                "type": row["state"],
                "message": f"{STATES[row['state']]}: {row['reason']}",
                "text": " ".join(part for part in (row["reason"], row["action"]) if part),
                "facts": [
                    ("Last good job", good.get("job_id")),
                    ("Ended", iso_time(good.get("end_time"))),
                    ("Target", span(row["max_age_seconds"])),
                    ("History", row["history"]),
                ],
            }
        )
    started = str(report.evidence.get("time") or "").rstrip("Z")
    evidence = {name: report.evidence.get(name) for name in _EVIDENCE}
    properties = {name: value for name, value in evidence.items() if value is not None}
    return junit_of(report.title, cases, started, properties)


def protection_html(report: ProtectionReport) -> str:
    """The report as a page: what is not protected comes first."""
    return document(
        report.title,
        _lead(report),
        [_banner(report), _totals(report), _groups(report), _unread(report), _table(report), _evidence(report)],
        "All times are UTC. A bar is the age of the last good backup; the line in its middle is the target.",
    )


def _lead(report: ProtectionReport) -> str:
    evidence = report.evidence
    parts = [counted(report.summary["databases"], "database"), f"{report.summary['percent']} % protected"]
    parts.append(f"target {length_words(evidence.get('max_age_seconds') or 0)}")
    if evidence.get("commcell"):
        parts.append(f"CommCell {escape(str(evidence['commcell']))}")
    parts.append(escape(str(evidence.get("time") or "")).replace("T", " ").rstrip("Z") + " UTC")
    return f'<p class="lead">{" · ".join(parts)}</p>'


def _banner(report: ProtectionReport) -> str:
    total, bad = report.summary["databases"], report.summary["unprotected"]
    if bad:
        words, state = f"{bad} of {counted(total, 'database')} {'is' if bad == 1 else 'are'} not protected", "never"
    elif total:
        words, state = ("All databases are protected" if total > 1 else "The database is protected"), PROTECTED
        if report.summary["protected"] < total:
            words, state = f"{report.summary['protected']} of {total} databases are protected, the others are new", NEW
    else:
        words, state = "There are no databases to protect", NEW
    return banner(words, _LOOKS[state])


def _totals(report: ProtectionReport) -> str:
    states = report.summary["states"]
    return totals((_LOOKS[state], states.get(state, 0), words) for state, words in STATES.items())


def _groups(report: ProtectionReport) -> str:
    """For each key, a line of its values, those with the most unprotected databases first."""
    parts = []
    for key, values in (report.summary.get("groups") or {}).items():
        ordered = sorted(values.items(), key=lambda one: (one[1]["protected"] - one[1]["databases"], one[0]))
        entries = "".join(
            f"<li>{sign_of(_LOOKS[PROTECTED if count['protected'] == count['databases'] else 'late'])}"
            f"<b>{count['protected']}/{count['databases']}</b> {escape(value) or 'none'}</li>"
            for value, count in ordered
        )
        parts.append(f'<h2>By {escape(key)}</h2><ul class="totals">{entries}</ul>')
    return "".join(parts)


def _unread(report: ProtectionReport) -> str:
    told = [*report.unread, *(f"{one.get('id')}: {one.get('msg')}" for one in report.left_out)]
    entries = "".join(f"<li>{escape(text)}</li>" for text in told)
    return f'<h2>Not checked</h2><ul class="legend">{entries}</ul>' if entries else ""


def _table(report: ProtectionReport) -> str:
    present = [state for state in STATES if report.summary["states"].get(state)]
    choices = [("", "all states"), (FAILED, "all that are not protected")]
    choices += [(state, STATES[state]) for state in present]
    keys = list(report.summary.get("groups") or {})
    days = max((len(row["history"]) for row in report.databases), default=0)
    rows = [_row(row, keys, rank) for rank, row in enumerate(report.databases)]
    columns = [
        ("State", "result"),
        ("Database", "name"),
        ("Last good backup (UTC)", "good"),
        ("Age", "brief"),
        ("Against the target", "bar"),
        ("Duration", "brief"),
        ("Data", "brief"),
        (f"Last {days} days", "days"),
    ]
    return tools("Databases", choices) + table(columns, rows)


def _row(row: t.Mapping[str, t.Any], keys: t.Sequence[str], rank: int) -> str:
    good = row["last_good"] or {}
    group, state, age = counts_as(row), row["state"], row["age_seconds"]
    names = "/".join(str(row[name]) for name in _NAMES if row[name])
    groups = ", ".join(
        f"{key} {group_value(row, key)}" for key in keys if group_value(row, key) and key != "client_name"
    )
    why = f'<p class="why">{escape(row["reason"])}</p>' if state != PROTECTED or row["action"] else ""
    what = f'<p class="why hint">{escape(row["action"])}</p>' if row["action"] else ""
    elapsed, data = good.get("elapsed_seconds"), good.get("application_size")
    job = f"{link(str(good['job_id']), good.get('job_url'))} {escape(good.get('backup_level') or '')}" if good else ""
    word = f'<span class="word">{sign_of(_LOOKS[state])} {STATES[state]}</span>'
    name = f"<b>{escape(row['id'])}</b>{small(names if names != row['id'] else '')}{small(groups)}"
    cells = [
        f'<td class="{_LOOKS[state][0]}" data-sort="{rank}">{word}</td>',
        f'<th scope="rowgroup">{name}</th>',
        time_cell("Last good", good.get("end_time"), f"<small>{job}</small>" if job else ""),
        amount("Age", age, "" if age is None else age_words(age)),
        f'<td data-label="Target">{_bar(row)}</td>',
        amount("Duration", elapsed, "" if elapsed is None else span(elapsed)),
        amount("Data", data, size(data)),
        f'<td data-label="Last {len(row["history"])} days">{_strip(row["history"])}</td>',
    ]
    return table_row(state, group, cells, why + what)


def _bar(row: t.Mapping[str, t.Any]) -> str:
    """The age of the last good backup, against the target in the middle."""
    age, target = row["age_seconds"], max(1, row["max_age_seconds"])
    middle = _WIDTH // 2
    if age is None or row["state"] == UNLISTED:
        return ""
    width = round(min(max(2.0, age / target * middle), float(_WIDTH)), 1)
    drawn = f'<rect class="bar {_LOOKS[row["state"]][0]}" x="0" y="3" width="{width}" height="8"/>'
    return f'<svg class="age" aria-hidden="true">{drawn}<path class="goal" d="M{middle} 0V14"/></svg>'


def _strip(history: str) -> str:
    """A shape for each day."""
    if not history:
        return ""
    days = [_DAYS.get(letter, _OTHER_DAY) for letter in history]
    lines: list[str] = []
    for first in range(0, len(days), _DAYS_IN_LINE):
        shapes = [shape for _words, shape in days[first : first + _DAYS_IN_LINE]]
        drawn = "".join(shape.replace("{x}", str(13 * place)) for place, shape in enumerate(shapes))
        lines.append(f'<g transform="translate(0 {14 * len(lines)})">{drawn}</g>' if lines else drawn)
    told = ", ".join(words for words, _shape in days)
    size = f'width="{13 * min(len(history), _DAYS_IN_LINE)}" height="{14 * len(lines)}"'
    return f'<svg class="strip" {size} role="img" aria-label="{told}">{"".join(lines)}</svg>'


def _evidence(report: ProtectionReport) -> str:
    told = {name: report.evidence.get(name) for name in _EVIDENCE}
    told["max_age_seconds"] = length_words(told["max_age_seconds"] or 0)
    told["complete"] = "yes" if told["complete"] else "no"
    lines = "".join(
        f"<dt>{_EVIDENCE[name]}</dt><dd>{'not told' if value is None else escape(str(value))}</dd>"
        for name, value in told.items()
    )
    return f"<h2>Evidence</h2><dl>{lines}</dl>"
