# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.wait_loop import PROGRESS_INTERVAL, Wait
from ansible_collections.rdsops.commvault.plugins.plugin_utils._progress import HEARTBEAT, Progress, progress_line


def wait_of(*jobs, unseen=(), waited=0.0, **more):
    ids = [job.id for job in jobs]
    return Wait([*ids, *unseen], jobs={job.id: job for job in jobs}, waited=waited, **more)


def many(status, numbers, **more):
    return [Job(str(number), status, **more) for number in numbers]


def test_one_line_says_all():
    wait = wait_of(
        *many("Completed", range(12)),
        Job("12", "Failed"),
        *many("Running", range(13, 38), percent_complete=43),
        Job("38", "Pending", instance_name="orders", reason="No resources available"),
        Job("39", "Pending", instance_name="billing"),
        waited=750,
    )
    assert progress_line(wait, "errors", width=120) == (
        "12 ok, 1 failed, 25 running (43 % avg), 2 pending (orders: No resources available, billing) of 40, 12:30"
    )
    assert progress_line(wait, "errors") == (
        "12 ok, 1 failed, 25 running (43 % avg), 2 pending (orders, billing) of 40, 12:30"
    )


def test_the_last_running_jobs_are_named():
    running = [Job("8", "Running", instance_name="db11", percent_complete=99), Job("9", "Running", instance_name="hr")]
    wait = wait_of(*many("Completed", range(5)), Job("7", "Killed"), *running, waited=96)
    assert progress_line(wait, "errors") == "5 ok, 1 failed, 2 running (db11 99 %, hr) of 8, 01:36"


def test_no_line_is_longer_than_a_console_is_wide():
    words = {"instance_name": "n" * 60, "reason": "r" * 300}
    wait = wait_of(
        *many("Completed", range(3000)),
        *many("Failed", range(3000, 3500)),
        *many("Running", range(4000, 4999), percent_complete=7, **words),
        *(Job(f"9{n}", status, **words) for n, status in enumerate(("Queued", "Pending", "Waiting", "Suspended"))),
        unseen=["5001", "5002"],
        missing=["5002"],
        waited=360000,
        expected_left=7500.0,
        last_error=CommvaultError("x", "timeout"),
    )
    for width in (80, 60):
        assert len(progress_line(wait, "errors", width=width)) <= width


def test_what_counts_as_failed_is_for_the_user_to_say():
    wait = wait_of(Job("1", "Completed w/ one or more errors"), Job("2", "Completed w/ one or more warnings"))
    assert progress_line(wait, "failure") == "2 ok of 2, 00:00"
    assert progress_line(wait, "errors") == "1 ok, 1 failed of 2, 00:00"
    assert progress_line(wait, "warnings") == "2 failed of 2, 00:00"


def test_every_kind_of_being_stuck_is_named_with_few_names_and_short_reasons():
    wait = wait_of(
        *many("Queued", [1]),
        *many("Waiting", [2, 3, 4, 5, 6], instance_name="db"),
        Job("7", "Suspended", instance_name="hr", reason="y" * 200),
    )
    assert progress_line(wait, "errors", width=120) == (
        f"1 queued (job 1), 5 waiting (db, db and 3 more), 1 suspended (hr: {'y' * 36} ...) of 7, 00:00"
    )
    assert (
        progress_line(wait, "errors") == "1 queued (job 1), 5 waiting (db, db and 3 more), 1 suspended (hr) of 7, 00:00"
    )


def test_names_can_be_left_out():
    wait = wait_of(Job("7", "Pending", instance_name="hr", reason="secret"))
    assert progress_line(wait, "errors", names=False) == "1 pending of 1, 00:00"


def test_other_states_are_named_as_they_are():
    wait = wait_of(Job("1", "Kill Pending"), Job("2", "Levitating"), Job("3", "Running"), Job("4", ""))
    assert progress_line(wait, "errors", names=False) == (
        "1 running, 1 in an unnamed state, 1 kill pending, 1 levitating of 4, 00:00"
    )


def test_jobs_that_are_not_there_are_counted():
    wait = wait_of(Job("1", "Running"), unseen=["2", "3", "4"], missing=["1", "4"])
    assert progress_line(wait, "errors") == "2 not visible yet, 2 missing of 4, 00:00"


def test_a_look_that_failed_is_told_without_its_words():
    wait = wait_of(Job("1", "Running", percent_complete=7), last_error=CommvaultError("host and all", "timeout"))
    assert progress_line(wait, "errors") == ("1 running (job 1 7 %) of 1, 00:00, last poll failed (timeout)")
    wait.last_error.found = wait.jobs
    assert progress_line(wait, "errors") == ("1 running (job 1 7 %) of 1, 00:00, last poll incomplete (timeout)")


class TestProgress:
    def lines(self, *waits):
        lines = []
        progress = Progress(lines.append, "errors")
        for wait in waits:
            progress(wait)
        return [line.split(", ")[-1 if "failed (" not in line else -2] for line in lines]

    def test_the_first_look_is_always_shown(self):
        assert self.lines(wait_of(Job("1", "Running"))) == ["00:00"]

    def test_without_change_there_is_a_line_at_least_every_minute(self):
        waits = [wait_of(Job("1", "Running", percent_complete=n), waited=n * PROGRESS_INTERVAL) for n in range(10)]
        assert self.lines(*waits) == ["00:00", "00:40", "01:20", "02:00", "02:40"]
        assert HEARTBEAT + PROGRESS_INTERVAL <= 60

    def test_a_change_is_shown_at_once(self):
        waits = [
            wait_of(Job("1", "Waiting")),
            wait_of(Job("1", "Running"), waited=1),
            wait_of(Job("1", "Running", percent_complete=50), waited=2),
            wait_of(Job("1", "Pending", reason="one"), waited=3),
            wait_of(Job("1", "Pending", reason="two"), waited=4),
            wait_of(Job("1", "Pending", reason="two"), waited=5, last_error=CommvaultError("x")),
            wait_of(Job("1", "Pending", reason="two"), waited=6, missing=["1"]),
        ]
        assert self.lines(*waits) == ["00:00", "00:01", "00:03", "00:04", "00:05", "00:06"]


def test_the_time_that_is_left_is_told_where_it_is_known():
    line = progress_line(wait_of(Job("1", "Running"), waited=60, expected_left=7500.0), "errors")
    assert line.endswith("01:00, about 2 h 05 min left")
