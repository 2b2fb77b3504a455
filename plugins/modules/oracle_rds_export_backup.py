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
  - The module sends one request to C(POST /createtask) for each backup, or for O(batch_size) backups. It never
    resends a request that may have started a backup; it looks for the job instead. If it finds no job or several, it
    fails.
  - If one instance cannot be backed up, the backups of the others still start.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
  - rdsops.commvault._wait
attributes:
  check_mode:
    support: full
    details:
      - Starts nothing. RV(request) has the requests that a run would send.
      - Checks names, eligibility and running backups with reads, as with O(preflight). An instance that Commvault would
        refuse fails. An instance that could not be read is V(not_verified).
  diff_mode:
    support: full
    details:
      - Shows the requests, and before them the last good backup of each instance from the last 30 days.
      - Reads the jobs of these days with one listing for all clients, a thousand jobs a page.
  idempotent:
    support: partial
    details:
      - Each run starts a backup, unless one of the same subclient is active (see O(on_running)) or recent (see
        O(max_age)).
options:
  client_name:
    description:
      - Name of the instance's client in Commvault.
      - Required to back up one instance.
    type: str
  instance_name:
    description:
      - Name of the instance in Commvault. It can differ from the DB instance identifier in AWS.
      - Required to back up one instance.
    type: str
  subclient_name:
    description: Name of the subclient.
    type: str
    default: default
  display_name:
    description: Display name of the client. Defaults to O(client_name).
    type: str
  app_name:
    description: Name of the application in Commvault (the agent).
    type: str
    default: Oracle
  application_id:
    description: Number of the application in Commvault. V(22) is Oracle.
    type: int
    default: 22
  instances:
    description: The instances to back up, instead of O(client_name), O(instance_name) and their options.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Any string to find the result in RV(backups) by, such as the name of the inventory host.
          - Defaults to client, instance and subclient name, separated by slashes. Must be different for each entry.
        type: str
      client_name:
        description: See O(client_name).
        type: str
        required: true
      instance_name:
        description: See O(instance_name).
        type: str
        required: true
      subclient_name:
        description: See O(subclient_name).
        type: str
        default: default
      display_name:
        description: See O(display_name).
        type: str
      app_name:
        description: See O(app_name).
        type: str
        default: Oracle
      application_id:
        description: See O(application_id).
        type: int
        default: 22
  backup_level:
    description:
      - Level of the backup. Prefer V(full), because an export always copies the whole database. The default is that of
        Commvault's API.
      - Commvault does not document which levels an export can have. It may turn the first V(incremental) backup into
        a full one.
    type: str
    choices:
      - full
      - incremental
    default: incremental
  cumulative:
    description:
      - Whether an incremental backup has all changes since the last full backup, instead of those since the last
        backup of any level.
    type: bool
    default: true
  notify_user_on_job_completion:
    description: Whether Commvault notifies the user who owns the token when a job ends.
    type: bool
    default: true
  job_description:
    description: Description of the jobs in Commvault.
    type: str
  installer_user:
    description:
      - Sets C(adminOpts.clientInstallOption.installerOption.User) of the request. Only sent when given; backups do
        not need it.
    type: dict
    suboptions:
      user_id:
        description: Number of the user in Commvault.
        type: int
        required: true
      user_name:
        description: Name of the user in Commvault.
        type: str
        required: true
  task_info:
    description:
      - More fields for C(taskInfo) of the request, if this module has no option for them. The module merges them into
        the request last, dictionaries key by key, lists of dictionaries entry by entry. Any other value replaces the
        old one.
      - C(associations) may have one entry. Its fields are added to the association of every instance. They cannot
        change names or the application.
      - The module masks values whose keys sound secret, such as password or token, in all output.
    type: dict
    default: {}
  batch_size:
    description:
      - Number of instances in one request.
      - With V(1), each backup has its own task, and a failure of one never affects another. Higher values save requests
        where they are limited, as in Commvault Cloud.
    type: int
    default: 1
  concurrency:
    description: Number of requests at the same time, at most 64.
    type: int
    default: 4
  check_running:
    description:
      - Whether to look for active backups before the first request, with one listing of active jobs. O(on_running)
        decides what happens to an instance with an active backup.
      - You need it if the CommCell's setting B(Queue jobs if conflicting jobs are active) is on, because Commvault then
        queues a second backup instead of refusing it. The setting is off by default.
      - After the starts, the module lists the jobs again, to find backups that another launch started at the same
        time, or that the first listing did not have yet. See O(on_duplicate).
      - One backup takes at most 2 requests, O(instances) at most one each and 2 for all. The second listing is left
        out for one backup, unless O(wait=true), O(on_duplicate=kill), or the first one left something open. More
        is read only where an answer was lost, where a job does not show which subclient it is of, where the CommCell
        was away, or where jobs are not listed at once.
    type: bool
    default: true
  on_running:
    description:
      - What to do if another backup of the same subclient is active.
      - With V(adopt), the module returns its job and reports no change. So a rerun of a play starts no second backup
        while the first is running.
      - With V(fail), the instance fails.
    type: str
    choices:
      - adopt
      - fail
    default: adopt
  on_duplicate:
    description:
      - What to do if a backup started although another one of the same subclient was active. This can happen on a
        CommCell that queues conflicting jobs. The module warns and reports V(duplicate) with the id of the other job.
      - The job with the lowest id stays, so two launches at the same time keep the same job.
      - With V(kill), the module kills its own job and returns the other one. It never kills jobs of others.
    type: str
    choices:
      - report
      - kill
    default: report
  max_age:
    description:
      - Skips an instance that has an active backup, or a good one younger than this. The age counts from the end of the
        job.
      - Seconds, or a number with a unit such as V(90m), V(24h) or V(2d).
      - With O(backup_level=full), only full backups count. A job that completed with errors does not count.
      - The end of a job is its end time, otherwise its last update, otherwise its start plus its duration. A job
        whose data was deleted does not count.
      - The module reads the jobs of all clients with one listing, a thousand jobs a page. If the listing has more
        than five pages, it only lists the clients of the call. It then does not see a job that is listed under
        another client, such as an access node.
      - If the user may not see the jobs, the backups start with a warning. If the jobs cannot be read for another
        reason, O(on_unverified) decides.
    type: str
  on_unverified:
    description:
      - What to do with an instance if it is not known whether another backup makes this one unnecessary. With
        O(max_age), this happens if the jobs cannot be read. It also happens if a job may be a backup of its
        subclient, for example because it names another client and no number of a subclient, or has neither end time
        nor last update.
      - With V(not_submitted), the instance fails without a request, and the message names the job. With V(start), the
        backup starts, and RV(backups[].not_verified) has the reason.
    type: str
    choices:
      - not_submitted
      - start
    default: not_submitted
  job_marker:
    description:
      - Whether to append a marker of this run to O(job_description). If the CommCell returns descriptions of jobs, the
        marker proves which job belongs to a start whose answer got lost.
      - Off by default, because Commvault's page on this export does not document the field for descriptions.
    type: bool
    default: false
  outage_timeout:
    description:
      - How long to wait for a CommCell that is away, for example because its web server restarts. The module pauses,
        polls with a small read, and goes on with the starts when it gets an answer. After this time, the other
        instances are V(not_submitted). A task of the controller shows on the console that it waits, and why.
      - V(0) does not wait.
      - Seconds, or a number with a unit such as V(90s), V(5m) or V(1h).
      - Defaults to V(5m), with O(wait=true) to O(wait_timeout).
    type: str
  preflight:
    description:
      - Whether to check names, application, plan, backup activity and running backups before the first start.
      - The module does not send an instance that Commvault would refuse; the message has the cause and the nearest
        names. If something cannot be read, it sends the request and Commvault decides. Only with O(max_age), it sends
        nothing for an instance whose jobs cannot be read.
      - This takes two reads for the CommCell and two for each client, for any number of instances. If a client does not
        exist, the module also reads the list of all clients to find the nearest name.
      - If the list of subclients lacks the plan or, in older releases, the activity, the module reads up to 50
        subclients one by one. It does not verify the others.
      - Check mode always does this.
      - Without it, the module looks for a wrong name after Commvault has refused a backup. This takes at most 10 reads,
        and none if Commvault refuses nothing.
    type: bool
    default: false
  must_end_by:
    description:
      - Time by which all backups must have ended. A time of day such as V(06:00) in the time zone of the machine that
        runs the task, a date with time such as V(2026-01-02T06:00:00Z), or a duration such as V(6h) from now.
      - The module forecasts the end of each backup from the median duration of the last good backups, and warns how
        many will end later, also in check mode. A database without an earlier backup has no forecast, so its backup
        starts.
      - No backup starts after this time.
    type: str
  on_late:
    description:
      - What to do with a backup that will not end by O(must_end_by). V(warn) starts it with a warning. V(skip) does not
        start it; its state is C(not_submitted).
    type: str
    choices:
      - warn
      - skip
    default: warn
  order:
    description:
      - Order of the starts. V(longest_first) starts the backups first that took longest before, and before them
        databases without an earlier backup. With O(concurrency_per_client), all backups then end sooner.
    type: str
    choices:
      - as_given
      - longest_first
    default: as_given
  concurrency_per_client:
    description:
      - Number of backups of one client at the same time, to protect its access node.
      - The others start as these end. The task waits for that, within O(wait_timeout), and polls every
        O(wait_interval). Backups that have not started by then are C(not_submitted).
      - Adopted backups count as well.
    type: int
  attempts:
    description:
      - How often to start a backup that failed or was refused for a temporary cause, such as an unavailable instance or
        network. It needs O(wait=true), and ends with O(wait_timeout).
      - The module never retries a backup of unknown outcome, one that was adopted or killed, or one with a permanent
        cause such as a wrong password.
    type: int
    default: 1
  wait:
    description:
      - Whether to wait for the jobs, and to fail if one fails.
      - See O(wait_timeout), O(wait_interval), O(stuck_timeout) and O(on_timeout). The time counts from the start of the
        task, and includes waits for a quota of requests.
      - On the controller, the task prints its progress, as M(rdsops.commvault.job_wait) does.
      - O(fail_on) also defines the good backups for O(max_age), with and without O(wait).
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
  description: The result as a sentence. For several instances, a summary.
  returned: always
  type: str
  sample: "Started the backup of instance 'orders' of client 'aws-prod' (subclient 'default'): task 9920, job 148886."
task_id:
  description: Id of the task. V(null) if none started.
  returned: when O(client_name) was given
  type: int
  sample: 9920
task_ids:
  description: Ids of all tasks that started, in the order of O(instances).
  returned: when O(instances) was given
  type: list
  elements: int
  sample: [9920, 9921]
job_ids:
  description: Ids of all jobs that started, in the order of O(instances). They are strings, as in Commvault's answer.
  returned: always, unless an option was wrong
  type: list
  elements: str
  sample: ["148886"]
response:
  description: Commvault's original answer. V(null) if no task started.
  returned: when O(client_name) was given
  type: dict
  sample: {"taskId": 9920, "jobIds": ["148886"]}
backups:
  description: The result of each instance, in the given order.
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
        - The result.
        - V(started) - the backup started.
        - V(adopted) - the module found its job, either one that was already active (see O(on_running)), or the job of a
          request whose answer got lost. The message has the reason.
        - V(duplicate) - the backup started, but another backup of the subclient was already active, see
          O(on_duplicate).
        - V(recent) - skipped, because the last good backup is younger than O(max_age).
        - V(would_start) - in check mode, the backup would start.
        - V(not_verified) - in check mode, it is not known whether the backup would start.
        - V(refused) - Commvault refused the backup; nothing started.
        - V(unknown) - the backup may have started; the request was not sent again.
        - V(not_submitted) - the request was not sent; the message has the reason.
      type: str
      returned: always
      sample: started
    task_id:
      description: Id of the task, V(null) if there is none. Of backups that this call did not start, the first 50
        have it.
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
      description: Whether this run certainly started the jobs, so that it may suspend or kill them. After a lost
        answer, only O(job_marker) makes that certain.
      type: bool
      returned: always
      sample: true
    candidates:
      description: Ids of jobs that may belong to this instance, or are active beside its job; see RV(backups[].msg).
      type: list
      elements: str
      returned: always
      sample: []
    duplicate_of:
      description: Id of the job that was already active when this one started, V(null) if there was none.
      type: str
      returned: always
      sample: null
    job:
      description: The job, with the keys that M(rdsops.commvault.job_info) returns. V(null) if it was not read.
      type: dict
      returned: always
      sample: null
    expected_end:
      description:
        - Forecast end of the job (UTC), by the median duration of the last good backups of the database.
        - Set with O(max_age), O(must_end_by), O(order=longest_first), O(concurrency_per_client) or in diff mode;
          V(null) otherwise.
      type: str
      returned: always
      sample: null
    attempts:
      description: The results of the attempts before this one, with O(attempts). The oldest comes first.
      type: list
      elements: dict
      returned: always
      sample: []
    retry_at:
      description: Time when a request that exceeded the server's quota would fit, V(null) otherwise.
      type: str
      returned: always
      sample: null
    not_verified:
      description:
        - Facts that could not be read before the start, or in check mode. Empty without O(preflight) and O(max_age).
        - Each string begins with C(whether) and ends with the cause.
      type: list
      elements: str
      returned: always
      sample: []
    age_seconds:
      description: Age of the last good backup of a V(recent) instance, in the CommCell's time. V(null) in all other
        states.
      type: int
      returned: always
      sample: null
    job_url:
      description: Page of the first job in the Command Center, V(null) if its URL is not known.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/#/jobs/148886
    msg:
      description: The result as a sentence, with the cause if the backup did not start.
      type: str
      returned: always
      sample: "Started the backup of instance 'orders' of client 'aws-prod' (subclient 'default'): task 9920, job
        148886."
    failure:
      description: The same as RV(failure), V(null) without a failure.
      type: dict
      returned: always
      sample: null
    changed:
      description: Whether this run started the backup, may have started it, or in check mode would start it.
      type: bool
      returned: always
      sample: true
counts:
  description: Number of jobs by result, with the keys that M(rdsops.commvault.job_wait) returns.
  returned: when O(wait=true), except in check mode
  type: dict
  sample: {"succeeded": 1}
waited_seconds:
  description: Seconds that the task waited for the jobs.
  returned: when O(wait=true), except in check mode
  type: int
  sample: 1260
request:
  description: The requests that started the backups, or in check mode would start them.
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
  description: Number of requests of this run, without repeated attempts.
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
      description: The quota that the server returned, V(null) if it returned none.
      type: dict
      returned: always
      sample: null
      contains:
        limit:
          description: Requests that the server allows in a period.
          type: int
          returned: always
          sample: 100
        period:
          description: Length of the period in seconds.
          type: float
          returned: always
          sample: 3600.0
        remaining:
          description: Requests left, V(null) if not known.
          type: int
          returned: always
          sample: null
failure:
  description: The failure, for programs. With several instances, the failure of the first that did not start. If all
    started, that of the wait.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - The kind of failure.
        - Nothing started - V(invalid_input), V(connection), V(tls), V(redirect), V(authentication),
          V(permission), V(not_found), V(bad_request), V(rate_limited), V(already_running), V(refused), V(no_job),
          V(not_submitted).
        - A backup may have started - V(timeout), V(interrupted), V(server), V(bad_reply), and V(no_job) where the state
          is V(unknown).
        - All backups started, and with O(wait=true) a job did not succeed - V(job_failed), V(job_missing),
          V(job_stuck), V(wait_timeout), as in M(rdsops.commvault.job_wait). V(job_failed) also without it, if the
          job that was found after a lost answer had failed.
        - A bug in this collection - V(internal).
      type: str
      returned: always
      sample: refused
    method:
      description: The HTTP method, V(null) without a request.
      type: str
      returned: always
      sample: POST
    url:
      description: The URL, V(null) without a request.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/createtask
    status:
      description: The HTTP status, V(null) without an answer.
      type: int
      returned: always
      sample: 500
    code:
      description: Commvault's error code, V(null) if there was none. In check mode and with O(preflight), the code of
        the expected refusal.
      type: raw
      returned: always
      sample: 587207178
    message:
      description: Commvault's message, or that of this module if Commvault sent none.
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
from ..module_utils._errors import CommvaultError, InvalidInput, fault_words
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
    """The options that name one instance.

    Args:
        required: Whether they must be given.
    """
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
    return Night(
        export,
        JobReader(api),
        schedule,
        parent_has_died=module.parent_has_died,
        deadline=module.deadline,
        lag=commcell.profile.visibility_lag,
    )


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
        from ..module_utils._jobs.wait_loop import Wait
        from ..module_utils._jobs.wait_result import wait_result

        deadline = self._module.deadline
        ends = {one: backup.expected_end for backup in backups for one in backup.job_ids if backup.expected_end}
        job_ids = [job_id for backup in backups if backup.state in AWAITED_STATES for job_id in backup.job_ids]
        try:
            return wait_and_describe(
                self._commcell,
                job_ids,
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
        except Exception as fault:  # noqa: BLE001  # pylint: disable=broad-except
            # It must not take with it what is known of the backups that were started.
            error = CommvaultError(fault_words(fault))
            return wait_result(Wait(job_ids, error=error), {}, self._options)

    def pause(self) -> bool:
        """Give what failed a moment; False if there is no time left for another attempt."""
        seconds = min(self._options.interval, MAX_PAUSE)
        deadline = self._module.deadline
        # One that is not sent any more would stand in place of the one that failed.
        if self._left() <= seconds or (deadline is not None and deadline - time.monotonic() <= seconds):
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
    same = ("backup_level", "cumulative", "notify_user_on_job_completion", "job_description")
    given = {name: params[name] for name in (*same, "installer_user", "task_info")}
    return ExportOptions(marker=new_marker() if params["job_marker"] else "", **given)


def last_good_lines(export: Export, instances: t.Sequence[Instance]) -> str:
    """A line for each of the instances for which a request is sent: its last good backup."""
    lines = []
    for instance, job in zip(instances, export.last_good(instances)):
        told = f"job {job.id}, {job.status}, ended {iso_time(job.end_time)}" if job else "none known"
        lines.append(f"{instance.id}: {told}\n")
    return "".join(lines)


def request_diff(requests: list[dict[str, t.Any]], last_good: str) -> dict[str, str]:
    """The last good backups before, the requests after: the first in full, of the others what differs from it."""
    lines = []
    for request in requests[:1]:
        lines.append(f"{request['method']} {request['url']}\n{json.dumps(request['body'], indent=2)}\n")
    for number, request in enumerate(requests[1:], 2):
        told = ", ".join(f"{path}: {value}" for path, value in differences(requests[0]["body"], request["body"]))
        lines.append(f"Request {number} is the same{f', but {told}' if told else ''}\n")
    return {
        "before": last_good,
        "after": "".join(lines),
        "before_header": "last good backups",
        "after_header": "requests that start backups",
    }


def differences(one: t.Any, other: t.Any, path: str = "") -> list[tuple[str, str]]:
    """Where a JSON value differs from another one: the path, and the value of the other one as JSON."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        steps = [(one.get(key), other.get(key), f"{path}.{key}" if path else str(key)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        steps = [(a, b, f"{path}[{place}]") for place, (a, b) in enumerate(zip(one, other))]
    else:
        return [] if one == other else [(path, json.dumps(other))]
    return [found for a, b, step in steps for found in differences(a, b, step)]


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
