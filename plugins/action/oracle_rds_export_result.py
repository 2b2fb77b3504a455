# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of one host after the steps of the role oracle_rds_export_backup, or where it runs once, of all."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._fleet.result import OWN_FACTS, host_result
from ..plugin_utils._fleet.step import RESULTS
from ..plugin_utils._play.database import PREFIX
from ..plugin_utils._play.variables import set_facts


class ActionModule(ActionBase):
    """Succeeds, changes or fails as the backup of the host did."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        fleet, report = (variables.get(name) or {} for name in (RESULTS, f"__{PREFIX}report"))
        result = host_result(fleet, report, variables["inventory_hostname"], variables["ansible_play_hosts"])
        if report.get("host_results") is not False and not result["failed"]:
            set_facts(self, result, {PREFIX + name: result[name] for name in OWN_FACTS})
        return result
