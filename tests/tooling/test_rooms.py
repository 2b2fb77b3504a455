# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom: the table of rooms in CONTRIBUTING.md, held against every import of the plugins."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLUGINS = ("ansible_collections", "rdsops", "commvault", "plugins")
# A room of module_utils is named as in the table; every other directory of plugins is one, or several with names.
Rules = dict[str, set[str]]


def rules(table: str) -> Rules:
    """What each room may import, as the table says."""
    rows = re.findall(
        r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", table.split("| room |")[1].split("\n\n")[0], re.MULTILINE
    )
    found: Rules = {}
    for names, allowed in rows:
        may = {_name(word) for word in re.findall(r"`([^`]+)`", allowed)}
        if "every room above" in allowed:
            may |= set(found)
        for like in re.findall(r"what `(\w+)` may", allowed):
            may |= found[like]
        found.update(dict.fromkeys((_name(word) for word in re.findall(r"`([^`]+)`", names)), may))
    return found


def _name(word: str) -> str:
    return word.removeprefix("plugins/").removesuffix(".py").rstrip("/")


def imports(source: str, package: tuple[str, ...]) -> t.Iterator[tuple[str, ...]]:
    """Every module or name that a file imports, wherever it does so, also for types only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            yield from ((*above, *(node.module or "").split("."), alias.name) for alias in node.names)


def room(path: tuple[str, ...], allowed: Rules) -> str:
    """The room of what lies at this path below plugins/."""
    if path[0] == "module_utils" and len(path) > 1:
        return path[1]
    return "/".join(path[:2]) if "/".join(path[:2]) in allowed else path[0]


def breaches(plugins: Path, allowed: Rules) -> list[str]:
    """The imports that the rules forbid, and files without a room."""
    found = []
    for file in sorted(plugins.rglob("*.py")):
        path = file.relative_to(plugins).with_suffix("").parts
        here = room(path, allowed)
        if here not in allowed:
            found.append(f"{'/'.join(path)} is in no room")
            continue
        for name in imports(file.read_text(encoding="utf-8"), (*PLUGINS, *path[:-1])):
            there = room(name[4:], allowed) if name[:4] == PLUGINS else name[0]
            if (name[:4] == PLUGINS or there == "ansible") and there not in allowed[here] | {here}:
                found.append(f"{'/'.join(path)} imports {'.'.join(name[-2:])}")
    return found


def test_no_room_imports_what_the_table_does_not_allow():
    allowed = rules(TABLE)
    assert breaches(ROOT / "plugins", allowed) == []
    unknown = set().union(*allowed.values()) - {*allowed, "ansible"}
    assert unknown == set(), "the table names rooms that have no row"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("module_utils/_http/planted.py", "from .._auth import token"),
        ("module_utils/_jobs/planted.py", "def f():\n    from .._export.backup import Backup"),
        ("module_utils/_estate/planted.py", "if TYPE_CHECKING:\n    from .._report.model import Report"),
        ("module_utils/_auth/planted.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("module_utils/_errors.py", "from ._times import count"),
        ("module_utils/_report/planted.py", "from ansible_collections.rdsops.commvault.plugins.plugin_utils import _x"),
        ("module_utils/_module/planted.py", "from .._jobs.job import Job"),
        ("module_utils/_new.py", ""),
        ("modules/planted.py", "from ..plugin_utils import _worker"),
        ("plugin_utils/_play/planted.py", "from .._fleet.hosts import HostInputs"),
        ("plugin_utils/_play/planted.py", "from ...module_utils._protection.options import OWN_KEYS"),
        ("plugin_utils/_planted.py", "from ._fleet.hosts import HostInputs"),
    ],
)
def test_an_import_upwards_is_found(tmp_path, file, source):
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    assert len(breaches(tmp_path, rules(TABLE))) == 1


def test_the_tables_name_files_that_are_there():
    named = re.findall(r"`((?:plugins|tests|docs|roles|meta)/[\w./]+)`", TABLE)
    assert len(named) > 20
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


def test_names_of_commvault_are_compared_in_one_way():
    # By _http.fields.folded: what is compared by case alone does not find names with entities or composed accents.
    by_case = re.compile(r"(?:client|instance|subclient|display|user|company)_?name\"?\]?\)?\.(?:lower|casefold)\(")
    assert by_case.search('row["client_name"].lower()')
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py")}
    assert [path.name for path, text in texts.items() if by_case.search(text)] == []
