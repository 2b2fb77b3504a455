# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CommCell that differs is matched rightly with the profile that says how."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import ServerClock
from ansible_collections.rdsops.commvault.plugins.module_utils._export.matching import Fit, fit_by_names
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import Instance
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job

ORDERS = Instance("aws-prod", "orders")
DATE = "Sun, 29 Nov 2026 01:01:00 GMT"
AT = 1795914060


@pytest.mark.parametrize(("ids", "fit"), [((), Fit.MAYBE), ((134,), Fit.YES), ((80,), Fit.MAYBE)])
def test_another_application_is_certain_where_the_profile_names_it(ids, fit):
    job = Job("7", client_name="aws-prod", instance_name="orders", subclient_name="default", application_id=134)
    assert fit_by_names(ORDERS, job, ids) is fit


@pytest.mark.parametrize(("skew", "expected"), [(0.0, AT), (60.0, AT - 60), (-30.0, AT + 30)])
def test_the_time_of_jobs_is_that_of_date_without_the_skew(skew, expected):
    clock = ServerClock(skew)
    assert clock.at(1000.0) == 1000.0
    clock.note(DATE, 1000.0)
    assert clock.at(1000.0) == expected
    assert clock.date_offset == AT - 1000
