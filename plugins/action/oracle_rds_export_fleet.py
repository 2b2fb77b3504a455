# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to one step of the role oracle_rds_export_backup for all hosts of a play at once. Options and results are
those of the module of the same name.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ..module_utils._argspec import connection_spec
from ..module_utils._errors import CommvaultError, InvalidInput
from ..modules.oracle_rds_export_fleet import argument_spec
from ..plugin_utils._fleet.step import Step
from ..plugin_utils._worker import exit_if_parent_died


class ActionModule(ActionBase):
    """Starts backups, follows them, or reports them."""

    TRANSFERS_FILES = False
    # One call serves all hosts. The strategy "free" refuses such plugins: under it each host would start all backups.
    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        super().run(tmp, task_vars)
        spec = connection_spec().merge(argument_spec())
        # What a survey leaves empty was not given.
        given = {name: value for name, value in self._task.args.items() if value is not None and value != ""}
        checked = ArgumentSpecValidator(spec.options, **spec.constraints).validate(given)
        step = Step(self, given, checked.validated_parameters, task_vars or {})
        try:
            if checked.error_messages:
                undone = "Nothing was started. " if given.get("step") == "start" else ""
                raise InvalidInput(undone + "; ".join(checked.error_messages))
            result = getattr(step, checked.validated_parameters["step"])()
            exit_if_parent_died()
            return result
        except CommvaultError as exc:
            return {**step.result_of_failed_step(str(exc)), "failed": True, "msg": str(exc), "failure": exc.failure()}
