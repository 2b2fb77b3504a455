# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients, instances and subclients: what a CommCell protects. All of these requests only read.

Paths are those of Commvault's SDK (github.com/Commvault/cvpysdk: services.py).
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import ErrorKind, RequestError
from .._http import fields
from .._http.fields import as_number
from .model import (
    parse_activity,
    parse_client_activity,
    parse_clients,
    parse_database_instances,
    parse_subclients,
)

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .model import Client, DatabaseInstance, Subclient

    Entity = t.TypeVar("Entity")

# How much a list of subclients tells of each; with less, cvpysdk does not find commonProperties in it.
PROPERTY_LEVEL = 20


class EstateApi:
    """What a CommCell protects. Safe to share between threads."""

    def __init__(self, commcell: CommCell) -> None:
        self._commcell = commcell

    def client_id(self, client_name: str) -> int | None:
        """The number of a client, None if there is no such client or the user may not see it. Raises RequestError.

        GET GetId answers a miss with HTTP 404 and a JSON body, or with an id of -32000
        (https://documentation.commvault.com/v11/essential/rest_api_get_id_for_client.html,
        github.com/Commvault/terraform-provider-commvault: handler/OracleHandler.go).
        """
        data = self._list("GetId", {"clientname": client_name})
        client_id = as_number(data.get("clientId")) if isinstance(data, dict) else None
        return client_id if isinstance(client_id, int) and client_id > 0 else None

    def clients(self) -> list[Client]:
        """All clients that the user may see: GET Client, one answer however many there are. Raises RequestError."""
        return self._parsed("Client", "clientProperties", parse_clients)

    def client_activity(self, client_id: int) -> bool | None:
        """Whether backup activity of a client is enabled, None if that is not told: GET Client/{id}. Raises
        RequestError.
        """
        return parse_client_activity(self._list(f"Client/{client_id}"))

    def activity(self) -> bool | None:
        """Whether backup activity of the whole CommCell is enabled, None if that is not told. Raises RequestError when
        the server cannot be reached or is out of order, but not where the endpoint is missing: most users may not see
        it, and old releases do not have it.
        """
        return parse_activity(self._if_there("V4/CommCell/ActivityControl"))

    def user_name(self) -> str | None:
        """The user of these credentials: POST WhoAmI (github.com/Commvault/cvpysdk: cvpysdk.py).

        Raises:
            RequestError: No usable answer.
        """
        return fields.text(fields.member(self._commcell.read("POST", "WhoAmI"), "user").get("userName"))

    def commcell_name(self) -> str | None:
        """The name of the CommCell: GET CommServ (github.com/Commvault/cvpysdk: commcell.py).

        Raises:
            RequestError: No usable answer.
        """
        return fields.text(fields.member(self._commcell.read("GET", "CommServ"), "commcell").get("commCellName"))

    def subclients(self, client: int | str, application_id: int | None = None) -> list[Subclient]:
        """The subclients of a client: GET Subclient.

        Some servers ignore the filter and answer with the subclients of all clients (a web tier may strip parameters of
        URLs that look dangerous to it, and old releases only know clientId); those of others are left out here.

        Args:
            client: Its number, its name or its display name.
            application_id: Only those of this application.

        Returns:
            Empty also if there is no such client or the user may not see it. backup_enabled of a subclient is None in
            releases that do not tell it in lists.

        Raises:
            RequestError: They cannot be read.
        """
        params: dict[str, t.Any] = {"clientId" if isinstance(client, int) else "clientName": client}
        if application_id is not None:
            params["applicationId"] = application_id
        params["propertyLevel"] = PROPERTY_LEVEL
        return [
            one
            for one in self._parsed("Subclient", "subClientProperties", parse_subclients, params)
            if application_id in (None, one.application_id) and _is_of(one, client)
        ]

    def subclients_of(self, client: int | str, application_id: int | None = None) -> list[Subclient] | None:
        """As subclients, but None if the user sees no client of that name. A client that is given by number exists."""
        found = self.subclients(client, application_id)
        if found or isinstance(client, int):
            return found
        client_id = self.client_id(client)
        # By its number once more: not every release may take names here.
        return None if client_id is None else self.subclients(client_id, application_id)

    def subclient(self, subclient_id: int) -> Subclient | None:
        """One subclient with its activity and storage policy, None if it is not visible: GET Subclient/{id}. Raises
        RequestError.
        """
        found = parse_subclients(self._list(f"Subclient/{subclient_id}"))
        return found[0] if found else None

    def database_instances(self, *, required: bool = False) -> list[DatabaseInstance]:
        """The database instances of all clients: GET V4/Instances, one answer however many there are.

        Empty if there are none, but also where the release does not have this list or does not give it to this user.

        Args:
            required: Whether nothing else tells what there is, so that it is an error if this user does not get it.

        Raises:
            RequestError: The server cannot be reached or is out of order.
        """
        found = self._if_there("V4/Instances", required=required)
        return parse_database_instances(found, self._commcell.transport.redactor.clean)

    def _parsed(
        self,
        path: str,
        key: str,
        parse: t.Callable[[t.Any], list[Entity]],
        params: t.Mapping[str, t.Any] | None = None,
    ) -> list[Entity]:
        """The members of a list. Raises RequestError also for what is no such list: it is not empty."""
        data = self._list(path, params)
        found = parse(data)
        if not fields.is_list(data, key) or (not found and any(fields.rows(data, key))):
            url = self._commcell.transport.url(path)
            msg = f"The list that Commvault sent is in a shape that is not known. (GET {url})"
            raise RequestError(msg, ErrorKind.BAD_REPLY, method="GET", url=url)
        return found

    def _list(self, path: str, params: t.Mapping[str, t.Any] | None = None) -> t.Any:
        """The JSON of an answer; None for a 404 of the API, by which some endpoints say that a list is empty.

        A web page as 404 is no answer of the API but that of a wrong base URL, and so an error.
        """
        reply = self._commcell.call("GET", path, changes=False, needs_body=True, params=params)
        if reply.status == 404 and reply.shape in ("object", "array"):
            return None
        self._commcell.check(reply, "GET", path, changes=False)
        return reply.data

    def _if_there(self, path: str, *, required: bool = False) -> t.Any:
        """The JSON of an answer, None where the endpoint does not exist for this release or, unless required, user."""
        try:
            return self._list(path)
        except RequestError as error:
            # A release, or a token for other endpoints only, can answer with a web page, too. Where that stands for
            # maintenance, it is on every URL, and the next reading finds that out.
            no_answer = not error.kind.says_no and error.kind is not ErrorKind.BAD_REPLY
            if no_answer or (required and error.kind.denies_access):
                raise
            return None


def _is_of(subclient: Subclient, client: int | str) -> bool:
    if isinstance(client, int):
        return subclient.client_id == client
    return subclient.is_of(client)
