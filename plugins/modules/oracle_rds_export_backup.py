#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oracle_rds_export_backup
short_description: Start Commvault export backups of Amazon RDS for Oracle instances
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Starts the Commvault operation B(AWS Oracle RDS Export backup) for one instance or for many, and returns the ids
    of the tasks and jobs.
  - One request to C(POST /createtask) is sent for each backup, and for O(batch_size) backups where that is set.
    It is never sent twice. Where it is not known whether a request was carried out, the module looks for the job; where
    it finds none, or more than one, it says so and fails.
  - An instance that cannot be backed up does not keep the others from being started.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
  - rdsops.commvault._wait
attributes:
  check_mode:
    support: full
    details:
      - Nothing is started. The requests that would be sent are returned in RV(request).
      - Names, eligibility and running backups are checked by reads, as with O(preflight). What would be refused
        fails, as it would without check mode; what cannot be read is V(not_verified).
  diff_mode:
    support: full
    details:
      - Shows the requests, and before them the last good backup of each instance for which one is sent, as far as that
        can be read and is not older than 30 days.
      - The jobs of 30 days are read for it, with one listing for all clients, of which each page holds a thousand.
  idempotent:
    support: partial
    details:
      - Each run starts a backup, unless one of the same subclient is active (see O(on_running)) or was made a short
        while ago (see O(max_age)).
options:
  client_name:
    description:
      - Name of the client in Commvault that the instance belongs to.
      - Needed to back up one instance.
    type: str
  instance_name:
    description:
      - Name of the instance in Commvault. This is not necessarily the DB instance identifier that AWS uses.
      - Needed to back up one instance.
    type: str
  subclient_name:
    description:
      - Name of the subclient.
    type: str
    default: default
  display_name:
    description:
      - Display name of the client. Defaults to O(client_name).
    type: str
  app_name:
    description:
      - Name of the application in Commvault (the agent).
    type: str
    default: Oracle
  application_id:
    description:
      - Number of the application in Commvault. V(22) is Oracle.
    type: int
    default: 22
  instances:
    description:
      - The instances to back up, in place of O(client_name), O(instance_name) and the options that go with these.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Any text by which you find the result in RV(backups), such as the name of the inventory host.
          - Defaults to client, instance and subclient name, separated by slashes. Must be different for each entry.
        type: str
      client_name:
        description:
          - See O(client_name).
        type: str
        required: true
      instance_name:
        description:
          - See O(instance_name).
        type: str
        required: true
      subclient_name:
        description:
          - See O(subclient_name).
        type: str
        default: default
      display_name:
        description:
          - See O(display_name).
        type: str
      app_name:
        description:
          - See O(app_name).
        type: str
        default: Oracle
      application_id:
        description:
          - See O(application_id).
        type: int
        default: 22
  backup_level:
    description:
      - Level of the backup. The default is that of Commvault's API.
      - Commvault does not document which levels an export can have. An export is a full copy by its nature, so
        V(full) certainly fits. Commvault may turn the first V(incremental) backup into a full one.
    type: str
    choices:
      - full
      - incremental
    default: incremental
  cumulative:
    description:
      - Whether an incremental backup holds all changes since the last full one, instead of those since the last
        backup of any level.
    type: bool
    default: true
  notify_user_on_job_completion:
    description:
      - Whether Commvault notifies the user who owns the token when a job ends.
    type: bool
    default: true
  job_description:
    description:
      - Text that Commvault keeps with the jobs.
    type: str
  installer_user:
    description:
      - Sets C(adminOpts.clientInstallOption.installerOption.User) of the request. Only sent when given; backups do
        not need it.
    type: dict
    suboptions:
      user_id:
        description:
          - Number of the user in Commvault.
        type: int
        required: true
      user_name:
        description:
          - Name of the user in Commvault.
        type: str
        required: true
  task_info:
    description:
      - Anything else that C(taskInfo) of the request shall hold, for what this module has no option for. It is laid
        over the request last, dictionaries key by key, lists of dictionaries entry by entry, anything else replaces
        what was there.
      - The fields of the one entry that C(associations) may have are added to the association of every instance. They
        cannot change names or the application.
      - Values of keys that sound secret (password, token and the like) are masked in all output.
    type: dict
    default: {}
  batch_size:
    description:
      - How many instances go into one request.
      - With V(1), each backup has a task of its own, and what goes wrong with one is certain not to touch another.
        Higher values save requests where these are limited, as in Commvault Cloud.
    type: int
    default: 1
  concurrency:
    description:
      - How many requests are under way at once, at most 64.
    type: int
    default: 4
  check_running:
    description:
      - Whether to look for active backups before the first request of a call, with one listing of active jobs. What it
        finds goes by O(on_running).
      - It is needed where the CommCell's setting B(Queue jobs if conflicting jobs are active) is on, since Commvault
        then queues a second backup instead of refusing it. The setting is off by default.
      - After the starts, the jobs are listed once more, to find backups that were started at the same time by another
        launch, or that a listing did not show yet. See O(on_duplicate).
      - One backup takes at most 2 requests, O(instances) at most one each and 2 for all. The second listing is left
        out for one backup, unless O(wait=true), O(on_duplicate=kill), or the first one left something open. More
        is read only where an answer was lost, where a job does not show which subclient it is of, where the CommCell
        was away, or where jobs are not listed at once.
    type: bool
    default: true
  on_running:
    description:
      - What to do when another backup of the same subclient is active, whether it is found beforehand or Commvault
        refuses a second one.
      - With V(adopt), that backup is taken for the one that was asked for, its job is returned, and nothing is
        changed. So a play that is launched again while its backups run starts nothing twice.
      - With V(fail), the instance fails.
    type: str
    choices:
      - adopt
      - fail
    default: adopt
  on_duplicate:
    description:
      - What to do when a backup was started although another one of the same subclient was active, which can happen
        on a CommCell that queues conflicting jobs. It is reported as V(duplicate) with the id of the other job, and a
        warning says so.
      - The job with the lowest id survives, so that two launches at once choose the same one.
      - With V(kill), the job of this call is killed and the other one stands for it. The jobs of others are never
        touched.
    type: str
    choices:
      - report
      - kill
    default: report
  max_age:
    description:
      - Leaves an instance alone that has a good backup younger than this, counted from the end of its job, or an
        active one.
      - Seconds, or a number with a unit such as V(90m), V(24h) or V(2d).
      - With O(backup_level=full), only full backups count. A job that completed with errors does not count.
      - The end of a job is its end time, or else its last update, or else its start and how long it took. A job whose
        data is gone does not count.
      - The jobs of all clients are read with one listing, of which each page holds a thousand. A listing of more than
        five pages is cut down to the clients of the call, whose numbers are read for it; a job that is listed under
        another client, such as an access node, is not seen then.
      - Where the user may not see the jobs, the backups are started and a warning says so. Where they cannot be read
        for another reason, see O(on_unverified).
    type: str
  on_unverified:
    description:
      - What to do with an instance when it cannot be told whether another backup spares it. With O(max_age), that is
        when the jobs cannot be read. It is also when a job may be a backup of its subclient, and nothing tells so for
        certain, for example if the job names another client and no number of a subclient, or has neither end time nor
        last update.
      - With V(not_submitted), nothing is sent, the message names the job, and the instance fails. With V(start), the
        backup is started, and RV(backups[].not_verified) says what was not known.
    type: str
    choices:
      - not_submitted
      - start
    default: not_submitted
  job_marker:
    description:
      - Whether to put a short text of this run alone behind O(job_description). Where the CommCell shows it in the rows
        of its jobs, a job whose start got lost is then certainly known.
      - The page on this export does not document the field for descriptions, so it is off by default.
    type: bool
    default: false
  outage_timeout:
    description:
      - How long to wait for a CommCell that is away, for example because its web server restarts. Requests pause, a
        cheap read asks now and then whether it is back, and the starts go on where they stopped. What is not sent by
        then is V(not_submitted).
      - Seconds, or a number with a unit such as V(90s), V(5m) or V(1h).
      - Defaults to V(5m), with O(wait=true) to O(wait_timeout).
    type: str
  preflight:
    description:
      - Whether to look before anything is started. Names, application, plan and backup activity are checked, and
        whether a backup runs.
      - An instance that would be refused is not sent, and the message names what is wrong and the nearest names. What
        cannot be read is not guessed; such instances are sent, and Commvault has the last word. Only with O(max_age),
        an instance is not sent while its jobs cannot be read.
      - Two things are read of the CommCell, its activity and the list of active jobs, and two of each client, its
        subclients and its activity, however many instances it has. Where a client is unknown, the list of all clients
        is read to find the nearest name.
      - Where the list of subclients does not tell the plan or, as in older releases, the activity of a subclient, it is
        read by itself. That is done for up to 50 subclients; of the others, it is not verified.
      - Check mode always looks.
    type: bool
    default: false
  must_end_by:
    description:
      - When all backups must have ended. A time of day such as V(06:00) in the time zone of the machine that runs the
        task, a date with time such as V(2026-01-02T06:00:00Z), or a duration such as V(6h) from now.
      - By the median of what the last good backups of each database took, a warning says how many will not end by then,
        in check mode too. What was never backed up has no forecast, and is started.
      - Nothing is started after it.
    type: str
  on_late:
    description:
      - What to do with a backup that will not end by O(must_end_by). V(warn) starts it all the same, V(skip) leaves it
        out, which is C(not_submitted).
    type: str
    choices:
      - warn
      - skip
    default: warn
  order:
    description:
      - V(longest_first) starts first what took longest before, so that all end sooner where O(concurrency_per_client)
        holds starts up. What was never backed up comes first.
    type: str
    choices:
      - as_given
      - longest_first
    default: as_given
  concurrency_per_client:
    description:
      - How many backups of one client run at once, so that its access node is not asked for all at the same time.
      - The others are started as these end, which this task waits for, no longer than O(wait_timeout). It looks every
        O(wait_interval). What was not started then is C(not_submitted).
      - Backups that others have started count if they are adopted.
    type: int
  attempts:
    description:
      - How often to start a backup that failed or was refused for a cause that may pass, such as an instance that was
        not available or a network that was down. It needs O(wait=true), and ends with O(wait_timeout).
      - A backup of unknown outcome, one that was adopted, one that somebody killed, and one with a cause that does not
        pass, such as a wrong password, is never started again.
    type: int
    default: 1
  wait:
    description:
      - Whether to wait for the jobs to end, and to fail unless all succeed.
      - The options O(wait_timeout), O(wait_interval), O(stuck_timeout) and O(on_timeout) say how. The time counts
        from the start of the task, and covers what a quota of requests holds up.
      - A task of the controller itself prints its progress meanwhile, as M(rdsops.commvault.job_wait) does.
      - O(fail_on) also says which backups are good ones for O(max_age), whether this is on or not.
    type: bool
    default: false
seealso:
  - module: rdsops.commvault.job_wait
  - name: AWS Oracle RDS Export backup
    description: The operation in Commvault's API reference.
    link: https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks
"""

EXAMPLES = r"""
# The environment variables COMMVAULT_URL and COMMVAULT_AUTH_TOKEN say which CommCell, and with which credentials.
- name: Back up one instance before patching it
  rdsops.commvault.oracle_rds_export_backup:
    client_name: aws-prod
    instance_name: orders
    backup_level: full
    job_description: Before the quarterly patch
  register: backup

- name: Show the ids
  ansible.builtin.debug:
    msg: "Task {{ backup.task_id }}, job {{ backup.job_ids | join(', ') }}"

- name: Name the CommCell once for several tasks
  module_defaults:
    group/rdsops.commvault.commvault:
      url: "{{ commcell_url }}"
      auth_token: "{{ commcell_token }}"
  block:
    - name: Back up the billing database
      rdsops.commvault.oracle_rds_export_backup:
        client_name: aws-prod
        instance_name: billing

- name: Back up many instances, eight requests at once
  rdsops.commvault.oracle_rds_export_backup:
    concurrency: 8
    instances:
      - id: db1.example.com
        client_name: aws-prod
        instance_name: orders
      - id: db2.example.com
        client_name: aws-prod
        instance_name: billing
      - id: db3.example.com
        client_name: aws-dev
        instance_name: orders
  register: fleet

- name: List what was started
  ansible.builtin.debug:
    msg: "{{ item.id }}: task {{ item.task_id }}, jobs {{ item.job_ids | join(', ') }}"
  loop: "{{ fleet.backups }}"
  loop_control:
    label: "{{ item.id }}"

- name: Save requests by putting fifty instances into each
  rdsops.commvault.oracle_rds_export_backup:
    instances: "{{ rds_instances }}"
    batch_size: 50

- name: Back up only what has no good backup of the last day
  rdsops.commvault.oracle_rds_export_backup:
    instances: "{{ rds_instances }}"
    max_age: 24h

- name: Back up one instance and go on when that is done
  rdsops.commvault.oracle_rds_export_backup:
    client_name: aws-prod
    instance_name: orders
    wait: true
    wait_timeout: 4h

- name: Tell one cause of a failure from the others
  block:
    - name: Back up an instance that may not be known to Commvault yet
      rdsops.commvault.oracle_rds_export_backup:
        client_name: aws-prod
        instance_name: brand-new
      register: attempt
  rescue:
    - name: Explain
      ansible.builtin.debug:
        msg: Commvault has no such subclient yet, it will be backed up tomorrow.
      when: ansible_failed_result.failure.code == 587207178

    - name: Fail for any other cause
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg }}"
      when: ansible_failed_result.failure.code != 587207178

# The same from a shell:
# ansible localhost -m rdsops.commvault.oracle_rds_export_backup -a 'client_name=aws-prod instance_name=orders'
"""

RETURN = r"""
msg:
  description: What happened, in words. For many instances a summary.
  returned: always
  type: str
  sample: "Started the backup of instance 'orders' of client 'aws-prod' (subclient 'default'): task 9920, job 148886."
task_id:
  description: Id of the task. V(null) if none was started.
  returned: when O(client_name) was given
  type: int
  sample: 9920
task_ids:
  description: Ids of all tasks that were started, in the order of O(instances).
  returned: when O(instances) was given
  type: list
  elements: int
  sample: [9920, 9921]
job_ids:
  description: Ids of all jobs that were started, in the order of O(instances). They are texts, as in Commvault's
    answer.
  returned: always, unless an option was wrong
  type: list
  elements: str
  sample: ["148886"]
response:
  description: Commvault's answer as it came. V(null) if no task was started.
  returned: when O(client_name) was given
  type: dict
  sample: {"taskId": 9920, "jobIds": ["148886"]}
backups:
  description: What became of each instance, in the order in which they were given.
  returned: always, unless an option was wrong
  type: list
  elements: dict
  contains:
    id:
      description: The id that was given, or client, instance and subclient name separated by slashes.
      type: str
      returned: always
      sample: aws-prod/orders/default
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
    state:
      description:
        - What became of it.
        - V(started) - the backup was started.
        - V(adopted) - its job was found, either one that was active already (see O(on_running)), or the one that was
          started by a request whose answer was lost. The message tells which.
        - V(duplicate) - it was started, but another backup of the subclient was active already, see O(on_duplicate).
        - V(recent) - it was left alone, since its last good backup is younger than O(max_age).
        - V(would_start) - in check mode, it would be started.
        - V(not_verified) - in check mode, it could not be read whether it would be started.
        - V(refused) - Commvault refused it, nothing was started.
        - V(unknown) - it may have been started, or not; it was not sent again.
        - V(not_submitted) - the request was not sent, since the CommCell could not be reached or would not have taken
          it.
      type: str
      returned: always
      sample: started
    task_id:
      description: Id of the task, V(null) if there is none.
      type: int
      returned: always
      sample: 9920
    job_ids:
      description: Ids of the jobs; empty if there are none.
      type: list
      elements: str
      returned: always
      sample: ["148886"]
    own:
      description: Whether this run certainly started the jobs, so that they are its own to suspend or kill. A job that
        was found after a lost answer is certain only with O(job_marker).
      type: bool
      returned: always
      sample: true
    candidates:
      description: Ids of jobs that may be that of this instance, or were found in its place or beside it and are not
        taken for it, as the message says. Empty where the job is known for certain.
      type: list
      elements: str
      returned: always
      sample: []
    duplicate_of:
      description: Id of the job that was active already when this one was started, V(null) if there was none.
      type: str
      returned: always
      sample: null
    job:
      description: The job as it was read, with the keys that M(rdsops.commvault.job_info) returns; V(null) if it was
        not read.
      type: dict
      returned: always
      sample: null
    expected_end:
      description:
        - When the job will end (UTC), by the median of what the last good backups of the database took.
        - It is known where the jobs of the past were read, that is with O(max_age), O(must_end_by),
          O(order=longest_first), O(concurrency_per_client) or in diff mode; V(null) otherwise.
      type: str
      returned: always
      sample: null
    attempts:
      description: What became of the attempts before this one, with O(attempts). The oldest comes first.
      type: list
      elements: dict
      returned: always
      sample: []
    retry_at:
      description: When a request that did not fit into the server's quota would fit, V(null) otherwise.
      type: str
      returned: always
      sample: null
    not_verified:
      description:
        - What could not be read of it before it was started, or in check mode would be. Empty unless something could
          not be, and where nothing was read, see O(preflight) and O(max_age).
        - Each text begins with C(whether) and ends with the cause.
      type: list
      elements: str
      returned: always
      sample: []
    age_seconds:
      description: How long before this run the backup ended that makes it V(recent), by the clock of the CommCell.
        V(null) in all other states.
      type: int
      returned: always
      sample: null
    job_url:
      description: Page of the first job in the Command Center, V(null) if its address is not known.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/#/jobs/148886
    msg:
      description: The same in words, with the cause if it was not started.
      type: str
      returned: always
      sample: "Started the backup of instance 'orders' of client 'aws-prod' (subclient 'default'): task 9920, job
        148886."
    failure:
      description: As RV(failure), V(null) if all went well.
      type: dict
      returned: always
      sample: null
    changed:
      description: Whether this run started it, may have started it, or in check mode would start it.
      type: bool
      returned: always
      sample: true
counts:
  description: How many jobs came to which end, with the keys that M(rdsops.commvault.job_wait) returns.
  returned: when O(wait=true), except in check mode
  type: dict
  sample: {"succeeded": 1}
waited_seconds:
  description: How long the jobs were waited for.
  returned: when O(wait=true), except in check mode
  type: int
  sample: 1260
request:
  description: The requests that were, or in check mode would be, sent to start the backups.
  returned: in check mode, in diff mode, and with C(-vvv)
  type: list
  elements: dict
  contains:
    method:
      description: The HTTP method.
      type: str
      returned: always
      sample: POST
    url:
      description: The URL.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/createtask
    body:
      description: The body.
      type: dict
      returned: always
      sample: {"taskInfo": {"associations": []}}
api_calls:
  description: How many requests this run made. Repeated attempts are not counted.
  returned: always, unless an option was wrong
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 0
    writes:
      description: Requests that start or change something.
      type: int
      returned: always
      sample: 1
    quota:
      description: What the server said of its quota, V(null) if it said nothing.
      type: dict
      returned: always
      sample: null
      contains:
        limit:
          description: Requests that it allows in a period.
          type: int
          returned: always
          sample: 100
        period:
          description: Length of the period in seconds.
          type: float
          returned: always
          sample: 3600.0
        remaining:
          description: Requests left, V(null) if it did not say.
          type: int
          returned: always
          sample: null
failure:
  description: What went wrong, for programs. With several instances, that of the first that was not started.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - The kind of failure.
        - Nothing was started - V(invalid_input), V(connection), V(tls), V(redirect), V(authentication),
          V(permission), V(not_found), V(bad_request), V(rate_limited), V(already_running), V(refused), V(no_job),
          V(not_submitted).
        - A backup may have been started - V(timeout), V(interrupted), V(server), V(bad_reply).
        - A fault in this collection - V(internal).
      type: str
      returned: always
      sample: refused
    method:
      description: The HTTP method, V(null) if it was not about a request.
      type: str
      returned: always
      sample: POST
    url:
      description: The URL, V(null) if it was not about a request.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/createtask
    status:
      description: The HTTP status, V(null) if there was no answer.
      type: int
      returned: always
      sample: 500
    code:
      description: Commvault's error code, V(null) if there was none. In check mode and with O(preflight), that of the
        refusal which is foreseen.
      type: raw
      returned: always
      sample: 587207178
    message:
      description: Commvault's words, or those of this module if there were none.
      type: str
      returned: always
      sample: Failed to start backups as no eligible subclients were found.
"""

import json
import os
import time
import typing as t
from dataclasses import replace

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import InvalidInput
from ..module_utils._export.backup import AWAITED_STATES, add_wait, summary
from ..module_utils._export.export import LAST_GOOD_AGE, Export
from ..module_utils._export.request import (
    PATIENCE,
    ExportOptions,
    ExportPlan,
    Instance,
    check_task_info,
    make_instance,
    make_instances,
)
from ..module_utils._jobs.wait_options import wait_options, wait_spec
from ..module_utils._module.connection import positive
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._parallel import check_concurrency
from ..module_utils._redact import named_secrets
from ..module_utils._times import iso_time, parse_duration, positive_duration

if t.TYPE_CHECKING:
    from ..module_utils._commcell import CommCell
    from ..module_utils._export.backup import Backup
    from ..module_utils._export.night import Night, Schedule
    from ..module_utils._jobs.wait_options import WaitOptions

OUTAGE_TIMEOUT = 300.0  # seconds
# Seconds between a failure and the next attempt, at most.
MAX_PAUSE = 60.0
ONE_INSTANCE = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")


def instance_options(required: bool) -> dict[str, t.Any]:
    """The options that name one instance; required: whether they must be given."""
    return {
        "client_name": {"type": "str", "required": required},
        "instance_name": {"type": "str", "required": required},
        "subclient_name": {"type": "str", "default": "default"},
        "display_name": {"type": "str"},
        "app_name": {"type": "str", "default": "Oracle"},
        "application_id": {"type": "int", "default": 22},
    }


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            **instance_options(required=False),
            "instances": {
                "type": "list",
                "elements": "dict",
                "options": {"id": {"type": "str"}, **instance_options(required=True)},
            },
            "backup_level": {"type": "str", "choices": ["full", "incremental"], "default": "incremental"},
            "cumulative": {"type": "bool", "default": True},
            "notify_user_on_job_completion": {"type": "bool", "default": True},
            "job_description": {"type": "str"},
            "installer_user": {
                "type": "dict",
                "options": {
                    "user_id": {"type": "int", "required": True},
                    "user_name": {"type": "str", "required": True},
                },
            },
            "task_info": {"type": "dict", "default": {}},
            "batch_size": {"type": "int", "default": 1},
            "concurrency": {"type": "int", "default": 4},
            "check_running": {"type": "bool", "default": True},
            "on_running": {"type": "str", "choices": ["adopt", "fail"], "default": "adopt"},
            "on_duplicate": {"type": "str", "choices": ["report", "kill"], "default": "report"},
            "max_age": {"type": "str"},
            "on_unverified": {"type": "str", "choices": ["not_submitted", "start"], "default": "not_submitted"},
            "job_marker": {"type": "bool", "default": False},
            "outage_timeout": {"type": "str"},
            "preflight": {"type": "bool", "default": False},
            "must_end_by": {"type": "str"},
            "on_late": {"type": "str", "choices": ["warn", "skip"], "default": "warn"},
            "order": {"type": "str", "choices": ["as_given", "longest_first"], "default": "as_given"},
            "concurrency_per_client": {"type": "int"},
            "attempts": {"type": "int", "default": 1},
            "wait": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("instances", name) for name in ONE_INSTANCE],
        required_together=[("client_name", "instance_name")],
        required_one_of=[("client_name", "instances")],
    ).merge(wait_spec())


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Start the backups, or in check mode say what would be started, and wait for them if that is asked for."""
    begun = time.monotonic()
    params = module.params
    instances = requested_instances(params)
    options = export_options(params)
    module.hide(*named_secrets(params["task_info"]))
    waiting = wait_options(params)
    patient = outage_timeout(params, waiting.timeout)
    if positive(params.__getitem__, "attempts") > 1 and not params["wait"]:
        raise InvalidInput("attempts needs wait=true: a backup is only tried again once it is known how it ended.")
    schedule = make_schedule(params, waiting)
    plan = ExportPlan(
        batch_size=positive(params.__getitem__, "batch_size"),
        concurrency=check_concurrency(params["concurrency"]),
        check_running=params["check_running"],
        kill_duplicates=params["on_duplicate"] == "kill",
        start_unverified=params["on_unverified"] == "start",
        adopt_running=params["on_running"] == "adopt",
        max_age=positive_duration(params["max_age"], "max_age") if params["max_age"] else None,
        fail_on=waiting.fail_on,
        patience=waiting.timeout if params["wait"] else PATIENCE,
        waits=params["wait"],
        preflight=params["preflight"],
        look_back=LAST_GOOD_AGE if module.diff_mode or is_scheduled(params) else 0.0,
        deadline=module.deadline,
    )
    with module.open(pool_size=plan.concurrency, outage_timeout=0.0 if module.check_mode else patient) as commcell:
        if commcell.profile.job_marker:
            options = replace(options, marker=options.marker or new_marker())
        export = Export(
            commcell, options, plan, on_start=module.ignore_task_timeout, parent_has_died=module.parent_has_died
        )
        night = make_night(export, commcell, schedule, module) if schedule else None
        starter = night or export
        waited: dict[str, t.Any] | None = None
        if module.check_mode:
            backups = starter.preview(instances)
        elif params["wait"]:
            from ..module_utils._export.attempts import start_and_wait

            waits = Waits(module, commcell, waiting, begun)
            backups, waited = start_and_wait(instances, params["attempts"], starter.run, waits.wait, waits.pause)
        else:
            backups = starter.run(instances)
        requested = [backup.instance for backup in backups if backup.requested]
        last_good = last_good_lines(export, requested) if module.diff_mode else ""
        result = summary(backups, commcell.job_url)
        if waited is not None:
            add_wait(result, waited)
        result["api_calls"] = commcell.api_calls()
        for warning in [*(night.warnings if night else []), *export.warnings, *result.pop("warnings", [])]:
            module.warn(warning)
        if params["instances"] is None:
            result["task_id"] = backups[0].task_id
            result["response"] = backups[0].response
            del result["task_ids"]
        if module.check_mode or module.diff_mode or module.verbosity >= 3:
            result["request"] = export.requests(requested)
        if module.diff_mode:
            result["diff"] = request_diff(result["request"], last_good)
    return result


def is_scheduled(params: dict[str, t.Any]) -> bool:
    """Whether it matters when the backups are started, or will end."""
    return bool(params["must_end_by"] or params["concurrency_per_client"] or params["order"] != "as_given")


def make_schedule(params: dict[str, t.Any], waiting: WaitOptions) -> Schedule | None:
    """How starts are arranged, None for all at once. Raises InvalidInput."""
    per_client = params["concurrency_per_client"]
    if per_client is not None:
        positive(params.__getitem__, "concurrency_per_client")
    if not is_scheduled(params):
        return None
    from ..module_utils._export.night import Schedule, parse_end

    return Schedule(
        parse_end(params["must_end_by"], time.time()) if params["must_end_by"] else None,
        params["on_late"] == "skip",
        params["order"] == "longest_first",
        per_client,
        waiting.timeout,
        waiting.interval,
    )


def make_night(export: Export, commcell: CommCell, schedule: Schedule, module: ModuleRun) -> Night:
    """What starts backups by a schedule."""
    from ..module_utils._export.night import Night
    from ..module_utils._jobs.api import JobsApi
    from ..module_utils._jobs.reader import JobReader

    api = JobsApi(commcell)
    # A poll that fails is followed by another one.
    api.limit(None, repeat=False)
    return Night(export, JobReader(api), schedule, parent_has_died=module.parent_has_died)


class Waits:
    """The waits of one call, which together end when the time for them is over."""

    def __init__(self, module: ModuleRun, commcell: CommCell, options: WaitOptions, begun: float) -> None:
        """begun: when the call began, as of time.monotonic."""
        self._module = module
        self._commcell = commcell
        self._options = options
        self._begun = begun

    def wait(self, backups: t.Sequence[Backup]) -> dict[str, t.Any]:
        """Wait for the jobs of backups; the result is that of job_wait."""
        from ..module_utils._export.strangers import stranger_finder
        from ..module_utils._jobs.wait import wait_and_describe

        deadline = self._module.deadline
        ends = {one: backup.expected_end for backup in backups for one in backup.job_ids if backup.expected_end}
        return wait_and_describe(
            self._commcell,
            [job_id for backup in backups if backup.state in AWAITED_STATES for job_id in backup.job_ids],
            replace(self._options, timeout=self._left()).within(
                None if deadline is None else deadline - time.monotonic()
            ),
            proven=True,
            own={job_id for backup in backups if backup.own for job_id in backup.job_ids},
            # One that is adopted was read before, so it was not taken by its id.
            stranger=stranger_finder((one for one in backups if one.state == "started"), self._commcell.clock),
            expected_ends=ends,
            on_progress=self._module.on_progress,
            parent_has_died=self._module.parent_has_died,
        )

    def pause(self) -> bool:
        """Give what failed a moment; False if there is no time left for another attempt."""
        seconds = min(self._options.interval, MAX_PAUSE)
        if self._left() <= seconds:
            return False
        time.sleep(seconds)
        return True

    def _left(self) -> float:
        return max(0.0, self._options.timeout - (time.monotonic() - self._begun))


def outage_timeout(params: dict[str, t.Any], wait_timeout: float) -> float:
    """Seconds for which a CommCell that is away is waited for. Raises InvalidInput."""
    if params["outage_timeout"]:
        return parse_duration(params["outage_timeout"], "outage_timeout")
    return wait_timeout if params["wait"] else OUTAGE_TIMEOUT


def requested_instances(params: dict[str, t.Any]) -> list[Instance]:
    """The instances that the options name. Raises InvalidInput."""
    if params["instances"] is not None:
        return make_instances(params["instances"])
    return [make_instance({name: params[name] for name in ONE_INSTANCE})]


def new_marker() -> str:
    """A text that no other run puts into the description of its jobs."""
    return f"rdsops-{os.urandom(6).hex()}"


def export_options(params: dict[str, t.Any]) -> ExportOptions:
    """How to back up. Raises InvalidInput."""
    check_task_info(params["task_info"])
    return ExportOptions(
        backup_level=params["backup_level"],
        cumulative=params["cumulative"],
        notify_user_on_job_completion=params["notify_user_on_job_completion"],
        job_description=params["job_description"],
        marker=new_marker() if params["job_marker"] else "",
        installer_user=params["installer_user"],
        task_info=params["task_info"],
    )


def last_good_lines(export: Export, instances: t.Sequence[Instance]) -> str:
    """A line for each of the instances for which a request is sent: its last good backup."""
    lines = []
    for instance, job in zip(instances, export.last_good(instances)):
        told = f"job {job.id}, {job.status}, ended {iso_time(job.end_time)}" if job else "none known"
        lines.append(f"{instance.id}: {told}\n")
    return "".join(lines)


def request_diff(requests: list[dict[str, t.Any]], last_good: str) -> dict[str, str]:
    """The last good backups before, the requests after."""
    lines = [f"{request['method']} {request['url']}\n{json.dumps(request['body'], indent=2)}\n" for request in requests]
    return {
        "before": last_good,
        "after": "".join(lines),
        "before_header": "last good backups",
        "after_header": "requests that start backups",
    }


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
