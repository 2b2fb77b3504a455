# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads many jobs with few requests: one page of the listing holds them all, as a rule."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError, ErrorKind, RequestError
from .api import ACTIVE, ALL

if t.TYPE_CHECKING:
    from .api import JobsApi
    from .job import Job

# The most rows to ask for at once; Commvault's pages name no limit, this is chosen here.
MAX_PAGE = 1000
# Pages that read() goes through before it reads the rest one by one: a very old job would be thousands of rows away.
MAX_PAGES = 5
# Pages after which a listing is no listing any more, whoever asks.
LONGEST_LISTING = 200
# Rows in which two pages overlap: jobs that leave the listing between two requests must not take others with them.
OVERLAP = 5
# How long ago jobs may have ended to be in the listing that read() asks for; older ones are read one by one.
LOOKUP = 7 * 86400.0
# After so many misses in a row, the jobs that are left are not looked for one by one: those above the newest one listed
# are most likely not visible yet, those below it are hidden or gone.
MISSES_ABOVE = 3
MISSES_BELOW = 20
# After so many failures in a row that may be of one job each, no more are read.
MAX_FAILURES = 3
# Seconds by which "since" is widened at the server's side: it may count a job's age a little differently.
MARGIN = 300.0


class CutShort(CommvaultError):
    """A listing that ended before its own total.

    Attributes:
        jobs: The backups that it had.
    """

    jobs: t.Sequence[Job] = ()


def read_some(
    read: t.Callable[[t.Sequence[str]], t.Mapping[str, Job]], job_ids: t.Sequence[str]
) -> tuple[t.Mapping[str, Job], CommvaultError | None]:
    """What can be read of jobs, by id, and why others cannot. Raises CommvaultError where none can.

    Args:
        read: As JobReader.read.
    """
    try:
        return read(job_ids), None
    except CommvaultError as error:
        if not error.found:
            raise
        return error.found, error


class JobReader:
    """Reads jobs for one run and remembers what makes the next request narrower."""

    def __init__(self, api: JobsApi, client_ids: t.Iterable[int] = ()) -> None:
        """Read through an API.

        Args:
            api: The jobs.
            client_ids: The clients of the jobs that read() will be asked for, as far as they are known.
        """
        self.api = api
        self._clients = set(client_ids)
        self._client_of: dict[str, int] = {}
        self._listing_works = True
        # The jobs that the server could not answer for.
        self._failed: set[str] = set()
        # How many jobs the last listing had, as far as the server said.
        self._total: int | None = None
        # Whether the last page was no list at all, but a 204.
        self._silent = False
        # What the vendor's flag for newest first has to be: third parties saw it mean the opposite.
        self._newest_first = True

    def read(self, job_ids: t.Sequence[str]) -> dict[str, Job]:
        """The visible ones of these jobs, by id.

        Raises:
            CommvaultError: They cannot be read; found has those that could be.
        """
        wanted = list(dict.fromkeys(str(job_id) for job_id in job_ids))
        found: dict[str, Job] = {}
        try:
            self._read(wanted, found)
        except CommvaultError as error:
            error.found = found
            raise
        finally:
            self._client_of.update((job.id, job.client_id) for job in found.values() if job.client_id is not None)
        return {job_id: found[job_id] for job_id in wanted if job_id in found}

    def _read(self, wanted: t.Sequence[str], found: dict[str, Job]) -> None:
        """As read, into found."""
        if len(wanted) > 1 and self._listing_works:
            try:
                newest = self._read_listing(wanted, found)
            except RequestError as error:
                # The listing may be closed to the user, or missing in this release, while single jobs are not.
                if not error.kind.says_no:
                    raise
                self._listing_works = False
            else:
                self._read_the_rest(wanted, found, newest)
                return
        refusals = self._read_singly([job_id for job_id in wanted if job_id not in found], found, len(wanted))
        if refusals and len(refusals) == len(wanted):
            raise refusals[0]

    def _read_listing(self, wanted: t.Sequence[str], found: dict[str, Job]) -> int | None:
        """Put into found what the listing has of the wanted jobs; returns the newest id that a listing of all clients
        had, None if it was narrowed to some.
        """
        missing = set(wanted)
        oldest = min(int(job_id) for job_id in wanted)
        clients = self._narrow(wanted)
        newest: int | None = None
        limit = min(MAX_PAGE, 2 * len(wanted) + 50)
        for number, jobs in enumerate(self._pages(ALL, clients, LOOKUP, limit), 1):
            for job in jobs:
                if job.id in missing:
                    found[job.id] = job
                    missing.discard(job.id)
            ids = [int(job.id) for job in jobs]
            newest = max([newest or 0, *ids])
            if not missing or min(ids) < oldest or number == MAX_PAGES:
                break
        return None if clients else newest or 0

    def _read_the_rest(self, wanted: t.Sequence[str], found: dict[str, Job], newest: int | None) -> None:
        """Read what the listing did not have one by one. newest: as of _read_listing."""
        missing = sorted((int(job_id) for job_id in wanted if job_id not in found), reverse=True)
        below = [number for number in missing if newest is None or number <= newest]
        above = [number for number in reversed(missing) if number not in below]
        for numbers, patience in ((below, MISSES_BELOW), (above, MISSES_ABOVE)):
            self._read_singly([str(number) for number in numbers], found, patience)

    def _read_singly(self, job_ids: t.Sequence[str], found: dict[str, Job], patience: int) -> list[RequestError]:
        """Read jobs one by one into found, until so many in a row are not there; returns what declined some of them.

        A server can fail for one job of many, again and again: the next time, such a one is read last.

        Raises:
            RequestError: One of the jobs could not be read.
        """
        refusals: list[RequestError] = []
        failure: RequestError | None = None
        misses = failures = 0
        for job_id in sorted(job_ids, key=self._failed.__contains__):
            try:
                job = self.api.get(job_id)
            except RequestError as error:
                job = None
                if not (error.kind.says_no and error.kind.about_one_object):
                    self._failed.add(job_id)
                    failure, failures = failure or error, failures + 1
                    if not error.kind.may_be_of_one_read or failures == MAX_FAILURES:
                        break
                    continue
                refusals.append(error)
            failures = 0
            misses = 0 if job else misses + 1
            if job:
                found[job_id] = job
            elif misses == patience:
                break
        if failure:
            raise failure
        return refusals

    def _narrow(self, wanted: t.Sequence[str]) -> set[int]:
        """The clients to which the listing can be narrowed without losing a wanted job; empty for none."""
        clients = {self._client_of.get(job_id) for job_id in wanted}
        if None not in clients:
            return t.cast("set[int]", clients)
        return self._clients

    def recent(
        self,
        age: float,
        narrow: t.Callable[[], t.Collection[int]] | None = None,
        *,
        margin: float = MARGIN,
        whole: bool = False,
    ) -> list[Job]:
        """The visible jobs that may be backups and are active or ended a short while ago, the newest first.

        Args:
            age: Seconds since their end.
            narrow: Gives the numbers of the clients that matter. They are only asked for, and the listing cut down to
                them, where that of all clients is very long: a job may be listed under another client than the one it
                was asked of.
            margin: Seconds by which age is widened at the server's side.
            whole: Whether a listing that ends before its own total is an error, too.

        Raises:
            CommvaultError: The listing cannot be read.
            CutShort: It must be whole, and is not.
        """
        found: list[Job] = []
        begun = self.api.local_time()
        try:
            for number, jobs in enumerate(self._pages(ALL, set(), age + margin, MAX_PAGE, whole=whole)):
                if (
                    narrow
                    and self.api.clients_are_told
                    and (number == MAX_PAGES or (self._total or 0) > MAX_PAGES * MAX_PAGE)
                ):
                    return self._recent_of(set(narrow()), age, whole)
                found += [job for job in jobs if self.api.is_backup(job)]
        except CutShort as error:
            error.jobs = error.jobs or found
            raise
        # By this machine's clock: the server's is not known before its first answer.
        taken = self.api.local_time() - begun
        # The server counts back from its answer: after an outage, what has ended long ago may be missing. A listing of
        # many pages takes as long each time.
        return self.recent(age, narrow, margin=MARGIN + 2 * taken, whole=whole) if taken > margin else found

    def past(self, age: float, narrow: t.Callable[[], t.Collection[int]] | None = None) -> list[Job]:
        """As recent, for those who start something where nothing is listed: the listing must be whole, and a 204 is
        read a second time. Some servers answer so where there is nothing, but a lost answer can look so, too.
        """
        found = self.recent(age, narrow, whole=True)
        return found if found or not self._silent else self.recent(age, narrow, whole=True)

    def _recent_of(self, clients: set[int], age: float, whole: bool) -> list[Job]:
        if not clients:
            return []
        try:
            return self._backups(self._pages(ALL, clients, age + MARGIN, MAX_PAGE, whole=whole))
        except RequestError as error:
            if len(clients) < 2 or not error.kind.says_no:
                raise
            # One client that the user may not see can have been the cause. The jobs of such a one are left out of a
            # list that names no client.
            return self.recent(age, whole=whole)

    def past_pages(self, age: float, narrow: t.Collection[int] | None, long: int) -> t.Iterator[list[Job]]:
        """The visible jobs that are active or ended at most age seconds ago, page by page, so that nobody has to keep
        them all.

        Args:
            age: Seconds since their end.
            narrow: The clients that matter, None for all.
            long: From so many rows on the listing is cut down to the clients that matter.

        Raises:
            CommvaultError: The listing cannot be read, or ends before its own total.
        """
        for jobs in self._pages(ALL, set(), age + MARGIN, MAX_PAGE, whole=True):
            if narrow and (self._total or 0) >= long:
                break
            yield jobs
        else:
            return
        yield from self._pages(ALL, set(narrow or ()), age + MARGIN, MAX_PAGE, whole=True)

    def active(self) -> list[Job]:
        """The visible backup jobs that have not ended, the newest first. Raises CommvaultError, CutShort."""
        pages = self._pages(ACTIVE, set(), MARGIN, MAX_PAGE, whole=True)
        return [job for job in self._backups(pages) if not job.finished]

    def _backups(self, pages: t.Iterable[list[Job]]) -> list[Job]:
        """The backups on the pages of a listing. Raises CommvaultError, CutShort."""
        found: list[Job] = []
        try:
            for jobs in pages:
                found += [job for job in jobs if self.api.is_backup(job)]
        except CutShort as error:
            error.jobs = found
            raise
        return found

    def _pages(
        self, category: int, clients: set[int], lookup: float, limit: int, *, whole: bool = False
    ) -> t.Iterator[list[Job]]:
        """The pages of a listing, newest first, each with at least one job that the pages before it did not have.

        Args:
            category: As of JobsApi.list_page, and so are clients, lookup and limit.
            whole: Whether a listing that ends before its own total is an error, too.

        Raises:
            CommvaultError: A page could not be read, or the listing does not come to an end.
            CutShort: It ended before its total.
        """
        seen: set[str] = set()
        hidden = 0
        offset = 0
        turned = False
        for _page in range(LONGEST_LISTING):
            page = self.api.list_page(
                category=category,
                client_ids=clients,
                lookup_seconds=lookup,
                offset=offset,
                limit=limit,
                newest_first=self._newest_first,
            )
            self._total, self._silent = page.total, page.silent
            complete = page.total is not None and offset + page.rows >= page.total
            if page.descending is False and offset == 0 and not turned and not complete:
                # The oldest came first: ask again the other way round, from the beginning.
                self._newest_first = not self._newest_first
                turned = True
                continue
            fresh = [job for job in page.jobs if job.id not in seen]
            hidden += page.rows - len(page.jobs)
            if not fresh and page.rows >= limit and not complete:
                raise RequestError(
                    f"The list of jobs does not advance: what follows job {offset} of it was in it before.",
                    ErrorKind.BAD_REPLY,
                )
            if not fresh:
                if whole and page.total is not None and len(seen) + hidden < page.total:
                    msg = f"the listing of jobs ended after {len(seen)} of {page.total} rows."
                    raise CutShort(msg, ErrorKind.BAD_REPLY)
                return
            seen.update(job.id for job in fresh)
            yield sorted(fresh, key=lambda job: int(job.id), reverse=True)
            # Without a total, a page that is not full need not be the last one: servers have limits of their own.
            if complete or (page.total is None and page.rows < limit and not whole):
                return
            # Whether hidden rows count is not known, so the visible ones are counted: too short a step only overlaps.
            step = len(page.jobs)
            offset += step - OVERLAP if step > 2 * OVERLAP else step
            limit = MAX_PAGE
        raise RequestError(
            f"The list of jobs does not come to an end: {LONGEST_LISTING} pages were read.", ErrorKind.BAD_REPLY
        )
