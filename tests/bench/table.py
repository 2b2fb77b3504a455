# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns measurements into medians, ratios and a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Case, Plan, Ratio


@dataclass(frozen=True)
class Sample:
    """One run of one case: seconds on the clock, seconds of CPU time, and what the server counted."""

    seconds: float
    cpu: float
    requests: int
    connections: int


@dataclass
class Samples:
    """All that was measured, by case and time of a call in milliseconds, in the order of the runs."""

    latencies: Sequence[float]
    taken: dict[tuple[Case, float], list[Sample]] = field(default_factory=dict)

    def add(self, case: Case, latency: float, sample: Sample) -> None:
        """Take in one run."""
        self.taken.setdefault((case, latency), []).append(sample)

    def every(self, case: Case) -> list[Sample]:
        """The runs of a case at any latency."""
        return [sample for latency in self.latencies for sample in self.taken[case, latency]]

    def ratio(self, ratio: Ratio, latency: float) -> float:
        """Of seconds on the clock, at one latency."""
        return _ratio(
            [sample.seconds for sample in self.taken[ratio.case, latency]],
            *([sample.seconds for sample in self.taken[case, latency]] for case in ratio.over),
        )

    def cpu_ratio(self, ratio: Ratio) -> float:
        """Of seconds of CPU time, over all latencies."""
        return _ratio(
            [sample.cpu for sample in self.every(ratio.case)],
            *([sample.cpu for sample in self.every(case)] for case in ratio.over),
        )


def _ratio(own: Sequence[float], *others: Sequence[float]) -> float:
    """The median of the ratios within each run: what slows a whole run down hardly changes it."""
    return median(value / sum(over) for value, *over in zip(own, *others, strict=True))


def render(plan: Plan, samples: Samples) -> str:
    """The table, and the ratios below it."""
    latencies = samples.latencies
    head = [*(f"{latency:g} ms" for latency in latencies), "CPU s"]
    rows = [["", *head, "requests", "connections"]]
    group = ""
    for case in plan.cases:
        if case.group != group:
            group = case.group
            rows.append([group])
        times = [median(sample.seconds for sample in samples.taken[case, latency]) for latency in latencies]
        every = samples.every(case)
        rows.append(
            [
                f"  {case.says}" if group else case.says,
                *(f"{seconds:.2f}" for seconds in times),
                f"{median(sample.cpu for sample in every):.2f}",
                _counts(sample.requests for sample in every),
                _counts(sample.connections for sample in every),
            ]
        )
    ratios = [["ratio", *head[:-1], "CPU", "promised"]]
    for ratio in plan.ratios:
        values = [*(samples.ratio(ratio, latency) for latency in latencies), samples.cpu_ratio(ratio)]
        promised = f"<= {ratio.at_most:.2f}" if ratio.at_most else ""
        ratios.append([ratio.says, *(f"{value:.2f}" for value in values), promised])
    first = max(len(row[0]) for row in rows + ratios)
    return f"{align(rows, first)}\n\n{align(ratios, first)}"


def align(rows: Sequence[Sequence[str]], first: int) -> str:
    """Lines with the first column on the left, first characters wide, and the others on the right."""
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(1, max(map(len, rows)))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths, strict=False)]
        lines.append("  ".join([row[0].ljust(first), *cells]).rstrip())
    return "\n".join(lines)


def _counts(numbers: Iterable[int]) -> str:
    return " or ".join(str(number) for number in sorted(set(numbers)))
