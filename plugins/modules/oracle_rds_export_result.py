#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oracle_rds_export_result
short_description: Give each host of a play the result of its own backup
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - The last task of the role P(rdsops.commvault.oracle_rds_export_backup#role). Use the role instead.
  - It reads the results of M(rdsops.commvault.oracle_rds_export_fleet). Each host gets C(ok), C(changed) or C(failed)
    by its own backup, for the recap, AWX's host summary, handlers, C(rescue) and C(max_fail_percentage).
  - It sets the variables C(oracle_rds_export_backup_task_id) and C(oracle_rds_export_backup_job_ids) of a host with a
    backup.
extends_documentation_fragment:
  - rdsops.commvault._attributes
attributes:
  action_group:
    support: none
    membership: []
    details:
      - The module has no connection options.
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
    details:
      - It only returns the results of the steps before.
  action:
    description: Runs on the controller.
    support: full
seealso:
  - module: rdsops.commvault.oracle_rds_export_fleet
"""

EXAMPLES = r"""
- name: Start the backups
  rdsops.commvault.oracle_rds_export_fleet:
    step: start
  register: oracle_rds_export_backup_results
  run_once: true

- name: Result
  rdsops.commvault.oracle_rds_export_result:
  register: oracle_rds_export_backup_result
"""

RETURN = r"""
msg:
  description: The result of the backup, with the cause if it failed.
  returned: always
  type: str
  sample: "Started the backup of instance 'orders' of client 'aws-prod' (subclient 'default'): task 9920, job 148886."
state:
  description: The same as RV(rdsops.commvault.oracle_rds_export_backup#module:backups[].state).
  returned: if there is a backup of the host
  type: str
  sample: started
task_id:
  description: Id of the task, V(null) if there is none.
  returned: always
  type: int
  sample: 9920
job_ids:
  description: Ids of the jobs.
  returned: always
  type: list
  elements: str
  sample: ["148886"]
job:
  description: The job, as in RV(rdsops.commvault.job_wait#module:jobs). V(null) if it was not read.
  returned: always
  type: dict
  sample: null
failure:
  description: The failure, for programs, as in RV(rdsops.commvault.oracle_rds_export_backup#module:failure), without
    keys that are V(null).
  returned: failure
  type: dict
  sample: {"kind": "refused", "code": 587207178}
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Only the action plugin of this name knows the hosts of the play."""
    module = AnsibleModule({}, supports_check_mode=True)
    module.fail_json(msg="oracle_rds_export_result works on the controller, as a task of a play.")


if __name__ == "__main__":
    main()
