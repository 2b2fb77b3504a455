# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""uvicorn's HTTP protocol, with the connection made known to the application."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_numbers = itertools.count(1)


class Protocol(HttpToolsProtocol):
    """Numbers the connections, and hands the transport to the application so that it can break them."""

    simulator_number = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Number the connection."""
        self.simulator_number = next(_numbers)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        """Put number and transport into the scope of the request."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["simulator.connection"] = self.simulator_number
        scope["simulator.transport"] = self.transport
