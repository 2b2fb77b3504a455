# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks through ansible-runner, as AWX does, and Ansible's commands as a shell does."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner

BIN = Path(sys.executable).parent
# The directory above ansible_collections/, through which these tests import; in a plain clone it is made of links.
COLLECTIONS = str(Path(__file__).absolute().parents[5])
# Nothing that is set where the tests run may have a part in them.
_FOREIGN = ("ANSIBLE_", "COMMVAULT_", "PYTEST_", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_WARNING = re.compile(r"\[(?:DEPRECATION )?WARNING\]: (?:.*\n?)(?:(?!\n|TASK|PLAY).+\n?)*")
# ansible-doc warns of Ansible's own collection, and the modules of awx.awx import what ansible-core 2.24 will not have.
_OF_OTHERS = ("_protomatter", "Importing 'to_native' from 'ansible.module_utils._text'")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
LIMIT_SECONDS = 600  # a loaded machine takes its time
# For runs that read the ids of a host by their bare names: until ansible-core 2.20 they are facts, and 2.20 warns of
# reading these so unless somebody wants it.
BARE_FACTS = {"ANSIBLE_INJECT_FACT_VARS": "true"}


@dataclass
class PlaybookRun:
    """What a run of ansible-playbook did.

    tasks: results by name of the task (without that of its role), then by host, with "failed"; a loop has them in
    "results". A skipped task has none, and of one above 700 kB ansible-runner keeps nothing. failed: the messages of
    failed hosts, by host. stats: the recap, by host. warnings: texts of warnings and deprecations.
    """

    rc: int
    status: str
    stdout: str
    events: list[dict[str, t.Any]]
    tasks: dict[str, dict[str, dict[str, t.Any]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unreachable: list[str] = field(default_factory=list)
    stats: dict[str, dict[str, int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def result(self, task: str, host: str | None = None) -> dict[str, t.Any]:
        """The result of a task on a host, or on the only host that it ran on."""
        hosts = self.tasks[task]
        if host is None:
            assert len(hosts) == 1, f"{task} ran on {sorted(hosts)}"
            (host,) = hosts
        return hosts[host]

    def message(self, task: str, host: str | None = None) -> t.Any:
        """What a debug task said."""
        return self.result(task, host)["msg"]


def environment(variables: t.Mapping[str, str]) -> dict[str, str]:
    """The environment for Ansible: that of this process without what could change the outcome, and the variables."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_FOREIGN)}
    kept["PATH"] = os.pathsep.join([str(BIN), kept.get("PATH", os.defpath)])
    # What a user sets who works without an inventory. Nothing else is needed for a run without warnings.
    kept.update(ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_INVENTORY_UNPARSED_WARNING="false")
    kept.update(ANSIBLE_NOCOLOR="true", ANSIBLE_FORCE_COLOR="false", ANSIBLE_DEPRECATION_WARNINGS="true")
    kept.update(variables)
    return kept


def warnings_in(output: str) -> list[str]:
    """Warnings and deprecations in what a command of Ansible wrote, but for those on what is not ours."""
    found = [match.group().strip() for match in _WARNING.finditer(_COLOR.sub("", output))]
    return [text for text in found if not any(words in text for words in _OF_OTHERS)]


def run_playbook(
    place: Path,
    playbook: Path | str,
    *,
    variables: t.Mapping[str, str],
    inventory: Path | str | None = None,
    arguments: t.Sequence[str] = (),
    extravars: t.Mapping[str, t.Any] | None = None,
    answers: t.Mapping[str, str] | None = None,
    limit: float = LIMIT_SECONDS,
) -> PlaybookRun:
    """Run a playbook: a file, a name such as rdsops.commvault.export_backup, or the text of one.

    place: an empty directory for all that the run writes. variables: of the environment, beside those of this process.
    inventory: a file, or the text of one; without it there is localhost. answers: to prompts, by a pattern of each.
    """
    place.mkdir(parents=True, exist_ok=True)
    target = _as_file(place / "playbook.yml", playbook)
    command = [str(_as_file(place / "inventory.yml", inventory))] if inventory is not None else []
    runner = ansible_runner.run(
        private_data_dir=str(place),
        project_dir=str(place),
        playbook=str(target),
        inventory=command or None,
        extravars=dict(extravars or {}),
        passwords=dict(answers or {}),
        cmdline=shlex.join(arguments),
        # By default it is under HOME for the job, and under the home of the user for who looks for its result.
        envvars=environment({"ANSIBLE_ASYNC_DIR": str(place / "async"), **variables}),
        settings={"suppress_env_files": True},
        timeout=int(limit),
        quiet=True,
    )
    events = list(runner.events)
    output = _COLOR.sub("", "".join(f"{event['stdout']}\n" for event in events if event["stdout"]))
    run = PlaybookRun(runner.rc, runner.status, output, events, warnings=warnings_in(output))
    for event in events:
        _take(run, event["event"], event.get("event_data", {}))
    return run


def artifact_of(run: PlaybookRun, name: str = "oracle_rds_export_backup_artifact") -> t.Any:
    """What the role handed on, as AWX would; None if that is nothing."""
    (stats,) = [event for event in run.events if event["event"] == "playbook_on_stats"]
    return stats["event_data"]["artifact_data"].get(name)


def summary_of(run: PlaybookRun) -> list[str]:
    """The lines with which the role ends on the console."""
    step = next(name for name in ("Read the jobs", "Wait for the jobs", "Start the backups") if name in run.tasks)
    result = run.result(step)
    assert "\n".join(result["summary"]) in run.stdout.replace("\r", "")
    return list(result["summary"])


def inventory_of(names: t.Iterable[str], client: str, domain: str = "") -> str:
    """The text of an inventory of oracle_rds: a host for each of these instances of a client, called like it."""
    hosts = {f"{name}{domain}": {"commvault_instance_name": name} for name in names}
    return json.dumps({"oracle_rds": {"hosts": hosts, "vars": {"commvault_client_name": client}}}, indent=1)


def _as_file(path: Path, source: Path | str) -> Path | str:
    if isinstance(source, str) and "\n" in source:
        path.write_text(source, encoding="utf-8")
        return path
    return source


def _take(run: PlaybookRun, kind: str, data: dict[str, t.Any]) -> None:
    if kind in ("runner_on_ok", "runner_on_failed", "runner_on_unreachable"):
        run.tasks.setdefault(data["task"], {})[data["host"]] = {**data["res"], "failed": kind != "runner_on_ok"}
    if kind == "runner_on_unreachable":
        run.unreachable.append(data["host"])
    if kind == "runner_on_failed" and not data.get("ignore_errors"):
        run.failed[data["host"]] = str(data["res"].get("msg"))
    if kind == "playbook_on_stats":
        for counter in ("ok", "changed", "dark", "failures", "skipped", "rescued", "ignored"):
            for host, count in data[counter].items():
                run.stats.setdefault(host, {})[counter] = count


@dataclass
class CommandRun:
    """What one of Ansible's commands did. output: both streams; it is kept whole for searches."""

    rc: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    @property
    def warnings(self) -> list[str]:
        return warnings_in(self.output)

    def adhoc(self, host: str = "localhost") -> dict[str, t.Any]:
        """The result that the command "ansible" printed for a host, with its word ("CHANGED") under "word"."""
        match = re.search(rf"^{re.escape(host)} \| ([A-Z!]+)(?: \| rc=\d+)? => (\{{.*?^\}})", self.stdout, re.M | re.S)
        assert match, self.output
        return {"word": match.group(1), **json.loads(match.group(2))}


def run_command(
    arguments: t.Sequence[str], *, variables: t.Mapping[str, str], cwd: Path, limit: float = LIMIT_SECONDS
) -> CommandRun:
    """Run one of Ansible's commands, such as ["ansible", "localhost", "-m", ...]."""
    done = subprocess.run(
        arguments,
        env=environment(variables),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    return CommandRun(done.returncode, done.stdout, done.stderr)
