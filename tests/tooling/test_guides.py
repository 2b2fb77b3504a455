# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages that guides explain are those that the code can give."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import ansible.inventory.manager
import ansible.module_utils.basic
import ansible.parsing.mod_args
import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import ErrorKind
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.hints import BY_STATUS, CAUSES

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "docsite" / "rst"
HEADER = "The message says"
# Who can say what guides quote: the collection, Commvault (as the simulated CommServe quotes it), and Ansible.
SPEAKERS = [
    *(ROOT / "plugins").rglob("*.py"),
    *(ROOT / "tests" / "simulator" / "routes").glob("*.py"),
    Path(ansible.inventory.manager.__file__),
    Path(ansible.parsing.mod_args.__file__),
    Path(ansible.module_utils.basic.__file__),
]


def texts_of(path):
    """The texts in a Python file, with a line break for each value that is put into one."""

    class Finder(ast.NodeVisitor):
        def __init__(self):
            self.found = []

        def visit_Expr(self, node):
            if not isinstance(node.value, ast.Constant):  # a docstring
                self.generic_visit(node)

        def visit_Assign(self, node):
            if ast.unparse(node.targets[0]) not in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
                self.generic_visit(node)

        def visit_JoinedStr(self, node):
            parts = [part.value if isinstance(part, ast.Constant) else "\n" for part in node.values]
            self.found.append("".join(parts))
            self.generic_visit(node)

        def visit_Constant(self, node):
            if isinstance(node.value, str):
                self.found.append(node.value)

    finder = Finder()
    finder.visit(ast.parse(path.read_text(encoding="utf-8")))
    return finder.found


@pytest.fixture(scope="module")
def texts():
    """All that the speakers can say."""
    return [text for path in SPEAKERS for text in texts_of(path)]


def quoted(guide):
    """The messages in the tables of a guide."""
    messages = []
    for table in (GUIDES / guide).read_text(encoding="utf-8").split(".. list-table::")[1:]:
        rows = re.findall(r"^   \* - (.*?)^     - ", table, re.M | re.S)
        if rows and rows[0].strip() == HEADER:
            messages += [" ".join(row.split()).strip("`") for row in rows[1:]]
    return messages


def is_said(message, texts):
    pieces = [piece for piece in (part.strip(" .") for part in message.split("...")) if piece]
    assert pieces, f"{message!r} says nothing"
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.S)
    return any(pattern.search(text) for text in texts)


@pytest.mark.parametrize("guide", ["guide_troubleshooting.rst", "guide_credentials.rst"])
def test_messages_that_a_guide_explains_exist(guide, texts):
    messages = quoted(guide)
    assert len(messages) > 5
    assert [message for message in messages if not is_said(message, texts)] == []


def test_a_message_that_nobody_says_is_found(texts):
    assert is_said("... could not be reached: ...", texts)
    assert not is_said("... could not be reached because of the moon: ...", texts)
    assert not is_said("could be reached ... not", texts)


def test_every_hint_is_explained():
    messages = quoted("guide_troubleshooting.rst")
    hints = [cause.hint for cause in CAUSES] + list(BY_STATUS.values())
    assert [hint for hint in hints if not any(hint.startswith(message) for message in messages)] == []


def test_every_kind_of_failure_has_its_place_and_the_meaning_of_the_code():
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    rows = re.findall(
        r"^   \* - ``(\w+)``\n     - (.+?)\n     - .", text[text.index("By kind\n") :], re.DOTALL | re.MULTILINE
    )
    assert [kind for kind, _meaning in rows] != []
    assert {kind: " ".join(meaning.split()) for kind, meaning in rows} == {
        kind.value: kind.meaning for kind in ErrorKind
    }
    assert len(rows) == len(ErrorKind)


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.rst")), ids=lambda path: path.stem)
def test_a_playbook_over_an_inventory_of_aws_is_told_its_group(guide):
    text = guide.read_text(encoding="utf-8").replace("\\\n", " ")
    for command in re.findall(r"ansible-playbook rdsops\.commvault\.\w+ -i \S+aws_rds\.yml.*", text):
        assert "oracle_rds_export_backup_hosts=aws_rds" in command
