# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tool's output says beyond its exit code: hidden failures, skipped work, closing lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Reading:
    """Problems fail the gate; notes and closing lines are repeated in the summary."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)


def nothing(_output: str) -> Reading:
    """The exit code says it all."""
    return Reading()


def pytest(output: str) -> Reading:
    """Keep pytest's closing line; a run without a passed test is no proof of anything, and a skipped test is told."""
    closing = re.findall(r"^(?:=+ )?((?:\d+ \w+, )*\d+ \w+ in [\d.]+s.*?)(?: =+)?$", output, flags=re.MULTILINE)
    reading = Reading(closing=closing[-1:])
    if not closing or not re.search(r"\b\d+ passed\b", closing[-1]):
        reading.problems.append("no test passed")
    reading.notes += re.findall(r"^SKIPPED .*$", output, flags=re.MULTILINE)
    return reading


def ansible_test(output: str) -> Reading:
    """A sanity test may be skipped for a Python that is not on the machine, and for no other reason."""
    reading = Reading()
    for line in re.findall(r"^WARNING: (Skipping .*|Required .*)$", output, flags=re.MULTILINE):
        missing = re.search(r"on Python \d\.\d+ because it could not be found", line)
        (reading.notes if missing else reading.problems).append(line)
    if "Running sanity test" not in output:
        reading.problems.append("no sanity test ran")
    return reading


def ansible_lint(output: str) -> Reading:
    """Warnings count: the summary line must say 0 of both."""
    passed = re.search(r"Passed: 0 failure\(s\), 0 warning\(s\)", output)
    return Reading(problems=[] if passed else ["ansible-lint did not say 0 failures and 0 warnings"])


def galaxy_importer(output: str) -> Reading:
    """The importer ends well with errors and warnings in its log; here each of them counts."""
    return Reading(problems=re.findall(r"^(?:ERROR|WARNING): .*$", output, flags=re.MULTILINE))
