# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import time
from types import SimpleNamespace

import pytest
import requests

from ansible_collections.rdsops.commvault.plugins.module_utils._export import recovery
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import entry as entry_module
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_options import WaitOptions
from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_backup as backup
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.documented import undocumented_or_missing
from ansible_collections.rdsops.commvault.tests.support.job_rows import job_summary, listing
from ansible_collections.rdsops.commvault.tests.support.module_runner import TOKEN
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

ONE = {"client_name": "aws-prod", "instance_name": "orders"}
FLEET = [
    {"id": "a", "client_name": "aws-prod", "instance_name": "orders"},
    {"id": "b", "client_name": "aws-prod", "instance_name": "billing"},
]
# What is asked before anything is started, and that nothing is active.
LOOK = post("Jobs").returns(200, listing())
DOCUMENTED = {"taskId": 9920, "jobIds": ["148886"]}
START = post("createtask").returns(200, DOCUMENTED)
WHO = post("WhoAmI").returns(200, {"user": {"userName": "operator"}})


def test_one_backup_is_one_request_and_returns_its_ids(run_module):
    script = Script(LOOK, post("createtask").with_header("Authtoken", TOKEN).returns(200, DOCUMENTED))
    result = run_module(backup, script, **ONE)
    assert result["changed"] is True
    assert (result["task_id"], result["job_ids"], result["response"]) == (9920, ["148886"], DOCUMENTED)
    assert result["api_calls"] == {"reads": 1, "writes": 1, "quota": None}
    (entry,) = result["backups"]
    assert entry["state"] == "started"
    assert entry["job_url"] == "https://cc.example.com/commandcenter/#/jobs/148886"
    assert "task_ids" not in result
    assert "request" not in result


def test_many_backups_are_reported_in_order_with_their_ids(run_module):
    script = Script(
        LOOK,
        post("createtask").returns(200, {"taskId": 1, "jobIds": ["11"]}),
        post("createtask").returns(
            500,
            {"errorMessage": "Failed to start backups as no eligible subclients were found. ", "errorCode": 587207178},
        ),
        post("Jobs").returns(200, listing(job_summary(11))),
    )
    result = run_module(backup, script, instances=FLEET, concurrency=1)
    assert result["failed"] is True
    assert result["changed"] is True
    assert (result["task_ids"], result["job_ids"]) == ([1], ["11"])
    assert [(entry["id"], entry["state"]) for entry in result["backups"]] == [("a", "started"), ("b", "refused")]
    assert result["failure"]["code"] == 587207178
    assert "instance 'billing' of client 'aws-prod'" in result["msg"]
    assert "task_id" not in result


@pytest.mark.parametrize(
    "body", ['"Request body is empty or format is invalid"', "Request body is empty or format is invalid"]
)
def test_the_documented_400(run_module, body):
    result = run_module(backup, Script(LOOK, post("createtask").returns(400, body)), **ONE)
    assert result["failed"] is True
    assert result["failure"] == {
        "kind": "bad_request",
        "method": "POST",
        "url": "https://cc.example.com/commandcenter/api/createtask",
        "status": 400,
        "code": None,
        "message": "Request body is empty or format is invalid",
    }
    assert result["backups"][0]["state"] == "refused"


MAINTENANCE = "<html>Scheduled Maintenance</html>"


def test_an_unknown_outcome_is_reported_and_not_sent_again(run_module):
    script = Script(
        LOOK,
        post("createtask").returns(200, MAINTENANCE),
        # Whether the CommCell is back.
        WHO,
        post("Jobs").returns(403, "not here"),
        WHO,
        post("Jobs").returns(403, "not here"),
    )
    result = run_module(backup, script, **ONE)
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["backups"][0]["state"] == "unknown"
    assert "Scheduled Maintenance" in result["msg"]
    assert "not here" in result["msg"]
    assert "Nothing was sent again" in result["msg"]
    assert result["failure"]["kind"] == "bad_reply"


DETAILS = {"taskData": {"taskId": 9920}, "jobStartedFrom": "Interactive"}
REFUSES = {"jobManagementSettings": {"generalSettings": {"queueJobsIfConflictingJobsActive": False}}}


def test_the_job_behind_a_lost_answer_is_found(run_module):
    row = job_summary(148886, jobStartTime=int(time.time()) + 1, userName={"userName": "operator"})
    script = Script(
        LOOK,
        post("createtask").returns(200, MAINTENANCE),
        # Whether the CommCell is back.
        WHO,
        post("Jobs").returns(200, listing(row)),
        post("JobDetails").returns(200, {"job": {"jobDetail": {"generalInfo": DETAILS}}}),
        WHO,
        get("CommServ/JobManagementSetting").returns(200, REFUSES),
        # Whether another one is beside it.
        post("Jobs").returns(200, listing(row)),
    )
    result = run_module(backup, script, **ONE)
    assert "failed" not in result
    assert result["changed"] is True
    assert (result["task_id"], result["job_ids"]) == (9920, ["148886"])
    assert result["backups"][0]["state"] == "adopted"
    assert result["backups"][0]["job"]["status"] == "Running"
    assert result["api_calls"] == {"reads": 7, "writes": 1, "quota": None}


def test_a_lost_answer_whose_job_has_failed_is_no_success_though_nobody_waits(run_module):
    begun = int(time.time()) + 1
    row = job_summary(148886, "Failed", jobStartTime=begun, jobEndTime=begun, pendingReason="No space left on device")
    found = post("Jobs").returns(200, listing(row))
    script = Script(LOOK, post("createtask").returns(200, {"taskId": 9920}), found, details_of(9920), found)
    result = run_module(backup, script, **ONE)
    assert (result["failed"], result["changed"], result["job_ids"]) == (True, True, ["148886"])
    assert result["failure"]["kind"] == "job_failed"
    assert result["msg"].endswith("job 148886 (Failed). That job did not succeed: No space left on device")


@pytest.mark.parametrize(("status", "body"), [(200, {"status": "degraded"}), (403, "<html>Blocked by policy</html>")])
def test_what_is_no_list_of_commvault_starts_no_backup_that_may_be_there(run_module, status, body):
    who = [WHO] * (status == 403)
    jobs = [post("Jobs").returns(status, body), *who, *([post("Jobs").returns(status, body)] * len(who))]
    result = run_module(backup, Script(*jobs), max_age="24h", outage_timeout="0", **ONE)
    assert (result["failed"], result["backups"][0]["state"]) == (True, "not_submitted")
    assert "could not be read" in result["msg"]


def test_a_login_page_of_a_proxy_is_told_at_once_and_no_password_sent_again(run_module):
    page = '<html>Example proxy <input type="password"></html>'
    account = {"auth_token": None, "username": "operator", "password": "SECRET"}
    result = run_module(backup, Script(post("Login").returns(200, page)), **ONE, **account)
    assert (result["failed"], result["failure"]["kind"]) == (True, "authentication")
    assert "Example proxy" in result["msg"]


def details_of(task_id):
    general = {"taskData": {"taskId": task_id}, "jobStartedFrom": "Interactive"}
    return post("JobDetails").returns(200, {"job": {"jobDetail": {"generalInfo": general}}})


def test_the_job_of_a_task_that_came_without_one_is_looked_for(run_module):
    row = job_summary(148886, jobStartTime=int(time.time()) + 1, userName={"userName": "somebody"})
    found = post("Jobs").returns(200, listing(row))
    script = Script(LOOK, post("createtask").returns(200, {"taskId": 9920}), found, details_of(9920), found)
    result = run_module(backup, script, **ONE)
    assert "failed" not in result
    assert (result["changed"], result["task_id"], result["job_ids"]) == (True, 9920, ["148886"])
    assert "task 9920 came without a job, but its job was found, job 148886" in result["msg"]


def test_a_batch_that_came_without_jobs_is_looked_for_and_not_split(run_module, monkeypatch):
    monkeypatch.setattr(recovery, "GRACE", 0.0)
    row = job_summary(148886, jobStartTime=int(time.time()) + 1, userName={"userName": "somebody"})
    found = post("Jobs").returns(200, listing(row))
    taken = post("createtask").returns(200, {"taskId": 9920})
    script = Script(LOOK, taken, found, details_of(9920), found, found)
    result = run_module(backup, script, instances=FLEET, batch_size=2)
    first, second = result["backups"]
    assert (first["state"], first["job_ids"], first["own"]) == ("adopted", ["148886"], True)
    assert (second["state"], second["task_id"], second["failure"]["kind"]) == ("unknown", 9920, "no_job")
    assert "as task 9920, but named no job" in second["msg"]
    assert "Look for a job of this subclient" in second["msg"]


RUNNING = {"errorCode": 2, "errorMessage": "Another backup is running for client [aws-prod], Subclient [default]."}


def test_a_backup_that_runs_already_is_adopted_and_changes_nothing(run_module):
    script = Script(
        LOOK, post("createtask").returns(200, RUNNING), post("Jobs").returns(200, listing(job_summary(148886)))
    )
    result = run_module(backup, script, **ONE)
    assert "failed" not in result
    assert result["changed"] is False
    assert (result["job_ids"], result["backups"][0]["state"]) == (["148886"], "adopted")


def test_a_backup_that_ended_while_another_was_asked_for_is_adopted_at_once(run_module):
    ended = job_summary(148886, "Completed", jobEndTime=int(time.time()) + 1)
    script = Script(LOOK, post("createtask").returns(200, RUNNING), post("Jobs").returns(200, listing(ended)))
    result = run_module(backup, script, **ONE)
    assert (result["changed"], result["job_ids"], result["backups"][0]["state"]) == (False, ["148886"], "adopted")
    assert "and has ended: job 148886 (Completed)" in result["msg"]


@pytest.mark.parametrize("status", [200, 409, 500])
def test_a_backup_that_runs_already_fails_where_that_is_wanted(run_module, status):
    result = run_module(backup, Script(LOOK, post("createtask").returns(status, RUNNING)), on_running="fail", **ONE)
    assert result["failed"] is True
    assert result["changed"] is False
    assert result["failure"]["kind"] == "already_running"


def recent_job():
    now = int(time.time())
    return job_summary(7, "Completed", jobStartTime=now - 7200, jobEndTime=now - 3600)


def test_a_recent_good_backup_spares_a_new_one(run_module):
    script = Script(post("Jobs").returns(200, listing(recent_job())))
    result = run_module(backup, script, max_age="24h", **ONE)
    assert "failed" not in result
    assert result["changed"] is False
    assert result["backups"][0]["state"] == "recent"
    assert "job 7 ended 1 h 00 min ago" in result["msg"]
    assert 3600 <= result["backups"][0]["age_seconds"] < 3660


def test_a_client_without_a_young_backup_is_backed_up(run_module):
    assert run_module(backup, Script(LOOK, START), max_age="24h", **ONE)["job_ids"] == ["148886"]


def test_jobs_of_a_batch_are_given_to_their_instances(run_module):
    orders = job_summary(12)
    billing = job_summary(11, subclient={**orders["subclient"], "instanceName": "billing"})
    script = Script(
        LOOK,
        post("createtask").returns(200, {"taskId": 1, "jobIds": ["11", "12"]}),
        post("Jobs").returns(200, listing(orders, billing)),
        post("Jobs").returns(200, listing(orders, billing)),
    )
    result = run_module(backup, script, instances=FLEET, batch_size=2)
    assert [(entry["id"], entry["job_ids"]) for entry in result["backups"]] == [("a", ["12"]), ("b", ["11"])]
    assert result["task_ids"] == [1]
    assert result["job_ids"] == ["12", "11"]


def one_job(then, *more):
    """The exchanges of one backup that is waited for; then: the row of its job when it is read; more: what follows."""
    found = post("Jobs").returns(200, listing(job_summary(148886)))
    return Script(LOOK, START, found, get("Job/148886").returns(200, listing(then)), *more)


def test_waiting_ends_with_the_jobs_and_what_became_of_them(run_module):
    done = job_summary(148886, "Completed", jobEndTime=1767229200, percentComplete=100)
    result = run_module(backup, one_job(done), wait=True, **ONE)
    assert "failed" not in result
    assert result["changed"] is True
    assert result["backups"][0]["job"]["outcome"] == "succeeded"
    assert result["counts"]["succeeded"] == 1
    assert result["waited_seconds"] == 0
    assert "1 succeeded" in result["msg"]


def test_a_job_that_fails_fails_the_task_with_its_cause_and_keeps_the_ids(run_module):
    bad = job_summary(148886, "Failed", jobEndTime=1767229200, pendingReason="The proxy has no space left")
    nothing = [post("JobDetails").returns(404, {}), get("Events").with_query(jobId=148886).returns(404, {})]
    result = run_module(backup, one_job(bad, *nothing), wait=True, **ONE)
    assert result["failed"] is True
    assert result["failure"]["kind"] == "job_failed"
    assert (result["task_id"], result["job_ids"]) == (9920, ["148886"])
    assert "The proxy has no space left" in result["msg"]


def test_a_wait_that_takes_too_long_returns_the_ids_and_leaves_the_job_alone(run_module):
    result = run_module(backup, one_job(job_summary(148886)), wait=True, wait_timeout="0", **ONE)
    assert result["failed"] is True
    assert result["failure"]["kind"] == "wait_timeout"
    assert result["job_ids"] == ["148886"]


def test_a_fault_while_waiting_leaves_what_was_started(run_module, monkeypatch):
    monkeypatch.setattr(entry_module.JobReport, "entry", lambda *_args, **_more: 1 / 0)
    result = run_module(backup, one_job(job_summary(148886, "Completed")), wait=True, **ONE)
    assert (result["failed"], result["changed"], result["job_ids"]) == (True, True, ["148886"])
    assert (result["backups"][0]["state"], result["failure"]["kind"]) == ("started", "internal")
    assert "1 not followed to the end. No more could be read: A fault in rdsops.commvault" in result["msg"]


def test_nobody_waits_for_what_was_not_started(run_module):
    result = run_module(backup, Script(LOOK, post("createtask").returns(400, '"no"')), wait=True, **ONE)
    assert result["failure"]["kind"] == "bad_request"
    assert result["waited_seconds"] == 0


class Unreachable(Script):
    """A CommCell that nobody reaches."""

    def send(self, request, **kwargs):
        raise requests.exceptions.ConnectTimeout("no route")


def test_check_mode_starts_nothing_and_returns_the_request(run_module):
    result = run_module(
        backup, Unreachable(), check=True, instances=FLEET, batch_size=2, backup_level="full", read_retries=0
    )
    assert "failed" not in result
    assert result["changed"] is True
    assert [entry["state"] for entry in result["backups"]] == ["not_verified", "not_verified"]
    assert "could not be reached" in result["backups"][0]["msg"]
    assert result["api_calls"]["writes"] == 0
    (request,) = result["request"]
    assert request["method"] == "POST"
    assert request["url"] == "https://cc.example.com/commandcenter/api/createtask"
    assert len(request["body"]["taskInfo"]["associations"]) == 2


def preflight(client):
    """What check mode reads before it lists jobs; client: the answer on the client."""
    rows = estates.subclients(estates.subclient_row(1001, "orders"))
    return [
        get("V4/CommCell/ActivityControl").returns(404, {}),
        estates.list_subclients("aws-prod", None).returns(200, rows),
        get("Client/11").returns(200, client),
    ]


def test_what_could_not_be_read_is_returned_as_it_is_documented(run_module):
    script = Script(*preflight({"errorMessage": "No right.", "errorCode": 7}), LOOK)
    result = run_module(backup, script, check=True, **ONE)
    assert undocumented_or_missing(backup, result) == set()
    (entry,) = result["backups"]
    assert entry["state"] == "would_start"
    (text,) = entry["not_verified"]
    assert text.startswith("whether backup activity of its client is enabled: ")
    assert entry["msg"].endswith(f" Not verified is {text}")


def test_check_mode_returns_the_same_keys_as_a_real_run(run_module):
    real = run_module(backup, Script(LOOK, START), **ONE)
    check = run_module(backup, Unreachable(), check=True, read_retries=0, **ONE)
    # What could not be read is warned of; before ansible-core 2.19 that is in the result.
    assert set(check) - set(real) - {"warnings"} == {"request"}
    assert set(real) <= set(check)
    assert (check["task_id"], check["job_ids"], check["response"]) == (None, [], None)


def test_diff_mode_shows_the_last_good_backup_and_exactly_what_is_sent(run_module):
    script = Script(post("Jobs").returns(200, listing(job_summary(7, "Completed", jobEndTime=1767225600))), START)
    result = run_module(backup, script, diff=True, **ONE)
    assert result["diff"]["before"] == "aws-prod/orders/default: job 7, Completed, ended 2026-01-01T00:00:00Z\n"
    first_line, _end, shown = result["diff"]["after"].partition("\n")
    assert first_line == "POST https://cc.example.com/commandcenter/api/createtask"
    assert json.loads(shown) == result["request"][0]["body"] == json.loads(script.requests[1].body)


@pytest.mark.parametrize("check", [False, True])
def test_diff_mode_shows_nothing_of_what_needs_no_backup(run_module, check):
    looks = preflight(estates.client_with_activity(11, "aws-prod", True)) if check else []
    script = Script(*looks, post("Jobs").returns(200, listing(recent_job())))
    result = run_module(backup, script, check=check, diff=True, max_age="24h", **ONE)
    assert (result["backups"][0]["state"], result["changed"], result["request"]) == ("recent", False, [])
    assert (result["diff"]["before"], result["diff"]["after"]) == ("", "")


def test_the_request_is_returned_when_someone_looks_closely(run_module):
    assert "request" in run_module(backup, Script(LOOK, START), verbosity=3, **ONE)


def test_the_bearer_scheme(run_module):
    script = Script(LOOK, post("createtask").with_header("Authorization", f"Bearer {TOKEN}").returns(200, DOCUMENTED))
    assert run_module(backup, script, auth_scheme="bearer", **ONE)["changed"] is True


def test_secrets_in_task_info_are_masked(run_module):
    info = {"subTasks": [{"options": {"userPassword": "SECRET-in-task-info"}}]}
    result = run_module(backup, Unreachable(), check=True, diff=True, task_info=info, read_retries=0, **ONE)
    assert "SECRET-in-task-info" not in result.text


def test_what_the_server_echoes_is_masked(run_module):
    script = Script(LOOK, post("createtask").returns(400, f"Authtoken: {TOKEN}"))
    result = run_module(backup, script, verbosity=5, **ONE)
    assert TOKEN not in result.text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "one of the following is required: client_name, instances"),
        ({"client_name": "c"}, "required together: client_name, instance_name"),
        ({"instance_name": "i", "instances": FLEET}, "mutually exclusive"),
        ({**ONE, "instances": FLEET}, "mutually exclusive"),
        ({"instances": FLEET, "subclient_name": "s"}, "mutually exclusive"),
        ({"instances": []}, "empty list"),
        ({"instances": [{"client_name": "c"}]}, "missing required arguments: instance_name"),
        ({"instances": [{"client_name": "c", "instance_name": "i", "nope": 1}]}, "nope"),
        ({"instances": [FLEET[0], FLEET[0]]}, "are the same"),
        (
            {"instances": [{"client_name": "a", "instance_name": "b"}, {"client_name": "A", "instance_name": "B"}]},
            "instances[0] and instances[1] are the same",
        ),
        ({"instances": [{**FLEET[0], "id": "x"}, {**FLEET[1], "id": "x"}]}, "have the same id 'x'"),
        ({"client_name": "", "instance_name": "i"}, "client_name is empty"),
        ({"client_name": " ", "instance_name": "i"}, "client_name is empty"),
        ({"client_name": "a\nb", "instance_name": "i"}, "control character"),
        ({**ONE, "application_id": -1}, "application_id must be a positive number"),
        ({**ONE, "batch_size": 0}, "batch_size must be a positive number, not 0"),
        ({**ONE, "concurrency": -4}, "concurrency must be a number from 1 to 64, not -4"),
        ({**ONE, "concurrency": 65}, "concurrency must be a number from 1 to 64, not 65"),
        ({**ONE, "outage_timeout": "soon"}, "outage_timeout must be a number of seconds"),
        ({**ONE, "on_duplicate": "suspend"}, "value of on_duplicate must be one of"),
        ({**ONE, "on_unverified": "fail"}, "value of on_unverified must be one of"),
        ({"client_name": "c", "instance_name": ["a"]}, "looks like a list"),
        ({"client_name": "c", "instance_name": True}, "a boolean"),
        ({"client_name": "c", "instance_name": float("nan")}, "looks like"),
        ({**ONE, "timeout": 0}, "timeout must be a positive number"),
        ({**ONE, "max_age": "soon"}, "max_age must be a number of seconds"),
        ({**ONE, "max_age": "0"}, "max_age must be longer than 0"),
        ({**ONE, "on_running": "kill"}, "value of on_running must be one of"),
        ({**ONE, "backup_level": "differential"}, "value of backup_level must be one of"),
        ({**ONE, "installer_user": {"user_id": 1}}, "missing required arguments: user_name"),
        ({**ONE, "task_info": {"associations": [{"clientName": "x"}]}}, "task_info.associations"),
        ({**ONE, "url": "http://cc.example.com"}, "allow_http"),
        ({**ONE, "url": None}, "url is missing"),
        ({**ONE, "url": "ftp://cc.example.com"}, "ftp"),
        ({**ONE, "auth_token": "a\nb"}, "control character"),
        ({**ONE, "auth_token": "abc\tdef"}, "auth_token"),
        ({**ONE, "auth_token": None}, "credentials are missing"),
        ({**ONE, "ca_path": "/does/not/exist"}, "does not exist"),
        ({**ONE, "auth_scheme": "basic"}, "value of auth_scheme must be one of"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_wrong_input_is_refused_before_anything_is_sent(run_module, args, words, check):
    result = run_module(backup, check=check, **args)
    assert result["failed"] is True
    assert words in result["msg"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 2},
        {"attempts": 0, "wait": True},
        {"must_end_by": "2020-01-01T00:00:00Z"},
        {"must_end_by": "whenever"},
        {"must_end_by": "0"},
        {"must_end_by": "25:00"},
        {"concurrency_per_client": 0},
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_before_anything_is_sent(run_module, wrong):
    result = run_module(backup, **ONE, **wrong)
    assert (result["failed"], result["failure"]["kind"]) == (True, "invalid_input")
    assert next(iter(wrong)) in result["msg"]


HOUR = 3600
# An hour each as a rule; the one of billing is over before that of orders.
HISTORY = [{"age": (2 + 24 * day) * HOUR, "seconds": HOUR} for day in range(3)]
ESTATE = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                {"name": "orders", "history": HISTORY},
                {"name": "billing", "history": [{**one, "seconds": HOUR // 2} for one in HISTORY]},
                "hr",
            ],
        }
    ]
}
NIGHT = [{"id": name, "client_name": "aws-prod", "instance_name": name} for name in ("billing", "orders", "hr")]


def states(result):
    return {entry["id"]: entry["state"] for entry in result["backups"]}


def night(*names):
    return [dict(one) for one in NIGHT if not names or one["id"] in names]


def test_backups_that_would_end_too_late_are_left_out_with_the_reason(run_simulated, simulator):
    result = run_simulated(backup, instances=night(), must_end_by="45m", on_late="skip")
    assert states(result) == {"billing": "started", "orders": "not_submitted", "hr": "started"}
    (late,) = [entry["msg"] for entry in result["backups"] if entry["id"] == "orders"]
    assert "would not end by" in late
    assert any("1 of 3 backups will not end by" in warning for warning in result["warnings"])
    assert len(simulator.writes()) == 2


def test_the_longest_backups_are_started_first_and_results_keep_their_order(run_simulated, simulator):
    result = run_simulated(backup, instances=night("billing", "orders"), order="longest_first", concurrency=1)
    asked = [write["body"]["taskInfo"]["associations"][0]["instanceName"] for write in simulator.writes()]
    assert asked == ["orders", "billing"]
    assert list(states(result)) == ["billing", "orders"]
    assert all(entry["expected_end"] for entry in result["backups"])


def test_a_dry_run_of_a_night_starts_nothing_and_says_what_would_be_late(run_simulated, simulator):
    result = run_simulated(backup, instances=night(), must_end_by="45m", check=True, diff=True)
    assert states(result) == dict.fromkeys(["billing", "orders", "hr"], "would_start")
    assert any("1 of 3 backups will not end by" in warning for warning in result["warnings"])
    before = result["diff"]["before"].splitlines()
    assert [line.partition(": job")[0] for line in before[:2]] == ["billing", "orders"]
    assert before[2] == "hr: none known"
    after = result["diff"]["after"]
    assert after.count("POST ") == 1
    assert 'Request 2 is the same, but taskInfo.associations[0].instanceName: "orders"' in after
    assert simulator.writes() == []


def test_a_profile_that_says_that_descriptions_come_back_marks_the_jobs(run_simulated, simulator):
    run_simulated(backup, instances=night("hr"), commcell_profile={"job_marker": True})
    assert re.search(r'"rdsops-[0-9a-f]{12}"', json.dumps(simulator.writes()[0]["body"]))
    run_simulated(backup, instances=night("orders"))
    assert "rdsops-" not in json.dumps(simulator.writes()[1]["body"])


def test_what_failed_is_tried_again_only_while_there_is_time_for_it(run_simulated, simulator, monkeypatch):
    passed = [{"state": "Failed", "reason": "ORA-12541: TNS:no listener"}]
    simulator.script("hr", passed)
    slept = []
    clock = SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=slept.append)
    monkeypatch.setattr(backup, "time", clock)
    options = {"instances": night("hr"), "wait": True, "attempts": 2, "check_running": False}
    short = run_simulated(backup, **options, wait_timeout="10s", wait_interval="15s")
    assert (len(simulator.writes()), short["backups"][0]["job"]["outcome"], slept) == (1, "failed", [])
    long = run_simulated(backup, **options, wait_timeout="10m", wait_interval="5s")
    assert slept == [5.0]
    first, second = [str(write["job_id"]) for write in simulator.jobs()[-2:]]
    (entry,) = long["backups"]
    assert ([one["job_id"] for one in entry["attempts"]], entry["job_ids"]) == ([first], [second])


@pytest.mark.parametrize(("deadline", "expected"), [(None, True), (1000.0, True), (5.0, False)])
def test_there_is_no_other_attempt_when_the_task_would_be_over(monkeypatch, deadline, expected):
    monkeypatch.setattr(backup, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _seconds: None))
    waits = backup.Waits(SimpleNamespace(deadline=deadline), None, WaitOptions(interval=5.0), 0.0)
    assert waits.pause() is expected


def test_backups_of_a_client_wait_for_each_other(run_simulated, simulator):
    simulator.set(waiting_seconds=0, job_seconds=1)
    result = run_simulated(backup, instances=night("billing", "orders"), concurrency_per_client=1, wait_interval="1s")
    assert set(states(result).values()) == {"started"}
    asked = [request["endpoint"] for request in simulator.journal()]
    first, second = [place for place, endpoint in enumerate(asked) if endpoint == "createtask"]
    # The second one is sent once the first job was seen to have ended.
    assert f"job/{result['job_ids'][0]}" in asked[first:second]
