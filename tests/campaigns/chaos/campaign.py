# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round of the fault campaign: an estate, settings and faults drawn from a seed, one call, and its relaunch."""

from __future__ import annotations

import random
import time
import typing as t
from collections import Counter

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import Backup
from ansible_collections.rdsops.commvault.plugins.module_utils._export.export import Export
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    ExportPlan,
    Instance,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime

from .verdict import Finding, findings, truth_of

if t.TYPE_CHECKING:
    from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

CLIENTS = 4
INSTANCES_PER_CLIENT = 10
TIMEOUT = 1.0  # seconds; faults that delay take longer, and no answer of a busy machine may
DELAY = 1.5
LONGEST_DELAY = 60  # seconds, on a machine that is busy with something else

# Faults of createtask, with their weight: some let the request run and hide the answer, some stop it on the way.
START_FAULTS: list[tuple[int, dict[str, t.Any]]] = [
    (4, {"reset": "before"}),
    (6, {"reset": "after"}),
    (4, {"cut_body": True, "process": True}),
    (4, {"cut_json": True, "process": True}),
    (1, {"delay": DELAY}),
    (1, {"delay_after": DELAY}),
    (3, {"kind": "maintenance"}),
    (3, {"kind": "server_error"}),
    (2, {"kind": "server_error_json"}),
    (2, {"kind": "bad_gateway"}),
    (2, {"kind": "unavailable"}),
    (2, {"kind": "gateway_timeout"}),
    (2, {"status": 502, "process": True, "body": "<html>bad gateway</html>"}),
    (2, {"status": 500, "process": True, "body": "oops"}),
    (2, {"status": 200, "process": True, "body": "<html>Scheduled Maintenance</html>"}),
    (2, {"status": 200, "process": True, "body": ""}),
    (2, {"kind": "empty"}),
    (2, {"kind": "empty_object"}),
    (1, {"kind": "rate_limit_bare"}),
    (1, {"kind": "unauthorized"}),
    (1, {"kind": "redirect"}),
]
READ_FAULTS: list[tuple[int, dict[str, t.Any]]] = [
    (3, {"kind": "unavailable"}),
    (3, {"kind": "maintenance"}),
    (2, {"reset": "after"}),
    (2, {"cut_body": True}),
    (2, {"cut_json": True}),
    (1, {"kind": "server_error_json"}),
    (1, {"kind": "empty"}),
]


class Report(t.NamedTuple):
    """What a round showed. unknown_but_started: of the unknown outcomes, those behind which a backup runs."""

    submissions: int
    states: Counter[str]
    findings: list[Finding]
    unknown_but_started: int


class Round:
    """Everything about it follows from its seed."""

    def __init__(self, simulator: Simulator, seed: str) -> None:
        self.simulator = simulator
        self.random = random.Random(seed)
        self.clock = SimulatedRuntime(simulator, self.random.choice([0, 0, 3600, -3600, 90, -90]))
        self.mode = self.random.choice(["single", "fleet", "batch"])

    def run(self) -> Report:
        """Prepare the simulator, make the call, relaunch it."""
        self.simulator.reset(self._estate())
        self.simulator.set(**self._settings())
        instances = self._instances()
        self._order_faults()
        states: Counter[str] = Counter()
        found: list[Finding] = []
        hidden = 0
        for _launch in range(2):
            first = max((request["seq"] for request in self.simulator.journal()), default=-1) + 1
            backups = self._call(instances)
            self._let_requests_end()
            truth = truth_of(self.simulator.jobs(), self.simulator.journal(), first)
            found.extend(findings(backups, truth))
            states.update(backup.state for backup in backups)
            hidden += sum(backup.state == "unknown" and backup.instance.key[:3] in truth.own for backup in backups)
            self._shuffle_time()
        return Report(2 * len(instances), states, found, hidden)

    def _estate(self) -> dict[str, t.Any]:
        clients = []
        for c in range(CLIENTS):
            instances: list[dict[str, t.Any]] = []
            for i in range(INSTANCES_PER_CLIENT):
                instance: dict[str, t.Any] = {"name": f"db{c}{i}", "job_seconds": 100000}
                trouble = self.random.random()
                if trouble < 0.05:
                    instance["plan"] = None
                elif trouble < 0.1:
                    instance["history"] = [{"status": "Running", "age": 600, "seconds": 100000}]
                elif trouble < 0.2:
                    instance["history"] = [{"status": "Completed", "age": 7200, "seconds": 600}]
                instances.append(instance)
            clients.append({"name": f"client{c}", "instances": instances})
        return {"clients": clients}

    def _settings(self) -> dict[str, t.Any]:
        choose = self.random.choice
        return {
            "visibility_lag": choose([0, 0, 3, 20, 60]),
            "not_visible": choose(["zero", "missing", "404", "empty"]),
            "job_ids_order": choose(["asked", "reversed", "shuffled"]),
            "mixed_batch": choose(["start_rest", "refuse_all"]),
            "task_id_type": choose(["int", "str"]),
            "job_ids_type": choose(["int", "str"]),
            "conflict_status": choose([200, 409]),
            "list_duplicates": choose([False, True]),
            "hidden_rows": choose([False, True]),
            "sort_reversed": choose([False, False, True]),
            "history_view": choose(["all"] * 9 + ["denied"]),
            "start_at_most": choose([None, None, None, 2]),
            "seed": self.random.randrange(10**6),
        }

    def _instances(self) -> list[Instance]:
        names = [(f"client{c}", f"db{c}{i}") for c in range(CLIENTS) for i in range(INSTANCES_PER_CLIENT)]
        self.random.shuffle(names)
        names[self.random.randrange(len(names))] = ("client0", "no-such-instance")
        return [Instance(client, instance, id=f"{client}/{instance}") for client, instance in names]

    def _order_faults(self) -> None:
        share = self.random.choice([0.0, 0.05, 0.2, 0.5])
        self._order("createtask", START_FAULTS, share)
        reads = self.random.choice([0.0, 0.0, 0.1, 0.4])
        for path in ("Jobs", "JobDetails", "Job/*"):
            self._order(path, READ_FAULTS, reads)

    def _order(self, path: str, faults: list[tuple[int, dict[str, t.Any]]], share: float) -> None:
        if share:
            weighted = [fault for weight, fault in faults for _copy in range(weight)]
            self.simulator.order_fault({"path": path}, {"choice": weighted}, times=None, probability=share)

    def _call(self, instances: list[Instance]) -> list[Backup]:
        pool_size = 1 if self.mode == "single" else 4
        transport = Transport(
            parse_base_url(self.simulator.url), Redactor(), timeout=TIMEOUT, read_retries=2, pool_size=pool_size
        )
        with CommCell(transport, Token(self.simulator.token), self.clock) as commcell:
            plan = ExportPlan(
                batch_size=self.random.choice([2, 3, 7]) if self.mode == "batch" else 1, concurrency=pool_size
            )
            calls = [[instance] for instance in instances] if self.mode == "single" else [instances]
            backups = []
            for wanted in calls:
                export = Export(commcell, ExportOptions(), plan, self.clock)
                backups.extend(export.run(wanted))
        return backups

    def _let_requests_end(self) -> None:
        """Wait, in real time, for requests that the server still holds back: what they start belongs to this call."""
        end = time.monotonic() + LONGEST_DELAY
        while any(
            request["status"] is None and str(request["fault"]).startswith("delay")
            for request in self.simulator.journal()
        ):
            if time.monotonic() > end:
                raise TimeoutError("the simulator never carried out a request that it held back")
            time.sleep(DELAY / 4)

    def _shuffle_time(self) -> None:
        # A relaunch within the same second is beyond what anybody can tell apart; nobody is that fast.
        self.clock.sleep(self.random.choice([2, 4, 30, 120]))
