# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out what a CommCell can back up, with few reads, and says what could not be read."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field

from .._errors import CommvaultError, ErrorKind, InvalidInput
from .._http.fields import folded
from .._parallel import read_each
from .._times import counted
from .clients import ClientDirectory
from .model import (
    ENGINES,
    MAX_NEAREST,
    ORACLE,
    RDS_ENGINE,
    add_instance_facts,
    add_jobs,
    from_database_instance,
    nearest_names,
    nearest_words,
)

if t.TYPE_CHECKING:
    from .._jobs.reader import JobReader
    from .api import EstateApi
    from .model import DatabaseInstance, Subclient

AUTO, INSTANCES, CLIENTS = "auto", "instances", "clients"
SOURCES = (AUTO, INSTANCES, CLIENTS)

# With more clients than this, the list of jobs is asked for those of all clients: less to send, less to look up.
MAX_CLIENT_FILTER = 500


@dataclass(frozen=True)
class Query:
    """What to look for.

    client_names: only these clients (exact names in any case); empty for all. application_ids: only instances of these
    applications. source: one of SOURCES. concurrency: requests at once. history: seconds to look back for last
    backups, 0 not to.
    """

    client_names: tuple[str, ...] = ()
    application_ids: tuple[int, ...] = (ORACLE,)
    source: str = AUTO
    concurrency: int = 8
    history: float = 0.0


class ReadFailure(t.NamedTuple):
    """Something that could not be read. what: "subclients" or "jobs". kind: as of CommvaultError. msg: a sentence."""

    what: str
    client_name: str | None
    kind: ErrorKind
    msg: str

    @property
    def hidden(self) -> bool:
        """Whether the server keeps it from these credentials, so that reading again would not help."""
        return ErrorKind(self.kind).about_one_object


@dataclass
class DiscoveryResult:
    """What was found: subclients, sorted by their names. source: INSTANCES where V4/Instances told what there is, else
    CLIENTS. unread: what is missing. history: seconds for which all jobs of the past were looked at, 0 for none.
    clients_not_read: names of clients that have instances, or may have some, which could not be read.
    """

    subclients: list[Subclient] = field(default_factory=list)
    source: str = CLIENTS
    unread: list[ReadFailure] = field(default_factory=list)
    history: float = 0.0
    clients_not_read: list[str] = field(default_factory=list)


class Discovery:
    """Reads once what a CommCell can back up."""

    def __init__(self, estate: EstateApi, jobs: JobReader) -> None:
        self._estate = estate
        self._clients = ClientDirectory(estate)
        self._jobs = jobs

    def find(self, query: Query) -> DiscoveryResult:
        """Look for what the query asks for. Raises CommvaultError when nothing at all could be read."""
        _check(query)
        found = DiscoveryResult()
        listed: list[DatabaseInstance] = []
        if query.source == INSTANCES or not query.client_names:
            listed = self._listed_instances(query)
        if listed:
            found.source = INSTANCES
        if query.source == INSTANCES:
            _take_listed(listed, query, found)
        else:
            self._read(self._targets(query, listed), query, found)
            _note_silence(listed, query, found)
        wanted = set(query.application_ids)
        # Lists can repeat a row.
        each = {
            one.subclient_id or (*one.sort_key, one.application_id): one
            for one in found.subclients
            if one.application_id in wanted
        }
        found.subclients = list(each.values())
        found.subclients.sort(key=lambda subclient: subclient.sort_key)
        add_instance_facts(found.subclients, listed)
        if query.history and found.subclients:
            self._add_history(query, found)
        return found

    def _listed_instances(self, query: Query) -> list[DatabaseInstance]:
        """The wanted rows of V4/Instances, none where it cannot answer the query."""
        if query.source == CLIENTS or not set(query.application_ids) <= ENGINES.keys():
            return []
        engines = {ENGINES[number] for number in query.application_ids}
        if ORACLE in query.application_ids and query.source != INSTANCES:
            # Whether these are Oracle, their subclients will tell.
            engines.add(RDS_ENGINE)
        found = self._estate.database_instances(required=query.source == INSTANCES)
        listed = [instance for instance in found if instance.engine in engines]
        if not listed and query.source == INSTANCES:
            raise CommvaultError(
                "V4/Instances lists no such database instance, or this release of Commvault does not have it. Set"
                " source to auto to read clients and their subclients instead.",
                "not_found",
            )
        return listed

    def _targets(self, query: Query, listed: t.Sequence[DatabaseInstance]) -> list[tuple[int | str, str]]:
        """The clients whose subclients have to be read: number, or name if it was given by that, and name."""
        if query.client_names:
            names: dict[str, str] = {}
            for name in query.client_names:
                names.setdefault(folded(name), name)
            return [(name, name) for name in names.values()]
        if listed:
            return [*{one.client_id: one.client_name for one in listed}.items()]
        return [(client.id, client.name) for client in self._clients.all()]

    def _read(self, targets: t.Sequence[tuple[int | str, str]], query: Query, found: DiscoveryResult) -> None:
        """Put the subclients of clients into found. Raises the error if not one client could be read."""
        # The server can be asked for one application; of several, all are read and sorted out here, with one request
        # all the same.
        application = query.application_ids[0] if len(query.application_ids) == 1 else None
        answers = read_each(
            targets, lambda target: self._estate.subclients_of(target[0], application), query.concurrency
        )
        errors = [answer for answer in answers if isinstance(answer, CommvaultError)]
        if errors and len(errors) == len(answers):
            raise errors[0]
        missing = []
        for (_key, name), answer in zip(targets, answers):
            if answer is None:
                missing.append(name)
            elif isinstance(answer, CommvaultError):
                msg = f"The subclients of client {name} could not be read: {answer}"
                unread = ReadFailure("subclients", name, answer.kind, msg)
                found.unread.append(unread)
                # A client that is hidden from these credentials has, for all that is known, no databases at all.
                if not unread.hidden:
                    found.clients_not_read.append(name)
            else:
                found.subclients.extend(answer)
        if missing:
            known = [name for client in self._clients.known() for name in (client.name, client.display_name)]
            found.unread.extend(_unknown_clients(missing, known))

    def _add_history(self, query: Query, found: DiscoveryResult) -> None:
        clients = {subclient.client_id for subclient in found.subclients}
        try:
            jobs = self._jobs.recent(query.history, (lambda: clients) if len(clients) <= MAX_CLIENT_FILTER else None)
        except CommvaultError as error:
            found.unread.append(ReadFailure("jobs", None, error.kind, f"The last backups could not be read: {error}"))
            return
        add_jobs(found.subclients, jobs)
        found.history = query.history


def _note_silence(listed: t.Sequence[DatabaseInstance], query: Query, found: DiscoveryResult) -> None:
    """Say which clients have instances by V4/Instances, but not one subclient that can be seen."""
    engines = {ENGINES[number] for number in query.application_ids if number in ENGINES}
    # What is only known to be on Amazon RDS may be of another engine, and rightly without subclients of this one.
    counts = Counter((one.client_id, one.client_name) for one in listed if one.engine in engines)
    seen = {one.client_id for one in found.subclients if one.application_id in query.application_ids}
    told = {unread.client_name for unread in found.unread if unread.what == "subclients"}
    for (client_id, name), count in counts.items():
        if client_id in seen:
            continue
        if name not in told:
            msg = (
                f"Commvault lists {counted(count, 'instance')} of client {name}, but shows none of its subclients to"
                " these credentials."
            )
            found.unread.append(ReadFailure("subclients", name, ErrorKind.PERMISSION, msg))
        if name not in found.clients_not_read:
            found.clients_not_read.append(name)


def _take_listed(listed: t.Sequence[DatabaseInstance], query: Query, found: DiscoveryResult) -> None:
    """Put what V4/Instances lists into found, as it is."""
    known = {folded(one.client_name): one.client_name for one in listed}
    names = {folded(name) for name in query.client_names}
    found.subclients = [from_database_instance(one) for one in listed if not names or folded(one.client_name) in names]
    missing = [name for name in query.client_names if folded(name) not in known]
    found.unread.extend(_unknown_clients(missing, list(known.values())))


def _unknown_clients(missing: t.Sequence[str], known: t.Sequence[str]) -> list[ReadFailure]:
    unread = []
    for number, name in enumerate(missing):
        nearest = nearest_names(name, known) if number < MAX_NEAREST else []
        msg = f"There is no client {name}, or these credentials may not see it.{nearest_words(nearest)}"
        unread.append(ReadFailure("subclients", name, ErrorKind.NOT_FOUND, msg))
    return unread


def _check(query: Query) -> None:
    if not query.application_ids:
        raise InvalidInput("application_ids is an empty list: nothing could be found.")
    for number in query.application_ids:
        if number <= 0:
            raise InvalidInput(f"application_ids must hold positive numbers, not {number}.")
    for name in query.client_names:
        if not name.strip():
            raise InvalidInput("client_names holds an empty name.")
