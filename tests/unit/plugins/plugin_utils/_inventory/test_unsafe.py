# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.rdsops.commvault.plugins.plugin_utils._inventory import unsafe

ROW = {"name": "{{ 1 + 1 }}", "plans": ["{{ nobody_knows }}", {"deep": "{{ 2 + 2 }}"}], "id": 7, "gone": None}


def test_nothing_of_a_server_is_ever_evaluated():
    assert (
        Templar(loader=DataLoader(), variables={"row": unsafe.make_unsafe(ROW)}).template(unsafe.make_unsafe(ROW))
        == ROW
    )


class Marked(str):
    """As the strings of Ansible that are never evaluated."""

    __slots__ = ()


@pytest.fixture
def before_2_19(monkeypatch):
    """Where every string can be a template unless it is marked."""
    monkeypatch.setattr(unsafe, "MARKS_TRUST", False)
    monkeypatch.setattr(unsafe, "AnsibleUnsafeText", Marked, raising=False)


@pytest.mark.usefixtures("before_2_19")
def test_each_string_is_marked_however_deep_it_is_where_ansible_wants_that():
    found = unsafe.make_unsafe(ROW)
    assert found == ROW
    strings = [found["name"], found["plans"][0], found["plans"][1]["deep"]]
    assert {type(one) for one in strings} == {Marked}
    assert (type(found["id"]), found["gone"], {type(key) for key in found}) == (int, None, {str})
