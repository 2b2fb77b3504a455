# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs on a simulator whose clock moves when the code under test sleeps."""

from __future__ import annotations

import time
import typing as t
from contextlib import contextmanager

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TasksApi
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    build_request,
    make_instance,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._module.connection import open_commcell
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import Runtime
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


class SimulatedRuntime(Runtime):
    """The time of this machine where waiting moves the simulator's clock instead of costing time.

    ahead: seconds by which this machine's clock is wrong. standing: nothing but waiting takes time. slept: seconds.
    """

    def __init__(self, simulator: Simulator, ahead: float = 0.0, *, standing: bool = False) -> None:
        if standing:
            simulator.set(speed=0)
        self._simulator = simulator
        self._passed: t.Callable[[], float] = (lambda: 0.0) if standing else time.time
        self._start = simulator.now() - self._passed() + ahead
        self.slept = 0.0

    def now(self) -> float:
        return self._start + self._passed() + self.slept

    monotonic = now

    def sleep(self, seconds: float) -> None:
        self._simulator.advance(seconds)
        self.slept += seconds


@contextmanager
def commcell_of(simulator: Simulator, **options: t.Any) -> t.Iterator[CommCell]:
    """The CommCell that the simulator is; options: of the connection, in place of the usual ones."""
    values = {name: option.get("default") for name, option in connection_spec().options.items()}
    values.update({"url": simulator.url, "auth_token": simulator.token, "timeout": 10.0, **options})
    with open_commcell(values.get, Redactor()) as commcell:
        yield commcell


def start_jobs(commcell: CommCell, names: t.Sequence[str], client: str = "aws-prod") -> list[str]:
    """Start a backup of each instance; returns the job ids in the order of names."""
    instances = [make_instance({"client_name": client, "instance_name": name}) for name in names]
    return list(TasksApi(commcell).create(build_request(instances, ExportOptions())).job_ids)
