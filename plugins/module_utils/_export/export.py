# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export backups from the question to the answer: what needs none, what is started, and which jobs came of it."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import typing as t
from collections import Counter

from .._errors import CommvaultError, RequestError, fault_words
from .._parallel import RUNTIME
from .api import TasksApi
from .backup import AWAITED_STATES, NO_ELIGIBLE_SUBCLIENT, Backup
from .submission import Submission

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._estate.clients import ClientDirectory
    from .._jobs.forecast import Forecast
    from .._jobs.job import Job
    from .._jobs.reader import JobReader
    from .._parallel import Runtime
    from .history import ClientJobs, JobListing, UnreadableHistory
    from .matching import Matching
    from .name_check import NameCheck
    from .preflight import Verdict
    from .recovery import Recovery
    from .request import ExportOptions, ExportPlan, Instance


# How far back the last good backup is looked for when somebody wants to see it, in seconds.
LAST_GOOD_AGE = 30 * 86400.0
# Jobs that this call did not start whose tasks are read, and the time for each, in seconds.
MAX_TASKS = 50
MAX_SECONDS_OF_A_TASK = 10.0
_OF_OTHERS = ("adopted", "recent")


class Export:
    """Starts the export backups of one call."""

    def __init__(
        self,
        commcell: CommCell,
        options: ExportOptions,
        plan: ExportPlan,
        runtime: Runtime = RUNTIME,
        on_start: t.Callable[[], object] = lambda: None,
        parent_has_died: t.Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare a call.

        Args:
            on_start: Called before the first request that starts a backup.
            parent_has_died: As of Submission.
        """
        self._commcell = commcell
        self._options = options
        self._plan = plan
        self._runtime = runtime
        self._on_start = on_start
        self._parent_has_died = parent_has_died
        self._submission = Submission(TasksApi(commcell), options, plan, commcell.outage, runtime, parent_has_died)
        self.warnings: list[str] = []
        # The jobs that were listed before anything was sent.
        self._known_before: frozenset[str] = frozenset()
        self._jobs_were_read = False
        # The jobs of the past that were read to be shown, None if they were not.
        self._shown: JobListing | None = None
        # Those that were read to see what is recent, in the same way.
        self._past: JobListing | None = None

    # What only some calls need is imported where it is used: Ansible hands the sources of a module over without their
    # compiled form, so every import costs the start of a single backup a few milliseconds.

    @functools.cached_property
    def _reader(self) -> JobReader:
        from .._jobs.api import JobsApi
        from .._jobs.reader import JobReader

        return JobReader(JobsApi(self._commcell))

    @functools.cached_property
    def _clients(self) -> ClientDirectory:
        from .._estate.api import EstateApi
        from .._estate.clients import ClientDirectory

        return ClientDirectory(EstateApi(self._commcell), self._plan.concurrency, self._runtime)

    @functools.cached_property
    def _client_jobs(self) -> ClientJobs:
        from .history import ClientJobs

        return ClientJobs(self._clients, self._reader)

    @functools.cached_property
    def _name_check(self) -> NameCheck:
        from .name_check import NameCheck

        plan = self._plan
        return NameCheck(self._commcell, plan.concurrency, self._runtime, plan.deadline, self._parent_has_died)

    def requests(self, instances: t.Sequence[Instance]) -> list[dict[str, t.Any]]:
        """The requests that start backups of all these instances: method, url and body of each."""
        return self._submission.requests(instances)

    def run(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """Back up the instances; returns one Backup each, in order. Raises nothing; sets warnings."""
        settled: dict[int, Backup] = {}
        warned = len(self.warnings)
        not_verified: dict[int, tuple[str, ...]] = {}
        if self._plan.preflight:
            verdicts = self._check_names(instances, settled)
            not_verified.update({place: verdict.not_verified for place, verdict in verdicts.items()})
        looked = self._plan.preflight or self._plan.check_running or self._plan.max_age is not None
        gaps = self._check_history(instances, settled) if looked else {}
        for place, gap in gaps.items():
            # What cannot be judged must not start a second backup. Where nothing can be read and no age was asked for,
            # Commvault has the last word on what runs.
            matters = gap.job is not None or (self._plan.max_age is not None and not gap.hidden)
            if matters and not self._plan.start_unverified:
                settled[place] = gap.not_submitted(instances[place])
            else:
                not_verified[place] = (*not_verified.get(place, ()), gap.text)
        wanted = [place for place in range(len(instances)) if place not in settled]
        self._on_start()
        submitted = self._submission.run([instances[place] for place in wanted])
        for place, backup in zip(wanted, submitted):
            settled[place] = backup
            # What was not known of other backups does not matter where none was started; the failure says why.
            if backup.changed or backup.unresolved:
                backup.not_verified = not_verified.get(place, ())
        if not any(backup.changed or backup.unresolved for backup in submitted):
            # Those of earlier rounds of the call stay.
            del self.warnings[warned:]
        backups = [settled[place] for place in range(len(instances))]
        try:
            self._follow_up(instances, backups, worth_a_look=len(wanted) > 1 or bool(gaps))
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            # It must not take with it what is known of the backups that were started.
            what = fault_words(fault)
            self.warnings.append(f"What was started was not looked at any more. {what}")
            for backup in backups:
                if backup.unresolved:
                    backup.mark_unresolved(what)
        return backups

    def _follow_up(self, instances: t.Sequence[Instance], backups: t.Sequence[Backup], worth_a_look: bool) -> None:
        """Settle what the starts left open, and add what is known beside, in place.

        Args:
            worth_a_look: Whether to look for duplicates even if nothing else calls for it.
        """
        self._question_shared_jobs(backups)
        recovery = self._settle(backups) if any(backup.unresolved for backup in backups) else None
        # One start alone stays at two requests, unless there is a reason to look or time to do so.
        asked_to = self._plan.kill_duplicates or self._plan.waits or self._commcell.profile.queues_conflicts
        worth_it = worth_a_look or asked_to or recovery is not None
        if self._plan.check_running and worth_it and any(backup.changed and backup.job_ids for backup in backups):
            listed = self._find_duplicates(backups)
            if recovery:
                recovery.name_later_jobs(backups, listed)
        self._read_task_ids(backups)
        for backup in backups:
            found = backup.job if backup.state == "adopted" and backup.changed else None
            if found and found.finished and not found.succeeded(self._plan.fail_on) and not self._plan.waits:
                backup.mark_failed(found)
        if not self._plan.preflight and any(backup.may_be_misnamed for backup in backups):
            self._name_check.explain(backups)
        if self._shown or self._past:
            for backup, known in zip(backups, self.forecasts(instances)):
                self._note_end(backup, known)

    def _question_shared_jobs(self, backups: t.Sequence[Backup]) -> None:
        """See which backups had the answer to another request: their job is one of another instance."""
        counts = Counter(job_id for backup in backups if backup.state == "started" for job_id in backup.job_ids)
        shared = [job_id for job_id, count in counts.items() if count > 1]
        if not shared:
            return
        from .matching import Fit, fit_by_names

        try:
            jobs: t.Mapping[str, Job] = self._reader.read(shared)
        except CommvaultError as error:
            jobs = error.found
        unseen: list[Backup] = []
        for backup in backups:
            own = [job_id for job_id in backup.job_ids if counts[job_id] > 1]
            seen = [jobs[job_id] for job_id in own if job_id in jobs]
            if any(fit_by_names(backup.instance, job) is Fit.NO for job in seen):
                backup.mark_lost(f"the answer names job {', '.join(own)}, which is of another instance.")
            elif own and len(seen) < len(own):
                unseen.append(backup)
                words = f"whether job {', '.join(own)} is its own: the answer to another request has it, too."
                backup.not_verified += (words,)
        if unseen:
            self.warnings.append(f"Of {len(unseen)} of the backups it is not verified {unseen[0].not_verified[-1]}")

    def _read_task_ids(self, backups: t.Sequence[Backup]) -> None:
        """Add the tasks of jobs that this call did not start, which no list of jobs tells: one read a job, of the first
        ones, until one fails.
        """
        found = [one for one in backups if one.state in _OF_OTHERS and one.task_id is None and one.job_ids]
        if not found or self._parent_has_died():
            return
        from .._jobs.api import JobsApi

        api = JobsApi(self._commcell)
        api.limit(MAX_SECONDS_OF_A_TASK, repeat=False)
        failed: list[CommvaultError] = []

        def read(backup: Backup) -> None:
            if failed or (self._plan.deadline is not None and self._runtime.monotonic() >= self._plan.deadline):
                return
            try:
                backup.task_id = api.details(backup.job_ids[0]).task_id
            except CommvaultError as error:
                failed.append(error)

        self._runtime.map(read, found[:MAX_TASKS], self._plan.concurrency)

    def _settle(self, backups: t.Sequence[Backup]) -> Recovery:
        """Answer the open questions; returns what looked for their jobs."""
        from .._jobs.api import JobsApi
        from .evidence import Evidence
        from .recovery import Recovery

        details = JobsApi(self._commcell)
        # A look that fails is followed by another one.
        details.limit(None, repeat=False)
        read_user = TasksApi(self._commcell).own_user
        evidence = Evidence(self._commcell.clock, self._options, details.details, read_user)
        recovery = Recovery(
            self._reader,
            evidence,
            self._matching([backup.instance for backup in backups]),
            known_before=self._known_before,
            deadline=self._plan.deadline,
            lag=self._commcell.profile.visibility_lag,
            runtime=self._runtime,
            read_refuses=self._refuses_conflicts,
            jobs_were_read=self._jobs_were_read,
        )
        recovery.settle(backups)
        return recovery

    def _refuses_conflicts(self) -> bool | None:
        """Whether the CommCell refuses a second backup of a subclient, None if not told. Raises CommvaultError."""
        if self._commcell.profile.queues_conflicts:
            return False
        return self._reader.api.refuses_conflicts()

    def _find_duplicates(self, backups: t.Sequence[Backup]) -> t.Sequence[Job]:
        """Mark backups that were started beside others; returns the jobs that were listed."""
        from .duplicates import DuplicateCheck

        matching = self._matching([backup.instance for backup in backups])
        kill = functools.partial(self._reader.api.act, action="kill") if self._plan.kill_duplicates else None
        check = DuplicateCheck(
            self._reader,
            matching,
            kill,
            self._plan.deadline,
            self._runtime,
            self._commcell.profile.visibility_lag,
        )
        self.warnings.extend(check.check(backups))
        return check.listed

    def _matching(self, instances: t.Sequence[Instance]) -> Matching:
        from .matching import Matching

        return Matching(self._clients.subclients, instances, self._commcell.profile.application_ids)

    def preview(self, instances: t.Sequence[Instance]) -> list[Backup]:
        """What run would do for each instance, as far as reading tells; starts nothing. Sets warnings."""
        settled: dict[int, Backup] = {}
        verdicts = self._check_names(instances, settled)
        gaps = self._check_history(instances, settled)
        for place, instance in enumerate(instances):
            if place not in settled:
                settled[place] = _preview(instance, verdicts[place], gaps.get(place))
        return [settled[place] for place in range(len(instances))]

    def last_good(self, instances: t.Sequence[Instance]) -> list[Job | None]:
        """The last good backup within LAST_GOOD_AGE of each of the instances, which run or preview said are requested;
        None where none is known. Raises nothing.
        """
        found: list[Job | None] = []
        for own in self._own_jobs(instances, self._shown or self._read_shown(instances)):
            good = [job for job in own if job.end_time and not job.aged and job.succeeded(self._plan.fail_on)]
            found.append(max(good, key=lambda job: job.end_time or 0, default=None))
        return found

    def forecasts(self, instances: t.Sequence[Instance]) -> list[Forecast | None]:
        """How long a backup of each of the instances takes, None where that is not known. Raises nothing."""
        from .._jobs.forecast import forecast

        listing = self._shown or self._past or self._read_shown(instances)
        return [forecast(own, self._plan.fail_on) for own in self._own_jobs(instances, listing)]

    def _note_end(self, backup: Backup, known: Forecast | None) -> None:
        """Say of a backup that is under way when it will end."""
        if known and backup.state in AWAITED_STATES:
            clock, sent = self._commcell.clock, backup.sent_at or self._commcell.now()
            begun = backup.job.start_time if backup.job and backup.job.start_time else clock.at(sent)
            backup.expected_end = begun + known.seconds

    def _read_shown(self, instances: t.Sequence[Instance]) -> JobListing | None:
        if instances:
            self._shown = self._client_jobs.past([instance.client_name for instance in instances], LAST_GOOD_AGE)
        return self._shown

    def _own_jobs(self, instances: t.Sequence[Instance], listing: JobListing | None) -> list[t.Sequence[Job]]:
        """The jobs of each of the instances in a listing."""
        from .matching import JobsOfInstances

        jobs = JobsOfInstances(listing.jobs if listing else (), self._matching(instances))
        return [jobs.of(instance)[0] for instance in instances]

    def _check_names(self, instances: t.Sequence[Instance], settled: dict[int, Backup]) -> dict[int, Verdict]:
        """Settle what would be refused; returns the verdicts on the others, by their place."""
        from .._estate.api import EstateApi
        from .preflight import REFUSED, Preflight

        others: dict[int, Verdict] = {}
        for place, verdict in enumerate(
            Preflight(EstateApi(self._commcell), self._clients, self._plan.concurrency, self._runtime).check(instances)
        ):
            if verdict.subclient:
                self._clients.remember_id(verdict.instance.client_name, verdict.subclient.client_id)
            if verdict.state == REFUSED:
                # The code of the refusal that is foreseen, so that a rescue takes the same branch in a dry run.
                error = RequestError(verdict.msg, "refused", code=NO_ELIGIBLE_SUBCLIENT)
                settled[place] = Backup(verdict.instance, "refused", verdict.msg, failure=error.failure())
            else:
                others[place] = verdict
        return others

    def _check_history(
        self, instances: t.Sequence[Instance], settled: dict[int, Backup]
    ) -> dict[int, UnreadableHistory]:
        """Settle what needs no new backup; returns what could not be read of others, by their place. Sets warnings."""
        from .history import HistoryCheck

        def server_now() -> float:
            return self._commcell.clock.at(self._commcell.now())

        places = [place for place in range(len(instances)) if place not in settled]
        left = [instances[place] for place in places]
        if not left:
            return {}
        listing = self._jobs_of([instance.client_name for instance in left])
        self._known_before = frozenset(job.id for job in listing.jobs)
        self._jobs_were_read = not listing.unread
        check = HistoryCheck(server_now, self._plan, self._options.backup_level)
        history = check.check(left, listing, self._matching(left))
        settled.update({places[at]: backup for at, backup in history.settled.items()})
        self.warnings.extend(history.warnings)
        return {places[at]: gap for at, gap in history.gaps.items()}

    def _jobs_of(self, client_names: t.Sequence[str]) -> JobListing:
        """The jobs by which history is judged, and with them those that are to be shown."""
        max_age, look_back = self._plan.max_age, self._plan.look_back
        # Once is enough, also where a schedule starts backups in several rounds.
        if look_back and self._shown is None:
            self._shown = self._client_jobs.past(client_names, max(look_back, max_age or 0.0))
            if not self._shown.unread:
                return self._shown
            # What is only shown must not decide what is started: what is needed may be readable.
        if max_age is None:
            return self._client_jobs.active(client_names)
        self._past = self._client_jobs.past(client_names, max_age)
        return self._past


def _preview(instance: Instance, verdict: Verdict, gap: UnreadableHistory | None) -> Backup:
    """What a dry run says of an instance for which a request would be sent, as far as that can be told."""
    from .preflight import WOULD_START, not_verified_words

    state, msg, not_verified = verdict.state, verdict.msg, verdict.not_verified
    if gap:
        not_verified += (gap.text,)
    if gap and not gap.hidden and state == WOULD_START:
        # A real run may start it or not. That is no reason to call this one a failure.
        state = "not_verified"
        msg = f"Whether a backup of {instance.label} would be started is not verified, since it could not be read"
        msg += f" {gap.text}{not_verified_words(verdict.not_verified)}"
    elif gap:
        msg += not_verified_words([gap.text])
    return Backup(instance, state, msg, changed=True, not_verified=not_verified)
