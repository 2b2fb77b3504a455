# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients of a CommCell by their names, each read once in a call."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError
from .._http.fields import folded
from .._parallel import RUNTIME, read_each

if t.TYPE_CHECKING:
    from .._parallel import Runtime
    from .api import EstateApi
    from .model import Client, Subclient

    Key = t.TypeVar("Key")
    Answer = t.TypeVar("Answer")


# With more unknown numbers of clients than this, the list of all clients is read: one answer in place of one for each.
MAX_LOOKUPS = 10


def _once(known: dict[Key, Answer | CommvaultError], key: Key, read: t.Callable[[], Answer]) -> Answer:
    """What is known, or else is read now and known from then on. Raises CommvaultError, each time the same."""
    if key not in known:
        try:
            known[key] = read()
        except CommvaultError as error:
            known[key] = error
    answer = known[key]
    if isinstance(answer, CommvaultError):
        raise answer
    return answer


class ClientDirectory:
    """What is known of clients in one call."""

    def __init__(self, estate: EstateApi, concurrency: int = 4, runtime: Runtime = RUNTIME) -> None:
        """Prepare to read.

        Args:
            concurrency: Requests at once.
        """
        self._estate = estate
        self._concurrency = concurrency
        self._runtime = runtime
        self._all: dict[None, list[Client] | CommvaultError] = {}
        # By folded names.
        self._ids: dict[str, int | CommvaultError | None] = {}
        self._subclients: dict[str, list[Subclient] | CommvaultError | None] = {}

    def all(self) -> list[Client]:
        """All visible clients. Raises CommvaultError, the same again if it is asked once more."""
        return _once(self._all, None, self._estate.clients)

    def known(self) -> list[Client]:
        """All visible clients, none if they cannot be read: for whoever only looks for a misspelled name."""
        try:
            return self.all()
        except CommvaultError:
            return []

    def subclients(self, client_name: str) -> list[Subclient] | None:
        """The subclients of a client, None if there is no such client.

        Raises:
            CommvaultError: They cannot be read; the same again if it is asked once more.
        """
        return _once(self._subclients, folded(client_name), lambda: self._estate.subclients_of(client_name))

    def remember_id(self, client_name: str, client_id: int) -> None:
        """Take in the number of a client, so that it need not be read."""
        self._ids[folded(client_name)] = client_id

    def ids(self, client_names: t.Iterable[str]) -> dict[str, int | CommvaultError | None]:
        """The numbers of clients.

        Returns:
            By folded names: the number, None if no such client is visible, or why it could not be read.
        """
        names: dict[str, str] = {}
        for name in client_names:
            names.setdefault(folded(name), name)
        self._look_up([name for key, name in names.items() if key not in self._ids])
        return {key: self._ids[key] for key in names}

    def _look_up(self, names: t.Sequence[str]) -> None:
        if len(names) > MAX_LOOKUPS:
            try:
                listed = {folded(client.name): client.id for client in self.all()}
            except CommvaultError as error:
                if not error.kind.says_no:
                    self._ids.update({folded(name): error for name in names})
                    return
                listed = {}
            self._ids.update({folded(name): listed[folded(name)] for name in names if folded(name) in listed})
            # That list need not have them all: some clients of Commvault's own making are only shown by name.
            names = [name for name in names if folded(name) not in listed]
        answers = read_each(names, self._estate.client_id, self._concurrency, self._runtime)
        self._ids.update(zip((folded(name) for name in names), answers))
