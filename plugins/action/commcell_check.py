# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module of this name: does its work in place where the task is the controller's own, and
shows what it found as text.
"""

from __future__ import annotations

import typing as t

from ..plugin_utils._in_place import InPlaceAction


class ActionModule(InPlaceAction):
    """Checks a CommCell."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        result = super().run(tmp, task_vars)
        for line in () if self._task.no_log else result.get("lines", ()):
            self._display.display(line)
        return result
