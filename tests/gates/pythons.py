# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine that can make a virtual environment."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

CONTROLLER_VERSIONS = ("3.10", "3.11", "3.12", "3.13")
TARGET_VERSIONS = ("3.8", "3.9", *CONTROLLER_VERSIONS)

_PROBE = """
import ensurepip, sys, venv
print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', sys.executable))
"""


def pyenv_bins() -> list[Path]:
    """Directories of the Pythons that pyenv holds; its shims are no use, an inactive one only says so and fails."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return sorted(root.glob("versions/*/bin"), reverse=True)


def path_without_shims() -> list[str]:
    """The directories of PATH, with the real Pythons of pyenv in place of its shims."""
    inherited = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part]
    return [str(path) for path in pyenv_bins()] + [part for part in inherited if Path(part).name != "shims"]


@functools.cache
def find() -> dict[str, str]:
    """Map each supported Python version ("3.11") to the path of an interpreter that can make environments."""
    search = os.pathsep.join(path_without_shims())
    candidates = [sys.executable]
    candidates += [path for version in TARGET_VERSIONS if (path := shutil.which(f"python{version}", path=search))]
    found: dict[str, str] = {}
    for candidate in candidates:
        try:
            probe = subprocess.run(
                [candidate, "-I", "-c", _PROBE],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError):
            continue  # no such Python after all, or one without venv (Debian's python3 without python3-venv)
        version, _space, executable = probe.stdout.strip().partition(" ")
        if version in TARGET_VERSIONS:
            found.setdefault(version, executable)
    return found


def first(versions: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of the wished versions that is here, as (version, path), or None."""
    return next(((version, find()[version]) for version in versions if version in find()), None)
