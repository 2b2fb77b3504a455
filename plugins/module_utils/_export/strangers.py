# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs that have the id of a backup that was started but cannot be it."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._http.fields import folded
from .._times import iso_time

if t.TYPE_CHECKING:
    from .._commcell import ServerClock
    from .._jobs.job import Job
    from .backup import Backup

# Seconds by which the clocks of the web server and of the CommServe may differ before a start tells anything.
MARGIN = 3600.0


def stranger_finder(backups: t.Iterable[Backup], clock: ServerClock) -> t.Callable[[Job], str | None]:
    """A function that says of a job why it cannot be the backup whose id it has, None if it can.

    The client is no evidence: a job can be listed under the access node that does the export (inferred from the
    vendor's pages on RDS).

    Args:
        backups: Those that this run started, with their job ids.
        clock: The server's; while it is not known, the start of a job is no evidence either.
    """
    by_id = {job_id: backup for backup in backups for job_id in backup.job_ids}

    def words(job: Job) -> str | None:
        backup = by_id.get(job.id)
        if backup is None:
            return None
        instance, reasons = backup.instance, []
        told = (job.instance_name, instance.instance_name), (job.subclient_name, instance.subclient_name)
        if any(name and folded(name) != folded(wanted) for name, wanted in told):
            reasons.append(f"is of {job.client_name}/{job.instance_name}/{job.subclient_name}")
        sent_at = clock.earliest(backup.sent_at) if backup.sent_at and clock.known else 0.0
        if job.start_time and job.start_time < sent_at - MARGIN:
            reasons.append(f"began at {iso_time(job.start_time)}, before it was asked for")
        if not reasons:
            return None
        return (
            f"The CommCell shows a job {job.id} that {' and '.join(reasons)}, so it is not the backup of"
            f" {instance.label} that was started with this id. What became of that one is not known."
        )

    return words
