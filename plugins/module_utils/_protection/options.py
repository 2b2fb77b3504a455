# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for: targets and terms from options. Everything wrong is said before anything is read."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .._estate.rds_match import check_ids, make_rds_instance
from .._times import parse_time, positive_duration
from .model import Target
from .survey import Terms

# Keys that every database has a value for.
OWN_KEYS = ("client_name", "plan", "status", "state")
MAX_DAYS = 60


def protection_terms(params: t.Mapping[str, t.Any]) -> Terms:
    """The terms of the options.

    Raises:
        InvalidInput: A value that cannot be used.
    """
    days = params["history_days"]
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"history_days must be 1 to {MAX_DAYS}, not {days}.")
    if params["databases"] is None:
        _check_keys(params["group_by"], ())
    new_after = params["new_after"]
    return Terms(
        max_age=positive_duration(params["max_age"], "max_age"),
        fail_on=params["fail_on"],
        days=days,
        new_after=positive_duration(new_after, "new_after") if new_after else None,
        unlisted=params["report_unlisted"],
    )


def make_targets(entries: t.Sequence[t.Mapping[str, t.Any]], terms: Terms, group_by: t.Sequence[str]) -> list[Target]:
    """The targets of the option databases, in order.

    Raises:
        InvalidInput: An entry that names nothing, one that is there twice, or an unknown key to group by.
    """
    targets = [_target(entry, f"databases[{index}]", terms) for index, entry in enumerate(entries)]
    check_ids([target.id for target in targets], "databases")
    _check_keys(group_by, {key for target in targets for key in target.groups})
    return targets


def _target(entry: t.Mapping[str, t.Any], where: str, terms: Terms) -> Target:
    given = {name: value.strip() for name, value in entry.items() if isinstance(value, str) and value.strip()}
    names = rds = None
    if "problem" in given:
        label = where
    elif "instance_name" in given:
        if "client_name" not in given:
            raise InvalidInput(f"{where} has an instance_name but no client_name.")
        names = (given["client_name"], given["instance_name"], given.get("subclient_name", "default"))
        label = "/".join(names)
    elif "db_instance_identifier" in given or "db_instance_arn" in given:
        # The default of subclient_name must not keep it from finding a subclient of another name.
        values = {name: value for name, value in given.items() if name != "subclient_name" or value != "default"}
        rds = make_rds_instance(values, f"{where}.")
        label = rds.id
    else:
        raise InvalidInput(
            f"{where} names no database: give client_name and instance_name, db_instance_identifier or db_instance_arn."
        )
    return Target(
        given.get("id", label),
        names,
        rds,
        positive_duration(given["max_age"], f"{where}.max_age") if "max_age" in given else terms.max_age,
        parse_time(given["created"], f"{where}.created") if "created" in given else None,
        {str(key): str(value) for key, value in (entry.get("groups") or {}).items() if value is not None},
        given.get("problem", ""),
    )


def _check_keys(group_by: t.Sequence[str], known: t.Collection[str]) -> None:
    for key in group_by:
        if key not in OWN_KEYS and key not in known:
            words = ", ".join([*OWN_KEYS, *sorted(known)])
            raise InvalidInput(f"group_by has the key {key!r}, which no database has. There are: {words}.")
