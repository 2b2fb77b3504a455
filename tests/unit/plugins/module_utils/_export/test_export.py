# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole call against the simulator, with a clock on which waiting costs nothing."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._export import export as export_module
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TasksApi
from ansible_collections.rdsops.commvault.plugins.module_utils._export.export import Export
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    ExportPlan,
    Instance,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import JobReader
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import SimulatedRuntime

ESTATE = {"clients": {"aws-prod": ["orders", "billing", "hr", "crm"], "aws-dev": ["orders"]}}


def names(*instances, client="aws-prod"):
    return [Instance(client, instance, id=f"{client}/{instance}") for instance in instances]


def run(simulator, instances, outage_timeout=300.0, ahead=0.0, **plan):
    """One call; returns its backups, its Export and its CommCell. ahead: of this machine's clock, in seconds."""
    clock = SimulatedRuntime(simulator, ahead)
    transport = Transport(parse_base_url(simulator.url), Redactor(), timeout=5, pool_size=4)
    with CommCell(transport, Token(simulator.token), clock) as commcell:
        commcell.outage.timeout = outage_timeout
        export = Export(commcell, ExportOptions(), ExportPlan(**plan), clock)
        backups = export.run(instances)
    return backups, export, commcell


def really(simulator):
    return {job["instance"]: str(job["job_id"]) for job in simulator.jobs() if job["started_by"] is not None}


@pytest.mark.parametrize(("count", "reads"), [(1, 1), (3, 2)])
def test_a_backup_is_one_request_beside_one_look_before_and_one_after_several(simulator, count, reads):
    backups, export, commcell = run(simulator, names("orders", "billing", "hr")[:count])
    assert [backup.state for backup in backups] == ["started"] * count
    assert commcell.api_calls() == {"reads": reads, "writes": count, "quota": None}
    assert export.warnings == []


@pytest.mark.parametrize("ahead", [-7200.0, 7200.0])
def test_where_the_clocks_differ_it_takes_no_more_requests(simulator, ahead):
    simulator.reset(MIXED)
    (backup,), _export, commcell = run(simulator, names("orders"), ahead=ahead, max_age=86400.0)
    assert backup.state == "started"
    assert commcell.api_calls() == {"reads": 1, "writes": 1, "quota": None}


def test_without_a_look_it_is_one_request_and_no_read(simulator):
    _backups, _export, commcell = run(simulator, names("orders", "billing"), check_running=False)
    assert commcell.api_calls() == {"reads": 0, "writes": 2, "quota": None}


@pytest.mark.parametrize("order", ["asked", "reversed", "shuffled"])
@pytest.mark.parametrize("lag", [0, 20])
def test_jobs_of_a_batch_find_their_instances_in_any_order_and_late(simulator, order, lag):
    simulator.set(job_ids_order=order, visibility_lag=lag)
    backups, _export, _commcell = run(simulator, names("orders", "billing", "hr"), batch_size=3)
    assert {backup.instance.instance_name: backup.job_ids[0] for backup in backups} == really(simulator)
    assert len(simulator.writes()) == 1


def test_a_batch_that_starts_less_than_asked_says_who_was_left_out(simulator):
    simulator.set(start_at_most=2)
    backups, _export, _commcell = run(simulator, names("orders", "billing", "hr"), batch_size=3)
    states = [backup.state for backup in backups]
    assert sorted(states) == ["refused", "started", "started"]
    started = {backup.instance.instance_name for backup in backups if backup.state == "started"}
    assert started == set(really(simulator))


def test_a_bad_one_that_spoils_its_batch_does_not_spoil_the_others(simulator):
    simulator.set(mixed_batch="refuse_all")
    backups, _export, _commcell = run(simulator, names("orders", "no-such", "hr", "crm"), batch_size=4)
    assert [backup.state for backup in backups] == ["started", "refused", "started", "started"]
    assert set(really(simulator)) == {"orders", "hr", "crm"}
    assert len([job for job in simulator.jobs() if job["started_by"] is not None]) == 3


def test_a_relaunch_while_jobs_run_starts_nothing(simulator):
    instances = names("orders", "billing")
    first, _export, _commcell = run(simulator, instances)
    again, _export, _commcell = run(simulator, instances)
    assert [backup.state for backup in again] == ["adopted", "adopted"]
    assert not any(backup.changed for backup in again)
    assert [backup.job_ids for backup in again] == [backup.job_ids for backup in first]
    assert len(simulator.jobs()) == 2


def test_a_running_backup_is_returned_with_its_task_within_two_requests(simulator):
    run(simulator, names("orders"))
    (backup,), _export, commcell = run(simulator, names("orders"))
    job = simulator.jobs()[0]
    assert (backup.state, backup.task_id, backup.job_ids) == ("adopted", job["task_id"], (str(job["job_id"]),))
    assert commcell.api_calls() == {"reads": 2, "writes": 0, "quota": None}


def test_tasks_of_running_backups_are_extras_and_few_are_read(simulator, monkeypatch):
    monkeypatch.setattr(export_module, "MAX_TASKS", 10)
    simulator.reset({"clients": {"aws-prod": [f"db{number}" for number in range(12)]}})
    instances = names(*(f"db{number}" for number in range(12)))
    run(simulator, instances)
    again, _export, commcell = run(simulator, instances)
    assert [backup.task_id is not None for backup in again] == [True] * 10 + [False] * 2
    assert commcell.api_calls()["reads"] == 1 + 10
    simulator.order_fault({"path": "JobDetails"}, {"kind": "unavailable"}, times=None)
    again, export, commcell = run(simulator, instances)
    assert {(backup.state, backup.task_id) for backup in again} == {("adopted", None)}
    # Those that were on their way when the first one failed.
    assert commcell.api_calls()["reads"] <= 1 + 4
    assert export.warnings == []


def test_a_recent_backup_is_returned_with_its_task(simulator):
    run(simulator, names("orders"))
    simulator.advance(7200)
    (backup,), _export, commcell = run(simulator, names("orders"), max_age=86400.0)
    assert (backup.state, backup.task_id) == ("recent", simulator.jobs()[0]["task_id"])
    assert commcell.api_calls() == {"reads": 2, "writes": 0, "quota": None}


def test_a_relaunch_after_good_ends_starts_nothing_within_max_age(simulator):
    instances = [*names("orders", "billing", "hr"), *names("orders", client="aws-dev")]
    run(simulator, instances)
    simulator.advance(7200)
    writes = len(simulator.writes())
    again, _export, commcell = run(simulator, instances, max_age=86400.0)
    assert [backup.state for backup in again] == ["recent"] * 4
    assert len(simulator.writes()) == writes
    # One list of jobs, however many instances, and the task of each job.
    assert commcell.api_calls()["reads"] == 1 + 4


def test_max_age_adopts_what_runs_where_the_commcell_would_queue_a_second_job(simulator):
    simulator.set(queue_conflicting_jobs=True)
    instances = names("orders")
    run(simulator, instances)
    again, _export, _commcell = run(simulator, instances, max_age=86400.0)
    assert [backup.state for backup in again] == ["adopted"]
    assert len(simulator.jobs()) == 1


def test_what_runs_is_adopted_before_a_commcell_could_queue_a_second_job(simulator):
    simulator.set(queue_conflicting_jobs=True)
    run(simulator, names("orders"))
    again, _export, _commcell = run(simulator, names("orders", "billing"))
    assert [backup.state for backup in again] == ["adopted", "started"]
    again, _export, _commcell = run(simulator, names("orders"), adopt_running=False)
    assert (again[0].state, again[0].failure["kind"]) == ("refused", "already_running")
    assert len(simulator.jobs()) == 2


@pytest.mark.parametrize("kill", [False, True])
def test_a_relaunch_while_listings_lag_says_what_it_doubled(simulator, kill):
    simulator.set(queue_conflicting_jobs=True, visibility_lag=10)
    instances = names("orders", "billing")
    first, _export, _commcell = run(simulator, instances, check_running=False)
    again, export, _commcell = run(simulator, instances, kill_duplicates=kill)
    assert [backup.state for backup in again] == ["duplicate"] * 2
    assert [backup.duplicate_of for backup in again] == [backup.job_ids[0] for backup in first]
    assert "2 of the backups were started beside another" in export.warnings[0]
    simulator.advance(3)
    states = [job["state"] for job in simulator.jobs()]
    assert states[2:] == (["Killed"] * 2 if kill else ["Queued"] * 2)
    assert "Killed" not in states[:2]


@pytest.mark.parametrize(
    "variant",
    [{"job_client": "access-node-1"}, {"job_application_id": 134}, {"job_type": "Data Pump Export"}],
)
@pytest.mark.parametrize("ended", [False, True])
def test_a_job_of_an_odd_row_is_known_by_the_number_of_its_subclient(simulator, variant, ended):
    simulator.set(queue_conflicting_jobs=True, **variant)
    first, _export, _commcell = run(simulator, names("orders"))
    simulator.advance(3600 if ended else 5)
    again, _export, _commcell = run(simulator, names("orders"), max_age=86400.0)
    assert [backup.state for backup in again] == ["recent" if ended else "adopted"]
    assert again[0].job_ids == first[0].job_ids


@pytest.mark.parametrize("variant", [{"job_end_times": False}, {"level_names": False}])
def test_a_good_backup_without_end_time_or_level_name_counts(simulator, variant):
    simulator.set(**variant)
    simulator.reset(
        {
            "clients": [
                {
                    "name": "aws-prod",
                    "instances": [
                        {
                            "name": "orders",
                            "history": [{"status": "Completed", "age": 3600, "seconds": 60, "level": "full"}],
                        }
                    ],
                }
            ]
        }
    )
    simulator.set(**variant)
    (backup,), _export, _commcell = run(simulator, names("orders"), max_age=86400.0)
    assert backup.state == "recent"


@pytest.mark.parametrize(("start_unverified", "state"), [(False, "not_submitted"), (True, "started")])
def test_what_cannot_be_judged_is_only_started_where_that_is_wanted(simulator, start_unverified, state):
    run(simulator, names("orders"))
    simulator.advance(3600)
    simulator.set(job_client="access-node-1")
    simulator.order_fault({"path": "Subclient"}, {"kind": "forbidden"}, times=None)
    (backup,), _export, _commcell = run(simulator, names("orders"), max_age=86400.0, start_unverified=start_unverified)
    assert backup.state == state
    assert "access-node-1" in (backup.not_verified[0] if start_unverified else backup.msg)


def test_a_commcell_that_is_away_at_the_beginning_is_waited_for(simulator):
    simulator.order_fault({"path": "Jobs"}, {"kind": "unavailable"}, times=8)
    backups, export, _commcell = run(simulator, names("orders", "billing"))
    assert [backup.state for backup in backups] == ["started"] * 2
    assert export.warnings == []


def test_the_job_of_somebody_else_is_named_and_not_taken_for_a_lost_one(simulator):
    running = {"status": "Running", "age": 0, "seconds": 9000, "user": "dba"}
    simulator.reset({"clients": [{"name": "aws-prod", "instances": [{"name": "orders", "history": [running]}]}]})
    simulator.order_fault({"path": "createtask"}, {"reset": "before"})
    (backup,), _export, _commcell = run(simulator, names("orders"), check_running=False)
    job_id = str(simulator.jobs()[0]["job_id"])
    assert (backup.state, backup.own, backup.job_ids, backup.candidates) == ("unknown", False, (), (job_id,))
    assert f"Job {job_id} is not taken for it: it was started by dba" in backup.msg


def test_where_history_is_hidden_the_backups_are_started_with_a_warning(simulator):
    simulator.set(history_view="denied")
    backups, export, _commcell = run(simulator, names("orders"), max_age=86400.0)
    assert [backup.state for backup in backups] == ["started"]
    assert "client 'aws-prod' cannot be seen" in export.warnings[0]


def test_what_does_not_fit_into_the_quota_is_not_submitted_and_says_when(simulator):
    simulator.set(quota={"reads": 1000, "writes": 2, "period": 3600})
    backups, _export, commcell = run(simulator, names("orders", "billing", "hr"))
    assert sorted(backup.state for backup in backups) == ["not_submitted", "started", "started"]
    late = next(backup for backup in backups if backup.state == "not_submitted")
    assert late.failure["kind"] == "rate_limited"
    assert 3500 < late.retry_at - late.sent_at <= 3700
    assert commcell.api_calls()["quota"]["limit"] == 2
    assert len(simulator.jobs()) == 2


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"cut_body": True}, {"cut_json": True}])
@pytest.mark.parametrize("lag", [0, 30])
def test_a_lost_answer_costs_one_request_and_loses_no_job(simulator, fault, lag):
    simulator.set(visibility_lag=lag)
    simulator.order_fault({"path": "createtask"}, {"process": True, **fault})
    (backup,), _export, _commcell = run(simulator, names("orders"))
    assert (backup.state, backup.changed) == ("adopted", True)
    assert backup.job_ids == (really(simulator)["orders"],)
    assert backup.task_id == simulator.jobs()[0]["task_id"]
    assert len(simulator.writes()) == 1


def test_details_that_hang_do_not_hold_up_the_search_for_a_lost_job(simulator):
    simulator.order_fault({"path": "createtask"}, {"process": True, "reset": "after"})
    simulator.order_fault({"path": "JobDetails"}, {"kind": "unavailable"}, times=2)
    (backup,), _export, _commcell = run(simulator, names("orders"))
    assert backup.state == "adopted"
    # Each of them is read once a look; another look follows in any case.
    paths = [one["path"].lower().rpartition("/")[2] for one in simulator.journal()]
    assert [path for path in paths if path.startswith("job")][1:7] == ["jobs", "jobdetails"] * 3


def test_a_lost_request_stays_unknown_and_is_not_sent_again(simulator):
    simulator.order_fault({"path": "createtask"}, {"reset": "before"})
    (backup,), _export, _commcell = run(simulator, names("orders"))
    assert backup.state == "unknown"
    assert simulator.jobs() == []
    assert len(simulator.journal("createtask")) == 1


@pytest.mark.parametrize("visible", [True, False])
def test_the_answer_to_another_request_is_no_start(simulator, monkeypatch, visible):
    create, told = TasksApi.create, []

    def repeat_the_first(tasks, body):
        told.append(create(tasks, body))
        return told[0]

    monkeypatch.setattr(TasksApi, "create", repeat_the_first)
    if not visible:
        monkeypatch.setattr(JobReader, "read", lambda _reader, _job_ids: {})
    backups, export, _commcell = run(simulator, names("orders", "billing"), concurrency=1)
    first, second = backups
    assert (first.state, first.job_ids) == ("started", told[0].job_ids)
    if visible:
        # It was started all the same, and is found like that of any lost answer.
        assert (second.state, second.changed, second.job_ids) == ("adopted", True, told[1].job_ids)
    else:
        assert all("the answer to another request has it, too" in one.not_verified[0] for one in backups)
        assert len([one for one in export.warnings if one.startswith("Of 2 of the backups")]) == 1


def preview(simulator, instances, **plan):
    """What check mode says of a call."""
    transport = Transport(parse_base_url(simulator.url), Redactor(), timeout=5, pool_size=4)
    with CommCell(transport, Token(simulator.token)) as commcell:
        export = Export(commcell, ExportOptions(), ExportPlan(concurrency=4, **plan))
        backups = export.preview(instances)
        return backups, export.last_good(instances), commcell


MIXED = {
    "clients": [
        {
            "name": "aws-prod",
            "instances": [
                "orders",
                {"name": "running", "history": [{"status": "Running", "age": 60, "seconds": 9000}]},
                {"name": "recent", "history": [{"status": "Completed", "age": 3600, "seconds": 60}]},
                {"name": "planless", "plan": None},
                {"name": "disabled", "subclients": [{"name": "default", "activity": False}]},
            ],
        },
        {"name": "aws-off", "activity": False, "instances": ["orders"]},
    ]
}
TROUBLE = {
    "orders": ("would_start", "Would start"),
    "running": ("adopted", "under way already: job"),
    "recent": ("recent", "young enough"),
    "planless": ("refused", "neither a plan nor"),
    "disabled": ("refused", "activity is disabled"),
    "oders": ("refused", "orders"),
}


def mixed_instances():
    return [
        *names(*TROUBLE),
        *names("orders", client="aws-off"),
        *names("orders", client="aws-prd"),
        Instance("aws-prod", "orders", "no-such-subclient", id="subclient"),
    ]


def test_a_dry_run_tells_each_trouble_and_a_real_run_agrees(simulator):
    simulator.reset(MIXED)
    wanted = mixed_instances()
    dry, _last_good, commcell = preview(simulator, wanted, max_age=86400.0)
    for backup, (state, words) in zip(dry, TROUBLE.values(), strict=False):
        assert backup.state == state, backup.msg
        assert words in backup.msg
    assert [backup.state for backup in dry[len(TROUBLE) :]] == ["refused"] * 3
    assert "aws-prod" in dry[-2].msg
    assert "default" in dry[-1].msg
    assert commcell.api_calls()["writes"] == 0
    assert simulator.writes() == []
    real, _export, _commcell = run(simulator, wanted, max_age=86400.0)
    predicted = [backup.state.replace("would_start", "started") for backup in dry]
    assert [backup.state for backup in real] == predicted
    assert [(backup.failure or {}).get("code") for backup in real] == [
        (backup.failure or {}).get("code") for backup in dry
    ]


def test_a_dry_run_and_preflight_see_that_the_commcell_is_switched_off(simulator):
    simulator.set(activity_enabled=False)
    (dry,), _last_good, _commcell = preview(simulator, names("orders"))
    assert (dry.state, dry.failure["code"]) == ("refused", 587207178)
    assert "backup activity of the whole CommCell is disabled" in dry.msg
    (real,), _export, _commcell = run(simulator, names("orders"), preflight=True)
    assert (real.state, real.msg) == (dry.state, dry.msg)
    assert simulator.writes() == []


def test_old_releases_do_not_tell_that_the_commcell_is_switched_off(simulator):
    simulator.set(activity_enabled=False, activity_control=False)
    (dry,), _last_good, _commcell = preview(simulator, names("orders"))
    assert dry.state == "would_start"
    (real,), _export, _commcell = run(simulator, names("orders"))
    assert real.state == "refused"


def test_preflight_sends_only_what_would_start(simulator):
    simulator.reset(MIXED)
    backups, _export, _commcell = run(simulator, mixed_instances(), preflight=True, max_age=86400.0)
    assert [backup.state for backup in backups].count("started") == 1
    assert len(simulator.journal("createtask")) == 1


# A name that is wrong, how often the CommCell is asked for the right one, and the two sentences that are said then.
WRONG = {
    "client": (
        Instance("aws-prd", "orders", id="x"),
        3,
        "There is no client 'aws-prd', or these credentials may not see it.",
        "Correct client_name; nearest: aws-prod, aws-dev.",
    ),
    "instance": (
        Instance("aws-prod", "ordrs", id="x"),
        1,
        "Client 'aws-prod' has no instance 'ordrs' that these credentials may see.",
        "Correct instance_name; nearest: orders.",
    ),
    "subclient": (
        Instance("aws-prod", "orders", "nightly", id="x"),
        1,
        "The instance has no subclient 'nightly'.",
        "Correct subclient_name: it has default.",
    ),
    "application": (
        Instance("aws-prod", "orders", id="x", application_id=81),
        1,
        "Instance 'orders' of client 'aws-prod' belongs to Oracle (application id 22), not to application id 81.",
        "To back it up all the same, set application_id to 22, and app_name.",
    ),
}
REFUSAL = "Failed to start backups as no eligible subclients were found. (POST "
ELIGIBLE = " An eligible subclient is one that exists under exactly this client"


@pytest.mark.parametrize("wrong", WRONG)
def test_after_a_refusal_the_wrong_name_is_looked_for_and_said(simulator, wrong):
    instance, reads, cause, advice = WRONG[wrong]
    (backup,), _export, commcell = run(simulator, [instance])
    assert backup.state == "refused"
    assert f"{REFUSAL}{simulator.url}/createtask, HTTP 500, error code 587207178) {cause} {advice}" in backup.msg
    assert backup.msg.endswith(advice)
    assert backup.failure["message"] == "Failed to start backups as no eligible subclients were found."
    assert commcell.api_calls() == {"reads": 1 + reads, "writes": 1, "quota": None}
    # Nothing is read before it is sent but the jobs.
    assert [one["endpoint"] for one in simulator.journal()][:2] == ["jobs", "createtask"]


def test_after_a_refusal_a_missing_plan_or_disabled_activity_is_said(simulator):
    simulator.reset(MIXED)
    backups, _export, commcell = run(simulator, names("planless", "disabled", "orders"))
    assert [backup.state for backup in backups] == ["refused", "refused", "started"]
    assert backups[0].msg.endswith(") It has neither a plan nor a storage policy. Assign a plan in the Command Center.")
    assert backups[1].msg.endswith(") Its backup activity is disabled. Enable it in the Command Center.")
    # One look before the starts and one after them, one for the client, one for the subclient without a plan.
    assert commcell.api_calls()["reads"] == 4


def test_of_a_batch_that_leaves_an_instance_out_the_wrong_name_is_said(simulator):
    backups, _export, _commcell = run(simulator, names("orders", "ordrs", "hr"), batch_size=3)
    assert [backup.state for backup in backups] == ["started", "refused", "started"]
    assert "started jobs for other instances of it only" in backups[1].msg
    assert backups[1].msg.endswith("Correct instance_name; nearest: orders.")


def test_a_wrong_client_is_said_although_a_like_named_backup_runs_and_nothing_is_sent(simulator):
    run(simulator, names("orders"))
    (backup,), _export, commcell = run(simulator, names("orders", client="aws-prd"))
    job_id = really(simulator)["orders"]
    assert (backup.state, backup.candidates) == ("not_submitted", (job_id,))
    doubt = "is a backup of it that runs could not be told: it names client 'aws-prod', application 22."
    assert f"whether job {job_id} (Waiting) {doubt} There is no client 'aws-prd'" in backup.msg
    assert backup.msg.endswith("Correct client_name; nearest: aws-prod, aws-dev.")
    assert commcell.api_calls()["writes"] == 0


def test_all_that_is_refused_of_a_client_costs_one_look(simulator):
    wrong = [f"ordrs{number}" for number in range(40)]
    backups, _export, commcell = run(simulator, [*names(*wrong), *names("orders", "hr")])
    assert [backup.state for backup in backups] == ["refused"] * 40 + ["started"] * 2
    assert all("nearest: orders." in backup.msg for backup in backups[:40])
    assert commcell.api_calls() == {"reads": 2 + 1, "writes": 42, "quota": None}


def test_of_many_wrong_clients_the_first_three_are_looked_for(simulator):
    wrong = [Instance(f"aws-prd{number}", "orders", id=str(number)) for number in range(9)]
    backups, _export, commcell = run(simulator, wrong)
    assert ["nearest: aws-prod" in backup.msg for backup in backups] == [True] * 3 + [False] * 6
    assert all(ELIGIBLE in backup.msg for backup in backups[3:])
    # The jobs; of each client its subclients and its number; and all clients.
    assert commcell.api_calls()["reads"] == 1 + 3 * 2 + 1


def test_of_a_whole_call_in_several_rounds_three_clients_are_looked_for(simulator):
    clock = SimulatedRuntime(simulator)
    transport = Transport(parse_base_url(simulator.url), Redactor(), timeout=5, pool_size=4)
    with CommCell(transport, Token(simulator.token), clock) as commcell:
        export = Export(commcell, ExportOptions(), ExportPlan(check_running=False), clock)
        backups = [export.run([Instance(f"aws-prd{n}", "orders", id=str(n))])[0] for n in range(5)]
    assert ["nearest: aws-prod" in backup.msg for backup in backups] == [True] * 3 + [False] * 2
    assert commcell.api_calls()["reads"] == 3 * 2 + 1


def test_right_names_are_refused_in_the_words_of_before(simulator):
    simulator.set(activity_enabled=False)
    (backup,), _export, commcell = run(simulator, names("orders"))
    assert ELIGIBLE in backup.msg
    assert commcell.api_calls()["reads"] == 2


@pytest.mark.parametrize("kind", ["server_error_json", "unavailable", "maintenance", "reset_before", "rate_limit"])
def test_where_the_look_fails_the_refusal_stands_alone_after_one_request(simulator, kind):
    simulator.order_fault({"path": "Subclient"}, {"kind": kind}, times=None)
    (backup,), _export, _commcell = run(simulator, names("ordrs"), outage_timeout=300.0)
    assert backup.state == "refused"
    assert ELIGIBLE in backup.msg
    assert [one["endpoint"] for one in simulator.journal()] == ["jobs", "createtask", "subclient"]


def test_where_the_subclients_may_not_be_seen_the_refusal_stands_alone(simulator):
    simulator.order_fault({"path": "Subclient"}, {"kind": "forbidden"}, times=None)
    (backup,), _export, _commcell = run(simulator, names("ordrs"))
    assert backup.state == "refused"
    assert ELIGIBLE in backup.msg


def test_where_the_commcell_goes_away_after_a_refusal_nothing_is_looked_for(simulator):
    simulator.order_fault({"path": "createtask", "instance": "orders"}, {"kind": "unavailable"}, times=None)
    simulator.order_fault({"path": "WhoAmI"}, {"kind": "unavailable"}, times=None)
    simulator.order_fault({"path": "Jobs"}, {"kind": "unavailable"}, times=None, after=1)
    backups, _export, _commcell = run(simulator, names("ordrs", "orders"), outage_timeout=20.0)
    assert (backups[0].state, backups[1].ok) == ("refused", False)
    assert ELIGIBLE in backups[0].msg
    assert simulator.journal("Subclient") == []


@pytest.mark.parametrize(
    "fault",
    [{"kind": "forbidden"}, {"kind": "unauthorized"}, {"status": 400, "json": "Request body is empty"}],
    ids=["403", "401", "400"],
)
def test_a_refusal_that_is_not_about_a_name_is_not_looked_into(simulator, fault):
    simulator.order_fault({"path": "createtask"}, fault, times=None)
    _backups, _export, _commcell = run(simulator, names("ordrs"))
    assert {one["endpoint"] for one in simulator.journal()} <= {"jobs", "createtask", "whoami"}


def test_after_preflight_names_are_not_looked_at_again(simulator):
    simulator.order_fault({"path": "createtask"}, {"kind": "server_error_json"})
    (backup,), _export, commcell = run(simulator, names("orders"), preflight=True)
    assert backup.state == "refused"
    # The activity of CommCell and client, the subclients, the jobs.
    assert commcell.api_calls()["reads"] == 4


JOBS_DOWN = ({"path": "Jobs"}, {"kind": "server_error_json"})


def test_where_the_jobs_cannot_be_read_max_age_sends_nothing(simulator):
    simulator.order_fault(*JOBS_DOWN, times=None)
    instances = [*names("orders", "billing"), *names("orders", client="aws-dev")]
    backups, export, _commcell = run(simulator, instances, preflight=True, max_age=86400.0)
    assert [backup.state for backup in backups] == ["not_submitted"] * 3
    assert (export.warnings, simulator.writes()) == ([], [])


def test_where_the_jobs_cannot_be_read_preflight_alone_leaves_the_last_word_to_commvault(simulator):
    simulator.order_fault(*JOBS_DOWN, times=None)
    instances = [*names("orders", "billing"), *names("orders", client="aws-dev")]
    backups, export, _commcell = run(simulator, instances, preflight=True)
    assert [backup.state for backup in backups] == ["started"] * 3
    warning, after = export.warnings
    assert "Of 3 of the backups it is not verified whether another backup of it was active" in after
    assert warning.startswith("The jobs of 2 clients ('aws-prod', 'aws-dev') could not be read, so nothing is known")
    assert all(one.not_verified[0].startswith("whether another backup of it runs: ") for one in backups)


@pytest.mark.parametrize("plan", [{}, {"max_age": 86400.0}, {"look_back": 86400.0}])
def test_where_the_jobs_cannot_be_read_a_dry_run_verifies_nothing(simulator, plan):
    simulator.order_fault(*JOBS_DOWN, times=None)
    backups, _last_good, _commcell = preview(simulator, names("orders", "billing"), **plan)
    assert {(backup.state, backup.changed, backup.ok) for backup in backups} == {("not_verified", True, True)}
    words = " (subclient 'default') would be started is not verified, since it could not be read whether another backup"
    assert f"Whether a backup of instance 'orders' of client 'aws-prod'{words} of it runs" in backups[0].msg


def test_where_the_jobs_are_hidden_a_dry_run_says_so_of_each(simulator):
    simulator.set(job_view="denied")
    (backup,), _last_good, _commcell = preview(simulator, names("orders"))
    assert backup.state == "would_start"
    (text,) = backup.not_verified
    assert text.startswith("whether another backup of it runs: ")
    assert backup.msg.endswith(f"Not verified is {text}")


CLIENT_CLOSED = ({"path": "Client/*"}, {"kind": "forbidden"})


@pytest.mark.parametrize("dry", [True, False])
def test_all_that_could_not_be_read_goes_with_the_backup(simulator, dry):
    simulator.order_fault(*CLIENT_CLOSED, times=None)
    simulator.order_fault(*JOBS_DOWN, times=None)
    look = preview if dry else run
    (backup,), _more, _commcell = look(simulator, names("orders"), preflight=True)
    assert backup.state == ("not_verified" if dry else "started")
    client, jobs = backup.not_verified[:2]
    assert client.startswith("whether backup activity of its client is enabled: ")
    assert jobs.startswith("whether another backup of it runs: ")
    if dry:
        assert client in backup.msg
        assert jobs in backup.msg


def test_nothing_is_not_verified_where_all_could_be_read_or_nothing_was(simulator):
    simulator.order_fault(*CLIENT_CLOSED, times=None)
    for wanted, plan in ((names("orders"), {}), (names("billing"), {"max_age": 3600.0})):
        (backup,), _export, _commcell = run(simulator, wanted, **plan)
        assert (backup.state, backup.not_verified, backup.age) == ("started", (), None)


def test_what_is_only_shown_does_not_decide_what_is_started(simulator):
    simulator.reset(MIXED)
    simulator.set(history_view="denied")
    backups, export, _commcell = run(simulator, names("orders", "running"), preflight=True, look_back=86400.0)
    assert ([backup.state for backup in backups], export.warnings) == (["started", "adopted"], [])


def test_jobs_are_read_once_for_what_is_judged_and_what_is_shown(simulator):
    simulator.reset({"clients": {f"c{number}": ["orders", "billing"] for number in range(12)}})
    wanted = [one for number in range(12) for one in names("orders", "billing", client=f"c{number}")]
    for plan in ({}, {"max_age": 3600.0}, {"max_age": 99 * 86400.0}):
        before = len(simulator.journal("Jobs"))
        backups, last_good, commcell = preview(simulator, wanted, look_back=30 * 86400.0, **plan)
        assert ({backup.state for backup in backups}, set(last_good)) == ({"would_start"}, {None})
        assert len(simulator.journal("Jobs")) == before + 1
        # The activity of the CommCell, two for each client, and the jobs.
        assert commcell.api_calls()["reads"] == 1 + 2 * 12 + 1


def test_nothing_is_read_to_show_the_last_good_backups_of_nothing(simulator):
    _backups, export, commcell = run(simulator, names("no-such"))
    reads = commcell.api_calls()["reads"]
    assert (export.last_good([]), commcell.api_calls()["reads"]) == ([], reads)


def test_what_a_dry_run_cannot_read_is_not_verified(simulator):
    simulator.order_fault({"path": "Subclient"}, {"kind": "server_error_json"}, times=None)
    (backup,), _last_good, _commcell = preview(simulator, names("orders"))
    assert (backup.state, backup.changed, backup.ok) == ("not_verified", True, True)


def test_a_dry_run_reads_each_client_and_not_each_instance(simulator):
    many = {"clients": {"one": [f"db{number}" for number in range(50)]}}
    simulator.reset(many)
    wanted = names(*many["clients"]["one"], client="one")
    backups, _last_good, commcell = preview(simulator, wanted)
    assert {backup.state for backup in backups} == {"would_start"}
    assert commcell.api_calls()["reads"] <= 6


def test_the_last_good_backup_is_found_for_the_diff(simulator):
    simulator.reset(MIXED)
    _backups, last_good, _commcell = preview(simulator, names("recent", "orders"))
    assert last_good[0].status == "Completed"
    assert last_good[1] is None


@pytest.mark.parametrize("lost", [False, True])
def test_a_fault_after_the_starts_loses_none_of_them(simulator, monkeypatch, lost):
    if lost:
        simulator.order_fault({"path": "createtask"}, {"process": True, "reset": "after"})
    monkeypatch.setattr(export_module.Export, "_settle" if lost else "_find_duplicates", lambda *_args: 1 / 0)
    backups, export, _commcell = run(simulator, names("orders", "billing"))
    assert [backup.state for backup in backups] == ["unknown" if lost else "started", "started"]
    assert all(backup.changed and backup.unresolved is None for backup in backups)
    warnings = ["What was started was not looked at any more. A fault in rdsops.commvault: ZeroDivisionError."]
    assert export.warnings == warnings
    # A further round that starts nothing has none of its own, and leaves those of this one.
    assert [backup.state for backup in export.run(names("orders"))] == ["adopted"]
    assert export.warnings == warnings
