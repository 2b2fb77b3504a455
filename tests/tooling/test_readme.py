# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README by the rules for certified content: its sections, full URLs, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = [
    "Description",
    "Use Cases",
    "Requirements",
    "Installation",
    "Use",
    "Testing",
    "Support",
    "Release Notes",
    "Related Information",
    "License Information",
]
# Files of the repository as a reader of Automation Hub reaches them.
OWN = re.compile(
    r"https://(?:github\.com/rdsops/commvault/blob|raw\.githubusercontent\.com/rdsops/commvault)/main/(.+)"
)
# Pages of the repository that are no files.
PAGES = re.compile(r"https://github\.com/rdsops/commvault(?:\.git|/issues)?")


def links() -> list[str]:
    """Every target of a link or picture, and every bare address."""
    return re.findall(r"\]\(([^)\s]+)\)", README) + re.findall(r"<(https?:[^>]+)>", README)


def test_the_sections_are_those_of_certified_content_in_their_order():
    found = re.findall(r"^## (.+)$", README, flags=re.MULTILINE)
    assert [name for name in found if name in SECTIONS] == SECTIONS


def test_every_link_is_a_full_address_and_leads_somewhere():
    assert len(links()) > 20
    for link in links():
        parts = urlsplit(link)
        assert (parts.scheme, bool(parts.netloc)) == ("https", True), f"{link} is no full address"
        own = OWN.fullmatch(link)
        if own:
            assert (ROOT / own[1].partition("#")[0]).is_file(), f"{link} names no file of the repository"
        elif "rdsops" in link:
            assert PAGES.fullmatch(link), link
        else:
            assert re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link


def test_all_ways_to_install_are_there_and_none_that_installs_ansible():
    ways = re.findall(r"^ansible-galaxy collection install (\S+)$", README, flags=re.MULTILINE)
    assert [way.partition("rdsops")[0] for way in ways] == ["", "git+https://github.com/", "dist/"]
    assert not re.search(r"pip3? install[^\n]*\bansible", README)


def test_requirements_are_those_of_the_execution_environment():
    floors = dict(re.findall(r"^(\w+)>=([\d.]+)$", (ROOT / "meta/ee-requirements.txt").read_text(), flags=re.MULTILINE))
    assert dict(re.findall(r"'(\w+)>=([\d.]+)'", README)) == floors
    assert dict(re.findall(r"`(requests|urllib3)` ([\d.]+) or newer", README)) == floors
