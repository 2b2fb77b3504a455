# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads how databases are protected: one read a client for the names, one listing of jobs for all."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field

from .._errors import CommvaultError, ErrorKind
from .._estate.discovery import MAX_CLIENT_FILTER, Discovery, Query
from .._estate.model import MAX_NEAREST, SubclientIndex, nearest_names, nearest_words
from .._estate.rds_match import MATCHED, MISSING, SKIPPED, match
from .._http.fields import folded
from .._parallel import read_each
from .model import DAY, NOT_VERIFIED, UNKNOWN, UNLISTED, Judge, Past, Protection, Target

if t.TYPE_CHECKING:
    from .._estate.api import EstateApi
    from .._estate.discovery import DiscoveryResult
    from .._estate.model import Subclient
    from .._estate.rds_match import Pattern
    from .._jobs.job import Job
    from .._jobs.reader import JobReader

# Subclients that are read by themselves where the list names no plan: one without it may have a storage policy.
MAX_CLOSE_LOOKS = 50
_SHOW_IT = "Give the user the right to see it, or name the instance, and run it again."
# Rows of a listing from which on it is cut down to the clients that matter. Up to there all are read: a job can be
# listed under the access node that does the export (inferred from the vendor's pages on RDS).
_LONG_LISTING = 20_000


@dataclass(frozen=True)
class Terms:
    """What counts as protected, and how far back to look.

    Attributes:
        max_age: Seconds since the end of the last good backup, where a target has none of its own.
        fail_on: Which ends of a job are bad, as of Job.succeeded.
        days: Of the history.
        new_after: Seconds for which a database is new, None for no such grace.
        unlisted: Whether databases that no target names are rows, too.
    """

    max_age: float
    fail_on: str = "errors"
    days: int = 7
    new_after: float | None = None
    unlisted: bool = True


@dataclass
class Survey:
    """What was found.

    Attributes:
        rows: One for each database, what needs attention first.
        left_out: Targets that are not Oracle: id and msg.
        unread: What could not be read, sentences.
        complete: Whether all jobs could be read.
        now: The server's time in epoch seconds.
    """

    rows: list[Protection] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    complete: bool = True
    now: float = 0.0


class Surveyor:
    """Reads once how the databases of a CommCell are protected."""

    def __init__(self, estate: EstateApi, reader: JobReader, terms: Terms) -> None:
        self._estate = estate
        self._reader = reader
        self._terms = terms

    def survey(self, targets: t.Sequence[Target] | None, query: Query, patterns: t.Sequence[Pattern] = ()) -> Survey:
        """Look at databases.

        Args:
            targets: Those to look at, None for all that the CommCell has.
            query: Where to look for them.
            patterns: To find what AWS names.

        Raises:
            CommvaultError: Nothing at all could be read.
        """
        found = Discovery(self._estate, self._reader).find(query)
        survey = Survey(unread=[unread.msg for unread in found.unread])
        settled: dict[int, tuple[str, str]] = {}
        if targets is None:
            targets = [_target_of(one, self._terms) for one in found.subclients]
            places = dict(enumerate(found.subclients))
        else:
            places = self._find(targets, found, patterns, settled, survey)
        unlisted = self._unlisted(found, places) if self._terms.unlisted else []
        watched = [*places.values(), *unlisted]
        longest = max([self._terms.days * float(DAY), self._terms.max_age, *(one.max_age for one in targets)])
        pasts, maybes, error = self._read_jobs(watched, longest)
        survey.complete = error is None
        survey.now = self._reader.api.server_time()
        if error:
            survey.unread.append(f"Not all jobs could be read: {error}")
        judge = Judge(
            survey.now,
            history=longest,
            unread=error,
            new_after=self._terms.new_after,
            ahead=self._reader.api.server_ahead(),
        )
        planless = self._planless(
            {place: one for place, one in places.items() if _is_late(pasts[id(one)], targets[place], survey.now)}
        )
        for place, target in enumerate(targets):
            if place in places:
                one = places[place]
                past = pasts[id(one)]
                survey.rows.append(judge.judge(target, one, past, maybes.get(id(one)), place in planless))
            elif place in settled:
                state, msg = settled[place]
                unread = Protection(target, NOT_VERIFIED, msg, None if target.problem else _SHOW_IT)
                survey.rows.append(judge.unknown(target, msg) if state == UNKNOWN else unread)
        survey.rows += [
            _unlisted_row(_target_of(one, self._terms), one, pasts[id(one)], survey.now) for one in unlisted
        ]
        survey.rows.sort(key=lambda row: row.sort_key)
        return survey

    def _find(
        self,
        targets: t.Sequence[Target],
        found: DiscoveryResult,
        patterns: t.Sequence[Pattern],
        settled: dict[int, tuple[str, str]],
        survey: Survey,
    ) -> dict[int, Subclient]:
        """The subclients of targets, by their places. Puts what can be said of the others into settled."""
        places: dict[int, Subclient] = {}
        by_names: dict[tuple[str, ...], Subclient] = {}
        for one in found.subclients:
            for client in (one.display_name, one.client_name):
                key: tuple[str, ...] = (folded(client), *one.sort_key[1:])
                by_names[key] = one
        unread = {folded(one.client_name): one for one in found.unread if one.what == "subclients"}
        names = [one.instance_name for one in found.subclients]
        for place, target in enumerate(targets):
            if target.problem:
                settled[place] = NOT_VERIFIED, target.problem
            if target.names is None:
                continue
            one_found = by_names.get(tuple(map(folded, target.names)))
            gap = unread.get(folded(target.names[0]))
            if one_found:
                places[place] = one_found
            elif gap and gap.kind is not ErrorKind.NOT_FOUND:
                settled[place] = NOT_VERIFIED, gap.msg
            else:
                near = nearest_names(target.names[1], names) if len(settled) < MAX_NEAREST else []
                msg = (
                    f"Commvault shows no instance {target.names[1]} of client {target.names[0]} with a subclient"
                    f" {target.names[2]}.{nearest_words(near)}"
                )
                settled[place] = UNKNOWN, gap.msg if gap else msg
        wanted = [place for place, target in enumerate(targets) if target.rds]
        complete = not any(one.what == "subclients" for one in found.unread)
        matches = match(
            [t.cast("t.Any", targets[place].rds) for place in wanted],
            found.subclients,
            patterns,
            complete,
            found.clients_not_read,
        )
        for place, one_match in zip(wanted, matches):
            target = targets[place]
            if one_match.state == SKIPPED:
                survey.left_out.append({"id": target.id, "msg": one_match.msg})
            elif one_match.state == MATCHED and one_match.subclient:
                places[place] = one_match.subclient
            elif one_match.state == MISSING and complete:
                settled[place] = UNKNOWN, one_match.msg
            else:
                settled[place] = NOT_VERIFIED, one_match.msg
        return places

    def _unlisted(self, found: DiscoveryResult, places: t.Mapping[int, Subclient]) -> list[Subclient]:
        """The subclients of instances that no target names."""
        named = {one.instance_key for one in places.values()}
        return [one for one in found.subclients if one.instance_key not in named]

    def _read_jobs(
        self, subclients: t.Sequence[Subclient], age: float
    ) -> tuple[dict[int, Past], dict[int, Job], CommvaultError | None]:
        """What the jobs of subclients tell, by id() of them; jobs that may be theirs; why some are missing."""
        pasts = {id(one): Past(self._terms.days) for one in subclients}
        maybes: dict[int, Job] = {}
        if not subclients:
            return pasts, maybes, None
        index = SubclientIndex(subclients)
        clients = {one.client_id for one in subclients}
        narrow = clients if len(clients) <= MAX_CLIENT_FILTER else None
        today = None
        try:
            for jobs in self._reader.past_pages(age, narrow, _LONG_LISTING):
                if today is None:
                    today = int(self._reader.api.server_time() // DAY)
                for job in jobs:
                    if not job.is_backup:
                        continue
                    owner, certain = index.owner(job)
                    if owner is None:
                        continue
                    if certain:
                        pasts[id(owner)].add(job, today, self._terms.fail_on)
                    elif job.succeeded(self._terms.fail_on) and not job.aged:
                        maybes.setdefault(id(owner), job)
        except CommvaultError as error:
            return pasts, maybes, error
        return pasts, maybes, None

    def _planless(self, places: t.Mapping[int, Subclient]) -> set[int]:
        """The places of subclients that certainly have neither a plan nor a storage policy. Raises nothing."""
        bare = [place for place, one in places.items() if not (one.plan or one.storage_policy)]
        close = [place for place in bare if places[place].subclient_id][:MAX_CLOSE_LOOKS]

        def look(place: int) -> Subclient | None:
            return self._estate.subclient(t.cast("int", places[place].subclient_id))

        planless = set()
        for place, answer in zip(close, read_each(close, look, 4)):
            if isinstance(answer, CommvaultError) or answer is None:
                continue
            if answer.backup_enabled is False:
                places[place].backup_enabled = False
            if not (answer.plan or answer.storage_policy):
                planless.add(place)
        return planless


def _is_late(past: Past, target: Target, now: float) -> bool:
    age = past.age(now)
    return age is None or age > target.max_age


def _target_of(one: Subclient, terms: Terms) -> Target:
    return Target(one.label, (one.client_name, one.instance_name, one.subclient_name), None, terms.max_age)


def _unlisted_row(target: Target, one: Subclient, past: Past, now: float) -> Protection:
    age = past.age(now)
    return Protection(
        target,
        UNLISTED,
        "Commvault has this database, but it is none of those that were asked for.",
        "Remove it from Commvault if it is gone, or add it to the inventory.",
        one,
        past,
        None if age is None else max(0.0, age),
        listed=False,
    )


def who_and_where(estate: EstateApi) -> tuple[str | None, str | None]:
    """The user and the name of the CommCell, as far as they can be read: for whoever has to prove the rest."""
    user = name = None
    with contextlib.suppress(CommvaultError):
        user = estate.user_name()
    with contextlib.suppress(CommvaultError):
        name = estate.commcell_name()
    return user, name
