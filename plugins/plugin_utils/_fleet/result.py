# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of one step for all backups of a play. Facts, console, artifact and reports are made of the same entries,
so that they cannot but say the same.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._report.model import NOT_WELL, make_report
from .artifact import make_artifact
from .entries import known_jobs
from .table import make_message, make_table

if t.TYPE_CHECKING:
    from .entries import Entry


def make_fleet(
    entries: t.Mapping[str, Entry],
    earlier: t.Sequence[Entry] = (),
    left_out: t.Sequence[t.Mapping[str, str]] = (),
    lines: int = 40,
    task_ids: t.Iterable[int] = (),
) -> dict[str, t.Any]:
    """What a step of oracle_rds_export_fleet returns of all backups; see RETURN there.

    entries: of make_entries, by id. earlier: entries of other batches of the play, which only the artifact holds.
    left_out: hosts that are not Oracle, with the reason. lines: how many backups that are well the summary lists.
    task_ids: as of make_artifact.
    """
    own = list(entries.values())
    report = make_report(own, known_jobs(own))
    bad = [row for row in report.rows if row.verdict == NOT_WELL]
    everything = [*earlier, *own]
    whole = make_report(everything, known_jobs(everything)) if earlier else report
    return {
        "results": dict(entries),
        "not_well": [row.id for row in bad],
        "left_out": [dict(one) for one in left_out],
        "summary": make_table(entries, report, bad, left_out, lines),
        "artifact": make_artifact(everything, whole, task_ids),
        "msg": make_message(report, bad),
    }
