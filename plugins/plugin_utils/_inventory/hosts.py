# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From rows to hosts: their names, variables and groups. Pure functions."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t
from collections import Counter

from ...module_utils._estate.model import DISABLED, ENABLED, NOT_READY, READY, UNKNOWN
from ...module_utils._http.fields import folded

if t.TYPE_CHECKING:
    Row = t.Mapping[str, t.Any]

FRESH, STALE, AGE_UNKNOWN = "fresh", "stale", "age_unknown"
_STATUSES = (READY, NOT_READY, ENABLED, DISABLED, UNKNOWN)

# Hosts that Ansible takes for the controller, and groups that it has anyway.
_RESERVED = frozenset(["localhost", "127.0.0.1", "::1", "all", "ungrouped"])
# What is left out of names of hosts: some of it means something in patterns of hosts, in paths or in templates.
_NOT_IN_NAMES = re.compile(r"[^\w.@+-]+")
# What a subclient is known by. The numbers tell apart those of the same names on two CommCells.
_TELL_APART = ("client_name", "instance_name", "subclient_name", "client_id", "instance_id", "subclient_id")
_NOT_IN_GROUPS = re.compile(r"\W")


def safe_host_name(name: str) -> str:
    """A name that can be a host's: a pattern with it means this host, and it is no template and no path."""
    return _NOT_IN_NAMES.sub("_", name.strip()).lstrip(".-+@")


def default_name(row: Row) -> str:
    """The host name of a row that no template says otherwise of."""
    if folded(row["subclient_name"]) == "default":
        return str(row["instance_name"])
    return f"{row['instance_name']}.{row['subclient_name']}"


def is_another(row: Row, variables: t.Mapping[str, t.Any], prefix: str) -> bool:
    """Whether variables of a host say that it is another subclient than the row.

    What is not known of one of them tells nothing.

    Args:
        prefix: Of their names.
    """
    pairs = ((variables.get(prefix + name), row.get(name)) for name in _TELL_APART)
    return any(None not in pair and folded(str(pair[0])) != folded(str(pair[1])) for pair in pairs)


class Names(t.NamedTuple):
    """names: one for each row. duplicates: names that several rows would have had. taken: names that rows would have
    had, but others of other sources have already.
    """

    names: list[str]
    duplicates: list[str]
    taken: list[str]


def unique_names(
    rows: t.Sequence[Row],
    wanted: t.Sequence[str],
    is_taken: t.Callable[[str, Row], bool] = lambda _name, _row: False,
    groups: t.Container[str] = (),
) -> Names:
    """Host names for rows, each once.

    Rows that should have the same name all get that of their client after it, and where that is not enough, the number
    of the subclient as well: nobody shall be left out, nor have a name that might mean another one. So do rows whose
    name is taken, or not for a single host.

    Args:
        wanted: What they should be.
        is_taken: Whether a name is that of something else than this row already.
        groups: Names of groups, which no host shall have.
    """
    names = [safe_host_name(name) for name in wanted]
    duplicates: list[str] = []
    taken: list[str] = []
    for extra in ("client_name", "subclient_id", "place"):
        counts = Counter(name.lower() for name in names)
        for place, row in enumerate(rows):
            name = names[place]
            several = counts[name.lower()] > 1
            used = not several and is_taken(name, row)
            if not several and not used and name and name.lower() not in _RESERVED and name not in groups:
                continue
            if extra == "client_name" and (several or used):
                (duplicates if several else taken).append(name)
            suffix = safe_host_name(str(place if extra == "place" else row.get(extra)))
            names[place] = f"{name}.{suffix}" if name else suffix
    return Names(names, list(dict.fromkeys(duplicates)), taken)


def age_group(row: Row, now: float, stale_after: float, history: float) -> str:
    """Whether the last good backup of a row is younger than stale_after seconds.

    Args:
        now: In epoch seconds of the server.
        history: Seconds for which all jobs of the past are known, 0 for none.
    """
    good = row["last_good_backup"]
    if good and good["time"] and now - good["time"] <= stale_after:
        return FRESH
    if history >= stale_after or (good and row["last_backup"] == good):
        # There was none in that time, or the last of all is known and older.
        return STALE
    if row["last_backup"] is None or not row["last_backup"]["time"]:
        return AGE_UNKNOWN
    # The last one of all was not good; if it is old enough, there was none after it.
    return STALE if now - row["last_backup"]["time"] > stale_after else AGE_UNKNOWN


def group_names(row: Row, age: str, group_by: t.Sequence[str], prefix: str) -> list[str]:
    """The groups that a row belongs to.

    Args:
        age: As of age_group.
    """
    names = {
        "client": f"client_{row['client_name']}",
        "plan": f"plan_{row['plan']}" if row["plan"] else None,
        "status": f"status_{row['status']}",
        "age": age,
    }
    return [_NOT_IN_GROUPS.sub("_", prefix + name) for key, name in names.items() if key in group_by and name]


def standing_groups(group_by: t.Sequence[str], prefix: str) -> set[str]:
    """The groups that are there as soon as a host gets that old or has that status, which can be any day."""
    names = [f"{prefix}status_{status}" for status in _STATUSES] if "status" in group_by else []
    if "age" in group_by:
        names += [f"{prefix}{age}" for age in (FRESH, STALE, AGE_UNKNOWN)]
    return {_NOT_IN_GROUPS.sub("_", name) for name in names}
