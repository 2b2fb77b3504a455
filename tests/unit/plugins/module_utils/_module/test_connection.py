# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.login import Login
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_file import TokenFile
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._module.connection import open_commcell
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor

GOOD = {
    "url": "cc.example.com",
    "auth_token": "SECRET",
    "auth_scheme": "authtoken",
    "username": None,
    "password": None,
    "domain": None,
    "token_file": None,
    "validate_certs": True,
    "ca_path": None,
    "timeout": 60.0,
    "read_retries": 3,
    "allow_http": False,
    "commcell_profile": None,
}


ALL = ("auth_token", "token_file", "username", "password")


def open_with(from_environment=(), **options):
    redactor = Redactor()
    return open_commcell({**GOOD, **options}.__getitem__, redactor, from_environment=from_environment), redactor


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
        ({"auth_token": ""}, "credentials are missing.*COMMVAULT_AUTH_TOKEN"),
        ({"auth_token": "", "username": "u"}, "password is missing.*COMMVAULT_PASSWORD"),
        ({"auth_token": None, "password": "p"}, "username is missing.*COMMVAULT_USERNAME"),
        ({"token_file": "/x/token.json"}, "auth_token and token_file are set at once"),
        ({"username": "u"}, "auth_token and username with password are set at once"),
        ({"auth_token": None, "token_file": "/does/not/exist.json"}, "'/does/not/exist.json' does not exist"),
        ({"auth_token": "a\x07b"}, "control character"),
        ({"timeout": 0.0}, "timeout must be a positive number, not 0"),
        ({"timeout": float("nan")}, "timeout must be a positive number"),
        ({"timeout": float("inf")}, "timeout must be at most 86400, not inf"),
        ({"read_retries": -1}, "read_retries must not be negative"),
        ({"ca_path": "/does/not/exist.pem"}, "ca_path '/does/not/exist.pem' does not exist"),
        ({"url": "http://cc.example.com"}, "allow_http"),
    ],
)
def test_bad_connection_options_are_refused_before_anything_is_sent(options, words):
    with pytest.raises(InvalidInput, match=words):
        open_with(**options)


@pytest.mark.parametrize(
    ("options", "from_environment", "kind"),
    [
        ({}, (), Token),
        ({"auth_token": None, "username": "u", "password": "p"}, (), Login),
        ({"auth_token": None}, (), TokenFile),
        # What was given in so many words beats the environment.
        ({"username": "u", "password": "p"}, ("auth_token",), Login),
        ({"username": "u", "password": "p"}, ("auth_token", "password"), Login),
        ({"username": "u", "password": "p"}, ("username", "password"), Token),
        ({"token_file": True}, ("auth_token",), TokenFile),
        ({"token_file": True, "username": "u", "password": "p"}, ("token_file", "auth_token"), Login),
        # Several kinds in the environment: the token, then the file, then the login.
        ({"token_file": True, "username": "u", "password": "p"}, ALL, Token),
        ({"auth_token": None, "token_file": True, "username": "u", "password": "p"}, ALL, TokenFile),
        ({"auth_token": None, "username": "u", "password": "p"}, ALL, Login),
        # Half a login in the environment is nobody's wish.
        ({"token_file": True, "username": "u"}, ("auth_token", "username"), TokenFile),
    ],
)
def test_one_kind_of_credentials_is_chosen(tmp_path, options, from_environment, kind):
    if options.get("token_file") or kind is TokenFile:
        file = tmp_path / "token.json"
        file.touch(mode=0o600)
        file.write_text('{"accessToken": "a", "refreshToken": "b"}', encoding="utf-8")
        options = {**options, "token_file": str(file)}
    cell, _redactor = open_with(from_environment, **options)
    assert isinstance(cell._credential, kind)


def test_a_password_is_a_secret_even_if_it_is_not_used():
    _cell, redactor = open_with(("password", "username"), username="u", password="SECRET-password")
    assert redactor.clean("SECRET-password") == "********"


def test_a_token_without_its_prefix_is_a_secret():
    _cell, redactor = open_with(auth_token="QSDK SECRETtoken")
    assert redactor.clean("token SECRETtoken") == "token ********"


def test_a_home_directory_in_the_name_of_the_token_file_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(InvalidInput, match=str(tmp_path)):
        open_with(auth_token=None, token_file="~/token.json")
