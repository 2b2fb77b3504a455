# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the fewest events with which a world still breaks the same promise."""

from __future__ import annotations

import typing as t

from .scenario import Scenario

if t.TYPE_CHECKING:
    from .scenario import Event

    # Whether a scenario still shows it.
    Shows = t.Callable[[Scenario], bool]

# What a launch can do without.
_OPTIONAL = ("kill_at_step", "clock_error")


def shrink(scenario: Scenario, shows: Shows) -> Scenario:
    """A scenario with as few events, and as plain ones, as it takes. scenario must show it."""
    events = list(scenario.events)

    def still(candidate: list[Event]) -> bool:
        return shows(Scenario(scenario.seed, tuple(candidate)))

    while True:
        before = list(events)
        events = _fewer(events, still)
        events = _plainer(events, still)
        if events == before:
            return Scenario(scenario.seed, tuple(events))


def _fewer(events: list[Event], still: t.Callable[[list[Event]], bool]) -> list[Event]:
    """Leave out ever smaller parts."""
    size = max(1, len(events) // 2)
    while size:
        at = 0
        while at < len(events):
            candidate = events[:at] + events[at + size :]
            if still(candidate):
                events = candidate
            else:
                at += size
        size //= 2
    return events


def _plainer(events: list[Event], still: t.Callable[[list[Event]], bool]) -> list[Event]:
    """Leave out what launches and instances have that they need not have."""
    for place in range(len(events)):
        for simpler in _simpler(events[place]):
            candidate = [*events[:place], simpler, *events[place + 1 :]]
            if still(candidate):
                events = candidate
    return events


def _simpler(event: Event) -> t.Iterator[Event]:
    if event["kind"] == "instance" and len(event) > 2:
        yield {"kind": "instance", "name": event["name"]}
    if event["kind"] != "launch":
        return
    if event["credential"] != "token":
        yield {**event, "credential": "token"}
    for name in _OPTIONAL:
        if name in event:
            yield {key: value for key, value in event.items() if key != name}
    for name in event["options"]:
        yield {**event, "options": {key: value for key, value in event["options"].items() if key != name}}
