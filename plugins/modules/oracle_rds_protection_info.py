#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oracle_rds_protection_info
short_description: Check which databases have a recent good backup
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Checks for every database whether Commvault has it, whether it can be backed up, when its last good backup ended,
    and whether its age is within the target.
  - It also finds databases whose backup never started.
  - It fails if a database is not protected. With O(fail=false), it only reads.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._attributes.info
  - rdsops.commvault._connection
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
    details:
      - With O(of_hosts), it reads the variables of hosts there.
  async:
    description: Supports being used with C(async).
    support: full
options:
  databases:
    description:
      - The databases that must be protected, for example all databases in AWS. Without this option, the module checks
        all databases of the CommCell, and none can be missing.
      - Name each by O(databases[].client_name) and O(databases[].instance_name) as in Commvault, or by
        O(databases[].db_instance_identifier) or O(databases[].db_instance_arn) as in AWS.
    type: list
    elements: dict
    suboptions:
      id:
        description: Any string to find the result by. Defaults to the names.
        type: str
      client_name:
        description: Name of the client in Commvault.
        type: str
      instance_name:
        description: Name of the instance in Commvault.
        type: str
      subclient_name:
        description: Name of the subclient in Commvault.
        type: str
        default: default
      db_instance_identifier:
        description: The DB instance identifier of AWS. M(rdsops.commvault.oracle_rds_instance_info) describes how it is
          matched.
        type: str
      db_instance_arn:
        description: The ARN of the DB instance.
        type: str
      engine:
        description: The engine as AWS writes it. The module skips databases that are not Oracle.
        type: str
      region:
        description: The AWS region.
        type: str
      max_age:
        description: The same as O(max_age), for this database.
        type: str
      created:
        description: Creation time of the database, such as C(2026-01-01T00:00:00Z), for O(new_after).
        type: str
      groups:
        description: Values to group by, such as a team or an environment.
        type: dict
        default: {}
      problem:
        description: Why it is not known which database this is, in place of its names. It is V(not_verified) then.
        type: str
  of_hosts:
    description:
      - Whether the databases are the hosts of the play, including failed hosts.
      - The variables of a host name its database as for the role P(rdsops.commvault.oracle_rds_export_backup#role),
        with C(commvault_client_name) and C(commvault_instance_name), or with those of the inventory
        C(amazon.aws.aws_rds). C(oracle_rds_export_backup_protection_max_age) of a host is its target. O(group_by) can
        name any variable of the hosts, such as C(tags.team).
      - The module reads them as a task of each host sees them, from any source of variables. A host whose variables are
        missing or wrong is V(not_verified).
    type: bool
    default: false
  match_patterns:
    description: The same as O(rdsops.commvault.oracle_rds_instance_info#module:match_patterns).
    type: list
    elements: str
    default: []
  max_age:
    description:
      - The target. A database is protected if its last good backup ended no longer ago than this.
      - A number of seconds, or a number with a unit such as V(24h) or V(2d).
    type: str
    default: 24h
  new_after:
    description:
      - Grace time of new databases. A database whose O(databases[].created) is not longer ago than this is V(new)
        instead of unprotected.
      - By default there is no grace time.
    type: str
  fail_on:
    description:
      - Which job states make a backup count as missed, as in M(rdsops.commvault.job_wait). The default is Commvault's
        own rule for database agents, where a backup that completed with errors counts as missed.
    type: str
    choices: [failure, errors, warnings]
    default: errors
  history_days:
    description: Days of history to return for each database, including today. 1 to 60.
    type: int
    default: 7
  group_by:
    description:
      - Keys to count protected databases by, such as V(client_name), V(plan), or a key of O(databases[].groups).
    type: list
    elements: str
    default: []
  report_unlisted:
    description:
      - Whether to return databases that Commvault has and O(databases) does not name, as V(unknown_to_inventory).
        They do not fail the task.
      - If it is false and each entry of O(databases) names its client, the module only reads these clients.
    type: bool
    default: true
  fail:
    description: Whether to fail if a database is not protected.
    type: bool
    default: true
  concurrency:
    description: Number of requests at the same time.
    type: int
    default: 16
seealso:
  - module: rdsops.commvault.export_report
    description: Writes the result as an HTML page, for programs, and for Prometheus.
  - module: rdsops.commvault.oracle_rds_export_backup
"""

EXAMPLES = r"""
- name: Is everything that the CommCell has backed up?
  rdsops.commvault.oracle_rds_protection_info:
    max_age: 24h

- name: Are these two, one of them within a week?
  rdsops.commvault.oracle_rds_protection_info:
    databases:
      - client_name: aws-prod
        instance_name: orders
      - client_name: aws-prod
        instance_name: archive
        max_age: 7d
    fail: false
  register: protection

- name: Write the page
  rdsops.commvault.export_report:
    protection: "{{ protection }}"
    path: [protection.html, protection.prom]
"""

RETURN = r"""
msg:
  description: The totals as a sentence, and the reasons of the first three unprotected databases.
  returned: always
  type: str
  sample: "11 of 12 databases protected (91 %): 1 late. hr: Its last good backup ended 2 d 3 h ago."
databases:
  description: One entry for each database, problems first.
  returned: always, unless an option was wrong or nothing could be read
  type: list
  elements: dict
  contains:
    id:
      description: As given, or the names.
      type: str
      returned: always
      sample: aws-prod/orders/default
    client_name:
      description: Name of the client, V(null) if it is not known.
      type: str
      returned: always
      sample: aws-prod
    instance_name:
      description: Name of the instance, V(null) if it is not known.
      type: str
      returned: always
      sample: orders
    subclient_name:
      description: Name of the subclient, V(null) if it is not known.
      type: str
      returned: always
      sample: default
    state:
      description:
        - V(protected) - its last good backup is within the target.
        - V(late) - its last good backup is older than the target.
        - V(never) - it has no good backup in the days that were read.
        - V(not_configured) - it is late or was never backed up, and cannot be, because it has no plan, its backup
          activity is off, or Commvault reports that it is not ready.
        - V(unknown_to_commvault) - Commvault does not have it.
        - V(not_verified) - not known, for example because jobs or clients could not be read.
        - V(new) - it is not protected, but not older than O(new_after).
        - V(unknown_to_inventory) - Commvault has it, but O(databases) does not name it.
      type: str
      returned: always
      sample: protected
    protected:
      description: Whether RV(databases[].state) is V(protected).
      type: bool
      returned: always
      sample: true
    reason:
      description: Why it is in this state.
      type: str
      returned: always
      sample: Its last good backup ended 3 h 20 min ago (job 148886).
    action:
      description: Advice, V(null) if nothing is to do.
      type: str
      returned: always
      sample: null
    known:
      description: Whether Commvault certainly has it.
      type: bool
      returned: always
      sample: true
    listed:
      description: Whether it is one of the databases to check.
      type: bool
      returned: always
      sample: true
    plan:
      description: Its plan, V(null) if not known.
      type: str
      returned: always
      sample: Gold
    status:
      description: The same as in M(rdsops.commvault.oracle_rds_instance_info), V(null) if Commvault does not have it.
      type: str
      returned: always
      sample: ready
    max_age_seconds:
      description: The target.
      type: int
      returned: always
      sample: 86400
    age_seconds:
      description: Age of its last good backup, V(null) without one.
      type: int
      returned: always
      sample: 12000
    last_good:
      description: Its last good backup, with the keys of RV(databases[].last). V(null) without one.
      type: dict
      returned: always
      sample: null
    last:
      description: Its last backup that has ended, good or not, V(null) without one.
      type: dict
      returned: always
      contains:
        job_id:
          description: Id of the job.
          type: str
          returned: always
          sample: "148886"
        status:
          description: Its status in Commvault.
          type: str
          returned: always
          sample: Completed
        backup_level:
          description: The level in Commvault, V(null) if not known.
          type: str
          returned: always
          sample: Full
        end_time:
          description: When it ended, in seconds since 1970 (UTC), V(null) if not known.
          type: int
          returned: always
          sample: 1767229200
        elapsed_seconds:
          description: How long it took, V(null) if not known.
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
        reason:
          description: Commvault's reason, V(null) if it gave none.
          type: str
          returned: always
          sample: null
        job_url:
          description: Page of the job in the Command Center, V(null) if its URL is not known.
          type: str
          returned: always
          sample: https://commandcenter.example.com/commandcenter/#/jobs/148886
    active_job_id:
      description: A backup that is under way, V(null) if there is none.
      type: str
      returned: always
      sample: null
    history:
      description:
        - A letter for each day in UTC, the oldest first, for the best backup that ended on it - V(g) good, V(w) with
          warnings, V(e) with errors, V(f) failed, V(.) none.
      type: str
      returned: always
      sample: ggwg.gg
    groups:
      description: As given.
      type: dict
      returned: always
      sample: {}
hosts:
  description: The result of each host of the play.
  returned: if O(of_hosts) is true
  type: dict
  sample:
    orders.example.com:
      state: protected
      protected: true
      msg: Its last good backup ended 3 h 20 min ago (job 148886).
summary:
  description: The totals.
  returned: always, unless an option was wrong or nothing could be read
  type: dict
  contains:
    databases:
      description: Number of databases to check, without those that only Commvault has.
      type: int
      returned: always
      sample: 12
    protected:
      description: Number of protected databases.
      type: int
      returned: always
      sample: 11
    unprotected:
      description: Number of unprotected databases, without new ones.
      type: int
      returned: always
      sample: 1
    percent:
      description: The share of RV(summary.protected) of all databases but new ones, rounded down; 100 without any.
      type: int
      returned: always
      sample: 91
    states:
      description: Number of databases by state.
      type: dict
      returned: always
      sample:
        never: 0
        unknown_to_commvault: 0
        not_configured: 0
        late: 1
        not_verified: 0
        new: 0
        unknown_to_inventory: 2
        protected: 11
    groups:
      description: For each key of O(group_by) and each of its values, the number of databases and of protected ones.
      type: dict
      returned: always
      sample: {plan: {Gold: {databases: 12, protected: 11}}}
evidence:
  description: Evidence for an audit.
  returned: always, unless an option was wrong or nothing could be read
  type: dict
  contains:
    time:
      description: Time of the data, by the server's clock (UTC).
      type: str
      returned: always
      sample: "2026-01-02T06:00:00Z"
    user:
      description: The user of the credentials, V(null) if not known.
      type: str
      returned: always
      sample: backup-operator
    commcell:
      description: Name of the CommCell, V(null) if not known.
      type: str
      returned: always
      sample: commserve01
    url:
      description: The base URL.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api
    max_age_seconds:
      description: The target.
      type: int
      returned: always
      sample: 86400
    fail_on:
      description: As given.
      type: str
      returned: always
      sample: errors
    history_days:
      description: As given.
      type: int
      returned: always
      sample: 7
    complete:
      description: Whether everything could be read.
      type: bool
      returned: always
      sample: true
    digest:
      description: SHA-256 of RV(databases) as JSON in ASCII, with sorted keys and without blanks between them.
      type: str
      returned: always
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
unread:
  description: The parts that could not be read, as sentences.
  returned: always, unless an option was wrong or nothing could be read
  type: list
  elements: str
  sample: []
left_out:
  description: Databases that are not Oracle, each with C(id) and C(msg).
  returned: always, unless an option was wrong or nothing could be read
  type: list
  elements: dict
  sample: []
api_calls:
  description: Number of requests of this run, without repeated attempts.
  returned: always, unless an option was wrong or nothing could be read
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 43
    writes:
      description: Requests that start or change something, always 0.
      type: int
      returned: always
      sample: 0
    quota:
      description: The quota that the server returned last, V(null) if it returned none.
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
        - V(not_protected) - a database is not protected.
        - V(invalid_input) - an option has a value that cannot be used.
        - Anything else is a failure to talk to the CommCell, as in M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: not_protected
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
      sample: "11 of 12 databases protected (91 %): 1 late."
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._errors import CommvaultError, ErrorKind
from ..module_utils._estate.api import EstateApi
from ..module_utils._estate.discovery import Query
from ..module_utils._estate.rds_match import RDS_OPTIONS, Pattern
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.reader import JobReader
from ..module_utils._jobs.wait_options import wait_spec
from ..module_utils._module.connection import positive
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._protection.options import make_targets, protection_terms
from ..module_utils._protection.result import message, protection_result
from ..module_utils._protection.survey import Surveyor, who_and_where


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            "databases": {
                "type": "list",
                "elements": "dict",
                "options": {
                    **RDS_OPTIONS,
                    "instance_name": {"type": "str"},
                    "subclient_name": {"type": "str", "default": "default"},
                    "max_age": {"type": "str"},
                    "created": {"type": "str"},
                    "groups": {"type": "dict", "default": {}},
                    "problem": {"type": "str"},
                },
            },
            "of_hosts": {"type": "bool", "default": False},
            "match_patterns": {"type": "list", "elements": "str", "default": []},
            "max_age": {"type": "str", "default": "24h"},
            "new_after": {"type": "str"},
            "fail_on": wait_spec().options["fail_on"],
            "history_days": {"type": "int", "default": 7},
            "group_by": {"type": "list", "elements": "str", "default": []},
            "report_unlisted": {"type": "bool", "default": True},
            "fail": {"type": "bool", "default": True},
            "concurrency": {"type": "int", "default": 16},
        },
        mutually_exclusive=[("databases", "of_hosts")],
    )


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Tell which databases are protected."""
    params = module.params
    terms = protection_terms(params)
    targets = None if params["databases"] is None else make_targets(params["databases"], terms, params["group_by"])
    patterns = [Pattern(text) for text in params["match_patterns"]]
    clients: tuple[str, ...] = ()
    if targets and not terms.unlisted and all(one.names for one in targets):
        clients = tuple(dict.fromkeys(one.names[0] for one in targets if one.names))
    query = Query(client_names=clients, concurrency=positive(params.__getitem__, "concurrency"))
    with module.open(pool_size=query.concurrency) as commcell:
        estate = EstateApi(commcell)
        survey = Surveyor(estate, JobReader(JobsApi(commcell)), terms).survey(targets, query, patterns)
        user, name = who_and_where(estate)
        result = protection_result(survey, terms, params["group_by"], commcell.job_url)
        result["evidence"].update({"user": user, "commcell": name, "url": commcell.transport.base.url})
        result["api_calls"] = commcell.api_calls()
    if survey.unread:
        module.warn(" ".join(survey.unread[:3]))
    result["msg"] = message(result)
    if params["fail"] and result["summary"]["unprotected"]:
        result["failed"] = True
        result["failure"] = CommvaultError(result["msg"], ErrorKind.NOT_PROTECTED).failure()
    return result


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
