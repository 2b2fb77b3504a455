# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http.quota import (
    Quota,
    RateLimiter,
    read_quota,
    retry_after,
)
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime


@pytest.fixture
def clock():
    return FakeRuntime()


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
        ({"X-RateLimit-Limit": "0.5", "X-RateLimit-Period": "3600"}, None),
        ({"X-RateLimit-Limit": "5", "X-RateLimit-Period": "inf"}, None),
        ({}, None),
    ],
)
def test_a_quota_is_read_from_the_documented_headers(headers, quota):
    assert read_quota(headers) == quota


def test_without_a_quota_nobody_waits(clock):
    limiter = RateLimiter(10, clock)
    assert [limiter.acquire() for _turn in range(1000)] == [0.0] * 1000
    assert clock.slept == []


def test_a_quota_lets_its_number_out_in_each_period(clock):
    limiter = RateLimiter(100000, clock)
    limiter.note(Quota(3, 60.0))
    times = []
    for _turn in range(7):
        assert limiter.acquire() == 0.0
        times.append(clock.time - 1000)
    assert times == [0, 0, 0, 60, 60, 60, 120]


def test_a_hold_is_waited_out(clock):
    limiter = RateLimiter(100, clock)
    limiter.pause(30)
    limiter.pause(10)
    assert limiter.acquire() == 0.0
    assert clock.slept == [30]


def test_beyond_the_patience_the_wait_is_told_and_not_made(clock):
    limiter = RateLimiter(20, clock)
    limiter.pause(30)
    assert limiter.acquire() == 30
    assert clock.slept == []


def test_patience_counts_from_the_start_and_not_per_turn(clock):
    limiter = RateLimiter(50, clock)
    limiter.pause(30)
    assert limiter.acquire() == 0.0
    limiter.pause(30)
    assert limiter.acquire() == 30


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("0.5", 0.5),
        ("1m0s", 60),
        ("1h2m3s", 3723),
        ("250ms", 0.25),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_read_in_every_form_that_is_sent(status, value, seconds):
    assert retry_after(status, {"Retry-After": value}) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf", "1m0", "99 bottles"])
@pytest.mark.parametrize("status", [429, 503])
def test_what_retry_after_does_not_say_is_not_made_up(status, value):
    assert retry_after(status, {"Retry-After": value}) is None


@pytest.mark.parametrize("told", [None, 0.0, 0.001])
def test_a_limit_that_says_nothing_is_waited_for_longer_and_longer(told):
    clock = FakeRuntime()
    limiter = RateLimiter(10000, clock)
    for _time in range(8):
        limiter.pause(told)
        assert limiter.acquire() == 0
    assert clock.slept == [1, 2, 4, 8, 16, 32, 60, 60]
    limiter.note(None)
    limiter.pause(told)
    assert limiter.acquire() == 0
    assert clock.slept[-1] == 1


@pytest.mark.parametrize(
    "told",
    [
        {"Retry-After": "Thu, 01 Jan 2026 00:00:07 GMT"},
        {"Retry-After": "1767225607"},
        {"X-RateLimit-Reset": "1767225607", "X-RateLimit-Period": "3600"},
    ],
)
def test_a_time_is_one_of_the_servers_clock(told):
    assert retry_after(429, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", **told}) == 7


def test_what_is_left_of_a_window_counts_before_the_whole_of_it():
    assert retry_after(429, {"X-RateLimit-Period": "3600"}) == 3600
    assert retry_after(429, {"X-RateLimit-Period": "3600", "X-RateLimit-Reset": "12"}) == 12
    assert retry_after(429, {"X-RateLimit-Period": "3600", "X-RateLimit-Reset": "12", "Retry-After": "3"}) == 3
    # As a time in epoch seconds.
    assert retry_after(429, {"X-RateLimit-Reset": "1767225600"}) == 0
    now = time.time()
    for header in ("X-RateLimit-Reset", "Retry-After"):
        for told in (f"{now + 9:.0f}", f"{now + 9:.0f}000"):
            assert 5 < retry_after(429, {header: told}) < 10
        assert retry_after(429, {header: "1e300"}) is None
    assert retry_after(429, {"X-RateLimit-Period": "1e300"}) is None
    assert read_quota({"X-RateLimit-Limit": "5", "X-RateLimit-Period": "1e300"}) is None
