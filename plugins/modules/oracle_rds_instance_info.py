#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: oracle_rds_instance_info
short_description: List the Amazon RDS for Oracle instances that Commvault can back up
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Lists the Oracle instances of a CommCell, with the names for M(rdsops.commvault.oracle_rds_export_backup), their
    plan, whether they can be backed up, and their last backups.
  - With O(match), finds the Commvault instances of DB instances in AWS.
  - You see only what your user may see. RV(unread) has everything that could not be read for another reason.
  - Commvault does not document how it represents an Amazon RDS for Oracle instance that is backed up by export. The
    operation works on subclients of the Oracle application, so the module lists all of these, also of databases outside
    Amazon RDS. RV(instances[].vendor) distinguishes them where the release of Commvault does.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._attributes.info
  - rdsops.commvault._connection
options:
  client_names:
    description:
      - Only list instances of these clients. The names must be exact, but case does not matter.
      - This saves most requests if Commvault has many clients.
    type: list
    elements: str
    default: []
  name_patterns:
    description:
      - Only list instances whose instance name, client name or display name matches one of these patterns, with the
        wildcards V(*) and V(?). Case does not matter.
    type: list
    elements: str
    default: []
  application_ids:
    description: Only list instances of these applications. V(22) is Oracle, V(80) is Oracle RAC.
    type: list
    elements: int
    default: [22]
  source:
    description:
      - The lists to read.
      - V(auto) reads C(V4/Instances), which lists the database instances of all clients in one answer, and then the
        subclients of these clients. Without that list, or with O(client_names), it does the same as V(clients).
      - V(clients) reads all clients, or those in O(client_names), and the subclients of each. It takes one request
        for each client.
      - V(instances) only reads C(V4/Instances). It takes one request, but lists no subclients.
        RV(instances[].subclient_name) is then V(default), the default of C(createtask).
    type: str
    choices:
      - auto
      - clients
      - instances
    default: auto
  concurrency:
    description: Number of requests at the same time.
    type: int
    default: 16
  outage_timeout:
    description:
      - How long to wait for a CommCell that does not answer, for example because its web server restarts. The
        CommCell is polled in growing intervals until it answers.
      - A number of seconds, or a number with a unit, such as V(90), V(5m) or V(1h). V(0) fails at once.
    type: str
    default: 5m
  history:
    description:
      - Time in which to look for last backups, in seconds or as V(36h), V(7d).
      - V(0) does not read the list of jobs. RV(instances[].last_backup) is then known only if C(V4/Instances) has it.
    type: str
    default: 7d
  match:
    description:
      - DB instances in AWS, such as the hosts of an C(amazon.aws.aws_rds) inventory. RV(matches) has the Commvault
        instance of each.
      - The module first looks for an instance whose name is the DB instance identifier, then for a client with that
        display name, then for an instance that fits one of the O(match_patterns). Case does not matter.
      - If several instances fit, the O(match_patterns) that fit some of them decide. If one instance fits several DB
        instances, the DB instance with its name gets it.
      - The module does not guess. A DB instance without exactly one fitting instance is missing or ambiguous. It is not
        verified if an instance that could not be read may fit as well.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Any string to find the result in RV(matches) by, such as the name of the inventory host.
          - Defaults to the DB instance identifier. Must be different for each entry.
        type: str
      db_instance_identifier:
        description: DB instance identifier. Defaults to the one in O(match[].db_instance_arn).
        type: str
      db_instance_arn:
        description: ARN of the DB instance. It has the region and the account number for O(match_patterns).
        type: str
      engine:
        description:
          - Engine of the DB instance as AWS writes it. The module skips engines other than C(oracle-*) and
            C(custom-oracle-*). Without an engine, the module assumes Oracle.
        type: str
      region:
        description: Region of the DB instance, for O(match_patterns).
        type: str
      client_name:
        description: Name or display name of the instance's client in Commvault, if known.
        type: str
      subclient_name:
        description:
          - Name of the subclient in Commvault. Needed if an instance has several subclients and none is V(default).
        type: str
  match_patterns:
    description:
      - Patterns for the names of instances in Commvault, with the placeholders C({identifier}), C({region}),
        C({account}) and C({engine}) and the wildcards V(*) and V(?).
      - A pattern with a slash, such as V(aws-{region}/{identifier}), is for the name or display name of the client
        and the name of the instance.
      - The module skips a pattern for a DB instance if a placeholder has no value.
    type: list
    elements: str
    default: []
seealso:
  - plugin: rdsops.commvault.oracle_rds
    plugin_type: inventory
"""

EXAMPLES = r"""
# The environment variables COMMVAULT_URL and COMMVAULT_AUTH_TOKEN say which CommCell, and with which credentials.
- name: List what can be backed up
  rdsops.commvault.oracle_rds_instance_info:
  register: estate

- name: Show the names
  ansible.builtin.debug:
    msg: "{{ item.client_name }} / {{ item.instance_name }} / {{ item.subclient_name }}: {{ item.status }}"
  loop: "{{ estate.instances }}"
  loop_control:
    label: "{{ item.subclient_id }}"

- name: Find the production databases of one client that were not backed up well for two days
  rdsops.commvault.oracle_rds_instance_info:
    client_names:
      - aws-prod
    name_patterns:
      - "*-prd"
    history: 2d
  register: production

- name: Back them up
  rdsops.commvault.oracle_rds_export_backup:
    instances: "{{ due | map(attribute='entry') }}"
  when: due | length > 0
  vars:
    # Without V4/Instances, no status is "ready".
    due: >-
      {{ production.instances | selectattr('status', 'in', ['ready', 'enabled', 'unknown'])
         | selectattr('last_good_backup', 'none') }}

- name: Find out what databases are called in Commvault
  rdsops.commvault.oracle_rds_instance_info:
    match:
      - db_instance_identifier: orders
        region: us-east-1
      - id: orders-frankfurt
        db_instance_identifier: orders
        region: eu-central-1
      - db_instance_arn: arn:aws:rds:us-east-1:123456789012:db:billing
        engine: oracle-se2
    match_patterns:
      - "aws-{region}/{identifier}"
      - "rds-{account}-{identifier}"
  register: named

- name: Back up those that were found
  rdsops.commvault.oracle_rds_export_backup:
    instances: "{{ found | map(attribute='entry') }}"
  when: found | length > 0
  vars:
    found: "{{ named.matches | selectattr('state', 'eq', 'matched') }}"
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: "12 subclients of 3 clients."
instances:
  description: Subclients that can be backed up, sorted by names.
  returned: success and O(match) is not given
  type: list
  elements: dict
  contains:
    client_name:
      description: Name of the client.
      type: str
      returned: always
      sample: aws-prod
    display_name:
      description: Display name of the client.
      type: str
      returned: always
      sample: AWS production
    client_id:
      description: Number of the client.
      type: int
      returned: always
      sample: 11
    instance_name:
      description: Name of the instance.
      type: str
      returned: always
      sample: orders
    instance_id:
      description: Number of the instance.
      type: int
      returned: always
      sample: 101
    subclient_name:
      description: Name of the subclient.
      type: str
      returned: always
      sample: default
    subclient_id:
      description: Number of the subclient, V(null) with O(source=instances).
      type: int
      returned: always
      sample: 1001
    backupset_name:
      description: Name of the backup set, V(null) if not known.
      type: str
      returned: always
      sample: defaultBackupSet
    application_id:
      description: Number of the application.
      type: int
      returned: always
      sample: 22
    app_name:
      description: Name of the application.
      type: str
      returned: always
      sample: Oracle
    company:
      description: Name of the company that the client belongs to, V(null) if not known.
      type: str
      returned: always
      sample: CommCell
    plan:
      description: Name of the plan, V(null) if there is none or it is not known.
      type: str
      returned: always
      sample: RDS export plan
    storage_policy:
      description: Name of the storage policy of the subclient, V(null) if there is none or it is not known.
      type: str
      returned: always
      sample: null
    backup_enabled:
      description: Whether the backup activity of the subclient is enabled, V(null) if not known. The activity of its
        client and of the CommCell is not read.
      type: bool
      returned: always
      sample: true
    vendor:
      description: The cloud that the instance is in, as C(V4/Instances) calls it, V(null) if not known.
      type: str
      returned: always
      sample: AMAZON
    status:
      description:
        - Whether it can be backed up, as far as known.
        - V(ready), V(not_ready) - the status of the instance in C(V4/Instances).
        - V(disabled) - the backup activity of the subclient is disabled.
        - V(enabled) - the backup activity of the subclient is enabled; other requirements are not known.
        - V(unknown) - none of this is known.
      type: str
      returned: always
      sample: ready
    not_ready_reason:
      description: Commvault's reason for V(not_ready), otherwise V(null).
      type: str
      returned: always
      sample: null
    last_backup:
      description: The last backup, V(null) if none is known.
      type: dict
      returned: always
      contains: &backup
        job_id:
          description: Id of the job, V(null) if not known.
          type: str
          returned: always
          sample: "148886"
        status:
          description: Status in Commvault.
          type: str
          returned: always
          sample: Completed
        state:
          description: Meaning of the status. V(active), V(ok), V(warnings), V(errors) or V(failed).
          type: str
          returned: always
          sample: ok
        time:
          description: Its end, or its start if it has not ended, in seconds since 1970.
          type: int
          returned: always
          sample: 1767225600
        level:
          description: Level of the backup, V(null) if not known.
          type: str
          returned: always
          sample: Full
        reason:
          description: Why it failed or waits, V(null) if there is no reason.
          type: str
          returned: always
          sample: null
    last_good_backup:
      description: The last backup that ended without errors within O(history), V(null) if none is known.
      type: dict
      returned: always
      contains: *backup
    entry:
      description: An entry for the option O(rdsops.commvault.oracle_rds_export_backup#module:instances).
      type: dict
      returned: always
      sample:
        client_name: aws-prod
        instance_name: orders
        subclient_name: default
        display_name: AWS production
        app_name: Oracle
        application_id: 22
matches:
  description: The result of each entry of O(match), in the same order.
  returned: success and O(match) is given
  type: list
  elements: dict
  contains:
    id:
      description: The id that was given, or the DB instance identifier.
      type: str
      returned: always
      sample: orders
    db_instance_identifier:
      description: The DB instance identifier.
      type: str
      returned: always
      sample: orders
    state:
      description:
        - The result.
        - V(matched) - exactly one instance, see RV(matches[].entry).
        - V(missing) - none, see RV(matches[].nearest).
        - V(ambiguous) - several, see RV(matches[].candidates), or one that fits other DB instances, too.
        - V(not_verified) - the one in RV(matches[].candidates), but instances that could not be read may fit as well.
        - V(skipped) - it is not Oracle.
      type: str
      returned: always
      sample: matched
    msg:
      description: The result as a sentence.
      type: str
      returned: always
      sample: DB instance orders in us-east-1 is instance orders of client aws-prod, subclient default.
    entry:
      description: An entry for the option O(rdsops.commvault.oracle_rds_export_backup#module:instances), with
        RV(matches[].id) as its id. V(null) unless it is V(matched).
      type: dict
      returned: always
      sample: {"id": "orders", "client_name": "aws-prod", "instance_name": "orders", "subclient_name": "default"}
    candidates:
      description: Some of the subclients that fit, as client, instance and subclient name with slashes between them.
      type: list
      elements: str
      returned: always
      sample: []
    nearest:
      description: Names in Commvault that are like the missing one.
      type: list
      elements: str
      returned: always
      sample: []
source:
  description: The list that the result comes from, C(V4/Instances) (V(instances)) or the list of clients (V(clients)).
  returned: success
  type: str
  sample: instances
history_seconds:
  description: Time in which all jobs were read, V(0) if they were not.
  returned: success
  type: int
  sample: 604800
unread:
  description: The parts that could not be read. They may hide instances, or their last backups.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: Kind of the data, V(subclients) or V(jobs).
      type: str
      returned: always
      sample: subclients
    client_name:
      description: The client of the data, V(null) for jobs.
      type: str
      returned: always
      sample: aws-test
    kind:
      description: The same as RV(failure.kind). A client that does not exist is V(not_found).
      type: str
      returned: always
      sample: permission
    msg:
      description: The reason as a sentence.
      type: str
      returned: always
      sample: There is no client aws-tst, or these credentials may not see it. Nearest - aws-test.
api_calls:
  description: Number of requests of this run, without repeated attempts, and the quota that the server returned.
  returned: success
  type: dict
  contains:
    reads:
      description: Requests that only read.
      type: int
      returned: always
      sample: 4
    writes:
      description: Requests that start or change something.
      type: int
      returned: always
      sample: 0
    quota:
      description: The quota that the server returned last, V(null) if it returned none.
      type: dict
      returned: always
      sample: {"limit": 1000, "period": 3600.0, "remaining": 812}
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description: The kind of failure, as in M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: authentication
    method:
      description: The HTTP method, V(null) without a request.
      type: str
      returned: always
      sample: GET
    url:
      description: The URL, V(null) without a request.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/Client
    status:
      description: The HTTP status, V(null) without an answer.
      type: int
      returned: always
      sample: 401
    code:
      description: Commvault's error code, V(null) if there was none.
      type: raw
      returned: always
      sample: 5
    message:
      description: Commvault's message, or that of this module if Commvault sent none.
      type: str
      returned: always
      sample: Access denied
"""

import typing as t
from collections import Counter

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._estate.api import EstateApi
from ..module_utils._estate.discovery import SOURCES, Discovery, Query
from ..module_utils._estate.model import ORACLE, name_filter
from ..module_utils._estate.rds_match import MATCHED, RDS_OPTIONS, SKIPPED, Match, Pattern, make_rds_instances, match
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.reader import JobReader
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._parallel import check_concurrency
from ..module_utils._times import counted, first_of, parse_duration

SHOWN = 3


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec(
        {
            "client_names": {"type": "list", "elements": "str", "default": []},
            "name_patterns": {"type": "list", "elements": "str", "default": []},
            "application_ids": {"type": "list", "elements": "int", "default": [ORACLE]},
            "source": {"type": "str", "choices": sorted(SOURCES), "default": "auto"},
            "concurrency": {"type": "int", "default": 16},
            "outage_timeout": {"type": "str", "default": "5m"},
            "history": {"type": "str", "default": "7d"},
            "match": {
                "type": "list",
                "elements": "dict",
                "options": RDS_OPTIONS,
            },
            "match_patterns": {"type": "list", "elements": "str", "default": []},
        }
    )


def run(module: ModuleRun) -> dict[str, t.Any]:
    """List what can be backed up, or find what DB instances are called."""
    params = module.params
    query = Query(
        tuple(params["client_names"]),
        tuple(params["application_ids"]),
        params["source"],
        check_concurrency(params["concurrency"]),
        parse_duration(params["history"], "history"),
    )
    wanted = None if params["match"] is None else make_rds_instances(params["match"])
    patterns = [Pattern(text) for text in params["match_patterns"]]
    fits = name_filter(params["name_patterns"])
    patience = parse_duration(params["outage_timeout"], "outage_timeout")
    with module.open(query.concurrency, patience) as commcell:
        found = Discovery(EstateApi(commcell), JobReader(JobsApi(commcell))).find(query)
        result: dict[str, t.Any] = {
            "changed": False,
            "source": found.source,
            "history_seconds": int(found.history),
            "unread": [unread._asdict() for unread in found.unread],
            "api_calls": commcell.api_calls(),
        }
    listed = [one for one in found.subclients if fits(one.client_name, one.display_name, one.instance_name)]
    if wanted is None:
        clients = len({subclient.client_id for subclient in listed})
        result["instances"] = [{**subclient.to_result(), "entry": subclient.entry()} for subclient in listed]
        result["msg"] = f"{counted(len(listed), 'subclient')} of {counted(clients, 'client')}."
        if found.subclients and not listed:
            result["msg"] += f" None of {len(found.subclients)} matches name_patterns, with * for any characters."
        elif not listed:
            result["msg"] += " Check client_names and application_ids; users see only what they have rights on."
    else:
        complete = not any(unread.what == "subclients" for unread in found.unread)
        matches = match(wanted, listed, patterns, complete, found.clients_not_read)
        result["matches"] = [one.to_result() for one in matches]
        result["msg"] = _words(matches)
    if found.unread:
        module.warn(first_of([unread.msg for unread in found.unread], SHOWN, "unread").lstrip())
    return result


def _words(matches: list[Match]) -> str:
    counts = Counter(one.state for one in matches)
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    text = f"{counted(len(matches), 'DB instance')}{': ' if states else ''}{states}."
    return text + first_of([one.msg for one in matches if one.state not in (MATCHED, SKIPPED)], SHOWN, "matches")


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
