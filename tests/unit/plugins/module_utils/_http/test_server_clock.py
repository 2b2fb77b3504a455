# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http.server_clock import ServerClock

NEW_YEAR = 1767225600.0  # 2026-01-01T00:00:00Z


def test_local_times_are_told_in_server_time():
    clock = ServerClock()
    clock.note("Thu, 01 Jan 2026 00:00:00 GMT", NEW_YEAR - 3600)
    assert clock.at(NEW_YEAR - 3600 + 10) == NEW_YEAR + 10


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2026 00:00:00 GMT"])
def test_without_a_usable_date_the_local_time_counts(date):
    clock = ServerClock()
    clock.note(date, NEW_YEAR)
    assert not clock.known
    assert clock.at(NEW_YEAR) == NEW_YEAR


def test_the_last_answer_counts():
    clock = ServerClock()
    clock.note("Thu, 01 Jan 2026 00:00:00 GMT", NEW_YEAR)
    clock.note("Thu, 01 Jan 2026 00:00:30 GMT", NEW_YEAR)
    assert clock.at(NEW_YEAR) == NEW_YEAR + 30
