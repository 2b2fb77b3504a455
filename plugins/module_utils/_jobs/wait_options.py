# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of everything that waits for jobs, the same everywhere (doc fragment rdsops.commvault._wait)."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._argspec import ArgumentSpec
from .._times import parse_duration, positive_duration

ON_TIMEOUT = ("leave", "suspend", "kill")
# The keys of _jobs.FAIL_ON, which a call that does not wait need not load.
FAIL_ON = ("failure", "errors", "warnings")


@dataclass(frozen=True)
class WaitOptions:
    """How to wait. Times are seconds; stuck_timeout None: a job may be stuck as long as it likes."""

    timeout: float = 43200.0
    interval: float = 60.0
    stuck_timeout: float | None = None
    on_timeout: str = "leave"
    fail_on: str = "errors"

    def within(self, seconds: float | None) -> WaitOptions:
        """The same, but for no longer than that; None sets no limit. Jobs that are active then are left alone, since
        that is not the timeout that on_timeout is about.
        """
        if seconds is None or seconds >= self.timeout:
            return self
        return replace(self, timeout=max(0.0, seconds), on_timeout="leave")


def wait_spec() -> ArgumentSpec:
    """The options of the doc fragment rdsops.commvault._wait."""
    return ArgumentSpec(
        {
            "wait_timeout": {"type": "str", "default": "12h"},
            "wait_interval": {"type": "str", "default": "60s"},
            "stuck_timeout": {"type": "str"},
            "on_timeout": {"type": "str", "choices": list(ON_TIMEOUT), "default": "leave"},
            "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "errors"},
        }
    )


def job_wait_spec() -> ArgumentSpec:
    """The options of job_wait beside those of the connection."""
    job_ids = ArgumentSpec(
        {
            "job_ids": {"type": "list", "elements": "str", "required": True},
            "own_job_ids": {"type": "list", "elements": "str"},
            "expected_ends": {"type": "dict", "default": {}},
        }
    )
    return job_ids.merge(wait_spec())


def wait_options(params: t.Mapping[str, t.Any]) -> WaitOptions:
    """The values of these options. Raises InvalidInput."""
    stuck = params["stuck_timeout"]
    return WaitOptions(
        timeout=parse_duration(params["wait_timeout"], "wait_timeout"),
        interval=positive_duration(params["wait_interval"], "wait_interval"),
        # A survey or a variable that was left empty is no limit.
        stuck_timeout=positive_duration(stuck, "stuck_timeout") if stuck else None,
        on_timeout=params["on_timeout"],
        fail_on=params["fail_on"],
    )
