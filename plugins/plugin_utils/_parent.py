# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Whether anybody is left to hear of a task's result. Where Ansible is killed, as ansible-runner does when a job is
cancelled, its workers go on with their tasks: since ansible-core 2.19 they have a session of their own, which a signal
to the group of Ansible's processes does not reach, as seen with SIGKILL and SIGHUP.
"""

from __future__ import annotations

import multiprocessing
import os


def is_orphan() -> bool:
    """Whether this process is a worker whose Ansible has ended."""
    parent = multiprocessing.parent_process()
    return parent is not None and os.getppid() != parent.pid


def leave_if_orphan() -> None:
    """End this process if nobody is left to take its result: to hand on a large one would block for ever."""
    if is_orphan():
        os._exit(1)
