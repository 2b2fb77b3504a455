# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import (
    is_loopback,
    parse_base_url,
    without_query,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("cc.example.com", "https://cc.example.com/commandcenter/api"),
        ("cc.example.com:8443", "https://cc.example.com:8443/commandcenter/api"),
        ("cc.example.com/", "https://cc.example.com/commandcenter/api"),
        ("  https://cc.example.com  ", "https://cc.example.com/commandcenter/api"),
        ("https://cc.example.com/commandcenter/api", "https://cc.example.com/commandcenter/api"),
        ("https://cc.example.com/commandcenter/api///", "https://cc.example.com/commandcenter/api"),
        ("cc.example.com/webconsole/api/", "https://cc.example.com/webconsole/api"),
        (
            "https://ws.example.com:81/SearchSvc/CVWebService.svc/",
            "https://ws.example.com:81/SearchSvc/CVWebService.svc",
        ),
        ("https://ws.example.com:81/WebServerCore", "https://ws.example.com:81/WebServerCore"),
        ("https://api.metallic.io/", "https://api.metallic.io"),
        ("API.metallic.io", "https://API.metallic.io"),
        ("api.commvault.com", "https://api.commvault.com"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400/commandcenter/api"),
        ("http://localhost", "http://localhost/commandcenter/api"),
        ("http://[::1]:8400", "http://[::1]:8400/commandcenter/api"),
        ("[2001:db8::1]", "https://[2001:db8::1]/commandcenter/api"),
        ("HTTPS://cc.example.com", "https://cc.example.com/commandcenter/api"),
    ],
)
def test_what_users_write_becomes_the_api_root(given, expected):
    assert parse_base_url(given).url == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "url is empty"),
        ("   ", "url is empty"),
        ("https://", "no usable host"),
        ("https:///commandcenter/api", "no usable host"),
        ("ftp://cc.example.com", "must begin with https://"),
        ("https:/cc.example.com", "must begin with https://"),
        ("https://cc.example.com:port", "not a URL"),
        ("https://cc.example.com:99999", "not a URL"),
        ("https://cc.example.com:0", "no usable host"),
        ("https://[::1", "not a URL"),
        ("https://cc_!.example.com", "no usable host"),
        ("a..b", "no usable host"),
        ("cc.example.com..", "no usable host"),
        ("a" * 64 + ".example.com", "no usable host"),
        ("https://cc.example.com/api?x=1", "query"),
        ("https://cc.example.com/api#x", "query"),
        ("https://cc.example.com?", "query"),
        ("https://cc.example.com/a b", "blank"),
        ("https://cc.exa\nmple.com", "blank"),
        ("http://cc.example.com", "plain http"),
        ("http://10.0.0.1/webconsole/api", "plain http"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_the_reason(given, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        parse_base_url(given)
    assert caught.value.failure()["kind"] == "invalid_input"


def test_a_password_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(InvalidInput) as caught:
        parse_base_url("https://admin:hunter2@cc.example.com")
    assert "hunter2" not in str(caught.value)


def test_plain_http_to_another_machine_needs_allow_http():
    base = parse_base_url("http://ws.example.com:81/SearchSvc/CVWebService.svc", allow_http=True)
    assert base.plain
    assert base.url == "http://ws.example.com:81/SearchSvc/CVWebService.svc"


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("cc.example.com", "https://cc.example.com"),
        ("https://cc.example.com/webconsole/api", "https://cc.example.com"),
        ("https://gate.example.com/cv/commandcenter/api", "https://gate.example.com/cv"),
        ("api.metallic.io", None),
        ("https://ws.example.com:81/SearchSvc/CVWebService.svc", None),
    ],
)
def test_the_command_center_is_known_only_where_the_url_tells_it(url, root):
    assert parse_base_url(url).command_center() == root


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_recognized(host, expected):
    assert is_loopback(host) is expected


def test_a_url_for_showing_has_neither_query_nor_user():
    assert without_query("https://u:p@h.example.com:8443/x/y?token=1#f") == "https://h.example.com:8443/x/y"
