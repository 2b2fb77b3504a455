# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in a world, drawn from its seed: a list of events, each of which can be left out to find those that
matter.

Events are dictionaries with a kind:

    setting: name, value. One of commserve.SETTINGS.
    instance: name, and what is special of it: refused, history (a job that there was).
    launch: number, at or after (the launches that must have ended) with gap, options, credential, kill_at_step,
        clock_error. One run of the module for all instances.
    start_fault: instance, attempt, fault. What befalls a createtask request that names the instance.
    read_fault: launch, number, fault. What befalls a launch's n-th request of another kind.
    outage: at, seconds, fault. What befalls every request in that time.
    expire: at. Every token that can be renewed ends.
    variant: name. A CommCell that differs in a way of VARIANTS, and whose profile all launches have.
    stranger: instance, attempt, before, user, level, started_from. Somebody else's job of the same subclient, created
        so many seconds before the createtask request arrives (after it, if negative).
"""

from __future__ import annotations

import random
import typing as t

Event = dict[str, t.Any]

# How a createtask request can end, with weights. "before": it was never carried out; "after": it was, and the answer
# is what is wrong.
START_FAULTS: dict[str, int] = {
    "reset before": 3,
    "reset after": 5,
    "silence before": 1,
    "silence after": 2,
    "late": 2,  # carried out after the client has given up
    "half an answer": 3,
    "cut json": 3,
    "two lengths": 3,
    "bad chunk": 2,
    "bad encoding": 2,
    "interim": 2,  # 102 is the last word
    "interim first": 1,  # 102, then the answer
    "html before": 2,
    "html after": 2,
    "empty after": 2,
    "empty before": 1,
    "no content after": 1,
    "502 before": 2,
    "502 after": 2,
    "503 before": 2,
    "503 retry-after before": 1,
    "504 after": 2,
    "500 text after": 1,
    "500 text before": 1,
    "500 json before": 2,
    "empty object after": 1,
    "task alone": 2,
    "401 before": 1,
    "403 before": 1,
    "429 before": 2,
    "redirect before": 1,
}
READ_FAULTS: dict[str, int] = {
    "reset before": 3,
    "silence before": 1,
    "half an answer": 2,
    "cut json": 2,
    "two lengths": 1,
    "bad chunk": 1,
    "bad encoding": 1,
    "interim": 1,
    "html before": 3,
    "empty before": 2,
    "no content after": 2,
    "502 before": 2,
    "503 before": 2,
    "503 retry-after before": 1,
    "500 json before": 1,
    "429 before": 1,
    "html 404": 1,
}
OUTAGES: dict[str, int] = {
    "refused connection": 3,
    "reset before": 3,
    "silence before": 2,
    "503 before": 3,
    "502 before": 1,
    "html before": 2,
    "401 before": 1,
}


# CommCells that differ as those of tests/simulator/variants.py do: settings, and the profile that the doctor proposes.
VARIANTS: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "proxy-client": ({"rows": "proxy"}, {"client_is_proxy": True}),
    "app-134": ({"rows": "cloud_apps"}, {"application_ids": [134]}),
    "other-type": ({"rows": "other_type"}, {"job_types": ["Data Protection"]}),
    "no-end-time": ({"rows": "no_end"}, {}),
    "numeric-level": ({"rows": "level_number"}, {}),
    "skew": ({"date_ahead": 60.0}, {"clock_skew": 60.0}),
    "lag": ({"lag": 10.0}, {"visibility_lag": 10.0}),
    "bearer-only": ({"bearer_only": True}, {"auth_scheme": "bearer"}),
    "queue": ({"queueing": True}, {"queues_conflicts": True}),
    "rate-limiter": ({"rate": 2.0}, {}),
    "marker-in-row": ({"description": True}, {"job_marker": True}),
}
# The worlds of a seed with this end go through all of them, one after the other; with @NAME, all are of that one.
ALL_VARIANTS = "@variants"


class Scenario(t.NamedTuple):
    """A world to be. seed: for what is not an event, such as the time a request takes."""

    seed: str
    events: tuple[Event, ...]

    def of(self, kind: str) -> list[Event]:
        """The events of a kind, in order."""
        return [event for event in self.events if event["kind"] == kind]

    def settings(self) -> dict[str, t.Any]:
        """The settings that differ."""
        return {**{event["name"]: event["value"] for event in self.of("setting")}, **self.variant()[0]}

    def variant(self) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
        """The settings and the profile of the variant that this is, empty ones if it is none."""
        return next((VARIANTS[event["name"]] for event in self.of("variant")), ({}, {}))


class _Draw:
    """Draws a scenario."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(f"{seed}:scenario")
        self.events: list[Event] = []

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, *values: t.Any) -> t.Any:
        return self.chance.choice(values)

    def weighted(self, weights: dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def add(self, kind: str, **values: t.Any) -> None:
        self.events.append({"kind": kind, **values})

    def setting(self, name: str, value: t.Any) -> None:
        self.add("setting", name=name, value=value)


def draw(seed: str) -> Scenario:
    """The scenario of a seed."""
    draw_ = _Draw(seed)
    names = _instances(draw_)
    _settings(draw_)
    launches = _launches(draw_, names)
    _faults(draw_, names, launches)
    # Drawn last, so that the seeds of older findings still show the same.
    if draw_.often(0.3):
        draw_.setting("queueing_told", False)
    _variant(draw_, seed)
    return Scenario(seed, tuple(draw_.events))


def _variant(draw_: _Draw, seed: str) -> None:
    """Make the world one of the variant that its seed names, if it names one."""
    campaign, _colon, number = seed.rpartition(":")
    name = campaign.partition("@")[2]
    if not name:
        return
    if campaign.endswith(ALL_VARIANTS):
        name = list(VARIANTS)[int(number) % len(VARIANTS)]
    draw_.add("variant", name=name)


def _instances(draw_: _Draw) -> list[str]:
    count = draw_.chance.choices((1, 3, 6, 12, 20), (3, 2, 3, 4, 2))[0]
    names = [f"db{number:02d}" for number in range(count)]
    for name in names:
        event: Event = {"name": name}
        trouble = draw_.chance.random()
        if trouble < 0.03:
            event["refused"] = True
        elif trouble < 0.07:
            event["history"] = {"age": 600, "seconds": 200_000, "ending": "Completed"}  # still active
        elif trouble < 0.15:
            event["history"] = {
                "age": draw_.one(3600, 20_000, 200_000),
                "seconds": 900,
                "ending": draw_.one("Completed", "Completed", "Failed", "Completed w/ one or more errors"),
                "level": draw_.one("Full", "Incremental"),
            }
        draw_.add("instance", **event)
    return names


def _settings(draw_: _Draw) -> None:
    if draw_.often(0.4):
        draw_.setting("lag", draw_.one(1.0, 4.0, 10.0, 20.0, 45.0))
    if draw_.often(0.35):
        draw_.setting("queueing", True)
    if draw_.often(0.25):
        draw_.setting("date_ahead", draw_.one(-60.0, -30.0, -8.0, 8.0, 30.0, 60.0))
    if draw_.often(0.2):
        draw_.setting("server_ahead", draw_.one(-4000.0, -90.0, 90.0, 4000.0))
    odd: dict[str, tuple[float, tuple[t.Any, ...]]] = {
        "conflict": (0.25, ("other_words", "status_409")),
        "description": (0.4, (False,)),
        "not_visible": (0.4, ("missing", "json_404", "no_content")),
        "job_ids": (0.3, ("numbers", "bare", "objects", "string")),
        "rows": (
            0.3,
            ("no_end", "other_type", "cloud_apps", "proxy", "level_number", "no_user", "no_instance", "upper_case"),
        ),
        "job_seconds": (0.3, (30.0, 300.0, 1500.0)),
        "job_ending": (0.15, ("Failed", "Completed w/ one or more errors", "Completed w/ one or more warnings")),
        "first_is_full": (0.2, (True,)),
        "twice_listed": (0.15, (True,)),
        "foreign_rows": (0.15, (True,)),
        "details": (0.1, (False,)),
        "oldest_first": (0.15, (True,)),
        "start_at_most": (0.05, (1, 2)),
        "batch_order": (0.2, ("reversed",)),
        "token_seconds": (0.2, (20.0, 120.0)),
        "rate": (0.1, (5.0, 20.0)),
        "rate_headers": (0.1, ("half_second", "minute_text", "period")),
    }
    for name, (share, values) in odd.items():
        if draw_.often(share):
            draw_.setting(name, draw_.one(*values))


def _options(draw_: _Draw, names: list[str]) -> Event:
    options: Event = {}
    optional: list[tuple[float, Event]] = [
        (0.6, {"concurrency": draw_.one(1, 2, 8)}),
        (0.12 if len(names) > 2 else 0.0, {"batch_size": draw_.one(2, 3, 7)}),
        (0.15, {"on_running": "fail"}),
        (0.5, {"on_duplicate": "kill"}),
        (0.4, {"job_marker": True}),
        (0.25, {"max_age": draw_.one("2h", "24h")}),
        (0.1, {"preflight": True}),
        (0.2, {"backup_level": "full"}),
        (0.05, {"wait": True, "wait_timeout": "10m", "wait_interval": "1m"}),
        (0.05, {"wait": True, "wait_timeout": "2h", "wait_interval": "15m"}),
        (0.5, {"on_timeout": "kill"}),
        (0.3, {"timeout": draw_.one(5.0, 20.0)}),
    ]
    for share, values in optional:
        if draw_.often(share):
            options.update(values)
    return options


def _launches(draw_: _Draw, names: list[str]) -> list[Event]:
    count = draw_.chance.choices((1, 2, 3), (4, 3, 1))[0]
    options = _options(draw_, names)
    credential = draw_.chance.choices(("token", "login", "pair"), (6, 2, 2))[0]
    launches: list[Event] = []

    def add(**values: t.Any) -> None:
        launches.append({"number": len(launches), "options": options, "credential": credential, **values})

    for number in range(count):
        at = 100.0 + (0.0 if number == 0 else draw_.one(0.0, 0.0, 0.3, 2.0, 12.0))
        add(at=at)
    steps = 4 * len(names) + 8
    for number in range(count):
        if draw_.often(0.35 if count == 1 else 0.2):
            launches[number]["kill_at_step"] = draw_.chance.randint(1, steps)
        if draw_.often(0.15):
            launches[number]["clock_error"] = draw_.one(-3600.0, -90.0, 90.0, 3600.0)
    gap = draw_.one(0.5, 2.0, 5.0, 30.0, 120.0)
    add(after=list(range(count)), gap=gap)
    if draw_.often(0.15):
        launches[-1]["kill_at_step"] = draw_.chance.randint(1, steps)
        add(after=[len(launches) - 1], gap=draw_.one(0.5, 3.0, 60.0))
    for launch in launches:
        draw_.add("launch", **launch)
    return launches


def _faults(draw_: _Draw, names: list[str], launches: list[Event]) -> None:
    share = draw_.one(0.0, 0.0, 0.03, 0.1, 0.1, 0.3)
    strangers = draw_.one(0.0, 0.0, 0.0, 0.05, 0.2)
    for name in names:
        for attempt in range(2):
            faulty = draw_.often(share)
            if faulty:
                draw_.add("start_fault", instance=name, attempt=attempt, fault=draw_.weighted(START_FAULTS))
            if draw_.often(strangers * (2 if faulty else 0.5)):
                _stranger(draw_, name, attempt)
    reads = draw_.one(0.0, 0.0, 0.0, 0.05, 0.2)
    if reads:
        for launch in launches:
            for number in range(12):
                if draw_.often(reads):
                    draw_.add("read_fault", launch=launch["number"], number=number, fault=draw_.weighted(READ_FAULTS))
    if draw_.often(0.25):
        at = 100.0 + draw_.one(-5.0, 0.1, 0.5, 1.0, 2.0, 30.0)
        draw_.add("outage", at=at, seconds=draw_.one(3.0, 10.0, 30.0, 60.0, 200.0), fault=draw_.weighted(OUTAGES))
        if draw_.often(0.15):
            draw_.add("outage", at=at + 100, seconds=draw_.one(5.0, 900.0), fault=draw_.weighted(OUTAGES))
    if draw_.often(0.1):
        draw_.add("expire", at=100.0 + draw_.one(0.2, 1.0, 5.0))


def _stranger(draw_: _Draw, name: str, attempt: int) -> None:
    who = draw_.one("other user", "schedule", "other level")
    draw_.add(
        "stranger",
        instance=name,
        attempt=attempt,
        before=draw_.one(40.0, 3.0, 0.4, -0.4, -3.0, -40.0),
        user="admin" if who == "other user" else "svc-ansible",
        started_from="Scheduled" if who == "schedule" else "Interactive",
        level="Differential" if who == "other level" else draw_.one("Full", "Incremental"),
    )
