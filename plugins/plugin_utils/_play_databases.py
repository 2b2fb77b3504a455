# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that the hosts of a play are, for oracle_rds_protection_info."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ..module_utils._errors import InvalidInput

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What a database is called: the first of these variables that a host has counts.
_NAMES = ("client_name", "instance_name", "subclient_name")
_PREFIXES = ("oracle_rds_export_backup_", "commvault_")
# What amazon.aws.aws_rds says of a DB instance.
_FROM_AWS = {
    "db_instance_identifier": "db_instance_identifier",
    "db_instance_arn": "db_instance_arn",
    "engine": "engine",
    "region": "region",
    "created": "instance_create_time",
}
_MAX_AGE = "oracle_rds_export_backup_protection_max_age"
# Keys of the result itself, which no variable need have.
_OWN_KEYS = ("client_name", "plan", "status", "state")
_SHOWN = 5


def databases_of_hosts(
    hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, t.Any]], group_by: Sequence[str]
) -> list[dict[str, t.Any]]:
    """The option databases, one entry a host.

    Args:
        hosts: All hosts of the play.
        hostvars: Their variables.
        group_by: Names of variables to group by; a dot leads into a dictionary, as in tags.team.

    Raises:
        InvalidInput: Hosts that name no database; all of them at once.
    """
    found, wrong = [], []
    for host in hosts:
        own = hostvars[host]
        entry: dict[str, t.Any] = {"id": host, "groups": {}}
        try:
            for key in _NAMES:
                value = next((own[prefix + key] for prefix in _PREFIXES if prefix + key in own), None)
                if value not in (None, ""):
                    entry[key] = str(value)
            if "instance_name" not in entry:
                entry.update({key: str(own[name]) for key, name in _FROM_AWS.items() if own.get(name)})
            if own.get(_MAX_AGE):
                entry["max_age"] = str(own[_MAX_AGE])
            for key in group_by:
                value = _value(own, key)
                if value is not None and key not in _OWN_KEYS:
                    entry["groups"][key] = str(value)
        except AnsibleError as exc:
            wrong.append(f"{host}: a variable cannot be evaluated ({exc.message.splitlines()[0]})")
            continue
        if not {"instance_name", "db_instance_identifier", "db_instance_arn"} & entry.keys():
            wrong.append(f"{host}: commvault_client_name and commvault_instance_name are missing")
        found.append(entry)
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InvalidInput(f"Nothing was read. {'; '.join(wrong[:_SHOWN])}{more}.")
    return found


def _value(own: Mapping[str, t.Any], path: str) -> t.Any:
    """The value of a variable, or of a key of one."""
    value: t.Any = own
    for name in path.split("."):
        # Of tags with a dot in their names, the rest of the path is the name.
        if not hasattr(value, "get"):
            return None
        value = value.get(name)
    return value


def of_each_host(hosts: Sequence[str], result: Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """What each host has to know of the result: state, protected and msg, by its name."""
    rows = {row["id"]: row for row in result["databases"]}
    told: dict[str, dict[str, t.Any]] = {}
    for one in result["left_out"]:
        told[one["id"]] = {"state": "left_out", "protected": True, "msg": one["msg"]}
    for host in hosts:
        row = rows.get(host)
        if row:
            msg = " ".join(part for part in (row["reason"], row["action"]) if part)
            told[host] = {"state": row["state"], "protected": row["protected"] or row["state"] == "new", "msg": msg}
    return told
