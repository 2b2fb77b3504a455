# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same play again: what runs is not started twice, what succeeded today is left alone, the rest is started."""

from __future__ import annotations

import typing as t

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Play

DAY = 24 * 3600


def again(play: Play, *, check: bool = False) -> dict[str, t.Any]:
    """The result of the play."""
    run = play("relaunch.yml", check=check)
    assert run.rc == 0
    return run.result("Start the backups")


def test_a_relaunch_starts_nothing_while_jobs_run_nor_after_they_succeeded(play: Play, simulator: Simulator) -> None:
    first = again(play)
    assert [backup["state"] for backup in first["backups"]] == ["started"] * 3
    jobs = first["job_ids"]

    running = again(play)
    assert ([backup["state"] for backup in running["backups"]], running["changed"]) == (["adopted"] * 3, False)
    assert running["job_ids"] == jobs
    assert len(simulator.jobs()) == 3
    assert f"under way already: job {jobs[0]}" in running["backups"][0]["msg"]

    simulator.advance(DAY // 2)
    before = len(simulator.writes())
    ended = again(play)
    assert ([backup["state"] for backup in ended["backups"]], ended["changed"]) == (["recent"] * 3, False)
    assert ended["job_ids"] == jobs
    for job_id, backup in zip(jobs, ended["backups"], strict=True):
        assert f"is young enough: job {job_id} ended 11 h" in backup["msg"]
    assert len(simulator.writes()) == before, "nothing was even asked for"
    assert [backup["state"] for backup in again(play, check=True)["backups"]] == ["recent"] * 3

    simulator.advance(DAY)
    stale = again(play)
    assert ([backup["state"] for backup in stale["backups"]], stale["changed"]) == (["started"] * 3, True)
    assert set(stale["job_ids"]).isdisjoint(jobs)


def test_a_relaunch_starts_only_what_did_not_end_well(play: Play, simulator: Simulator) -> None:
    simulator.script("billing", [{"state": "Running", "seconds": 60}, {"state": "Failed", "reason": "ORA-01017"}])
    first = again(play)
    simulator.advance(DAY // 2)
    second = again(play)
    assert [backup["state"] for backup in second["backups"]] == ["recent", "started", "recent"]
    assert second["changed"] is True
    kept = [new["job_ids"] == old["job_ids"] for new, old in zip(second["backups"], first["backups"], strict=True)]
    assert kept == [True, False, True]
