# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module's work as its entry points do, without an AnsibleModule. To be imported after runtime.install()."""

from __future__ import annotations

import typing as t

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.module_utils._module import run as module_run
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_backup as module

from .scheduler import current_task

_summary = module.summary


def _tapped_summary(backups: t.Sequence[t.Any], *args: t.Any, **kwargs: t.Any) -> dict[str, t.Any]:
    """Keep what a result is made of: it alone tells for each instance whether something was changed."""
    task = current_task()
    if task:
        task.process.backups[:] = backups
    return _summary(backups, *args, **kwargs)


module.summary = _tapped_summary


def spec_defaults() -> dict[str, t.Any]:
    """The module's options with their defaults, as Ansible would hand them over."""
    spec = connection_spec().merge(module.argument_spec())
    return {name: option.get("default") for name, option in spec.options.items()}


def run(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of the module with these parameters, warnings among it."""
    redactor = Redactor()
    warnings: list[str] = []
    run_ = module_run.ModuleRun(params, redactor, False, False, 0, warnings.append)
    result = module_run.run_safely(run_, module.run)
    return {**result, "simulated_warnings": warnings}
