# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import (
    ArgumentSpec,
    connection_spec,
    set_env_fallback,
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
    assert set_env_fallback("COMMVAULT_URL") == "cc.example.com"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_empty_or_missing_counts_as_unset(monkeypatch, value):
    if value is not None:
        monkeypatch.setenv("COMMVAULT_URL", value)
    with pytest.raises(AnsibleFallbackNotFound):
        set_env_fallback("COMMVAULT_URL")


def test_the_token_is_never_logged():
    assert connection_spec().options["auth_token"]["no_log"] is True
