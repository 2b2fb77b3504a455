# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts one backup and watches its job, for what only a start can show.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import contextlib
import secrets
import typing as t

from .._errors import CommvaultError
from .._export.export import Export
from .._export.request import ExportOptions, ExportPlan
from .._http.fields import member, moment, positive, text
from .._http.profile import MOST_SECONDS
from .._jobs.api import ACTIVE, listing_body
from .._jobs.job import parse_job
from .._parallel import RUNTIME
from .checks import DIFFERS, NOT_SEEN, OK, Findings, date_is
from .rows import export_rows, judge_rows, shape_of, summaries

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._estate.model import Subclient
    from .._export.backup import Backup
    from .._export.request import Instance
    from .._parallel import Runtime
    from .rows import Row

INTERVAL = 2.0  # seconds between looks while the job is new
SLOW_INTERVAL = 30.0  # seconds between looks at a job that runs
QUICK_LOOKS = 15
LISTED_IN = 5.0  # seconds
CLOCK_TOLERANCE = 5.0  # seconds
DESCRIPTION = "rdsops.commvault doctor"


class StartSeen(t.NamedTuple):
    """What one start showed.

    backup: what became of the request. found: the lines on the start. life: the job's rows as they changed: state,
    seconds since the start, keys and types.
    """

    backup: Backup
    found: Findings
    life: list[dict[str, t.Any]]


def watch_start(
    commcell: CommCell,
    instance: Instance,
    level: str,
    subclients: t.Mapping[int, Subclient],
    wait_timeout: float,
    runtime: Runtime = RUNTIME,
) -> StartSeen:
    """Start one backup as any other run does, and follow its job to its end.

    Args:
        level: "full" or "incremental".
        subclients: the Oracle subclients that were found, by id.
        wait_timeout: seconds for which the job is followed. It goes on after that.
    """
    marker = f"{DESCRIPTION} {secrets.token_hex(4)}"
    options = ExportOptions(backup_level=level, job_description=marker)
    begun = runtime.monotonic()
    sent = commcell.now()
    (backup,) = Export(commcell, options, ExportPlan(), runtime).run([instance])
    if backup.state != "started" or not backup.job_ids:
        found = Findings()
        for name in ("ids", "lag", "clock", "task", "marker", "row", "end"):
            found.add(f"start_{name}", NOT_SEEN, f"Nothing was started: {backup.state}.")
        return StartSeen(backup, found, [])
    watch = _Watch(commcell, backup, marker, commcell.clock.at(sent), begun, runtime)
    watch.follow(wait_timeout)
    return StartSeen(backup, watch.findings(subclients), watch.life)


class _Watch:
    """Follows one job."""

    def __init__(
        self, commcell: CommCell, backup: Backup, marker: str, sent: float, begun: float, runtime: Runtime
    ) -> None:
        """sent: when the request went out, by the header Date. begun: the same, as of runtime.monotonic."""
        self._commcell = commcell
        self._job_id = backup.job_ids[0]
        self._task_id = backup.task_id
        self._marker = marker
        self._sent = sent
        self._begun = begun
        self._runtime = runtime
        self._rows: list[Row] = []
        self._listed: float | None = None
        self._readable: float | None = None
        self._marked = False
        self._details_task: int | None = None
        self.life: list[dict[str, t.Any]] = []

    def follow(self, timeout: float) -> None:
        """Look at the job until it ends or the time is over."""
        looks = 0
        while True:
            row = None
            # What was started is told in any case, and a server that is away for a moment may be back.
            with contextlib.suppress(CommvaultError):
                row = self._look()
            job = parse_job(row) if row else None
            if job and job.finished:
                break
            looks += 1
            left = self._begun + timeout - self._runtime.monotonic()
            if left <= 0:
                break
            self._runtime.sleep(min(INTERVAL if looks < QUICK_LOOKS else SLOW_INTERVAL, left))
        self._look_at_details()

    def _look(self) -> Row | None:
        since = self._runtime.monotonic() - self._begun
        if self._listed is None:
            body = listing_body(ACTIVE, lookup_seconds=300.0)
            listed = summaries(self._commcell.read("POST", "Jobs", body=body))
            if any(str(positive(row.get("jobId"))) == self._job_id for row in listed):
                self._listed = since
        reply = self._commcell.call("GET", f"Job/{self._job_id}", changes=False)
        found = [row for row in summaries(reply.data) if str(positive(row.get("jobId"))) == self._job_id]
        if not found:
            return None
        row = found[0]
        if self._readable is None:
            self._readable = since
        state = text(row.get("status"))
        self._marked = self._marked or self._marker in str(row)
        if not self.life or self.life[-1]["state"] != state:
            self.life.append({"state": state, "seconds": round(since), "keys": shape_of([row])})
            self._rows.append(row)
        else:
            self._rows[-1] = row
        return row

    def _look_at_details(self) -> None:
        try:
            data = self._commcell.read("POST", "JobDetails", body={"jobId": int(self._job_id), "showAttempt": True})
        except CommvaultError:
            return
        self._marked = self._marked or self._marker in str(data)
        general = member(member(member(data, "job"), "jobDetail"), "generalInfo")
        self._details_task = positive(member(general, "taskData").get("taskId"))

    def findings(self, subclients: t.Mapping[int, Subclient]) -> Findings:
        """What was seen."""
        found = Findings()
        if not self._rows:
            found.add("start_ids", DIFFERS, "The job that createtask named never showed up.")
            return found
        found.add("start_ids", OK, f"Job {self._job_id} was named and is there.")
        self._judge_lag(found)
        self._judge_clock(found)
        if self._details_task is None:
            found.add("start_task", DIFFERS, "JobDetails has no task id.")
        else:
            same = self._details_task == self._task_id
            found.judge("start_task", same, "The same task id." if same else "Another task id.")
        if self._marked:
            found.add("start_marker", OK, "It comes back.")
            found.differences["job_marker"] = True
        else:
            # Nothing rests on it as long as job_marker is off.
            found.add("start_marker", NOT_SEEN, "It does not come back, so job_marker is of no use here.")
        exports = export_rows(self._rows, subclients)
        judged = judge_rows(exports, subclients, "that was started here")
        found.differences.update(judged.differences)
        strange = sorted(one.check for one in judged.findings if one.status == DIFFERS)
        if not exports:
            found.add("start_row", DIFFERS, "Nothing in its row says that it is of Oracle.")
        elif strange:
            found.add("start_row", DIFFERS, f"Differing: {', '.join(strange)}.")
        else:
            found.add("start_row", OK, f"{len(self._rows)} states seen, all as assumed.")
        self._judge_end(found)
        return found

    def _judge_lag(self, found: Findings) -> None:
        if self._listed is None:
            found.add("start_lag", NOT_SEEN, "The job ended before it was listed as active.")
            return
        words = f"Readable after {self._readable or 0.0:.0f} s, listed after {self._listed:.0f} s."
        lag = float(round(self._listed + INTERVAL))
        found.judge("start_lag", self._listed <= LISTED_IN, words, visibility_lag=lag)

    def _judge_clock(self, found: Findings) -> None:
        start = moment(self._rows[0].get("jobStartTime"))
        if start is None or not self._commcell.clock.known:
            found.add("start_clock", NOT_SEEN, "The row has no start, or answers have no Date.")
            return
        ahead = self._sent - start
        good = abs(ahead) <= CLOCK_TOLERANCE
        words = "Date and the start of the job agree." if good else date_is(ahead, "the start of the job")
        # A profile takes no more than a day.
        skew = {"clock_skew": float(round(ahead))} if abs(ahead) <= MOST_SECONDS else {}
        found.judge("start_clock", good, words, **skew)

    def _judge_end(self, found: Findings) -> None:
        job = parse_job(self._rows[-1])
        if job is None or not job.finished:
            found.add("start_end", NOT_SEEN, f"The job goes on ({job.status if job else 'no state'}).")
        else:
            told = positive(self._rows[-1].get("jobEndTime")) is not None
            found.judge("start_end", told, f"{job.status}, {'with' if told else 'without'} jobEndTime.")
