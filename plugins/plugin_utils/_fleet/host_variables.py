# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of thousands of hosts, as a task that serves all of them looks at them."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from jinja2 import Undefined

if t.TYPE_CHECKING:
    from collections.abc import Mapping


class HostVariables:
    """The variables of one host, evaluated one by one where they are looked at."""

    def __init__(self, own: Mapping[str, t.Any]) -> None:
        """own: hostvars of this host."""
        self._own = own

    def __contains__(self, name: object) -> bool:
        return name in self._own

    def __getitem__(self, name: str) -> t.Any:
        """The value of a variable. Raises ValueError if it cannot be evaluated, KeyError if there is none."""
        try:
            value = self._own[name]
        except AnsibleError as exc:
            raise ValueError(name) from exc
        if isinstance(value, Undefined):
            raise ValueError(name)
        return value
