# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""The options of oracle_rds_export_fleet, and which module each is for."""

from __future__ import annotations

import typing as t

from ._argspec import ArgumentSpec
from ._jobs.wait_options import wait_spec

STEPS = ("start", "wait", "status", "report")

# Options of oracle_rds_export_backup under the same names, without defaults: those are the module's.
_EXPORT: dict[str, t.Any] = {
    "backup_level": {"type": "str", "choices": ["full", "incremental"]},
    "cumulative": {"type": "bool"},
    "notify_user_on_job_completion": {"type": "bool"},
    "job_description": {"type": "str"},
    "installer_user": {"type": "dict"},
    "task_info": {"type": "dict"},
    "batch_size": {"type": "int"},
    "concurrency": {"type": "int"},
    "on_running": {"type": "str", "choices": ["adopt", "fail"]},
    "max_age": {"type": "str"},
    "preflight": {"type": "bool"},
}
# fail_on says which ends of a job are good; that counts for max_age, too.
EXPORT_OPTIONS = (*_EXPORT, "fail_on")
INFO_OPTIONS = ("match_patterns",)
WAIT_OPTIONS = tuple(wait_spec().options)
# Options of export_report beside the path.
REPORT_OPTIONS = ("title", "mode")


def fleet_spec() -> ArgumentSpec:
    """The options beside those of the connection."""
    own = ArgumentSpec(
        {
            "step": {"type": "str", "choices": list(STEPS), "required": True},
            "registered": {"type": "str"},
            "instances": {"type": "list", "elements": "dict"},
            "match_patterns": {"type": "list", "elements": "str", "default": []},
            "on_unmatched": {"type": "str", "choices": ["fail_host", "stop"], "default": "fail_host"},
            "job_ids": {"type": "raw"},
            "artifact": {"type": "dict"},
            "path": {"type": "list", "elements": "path"},
            "title": {"type": "str"},
            "mode": {"type": "raw"},
            "summary_lines": {"type": "int", "default": 40},
            **_EXPORT,
        }
    )
    return own.merge(wait_spec())
