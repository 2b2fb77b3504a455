# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of README and guides from what the collection does today.

``pictures.py DIRECTORY`` writes them there: report.png, the page of a sample night in a headless Chromium, and
console.svg, what the demo prints. The collection must be where ANSIBLE_COLLECTIONS_PATH says; requirements/docs.txt has
the packages. ``make pictures`` renews the committed ones, ``make docs`` takes its own for the site.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.rdsops.commvault.plugins.module_utils._report.html import report_html
from ansible_collections.rdsops.commvault.plugins.module_utils._report.model import make_report
from ansible_collections.rdsops.commvault.plugins.module_utils._report.protection import (
    make_protection_report,
    protection_html,
)
from ansible_collections.rdsops.commvault.tests.support import browser
from ansible_collections.rdsops.commvault.tests.support.protection import survey_of_twelve
from ansible_collections.rdsops.commvault.tests.support.reports import night

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "docs" / "docsite" / "rst" / "images"

# The demo numbers its jobs in the order in which the requests come in: one at a time, it is the same in each run.
DEMO = ("tests/demo/run.py", "-e", "oracle_rds_export_backup_concurrency=1")
DEMO_SECONDS = 240
FIRST_TASK = "Wait for the jobs]"
LAST_BLOCK = "PLAY RECAP"
PROGRESS = re.compile(r" of \d+, (\d+:)?\d\d:\d\d")
PROGRESS_LINES = 5
COLUMNS = 100
URL = re.compile(r"https?://\S+")
# From the root of a file system, or from a drive.
PATH = re.compile(r"(?<![\w.-])/[\w.-]+/\S*|\b[A-Za-z]:\\\S*")
TOKEN = re.compile(r"\b[0-9a-fA-F]{24,}\b|\b(?i:QSDK|bearer)\b")
CODE = re.compile(r"(\x1b\[[0-9;]*m)")

WINDOW = (1280, 1000)
# The same whatever the desktop is set to.
FLAGS = ("--force-device-scale-factor=1", "--blink-settings=preferredColorScheme=1")

# What rich fills in. Unlike its own frame, this one loads no font from anywhere.
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<!-- Made by docs/site/pictures.py. -->
<title>What make demo prints</title>
<style>
.{unique_id}-matrix, .{unique_id}-title {{
  font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre;
}}
.{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
NOTICE = (ROOT / "docs" / "site" / "pictures.py").read_text(encoding="utf-8").splitlines()[:3]


class CannotTake(Exception):
    """What there was to see is not what the picture is to show."""


def plain(line: str) -> str:
    """A line without its colors."""
    return CODE.sub("", line)


def cut(line: str, columns: int) -> str:
    """The line with at most so many characters, with an ellipsis for what is missing; colors count for nothing."""
    if len(plain(line)) <= columns:
        return line
    room, kept = columns - 1, []
    for part in CODE.split(line):
        if CODE.fullmatch(part):
            kept.append(part)
        else:
            kept.append(part[:room])
            room -= len(kept[-1])
            if not room:
                break
    return "".join(kept) + "…" + ("\x1b[0m" if len(kept) > 1 else "")


def lines_that_matter(printed: str) -> list[str]:
    """What the demo printed, from the task that waits to the recap, with some of the lines that tell how far it is.

    :raises CannotTake: if a part of it is missing, or a line shows a path of this machine or what may be a token.
    """
    lines = [line.rstrip() for line in printed.splitlines()]
    starts = [number for number, line in enumerate(lines) if FIRST_TASK in line]
    recaps = [number for number, line in enumerate(lines) if LAST_BLOCK in line]
    if len(starts) != 1 or len(recaps) != 1 or starts[0] > recaps[0]:
        raise CannotTake(f"The demo printed no line with {FIRST_TASK!r}, or no {LAST_BLOCK} below it:\n{printed}")
    end = next((number for number in range(recaps[0], len(lines)) if not plain(lines[number]).strip()), len(lines))
    seen = lines[starts[0] : end]
    progress = [number for number, line in enumerate(seen) if PROGRESS.search(line)]
    if not progress:
        raise CannotTake(f"The demo did not say how far its jobs are:\n{printed}")
    dropped = set(progress) - set(spread(progress, PROGRESS_LINES))
    seen = [cut(line, COLUMNS) for number, line in enumerate(seen) if number not in dropped]
    for line in seen:
        if private := private_part(plain(line)):
            raise CannotTake(f"Not for a picture: {private!r} in {plain(line)!r}")
    return seen


def private_part(line: str) -> str | None:
    """What in the line is a path of a machine or may be a token; None for most lines."""
    found = TOKEN.search(line) or PATH.search(URL.sub("", line))
    return found.group() if found else None


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most so many of the numbers (two or more): the first, the last, and others at even distances."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[place * (len(numbers) - 1) // (most - 1)] for place in range(most)]


def digest(lines: Sequence[str]) -> str:
    """A number for what the picture shows and for how it is drawn, the same in each run of an unchanged demo.

    How far the jobs are at which moment is left out: it depends on the machine.
    """
    steady = [line for line in lines if not PROGRESS.search(line)]
    return hashlib.sha256("\n".join([FRAME, *steady]).encode()).hexdigest()[:16]


def shows(picture: Path, lines: Sequence[str]) -> bool:
    """Whether the picture is there and shows these lines, how far the jobs are aside."""
    return picture.exists() and f"\nShows {digest(lines)}\n" in picture.read_text(encoding="utf-8")


def draw(lines: Sequence[str]) -> str:
    """The lines, with their colors, as a window of a terminal in SVG."""
    from rich.console import Console
    from rich.text import Text

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(
            file=nowhere, record=True, width=COLUMNS, force_terminal=True, color_system="standard", legacy_windows=False
        )
        for line in lines:
            console.print(Text.from_ansi(line), no_wrap=True, crop=True, highlight=False)
        drawing = console.export_svg(title="make demo", code_format=FRAME, unique_id="console")
    notice = "\n".join(["<!--", *(line.lstrip("# ") for line in NOTICE), f"Shows {digest(lines)}", "-->"])
    return f"{notice}\n" + "\n".join(line.rstrip() for line in drawing.splitlines()) + "\n"


def take_console(into: Path) -> str:
    """Run the demo and write console.svg, unless the one that is there shows the same; a line on what was done.

    :raises CannotTake: if the demo fails or prints something else than it should.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "ANSIBLE_NOCOLOR")}
    environment.update(ANSIBLE_FORCE_COLOR="true")
    done = subprocess.run(
        [sys.executable, *DEMO], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=DEMO_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotTake(f"The demo ended with {done.returncode}:\n{done.stdout}")
    lines = lines_that_matter(done.stdout)
    if shows(into / "console.svg", lines):
        return "console.svg shows this already"
    (into / "console.svg").write_text(draw(lines), encoding="utf-8")
    stale = "" if shows(COMMITTED / "console.svg", lines) else "; the committed one is out of date, see make pictures"
    return f"console.svg: {len(lines)} lines of the demo{stale}"


def take_report(into: Path) -> str:
    """Render the report of a sample night and write report.png; a line on what was done. See _take_page."""
    return _take_page(into, "report", report_html(make_report(night(12), (), "Export backups of the night")))


def take_protection(into: Path) -> str:
    """Render the report of how sample databases are protected and write protection.png. See _take_page."""
    report = make_protection_report(survey_of_twelve(), "Protection of Oracle on Amazon RDS")
    return _take_page(into, "protection", protection_html(report))


def _take_page(into: Path, name: str, text: str) -> str:
    """Write NAME.png of a page; a line on what was done.

    :raises CannotTake: if Chromium is there and takes no picture.
    """
    chromium = browser.find()
    if chromium is None:
        return f"{name}.png stays as it is committed: there is no Chromium here to take it (Debian: package chromium)"
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch:
        page, shot = Path(scratch, f"{name}.html"), Path(scratch, f"{name}.png")
        page.write_text(text, encoding="utf-8")
        try:
            said = browser.look(chromium, page, Path(scratch), WINDOW, *FLAGS, f"--screenshot={shot}")
        except browser.CannotLook as exc:
            raise CannotTake(str(exc)) from exc
        if not shot.exists():
            raise CannotTake(f"{chromium} took no picture:\n{said}")
        shutil.copyfile(shot, into / shot.name)
    return f"{name}.png: {WINDOW[0]} x {WINDOW[1]} pixels of the report, by {Path(chromium).name}"


def take(into: Path) -> int:
    """Take all pictures and say what became of each; 0, or 1 if one could not be taken."""
    try:
        for one in (take_report, take_protection, take_console):
            print(one(into), flush=True)
    except (CannotTake, subprocess.TimeoutExpired) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(take(Path(sys.argv[1]).resolve()))
