# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.plugin_utils._play.conditions import hosts_included
from ansible_collections.rdsops.commvault.tests.support.plays import EXPORT_ROLE, role_by

HOSTS = {"a": {"odd": True, "name": "{{ prefix }}-a"}, "b": {"odd": False, "name": "{{ prefix }}-b"}}


@pytest.mark.parametrize("keyword", ["import_role", "include_role"])
def test_without_conditions_all_hosts_are_backed_up(play, keyword):
    assert hosts_included(play(role_by(keyword), HOSTS), ["b", "a"]) == ["b", "a"]


def test_an_included_role_is_for_the_hosts_that_its_condition_holds_for(play):
    assert hosts_included(play(role_by("include_role", when="odd"), HOSTS), ["a", "b"]) == ["a"]
    nested = [{"block": role_by("include_role", when=["odd", "name is defined"])}]
    assert hosts_included(play(nested, HOSTS, vars={"prefix": "p"}), ["a", "b"]) == ["a"]


def test_a_condition_that_differs_between_hosts_cannot_hold_for_one_task_of_all(play):
    with pytest.raises(InvalidInput, match=r"condition \(when\) of the role is not the same for all hosts"):
        hosts_included(play(role_by("import_role", when="odd"), HOSTS), ["a", "b"])
    # The same for all.
    assert hosts_included(play(role_by("import_role", when="odd is defined"), HOSTS), ["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("word", [True, "true"])
def test_a_condition_that_is_a_template_is_not_what_it_is_for_the_first_host(play, monkeypatch, word):
    hosts = {"a": {"odd": word}, "b": {"odd": "false"}}
    included = play([{"block": role_by("include_role", when="{{ odd }}"), "when": "odd is defined"}], hosts)
    # Ansible puts that there before the task runs.
    monkeypatch.setattr(included.includes[0], "when", [True])
    assert hosts_included(included, ["a", "b"]) == ["a"]
    imported = play(role_by("import_role", when="{{ odd }}"), hosts)
    monkeypatch.setattr(imported.task, "when", [True])
    with pytest.raises(InvalidInput, match="is not the same for all hosts"):
        hosts_included(imported, ["a", "b"])


@pytest.mark.parametrize("keyword", ["import_role", "include_role"])
def test_a_condition_that_cannot_be_evaluated_is_told_with_its_host(play, keyword):
    found = play(role_by(keyword, when="size > 3"), {"a": {"size": 5}, "b": {}})
    with pytest.raises(InvalidInput, match=r"\(when\) of the role cannot be evaluated for b: .*'size' is undefined"):
        hosts_included(found, ["a", "b"])


def test_an_include_that_differs_between_hosts_cannot_be_followed(play):
    hosts = {"a": {"own": ["x"]}, "b": {"own": ["x", "y"]}}
    looped = play(role_by("include_role", loop="{{ own }}"), hosts)
    with pytest.raises(InvalidInput, match=r"has another loop or file for some hosts.* b differs from a\.$"):
        hosts_included(looped, ["a", "b"])
    assert hosts_included(looped, ["b"]) == ["b"]
    applied = {"name": EXPORT_ROLE, "apply": {"vars": {"mine": "{{ own }}"}}}
    for fine in (
        {"loop": "{{ own[:1] }}"},
        {"include_role": applied},
        {"loop": ["x", "y"]},
        {"loop": "{{ own }}", "when": "own | length > 1"},
    ):
        found = play(role_by("include_role", **fine), hosts)
        assert hosts_included(found, ["a", "b"]) == (["b"] if "when" in fine else ["a", "b"])


def test_a_role_that_is_included_once_cannot_fail_other_hosts(play):
    found = play(role_by("include_role", run_once=True), HOSTS)
    assert found.is_included_once
    with pytest.raises(InvalidInput, match="include_role with run_once includes the role for the first host alone"):
        hosts_included(found, ["a", "b"])
    assert hosts_included(found, ["a"]) == ["a"]
    assert not play(role_by("import_role", run_once=True), HOSTS).is_included_once


def test_a_rescue_section_is_refused_and_the_sections_beside_it_are_not(play):
    other = [{"debug": {"msg": "other"}}]
    for keyword in ("import_role", "include_role"):
        for rescue in (role_by(keyword), [{"block": role_by(keyword)}]):
            with pytest.raises(InvalidInput, match="does not work in the rescue section of a block"):
                hosts_included(play([{"block": other, "rescue": rescue}], HOSTS), ["a", "b"])
    for fine in (
        {"block": role_by("import_role"), "rescue": other},
        {"block": other, "always": role_by("import_role")},
    ):
        assert hosts_included(play([fine], HOSTS), ["a", "b"]) == ["a", "b"]
