# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which database a host of a play is, by its variables: what it is called in Commvault, or by AWS. No HTTP."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t

from ...module_utils._errors import InvalidInput
from ...module_utils._estate.rds_match import make_rds_instance
from ...module_utils._export.request import check_name

if t.TYPE_CHECKING:
    from .variables import HostVariables

    Entry = t.Dict[str, t.Any]

PREFIX = "oracle_rds_export_backup_"
# What a host is called in Commvault. The first of these variables that a host has counts.
KEYS = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")
PREFIXES = (PREFIX, "commvault_")
# What amazon.aws.aws_rds says of a DB instance, or of a cluster.
AWS_KEYS = ("db_instance_identifier", "db_instance_arn", "engine", "region")
AWS_MARKS = ("db_instance_identifier", "db_instance_arn", "db_cluster_identifier")
# What of the names in Commvault helps to find what AWS names; the rest of them goes before what was found.
_LOOKED_UP_BY = ("client_name", "subclient_name")


def read_host(host: str, variables: HostVariables) -> tuple[Entry, Entry | None, list[str]]:
    """What the variables of a host call its database.

    Returns:
        What it is called in Commvault, as far as it says; where AWS alone names it, what AWS calls it, with those of
        the first that help to find it, which are not there then; and what is wrong with the variables.
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
    wanted = {**{name: entry.pop(name) for name in _LOOKED_UP_BY if name in entry}, **of_aws}
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
    value = variables.get(name)
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
