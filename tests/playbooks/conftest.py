# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the playbook tests: Ansible to run against the simulator."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import (
    CommandRun,
    PlaybookRun,
    run_command,
    run_playbook,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# What the playbooks and inventories of this directory work with.
ESTATE: dict[str, t.Any] = {
    "clients": [
        {"name": "aws-prod", "display_name": "AWS production", "instances": ["orders", "billing", "hr"]},
        {"name": "aws-dev", "instances": ["orders", {"name": "scratch", "subclients": ["default", "nightly"]}]},
        {"name": "aws-old", "instances": [{"name": "archive", "plan": None}]},
    ]
}


@pytest.fixture
def estate(request: pytest.FixtureRequest) -> t.Any:
    """That of the tests' file if it has one of its own."""
    return getattr(request.module, "ESTATE", ESTATE)


@pytest.fixture
def connection(simulator: Simulator) -> dict[str, str]:
    """The environment variables that lead to the simulator."""
    return {"COMMVAULT_URL": simulator.url, "COMMVAULT_AUTH_TOKEN": simulator.token}


class Play(t.Protocol):
    """Runs a playbook against the simulator; see support.playbooks.run_playbook."""

    def __call__(
        self,
        playbook: Path | str,
        *,
        inventory: Path | str | None = None,
        check: bool = False,
        extravars: t.Mapping[str, t.Any] | None = None,
        env: t.Mapping[str, str] | None = None,
        arguments: t.Sequence[str] = (),
        answers: t.Mapping[str, str] | None = None,
        warnings: bool = False,
    ) -> PlaybookRun:
        """check: in check mode. env: more variables of the environment; None for the value of one takes it away.
        answers: to prompts. warnings: there may be some.
        """


@pytest.fixture
def play(tmp_path: Path, collections_path: str, connection: dict[str, str], simulator: Simulator) -> Play:
    """Runs a playbook of this directory (by its name), by its full name, or one that is given as text."""
    count = 0

    def run(
        playbook: Path | str,
        *,
        inventory: Path | str | None = None,
        check: bool = False,
        extravars: t.Mapping[str, t.Any] | None = None,
        env: t.Mapping[str, str] | None = None,
        arguments: t.Sequence[str] = (),
        answers: t.Mapping[str, str] | None = None,
        warnings: bool = False,
    ) -> PlaybookRun:
        nonlocal count
        count += 1
        before = len(simulator.writes())
        done = run_playbook(
            tmp_path / f"run{count}",
            _own(HERE, playbook),
            inventory=_own(HERE / "inventories", inventory) if inventory is not None else None,
            extravars=extravars,
            answers=answers,
            arguments=[*arguments, *(["--check"] if check else [])],
            variables={"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection, **(env or {})},
        )
        print(done.stdout)
        if not warnings:
            assert done.warnings == []
        if check:
            assert len(simulator.writes()) == before, "check mode wrote"
        return done

    return run


def _own(directory: Path, source: Path | str) -> Path | str:
    """A file of the directory, if the source is the name of one."""
    if isinstance(source, str) and "\n" not in source and source.endswith(".yml"):
        return directory / source
    return source


class Shell(t.Protocol):
    """Runs one of Ansible's commands against the simulator; see support.playbooks.run_command."""

    def __call__(self, *arguments: str, env: t.Mapping[str, str] | None = None) -> CommandRun:
        """env: more variables of the environment."""


@pytest.fixture
def shell(tmp_path: Path, collections_path: str, connection: dict[str, str]) -> Shell:
    """Runs one of Ansible's commands in an empty directory; a warning fails the test."""

    def run(*arguments: str, env: t.Mapping[str, str] | None = None) -> CommandRun:
        variables = {"ANSIBLE_COLLECTIONS_PATH": collections_path, **connection, **(env or {})}
        done = run_command(arguments, variables=variables, cwd=tmp_path)
        print(done.output)
        assert done.warnings == []
        return done

    return run
