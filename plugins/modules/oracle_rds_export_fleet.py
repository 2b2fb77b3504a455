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
  - The work of the role P(rdsops.commvault.oracle_rds_export_backup#role), one step a task. Use the role.
  - A task serves all hosts of the play at once, with C(serial) those of the batch, and runs
    M(rdsops.commvault.oracle_rds_export_backup), M(rdsops.commvault.oracle_rds_instance_info),
    M(rdsops.commvault.job_wait), M(rdsops.commvault.job_info) and M(rdsops.commvault.export_report) where it runs
    itself.
  - It does not fail. What failed is in RV(failed_backups), and why the step could not be done at all in RV(error); the
    role's task Result, M(rdsops.commvault.oracle_rds_export_result), fails the hosts. RV(results) and RV(artifact) then
    have what the step before left, so that the ids of jobs are not lost.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
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
      - What to do. All else is told by the variables of the role, see
        P(rdsops.commvault.oracle_rds_export_backup#role).
      - V(start) - read the variables of all hosts, find what is wrong with any of them or with the options of later
        steps before anything starts, and start the backups.
      - V(wait) - wait for the jobs of V(start) if C(oracle_rds_export_backup_wait) is true.
      - V(follow) - wait for the jobs of an earlier play, for C(oracle_rds_export_backup_follow_job_ids), or for those
        of C(oracle_rds_export_backup_artifact).
      - V(status) - read these jobs once.
      - V(report) - show the results and write a report if C(oracle_rds_export_backup_report_path) is set.
      - V(write_only) - write the report only.
    type: str
    choices: [start, wait, follow, status, report, write_only]
    required: true
seealso:
  - module: rdsops.commvault.oracle_rds_export_backup
  - module: rdsops.commvault.job_wait
  - module: rdsops.commvault.export_report
"""

EXAMPLES = r"""
- name: Start the backups
  rdsops.commvault.oracle_rds_export_fleet:
    step: start
  register: oracle_rds_export_backup_results
  run_once: true
"""

RETURN = r"""
msg:
  description: What happened, in words.
  returned: always
  type: str
  sample: "300 backups: 5 refused, 295 started."
results:
  description:
    - The backups by name of the host, or for a list by id.
    - Each holds what RV(rdsops.commvault.oracle_rds_export_backup#module:backups) has, and C(result), C(counts_as) and
      C(cause) as M(rdsops.commvault.export_report) writes them.
    - After O(step=wait) and O(step=status), its C(job) is that of RV(rdsops.commvault.job_wait#module:jobs), without
      what the backup itself says.
  returned: unless a report is written
  type: dict
  sample: {"orders.example.com": {"state": "started", "task_id": 9920, "job_ids": ["148886"]}}
failed_backups:
  description: Keys of RV(results) that were not started, did not succeed, or whose outcome is unknown.
  returned: unless a report is written
  type: list
  elements: str
  sample: []
left_out:
  description: Hosts that are not Oracle, each with C(id) and C(msg).
  returned: unless a report is written
  type: list
  elements: dict
  sample: []
by_host:
  description: Whether RV(results) has names of hosts of the play.
  returned: unless a report is written
  type: bool
  sample: true
summary:
  description: A short table for people, line by line. What failed comes first.
  returned: unless a report is written
  type: list
  elements: str
  sample: ["1 backup: 1 started", "orders.example.com  started  task 9920, job 148886"]
artifact:
  description:
    - What to hand on with M(ansible.builtin.set_stats).
    - It holds C(task_ids), C(job_ids) and C(counts) of all batches of the play so far, in C(failed) the first 100
      backups that failed, each with C(id), C(result), C(cause), C(job_ids) and C(job_url), and in C(message) a
        paragraph for notifications.
  returned: unless a report is written
  type: dict
  sample: {"task_ids": [9920], "job_ids": ["148886"], "counts": {"backups": 1, "succeeded": 0, "failed": 0, "open": 1,
    "results": {"started": 1}}, "failed": [], "message": "1 backup: 1 started."}
files:
  description: As RV(rdsops.commvault.export_report#module:files).
  returned: when a report was written
  type: list
  elements: dict
  sample: []
host_results:
  description: Whether each host has a task Result of its own.
  returned: for O(step=report) and O(step=write_only)
  type: bool
  sample: true
error:
  description: Why the step could not be done at all.
  returned: if it could not
  type: str
  sample: "oracle_rds_export_backup_on_timeout must be one of: leave, suspend, kill, got: explode"
failure:
  description: The same for programs, as of the module that failed.
  returned: with RV(error)
  type: dict
  sample: {"kind": "invalid_input", "method": null, "url": null, "status": null, "code": null, "message": "..."}
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import InvalidInput
from ..module_utils._module.run import ModuleRun, run_module

STEPS = ("start", "wait", "follow", "status", "report", "write_only")


def argument_spec() -> ArgumentSpec:
    """The options beside those of the connection."""
    return ArgumentSpec({"step": {"type": "str", "choices": list(STEPS), "required": True}})


def run(_module: ModuleRun) -> t.NoReturn:
    """Only the action plugin of this name knows the hosts of the play."""
    raise InvalidInput("oracle_rds_export_fleet works on the controller, as a task of a play.")


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
