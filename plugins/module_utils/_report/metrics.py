# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics for Prometheus: OpenMetrics text, which its older text format reads too."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from collections import Counter

from .._http.fields import size
from .._protection.model import STATES
from .model import SUCCEEDED

if t.TYPE_CHECKING:
    from .model import Report, Row
    from .protection import ProtectionReport

    Labels = t.Dict[str, str]

# Characters of a label value: Prometheus has no limit, but a series is kept in memory with all of them.
LABEL_LENGTH = 200


def _gauge(name: str, text: str, samples: t.Iterable[tuple[Labels, t.Any]]) -> list[str]:
    """The lines of a family of gauges, none if it has no samples.

    Source of the format: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md. Names are by
    https://prometheus.io/docs/practices/naming: base units at the end, no time stamps, since node_exporter's textfile
    collector refuses them.

    Args:
        name: With its unit at the end, if it has one.
        text: What it says.
        samples: Labels and values; those of None are left out. Of several with the same labels, the first counts:
            Prometheus refuses a whole file with a series that is there twice.
    """
    series: dict[str, str] = {}
    for labels, value in samples:
        if value is not None:
            series.setdefault(_labels(labels), _number(value))
    if not series:
        return []
    lines = [f"{name}{labels} {number}" for labels, number in series.items()]
    units = [f"# UNIT {name} {unit}" for unit in ("seconds", "bytes") if name.endswith(f"_{unit}")]
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", *units, *lines]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    short = " ".join(str(value).split())[:LABEL_LENGTH]
    return short.replace("\\", "\\\\").replace('"', '\\"')


def _number(value: t.Any) -> str:
    return str(int(value)) if isinstance(value, (bool, int)) else repr(float(value))


def _end(prefix: str, calls: t.Mapping[str, t.Any]) -> list[str]:
    """The last lines of a file."""
    # They come through a playbook.
    samples = [({"kind": kind}, size(calls.get(f"{kind}s"))) for kind in ("read", "write")]
    return [*_gauge(f"{prefix}_api_calls", "Requests that the run made to the CommCell.", samples), "# EOF", ""]


def protection_metrics(report: ProtectionReport) -> str:
    """How databases are protected, one series a database."""
    names = [
        {
            "id": row["id"],
            "client": row["client_name"] or "",
            "instance": row["instance_name"] or "",
            "subclient": row["subclient_name"] or "",
        }
        for row in report.databases
    ]

    def each(name: str, text: str, read: t.Callable[[dict[str, t.Any]], t.Any]) -> list[str]:
        return _gauge(f"commvault_rds_database_{name}", text, zip(names, map(read, report.databases)))

    def good(name: str, text: str, key: str) -> list[str]:
        return each(f"last_good_backup_{name}", text, lambda row: (row["last_good"] or {}).get(key))

    lines = [
        *each(
            "protected",
            "Whether the last good backup of a database is younger than its target.",
            lambda row: row["protected"] if row["listed"] else None,
        ),
        *_gauge(
            "commvault_rds_database_state",
            "The state of a database, always 1.",
            [({**labels, "state": row["state"]}, 1) for labels, row in zip(names, report.databases)],
        ),
        *each("target_age_seconds", "How old the last good backup may be.", lambda row: row["max_age_seconds"]),
        *each(
            "last_good_backup_age_seconds",
            "How old the last good backup was when this was written.",
            lambda row: row["age_seconds"],
        ),
        *good("timestamp_seconds", "When the last good backup ended.", "end_time"),
        *good("duration_seconds", "How long the last good backup took.", "elapsed_seconds"),
        *good("application_bytes", "The data of the last good backup.", "application_size"),
        *good("media_bytes", "What the last good backup wrote.", "media_size"),
        *_gauge(
            "commvault_rds_databases",
            "How many databases are in which state.",
            [({"state": state}, report.summary["states"].get(state, 0)) for state in STATES],
        ),
        *_gauge(
            "commvault_rds_protection_complete",
            "Whether everything could be read.",
            [({}, bool(report.evidence.get("complete")))],
        ),
        *_end("commvault_rds_protection", report.api_calls),
    ]
    return "\n".join(lines)


def backup_metrics(report: Report) -> str:
    """What became of backups, one series a backup."""
    names = [
        {"id": row.id, "client": row.client_name, "instance": row.instance_name, "subclient": row.subclient_name}
        for row in report.rows
    ]

    def each(name: str, text: str, read: t.Callable[[Row], t.Any]) -> list[str]:
        return _gauge(f"commvault_rds_export_backup_{name}", text, zip(names, map(read, report.rows)))

    kinds = Counter(row.failure_kind for row in report.rows if row.failure_kind)
    lines = [
        *each(
            "well",
            "Whether a backup succeeded, or a recent one spared it.",
            lambda row: row.counts_as == SUCCEEDED,
        ),
        *_gauge(
            "commvault_rds_export_backup_result",
            "The result of a backup, always 1.",
            [({**labels, "result": row.result}, 1) for labels, row in zip(names, report.rows)],
        ),
        *each("start_timestamp_seconds", "When a backup started.", lambda row: row.job.start_time),
        *each("end_timestamp_seconds", "When a backup ended.", lambda row: row.job.end_time),
        *each("duration_seconds", "How long a backup took.", lambda row: row.job.elapsed_seconds),
        *each("application_bytes", "The data of a backup.", lambda row: row.job.application_size),
        *each("media_bytes", "What a backup wrote.", lambda row: row.job.media_size),
        *_gauge(
            "commvault_rds_export_backups",
            "How many backups have which result.",
            [({"result": result}, count) for result, count in report.results().items()],
        ),
        *_gauge(
            "commvault_rds_export_failures",
            "How many backups failed by which kind of failure.",
            [({"kind": kind}, count) for kind, count in sorted(kinds.items())],
        ),
        *_end("commvault_rds_export", report.api_calls),
    ]
    return "\n".join(lines)
