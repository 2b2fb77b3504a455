# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How databases are judged, without a server."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._protection.model import (
    DAY,
    STATES,
    UNPROTECTED,
    Judge,
    Past,
    Target,
)
from ansible_collections.rdsops.commvault.tests.support.protection import (
    HOUR,
    SIX_O_CLOCK,
    past,
    subclient,
    survey_of_twelve,
    target,
)

TODAY = SIX_O_CLOCK // DAY


def judge(
    nights, hours=3.0, *, unread=None, new_after=None, maybe=None, planless=False, created=None, ahead=0.0, **facts
):
    wanted = target("orders", created=created)
    one = Judge(SIX_O_CLOCK, history=7.0 * DAY, unread=unread, new_after=new_after, ahead=ahead)
    return one.judge(wanted, subclient("orders", **facts), past(nights, hours), maybe, planless)


@pytest.mark.parametrize(
    ("nights", "hours", "state"),
    [
        ("g", 23.9, "protected"),
        ("g", 24.0, "protected"),
        ("g", 24.1, "late"),
        ("w", 3, "protected"),
        ("e", 3, "never"),
        ("f", 3, "never"),
        ("gf", 3, "late"),
        ("", 3, "never"),
    ],
)
def test_only_a_good_end_that_is_young_enough_protects(nights, hours, state):
    assert judge(nights, hours).state == state


@pytest.mark.parametrize(
    "facts", [{"backup_enabled": False}, {"planless": True}, {"readiness": "NOT_READY", "not_ready_reason": "stopped"}]
)
def test_what_cannot_be_backed_up_says_so_once_it_is_late(facts):
    assert judge("", **facts).state == "not_configured"
    still = judge("g", **facts)
    assert (still.state, "so it will be late" in still.reason) == ("protected", True)
    assert still.action


def test_a_last_backup_whose_end_is_not_known_has_no_time_in_the_reason():
    found = past("")
    found.add(Job("7", "Failed", start_time=int(SIX_O_CLOCK - HOUR)), TODAY, "errors")
    one = Judge(SIX_O_CLOCK, history=7.0 * DAY).judge(target("orders"), subclient("orders"), found, None, False)
    assert one.reason.endswith("The last one, job 7: Failed.")


def test_what_could_not_be_read_is_never_protected_unless_a_good_job_was_seen():
    broken, denied = CommvaultError("HTTP 500", "interrupted"), CommvaultError("HTTP 403", "permission")
    found = judge("", unread=broken)
    assert (found.state, found.action) == ("not_verified", "Run it again.")
    assert "HTTP 500" in found.reason
    assert "Give the user the right" in str(judge("", unread=denied).action)
    assert judge("g", unread=broken).state == "protected"
    assert judge("g", 30, unread=broken).state == "not_verified"


@pytest.mark.parametrize(
    ("hours", "ahead", "state"),
    [
        (25, 2 * HOUR, "not_verified"),
        (23, -2 * HOUR, "not_verified"),
        (25, 240, "late"),
        (28, 2 * HOUR, "late"),
        (20, -2 * HOUR, "protected"),
    ],
)
def test_an_age_that_only_one_of_two_clocks_takes_for_young_enough_is_not_verified(hours, ahead, state):
    found = judge("g", hours, ahead=ahead)
    assert found.state == state
    assert ("this machine's" in found.reason) is (state == "not_verified")


def test_a_job_that_may_be_its_own_neither_protects_nor_is_passed_over():
    job = Job("7", "Completed", client_name="proxy01", end_time=SIX_O_CLOCK - 60)
    found = judge("", maybe=job)
    assert (found.state, "proxy01" in found.reason) == ("not_verified", True)


def test_a_job_that_ended_in_the_future_is_not_verified():
    assert judge("g", -2).state == "not_verified"
    assert judge("g", -0.05).state == "protected"


def test_a_new_database_has_time():
    assert judge("", new_after=3.0 * DAY, created=SIX_O_CLOCK - DAY).state == "new"
    assert judge("", new_after=3.0 * DAY, created=SIX_O_CLOCK - 4 * DAY).state == "never"
    assert judge("", new_after=3.0 * DAY).state == "never"
    unknown = Judge(SIX_O_CLOCK, history=DAY, new_after=3.0 * DAY).unknown(
        target("x", created=SIX_O_CLOCK - DAY), "gone"
    )
    assert unknown.state == "new"


def test_each_target_has_an_age_of_its_own():
    wanted = Target("x", ("c", "i", "s"), None, 7.0 * DAY)
    assert (
        Judge(SIX_O_CLOCK, history=7.0 * DAY).judge(wanted, subclient("i"), past("g", 100), None, False).state
        == "protected"
    )


def test_a_running_backup_is_waited_for():
    mine = past("")
    mine.add(Job("9", "Running"), TODAY, "errors")
    found = Judge(SIX_O_CLOCK, history=DAY).judge(target("orders"), subclient("orders"), mine, None, False)
    assert (found.state, found.action) == ("never", "Wait for job 9.")


def test_the_history_has_the_best_backup_of_each_day():
    mine = Past(3)
    for age, status in ((0, "Failed"), (0, "Completed"), (1, "Failed"), (5, "Completed")):
        mine.add(Job("1", status, end_time=SIX_O_CLOCK - age * DAY), TODAY, "errors")
    assert "".join(mine.days) == ".fg"


def test_a_backup_whose_data_is_gone_does_not_protect():
    mine = Past(3)
    mine.add(Job("1", "Completed", end_time=SIX_O_CLOCK - HOUR, aged=True), TODAY, "errors")
    assert mine.last_good is None


def test_every_state_has_its_place():
    result = survey_of_twelve()
    assert set(STATES) >= UNPROTECTED
    assert {row["state"] for row in result["databases"]} == set(STATES)
    summary = result["summary"]
    assert (summary["databases"], summary["protected"], summary["unprotected"], summary["percent"]) == (13, 6, 6, 50)
    assert summary["groups"]["team"]["people"] == {"databases": 4, "protected": 1}
    assert sum(summary["states"].values()) == 15
