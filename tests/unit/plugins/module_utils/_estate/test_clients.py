# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.clients import MAX_LOOKUPS, ClientDirectory
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.model import Client
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import GIVE_UP_AFTER


class FakeEstate:
    """Clients; calls: what was read. errors: by call, what reading that raises."""

    def __init__(self, clients, errors=None, unlisted=()):
        self._clients, self._errors, self._unlisted = clients, errors or {}, unlisted
        self.calls = []

    def _call(self, *call):
        self.calls.append(call)
        for key in (call[0], call):
            if key in self._errors:
                raise self._errors[key]

    def client_id(self, name):
        self._call("client_id", name)
        return self._clients.get(name)

    def clients(self):
        self._call("clients")
        shown = {name: number for name, number in self._clients.items() if name not in self._unlisted}
        return [Client(number, name.upper(), name) for name, number in shown.items()]

    def subclients_of(self, name):
        self._call("subclients_of", name)
        return [] if name in self._clients else None


def many(count):
    return {f"c{number}": number + 1 for number in range(count)}


def directory(estate):
    return ClientDirectory(estate, concurrency=1)


def test_numbers_are_read_once_whatever_the_case_of_the_name():
    estate = FakeEstate(many(3))
    clients = directory(estate)
    clients.remember_id("C2", 3)
    assert clients.ids(["c0", "C0", "c1", "c2", "no-such"]) == {"c0": 1, "c1": 2, "c2": 3, "no-such": None}
    assert clients.ids(["C1"]) == {"c1": 2}
    clients.remember_id("r&amp;d cafe\u0301", 9)
    assert clients.ids(["R&D Caf\u00e9"]) == {"r&d caf\u00e9": 9}
    assert estate.calls == [("client_id", "c0"), ("client_id", "c1"), ("client_id", "no-such")]


def test_of_many_clients_the_numbers_are_one_listing():
    estate = FakeEstate(many(MAX_LOOKUPS + 1), unlisted=("c3",))
    assert directory(estate).ids(many(MAX_LOOKUPS + 1)) == many(MAX_LOOKUPS + 1)
    assert estate.calls == [("clients",), ("client_id", "c3")]


def test_where_the_clients_cannot_be_listed_each_is_asked_for():
    estate = FakeEstate(many(MAX_LOOKUPS + 1), {"clients": CommvaultError("Hidden.", "permission")})
    assert directory(estate).ids(many(MAX_LOOKUPS + 1)) == many(MAX_LOOKUPS + 1)
    assert [call[0] for call in estate.calls] == ["clients", *["client_id"] * (MAX_LOOKUPS + 1)]


@pytest.mark.parametrize(("count", "calls"), [(MAX_LOOKUPS + 1, 1), (MAX_LOOKUPS, GIVE_UP_AFTER)])
def test_a_server_out_of_reach_is_not_asked_for_each_client(count, calls):
    error = CommvaultError("It is down.", "connection")
    estate = FakeEstate(many(count), {"clients": error, "client_id": error})
    assert directory(estate).ids(many(count)) == dict.fromkeys(many(count), error)
    assert len(estate.calls) == calls


def test_one_client_that_cannot_be_read_does_not_hide_the_others():
    error = CommvaultError("Hidden.", "permission")
    estate = FakeEstate(many(2), {("client_id", "c0"): error})
    assert directory(estate).ids(["c0", "c1"]) == {"c0": error, "c1": 2}


def test_the_list_of_clients_is_read_once_and_so_is_its_error():
    estate = FakeEstate(many(2))
    clients = directory(estate)
    assert clients.all() == clients.known()
    assert estate.calls == [("clients",)]
    error = CommvaultError("No.", "server")
    clients = directory(FakeEstate({}, {"clients": error}))
    assert clients.known() == []
    with pytest.raises(CommvaultError, match="No"):
        clients.all()


def test_the_subclients_of_a_client_are_read_once():
    estate = FakeEstate(many(1), {("subclients_of", "c9"): CommvaultError("No.", "server")})
    clients = directory(estate)
    assert (clients.subclients("c0"), clients.subclients("C0"), clients.subclients("no-such")) == ([], [], None)
    for _again in range(2):
        with pytest.raises(CommvaultError, match="No"):
            clients.subclients("c9")
    assert [call[1] for call in estate.calls] == ["c0", "no-such", "c9"]
