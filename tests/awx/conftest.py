# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the AWX tests share: the data files, AWX's engine for credentials, and this collection at a path of its own."""

from __future__ import annotations

import functools
import os
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.awx.awx_api import Awx, Call, Sync
from ansible_collections.rdsops.commvault.tests.awx.jobs import Project
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import make_secret
from ansible_collections.rdsops.commvault.tests.support.documents import blocks
from ansible_collections.rdsops.commvault.tests.support.playbooks import CommandRun, run_command

ROOT = Path(__file__).parents[2]
DATA = ROOT / "extensions/awx"
# The pages for AWX, in the order in which a reader takes them.
GUIDES = [ROOT / "docs/docsite/rst" / name for name in ("guide_awx.rst", "guide_awx_details.rst")]
SECRET = make_secret("AWX credential")
CHAT_SECRET = make_secret("AWX notification")
SYSTEM_ONLY = "commvault_awx_system_only=true"
# What git says of a repository that is not there.
REFUSED = "remote: Repository not found."
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
        "CONTROLLER_OPTIONAL_API_URLPATTERN_PREFIX": awx.prefix.removesuffix("v2/"),
        **variables,
    }
    (place / "awx.yml").write_text(yaml.safe_dump(dict(settings or {})), encoding="utf-8")
    command = ["ansible-playbook", "rdsops.commvault.awx_setup", "-e", "@awx.yml", *arguments]
    run = run_command(command, variables=environment, cwd=place, limit=900)
    print(run.output)
    return run


def said(run: CommandRun) -> str:
    """What a run has printed, whatever its lines and the escapes of JSON."""
    return " ".join(run.stdout.replace("\\n", "\n").replace('\\"', '"').split())


@dataclass
class Twice:
    """AWX after the first run of the playbook and the same again, both as the guide says. settings: its file."""

    settings: dict[str, t.Any]
    awx: Awx
    runs: list[CommandRun] = field(default_factory=list)
    writes: list[list[Call]] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, collections_path: str) -> t.Iterator[Twice]:
    """Two runs of the playbook, once for all tests, for each takes many seconds."""
    place = tmp_path_factory.mktemp("setup")
    (text,) = [block.text for block in blocks(GUIDES[0]) if block.file_name == "awx.yml"]
    with Awx(playbooks=playbooks()) as awx:
        done = Twice(yaml.safe_load(text), awx)
        for _number in range(2):
            before = len(awx.writes())
            done.runs.append(set_up(awx, place, collections_path, COMMCELL, done.settings))
            done.writes.append(awx.writes()[before:])
        done.refused = awx.refused()
        yield done


# All that the sample of the guide leaves alone.
EVERYTHING: dict[str, t.Any] = {
    "commvault_awx_organization": "Payments",
    "commvault_awx_execution_environment_image": "registry.example.com/commvault-backups:1",
    "commvault_awx_report_directory": "/reports",
    "commvault_awx_report_formats": ["html", "json"],
    "commvault_awx_labels": ["commvault"],
    "commvault_awx_instance_groups": ["default"],
    "commvault_awx_approval": True,
    "commvault_awx_ask_credential": True,
    "commvault_awx_ask_inventory": True,
    "commvault_awx_roles": [
        {"team": "Database administrators", "roles": ["execute", "approve"]},
        {"team": "Auditors", "roles": ["read"]},
    ],
    "commvault_awx_notifications": [
        {
            "name": "DBA channel",
            "type": "slack",
            "configuration": {"token": CHAT_SECRET, "channels": ["#dba"]},
            "events": ["failure", "success"],
            "templates": ["export_backup"],
        },
        {
            "name": "Ticket hook",
            "type": "webhook",
            "configuration": {"url": "https://tickets.example.com/awx", "username": "awx", "password": CHAT_SECRET},
        },
    ],
    "commvault_awx_schedules": [
        {
            "name": "Stale ones at noon",
            "rrule": "DTSTART;TZID=America/New_York:20260101T120000 RRULE:FREQ=DAILY;INTERVAL=1",
            "template": "export_backup",
            "answers": {"oracle_rds_export_backup_max_age": "24h"},
            "limit": "commvault_stale",
        }
    ],
}


@dataclass
class Payments:
    """An organization beside the first one, set up by its own administrator, with all that can go wrong on the way.

    Attributes:
        told: The first try, before a system administrator has done their part.
        system: What they do.
        failed: The try that finds a repository that is not there.
        broken: The one in the midst of which AWX breaks down.
        done: The one that ends.
        check: What a check of all that says.
        other_check: What a check of the first organization says then.
        writes: What AWX was asked to change in "system" and "broken".
    """

    awx: Awx
    told: CommandRun
    system: CommandRun
    failed: CommandRun
    broken: CommandRun
    done: CommandRun
    check: CommandRun
    other_check: CommandRun
    writes: dict[str, list[Call]]

    @property
    def runs(self) -> list[CommandRun]:
        """All of them, in order."""
        return [self.told, self.system, self.failed, self.broken, self.done, self.check, self.other_check]


@pytest.fixture(scope="session")
def payments(tmp_path_factory: pytest.TempPathFactory, collections_path: str, done: Twice) -> Payments:
    """The second organization in the AWX of the first one."""
    awx, place = done.awx, tmp_path_factory.mktemp("payments")
    writes: dict[str, list[Call]] = {}

    def run(name: str, token: str, settings: dict[str, t.Any], *arguments: str) -> CommandRun:
        before = len(awx.writes())
        variables = {**COMMCELL, "CONTROLLER_OAUTH_TOKEN": token}
        result = set_up(awx, place, collections_path, variables, settings, *arguments)
        writes[name] = awx.writes()[before:]
        return result

    told = run("told", awx.administrator(), EVERYTHING)
    system = run("system", awx.token, {**EVERYTHING, "commvault_awx_report_directory": ""}, "-e", SYSTEM_ONLY)
    night = awx.administrator("Payments", groups=["default"])
    awx.project_syncs[:] = [Sync("failed", f"TASK [update]\nfatal: [localhost]: FAILED! => {REFUSED}\n"), Sync(polls=2)]
    failed = run("failed", night, EVERYTHING)
    awx.breaks_at = len(awx.writes()) + 17
    broken = run("broken", night, EVERYTHING)
    return Payments(
        *(awx, told, system, failed, broken),
        done=run("done", night, EVERYTHING),
        check=run("check", night, EVERYTHING, "--check"),
        other_check=run("other_check", awx.token, done.settings, "--check"),
        writes=writes,
    )


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
