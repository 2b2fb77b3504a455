# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs jobs and inventory updates as AWX does: what it puts into ansible-runner's directory, and what it reads back."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner
import yaml

from ansible_collections.rdsops.commvault.tests.awx import rules
from ansible_collections.rdsops.commvault.tests.support.playbooks import (
    BIN,
    LIMIT_SECONDS,
    CommandRun,
    environment,
    run_command,
)

Handler = t.Callable[[dict[str, t.Any]], object]


@dataclass
class Job:
    """What became of a job. status: in AWX's words. artifacts: what later nodes of a workflow get as variables."""

    number: int
    name: str
    playbook: str
    status: str
    events: list[dict[str, t.Any]]
    artifacts: dict[str, t.Any] = field(default_factory=dict)

    def shown(self) -> dict[str, t.Any]:
        """The job as AWX's API shows it, and as texts of notifications get it."""
        return {
            "type": "job",
            "id": self.number,
            "name": self.name,
            "playbook": self.playbook,
            "status": self.status,
            "failed": self.status != "successful",
            "job_explanation": "",
            "artifacts": self.artifacts,
        }

    @property
    def stdout(self) -> str:
        return "".join(f"{event['stdout']}\n" for event in self.events if event["stdout"])

    @property
    def failed_hosts(self) -> set[str]:
        """The hosts that "relaunch on failed hosts" takes."""
        return {event["event_data"]["host"] for event in self.events if event["event"] == "runner_on_failed"}


class Project:
    """A project in AWX: a clone of the repository, and the collections that its requirements ask for."""

    def __init__(self, root: Path, place: Path, python: str = sys.executable) -> None:
        self.root, self.place, self.python = root, place, python
        self.collections = place / "requirements_collections"

    def update(self) -> CommandRun:
        """What AWX runs when a project is updated, in the project's directory."""
        return run_command(
            [
                *[self.python, "-m", "ansible", "galaxy", "collection", "install"],
                *["-r", "collections/requirements.yml", "--collections-path", str(self.collections)],
            ],
            variables={"ANSIBLE_HOME": str(self.place / "home")},
            cwd=self.root,
        )

    def read_inventory(
        self, source_path: str, credential: t.Mapping[str, str], source_vars: t.Mapping[str, str]
    ) -> CommandRun:
        """What AWX runs to update an inventory source. It imports what is printed."""
        paths = {name: value.replace("/runner/", f"{self.place}/") for name, value in source_vars.items()}
        return run_command(
            [
                *[self.python, "-m", "ansible", "inventory", "--list", "--export"],
                *["-i", source_path, "--playbook-dir", os.path.dirname(source_path)],
            ],
            variables={
                "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
                "ANSIBLE_HOME": str(self.place / "home"),
                "INVENTORY_UPDATE_ID": "1",
                **paths,
                **credential,
            },
            cwd=self.root,
        )


def sliced(inventory: t.Mapping[str, t.Any], number: int, count: int) -> dict[str, t.Any]:
    """The part of an inventory that a slice gets: every so many-th host, by name."""
    hosts = sorted(inventory["_meta"]["hostvars"])[number - 1 :: count]
    part: dict[str, t.Any] = {"_meta": {"hostvars": {host: inventory["_meta"]["hostvars"][host] for host in hosts}}}
    for name, group in inventory.items():
        if name != "_meta":
            part[name] = {**group}
            if "hosts" in group:
                part[name]["hosts"] = [host for host in group["hosts"] if host in hosts]
    return part


class _Unsafe(yaml.SafeDumper):
    """AWX marks all texts of users, so that none of them is a template."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def launch(
    project: Project,
    place: Path,
    template: t.Mapping[str, t.Any],
    survey: t.Mapping[str, t.Any],
    inventory: t.Mapping[str, t.Any],
    credential: t.Mapping[str, str],
    *,
    answers: t.Mapping[str, t.Any] | None = None,
    artifacts: t.Mapping[str, t.Any] | None = None,
    limit: str = "",
    number: int = 42,
    handler: Handler | None = None,
    cancelled: t.Callable[[], bool] | None = None,
    more: t.Mapping[str, t.Any] | None = None,
) -> Job:
    """Launch a job template.

    Args:
        artifacts: Of earlier nodes of the workflow.
        number: Of the job.
        handler: Called with each event, while the job runs.
        cancelled: Asked again and again whether somebody has cancelled the job.
        more: Variables of the template itself.
    """
    assert rules.answer_problems(answers or {}, survey) == []
    for name in ("env", "inventory", "project"):
        (place / name).mkdir(parents=True)
    hosts = place / "inventory/hosts"
    hosts.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n", encoding="utf-8")
    hosts.chmod(0o755)
    variables = {"awx_job_id": number, "awx_job_template_name": template["name"], "awx_user_name": "night shift"}
    given = {**(artifacts or {}), **rules.answers_of(survey, answers), **variables}
    texts = "".join(yaml.dump({name: value}, Dumper=_Unsafe) for name, value in given.items())
    own = yaml.safe_dump({**template["extra_vars"], **(more or {})}) if template["extra_vars"] or more else ""
    (place / "env/extravars").write_text(f"{own}{texts}", encoding="utf-8")
    (place / "env/cmdline").write_text(f"--limit {limit}" if limit else "", encoding="utf-8")
    runner = ansible_runner.run(
        private_data_dir=str(place),
        project_dir=str(project.root),
        playbook=f"playbooks/{template['playbook']}",
        envvars=environment(
            {
                "ANSIBLE_COLLECTIONS_PATH": str(project.collections),
                "ANSIBLE_HOME": str(project.place / "home"),
                "JOB_ID": str(number),
                "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
                **credential,
            }
        ),
        # Far less than the jobs take: a job that says nothing for so long would be ended.
        settings={"suppress_env_files": False, "idle_timeout": 60, "job_timeout": LIMIT_SECONDS},
        event_handler=handler,
        cancel_callback=cancelled,
        quiet=True,
    )
    events = list(runner.events)
    (stats,) = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"] or [{}]
    playbook = f"playbooks/{template['playbook']}"
    job = Job(number, template["name"], playbook, runner.status, events, stats.get("artifact_data", {}))
    print(job.stdout)
    return job
