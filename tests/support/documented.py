# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds results of modules against their RETURN."""

from __future__ import annotations

import functools
import typing as t

import yaml

if t.TYPE_CHECKING:
    from types import ModuleType

# What Ansible itself puts into every result.
_OF_ANSIBLE = {"changed", "invocation", "failed", "warnings", "deprecations", "exception"}
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "raw": (object,),
}


@functools.cache
def _documented(module: ModuleType) -> dict[str, t.Any]:
    return yaml.safe_load(module.RETURN)


def undocumented_or_missing(module: ModuleType, result: t.Mapping[str, t.Any]) -> set[str]:
    """Dotted names of the values of a result that RETURN does not have or has with another type, and of those that
    RETURN promises for every such result, but that are not there.
    """
    given = {name: value for name, value in result.items() if name not in _OF_ANSIBLE}
    wrong = set(_differences(_documented(module), given, ""))
    for name, entry in _documented(module).items():
        always = entry["returned"].startswith("always")
        if name not in result and (always or entry["returned"] == ("failure" if result.get("failed") else "success")):
            wrong.add(name)
    return wrong


def _differences(documented: dict[str, t.Any], values: t.Mapping[str, t.Any], above: str) -> t.Iterator[str]:
    for name, value in values.items():
        where = above + name
        entry = documented.get(name)
        if entry is None or (value is not None and not isinstance(value, _TYPES[entry["type"]])):
            yield where
            continue
        members = value if isinstance(value, list) else [value]
        for member in members:
            if "contains" in entry and isinstance(member, dict):
                yield from _differences(entry["contains"], member, f"{where}.")
                yield from (f"{where}.{promised}" for promised in entry["contains"] if promised not in member)
