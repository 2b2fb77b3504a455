# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""The backups of a whole play: from the variables of its hosts to what is started, and from what became of it to one
result for facts, console, artifact and reports, so that these cannot but say the same. No Ansible, no HTTP.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ._errors import CommvaultError, InvalidInput
from ._estate import DEFAULT_SUBCLIENT, ORACLE
from ._oracle_rds import AWAITED_STATES, STATES
from ._rds_names import MATCHED, SKIPPED, make_rds_instance
from ._report import NOT_WELL, RESULTS, Report, clean, make_report
from ._times import age_words, iso_time

if t.TYPE_CHECKING:
    from ._report import Row

    # The variables of a host by name. Raises ValueError for one that cannot be evaluated.
    Variables = t.Mapping[str, t.Any]
    Entry = t.Dict[str, t.Any]

# What a host is called in Commvault. The first of these variables that a host has counts.
KEYS = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")
PREFIXES = ("oracle_rds_export_backup_", "commvault_")
# What amazon.aws.aws_rds says of a DB instance, or of a cluster.
AWS_KEYS = ("db_instance_identifier", "db_instance_arn", "engine", "region")
AWS_MARKS = ("db_instance_identifier", "db_instance_arn", "db_cluster_identifier")
# What of the names in Commvault helps to find what AWS names; the rest of them goes before what was found.
LOOKED_UP_BY = ("client_name", "subclient_name")

# What is wrong with a variable that has no value that could be used.
_NO_VALUE = "cannot be evaluated, or looks like a template"

# What an artifact holds of backups that are not well: AWX hands it on with every job that follows.
MAX_NOT_WELL = 100
MAX_CAUSE = 200
# Lines of the console.
MAX_BAD_LINES = 100
MAX_LINE = 300
MAX_NAME = 50
_SHOWN = 3

# What is kept of a job that was waited for: all that reports tell, and no more, since each host's facts hold it.
JOB_KEYS = (
    "job_id",
    "found",
    "outcome",
    "state",
    "status",
    "backup_level",
    "percent_complete",
    "start_time",
    "end_time",
    "elapsed_seconds",
    "application_size",
    "media_size",
    "reason",
    "delay_reason",
    "events",
    "hint",
    "job_url",
    "on_timeout",
)


# --- From hosts to instances ------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """What the variables of hosts say.

    entries: for the option instances of oracle_rds_export_backup, by host. wanted: for the option match of
    oracle_rds_instance_info. more: what hosts of wanted say beside AWS's names, by host. problems: what is missing or
    wrong, a text for each host.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    wanted: list[Entry] = field(default_factory=list)
    more: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_hosts(hosts: t.Iterable[str], variables_of: t.Callable[[str], Variables]) -> Reading:
    """Read what each host is called; nothing is raised for what is wrong, so that all of it can be said at once."""
    reading = Reading()
    owners: dict[tuple[str, str, str, int], str] = {}
    for host in hosts:
        variables = variables_of(host)
        entry, wrong = _read_host(host, variables)
        from_aws = not wrong and not _named(variables) and any(mark in variables for mark in AWS_MARKS)
        if from_aws:
            wanted, wrong = _read_aws(host, variables, entry)
            if not wrong:
                reading.wanted.append(wanted)
                reading.more[host] = {name: value for name, value in entry.items() if name not in LOOKED_UP_BY}
        elif not wrong:
            wrong = [f"commvault_{key} is missing" for key in KEYS[:2] if key not in entry]
        if not wrong and not from_aws:
            owner = owners.setdefault(_key(entry), host)
            if owner != host:
                wrong = [f"it is the same instance as {owner}"]
        if wrong:
            reading.problems.append(f"{host.replace('{', '?')}: {', '.join(wrong)}")
        elif not from_aws:
            reading.entries[host] = entry
    return reading


def _read_host(host: str, variables: Variables) -> tuple[Entry, list[str]]:
    entry: Entry = {"id": host}
    wrong = ["its name looks like a template"] if _looks_like_template(host) else []
    for key in KEYS:
        name = next((prefix + key for prefix in PREFIXES if prefix + key in variables), None)
        if name is None:
            continue
        value, problem = _text(variables, name)
        if problem:
            wrong.append(problem)
        elif key == "application_id" and value and not re.match(r"0*[1-9][0-9]{0,9}$", value):
            wrong.append(f"{name} must be a positive number")
        elif value:
            entry[key] = value
    return entry, wrong


def _read_aws(host: str, variables: Variables, entry: Entry) -> tuple[Entry, list[str]]:
    wanted: Entry = {"id": host, **{name: entry[name] for name in LOOKED_UP_BY if name in entry}}
    wrong = []
    for key in AWS_KEYS:
        if key in variables:
            value, problem = _text(variables, key)
            if problem:
                wrong.append(problem)
            elif value:
                wanted[key] = value
    if not wrong:
        try:
            make_rds_instance(wanted, 0)
        except InvalidInput as exc:
            wrong.append(str(exc).replace("match[0].", ""))
    return wanted, wrong


def _text(variables: Variables, name: str) -> tuple[str, str | None]:
    """A variable as text, or what is wrong with it."""
    try:
        value = variables[name]
    except ValueError:
        return "", f"{name} {_NO_VALUE}"
    if value is None:
        return "", None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return "", f"{name} must be a text"
    text = str(value)
    # What cannot be evaluated is left as it is written by ansible-core before 2.19.
    if _looks_like_template(text):
        return "", f"{name} {_NO_VALUE}"
    return ("" if not text.strip() else text), None


def _looks_like_template(text: str) -> bool:
    return any(mark in text for mark in ("{{", "{%", "{#"))


def _named(variables: Variables) -> bool:
    """Whether a host has the name of an instance in Commvault, right or wrong."""
    return any(f"{prefix}instance_name" in variables for prefix in PREFIXES)


def _key(entry: Entry) -> tuple[str, str, str, int]:
    """Equal for two entries that name the same subclient."""
    subclient = entry.get("subclient_name") or DEFAULT_SUBCLIENT
    application = int(entry.get("application_id") or ORACLE)
    return entry["client_name"].lower(), entry["instance_name"].lower(), subclient.lower(), application


def not_of_the_play(own: Variables, play: Variables) -> list[str]:
    """Problems of variables that a play or role sets, though it is hosts that should have them: they would have one
    value for all, or none at all.

    own: the variables of a host alone, not evaluated. play: those that its tasks see.
    """
    names = [prefix + key for key in KEYS for prefix in PREFIXES]
    return [
        f"{name} is set for the play or the role, where it has one value for all hosts. Set it for the hosts: in the"
        " inventory, group_vars or host_vars"
        for name in names
        if str(play.get(name, "")) != str(own.get(name, ""))
    ]


def add_matches(
    reading: Reading, matches: t.Iterable[t.Mapping[str, t.Any]]
) -> tuple[list[Entry], list[dict[str, str]]]:
    """Take what oracle_rds_instance_info found for the hosts of wanted into entries.

    Returns the backups of hosts for which there is nothing to start, as oracle_rds_export_backup would return them, and
    the hosts that are left out since they are not Oracle, with the reason.
    """
    lost: list[Entry] = []
    left_out: list[dict[str, str]] = []
    owners = {_key(entry): host for host, entry in reading.entries.items()}
    for match in matches:
        host, state, msg = match["id"], match["state"], match["msg"]
        if state == SKIPPED:
            left_out.append({"id": host, "msg": msg})
            continue
        if state == MATCHED:
            entry = {**match["entry"], **reading.more.get(host, {})}
            owner = owners.setdefault(_key(entry), host)
            if owner == host:
                reading.entries[host] = entry
                continue
            state, msg = "ambiguous", f"{msg} But that is {owner} already."
        lost.append(_not_started(host, f"No backup of {host} was started: {msg}", f"instance_{state}"))
    return lost, left_out


def _not_started(host: str, msg: str, kind: str) -> Entry:
    return {
        "id": host,
        "client_name": None,
        "instance_name": None,
        "subclient_name": None,
        "state": "not_submitted",
        "task_id": None,
        "job_ids": [],
        "candidates": [],
        "job": None,
        "job_url": None,
        "msg": msg,
        "retry_at": None,
        "not_verified": [],
        "age_seconds": None,
        "failure": CommvaultError(msg, kind).failure(),
    }


# --- From backups to what is said of them -----------------------------------------------------------------------------


def awaited(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The ids of the jobs that are at work, or were when they were last seen."""
    found = (job_id for entry in entries if entry["state"] in AWAITED_STATES for job_id in entry["job_ids"])
    return list(dict.fromkeys(found))


def make_entries(
    backups: t.Sequence[t.Mapping[str, t.Any]], jobs: t.Sequence[t.Mapping[str, t.Any]] = ()
) -> dict[str, Entry]:
    """The backups by id, each with what came of it: result, verdict and cause as in reports.

    backups: as oracle_rds_export_backup returns them, or as this function did. jobs: as job_wait returns them; those of
    a backup are kept in its "job", the one that decides, and where there are several in "jobs".
    """
    kept = [{name: job.get(name) for name in JOB_KEYS} for job in jobs]
    by_id = {job["job_id"]: job for job in kept}
    rows = {row.id: row for row in make_report(backups, [*_known_jobs(backups), *kept]).rows}
    entries = {}
    for backup in backups:
        row = rows[clean(backup["id"])]
        entry = {**backup, "result": row.result, "verdict": row.verdict, "cause": _cause(row)}
        own = [by_id[job_id] for job_id in backup["job_ids"] if job_id in by_id]
        if own:
            entry["job"] = by_id.get(row.job.job_id, own[0])
            if len(own) > 1:
                entry["jobs"] = own
        entries[row.id] = entry
    return entries


def _cause(row: Row) -> str | None:
    """Why it is not well, with what to do about it if that is known."""
    hint = row.job.hint
    cause = row.cause or (row.msg or row.word if row.verdict == NOT_WELL else None)
    return f"{cause} Hint: {hint}" if cause and hint else cause


def _known_jobs(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[t.Mapping[str, t.Any]]:
    """What make_entries kept of several jobs of a backup."""
    return [job for entry in entries for job in entry.get("jobs") or ()]


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
        entry = _not_started(name, "", "")
        entry.update(zip(("client_name", "instance_name", "subclient_name"), names))
        entry.update(state="started", job_ids=[job["job_id"]], job_url=job.get("job_url"), failure=None)
        backups.append(entry)
    for one in carried:
        if one.get("result") in STATES and one["result"] not in AWAITED_STATES and str(one["id"]) not in ids:
            entry = _not_started(str(one["id"]), str(one.get("cause") or ""), "")
            entry["state"] = one["result"]
            backups.append(entry)
    return backups


def make_fleet(
    entries: t.Mapping[str, Entry],
    earlier: t.Sequence[Entry] = (),
    left_out: t.Sequence[t.Mapping[str, str]] = (),
    lines: int = 40,
) -> dict[str, t.Any]:
    """What a step of oracle_rds_export_fleet returns of all backups; see RETURN there.

    entries: of make_entries, by id. earlier: entries of other batches of the play, which only the artifact holds.
    left_out: hosts that are not Oracle, with the reason. lines: how many backups that are well the summary lists.
    """
    own = list(entries.values())
    report = make_report(own, _known_jobs(own))
    bad = [row for row in report.rows if row.verdict == NOT_WELL]
    everything = [*earlier, *own]
    return {
        "results": dict(entries),
        "not_well": [row.id for row in bad],
        "left_out": [dict(one) for one in left_out],
        "summary": _summary(entries, report, bad, left_out, lines),
        "artifact": _artifact(everything, make_report(everything, _known_jobs(everything)) if earlier else report),
        "msg": _message(report, bad),
    }


def _artifact(entries: t.Sequence[Entry], report: Report) -> dict[str, t.Any]:
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


def totals(report: Report) -> str:
    """How many backups came to what, what needs attention first."""
    counts = ", ".join(f"{count} {RESULTS[result][0]}" for result, count in report.results().items() if count)
    number = len(report.rows)
    return f"{number} {'backup' if number == 1 else 'backups'}{': ' if counts else ''}{counts}"


def _message(report: Report, bad: t.Sequence[Row]) -> str:
    shown = "".join(f" [{row.id}] {_cause(row)}" for row in bad[:_SHOWN])
    more = f" And {len(bad) - _SHOWN} more." if len(bad) > _SHOWN else ""
    return f"{totals(report)}.{shown}{more}"


def _summary(
    entries: t.Mapping[str, Entry],
    report: Report,
    bad: t.Sequence[Row],
    left_out: t.Sequence[t.Mapping[str, str]],
    lines: int,
) -> list[str]:
    """A short table for people: totals, what is not well with its cause, then the rest, and what is to say of many."""
    rest = [row for row in report.rows if row.verdict != NOT_WELL]
    shown_bad, shown_rest = bad[:MAX_BAD_LINES], rest[: max(0, lines)]
    shown = [*shown_bad, *shown_rest]
    widths = [max((len(text) for text in texts), default=0) for texts in zip(*((row.id, row.word) for row in shown))]
    table = [totals(report)]
    table += [
        _line(row, widths, row.word.upper(), ": ".join(filter(None, (_ids(row, entries), _cause(row)))))
        for row in shown_bad
    ]
    if len(bad) > len(shown_bad):
        table.append(f"... and {len(bad) - len(shown_bad)} more that are not well")
    table += [_line(row, widths, row.word, _ids(row, entries)) for row in shown_rest]
    if len(rest) > len(shown_rest):
        table.append(f"... and {len(rest) - len(shown_rest)} more")
    # As a rule, one missing right is behind all of them.
    open_ones = [row.id for row in report.rows if entries[row.id].get("not_verified")]
    if open_ones:
        first = shortened(str(entries[open_ones[0]]["not_verified"][0]), MAX_LINE)
        table.append(f"{len(open_ones)} with something not verified ({_some(open_ones)}): {first}")
    if left_out:
        table.append(f"{len(left_out)} left out, not Oracle: {_some([one['id'] for one in left_out])}")
    return table


def _some(names: t.Sequence[str]) -> str:
    """The first of many names, and how many there are beside."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _line(row: Row, widths: t.Sequence[int], word: str, text: str) -> str:
    name = row.id.ljust(min(widths[0], MAX_NAME))
    return f"{name}  {word.ljust(widths[1])}  {shortened(text, MAX_LINE)}".rstrip()


def _ids(row: Row, entries: t.Mapping[str, Entry]) -> str:
    """The task and the jobs of a backup, and what else is worth a word about them."""
    parts = [f"task {row.task_id}"] if row.task_id is not None else []
    if row.job_ids:
        parts.append(f"{'job' if len(row.job_ids) == 1 else 'jobs'} {', '.join(row.job_ids)}")
    if row.result == "active" and row.job.status:
        percent = "" if row.job.percent_complete is None else f", {row.job.percent_complete} %"
        parts.append(f"{row.job.status}{percent}")
    if row.result == "recent" and row.job.end_time is not None:
        age = entries[row.id].get("age_seconds")
        # Its time, too: the table is shown again when the other jobs have been waited for.
        before = "" if age is None else f", {age_words(age)} before this run"
        parts.append(f"ended {iso_time(row.job.end_time)}{before}")
    return ", ".join(parts)


def shortened(text: str, limit: int) -> str:
    """A text of at most limit characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 4].rstrip() + " ..."


_SEPARATORS = re.compile(r"[\s,;]+")


def words(value: t.Any) -> list[str]:
    """The members of a list, or of a text with commas, semicolons, spaces or line breaks between them, as surveys have
    it. Numbers become texts.
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [word for member in value for word in words(member)]
    return [word for word in _SEPARATORS.split(str(value)) if word]
