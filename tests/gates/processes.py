# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes: a clean environment, all output in one file, a time limit, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TextIO

from . import pythons

# What would make a run depend on who runs it, and where.
_DROPPED = (
    "ANSIBLE_",
    "COLLECTIONS_PATH",
    "COMMVAULT_",
    "GALAXY_",
    "MYPY",
    "PYTEST_",
    "PYTHON",
    "RUFF_",
    "VIRTUAL_ENV",
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

_running: set[subprocess.Popen[str]] = set()
_lock = threading.Lock()
_stopping = threading.Event()


def clean_environment(bin_directory: Path, scratch: Path | None = None, *, network: bool = False) -> dict[str, str]:
    """The environment for a tool of a virtual environment.

    ``scratch`` becomes the place for temporary files and Ansible's own, so that nothing piles up elsewhere. The
    proxy variables stay only for ``network``: tests talk to servers on the loopback address.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED) and (network or name.lower() not in _PROXIES)
    }
    path = os.pathsep.join([str(bin_directory), *pythons.path_without_shims()])
    kept.update(PATH=path, CI="true", LC_ALL="C.UTF-8", LANG="C.UTF-8", NO_COLOR="1", PYTHONUNBUFFERED="1")
    if scratch is not None:
        temporary = scratch / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        kept.update(TMPDIR=str(temporary), ANSIBLE_HOME=str(scratch / "ansible"))
    return kept


def run(command: list[str], cwd: str | Path, environment: dict[str, str], limit: float, log: TextIO) -> str:
    """Run one command to its end or its limit (seconds); an empty string when all is well, else what is not."""
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    with _lock:  # so that nothing starts behind the back of end_all
        if _stopping.is_set():
            return "interrupted"
        try:
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                text=True, start_new_session=True,
            )  # fmt: skip
        except OSError as exc:
            return f"{command[0]} cannot be started: {exc}"
        _running.add(process)
    try:
        status = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        return f"stopped after {limit:.0f} s"
    finally:
        with _lock:
            _running.discard(process)
        _end(process)
    return "" if status == 0 else f"exit code {status}"


def end_all() -> None:
    """End every child and what it started, and let no other start; for the end of a run, an early one above all."""
    with _lock:
        _stopping.set()
        processes = list(_running)
    for process in processes:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """The child leads a process group of its own: end what is left of it, politely first."""
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
