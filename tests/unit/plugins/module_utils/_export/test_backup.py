# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.backup import (
    Backup,
    Unresolved,
    backup_from_error,
    summary,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    Instance,
)

ORDERS = Instance("aws-prod", "orders", id="orders")
BILLING = Instance("aws-prod", "billing", id="billing")


def no_url(job_id):
    return None


class TestOutcome:
    def test_no_eligible_subclient_names_the_instance_and_explains(self):
        error = RequestError("refused: no eligible subclients", "refused", status=500, code=587207178)
        backup = backup_from_error(ORDERS, error)
        assert backup.state == "refused"
        assert "instance 'orders' of client 'aws-prod'" in backup.msg
        assert "An eligible subclient is one that" in backup.msg
        assert "application id 22" in backup.msg

    @pytest.mark.parametrize("kind", ["connection", "tls", "rate_limited", "not_submitted"])
    def test_what_was_not_sent_is_not_submitted(self, kind):
        assert backup_from_error(ORDERS, RequestError("x", kind)).state == "not_submitted"

    @pytest.mark.parametrize(
        "kind", ["refused", "bad_request", "authentication", "permission", "not_found", "redirect", "no_job"]
    )
    def test_what_the_server_turned_down_is_refused(self, kind):
        assert backup_from_error(ORDERS, RequestError("x", kind)).state == "refused"

    @pytest.mark.parametrize("kind", ["timeout", "interrupted", "server", "bad_reply", "internal"])
    def test_what_may_have_run_is_unknown_and_says_what_to_do(self, kind):
        backup = backup_from_error(ORDERS, CommvaultError("x", kind, maybe_ran=True), sent_at=1.0)
        assert (backup.state, backup.unresolved, backup.changed) == ("unknown", Unresolved.LOST, True)
        backup.mark_unresolved("No job was seen.")
        assert backup.failure is not None
        assert (backup.state, backup.unresolved, backup.failure["kind"]) == ("unknown", None, kind)
        assert "Look for a job of this subclient" in backup.msg


class TestSummary:
    started = Backup(ORDERS, "started", "Started orders.", 1, ("7",), changed=True)
    refused = Backup(BILLING, "refused", "No billing.", failure={"kind": "refused"})

    def test_all_well(self):
        result = summary([self.started], lambda job_id: f"url/{job_id}")
        assert result["changed"] is True
        assert "failed" not in result
        assert (result["task_ids"], result["job_ids"], result["msg"]) == ([1], ["7"], "Started orders.")
        assert result["backups"] == [
            {
                "id": "orders",
                "client_name": "aws-prod",
                "instance_name": "orders",
                "subclient_name": "default",
                "state": "started",
                "task_id": 1,
                "job_ids": ["7"],
                "own": False,
                "candidates": [],
                "duplicate_of": None,
                "job": None,
                "retry_at": None,
                "expected_end": None,
                "attempts": [],
                "not_verified": [],
                "age_seconds": None,
                "job_url": "url/7",
                "msg": "Started orders.",
                "failure": None,
                "changed": True,
            }
        ]

    def test_one_bad_instance_fails_the_call_and_hides_nothing(self):
        result = summary([self.refused, self.started], no_url)
        assert result["failed"] is True
        assert result["changed"] is True
        assert result["failure"] == {"kind": "refused"}
        assert result["msg"] == "2 backups: 1 started, 1 refused. [billing] No billing."
        assert [entry["id"] for entry in result["backups"]] == ["billing", "orders"]
        assert result["job_ids"] == ["7"]

    def test_nothing_started_is_no_change(self):
        assert summary([self.refused], no_url)["changed"] is False

    def test_an_unknown_outcome_counts_as_a_change(self):
        assert summary([Backup(ORDERS, "unknown", "?", failure={}, changed=True)], no_url)["changed"] is True

    def test_many_failures_make_a_short_message(self):
        backups = [Backup(Instance("c", f"i{n}", id=f"i{n}"), "refused", f"no {n}.", failure={}) for n in range(10)]
        message = summary(backups, no_url)["msg"]
        assert message == "10 backups: 10 refused. [i0] no 0. [i1] no 1. [i2] no 2. And 7 more, see backups."
