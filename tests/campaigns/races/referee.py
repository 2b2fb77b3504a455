# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets processes race, kills some, and holds what they say against what the simulator saw."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

if t.TYPE_CHECKING:
    from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

WORKER = "ansible_collections.rdsops.commvault.tests.campaigns.races.worker"
ROOT = Path(__file__).resolve().parents[3]
PROCESSES = 8
START = 0.01  # seconds within which the processes of a race begin
KILL_WITHIN = 0.25  # seconds after the start; a race takes about as long
LATENCY_MS = 4  # of the simulator, so that kills fall into requests
SLOW = 0.1  # seconds that a renewal takes at most before and after the server has decided, in races with kills
PATIENCE = 300.0  # seconds for an answer; it only ends what hangs, on a machine that is busy with other things, too

# What a process may say when the one that renewed was killed: it must not send that pair again.
OPEN = "is not known"


@dataclass
class Tally:
    """What many races showed. findings: broken promises."""

    races: int = 0
    renewals: int = 0
    killed: int = 0
    left_open: int = 0
    findings: list[str] = field(default_factory=list)


class Worker:
    """A process and a thread that reads what it says."""

    def __init__(self, path: str, url: str, token_file: Path) -> None:
        variables = {**os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", WORKER, url, str(token_file)],
            env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._said: queue.Queue[str] = queue.Queue()
        self.killed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line)
        self._said.put("")

    def order(self, delay: float, reopen: bool) -> None:
        """Take part in a race."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"delay": delay, "reopen": reopen}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, t.Any] | None:
        """What it said, None if it was killed before it could."""
        line = self._said.get(timeout=PATIENCE)
        return json.loads(line) if line else None

    def kill(self) -> None:
        """Without any chance to tidy up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.killed = True

    def stop(self) -> None:
        """End it, however it is."""
        self._process.kill()
        self._process.communicate()


class Referee:
    """Races of PROCESSES processes over one token file; a context manager that ends them all."""

    def __init__(self, simulator: Simulator, seed: str) -> None:
        self._simulator = simulator
        self._random = random.Random(seed)
        self.tally = Tally()

    def __enter__(self) -> Referee:
        self._scratch = tempfile.TemporaryDirectory(prefix="races-")
        place = Path(self._scratch.name)
        # The collection where Python finds it, whatever the checkout is called.
        (place / "path/ansible_collections/rdsops").mkdir(parents=True)
        (place / "path/ansible_collections/rdsops/commvault").symlink_to(ROOT)
        self._path = str(place / "path")
        self.token_file = place / "token.json"
        self._simulator.set(latency_ms=LATENCY_MS)
        self.new_pair()
        self.workers = [self._worker() for _number in range(PROCESSES)]
        for worker in self.workers:
            worker.answer()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        for worker in self.workers:
            worker.stop()
        self._scratch.cleanup()

    def _worker(self) -> Worker:
        return Worker(self._path, self._simulator.url, self.token_file)

    def new_pair(self) -> None:
        """What a person does who reads the error: make a new token, put it into the file."""
        made = self._simulator.create_access_token()
        new = self.token_file.with_name("by-hand")
        new.touch(mode=0o600)
        new.write_text(json.dumps({name: made[name] for name in ("accessToken", "refreshToken")}), encoding="utf-8")
        new.rename(self.token_file)

    def race(self, kills: int = 0) -> None:
        """All tokens die, and every process wants to go on. kills: how many processes to kill meanwhile."""
        tally, draw = self.tally, self._random
        before = self._renewals()
        self._simulator.expire_tokens()
        if kills:
            # The moments around a renewal are the ones that matter; make them longer.
            slow = {"delay": draw.uniform(0, SLOW), "delay_after": draw.uniform(0, SLOW)}
            self._simulator.clear_faults()
            self._simulator.order_fault({"path": "v4/accesstoken/renew"}, slow)
        for worker in self.workers:
            worker.order(draw.uniform(0, START), draw.random() < 0.5)
        since = time.monotonic()
        for moment, worker in zip(
            sorted(draw.uniform(0, KILL_WITHIN) for _kill in range(kills)),
            draw.sample(self.workers, kills),
            strict=True,
        ):
            time.sleep(max(0.0, since + moment - time.monotonic()))
            worker.kill()
            tally.killed += 1
        answers = [answer for answer in (worker.answer() for worker in self.workers) if answer]
        renewals = self._renewals() - before
        tally.races += 1
        tally.renewals += renewals
        self._judge(answers, renewals, kills)
        if any(OPEN in answer.get("message", "") for answer in answers):
            tally.left_open += 1
            self.new_pair()
        self._replace_the_killed()

    def _judge(self, answers: list[dict[str, t.Any]], renewals: int, kills: int) -> None:
        """Compare what the processes say with what the simulator saw."""
        say = self._finding
        if self._simulator.reuses():
            say("a pair was used twice")
        if renewals > 1:
            say(f"the pair was renewed {renewals} times")
        bad = [answer for answer in answers if answer["outcome"] != "ok"]
        if not kills and (bad or renewals != 1 or len(answers) != PROCESSES):
            say(f"without a kill: {renewals} renewals, {bad}")
        for answer in bad:
            if OPEN not in answer["message"] or answer["outcome"] != "authentication":
                say(f"a process failed for another reason than an open renewal: {answer}")
        content = json.loads(self.token_file.read_text(encoding="utf-8"))
        if bool(bad) != ("renewalSentAt" in content) and answers:
            say(f"{len(bad)} of {len(answers)} processes gave up, but the file says: {sorted(content)}")

    def _finding(self, text: str) -> None:
        self.tally.findings.append(f"race {self.tally.races}: {text}")

    def _renewals(self) -> int:
        return sum(chain["renewals"] for chain in self._simulator.access_tokens())

    def _replace_the_killed(self) -> None:
        fresh = []
        for number, worker in enumerate(self.workers):
            if worker.killed:
                worker.stop()
                self.workers[number] = self._worker()
                fresh.append(self.workers[number])
        for worker in fresh:
            worker.answer()
