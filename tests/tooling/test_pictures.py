# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the demo's output goes into the picture of the console, and what must not."""

from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "docsite" / "rst" / "images"
GREEN, YELLOW, OFF = "\x1b[0;32m", "\x1b[0;33m", "\x1b[0m"

_spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "site" / "pictures.py")
pictures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pictures)


def printed(progress=("10 running of 10", "10 ok of 10"), shown="10 backups: 10 succeeded"):
    """What the demo prints, in short."""
    lines = [
        "$ export COMMVAULT_CA_PATH=/tmp/simulator-1/ca.pem",
        "TASK [rdsops.commvault.oracle_rds_export_backup : Wait for their jobs] ****",
        f"{YELLOW}included: /srv/wait_for_jobs.yml for orders.example.com{OFF}",
        "TASK [rdsops.commvault.oracle_rds_export_backup : Wait for the jobs] ****",
        *(f"[orders.example.com] {how_far}, 00:0{number}" for number, how_far in enumerate(progress)),
        f"{GREEN}ok: [orders.example.com]{OFF}",
        "",
        f"{GREEN}{shown}{OFF}",
        "PLAY RECAP ****   ",
        f"{YELLOW}orders.example.com{OFF} : {GREEN}ok=9   {OFF}",
        "",
        "The report is dist/demo/report.html; open it in a browser.",
    ]
    return "\n".join(lines) + "\n"


def test_the_picture_goes_from_the_task_that_waits_to_the_recap():
    seen = [pictures.plain(line) for line in pictures.lines_that_matter(printed())]
    assert seen == [
        "TASK [rdsops.commvault.oracle_rds_export_backup : Wait for the jobs] ****",
        "[orders.example.com] 10 running of 10, 00:00",
        "[orders.example.com] 10 ok of 10, 00:01",
        "ok: [orders.example.com]",
        "",
        "10 backups: 10 succeeded",
        "PLAY RECAP ****",
        "orders.example.com : ok=9   ",
    ]


def test_of_many_lines_on_how_far_it_is_the_first_the_last_and_some_between_are_shown():
    seen = pictures.lines_that_matter(printed([f"{number} ok of 9" for number in range(10)]))
    assert [line.split()[1] for line in seen if " of 9," in line] == ["0", "2", "4", "6", "9"]


@pytest.mark.parametrize(
    ("count", "left"), [(1, [0]), (5, [0, 1, 2, 3, 4]), (6, [0, 1, 2, 3, 5]), (9, [0, 2, 4, 6, 8])]
)
def test_lines_are_left_out_at_even_distances(count, left):
    assert pictures.spread(range(count), 5) == left


@pytest.mark.parametrize(
    ("line", "columns", "expected"),
    [
        ("as long as it may be", 20, "as long as it may be"),
        ("longer than it may be", 20, "longer than it may …"),
        (f"{GREEN}green{OFF}", 5, f"{GREEN}green{OFF}"),
        (f"{GREEN}green{OFF} and plain", 9, f"{GREEN}green{OFF} an…{OFF}"),
        (f"{GREEN}greener{OFF} and plain", 5, f"{GREEN}gree…{OFF}"),
        (f"{GREEN}green{OFF}{YELLOW}yellow{OFF}", 6, f"{GREEN}green…{OFF}"),
    ],
)
def test_long_lines_are_cut_where_they_are_too_long_to_be_seen(line, columns, expected):
    assert pictures.cut(line, columns) == expected


@pytest.mark.parametrize(
    "private",
    [
        "/srv/work/collection/roles",
        "'/tmp/simulator-1/ca.pem'",
        "included:/home/user/x",
        "file:///home/user/x",
        "C:\\Users\\me",
        "dce3e90da5f738120927e87c3994f1918d5bab6bfb1842c6",
        "QSDK 3f",
        "Authorization: Bearer x",
    ],
)
def test_a_path_of_the_machine_or_a_token_is_never_drawn(private):
    with pytest.raises(pictures.CannotTake, match="Not for a picture"):
        pictures.lines_that_matter(printed(shown=f"It says {private} here"))


@pytest.mark.parametrize(
    "public",
    ["7 ok of 10", "https://commandcenter.example.com/commandcenter/#/jobs/148886", "dist/demo/report.html"],
)
def test_what_only_looks_like_a_path_of_the_machine_is_drawn(public):
    assert f"{GREEN}{public}{OFF}" in pictures.lines_that_matter(printed(shown=public))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Wait for the jobs]", "Wait]", "Wait for the jobs"),
        ("PLAY RECAP", "PLAY", "PLAY RECAP"),
        (" of 10,", " done,", "how far"),
    ],
)
def test_a_demo_that_prints_something_else_makes_no_picture(old, new, says):
    with pytest.raises(pictures.CannotTake, match=says):
        pictures.lines_that_matter(printed().replace(old, new))


def test_a_picture_is_out_of_date_by_what_became_of_backups_but_not_by_how_far_jobs_were_when(tmp_path):
    picture = tmp_path / "console.svg"
    lines = pictures.lines_that_matter(printed())
    assert not pictures.shows(picture, lines)
    picture.write_text(f"<!--\nShows {pictures.digest(lines)}\n-->\n<svg/>\n", encoding="utf-8")
    assert pictures.shows(picture, lines)
    again = printed(["10 running (8 % avg) of 10", "3 ok, 7 running of 10", "10 ok of 10"])
    assert pictures.shows(picture, pictures.lines_that_matter(again))
    other = printed(shown="10 backups: 1 refused, 9 succeeded")
    assert not pictures.shows(picture, pictures.lines_that_matter(other))


def test_without_chromium_the_committed_picture_is_kept_and_a_line_says_so(tmp_path, monkeypatch):
    kept = tmp_path / "report.png"
    kept.write_bytes(b"as committed")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "report.png stays as it is committed" in pictures.take_report(tmp_path)
    assert kept.read_bytes() == b"as committed"


def test_the_committed_picture_of_the_console_is_whole_and_loads_nothing():
    source = (IMAGES / "console.svg").read_text(encoding="utf-8")
    texts = ["".join(element.itertext()).replace("\xa0", " ") for element in ET.fromstring(source).iter()]
    lines = [text for text in texts if text.strip()]
    assert any(pictures.FIRST_TASK in line for line in lines)
    assert any(line.startswith("orders.example.com") for line in lines)
    assert not [line for line in lines if "\n" not in line and pictures.private_part(line)]
    assert not re.search(r"href|@import|@font-face|<script|<image|url\((?!#)", source)
