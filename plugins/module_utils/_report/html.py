# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for people: one HTML page that needs nothing from elsewhere."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import base64
import hashlib
import re
import typing as t
from html import escape
from itertools import accumulate

from .._export.backup import AWAITED_STATES, STATES
from .._times import age_words, counted, iso_time, shortened, some_of, span
from .model import FAILED, OPEN, RESULTS
from .page import SCRIPT, SIGNS, STYLE

if t.TYPE_CHECKING:
    from .model import CauseGroup, Report, ReportedJob, Row

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?([^/?#@]+)", re.IGNORECASE)
_TIMELINE = '<td class="times"'
_DRAWN = frozenset(["times", "bar", "days"])
_CLASSES = {"amount": ' class="right"', "brief": ' class="right"', "times": ' class="times"'}
# Tone and sign of every result, see page.SIGNS.
_LOOKS = {
    "unknown": ("doubt", "question"),
    "failed": ("bad", "cross"),
    "stuck": ("bad", "hourglass"),
    "timed_out": ("bad", "hourglass"),
    "not_followed": ("doubt", "question"),
    "missing": ("doubt", "question"),
    "refused": ("bad", "slash"),
    "not_submitted": ("bad", "slash"),
    "active": ("open", "play"),
    "started": ("open", "play"),
    "not_verified": ("open", "ring"),
    "would_start": ("open", "ring"),
    "completed_with_errors": ("warn", "warning"),
    "succeeded_with_warnings": ("warn", "warning"),
    "succeeded": ("ok", "check"),
    "recent": ("ok", "check"),
}
# Pixels of a timeline, and steps of its axis in seconds.
_WIDTH = 180
_MOST_TICKS = 4
_STEPS = (60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)
# Columns of the picture of all jobs.
_SLICES = 240
# Columns of the table: their words, and how wide they are. A table of fixed widths is laid out far faster.
_COLUMNS = (
    ("Result", "result"),
    ("Backup", "name"),
    ("Job", "job"),
    ("Level", "level"),
    ("Start (UTC)", "time"),
    ("End (UTC)", "time"),
    ("Duration", "amount"),
    ("Data", "amount"),
)
# Rows that are shown at once; the script shows more on demand, and paper always has all.
FIRST_ROWS = 300
# Causes that have a line of their own, and backups that each names.
_MAX_CAUSES = 12
_MAX_NAMES = 6


def report_html(report: Report) -> str:
    """The report as a page. Every value of a backup or job is escaped; the browser runs no script but the page's own,
    and loads nothing.
    """
    return document(
        report.title,
        _lead(report),
        [
            _banner(report),
            _totals(report),
            _causes(report),
            _load(report),
            _tools(report),
            _table(report, _Axis(report)),
        ],
        "All times are UTC. Results and causes are those of the moment when the jobs were last read.",
    )


def document(title: str, lead: str, parts: t.Sequence[str], footer: str) -> str:
    """A whole page, which runs no script but its own and loads nothing.

    Args:
        title: As text.
        lead: What stands below the title, as HTML, and so are parts, which hold one table with the id backups.
        footer: As text.
    """
    policy = f"default-src 'none'; style-src '{_digest(STYLE)}'; script-src '{_digest(SCRIPT)}'; base-uri 'none'"
    title = escape(title)
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
        f"<title>{title}</title><style>{STYLE}</style></head><body>{SIGNS}",
        f"<header><h1>{title}</h1>{lead}</header><main>",
        *parts,
        f"</main><footer>{escape(footer)}</footer>",
        f"<script>{SCRIPT}</script></body></html>",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _digest(text: str) -> str:
    """A text as a content security policy names it (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def sign_of(look: tuple[str, str]) -> str:
    """The sign of a tone and the name of a sign."""
    tone, sign = look
    return f'<svg class="sign {tone}" aria-hidden="true"><use href="#{sign}"/></svg>'


def _lead(report: Report) -> str:
    jobs = len(report.run_jobs)
    parts = [counted(len(report.rows), "backup"), counted(jobs, "job")]
    if report.first_start is not None and report.last_end is not None:
        took = span(report.last_end - report.first_start)
        parts.append(f"{moment(report.first_start)} to {moment(report.last_end)} UTC ({took})")
    data = report.summary()["application_size"]
    if data:
        parts.append(f"{size(data)} of data")
    cells = commcells(report.rows)
    if cells:
        parts.append(f"CommCell {escape(', '.join(cells))}")
    return f'<p class="lead">{" · ".join(parts)}</p>'


def commcells(rows: t.Iterable[Row]) -> list[str]:
    """The hosts of the CommCells, as far as the pages of the jobs tell them."""
    hosts = (_HOST.match(job.job_url or "") for row in rows for job in row.jobs)
    return sorted({host[1] for host in hosts if host})


def _banner(report: Report) -> str:
    words, result = headline(report)
    return banner(words, _LOOKS[result])


def banner(words: str, look: tuple[str, str]) -> str:
    """How it went, with its tone and the name of its sign."""
    return f'<p class="banner {look[0]}">{sign_of(look)}{words}</p>'


def headline(report: Report) -> tuple[str, str]:
    """How it went in a sentence, and the result whose tone and sign that has."""
    counts = report.results()
    total, bad, unfinished = len(report.rows), report.count(FAILED), report.count(OPEN)
    of_all = f"of {counted(total, 'backup')}"
    if not total:
        return "There was nothing to back up", "would_start"
    late = report.going_on
    if bad > late:
        return f"{bad - late} {of_all} failed{f', {late} still running' if late else ''}", "failed"
    if late:
        return f"{late} {of_all} still running", "timed_out"
    if unfinished:
        if unfinished == counts["would_start"] + counts["not_verified"]:
            return f"{unfinished} {of_all} would be started", "would_start"
        return f"None failed so far, {unfinished} {of_all} not finished", "active"
    errors, warnings, recent = (counts[name] for name in ("completed_with_errors", "succeeded_with_warnings", "recent"))
    if recent == total:
        words = "All databases have a recent backup, no new one was started"
        return (words if total > 1 else "The database has a recent backup, no new one was started"), "recent"
    words = f"All {total} backups succeeded" if total > 1 else "The backup succeeded"
    parts = [(errors, "with errors"), (warnings, "with warnings"), (recent, "skipped (recent)")]
    told = [f"{count} {text}" if total > 1 else text for count, text in parts if count]
    result = "completed_with_errors" if errors else "succeeded_with_warnings" if warnings else "succeeded"
    return f"{words}{', ' if told and total > 1 else ' ' if told else ''}{', '.join(told)}", result


def _causes(report: Report) -> str:
    """The causes that several backups share, each once; what only one has is told in its row."""
    groups = _shared(report)
    if not groups:
        return ""
    entries = []
    for number, group in enumerate(groups, 1):
        names = escape(some_of([row.id for row in group.rows], _MAX_NAMES))
        hint = f'<p class="hint">Hint: {escape(group.hint)}</p>' if group.hint else ""
        tone = _LOOKS[group.result][0]
        entries.append(
            f'<li><p><span class="count {tone}">{sign_of(_LOOKS[group.result])} {len(group.rows)} {group.word}</span>'
            f' {escape(group.text)}</p>{hint}<p class="who">{names}'
            f' <button type="button" class="pick" data-cause="{number}" hidden'
            f' aria-label="Show the {counted(len(group.rows), "backup")} of cause {number}">Show</button></p></li>'
        )
    more = len(report.causes) - len(entries)
    rest = f'<p class="lead">And {counted(more, "other cause")}, see the table.</p>' if more > 0 else ""
    return f'<section class="causes"><h2>Causes</h2><ol>{"".join(entries)}</ol>{rest}</section>'


def _shared(report: Report) -> list[CauseGroup]:
    return [group for group in report.causes if len(group.rows) > 1][:_MAX_CAUSES]


def _totals(report: Report) -> str:
    return totals((_LOOKS[result], count, RESULTS[result][0]) for result, count in report.results().items())


def totals(counts: t.Iterable[tuple[tuple[str, str], int, str]]) -> str:
    """How many there are of what, each with its tone and the name of its sign; what there is none of is left out."""
    entries = "".join(f"<li>{sign_of(look)}<b>{count}</b> {words}</li>" for look, count, words in counts if count)
    return f'<ul class="totals" aria-label="Totals">{entries}</ul>' if entries else ""


class _Axis:
    """Times to pixels, for the jobs of this run."""

    def __init__(self, report: Report) -> None:
        self.start = report.first_start or 0
        self.length = max(1, (report.last_end or 0) - self.start)
        self.used = report.first_start is not None
        step = next((step for step in _STEPS if self.length / step <= _MOST_TICKS), self.length // _MOST_TICKS)
        first = -(-self.start // step) * step
        self.ticks = range(first, self.start + self.length + 1, step) if self.used else range(0)
        self._days = step >= 86400

    def place(self, time: int) -> float:
        """Pixels from the left."""
        return round(min(max(0, time - self.start), self.length) / self.length * _WIDTH, 1)

    def drawing(self) -> str:
        """The axis with its labels, and the lines that every timeline repeats."""
        labels = "".join(
            f'<text x="{self.place(tick)}" y="11" text-anchor="middle">{self._label(tick)}</text>'
            for tick in self.ticks
            # The outermost labels would be cut off.
            if 14 <= self.place(tick) <= _WIDTH - 14
        )
        lines = "".join(f"M{self.place(tick)} -6V26" for tick in self.ticks)
        grid = f'<defs><path id="grid" class="tick" d="{lines}"/></defs>' if lines else ""
        return f'<svg class="axis" aria-hidden="true">{grid}{labels}</svg>'

    def _label(self, tick: int) -> str:
        text = moment(tick)
        return text[5:10] if self._days else text[11:16]


def _load(report: Report) -> str:
    """How many jobs were at work at the same time."""
    jobs = [(job.start_time, job.last_time) for job in report.run_jobs if job.start_time is not None]
    if len(jobs) < 2 or report.first_start is None or report.last_end is None:
        return ""
    start, length = report.first_start, max(1, report.last_end - report.first_start)
    # What comes and what goes in each slice; a job counts in the slices of its start, its end and all between.
    changes = [0] * (_SLICES + 1)
    for begun, ended in jobs:
        first = min((begun - start) * _SLICES // length, _SLICES - 1)
        last = min(((ended or begun) - start) * _SLICES // length, _SLICES - 1)
        changes[first] += 1
        changes[max(first, last) + 1] -= 1
    heights = list(accumulate(changes[:_SLICES]))
    most = max(heights)
    path = "".join(f"V{round(72 - 70 * height / most, 1)}H{index + 1}" for index, height in enumerate(heights))
    return (
        f"<section><h2>Jobs at work at the same time (up to {most})</h2>"
        f'<svg class="load" viewBox="0 0 {_SLICES} 72" preserveAspectRatio="none" role="img"'
        f' aria-label="Jobs at work over time, up to {most}"><path d="M0 72{path}V72z"/></svg>'
        f'<div class="scale"><span>{moment(start)}</span><span>{moment(start + length // 2)}</span>'
        f"<span>{moment(start + length)} UTC</span></div></section>"
    )


def _tools(report: Report) -> str:
    choices = [("", "all results"), (FAILED, "all that failed or still run"), (OPEN, "all that are not finished")]
    choices += [(result, RESULTS[result][0]) for result, count in report.results().items() if count]
    choices += [
        (f"cause-{number}", f"cause {number}: {shortened(group.text, 60)}")
        for number, group in enumerate(_shared(report), 1)
    ]
    return tools("Backups", choices)


def tools(heading: str, choices: t.Iterable[tuple[str, str]]) -> str:
    """The heading of the table, and what to search it by.

    Args:
        choices: Values of its rows, and their words.
    """
    options = "".join(f'<option value="{value}">{escape(words)}</option>' for value, words in choices)
    return (
        f'<h2 id="listed">{heading}</h2>'
        '<div class="tools" id="tools" role="search" hidden><label>Find <input type="search" id="text"></label>'
        f'<label>Show <select id="result">{options}</select></label>'
        '<output id="shown" aria-live="polite"></output></div>'
    )


def _table(report: Report, axis: _Axis) -> str:
    places = {id(row): n for n, group in enumerate(_shared(report), 1) for row in group.rows}
    several = len(commcells(report.rows)) > 1
    rows = [_row(row, axis, places.get(id(row)), several) for row in report.rows]
    return table([*_COLUMNS, (f"Timeline (UTC){axis.drawing()}", "times")], rows)


def table(columns: t.Sequence[tuple[str, str]], rows: t.Sequence[str]) -> str:
    """The table of a report.

    Args:
        columns: What stands above each, as HTML, and its class. Drawings are not sorted.
        rows: A tbody for each.
    """
    cols = "".join(f'<col class="{name}">' for _words, name in columns)
    heads = "".join(
        f'<th scope="col"{"" if name in _DRAWN else " data-sortable"}{_CLASSES.get(name, "")}>{words}</th>'
        for words, name in columns
    )
    body = "\n".join(rows[:FIRST_ROWS])
    if len(rows) > FIRST_ROWS:
        # A browser that runs the script need not lay these out before somebody wants to see them.
        later = (row.replace('<tbody class="', '<tbody class="later ', 1) for row in rows[FIRST_ROWS:])
        body = "\n".join([body, *later])
    return (
        f'<table id="backups" aria-labelledby="listed"><colgroup>{cols}</colgroup><thead><tr>{heads}</tr></thead>\n'
        f'{body}\n</table><p id="rest" hidden><button type="button" id="more"></button></p>'
    )


def table_row(result: str, group: str, cells: t.Sequence[str], more: str = "", cause: int | None = None) -> str:
    """One entry of the table.

    Args:
        result: By which it is filtered.
        group: The same, coarser.
        cells: As HTML.
        more: What stands below them over the whole width, as HTML.
        cause: The number of its cause among those that are listed, None without one.
    """
    told = f' data-cause="{cause}"' if cause else ""
    drawn = cells[-1].startswith(_TIMELINE)
    if more and drawn:
        # Narrow screens and paper leave the drawing out, and a cell that spans it would keep a place for it.
        cells = [*cells[:-1], cells[-1].replace(_TIMELINE, f'{_TIMELINE} rowspan="2"', 1)]
    below = f'<tr class="more"><td colspan="{len(cells) - drawn}">{more}</td></tr>' if more else ""
    return f'<tbody class="{group}" data-result="{result}"{told}><tr>{"".join(cells)}</tr>{below}</tbody>'


def _row(row: Row, axis: _Axis, cause: int | None, several: bool) -> str:
    job = row.job
    look = _LOOKS[row.result]
    state = STATES[row.state] if row.state in ("adopted", "duplicate") else ""
    elapsed, data = job.elapsed_seconds, job.application_size
    host = "".join(commcells([row])) if several else ""
    cells = [
        (
            f'<td class="{look[0]}" data-sort="{row.rank}"><span class="word">{sign_of(look)}'
            f" {row.word}</span>{small(state)}{small(_progress(row))}</td>"
        ),
        f'<th scope="rowgroup"><b>{escape(row.id)}</b>{small(_names(row))}{small(host)}</th>',
        _jobs(row),
        f'<td class="tight" data-label="Level">{escape(job.backup_level or "")}</td>',
        time_cell("Start", job.start_time),
        time_cell("End", job.end_time, "" if row.age is None else small(f"{age_words(row.age)} old")),
        amount("Duration", elapsed, "" if elapsed is None else span(elapsed), _rate(job)),
        amount("Data", data, size(data), "" if job.media_size is None else f"{size(job.media_size)} written"),
        f"{_TIMELINE}>{_timeline(row, axis)}</td>",
    ]
    return table_row(row.result, row.counts_as, cells, _why(row), cause)


def _rate(job: ReportedJob) -> str:
    return (
        f"{size(job.application_size // job.elapsed_seconds)}/s" if job.application_size and job.elapsed_seconds else ""
    )


def _progress(row: Row) -> str:
    percent = row.job.percent_complete
    parts = [f"at {percent} %"] if percent is not None and row.job.end_time is None else []
    if row.expected_end:
        parts.append(f"until about {row.expected_end.replace('T', ' ').rstrip('Z')}")
    return ", ".join(parts)


def _names(row: Row) -> str:
    names = f"{row.client_name} / {row.instance_name} / {row.subclient_name}"
    return "" if names.replace(" / ", "/") == row.id else names


def _why(row: Row) -> str:
    cause = f'<p class="why">{escape(row.cause)}</p>' if row.cause else ""
    cause += "".join(
        f'<p class="why hint">Attempt {number}: {escape(text)}</p>' for number, text in enumerate(row.attempts, 1)
    )
    return cause + (f'<p class="why hint">Hint: {escape(row.job.hint)}</p>' if row.job.hint else "")


def _jobs(row: Row) -> str:
    links = "<br>".join(link(job.job_id, job.job_url) for job in row.jobs)
    perhaps = "".join(small(f"perhaps {job_id}") for job_id in row.candidates)
    task = "" if row.task_id is None else small(f"task {row.task_id}")
    number = row.job.job_id if re.match(r"[0-9]+$", row.job.job_id) else ""
    return f'<td class="tight" data-label="Job" data-sort="{number}">{links}{perhaps}{task}</td>'


def link(job_id: str, job_url: str | None) -> str:
    """The id of a job, as a link to its page where there is one."""
    text = escape(job_id)
    # Anything else, such as javascript:, is no page of a job.
    if not re.match(r"https?://", job_url or "", re.IGNORECASE):
        return text
    return f'<a href="{escape(job_url or "")}" rel="noreferrer">{text}</a>'


def _timeline(row: Row, axis: _Axis) -> str:
    """A bar for each job, with a sign at its end."""
    shown = [job for job in row.jobs if job.start_time is not None] if row.state in AWAITED_STATES else []
    if not shown:
        return ""
    bars = "".join(_bar(job, axis) for job in shown)
    return f'<svg class="line" aria-hidden="true"><use href="#grid"/>{bars}</svg>' if axis.used else ""


def _bar(job: ReportedJob, axis: _Axis) -> str:
    tone, sign = _LOOKS[job.result]
    start = axis.place(job.start_time or 0)
    width = round(max(2.0, axis.place(job.last_time or 0) - start), 1)
    # The bar ends where the job does, the sign stands behind it or, at the right edge, on it.
    place = min(round(start + width + 3, 1), _WIDTH - 13)
    hollow = " hollow" if RESULTS[job.result][1] == OPEN or job.end_time is None else ""
    drawn = f'<rect class="bar{hollow}" x="{start}" y="6" width="{width}" height="8"/>'
    if sign != "check":
        drawn += f'<use href="#{sign}" x="{place}" y="4" width="12" height="12"/>'
    return f'<g class="{tone}">{drawn}</g>'


def amount(label: str, value: int | None, words: str, below: str = "") -> str:
    """The cell of an amount.

    Args:
        label: What it is, for screens that have no head of the table.
        value: To sort by.
        words: What is shown.
        below: What stands below it.
    """
    return f'<td class="tight right" data-label="{label}" data-sort="{or_empty(value)}">{words}{small(below)}</td>'


def time_cell(label: str, time: int | None, below: str = "") -> str:
    """The cell of a time.

    Args:
        below: What stands below it, as HTML; else as of amount.
    """
    day, _space, clock = moment(time).partition(" ")
    shown = f"{day} <b>{clock}</b>" if time is not None else ""
    return f'<td class="tight" data-label="{label}" data-sort="{or_empty(time)}">{shown}{below}</td>'


def small(text: str) -> str:
    """A line below another one; an empty one for an empty text."""
    return f"<small>{escape(text)}</small>" if text else ""


def or_empty(number: int | None) -> str:
    """A number to sort by."""
    return "" if number is None else str(number)


def moment(time: int | None) -> str:
    """A time in UTC, such as 2026-01-01 00:00:00; an empty text for None."""
    return (iso_time(time) or "").replace("T", " ").rstrip("Z")


def size(count: int | None) -> str:
    """A size in the units that the Command Center uses, powers of 1024 named GB and so on."""
    if count is None:
        return ""
    value = float(count)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if value < 1024:
            return f"{count} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} PB"
