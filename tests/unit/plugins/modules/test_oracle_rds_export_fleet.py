# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.modules import (
    export_report,
    job_wait,
    oracle_rds_export_backup,
    oracle_rds_export_fleet,
    oracle_rds_instance_info,
)
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script


def test_without_a_play_it_says_where_it_works(run_module):
    result = run_module(oracle_rds_export_fleet, Script(), step="start")
    assert result["failed"]
    assert result["msg"] == "oracle_rds_export_fleet works on the controller, as a task of a play."


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (oracle_rds_export_backup, oracle_rds_export_fleet.EXPORT_OPTIONS),
        (oracle_rds_instance_info, oracle_rds_export_fleet.INFO_OPTIONS),
        (job_wait, oracle_rds_export_fleet.WAIT_OPTIONS),
        (export_report, ("path", "title")),
    ],
)
def test_options_are_those_of_the_modules_that_it_runs(module, names):
    own = oracle_rds_export_fleet.argument_spec().options
    theirs = module.argument_spec().options
    for name in names:
        assert {key: own[name].get(key) for key in ("type", "choices", "elements")} == {
            key: theirs[name].get(key) for key in ("type", "choices", "elements")
        }, name


def test_every_option_of_a_backup_can_be_given():
    theirs = set(oracle_rds_export_backup.argument_spec().options)
    one_instance = set(oracle_rds_export_backup.ONE_INSTANCE)
    assert theirs - one_instance - {"wait"} <= set(oracle_rds_export_fleet.argument_spec().options)
