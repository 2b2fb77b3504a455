# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the variables of all hosts of a play to the instances to back up. No HTTP."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ...module_utils._estate.model import DEFAULT_SUBCLIENT, ORACLE
from ...module_utils._estate.rds_match import MATCHED, SKIPPED
from ...module_utils._export.request import Instance
from .._play.database import read_host
from .._play.variables import HostVariables
from .entries import Entry, entry_not_submitted


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
            self.more[host] = entry
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
        instance = Instance(entry["client_name"], entry["instance_name"], subclient, application_id=application)
        return self._owners.setdefault(instance.key, host)
