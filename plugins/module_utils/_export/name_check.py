# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a failed start: is a name wrong, and which is right? Commvault says neither. It takes a few reads, and no more
than one where the CommCell is away: a failure is complete without them.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import typing as t

from .._errors import CommvaultError, ErrorKind
from .._estate.api import EstateApi
from .._estate.clients import ClientDirectory
from .._http.fields import folded
from .preflight import REFUSED, Preflight

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._http.reply import Reply
    from .._parallel import Runtime
    from .backup import Backup

# Of one call: the clients and subclients that are read, and all reads. A wrong client takes 3, another wrong name 1.
MAX_CLIENTS = 3
MAX_SUBCLIENTS = 6
MAX_READS = 10
MAX_SECONDS = 30.0


class NameCheck:
    """Explains what was not started in one call."""

    def __init__(
        self, commcell: CommCell, concurrency: int, runtime: Runtime, deadline: float | None, stop: t.Callable[[], bool]
    ) -> None:
        """Prepare to look.

        Args:
            concurrency: Requests at once.
            deadline: When nothing more is read, on the monotonic clock; None for no limit.
            stop: Whether nobody is left to hear of it.
        """
        self._runtime = runtime
        self._deadline = deadline
        self._stop = stop
        self._reads = _FewReads(commcell, runtime)
        estate = EstateApi(t.cast("CommCell", self._reads))
        clients = ClientDirectory(estate, concurrency, runtime)
        self._preflight = Preflight(estate, clients, concurrency, runtime, close_looks=MAX_SUBCLIENTS)
        # By names in lower case.
        self._looked_at: set[str] = set()

    def explain(self, backups: t.Sequence[Backup]) -> None:
        """Say in place of those with a wrong name which it is, as far as a look tells. Raises nothing."""
        now = self._runtime.monotonic()
        end = now + MAX_SECONDS if self._deadline is None else min(now + MAX_SECONDS, self._deadline)
        wanted = [backup for backup in backups if self._is_in_question(backup)]
        if not wanted or now >= end or self._stop():
            return
        self._reads.end = end
        for backup, verdict in zip(wanted, self._preflight.check_subclients([one.instance for one in wanted])):
            if verdict.state == REFUSED:
                backup.explain(verdict.cause)

    def _is_in_question(self, backup: Backup) -> bool:
        """Whether a name of it may be wrong, and its client is one of the first few."""
        if not backup.may_be_misnamed:
            return False
        client = folded(backup.instance.client_name)
        if len(self._looked_at) < MAX_CLIENTS:
            self._looked_at.add(client)
        return client in self._looked_at


class _FewReads:
    """A CommCell for a few reads, none of which is repeated, and none of which comes after one that got no answer."""

    def __init__(self, commcell: CommCell, runtime: Runtime) -> None:
        self.transport = commcell.transport
        self.end = 0.0
        self._commcell = commcell
        self._runtime = runtime
        self._lock = threading.Lock()
        self._left = MAX_READS

    def call(self, method: str, path: str, *, changes: bool, **kwargs: t.Any) -> Reply:
        """As of CommCell.call. Raises CommvaultError also if there are no more reads."""
        seconds = self.end - self._runtime.monotonic()
        with self._lock:
            self._left -= 1
            over = self._left < 0 or seconds <= 0 or self._commcell.outage.last_error is not None
        if over:
            raise CommvaultError("No more is read.", ErrorKind.NOT_SUBMITTED)
        kwargs.update(repeat=False, timeout=min(seconds, self.transport.timeout), within=seconds)
        try:
            return self._commcell.call(method, path, changes=changes, **kwargs)
        except CommvaultError:
            self._left = 0
            raise

    def check(self, reply: Reply, method: str, path: str, *, changes: bool) -> None:
        """As of CommCell.check."""
        try:
            self._commcell.check(reply, method, path, changes=changes)
        except CommvaultError as error:
            if not error.kind.says_no:
                self._left = 0
            raise
