# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes, one module per topic. Each has a table ``ROUTES`` of :class:`Route`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ..commserve import Call, CommServe
from ..replies import Reply

Handler = Callable[[CommServe, Call], Reply]


@dataclasses.dataclass(frozen=True)
class Route:
    """One operation: ``path`` is lower case below the base URL, with ``{name}`` for variable parts.

    ``kind`` is ``read``, ``write`` or ``session``: what the call changes, whatever its method is.
    """

    method: str
    path: str
    kind: str
    handler: Handler
    auth: bool = True
