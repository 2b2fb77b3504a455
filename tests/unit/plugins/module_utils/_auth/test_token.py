# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput


@pytest.mark.parametrize(
    ("token", "scheme", "headers"),
    [
        ("abc", "authtoken", {"Authtoken": "abc"}),
        ("QSDK 3a", "authtoken", {"Authtoken": "QSDK 3a"}),
        ("Bearer abc", "authtoken", {"Authtoken": "Bearer abc"}),
        ("abc", "bearer", {"Authorization": "Bearer abc"}),
        ("Bearer abc", "bearer", {"Authorization": "Bearer abc"}),
    ],
)
def test_a_token_is_sent_as_it_was_given_out(token, scheme, headers):
    assert Token(token, scheme).headers() == headers


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("abc\n", "line break"),
        (" abc", "blank"),
        ("SECRET\r\nX-Evil: 1", "control character"),
        ("SECRET\x00", "control character"),
        ("SECRETé", "outside ASCII"),
    ],
)
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(token, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        Token(token)
    assert "SECRET" not in str(caught.value)
