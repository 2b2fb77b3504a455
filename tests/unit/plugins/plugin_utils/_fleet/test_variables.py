# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible import template
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.variables import CannotEvaluate, HostVariables

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
    with pytest.raises(CannotEvaluate, match="'nobody_knows' is undefined"):
        found.get("broken")
    with pytest.raises(CannotEvaluate, match="zero"):
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
