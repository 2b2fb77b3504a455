# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything behind the Makefile: ``python3 -m tests.gates --help``. Needs nothing but Python."""

from __future__ import annotations

import argparse
import signal
import sys

if sys.version_info < (3, 10):  # noqa: UP036 - whoever calls it with an older one shall read why it stops
    sys.exit(f"This needs Python 3.10 or newer, not {sys.version.split()[0]}: make PYTHON=python3.12 ...")

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
        # All else on the line, --help too, is for the script behind it. REMAINDER would not take an option first.
        verbs.add_parser(task.name, help=task.says, add_help=False)
    given, others = parser.parse_known_args()
    tasks = {task.name: task for task in TASKS}
    if others and given.verb not in tasks:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
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
    return perform(tasks[given.verb], others)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
