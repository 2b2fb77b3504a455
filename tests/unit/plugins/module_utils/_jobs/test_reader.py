# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.api import ACTIVE, JobPage
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.reader import (
    LONGEST_LISTING,
    LOOKUP,
    MARGIN,
    MAX_FAILURES,
    MAX_PAGE,
    MAX_PAGES,
    CutShort,
    JobReader,
)

NOW = 1_000_000.0


class FakeApi:
    """Holds jobs; counts what is asked. listed: the ids that a listing shows, None for all."""

    def __init__(self, *jobs, hidden=0, reversed_flag=False, total=True, listed=None, page_size=None):
        self.jobs = {job.id: job for job in jobs}
        self.hidden = hidden
        self.reversed_flag = reversed_flag
        self.total = total
        self.listed = listed
        self.page_size = page_size
        self.pages = []
        self.singles = []
        self.listing_error = None
        self.clients_are_told = True
        self.more_types: tuple[str, ...] = ()

    def is_backup(self, job):
        return job.is_backup or job.job_type in self.more_types

    def local_time(self):
        return NOW

    def get(self, job_id):
        self.singles.append(job_id)
        return self.jobs.get(job_id)

    def list_page(self, *, category, client_ids, lookup_seconds, offset, limit, newest_first):
        self.pages.append((category, set(client_ids), lookup_seconds, offset, limit, newest_first))
        if self.listing_error:
            raise self.listing_error
        rows = [
            job
            for job in self.jobs.values()
            if (not client_ids or job.client_id in client_ids)
            and (category != ACTIVE or not job.finished)
            and (job.end_time is None or job.end_time >= NOW - lookup_seconds)
            and (self.listed is None or job.id in self.listed)
        ]
        rows.sort(key=lambda job: int(job.id), reverse=newest_first != self.reversed_flag)
        page = rows[offset : offset + min(limit, self.page_size or limit)]
        ids = [int(job.id) for job in page]
        return JobPage(
            page,
            len(page) + self.hidden,
            len(rows) if self.total else None,
            ids[0] > ids[-1] if len(ids) > 1 else None,
        )


def job(number, client=11, status="Running", **more):
    return Job(str(number), status, client_id=client, **more)


def jobs(*numbers, **more):
    return [job(number, **more) for number in numbers]


class TestRead:
    def test_one_job_is_one_request(self):
        api = FakeApi(*jobs(5, 6))
        assert list(JobReader(api).read(["5"])) == ["5"]
        assert (api.singles, api.pages) == (["5"], [])

    def test_no_job_is_no_request(self):
        api = FakeApi()
        assert JobReader(api).read([]) == {}
        assert (api.singles, api.pages) == ([], [])

    def test_many_jobs_are_one_request_in_the_order_asked(self):
        api = FakeApi(*jobs(*range(1, 301)))
        wanted = [str(number) for number in (250, 200, *range(270, 300))]
        assert list(JobReader(api).read(wanted)) == wanted
        assert len(api.pages) == 1
        assert api.singles == []

    def test_an_id_asked_for_twice_is_read_once(self):
        api = FakeApi(*jobs(5))
        assert list(JobReader(api).read(["5", "5"])) == ["5"]
        assert api.singles == ["5"]

    def test_paging_stops_when_all_were_seen(self):
        api = FakeApi(*jobs(*range(1, 5001)), page_size=100)
        JobReader(api).read(["4990", "4880"])
        assert len(api.pages) == 2
        assert api.singles == []

    def test_paging_stops_when_the_listing_has_passed_them(self):
        api = FakeApi(*jobs(*range(100, 2000)), page_size=100)
        del api.jobs["1990"]
        assert list(JobReader(api).read(["1990", "1995"])) == ["1995"]
        assert len(api.pages) == 1
        assert api.singles == ["1990"]

    def test_a_job_that_is_thousands_of_rows_away_is_read_singly(self):
        api = FakeApi(*jobs(*range(1, 20001)))
        assert list(JobReader(api).read(["3", "20000"])) == ["3", "20000"]
        assert len(api.pages) == MAX_PAGES
        assert api.singles == ["3"]

    def test_jobs_that_ended_long_ago_are_read_singly(self):
        old = jobs(1, 2, status="Completed", end_time=int(NOW - 2 * LOOKUP))
        api = FakeApi(*old, *jobs(3, 4))
        assert list(JobReader(api).read(["1", "2", "4"])) == ["1", "2", "4"]
        assert api.singles == ["2", "1"]

    def test_old_jobs_are_found_even_where_the_listing_is_empty(self):
        old = jobs(*range(1, 30), status="Completed", end_time=int(NOW - 2 * LOOKUP))
        wanted = [found.id for found in old]
        assert list(JobReader(FakeApi(*old)).read(wanted)) == wanted

    def test_jobs_that_are_not_visible_yet_cost_few_requests(self):
        api = FakeApi(*jobs(1, 2, 3))
        assert JobReader(api).read([str(number) for number in range(10, 310)]) == {}
        assert (len(api.pages), len(api.singles)) == (1, 3)

    def test_jobs_that_are_hidden_from_the_user_cost_few_requests(self):
        api = FakeApi(*jobs(1, 1000))
        assert JobReader(api).read([str(number) for number in range(10, 310)]) == {}
        assert len(api.singles) == 20

    def test_the_next_listing_is_narrowed_to_the_clients(self):
        api = FakeApi(*jobs(1, 2), *jobs(3, client=12), *jobs(*range(4, 50), client=99))
        reader = JobReader(api)
        reader.read(["1", "2", "3"])
        reader.read(["1", "3"])
        reader.read(["1", "2"])
        assert [page[1] for page in api.pages] == [set(), {11, 12}, {11}]

    def test_the_listing_is_not_narrowed_while_the_client_of_one_is_not_known(self):
        api = FakeApi(*jobs(1, 2))
        reader = JobReader(api)
        reader.read(["1", "2", "3"])
        reader.read(["1", "2", "3"])
        assert [page[1] for page in api.pages] == [set(), set()]

    def test_clients_that_are_known_beforehand_narrow_the_first_listing(self):
        api = FakeApi(*jobs(1, 2), *jobs(3, client=12))
        assert list(JobReader(api, [11]).read(["1", "2", "3"])) == ["1", "2", "3"]
        assert [page[1] for page in api.pages] == [{11}]
        assert api.singles == ["3"]

    def test_a_listing_the_wrong_way_round_is_turned_once(self):
        api = FakeApi(*jobs(*range(1, 2001)), reversed_flag=True)
        reader = JobReader(api)
        wanted = [str(number) for number in range(1990, 2001)]
        assert list(reader.read(wanted)) == wanted
        reader.read(wanted)
        assert [page[-1] for page in api.pages] == [True, False, False]
        assert api.singles == []

    def test_the_direction_does_not_matter_where_one_page_has_all(self):
        api = FakeApi(*jobs(*range(1, 20)), reversed_flag=True)
        assert list(JobReader(api).read(["3", "5"])) == ["3", "5"]
        assert len(api.pages) == 1

    def test_hidden_rows_do_not_make_pages_be_skipped(self):
        api = FakeApi(*jobs(*range(1, 400)), hidden=37, page_size=60)
        wanted = [str(number) for number in range(300, 400)]
        assert list(JobReader(api).read(wanted)) == wanted
        assert api.singles == []

    def test_pages_are_read_to_the_end_without_a_total(self):
        api = FakeApi(*jobs(*range(1, 300)), total=False)
        wanted = [str(number) for number in (1, 150, 299)]
        assert list(JobReader(api).read(wanted)) == wanted
        assert api.singles == []

    @pytest.mark.parametrize("kind", ["authentication", "permission", "not_found", "bad_request", "refused"])
    def test_without_a_listing_jobs_are_read_one_by_one(self, kind):
        api = FakeApi(*jobs(*range(1, 31)))
        api.listing_error = RequestError("no", kind)
        reader = JobReader(api)
        wanted = [str(number) for number in range(1, 31)]
        assert list(reader.read(wanted)) == wanted
        assert list(reader.read(wanted)) == wanted
        assert len(api.pages) == 1

    @pytest.mark.parametrize("kind", ["timeout", "server", "bad_reply", "connection", "rate_limited"])
    def test_a_passing_fault_of_the_listing_is_for_the_caller(self, kind):
        api = FakeApi(*jobs(1, 2))
        api.listing_error = RequestError("no", kind)
        with pytest.raises(RequestError):
            JobReader(api).read(["1", "2"])
        assert api.singles == []


class SilentApi(FakeApi):
    """Answers a 204 as often as it is told to."""

    silent = 0

    def list_page(self, **wanted):
        page = super().list_page(**wanted)
        self.silent -= 1
        return page if self.silent < 0 else JobPage([], 0, 0, None, silent=True)


class TestListings:
    @pytest.mark.parametrize(("silent", "found", "pages"), [(0, ["5"], 1), (1, ["5"], 2), (2, [], 2)])
    def test_who_starts_something_where_nothing_is_listed_reads_a_204_twice(self, silent, found, pages):
        api = SilentApi(*jobs(5))
        api.silent = silent
        assert [job.id for job in JobReader(api).past(60.0)] == found
        assert len(api.pages) == pages

    def test_a_list_without_jobs_is_read_once(self):
        api = FakeApi()
        assert JobReader(api).past(60.0) == []
        assert len(api.pages) == 1

    def test_who_starts_something_takes_no_listing_that_ends_before_its_total(self):
        class Api(FakeApi):
            def list_page(self, **kwargs):
                page = super().list_page(**kwargs)
                return page._replace(total=500) if kwargs["offset"] == 0 else JobPage([], 0, 500, None)

        reader = JobReader(Api(*jobs(*range(1, 101))))
        for read in (lambda: reader.past(60), reader.active):
            with pytest.raises(CutShort, match="ended after 100 of 500 rows") as caught:
                read()
            assert len(caught.value.jobs) == 100
        # Who looks for a job of its own takes what there is.
        assert len(reader.recent(60)) == 100

    def test_without_a_total_a_page_that_is_not_full_is_not_the_last_one(self):
        api = FakeApi(*jobs(*range(1, 251)), total=False, page_size=100)
        assert len(JobReader(api).past(60)) == len(JobReader(api).active()) == 250
        api = FakeApi(*jobs(1, 2), total=False)
        assert len(JobReader(api).active()) == len(api.pages) == 2

    def test_other_jobs_than_backups_are_left_out(self):
        rows = [
            job(1, start_time=int(NOW), job_type="Restore"),
            job(2, start_time=int(NOW), job_type="Backup"),
            job(3, start_time=int(NOW)),
            job(4, start_time=int(NOW), job_type="Data Pump Export"),
        ]
        reader = JobReader(FakeApi(*rows))
        assert [found.id for found in reader.active()] == ["4", "3", "2"]
        assert [found.id for found in reader.recent(60)] == ["4", "3", "2"]

    def test_active_jobs_are_those_that_have_not_ended(self):
        api = FakeApi(*jobs(1, 2), *jobs(3, status="Completed", end_time=int(NOW)))
        assert [found.id for found in JobReader(api).active()] == ["2", "1"]
        assert api.pages[0][:2] == (ACTIVE, set())

    def test_recent_jobs_are_read_page_by_page_under_whichever_client_they_are(self):
        ended = [job(number, status="Completed", end_time=int(NOW - 5)) for number in range(1, 2501)]
        api = FakeApi(*ended, *jobs(2501, 2502, client=12))
        assert len(JobReader(api).recent(3600, lambda: {11})) == 2502
        assert [page[1:5] for page in api.pages] == [
            (set(), 3600 + MARGIN, offset, MAX_PAGE) for offset in (0, 995, 1990)
        ]

    def test_a_very_long_listing_is_cut_down_to_the_clients_that_matter(self):
        api = FakeApi(*jobs(*range(1, MAX_PAGES * MAX_PAGE + 1)), *jobs(9001, 9002, client=12))
        assert [found.id for found in JobReader(api).recent(60, lambda: {12})] == ["9002", "9001"]
        assert [page[1] for page in api.pages] == [set(), {12}]
        assert JobReader(api).recent(60, set) == [], "no client that matters is visible"

    def test_a_very_long_listing_stays_whole_where_rows_name_a_proxy(self):
        api = FakeApi(*jobs(*range(1, MAX_PAGES * MAX_PAGE + 1)), *jobs(9001, client=12))
        api.clients_are_told = False
        assert len(JobReader(api).recent(60, lambda: {12})) == MAX_PAGES * MAX_PAGE + 1

    def test_a_type_of_this_commcell_counts_as_a_backup(self):
        api = FakeApi(Job("7", "Running", job_type="Data restore export"))
        assert JobReader(api).recent(60) == []
        api.more_types = ("Data restore export",)
        assert [found.id for found in JobReader(api).recent(60)] == ["7"]

    def test_a_job_that_leaves_the_listing_between_two_pages_takes_no_other_with_it(self):
        api = FakeApi(*jobs(*range(1, 2001)))
        original = api.list_page

        def list_page(**kwargs):
            page = original(**kwargs)
            api.jobs.pop("1999", None)
            return page

        api.list_page = list_page
        ids = {found.id for found in JobReader(api).recent(60)}
        assert ids == {str(number) for number in range(1, 2001)}

    def test_a_listing_that_came_after_an_outage_is_read_again_for_as_long_ago(self):
        api = FakeApi(Job("7", status="Running"))
        times = iter([NOW, NOW + 600, NOW + 600, NOW + 601])
        api.local_time = lambda: next(times)
        assert [found.id for found in JobReader(api).recent(60)] == ["7"]
        assert [page[2] for page in api.pages] == [60 + MARGIN, 60 + MARGIN + 1200]

    def test_a_listing_that_always_takes_long_is_read_twice(self):
        api = FakeApi(Job("7", status="Running"))
        times = itertools.count(NOW, 2 * MARGIN)
        api.local_time = lambda: next(times)
        assert [found.id for found in JobReader(api).recent(60)] == ["7"]
        assert len(api.pages) == 2


@pytest.mark.parametrize("listed", [True, False])
def test_where_no_job_may_be_read_that_is_an_error(listed):
    api = FakeApi(listed=())
    api.listing_error = None if listed else RequestError("no list", "permission")

    def refuse(_job_id):
        raise RequestError("no job", "permission")

    api.get = refuse
    if listed:
        assert JobReader(api).read(["7", "8"]) == {}
        return
    with pytest.raises(RequestError, match="no job"):
        JobReader(api).read(["7", "8"])


def test_a_web_page_for_one_job_of_many_is_about_that_job():
    class Api(FakeApi):
        def get(self, job_id):
            if job_id == "2":
                raise RequestError("no such page", "not_found")
            return super().get(job_id)

    api = Api(*jobs(1, 2, 3), listed={"1", "3"})
    assert JobReader(api).read(["1", "2", "3"]).keys() == {"1", "3"}


class BrokenApi(FakeApi):
    """Cannot answer for some jobs. broken: the error of each, by id."""

    def __init__(self, *jobs, broken, **more):
        super().__init__(*jobs, **more)
        self.broken = broken

    def get(self, job_id):
        found = super().get(job_id)
        if job_id in self.broken:
            raise RequestError(f"no word of {job_id}", self.broken[job_id])
        return found


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("kind", ["server", "bad_reply"])
def test_a_job_that_the_server_cannot_answer_for_takes_no_other_with_it(listed, kind):
    api = BrokenApi(*jobs(1, 2, 3), broken={"2": kind}, listed={"1"})
    api.listing_error = None if listed else RequestError("no list", "permission")
    with pytest.raises(RequestError, match="no word of 2") as caught:
        JobReader(api).read(["1", "2", "3"])
    assert caught.value.found.keys() == {"1", "3"}


def test_a_job_for_which_no_answer_comes_is_read_last_the_next_time():
    api = BrokenApi(*jobs(1, 2, 3), broken={"1": "timeout"})
    api.listing_error = RequestError("no list", "permission")
    reader = JobReader(api)
    found = []
    for _poll in range(2):
        with pytest.raises(RequestError, match="no word of 1") as caught:
            reader.read(["1", "2", "3"])
        found.append(caught.value.found.keys())
    assert found == [set(), {"2", "3"}]
    assert api.singles == ["1", "2", "3", "1"]


def test_a_server_that_fails_for_one_job_after_the_other_is_left_alone():
    ids = [str(number) for number in range(1, 10)]
    api = BrokenApi(broken=dict.fromkeys(ids, "server"))
    api.listing_error = RequestError("no list", "permission")
    with pytest.raises(RequestError, match="no word of 1"):
        JobReader(api).read(ids)
    assert api.singles == ids[:MAX_FAILURES]


def test_a_listing_that_shows_the_same_page_again_and_again_is_an_error():
    api = FakeApi(*(job(number) for number in range(1, 3001)))
    original = api.list_page
    api.list_page = lambda **kwargs: original(**{**kwargs, "offset": 0})
    with pytest.raises(RequestError, match="does not advance") as caught:
        JobReader(api).recent(60)
    assert (caught.value.kind, len(api.pages)) == ("bad_reply", 2)


def test_a_listing_without_an_end_is_an_error():
    api = FakeApi(*(job(number) for number in range(1, 3001)), page_size=12)
    with pytest.raises(RequestError, match="does not come to an end: 200 pages") as caught:
        JobReader(api).recent(60)
    assert caught.value.kind == "bad_reply"
    assert len(api.pages) == LONGEST_LISTING
