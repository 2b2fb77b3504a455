# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the role: its variables, by the one list there is of them, meta/argument_specs.yml."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import difflib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ...module_utils._argspec import not_a_dictionary
from ...module_utils._errors import InvalidInput
from ...module_utils._times import capitalized
from .database import KEYS, PREFIX
from .variables import ROLE, CannotEvaluate, may_have_templates

if t.TYPE_CHECKING:
    from ansible.parsing.dataloader import DataLoader

    from .variables import HostVariables

# What is set by the role, or used by the playbooks.
_OTHERS = ("hosts", "results", "result", "task_id", "job_ids", "protection")


class RoleOptions:
    """The options of all entry points of the role, without those that name a host's backup."""

    def __init__(self, loader: DataLoader) -> None:
        specs = loader.load_from_file(str(ROLE / "meta" / "argument_specs.yml"))["argument_specs"]
        # Of those that an entry point requires, "main" says how they are without it.
        self._spec = {name: one for spec in ("report", "wait", "main") for name, one in specs[spec]["options"].items()}
        self._names = list({name[len(PREFIX) :]: None for spec in specs.values() for name in spec["options"]})
        self._known = {PREFIX + name for name in (*self._names, *_OTHERS)}
        for key in KEYS:
            self._spec.pop(PREFIX + key, None)
        # Of thousands of hosts nearly all have the same names, and the same options.
        self._fine: set[str] = set()
        self._first: HostVariables | None = None
        self._fixed: dict[str, t.Any] = {}

    def unknown_names(self, variables: HostVariables) -> str:
        """What is wrong if there are variables with the prefix of the role that are none of its own; else empty."""
        if self._fine.issuperset(variables):
            return ""
        unknown = [name for name in variables if name.startswith(PREFIX) and name not in self._known]
        hints = []
        for name in unknown:
            near = nearest_endings(name[len(PREFIX) :], self._names)
            hints.append(f"{name} (nearest: {', '.join(PREFIX + one for one in near)})" if near else name)
        if hints:
            return f"the role has no variable {', '.join(hints)}"
        self._fine.update(variables)
        return ""

    def check_names(self, variables: HostVariables) -> None:
        """Raises InvalidInput for a variable with the prefix of the role that is none of its own."""
        unknown = self.unknown_names(variables)
        if unknown:
            raise InvalidInput(f"{capitalized(unknown)}. Correct it, or remove it.")

    def read(self, variables: HostVariables) -> dict[str, t.Any]:
        """The options without the prefix, checked. What a survey leaves empty counts as not set.

        Raises:
            InvalidInput: A value cannot be used.
        """
        values = {name: variables.get(name) for name in self._spec}
        given = {name: value for name, value in values.items() if value is not None and value != ""}
        checked = ArgumentSpecValidator(self._spec).validate(given)
        if checked.error_messages:
            raise InvalidInput(not_a_dictionary(self._spec, given) or "; ".join(checked.error_messages))
        return {name[len(PREFIX) :]: value for name, value in checked.validated_parameters.items()}

    def check_same(self, variables: HostVariables, host: str) -> None:
        """Raises InvalidInput for an option that has another value for this host than for the first one."""
        if self._first is None:
            self._first = variables
            values = ((name, variables.raw.get(name)) for name in self._spec)
            # A template may be the same and have another value.
            self._fixed = {name: object() if may_have_templates(value) else value for name, value in values}
        first, raw = self._first, variables.raw
        for name in [name for name, fixed in self._fixed.items() if raw.get(name) is not fixed]:
            try:
                differs = first.evaluate(first.raw.get(name)) != variables.evaluate(raw.get(name))
            except CannotEvaluate as exc:
                raise InvalidInput(f"{name} cannot be evaluated for {host}: {exc}") from exc
            if differs:
                raise InvalidInput(
                    f"{name} is not the same for all hosts ({host} differs), but one task starts all their backups. Set"
                    " it for the play, or use a play for each group."
                )


def nearest_endings(name: str, known: t.Iterable[str]) -> list[str]:
    """The known names of which the whole, or the last words, are most like a name: three at most, best first."""
    endings: dict[str, list[str]] = {}
    for one in known:
        words = one.split("_")
        for first in range(len(words)):
            endings.setdefault("_".join(words[first:]), []).append(one)
    near = (one for ending in difflib.get_close_matches(name, endings) for one in endings[ending])
    return list(dict.fromkeys(near))[:3]
