# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the backups of a call are started: in which order, how many at once for each client, and whether they will end
in time.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import datetime
import heapq
import re
import typing as t
from collections import deque
from dataclasses import dataclass

from .._errors import CommvaultError, InvalidInput, fault_words
from .._http.fields import folded
from .._jobs.wait_loop import GRACE
from .._parallel import RUNTIME
from .._times import age_words, counted, iso_time, positive_duration
from .backup import AWAITED_STATES, Backup, not_submitted

if t.TYPE_CHECKING:
    from .._jobs.forecast import Forecast
    from .._jobs.job import Job
    from .._jobs.reader import JobReader
    from .._parallel import Runtime
    from .export import Export
    from .request import Instance

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])$")


@dataclass(frozen=True)
class Schedule:
    """How starts are arranged.

    Attributes:
        must_end_by: When all must have ended, in epoch seconds of this machine; None for no such time.
        skip_late: Whether what will not end by then is left out, or only warned of.
        longest_first: Whether what takes longest is started first.
        per_client: Jobs at once for each client, None for any number.
        wait_timeout: Seconds for which starts may wait for ends.
        interval: Seconds between two polls.
    """

    must_end_by: float | None = None
    skip_late: bool = False
    longest_first: bool = False
    per_client: int | None = None
    wait_timeout: float = 43200.0
    interval: float = 60.0


def parse_end(value: str, now: float) -> float:
    """The value of must_end_by in epoch seconds: a time of day of this machine's time zone, such as 06:00, a date with
    time, or a duration from now.

    Raises:
        InvalidInput: It is none of these, or over.
    """
    text = value.strip()
    clock = _CLOCK.match(text)
    if clock:
        # Without a time zone, so that each of both days has the offset that it has here.
        moment = datetime.datetime.fromtimestamp(now).replace(
            hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0, fold=0
        )
        end = moment.timestamp()
        return end if end > now else (moment + datetime.timedelta(days=1)).timestamp()
    try:
        end = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        try:
            end = now + positive_duration(text, "must_end_by")
        except InvalidInput as exc:
            raise InvalidInput(
                "must_end_by must be a time such as 06:00 or 2026-01-02T06:00:00Z, or a duration such as 6h, not"
                f" {text!r}."
            ) from exc
    if end <= now:
        raise InvalidInput(f"must_end_by is over: {text} was {age_words(now - end)} ago.")
    return end


class Night:
    """Starts the backups of one call by a schedule."""

    def __init__(
        self,
        export: Export,
        reader: JobReader,
        schedule: Schedule,
        runtime: Runtime = RUNTIME,
        parent_has_died: t.Callable[[], bool] = lambda: False,
        deadline: float | None = None,
        lag: float = 0.0,
    ) -> None:
        """Prepare a night.

        Args:
            export: Starts them.
            reader: Reads how far they are.
            schedule: When.
            parent_has_died: Whether nobody is left to hear what was started; nothing more is started then.
            deadline: When nothing more is started in any case, on the monotonic clock; None for no limit.
            lag: Seconds for which new jobs of this CommCell are known to be invisible.
        """
        self._export = export
        self._reader = reader
        self._schedule = schedule
        self._runtime = runtime
        self._parent_has_died = parent_has_died
        self._deadline = float("inf") if deadline is None else deadline
        self._grace = GRACE + lag
        self._begun = runtime.monotonic()
        self.warnings: list[str] = []

    def preview(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """As of Export.preview, with what the schedule would leave out. Sets warnings."""
        order, forecasts, late = self._plan(instances)
        backups = self._export.preview(instances)
        self._warn(late, len(instances))
        for place in order:
            backup = backups[place]
            if place in late and self._schedule.skip_late and backup.requested:
                backups[place] = not_submitted(instances[place], self._late_words(forecasts[place]))
        return backups

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """As of Export.run, by the schedule. Sets warnings."""
        order, forecasts, late = self._plan(instances)
        self._warn(late, len(instances))
        backups: dict[int, Backup] = {}
        if self._schedule.skip_late:
            for place in late:
                backups[place] = not_submitted(instances[place], self._late_words(forecasts[place]))
        wanted = [place for place in order if place not in backups]
        if self._schedule.per_client is None:
            backups.update(self._start(instances, wanted))
        else:
            self._run_held(instances, wanted, forecasts, backups)
        return [backups[place] for place in range(len(instances))]

    def _plan(self, instances: t.Sequence[Instance]) -> tuple[list[int], dict[int, Forecast | None], list[int]]:
        """The places in the order of starts, their forecasts, and those that will not end in time."""
        places = list(range(len(instances)))
        forecasts = dict(zip(places, self._export.forecasts(instances)))
        if self._schedule.longest_first:
            # What nobody knows may be the longest.
            places.sort(key=lambda place: -(forecasts[place].seconds if forecasts[place] else float("inf")))  # type: ignore[union-attr]
        return places, forecasts, self._late(instances, places, forecasts)

    def _late(
        self, instances: t.Sequence[Instance], places: t.Sequence[int], forecasts: t.Mapping[int, Forecast | None]
    ) -> list[int]:
        """The places of what will not end in time if everything takes as long as it did."""
        end, now = self._schedule.must_end_by, self._runtime.now()
        if end is None:
            return []
        late = []
        # When the next job of each client can start, one entry for each that may run at once.
        slots: dict[str, list[float]] = {}
        for place in places:
            known = forecasts[place]
            client = folded(instances[place].client_name)
            free = slots.setdefault(client, [now] * (self._schedule.per_client or 1))
            start = free[0] if self._schedule.per_client else now
            finish = start + (known.seconds if known else 0.0)
            if known and finish > end:
                late.append(place)
                if self._schedule.skip_late:
                    continue
            if self._schedule.per_client:
                heapq.heapreplace(free, finish)
        return late

    def _warn(self, late: t.Sequence[int], total: int) -> None:
        if late and self._schedule.must_end_by is not None:
            what = "They are left out." if self._schedule.skip_late else "They are started all the same."
            self.warnings.append(
                f"{len(late)} of {counted(total, 'backup')} will not end by {iso_time(self._schedule.must_end_by)}, by"
                f" what the last good ones took. {what}"
            )

    def _late_words(self, known: Forecast | None) -> str:
        took = f"it takes about {age_words(known.seconds)}, as the last {known.runs} did, and " if known else "it "
        return f"{took}would not end by {iso_time(self._schedule.must_end_by)} (must_end_by)."

    def _start(self, instances: t.Sequence[Instance], places: t.Sequence[int]) -> dict[int, Backup]:
        try:
            return dict(zip(places, self._export.run([instances[place] for place in places]))) if places else {}
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            # It came before anything of these was sent, and must not take with it what others have started.
            return {place: not_submitted(instances[place], fault_words(fault)) for place in places}

    def _read(self, job_ids: t.Sequence[str]) -> t.Mapping[str, Job]:
        """The visible ones of these jobs. Raises CommvaultError."""
        try:
            return self._reader.read(job_ids)
        except CommvaultError:
            raise
        except Exception as fault:
            raise CommvaultError(fault_words(fault)) from fault

    def _run_held(
        self,
        instances: t.Sequence[Instance],
        places: t.Sequence[int],
        forecasts: t.Mapping[int, Forecast | None],
        backups: dict[int, Backup],
    ) -> None:
        """Start as many for each client as may run at once, and the next ones as others end."""
        limit = self._begun + self._schedule.wait_timeout
        queues: dict[str, deque[int]] = {}
        for place in places:
            queues.setdefault(folded(instances[place].client_name), deque()).append(place)
        # Jobs at work for each client, and since when they have not been visible.
        active: dict[str, dict[str, float | None]] = {client: {} for client in queues}
        why: str | None = None
        while any(queues.values()):
            ready: list[int] = []
            for client, queue in queues.items():
                room = (self._schedule.per_client or 0) - len(active[client])
                while queue and (why or room > 0):
                    place = queue.popleft()
                    reason = why or self._no_start(forecasts[place])
                    if reason:
                        backups[place] = not_submitted(instances[place], reason)
                    else:
                        ready.append(place)
                        room -= 1
            for place, backup in self._start(instances, ready).items():
                backups[place] = backup
                job_ids = backup.job_ids if backup.state in AWAITED_STATES else backup.candidates
                active[folded(instances[place].client_name)].update(dict.fromkeys(job_ids))
            if any(queues.values()):
                why = self._await_an_end(active, limit)

    def _no_start(self, known: Forecast | None) -> str | None:
        """Why a backup must not be started now, None if it may."""
        over = self._is_over()
        if over:
            return over
        end, now = self._schedule.must_end_by, self._runtime.now()
        if end is not None and self._schedule.skip_late and known and now + known.seconds > end:
            return self._late_words(known)
        return None

    def _is_over(self) -> str | None:
        if self._runtime.monotonic() >= self._deadline:
            return "it was not sent, since the time was over that Ansible gives this task (timeout)."
        end = self._schedule.must_end_by
        late = end is not None and self._runtime.now() >= end
        return f"its turn came after {iso_time(end)} (must_end_by)." if late else None

    def _await_an_end(self, active: dict[str, dict[str, float | None]], limit: float) -> str | None:
        """Poll until a job of any client has ended; returns why no more may be started, None if they may."""
        while True:
            if self._parent_has_died():
                return "it was not sent, since Ansible has ended."
            left = limit - self._runtime.monotonic()
            if left <= 0:
                return "it was not sent, since wait_timeout was over before its turn came (concurrency_per_client)."
            over = self._is_over()
            if over:
                return over
            left = min(left, self._deadline - self._runtime.monotonic())
            self._runtime.sleep(max(0.0, min(self._schedule.interval, left)))
            job_ids = [job_id for jobs in active.values() for job_id in jobs]
            if not job_ids:
                return None
            whole = True
            try:
                seen = self._read(job_ids)
            except CommvaultError as error:
                if error.kind.ends_a_wait(proven=True):
                    return f"it was not sent, since the jobs before it could not be read: {error}"
                seen, whole = error.found, False
            if self._drop_ended(active, seen, whole):
                return None

    def _drop_ended(self, active: dict[str, dict[str, float | None]], seen: t.Mapping[str, Job], whole: bool) -> bool:
        """Take jobs that work no more out of active; whether there was one.

        Args:
            active: As of _await_an_end.
            seen: What was read of them.
            whole: Whether the others are not visible.
        """
        now, ended = self._runtime.monotonic(), False
        for jobs in active.values():
            for job_id in list(jobs):
                job = seen.get(job_id)
                if not job and not whole:
                    continue
                since = None if job else jobs[job_id] or now
                jobs[job_id] = since
                # One that is being killed, which can hang, works no more.
                if (job and (job.finished or job.dying)) or (since is not None and now - since >= self._grace):
                    del jobs[job_id]
                    ended = True
        return ended
