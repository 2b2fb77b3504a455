# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of the worker that a task runs in: it can lose the Ansible that started it, and its time can run out.

Where Ansible is killed, as ansible-runner does when a job is cancelled, its workers go on with their tasks: since
ansible-core 2.19 they have a session of their own, which a signal to the group of Ansible's processes does not reach,
as seen with SIGKILL and SIGHUP.

The keyword timeout is Ansible's own limit for a task. When it expires, an alarm stops whatever the task is at, and
Ansible shows nothing of what the task has done, while requests that were sent go on. So what starts backups or waits
for jobs ends by itself then, with a result.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import typing as t

if t.TYPE_CHECKING:
    from ansible.playbook.task import Task


def parent_has_died() -> bool:
    """Whether this process is a worker whose Ansible has ended."""
    parent = multiprocessing.parent_process()
    return parent is not None and os.getppid() != parent.pid


def exit_if_parent_died() -> None:
    """End this process if nobody is left to take its result: to hand on a large one would block for ever."""
    if parent_has_died():
        os._exit(1)


def deadline_of(task: Task) -> float | None:
    """When the time of a task that begins now is over, as of time.monotonic; None if it has no limit."""
    return time.monotonic() + task.timeout if task.timeout else None


def ignore_task_timeout(task: Task) -> None:
    """Let the work of a task go on to its result when its time is over. The caller must see to it that it ends.

    It holds until the task ends: Ansible sets its alarm anew for each task and each member of a loop, as seen in
    ansible-core 2.16 to 2.21 (executor/task_executor.py, _internal/_errors/_alarm_timeout.py).
    """
    if task.timeout:
        # Not SIG_IGN, which the processes that the task starts would inherit.
        signal.signal(signal.SIGALRM, lambda _number, _frame: None)
