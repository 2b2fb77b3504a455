# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Races for the renewal of a pair of tokens: 8 processes, one file, some of them killed at random moments."""

from __future__ import annotations

import argparse
import random
import sys
import time

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .referee import PROCESSES, Referee, Tally

# In one of so many races, some processes are killed.
KILL_IN = 4
MOST_KILLS = 5


def run(races: int, seed: int) -> Tally:
    """Let them race."""
    draw = random.Random(f"kills {seed}")
    with Simulator(lifetime=7200) as simulator, Referee(simulator, f"{seed}") as referee:
        for _number in range(races):
            referee.race(kills=draw.randint(1, MOST_KILLS) if draw.randrange(KILL_IN) == 0 else 0)
        return referee.tally


def main() -> int:
    """Run it; 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="races", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--races", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="draw the same moments again")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    print(f"{options.races} races of {PROCESSES} processes for one pair of tokens, seed {seed}", flush=True)
    begun = time.monotonic()
    tally = run(options.races, seed)
    for finding in tally.findings:
        print(f"  {finding}")
    print(
        f"{tally.races} races in {time.monotonic() - begun:.0f} s: {tally.renewals} renewals, {tally.killed} processes"
        f" killed, {tally.left_open} renewals left open by that and not repeated, {len(tally.findings)} promises broken"
    )
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
