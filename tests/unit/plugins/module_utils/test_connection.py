# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._connection import open_commcell
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor

GOOD = {
    "url": "cc.example.com",
    "auth_token": "SECRET",
    "auth_scheme": "authtoken",
    "validate_certs": True,
    "ca_path": None,
    "timeout": 60.0,
    "read_retries": 3,
    "allow_http": False,
}


def open_with(**options):
    redactor = Redactor()
    return open_commcell({**GOOD, **options}.__getitem__, redactor), redactor


def test_the_options_lead_to_a_commcell_and_the_token_is_a_secret():
    cell, redactor = open_with()
    assert cell.transport.base.url == "https://cc.example.com/commandcenter/api"
    assert redactor.clean("SECRET") == "********"


def test_an_empty_ca_path_counts_as_unset():
    cell, _redactor = open_with(ca_path="")
    assert cell.transport.session.verify is True


def test_a_ca_path_that_exists_is_used(tmp_path):
    cell, _redactor = open_with(ca_path=str(tmp_path))
    assert cell.transport.session.verify == str(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": None}, "url is missing.*COMMVAULT_URL"),
        ({"auth_token": ""}, "auth_token is missing.*COMMVAULT_AUTH_TOKEN"),
        ({"auth_token": "a\x07b"}, "control character"),
        ({"timeout": 0.0}, "timeout must be a positive number, not 0"),
        ({"timeout": float("nan")}, "timeout must be a positive number"),
        ({"read_retries": -1}, "read_retries must not be negative"),
        ({"ca_path": "/does/not/exist.pem"}, "ca_path '/does/not/exist.pem' does not exist"),
        ({"url": "http://cc.example.com"}, "allow_http"),
    ],
)
def test_bad_connection_options_are_refused_before_anything_is_sent(options, words):
    with pytest.raises(InvalidInput, match=words):
        open_with(**options)
