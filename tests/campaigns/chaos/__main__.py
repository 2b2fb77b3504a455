# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault campaign: thousands of submissions under faults drawn at random, held against what really happened.

Every round can be replayed alone by its seed and number.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from types import SimpleNamespace

import urllib3.util.retry

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .campaign import Report, Round


def main() -> int:
    """Run it; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=10000, help="how many at least (%(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="replay the campaign with this seed")
    parser.add_argument("--only-round", type=int, default=None, help="replay this round of it alone")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    print(f"Fault campaign, seed {seed}: at least {options.submissions} submissions", flush=True)
    begun = time.monotonic()
    total = run(options.submissions, seed, options.only_round)
    show(total, time.monotonic() - begun)
    return 1 if total.findings else 0


def run(submissions: int, seed: int, only_round: int | None = None) -> Report:
    """Rounds until there are enough submissions; what they showed together."""
    # A repeated read or connection waits in urllib3; here it need not.
    urllib3.util.retry.time = SimpleNamespace(sleep=lambda _seconds: None, time=time.time)  # type: ignore[assignment]
    states: Counter[str] = Counter()
    total = Report(0, states, [], 0)
    number = only_round or 0
    with Simulator(lifetime=3600) as simulator:
        while total.submissions < submissions:
            report = Round(simulator, f"{seed}:{number}").run()
            states.update(report.states)
            total = Report(
                total.submissions + report.submissions,
                states,
                total.findings + report.findings,
                total.unknown_but_started + report.unknown_but_started,
            )
            for finding in report.findings:
                print(f"  {finding.kind}: {finding.instance}: {finding.text}")
                print(
                    f"    replay: python -m {__spec__.parent} --seed {seed} --only-round {number} --submissions 1",
                    flush=True,
                )
            if only_round is not None:
                break
            number += 1
    return total


def show(total: Report, seconds: float) -> None:
    """Print the counts."""
    kinds = Counter(finding.kind for finding in total.findings)
    print(f"{total.submissions} submissions in {seconds:.0f} s")
    for state, count in total.states.most_common():
        print(f"  {state:14} {count:7}  {100 * count / total.submissions:5.1f} %")
    print(f"behind {total.unknown_but_started} of the unknown outcomes a backup was running")
    print(
        f"started twice: {kinds['twice']}, lost: {kinds['lost']}, misreported: {kinds['misreported']},"
        f" unknown without a cause: {kinds['unknown without a cause']}"
    )


if __name__ == "__main__":
    sys.exit(main())
