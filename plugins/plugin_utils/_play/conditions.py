# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts that a role is run for by its conditions, told in one task that serves all of them."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ...module_utils._errors import InvalidInput
from .variables import CannotEvaluate, may_have_templates

if t.TYPE_CHECKING:
    from .variables import PlayVariables

DIFFERENT_CONDITIONS = (
    "The condition (when) of the role is not the same for all hosts, but one task of it serves all of them. Choose the"
    " hosts with the play's hosts, --limit or group_by, or include the role with include_role."
)
DIFFERENT_INCLUDES = (
    "The include that the role is in has another loop or file for some hosts, but one task starts the backups of all."
    " Include the role in the same way for all hosts, or use a play for each group of them."
)


def hosts_included(play: PlayVariables, hosts: t.Sequence[str]) -> list[str]:
    """Those of the hosts that the role is included for.

    Raises:
        InvalidInput: It is not to be told, or a condition of the role differs between them.
    """
    if play.is_included_once and len(hosts) > 1:
        raise InvalidInput(
            "include_role with run_once includes the role for the first host alone, so that other hosts could not"
            " fail. Use import_role or roles, where run_once is fine."
        )
    if _is_in_rescue(play):
        raise InvalidInput(
            "The role does not work in the rescue section of a block: it cannot tell for which hosts that is run."
            " Use it in a play of its own, for a group that group_by makes of them."
        )
    chain = [play.task, *play.parents]
    inside = next((index for index, one in enumerate(chain) if one in play.includes), len(chain))
    includes = [when for include in play.includes for when in include.when] + _templates(chain[inside:])
    own = [*play.task.when, *_templates(chain[:inside])]
    varying = [_what_is_included(include) for include in play.includes]
    varying = list(filter(may_have_templates, varying))
    if not includes and not own and not varying:
        return list(hosts)
    found: list[str] = []
    first: list[t.Any] = []
    for host in hosts:
        variables = play.of(host)
        try:
            if all(map(variables.holds, includes)):
                found.append(host)
                if not all(map(variables.holds, own)):
                    raise InvalidInput(DIFFERENT_CONDITIONS)
                included = list(map(variables.evaluate, varying))
                first = first or included
                if included != first:
                    raise InvalidInput(f"{DIFFERENT_INCLUDES} {host} differs from {found[0]}.")
        except CannotEvaluate as exc:
            raise InvalidInput(f"The condition (when) of the role cannot be evaluated for {host}: {exc}") from exc
    return found


def _what_is_included(include: t.Any) -> dict[str, t.Any]:
    """The file or role of an include, and its loop, as they are written."""
    found = {}
    for name, value in (include.get_ds() or {}).items():
        if "include_" in name and isinstance(value, dict):
            # What "apply" has is evaluated for each host, as "vars" is.
            found.update({key: one for key, one in value.items() if key != "apply"})
        elif "include_" in name or name == "loop" or name.startswith("with_"):
            found[name] = value
    return found


def _templates(chain: t.Iterable[t.Any]) -> list[str]:
    """The conditions of a task and what it is in that are written as templates. In their place, "when" of the task, and
    that of an include, has what they are for the first host.
    """
    found: list[t.Any] = []
    for one in chain:
        source = one.get_ds()
        found.append(source.get("when") if isinstance(source, dict) else None)
        role = getattr(one, "_role", None)
        found += [getattr(part, "_when", None) for part in (role, *(one.get_dep_chain() or ())) if role]
    flat = [when for own in found for when in (own if isinstance(own, list) else [own])]
    return [when for when in flat if isinstance(when, str) and may_have_templates(when)]


def _is_in_rescue(play: PlayVariables) -> bool:
    # An import is no member of the section that it is in: what it imports is, and that is further inside.
    inside = {play.task._uuid}
    for parent in play.parents:
        if any(one._uuid in inside for one in getattr(parent, "rescue", None) or ()):
            return True
        inside.add(parent._uuid)
    return False
