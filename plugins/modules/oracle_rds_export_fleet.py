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
  - Does the work of the role P(rdsops.commvault.oracle_rds_export_backup#role), one step in each task. Use the role
    instead.
  - A task serves all hosts of the play at once, with C(serial) those of the batch, and runs
    M(rdsops.commvault.oracle_rds_export_backup), M(rdsops.commvault.oracle_rds_instance_info),
    M(rdsops.commvault.job_wait), M(rdsops.commvault.job_info) and M(rdsops.commvault.export_report) on the same
    machine.
  - It does not fail. RV(failed_backups) has the failed backups. If the whole step fails, RV(error) has the reason, and
    RV(results) and RV(artifact) keep the data of the step before. The role's task Result,
    M(rdsops.commvault.oracle_rds_export_result), fails the hosts.
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
    description: Runs once for all hosts.
    support: full
    details:
      - Set C(run_once) as well, so that all hosts get the registered variables. The strategy C(free) refuses the task.
options:
  step:
    description:
      - The step. The variables of the role are its options, see P(rdsops.commvault.oracle_rds_export_backup#role).
      - V(start) - check the variables of all hosts and the options of later steps, then start the backups.
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
  description: The result as a sentence.
  returned: always
  type: str
  sample: "300 backups: 5 refused, 295 started."
results:
  description:
    - The backups by name of the host, or for a list by id.
    - Each has the keys of RV(rdsops.commvault.oracle_rds_export_backup#module:backups), and C(result), C(counts_as) and
      C(cause) as M(rdsops.commvault.export_report) writes them.
    - After O(step=wait) and O(step=status), its C(job) is that of RV(rdsops.commvault.job_wait#module:jobs), without
      the keys of the backup itself.
  returned: unless a report is written
  type: dict
  sample: {"orders.example.com": {"state": "started", "task_id": 9920, "job_ids": ["148886"]}}
failed_backups:
  description: Keys of RV(results) whose backups did not start, failed, or have an unknown outcome.
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
  description: A short table for people, line by line, problems first.
  returned: unless a report is written
  type: list
  elements: str
  sample: ["1 backup: 1 started", "orders.example.com  started  task 9920, job 148886"]
artifact:
  description:
    - Data for M(ansible.builtin.set_stats).
    - It has C(task_ids), C(job_ids) and C(counts) of all batches of the play so far. C(failed) has the first 100 failed
      backups, each with C(id), C(result), C(cause), C(job_ids) and C(job_url). C(message) is a
      paragraph for notifications.
  returned: unless a report is written
  type: dict
  sample: {"task_ids": [9920], "job_ids": ["148886"], "counts": {"backups": 1, "succeeded": 0, "failed": 0, "open": 1,
    "results": {"started": 1}}, "failed": [], "message": "1 backup: 1 started."}
files:
  description: The same as RV(rdsops.commvault.export_report#module:files).
  returned: when a report was written
  type: list
  elements: dict
  sample: []
host_results:
  description: Whether each host has its own task Result.
  returned: for O(step=report) and O(step=write_only)
  type: bool
  sample: true
fail_hosts:
  description: Whether a host without a good backup fails.
  returned: for O(step=report) and O(step=write_only)
  type: bool
  sample: true
error:
  description: Reason why the whole step failed.
  returned: if it could not
  type: str
  sample: "oracle_rds_export_backup_on_timeout must be one of: leave, suspend, kill, got: explode"
failure:
  description: The same for programs, from the module that failed.
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
