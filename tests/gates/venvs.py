# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments with pinned packages, made once and used until their pins change."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import pythons
from .layout import REQUIREMENTS, VENVS


class CannotMake(Exception):
    """pip failed twice, or the environment could not be made."""


@dataclass(frozen=True)
class Environment:
    """What to install (a file of requirements/), and the Python versions that may carry it, best one first."""

    name: str
    requirements: str
    versions: tuple[str, ...]

    def missing(self) -> str | None:
        """Why this environment cannot exist here, in words for the summary; None when it can."""
        if pythons.first(self.versions):
            return None
        return f"no Python {' or '.join(self.versions)} that can make virtual environments on this machine"


UV = Environment("uv", "uv.txt", ("3.11", "3.12", "3.13", "3.10"))
ENVIRONMENTS = {
    env.name: env
    for env in (
        Environment("lint", "lint.txt", ("3.11", "3.12", "3.13", "3.10")),
        # The oldest, a middle and the newest supported ansible-core, each on the oldest Python that it likes.
        Environment("core-2.16", "core-2.16.txt", ("3.10", "3.11", "3.12")),
        Environment("core-2.19", "core-2.19.txt", ("3.11", "3.12", "3.13")),
        Environment("core-2.21", "core-2.21.txt", ("3.12", "3.13")),
        Environment("docs", "docs.txt", ("3.11", "3.12", "3.13", "3.10")),
        Environment("demo", "demo.txt", ("3.11", "3.12", "3.13", "3.10")),
        Environment("bench", "bench.txt", ("3.11", "3.12", "3.13", "3.10")),
        # With collections of others, so a large one, and for the gates alone that are about these.
        Environment("collections", "collections.txt", ("3.11", "3.12", "3.13")),
        *(Environment(f"target-{version}", "target.txt", (version,)) for version in pythons.TARGET_VERSIONS),
    )
}
CORES = tuple(name for name in ENVIRONMENTS if name.startswith("core-"))
TARGETS = tuple(name for name in ENVIRONMENTS if name.startswith("target-"))


def main_core() -> str | None:
    """The environment for everything that runs with one ansible-core only: the middle one, or else what there is."""
    order = ("core-2.19", "core-2.21", "core-2.16")
    return next((name for name in order if ENVIRONMENTS[name].missing() is None), None)


def ensure(env: Environment) -> tuple[Path, str]:
    """Make the environment unless it is there already; the path of its bin directory and a word on what was done."""
    python = pythons.first(env.versions)
    if python is None:
        raise CannotMake(env.missing())
    version, executable = python
    digest = hashlib.sha256("\n".join([executable, *_texts(REQUIREMENTS / env.requirements)]).encode()).hexdigest()[:8]
    home = VENVS / f"{env.name}-{digest}"
    VENVS.mkdir(exist_ok=True)
    with (VENVS / f"{env.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs in one clone make it once
        if (home / "complete").exists():
            return home / "bin", f"Python {version}, there already"
        started = time.monotonic()
        for old in VENVS.glob(f"{env.name}-*"):
            if re.fullmatch(re.escape(env.name) + r"-[0-9a-f]{8}", old.name):
                shutil.rmtree(old)
        tool = _make(home, executable, REQUIREMENTS / env.requirements, use_uv=env is not UV)
        (home / "complete").touch()
        return home / "bin", f"Python {version}, made by {tool} in {time.monotonic() - started:.0f} s"


def _make(home: Path, executable: str, requirements: Path, *, use_uv: bool) -> str:
    """Make and fill an environment, with uv if that works here, else with pip; the name of the tool that did it."""
    if use_uv:
        try:
            uv = ensure(UV)[0] / "uv"
            _call([executable, "-m", "venv", "--without-pip", str(home)], 120)
            # Compiled here, a package's own syntax warnings do not come up when a test imports it first.
            fill = [str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(home)]
            _call([*fill, "--requirement", str(requirements)], 300)
            return "uv"
        except CannotMake:
            shutil.rmtree(home, ignore_errors=True)  # uv does not read pip's configuration, a mirror may stand there
    _call([executable, "-m", "venv", str(home)], 120)
    install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    install += ["--disable-pip-version-check", "--requirement", str(requirements)]
    try:
        _call(install, 600)
    except CannotMake:
        _call(install, 600)  # registries have bad moments
    return "pip"


def _texts(path: Path) -> list[str]:
    """The requirements file and all that it includes, for the hash."""
    text = path.read_text(encoding="utf-8")
    included = re.findall(r"^(?:-r|-c)\s+(\S+)", text, flags=re.MULTILINE)
    return [text, *(part for name in included for part in _texts((path.parent / name).resolve()))]


def _call(command: list[str], timeout: float) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as exc:
        raise CannotMake(f"{' '.join(command)}\nstill running after {timeout:.0f} s") from exc
    if done.returncode:
        # pip warns of every index that lacks a package; what went wrong stands in the other lines.
        lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("WARNING: Location")]
        raise CannotMake("\n".join([" ".join(command), *lines]))
