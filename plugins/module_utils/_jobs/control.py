# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Suspends, resumes and kills jobs, looking at their present state first."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import CommvaultError, ErrorKind
from .._parallel import GIVE_UP_AFTER, Breaker
from .._times import iso_time
from .reader import read_some

if t.TYPE_CHECKING:
    from .api import JobsApi
    from .job import Job
    from .reader import JobReader

SUSPENDED, RESUMED, KILLED = "suspended", "resumed", "killed"
# The option state, and the verb of it that is shown to users.
VERBS = {SUSPENDED: "suspend", RESUMED: "resume", KILLED: "kill"}
STATE_FOR = {verb: state for state, verb in VERBS.items()}

_ACTIONS = {SUSPENDED: "pause", RESUMED: "resume", KILLED: "kill"}
_ASKED = {SUSPENDED: "suspend", RESUMED: "go on", KILLED: "end"}


@dataclass
class Control:
    """What became of one job.

    Attributes:
        job: As last read.
        action: suspend, resume or kill if that was (or in check mode would be) asked for, else None.
        msg: In words.
        error: Why the state cannot be reached, None if it can.
    """

    job_id: str
    job: Job | None
    action: str | None = None
    msg: str = ""
    error: CommvaultError | None = None


def reached(job: Job, state: str) -> bool:
    """Whether a job is in a state that job_control was asked for; an ended job never becomes another one."""
    if state == RESUMED:
        return job.finished or not job.suspended
    if state == SUSPENDED:
        return job.finished or job.stuck == SUSPENDED
    return job.finished


def judge(job_id: str, job: Job | None, state: str) -> Control:
    """What is to be done about a job in its present state."""
    verb = VERBS[state]
    if job is None:
        msg = f"Job {job_id} does not exist on this CommCell, or the user may not see it."
        return Control(job_id, None, msg=msg, error=CommvaultError(msg, "job_missing"))
    name = f"Job {job_id}" + (f" ({job.instance_name})" if job.instance_name else "")
    if job.finished:
        ended = f"{name} has ended already: {job.status}" + (f" at {iso_time(job.end_time)}" if job.end_time else "")
        if state == KILLED:
            return Control(job_id, job, msg=f"{ended}. There is nothing to kill.")
        msg = f"{ended}. It cannot be {state}."
        return Control(job_id, job, msg=msg, error=CommvaultError(msg, "job_ended"))
    if state == KILLED and job.dying:
        return Control(job_id, job, msg=f"{name} is being killed already.")
    if job.dying:
        msg = f"{name} is being killed. It cannot be {state}."
        return Control(job_id, job, msg=msg, error=CommvaultError(msg, "job_ended"))
    if state == SUSPENDED and job.suspended:
        return Control(job_id, job, msg=f"{name} is suspended already ({job.status}).")
    if state == RESUMED and not job.suspended:
        return Control(job_id, job, msg=f"{name} is not suspended ({job.status}). There is nothing to resume.")
    return Control(job_id, job, verb, f"{name} is {job.status} and would be asked to {_ASKED[state]}.")


def control_jobs(
    api: JobsApi, reader: JobReader, job_ids: t.Sequence[str], state: str, *, check_mode: bool = False
) -> list[Control]:
    """Bring jobs into a state, each by one request at most.

    Args:
        api: Acts on jobs.
        reader: Reads them.
        job_ids: The jobs.
        state: SUSPENDED, RESUMED or KILLED.
        check_mode: Change nothing.

    Returns:
        One Control each, in order.

    Raises:
        CommvaultError: None of the jobs can be read at first; nothing was changed.
    """
    jobs, unread = read_some(reader.read, job_ids)
    controls = [
        Control(job_id, None, msg=f"Job {job_id} could not be read, so it was left alone: {unread}", error=unread)
        if unread and job_id not in jobs
        else judge(job_id, jobs.get(job_id), state)
        for job_id in job_ids
    ]
    asked = [control for control in controls if control.action]
    if check_mode or not asked:
        return controls
    hopeless: CommvaultError | None = None
    breaker = Breaker()
    for control in asked:
        control.error = hopeless
        if hopeless:
            continue
        try:
            api.act(control.job_id, _ACTIONS[state])
        except CommvaultError as error:
            control.error = error
            breaker.note(None if error.kind.about_one_object else error)
            # The rest would be refused alike, and each refused login may count towards a lock-out.
            hopeless = error if error.kind is ErrorKind.AUTHENTICATION else _given_up(breaker)
        else:
            breaker.note(None)
    try:
        jobs = reader.read([control.job_id for control in asked])
    except CommvaultError as error:
        # What was done is known all the same; only how the jobs took it is not.
        jobs = error.found
    for control in asked:
        _settle(control, jobs.get(control.job_id), state)
    return controls


def _given_up(breaker: Breaker) -> CommvaultError | None:
    """Why no more jobs are asked, None if they are. Each may take minutes to fail."""
    last = breaker.open()
    if last is None:
        return None
    msg = f"it was not asked, since the {GIVE_UP_AFTER} requests before it failed alike. The last of them: {last}"
    return CommvaultError(msg, ErrorKind.NOT_SUBMITTED)


def _settle(control: Control, job: Job | None, state: str) -> None:
    """Look at what came of a request: where the job is in the state or on its way there, no answer matters any more."""
    before, control.job = control.job, job or control.job
    now = f" It is {job.status} now." if job else ""
    was = f"Job {control.job_id} was {before.status if before else 'not seen'}"
    error = control.error
    if error is None:
        control.msg = f"{was} and was asked to {_ASKED[state]}.{now}"
    elif job is not None and _under_way(job, state):
        control.error = None
        control.action = control.action if error.maybe_ran else None
        control.msg = f"{was}.{now}"
    elif error.maybe_ran:
        control.msg = f"{was}. Whether it was asked to {_ASKED[state]} is not known: {error}{now}"
    else:
        control.action = None
        control.msg = f"{was} and could not be {state}: {error}{now}"


def _under_way(job: Job, state: str) -> bool:
    """Whether a job is in the state or on its way there."""
    if state == SUSPENDED:
        return job.suspended
    if state == RESUMED:
        return not job.finished and not job.suspended
    return job.finished or job.dying
