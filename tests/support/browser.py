# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium: where it is, and how it looks at a page. Needs nothing but Python."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium"  # of Debian
SECONDS = 150
# It looks at files of this machine only, and must not talk to anybody.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class CannotLook(Exception):
    """The browser is there, but could not do its work."""


def find() -> str | None:
    """The browser of this machine, None if there is none."""
    return next(filter(None, map(shutil.which, COMMANDS)), None)


def look(browser: str, page: Path, scratch: Path, window: tuple[int, int], *flags: str) -> str:
    """What the browser prints about a page.

    scratch: a directory for its profile. window: width and height in pixels. Raises CannotLook.
    """
    size = "--window-size={},{}".format(*window)
    command = [browser, *FLAGS, f"--user-data-dir={scratch / 'profile'}", size, *flags, page.as_uri()]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "HOME": str(scratch)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise CannotLook(f"{browser} was not ready after {SECONDS} s") from exc
    if done.returncode:
        raise CannotLook(f"{browser} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
