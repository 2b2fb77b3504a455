#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oracle_rds_export_fleet
short_description: Start, follow or report the export backups of all hosts of a play
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - The work of the role P(rdsops.commvault.oracle_rds_export_backup#role), one step a task. Use the role; it also sets
    the variables of the hosts, fails the hosts that are not well, and shows the rest.
  - A task serves all hosts of the play at once, with C(serial) those of the batch, and runs
    M(rdsops.commvault.oracle_rds_export_backup), M(rdsops.commvault.oracle_rds_instance_info),
    M(rdsops.commvault.job_wait), M(rdsops.commvault.job_info) and M(rdsops.commvault.export_report) where it runs
    itself.
  - It does not fail because of backups that are not well. They are in RV(not_well).
  - It fails if the step could not be done at all. After O(step=wait) and O(step=status), RV(results) and RV(artifact)
    then have what the step before left, so that the ids of jobs are not lost.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
  - rdsops.commvault._wait
attributes:
  check_mode:
    support: full
    details:
      - As the modules that it runs.
  diff_mode:
    support: full
    details:
      - As the modules that it runs.
  idempotent:
    support: partial
    details:
      - As the modules that it runs.
  action:
    description: Runs in part on the controller.
    support: full
  async:
    description: Supports being used with C(async).
    support: none
  bypass_host_loop:
    description: Runs once for all hosts, whatever their number.
    support: full
    details:
      - Set C(run_once) as well, so that all hosts get what is registered. The strategy C(free) refuses the task.
options:
  step:
    description:
      - What to do.
      - V(start) - read the variables of all hosts, say what is wrong with any of them or with the options of later
        steps before anything is started, and start the backups.
      - V(wait) - wait for the jobs of the step before, or for O(job_ids), or for those of O(artifact).
      - V(status) - read these jobs once.
      - V(report) - write a report of the step before.
    type: str
    choices:
      - start
      - wait
      - status
      - report
    required: true
  registered:
    description:
      - Name of the variable in which the step before was registered.
    type: str
  instances:
    description:
      - The instances to back up, in place of the hosts of the play, see
        O(rdsops.commvault.oracle_rds_export_backup#module:instances).
    type: list
    elements: dict
  match_patterns:
    description:
      - How hosts of C(amazon.aws.aws_rds) are called in Commvault, see
        O(rdsops.commvault.oracle_rds_instance_info#module:match_patterns).
    type: list
    elements: str
    default: []
  on_unmatched:
    description:
      - What to do if Commvault has no instance for such a host, or more than one that fits.
      - With V(fail_host) that host is not well, and the others go on. With V(stop) nothing is started at all.
    type: str
    choices:
      - fail_host
      - stop
    default: fail_host
  backup_level:
    description: See M(rdsops.commvault.oracle_rds_export_backup), as for those below.
    type: str
    choices:
      - full
      - incremental
  cumulative:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:cumulative).
    type: bool
  notify_user_on_job_completion:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:notify_user_on_job_completion).
    type: bool
  job_description:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:job_description).
    type: str
  installer_user:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:installer_user).
    type: dict
  task_info:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:task_info).
    type: dict
  batch_size:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:batch_size).
    type: int
  concurrency:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:concurrency).
    type: int
  check_running:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:check_running).
    type: bool
  on_running:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:on_running).
    type: str
    choices:
      - adopt
      - fail
  on_duplicate:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:on_duplicate).
    type: str
    choices:
      - report
      - kill
  max_age:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:max_age).
    type: str
  on_unverified:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:on_unverified).
    type: str
    choices:
      - not_submitted
      - start
  job_marker:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:job_marker).
    type: bool
  outage_timeout:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:outage_timeout).
    type: str
  preflight:
    description: See O(rdsops.commvault.oracle_rds_export_backup#module:preflight).
    type: bool
  job_ids:
    description:
      - Jobs to wait for, in place of those of the step before. A list, or a text with commas, spaces or line breaks.
    type: raw
  artifact:
    description:
      - What an earlier run handed on, as RV(artifact). Used if there was no step before, and no O(job_ids) are given.
    type: dict
  path:
    description:
      - Files of the report, see O(rdsops.commvault.export_report#module:path). Relative ones are below the directory in
        which Ansible was started.
      - For O(step=start) and O(step=wait), it is only seen to that they can be written, as far as that can be told,
        before anything else is done.
    type: list
    elements: path
  title:
    description: See O(rdsops.commvault.export_report#module:title).
    type: str
  mode:
    description: See O(rdsops.commvault.export_report#module:mode).
    type: raw
  summary_lines:
    description:
      - How many backups that are well RV(summary) lists.
    type: int
    default: 40
seealso:
  - module: rdsops.commvault.oracle_rds_export_backup
  - module: rdsops.commvault.job_wait
  - module: rdsops.commvault.export_report
"""

EXAMPLES = r"""
- name: Start the backups, in place of the role
  rdsops.commvault.oracle_rds_export_fleet:
    step: start
    max_age: 20h
    instances:
      - id: the orders
        client_name: aws-prod
        instance_name: orders
      - client_name: aws-prod
        instance_name: billing
  register: fleet

- name: Show what became of them
  ansible.builtin.debug:
    msg: "{{ fleet.summary }}"

- name: Look at the jobs again
  rdsops.commvault.oracle_rds_export_fleet:
    step: status
    job_ids: "{{ fleet.artifact.job_ids }}"
  register: fleet

- name: Show how far they are
  ansible.builtin.debug:
    msg: "{{ fleet.summary }}"
"""

RETURN = r"""
msg:
  description: What happened, in words.
  returned: always
  type: str
  sample: "300 backups: 5 refused, 295 started."
results:
  description:
    - The backups by name of the host, or for O(instances) by id.
    - Each holds what RV(rdsops.commvault.oracle_rds_export_backup#module:backups) has, and C(result), C(verdict) and
      C(cause) as M(rdsops.commvault.export_report) writes them.
    - After O(step=wait) and O(step=status), its C(job) is that of RV(rdsops.commvault.job_wait#module:jobs), without
      what the backup itself says.
  returned: unless O(step=report)
  type: dict
  sample: {"orders.example.com": {"state": "started", "task_id": 9920, "job_ids": ["148886"]}}
not_well:
  description: Keys of RV(results) that were not started, did not end well, or cannot be told.
  returned: unless O(step=report)
  type: list
  elements: str
  sample: []
left_out:
  description: Hosts that are not Oracle, each with C(id) and C(msg).
  returned: unless O(step=report)
  type: list
  elements: dict
  sample: []
by_host:
  description: Whether RV(results) has names of hosts of the play.
  returned: unless O(step=report)
  type: bool
  sample: true
summary:
  description: A short table for people, line by line. What is not well comes first.
  returned: unless O(step=report)
  type: list
  elements: str
  sample: ["1 backup: 1 started", "orders.example.com  started  task 9920, job 148886"]
artifact:
  description:
    - What to hand on with M(ansible.builtin.set_stats).
    - It holds C(task_ids), C(job_ids) and C(counts) of all batches of the play so far, and in C(not_well) the first 100
      backups that are not well, each with C(id), C(result), C(cause) and C(job_ids).
  returned: unless O(step=report)
  type: dict
  sample: {"task_ids": [9920], "job_ids": ["148886"], "counts": {"backups": 1, "well": 0, "not_well": 0, "open": 1,
    "results": {"started": 1}}, "not_well": []}
files:
  description: As RV(rdsops.commvault.export_report#module:files).
  returned: for O(step=report)
  type: list
  elements: dict
  sample: []
failure:
  description: What went wrong, for programs, as of the module that failed.
  returned: failure
  type: dict
  sample: {"kind": "invalid_input", "method": null, "url": null, "status": null, "code": null, "message": "..."}
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import InvalidInput
from ..module_utils._jobs.wait_options import wait_spec
from ..module_utils._module.run import ModuleRun, run_module

STEPS = ("start", "wait", "status", "report")

# Options of oracle_rds_export_backup under the same names, without defaults: those are the module's.
_EXPORT: dict[str, t.Any] = {
    "backup_level": {"type": "str", "choices": ["full", "incremental"]},
    "cumulative": {"type": "bool"},
    "notify_user_on_job_completion": {"type": "bool"},
    "job_description": {"type": "str"},
    "installer_user": {"type": "dict"},
    "task_info": {"type": "dict"},
    "batch_size": {"type": "int"},
    "concurrency": {"type": "int"},
    "check_running": {"type": "bool"},
    "on_running": {"type": "str", "choices": ["adopt", "fail"]},
    "on_duplicate": {"type": "str", "choices": ["report", "kill"]},
    "max_age": {"type": "str"},
    "on_unverified": {"type": "str", "choices": ["not_submitted", "start"]},
    "job_marker": {"type": "bool"},
    "outage_timeout": {"type": "str"},
    "preflight": {"type": "bool"},
}
# fail_on says which ends of a job are good; that counts for max_age, too.
EXPORT_OPTIONS = (*_EXPORT, "fail_on")
INFO_OPTIONS = ("match_patterns",)
WAIT_OPTIONS = tuple(wait_spec().options)
# Options of export_report beside the path.
REPORT_OPTIONS = ("title", "mode")


def argument_spec() -> ArgumentSpec:
    """The options beside those of the connection."""
    own = ArgumentSpec(
        {
            "step": {"type": "str", "choices": list(STEPS), "required": True},
            "registered": {"type": "str"},
            "instances": {"type": "list", "elements": "dict"},
            "match_patterns": {"type": "list", "elements": "str", "default": []},
            "on_unmatched": {"type": "str", "choices": ["fail_host", "stop"], "default": "fail_host"},
            "job_ids": {"type": "raw"},
            "artifact": {"type": "dict"},
            "path": {"type": "list", "elements": "path"},
            "title": {"type": "str"},
            "mode": {"type": "raw"},
            "summary_lines": {"type": "int", "default": 40},
            **_EXPORT,
        }
    )
    return own.merge(wait_spec())


def run(_module: ModuleRun) -> t.NoReturn:
    """Only the action plugin of this name knows the hosts of the play."""
    raise InvalidInput("oracle_rds_export_fleet works on the controller, as a task of a play.")


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
