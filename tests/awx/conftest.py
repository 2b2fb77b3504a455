# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the AWX tests share: the data files, AWX's engine for credentials, and this collection at a path of its own."""

from __future__ import annotations

import functools
import os
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.awx.awx_api import Awx, Call
from ansible_collections.rdsops.commvault.tests.awx.jobs import Project
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import make_secret
from ansible_collections.rdsops.commvault.tests.support.documents import blocks
from ansible_collections.rdsops.commvault.tests.support.playbooks import CommandRun, run_command

ROOT = Path(__file__).parents[2]
DATA = ROOT / "extensions/awx"
GUIDE = ROOT / "docs/docsite/rst/guide_awx.rst"
SECRET = make_secret("AWX credential")
COMMCELL = {
    "COMMVAULT_URL": "https://commandcenter.example.com/commandcenter/api",
    "COMMVAULT_USERNAME": "backup-operator",
    "COMMVAULT_PASSWORD": SECRET,
}


def data(name: str) -> t.Any:
    """A data file of extensions/awx/."""
    return yaml.safe_load((DATA / f"{name}.yml").read_text(encoding="utf-8"))


class Injected(t.NamedTuple):
    """What a credential puts into a job. env: its environment. shown: that environment as AWX shows it to users."""

    env: dict[str, str]
    shown: dict[str, str]


def inject(values: t.Mapping[str, t.Any], private_data_dir: Path) -> Injected:
    """Let AWX's own engine put a credential of our type into a job; paths are those outside of a container."""
    definition = data("credential_type")
    kind = ManagedCredentialType(
        namespace="commvault",
        name=definition["name"],
        kind=definition["kind"],
        inputs=definition["inputs"],
        injectors=definition["injectors"],
    )
    (private_data_dir / "env").mkdir(parents=True, exist_ok=True)
    env: dict[str, t.Any] = {}
    shown: dict[str, t.Any] = {}
    arguments: list[str] = []
    inject_credential(kind, Credential(dict(values)), env, shown, arguments, str(private_data_dir))
    assert arguments == [], "extra variables would show secrets to every task"
    return Injected({name: value.replace("/runner", str(private_data_dir)) for name, value in env.items()}, shown)


def playbooks() -> list[str]:
    """The playbooks that AWX offers of this repository."""
    paths = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "playbooks").rglob("*.yml")}
    return [name for name, path in paths.items() if rules.is_playbook(name, path.read_text(encoding="utf-8"))]


def set_up(
    awx: Awx,
    place: Path,
    collections_path: str,
    variables: t.Mapping[str, str],
    settings: t.Mapping[str, t.Any] | None = None,
    *arguments: str,
) -> CommandRun:
    """Run the playbook that sets up AWX. variables: of the environment. settings: what is in the file of the user."""
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": collections_path,
        "ANSIBLE_PIPELINING": "true",
        "SSL_CERT_FILE": os.devnull,  # it is plain http, and certificates would be read for each request
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": awx.token,
        **variables,
    }
    (place / "awx.yml").write_text(yaml.safe_dump(dict(settings or {})), encoding="utf-8")
    command = ["ansible-playbook", "rdsops.commvault.awx_setup", "-e", "@awx.yml", *arguments]
    run = run_command(command, variables=environment, cwd=place)
    print(run.output)
    return run


@dataclass
class Twice:
    """AWX after the first run of the playbook and the same again, both as the guide says. settings: its file."""

    settings: dict[str, t.Any]
    awx: Awx
    runs: list[CommandRun]
    writes: list[list[Call]]


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, collections_path: str) -> t.Iterator[Twice]:
    """Two runs of the playbook, once for all tests, for each takes many seconds."""
    place = tmp_path_factory.mktemp("setup")
    (text,) = [block.text for block in blocks(GUIDE) if block.file_name == "awx.yml"]
    with Awx(playbooks=playbooks()) as awx:
        done = Twice(yaml.safe_load(text), awx, [], [])
        for _number in range(2):
            before = len(awx.writes())
            done.runs.append(set_up(awx, place, collections_path, COMMCELL, done.settings))
            done.writes.append(awx.writes()[before:])
        yield done


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> t.Callable[[str], Project]:
    """Gives this repository as AWX has it after an update of the project, with the ansible-core of a Python."""

    @functools.cache
    def updated(python: str = sys.executable) -> Project:
        project = Project(ROOT, tmp_path_factory.mktemp("project"), python)
        update = project.update()
        assert update.rc == 0, update.output
        return project

    return updated
