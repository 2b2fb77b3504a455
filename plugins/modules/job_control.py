#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_control
short_description: Suspend, resume or kill Commvault jobs
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Suspends, resumes or kills jobs. It reads their present state first, and does nothing to a job that already has the
    requested one.
  - If one job cannot get the state, the others still do; the task fails at its end.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
attributes:
  check_mode:
    support: full
    details:
      - Reads the jobs, and fails for those that cannot get the state.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  job_ids:
    description:
      - Ids of the jobs. A repeated id counts once.
      - The list may be empty.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(suspended) - the job pauses until it is resumed. It is an error if it has ended.
      - V(resumed) - the job goes on if it is suspended. It is an error if it has ended.
      - V(killed) - the job ends. A job that has already ended does not change.
    type: str
    choices:
      - suspended
      - resumed
      - killed
    required: true
  wait:
    description:
      - Whether to wait until the jobs have the state, because Commvault needs a while to pause or end a job.
      - Without it, the task ends when Commvault has accepted the requests.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait for all jobs together. A number of seconds, or a number with a unit, such as V(90), V(30m) or
        V(1h30m).
    type: str
    default: 10m
  wait_interval:
    description: How long to wait between two polls, in the format of O(wait_timeout).
    type: str
    default: 10s
seealso:
  - module: rdsops.commvault.job_info
  - module: rdsops.commvault.job_wait
"""

EXAMPLES = r"""
- name: Suspend a job before the storage is maintained
  rdsops.commvault.job_control:
    job_ids:
      - 148886
    state: suspended
    wait: true

- name: Let it go on afterwards
  rdsops.commvault.job_control:
    job_ids:
      - 148886
    state: resumed

- name: Kill whatever a run has started and has not ended yet
  rdsops.commvault.job_control:
    job_ids: "{{ started.job_ids }}"
    state: killed
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: "Job 148886 was Running and was asked to suspend. It is Suspend Pending now."
jobs:
  description: The jobs in the given order, in their last known state.
  returned: always, unless an option was wrong
  type: list
  elements: dict
  contains:
    job_id:
      description: Id of the job.
      type: str
      returned: always
      sample: "148886"
    found:
      description:
        - Whether the job was visible. Otherwise it does not exist, the user may not see it, or it has only just
          started; then all values except its id are empty.
      type: bool
      returned: always
      sample: true
    state:
      description:
        - The meaning of RV(jobs[].status).
        - V(active) - the job has not ended. A status that this collection does not know also counts as active.
        - V(ok) - it succeeded.
        - V(warnings) - it succeeded with warnings.
        - V(errors) - it completed with errors, or somebody ended it early and kept the data saved so far.
        - V(failed) - it failed or was killed.
        - V(null) if the job was not visible.
      type: str
      returned: always
      sample: ok
    status:
      description: State of the job in Commvault, such as C(Running), C(Pending) or C(Completed).
      type: str
      returned: always
      sample: Completed
    percent_complete:
      description: Progress from 0 to 100, V(null) if not known.
      type: int
      returned: always
      sample: 100
    phase:
      description: Current phase of the job, V(null) if not known.
      type: str
      returned: always
      sample: Database Backup
    reason:
      description: Commvault's reason why the job waits or failed, without markup, 250 characters at most.
      type: str
      returned: always
      sample: null
    reason_code:
      description: Code of the reason.
      type: str
      returned: always
      sample: null
    job_type:
      description: Type of the job.
      type: str
      returned: always
      sample: Backup
    backup_level:
      description: Level of the backup. It can differ from the requested one.
      type: str
      returned: always
      sample: Full
    client_name:
      description: Name of the client.
      type: str
      returned: always
      sample: aws-prod
    instance_name:
      description: Name of the instance.
      type: str
      returned: always
      sample: orders
    subclient_name:
      description: Name of the subclient.
      type: str
      returned: always
      sample: default
    client_id:
      description: Id of the client.
      type: int
      returned: always
      sample: 11
    instance_id:
      description: Id of the instance.
      type: int
      returned: always
      sample: 101
    subclient_id:
      description: Id of the subclient.
      type: int
      returned: always
      sample: 1001
    application_id:
      description: Id of the application; 22 is Oracle.
      type: int
      returned: always
      sample: 22
    user_name:
      description: The user who started the job.
      type: str
      returned: always
      sample: backup-operator
    start_time:
      description: Start of the job, in seconds since 1970 (UTC).
      type: int
      returned: always
      sample: 1767225600
    end_time:
      description: End of the job, in seconds since 1970 (UTC); V(null) while it is active.
      type: int
      returned: always
      sample: 1767229200
    elapsed_seconds:
      description: Run time of the job in seconds.
      type: int
      returned: always
      sample: 3600
    application_size:
      description: Size of the backed-up data, in bytes.
      type: int
      returned: always
      sample: 88046829568
    media_size:
      description: Size of the written backup data, in bytes.
      type: int
      returned: always
      sample: 29348943189
    job_url:
      description: Page of the job in the Command Center, V(null) if its URL is not known.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/#/jobs/148886
    delay_reason:
      description: Not read by this module, V(null).
      type: str
      returned: always
      sample: null
    events:
      description:
        - The last events of the job, the newest first, each with its time (UTC).
        - Not read by this module.
      type: list
      elements: str
      returned: always
      sample: []
    hint:
      description:
        - What to do, if the job failed or is stuck for a reason that this collection knows.
        - It comes from this collection; RV(jobs[].reason) and RV(jobs[].events) come from Commvault.
      type: str
      returned: always
      sample: null
    action:
      description:
        - V(suspend), V(resume) or V(kill) if the task requested it from Commvault, or in check mode would request it.
        - V(null) if it requested nothing, or if Commvault refused.
      type: str
      returned: always
      sample: suspend
    msg:
      description: The result as a sentence, or the reason of a failure.
      type: str
      returned: always
      sample: "Job 148886 was Running and was asked to suspend. It is Suspend Pending now."
    failure:
      description: The same as RV(failure), V(null) without a failure.
      type: dict
      returned: always
      sample: null
waited_seconds:
  description: Seconds that the task waited for the jobs to reach the state.
  returned: always, unless an option was wrong
  type: int
  sample: 0
api_calls:
  description: Number of requests of this run, without repeated attempts.
  returned: always, unless an option was wrong
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 2
    writes:
      description: Requests that start or change something.
      type: int
      returned: always
      sample: 1
    quota:
      description:
        - The quota that the server returned last, V(null) if it returned none.
        - C(limit) requests in C(period) seconds, of which C(remaining) are left (V(null) if not known).
      type: dict
      returned: always
      sample: null
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - The kind of failure.
        - V(job_ended) - a job has ended or is being killed.
        - V(job_missing) - a job does not exist, or the user may not see it.
        - V(refused) - Commvault refused it.
        - V(wait_timeout) - a job did not reach the state in time.
        - With several failures, the kind of the first.
        - V(invalid_input) - an option has a value that cannot be used.
        - Anything else is a failure to talk to the CommCell, as in M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: job_ended
    method:
      description: The HTTP method, V(null) without a request.
      type: str
      returned: always
      sample: null
    url:
      description: The URL, V(null) without a request.
      type: str
      returned: always
      sample: null
    status:
      description: The HTTP status, V(null) without an answer.
      type: int
      returned: always
      sample: null
    code:
      description: Commvault's error code, V(null) if there was none.
      type: raw
      returned: always
      sample: null
    message:
      description: Commvault's message, or that of this module if Commvault sent none.
      type: str
      returned: always
      sample: "Job 148886 (orders) has ended already: Completed. It cannot be suspended."
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import CommvaultError
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.control import VERBS, Control, control_jobs, reached
from ..module_utils._jobs.entry import JobReport
from ..module_utils._jobs.job import check_job_ids
from ..module_utils._jobs.reader import JobReader
from ..module_utils._jobs.wait import make_poll
from ..module_utils._jobs.wait_loop import wait_for_jobs
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._times import first_of, parse_duration, positive_duration, span

SHOWN = 3


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            "job_ids": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": list(VERBS), "required": True},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "str", "default": "10m"},
            "wait_interval": {"type": "str", "default": "10s"},
        }
    )


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Bring the jobs into the state, or in check mode say what would be done."""
    job_ids = check_job_ids(module.params["job_ids"])
    state = module.params["state"]
    timeout = parse_duration(module.params["wait_timeout"], "wait_timeout")
    interval = positive_duration(module.params["wait_interval"], "wait_interval")
    with module.open() as commcell:
        api = JobsApi(commcell)
        reader = JobReader(api)
        controls = control_jobs(api, reader, job_ids, state, check_mode=module.check_mode)
        waited = 0.0
        if module.params["wait"] and not module.check_mode:
            waited = wait_until_reached(api, reader, controls, state, timeout, interval)
        return result_of(controls, JobReport(api), waited, commcell.api_calls())


def wait_until_reached(
    api: JobsApi, reader: JobReader, controls: list[Control], state: str, timeout: float, interval: float
) -> float:
    """Wait until the jobs are in the state; completes controls, returns the seconds that it took."""
    by_id = {control.job_id: control for control in controls if control.error is None}
    wait = wait_for_jobs(
        list(by_id),
        make_poll(api, reader),
        timeout=timeout,
        interval=interval,
        proven=True,
        done=lambda job: reached(job, state),
    )
    for job_id, control in by_id.items():
        control.job = wait.jobs.get(job_id, control.job)
        after = f" After {span(wait.waited)} it"
        if wait.error:
            control.msg += f"{after} could not be read any more: {wait.error}"
            control.error = wait.error
        elif job_id in wait.missing:
            control.msg += f"{after} is not there any more."
            control.error = CommvaultError(control.msg, "job_missing")
        else:
            control.msg += f"{after} is {control.job.status if control.job else 'not there'}."
        if job_id in wait.timed_out:
            control.error = CommvaultError(control.msg, "wait_timeout")
        elif not control.error and control.job and control.job.finished and state == "suspended":
            control.msg += " It ended before it could be suspended."
            control.error = CommvaultError(control.msg, "job_ended")
    return wait.waited


def result_of(
    controls: list[Control], report: JobReport, waited: float, api_calls: dict[str, t.Any]
) -> dict[str, t.Any]:
    """The result of the module."""
    failed = [control for control in controls if control.error]
    result: dict[str, t.Any] = {
        "changed": any(control.action for control in controls),
        "msg": message(controls, failed),
        "jobs": [
            {
                **report.entry(control.job, control.job_id),
                "action": control.action,
                "msg": control.msg,
                "failure": control.error.failure() if control.error else None,
            }
            for control in controls
        ],
        "waited_seconds": int(waited),
        "api_calls": api_calls,
    }
    if failed:
        result["failed"] = True
        result["failure"] = result["jobs"][controls.index(failed[0])]["failure"]
    return result


def message(controls: list[Control], failed: list[Control]) -> str:
    """What was done, in words."""
    if len(controls) == 1:
        return controls[0].msg
    acted = sum(control.action is not None for control in controls)
    quiet = len(controls) - acted - sum(control.action is None for control in failed)
    text = f"{len(controls)} jobs: {acted} asked to change, {quiet} left as they were, {len(failed)} failed."
    return text + first_of([control.msg for control in failed], SHOWN, "jobs")


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
