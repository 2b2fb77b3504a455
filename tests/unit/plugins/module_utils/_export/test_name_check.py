# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops the look for a wrong name; test_export has what it finds."""

from __future__ import annotations

import types

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export import name_check
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import backup_from_error
from ansible_collections.rdsops.commvault.plugins.module_utils._export.name_check import NameCheck
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.plugins.module_utils._http.reply import read_reply
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import Runtime


class StandingClock(Runtime):
    """The time is 1000 until a read takes some."""

    def __init__(self):
        self.time = 1000.0

    def monotonic(self):
        return self.time


class FakeCommCell:
    """Knows no client. calls: paths and limits of what was read. seconds: that a read takes."""

    def __init__(self, clock, seconds=0.0, away=False):
        self.transport = types.SimpleNamespace(timeout=60.0)
        self.outage = types.SimpleNamespace(last_error=RequestError("away", "server") if away else None)
        self.calls = []
        self._clock, self._seconds = clock, seconds

    def call(self, method, path, *, changes, repeat, timeout, within, **kwargs):
        assert (method, changes, repeat) == ("GET", False, False)
        self.calls.append((path, timeout, within))
        self._clock.time += self._seconds
        known = path != "GetId"
        return read_reply(200 if known else 404, {}, b"{}" if known else b'{"clientId": -32000}')

    def check(self, reply, method, path, *, changes):
        assert reply.status == 200


def refused(*clients, **more):
    error = RequestError("no eligible subclients", "refused", code=587207178, **more)
    return [backup_from_error(Instance(client, "orders", id=client), error, sent_at=1.0) for client in clients]


def explained(backups):
    return ["there is no client" in backup.msg.lower() for backup in backups]


def look(backups, deadline=None, stop=False, **commcell):
    clock = StandingClock()
    cell = FakeCommCell(clock, **commcell)
    NameCheck(cell, 1, clock, deadline, lambda: stop).explain(backups)
    return cell.calls


def test_a_wrong_client_takes_three_reads():
    backups = refused("aws-prd")
    calls = look(backups)
    assert [path for path, _timeout, _within in calls] == ["Subclient", "GetId", "Client"]
    assert explained(backups) == [True]


@pytest.mark.parametrize("how", [{"deadline": 1000.0}, {"stop": True}, {"away": True}])
def test_nothing_is_read_where_the_time_is_over_nobody_listens_or_the_commcell_is_away(how):
    backups = refused("aws-prd")
    assert look(backups, **how) == []
    assert explained(backups) == [False]
    assert "An eligible subclient is one" in backups[0].msg


def test_a_read_takes_no_longer_than_there_is_time_and_none_follows():
    backups = refused("aws-prd", "aws-prd2")
    assert look(backups, deadline=1005.0, seconds=6.0) == [("Subclient", 5.0, 5.0)]
    assert explained(backups) == [False, False]
    assert look(backups, seconds=name_check.MAX_SECONDS) == [("Subclient", name_check.MAX_SECONDS, 30.0)]


def test_never_more_is_read_than_the_limit(monkeypatch):
    monkeypatch.setattr(name_check, "MAX_READS", 4)
    backups = refused("a", "b", "c")
    assert len(look(backups)) == 4
    # Of the second its number was read, and then there was no more for a list of names.
    assert explained(backups) == [True, True, False]


def test_what_has_another_cause_is_not_looked_at():
    backups = [
        backup_from_error(Instance("b", "orders"), RequestError("no", "permission"), sent_at=1.0),
        backup_from_error(Instance("c", "orders"), RequestError("no", "connection"), sent_at=1.0),
        backup_from_error(Instance("d", "orders"), RequestError("lost", "timeout", maybe_ran=True), sent_at=1.0),
        backup_from_error(Instance("e", "orders"), RequestError("busy", "already_running"), sent_at=1.0),
    ]
    assert look(backups) == []
