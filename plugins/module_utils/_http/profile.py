# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one CommCell differs from what this collection assumes, as the doctor proposes it.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import json
import os
import typing as t

from .._errors import InvalidInput


class Profile(t.NamedTuple):
    """What is different about a CommCell. The defaults are what is assumed of every other one.

    auth_scheme: the header that it takes tokens in, "authtoken" or "bearer"; None: as the option says (A34).
    clock_skew: seconds by which its header Date is ahead of the times of its jobs, negative if behind (A61).
    job_types: what stands in jobType of exports, where that does not hold the word Backup (A51).
    application_ids: what stands in applicationId of exports, beside that of the request (A52).
    client_is_proxy: whether the rows of jobs name another client than the request, such as an access node (A53).
    visibility_lag: seconds for which a new job is neither readable nor listed (A26).
    queues_conflicts: whether a second backup of a subclient is queued instead of refused (A62).
    job_marker: whether a job shows the description of its request (A60).
    """

    auth_scheme: str | None = None
    clock_skew: float = 0.0
    job_types: tuple[str, ...] = ()
    application_ids: tuple[int, ...] = ()
    client_is_proxy: bool = False
    visibility_lag: float = 0.0
    queues_conflicts: bool = False
    job_marker: bool = False

    def to_result(self) -> dict[str, t.Any]:
        """Only what differs, as the option commcell_profile takes it."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self._asdict().items()
            if value != PLAIN._asdict()[name]
        }


PLAIN = Profile()
# Nothing is off by more than a day without somebody noticing.
MOST_SECONDS = 86400.0


def read_profile(value: t.Any) -> Profile:
    """The profile that the option commcell_profile gives.

    Args:
        value: a mapping, the same as JSON, the path of a file that holds it (such as the doctor's report, where it is
            the member "profile"), or nothing.

    Raises:
        InvalidInput: for a file that cannot be read, an unknown key or a value of a wrong type.
    """
    if value in (None, "", {}):
        return PLAIN
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, dict) and isinstance(value.get("profile"), dict):
        value = value["profile"]
    if not isinstance(value, dict):
        raise InvalidInput("commcell_profile must be a mapping or the path of a JSON file with one.")
    unknown = sorted(str(key) for key in value if key not in Profile._fields)
    if unknown:
        raise InvalidInput(
            f"commcell_profile has unknown keys: {', '.join(unknown)}. It can have {', '.join(Profile._fields)}."
        )
    return Profile(**{name: _checked(name, member) for name, member in value.items()})


def _from_text(text: str) -> t.Any:
    where = "commcell_profile"
    if not text.lstrip().startswith("{"):
        path = os.path.expanduser(text)
        where += f" {path!r}"
        try:
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError, ValueError) as exc:
            raise InvalidInput(f"{where} cannot be read: {exc}.") from exc
    try:
        return json.loads(text)
    except ValueError as exc:
        raise InvalidInput(f"{where} is not JSON: {exc}.") from exc


def _checked(name: str, value: t.Any) -> t.Any:
    """The value of one key. Raises InvalidInput."""
    default = PLAIN._asdict()[name]
    if name == "auth_scheme":
        if value in (None, "authtoken", "bearer"):
            return value
        raise InvalidInput(f"commcell_profile: auth_scheme must be authtoken or bearer, not {value!r}.")
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        raise InvalidInput(f"commcell_profile: {name} must be true or false, not {value!r}.")
    if isinstance(default, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST_SECONDS:
            return float(value)
        raise InvalidInput(f"commcell_profile: {name} must be a number of seconds up to a day, not {value!r}.")
    kind = int if name == "application_ids" else str
    if isinstance(value, list) and all(isinstance(one, kind) and not isinstance(one, bool) for one in value):
        return tuple(value)
    raise InvalidInput(
        f"commcell_profile: {name} must be a list of {'numbers' if kind is int else 'strings'}, not {value!r}."
    )
