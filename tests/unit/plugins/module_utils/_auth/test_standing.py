# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.standing import (
    STATUS_TTL,
    CredentialCheck,
    CredentialStatus,
    Step,
    step_after_denial,
)
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime

ACCEPTED, REJECTED, UNKNOWN = CredentialStatus


class Server:
    """Answers as it is told to, and counts."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def __call__(self, headers):
        self.asked.append(dict(headers))
        return self.answer


def test_a_good_answer_holds_for_a_while_and_is_asked_for_again_after_it():
    server, clock = Server(ACCEPTED), FakeRuntime()
    check = CredentialCheck(server, clock.now)
    assert not check.recently_accepted({"a": "1"})
    assert check.status({"a": "1"}) is ACCEPTED
    assert check.recently_accepted({"a": "1"})
    clock.time += STATUS_TTL
    assert not check.recently_accepted({"a": "1"})
    assert check.status({"a": "1"}) is ACCEPTED
    assert len(server.asked) == 2


@pytest.mark.parametrize("answer", [REJECTED, UNKNOWN])
def test_what_is_dead_or_not_told_is_asked_about_once(answer):
    server, clock = Server(answer), FakeRuntime()
    check = CredentialCheck(server, clock.now)
    for _time in range(3):
        assert check.status({"a": "1"}) is answer
        assert not check.recently_accepted({"a": "1"})
        clock.time += 10 * STATUS_TTL
    assert len(server.asked) == 1


def test_other_credentials_are_another_question():
    server = Server(REJECTED)
    check = CredentialCheck(server, FakeRuntime().now)
    check.status({"a": "1"})
    server.answer = ACCEPTED
    assert not check.recently_accepted({"a": "2"})
    assert check.status({"a": "2"}) is ACCEPTED


def test_many_threads_ask_once():
    release = threading.Event()
    asked = []

    def slow(headers):
        asked.append(headers)
        release.wait(10)
        return ACCEPTED

    check = CredentialCheck(slow)
    threads = [threading.Thread(target=check.status, args=({"a": "1"},)) for _number in range(8)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(asked) == 1


def test_a_question_that_failed_is_asked_again():
    asked = []

    def broken(headers):
        asked.append(headers)
        raise ZeroDivisionError

    check = CredentialCheck(broken)
    for _time in range(2):
        with pytest.raises(ZeroDivisionError):
            check.status({"a": "1"})
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("status", "fresh", "may_have_been_executed", "step"),
    [
        (ACCEPTED, False, False, Step.REPEAT),
        (ACCEPTED, True, False, Step.REPEAT),
        (ACCEPTED, False, True, Step.TRUST),
        (ACCEPTED, True, True, Step.TRUST),
        (REJECTED, False, False, Step.RENEW),
        (REJECTED, False, True, Step.RENEW),
        (REJECTED, True, False, Step.TRUST),
        (REJECTED, True, True, Step.TRUST),
        (UNKNOWN, False, False, Step.RENEW),
        (UNKNOWN, False, True, Step.STOP),
        (UNKNOWN, True, False, Step.TRUST),
        (UNKNOWN, True, True, Step.TRUST),
    ],
)
def test_what_follows_a_denial(status, fresh, may_have_been_executed, step):
    assert step_after_denial(status, fresh=fresh, may_have_been_executed=may_have_been_executed) is step
