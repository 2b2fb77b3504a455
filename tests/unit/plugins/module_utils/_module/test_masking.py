# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._module import masking
from ansible_collections.rdsops.commvault.plugins.module_utils._module.masking import masked, weak_secrets
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor


@pytest.mark.parametrize("secret", ["SECRET-plain", 'SECRET "quoted" \\ and\nbroken', "SECRET-ü"])
@pytest.mark.parametrize("shown", [str, json.dumps, repr], ids=["as it is", "as JSON", "as Python shows it"])
def test_a_secret_is_masked_in_texts_that_are_made_of_it(secret, shown):
    values = {"diff": {"after": [f"password: {shown(secret)}"]}, "well": ["SECRE"], "number": 7}
    shown_values = masked(values, Redactor([secret]))
    assert "SECRET" not in str(shown_values)
    assert (shown_values["well"], shown_values["number"]) == (["SECRE"], 7)


def test_names_and_words_are_kept_where_a_secret_is_part_of_them_and_texts_are_masked():
    backup = {"id": "oracle-orders", "instance_name": "oracle", "state": "started", "job_ids": ["148886"], "size": 14}
    result = {"backups": [{**backup, "msg": "oracle-orders started"}], "oracle": "by oracle"}
    shown = masked(result, Redactor(["oracle", "started", "148886", "14"]))
    assert shown["backups"] == [{**backup, "msg": "********-orders ********"}]
    assert shown["oracle"] == "by ********"


def test_a_structure_under_the_key_of_a_name_is_no_name():
    assert masked({"id": {"text": "a secret"}, "state": [{"x": "secret"}]}, Redactor(["secret"])) == {
        "id": {"text": "a ********"},
        "state": [{"x": "********"}],
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"auth_token": "x"}, ["auth_token is very short"]),
        ({"password": "oracle", "instances": [{"instance_name": "oracle"}]}, ["password is also the name"]),
        ({"password": "oracle", "client_names": ["oracle"], "auth_token": "12345"}, ["auth_token", "password"]),
        ({"password": "oracle", "instances": [{"instance_name": "oracle-orders"}], "auth_token": None}, []),
        ({"password": "orders", "title": "orders"}, []),
    ],
)
def test_secrets_that_cannot_be_told_from_other_words_are_warned_about(params, expected):
    warnings = weak_secrets(params)
    assert len(warnings) == len(expected)
    for words, warning in zip(expected, warnings, strict=True):
        assert words in warning
        assert "oracle" not in warning


def test_ansible_is_told_of_secrets_where_it_can_be(monkeypatch):
    told = []
    monkeypatch.setattr(masking, "register_secrets", told.extend)
    masking.tell_ansible({"secret"})
    monkeypatch.setattr(masking, "register_secrets", None)
    masking.tell_ansible({"another"})
    assert told == ["secret"]


def test_ansible_is_not_told_of_what_it_would_mask_in_names(monkeypatch):
    told = []
    monkeypatch.setattr(masking, "register_secrets", told.extend)
    masking.tell_ansible(["x", "oracle", "correct horse"], names={"aws-prod", "oracle-orders"})
    assert told == ["correct horse"]


def test_names_are_those_of_what_is_backed_up():
    params = {"client_name": "aws-prod", "url": "cc", "instances": [{"id": "db1", "instance_name": "orders"}]}
    assert set(masking.names_in(params)) == {"aws-prod", "db1", "orders"}
