# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.hints import hint_for
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("ORA-01017: invalid username/password; logon denied", "refused the user name or password"),
        ("ORA-28000: The account is locked.", "is locked"),
        ("ORA-01031: insufficient privileges", "lacks a privilege"),
        ("ORA-31631: privileges are required", "lacks a privilege"),
        ("ORA-01555: snapshot too old: rollback segment", "undo_retention"),
        ("ORA-12541: TNS:no listener", "could not reach the database"),
        ("ORA-12514, TNS:listener does not currently know of service", "could not reach the database"),
        ("The DB instance orders is not in available state", "not in the state 'available'"),
        ("InvalidDBInstanceState: Instance is not in valid state", "not in the state 'available'"),
        ("AccessDenied: User arn:aws:iam::1:role/cv is not authorized to perform rds:Describe", "AWS refused a call"),
        ("write failed: No space left on device", "no room left"),
        ("ORA-39002: invalid operation", "Data Pump gave up"),
        ("Backup activity on the client is disabled.", "Backup activity is disabled"),
        ("Backups are in a blackout window", "not allowed at this time"),
        ("No resources available", "There is no free stream, drive or MediaAgent"),
        ("Mount path on MediaAgent ma1 is offline", "storage of the plan is not available"),
        ("Access node proxy01 is offline", "could not reach the access node"),
        ("Failed to start phase [Backup] due to a network error", "could not reach the access node"),
        ("Failed to start backups as no eligible subclients were found.", "does not exist under these names"),
        ("The license has expired", "license"),
    ],
)
def test_a_known_cause_has_a_hint(reason, expected):
    assert expected in hint_for(Job("7", "Failed", reason=reason))
    assert expected in hint_for(Job("7", "Pending"), [None, reason])


@pytest.mark.parametrize("status", ["Queued", "Suspended", "Committed", "Killed", "Failed to Start"])
def test_some_states_speak_for_themselves(status):
    assert hint_for(Job("7", status))


def test_the_words_of_the_vendor_say_more_than_the_state():
    assert "AWS refused" in hint_for(Job("7", "Killed", reason="AccessDenied"))


WAITS = ["No resources available", "Backups are in a blackout window", "Backup activity on the client is disabled."]


@pytest.mark.parametrize("reason", WAITS)
def test_only_a_job_that_has_not_ended_goes_on(reason):
    assert "The job goes on" in hint_for(Job("7", "Pending", reason=reason))
    for status in ("Failed", "Killed", "Committed", "Completed w/ one or more errors"):
        assert "goes on" not in hint_for(Job("7", status, reason=reason))


@pytest.mark.parametrize("status", ["Killed", "Committed"])
@pytest.mark.parametrize("reason", [*WAITS[:2], "Access node proxy01 is offline", "ORA-12541: TNS:no listener"])
def test_a_job_that_was_ended_has_no_hint_of_what_it_waited_for_before(status, reason):
    own = hint_for(Job("7", status))
    assert hint_for(Job("7", status, reason=reason)) == own
    assert hint_for(Job("7", status), [reason]) == own


@pytest.mark.parametrize("status", ["Failed", "Pending", "Completed w/ one or more errors"])
def test_where_the_cause_is_not_known_there_is_none(status):
    assert hint_for(Job("7", status, reason="Something odd happened [19:1234]")) is None


@pytest.mark.parametrize("status", ["Running", "Completed", "Completed w/ one or more warnings", "Kill Pending"])
def test_a_job_that_is_well_needs_none(status):
    assert hint_for(Job("7", status, reason="ORA-01017")) is None
