# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a database is protected: what is wanted, what was found, and the judgement. No Ansible, no HTTP."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._jobs.job import BAD, ERRORS, OK, WARNINGS
from .._times import age_words, capitalized, iso_time, length_words

if t.TYPE_CHECKING:
    from .._errors import CommvaultError
    from .._estate.model import Subclient
    from .._estate.rds_match import RdsInstance
    from .._jobs.job import Job

PROTECTED, LATE, NEVER, NEW = "protected", "late", "never", "new"
NOT_CONFIGURED, UNKNOWN, NOT_VERIFIED, UNLISTED = (
    "not_configured",
    "unknown_to_commvault",
    "not_verified",
    "unknown_to_inventory",
)

# Every state of a database, what needs attention most first: in words, and whether it is fine, or open.
STATES: dict[str, str] = {
    NEVER: "never backed up",
    UNKNOWN: "unknown to Commvault",
    NOT_CONFIGURED: "not configured",
    LATE: "late",
    NOT_VERIFIED: "not verified",
    NEW: "new",
    UNLISTED: "unknown to the inventory",
    PROTECTED: "protected",
}
# The states that fail a task. A new database still has time, one that the inventory does not have is nobody's target.
UNPROTECTED = frozenset([NEVER, UNKNOWN, NOT_CONFIGURED, LATE, NOT_VERIFIED])
_RANK = {state: rank for rank, state in enumerate(STATES)}

# The letters of a history, a day each, the oldest first.
GOOD_DAY, WARNING_DAY, ERROR_DAY, FAILED_DAY, NO_DAY = "g", "w", "e", "f", "."
_LETTERS = {OK: GOOD_DAY, WARNINGS: WARNING_DAY, ERRORS: ERROR_DAY, BAD: FAILED_DAY}
# Of several backups of a day the best one counts.
_BEST_FIRST = GOOD_DAY + WARNING_DAY + ERROR_DAY + FAILED_DAY + NO_DAY
DAY = 86400
# Seconds by which a job may have ended in the server's future: two machines tell the times of jobs and of answers.
CLOCK_MARGIN = 300.0


@dataclass(frozen=True)
class Target:
    """A database that somebody wants protected.

    Attributes:
        id: By which the caller finds the result.
        names: Client, instance and subclient as Commvault has them; None if they are to be found.
        rds: What AWS says of it, to find the names by.
        max_age: Seconds since the end of its last good backup.
        created: When the database was made, in epoch seconds; None if that is not known.
        groups: Values to group by.
        problem: Why it is not known which database it is; empty if it is.
    """

    id: str
    names: tuple[str, str, str] | None
    rds: RdsInstance | None
    max_age: float
    created: float | None = None
    groups: t.Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class Past:
    """What the jobs of one subclient tell, newest first, without keeping them all.

    Attributes:
        last: The last backup that ended.
        last_good: The last good one.
        active: A backup that is under way.
        days: A letter for each day, the oldest first.
    """

    __slots__ = ("active", "days", "last", "last_good")

    def __init__(self, days: int) -> None:
        self.last: Job | None = None
        self.last_good: Job | None = None
        self.active: Job | None = None
        self.days = [NO_DAY] * days

    def age(self, now: float) -> float | None:
        """Seconds since the end of the last good backup, None without one."""
        return now - self.last_good.end_time if self.last_good and self.last_good.end_time else None

    def add(self, job: Job, today: int, fail_on: str) -> None:
        """Take in a job.

        Args:
            job: A backup of this subclient.
            today: The number of the present day since 1970, in UTC.
            fail_on: Which ends are bad, as of Job.succeeded.
        """
        if not job.finished:
            self.active = self.active or job
            return
        ended = job.end_time or job.start_time or 0
        if self.last is None or ended > (self.last.end_time or 0):
            self.last = job
        newer = self.last_good is None or (job.end_time or 0) > (self.last_good.end_time or 0)
        if newer and job.end_time and not job.aged and job.succeeded(fail_on):
            self.last_good = job
        place = len(self.days) - 1 - (today - int(ended // DAY))
        letter = _LETTERS[job.state]
        if 0 <= place < len(self.days) and _BEST_FIRST.index(letter) < _BEST_FIRST.index(self.days[place]):
            self.days[place] = letter


@dataclass
class Protection:
    """One database and how it is protected.

    Attributes:
        state: A key of STATES.
        reason: Why, in a sentence.
        action: What to do about it, in a sentence; None if nothing.
        subclient: What it is in Commvault, None if that is not known.
        past: What its jobs tell.
        age: Seconds since the end of its last good backup, None without one.
        listed: Whether the caller named it.
    """

    target: Target
    state: str
    reason: str
    action: str | None = None
    subclient: Subclient | None = None
    past: Past | None = None
    age: float | None = None
    listed: bool = True

    @property
    def sort_key(self) -> tuple[t.Any, ...]:
        """What needs attention most first, then by age and name."""
        return _RANK[self.state], -(self.age or 0.0), self.target.id.lower()

    def to_result(self, job_url: t.Callable[[str], str | None]) -> dict[str, t.Any]:
        """The entry of a result."""
        subclient, past = self.subclient, self.past
        named = subclient and (subclient.client_name, subclient.instance_name, subclient.subclient_name)
        client_name, instance_name, subclient_name = named or self.target.names or (None, None, None)
        return {
            "id": self.target.id,
            "client_name": client_name,
            "instance_name": instance_name,
            "subclient_name": subclient_name,
            "state": self.state,
            "protected": self.state == PROTECTED,
            "reason": self.reason,
            "action": self.action,
            "known": subclient is not None,
            "listed": self.listed,
            "plan": subclient.plan if subclient else None,
            "status": subclient.status if subclient else None,
            "max_age_seconds": int(self.target.max_age),
            "age_seconds": None if self.age is None else int(self.age),
            "last_good": _backup(past.last_good, job_url) if past else None,
            "last": _backup(past.last, job_url) if past else None,
            "active_job_id": past.active.id if past and past.active else None,
            "history": "".join(past.days) if past else "",
            "groups": dict(self.target.groups),
        }


def _backup(job: Job | None, job_url: t.Callable[[str], str | None]) -> dict[str, t.Any] | None:
    if job is None:
        return None
    return {
        "job_id": job.id,
        "status": job.status,
        "backup_level": job.backup_level,
        "end_time": job.end_time,
        "elapsed_seconds": job.duration,
        "application_size": job.application_size,
        "media_size": job.media_size,
        "reason": job.reason,
        "job_url": job_url(job.id),
    }


_ADD = "Add the instance to Commvault with a plan, correct its names, or give the user the right to see it."


@dataclass(frozen=True)
class Judge:
    """Says how databases are protected, by the facts that are the same for all.

    Attributes:
        now: The server's time in epoch seconds.
        history: Seconds for which jobs were looked at.
        unread: Why jobs are missing that should have been read, None if all were.
        new_after: Seconds for which a database is new, None for no such grace.
        ahead: Seconds by which the server's time is ahead of this machine's.
    """

    now: float
    history: float
    unread: CommvaultError | None = None
    new_after: float | None = None
    ahead: float = 0.0

    @property
    def _doubt(self) -> float:
        """Seconds by which ages are uncertain: nobody knows which of two clocks is right."""
        return self.ahead if abs(self.ahead) > CLOCK_MARGIN else 0.0

    def judge(self, target: Target, subclient: Subclient, past: Past, maybe: Job | None, planless: bool) -> Protection:
        """Judge one database that Commvault knows.

        Args:
            target: What is wanted.
            subclient: What it is in Commvault.
            past: Its jobs.
            maybe: A good job that may be its own, but may be another's; None if there is none.
            planless: Whether it has certainly no plan and no storage policy.
        """
        good = past.last_good
        age = past.age(self.now)
        found = Protection(target, PROTECTED, "", None, subclient, past, age)
        off = _why_not_configured(subclient, planless)
        if age is not None and age < -CLOCK_MARGIN:
            found.state, found.age = NOT_VERIFIED, None
            ended = f"ended {age_words(abs(age))} in the future by the server's clock."
            found.reason = f"Job {good.id if good else ''} {ended}"
            found.action = "Compare the clocks of the CommServe and of its web server."
        elif age is not None and (age <= target.max_age) != (age - self._doubt <= target.max_age):
            found.state = NOT_VERIFIED
            found.reason = (
                f"Its last good backup{_job_words(good)} is {age_words(age)} old by the server's clock, but"
                f" {age_words(age - self._doubt)} by this machine's; the target is {length_words(target.max_age)}."
            )
            found.action = "Correct the clock that is wrong, and run it again."
        elif age is not None and age <= target.max_age:
            found.age = max(0.0, age)
            found.reason = f"Its last good backup ended {age_words(found.age)} ago{_job_words(good)}."
            if off:
                found.reason += f" But {off[0]}, so it will be late."
                found.action = off[1]
        else:
            self._judge_missing(found, maybe, off)
        return found

    def _judge_missing(self, found: Protection, maybe: Job | None, off: tuple[str, str] | None) -> None:
        """Say what is wrong with a database that has no good backup that is young enough."""
        target, past = found.target, t.cast("Past", found.past)
        if self.unread or maybe:
            found.state = NOT_VERIFIED
            if self.unread:
                found.reason = f"Not all jobs could be read: {self.unread}"
                found.action = "Run it again."
                if self.unread.kind.denies_access:
                    found.action = "Give the user the right to see the jobs of this client, and run it again."
            else:
                found.reason = (
                    f"Job {maybe.id if maybe else ''} has its instance and subclient name, but is listed under"
                    f" another client ({maybe.client_name if maybe else ''}). It may be its backup, or another's."
                )
                found.action = "Look at that job in the Command Center."
            return
        last = past.last_good
        if found.age is None:
            found.state = NEVER
            found.reason = f"No good backup in the last {length_words(self.history)}"
        else:
            found.state = LATE
            found.reason = f"Its last good backup ended {age_words(found.age)} ago{_job_words(last)}"
        found.reason += f"; the target is {length_words(target.max_age)}."
        if past.last and past.last is not last:
            why = f", {past.last.reason.rstrip('.')}" if past.last.reason else ""
            ended = f", ended at {iso_time(past.last.end_time)}" if past.last.end_time else ""
            found.reason += f" The last one, job {past.last.id}{ended}: {past.last.status}{why}."
        found.action = "Start a backup."
        if past.active:
            found.reason += f" Job {past.active.id} is under way ({past.active.status})."
            found.action = f"Wait for job {past.active.id}."
        if off:
            found.state, found.action = NOT_CONFIGURED, off[1]
            found.reason = f"{capitalized(off[0])}. {found.reason}"
        else:
            young = self._young(target)
            if young:
                found.state, found.reason = NEW, f"{young} {found.reason}"

    def _young(self, target: Target) -> str | None:
        """How old a new database is, in a sentence; None for one that is not new."""
        if self.new_after is None or target.created is None or not 0 <= self.now - target.created < self.new_after:
            return None
        return f"The database is {age_words(self.now - target.created)} old."

    def unknown(self, target: Target, msg: str) -> Protection:
        """A database that Commvault does not know."""
        young = self._young(target)
        return Protection(target, NEW, f"{young} {msg}") if young else Protection(target, UNKNOWN, msg, _ADD)


def _why_not_configured(subclient: Subclient, planless: bool) -> tuple[str, str] | None:
    """Why Commvault will not back it up, as a clause, and what to do; None if nothing is known against it."""
    if subclient.backup_enabled is False:
        return "backup activity of its subclient is off", "Enable backup activity of the subclient."
    if planless:
        return "it has neither a plan nor a storage policy", "Give the subclient a plan."
    if subclient.readiness and subclient.readiness != "READY":
        why = f" ({subclient.not_ready_reason.rstrip('.')})" if subclient.not_ready_reason else ""
        return f"Commvault says that the instance is not ready{why}", "Look at the instance in the Command Center."
    return None


def _job_words(job: Job | None) -> str:
    return f" (job {job.id})" if job else ""
