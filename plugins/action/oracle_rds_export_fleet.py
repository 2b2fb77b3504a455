# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to one step of the role oracle_rds_export_backup for all hosts of a play at once. Results are those of the
module of the same name.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._errors import InvalidInput
from ..module_utils._module.run import failed
from ..modules.oracle_rds_export_fleet import STEPS
from ..plugin_utils._fleet.step import Step
from ..plugin_utils._worker import exit_if_parent_died


class ActionModule(ActionBase):
    """Starts backups, waits for them, or reports them."""

    TRANSFERS_FILES = False
    # One call serves all hosts. The strategy "free" refuses such plugins: under it each host would start all backups.
    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        super().run(tmp, task_vars)
        if self._task.args.get("step") not in STEPS:
            return failed(InvalidInput(f"step must be one of {', '.join(STEPS)}. Nothing was done."))
        result = Step(self, task_vars or {}).run()
        exit_if_parent_died()
        return result
