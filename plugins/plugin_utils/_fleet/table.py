# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The short table with which a run ends on the console."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._report.model import FAILED, RESULTS, CauseGroup, Report, Row
from ...module_utils._times import age_words, counted, iso_time, short_ids, shortened, some_of
from .entries import Entry, cause_of

MAX_BAD_LINES = 100
# The longest causes name method and URL of a request, and end in what to do.
MAX_LINE = 600
MAX_NAME = 50
_SHOWN = 3
# So many with the same cause are told together, and so many of them by name.
_ALIKE = 3
MAX_GROUP_LINES = 30
MAX_GROUPS = 10


def totals(report: Report) -> str:
    """How many backups came to what, what needs attention first."""
    counts = ", ".join(f"{count} {RESULTS[result][0]}" for result, count in report.results().items() if count)
    return f"{counted(len(report.rows), 'backup')}{': ' if counts else ''}{counts}"


def make_message(report: Report) -> str:
    """One line: totals, and the first that failed with their causes, those with the same cause together."""
    groups = [group for group in report.causes if group.counts_as == FAILED][:_SHOWN]
    shown = "".join(f" [{some_of([row.id for row in group.rows], _SHOWN)}] {_group_cause(group)}" for group in groups)
    left = report.count(FAILED) - sum(len(group.rows) for group in groups)
    return f"{totals(report)}.{shown}{f' And {left} more.' if left else ''}"


def _group_cause(group: CauseGroup) -> str | None:
    if len(group.rows) == 1:
        return cause_of(group.rows[0])
    return f"{group.text.rstrip('.')}. Hint: {group.hint}" if group.hint else group.text


def make_table(
    entries: t.Mapping[str, Entry], report: Report, left_out: t.Sequence[t.Mapping[str, str]], lines: int
) -> list[str]:
    """A short table for people: totals, what failed with its cause, then the rest, and what is to say of many.

    Of three or more with the same cause, the cause stands once above their names.
    """
    rest = [row for row in report.rows if row.counts_as != FAILED]
    groups = [one for one in report.causes if one.counts_as == FAILED and len(one.rows) >= _ALIKE][:MAX_GROUPS]
    grouped = {id(row) for group in groups for row in group.rows}
    alone = [row for row in report.rows if row.counts_as == FAILED and id(row) not in grouped]
    shown_bad, shown_rest = alone[:MAX_BAD_LINES], rest[: max(0, lines)]
    shown = [*shown_bad, *shown_rest]
    widths = [max((len(text) for text in texts), default=0) for texts in zip(*((row.id, row.word) for row in shown))]
    table = [totals(report)]
    for group in groups:
        table += _group_lines(group)
    for row in shown_bad:
        table.append(_line(row, widths, row.word.upper(), ": ".join(filter(None, (_ids(row), cause_of(row))))))
    if len(alone) > len(shown_bad):
        table.append(f"... and {len(alone) - len(shown_bad)} more that failed")
    table += [_line(row, widths, row.word, _ids(row)) for row in shown_rest]
    if len(rest) > len(shown_rest):
        table.append(f"... and {len(rest) - len(shown_rest)} more")
    # As a rule, one missing right is behind all of them.
    open_ones = [row.id for row in report.rows if entries[row.id].get("not_verified")]
    if open_ones:
        first = shortened(str(entries[open_ones[0]]["not_verified"][0]), MAX_LINE)
        table.append(f"{len(open_ones)} with something not verified ({some_of(open_ones, _SHOWN)}): {first}")
    if left_out:
        table.append(f"{len(left_out)} left out, not Oracle: {some_of([one['id'] for one in left_out], _SHOWN)}")
    return table


def started_line(backups: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """All ids of what was started or is at work, for whoever follows it when this run is cancelled; empty if none."""
    job_ids = list(dict.fromkeys(job_id for one in backups for job_id in one["job_ids"] if one["state"] != "recent"))
    if not job_ids:
        return ""
    tasks = dict.fromkeys(str(one["task_id"]) for one in backups if one["task_id"] is not None)
    return (
        f"Tasks {short_ids(tasks) or 'unknown'}, jobs {short_ids(job_ids)}. To wait for the jobs in another run:"
        " ansible-playbook rdsops.commvault.wait_and_report -e"
        f" oracle_rds_export_backup_follow_job_ids={short_ids(job_ids)}"
    )


def _group_lines(group: CauseGroup) -> list[str]:
    """The cause, and below it the names of the backups with their jobs."""
    cause = shortened(_group_cause(group) or "", MAX_LINE)
    names = [", ".join(filter(None, (row.id, _ids(row)))) for row in group.rows]
    told = [f"  {name}" for name in names[:MAX_GROUP_LINES]]
    more = [f"  ... and {len(names) - MAX_GROUP_LINES} more"] if len(names) > MAX_GROUP_LINES else []
    return [f"{len(names)} {group.word.upper()}: {cause}", *told, *more]


def _line(row: Row, widths: t.Sequence[int], word: str, text: str) -> str:
    name = row.id.ljust(min(widths[0], MAX_NAME))
    return f"{name}  {word.ljust(widths[1])}  {shortened(text, MAX_LINE)}".rstrip()


def _ids(row: Row) -> str:
    """The task and the jobs of a backup, and what else is worth a word about them."""
    parts = [f"task {row.task_id}"] if row.task_id is not None else []
    if row.job_ids:
        parts.append(f"{'job' if len(row.job_ids) == 1 else 'jobs'} {', '.join(row.job_ids)}")
    if row.result == "active" and row.job.status:
        percent = "" if row.job.percent_complete is None else f", {row.job.percent_complete} %"
        parts.append(f"{row.job.status}{percent}")
    if row.attempts:
        parts.append(f"attempt {len(row.attempts) + 1}")
    if row.expected_end:
        parts.append(f"expected end {row.expected_end}")
    if row.result == "recent" and row.job.end_time is not None:
        # Its time, too: the table is shown again when the other jobs have been waited for.
        before = "" if row.age is None else f", {age_words(row.age)} before this run"
        parts.append(f"ended {iso_time(row.job.end_time)}{before}")
    return ", ".join(parts)
