# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs about a server is said in the line that it is about, and the examination goes on as far as it can."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.checkup import Checkup
from ansible_collections.rdsops.commvault.tests.support.simulated_jobs import commcell_of

HISTORY = [{"age": 3600 * hours, "seconds": 600} for hours in (5, 29, 53)]
ESTATE = {
    "clients": [{"name": "aws-prod", "instances": [{"name": "orders", "history": HISTORY}]}],
    "users": [{"name": "operator", "password": "SECRET-password"}],
}
# An answer that begins well and cannot be read.
NOT_GZIP = {"status": 200, "body": "{}", "headers": {"Content-Encoding": "gzip"}}


@pytest.fixture
def examine(simulator):
    """The lines of an examination by their names: status, and what was seen; verdict is the verdict with its text."""

    def run(*, logs_in=False, **options):
        with commcell_of(simulator, **options) as commcell:
            found = Checkup({"authtoken": commcell}, logs_in=logs_in, sleep=lambda _seconds: None).run()
        lines = {finding.check: (finding.status, finding.seen) for finding in found.findings}
        return {**lines, "verdict": (found.verdict, found.msg)}

    return run


@pytest.mark.parametrize(
    ("path", "fault", "line", "status", "words"),
    [
        ("commserv/jobmanagementsetting", {"kind": "forbidden"}, "endpoint_job_settings", "not_allowed", "HTTP 403"),
        ("commserv/jobmanagementsetting", {"kind": "reset_before"}, "endpoint_job_settings", "not_seen", "read failed"),
        ("commserv/jobmanagementsetting", {"status": 404, "json": {}}, "endpoint_job_settings", "ok", "HTTP 404"),
        ("commserv/jobmanagementsetting", {"status": 500, "json": {"a": 1}}, "endpoint_job_settings", "differs", "500"),
        ("commserv/jobmanagementsetting", {"status": 429, "json": {}}, "endpoint_job_settings", "not_seen", "429"),
        ("commserv/jobmanagementsetting", {"kind": "forbidden"}, "queueing", "not_seen", "cannot be read"),
        ("whoami", {"status": 200, "json": {}}, "user", "not_seen", "names no user"),
        ("whoami", {"status": 404, "json": {}}, "user", "differs", "HTTP 404"),
        ("commserv", {"status": 200, "json": {"csVersionInfo": "11.20.1"}}, "release", "differs", "Release 11.20.1."),
        ("commserv", {"status": 200, "json": {}}, "release", "not_seen", "does not tell"),
        ("commserv", {"kind": "reset_before"}, "release", "not_seen", "does not tell"),
        ("commserv", NOT_GZIP, "release", "not_seen", "does not tell"),
        ("commserv", NOT_GZIP, "latency", "not_seen", "No read was answered"),
        ("client", {"status": 200, "json": {"clientProperties": []}}, "sight", "differs", "No client."),
        ("client", {"kind": "forbidden"}, "sight", "differs", "No client."),
        ("subclient", {"kind": "forbidden"}, "instances", "not_seen", "No Oracle instance in 1 of 1 clients."),
        ("v4/instances", {"kind": "forbidden"}, "instances", "ok", "1 Oracle instances in 1 of 1 clients"),
        ("v4/commcell/activitycontrol", {"kind": "forbidden"}, "activity", "not_seen", "not told"),
    ],
)
def test_what_one_read_shows_stands_in_its_line(examine, simulator, path, fault, line, status, words):
    simulator.order_fault({"path": path}, fault, times=None)
    found = examine()
    assert found[line][0] == status
    assert words in found[line][1]
    assert found["verdict"][0] in ("ready", "usable")


def test_a_second_page_that_cannot_be_read_is_not_judged(examine, simulator):
    simulator.order_fault({"path": "jobs"}, {"kind": "reset_before"}, times=None, after=1)
    status, words = examine()["job_paging"]
    assert (status, words.startswith("The second page could not be read")) == ("not_seen", True)


def test_a_server_that_knows_neither_who_nor_jobs_is_none(examine, simulator):
    simulator.order_fault({"path": "whoami"}, {"status": 404, "json": {}}, times=None)
    simulator.order_fault({"path": "jobs"}, {"status": 404, "json": {"a": 1}}, times=None)
    verdict, words = examine()["verdict"]
    assert (verdict, "neither WhoAmI nor Jobs" in words) == ("no_commcell", True)


def test_of_a_commcell_without_anything_nothing_is_made_up(examine, simulator):
    simulator.reset({"clients": []})
    found = examine()
    assert found["sight"] == ("differs", "No client.")
    for line in ("instances", "job_order", "job_paging", "endpoint_job", "job_lag", "job_clock"):
        assert found[line][0] == "not_seen", line


def test_jobs_that_are_listed_from_the_oldest_on_differ(examine, simulator):
    simulator.set(sort_reversed=True)
    assert examine()["job_order"] == ("differs", "It begins with the oldest.")


def test_backup_activity_that_is_disabled_for_all_differs(examine, simulator):
    simulator.set(activity_enabled=False)
    assert examine()["activity"] == ("differs", "Disabled.")


def test_the_certificate_is_judged_where_it_was_verified(examine, simulator):
    status, words = examine(url=simulator.https_url, ca_path=simulator.ca_file)["tls"]
    assert words.startswith("TLSv1.")
    assert " days left." in words
    assert status in ("ok", "differs")
    assert examine()["tls"] == ("not_seen", "Plain http.")


def test_a_certificate_that_is_not_trusted_ends_it(examine, simulator):
    found = examine(url=simulator.https_url)
    assert found["tls"][0] == "differs"
    assert found["verdict"][0] == "unreachable"


def test_a_login_that_is_refused_ends_it(examine, simulator):
    login = {"auth_token": None, "username": "operator", "logs_in": True}
    found = examine(**login, password="SECRET-wrong")
    assert (found["header"], found["verdict"][0]) == (("differs", "The login failed."), "unusable")
    assert "SECRET" not in str(found)
    assert examine(**login, password="SECRET-password")["user"] == ("ok", "WhoAmI answers with operator.")


def test_no_password_goes_to_a_server_that_is_no_commcell(examine, simulator):
    simulator.order_fault({"path": "*"}, {"kind": "maintenance"}, times=None)
    found = examine(auth_token=None, username="operator", password="SECRET-password", logs_in=True)
    assert found["verdict"][0] == "no_commcell"
    assert "login" not in [request["endpoint"] for request in simulator.journal()]


@pytest.mark.parametrize(
    ("state", "age", "status"),
    [
        ("Running", 3, "ok"),
        ("Running", 3600, "differs"),
        # Jobs that do nothing are not updated, so they show no clock.
        ("Suspended", 3 * 86400, "not_seen"),
        ("Waiting", 3600, "not_seen"),
        ("Hibernating", 3600, "not_seen"),
        # Nobody's clock is off by days.
        ("Running", 3 * 86400, "not_seen"),
    ],
)
def test_only_a_job_that_runs_tells_the_clock_of_jobs(examine, simulator, state, age, status):
    row = {"jobId": 7, "status": state, "jobType": "Backup", "lastUpdateTime": int(simulator.now()) - age}
    simulator.order_fault({"path": "jobs"}, {"status": 200, "json": {"jobs": [{"jobSummary": row}]}}, times=None)
    found = examine()
    assert found["job_clock"][0] == status
    assert found["verdict"][0] == "usable"


def test_a_job_that_starts_between_two_pages_is_no_difference(examine, simulator):
    def page(total, *job_ids):
        rows = [{"jobSummary": {"jobId": job_id, "status": "Completed", "jobType": "Backup"}} for job_id in job_ids]
        return {"status": 200, "json": {"totalRecordsWithoutPaging": total, "jobs": rows}}

    simulator.order_fault({"path": "jobs"}, page(4, 9, 8, 7, 6))
    simulator.order_fault({"path": "jobs"}, page(5, 8, 7, 6))
    assert examine()["job_paging"][0] == "ok"
    # The same page again, although nothing has started, is one.
    simulator.order_fault({"path": "jobs"}, page(4, 9, 8, 7, 6))
    simulator.order_fault({"path": "jobs"}, page(4, 8, 7, 6))
    assert examine()["job_paging"][0] == "differs"
