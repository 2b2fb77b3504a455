# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator for tests: started as a process of its own, steered and questioned through its control API."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from .control_key import KEY_HEADER
from .journal import fingerprint

__all__ = ["Simulator", "SimulatorError", "fingerprint"]

TESTS = Path(__file__).resolve().parents[1]
START_SECONDS = 180.0


class SimulatorError(Exception):
    """The simulator did not start, or refused an order."""


class Simulator:
    """A running simulator; use it as a context manager, the process ends with the block.

    :param estate: description of the estate as a dict, a file of it, or None for the sample.
    :param speed: simulated seconds per real second.
    :param latency_ms: real milliseconds that each call takes.
    :param https: whether to listen on https, too; ``tls`` is ``ok``, ``expired`` or ``wrong-host``.
    :param tokens: list of tokens, or a dict of token to user name; default one random token.
    :param state_dir: where CA and ready file go; default a temporary directory.
    :param lifetime: real seconds after which the process ends by itself whatever happens.
    :param python: interpreter to use, default the current one.
    :param settings: any setting of :mod:`simulator.settings`.
    """

    def __init__(
        self,
        estate: dict[str, Any] | Path | str | None = None,
        speed: float = 1,
        latency_ms: float = 0,
        https: bool = False,
        tokens: list[str] | dict[str, str] | None = None,
        state_dir: Path | str | None = None,
        *,
        tls: str = "ok",
        lifetime: float = 900,
        python: str = sys.executable,
        **settings: Any,
    ) -> None:
        self._estate = str(estate) if isinstance(estate, Path) else estate
        self._tokens = tokens or [secrets.token_hex(24)]
        self._settings = settings
        self._arguments = [
            "--speed",
            str(speed),
            "--latency",
            str(latency_ms),
            "--lifetime",
            str(lifetime),
            "--tls",
            tls,
        ]
        if https:
            self._arguments.append("--https")
        self._python = python
        self._state_dir = Path(state_dir) if state_dir is not None else None
        self._key = secrets.token_hex(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._lock = threading.Lock()
        self.url = self.root = self.token = ""
        self.https_url: str | None = None
        self.ca_file: str | None = None
        self.pid = 0

    def __enter__(self) -> Simulator:
        """Start the process and wait until it listens.

        :raises SimulatorError: with what it printed, if it does not come up.
        """
        self._scratch = tempfile.TemporaryDirectory(prefix="simulator-")
        directory = self._state_dir or Path(self._scratch.name)
        directory.mkdir(parents=True, exist_ok=True)
        ready_file = directory / f"ready-{secrets.token_hex(4)}.json"
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(TESTS), environment.get("PYTHONPATH", "")]))
        errors = Path(self._scratch.name) / "errors.txt"
        try:
            with errors.open("wb") as stream:
                self._process = subprocess.Popen(
                    [
                        *[self._python, "-m", "simulator", "--harness", "--ready-file", str(ready_file)],
                        *["--state-dir", str(directory), *self._arguments],
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    env=environment,
                )
            private = {
                "tokens": self._tokens,
                "settings": self._settings,
                "estate": self._estate,
                "control_key": self._key,
            }
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(private).encode() + b"\n")
            self._process.stdin.flush()
            self._take(self._wait_for(ready_file, errors))
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_for(self, ready_file: Path, errors: Path) -> dict[str, Any]:
        assert self._process is not None
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if ready_file.exists():
                facts = json.loads(ready_file.read_text(encoding="utf-8"))
                ready_file.unlink()
                return facts
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        raise SimulatorError(f"the simulator did not start: {errors.read_text(encoding='utf-8', errors='replace')}")

    def _take(self, facts: dict[str, Any]) -> None:
        self.url, self.https_url, self.ca_file = facts["url"], facts["https_url"], facts["ca_file"]
        self.root = self.url[: -len("/commandcenter/api")]
        self.token, self.pid = facts["token"], facts["pid"]

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the process, whatever happened."""
        self.stop()

    def stop(self) -> None:
        """End the process. Does nothing if it has ended."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        process = self._process
        if process is not None:
            self._process = None
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._scratch.cleanup()

    def control(self, operation: str, **arguments: Any) -> Any:
        """Ask the control API and return its result.

        :raises SimulatorError: if the simulator refuses the order.
        """
        body = json.dumps(arguments)
        with self._lock:
            for last_try in (False, True):
                if self._connection is None:
                    host, _colon, port = self.root.rpartition("/")[2].partition(":")
                    self._connection = http.client.HTTPConnection(host, int(port), timeout=60)
                try:
                    self._connection.request("POST", f"/_simulator/{operation}", body, {KEY_HEADER: self._key})
                    answer = self._connection.getresponse()
                    reply = json.loads(answer.read())
                    break
                except (OSError, http.client.HTTPException):
                    # The server may have closed an idle connection.
                    self._connection.close()
                    self._connection = None
                    if last_try:
                        raise
        if answer.status != 200:
            raise SimulatorError(f"{operation}: {reply['error']}")
        return reply["result"]

    def journal(self, path: str | None = None, method: str | None = None) -> list[dict[str, Any]]:
        """Return the API requests in order, all or those to one endpoint (below the base URL, any case)."""
        return self.control("journal", path=path, method=method)

    def writes(self) -> list[dict[str, Any]]:
        """Return the requests that change something: createtask, job actions, and unknown ones that are no GET."""
        return self.control("journal", kind="write")

    def connections(self) -> int:
        """Return how many TCP connections carried API requests since the last reset."""
        return self.control("connections")

    def order_fault(
        self,
        match: dict[str, Any] | None = None,
        fault: dict[str, Any] | None = None,
        times: int | None = 1,
        after: int = 0,
        probability: float | None = None,
    ) -> int:
        """Order a fault (see :mod:`simulator.faults`) for requests that match and return the number of the order.

        :param match: any of ``path`` (``createtask``, ``job/*``), ``method``, ``client``, ``instance``, ``subclient``,
            ``job_id``.
        :param times: how many requests get it, None for all that match.
        :param after: how many matching requests pass before.
        :param probability: the share of matching requests that get it.
        """
        return self.control(
            "order_fault", match=match, fault=fault or {}, times=times, after=after, probability=probability
        )

    def faults(self) -> list[dict[str, Any]]:
        """Return the orders in force, each with how many requests it has ``seen`` and was ``applied`` to."""
        return self.control("faults")

    def clear_faults(self) -> None:
        """Drop all orders."""
        self.control("clear_faults")

    def now(self) -> float:
        """Return the simulated time."""
        return self.control("now")

    def advance(self, seconds: float) -> float:
        """Move the simulated clock forward and return the new time."""
        return self.control("advance", seconds=seconds)

    def jobs(self) -> list[dict[str, Any]]:
        """Return all jobs as they are, whatever the API shows: names, ids, state, and the ``seq`` of their request."""
        return self.control("jobs")

    def script(
        self,
        instance: str | None = None,
        states: list[Any] | None = None,
        client: str | None = None,
        subclient: str | None = None,
        times: int | None = None,
    ) -> None:
        """Set what jobs to come go through: states, or dicts of state, seconds, reason, code, percent, phase."""
        self.control("script", states=states or [], instance=instance, client=client, subclient=subclient, times=times)

    def set(self, **settings: Any) -> None:
        """Change settings (and ``speed``) while it runs."""
        self.control("set", **settings)

    def set_activity(
        self, enabled: bool, client: str | None = None, instance: str | None = None, subclient: str | None = None
    ) -> int:
        """Enable or disable backup activity by names and return how many subclients were meant."""
        return self.control("set_activity", enabled=enabled, client=client, instance=instance, subclient=subclient)

    def set_up(self, client: str, instance: str) -> None:
        """Add an instance to a client, or give one that is there a plan and backup activity."""
        self.control("set_up", client=client, instance=instance)

    def create_access_token(self, user: str = "admin", endpoints: list[str] | None = None) -> dict[str, Any]:
        """Make an access and refresh token as a user would by hand and return both with their times.

        :param endpoints: prefixes that the token is limited to, None for all.
        """
        return self.control("create_access_token", user=user, endpoints=endpoints)

    def access_tokens(self) -> list[dict[str, Any]]:
        """Return each chain of access tokens: ``user``, ``renewals``, ``reuses``, ``destroyed``, ``expires``."""
        return self.control("access_tokens")

    def reuses(self) -> int:
        """Return how often a pair was used that had been exchanged before; each time a chain was destroyed."""
        return sum(chain["reuses"] for chain in self.access_tokens())

    def sessions(self) -> list[dict[str, Any]]:
        """Return the logins that were not logged out: ``user``, ``expired``, ``device``."""
        return self.control("sessions")

    def expire_tokens(self) -> None:
        """End all logins and access tokens now; they can still be renewed."""
        self.control("expire_tokens")

    def reset(self, estate: dict[str, Any] | Path | str | None = None) -> None:
        """Go back to the state after the start: first settings and time, no jobs, journal, faults. The speed stays."""
        self.control("reset", estate=str(estate) if isinstance(estate, Path) else estate)
