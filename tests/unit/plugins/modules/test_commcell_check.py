# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check says what it could not do before it sends anything, and holds its lines against the guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.checks import CHECKS, STATUSES, TOPICS
from ansible_collections.rdsops.commvault.plugins.module_utils._http.profile import Profile
from ansible_collections.rdsops.commvault.plugins.modules import commcell_check
from ansible_collections.rdsops.commvault.tests.support.scripted_http import Script, get, post

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs/docsite/rst/guide_vendor_api.rst").read_text(encoding="utf-8")
DOCTOR_GUIDE = (ROOT / "docs/docsite/rst/guide_doctor.rst").read_text(encoding="utf-8")
NUMBERS = set(re.findall(r"^   \* - (A\d+)$", GUIDE, flags=re.MULTILINE))


def test_facts_are_numbered_without_gaps():
    assert {f"A{number}" for number in range(1, len(NUMBERS) + 1)} == NUMBERS


def test_every_number_that_code_and_documents_name_is_in_the_guide():
    named = {}
    for path in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "docs/docsite/rst").glob("*.rst"), ROOT / "README.md"]:
        for number in re.findall(r"\bA\d{1,2}\b(?!\.)", path.read_text(encoding="utf-8")):
            named.setdefault(number, path.name)
    assert {number: name for number, name in named.items() if number not in NUMBERS} == {}


def test_every_line_has_a_topic_and_facts_of_the_guide():
    assert {check.topic for check in CHECKS.values()} == set(TOPICS)
    assert {fact for check in CHECKS.values() for fact in check.facts} <= NUMBERS


def test_every_key_of_a_profile_is_in_the_guide_and_proposed_by_a_line():
    options = " ".join(check.option for check in CHECKS.values())
    for key in Profile._fields:
        assert f"``{key}``" in DOCTOR_GUIDE
        assert key in options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"days": 0}, "from 1 to 366"),
        ({"days": 4000}, "from 1 to 366"),
        ({"wait_timeout": "soon"}, "wait_timeout"),
        ({"commcell_profile": {"nonsense": 1}, "auth_token": None}, "credentials are missing"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_sent(run_module, options, words):
    result = run_module(commcell_check, **options)
    assert result["failed"] is True
    assert words in result["msg"]


def test_a_server_that_knows_nothing_gets_a_verdict_and_no_secret_is_shown(run_module):
    script = Script(
        post("WhoAmI").returns(404, {}), get("Client").returns(404, {}), get("V4/Instances").returns(501, {})
    )
    result = run_module(commcell_check, script)
    assert (result["failed"], result["verdict"], result["failure"]["kind"]) == (True, "no_commcell", "not_found")
    assert {line["status"] for line in result["findings"]} <= set(STATUSES)
    assert "cc.example.com" not in str(result["report"])
    assert "SECRET" not in result.text
