# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the system that a gate needs: found, or installed by root where there is Debian's apt-get."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..support import browser

SECONDS = 300  # for each step of apt-get


class CannotInstall(Exception):
    """Why a program is not here, for people."""


@dataclass(frozen=True)
class Program:
    """find: where it is, None if it is not here. package: of Debian."""

    package: str
    find: Callable[[], str | None]


PROGRAMS: Mapping[str, Program] = {"chromium": Program(browser.PACKAGE, browser.find)}


def ensure(program: Program) -> str:
    """Have a program here; a word on where it came from. Raises CannotInstall."""
    if path := program.find():
        return f"{path}, there already"
    wish = f"there is no {program.package} here (Debian: package {program.package})"
    apt_get = shutil.which("apt-get")
    if not apt_get or os.geteuid() != 0:
        raise CannotInstall(f"{wish}; only root can have it installed, by apt-get")
    for step in (("update",), ("install", "--yes", "--no-install-recommends", program.package)):
        try:
            subprocess.run(
                [apt_get, "--quiet", *step],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired as exc:
            raise CannotInstall(f"{wish}; apt-get {step[0]} took longer than {SECONDS} s") from exc
        except subprocess.CalledProcessError as exc:
            last = (exc.stdout.strip().splitlines() or ["it said nothing"])[-1]
            raise CannotInstall(f"{wish}; apt-get {step[0]} failed: {last}") from exc
    if path := program.find():
        return f"{path}, installed by apt-get"
    raise CannotInstall(f"{wish}; apt-get installed it somewhere else")
