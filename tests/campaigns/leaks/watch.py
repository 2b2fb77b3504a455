# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at the process list again and again, as anybody on the machine can."""

from __future__ import annotations

import threading
from pathlib import Path

INTERVAL = 0.1  # seconds; the shortest run of a module takes longer
_PROC = Path("/proc")


class ProcessWatch:
    """A context manager; seen has the command lines of all processes of this machine while it was open."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            for entry in _PROC.iterdir():
                if entry.name.isdigit():
                    try:
                        self.seen.add((entry / "cmdline").read_bytes().replace(b"\0", b" "))
                    except OSError:
                        continue
