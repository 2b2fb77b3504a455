# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._protection import survey


def test_who_looked_and_where_is_told_as_far_as_it_can_be_read():
    def refused():
        raise CommvaultError("no right")

    full = SimpleNamespace(user_name=lambda: "operator", commcell_name=lambda: "commserve01")
    assert survey.who_and_where(full) == ("operator", "commserve01")
    part = SimpleNamespace(user_name=refused, commcell_name=lambda: "commserve01")
    assert survey.who_and_where(part) == (None, "commserve01")
    part = SimpleNamespace(user_name=lambda: "operator", commcell_name=refused)
    assert survey.who_and_where(part) == ("operator", None)
