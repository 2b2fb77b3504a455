# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import signal
import time
from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._task_timeout import deadline_of, outlive


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
    outlive(SimpleNamespace(timeout=30))
    ring()


@pytest.mark.usefixtures("_alarm")
def test_alarms_of_others_are_left_alone():
    outlive(SimpleNamespace(timeout=0))
    with pytest.raises(TimeIsOver):
        ring()
