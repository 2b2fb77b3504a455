# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import multiprocessing
import signal
import time
from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils import _worker
from ansible_collections.rdsops.commvault.plugins.plugin_utils._worker import deadline_of, ignore_task_timeout


class TimeIsOver(BaseException):
    """What Ansible's alarm raises."""


@pytest.fixture
def _alarm():
    """An alarm as Ansible sets it."""

    def on_alarm(_signal, _frame):
        raise TimeIsOver

    before = signal.signal(signal.SIGALRM, on_alarm)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def ring():
    """Let the alarm go off, and be there when it does."""
    signal.raise_signal(signal.SIGALRM)


def test_a_task_without_a_limit_has_no_deadline():
    assert deadline_of(SimpleNamespace(timeout=0)) is None
    assert deadline_of(SimpleNamespace(timeout=30)) == pytest.approx(time.monotonic() + 30, abs=5)


@pytest.mark.usefixtures("_alarm")
def test_the_alarm_of_a_task_does_not_end_what_outlives_it():
    with pytest.raises(TimeIsOver):
        ring()
    ignore_task_timeout(SimpleNamespace(timeout=30))
    ring()


@pytest.mark.usefixtures("_alarm")
def test_alarms_of_others_are_left_alone():
    ignore_task_timeout(SimpleNamespace(timeout=0))
    with pytest.raises(TimeIsOver):
        ring()


def lose_the_parent():
    _worker.os.getppid = lambda: 1


def tell(results):
    """In a worker."""
    results.put(_worker.parent_has_died())
    lose_the_parent()
    results.put(_worker.parent_has_died())


def leave():
    """In a worker."""
    _worker.exit_if_parent_died()
    lose_the_parent()
    _worker.exit_if_parent_died()


def test_a_process_that_is_no_worker_is_no_orphan():
    assert _worker.parent_has_died() is False
    _worker.exit_if_parent_died()


def test_a_worker_is_one_if_its_parent_is_another_process_than_the_one_that_made_it():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    worker = context.Process(target=tell, args=(results,))
    worker.start()
    assert [results.get(timeout=30), results.get(timeout=30)] == [False, True]
    worker.join(30)


def test_an_orphan_leaves_without_handing_on_anything():
    worker = multiprocessing.get_context("fork").Process(target=leave)
    worker.start()
    worker.join(30)
    assert worker.exitcode == 1
