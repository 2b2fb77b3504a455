# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible import template
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.modules import export_report, oracle_rds_export_backup
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet import step
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.database import PREFIX
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.options import RoleOptions
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.variables import HostVariables

trusted = getattr(template, "trust_as_template", str)


@pytest.fixture(scope="module")
def options():
    return RoleOptions(DataLoader())


@pytest.fixture
def check_same():
    return RoleOptions(DataLoader()).check_same


def variables(**raw):
    return HostVariables({PREFIX + name: value for name, value in raw.items()}, Templar(loader=DataLoader()))


def test_options_are_the_variables_of_the_role_with_its_defaults(options):
    read = options.read(variables(backup_level="full", batch_size="7", wait="yes", max_age="", stuck_timeout=None))
    assert (read["backup_level"], read["batch_size"], read["wait"]) == ("full", 7, True)
    assert (read["max_age"], read["stuck_timeout"], read["on_running"], read["host_results"]) == (
        None,
        None,
        "adopt",
        "auto",
    )
    assert "client_name" not in read


@pytest.mark.parametrize(("answer", "read"), [(True, "true"), (False, "false"), ("auto", "auto"), ("", "auto")])
def test_a_choice_of_words_and_booleans_takes_both(options, answer, read):
    assert options.read(variables(host_results=answer))["host_results"] == read


@pytest.mark.parametrize("given", ["orders", ["orders"], [{"client_name": "c", "instance_name": "i"}, "orders"]])
def test_a_name_in_place_of_an_instance_is_told_by_its_place(options, given):
    index = len(given) - 1 if isinstance(given, list) else 0
    with pytest.raises(InvalidInput, match=rf"oracle_rds_export_backup_instances\[{index}\] is a string. Give a dict"):
        options.read(variables(instances=given))


def test_what_is_wrong_is_told_by_the_name_of_the_variable(options):
    with pytest.raises(InvalidInput, match="oracle_rds_export_backup_on_timeout must be one of: leave, suspend, kill"):
        options.read(variables(on_timeout="explode"))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("level", "oracle_rds_export_backup_backup_level"),
        ("bakup_level", "oracle_rds_export_backup_backup_level"),
        ("wait_timout", "oracle_rds_export_backup_wait_timeout"),
        ("waiting", "oracle_rds_export_backup_wait"),
        ("levle", "oracle_rds_export_backup_backup_level"),
        ("reportpath", "oracle_rds_export_backup_report_path"),
        ("maxage", "oracle_rds_export_backup_max_age"),
        ("clientname", "oracle_rds_export_backup_client_name"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_names(options, name, near):
    with pytest.raises(InvalidInput) as caught:
        options.check_names(variables(**{name: 1}))
    assert f"no variable {PREFIX}{name} (nearest: " in str(caught.value)
    assert near in str(caught.value)


def test_an_unknown_variable_is_refused_of_a_later_host_too(options):
    options.check_names(variables(backup_level="full"))
    for _host in range(2):
        with pytest.raises(InvalidInput, match=f"no variable {PREFIX}level "):
            options.check_names(variables(backup_level="full", level="full"))


def test_all_that_the_role_sets_or_reads_is_known(options):
    names = ("hosts", "results", "result", "task_id", "job_ids", "artifact", "client_name", "report_path", "wait")
    options.check_names(variables(**dict.fromkeys(names, 1)))


def test_an_option_that_differs_between_hosts_is_refused(check_same):
    check_same(variables(backup_level="full", wait=True), "orders")
    check_same(variables(backup_level="full", wait=True), "crm")
    with pytest.raises(InvalidInput, match=r"backup_level is not the same for all hosts \(hr differs\)"):
        check_same(variables(backup_level="incremental", wait=True), "hr")
    with pytest.raises(InvalidInput, match="job_description is not the same"):
        check_same(variables(backup_level="full", wait=True, job_description="x"), "hr")


def test_every_option_of_a_backup_can_be_given_to_the_role(options):
    theirs = set(oracle_rds_export_backup.argument_spec().options) - set(oracle_rds_export_backup.ONE_INSTANCE)
    read = set(options.read(variables()))
    # The role waits in a step of its own, so it cannot try again.
    assert theirs - {"attempts"} <= read
    assert set(step._NOT_OF_STARTS) <= theirs.intersection({"wait", *step.WAIT_OPTIONS})


@pytest.mark.parametrize(
    ("module", "prefix"), [(oracle_rds_export_backup, ""), (export_report, "report_")], ids=["backup", "report"]
)
def test_options_have_the_types_of_those_of_the_modules(options, module, prefix):
    for name, theirs in module.argument_spec().options.items():
        own = options._spec.get(f"{PREFIX}{prefix}{name}")
        if own and name != "instances":
            keys = ("type", "choices", "elements") if prefix else ("type", "choices", "elements", "default")
            own = {"type": "str", **own}
            assert {key: own.get(key) for key in keys} == {key: theirs.get(key) for key in keys}, name


def test_a_value_that_cannot_be_evaluated_is_told_with_its_variable_and_its_host(options, check_same):
    broken = variables(backup_level=trusted("{{ nobody_knows }}"))
    with pytest.raises(
        InvalidInput, match=r"oracle_rds_export_backup_backup_level cannot be evaluated: .*nobody_knows"
    ):
        options.read(broken)
    check_same(variables(backup_level="full"), "orders")
    with pytest.raises(InvalidInput, match="backup_level cannot be evaluated for hr: "):
        check_same(broken, "hr")


@pytest.mark.parametrize("template", ["{{ level }}", "{% if level == 'full' %}full{% else %}incremental{% endif %}"])
def test_the_same_template_may_have_another_value_for_another_host(check_same, template):
    level = trusted(template)
    first, same, other = (
        HostVariables({f"{PREFIX}backup_level": level, "level": value}, Templar(loader=DataLoader()))
        for value in ("full", "full", "incremental")
    )
    check_same(first, "orders")
    check_same(same, "crm")
    with pytest.raises(InvalidInput, match=r"backup_level is not the same for all hosts \(hr differs\)"):
        check_same(other, "hr")


def test_a_name_like_no_other_is_refused_without_a_guess(options):
    with pytest.raises(InvalidInput, match=f"^The role has no variable {PREFIX}zzqx. Correct it, or remove it.$"):
        options.check_names(variables(zzqx=1))
