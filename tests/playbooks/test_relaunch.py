# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same play again: what runs is not started twice, what succeeded today is left alone, the rest is started."""

from __future__ import annotations

import typing as t

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Play

DAY = 24 * 3600


def again(play: Play) -> dict[str, t.Any]:
    """The result of the play."""
    run = play("relaunch.yml")
    assert run.rc == 0
    return run.result("Start the backups")


# test_mixed_estate.py has one that is too old, and check mode of all.
def test_a_relaunch_starts_neither_what_runs_nor_what_succeeded(play: Play, simulator: Simulator) -> None:
    simulator.script(
        "billing", [{"state": "Running", "seconds": 60}, {"state": "Failed", "reason": "ORA-01017"}], times=1
    )
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
    assert ([backup["state"] for backup in ended["backups"]], ended["changed"]) == (
        ["recent", "started", "recent"],
        True,
    )
    kept = [new["job_ids"] == old["job_ids"] for new, old in zip(ended["backups"], first["backups"], strict=True)]
    assert kept == [True, False, True]
    for job_id, backup in zip(jobs, ended["backups"], strict=True):
        assert backup["state"] == "started" or f"is young enough: job {job_id} ended 11 h" in backup["msg"]
    assert len(simulator.writes()) == before + 1, "what is recent was not even asked for"
