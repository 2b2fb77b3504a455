# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code blocks of documents, and playbooks out of what documents show."""

from __future__ import annotations

import json
import re
import textwrap
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^ *(?P=fence) *$", re.M | re.S
)
_DIRECTIVE = re.compile(r"^(?P<indent> *)\.\. (?:code-block|sourcecode|code)::(?P<language>.*)$")
_LITERAL = re.compile(r"^(?! *\.\.).*::\s*$")


@dataclass(frozen=True)
class Block:
    """One code block. language: as the document says, "" if it does not. line: where it begins, from 1."""

    language: str
    text: str
    line: int

    @property
    def file_name(self) -> str | None:
        """The file that the first line names: "# inventory.yml"."""
        match = re.match(r"# (\w[\w.-]*\.\w+)\s*\n", self.text)
        return match.group(1) if match else None


def blocks(path: Path) -> list[Block]:
    """The code blocks of a Markdown or reStructuredText document, in order."""
    text = path.read_text(encoding="utf-8")
    return list(_markdown(text) if path.suffix == ".md" else _restructured(text))


def _markdown(text: str) -> t.Iterator[Block]:
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(match.group("language").strip(), textwrap.dedent(match.group("text")), line)


def _restructured(text: str) -> t.Iterator[Block]:
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        match = _DIRECTIVE.match(lines[number])
        if match is None:
            assert not _LITERAL.match(lines[number]), f"line {number + 1}: use code-block, which names a language"
            number += 1
            continue
        begin, indent = number + 1, len(match.group("indent"))
        number += 1
        body = []
        while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > indent):
            body.append(lines[number])
            number += 1
        while body and (not body[0].strip() or re.match(r" *:\w+:", body[0])):
            del body[0]
        yield Block(match.group("language").strip(), textwrap.dedent("\n".join(body)).strip("\n") + "\n", begin)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def commands(text: str) -> list[str]:
    """The command lines of a shell block: lines that are continued are joined, comments and prompts left out."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line.strip().removeprefix("$ ") for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def plays_of(entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Plays out of a list of plays and tasks; tasks in a row become a play for localhost."""
    plays: list[dict[str, t.Any]] = []
    tasks: list[t.Any] | None = None
    for entry in entries:
        if "hosts" in entry:
            plays.append(dict(entry))
            tasks = None
            continue
        if tasks is None:
            tasks = []
            plays.append({"name": "Run the example", "hosts": "localhost", "gather_facts": False, "tasks": tasks})
        tasks.append(entry)
    return plays


def as_playbook(text: str) -> str:
    """The text of a playbook with the plays and tasks of a YAML text."""
    return json.dumps(plays_of(yaml.safe_load(text)), indent=1)


def is_inventory(data: t.Any) -> bool:
    """Whether this is the YAML form of an inventory: groups with hosts or children."""
    return isinstance(data, dict) and all(
        isinstance(group, dict)
        and group.keys() & {"hosts", "children"}
        and group.keys() <= {"hosts", "children", "vars"}
        for group in data.values()
    )


def settled(text: str) -> str:
    """The text as it is compared: one blank for any space, and any number of four digits or more the same."""
    return re.sub(r"\b\d{4,}\b", "9999", " ".join(text.split()))
