# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.template import Templar
from requests.exceptions import ConnectTimeout

from ansible_collections.rdsops.commvault.plugins.inventory import oracle_rds
from ansible_collections.rdsops.commvault.plugins.module_utils._estate.discovery import ReadFailure
from ansible_collections.rdsops.commvault.plugins.module_utils._parallel import RUNTIME
from ansible_collections.rdsops.commvault.plugins.modules import oracle_rds_export_backup as backup
from ansible_collections.rdsops.commvault.tests.support import estates
from ansible_collections.rdsops.commvault.tests.support.inventory_runner import NAME, TOKEN, URL
from ansible_collections.rdsops.commvault.tests.support.job_rows import ended_job, listing
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

ROWS = [
    estates.subclient_row(1001, "orders"),
    estates.subclient_row(1002, "billing", enabled=False, plan="silver plan"),
]


def one_client(*rows):
    """The reads of a CommCell with one client, in the order of source: clients."""
    return Script(
        estates.list_clients("aws-prod"),
        estates.list_subclients(11).returns(200, estates.subclients(*(rows or ROWS))),
    )


@pytest.fixture
def read(run_inventory):
    """Runs the plugin on a CommCell with these rows, without last backups."""

    def run(*rows, **options):
        return run_inventory(one_client(*rows), **{"source": "clients", "history": "0", **options})

    return run


def test_each_subclient_is_a_host_with_the_variables_of_the_role(read):
    inventory = read()
    assert (inventory.error, inventory.warnings) == (None, [])
    assert inventory.hosts == ["billing", "orders"]
    variables = inventory.variables("orders")
    options = backup.argument_spec().options["instances"]["options"]
    assert {name: variables[f"commvault_{name}"] for name in options if name != "id"} == {
        "client_name": "aws-prod",
        "instance_name": "orders",
        "subclient_name": "default",
        "display_name": "AWS production",
        "app_name": "Oracle",
        "application_id": 22,
    }
    assert (variables["commvault_subclient_id"], variables["commvault_status"]) == (1001, "enabled")


def test_hosts_know_their_source_as_with_every_plugin(read, run_inventory):
    class Data(InventoryData):
        """Remembers the source at the end of a plugin."""

        def reconcile_inventory(self):
            self.source_at_end = self.current_source
            super().reconcile_inventory()

    data = Data()
    data.current_source = "/earlier/hosts"
    data.add_host("orders")
    inventory = read(data=data)
    path = run_inventory.place / "test.commvault_rds.yml"
    sources = {host: inventory.variables(host)["inventory_file"] for host in inventory.hosts}
    assert sources == {"orders": "/earlier/hosts", "billing": str(path)}
    assert inventory.variables("billing")["inventory_dir"] == str(path.parent)
    assert data.source_at_end == str(path)


def test_hosts_are_in_groups_by_client_plan_status_and_age(read):
    assert read().groups == {
        "oracle_rds": ["billing", "orders"],
        "commvault_client_aws_prod": ["billing", "orders"],
        "commvault_plan_gold": ["orders"],
        "commvault_plan_silver_plan": ["billing"],
        "commvault_status_disabled": ["billing"],
        "commvault_status_enabled": ["orders"],
        "commvault_age_unknown": ["billing", "orders"],
    }


def test_groups_and_variables_can_be_named_otherwise_or_left_out(read):
    inventory = read(group_by=["status"], group_prefix="x_", hostvars_prefix="cv_")
    assert set(inventory.groups) == {"oracle_rds", "x_status_enabled", "x_status_disabled"}
    assert inventory.variables("orders")["cv_plan"] == "gold"
    assert "commvault_plan" not in inventory.variables("orders")


def test_an_empty_commcell_is_an_empty_group(run_inventory):
    inventory = run_inventory(Script(get("V4/Instances").returns(404, {}), get("Client").returns(200, {})))
    assert (inventory.error, inventory.hosts, inventory.groups) == (None, [], {"oracle_rds": []})


def test_hosts_can_be_chosen_by_names_and_statuses(read):
    assert read(name_patterns=["ord*"]).hosts == ["orders"]
    assert read(statuses=["disabled", "ready"]).hosts == ["billing"]


@pytest.mark.parametrize(
    ("option", "advice"),
    [("client_name", "Correct it; nearest: client_names"), ("qqq", "See ansible-doc -t inventory")],
)
def test_a_misspelt_option_is_refused_before_anything_is_read(run_inventory, option, advice):
    inventory = run_inventory(Script(), **{option: ["aws-prod"]})
    assert f"{NAME} has no option {option}. {advice}" in str(inventory.error)


def test_named_clients_are_the_only_ones_that_are_read(run_inventory):
    script = Script(estates.list_subclients("aws-prod").returns(200, estates.subclients(*ROWS)))
    assert len(run_inventory(script, client_names=["aws-prod"], history="0").hosts) == 2


def test_last_backups_make_hosts_fresh_or_stale(run_inventory):
    run_inventory.now = 100_000.0
    rows = [estates.subclient_row(1000 + number, f"db{number}") for number in range(4)]
    jobs = [
        ended_job(9, "db1", subclient_id=1001, end=99_000),
        ended_job(8, "db2", subclient_id=1002, end=100_000 - 7201),
        ended_job(7, "db3", subclient_id=1003, end=99_500, status="Failed"),
    ]
    script = Script(
        get("V4/Instances").returns(404, {}),
        estates.list_clients("aws-prod"),
        estates.list_subclients(11).returns(200, estates.subclients(*rows)),
        post("Jobs").returns(200, listing(*jobs)),
    )
    inventory = run_inventory(script, stale_after="2h")
    assert json.loads(script.requests[-1].body)["jobFilter"]["completedJobLookupTime"] >= 7200
    assert inventory.groups["commvault_fresh"] == ["db1"]
    assert inventory.groups["commvault_stale"] == ["db0", "db2", "db3"]
    assert inventory.variables("db1")["commvault_last_good_backup"]["job_id"] == "9"
    assert inventory.variables("db3")["commvault_last_backup"]["state"] == "failed"


def test_the_age_is_that_by_the_clock_of_the_server(run_inventory):
    run_inventory.now = time.time()  # by this clock, the backup would be decades old
    answer = estates.subclients(estates.subclient_row(1001, "orders"))
    script = Script(
        estates.list_subclients("aws-prod").returns(200, answer, {"Date": "Thu, 01 Jan 1970 02:00:00 GMT"}),
        post("Jobs").returns(200, listing(ended_job(9, "orders", subclient_id=1001, end=5000))),
    )
    inventory = run_inventory(script, client_names=["aws-prod"], stale_after=2500)
    assert inventory.groups["commvault_fresh"] == ["orders"]


def test_subclients_of_the_same_name_are_all_there_and_warned_of(run_inventory):
    rows = [
        estates.subclient_row(1001, "orders"),
        estates.subclient_row(1002, "orders", client="aws-dev", client_id=12),
        estates.subclient_row(1003, "billing", name="schema-a"),
    ]
    script = Script(
        estates.list_clients("aws-prod", "aws-dev"),
        estates.list_subclients(11).returns(200, estates.subclients(rows[0], rows[2])),
        estates.list_subclients(12).returns(200, estates.subclients(rows[1])),
    )
    inventory = run_inventory(script, source="clients", history="0")
    assert inventory.hosts == ["orders.aws-dev", "billing.schema-a", "orders.aws-prod"]
    assert len(inventory.warnings) == 1
    assert "several subclients would be called orders." in inventory.warnings[0]


def of_client(number, name, *instances):
    """The read of a client with these instances, where the file names the client."""
    rows = [
        estates.subclient_row(100 * number + place, instance, client=name, client_id=number)
        for place, instance in enumerate(instances)
    ]
    return Script(estates.list_subclients(name).returns(200, estates.subclients(*rows)))


def test_two_files_with_an_instance_of_the_same_name_give_two_hosts_and_a_warning(run_inventory):
    first = run_inventory(of_client(11, "aws-eu", "orders", "hr"), client_names=["aws-eu"], history="0")
    both = run_inventory(
        of_client(12, "aws-prod", "orders", "billing"), client_names=["aws-prod"], history="0", data=first.data
    )
    assert first.warnings == []
    assert both.hosts == ["hr", "orders", "billing", "orders.aws-prod"]
    assert both.groups["commvault_client_aws_eu"] == ["hr", "orders"]
    assert both.groups["commvault_client_aws_prod"] == ["billing", "orders.aws-prod"]
    assert both.variables("orders")["commvault_client_name"] == "aws-eu"
    assert both.variables("orders.aws-prod")["commvault_client_name"] == "aws-prod"
    (warning,) = both.warnings
    assert "other subclients that are called orders. Those of " in warning
    assert "test.commvault_rds.yml have the name of their client after it" in warning


def test_a_file_that_is_read_twice_gives_the_same_hosts(run_inventory):
    options = {"client_names": ["aws-prod"], "history": "0"}
    data = run_inventory(of_client(11, "aws-eu", "orders"), client_names=["aws-eu"], history="0").data
    once = run_inventory(of_client(12, "aws-prod", "orders", "hr"), data=data, **options).hosts
    again = run_inventory(of_client(12, "aws-prod", "orders", "hr"), data=data, **options)
    assert again.warnings != []
    assert again.hosts == once == ["orders", "hr", "orders.aws-prod"]


def test_a_host_of_another_source_is_the_same_database_unless_it_says_otherwise(run_inventory):
    data = InventoryData()
    for host, variables in {
        "orders": {"db_instance_identifier": "orders"},
        "hr": {"commvault_client_name": "aws-dev"},
        "billing": {"commvault_client_name": "aws-prod", "commvault_subclient_name": "default"},
    }.items():
        data.add_host(host)
        data.hosts[host].vars.update(variables)
    script = of_client(12, "aws-prod", "orders", "hr", "billing")
    inventory = run_inventory(script, client_names=["aws-prod"], history="0", data=data)
    assert inventory.hosts == ["orders", "hr", "billing", "hr.aws-prod"]
    assert inventory.variables("orders")["db_instance_identifier"] == "orders"
    assert inventory.variables("orders")["commvault_client_name"] == "aws-prod"
    assert inventory.groups["oracle_rds"] == ["billing", "hr.aws-prod", "orders"]


@pytest.mark.parametrize(
    ("instance", "options"),
    [
        ("oracle_rds", {}),
        ("commvault_stale", {}),
        ("commvault_client_aws_prod", {}),
        ("stale", {"group_prefix": ""}),
        ("status_ready", {"group_prefix": ""}),
        ("plan_gold", {"group_prefix": ""}),
        ("mine", {"groups": {"mine": "true"}}),
        ("theirs", {}),
    ],
)
def test_an_instance_that_is_called_like_a_group_does_not_become_one(read, instance, options):
    data = InventoryData()
    data.add_group("theirs")
    data.add_host("web1", group="theirs")
    inventory = read(estates.subclient_row(1001, instance), estates.subclient_row(1002, "orders"), data=data, **options)
    assert (inventory.error, inventory.warnings) == (None, [])
    assert set(inventory.hosts) == {"web1", f"{instance}.aws-prod", "orders"}
    assert set(inventory.groups["oracle_rds"]) == {f"{instance}.aws-prod", "orders"}
    assert inventory.groups["theirs"] == ["web1"]
    assert all(not group.child_groups for name, group in inventory.data.groups.items() if name != "all")


def test_a_host_that_has_the_name_of_a_group_already_keeps_it(read):
    data = InventoryData()
    data.add_group("orders")
    data.add_host("orders", group="orders")
    inventory = read(ROWS[0], data=data)
    assert inventory.hosts == ["orders"]
    assert inventory.groups["oracle_rds"] == inventory.groups["commvault_status_enabled"] == ["orders"]


def test_names_follow_a_template(read):
    inventory = read(hostname="{{ commvault_instance_name | upper }}.{{ commvault_client_name }}")
    assert inventory.hosts == ["BILLING.aws-prod", "ORDERS.aws-prod"]


def test_names_can_be_made_of_extra_variables_as_composed_variables_can(read, monkeypatch):
    extra = {"ext": "corp", "commvault_instance_name": "x"}
    monkeypatch.setattr("ansible.plugins.inventory.load_extra_vars", lambda _loader: extra)
    options = {"hostname": "{{ commvault_subclient_id }}.{{ ext }}", "compose": {"made": "ext"}}
    inventory = read(use_extra_vars=True, **options)
    assert inventory.hosts == ["1002.corp", "1001.corp"]
    assert inventory.variables("1001.corp")["made"] == "corp"
    assert inventory.variables("1001.corp")["commvault_instance_name"] == "orders"
    assert "'ext' is undefined" in read(**options).error


@pytest.mark.parametrize(
    ("template", "words"),
    [("commvault_instance_name", "hostname must be a template"), ("{{ nosuch }}", "hostname cannot be evaluated")],
)
def test_a_wrong_template_is_told(read, template, words):
    assert words in read(hostname=template).error


def test_what_the_server_says_never_becomes_a_template(read):
    evil = "{{ lookup('ansible.builtin.pipe', 'echo hacked') }}"
    inventory = read(
        estates.subclient_row(1001, evil, display_name=evil, plan=evil),
        compose={"made": "commvault_plan ~ ''"},
        keyed_groups=[{"key": "commvault_plan", "prefix": "by"}],
    )
    (host,) = inventory.hosts
    assert "{" not in host
    assert not any("{" in name for name in inventory.groups)
    variables = inventory.variables(host)
    templar = Templar(loader=DataLoader(), variables=variables)
    for name in ("commvault_instance_name", "commvault_display_name", "commvault_plan", "made"):
        assert templar.template(variables[name]) == evil


def test_constructed_variables_and_groups_are_made(read):
    inventory = read(
        compose={"place": "commvault_client_name ~ '/' ~ commvault_instance_name"},
        groups={"big": "commvault_instance_name == 'orders'"},
        keyed_groups=[{"key": "place", "prefix": "at"}],
        strict=True,
    )
    assert inventory.variables("orders")["place"] == "aws-prod/orders"
    assert inventory.groups["big"] == ["orders"]
    assert inventory.groups["at_aws_prod_billing"] == ["billing"]


def test_a_faulty_construction_fails_only_if_strict(read):
    assert read(compose={"x": "nosuch.thing"}).error is None
    assert "nosuch" in read(compose={"x": "nosuch.thing"}, strict=True).error


# --- cache ---


@pytest.fixture
def cached(tmp_path):
    """Options that switch the cache on."""
    return {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        "source": "clients",
        "history": "0",
    }


def test_the_cache_is_looked_at_before_anything_is_sent(run_inventory, cached):
    first = run_inventory(one_client(), **cached)
    again = run_inventory(**cached)
    assert (again.error, again.warnings) == (None, [])
    assert again.groups == first.groups
    assert again.variables("orders") == first.variables("orders")


@pytest.mark.parametrize(
    ("seconds", "options"), [(0, {"auth_token": None}), (0, {"concurrency": 3}), (1e9, {"cache_timeout": 0})]
)
def test_the_cache_needs_no_credentials_and_without_timeout_lasts_for_ever(run_inventory, cached, seconds, options):
    run_inventory(one_client(), **cached)
    run_inventory.now += seconds
    assert len(run_inventory(**options, **cached).hosts) == 2


def test_a_prefix_keeps_the_caches_of_two_sets_of_rights_apart(run_inventory, cached):
    run_inventory(one_client(), cache_prefix="all_", **cached)
    few = {**cached, "cache_prefix": "few_", "auth_token": "SECRET-of-another-user"}
    assert run_inventory(one_client(ROWS[0]), **few).hosts == ["orders"]
    assert len(run_inventory(cache_prefix="all_", **cached).hosts) == 2
    assert run_inventory(**few).hosts == ["orders"]


def test_the_cache_holds_what_was_read_and_not_what_was_made_of_it(run_inventory, cached):
    run_inventory(one_client(), name_patterns=["nothing*"], **cached)
    inventory = run_inventory(
        hostname="{{ commvault_instance_name }}-x", hostvars_prefix="commvault_", compose={"x": "'made'"}, **cached
    )
    assert inventory.hosts == ["billing-x", "orders-x"]
    assert inventory.variables("orders-x")["x"] == "made"


@pytest.mark.parametrize(("seconds", "refresh"), [(3601, False), (-60, False), (0, True)])
def test_a_cache_that_is_old_or_from_the_future_or_to_be_refreshed_is_read_anew(
    run_inventory, cached, seconds, refresh
):
    run_inventory(one_client(), **cached)
    run_inventory.now += seconds
    assert run_inventory(one_client(ROWS[0]), refresh=refresh, **cached).hosts == ["orders"]
    assert run_inventory(**cached).hosts == ["orders"]


@pytest.mark.parametrize(
    "change", [{"url": "https://other.example.com"}, {"application_ids": [22, 80]}, {"history": "1h"}]
)
def test_another_question_is_not_answered_from_the_cache(run_inventory, cached, change):
    run_inventory(one_client(), **cached)
    script = Script(get("Client").returns(200, {}))
    assert run_inventory(script, **{**cached, **change}).hosts == []


@pytest.mark.parametrize("content", ["", "{}", '{"format": 1}', "not json", "[]"])
def test_a_damaged_cache_is_read_anew(run_inventory, cached, content):
    run_inventory(one_client(), **cached)
    (entry,) = Path(cached["cache_connection"]).iterdir()
    entry.write_text(content)
    assert len(run_inventory(one_client(), **cached).hosts) == 2


UNREACHABLE = get("Client").raises(ConnectTimeout("no route"))


@pytest.mark.parametrize("refresh", [False, True])
def test_an_old_cache_serves_while_the_commcell_is_unreachable_if_the_user_allows_it(run_inventory, cached, refresh):
    run_inventory(one_client(), **cached)
    run_inventory.now += 7200
    inventory = run_inventory(Script(UNREACHABLE), refresh=refresh, cache_fallback_age="1d", **cached)
    assert inventory.hosts == ["billing", "orders"]
    assert len(inventory.warnings) == 1
    assert "what it was 120 minutes ago" in inventory.warnings[0]
    assert "could not be reached" in inventory.warnings[0]


@pytest.mark.parametrize("options", [{}, {"cache_fallback_age": "1h"}])
def test_an_old_cache_does_not_serve_where_that_is_not_allowed(run_inventory, cached, options):
    run_inventory(one_client(), **cached)
    run_inventory.now += 7200
    inventory = run_inventory(Script(UNREACHABLE), **cached, **options)
    assert "could not be reached" in inventory.error
    assert inventory.hosts == []


def test_an_old_cache_does_not_hide_refused_credentials(run_inventory, cached):
    run_inventory(one_client(), **cached)
    run_inventory.now += 7200
    denied = {"errorMessage": "Access denied", "errorCode": 5}
    script = Script(get("Client").returns(401, denied), post("WhoAmI").returns(401, denied))
    inventory = run_inventory(script, cache_fallback_age="1d", **cached)
    assert "did not accept the credentials" in inventory.error


# --- what cannot be read ---


HIDDEN = (200, {"errors": [{"errorString": "not for you"}]})
BROKEN = (502, "<html>Bad gateway</html>")


def first_of_clients(*answers):
    """The reads of a CommCell with several clients, of which the first can be read; answers: those for the others."""
    others = [f"aws-{number}" for number, _answer in enumerate(answers, 12)]
    return Script(
        estates.list_clients("aws-prod", *others),
        estates.list_subclients(11).returns(200, estates.subclients(*ROWS)),
        *(estates.list_subclients(number).returns(*answer) for number, answer in enumerate(answers, 12)),
    )


def test_what_the_user_may_not_see_is_warned_of_also_from_the_cache(run_inventory, cached):
    first = run_inventory(first_of_clients(HIDDEN), **cached)
    again = run_inventory(**cached)
    for inventory in (first, again):
        assert len(inventory.hosts) == 2
        assert len(inventory.warnings) == 1
        assert "The subclients of client aws-12 could not be read" in inventory.warnings[0]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([BROKEN], "1 client could not be read. The subclients of client aws-12 could not be read"),
        ([BROKEN] * 2, "2 clients could not be read. The first of them: The subclients of client aws-12"),
    ],
)
def test_no_host_is_missing_because_the_server_failed(run_inventory, cached, answers, words):
    inventory = run_inventory(first_of_clients(*answers), **cached)
    assert inventory.hosts == []
    assert words in inventory.error


def test_a_failure_in_the_middle_falls_back_on_the_cache_as_well(run_inventory, cached):
    run_inventory(one_client(), **cached)
    run_inventory.now += 7200
    inventory = run_inventory(first_of_clients(BROKEN), cache_fallback_age="1d", **cached)
    assert len(inventory.hosts) == 2


def one_client_and_jobs(status, answer, *more):
    """The reads of a CommCell with one client that is named, and of its jobs; more: exchanges after them."""
    asked = estates.list_subclients("aws-prod")
    return Script(asked.returns(200, estates.subclients(*ROWS)), post("Jobs").returns(status, answer), *more)


GOOD_JOBS = (200, listing(ended_job(9, "orders", subclient_id=1001)))
WITH_JOBS = {"client_names": ["aws-prod"], "source": "auto", "history": "1d"}


def test_jobs_that_the_user_may_not_see_leave_ages_unknown(run_inventory):
    known = post("WhoAmI").returns(200, {"user": {"userName": "somebody"}})
    script = one_client_and_jobs(403, {}, known, post("Jobs").returns(403, {}))
    inventory = run_inventory(script, **WITH_JOBS)
    assert inventory.groups["commvault_age_unknown"] == ["billing", "orders"]
    assert "The last backups could not be read" in inventory.warnings[0]


def test_no_host_changes_its_group_because_the_server_failed(run_inventory):
    inventory = run_inventory(one_client_and_jobs(503, "<html></html>"), **WITH_JOBS)
    assert inventory.hosts == []
    assert "The last backups could not be read" in inventory.error
    assert inventory.error.endswith("With history: 0, the inventory does without the list of jobs.")


def test_jobs_that_the_server_failed_to_give_are_those_of_the_cache_if_the_user_allows_it(run_inventory, cached):
    options = {**cached, **WITH_JOBS, "cache_fallback_age": "1d"}
    first = run_inventory(one_client_and_jobs(*GOOD_JOBS), **options)
    run_inventory.now += 7200
    for _attempt in range(2):
        # Nothing of it is stored: the next run asks again.
        inventory = run_inventory(one_client_and_jobs(503, "<html></html>"), **options)
        assert inventory.groups == first.groups
        assert inventory.groups["commvault_fresh"] == ["orders"]
        assert "this is what it was 120 minutes ago: The last backups could not be read" in inventory.warnings[0]
    inventory = run_inventory(one_client_and_jobs(503, "<html></html>"), **{**options, "cache_fallback_age": "0"})
    assert "The last backups could not be read" in inventory.error


def test_nothing_of_a_reading_that_lacks_something_is_stored(run_inventory, cached):
    options = {**cached, **WITH_JOBS}
    assert run_inventory(one_client_and_jobs(503, "<html></html>"), **options).error
    assert run_inventory(one_client_and_jobs(*GOOD_JOBS), **options).groups["commvault_fresh"] == ["orders"]


def test_no_status_changes_because_the_server_failed_to_give_the_list_of_instances(run_inventory, cached):
    options = {**cached, "source": "auto", "cache_fallback_age": "1d"}
    asked = estates.list_subclients(11)
    good = get("V4/Instances").returns(200, estates.v4(estates.v4_row(1101, "orders")))
    first = run_inventory(Script(good, asked.returns(200, estates.subclients(ROWS[0]))), **options)
    assert first.groups["commvault_status_ready"] == ["orders"]
    run_inventory.now += 7200
    again = run_inventory(Script(get("V4/Instances").returns(503, "<html></html>")), **options)
    assert again.groups == first.groups
    assert "what it was 120 minutes ago" in again.warnings[0]
    fresh = {"history": "0", "source": "auto"}
    alone = run_inventory(Script(get("V4/Instances").returns(503, "<html></html>")), **fresh)
    assert (alone.hosts, "V4/Instances, HTTP 503" in alone.error) == ([], True)


@pytest.mark.parametrize(("kind", "fails"), [("server", True), ("timeout", True), ("permission", False)])
def test_a_list_of_instances_that_the_server_failed_to_give_fails_the_inventory(
    run_inventory, monkeypatch, kind, fails
):
    find = oracle_rds.Discovery.find

    def without_instances(self, query):
        found = find(self, query)
        found.unread.append(ReadFailure("instances", None, kind, "V4/Instances could not be read: why."))
        return found

    monkeypatch.setattr(oracle_rds.Discovery, "find", without_instances)
    inventory = run_inventory(one_client(), source="clients", history="0")
    if fails:
        assert "V4/Instances could not be read: why. Try again later. With source: clients," in inventory.error
    else:
        assert (len(inventory.hosts), len(inventory.warnings)) == (2, 1)


# --- options ---


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": None}, "url is missing"),
        ({"auth_token": None}, "credentials are missing"),
        ({"stale_after": "soon"}, "stale_after must be a number"),
        ({"stale_after": 0}, "stale_after must be longer"),
        ({"history": "x"}, "history must be"),
        ({"cache_fallback_age": "x"}, "cache_fallback_age must be"),
        ({"concurrency": 0}, "concurrency must be a number from 1 to 64"),
        ({"application_ids": []}, "application_ids is an empty list"),
        ({"validate_certs": "perhaps"}, "validate_certs must be true or false"),
        ({"url": "http://cc.example.com"}, "allow_http"),
        ({"statuses": ["good"]}, "statuses"),
        ({"statuses": [5]}, "statuses"),
        ({"group_by": [True]}, "group_by"),
        ({"client_names": [None]}, "client_names must hold texts, not None."),
        (
            {"client_names": [False]},
            "client_names must hold texts, not False. If it is meant as a text, put it in quotes",
        ),
        ({"client_names": [["aws-prod"]]}, "client_names must hold texts, not ['aws-prod']."),
        ({"client_names": [""]}, "client_names holds an empty name"),
        ({"name_patterns": [{"a": 1}]}, "name_patterns must hold texts, not {'a': 1}."),
        ({"application_ids": ["Oracle"]}, "application_ids must hold integers, not 'Oracle'."),
        ({"application_ids": [22.5]}, "application_ids must hold integers, not 22.5."),
        ({"application_ids": [True]}, "application_ids must hold integers, not True."),
        ({"application_ids": "22,x"}, "application_ids must hold integers, not 'x'."),
    ],
)
def test_wrong_options_are_told_before_anything_is_sent(run_inventory, options, words):
    inventory = run_inventory(**options)
    assert words in inventory.error
    assert TOKEN not in inventory.error


def test_members_of_lists_may_be_written_as_numbers_or_as_texts(run_inventory):
    rows = [estates.subclient_row(number, name, client="123") for number, name in ((1, "5"), (2, "6"))]
    script = Script(estates.list_subclients("123").returns(200, estates.subclients(*rows)))
    inventory = run_inventory(script, client_names=[123], name_patterns=[5], application_ids=["22"], history="0")
    assert (inventory.error, inventory.hosts) == (None, ["5"])


def test_a_prefix_that_makes_no_variable_names_is_told(read):
    assert "hostvars_prefix must be" in read(hostvars_prefix="cv-").error


LOOKUP = "{{ lookup('ansible.builtin.env', 'MY_TOKEN') }}"


@pytest.mark.parametrize(
    ("environment", "options", "token"),
    [
        # The environment gives what the file does not.
        ({"COMMVAULT_URL": URL, "COMMVAULT_AUTH_TOKEN": "SECRET-1"}, {"url": None, "auth_token": None}, "SECRET-1"),
        # What the file says beats other credentials of the environment.
        ({"COMMVAULT_USERNAME": "somebody", "COMMVAULT_PASSWORD": "SECRET-password"}, {}, TOKEN),
        # Options can be templates.
        ({"MY_TOKEN": "SECRET-from-a-lookup"}, {"auth_token": LOOKUP}, "SECRET-from-a-lookup"),
    ],
)
def test_credentials_come_from_the_file_or_the_environment(run_inventory, monkeypatch, environment, options, token):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    script = Script(get("Client").with_header("Authtoken", token).returns(200, {}))
    assert run_inventory(script, source="clients", **options).error is None


def test_variables_that_are_set_to_nothing_count_as_not_set(run_inventory, monkeypatch):
    for name in ("URL", "AUTH_TOKEN", "VALIDATE_CERTS", "TIMEOUT", "CA_PATH", "AUTH_SCHEME", "USERNAME", "TOKEN_FILE"):
        monkeypatch.setenv(f"COMMVAULT_{name}", "")
    inventory = run_inventory(Script(get("Client").returns(200, {})), source="clients")
    # A warning would say that certificates are not checked.
    assert (inventory.error, inventory.warnings) == (None, [])
    assert os.environ["COMMVAULT_VALIDATE_CERTS"] == ""


@pytest.mark.parametrize(("value", "warned"), [("false", True), ("no", True), ("true", False), ("1", False)])
def test_certificates_are_checked_unless_a_variable_says_no(run_inventory, monkeypatch, value, warned):
    monkeypatch.setenv("COMMVAULT_VALIDATE_CERTS", value)
    inventory = run_inventory(Script(get("Client").returns(200, {})), source="clients")
    assert any("validate_certs is false" in text for text in inventory.warnings) is warned


def test_a_misspelled_variable_does_not_switch_the_check_of_certificates_off(run_inventory, monkeypatch):
    monkeypatch.setenv("COMMVAULT_VALIDATE_CERTS", "ture")
    assert "validate_certs must be true or false, not 'ture'" in run_inventory().error


def test_a_template_that_cannot_be_evaluated_is_told_without_its_text(run_inventory):
    inventory = run_inventory(auth_token="{{ nosuch('SECRET') }}")
    assert "auth_token cannot be evaluated as a template" in inventory.error
    assert "SECRET" not in inventory.error


def test_a_secret_that_the_server_repeats_is_masked(run_inventory):
    script = Script(get("Client").returns(400, f"bad header {TOKEN}"))
    inventory = run_inventory(script, source="clients")
    assert "bad header ********" in inventory.error
    assert TOKEN not in inventory.error


def test_the_library_that_is_missing_is_named(run_inventory, monkeypatch):
    monkeypatch.setattr(oracle_rds, "HAS_REQUESTS", False)
    assert "requests is missing" in run_inventory().error


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("commvault_rds.yml", True),
        ("prod.commvault_rds.yaml", True),
        ("commvault_rds.json", False),
        ("commvault.yml", False),
    ],
)
def test_the_ending_of_a_file_says_whether_it_is_for_the_plugin(tmp_path, name, accepted):
    (tmp_path / name).write_text(yaml.safe_dump({"plugin": NAME}))
    plugin = inventory_loader.get(NAME)
    assert plugin.verify_file(str(tmp_path / name)) is accepted
    assert plugin.verify_file(str(tmp_path / "missing.commvault_rds.yml")) is False


def test_a_commcell_that_restarts_is_waited_for(run_inventory, monkeypatch):
    slept = []
    monkeypatch.setattr(RUNTIME, "sleep", slept.append)
    away = [get("V4/Instances").returns(503, "<html>starting</html>"), post("WhoAmI").returns(503, "<html>..</html>")]
    back = [post("WhoAmI").returns(200, {"user": {}}), get("V4/Instances").returns(404, {})]
    inventory = run_inventory(Script(*away, *back, get("Client").returns(200, {})), outage_timeout="5m")
    assert (inventory.error, inventory.groups) == (None, {"oracle_rds": []})
    assert len(slept) == 2
    said, answers = inventory.warnings
    assert "503" in said
    assert "Waiting for up to 5 min until it answers (outage_timeout; 0 does not wait)." in said
    assert "The CommCell answers again" in answers
