# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http.quota import Pacer, Quota, read_quota
from ansible_collections.rdsops.commvault.tests.support.fake_clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Period": "3600"}, Quota(100, 3600.0)),
        (
            {"X-RateLimit-Limit": "100", "X-RateLimit-Period": "3600", "X-RateLimit-Remaining": "7"},
            Quota(100, 3600.0, 7),
        ),
        ({"X-RateLimit-Limit": "100"}, None),
        ({"X-RateLimit-Limit": "many", "X-RateLimit-Period": "3600"}, None),
        ({"X-RateLimit-Limit": "0", "X-RateLimit-Period": "3600"}, None),
        ({"X-RateLimit-Limit": "5", "X-RateLimit-Period": "inf"}, None),
        ({}, None),
    ],
)
def test_a_quota_is_read_from_the_documented_headers(headers, quota):
    assert read_quota(headers) == quota


def test_without_a_quota_nobody_waits(clock):
    pacer = Pacer(10, clock, clock.sleep)
    assert [pacer.take_turn() for _turn in range(1000)] == [0.0] * 1000
    assert clock.slept == []


def test_a_quota_lets_its_number_out_in_each_period(clock):
    pacer = Pacer(100000, clock, clock.sleep)
    pacer.note(Quota(3, 60.0))
    times = []
    for _turn in range(7):
        assert pacer.take_turn() == 0.0
        times.append(clock.now - 1000)
    assert times == [0, 0, 0, 60, 60, 60, 120]


def test_a_hold_is_waited_out(clock):
    pacer = Pacer(100, clock, clock.sleep)
    pacer.hold(30)
    pacer.hold(10)
    assert pacer.take_turn() == 0.0
    assert clock.slept == [30]


def test_beyond_the_patience_the_wait_is_told_and_not_made(clock):
    pacer = Pacer(20, clock, clock.sleep)
    pacer.hold(30)
    assert pacer.take_turn() == 30
    assert clock.slept == []


def test_patience_counts_from_the_start_and_not_per_turn(clock):
    pacer = Pacer(50, clock, clock.sleep)
    pacer.hold(30)
    assert pacer.take_turn() == 0.0
    pacer.hold(30)
    assert pacer.take_turn() == 30
