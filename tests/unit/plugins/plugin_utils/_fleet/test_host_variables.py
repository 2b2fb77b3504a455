# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from jinja2 import StrictUndefined

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.host_variables import HostVariables


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
