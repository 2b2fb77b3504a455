# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that the hosts of a play are, for oracle_rds_protection_info. What a host is called is read as for a
backup, so that what is looked at is what would be backed up.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ..module_utils._errors import InvalidInput
from ..module_utils._protection.options import OWN_KEYS
from ..module_utils._times import parse_time, positive_duration
from ._play.database import PREFIX, read_host
from ._play.variables import CannotEvaluate

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._play.variables import HostVariables

# Of the names of a backup, those that are about which one it is.
_NAMES = ("id", "client_name", "instance_name", "subclient_name")
_CREATED = "instance_create_time"
_MAX_AGE = f"{PREFIX}protection_max_age"
_SHOWN = 5


def databases_of_hosts(
    hosts: Sequence[str],
    variables_of: t.Callable[[str], HostVariables],
    unknown_names: t.Callable[[HostVariables], str],
    group_by: Sequence[str],
) -> list[dict[str, t.Any]]:
    """The option databases, one entry a host; what is wrong with its variables is its problem.

    Args:
        hosts: Those to look at.
        variables_of: The variables of a host, by its name.
        unknown_names: What is wrong with their names, as of RoleOptions.
        group_by: Names of variables to group by; a dot leads into a dictionary, as in tags.team.

    Raises:
        InvalidInput: No host names a database.
    """
    found, wrong = [], []
    for host in hosts:
        variables = variables_of(host)
        entry, problems = _database(host, variables, group_by)
        problem = "; ".join(filter(None, [unknown_names(variables), *problems]))
        if problem:
            wrong.append(f"{host}: {problem}")
            problem += ". Correct the variables of this host."
            entry = {"id": host, "groups": entry["groups"], "problem": problem}
        found.append(entry)
    if wrong and len(wrong) == len(found):
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        advice = "Correct the variables of these hosts, or leave them out with --limit."
        raise InvalidInput(f"Nothing was read. {'; '.join(wrong[:_SHOWN])}{more}. {advice}")
    return found


def _database(host: str, variables: HostVariables, group_by: Sequence[str]) -> tuple[dict[str, t.Any], list[str]]:
    """The entry of a host, and what is wrong with its variables."""
    names, wanted, wrong = read_host(host, variables)
    entry = wanted or {name: names[name] for name in _NAMES if name in names}
    try:
        target = variables.get(_MAX_AGE)
        if target not in (None, ""):
            positive_duration(target, _MAX_AGE)
            entry["max_age"] = str(target)
    except InvalidInput as exc:
        wrong.append(str(exc).rstrip("."))
    entry["groups"] = {}
    for key, path in (("created", _CREATED), *((None, path) for path in group_by if path not in OWN_KEYS)):
        try:
            value = _value(variables, path)
            if key and value is not None:
                parse_time(str(value), path)
        except CannotEvaluate as exc:
            wrong.append(f"{path} cannot be evaluated: {exc}")
            continue
        except InvalidInput as exc:
            wrong.append(str(exc).rstrip("."))
            continue
        if value is not None:
            (entry if key else entry["groups"])[key or path] = str(value)
    return entry, wrong


def _value(variables: HostVariables, path: str) -> t.Any:
    """The value of a variable, or of a key of one. Raises CannotEvaluate."""
    name, _dot, rest = path.partition(".")
    value: t.Any = variables.evaluate(variables.raw.get(name))
    while rest and isinstance(value, dict):
        if rest in value:
            # Names of tags can have dots.
            return value[rest]
        name, _dot, rest = rest.partition(".")
        value = value.get(name)
    return None if rest else value


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
