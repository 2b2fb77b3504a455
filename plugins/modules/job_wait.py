#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_wait
short_description: Wait for Commvault jobs to end
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Waits for one job or many, and fails if one of them fails.
  - On the controller, it prints a line when something has changed, and at least once a minute.
  - It returns every job, also if it fails.
  - It suspends or kills a job only with O(on_timeout).
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
  - rdsops.commvault._wait
attributes:
  check_mode:
    support: full
    details:
      - Reads the jobs once and does not wait. It fails for failed and missing jobs, not for active ones.
  diff_mode:
    support: N/A
    details:
      - This module only waits.
  idempotent:
    support: full
    details:
      - It does not wait for jobs that have ended.
  action:
    description: Has a part that runs on the controller.
    support: full
    details:
      - On the controller, the task waits in Ansible's own process, with one session for all polls, and prints its
        progress. On another machine, and with C(async), C(become), C(environment) or another Python, it runs as an
        ordinary module without progress.
  async:
    description: Supports being used with C(async).
    support: full
    details:
      - It then runs as an ordinary module, without progress.
options:
  job_ids:
    description:
      - Ids of the jobs, such as RV(rdsops.commvault.oracle_rds_export_backup#module:job_ids). A repeated id counts
        once.
      - With an empty list, the task succeeds at once.
      - A job that has only just started may not be visible yet. The task fails if a job is not visible for 90 seconds.
    type: list
    elements: str
    required: true
  own_job_ids:
    description:
      - The jobs of O(job_ids) that O(on_timeout) may suspend or kill, such as the ids of the C(started) backups. The
        task does not touch the others, and its message lists them.
      - Without this option, O(on_timeout) applies to all O(job_ids).
      - An C(adopted) backup may belong to somebody else, for example to a schedule.
    type: list
    elements: str
  expected_ends:
    description:
      - Forecast ends of jobs by their ids, such as those of
        RV(rdsops.commvault.oracle_rds_export_backup#module:backups[].expected_end).
      - The progress line then shows how much time is left until the last of them.
    type: dict
    default: {}
seealso:
  - module: rdsops.commvault.job_info
  - module: rdsops.commvault.job_control
  - module: rdsops.commvault.oracle_rds_export_backup
"""

EXAMPLES = r"""
- name: Start backups
  rdsops.commvault.oracle_rds_export_backup:
    instances:
      - client_name: aws-prod
        instance_name: orders
      - client_name: aws-prod
        instance_name: billing
  register: started

- name: Wait for them
  rdsops.commvault.job_wait:
    job_ids: "{{ started.job_ids }}"
    wait_timeout: 8h
    stuck_timeout: 45m

- name: Wait, and take warnings and errors for good, but not jobs that failed
  rdsops.commvault.job_wait:
    job_ids: "{{ started.job_ids }}"
    fail_on: failure

- name: Wait for two hours at most, and suspend what has not ended by then
  rdsops.commvault.job_wait:
    job_ids: "{{ started.job_ids }}"
    wait_timeout: 2h
    on_timeout: suspend

- name: Tell jobs that failed from jobs that took too long
  block:
    - name: Wait for the jobs
      rdsops.commvault.job_wait:
        job_ids: "{{ started.job_ids }}"
        wait_timeout: 4h
  rescue:
    - name: Name the jobs that still run
      ansible.builtin.debug:
        msg: "Still active: {{ ansible_failed_result.jobs | selectattr('outcome', 'eq', 'timed_out')
          | map(attribute='instance_name') | join(', ') }}"
      when: ansible_failed_result.failure.kind == 'wait_timeout'

    - name: Fail for any other cause
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg }}"
      when: ansible_failed_result.failure.kind != 'wait_timeout'
"""

RETURN = r"""
msg:
  description: The result as a sentence, with the causes of the first failures.
  returned: always
  type: str
  sample: "2 jobs after 00:42:10: 2 succeeded."
job_ids:
  description: The ids of all jobs, each once, in the given order.
  returned: always, unless an option was wrong
  type: list
  elements: str
  sample: ["148886", "148887"]
jobs:
  description:
    - The jobs in the given order, in their last known state.
    - A job takes about 1 kB, a failed one a little more.
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
      description:
        - Commvault's reason for a delay, if it differs from RV(jobs[].reason).
        - Read for the first 20 jobs that failed or are stuck.
      type: str
      returned: always
      sample: null
    events:
      description:
        - The last events of the job, the newest first, each with its time (UTC).
        - Read for the first 20 jobs that failed or are stuck.
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
    outcome:
      description:
        - The result of the job.
        - V(succeeded) and V(failed), by O(fail_on).
        - V(missing) - it does not exist, the user may not see it, or it was deleted.
        - V(stuck) - it was stuck for longer than O(stuck_timeout).
        - V(timed_out) - it was still active after O(wait_timeout).
        - V(not_followed) - it was still active when the wait ended because of RV(failure).
        - V(active) - in check mode, it is still active.
      type: str
      returned: always
      sample: succeeded
    on_timeout:
      description: V(suspend) or V(kill) if the task did that because of O(on_timeout), otherwise V(null).
      type: str
      returned: always
      sample: null
counts:
  description: Number of jobs by RV(jobs[].outcome).
  returned: always, unless an option was wrong
  type: dict
  sample:
    succeeded: 2
    active: 0
    failed: 0
    missing: 0
    stuck: 0
    timed_out: 0
    not_followed: 0
waited_seconds:
  description: Seconds that the task waited.
  returned: always, unless an option was wrong
  type: int
  sample: 2530
api_calls:
  description: Number of requests of this run, without repeated attempts.
  returned: always, unless an option was wrong
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 43
    writes:
      description: Requests that start or change something.
      type: int
      returned: always
      sample: 0
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
        - V(job_failed) - a job failed.
        - V(job_missing) - a job does not exist, the user may not see it, or it was deleted.
        - V(job_stuck) - a job was stuck for longer than O(stuck_timeout).
        - V(wait_timeout) - a job was still active after O(wait_timeout).
        - If several apply, the first of this list.
        - V(invalid_input) - an option has a value that cannot be used.
        - Anything else is a failure to talk to the CommCell, as in M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: job_failed
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
      sample: "1 job after 00:42:10: 1 failed. Job 148886 (orders): Failed, the disk is full."
"""

import time
import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._jobs.job import check_job_ids
from ..module_utils._jobs.wait import wait_and_describe
from ..module_utils._jobs.wait_options import job_wait_spec, wait_options
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._times import parse_time


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return job_wait_spec()


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Wait for the jobs."""
    job_ids = check_job_ids(module.params["job_ids"])
    own = module.params["own_job_ids"]
    own = None if own is None else check_job_ids(own, "own_job_ids")
    ends = {
        str(job_id): parse_time(str(end), f"expected_ends[{job_id}]")
        for job_id, end in module.params["expected_ends"].items()
        if end
    }
    options = wait_options(module.params)
    # Ansible's timeout would end the wait without a word of how far the jobs are.
    module.ignore_task_timeout()
    with module.open() as commcell:
        result = wait_and_describe(
            commcell,
            job_ids,
            options.within(None if module.deadline is None else module.deadline - time.monotonic()),
            check_mode=module.check_mode,
            own=own,
            expected_ends=ends,
            on_progress=module.on_progress,
            parent_has_died=module.parent_has_died,
        )
        result["api_calls"] = commcell.api_calls()
    for warning in result.pop("warnings", []):
        module.warn(warning)
    return result


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
