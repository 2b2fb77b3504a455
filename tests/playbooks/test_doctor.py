# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor finds exactly what differs about a CommCell, whatever answers, and changes nothing."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.campaigns.simulation.scenario import VARIANTS as SIMULATED
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.simulator.variants import settings_of
from ansible_collections.rdsops.commvault.tests.support.doctor import HISTORY, RUNNING, VARIANTS

from .conftest import Play, Shell


def doctor(play: Play, tmp_path: Path, check: bool = False, **variables: t.Any) -> t.Any:
    return play("rdsops.commvault.doctor", check=check, extravars={"doctor_directory": str(tmp_path), **variables})


def differing(result: t.Mapping[str, t.Any]) -> list[str]:
    return sorted(line["check"] for line in result["findings"] if line["status"] == "differs")


@pytest.fixture
def estate() -> dict[str, t.Any]:
    return {"clients": [{"name": "aws-prod", "instances": [{"name": "orders-sesame", "history": HISTORY}, "billing"]}]}


def test_nothing_differs_about_a_plain_commcell_and_the_report_to_send_holds_no_names(
    play: Play, simulator: Simulator, estate, tmp_path
) -> None:
    simulator.reset(estate)
    run = doctor(play, tmp_path)
    result = run.result("Examine the CommCell")
    assert (run.rc, differing(result), result["profile"]) == (0, [], {})
    assert result["verdict"] == "ready"
    assert simulator.writes() == []
    for name in ("doctor.json", "doctor.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert len(text) < 100_000
        for planted in ("sesame", "aws-prod", "billing", "127.0.0.1", simulator.token, "scheduler"):
            assert planted not in text, (name, planted)
    report = json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))
    assert report["shape"]["jobId"] == ["int"]


# The others are tested without Ansible: tests/unit/plugins/modules/test_commcell_check.py.
def test_a_variant_differs_in_its_own_lines_alone_also_in_check_mode(
    play: Play, simulator: Simulator, estate, tmp_path
) -> None:
    expected, profile = VARIANTS["app-134"]
    simulator.reset(estate)
    simulator.set(**settings_of("app-134"))
    run = doctor(play, tmp_path, check=True)
    result = run.result("Examine the CommCell")
    assert (differing(result), result["profile"]) == (expected, profile)
    assert (run.rc, result["verdict"], simulator.writes()) == (0, "usable", [])


def test_one_start_shows_what_reading_cannot(play: Play, simulator: Simulator, estate, tmp_path) -> None:
    simulator.reset(estate)
    simulator.set(waiting_seconds=1, job_seconds=2, row_description=True)
    run = doctor(
        play, tmp_path, doctor_start=True, doctor_client_name="aws-prod", doctor_instance_name="billing",
        doctor_wait_timeout="60s",
    )  # fmt: skip
    result = run.result("Examine the CommCell")
    started = {line["check"]: line["status"] for line in result["findings"] if line["topic"] == "start"}
    assert started == dict.fromkeys(started, "ok"), started
    assert len(started) == 7
    assert result["profile"] == {"job_marker": True}
    assert len(simulator.writes()) == 1
    assert "billing" not in (tmp_path / "doctor.json").read_text(encoding="utf-8")


def test_a_start_needs_an_instance(play: Play, simulator: Simulator, estate, tmp_path) -> None:
    simulator.reset(estate)
    run = doctor(play, tmp_path, doctor_start=True)
    assert run.rc == 2
    assert "doctor_client_name" in run.result("Check the variables")["msg"]
    assert simulator.journal() == []


@pytest.mark.parametrize("made", [True, False])
def test_the_directory_is_below_that_of_the_command_and_must_exist_before_anything_is_done(
    shell: Shell, simulator: Simulator, estate, tmp_path, made: bool
) -> None:
    simulator.reset(estate)
    if made:
        (tmp_path / "out").mkdir()
    # systemd sets no PWD, and AWX one of another directory.
    run = shell("ansible-playbook", "rdsops.commvault.doctor", "-e", "doctor_directory=out", env={"PWD": "/"})
    assert (run.rc == 0, (tmp_path / "out" / "doctor.json").is_file()) == (made, made)
    if not made:
        assert f"{tmp_path}/out is not a directory" in run.output
        assert simulator.journal() == []


# tests/campaigns/test_simulation.py has every variant with its profile, for this and for a lost answer.
def test_with_the_proposed_profile_max_age_finds_the_backup_of_the_day(
    play: Play, simulator: Simulator, estate
) -> None:
    simulator.reset(estate)
    simulator.set(**settings_of("app-134"))
    run = play("doctor_profile.yml")
    result = run.result("Back up what has no backup of the last day")
    assert ([one["state"] for one in result["backups"]], result["changed"]) == (["recent"], False)
    assert simulator.writes() == []


def test_the_simulation_has_the_profiles_that_the_doctor_proposes() -> None:
    for variant, (_lines, profile) in VARIANTS.items():
        assert SIMULATED[variant.partition("=")[0]][1].keys() == profile.keys(), variant


def test_with_the_proposed_profile_the_job_of_a_lost_answer_is_found(play: Play, simulator: Simulator, estate) -> None:
    estate["clients"][0]["instances"][1] = {"name": "billing", "history": [RUNNING]}
    estate["clients"][0]["instances"][0]["history"] = [{"age": 86400 * 3, "seconds": 600}]
    simulator.reset(estate)
    simulator.set(**settings_of("skew=60"))
    simulator.order_fault({"path": "createtask"}, {"reset": "after"})
    run = play("doctor_profile.yml")
    result = run.result("Back up what has no backup of the last day")
    (backup,) = result["backups"]
    truth = [str(job["job_id"]) for job in simulator.jobs() if job["started_by"]]
    assert (backup["state"], backup["job_ids"], result["changed"]) == ("adopted", truth, True)
    assert len(simulator.writes()) == 1
