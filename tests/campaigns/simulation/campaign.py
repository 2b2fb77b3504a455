# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs worlds, one after the other, in this process."""

from __future__ import annotations

import gc
import time
import typing as t
from collections import Counter

from .checker import Finding, check
from .scenario import Scenario, draw
from .shrink import shrink
from .world import Outcome, World


def run_world(seed: str) -> tuple[Outcome, list[Finding], Counter[str]]:
    """The world of a seed, what is wrong with it, and its figures."""
    outcome = World(draw(seed)).run()
    verdict = check(outcome)
    return outcome, verdict.findings, verdict.counts


def run_worlds(
    seed: str, first: int, step: int, submissions: int, seconds: float, tell: t.Callable[[dict[str, t.Any]], None]
) -> None:
    """The worlds SEED:first, SEED:first+step and so on, until there are enough submissions or the time is over.

    tell: receives figures now and then, and each finding.
    """
    begun = told = time.monotonic()
    counts: Counter[str] = Counter()
    done, number = 0, first
    # Worlds are full of circles, and looking for them all the time takes a tenth of it.
    gc.disable()
    while done < submissions and time.monotonic() - begun < seconds:
        _outcome, findings, of_world = run_world(f"{seed}:{number}")
        counts.update(of_world)
        counts["worlds"] += 1
        counts["worlds with findings"] += bool(findings)
        done += of_world["submissions"]
        for kind in {finding.kind for finding in findings}:
            found = next(finding for finding in findings if finding.kind == kind)
            number_of_kind = sum(finding.kind == kind for finding in findings)
            tell({"world": f"{seed}:{number}", "count": number_of_kind, "finding": list(found)})
        number += step
        if counts["worlds"] % 50 == 0:
            gc.collect()
        if time.monotonic() - told > 2.0:
            tell({"counts": counts})
            counts, told = Counter(), time.monotonic()
    tell({"counts": counts})


def shrink_world(scenario: Scenario) -> Scenario:
    """The fewest events of a scenario that still break the promise that it breaks first."""
    kind = check(World(scenario).run()).findings[0].kind

    def shows(candidate: Scenario) -> bool:
        return any(finding.kind == kind for finding in check(World(candidate).run()).findings)

    return shrink(scenario, shows)
