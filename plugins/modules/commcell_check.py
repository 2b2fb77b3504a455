#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commcell_check
short_description: Check whether a CommCell behaves as this collection assumes
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Examines a CommCell. Each line has an assumption of this collection, the observation, the consequence of a
    difference, and the option that adapts to it.
  - It only reads, unless O(start) names an instance. Then it also starts one backup of the instance and follows its
    job, because some facts show only then.
  - Commvault does not document everything that a client of this operation sees. The numbers in RV(findings[].facts) are
    those of the guide on the vendor's API, which has the sources.
  - The playbook C(rdsops.commvault.doctor) runs it and writes a report that you can send.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
attributes:
  check_mode:
    support: full
    details:
      - With O(start), it starts nothing in check mode; everything else is the same.
  diff_mode:
    support: N/A
    details:
      - There is nothing to compare.
  idempotent:
    support: partial
    details:
      - Without O(start), it only reads. With it, each run starts a backup.
options:
  days:
    description: Days of jobs to read. The module reads the newest 100 jobs of these days.
    type: int
    default: 30
  start:
    description:
      - Instance of which to start and follow one backup.
      - It is a real backup. Choose a small database.
    type: dict
    suboptions:
      client_name:
        description: Name of the client.
        type: str
        required: true
      instance_name:
        description: Name of the instance.
        type: str
        required: true
      subclient_name:
        description: Name of the subclient.
        type: str
        default: default
      backup_level:
        description: Level of the backup.
        type: str
        choices:
          - full
          - incremental
        default: full
  wait_timeout:
    description:
      - How long to follow the job of O(start), in seconds or with a unit, such as V(90m). The job goes on after that.
    type: str
    default: 2h
seealso:
  - ref: ansible_collections.rdsops.commvault.docsite.guide_doctor
    description: How to run the doctor, and how to use its result.
  - ref: ansible_collections.rdsops.commvault.docsite.guide_vendor_api
    description: The facts with their numbers and sources.
  - module: rdsops.commvault.oracle_rds_export_backup
  - module: rdsops.commvault.oracle_rds_instance_info
"""

EXAMPLES = r"""
# The environment variables COMMVAULT_URL and COMMVAULT_AUTH_TOKEN say which CommCell, and with which credentials.
- name: Check the CommCell
  rdsops.commvault.commcell_check:
  register: checkup

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ checkup.findings | selectattr('status', 'eq', 'differs') | map(attribute='seen') | list }}"

- name: Back up with the profile that the check proposes
  rdsops.commvault.oracle_rds_export_backup:
    client_name: aws-prod
    instance_name: orders
    commcell_profile: "{{ checkup.profile }}"

- name: Also see what only a start can show
  rdsops.commvault.commcell_check:
    start:
      client_name: aws-prod
      instance_name: billing
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: Everything that could be seen is as this collection assumes.
verdict:
  description:
    - V(ready) - no difference was visible.
    - V(usable) - something differs; RV(profile) adapts to it as far as possible.
    - V(unusable) - backups cannot start or be followed, for example because of refused credentials. The task fails.
    - V(no_commcell) - another program answers at this URL. The task fails.
    - V(unreachable) - nothing answers. The task fails.
  returned: always, unless an option was wrong
  type: str
  sample: ready
findings:
  description: One entry for each check.
  returned: always, unless an option was wrong
  type: list
  elements: dict
  contains:
    check:
      description: Name of the check.
      type: str
      returned: always
      sample: job_client
    topic:
      description: Topic of the check, V(way), V(who), V(endpoints), V(jobs), V(instances), V(settings) or V(start).
      type: str
      returned: always
      sample: jobs
    status:
      description:
        - V(ok) - the CommCell behaves as assumed.
        - V(differs) - it does not.
        - V(not_seen) - nothing showed it.
        - V(not_allowed) - this user may not see it.
      type: str
      returned: always
      sample: ok
    facts:
      description: Numbers of its facts.
      type: list
      elements: str
      returned: always
      sample: [A53]
    assumed:
      description: Assumption of this collection.
      type: str
      returned: always
      sample: Its row names the client of the request.
    seen:
      description: Observation on this CommCell.
      type: str
      returned: always
      sample: 0 of 12 rows name another client than their subclient has.
    means:
      description: Consequence of a difference, empty without one.
      type: str
      returned: always
      sample: ""
    option:
      description: Option or key that adapts to the difference, empty if none is needed.
      type: str
      returned: always
      sample: ""
profile:
  description: Value for the option O(commcell_profile) of all modules, empty if nothing needs it.
  returned: always, unless an option was wrong
  type: dict
  sample: {}
lines:
  description:
    - The verdict, and the differences with advice, line by line. On the controller, the task prints them while it runs.
  returned: always, unless an option was wrong
  type: list
  elements: str
  sample:
    - Everything that could be seen is as this collection assumes.
    - ""
    - 24 ok, 0 differs, 5 not seen, 0 not allowed.
release:
  description: Release of the CommCell, V(null) if not known.
  returned: always, unless an option was wrong
  type: str
  sample: "11.38.0"
report:
  description:
    - The same, to send to others. It has pseudonyms in place of ids, and of the names of clients, databases, hosts
      and users. Of jobs, it only has states and types. C(topics) has the titles of the topics.
  returned: always, unless an option was wrong
  type: dict
  sample:
    {"verdict": "ready", "findings": [], "profile": {}, "release": "11.38.0", "shape": {}, "life": [], "topics": {}}
backup:
  description:
    - The result of the start, with C(state), C(msg), C(task_id) and C(job_ids) as in
      RV(rdsops.commvault.oracle_rds_export_backup#module:backups).
  returned: O(start) is given, the CommCell can be used, and not in check mode
  type: dict
  sample: {"state": "started", "msg": "Started the backup.", "task_id": 9920, "job_ids": ["148886"]}
api_calls:
  description: Number of requests of this run.
  returned: always, unless an option was wrong
  type: dict
  sample: {"reads": 31, "writes": 0}
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description: The kind of failure, as of the other modules.
      type: str
      returned: always
      sample: connection
    message:
      description: The message of the failure.
      type: str
      returned: always
      sample: cc.example.com could not be reached
"""

import contextlib
import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._doctor.checks import TOPICS, summary_lines
from ..module_utils._doctor.checkup import NO_COMMCELL, UNREACHABLE, UNUSABLE, Checkup
from ..module_utils._errors import CommvaultError, ErrorKind, InvalidInput
from ..module_utils._module.connection import credentials_kind
from ..module_utils._module.run import ModuleRun, run_module
from ..module_utils._times import parse_duration

if t.TYPE_CHECKING:
    from ..module_utils._commcell import CommCell
    from ..module_utils._doctor.checkup import Diagnosis
    from ..module_utils._export.backup import Backup

_SCHEMES = ("authtoken", "bearer")
_KINDS = {
    UNUSABLE: ErrorKind.AUTHENTICATION,
    NO_COMMCELL: ErrorKind.NOT_FOUND,
    UNREACHABLE: ErrorKind.CONNECTION,
}


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    start = {
        "client_name": {"type": "str", "required": True},
        "instance_name": {"type": "str", "required": True},
        "subclient_name": {"type": "str", "default": "default"},
        "backup_level": {"type": "str", "choices": ["full", "incremental"], "default": "full"},
    }
    return ArgumentSpec(
        {
            "days": {"type": "int", "default": 30},
            "start": {"type": "dict", "options": start},
            "wait_timeout": {"type": "str", "default": "2h"},
        }
    )


_MOST_PER_READ = 10.0  # seconds


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Examine the CommCell."""
    days, start = module.params["days"], module.params["start"]
    if not 1 <= days <= 366:
        raise InvalidInput(f"days must be from 1 to 366, not {days}.")
    wait_timeout = parse_duration(module.params["wait_timeout"], "wait_timeout")
    # What is there is held against the assumptions, not against an earlier profile.
    plain = {**module.params, "commcell_profile": None}
    first = plain["auth_scheme"]
    schemes = [first]
    kind = credentials_kind(plain.__getitem__, module.from_environment)
    if kind == ("auth_token",):
        schemes += [scheme for scheme in _SCHEMES if scheme != first]
    commcells = {scheme: module.open(params={**plain, "auth_scheme": scheme}) for scheme in schemes}
    with contextlib.ExitStack() as stack:
        for commcell in commcells.values():
            stack.enter_context(commcell)
        checkup = Checkup(
            commcells,
            days=days,
            lifetime=_LIFETIMES[kind[0]],
            logs_in="password" in kind,
            # So that there is a verdict soon, whatever is at that address.
            timeout=min(_MOST_PER_READ, float(plain["timeout"])),
        )
        diagnosis = checkup.run()
        backup = None
        if start and diagnosis.verdict not in _KINDS and not module.check_mode:
            diagnosis, backup = _start(checkup, diagnosis, start, wait_timeout)
        result = _result(diagnosis, commcells, backup)
    if diagnosis.verdict in _KINDS:
        error = CommvaultError(diagnosis.msg, _KINDS[diagnosis.verdict])
        result.update(failed=True, failure=error.failure())
    return result


# How long credentials last, by the option that they come from (A36, A38).
_LIFETIMES = {
    "auth_token": "A ready token; it does not tell how long it lasts. It is not renewed.",
    "token_file": "A pair of tokens that is renewed when needed.",
    "username": "A login of this run, renewed when needed.",
}


def _result(diagnosis: Diagnosis, commcells: t.Mapping[str, CommCell], backup: Backup | None) -> dict[str, t.Any]:
    calls = [commcell.api_calls() for commcell in commcells.values()]
    result: dict[str, t.Any] = {
        "changed": False,
        "msg": diagnosis.msg,
        "verdict": diagnosis.verdict,
        "findings": [finding.to_result() for finding in diagnosis.findings],
        "profile": diagnosis.profile.to_result(),
        "release": diagnosis.release,
        "api_calls": {name: sum(one[name] for one in calls) for name in ("reads", "writes")},
    }
    clean = diagnosis.names.clean
    result["report"] = {
        "msg": clean(result["msg"]),
        # The other words are this collection's own: a database called jobs must not change the topic of that name.
        "findings": [{**finding, "seen": clean(finding["seen"])} for finding in result["findings"]],
        **{name: result[name] for name in ("verdict", "profile", "release")},
        "shape": clean(diagnosis.shape),
        "life": clean(diagnosis.life),
        "topics": dict(TOPICS),
    }
    if backup:
        result["backup"] = {name: getattr(backup, name) for name in ("state", "msg", "task_id", "job_ids")}
        result["changed"] = backup.changed
        if backup.failure:
            result.update(failed=True, msg=backup.msg, failure=backup.failure)
    result["lines"] = summary_lines(result["msg"], result["findings"], result["profile"])
    return result


def _start(
    checkup: Checkup, diagnosis: Diagnosis, start: t.Mapping[str, t.Any], wait_timeout: float
) -> tuple[Diagnosis, Backup]:
    """Start one backup; the diagnosis with what it showed. Raises InvalidInput before it starts anything."""
    # Imported here: most runs only read.
    from ..module_utils._doctor.start import watch_start
    from ..module_utils._export.request import make_instance

    names = {name: start[name] for name in ("client_name", "instance_name", "subclient_name")}
    instance = make_instance(names, "start.")
    checkup.names.add("client", instance.client_name)
    checkup.names.add("instance", instance.instance_name)
    seen = watch_start(checkup.commcell, instance, start["backup_level"], checkup.subclients, wait_timeout)
    checkup.names.add("job", *seen.backup.job_ids)
    return diagnosis.with_start(seen.found, seen.life), seen.backup


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
