# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CommServe as a whole: all state behind the routes, and one call on its way through."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .auth import Auth, Identity
from .clock import Clock
from .estate import Estate, load
from .faults import Faults
from .jobs import Jobs, Script, script_of
from .journal import Journal
from .quota import Quota, RateLimiter
from .settings import Settings
from .users import ADMIN, User, Users


@dataclasses.dataclass
class Call:
    """One API request: ``endpoint`` is its path below the base URL, in lower case."""

    method: str
    path: str
    endpoint: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    accept: str
    params: dict[str, str] = dataclasses.field(default_factory=dict)
    entry: dict[str, Any] = dataclasses.field(default_factory=dict)
    identity: Identity | None = None
    quota_headers: dict[str, str] = dataclasses.field(default_factory=dict)

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    @property
    def user(self) -> User | None:
        """The user behind the token, once it has been looked at."""
        return self.identity.user if self.identity else None

    @property
    def associations(self) -> list[dict[str, Any]]:
        """The associations of a createtask body, as far as it has any."""
        found = self.json
        for key in ("taskInfo", "associations"):
            found = found.get(key) if isinstance(found, dict) else None
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class CommServe:
    """Everything the simulated server knows.

    :param estate: description of the estate, a file of it, or None for the sample.
    :param tokens: token to user name.
    :param settings: changes to the defaults of :class:`Settings`.
    :param keep_requests: how many requests the journal keeps, None for all.
    """

    def __init__(
        self,
        estate: dict[str, Any] | Path | str | None,
        tokens: Mapping[str, str],
        settings: Mapping[str, Any],
        clock: Clock,
        keep_requests: int | None = None,
    ) -> None:
        self.clock = clock
        self._keep_requests = keep_requests
        self.tokens = dict(tokens)
        self._first_settings = dict(settings)
        self._description = load(estate)
        self.generation = 0
        self.reset()

    def reset(self, estate: dict[str, Any] | Path | str | None = None) -> None:
        """Go back to the state after the start, with another estate if one is given. The clock keeps its speed."""
        if estate is not None:
            self._description = load(estate)
        self.generation += 1
        self.clock.reset()
        self.settings = Settings()
        self.settings.update(self._first_settings)
        self.estate = Estate(self._description)
        for subclient in self.estate.subclients_by_id.values():
            if subclient.script is not None:
                script_of(subclient.script)  # a wrong one is better told now than at the first backup
        self.journal = Journal(self._keep_requests)
        self.faults = Faults(self.settings.seed)
        self.users = Users(self._description.get("users") or [])
        self.auth = Auth(self.users, self.tokens, self.settings, self.clock.now)
        self.random = random.Random(self.settings.seed)
        self.jobs = Jobs(self.clock.now, self.settings.first_task_id, self.settings.first_job_id)
        self.jobs.remember(
            (subclient, row) for subclient in self.estate.subclients_by_id.values() for row in subclient.history or []
        )
        self.quota = Quota()
        self.rate_limiter = RateLimiter()

    def set(self, **changes: Any) -> None:
        """Change settings; ``speed`` changes the clock. A new ``seed`` starts all draws anew.

        :raises ValueError: for an unknown name or a wrong value.
        """
        speed = changes.pop("speed", None)
        self.settings.update(changes)
        if speed is not None:
            self.clock.set_speed(float(speed))
        if "seed" in changes:
            self.faults.reseed(self.settings.seed)
            self.random = random.Random(self.settings.seed)

    def script(
        self,
        states: list[Any],
        instance: str | None = None,
        client: str | None = None,
        subclient: str | None = None,
        times: int | None = None,
    ) -> None:
        """Set the script of jobs to come; the newest that fits a subclient wins.

        :raises ValueError: for a script of a wrong form.
        """
        self.jobs.scripts.insert(0, Script(client, instance, subclient, script_of(states), times))

    def set_activity(
        self, enabled: bool, client: str | None = None, instance: str | None = None, subclient: str | None = None
    ) -> int:
        """Enable or disable backup activity of subclients found by name and return how many were found."""
        found = self.estate.find(client, instance, subclient)
        for one in found:
            one.activity = enabled
        return len(found)

    def set_up(self, client: str, instance: str) -> None:
        """Have an instance be backed up, as somebody does in the Command Center.

        :raises KeyError: if there is no such client.
        """
        self.estate.set_up(client, instance)

    def create_access_token(self, user: str = ADMIN, endpoints: list[str] | None = None) -> dict[str, Any]:
        """Begin a chain of access tokens for a user and return its first pair with its times."""
        return self.auth.describe(self.auth.create_access(user, "made by a test", endpoints))

    def truth(self) -> list[dict[str, Any]]:
        """Return all jobs as they are, whatever a client would be shown."""
        now = self.clock.now()
        rows = []
        for job in self.jobs.by_id.values():
            view = job.view(now)
            rows.append(
                {
                    "job_id": job.id,
                    "task_id": job.task_id,
                    "client": job.subclient.client.name,
                    "instance": job.subclient.instance.name,
                    "subclient": job.subclient.name,
                    "subclient_id": job.subclient.id,
                    "application_id": job.subclient.instance.application_id,
                    "level": job.level,
                    "state": view.status,
                    "active": view.active,
                    "percent": view.percent,
                    "reason": view.reason,
                    "created": job.created,
                    "ended": view.ended,
                    "description": job.description,
                    "user": job.user,
                    "started_by": job.started_by,
                }
            )
        return rows
