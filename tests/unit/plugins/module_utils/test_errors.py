# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils import _errors
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import (
    CommvaultError,
    ErrorKind,
    InvalidInput,
    RequestError,
)

PLUGINS = Path(_errors.__file__).resolve().parents[1]


def kinds(name):
    return {kind.value for kind in ErrorKind if getattr(kind, name)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "about_the_server",
            {
                "authentication",
                "bad_reply",
                "connection",
                "interrupted",
                "not_found",
                "redirect",
                "server",
                "timeout",
                "tls",
            },
        ),
        ("may_be_of_one_in_a_batch", {"refused", "already_running", "bad_request", "permission"}),
        ("hidden", {"authentication", "permission", "not_found"}),
        ("says_no", {"authentication", "permission", "not_found", "bad_request", "refused", "already_running"}),
    ],
)
def test_kinds_are_sorted_as_the_code_needs_them(name, expected):
    assert kinds(name) == expected


@pytest.mark.parametrize("kind", ["connection", "timeout", "interrupted", "server", "bad_reply", "rate_limited"])
def test_what_passes_never_ends_a_wait(kind):
    assert ErrorKind(kind).passing
    assert not ErrorKind(kind).ends_a_wait(proven=False)


@pytest.mark.parametrize("kind", ["tls", "redirect", "not_found", "bad_request", "refused"])
def test_what_points_to_a_wrong_address_ends_a_wait_unless_it_worked_before(kind):
    assert ErrorKind(kind).ends_a_wait(proven=False)
    assert not ErrorKind(kind).ends_a_wait(proven=True)


@pytest.mark.parametrize("kind", ["authentication", "permission", "invalid_input", "internal"])
def test_what_is_final_ends_a_wait(kind):
    assert ErrorKind(kind).ends_a_wait(proven=True)


def test_a_kind_is_its_word_for_people_and_programs():
    error = RequestError("No.", "not_found", status=404)
    assert f"{error.kind}" == str(error.kind) == "not_found"
    assert error.failure()["kind"].__class__ is str
    assert json.dumps({"kind": error.kind}) == '{"kind": "not_found"}'
    assert error.kind is ErrorKind.NOT_FOUND


def test_errors_have_a_kind_of_their_own_unless_they_are_given_one():
    assert CommvaultError("?").kind is ErrorKind.INTERNAL
    assert InvalidInput("?").kind is ErrorKind.INVALID_INPUT
    with pytest.raises(ValueError, match="moonshine"):
        assert CommvaultError("?", "moonshine")


def test_no_other_file_sorts_kinds():
    words = {kind.value for kind in ErrorKind}
    found = []
    for path in sorted(set(PLUGINS.rglob("*.py")) - {Path(_errors.__file__).resolve()}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, (ast.Set, ast.List, ast.Tuple)):
                continue
            named = {member.value for member in node.elts if isinstance(member, ast.Constant)} & words
            named |= {
                member.attr
                for member in node.elts
                if isinstance(member, ast.Attribute) and getattr(member.value, "id", "") == "ErrorKind"
            }
            if len(named) > 1:
                found.append((path.name, node.lineno, named))
    assert found == []
