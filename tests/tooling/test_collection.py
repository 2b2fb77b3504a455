# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold across the files of the collection, and no other tool checks.

Lists that must name the same things, values written in two places, and words that must not be there.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import importlib
import os
import re
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

ROOT = Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
VERSION: str = GALAXY["version"]
FULL_NAME = f"{GALAXY['namespace']}.{GALAXY['name']}"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(directory: str) -> list[str]:
    """Names, without ending, of the Python files that make up one kind of plugin; private ones are left out."""
    return sorted(path.stem for path in (ROOT / directory).glob("*.py") if not path.stem.startswith("_"))


MODULES = python_files("plugins/modules")
INVENTORIES = python_files("plugins/inventory")
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*/"))
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


@functools.cache
def project_files() -> list[Path]:
    """The files of the project: those that git tracks, or in a copy without git all that are there."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [Path(where, name) for where, _directories, names in os.walk(ROOT) for name in names]
    made = re.compile(r"(^|/)(__pycache__|collections|\.\w+_cache|output)/")
    kept = [path for path in paths if path.is_file() and not path.is_symlink()]
    return sorted(path for path in kept if not made.search(relative(path)))


@functools.cache
def text_of(path: Path) -> str:
    """The text of a file; an empty text for a picture and the like."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


# --- Modules ----------------------------------------------------------------------------------------------------------


class _Captured(BaseException):
    """Ends a module's main() as soon as it has said what its options are; no catch-all of the module may stop it."""


def argument_spec(module: str) -> dict[str, t.Any]:
    """The argument spec with which the module makes its AnsibleModule."""
    captured: list[dict[str, t.Any]] = []

    def remember(_self: AnsibleModule, argument_spec: dict[str, t.Any], **_more: t.Any) -> None:
        captured.append(argument_spec)
        raise _Captured

    with mock.patch.object(AnsibleModule, "__init__", remember), contextlib.suppress(_Captured):
        importlib.import_module(f"ansible_collections.{FULL_NAME}.plugins.modules.{module}").main()
    assert captured, f"{module} made no AnsibleModule"
    return captured[0]


def all_options(spec: dict[str, t.Any], above: str = "") -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Every option and suboption with its dotted name."""
    for name, option in spec.items():
        yield above + name, option
        yield from all_options(option.get("options") or {}, f"{above}{name}.")


@functools.cache
def documentation(kind: str, name: str) -> dict[str, t.Any]:
    """The documentation of a plugin with its fragments merged in."""
    path = ROOT / "plugins" / ("modules" if kind == "module" else kind) / f"{name}.py"
    doc, _examples, _returned, _metadata = get_docstring(str(path), fragment_loader)
    assert doc, f"{path} has no documentation"
    return doc


def fragments(module: str) -> set[str]:
    """The documentation fragments that a module names, without the collection's name."""
    source = text_of(ROOT / "plugins" / "modules" / f"{module}.py")
    block = re.search(r"^extends_documentation_fragment:\n((?:  - .*\n)+)", source, flags=re.MULTILINE)
    assert block, f"{module} uses no documentation fragment"
    return {line.strip("- ").removeprefix(f"{FULL_NAME}.") for line in block.group(1).splitlines()}


# Those that talk to a CommCell. The others work on results alone: defaults for a connection would be wrong options.
CONNECTED = [module for module in MODULES if "_connection" in fragments(module)]


def test_there_are_modules() -> None:
    assert MODULES
    assert CONNECTED


def test_the_action_group_holds_every_module_that_has_a_connection() -> None:
    runtime = yaml.safe_load(text_of(ROOT / "meta/runtime.yml"))
    assert list(runtime["action_groups"]) == ["commvault"]
    assert sorted(runtime["action_groups"]["commvault"]) == CONNECTED


@pytest.mark.parametrize("module", MODULES)
def test_a_module_uses_the_shared_documentation(module: str) -> None:
    assert "_attributes" in fragments(module)
    assert (module in CONNECTED) == ("url" in argument_spec(module))
    group = documentation("module", module)["attributes"]["action_group"]
    assert group["membership"] == ([f"{FULL_NAME}.commvault"] if module in CONNECTED else [])
    assert group["support"] == ("full" if module in CONNECTED else "none")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_unit_tests(module: str) -> None:
    assert (ROOT / "tests/unit/plugins/modules" / f"test_{module}.py").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_used_by_a_playbook_test(module: str) -> None:
    playbooks = [path for path in project_files() if fnmatch.fnmatch(relative(path), "tests/playbooks/*.yml")]
    assert any(re.search(rf"^ +{FULL_NAME}\.{module}:", text_of(path), flags=re.MULTILINE) for path in playbooks)


def test_no_unit_test_outlives_its_module() -> None:
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests/unit/plugins/modules").glob("test_*.py")}
    assert tests <= set(MODULES)


# --- Secrets and the environment --------------------------------------------------------------------------------------

SECRET = re.compile(r"(^|_)(token|password|passphrase|secret|credentials?|key)($|_)")
# Names that sound like a secret and hold none. The argument spec says so with no_log=False.
NO_SECRETS = {"token_file"}


@pytest.mark.parametrize("module", MODULES)
def test_every_option_that_holds_a_secret_is_hidden(module: str) -> None:
    for name, option in all_options(argument_spec(module)):
        last = name.rpartition(".")[2]
        if last in NO_SECRETS:
            assert option.get("no_log") is False, f"{name} needs no_log=False"
        elif SECRET.search(last):
            assert option.get("no_log") is True, f"{name} needs no_log=True"


def documented_variables(option: dict[str, t.Any]) -> list[str]:
    """The environment variables that an option's text names as its own."""
    text = " ".join([option["description"]] if isinstance(option["description"], str) else option["description"])
    return re.findall(r"\bE\((COMMVAULT_\w+)\)", text)


@pytest.mark.parametrize("module", MODULES)
def test_every_environment_variable_is_documented_and_every_documented_one_is_read(module: str) -> None:
    read = {
        name: list(option["fallback"][1]) for name, option in all_options(argument_spec(module)) if "fallback" in option
    }
    options = documentation("module", module)["options"]
    documented = {name: documented_variables(option) for name, option in options.items()}
    assert read == {name: variables for name, variables in documented.items() if variables}


def test_inventory_plugins_read_the_variables_that_modules_read() -> None:
    from_modules = {
        name: list(option["fallback"][1])
        for module in MODULES
        for name, option in all_options(argument_spec(module))
        if "fallback" in option
    }
    for inventory in INVENTORIES:
        options = documentation("inventory", inventory)["options"]
        ours = {name: [variable["name"] for variable in option.get("env", [])] for name, option in options.items()}
        shared = from_modules.keys() & ours.keys()
        assert {"url", "auth_token"} <= shared
        assert {name: ours[name] for name in shared} == {name: from_modules[name] for name in shared}


# --- Roles and playbooks ----------------------------------------------------------------------------------------------


def entry_points(role: str) -> dict[str, dict[str, t.Any]]:
    specs = yaml.safe_load(text_of(ROOT / "roles" / role / "meta/argument_specs.yml"))["argument_specs"]
    assert "main" in specs
    return {name: spec.get("options") or {} for name, spec in specs.items()}


def test_entry_points_of_the_role_document_what_their_steps_read() -> None:
    options = {
        point: {name.replace("oracle_rds_export_backup_", "", 1) for name in found}
        for point, found in entry_points("oracle_rds_export_backup").items()
    }
    assert options["main"] - options["start"] == {"wait", "stuck_timeout", "on_timeout"}
    of_reports = {"report_path", "report_title", "report_mode", "host_results", "fail_hosts", "summary_lines"}
    assert [point for point in ("main", "start", "wait", "status") if not of_reports <= options[point]] == []


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_are_those_that_it_documents(role: str) -> None:
    defaults = yaml.safe_load(text_of(ROOT / "roles" / role / "defaults/main.yml")) or {}
    documented: dict[str, t.Any] = {}
    for options in entry_points(role).values():
        with_default = {name: option["default"] for name, option in options.items() if "default" in option}
        assert {name: documented[name] for name in with_default if name in documented} == {
            name: value for name, value in with_default.items() if name in documented
        }, "two entry points document different defaults"
        documented.update(with_default)
    assert defaults == documented


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_documented_and_carries_its_name(role: str) -> None:
    names = {name for options in entry_points(role).values() for name in options}
    assert {name for name in names if not name.startswith(f"{role}_")} == set()
    used: set[str] = set()
    for path in (ROOT / "roles" / role).rglob("*"):
        if path.suffix in (".yml", ".j2") and path.name != "argument_specs.yml":
            used |= set(re.findall(rf"(?<![\w.]){role}_\w+", text_of(path)))
    set_by_the_role = {
        name
        # What tasks register, and variables in files that tasks include.
        for directory, indented in (("tasks", " +"), ("vars", ""))
        for path in (ROOT / "roles" / role / directory).glob("*.yml")
        for name in re.findall(rf"^{indented}(?:register: )?({role}_\w+)(?::|$)", text_of(path), flags=re.MULTILINE)
    }
    assert used - set_by_the_role <= names
    assert names - used == set(), "documented, but the role never looks at it"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_readme_and_metadata(role: str) -> None:
    assert (ROOT / "roles" / role / "README.md").is_file()
    assert (ROOT / "roles" / role / "meta/main.yml").is_file()


def test_playbooks_can_be_called_by_their_full_names() -> None:
    assert [name for name in PLAYBOOKS if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


# --- Names in texts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("playbook", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_every_variable_of_a_playbook_is_in_a_guide(playbook: Path) -> None:
    given = set(re.findall(r"\b((?!commvault_awx_)[a-z]\w+_\w+) \| default\(", text_of(playbook)))
    guides = "".join(text_of(path) for path in sorted((ROOT / "docs/docsite/rst").glob("*.rst")))
    assert {name for name in given if not name.startswith("ansible_") and name not in guides} == set()


def test_the_readme_lists_what_the_collection_holds() -> None:
    readme = text_of(ROOT / "README.md")
    content = {*MODULES, *INVENTORIES, *ROLES, *PLAYBOOKS}
    named = set(re.findall(rf"\b{re.escape(FULL_NAME)}\.([a-z0-9_]+)", readme)) - {GALAXY["name"]}
    assert content - named == set(), "not in README.md by its full name"
    assert named - content == set(), "in README.md, but not in the collection"


def test_every_full_name_in_any_file_exists() -> None:
    groups = yaml.safe_load(text_of(ROOT / "meta/runtime.yml"))["action_groups"]
    private = [path.stem for path in (ROOT / "plugins/doc_fragments").glob("_*.py")]
    packages = [path.name for path in ROOT.iterdir() if path.is_dir()]
    actions = python_files("plugins/action")
    known = {*MODULES, *INVENTORIES, *ROLES, *PLAYBOOKS, *groups, *private, *packages, *actions, "git"}
    unknown = {
        f"{relative(path)}: {FULL_NAME}.{name}"
        for path in project_files()
        if path != Path(__file__)
        for name in re.findall(rf"(?<![\w./]){re.escape(FULL_NAME)}\.([a-z0-9_]+)", text_of(path))
        if name not in known
    }
    assert unknown == set()


def test_every_guide_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load(text_of(ROOT / "docs/docsite/extra-docs.yml"))["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "docs/docsite/rst").glob("*.rst"))


# --- Versions ---------------------------------------------------------------------------------------------------------


def test_the_version_is_written_once() -> None:
    """Install instructions name the tarball; they must name the one of this version. No Python code holds it."""
    mention = re.compile(rf"\b{GALAXY['namespace']}[-.]{GALAXY['name']}[-:/ =]+v?(\d+\.\d+\.\d+)")
    wrong = {f"{relative(path)}: {found}" for path in project_files() for found in mention.findall(text_of(path))}
    assert {entry for entry in wrong if not entry.endswith(f": {VERSION}")} == set()
    literal = re.compile(rf"[\"'/]{re.escape(VERSION)}[\"'\s]")
    assert [relative(path) for path in (ROOT / "plugins").rglob("*.py") if literal.search(text_of(path))] == []


def test_documents_name_a_release_by_its_tag() -> None:
    assert "`vX.Y.Z`" in text_of(ROOT / "MAINTAINERS.md")
    documents = text_of(ROOT / "README.md") + text_of(ROOT / "docs/docsite/rst/guide_awx.rst")
    assert re.findall(r"`,(\S+)` at its end|project_branch: (\S+)", documents) == [
        (f"v{VERSION}", ""),
        ("", f"v{VERSION}"),
    ]


def test_nothing_was_added_in_a_version_to_come() -> None:
    for path in project_files():
        for added in re.findall(r"^\s*version_added: [\"']?([\d.]+)", text_of(path), flags=re.MULTILINE):
            assert version_tuple(added) <= version_tuple(VERSION), relative(path)


def test_the_newest_release_of_the_changelog_is_this_version_or_an_older_one() -> None:
    releases = yaml.safe_load(text_of(ROOT / "changelogs/changelog.yaml"))["releases"]
    assert all(version_tuple(release) <= version_tuple(VERSION) for release in releases)


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_the_oldest_supported_ansible_core_is_one_that_the_tests_run_with() -> None:
    floor = yaml.safe_load(text_of(ROOT / "meta/runtime.yml"))["requires_ansible"].removeprefix(">=")
    cores = re.findall(r"ansible-core==([\w.]+)", text_of(ROOT / "noxfile.py"))
    assert min(version_tuple(core)[:2] for core in cores) == version_tuple(floor)[:2]


@pytest.mark.parametrize("module", MODULES)
def test_documented_requirements_are_those_of_the_execution_environment(module: str) -> None:
    floors = dict(re.findall(r"^([\w-]+)>=([\d.]+)$", text_of(ROOT / "meta/ee-requirements.txt"), flags=re.MULTILINE))
    documented = documentation("module", module).get("requirements", [])
    found = dict(re.findall(r"(requests|urllib3) >= ([\d.]+)", " ".join(documented)))
    assert ("requests" in found) == (module in CONNECTED)
    for name, version in found.items():
        assert version_tuple(floors[name])[: len(version_tuple(version))] == version_tuple(version)


# --- Words ------------------------------------------------------------------------------------------------------------

# Each with one character in brackets, so that this file does not hold the word that it forbids.
FORBIDDEN = {
    "the host of a package registry": r"pyp[i]\.org|pythonhosted\.o[r]g|npmj[s]\.|deb\.debian\.o[r]g",
    "a path of one machine": r"(?<![\w.{}<])/(?:work|roo[t]|Users)/|/tm[p]/v\b|\.pyenv/versions/\d",
    "a page that is not in the repository": r"\bshare[d]/|style-anchor[s]|awx-fact[s]|rest-ap[i]\.md|\bdesign\.m[d]",
    "a citation that leads nowhere": r"\bAP[I] \d+\.\d|\b[Dd]esign sectio[n]|\b[Ii]ssu[e] #?\d",
    "a tool of the trade": r"(?i)\bclaud[e]\b|\bchatgp[t]\b|\bcopilo[t]\b|\banthropi[c]\b|\bopena[i]\b|assisted-b[y]",
    "work that is not done": r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    skipped = {"COPYING"}
    found = [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path in project_files()
        if path.name not in skipped
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


# --- The tarball ------------------------------------------------------------------------------------------------------

IN_TARBALL = re.compile(
    r"""
    MANIFEST\.json | FILES\.json | README\.md | CHANGELOG\.(md|rst) | COPYING | LICENSES/GPL-3\.0-or-later\.txt
    | REUSE\.toml
    | changelogs/(changelog|config)\.yaml
    | docs/docsite/(extra-docs|links)\.yml | docs/docsite/rst/\w+\.rst
    | docs/docsite/rst/images/[\w-]+\.(png|svg)(\.license)?
    | docs/docsite/examples/\w+\.(yml|json)(\.license)?
    | extensions/(audit|awx)/\w+\.yml
    | meta/(runtime|execution-environment)\.yml | meta/ee-requirements\.txt
    | playbooks/\w+\.yml | playbooks/(tasks|vars)/\w+\.yml | playbooks/templates/[\w.]+\.j2
    | plugins/(action|doc_fragments|inventory|module_utils|modules|plugin_utils)/(\w+/)?\w+\.py
    | roles/\w+/README\.md | roles/\w+/(defaults|meta|tasks|vars)/\w+\.yml | roles/\w+/templates/[\w.]+\.j2
    """,
    flags=re.VERBOSE,
)


def test_the_tarball_holds_what_users_need_and_nothing_else(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ansible",
        "galaxy",
        "collection",
        "build",
        "--output-path",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    (tarball,) = tmp_path.glob("*.tar.gz")
    assert tarball.name == f"{GALAXY['namespace']}-{GALAXY['name']}-{VERSION}.tar.gz"
    with tarfile.open(tarball) as archive:
        names = {member.name for member in archive.getmembers() if not member.isdir()}
    assert {name for name in names if not IN_TARBALL.fullmatch(name)} == set()
    wanted = {relative(path) for path in project_files() if IN_TARBALL.fullmatch(relative(path))}
    assert wanted - names == set()
