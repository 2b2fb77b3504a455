# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Ansible's own limit for a task, its keyword timeout. When that is over, Ansible stops whatever the task is at by an
alarm and shows nothing of what it has done, while requests that were sent go on. So what starts backups or follows jobs
ends by itself then, with a result.
"""

from __future__ import annotations

import signal
import time
import typing as t

if t.TYPE_CHECKING:
    from ansible.playbook.task import Task


def deadline_of(task: Task) -> float | None:
    """When the time of a task that begins now is over, as of time.monotonic; None if it has no limit."""
    return time.monotonic() + task.timeout if task.timeout else None


def outlive(task: Task) -> None:
    """Let the work of a task go on to its result when the time is over. What calls this sees to it that it ends.

    It holds until the task ends: Ansible sets its alarm anew for each task and each member of a loop, as seen in
    ansible-core 2.16 to 2.21 (executor/task_executor.py, _internal/_errors/_alarm_timeout.py).
    """
    if task.timeout:
        # Not SIG_IGN, which the processes that the task starts would inherit.
        signal.signal(signal.SIGALRM, lambda _number, _frame: None)
