# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights of backups whose durations are known, on a simulator whose clock moves when somebody waits."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._export.export import LAST_GOOD_AGE, Export
from ansible_collections.rdsops.commvault.plugins.module_utils._export.night import Night, Schedule
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    ExportPlan,
    Instance,
    make_instances,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import JobsApi
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import JobReader
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .simulated_jobs import SimulatedRuntime

CLIENTS = ["aws-prod", "aws-dev"]
HOUR = 3600


def usual(number: int) -> int:
    """Seconds that backups of a database take."""
    return 300 + number * 37 % 1500


def _database(number: int) -> dict[str, t.Any]:
    """With a week of backups that take within a tenth of what is usual; tonight's takes as long as that, too."""
    seconds = usual(number)
    history = [{"age": HOUR + day * 86400, "seconds": seconds * (0.9 + (number + day) % 3 / 10)} for day in range(7)]
    tonight = seconds * (0.95 + number % 2 / 10)
    script = [{"state": "Running", "seconds": tonight}, "Completed"]
    return {"name": f"db{number:03d}", "history": history, "script": script}


def estate_of(per_client: int) -> dict[str, t.Any]:
    """Two clients with so many databases each."""
    return {
        "clients": [
            {"name": client, "instances": [_database(place * per_client + number) for number in range(per_client)]}
            for place, client in enumerate(CLIENTS)
        ]
    }


def instances_of(per_client: int, count: int | None = None) -> list[Instance]:
    """The first of these databases, None for all."""
    names = [
        {"client_name": client, "instance_name": f"db{place * per_client + number:03d}"}
        for place, client in enumerate(CLIENTS)
        for number in range(per_client)
    ]
    return make_instances(names[:count])


def make_night(
    commcell: CommCell,
    runtime: SimulatedRuntime,
    parent_has_died: t.Callable[[], bool] = lambda: False,
    deadline: float | None = None,
    **options: t.Any,
) -> Night:
    """What starts backups by a schedule with these options."""
    commcell.now = runtime.now
    export = Export(commcell, ExportOptions(), ExportPlan(concurrency=4, look_back=LAST_GOOD_AGE), runtime)
    return Night(
        export,
        JobReader(JobsApi(commcell)),
        Schedule(**options),
        runtime,
        parent_has_died,
        deadline,
        commcell.profile.visibility_lag,
    )


def tonight(simulator: Simulator) -> list[dict[str, t.Any]]:
    """The jobs that were started since."""
    return [job for job in simulator.jobs() if job["user"] != "scheduler"]


def check_night(
    simulator: Simulator,
    runtime: SimulatedRuntime,
    commcell: CommCell,
    per_client: int,
    *,
    share: float = 2.0,
    skip_late: bool = False,
) -> None:
    """Five at once for each client, nothing after the end, and the forecast within a fifth of what then came.

    Args:
        per_client: Databases of each client.
        share: Of the time that all of them take, what there is until must_end_by.
        skip_late: As of Schedule.
    """
    begun = runtime.now()
    needed = max(
        sum(usual(place * per_client + number) for number in range(per_client)) / 5 for place in range(len(CLIENTS))
    )
    end = begun + share * needed
    night = make_night(
        commcell, runtime, per_client=5, longest_first=True, interval=60.0, must_end_by=end, skip_late=skip_late
    )
    backups = night.run(instances_of(per_client))
    runtime.sleep(2 * HOUR)
    jobs = tonight(simulator)
    for client in CLIENTS:
        spans = [(job["created"], job["ended"]) for job in jobs if job["client"] == client]
        moments = sorted(itertools.chain(((start, 1) for start, _end in spans), ((end, -1) for _start, end in spans)))
        assert max(itertools.accumulate(change for _moment, change in moments)) == 5
    assert max(job["created"] for job in jobs) <= end
    spans_by_id = {str(job["job_id"]): (job["created"], job["ended"]) for job in jobs}
    left_out = [backup for backup in backups if backup.state == "not_submitted"]
    assert all("(must_end_by)" in backup.msg for backup in left_out)
    for backup in backups:
        if backup not in left_out:
            started, ended = spans_by_id.pop(backup.job_ids[0])
            assert backup.expected_end is not None
            assert abs(backup.expected_end - ended) <= 0.2 * (ended - started) + 5
    assert spans_by_id == {}, "each job is of a backup"
    # What was promised before anything was started is what then came, give or take the polls in between.
    late = len(left_out) + sum(job["ended"] > end for job in jobs)
    promised = int(night.warnings[0].split()[0]) if night.warnings else 0
    assert abs(promised - late) <= 0.2 * late
    if share > 1:
        assert (late, left_out) == (0, [])
        took = max(job["ended"] for job in jobs) - begun
        assert abs(took - needed) <= 0.2 * needed
    else:
        assert left_out
