# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report of export backups: what became of each, one row a backup. No Ansible, no files, and no clock: the same
backups always give the same report.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import re
import typing as t
from collections import Counter
from dataclasses import dataclass, field, replace

from .._errors import InvalidInput
from .._export.backup import AWAITED_STATES, STATES
from .._http import fields
from .._jobs.job import BAD, ERRORS, OK, WARNINGS
from .._jobs.wait_result import OUTCOMES
from .._times import iso_time

SUCCEEDED, FAILED, OPEN = "succeeded", "failed", "open"

# What can have become of a backup: in words, and as what it counts. What needs attention most comes first; rows
# are sorted by this, and of several jobs of a backup the first one here decides.
RESULTS: dict[str, tuple[str, str]] = {
    "unknown": ("unknown", FAILED),
    "failed": ("failed", FAILED),
    "stuck": ("stuck", FAILED),
    "timed_out": ("still running", FAILED),
    "not_followed": ("not followed to the end", FAILED),
    "missing": ("job missing", FAILED),
    "refused": ("refused", FAILED),
    "not_submitted": ("not submitted", FAILED),
    "active": ("active", OPEN),
    "started": ("started", OPEN),
    "not_verified": ("not verified", OPEN),
    "would_start": ("would be started", OPEN),
    "completed_with_errors": ("completed with errors", SUCCEEDED),
    "succeeded_with_warnings": ("succeeded with warnings", SUCCEEDED),
    "succeeded": ("succeeded", SUCCEEDED),
    "recent": ("skipped (recent)", SUCCEEDED),
}
# Those of RESULTS that count as failed though their jobs go on.
GOING_ON = ("stuck", "timed_out")
_RANK = {result: rank for rank, result in enumerate(RESULTS)}
_GOOD_ENDS = {OK: "succeeded", WARNINGS: "succeeded_with_warnings", ERRORS: "completed_with_errors"}

_GOOD_BUT = frozenset(["completed_with_errors", "succeeded_with_warnings"])
# How messages of one backup begin, and the times before events.
_LABEL = re.compile(
    r"^(No backup of|Whether a backup of) instance .{1,300}? (was started: |was started is not known: )"
)
_IN_NAMES = ("-", "_")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ?")
# What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets), and lone halves of characters that no encoding takes.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Keys of a job: epoch seconds, and amounts that are never negative.
TIMES, AMOUNTS = ("start_time", "end_time"), ("elapsed_seconds", "application_size", "media_size")
# The end of the year 9999, the last that dates are written for.
_LAST_TIME = 253402300799


@dataclass(frozen=True)
class ReportedJob:
    """One job of a backup. Times are epoch seconds, sizes bytes, all else strings; what is not known is None.

    Attributes:
        result: A key of RESULTS, "started" if nothing more is known.
    """

    job_id: str
    result: str
    status: str | None = None
    backup_level: str | None = None
    percent_complete: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    elapsed_seconds: int | None = None
    application_size: int | None = None
    media_size: int | None = None
    cause: str | None = None
    hint: str | None = None
    job_url: str | None = None

    @property
    def last_time(self) -> int | None:
        """When it ended, or how far it had come when it was last seen."""
        if self.end_time is None and self.start_time is not None:
            return self.start_time + (self.elapsed_seconds or 0)
        return self.end_time


class _Result:
    """What has a result, a key of RESULTS."""

    result: str

    @property
    def word(self) -> str:
        """The result in words."""
        return RESULTS[self.result][0]

    @property
    def counts_as(self) -> str:
        """SUCCEEDED, FAILED or OPEN."""
        return RESULTS[self.result][1]

    @property
    def rank(self) -> int:
        """The place of the result among all, 0 for what needs attention most."""
        return _RANK[self.result]


@dataclass(frozen=True)
class Row(_Result):
    """One backup.

    Attributes:
        result: A key of RESULTS.
        state: That of oracle_rds_export_backup.
        jobs: The one that decided first.
        cause: Why it failed, or what else there is to say; None if nothing.
        failure_kind: Of the failure to start it, None if there was none.
        expected_end: When a job that is under way will end, in UTC; None if that is not known.
        attempts: What became of the attempts before this one, a sentence each.
        age: Seconds from the end of the backup that made it "recent" to this run, None for all else.
    """

    id: str
    client_name: str
    instance_name: str
    subclient_name: str
    result: str
    state: str
    task_id: int | None
    job_ids: tuple[str, ...]
    candidates: tuple[str, ...]
    jobs: tuple[ReportedJob, ...]
    cause: str | None
    msg: str
    failure_kind: str | None = None
    expected_end: str | None = None
    attempts: tuple[str, ...] = ()
    age: int | None = None

    @property
    def job(self) -> ReportedJob:
        """The job that decided, an empty one if there is none."""
        return self.jobs[0] if self.jobs else ReportedJob("", self.result)


@dataclass(frozen=True)
class CauseGroup(_Result):
    """Backups that ended the same way for the same reason.

    Attributes:
        result: A key of RESULTS.
        text: The cause, without what only one of them has, such as its name or its job.
        hint: What to do about it, None if that is not known.
        rows: The backups.
    """

    result: str
    text: str
    hint: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Report:
    """All rows, those that need attention first, else in the order in which they were given."""

    title: str
    rows: tuple[Row, ...]
    api_calls: t.Mapping[str, t.Any] = field(default_factory=dict)

    @functools.cached_property
    def run_jobs(self) -> list[ReportedJob]:
        """The jobs that this run started or found at work, each once."""
        found = {job.job_id: job for row in self.rows if row.state in AWAITED_STATES for job in row.jobs}
        return list(found.values())

    @property
    def first_start(self) -> int | None:
        """When the first of these jobs started."""
        return min((job.start_time for job in self.run_jobs if job.start_time is not None), default=None)

    @property
    def last_end(self) -> int | None:
        """When the last of these jobs ended, or was last seen."""
        return max((job.last_time for job in self.run_jobs if job.last_time is not None), default=None)

    def count(self, group: str) -> int:
        """How many rows count as this."""
        return sum(row.counts_as == group for row in self.rows)

    @property
    def going_on(self) -> int:
        """How many rows count as failed though their jobs go on."""
        return sum(row.result in GOING_ON for row in self.rows)

    @functools.cached_property
    def causes(self) -> list[CauseGroup]:
        """Why backups failed, or succeeded with warnings only: equal causes once, those of the most backups first."""
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row.counts_as == FAILED or row.result in _GOOD_BUT:
                groups.setdefault((row.result, row.job.hint or _shared_cause(row)), []).append(row)
        found = [
            CauseGroup(result, _shared_cause(rows[0]), rows[0].job.hint, tuple(rows))
            for (result, _key), rows in groups.items()
        ]
        return sorted(found, key=lambda group: (group.counts_as != FAILED, -len(group.rows)))

    def results(self) -> dict[str, int]:
        """How many rows have which result, every result in the order of RESULTS."""
        counts = Counter(row.result for row in self.rows)
        return {result: counts[result] for result in RESULTS}

    def summary(self) -> dict[str, t.Any]:
        """The totals, as RETURN of export_report describes them."""
        return {
            "backups": len(self.rows),
            **{group: self.count(group) for group in (SUCCEEDED, FAILED, OPEN)},
            "results": self.results(),
            "first_start": iso_time(self.first_start),
            "last_end": iso_time(self.last_end),
            "application_size": sum(job.application_size or 0 for job in self.run_jobs),
            "media_size": sum(job.media_size or 0 for job in self.run_jobs),
        }


def make_report(
    backups: t.Sequence[t.Mapping[str, t.Any]],
    jobs: t.Sequence[t.Mapping[str, t.Any]] = (),
    title: str = "",
    api_calls: t.Mapping[str, t.Any] | None = None,
) -> Report:
    """The report of backups.

    Args:
        backups: As oracle_rds_export_backup returns them.
        jobs: As job_wait or job_info return them, laid over what the backups say of theirs.
        title: Of the report.
        api_calls: Of the run, as the modules return them.

    Raises:
        InvalidInput: Something that neither returns.
    """
    known: dict[str, tuple[str, t.Mapping[str, t.Any]]] = {}
    for number, job in enumerate(jobs):
        where = f"jobs[{number}]"
        known[_job_id(job, where)] = (where, job)
    rows = [_row(backup, f"backups[{number}]", known) for number, backup in enumerate(backups)]
    return Report(clean(title), tuple(sorted(rows, key=lambda row: row.rank)), api_calls or {})


def _shared_cause(row: Row) -> str:
    """The cause of a row without what other rows with the same cause do not have."""
    text = _LABEL.sub("", row.cause or row.msg or row.word)
    for name in sorted({row.id, row.instance_name, *row.job_ids} - {""}, key=len, reverse=True):
        text = _without(text, name)
    return _TIME.sub("", text).strip() or row.word


def _without(text: str, name: str) -> str:
    """A text with "..." for a name that stands as a word. A pattern for each of 5,000 names would take seconds."""
    before, found, after = text.partition(name)
    if not found:
        return text
    inside = before[-1:].isalnum() or after[:1].isalnum() or before[-1:] in _IN_NAMES or after[:1] in _IN_NAMES
    return f"{before}{name if inside else '...'}{_without(after, name)}"


def clean(value: t.Any) -> str:
    """A value as text, without the characters that a report cannot hold; an empty one for None."""
    return "" if value is None else _NO_XML.sub("", str(value))


def _row(backup: t.Mapping[str, t.Any], where: str, known: t.Mapping[str, tuple[str, t.Mapping[str, t.Any]]]) -> Row:
    state = backup.get("state")
    if not isinstance(state, str) or state not in STATES or backup.get("id") is None:
        raise InvalidInput(
            f"{where} is not what oracle_rds_export_backup returns in backups: it needs an id, and a state that is one"
            f" of {', '.join(STATES)}, not {state!r}."
        )
    job = backup.get("job")
    # The role keeps all jobs of a backup where there are several.
    own = {
        _job_id(one, f"{where}.{name}"): (f"{where}.{name}", one)
        for name in ("job", "jobs")
        for one in fields.rows(backup, name)
    }
    job_ids = _texts(backup.get("job_ids"), f"{where}.job_ids")
    found = [known.get(job_id) or own.get(job_id) for job_id in job_ids]
    # A backup that was waited for has the first of its jobs that did not succeed: where it succeeded, all did.
    rest = "succeeded" if isinstance(job, dict) and job.get("outcome") == "succeeded" else "started"
    reported = [_job(job_id, *entry) if entry else ReportedJob(job_id, rest) for job_id, entry in zip(job_ids, found)]
    if reported and reported[0].job_url is None:
        reported[0] = replace(reported[0], job_url=_text(backup.get("job_url")))
    reported.sort(key=lambda job: _RANK[job.result])
    msg = clean(backup.get("msg"))
    if state in AWAITED_STATES:
        result, cause = (reported[0].result, reported[0].cause) if reported else ("started", None)
    else:
        result = str(state)
        cause = msg or None if RESULTS[result][1] == FAILED or state == "not_verified" else None
    failure, age = backup.get("failure"), backup.get("age_seconds")
    return Row(
        id=clean(backup["id"]),
        client_name=clean(backup.get("client_name")),
        instance_name=clean(backup.get("instance_name")),
        subclient_name=clean(backup.get("subclient_name")),
        result=result,
        state=str(state),
        task_id=_number(backup.get("task_id")),
        job_ids=tuple(job_ids),
        candidates=tuple(_texts(backup.get("candidates"), f"{where}.candidates")),
        jobs=tuple(reported),
        cause=cause,
        msg=msg,
        failure_kind=_text(failure.get("kind")) if isinstance(failure, dict) else None,
        expected_end=_text(backup.get("expected_end")) if RESULTS[result][1] == OPEN else None,
        attempts=tuple(_attempt(one) for one in fields.rows(backup, "attempts")),
        age=fields.size(age) if state == "recent" else None,
    )


def _attempt(attempt: t.Mapping[str, t.Any]) -> str:
    """What became of an attempt before the last one."""
    job = f"job {clean(attempt.get('job_id'))}: " if attempt.get("job_id") else ""
    told = [clean(attempt.get(name)) for name in ("status", "reason")]
    return job + (", ".join(text for text in told if text) or clean(attempt.get("state")))


def _job(job_id: str, where: str, entry: t.Mapping[str, t.Any]) -> ReportedJob:
    result = _job_result(where, entry)
    known: dict[str, t.Any] = {name: _text(entry.get(name)) for name in ("status", "backup_level", "hint", "job_url")}
    known.update({name: _number(entry.get(name)) for name in ("percent_complete", *AMOUNTS)})
    known.update({name: _time(entry.get(name)) for name in TIMES})
    return ReportedJob(job_id, result, cause=_cause(result, entry), **known)


def _job_result(where: str, entry: t.Mapping[str, t.Any]) -> str:
    outcome, state = entry.get("outcome"), entry.get("state")
    if outcome is not None and str(outcome) not in OUTCOMES:
        raise InvalidInput(f"{where}.outcome is {outcome!r}, and not one of {', '.join(OUTCOMES)}.")
    if outcome == "succeeded" or (outcome is None and state in (OK, WARNINGS)):
        return _GOOD_ENDS.get(str(state), "succeeded")
    if outcome in GOING_ON and entry.get("on_timeout") == "kill":
        return "failed"
    if outcome is not None:
        return str(outcome)
    # Nobody waited for it: it is as it was when it was read.
    if not entry.get("found", True):
        return "missing"
    return "failed" if state in (BAD, ERRORS) else "active"


def _cause(result: str, entry: t.Mapping[str, t.Any]) -> str | None:
    """Why the job is as it is, in the vendor's words."""
    parts: list[str] = []
    if result == "missing":
        parts.append("The job does not exist on the CommCell any more, or the user may not see it.")
    elif result != "succeeded" and entry.get("status"):
        parts.append(f"{clean(entry['status'])}.")
    for name in ("reason", "delay_reason"):
        text = clean(entry.get(name))
        if text and text not in parts:
            parts.append(text)
    if entry.get("on_timeout"):
        parts.append(f"on_timeout was {clean(entry['on_timeout'])}.")
    events = entry.get("events")
    if not entry.get("reason") and not entry.get("delay_reason") and isinstance(events, list) and events:
        parts.append(clean(events[0]))
    return " ".join(parts) or None


def _job_id(entry: t.Mapping[str, t.Any], where: str) -> str:
    job_id = clean(entry.get("job_id"))
    if not job_id:
        raise InvalidInput(f"{where} is not what job_wait or job_info return in jobs: it has no job_id.")
    return job_id


def _texts(value: t.Any, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(f"{where} must be a list, not {type(value).__name__}.")
    return [clean(member) for member in value]


def _text(value: t.Any) -> str | None:
    return clean(value) or None


def _number(value: t.Any) -> int | None:
    """A number that is not negative, and of 18 digits at most; None for anything else. Texts of digits count, since
    templates can make them.
    """
    if isinstance(value, str) and re.match(r"[0-9]{1,18}$", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18 else None


def _time(value: t.Any) -> int | None:
    number = _number(value)
    return number if number and number <= _LAST_TIME else None
