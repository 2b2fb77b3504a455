# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the tree for the tools, and the tarball."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .layout import INSIDE, ROOT, WORK


def files(*, untracked: bool) -> list[str]:
    """Paths that git tracks, with ``untracked`` also those that it would offer to add; deleted ones are left out."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached"]
    if untracked:
        command += ["--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split("\0")
    return sorted({path for path in listed if path and os.path.lexists(ROOT / path)})


def untracked() -> list[str]:
    """What git would offer to add."""
    return sorted(set(files(untracked=True)) - set(files(untracked=False)))


def linked() -> Path:
    """A directory for PYTHONPATH in which this tree is importable as the collection, wherever it is cloned."""
    link = WORK / "path" / "ansible_collections" / "rdsops" / "commvault"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)
    return WORK / "path"


def copy(into: Path, *, untracked: bool = True) -> Path:
    """Copy the files of the project to ``into``/collections/ansible_collections/rdsops/commvault; the path of that."""
    tree = into / INSIDE
    for path in files(untracked=untracked):
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target, follow_symlinks=False)
    return tree
