# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible import template
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.variables import (
    ROLE,
    CannotEvaluate,
    HostVariables,
    set_facts,
)
from ansible_collections.rdsops.commvault.tests.support.plays import role_by

trusted = getattr(template, "trust_as_template", str)


def variables(**raw):
    raw = {name: trusted(value) if isinstance(value, str) else value for name, value in raw.items()}
    return HostVariables(raw, Templar(loader=DataLoader()))


def test_each_variable_is_evaluated_when_it_is_asked_for():
    found = variables(
        good="a-{{ other }}", other="b", broken="{{ nobody_knows }}", impossible="{{ 1 // 0 }}", none=None
    )
    assert ("good" in found, "broken" in found, "missing" in found) == (True, True, False)
    assert (found.get("good"), found.get("missing"), found.get("none")) == ("a-b", None, None)
    with pytest.raises(InvalidInput, match=r"broken cannot be evaluated: .*'nobody_knows' is undefined"):
        found.get("broken")
    with pytest.raises(InvalidInput, match=r"impossible cannot be evaluated: .*zero"):
        found.get("impossible")


def test_conditions_are_those_of_when():
    found = variables(yes="yes", number=7)
    assert [found.holds(one) for one in ("number == 7", "number > 7", "yes is defined", True, False)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    with pytest.raises(CannotEvaluate):
        found.holds("nobody_knows == 1")
    with pytest.raises(CannotEvaluate, match="is 'yes', and neither true nor false"):
        found.holds(trusted("{{ yes }}"))


def test_what_is_omitted_is_as_if_it_were_not_set():
    found = variables(name="{{ nothing | default(omit) }}", omit="__omit_place_holder__1")
    assert found.get("name") is None


HOSTS = {"a": {"odd": True, "name": "{{ prefix }}-a"}, "b": {"odd": False, "name": "{{ prefix }}-b"}}


@pytest.mark.parametrize("keyword", ["import_role", "include_role"])
def test_each_host_has_its_own_variables_with_those_of_the_play_the_block_and_the_role(play, keyword):
    block = [{"block": role_by(keyword, vars={"of_role": "r-{{ name }}"}), "vars": {"of_block": "b-{{ name }}"}}]
    found = play(block, HOSTS, vars={"prefix": "p"})
    assert [found.of(host).get("name") for host in HOSTS] == ["p-a", "p-b"]
    assert [found.of(host).get("of_block") for host in HOSTS] == ["b-p-a", "b-p-b"]
    assert [found.of(host).get("of_role") for host in HOSTS] == ["r-p-a", "r-p-b"]
    assert found.of("a").get("oracle_rds_export_backup_backup_level") == "incremental"


BY_TASKS = [{"import_tasks": str(ROLE / "tasks" / "main.yml"), "vars": {"of_import": "i-{{ name }}"}}]


@pytest.mark.parametrize("tasks", [role_by("import_role"), BY_TASKS])
def test_where_the_step_runs_is_not_among_the_variables_of_a_host(play, tasks):
    hosts = {"a": {"ansible_connection": "ssh"}, "b": {}}
    found = play(tasks, hosts)
    assert [found.of(host).get("ansible_connection") for host in hosts] == ["ssh", None]
    assert "ansible_python_interpreter" not in found.of("a")


def test_imported_tasks_have_the_defaults_of_the_role_below_what_the_inventory_says(play):
    level = "oracle_rds_export_backup_backup_level"
    found = play(BY_TASKS, {**HOSTS, "c": {level: "full"}}, vars={"prefix": "p"})
    assert [found.of(host).get(level) for host in ("a", "c")] == ["incremental", "full"]
    assert found.of("a").get("of_import") == "i-p-a"


def test_the_lists_of_hosts_are_those_of_the_play_for_each_host(play):
    found = play(role_by("import_role"), {**HOSTS, "c": {}}, batch=["a", "b"])
    for host in ("a", "b"):
        assert found.of(host).get("ansible_play_batch") == ["a", "b"]
        assert found.of(host).get("ansible_play_hosts_all") == ["a", "b", "c"]
        assert found.of(host).get("inventory_hostname") == host


def test_a_name_of_vars_files_can_depend_on_the_hosts_of_the_play(play, tmp_path):
    (tmp_path / "two.yml").write_text("of_file: found\n")
    files = ["{{ {2: 'two', 1: 'one'}[ansible_play_hosts_all | length] }}.yml"]
    found = play(role_by("import_role"), HOSTS, vars_files=files)
    assert [found.of(host).get("of_file") for host in HOSTS] == ["found", "found"]


def test_what_a_task_registered_is_found_by_host(play):
    found = play(role_by("import_role"), HOSTS)
    found._manager.set_nonpersistent_facts("a", {"told": 1})
    assert [found.registered(host, "told") for host in ("a", "b", "x")] == [1, None, None]


def test_facts_are_set_as_each_ansible_core_wants_it(monkeypatch):
    result = {}
    set_facts(SimpleNamespace(), result, {"x": 1})
    assert result == {"ansible_facts": {"x": 1}}
    told = []
    layers = SimpleNamespace(EPHEMERAL_FACT="as set_fact")
    monkeypatch.setattr("ansible.plugins.action.VariableLayer", layers, raising=False)
    result = {}
    set_facts(SimpleNamespace(register_host_variables=lambda *given: told.append(given)), result, {"x": 1})
    assert (result, told) == ({}, [({"x": 1}, "as set_fact")])
