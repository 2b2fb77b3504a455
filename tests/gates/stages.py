# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates, as data: what each runs, with which environment, and what its output must not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import readings, venvs
from .readings import Reading

# In commands: {python} of the environment, {tree} a copy of the project made for this gate alone, {run} the
# directory above it, {dist} and {tarball} what the build gate makes, {python_of[name]} the Python of
# one more environment.
Command = tuple[str, ...]


@dataclass(frozen=True)
class Gate:
    """One line of the summary."""

    name: str
    group: str
    says: str
    environment: str
    commands: tuple[Command, ...]
    cwd: str = "{tree}"
    variables: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()  # more environments that must be there
    program: str = ""  # of programs.PROGRAMS, that must be there
    after: tuple[str, ...] = ()  # gates whose result this one uses
    notes: tuple[str, ...] = ()  # what is left out here, for the summary
    alone: str = ""  # gates with the same word here never run at the same time
    reading: Callable[[str], Reading] = readings.nothing
    tracked_only: bool = False
    limit: float = 1800.0  # seconds
    on_demand: bool = False  # not one of those that a run of all takes


PYTEST = ("{python}", "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--durations=5")


def _lint(name: str, says: str, *commands: Command, **more: object) -> Gate:
    return Gate(name, "lint", says, "lint", commands, **more)  # type: ignore[arg-type]


def _sanity(environment: str) -> Gate:
    return Gate(
        environment.replace("core", "sanity"),
        "sanity",
        "every test of ansible-test sanity, no ignore entry",
        environment,
        (
            ("{python}", "{tree}/tests/gates/pip_for_ansible_test.py"),
            ("{bin}/ansible-test", "sanity", "--local", "--color", "no", "--truncate", "0"),
        ),
        alone="ansible-test keeps environments in the home directory",
        reading=readings.ansible_test,
    )


_OF_EACH_CORE = " ".join(
    f"tests/playbooks/test_{name}.py" for name in ("role_fails", "task_timeout", "interrupt", "inventory")
)


def _pytest(environment: str, paths: str, group: str, *more: str) -> Gate:
    """paths: one, or several with spaces between."""
    return Gate(
        environment.replace("core", group),
        group,
        f"pytest {paths}",
        environment,
        ((*PYTEST, "-n", "2", *more, *paths.split()),),
        reading=readings.pytest,
    )


def _installed(environment: str) -> Gate:
    return Gate(
        environment.replace("core", "installed"),
        "installed",
        "the tarball in an empty place: playbook by full name, module from a shell",
        environment,
        (("{python}", "{tree}/tests/gates/installed.py", "{tarball}"),),
        cwd="{run}",
        variables={"PYTHONPATH": "{run}/collections"},
        after=("build",),
    )


def _targets() -> Gate:
    """Run by the middle ansible-core, the only one that takes all of these Pythons for a managed node."""
    here = tuple(name for name in venvs.TARGETS if venvs.ENVIRONMENTS[name].missing() is None)
    return Gate(
        "targets",
        "installed",
        "the module from the tarball on each Python of a managed node",
        "core-2.19",
        (("{python}", "{tree}/tests/gates/installed.py", "{tarball}", *(f"{{python_of[{name}]}}" for name in here)),),
        cwd="{run}",
        variables={"PYTHONPATH": "{run}/collections"},
        also=here,
        after=("build",),
        notes=tuple(f"{name}: {venvs.ENVIRONMENTS[name].missing()}" for name in venvs.TARGETS if name not in here),
    )


def _awx(others: tuple[str, ...]) -> Gate:
    """As a project of AWX, the collection must work with whatever ansible-core an execution environment has."""
    here = tuple(name for name in others if venvs.ENVIRONMENTS[name].missing() is None)
    return Gate(
        "awx",
        "awx",
        "AWX: set-up by the real awx.awx, surveys, jobs, project, execution environment",
        "collections",
        ((*PYTEST, "tests/awx"),),
        variables={"AWX_TESTS_PYTHONS": ":".join(f"{{python_of[{name}]}}" for name in here)},
        also=here,
        notes=tuple(f"{name}: {venvs.ENVIRONMENTS[name].missing()}" for name in others if name not in here),
        reading=readings.pytest,
    )


def gates() -> tuple[Gate, ...]:
    """All gates, in the order in which the lanes take them: long chains first, so that both lanes end together."""
    main = venvs.main_core() or "core-2.19"
    others = tuple(name for name in venvs.CORES if name != main)
    return (
        _lint(
            "ruff",
            "style, likely bugs and format of the Python code",
            ("{bin}/ruff", "check", "--no-cache", "--quiet", "."),
            ("{bin}/ruff", "format", "--no-cache", "--check", "."),
        ),
        _lint("yamllint", "YAML files", ("{bin}/yamllint", "--strict", ".")),
        _lint("reuse", "a licence and a copyright line for every file", ("{bin}/reuse", "lint", "--lines")),
        _lint(
            "changelog",
            "changelog fragments and configuration",
            ("{bin}/antsibull-changelog", "lint"),
            ("{bin}/antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml"),
        ),
        _sanity(main),
        _pytest(main, "tests/playbooks", "playbooks"),
        _pytest(main, "tests/unit tests/tooling", "unit", "-m", "not browser"),
        _pytest(main, "tests/campaigns", "campaigns"),
        Gate(
            "browser",
            "unit",
            "the page of a report, drawn and used in a headless Chromium",
            main,
            ((*PYTEST, "-m", "browser", "tests/unit/plugins/module_utils"),),
            program="chromium",
            reading=readings.pytest,
        ),
        Gate(
            "aws",
            "aws",
            "the real amazon.aws inventory of a simulated AWS",
            "collections",
            ((*PYTEST, "tests/aws"),),
            reading=readings.pytest,
        ),
        _awx(others),
        *(_sanity(name) for name in others),
        _lint(
            "mypy",
            "types of plugins and tests",
            ("{bin}/mypy", "--config-file", "{tree}/mypy.ini", "--python-executable", f"{{python_of[{main}]}}",
             "--cache-dir", "{run}/mypy", "{tree}/plugins", "{tree}/tests"),
            cwd="{run}/collections",
            also=(main,),
        ),
        _lint(
            "docs",
            "documentation of plugins and guides",
            ("{bin}/antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self",
             "--check-extra-docs-refs", "."),
        ),
        Gate(
            "site",
            "lint",
            "the documentation as a site, without a warning",
            "docs",
            (("{python}", "{tree}/docs/site/build.py", "{run}/site"),),
            variables={"ANSIBLE_COLLECTIONS_PATH": "{run}/collections"},
        ),
        _lint(
            "ansible-lint",
            "roles, playbooks and metadata, profile production, nothing skipped",
            ("{bin}/ansible-lint", "--offline", "--profile", "production", "--nocolor"),
            variables={"ANSIBLE_COLLECTIONS_PATH": "{run}/collections"},
            reading=readings.ansible_lint,
        ),
        Gate(
            "build",
            "build",
            "the tarball, from what git tracks",
            "lint",
            (("{bin}/ansible-galaxy", "collection", "build", "--force", "--output-path", "{dist}", "{tree}"),),
            tracked_only=True,
        ),
        Gate(
            "importer",
            "build",
            "galaxy-importer on the tarball",
            "lint",
            (("{python}", "-m", "galaxy_importer.main", "{tarball}"),),
            cwd="{run}",
            variables={
                "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "yes",
                "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "yes",
                "GALAXY_IMPORTER_RUN_FLAKE8": "no",  # ruff and ansible-test say the same with one set of rules
            },
            after=("build",),
            reading=readings.galaxy_importer,
        ),
        *(_installed(name) for name in venvs.CORES),
        _targets(),
        Gate(
            "release",
            "release",
            "one version everywhere, no change untold, and the demo from the tarball",
            "demo",
            (("{python}", "{tree}/tests/gates/release.py", "{tarball}"),),
            variables={"PYTHONPATH": "{run}/collections"},
            after=("build",),
            on_demand=True,
        ),
        # Which hosts are failed, when a task ends, and what is made of an inventory is up to each ansible-core.
        *(_pytest(name, _OF_EACH_CORE, "playbooks") for name in others),
        # What the other tests are about (the simulator, the files of the project, a browser) knows no ansible-core.
        *(_pytest(name, "tests/unit/plugins", "unit", "-m", "not browser") for name in others),
    )  # fmt: skip
