# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the variables of all hosts of a play to the instances to back up. No HTTP."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ...module_utils._errors import InvalidInput
from ...module_utils._estate.model import DEFAULT_SUBCLIENT, ORACLE
from ...module_utils._estate.rds_match import MATCHED, SKIPPED, make_rds_instance
from ...module_utils._export.request import check_name
from .entries import entry_not_submitted
from .variables import CannotEvaluate

if t.TYPE_CHECKING:
    from .entries import Entry
    from .variables import HostVariables

PREFIX = "oracle_rds_export_backup_"
# What a host is called in Commvault. The first of these variables that a host has counts.
KEYS = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")
PREFIXES = (PREFIX, "commvault_")
# What amazon.aws.aws_rds says of a DB instance, or of a cluster.
AWS_KEYS = ("db_instance_identifier", "db_instance_arn", "engine", "region")
AWS_MARKS = ("db_instance_identifier", "db_instance_arn", "db_cluster_identifier")
# What of the names in Commvault helps to find what AWS names; the rest of them goes before what was found.
LOOKED_UP_BY = ("client_name", "subclient_name")


@dataclass
class HostInputs:
    """What the variables of hosts say.

    Attributes:
        entries: For the option instances of oracle_rds_export_backup, by host.
        wanted: For the option match of oracle_rds_instance_info.
        more: What hosts of wanted say beside AWS's names, by host.
        problems: What is missing or wrong, a text for each host.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    wanted: list[Entry] = field(default_factory=list)
    more: dict[str, Entry] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    _owners: dict[tuple[str, str, str, int], str] = field(default_factory=dict)

    def add(self, host: str, variables: HostVariables) -> None:
        """Read what a host is called. What is wrong is no error: each host has its own problems."""
        entry, wanted, wrong = read_host(host, variables)
        if wrong:
            self.problems[host] = "; ".join(wrong)
        elif wanted:
            self.wanted.append(wanted)
            self.more[host] = {name: value for name, value in entry.items() if name not in LOOKED_UP_BY}
        elif self._owner(host, entry) != host:
            self.problems[host] = f"it names the same subclient as {self._owner(host, entry)}"
        else:
            self.entries[host] = entry

    def add_matches(self, matches: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[list[Entry], list[dict[str, str]]]:
        """Take what oracle_rds_instance_info found for the hosts of wanted into entries.

        Returns:
            The backups of hosts for which there is nothing to start, as oracle_rds_export_backup would return them, and
            the hosts that are left out since they are not Oracle, with the reason.
        """
        lost: list[Entry] = []
        left_out: list[dict[str, str]] = []
        for match in matches:
            host, state, msg = match["id"], match["state"], match["msg"]
            if state == SKIPPED:
                left_out.append({"id": host, "msg": msg})
                continue
            if state == MATCHED:
                entry = {**match["entry"], **self.more.get(host, {})}
                owner = self._owner(host, entry)
                if owner == host:
                    self.entries[host] = entry
                    continue
                state, msg = "ambiguous", f"{msg} But that is {owner} already."
            lost.append(entry_not_submitted(host, f"No backup of {host} was started: {msg}", f"instance_{state}"))
        return lost, left_out

    def _owner(self, host: str, entry: Entry) -> str:
        """The first host that names the subclient of an entry."""
        subclient = entry.get("subclient_name") or DEFAULT_SUBCLIENT
        application = int(entry.get("application_id") or ORACLE)
        names = entry["client_name"].lower(), entry["instance_name"].lower(), subclient.lower()
        return self._owners.setdefault((*names, application), host)


def read_host(host: str, variables: HostVariables) -> tuple[Entry, Entry | None, list[str]]:
    """What the variables of a host call its database.

    Returns:
        What it is called in Commvault, as far as it says; where AWS alone names it, what AWS calls it, with what of the
        first helps to find it; and what is wrong with the variables.
    """
    names = {key: next((prefix + key for prefix in PREFIXES if prefix + key in variables), "") for key in KEYS}
    entry, wrong = _read_texts(host, variables, names)
    number = entry.get("application_id")
    if number and not re.match(r"0*[1-9][0-9]{0,9}$", number):
        wrong.append(f"{names['application_id']} must be a positive number, not {number!r}")
    if wrong:
        return entry, None, wrong
    # A variable that names the instance in Commvault, right or wrong, goes before what AWS says.
    if names["instance_name"] or not any(mark in variables for mark in AWS_MARKS):
        return entry, None, [f"commvault_{key} is missing" for key in KEYS[:2] if key not in entry]
    of_aws, wrong = _read_texts(host, variables, dict(zip(AWS_KEYS, AWS_KEYS)))
    wanted = {**{name: entry[name] for name in LOOKED_UP_BY if name in entry}, **of_aws}
    if not wrong:
        try:
            make_rds_instance(wanted)
        except InvalidInput as exc:
            wrong.append(str(exc))
    return entry, wanted, wrong


def _read_texts(host: str, variables: HostVariables, names: t.Mapping[str, str]) -> tuple[Entry, list[str]]:
    """The variables of these names that have a value, by their keys here, with the id of a host; and what is wrong with
    others.
    """
    entry: Entry = {"id": host}
    wrong = []
    for key, name in names.items():
        try:
            value = _read_text(variables, name)
        except InvalidInput as exc:
            wrong.append(str(exc).rstrip("."))
            continue
        if value:
            entry[key] = value
    return entry, wrong


def _read_text(variables: HostVariables, name: str) -> str:
    """A variable as text, an empty one if it is not set. Raises InvalidInput."""
    try:
        value = variables.get(name)
    except CannotEvaluate as exc:
        raise InvalidInput(f"{name} cannot be evaluated: {exc}") from exc
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        kinds = ((bool, "a boolean"), (list, "a list"), (dict, "a dictionary"))
        kind = next((word for of, word in kinds if isinstance(value, of)), type(value).__name__)
        raise InvalidInput(f"{name} must be a string, not {kind}")
    text = str(value)
    if text.strip():
        # The module would refuse all hosts for it.
        check_name(text, name)
    return text.strip()
