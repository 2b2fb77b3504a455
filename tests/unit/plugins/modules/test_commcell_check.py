# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check says what it could not do before it sends anything, and holds its lines against the guide."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.checks import CHECKS, STATUSES, TOPICS
from ansible_collections.rdsops.commvault.plugins.module_utils._http.profile import Profile
from ansible_collections.rdsops.commvault.plugins.modules import commcell_check
from ansible_collections.rdsops.commvault.tests.simulator.variants import settings_of
from ansible_collections.rdsops.commvault.tests.support.doctor import HISTORY, RUNNING, VARIANTS
from ansible_collections.rdsops.commvault.tests.support.elsewhere import ELSEWHERE, PASSWORD
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


@pytest.fixture
def estate():
    """What the simulator of these tests has."""
    return {"clients": [{"name": "aws-prod", "instances": [{"name": "orders-sesame", "history": HISTORY}, "billing"]}]}


@pytest.fixture
def examine(run_simulated):
    """Runs the module against the simulator."""
    return functools.partial(run_simulated, commcell_check)


def differing(result):
    return sorted(line["check"] for line in result["findings"] if line["status"] == "differs")


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_differs_about_a_plain_commcell(examine, simulator, check_mode):
    result = examine(check=check_mode)
    assert (differing(result), result["profile"], result["verdict"], result["changed"]) == ([], {}, "ready", False)
    assert {line["status"] for line in result["findings"]} <= {"ok", "not_seen"}
    assert simulator.writes() == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_differs_in_its_own_lines_alone(examine, simulator, estate, variant):
    expected, profile = VARIANTS[variant]
    if variant.startswith("skew"):
        estate["clients"][0]["instances"][0]["history"] = [*HISTORY, RUNNING]
        simulator.reset(estate)
    simulator.set(**settings_of(variant))
    result = examine()
    assert differing(result) == expected
    proposed = dict(result["profile"])
    if "clock_skew" in profile:
        assert proposed["clock_skew"] == pytest.approx(profile["clock_skew"], abs=5)
        proposed["clock_skew"] = profile["clock_skew"]
    assert (proposed, result["verdict"], simulator.writes()) == (profile, "usable", [])


def test_a_name_that_is_a_word_of_the_report_leaves_the_report_readable(examine, simulator):
    """Whoever reads a report looks for its keys, topics, checks and states, and takes its profile."""
    names = ["jobs", "ok", "profile", "seen", "usable", "way", "header", "bearer", "export"]
    instances = [{"name": name, "history": HISTORY} for name in names]
    simulator.reset({"clients": [{"name": "proxy", "instances": instances}]})
    simulator.set(**settings_of("other-type"))
    result = examine()
    report = result["report"]
    assert report.keys() == {"msg", "verdict", "findings", "profile", "release", "shape", "life", "topics"}
    assert (report["verdict"], report["profile"]) == ("usable", {"job_types": ["Data Pump Export"]})
    fixed = ("check", "topic", "status", "facts", "assumed", "means", "option")
    for line, sent in zip(result["findings"], report["findings"], strict=True):
        assert {key: sent[key] for key in fixed} == {key: line[key] for key in fixed}
    seen = {line["check"]: line["seen"] for line in report["findings"]}
    assert "proxy" not in seen["instances"]
    assert "client-1/instance-" in seen["instances"]


@pytest.mark.parametrize(
    ("faults", "verdict", "words"),
    [
        ([{"path": "*"}, {"kind": "maintenance"}], "no_commcell", "web page"),
        ([{"path": "*"}, {"kind": "redirect"}], "unusable", "redirect"),
        ([{"path": "*"}, {"kind": "unauthorized"}], "unusable", "does not accept the credentials"),
        ([{"path": "*"}, {"kind": "reset_before"}], "unreachable", "does not answer"),
        ([{"path": "*"}, {"status": 404, "json": {}}], "no_commcell", "not like a CommCell"),
        ([{"path": "jobs"}, {"kind": "unauthorized"}], "unusable", "Jobs cannot be listed"),
    ],
)
def test_what_is_no_usable_commcell_gets_a_clear_verdict(examine, simulator, faults, verdict, words):
    simulator.order_fault(*faults, times=None)
    result = examine(start={"client_name": "aws-prod", "instance_name": "billing"})
    assert (result["verdict"], result["failed"], words in result["msg"]) == (verdict, True, True)
    assert result["report"]["verdict"] == verdict
    assert simulator.writes() == []


@pytest.mark.parametrize("credentials", [{}, {"auth_token": None, **PASSWORD}], ids=["token", "password"])
@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_no_commcell_gets_its_verdict_and_is_asked_to_start_nothing(examine, place, credentials):
    make, verdict, words, most = ELSEWHERE[place]
    start = {"client_name": "aws-prod", "instance_name": "orders"}
    with make() as (url, journal):
        result = examine(url=f"{url}/commandcenter/api", timeout=1.0, start=start, **credentials)
    assert (result["verdict"], result["failed"], result["report"]["verdict"]) == (verdict, True, verdict)
    assert re.search(words, result["msg"])
    assert len(journal) <= most, journal
    assert "POST createtask" not in journal


def test_one_start_shows_what_reading_cannot(examine, simulator):
    simulator.set(waiting_seconds=1, job_seconds=2, row_description=True)
    names = {"client_name": "aws-prod", "instance_name": "billing", "subclient_name": "default"}
    result = examine(start={**names, "backup_level": "full"}, wait_timeout="60s")
    started = {line["check"]: line["status"] for line in result["findings"] if line["topic"] == "start"}
    assert started == dict.fromkeys(started, "ok"), started
    assert (len(started), result["profile"], result["changed"]) == (7, {"job_marker": True}, True)
    assert len(simulator.writes()) == 1
    assert "billing" not in str(result["report"])


def test_a_start_is_reported_however_far_the_clocks_are_apart(examine, simulator):
    simulator.set(waiting_seconds=1, job_seconds=2, clock_skew=2 * 86400)
    result = examine(start={"client_name": "aws-prod", "instance_name": "billing"}, wait_timeout="60s")
    assert (result["backup"]["state"], len(result["backup"]["job_ids"]), len(simulator.writes())) == ("started", 1, 1)
    assert "start_clock" in differing(result)
    assert "clock_skew" not in result["profile"]


def test_a_start_is_left_out_in_check_mode(examine, simulator):
    names = {"client_name": "aws-prod", "instance_name": "billing", "subclient_name": "default"}
    result = examine(check=True, start={**names, "backup_level": "full"})
    assert (result["changed"], "backup" in result, simulator.writes()) == (False, False, [])
