# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics for Prometheus: OpenMetrics text, which its older text format reads too."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._protection.model import STATES
from .model import RESULTS, SUCCEEDED

if t.TYPE_CHECKING:
    from .model import Report, Row
    from .protection import ProtectionReport

    Labels = t.Dict[str, str]

# Characters of a label value: Prometheus has no limit, but a series is kept in memory with all of them.
LABEL_LENGTH = 200


class _Metrics:
    """Collects families of gauges, each with the samples that have a value.

    Source of the format: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md. Names are by
    https://prometheus.io/docs/practices/naming: base units at the end, no time stamps, since node_exporter's textfile
    collector refuses them.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def gauge(self, name: str, text: str, samples: t.Iterable[tuple[Labels, t.Any]]) -> None:
        """Add a family, unless it has no samples.

        Args:
            name: With its unit at the end, if it has one.
            text: What it says.
            samples: Labels and values; those of None are left out.
        """
        lines = [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples if value is not None]
        if lines:
            unit = next((f"# UNIT {name} {unit}" for unit in ("seconds", "bytes") if name.endswith(f"_{unit}")), None)
            self._lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", *([unit] if unit else []), *lines]

    def text(self) -> str:
        """The whole file."""
        return "\n".join([*self._lines, "# EOF"]) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    short = " ".join(str(value).split())[:LABEL_LENGTH]
    return short.replace("\\", "\\\\").replace('"', '\\"')


def _number(value: t.Any) -> str:
    return str(int(value)) if isinstance(value, (bool, int)) else repr(float(value))


def _calls(metrics: _Metrics, prefix: str, calls: t.Mapping[str, t.Any]) -> None:
    samples = [({"kind": kind}, calls.get(f"{kind}s")) for kind in ("read", "write")]
    metrics.gauge(f"{prefix}_api_calls", "Requests that the run made to the CommCell.", samples)


def protection_metrics(report: ProtectionReport) -> str:
    """How databases are protected, one series a database."""
    metrics, rows, prefix = _Metrics(), report.databases, "commvault_rds_database"

    def each(read: t.Callable[[dict[str, t.Any]], t.Any], **more: str) -> list[tuple[Labels, t.Any]]:
        return [({**_names(row), **more}, read(row)) for row in rows]

    def good(name: str) -> t.Callable[[dict[str, t.Any]], t.Any]:
        return lambda row: (row["last_good"] or {}).get(name)

    listed = [row for row in rows if row["listed"]]
    metrics.gauge(
        f"{prefix}_protected",
        "Whether the last good backup of a database is younger than its target.",
        [(_names(row), row["protected"]) for row in listed],
    )
    metrics.gauge(
        f"{prefix}_state",
        "The state of a database, always 1.",
        [({**_names(row), "state": row["state"]}, 1) for row in rows],
    )
    metrics.gauge(
        f"{prefix}_target_age_seconds", "How old the last good backup may be.", each(lambda row: row["max_age_seconds"])
    )
    metrics.gauge(
        f"{prefix}_last_good_backup_age_seconds",
        "How old the last good backup was when this was written.",
        each(lambda row: row["age_seconds"]),
    )
    metrics.gauge(
        f"{prefix}_last_good_backup_timestamp_seconds", "When the last good backup ended.", each(good("end_time"))
    )
    metrics.gauge(
        f"{prefix}_last_good_backup_duration_seconds",
        "How long the last good backup took.",
        each(good("elapsed_seconds")),
    )
    metrics.gauge(
        f"{prefix}_last_good_backup_application_bytes",
        "The data of the last good backup.",
        each(good("application_size")),
    )
    metrics.gauge(
        f"{prefix}_last_good_backup_media_bytes", "What the last good backup wrote.", each(good("media_size"))
    )
    metrics.gauge(
        "commvault_rds_databases",
        "How many databases are in which state.",
        [({"state": state}, report.summary["states"].get(state, 0)) for state in STATES],
    )
    metrics.gauge(
        "commvault_rds_protection_complete",
        "Whether everything could be read.",
        [({}, bool(report.evidence.get("complete")))],
    )
    _calls(metrics, "commvault_rds_protection", report.api_calls)
    return metrics.text()


def _names(row: t.Mapping[str, t.Any]) -> Labels:
    names = {"client": "client_name", "instance": "instance_name", "subclient": "subclient_name"}
    return {"id": row["id"], **{label: str(row[name] or "") for label, name in names.items()}}


def backup_metrics(report: Report) -> str:
    """What became of backups, one series a backup."""
    metrics, prefix = _Metrics(), "commvault_rds_export_backup"

    def each(read: t.Callable[[Row], t.Any]) -> list[tuple[Labels, t.Any]]:
        return [(_backup_names(row), read(row)) for row in report.rows]

    metrics.gauge(
        f"{prefix}_well",
        "Whether a backup succeeded, or a recent one spared it.",
        each(lambda row: row.counts_as == SUCCEEDED),
    )
    metrics.gauge(
        f"{prefix}_result",
        "The result of a backup, always 1.",
        [({**_backup_names(row), "result": row.result}, 1) for row in report.rows],
    )
    metrics.gauge(f"{prefix}_start_timestamp_seconds", "When a backup started.", each(lambda row: row.job.start_time))
    metrics.gauge(f"{prefix}_end_timestamp_seconds", "When a backup ended.", each(lambda row: row.job.end_time))
    metrics.gauge(f"{prefix}_duration_seconds", "How long a backup took.", each(lambda row: row.job.elapsed_seconds))
    metrics.gauge(f"{prefix}_application_bytes", "The data of a backup.", each(lambda row: row.job.application_size))
    metrics.gauge(f"{prefix}_media_bytes", "What a backup wrote.", each(lambda row: row.job.media_size))
    metrics.gauge(
        "commvault_rds_export_backups",
        "How many backups have which result.",
        [({"result": result}, count) for result, count in report.results().items() if result in RESULTS],
    )
    kinds = [row.failure_kind for row in report.rows if row.failure_kind]
    metrics.gauge(
        "commvault_rds_export_failures",
        "How many backups failed by which kind of failure.",
        [({"kind": kind}, kinds.count(kind)) for kind in sorted(set(kinds))],
    )
    _calls(metrics, "commvault_rds_export", report.api_calls)
    return metrics.text()


def _backup_names(row: Row) -> Labels:
    return {"id": row.id, "client": row.client_name, "instance": row.instance_name, "subclient": row.subclient_name}
