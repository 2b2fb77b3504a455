# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents in plain words, as far as a machine can tell.

README, guides, and the documentation of plugins and roles have none of the phrases below, README no long sentence, and
no page more words than a reader takes in one go. Code, literals, addresses and what is quoted from elsewhere do not
count; neither do tables when words are counted.
"""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Of each: what to write instead. Words of results have a test of their own, test_public_words.py.
PHRASES = {
    r"for want of": "because there is no ...",
    r"shall": "must, or the present tense",
    r"knows? nothing of": "has no ...",
    r"(?:is|are|be) red": "fails",
    r"(?:is|are|not) well": "succeeded",
    r"what became of": "the result of",
    r"texts|(?:an?|any|each|every|one) (?:short )?text(?! (?:format|box|field)\b)": "string",
    r"by the clock": "leave it out",
    r"(?:a|one|each|every|next|last|two|no) looks?": "poll",
    r"looks? (?:once|again and again)": "polls",
    r"is said|are said": "somebody says it",
    r"whatever the number": "for any number",
    r"mend(?:s|ed)?": "fix",
    r"none of (?:its|their) own": "say who has it",
    r"takes? (?:\w+ ){1,4}for an answer": "returns",
}
PATTERN = re.compile(rf"\b(?:{'|'.join(PHRASES)})\b", re.IGNORECASE)
# "What cannot be read is listed." But "What to do if" begins an option, and a question or a heading has no full stop.
WHAT = re.compile(r"(?:^|[.:;] +)What (?!to )[^.?]*\.(?: |$)")
DOTS = re.compile(r"…|\.\.\.")
MOST_WORDS = {"README.md": 1200}
MOST_WORDS_OF_A_PAGE = 1500
LONGEST_SENTENCE = 35


def without_markup(text: str) -> str:
    """A text of Markdown, reStructuredText or a plugin's documentation, without code, literals and addresses."""
    text = re.sub(r"``.*?``|`[^`]*<[^>]*>`_*", " code ", text, flags=re.DOTALL)
    text = re.sub(r":[\w:]+:`[^`]*`", " code ", text)
    text = re.sub(r"\b[A-Z]{1,3}\((?:[^()]|\([^()]*\))*\)", " code ", text)
    text = re.sub(r"`[^`\n]*`", " code ", text)
    text = re.sub(r"(!?)\[([^\]]*)\]\([^)]*\)", lambda match: " " if match[1] else match[2], text)
    text = re.sub(r"https?://\S+", " code ", text)
    return re.sub(r"[\"\u201c][^\"\u201c\u201d]*[\"\u201d]", " quote ", text)


def indented(lines: list[str], number: int) -> int:
    """The number of the first line after those that belong to a directive."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    number += 1
    while number < len(lines) and (
        not lines[number].strip() or len(lines[number]) - len(lines[number].lstrip()) > indent
    ):
        number += 1
    return number


def guide(text: str, *, tables: bool) -> str:
    """A guide without comments, targets, code and pictures, and without tables if they are not wanted."""
    lines = text.splitlines()
    kept, number = [], 0
    while number < len(lines):
        directive = re.match(r" *\.\.(?: |$)", lines[number])
        wanted = re.match(r" *\.\. (?:warning|note|figure)::", lines[number]) or (
            tables and re.match(r" *\.\. list-table::", lines[number])
        )
        if directive and not wanted:
            number = indented(lines, number)
        else:
            if not directive and not re.fullmatch(r" *(?:[=~-]{3,}|:[\w-]+:.*)", lines[number]):
                # A row of a table begins a text of its own.
                kept.append(re.sub(r"^ +(?:\* )?- ", "\n\n", lines[number]))
            number += 1
    return "\n".join(kept)


def readme(text: str, *, tables: bool) -> str:
    """README without comments and code, and without tables if they are not wanted."""
    text = re.sub(r"<!--.*?-->|^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return text if tables else re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)


def descriptions(data: t.Any) -> t.Iterator[str]:
    """What a documentation tells in sentences."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name in ("description", "short_description", "notes", "details", "support"):
                yield from [value] if isinstance(value, str) else [each for each in value if isinstance(each, str)]
            yield from descriptions(value if not isinstance(value, str) else None)
    elif isinstance(data, list):
        for each in data:
            yield from descriptions(each)


def documented(path: Path) -> list[str]:
    """The sentences of a plugin, a documentation fragment or a role's argument specs."""
    if path.suffix == ".yml":
        return list(descriptions(yaml.safe_load(path.read_text(encoding="utf-8"))))
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            name = ast.unparse(node.targets[0])
            if name.isupper() and name != "EXAMPLES":
                found += descriptions(yaml.safe_load(node.value.value))
    return found


PAGES = sorted((ROOT / "docs/docsite/rst").glob("*.rst"))
READMES = [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))]
PLUGINS = [
    *(
        path
        for kind in ("modules", "inventory", "doc_fragments")
        for path in sorted((ROOT / "plugins" / kind).glob("*.py"))
    ),
    *sorted(ROOT.glob("roles/*/meta/argument_specs.yml")),
]
TEXTS = [path for path in [*READMES, *PAGES, *PLUGINS] if path.name != "__init__.py"]


def paragraphs(path: Path) -> list[str]:
    """The paragraphs of a document, each on a line."""
    if path in PLUGINS:
        parts = documented(path)
    else:
        reader = guide if path.suffix == ".rst" else readme
        parts = re.split(r"\n\s*\n|\n *(?=[-*#] |\d+\. |\|)", reader(path.read_text(encoding="utf-8"), tables=True))
    return [" ".join(without_markup(part).split()) for part in parts]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_has_no_phrase_that_a_reader_stops_at(path: Path) -> None:
    found = [
        f"{match.group(0)!r} in: {text[max(0, match.start() - 60) : match.end() + 60]}"
        for text in paragraphs(path)
        for pattern in (PATTERN, WHAT, DOTS)
        for match in pattern.finditer(text)
    ]
    assert not found, "\n".join(found)


def words(text: str) -> list[str]:
    """The words of a text; signs alone are none."""
    return [word for word in without_markup(text).split() if re.search(r"\w", word)]


@pytest.mark.parametrize("path", [READMES[0], *PAGES], ids=lambda path: path.name)
def test_a_page_has_few_words_outside_of_code_and_tables(path: Path) -> None:
    reader = guide if path.suffix == ".rst" else readme
    count = len(words(reader(path.read_text(encoding="utf-8"), tables=False)))
    assert count <= MOST_WORDS.get(path.name, MOST_WORDS_OF_A_PAGE)


def test_readme_has_no_long_sentence() -> None:
    text = [part for part in paragraphs(READMES[0]) if not part.startswith("|")]
    sentences = [sentence for part in text for sentence in re.split(r"(?<=[.?!:;]) +", part)]
    assert [sentence for sentence in sentences if len(words(sentence)) > LONGEST_SENTENCE] == []


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("It fails for want of a quota.", True),
        ("What is missing comes first.", True),
        ("What is missing?", False),
        ("A list of texts.", True),
        ("It is in the OpenMetrics text format.", False),
        ("And so on...", True),
        ("The state is ``not well`` there.", False),
        ('Ansible says "no look".', False),
        ("O(shall) decides.", False),
    ],
)
def test_the_check_finds_phrases_and_nothing_in_code(text: str, stops: bool) -> None:
    text = without_markup(text)
    assert bool(PATTERN.search(text) or WHAT.search(text) or DOTS.search(text)) is stops
