# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import ErrorKind, InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import FAIL_ON
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_options import (
    WaitOptions,
    job_wait_spec,
    wait_options,
    wait_spec,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_result import OUTCOMES


def values(**given):
    return {**{name: option.get("default") for name, option in wait_spec().options.items()}, **given}


def test_the_defaults_of_the_options_are_those_of_the_code():
    assert wait_options(values()) == WaitOptions()


def test_times_are_read_as_users_write_them():
    options = wait_options(values(wait_timeout="2d", wait_interval="90", stuck_timeout="30m"))
    assert (options.timeout, options.interval, options.stuck_timeout) == (172800, 90, 1800)


def test_a_limit_that_was_left_empty_is_none():
    assert wait_options(values(stuck_timeout="")).stuck_timeout is None


def test_one_look_without_waiting_can_be_asked_for():
    assert wait_options(values(wait_timeout="0")).timeout == 0


@pytest.mark.parametrize(
    "wrong", [{"wait_timeout": "soon"}, {"wait_timeout": "-1"}, {"wait_interval": "0"}, {"stuck_timeout": "0s"}]
)
def test_wrong_times_are_refused_by_name(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        wait_options(values(**wrong))


def test_job_wait_has_the_same_options_and_the_jobs():
    assert job_wait_spec().options.keys() == {"job_ids", "own_job_ids", "expected_ends", *wait_spec().options}


def test_choices_are_those_that_the_code_knows():
    assert wait_spec().options["fail_on"]["choices"] == list(FAIL_ON)


def test_every_failure_of_a_wait_is_a_known_kind():
    assert {kind for kind in OUTCOMES.values() if kind} <= set(ErrorKind)


def test_a_sooner_end_leaves_jobs_alone_and_a_later_one_changes_nothing():
    options = WaitOptions(timeout=60.0, on_timeout="kill")
    assert options.within(None) == options.within(60.0) == options
    assert options.within(5.0) == WaitOptions(timeout=5.0, on_timeout="leave")
    assert options.within(-1.0).timeout == 0.0
