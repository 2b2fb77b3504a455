# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chores: scripts that need a virtual environment, some of them also the installed collection."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import processes, tree, venvs
from .layout import MODULES, ROOT, WORK


@dataclass(frozen=True)
class Task:
    """A script of the project, run in the foreground with an environment of its own."""

    name: str
    says: str
    command: tuple[str, ...]
    installs: bool = False
    environment: str = "demo"


TASKS = (
    Task("format", "put the Python code into shape", ("-m", "ruff", "format", "."), environment="lint"),
    Task("demo", "back up a sample inventory on the simulator", ("tests/demo/run.py",), installs=True),
    Task("simulator", "serve the rehearsal CommServe until Ctrl-C", ("-m", f"{MODULES}.simulator")),
    Task("bench", "measure the collection beside what people use today", ("-m", f"{MODULES}.bench.run"), True, "bench"),
    Task("docs", "render the documentation as a site", ("docs/site/build.py", "dist/site"), True, "docs"),
    Task(
        "pictures",
        "take the pictures of README and guides",
        ("docs/site/pictures.py", "docs/docsite/rst/images"),
        installs=True,
        environment="docs",
    ),
    Task(
        "chaos",
        "start thousands of backups under faults and see what became of each",
        ("-m", f"{MODULES}.campaigns.chaos"),
        installs=True,
    ),
    Task(
        "races",
        "let processes race for one pair of tokens, and kill some",
        ("-m", f"{MODULES}.campaigns.races"),
    ),
)


def perform(task: Task, arguments: Sequence[str]) -> int:
    """Prepare what the task needs, run it, and say how long each took; its exit code."""
    since = time.monotonic()
    env = venvs.ENVIRONMENTS[task.environment]
    steps = 3 if task.installs else 2
    print(f"[1/{steps}] Python environment with the pins of requirements/{env.requirements}", flush=True)
    try:
        bin_directory, word = venvs.ensure(env)
    except venvs.CannotMake as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"      {word}", flush=True)
    variables = processes.clean_environment(bin_directory)
    variables["PYTHONPATH"] = str(tree.linked())
    if task.installs:
        print(f"[2/{steps}] Build the collection and install it to a private path", flush=True)
        try:
            variables["ANSIBLE_COLLECTIONS_PATH"] = str(install(bin_directory, WORK / task.name))
            variables["PYTHONPATH"] = f"{variables['ANSIBLE_COLLECTIONS_PATH']}:{variables['PYTHONPATH']}"
        except subprocess.CalledProcessError as exc:
            print(exc.stdout, file=sys.stderr)
            return 1
        print(f"      into {Path(variables['ANSIBLE_COLLECTIONS_PATH']).relative_to(ROOT)}/", flush=True)
    ready = time.monotonic()
    print(f"[{steps}/{steps}] {task.says[0].upper()}{task.says[1:]}", flush=True)
    command = [str(bin_directory / "python"), *task.command, *arguments]
    status = subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode
    print(f"{task.name}: {ready - since:.1f} s to prepare, {time.monotonic() - ready:.1f} s to run", flush=True)
    return status


def install(bin_directory: Path, place: Path) -> Path:
    """Build the collection from the working tree and install the tarball; the collections path that then holds it."""
    shutil.rmtree(place, ignore_errors=True)
    variables = processes.clean_environment(bin_directory, place)
    source = tree.copy(place / "source")
    galaxy = [str(bin_directory / "ansible-galaxy"), "collection"]
    _quiet([*galaxy, "build", "--output-path", str(place), str(source)], variables)
    (tarball,) = place.glob("*.tar.gz")
    _quiet([*galaxy, "install", "--no-deps", "--collections-path", str(place / "collections"), str(tarball)], variables)
    shutil.rmtree(place / "source")
    return place / "collections"


def _quiet(command: list[str], variables: dict[str, str]) -> None:
    subprocess.run(
        command, env=variables, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=120,
    )  # fmt: skip
