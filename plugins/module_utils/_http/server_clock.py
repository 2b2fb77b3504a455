# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock of the server, so that "since" can be said in its time and not in that of this machine."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

# The header Date has whole seconds, and an answer takes a moment to arrive.
TOLERANCE = 5.0  # seconds


class ServerClock:
    """Learns from the header Date of each answer how far the server's clock is from this machine's. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset: float | None = None

    def note(self, date: str | None, now: float) -> None:
        """Take in an answer. date: its header Date. now: this machine's time when it arrived, in epoch seconds."""
        if not date:
            return
        try:
            seen = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        with self._lock:
            self._offset = seen - now

    @property
    def known(self) -> bool:
        """Whether any answer told the server's time."""
        with self._lock:
            return self._offset is not None

    def at(self, local: float) -> float:
        """The server's time (epoch seconds) at a local time; the local time itself while the server's is not known."""
        with self._lock:
            return local + (self._offset or 0.0)
