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
  - Lists the Oracle instances that a CommCell knows, with the names that M(rdsops.commvault.oracle_rds_export_backup)
    asks for, their plan, whether they can be backed up, and their last backups.
  - Finds for DB instances as AWS names them (O(match)) the instances as Commvault names them.
  - What the credentials may not see is not listed. What could not be read for another reason is in RV(unread).
  - Commvault does not document how it represents an Amazon RDS for Oracle instance that is backed up by export. The
    operation works on subclients of the Oracle application, so those are listed, also the ones of databases that are
    not on Amazon RDS. RV(instances[].vendor) tells them apart where the release of Commvault does.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._attributes.info
  - rdsops.commvault._connection
options:
  client_names:
    description:
      - Only list instances of these clients. The names must be exact, but in any case.
      - This is what saves most requests where Commvault has many clients.
    type: list
    elements: str
    default: []
  name_patterns:
    description:
      - Only list instances whose instance name, client name or display name matches one of these patterns, with the
        wildcards V(*) and V(?) and in any case.
    type: list
    elements: str
    default: []
  application_ids:
    description:
      - Only list instances of these applications. V(22) is Oracle, V(80) is Oracle RAC.
    type: list
    elements: int
    default: [22]
  source:
    description:
      - What to read.
      - V(auto) reads C(V4/Instances), which lists the database instances of all clients in one answer, and then the
        subclients of the clients that are in it. Where there is no such list, or O(client_names) is given, it does as
        V(clients) does.
      - V(clients) reads all clients, or those in O(client_names), and the subclients of each. That is one request for
        each client.
      - V(instances) reads C(V4/Instances) alone. That is one request, but it tells nothing about subclients.
        RV(instances[].subclient_name) is V(default) then, as C(createtask) has it when none is named.
    type: str
    choices:
      - auto
      - clients
      - instances
    default: auto
  concurrency:
    description:
      - How many requests are under way at once.
    type: int
    default: 16
  outage_timeout:
    description:
      - How long to wait for a CommCell that does not answer, for example because its web server restarts. It is asked
        again and again, in growing pauses, until it answers.
      - A number of seconds, or one with a unit, such as V(90), V(5m) or V(1h). V(0) fails at once.
    type: str
    default: 5m
  history:
    description:
      - How far to look back for last backups, in seconds or as V(36h), V(7d).
      - V(0) does not read the list of jobs. RV(instances[].last_backup) is then known only where C(V4/Instances) tells
        it.
    type: str
    default: 7d
  match:
    description:
      - DB instances in AWS, such as the hosts of an C(amazon.aws.aws_rds) inventory. For each of them, RV(matches)
        says which instance it is in Commvault.
      - The name of the instance in Commvault has to be the DB instance identifier. If there is none, the display name
        of a client has to be it. If there is none either, one of the O(match_patterns) has to fit. Case does not
        count.
      - Where several instances fit, those of O(match_patterns) decide that fit some of them. Where one instance fits
        several DB instances, the one has it that is called like it.
      - Nothing is guessed. Whatever does not fit exactly one instance is missing or ambiguous, and not verified if
        something that could not be read may fit as well.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - Any text by which you find the result in RV(matches), such as the name of the inventory host.
          - Defaults to the DB instance identifier. Must be different for each entry.
        type: str
      db_instance_identifier:
        description:
          - DB instance identifier. Defaults to the one in O(match[].db_instance_arn).
        type: str
      db_instance_arn:
        description:
          - ARN of the DB instance. Tells the region and the number of the account for O(match_patterns).
        type: str
      engine:
        description:
          - Engine of the DB instance as AWS writes it. Any other than C(oracle-*) and C(custom-oracle-*) is skipped. If
            not given, it is taken for Oracle.
        type: str
      region:
        description:
          - Region of the DB instance, for O(match_patterns).
        type: str
      client_name:
        description:
          - Name or display name of the client in Commvault that the instance is under, where that is known.
        type: str
      subclient_name:
        description:
          - Name of the subclient in Commvault. Needed where an instance has several of them, none of which is called
            V(default).
        type: str
  match_patterns:
    description:
      - How names of instances in Commvault follow from what AWS says, with the placeholders C({identifier}),
        C({region}), C({account}) and C({engine}) and the wildcards V(*) and V(?).
      - A pattern with a slash is about the name or display name of the client and the name of the instance, such as
        V(aws-{region}/{identifier}).
      - A pattern is left out for DB instances of which a placeholder is not known.
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
  description: What was found, in words.
  returned: always
  type: str
  sample: "12 subclients of 3 clients."
instances:
  description: What can be backed up, one entry for each subclient, sorted by names.
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
      description: Name of the backup set, V(null) if it is not told.
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
      description: Name of the company that the client belongs to, V(null) if it is not told.
      type: str
      returned: always
      sample: CommCell
    plan:
      description: Name of the plan, V(null) if there is none or it is not told.
      type: str
      returned: always
      sample: RDS export plan
    storage_policy:
      description: Name of the storage policy of the subclient, V(null) if there is none or it is not told.
      type: str
      returned: always
      sample: null
    backup_enabled:
      description: Whether the backup activity of the subclient is enabled, V(null) if it is not told. The activity of
        its client and that of the CommCell are not looked at.
      type: bool
      returned: always
      sample: true
    vendor:
      description: The cloud that the instance is in, as C(V4/Instances) calls it, V(null) if it is not told.
      type: str
      returned: always
      sample: AMAZON
    status:
      description:
        - Whether it can be backed up, as far as it is known.
        - V(ready), V(not_ready) - what C(V4/Instances) says of the instance.
        - V(disabled) - the backup activity of the subclient is disabled.
        - V(enabled) - the backup activity of the subclient is enabled; what else it needs is not told.
        - V(unknown) - nothing of this is told.
      type: str
      returned: always
      sample: ready
    not_ready_reason:
      description: Why it is V(not_ready), in Commvault's words, else V(null).
      type: str
      returned: always
      sample: null
    last_backup:
      description: The last backup, V(null) if none is known.
      type: dict
      returned: always
      contains: &backup
        job_id:
          description: Id of the job, V(null) if it is not told.
          type: str
          returned: always
          sample: "148886"
        status:
          description: Status in Commvault's words.
          type: str
          returned: always
          sample: Completed
        state:
          description: What the status means. V(active), V(ok), V(warnings), V(errors) or V(failed).
          type: str
          returned: always
          sample: ok
        time:
          description: When it ended, or started if it has not ended, in seconds since 1970.
          type: int
          returned: always
          sample: 1767225600
        level:
          description: Level of the backup, V(null) if it is not told.
          type: str
          returned: always
          sample: Full
        reason:
          description: Why it failed or waits, V(null) if there is no reason.
          type: str
          returned: always
          sample: null
    last_good_backup:
      description: The last backup that ended without errors, V(null) if none is known. With O(history) of V(7d), that
        is none for seven days.
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
  description: What was found for each entry of O(match), in the same order.
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
        - What was found.
        - V(matched) - exactly one instance, see RV(matches[].entry).
        - V(missing) - none, see RV(matches[].nearest).
        - V(ambiguous) - several, see RV(matches[].candidates), or one that fits other DB instances, too.
        - V(not_verified) - the one in RV(matches[].candidates), but instances that could not be read may fit as well.
        - V(skipped) - it is not Oracle.
      type: str
      returned: always
      sample: matched
    msg:
      description: The same in words.
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
  description: Whether C(V4/Instances) told what there is (V(instances)), or the list of clients (V(clients)).
  returned: success
  type: str
  sample: instances
history_seconds:
  description: How far back all jobs were looked at, V(0) if they were not.
  returned: success
  type: int
  sample: 604800
unread:
  description: What could not be read. It may hide instances, or their last backups.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What it is. V(subclients) or V(jobs).
      type: str
      returned: always
      sample: subclients
    client_name:
      description: Whose they are, V(null) for jobs.
      type: str
      returned: always
      sample: aws-test
    kind:
      description: As RV(failure.kind). A client that does not exist is V(not_found).
      type: str
      returned: always
      sample: permission
    msg:
      description: Why, in words.
      type: str
      returned: always
      sample: There is no client aws-tst, or these credentials may not see it. Nearest - aws-test.
api_calls:
  description: How many requests this run made, and what the server says of its quota. Repeated attempts are not
    counted.
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
      description: The quota that the server announced last, V(null) if it did not.
      type: dict
      returned: always
      sample: {"limit": 1000, "period": 3600.0, "remaining": 812}
failure:
  description: What went wrong, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description: The kind of failure, as of M(rdsops.commvault.oracle_rds_export_backup).
      type: str
      returned: always
      sample: authentication
    method:
      description: The HTTP method, V(null) if it was not about a request.
      type: str
      returned: always
      sample: GET
    url:
      description: The URL, V(null) if it was not about a request.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/Client
    status:
      description: The HTTP status, V(null) if there was no answer.
      type: int
      returned: always
      sample: 401
    code:
      description: Commvault's error code, V(null) if there was none.
      type: raw
      returned: always
      sample: 5
    message:
      description: Commvault's words, or those of this module if there were none.
      type: str
      returned: always
      sample: Access denied
"""

import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._estate.api import EstateApi
from ..module_utils._estate.discovery import SOURCES, Discovery, DiscoveryResult, Query
from ..module_utils._estate.model import ORACLE, name_filter
from ..module_utils._estate.rds_match import MATCHED, SKIPPED, Match, Pattern, make_rds_instances, match
from ..module_utils._jobs.api import JobsApi
from ..module_utils._jobs.reader import JobReader
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._parallel import check_concurrency
from ..module_utils._times import parse_duration

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
                "options": {
                    "id": {"type": "str"},
                    "db_instance_identifier": {"type": "str"},
                    "db_instance_arn": {"type": "str"},
                    "engine": {"type": "str"},
                    "region": {"type": "str"},
                    "client_name": {"type": "str"},
                    "subclient_name": {"type": "str"},
                },
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
        result["msg"] = f"{_count(len(listed), 'subclient')} of {_count(clients, 'client')}."
    else:
        complete = not any(unread.what == "subclients" for unread in found.unread)
        matches = match(wanted, listed, patterns, complete, found.clients_not_read)
        result["matches"] = [one.to_result() for one in matches]
        result["msg"] = _words(matches)
    _warn(module, found)
    return result


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _words(matches: list[Match]) -> str:
    counts: dict[str, int] = {}
    for one in matches:
        counts[one.state] = counts.get(one.state, 0) + 1
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    text = f"{_count(len(matches), 'DB instance')}{': ' if states else ''}{states}."
    lost = [one.msg for one in matches if one.state not in (MATCHED, SKIPPED)]
    more = f" And {len(lost) - SHOWN} more, see matches." if len(lost) > SHOWN else ""
    return " ".join([text, *lost[:SHOWN]]) + more


def _warn(module: ModuleRun, found: DiscoveryResult) -> None:
    """One warning for all that could not be read."""
    texts = [unread.msg for unread in found.unread]
    if texts:
        more = f" And {len(texts) - SHOWN} more, see unread." if len(texts) > SHOWN else ""
        module.warn(" ".join(texts[:SHOWN]) + more)


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
