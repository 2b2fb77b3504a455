# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the variables of all hosts of a play to the instances to back up. No Ansible, no HTTP."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ...module_utils._errors import InvalidInput
from ...module_utils._estate.model import DEFAULT_SUBCLIENT, ORACLE
from ...module_utils._estate.rds_match import MATCHED, SKIPPED, make_rds_instance
from .entries import entry_not_submitted

if t.TYPE_CHECKING:
    from .entries import Entry

    # The variables of a host by name. Raises ValueError for one that cannot be evaluated.
    Variables = t.Mapping[str, t.Any]

# What a host is called in Commvault. The first of these variables that a host has counts.
KEYS = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")
PREFIXES = ("oracle_rds_export_backup_", "commvault_")
# What amazon.aws.aws_rds says of a DB instance, or of a cluster.
AWS_KEYS = ("db_instance_identifier", "db_instance_arn", "engine", "region")
AWS_MARKS = ("db_instance_identifier", "db_instance_arn", "db_cluster_identifier")
# What of the names in Commvault helps to find what AWS names; the rest of them goes before what was found.
LOOKED_UP_BY = ("client_name", "subclient_name")

# What is wrong with a variable that has no value that could be used.
_NO_VALUE = "cannot be evaluated, or looks like a template"


@dataclass
class HostInputs:
    """What the variables of hosts say.

    entries: for the option instances of oracle_rds_export_backup, by host. wanted: for the option match of
    oracle_rds_instance_info. more: what hosts of wanted say beside AWS's names, by host. problems: what is missing or
    wrong, a text for each host.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    wanted: list[Entry] = field(default_factory=list)
    more: dict[str, Entry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_hosts(hosts: t.Iterable[str], variables_of: t.Callable[[str], Variables]) -> HostInputs:
    """Read what each host is called; nothing is raised for what is wrong, so that all of it can be said at once."""
    inputs = HostInputs()
    owners: dict[tuple[str, str, str, int], str] = {}
    for host in hosts:
        variables = variables_of(host)
        entry, wrong = _read_host(host, variables)
        from_aws = not wrong and not _named(variables) and any(mark in variables for mark in AWS_MARKS)
        if from_aws:
            wanted, wrong = _read_aws(host, variables, entry)
            if not wrong:
                inputs.wanted.append(wanted)
                inputs.more[host] = {name: value for name, value in entry.items() if name not in LOOKED_UP_BY}
        elif not wrong:
            wrong = [f"commvault_{key} is missing" for key in KEYS[:2] if key not in entry]
        if not wrong and not from_aws:
            owner = owners.setdefault(_key(entry), host)
            if owner != host:
                wrong = [f"it is the same instance as {owner}"]
        if wrong:
            inputs.problems.append(f"{host.replace('{', '?')}: {', '.join(wrong)}")
        elif not from_aws:
            inputs.entries[host] = entry
    return inputs


def _read_host(host: str, variables: Variables) -> tuple[Entry, list[str]]:
    entry: Entry = {"id": host}
    wrong = ["its name looks like a template"] if _looks_like_template(host) else []
    for key in KEYS:
        name = next((prefix + key for prefix in PREFIXES if prefix + key in variables), None)
        if name is None:
            continue
        value, problem = _text(variables, name)
        if problem:
            wrong.append(problem)
        elif key == "application_id" and value and not re.match(r"0*[1-9][0-9]{0,9}$", value):
            wrong.append(f"{name} must be a positive number")
        elif value:
            entry[key] = value
    return entry, wrong


def _read_aws(host: str, variables: Variables, entry: Entry) -> tuple[Entry, list[str]]:
    wanted: Entry = {"id": host, **{name: entry[name] for name in LOOKED_UP_BY if name in entry}}
    wrong = []
    for key in AWS_KEYS:
        if key in variables:
            value, problem = _text(variables, key)
            if problem:
                wrong.append(problem)
            elif value:
                wanted[key] = value
    if not wrong:
        try:
            make_rds_instance(wanted, 0)
        except InvalidInput as exc:
            wrong.append(str(exc).replace("match[0].", ""))
    return wanted, wrong


def _text(variables: Variables, name: str) -> tuple[str, str | None]:
    """A variable as text, or what is wrong with it."""
    try:
        value = variables[name]
    except ValueError:
        return "", f"{name} {_NO_VALUE}"
    if value is None:
        return "", None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return "", f"{name} must be a text"
    text = str(value)
    # What cannot be evaluated is left as it is written by ansible-core before 2.19.
    if _looks_like_template(text):
        return "", f"{name} {_NO_VALUE}"
    return ("" if not text.strip() else text), None


def _looks_like_template(text: str) -> bool:
    return any(mark in text for mark in ("{{", "{%", "{#"))


def _named(variables: Variables) -> bool:
    """Whether a host has the name of an instance in Commvault, right or wrong."""
    return any(f"{prefix}instance_name" in variables for prefix in PREFIXES)


def _key(entry: Entry) -> tuple[str, str, str, int]:
    """Equal for two entries that name the same subclient."""
    subclient = entry.get("subclient_name") or DEFAULT_SUBCLIENT
    application = int(entry.get("application_id") or ORACLE)
    return entry["client_name"].lower(), entry["instance_name"].lower(), subclient.lower(), application


def not_of_the_play(own: Variables, play: Variables) -> list[str]:
    """Problems of variables that a play or role sets, though it is hosts that should have them: they would have one
    value for all, or none at all.

    own: the variables of a host alone, not evaluated. play: those that its tasks see.
    """
    names = [prefix + key for key in KEYS for prefix in PREFIXES]
    return [
        f"{name} is set for the play or the role, where it has one value for all hosts. Set it for the hosts: in the"
        " inventory, group_vars or host_vars"
        for name in names
        if str(play.get(name, "")) != str(own.get(name, ""))
    ]


def add_matches(
    inputs: HostInputs, matches: t.Iterable[t.Mapping[str, t.Any]]
) -> tuple[list[Entry], list[dict[str, str]]]:
    """Take what oracle_rds_instance_info found for the hosts of wanted into entries.

    Returns the backups of hosts for which there is nothing to start, as oracle_rds_export_backup would return them, and
    the hosts that are left out since they are not Oracle, with the reason.
    """
    lost: list[Entry] = []
    left_out: list[dict[str, str]] = []
    owners = {_key(entry): host for host, entry in inputs.entries.items()}
    for match in matches:
        host, state, msg = match["id"], match["state"], match["msg"]
        if state == SKIPPED:
            left_out.append({"id": host, "msg": msg})
            continue
        if state == MATCHED:
            entry = {**match["entry"], **inputs.more.get(host, {})}
            owner = owners.setdefault(_key(entry), host)
            if owner == host:
                inputs.entries[host] = entry
                continue
            state, msg = "ambiguous", f"{msg} But that is {owner} already."
        lost.append(entry_not_submitted(host, f"No backup of {host} was started: {msg}", f"instance_{state}"))
    return lost, left_out
