# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each step of the role for all hosts of a play, from the variables of the hosts to what the task returns."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.utils.context_objects import CLIArgs

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.entry import missing_entry
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet import step
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job


@pytest.fixture
def earlier(monkeypatch):
    """The backups of earlier batches, by what each host has registered."""

    def ask(fleets, everyone, current, failed=()):
        play = SimpleNamespace(registered=lambda host, _name: fleets.get(host))
        monkeypatch.setattr(step, "PlayVariables", lambda *_args: play)
        monkeypatch.setattr(step, "RoleOptions", lambda _loader: None)
        variables = {
            "inventory_hostname": current[0],
            "ansible_play_hosts_all": everyone,
            "ansible_play_hosts": [host for host in everyone if host not in failed],
            "ansible_play_batch": current,
        }
        action = SimpleNamespace(_task=SimpleNamespace(args={"step": "report"}), _loader=None)
        found = step.Step(action, variables)._previous_batches({host: {} for host in current})
        return {one["id"]: one["batch"] for one in found}

    return ask


def batch(number, hosts):
    return {"results": {host: {"id": host, "batch": number} for host in hosts}, "by_host": True}


def test_one_host_of_each_batch_before_tells_of_all_of_it(earlier):
    first, second, current = ["a", "b", "c"], ["d", "e", "f"], ["g"]
    fleets = {hosts[0]: batch(number, hosts) for number, hosts in enumerate([first, second])}
    assert earlier(fleets, [*first, *second, *current], current) == {
        **dict.fromkeys(first, 0),
        **dict.fromkeys(second, 1),
    }


def test_a_host_that_has_failed_tells_of_itself_alone(earlier):
    first, current = ["a", "b"], ["g"]
    fleets = {"a": batch(0, ["a", "b"]), "b": batch(1, ["b"])}
    assert earlier(fleets, [*first, *current], current, failed=["a"]) == {"a": 0, "b": 1}


def reported(monkeypatch, number, *, answer="auto", notify=None, others=0, once=False, **fleet):
    """What the last step says of a play with so many hosts in its batch."""
    hosts = [f"db{one}" for one in range(number)]
    found = {"results": {}, "summary": ["a line"], "by_host": True, "failed_backups": [], "msg": "", **fleet}
    play = SimpleNamespace(registered=lambda _host, _name: found, is_included_once=once)
    monkeypatch.setattr(step, "PlayVariables", lambda *_args: play)
    monkeypatch.setattr(step, "RoleOptions", lambda _loader: None)
    everyone = [*hosts, *(f"other{one}" for one in range(others))]
    variables = {
        "inventory_hostname": hosts[0],
        "ansible_play_hosts_all": everyone,
        "ansible_play_hosts": everyone,
        "ansible_play_batch": hosts,
    }
    lines = []
    action = SimpleNamespace(
        _task=SimpleNamespace(args={"step": "report"}, notify=notify, no_log=False),
        _loader=None,
        _display=SimpleNamespace(display=lines.append),
    )
    one = step.Step(action, variables)
    one._params = {"host_results": answer, "report_path": None, "fail_hosts": True}
    result = one.run() if "error" in fleet else one._report()
    assert lines == ["a line"]
    return result["host_results"]


@pytest.mark.parametrize(
    ("number", "more", "own"),
    [
        (500, {}, True),
        (501, {}, False),
        (501, {"answer": "false"}, False),
        (501, {"answer": "true"}, True),
        (501, {"failed_backups": ["db7"]}, True),
        (501, {"error": "Not so."}, True),
        (501, {"notify": ["a handler"]}, True),
        (501, {"others": 1}, True),
        (3, {"once": True, "error": "Not so."}, False),
    ],
)
def test_each_host_has_a_result_unless_there_are_many_and_all_is_well(monkeypatch, number, more, own):
    assert reported(monkeypatch, number, **more) is own


AWS = {"engine": "oracle-ee", "region": "eu-central-1"}
OF_AWS = {
    "orders": {"db_instance_identifier": "orders", **AWS},
    "hr": {"db_instance_identifier": "hr", **AWS},
    "blog": {"db_instance_identifier": "blog", "engine": "postgres", "region": "eu-central-1"},
    "own": {"commvault_instance_name": "own"},
}


def matches_of_aws(_options):
    entry = {"id": "orders", "client_name": "aws-prod", "instance_name": "ORDERS"}
    return {
        "matches": [
            {"id": "orders", "state": "matched", "msg": "It is ORDERS.", "entry": entry},
            {"id": "hr", "state": "missing", "msg": "No instance is called hr.", "entry": None},
            {"id": "blog", "state": "skipped", "msg": "blog is postgres.", "entry": None},
        ]
    }


def results(fleet):
    return {name: (entry["state"], entry["result"]) for name, entry in fleet["results"].items()}


def causes(fleet):
    return {name: entry["cause"] for name, entry in fleet["results"].items()}


# --- start


def test_one_request_of_the_module_starts_the_backups_of_all_hosts(role):
    run = role(["orders", "hr"], backup_level="full", max_age="20h", report_path="", job_description="Nightly")
    result = run("start")
    ((module, options),) = run.calls
    assert module == "oracle_rds_export_backup"
    assert options["instances"] == [
        {"id": host, "client_name": "aws-prod", "instance_name": host} for host in ("orders", "hr")
    ]
    assert (options["backup_level"], options["max_age"], options["job_description"]) == ("full", "20h", "Nightly")
    assert "wait_timeout" not in options
    assert results(result) == dict.fromkeys(["orders", "hr"], ("started", "started"))
    assert (result["changed"], result["by_host"], result["host"], result["facts"]) == (False, True, "orders", {})
    assert result["ansible_stats"]["data"]["oracle_rds_export_backup_artifact"]["job_ids"] == ["11", "12"]
    (line,) = run.lines
    assert line.startswith("Tasks 1,2, jobs 11,12. To wait for the jobs in another run: ansible-playbook ")
    assert line.endswith(" -e oracle_rds_export_backup_follow_job_ids=11,12")


def test_starts_that_wait_for_ends_know_for_how_long(role):
    run = role(["orders"], concurrency_per_client=2, wait_timeout="3h")
    run("start")
    assert (run.calls[0][1]["wait_timeout"], run.calls[0][1]["concurrency_per_client"]) == ("3h", 2)


def test_wrong_variables_of_one_host_stop_all_and_each_host_says_why(role):
    run = role({"orders": {"commvault_instance_name": "orders"}, "hr": {}})
    result = run("start")
    assert (run.calls, run.lines) == ([], [])
    assert causes(result) == {
        "hr": "Not started: commvault_instance_name is missing. Correct the variables of this host.",
        "orders": "Not started, since variables of other hosts are wrong: hr. Correct them, or set"
        " oracle_rds_export_backup_on_invalid to skip to start the others.",
    }
    assert result["failed_backups"] == ["hr", "orders"]


def test_a_host_with_wrong_variables_is_skipped_if_that_is_wanted(role):
    run = role({"orders": {"commvault_instance_name": "orders"}, "hr": {}}, on_invalid="skip")
    result = run("start")
    assert run.started() == ["orders"]
    assert results(result) == {"hr": ("not_submitted", "not_submitted"), "orders": ("started", "started")}


def test_hosts_that_aws_names_are_looked_up_and_only_what_is_found_is_started(role):
    run = role(OF_AWS, match_patterns=["{db_instance_identifier}"])
    run.answers["oracle_rds_instance_info"] = matches_of_aws
    result = run("start")
    assert run.modules == ["oracle_rds_instance_info", "oracle_rds_export_backup"]
    asked = run.calls[0][1]
    assert [one["id"] for one in asked["match"]] == ["orders", "hr", "blog"]
    assert (asked["history"], asked["match_patterns"]) == ("0", ["{db_instance_identifier}"])
    assert sorted(run.started()) == ["orders", "own"]
    assert causes(result)["hr"] == "No backup of hr was started: No instance is called hr."
    assert result["left_out"] == [{"id": "blog", "msg": "blog is postgres."}]
    assert "blog" not in result["results"]


def test_a_host_that_is_not_found_stops_all_if_that_is_wanted(role):
    run = role(OF_AWS, on_unmatched="stop")
    run.answers["oracle_rds_instance_info"] = matches_of_aws
    result = run("start")
    assert run.started() == []
    assert result["error"] == "Nothing was started. No backup of hr was started: No instance is called hr."
    assert "results" not in result


def test_an_inventory_without_hosts_is_a_mistake_unless_it_is_allowed(role):
    elsewhere = {"localhost": {"oracle_rds_export_backup_hosts": "db"}}
    refused = role(elsewhere)
    result = refused("start")
    assert result["error"].startswith("Nothing was started. There is no host to back up: the inventory has none in")
    assert "oracle_rds_export_backup_allow_empty" in result["error"]
    allowed = role(elsewhere, allow_empty=True)
    result = allowed("start")
    assert ("error" in result, result["results"], result["msg"]) == (False, {}, "0 backups.")
    assert (refused.calls, allowed.calls) == ([], [])


def test_localhost_in_the_group_is_a_host_as_others(role):
    assert causes(role({"localhost": {}})("start")) == {
        "localhost": "Not started: commvault_instance_name is missing. Correct the variables of this host."
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bakup_level": "full"}, "no variable oracle_rds_export_backup_bakup_level (nearest: "),
        ({"backup_level": "all"}, "oracle_rds_export_backup_backup_level must be one of: full, incremental"),
        ({"wait_timeout": "soon"}, "wait_timeout"),
        ({"wait_timeout": "12 parsecs"}, "wait_timeout"),
        ({"wait_interval": "0"}, "wait_interval"),
        ({"stuck_timeout": "soon"}, "stuck_timeout"),
        ({"on_timeout": "explode"}, "on_timeout must be one of: leave, suspend, kill"),
        ({"report_path": ["night.pdf"]}, "says no format of a report"),
        ({"report_path": ["/nowhere/night.html"]}, "there is no directory '/nowhere'"),
        ({"report_path": ["report.html"], "report_mode": "nonsense"}, "mode must be octal, such as '0640'"),
        ({"report_path": ["report.docx"]}, "The report: "),
        ({"report_path": ["report.html"], "report_mode": "rw"}, "The report: "),
        ({"backup_level": "{{ nobody_knows }}"}, "oracle_rds_export_backup_backup_level cannot be evaluated: "),
    ],
)
def test_a_mistake_in_an_option_of_any_step_is_found_before_anything_is_started(role, options, words):
    run = role(["orders"], **options)
    result = run("start")
    assert result["error"].startswith("Nothing was started. ")
    assert words in result["error"]
    assert result["failure"]["kind"] == "invalid_input"
    assert (result["changed"], run.calls) == (False, [])


@pytest.mark.parametrize("tag", ["wait", "report"])
def test_no_step_begins_whose_result_would_be_skipped(role, monkeypatch, tag):
    monkeypatch.setattr(step.context, "CLIARGS", CLIArgs({"skip_tags": [tag]}))
    run = role(["orders"])
    assert f"Nothing was started. --skip-tags {tag} would skip the task Result" in run("start")["msg"]
    assert run.calls == []


def test_options_that_differ_between_hosts_are_refused(role):
    levels = {
        host: {"oracle_rds_export_backup_backup_level": level} for host, level in (("a", "full"), ("b", "incremental"))
    }
    run = role({host: {"commvault_instance_name": host, **levels[host]} for host in levels})
    assert "backup_level is not the same for all hosts (b differs)" in run("start")["error"]
    assert run.calls == []


@pytest.mark.parametrize("wrong", ["a", "b"])
def test_an_unknown_variable_of_a_host_is_refused_as_others_that_are_wrong(role, wrong):
    hosts = {host: {"commvault_instance_name": host} for host in ("a", "b", "c")}
    hosts[wrong]["oracle_rds_export_backup_instnace_name"] = "b"
    run = role(hosts)
    result = run("start")
    assert run.calls == []
    told = causes(result)
    assert told[wrong].startswith("Not started: the role has no variable oracle_rds_export_backup_instnace_name (near")
    assert told["c"].startswith(f"Not started, since variables of other hosts are wrong: {wrong}.")
    run = role(hosts, on_invalid="skip")
    run("start")
    assert sorted(run.started()) == sorted({"a", "b", "c"} - {wrong})


def test_an_unknown_variable_of_all_hosts_is_told_once(role):
    run = role(["a", "b"], bakup_level="full", on_invalid="skip")
    assert run("start")["error"].startswith("Nothing was started. The role has no variable oracle_rds_export_backup_b")
    assert run.calls == []


def test_instances_that_are_given_are_started_in_place_of_the_hosts(role):
    given = [{"client_name": "aws-prod", "instance_name": "ledger"}]
    run = role({"localhost": {}}, instances=given)
    result = run("start")
    ((_name, options),) = run.calls
    assert [{**one, **given[0]} for one in options["instances"]] == options["instances"]
    assert result["by_host"] is False
    assert results(result) == {"ledger": ("started", "started")}


def test_an_empty_list_of_instances_is_for_the_module_to_judge(role):
    run = role(["orders"], instances=[])
    run.answers["oracle_rds_export_backup"] = {"failed": True, "msg": "instances is empty."}
    assert run("start")["error"] == "instances is empty."
    assert run.started() == []


def test_a_module_that_fails_altogether_is_an_error_with_its_failure(role):
    failure = CommvaultError("The token was refused.", "authentication").failure()
    run = role(["orders", "hr"])
    run.answers["oracle_rds_export_backup"] = {"failed": True, "msg": "The token was refused.", "failure": failure}
    result = run("start")
    assert (result["error"], result["failure"], result["changed"]) == ("The token was refused.", failure, False)
    run.answers["oracle_rds_export_backup"] = {}
    assert run("start")["error"] == "oracle_rds_export_backup returned nothing."


def test_warnings_and_the_diff_of_the_module_are_handed_on(role):
    run = role(["orders"])
    diff = {"before": "", "after": "POST"}
    run.answers["oracle_rds_export_backup"] = {
        "backups": [backup("orders", "would_start")],
        "warnings": ["The jobs cannot be seen."],
        "diff": diff,
    }
    result = run("start", check=True)
    # A diff is shown only of what has changed.
    assert (result["warnings"], result["diff"], result["changed"]) == (["The jobs cannot be seen."], diff, True)
    # What would be is nothing to hand on to later jobs.
    assert "ansible_stats" not in result
    assert run.lines == []


def test_module_defaults_hold_for_the_modules_of_the_steps(role):
    own = {"url": "https://cc.example.com", "auth_token": "{{ the_token }}", "backup_level": "full"}
    defaults = [
        {"rdsops.commvault.oracle_rds_export_backup": own},
        {"rdsops.commvault.job_wait": {"validate_certs": False}},
    ]
    run = role({"orders": {"commvault_instance_name": "orders", "the_token": "SECRET"}}, {"module_defaults": defaults})
    run.set("orders", wait=True)
    run("start")
    run("wait")
    (_name, start), (_name, wait) = run.calls
    # Other options of the module are those of the role.
    assert (start["url"], start["auth_token"], start["backup_level"]) == (own["url"], "SECRET", "incremental")
    assert (wait["validate_certs"], "url" in wait) == (False, False)


def test_a_second_start_in_a_play_forgets_the_ids_of_the_first(role):
    run = role(["orders"])
    run.set("orders", result={"task_id": 1, "job_ids": ["11"]})
    result = run("start")
    forgotten = {"oracle_rds_export_backup_task_id": None, "oracle_rds_export_backup_job_ids": []}
    assert (result.get("ansible_facts") or result["facts"]) == forgotten


def test_a_start_forgets_the_ids_that_a_cache_of_facts_kept_of_an_earlier_run(role):
    run = role(["orders", "billing"])
    run.play.manager.set_host_facts("billing", {"oracle_rds_export_backup_job_ids": ["11"]})
    result = run("start")
    assert (result.get("ansible_facts") or result["facts"])["oracle_rds_export_backup_job_ids"] == []


# --- batches of serial


def test_the_first_batch_looks_at_the_hosts_of_all_and_starts_its_own(role):
    run = role(["a", "b", "c"])
    first = run("start", batch=["a", "b"])
    second = run("start", batch=["c"])
    assert run.started() == ["a", "b", "c"]
    assert (set(first["results"]), set(second["results"])) == ({"a", "b"}, {"c"})
    # What a later job follows is of all batches.
    assert (len(first["artifact"]["job_ids"]), second["artifact"]["counts"]["backups"]) == (2, 3)


def test_a_mistake_in_a_later_batch_stops_the_first_one(role):
    run = role({"a": {"commvault_instance_name": "a"}, "b": {}})
    result = run("start", batch=["a"])
    assert run.calls == []
    assert list(result["results"]) == ["a"]
    assert "variables of other hosts are wrong: b" in causes(result)["a"]


def test_a_later_batch_is_waited_for_and_reported_with_those_before(role):
    run = role(["a", "b"], wait=True, report_path=["/tmp/report.html"])
    for host, job_id in (("a", "21"), ("b", "22")):
        run.answers["oracle_rds_export_backup"] = {"backups": [backup(host, job_ids=[job_id])]}
        for name in ("start", "wait", "report"):
            run(name, batch=[host])
    waits = [options["job_ids"] for name, options in run.calls if name == "job_wait"]
    reports = [[one["id"] for one in options["backups"]] for name, options in run.calls if name == "export_report"]
    assert (waits, reports) == ([["21"], ["22"]], [["a"], ["a", "b"]])


# --- wait


def test_without_wait_the_backups_are_handed_on_as_they_are(role):
    run = role(["orders"])
    before = run("start")
    result = run("wait")
    assert run.modules == ["oracle_rds_export_backup"]
    assert (result["results"], result["changed"], result["diff"], result["warnings"]) == (
        before["results"],
        False,
        [],
        [],
    )


def test_jobs_are_waited_for_with_the_options_of_the_role(role):
    run = role(["orders", "hr"], wait="yes", wait_timeout="2h", on_timeout="kill", fail_on="warnings")
    run.answers["oracle_rds_export_backup"] = {
        "backups": [
            backup("orders", job_ids=["11"], expected_end="2026-01-01T06:00:00Z", changed=True),
            backup("hr", "adopted", job_ids=["12"], own=False),
        ]
    }
    run.answers["job_wait"] = {
        "jobs": [job(11), job(12, "failed", reason="ORA-01017")],
        "warnings": ["The CommCell was away."],
    }
    run("start")
    result = run("wait")
    (options,) = [options for name, options in run.calls if name == "job_wait"]
    assert options["job_ids"] == ["11", "12"]
    # on_timeout may end what this run has started, and no more.
    assert (options["own_job_ids"], options["on_timeout"]) == (["11"], "kill")
    assert options["expected_ends"] == {"11": "2026-01-01T06:00:00Z"}
    assert (options["wait_timeout"], options["fail_on"]) == ("2h", "warnings")
    assert results(result) == {"orders": ("started", "succeeded"), "hr": ("adopted", "failed")}
    assert causes(result)["hr"] == "Job 12 (failed): Failed. ORA-01017"
    assert result["failed_backups"] == ["hr"]
    assert result["warnings"] == ["The CommCell was away."]
    assert {name: one["changed"] for name, one in result["results"].items()} == {"orders": True, "hr": False}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"failed": True, "msg": "The token was refused.", "failure": None}, "The token was refused."),
        ({"failed": True, "msg": "long", "failure": {"message": "Refused."}}, "Refused."),
        ({}, "job_wait returned nothing."),
    ],
)
def test_jobs_that_could_not_be_waited_for_are_reported_all_the_same(role, answer, cause):
    run = role(["orders"], wait=True)
    run.answers["job_wait"] = answer
    run("start")
    result = run("wait")
    assert results(result) == {"orders": ("started", "not_followed")}
    assert cause in causes(result)["orders"]
    assert result["results"]["orders"]["job_ids"] == ["11"]
    assert "error" not in result


def test_nothing_that_was_started_is_nothing_to_wait_for(role):
    run = role(["orders"], wait=True)
    run.answers["oracle_rds_export_backup"] = {"backups": [backup("orders", "refused")]}
    run("start")
    assert results(run("wait")) == {"orders": ("refused", "refused")}
    assert "job_wait" not in run.modules


def test_an_option_that_became_wrong_after_the_start_fails_the_hosts_and_keeps_their_jobs(role):
    run = role(["orders", "hr"], wait=True)
    run("start")
    for host in run.play.hosts:
        run.set(host, wait_timeout="soon")
    result = run("wait")
    assert result["error"].startswith("Nothing was waited for; jobs that were started go on. ")
    assert {name: (one["job_ids"], one["counts_as"]) for name, one in result["results"].items()} == {
        "orders": (["11"], "failed"),
        "hr": (["12"], "failed"),
    }
    assert causes(result) == dict.fromkeys(["orders", "hr"], result["error"])
    assert result["artifact"]["job_ids"] == ["11", "12"]
    # Nothing is reported as if it were good, and nothing is asked for again.
    run.lines.clear()
    assert run("report") == {"changed": False, "host": "orders", "host_results": True, "facts": {}}
    assert run.lines == ["\n".join(result["summary"])]


def test_after_a_start_that_could_not_be_nothing_more_is_done(role):
    run = role(["orders"], backup_level="all", wait=True)
    error = run("start")["error"]
    result = run("wait")
    assert (result["error"], result["diff"], result["warnings"]) == (error, [], [])
    assert run("report")["host_results"] is True
    assert (run.calls, run.lines) == ([], [])


# --- follow and status


def test_ids_that_are_given_are_followed_as_they_are_written(role):
    run = role({"localhost": {}}, follow_job_ids="7-9, 12;12")
    run.answers["job_wait"] = lambda options: {
        "jobs": [
            job(one, client_name="aws-prod", instance_name="orders", subclient_name="default")
            for one in options["job_ids"]
        ]
    }
    result = run("follow")
    ((_name, options),) = run.calls
    assert options["job_ids"] == ["7", "8", "9", "12"]
    # on_timeout may end them all: they are what was asked for.
    assert "own_job_ids" not in options
    assert list(result["results"]) == [
        "aws-prod/orders/default",
        *(f"aws-prod/orders/default (job {one})" for one in (8, 9, 12)),
    ]
    assert (result["by_host"], result["changed"], result["failed_backups"]) == (False, False, [])


def test_ids_that_are_given_come_before_what_the_play_has_started(role):
    run = role(["orders"])
    run("start")
    run.set("orders", follow_job_ids=[99])
    run("follow")
    assert run.calls[-1][1]["job_ids"] == ["99"]


def artifact(**more):
    return {
        "task_ids": [5],
        "job_ids": ["31"],
        "counts": {"results": {"refused": 3, "started": 1}},
        "failed": [{"id": "hr", "result": "refused", "cause": "No plan."}],
        **more,
    }


def test_what_an_earlier_run_handed_on_is_followed_with_what_was_not_started_there(role):
    run = role({"localhost": {}}, artifact=artifact())
    result = run("follow")
    assert results(result) == {"job 31": ("started", "succeeded"), "hr": ("refused", "refused")}
    assert result["artifact"]["task_ids"] == [5]
    assert [warning for warning in result["warnings"] if warning.startswith("2 more backups were not started")]


def test_an_artifact_that_names_all_is_no_warning(role):
    counts = {"results": {"refused": 1}}
    assert role({"localhost": {}}, artifact=artifact(counts=counts))("follow")["warnings"] == []


@pytest.mark.parametrize("wrong", [{"follow_job_ids": "9-7"}, {"artifact": artifact(task_ids=["x"])}])
def test_what_names_no_jobs_is_an_error_that_says_what_was_not_done(role, wrong):
    result = role({"localhost": {}}, **wrong)("follow")
    assert result["error"].startswith("Nothing was waited for; jobs that were started go on. ")


@pytest.mark.parametrize("name", ["follow", "status"])
@pytest.mark.parametrize("options", [{}, {"artifact": {}}, {"artifact": {"task_ids": [1]}}, {"follow_job_ids": ""}])
def test_with_nothing_to_look_at_the_step_says_what_to_set(role, name, options):
    run = role(["orders"], **options)
    result = run(name)
    assert "There are no jobs to look at" in result["error"]
    assert "oracle_rds_export_backup_follow_job_ids" in result["error"]
    assert (run.calls, "results" in result) == ([], False)


def test_following_what_the_play_has_started_changes_nothing(role):
    run = role(["orders"], on_timeout="suspend")
    run("start")
    result = run("follow")
    assert run.calls[-1][1]["own_job_ids"] == ["11"]
    assert results(result) == {"orders": ("started", "succeeded")}
    assert result["results"]["orders"]["changed"] is False


def test_the_status_is_read_once_and_active_jobs_are_no_failure(role):
    run = role(["orders", "hr"])
    run("start")
    result = run("status")
    assert run.calls[-1] == ("job_info", {"job_ids": ["11", "12"]})
    assert results(result) == dict.fromkeys(["orders", "hr"], ("started", "active"))
    assert result["failed_backups"] == []


def test_the_status_of_nothing_is_no_request(role):
    run = role(["orders"])
    run.answers["oracle_rds_export_backup"] = {"backups": [backup("orders", "refused")]}
    run("start")
    assert results(run("status")) == {"orders": ("refused", "refused")}
    assert "job_info" not in run.modules


@pytest.mark.parametrize("read", [[], ["12"]])
def test_a_status_that_cannot_be_read_keeps_what_is_known(role, read):
    run = role(["orders", "hr"])
    jobs = [{**missing_entry(job_id), "found": True, "state": "active"} for job_id in read]
    run.answers["job_info"] = {"failed": True, "msg": "Nobody answers.", "jobs": jobs}
    run("start")
    result = run("status")
    others = ("started", "active" if read else "not_followed")
    assert ("error" in result, results(result)) == (False, {"orders": ("started", "not_followed"), "hr": others})
    assert causes(result)["orders"] == "Job 11 (not followed to the end): Nobody answers."


def test_hosts_of_other_batches_are_not_waited_for_but_those_that_failed_since_are(role):
    run = role(["a", "b", "c"])
    run("start")
    run("follow", active=["a", "c"], batch=["a"])
    # b has failed since it was started, so no batch has it; c is in the next one.
    assert run.calls[-1][1]["job_ids"] == ["11", "12"]


def test_what_is_known_of_a_host_itself_counts_more_than_what_others_know_of_it(role):
    run = role(["a", "b"])
    run("start")
    run.answers["oracle_rds_export_backup"] = {"backups": [backup("b", job_ids=["77"])]}
    run("start", active=["b"])
    run("follow", batch=["a", "b"])
    assert sorted(run.calls[-1][1]["job_ids"]) == ["11", "77"]


@pytest.mark.parametrize("jobs", [["11"], []])
def test_a_wait_that_nobody_asked_for_says_that_the_jobs_go_on(role, jobs):
    run = role(["orders"])
    run.answers["oracle_rds_export_backup"] = {
        "backups": [backup("orders", job_ids=jobs, state="started" if jobs else "refused")]
    }
    run("start")
    run.lines.clear()
    run("wait")
    assert [line.split(":")[0] for line in run.lines] == ["The jobs go on"] * len(jobs)


# --- report


def test_without_a_path_the_table_is_shown_and_nothing_is_written(role):
    run = role(["orders"], wait=True)
    run("start")
    fleet = run("wait")
    run.lines.clear()
    result = run("report")
    assert run.lines == ["1 backup: 1 succeeded\norders  succeeded  task 1, job 11"]
    assert (result["msg"], result["changed"], result["fail_hosts"]) == (fleet["msg"], False, True)
    assert "export_report" not in run.modules


def test_with_no_log_the_table_is_its_numbers_alone(role):
    run = role(["orders", "hr"], {"no_log": True})
    run("start")
    run("report")
    assert run.lines[-1] == "2 backups: 2 started"


def test_reports_are_written_where_ansible_was_started_with_all_that_is_known(role, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run = role(["orders"], wait=True, report_path="night.html, ~/night.csv, ", report_title="Night", report_mode="0640")
    run("start")
    run("wait")
    result = run("report")
    module, options = run.calls[-1]
    assert module == "export_report"
    assert options["path"] == [str(tmp_path / "night.html"), str(tmp_path / "home" / "night.csv")]
    assert (options["title"], options["mode"]) == ("Night", "0640")
    assert [(one["id"], one["job"]["outcome"]) for one in options["backups"]] == [("orders", "succeeded")]
    assert (result["msg"], result["changed"], result["files"]) == ("Wrote 1 file.", True, ["a file"])
    assert "invocation" not in result


def test_jobs_of_a_backup_that_has_several_are_reported_each(role):
    run = role(["orders"], wait=True, report_path=["/tmp/night.html"])
    run.answers["oracle_rds_export_backup"] = {"backups": [backup("orders", job_ids=["11", "12"])]}
    for name in ("start", "wait", "report"):
        run(name)
    assert [one["job_id"] for one in run.calls[-1][1]["backups"][0]["jobs"]] == ["11", "12"]


@pytest.mark.parametrize("answer", [{"msg": "The disk is full."}, {"exception": "The disk is full."}])
def test_a_report_that_cannot_be_written_is_an_error_beside_the_table(role, answer):
    run = role(["orders"], report_path=["/tmp/night.html"], fail_hosts=False)
    run.answers["export_report"] = {"failed": True, **answer}
    run("start")
    result = run("report")
    assert result["error"] == "The report was not written: The disk is full."
    assert (result["changed"], result["fail_hosts"], result["host_results"]) == (False, False, True)
    assert run.lines[-1].startswith("1 backup: 1 started")


@pytest.mark.parametrize("name", ["report", "write_only"])
def test_where_nothing_was_started_there_is_nothing_to_report(role, name):
    run = role(["orders"], report_path=["/tmp/night.html"])
    assert "There is nothing to report" in run(name)["error"]
    run.set("orders", results={"skipped": True, "changed": False})
    assert "There is nothing to report" in run(name)["error"]
    assert run.calls == []


def test_a_report_can_be_written_again(role):
    run = role(["orders"], report_path=["/tmp/night.html"], fail_hosts=False)
    run("start")
    run.lines.clear()
    result = run("write_only")
    assert ([one["id"] for one in run.calls[-1][1]["backups"]], run.lines) == (["orders"], [])
    assert (result["host_results"], result["fail_hosts"], result["files"]) == (True, False, ["a file"])
