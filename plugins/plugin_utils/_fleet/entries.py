# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of each backup of a play: what the module returned, and what came of its jobs."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._errors import CommvaultError
from ...module_utils._export.backup import AWAITED_STATES, make_entry
from ...module_utils._report.model import FAILED, Row

Entry = dict[str, t.Any]


def entry_not_submitted(name: str, msg: str, kind: str) -> Entry:
    """A backup that no module was asked for, with the keys of those that oracle_rds_export_backup returns."""
    return {**make_entry(name, "not_submitted", msg, CommvaultError(msg, kind).failure())}


def awaited(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The ids of the jobs that are at work, or were when they were last seen."""
    found = (job_id for entry in entries if entry["state"] in AWAITED_STATES for job_id in entry["job_ids"])
    return list(dict.fromkeys(found))


def expected_ends(entries: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """When the jobs of backups will end, by their ids, as far as that is known."""
    return {job_id: entry["expected_end"] for entry in entries if entry["expected_end"] for job_id in entry["job_ids"]}


def cause_of(row: Row) -> str | None:
    """Why it failed, with what to do about it if that is known."""
    hint = row.job.hint
    cause = row.cause or (row.msg or row.word if row.counts_as == FAILED else None)
    return f"{cause.rstrip('.')}. Hint: {hint}" if cause and hint else cause
