# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything behind the Makefile: ``python3 -m gates --help``, with tests/ on PYTHONPATH. Needs nothing but Python."""

from __future__ import annotations

import argparse
import signal
import sys

from . import gating
from .tasks import TASKS, perform


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="gates", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    test = verbs.add_parser("test", help="run the gates")
    test.add_argument("--only", default="", help="names or groups of gates, with commas between")
    test.add_argument("--keep-tarball", action="store_true", help="copy the built tarball to dist/")
    verbs.add_parser("list", help="name the gates")
    for task in TASKS:
        verb = verbs.add_parser(task.name, help=task.says)
        verb.add_argument("arguments", nargs=argparse.REMAINDER, help="for the script behind it")
    given = parser.parse_args()
    # An ended run cleans up after itself, as with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    if given.verb == "list":
        for gate in gating.gates():
            print(f"{gate.name:20} {gate.group:10} {gate.environment:10} {gate.says}")
        return 0
    if given.verb == "test":
        try:
            return gating.run_gates([name for name in given.only.split(",") if name], keep_tarball=given.keep_tarball)
        except gating.UnknownGate as exc:
            parser.error(str(exc))
    return perform(next(task for task in TASKS if task.name == given.verb), given.arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
