# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run leaves in the events of ansible-runner, which AWX stores and shows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# ansible-runner, under AWX as well, leaves the result of an event empty if it is longer, in characters.
LIMIT_NAME, AWX_LIMIT = "MAX_EVENT_RES", 700_000


@dataclass(frozen=True)
class Events:
    """number: of events. characters: of JSON, all of them together. largest: of one result, and task: whose."""

    number: int
    characters: int
    largest: int
    task: str

    def told(self, hosts: int) -> str:
        """A line for people."""
        fate = "AWX leaves it out" if self.largest > AWX_LIMIT else "AWX shows it"
        return (
            f"{hosts} hosts: {self.number} events of {_megabytes(self.characters)} together; the largest result has"
            f" {_megabytes(self.largest)} ({self.task}): {fate}"
        )


def _megabytes(characters: int) -> str:
    return f"{characters / 1e6:.2f} MB"


def add_up(events: Iterable[Mapping[str, Any]]) -> Events:
    """The events of a run as ansible-runner writes them."""
    number = characters = largest = 0
    task = ""
    for event in events:
        number += 1
        characters += len(json.dumps(event))
        data = event.get("event_data") or {}
        length = len(json.dumps(data["res"])) if data.get("res") else 0
        if length > largest:
            largest, task = length, str(data.get("task"))
    return Events(number, characters, largest, task)


def of_playbook(playbook: Path, inventory: Path, place: Path, variables: Mapping[str, str], limit: float) -> Events:
    """Run a playbook under ansible-runner in an empty directory. limit: seconds. Raises RuntimeError if it fails."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "project").mkdir(parents=True)
    command = [sys.executable, "-m", "ansible_runner", "run", str(place), "--quiet", "--ident", "bench"]
    command += ["--playbook", str(playbook), "--inventory", str(inventory)]
    # It looks for ansible-playbook beside its own Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])
    done = subprocess.run(
        command,
        env={**variables, "PATH": path, LIMIT_NAME: str(1000 * AWX_LIMIT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ansible-runner ended with {done.returncode}\n{done.stdout[-3000:]}")
    files = (place / "artifacts" / "bench" / "job_events").glob("*.json")
    return add_up(json.loads(file.read_text(encoding="utf-8")) for file in files if "partial" not in file.name)
