# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the export backup of each instance, and of all of a call. No Ansible, no HTTP."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .._errors import CommvaultError, ErrorKind, RequestError
from .._times import age_words, capitalized, first_of, iso_time

if t.TYPE_CHECKING:
    from .._jobs.job import Job
    from .request import Instance

NO_ELIGIBLE_SUBCLIENT = 587207178


class Unresolved(enum.Enum):
    """What can be open about an instance after its request."""

    LOST = "lost"  # the answer was lost: which job is its own, if it was started at all
    RUNNING = "running"  # it was refused since a job is at work: which one
    REFUSED = "refused"  # it was refused for a reason that may be a job at work
    BATCH = "batch"  # it was started with others: which of their jobs is its own


# Every state an instance can end up in, with its word in summaries: first the good ones.
STATES = {
    "started": "started",
    "adopted": "adopted",
    "duplicate": "started beside another",
    "recent": "skipped (recent)",
    "would_start": "would be started",
    "not_verified": "not verified",
    "refused": "refused",
    "unknown": "of unknown outcome",
    "not_submitted": "not submitted",
}
# The states in which a job is at work, or was a moment ago.
AWAITED_STATES = frozenset(["started", "adopted", "duplicate"])
GOOD_STATES = frozenset(["started", "adopted", "duplicate", "recent", "would_start", "not_verified"])
_SHOWN_FAILURES = 3


@dataclass
class Backup:
    """What became of one requested instance.

    Attributes:
        state: One of STATES.
        msg: The same in words.
        changed: Whether this call started, or may have started, something.
        own: Whether this call started its job, so that it may be suspended or killed.
        failure: As of CommvaultError.failure, None where all went well.
        job: The job as far as it was read.
        candidates: Jobs that may be its own, or were found beside it and are not taken for its own.
        duplicate_of: The job that was active already when its own was started, None if there was none.
        retry_at: When a request that did not fit into a quota would fit, in epoch seconds of this machine.
        not_verified: What could not be read of it, texts that begin with "whether".
        age: Seconds from the end of the backup that made it "recent" to this call, None for all else.
        unresolved: What is open, None when all is settled.
        sent_at: When the request went out, in epoch seconds of this machine.
        lost_at: When it was clear that no answer would come, in the same.
        expected_end: When it will end by what the last good ones took, in epoch seconds of the server; None if that is
            not known.
        attempts: What became of the attempts before this one.
        complaint: What Commvault added to the answer that started jobs, a sentence behind a blank; empty for nothing.
    """

    instance: Instance
    state: str
    msg: str
    task_id: int | None = None
    job_ids: tuple[str, ...] = ()
    failure: dict[str, t.Any] | None = None
    response: dict[str, t.Any] | None = None
    changed: bool = False
    own: bool = False
    job: Job | None = None
    candidates: tuple[str, ...] = ()
    duplicate_of: str | None = None
    retry_at: float | None = None
    not_verified: tuple[str, ...] = ()
    age: float | None = None
    unresolved: Unresolved | None = None
    sent_at: float | None = None
    lost_at: float | None = None
    expected_end: float | None = None
    attempts: tuple[dict[str, t.Any], ...] = ()
    complaint: str = ""

    @property
    def requested(self) -> bool:
        """Whether a request to start it was sent, or in check mode would be."""
        return self.state in ("would_start", "not_verified") or (
            self.sent_at is not None and self.state != "not_submitted"
        )

    @property
    def ok(self) -> bool:
        """Whether the instance has what was asked for."""
        return self.state in GOOD_STATES and self.failure is None

    @property
    def found_running(self) -> bool:
        """Whether nothing was started since a job was at work already."""
        refused = (self.failure or {}).get("kind") == ErrorKind.ALREADY_RUNNING.value
        return not self.changed and (self.state == "adopted" or refused)

    def mark_started(self, jobs: t.Sequence[Job]) -> None:
        """These jobs of its batch are its own."""
        self._settle_as_started([job.id for job in jobs])
        self._take(jobs)

    def mark_only_candidate(self) -> None:
        """The one job of its batch that nobody else owns is its own, though it was not seen yet."""
        self._settle_as_started(self.candidates)

    def _settle_as_started(self, job_ids: t.Sequence[str]) -> None:
        self._settle("started", started_words(self.instance, self.task_id, job_ids))
        self.job_ids = tuple(job_ids)
        self.changed = self.own = True

    def mark_not_in_batch(self) -> None:
        """Its batch was accepted, but no job of it is its own. Those left in candidates are nobody's in the call."""
        left = self.candidates
        why = "" if self.complaint else ", without saying why"
        self._settle(
            "refused",
            f"No backup of {self.instance.label} was started: Commvault accepted the request as task {self.task_id},"
            f" but started jobs for other instances of it only{why}.{self.complaint}",
            failed="no_job",
        )
        if left:
            # Names may be written in a way that is not known.
            self.msg += f" It also started {id_words(left)}, by its names for no instance of this call."
            self.candidates = left

    def mark_in_doubt(self, job: Job) -> None:
        """Nothing was sent, since this job may be one of it that is as good."""
        self.candidates = (job.id,)
        self.msg += _LOOK_AT_JOB

    @property
    def may_be_misnamed(self) -> bool:
        """Whether nothing was started for a reason that a wrong name can be behind."""
        if self.state == "not_submitted":
            return bool(self.candidates)
        return self.state == "refused" and ErrorKind((self.failure or {})["kind"]).may_be_a_wrong_name

    def explain(self, cause: str) -> None:
        """Say why nothing was started, in place of what one might do without knowing it.

        Args:
            cause: Sentences.
        """
        for general in (_ELIGIBLE.format(self.instance.application_id), _LOOK_AT_JOB):
            if self.msg.endswith(general):
                self.msg = self.msg[: -len(general)]
        self.msg += f" {capitalized(cause)}"

    def mark_lost(self, why: str) -> None:
        """Its answer was not about it, so its job must be looked for.

        Args:
            why: A clause.
        """
        error = CommvaultError(
            f"Whether a backup of {self.instance.label} was started is not known: {why}", "bad_reply"
        )
        self.state, self.msg, self.failure = "unknown", str(error), error.failure()
        self.task_id, self.job_ids, self.own, self.response = None, (), False, None
        self.unresolved = Unresolved.LOST

    def mark_recovered(
        self, job: Job, task_id: int | None, certain: bool, beside: t.Mapping[str, str] | None = None
    ) -> None:
        """The answer to its request was lost, but by all evidence this job is its own.

        Args:
            certain: Whether its marker or task is this run's, so that it cannot be that of a like run in the same
                seconds.
            beside: Jobs that are less likely its own: by id the reason, a clause after "it".
        """
        what = f"task {self.task_id} came without a job" if self.task_id else "the answer to the request was lost"
        self._settle(
            "adopted",
            f"The backup of {self.instance.label} was started: {what}, but its job was found, job {job.id}"
            f" ({job.status}).",
        )
        self._take([job])
        self.task_id = task_id or self.task_id
        self.changed, self.own = True, certain
        self.msg += _not_taken(beside)
        self.candidates = tuple(beside or ())

    def mark_failed(self, job: Job) -> None:
        """Its job, which nobody waits for, had failed when it was found."""
        self.msg += f" That job did not succeed{f': {job.reason}' if job.reason else '.'}"
        self.failure = CommvaultError(self.msg, ErrorKind.JOB_FAILED).failure()

    def mark_beside(self, jobs: t.Sequence[Job]) -> None:
        """These jobs of its subclient are active, too, and nothing proves that the one that was taken is its own."""
        new = [job for job in jobs if job.id not in self.candidates]
        self.msg += "".join(f" Job {job.id} ({job.status}) of the same subclient is active, too." for job in new)
        self.candidates += tuple(job.id for job in new)

    def mark_seen_later(self, jobs: t.Sequence[Job]) -> None:
        """These jobs, each of which may be its own, were seen when the search for it was over."""
        new = [job for job in jobs if job.id not in self.candidates]
        self.msg += "".join(f" Job {job.id} ({job.status}) was seen since, and may be it." for job in new)
        self.candidates += tuple(job.id for job in new)

    def mark_already_running(self, job: Job, others: t.Sequence[Job] = ()) -> None:
        """Nothing was started, since this job is at it already, or was when the request came.

        Args:
            others: Further active jobs of the same subclient.
        """
        label, what = self.instance.label, f"job {job.id} ({job.status})"
        if job.finished:
            msg = f"A backup of {label} was under way already, and has ended: {what}. No other was started."
        else:
            msg = f"A backup of {label} is under way already: {what}. No other was started."
        self._settle("adopted", msg + beside_words(others))
        self._take([job])
        self.candidates = tuple(one.id for one in others)
        self.changed = False

    def mark_kept_off(self, job: Job) -> None:
        """Nothing was started for this job, which is being killed or has failed since."""
        what = f"has ended since ({job.status}). Start this backup again."
        if job.dying:
            what = "is being killed. Start this backup again when that job has ended."
        self._settle("refused", f"{self.msg} Job {job.id} {what}", failed=None)
        self.candidates = (job.id,)

    def mark_duplicate(self, other: Job, killed: bool = False, why_not: str = "") -> None:
        """Its job was started although another one of the same subclient was active.

        Args:
            other: That job, which may have ended since.
            killed: Whether its own was killed, so that the other one stands for it.
            why_not: Why its own could not be killed, a sentence, where that was asked for.
        """
        own = id_words(self.job_ids)
        self.state, self.duplicate_of = "duplicate", other.id
        self.msg = (
            f"Started the backup of {self.instance.label} as {own}, but job {other.id} ({other.status}) of the same"
            " subclient was active already."
        )
        if killed:
            self.msg += f" Killed {own}; job {other.id} goes on."
            self._take([other])
            self.own = False
        elif other.dying:
            self.msg += f" Job {other.id} is being killed; {own} {'goes' if len(self.job_ids) == 1 else 'go'} on."
        elif not other.finished:
            self.msg += why_not or f" Both go on; on_duplicate: kill would end {own}."

    def mark_recent(self, job: Job, age: float) -> None:
        """Nothing was started, since this backup is young enough.

        Args:
            age: Seconds since it ended.
        """
        self._settle(
            "recent",
            f"The last good backup of {self.instance.label} is young enough: job {job.id} ended {age_words(age)}"
            f" ago ({job.status}). No other was started.",
        )
        self.age = max(0.0, age)
        self._take([job])

    def mark_unresolved(self, looked: str, seen: t.Mapping[str, str] | None = None) -> None:
        """Its question could not be answered.

        Args:
            looked: What came of looking for its job, a sentence.
            seen: Jobs of its subclient that are not taken for its own: by id the reason, a clause after "it".
        """
        looked += _not_taken(seen)
        if self.unresolved is Unresolved.REFUSED:
            # The refusal stands as it is: nothing says that a job was its reason.
            self.msg += "".join(f" Job {job_id} may be one of its subclient that is active." for job_id in seen or ())
        elif self.unresolved is Unresolved.RUNNING:
            self._settle(
                "refused",
                f"{self.msg} Which job that is could not be found out, it may have ended meanwhile. {looked}",
                failed=None,
            )
        else:
            self.state = "unknown"
            self.changed = True
            self.msg += f" {looked}" if looked else ""
            if len(self.candidates) == 1:
                self.msg += f" Job {self.candidates[0]} may be it."
            elif self.candidates:
                self.msg += f" Each of these jobs may be it: {', '.join(self.candidates)}."
            self.msg += _ADVICE
            if self.failure is None:
                self.failure = CommvaultError(self.msg, "no_job").failure()
        self.candidates = (*self.candidates, *(seen or ()))
        self.unresolved = None

    def _settle(self, state: str, msg: str, failed: str | None = "") -> None:
        """failed: the kind of failure, None to keep the one there is, "" for none."""
        self.state, self.msg, self.unresolved, self.candidates = state, msg, None, ()
        if failed is not None:
            self.failure = CommvaultError(msg, failed).failure() if failed else None

    def _take(self, jobs: t.Sequence[Job]) -> None:
        self.job_ids = tuple(job.id for job in jobs)
        self.job = jobs[0]


def id_words(job_ids: t.Sequence[str]) -> str:
    """One or several job ids in a sentence."""
    return f"job {job_ids[0]}" if len(job_ids) == 1 else f"jobs {', '.join(job_ids)}"


def started_words(instance: Instance, task_id: int | None, job_ids: t.Sequence[str]) -> str:
    """A sentence on a backup that was started."""
    task = "" if task_id is None else f"task {task_id}, "
    return f"Started the backup of {instance.label}: {task}{id_words(job_ids)}."


def beside_words(others: t.Sequence[Job]) -> str:
    """A sentence on further active jobs of a subclient, empty without any."""
    return f" The same subclient has {id_words([job.id for job in others])} beside it." if others else ""


def _not_taken(jobs: t.Mapping[str, str] | None) -> str:
    """Sentences on jobs that are not taken for its own. jobs: by id the reason, a clause after "it"."""
    return "".join(f" Job {job_id} is not taken for it: it {why}." for job_id, why in (jobs or {}).items())


_ADVICE = (
    " Nothing was sent again. Look for a job of this subclient in the Command Center before you start its backup again."
)
_LOOK_AT_JOB = " Look at that job, and use on_unverified: start to start a backup all the same."
_ELIGIBLE = (
    " An eligible subclient is one that exists under exactly this client, instance and subclient name, belongs to"
    " application id {}, has a plan and has its backup activity enabled. Compare the names with those in the Command"
    " Center: they are Commvault's, not those of AWS."
)


def backup_from_error(
    instance: Instance, error: CommvaultError, sent_at: float | None = None, lost_at: float | None = None
) -> Backup:
    """The outcome for an instance whose request failed.

    Args:
        sent_at: When the request went out, in epoch seconds of this machine; None if no job can be looked for.
        lost_at: When it failed, in the same.

    Returns:
        An "unknown" one where the backup may run all the same, else "refused" or, if the request never reached the
        CommCell's attention, "not_submitted".
    """
    failure = error.failure()
    if error.maybe_ran:
        msg = f"Whether a backup of {instance.label} was started is not known: {error}"
        question = Unresolved.LOST if sent_at is not None else None
        backup = Backup(instance, "unknown", msg, failure=failure, changed=True, unresolved=question)
        backup.sent_at, backup.lost_at, backup.task_id = sent_at, lost_at, error.task_id
        return backup
    msg = f"No backup of {instance.label} was started: {error}"
    if isinstance(error, RequestError) and error.code == NO_ELIGIBLE_SUBCLIENT:
        msg += _ELIGIBLE.format(instance.application_id)
    state = "not_submitted" if error.kind.unsent else "refused"
    return Backup(instance, state, msg, failure=failure, sent_at=sent_at)


def not_submitted(instance: Instance, why: str) -> Backup:
    """The outcome for an instance for which nothing was sent; why: a sentence."""
    return backup_from_error(instance, CommvaultError(why, ErrorKind.NOT_SUBMITTED))


def summary(backups: t.Sequence[Backup], job_url: t.Callable[[str], str | None]) -> dict[str, t.Any]:
    """The result of a call: changed, msg, flat task_ids and job_ids, and one entry per backup. Fails if any is not ok.

    Args:
        job_url: Gives the address of a job's page by its id.
    """
    failed = [backup for backup in backups if not backup.ok]
    result: dict[str, t.Any] = {
        "changed": any(backup.changed for backup in backups),
        "msg": backups[0].msg if len(backups) == 1 else _summary_text(backups, failed),
        "task_ids": _unique(backup.task_id for backup in backups if backup.task_id is not None),
        "job_ids": _unique(job_id for backup in backups for job_id in backup.job_ids),
        "backups": [_entry(backup, job_url) for backup in backups],
    }
    if failed:
        result["failed"] = True
        result["failure"] = failed[0].failure
    return result


def add_wait(result: dict[str, t.Any], waited: dict[str, t.Any]) -> None:
    """Add what came of waiting for the jobs to a result of summary, in place.

    Args:
        waited: As of _wait_for.wait_and_describe, for the jobs of the backups.
    """
    jobs = {job["job_id"]: job for job in waited["jobs"]}
    for entry in result["backups"]:
        own = [jobs[job_id] for job_id in entry["job_ids"] if job_id in jobs]
        if own:
            entry["job"] = next((job for job in own if job["outcome"] != "succeeded"), own[0])
    for name in ("counts", "waited_seconds", "warnings"):
        if name in waited:
            result[name] = waited[name]
    result["changed"] = result["changed"] or waited["changed"]
    if jobs:
        result["msg"] = f"{result['msg']} {waited['msg']}"
    if waited.get("failed"):
        result["failed"] = True
        result.setdefault("failure", waited["failure"])


class BackupEntry(t.TypedDict):
    """A backup in the result of a module; see RETURN of oracle_rds_export_backup."""

    id: str
    client_name: str | None
    instance_name: str | None
    subclient_name: str | None
    state: str
    task_id: int | None
    job_ids: list[str]
    own: bool
    candidates: list[str]
    duplicate_of: str | None
    job: dict[str, t.Any] | None
    job_url: str | None
    msg: str
    retry_at: str | None
    expected_end: str | None
    attempts: list[dict[str, t.Any]]
    not_verified: list[str]
    age_seconds: int | None
    failure: dict[str, t.Any] | None
    changed: bool


def make_entry(name: str, state: str, msg: str, failure: dict[str, t.Any] | None = None) -> BackupEntry:
    """An entry of which nothing else is known."""
    entry: dict[str, t.Any] = dict.fromkeys(BackupEntry.__annotations__)
    entry.update(id=name, state=state, msg=msg, failure=failure, own=False, changed=False)
    for many in ("job_ids", "candidates", "attempts", "not_verified"):
        entry[many] = []
    return t.cast("BackupEntry", entry)


def _entry(backup: Backup, job_url: t.Callable[[str], str | None]) -> BackupEntry:
    instance = backup.instance
    return {
        **make_entry(instance.id, backup.state, backup.msg, backup.failure),
        "client_name": instance.client_name,
        "instance_name": instance.instance_name,
        "subclient_name": instance.subclient_name,
        "task_id": backup.task_id,
        "job_ids": list(backup.job_ids),
        "own": backup.own,
        "candidates": list(backup.candidates),
        "duplicate_of": backup.duplicate_of,
        "job": backup.job.to_result() if backup.job else None,
        "job_url": job_url(backup.job_ids[0]) if backup.job_ids else None,
        "retry_at": iso_time(backup.retry_at),
        "expected_end": iso_time(backup.expected_end),
        "attempts": list(backup.attempts),
        "not_verified": list(backup.not_verified),
        "age_seconds": None if backup.age is None else int(backup.age),
        "changed": backup.changed,
    }


def _unique(values: t.Iterable[t.Any]) -> list[t.Any]:
    return list(dict.fromkeys(values))


def _summary_text(backups: t.Sequence[Backup], failed: t.Sequence[Backup]) -> str:
    counts = ", ".join(
        f"{sum(backup.state == state for backup in backups)} {word}"
        for state, word in STATES.items()
        if any(backup.state == state for backup in backups)
    )
    text = f"{len(backups)} backups: {counts}."
    if failed:
        text += first_of([f"[{backup.instance.id}] {backup.msg}" for backup in failed], _SHOWN_FAILURES, "backups")
    return text
