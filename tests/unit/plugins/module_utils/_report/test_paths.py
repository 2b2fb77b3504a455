# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._report.paths import check_mode


@pytest.mark.parametrize(
    "mode", [None, "", 0o640, "0640", "640", "0o640", "1644", "u=rw,g=r,o=", "a+r", "+X", "u+rw-x", "ug=rwX,o=u"]
)
def test_permissions_as_ansible_takes_them(mode):
    check_mode(mode)


@pytest.mark.parametrize("mode", ["nonsense", "0848", "u", "u=rw;g=r", "b+r", "u=q", "u=rw,"])
def test_other_permissions_are_refused_with_an_example(mode):
    with pytest.raises(InvalidInput, match="mode must be octal, such as '0640', or symbolic"):
        check_mode(mode)
