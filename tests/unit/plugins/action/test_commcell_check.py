# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.action import commcell_check
from ansible_collections.rdsops.commvault.plugins.plugin_utils._in_place import InPlaceAction


@pytest.mark.parametrize(("no_log", "shown"), [(False, ["a line"]), (True, [])])
def test_lines_are_shown_unless_no_log_hides_them(monkeypatch, no_log, shown):
    monkeypatch.setattr(InPlaceAction, "run", lambda *_args: {"lines": ["a line"]})
    lines = []
    plugin = commcell_check.ActionModule(SimpleNamespace(no_log=no_log), None, None, None, None, None)
    monkeypatch.setattr(plugin, "_display", SimpleNamespace(display=lines.append))
    plugin.run()
    assert lines == shown
