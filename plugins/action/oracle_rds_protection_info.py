# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module of this name: takes databases from the hosts of the play, and does the work in
place where the task is the controller's own.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.module_utils.common.validation import check_type_bool, check_type_list
from ansible.plugins.action import ActionBase

from ..module_utils._errors import CommvaultError, InvalidInput
from ..module_utils._module.run import failed
from ..plugin_utils._in_place import InPlaceAction, execute
from ..plugin_utils._play.conditions import hosts_included
from ..plugin_utils._play.options import RoleOptions
from ..plugin_utils._play.variables import PlayVariables
from ..plugin_utils._protection_hosts import databases_of_hosts, of_each_host
from ..plugin_utils._worker import exit_if_parent_died

# Strategies that do not know run_once.
_EACH_HOST_ALONE = ("free", "host_pinned")


class ActionModule(InPlaceAction):
    """Tells which databases are protected."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        variables = task_vars or {}
        if not self._of_hosts:
            return super().run(tmp, variables)
        ActionBase.run(self, tmp, variables)
        arguments = {name: value for name, value in self._task.args.items() if name != "of_hosts"}
        # As the module would take it: a list, or a text with commas.
        group_by = check_type_list(arguments.get("group_by") or [])
        play = PlayVariables(self._task, self._loader, variables)
        try:
            if arguments.get("databases") is not None:
                raise InvalidInput(
                    "Nothing was read. databases and of_hosts exclude each other: leave out one of them."
                )
            if play.strategy in _EACH_HOST_ALONE:
                raise InvalidInput(
                    f"Nothing was read. Under the strategy {play.strategy}, each host would read all databases anew."
                    " Use linear, the default."
                )
            hosts = hosts_included(play, variables["ansible_play_hosts_all"])
            arguments["databases"] = databases_of_hosts(
                hosts, play.of, RoleOptions(self._loader).unknown_names, group_by
            )
        except CommvaultError as exc:
            return failed(exc)
        result = execute(self, "oracle_rds_protection_info", arguments, variables)
        exit_if_parent_died()
        if "databases" in result:
            result["hosts"] = of_each_host(hosts, result)
        return result

    @property
    def _of_hosts(self) -> bool:
        """The option as the module would take it: of the text "false", too. What it would refuse is left to it."""
        with contextlib.suppress(TypeError):
            return bool(check_type_bool(self._task.args.get("of_hosts") or False))
        return False
