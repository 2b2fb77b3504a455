# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module of this name: takes databases from the hosts of the play, and does the work in
place where the task is the controller's own.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._errors import CommvaultError
from ..plugin_utils._in_place import InPlaceAction, execute
from ..plugin_utils._play_databases import databases_of_hosts, of_each_host
from ..plugin_utils._worker import exit_if_parent_died


class ActionModule(InPlaceAction):
    """Tells which databases are protected."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        variables = task_vars or {}
        if not self._task.args.get("of_hosts"):
            return super().run(tmp, variables)
        ActionBase.run(self, tmp, variables)
        arguments = {name: value for name, value in self._task.args.items() if name != "of_hosts"}
        try:
            hosts = variables["ansible_play_hosts_all"]
            arguments["databases"] = databases_of_hosts(hosts, variables["hostvars"], arguments.get("group_by") or [])
        except CommvaultError as exc:
            return {"failed": True, "msg": str(exc), "failure": exc.failure()}
        result = execute(self, "oracle_rds_protection_info", arguments, variables)
        exit_if_parent_died()
        if "databases" in result:
            result["hosts"] = of_each_host(hosts, result)
        return result
