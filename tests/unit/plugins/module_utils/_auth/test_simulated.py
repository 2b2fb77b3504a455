# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials against the simulator, which judges them as a CommCell does."""

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of, start_jobs

ESTATE = {
    "clients": [{"name": "aws-prod", "instances": ["orders"]}],
    "users": [{"name": "operator", "password": "SECRET-pässword:1"}],
}


def test_the_login_of_commvault_cloud_starts_backups(simulator):
    simulator.set(saas_login=True)
    with commcell_of(simulator, auth_token=None, username="operator", password="SECRET-pässword:1") as commcell:
        start_jobs(commcell, ["orders"])
    assert len(simulator.jobs()) == 1
    assert simulator.sessions() == []


def test_a_logout_that_fails_does_not_hide_what_was_started(simulator):
    simulator.order_fault({"path": "logout"}, {"reset": "before"})
    with commcell_of(simulator, auth_token=None, username="operator", password="SECRET-pässword:1") as commcell:
        job_ids = start_jobs(commcell, ["orders"])
    assert job_ids == ["148886"]


@pytest.mark.parametrize(
    ("reply", "scheme"), [("plain", "bearer"), ("expires_in", "authtoken"), ("broken_json", "authtoken")]
)
def test_every_form_of_the_answer_to_a_renewal_is_understood(simulator, tmp_path, reply, scheme):
    made = simulator.create_access_token()
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    pair = {"accessToken": made["accessToken"], "refreshToken": made["refreshToken"]}
    path.write_text(json.dumps(pair), encoding="utf-8")
    simulator.set(renew_reply=reply)
    simulator.expire_tokens()
    with commcell_of(simulator, auth_token=None, token_file=str(path), auth_scheme=scheme) as commcell:
        start_jobs(commcell, ["orders"])
    assert len(simulator.jobs()) == 1
