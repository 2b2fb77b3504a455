# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at the process list again and again, as anybody on the machine can."""

from __future__ import annotations

import os
import threading

INTERVAL = 0.1  # seconds; the shortest run of a module takes longer


class ProcessWatch:
    """A context manager; seen has the command lines of all processes that were started while it was open."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._before = _processes()
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
            there = _processes()
            self._before &= there  # a number may come again
            for number in there - self._before:
                try:
                    with open(f"/proc/{number}/cmdline", "rb", buffering=0) as stream:
                        self.seen.add(stream.read().replace(b"\0", b" "))
                except OSError:
                    continue


def _processes() -> set[str]:
    """The numbers of all processes of this machine, as texts."""
    return {name for name in os.listdir("/proc") if name.isdigit()}
