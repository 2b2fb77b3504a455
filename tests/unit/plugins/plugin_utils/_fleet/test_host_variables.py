# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import connection_loader
from ansible.vars.clean import clean_facts
from jinja2 import StrictUndefined

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.host_variables import (
    HostVariables,
    connection_plugins_found_once,
)


class Hostvars(dict):
    """Fails where Ansible fails to evaluate a template."""

    def __getitem__(self, name):
        if name == "broken":
            raise AnsibleError("template error")
        return super().__getitem__(name)


def test_variables_are_evaluated_where_they_are_looked_at():
    variables = HostVariables(Hostvars(good="text", broken="{{ 1 / 0 }}", undefined=StrictUndefined(name="x")))
    assert ("good" in variables, "broken" in variables, "other" in variables) == (True, True, False)
    assert variables["good"] == "text"
    for name in ("broken", "undefined"):
        with pytest.raises(ValueError, match=name):
            variables[name]


@pytest.fixture
def searches(monkeypatch):
    """What connection plugins were searched by."""
    seen = []
    search = connection_loader.all

    def counted(*args, **kwargs):
        seen.append((args, kwargs))
        return search(*args, **kwargs)

    monkeypatch.setattr(connection_loader, "all", counted)
    return seen


def test_ansible_searches_for_connection_plugins_once_and_removes_the_same_facts(searches):
    facts = {"ansible_ssh_user": "root", "ansible_docker_extra_args": "x", "ansible_distribution": "Debian"}
    before = clean_facts(facts)
    assert before == {"ansible_distribution": "Debian"}
    searches.clear()
    with connection_plugins_found_once():
        for _host in range(5):
            assert clean_facts(facts) == before
    assert len(searches) == 1
    clean_facts(facts)
    assert len(searches) == 2


def test_other_searches_for_connection_plugins_are_left_alone(searches):
    with connection_plugins_found_once():
        names = [plugin._load_name for plugin in connection_loader.all(class_only=True)]
        names += [plugin._load_name for plugin in connection_loader.all(class_only=True)]
    assert names.count("local") == 2
    assert len(searches) == 2


def test_the_search_is_as_before_when_something_fails(searches):
    with pytest.raises(ZeroDivisionError), connection_plugins_found_once():
        raise ZeroDivisionError
    list(connection_loader.all(path_only=True))
    list(connection_loader.all(path_only=True))
    assert len(searches) == 2
