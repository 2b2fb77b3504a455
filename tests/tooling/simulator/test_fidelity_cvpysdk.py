# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commvault's own SDK works against the simulator. What it expects and does not find is the simulator's fault."""

from __future__ import annotations

import time
import types
import warnings
from typing import Any

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.client import ESTATE, Api, association
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

with warnings.catch_warnings():
    # The SDK is not ours to mend: invalid escapes in its strings and other deprecations.
    warnings.simplefilter("ignore")
    import cvpysdk.job
    import cvpysdk.security.user
    from cvpysdk.activitycontrol import ActivityControl
    from cvpysdk.commcell import Commcell

# It sends a Host header of its own and leaves its connections to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def server(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """When the SDK sleeps, the simulated clock goes forward."""
    fake = types.SimpleNamespace(
        sleep=simulator.advance, time=simulator.now, strftime=time.strftime, gmtime=time.gmtime, ctime=time.ctime
    )
    monkeypatch.setattr(cvpysdk.job, "time", fake)
    return simulator


@pytest.fixture
def commcell(server: Simulator) -> Any:
    """A session of the SDK with a token."""
    assert server.https_url is not None
    assert server.ca_file is not None
    host = server.https_url.split("/")[2]
    return Commcell(host, authtoken=server.token, certificate_path=server.ca_file)


def start(server: Simulator, *instances: str) -> list[str]:
    """Start backups and return their job ids."""
    api = Api(server)
    reply = api.start(*(association(instance) for instance in instances or ("orders",)))
    api.session.close()
    return reply.json()["jobIds"]


def test_token_login_knows_the_user_and_the_commcell(commcell: Any, server: Simulator) -> None:
    assert commcell.commcell_username == "admin"
    assert commcell.commserv_name == "commserve01"
    assert {entry["status"] for entry in server.journal()} == {200}


def test_summary_and_details_of_a_job(commcell: Any, server: Simulator) -> None:
    (job_id,) = start(server, "billing")
    job = commcell.job_controller.get(job_id)
    assert (job.client_name, job.instance_name, job.subclient_name) == ("aws-prod", "billing", "default")
    assert (job.agent_name, job.job_type, job.backup_level) == ("Oracle", "Backup", "Full")
    assert (job.status, job.state, job.is_finished) == ("Waiting", "Waiting", False)
    assert job.details["jobDetail"]["generalInfo"]["taskData"]["taskId"] == 9920
    assert job.username == "admin"
    assert job.end_timestamp == 0
    assert job.task_details["associations"] == [association("billing")]


def test_job_is_followed_to_a_good_end(commcell: Any, server: Simulator) -> None:
    (job_id,) = start(server)
    job = commcell.job_controller.get(job_id)
    assert job.wait_for_completion() is True
    assert (job.status, job.is_finished) == ("Completed", True)
    assert job.size_of_application > job.media_size > 0
    assert job.num_of_objects == 1


def test_job_is_followed_to_a_bad_end(commcell: Any, server: Simulator) -> None:
    server.script(instance="orders", states=["Running", {"state": "Failed", "reason": "No space on the proxy."}])
    (job_id,) = start(server)
    job = commcell.job_controller.get(job_id)
    assert job.wait_for_completion() is False
    assert (job.status, job.pending_reason, job.delay_reason) == (
        "Failed",
        "No space on the proxy.",
        "No space on the proxy.",
    )
    assert any("No space" in event["description"] for event in job.get_events())


def test_job_that_is_visible_late_is_found(commcell: Any, server: Simulator) -> None:
    server.set(visibility_lag=10)
    (job_id,) = start(server)
    assert commcell.job_controller.get(job_id).job_id == job_id


def test_suspend_resume_and_kill(commcell: Any, server: Simulator) -> None:
    (job_id,) = start(server)
    server.advance(10)
    job = commcell.job_controller.get(job_id)
    job.pause(wait_for_job_to_pause=True)
    assert job.status == "Suspended"
    server.advance(10_000)
    assert job.status == "Suspended"
    job.resume(wait_for_job_to_resume=True)
    assert job.status == "Running"
    job.kill(wait_for_job_to_kill=True)
    assert (job.status, job.is_finished) == ("Killed", True)


def test_refused_action_is_an_error(commcell: Any, server: Simulator) -> None:
    (job_id,) = start(server)
    job = commcell.job_controller.get(job_id)
    for style in ("errors", "top_level"):
        server.set(action_error=style)
        with pytest.raises(Exception, match=r"in the state \[Waiting\]"):
            job.resume()


def test_finished_job_is_resubmitted(commcell: Any, server: Simulator) -> None:
    (job_id,) = start(server)
    server.advance(100)
    again = commcell.job_controller.get(job_id).resubmit(start_suspended=True)
    assert again.job_id == str(int(job_id) + 1)
    assert again.status == "Suspended"


def test_listings_by_category(commcell: Any, server: Simulator) -> None:
    server.set(hidden_rows=True, list_duplicates=True)
    start(server, "orders", "billing")
    server.advance(1000)
    start(server, "hr")
    controller = commcell.job_controller
    assert set(controller.active_jobs()) == {148888}
    assert set(controller.finished_jobs()) == {148886, 148887}
    assert set(controller.all_jobs(job_type_list=["Backup"])) == {148886, 148887, 148888}
    assert controller.finished_jobs()[148886]["status"] == "Completed"


def test_password_login_survives_its_expiry_and_logs_out(server: Simulator) -> None:
    server.reset({**ESTATE, "users": [{"name": "operator", "password": "secret"}]})
    assert server.https_url is not None
    how: dict[str, Any] = {
        "webconsole_hostname": server.https_url.split("/")[2],
        "commcell_username": "operator",
        "certificate_path": server.ca_file,
    }
    with Commcell(commcell_password="secret", **how) as commcell:
        (job_id,) = start(server)
        server.advance(4000)
        assert commcell.job_controller.get(int(job_id)).status == "Completed"
        assert [entry["status"] for entry in server.journal(path="renewlogintoken")] == [200]
    assert server.sessions() == []


def test_refused_and_locked_logins_are_understood(server: Simulator) -> None:
    server.reset({**ESTATE, "users": [{"name": "operator", "password": "secret"}]})
    server.set(lockout_attempts=2, lockout_seconds=3660)
    assert server.https_url is not None
    how: dict[str, Any] = {
        "webconsole_hostname": server.https_url.split("/")[2],
        "commcell_username": "operator",
        "certificate_path": server.ca_file,
    }
    with pytest.raises(Exception, match="Invalid username or password"):
        Commcell(commcell_password="wrong", **how)
    with pytest.raises(Exception, match=r"locked for 1 hour\(s\) 1 minute"):
        Commcell(commcell_password="wrong", **how)
    with pytest.raises(Exception, match="locked"):
        Commcell(commcell_password="secret", **how)


def test_access_token_is_created_renewed_and_revoked(commcell: Any, server: Simulator) -> None:
    user = cvpysdk.security.user.User.__new__(cvpysdk.security.user.User)
    user._commcell_object = commcell
    made = user.create_access_token("nightly", token_type=3, api_endpoints=["/Job"])
    new = user.renew_access_token(made["accessToken"], made["refreshToken"])
    assert new["accessToken"] != made["accessToken"]
    assert server.access_tokens()[0]["renewals"] == 1
    assert user.delete_access_token(made["accessTokenId"])["errorCode"] == 0


def test_clients_agents_instances_and_subclients_are_found(commcell: Any, server: Simulator) -> None:
    assert set(commcell.clients.all_clients) == {"aws-prod", "aws-dev"}
    client = commcell.clients.get("aws-prod")
    assert client.is_backup_enabled is True
    instances = client.agents.get("Oracle").instances
    assert set(instances.all_instances) == {"orders", "billing", "hr", "noplan", "off", "many"}
    subclients = instances.get("many").subclients
    assert set(subclients.all_subclients) == {"default", "schema-a"}
    assert subclients.get("default").storage_policy == "RDS export plan"
    assert instances.get("off").subclients.get("default").is_backup_enabled is False
    assert {entry["status"] for entry in server.journal()} == {200}


@pytest.mark.parametrize("enabled", [True, False])
def test_activity_of_the_commcell_is_read(commcell: Any, server: Simulator, enabled: bool) -> None:
    server.set(activity_enabled=enabled)
    control = ActivityControl(commcell)
    assert control.is_enabled("DATA MANAGEMENT") is enabled
    assert control.is_enabled("ALL ACTIVITY") is True


def test_the_backups_it_starts_keep_the_contract(commcell: Any, server: Simulator) -> None:
    instances = commcell.clients.get("aws-prod").agents.get("Oracle").instances
    orders, billing = (instances.get(name).subclients.get("default") for name in ("orders", "billing"))
    assert orders.backup("full").job_id == "148886"
    assert billing.backup("incremental", cumulative=True).job_id == "148887"
    with pytest.raises(Exception, match="Another backup is running"):
        orders.backup("full")
    assert [(job["instance"], job["level"]) for job in server.jobs()] == [
        ("orders", "full"),
        ("billing", "incremental"),
    ]
    (entry,) = server.journal(path="createtask")
    assert (entry["contract_errors"], entry["job_ids"]) == ([], [148887])
