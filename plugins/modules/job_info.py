#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: job_info
short_description: Read Commvault jobs
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Reads one job or many, with their instance, progress and result.
  - It usually reads many jobs with one request.
  - For failed jobs, it also reads the reason.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._attributes.info
  - rdsops.commvault._connection
options:
  job_ids:
    description:
      - Ids of the jobs. A repeated id counts once.
      - The list may be empty.
    type: list
    elements: str
    required: true
  details:
    description:
      - Jobs of which to read the reason of a delay and the last events. This takes two more requests for each job, and
        applies to the first 20 of these jobs.
      - V(failed) - for jobs that failed, were killed, or completed with errors.
      - V(all) - for all jobs.
      - V(none) - for none.
    type: str
    choices:
      - none
      - failed
      - all
    default: failed
  client_ids:
    description:
      - Ids of the clients of the jobs, if you know them.
      - Optional. On a CommCell with thousands of jobs, it makes reading many jobs cheaper.
    type: list
    elements: int
    default: []
seealso:
  - module: rdsops.commvault.job_wait
  - module: rdsops.commvault.job_control
"""

EXAMPLES = r"""
- name: Read a job
  rdsops.commvault.job_info:
    job_ids:
      - 148886
  register: result

- name: Show how far it is
  ansible.builtin.debug:
    msg: "{{ item.instance_name }}: {{ item.status }}, {{ item.percent_complete }} %"
  loop: "{{ result.jobs }}"
  loop_control:
    label: "{{ item.job_id }}"

- name: Read the jobs that a run has started, with the events of each
  rdsops.commvault.job_info:
    job_ids: "{{ started.job_ids }}"
    details: all
"""

RETURN = r"""
msg:
  description: The number of jobs by state, as a sentence.
  returned: always
  type: str
  sample: "2 jobs: 1 active, 1 succeeded."
jobs:
  description:
    - The jobs in the given order. A job takes about 1 kB, a failed one a little more.
    - If some could not be read, the task fails, and returns the others.
  returned: success, or if some could be read
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
      description: Commvault's reason for a delay, if it differs from RV(jobs[].reason); see O(details).
      type: str
      returned: always
      sample: null
    events:
      description:
        - The last events of the job, the newest first, each with its time (UTC).
        - See O(details).
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
counts:
  description:
    - Number of jobs by RV(jobs[].state).
    - C(missing) counts the jobs that were not visible.
  returned: success, or if some could be read
  type: dict
  sample: {"active": 1, "ok": 1, "warnings": 0, "errors": 0, "failed": 0, "missing": 0}
api_calls:
  description: Number of requests of this run, without repeated attempts.
  returned: success, or if some could be read
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 1
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
        - V(invalid_input) - an option has a value that cannot be used.
        - Anything else is a failure to talk to the CommCell, as in M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: connection
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
      sample: cc.example.com could not be reached.
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.entry import JobReport, needs_explanation
from ..module_utils._jobs.job import ACTIVE, BAD, ERRORS, OK, WARNINGS, check_job_ids
from ..module_utils._jobs.reader import JobReader, read_some
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._times import counted

if t.TYPE_CHECKING:
    from ..module_utils._jobs.job import Job

WORDS = {
    ACTIVE: "active",
    OK: "succeeded",
    WARNINGS: "succeeded with warnings",
    ERRORS: "completed with errors",
    BAD: "failed",
    "missing": "not there",
}


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            "job_ids": {"type": "list", "elements": "str", "required": True},
            "details": {"type": "str", "choices": ["none", "failed", "all"], "default": "failed"},
            "client_ids": {"type": "list", "elements": "int", "default": []},
        }
    )


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Read the jobs."""
    job_ids = check_job_ids(module.params["job_ids"])
    details = module.params["details"]

    def explain(job: Job) -> bool:
        return details == "all" or (details == "failed" and needs_explanation(job))

    with module.open() as commcell:
        api = JobsApi(commcell)
        found, unread = read_some(JobReader(api, module.params["client_ids"]).read, job_ids)
        report = JobReport(api)
        jobs = []
        for job_id in job_ids:
            job = found.get(job_id)
            if job is None and unread:
                continue
            jobs.append(report.entry(job, job_id, explain=job is not None and explain(job)))
        counts = dict.fromkeys(WORDS, 0)
        for entry in jobs:
            counts[entry["state"] or "missing"] += 1
        said = ", ".join(f"{counts[state]} {words}" for state, words in WORDS.items() if counts[state])
        result: dict[str, t.Any] = {
            "changed": False,
            "msg": f"{counted(len(jobs), 'job')}: {said or 'nothing to read'}.",
            "jobs": jobs,
            "counts": counts,
            "api_calls": commcell.api_calls(),
        }
        if unread:
            msg = f"{result['msg']} {len(job_ids) - len(jobs)} could not be read: {unread}"
            result.update(failed=True, msg=msg, failure=unread.failure())
        return result


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
