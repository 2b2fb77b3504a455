# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.standing import TRUST, Standing
from ansible_collections.rdsops.commvault.tests.support.fake_clock import FakeClock


class Server:
    """Answers as it is told to, and counts."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def __call__(self, headers):
        self.asked.append(dict(headers))
        return self.answer


def test_a_good_answer_holds_for_a_while_and_is_asked_for_again_after_it():
    server, clock = Server(True), FakeClock()
    standing = Standing(server, clock)
    assert not standing.vouches({"a": "1"})
    assert standing.ask({"a": "1"}) is True
    assert standing.vouches({"a": "1"})
    clock.now += TRUST
    assert not standing.vouches({"a": "1"})
    assert standing.ask({"a": "1"}) is True
    assert len(server.asked) == 2


@pytest.mark.parametrize("answer", [False, None])
def test_what_is_dead_or_not_told_is_asked_about_once(answer):
    server, clock = Server(answer), FakeClock()
    standing = Standing(server, clock)
    for _time in range(3):
        assert standing.ask({"a": "1"}) is answer
        assert not standing.vouches({"a": "1"})
        clock.now += 10 * TRUST
    assert len(server.asked) == 1


def test_other_credentials_are_another_question():
    server = Server(False)
    standing = Standing(server, FakeClock())
    standing.ask({"a": "1"})
    server.answer = True
    assert not standing.vouches({"a": "2"})
    assert standing.ask({"a": "2"}) is True


def test_many_threads_ask_once():
    release = threading.Event()
    asked = []

    def slow(headers):
        asked.append(headers)
        release.wait(10)
        return True

    standing = Standing(slow)
    threads = [threading.Thread(target=standing.ask, args=({"a": "1"},)) for _number in range(8)]
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

    standing = Standing(broken)
    for _time in range(2):
        with pytest.raises(ZeroDivisionError):
            standing.ask({"a": "1"})
    assert len(asked) == 2
