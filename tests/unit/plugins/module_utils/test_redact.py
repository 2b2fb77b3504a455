# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._redact import (
    EXCERPT_LENGTH,
    MASK,
    Redactor,
    named_secrets,
    url_secret,
)

SECRET = 'p@ss "wörd"/+=&x'
BASE64 = base64.b64encode(SECRET.encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").replace("%C3", "%c3")
        .replace("%B6", "%b6"),
        quote(SECRET),
        BASE64,
        BASE64.rstrip("="),
        BASE64.replace("/", "\\/"),
        quote(BASE64, safe=""),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        html.escape(SECRET),
        repr(SECRET.encode())[2:-1],
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        SECRET.upper(),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        quote(quote(SECRET)),
        quote(quote(SECRET, safe=""), safe=""),
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_every_form_it_travels_in(form):
    assert Redactor([SECRET]).clean(f"before {form} after") == f"before {MASK} after"


@pytest.mark.parametrize("user", ["a", "ab", "abc", "operator"])
def test_a_secret_is_masked_in_the_base64_of_more_than_itself(user):
    encoded = base64.b64encode(f"{user}:{SECRET}:x".encode()).decode()
    left = Redactor([SECRET]).clean(encoded)
    assert MASK in left
    known = base64.b64decode((left.partition(MASK)[0] + "====")[: len(left.partition(MASK)[0]) // 4 * 4])
    assert known in f"{user}:p".encode()


def test_a_text_of_a_megabyte_that_is_almost_the_secret_is_masked_in_one_pass():
    nearly = SECRET[:-1] * 100_000
    assert Redactor([SECRET, "*", "**"]).clean(f"{nearly}{SECRET}**") == f"{nearly}{MASK}{MASK}"


def test_a_secret_with_quotes_and_backslashes_is_masked_as_python_shows_it():
    secret = 'it\'s "quoted" \\ twice'
    assert Redactor([secret]).clean(str({"password": secret})) == "{'password': '********'}"


def test_the_longer_of_two_secrets_is_masked_as_a_whole():
    assert Redactor(["abc", "abcdef"]).clean("x abcdef y abc z") == f"x {MASK} y {MASK} z"


def test_whoever_else_masks_is_told_of_each_secret_at_once():
    told = []
    redactor = Redactor(["one"], listener=told.append)
    redactor.add("two")
    assert [("one" in forms, "two" in forms) for forms in told] == [(True, False), (False, True)]


def test_nothing_to_hide_changes_nothing():
    redactor = Redactor()
    assert redactor.add(None) == set()
    assert redactor.add("") == set()
    assert redactor.clean("text") == "text"


def test_an_excerpt_is_one_short_line_without_markup():
    text = "<html><style>b {}</style><body>Scheduled\n  <b>Maintenance</b></body></html>" + "x" * 1000
    excerpt = Redactor().excerpt(text)
    assert excerpt.startswith("Scheduled Maintenance xxx")
    assert len(excerpt) == EXCERPT_LENGTH
    assert excerpt.endswith("...")


def test_an_excerpt_does_nothing_to_a_terminal_and_can_be_encoded():
    excerpt = Redactor().excerpt("a\x1b[31mred\x00\x9b2J\ud83d caf\u00e9")
    assert excerpt == "a [31mred 2J\ufffd caf\u00e9"
    assert excerpt.encode()


def test_a_secret_at_the_cut_leaves_no_half_behind():
    text = "x" * (EXCERPT_LENGTH - 8) + " SECRETSECRETSECRET"
    assert "SECRET" not in Redactor(["SECRETSECRETSECRET"]).excerpt(text)


def test_a_secret_split_by_markup_is_masked():
    assert "SECRETVALUE" not in Redactor(["SECRETVALUE1"]).excerpt("a <b>SECRETVALUE1</b>")


def test_secrets_in_free_form_values_are_found_by_their_names():
    value = {
        "a": 1,
        "userPassword": "one",
        "nested": [{"API_KEY": "two", "other": "open"}],
        "tokens": ["three", {"x": "four"}],
        "token": None,
    }
    assert set(named_secrets(value)) == {"one", "two", "three", "four"}


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://host/api", ""),
        ("https://svc:p@ss//word@host/api", "p@ss//word"),
        ("svc:secret@host", "secret"),
        ("https://TOKEN@host", "TOKEN"),
        ("", ""),
    ],
)
def test_the_secret_of_a_url_stands_before_its_host(url, secret):
    assert url_secret(url) == secret
