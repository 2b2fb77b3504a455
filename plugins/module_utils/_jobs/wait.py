# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for jobs within this process, for the modules: reading, waiting, what on_timeout asks for, and the result."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError
from .._parallel import RUNTIME
from .api import JobsApi
from .control import STATE_FOR, control_jobs
from .entry import JobReport, needs_explanation
from .reader import JobReader
from .wait_loop import wait_for_jobs
from .wait_result import NOT_OWN, wait_result

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._parallel import Runtime
    from .job import Job
    from .wait_loop import Poll, Wait
    from .wait_options import WaitOptions
    from .wait_result import ActionResult


def make_poll(api: JobsApi, reader: JobReader) -> Poll:
    """How wait_for_jobs reads jobs through this reader."""

    def poll(job_ids: t.Sequence[str], time_left: float | None) -> t.Mapping[str, Job]:
        # A poll that fails is followed by another soon, so it need not be repeated; and it must not outlast the time.
        api.limit(time_left, repeat=False)
        try:
            return reader.read(job_ids)
        finally:
            api.limit(None)

    return poll


def wait_and_describe(
    commcell: CommCell,
    job_ids: t.Sequence[str],
    options: WaitOptions,
    *,
    proven: bool = False,
    check_mode: bool = False,
    own: t.Container[str] | None = None,
    stranger: t.Callable[[Job], str | None] = lambda _job: None,
    expected_ends: t.Mapping[str, float] | None = None,
    on_progress: t.Callable[[Wait], None] | None = None,
    runtime: Runtime = RUNTIME,
    parent_has_died: t.Callable[[], bool] = lambda: False,
) -> dict[str, t.Any]:
    """Wait for jobs and make the result of job_wait. Raises no CommvaultError.

    Args:
        commcell: Where the jobs are.
        job_ids: As of check_job_ids.
        options: How to wait.
        proven: Whether the CommCell has answered well in this run.
        check_mode: Poll once, and leave every job alone.
        own: The jobs that on_timeout may touch, None for all; others are somebody else's.
        stranger: As of wait_for_jobs.
        expected_ends: When jobs will end, in epoch seconds of the server, as far as that is known.
        on_progress: As of wait_for_jobs, and so is parent_has_died.

    Returns:
        changed, msg, job_ids, jobs, counts, waited_seconds; where something is wrong failed and failure, and warnings
        where there are any.
    """
    api = JobsApi(commcell)
    reader = JobReader(api)

    def tell(wait: Wait) -> None:
        ends = [expected_ends[job_id] for job_id in wait.waiting if job_id in expected_ends] if expected_ends else []
        wait.expected_left = max(0.0, max(ends) - api.server_time()) if ends else None
        if on_progress:
            on_progress(wait)

    wait = wait_for_jobs(
        job_ids,
        make_poll(api, reader),
        timeout=0.0 if check_mode else options.timeout,
        interval=options.interval,
        stuck_timeout=options.stuck_timeout,
        proven=proven,
        runtime=runtime,
        on_progress=tell,
        stranger=stranger,
        parent_has_died=parent_has_died,
        lag=commcell.profile.visibility_lag,
    )
    jobs = dict(wait.jobs)
    actions: dict[str, ActionResult] = {}
    if wait.overdue and options.on_timeout != "leave" and not check_mode:
        touched = [job_id for job_id in wait.overdue if own is None or job_id in own]
        actions = {job_id: (options.on_timeout, NOT_OWN) for job_id in wait.overdue if job_id not in touched}
        actions.update(_apply(api, reader, touched, options.on_timeout, jobs))
    report = JobReport(api)
    hanging = set(wait.stuck)
    entries = {
        job_id: report.entry(job, job_id, explain=not wait.error and (needs_explanation(job) or job_id in hanging))
        for job_id, job in jobs.items()
    }
    return wait_result(wait, entries, options, actions=actions, check_mode=check_mode)


def _apply(
    api: JobsApi, reader: JobReader, job_ids: t.Sequence[str], on_timeout: str, jobs: dict[str, Job]
) -> dict[str, ActionResult]:
    """Do what on_timeout says; puts the jobs as they are afterwards into jobs."""
    if not job_ids:
        return {}
    try:
        controls = control_jobs(api, reader, job_ids, STATE_FOR[on_timeout])
    except CommvaultError as error:
        return {job_id: (on_timeout, str(error)) for job_id in job_ids}
    jobs.update({control.job_id: control.job for control in controls if control.job})
    return {
        control.job_id: (on_timeout, str(control.error) if control.error else None)
        for control in controls
        if control.action or control.error
    }
