# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import multiprocessing

from ansible_collections.rdsops.commvault.plugins.plugin_utils import _parent


def lose_the_parent():
    _parent.os.getppid = lambda: 1


def tell(results):
    """In a worker."""
    results.put(_parent.is_orphan())
    lose_the_parent()
    results.put(_parent.is_orphan())


def leave():
    """In a worker."""
    _parent.leave_if_orphan()
    lose_the_parent()
    _parent.leave_if_orphan()


def test_a_process_that_is_no_worker_is_no_orphan():
    assert _parent.is_orphan() is False
    _parent.leave_if_orphan()


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
