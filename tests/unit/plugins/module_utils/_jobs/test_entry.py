# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import Event, JobDetails
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.entry import (
    MAX_EXPLAINED,
    JobReport,
    missing_entry,
    needs_explanation,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job

FAILED = Job("7", "Failed", reason="gave up", instance_name="orders")


class FakeApi:
    def __init__(self, details=None, events=()):
        self._details = details or JobDetails()
        self._events = events
        self.calls = []

    def url(self, job_id):
        return f"https://cc/{job_id}"

    def details(self, job_id):
        self.calls.append(f"details {job_id}")
        if isinstance(self._details, Exception):
            raise self._details
        return self._details

    def events(self, job_id):
        self.calls.append(f"events {job_id}")
        if isinstance(self._events, Exception):
            raise self._events
        return list(self._events)


def events(*texts):
    return [Event(number, 1767225600, text) for number, text in enumerate(texts)]


def test_a_job_is_its_summary_with_a_link():
    api = FakeApi()
    entry = JobReport(api).entry(Job("7", "Completed"), "7")
    assert entry.items() >= Job("7", "Completed").to_result().items()
    assert (entry["job_url"], entry["delay_reason"], entry["events"], entry["hint"]) == ("https://cc/7", None, [], None)
    assert api.calls == []


def test_an_explanation_is_the_delay_the_last_events_and_a_hint():
    api = FakeApi(JobDetails(delay_reason="waits for a stream"), events("No space left on device", "b", "c", "d"))
    entry = JobReport(api).entry(FAILED, "7", explain=True)
    assert entry["delay_reason"] == "waits for a stream"
    assert entry["events"] == [f"2026-01-01T00:00:00Z {text}" for text in ("No space left on device", "b", "c")]
    assert "no room left" in entry["hint"]


def test_a_delay_that_is_the_reason_already_is_not_said_twice():
    assert (
        JobReport(FakeApi(JobDetails(delay_reason="gave up"))).entry(FAILED, "7", explain=True)["delay_reason"] is None
    )


def test_explanations_that_cannot_be_read_are_left_out():
    api = FakeApi(RequestError("no", "permission"), RequestError("no", "not_found"))
    entry = JobReport(api).entry(FAILED, "7", explain=True)
    assert (entry["status"], entry["delay_reason"], entry["events"]) == ("Failed", None, [])
    assert len(api.calls) == 2


def test_only_so_many_jobs_are_looked_into():
    api = FakeApi()
    report = JobReport(api)
    for number in range(3 * MAX_EXPLAINED):
        report.entry(Job(str(number), "Failed"), str(number), explain=True)
    assert len(api.calls) == 2 * MAX_EXPLAINED


def test_a_failed_job_takes_little_room_whatever_the_vendor_says():
    api = FakeApi(JobDetails(delay_reason="d" * 250), events(*["e" * 160] * 50))
    job = Job("7", "Failed", reason="r" * 250, instance_name="i" * 60, client_name="c" * 60)
    assert len(json.dumps(JobReport(api).entry(job, "7", explain=True))) < 2000


def test_a_missing_job_has_the_same_keys():
    report = JobReport(FakeApi())
    assert report.entry(None, "7") == missing_entry("7")
    assert report.entry(None, "7").keys() == report.entry(FAILED, "7").keys()


def test_bad_ends_need_an_explanation():
    assert [needs_explanation(Job("7", status)) for status in ("Failed", "Killed", "Committed")] == [True] * 3
    assert [needs_explanation(Job("7", status)) for status in ("Running", "Pending", "Completed")] == [False] * 3
