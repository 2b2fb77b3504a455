# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import GIVE_UP_AFTER, read_each


def failing(kind):
    asked = []

    def read(item):
        asked.append(item)
        raise CommvaultError(f"{item} failed", kind)

    return read, asked


@pytest.mark.parametrize("concurrency", [1, 3])
def test_answers_come_in_the_order_of_the_items(concurrency):
    assert read_each([3, 1, 2], lambda item: item * 10, concurrency) == [30, 10, 20]


def test_no_items_need_no_reads():
    assert read_each([], lambda item: item, 4) == []


def test_as_many_reads_as_allowed_are_under_way_at_once():
    together = threading.Barrier(3, timeout=20)
    assert len(read_each([1, 2, 3], lambda _item: together.wait(), 3)) == 3


def test_what_cannot_be_read_keeps_nothing_else_from_being_read():
    def read(item):
        if item % 2:
            raise CommvaultError("hidden", "permission")
        return item

    answers = read_each(list(range(20)), read, 1)
    assert [answer for answer in answers if not isinstance(answer, CommvaultError)] == list(range(0, 20, 2))
    assert [answer.kind for answer in answers if isinstance(answer, CommvaultError)] == ["permission"] * 10


def test_a_server_out_of_reach_is_not_asked_for_everything():
    read, asked = failing("connection")
    answers = read_each(list(range(100)), read, 1)
    assert asked == list(range(GIVE_UP_AFTER))
    assert {str(answer) for answer in answers[GIVE_UP_AFTER:]} == {f"{GIVE_UP_AFTER - 1} failed"}


def test_many_hidden_objects_do_not_mean_that_the_server_is_out_of_reach():
    read, asked = failing("permission")
    assert len(read_each(list(range(100)), read, 1)) == 100
    assert len(asked) == 100


def test_a_good_answer_in_between_shows_that_the_server_is_there():
    asked = []

    def read(item):
        asked.append(item)
        if item % 3:
            raise CommvaultError("slow", "timeout")
        return item

    read_each(list(range(30)), read, 1)
    assert len(asked) == 30


def test_a_fault_of_the_collection_is_not_taken_for_an_answer():
    def read(_item):
        raise KeyError("oops")

    with pytest.raises(KeyError):
        read_each([1, 2], read, 2)
