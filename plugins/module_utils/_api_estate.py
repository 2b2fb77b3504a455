# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Clients, instances and subclients: what a CommCell protects."""

from __future__ import annotations

import typing as t

from ._envelopes import as_number

if t.TYPE_CHECKING:
    from ._api import CommCell


class EstateApi:
    """What a CommCell protects."""

    def __init__(self, commcell: CommCell) -> None:
        self._commcell = commcell

    def client_id(self, client_name: str) -> int | None:
        """The number of a client, None if there is no such client or the user may not see it. Raises RequestError.

        GET GetId answers a miss with HTTP 404 and a JSON body, or with an id of -32000
        (https://documentation.commvault.com/v11/essential/rest_api_get_id_for_client.html,
        github.com/Commvault/terraform-provider-commvault: handler/OracleHandler.go).
        """
        reply = self._commcell.call("GET", "GetId", changes=False, params={"clientname": client_name})
        if reply.status == 404:
            return None
        self._commcell.check(reply, "GET", "GetId", changes=False)
        client_id = as_number(reply.data.get("clientId")) if isinstance(reply.data, dict) else None
        return client_id if isinstance(client_id, int) and client_id > 0 else None
