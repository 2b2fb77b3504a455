# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import (
    ArgumentSpec,
    Environment,
    connection_spec,
)


def test_merging_keeps_options_and_constraints_of_both_and_changes_neither():
    one = ArgumentSpec({"a": {"type": "str"}}, mutually_exclusive=[("a", "b")])
    two = ArgumentSpec({"b": {"type": "int"}}, mutually_exclusive=[("b", "c")], required_one_of=[("a", "b")])
    kwargs = one.merge(two).kwargs()
    assert kwargs["argument_spec"] == {"a": {"type": "str"}, "b": {"type": "int"}}
    assert kwargs["mutually_exclusive"] == [("a", "b"), ("b", "c")]
    assert kwargs["required_one_of"] == [("a", "b")]
    assert list(one.options) == ["a"]


def test_a_variable_counts_when_it_is_set(monkeypatch):
    monkeypatch.setenv("COMMVAULT_URL", "cc.example.com")
    assert Environment().value("COMMVAULT_URL") == "cc.example.com"


@pytest.mark.parametrize("value", [None, "", " "])
def test_a_variable_that_is_empty_or_missing_counts_as_unset(monkeypatch, value):
    if value is not None:
        monkeypatch.setenv("COMMVAULT_URL", value)
    with pytest.raises(AnsibleFallbackNotFound):
        Environment().value("COMMVAULT_URL")


def test_it_is_known_which_options_came_from_the_environment(monkeypatch):
    monkeypatch.setenv("COMMVAULT_USERNAME", "operator")
    monkeypatch.setenv("COMMVAULT_PASSWORD", "SECRET")
    spec = connection_spec()
    fallback, arguments = spec.options["username"]["fallback"]
    params = {"username": fallback(*arguments), "password": "given", "url": "given"}
    assert spec.environment.complete(spec.options, params) == {"username"}
    assert params == {"username": "operator", "password": "given", "url": "given"}


@pytest.mark.parametrize("nothing", ["", None])
def test_an_option_that_is_set_to_nothing_is_taken_from_the_environment(monkeypatch, nothing):
    monkeypatch.setenv("COMMVAULT_TOKEN_FILE", "/home/x/token.json")
    spec = connection_spec()
    params = {"token_file": nothing}
    assert spec.environment.complete(spec.options, params) == {"token_file"}
    assert params == {"token_file": "/home/x/token.json"}


def test_secrets_are_never_logged():
    options = connection_spec().options
    assert [name for name, option in options.items() if option.get("no_log")] == ["auth_token", "password"]
