# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs steps of the role in plays that Ansible has loaded, with modules that answer as tests tell them."""

from __future__ import annotations

import importlib
import typing as t
from types import SimpleNamespace

import pytest
from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.template import Templar

from ansible_collections.rdsops.commvault.plugins.action import oracle_rds_export_fleet
from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet import step as step_module
from ansible_collections.rdsops.commvault.tests.support.plays import EXPORT_ROLE, LoadedPlay
from ansible_collections.rdsops.commvault.tests.support.reports import backup, job

MODULES = "ansible_collections.rdsops.commvault.plugins.modules"
RESULTS = "oracle_rds_export_backup_results"
# All entry points, so that each step has its task.
ENTRY_POINTS = ("main", "wait", "status", "report")
TASKS = [{"import_role": {"name": EXPORT_ROLE, "tasks_from": name}} for name in ENTRY_POINTS]


class Role:
    """Runs steps one after another. answers: what modules return, by name, or a function of their options that does.
    calls: the modules that were run, each with its options. lines: what was shown.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, play: LoadedPlay) -> None:
        self.play = play
        self.calls: list[tuple[str, dict[str, t.Any]]] = []
        self.lines: list[str] = []
        self.answers: dict[str, t.Any] = {
            "oracle_rds_export_backup": starts_all,
            "job_wait": lambda options: {"jobs": [job(one) for one in options["job_ids"]]},
            "job_info": lambda options: {"jobs": [job(one, None, state="active") for one in options["job_ids"]]},
            "export_report": {"changed": True, "msg": "Wrote 1 file.", "files": ["a file"], "invocation": {}},
        }
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(step_module, "execute", self._execute)
        monkeypatch.setattr(step_module, "execute_packed", self._execute)

    def set(self, host: str, **options: t.Any) -> None:
        """As set_fact does; without the prefix of the role."""
        self.play.manager.set_nonpersistent_facts(
            host, {f"oracle_rds_export_backup_{name}": value for name, value in options.items()}
        )

    def __call__(
        self,
        name: str,
        *,
        active: t.Sequence[str] | None = None,
        batch: t.Sequence[str] | None = None,
        check: bool = False,
        notify: list[str] | None = None,
    ) -> dict[str, t.Any]:
        """The result of a step, which is then registered for the hosts of the batch as in the role."""
        task = self.play.step(name).copy()
        task.check_mode, task.notify = check, notify
        variables = self.play.variables(task, active=active, batch=batch)
        shell = SimpleNamespace(tmpdir="unused")
        plugin = oracle_rds_export_fleet.ActionModule(
            task,
            SimpleNamespace(_shell=shell, has_native_async=False, transport="local", become=None),
            SimpleNamespace(),
            self.play.loader,
            Templar(loader=self.play.loader, variables=variables),
            None,
        )
        self._monkeypatch.setattr(plugin, "_display", SimpleNamespace(display=self.lines.append, verbosity=0))
        # It is Ansible that takes these where it has the method; before, they are part of the result.
        facts: dict[str, t.Any] = {}
        self._monkeypatch.setattr(
            plugin, "register_host_variables", lambda found, _layer: facts.update(found), raising=False
        )
        self._monkeypatch.setattr(
            "ansible.plugins.action.VariableLayer", SimpleNamespace(EPHEMERAL_FACT=1), raising=False
        )
        result = plugin.run(task_vars=variables)
        if name in ("start", "wait", "follow", "status"):
            for host in variables["ansible_play_batch"]:
                self.play.manager.set_nonpersistent_facts(host, {RESULTS: result})
        return {**result, "facts": facts}

    def _execute(
        self, _action: t.Any, module: str, options: t.Mapping[str, t.Any], variables: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        spec = importlib.import_module(f"{MODULES}.{module}").argument_spec()
        known = connection_spec().merge(spec) if module != "export_report" else spec
        more = FILE_COMMON_ARGUMENTS if module == "export_report" else {}
        checked = ArgumentSpecValidator({**known.options, **more}, **known.constraints).validate(dict(options))
        assert checked.error_messages == []
        assert variables["inventory_hostname"] in self.play.hosts
        self.calls.append((module, dict(options)))
        answer = self.answers[module]
        return answer(options) if callable(answer) else answer

    @property
    def modules(self) -> list[str]:
        """The names of the modules that were run."""
        return [name for name, _options in self.calls]

    def started(self) -> list[str]:
        """The ids of all backups that were asked for."""
        return [
            one["id"]
            for name, options in self.calls
            if name == "oracle_rds_export_backup"
            for one in options["instances"]
        ]


def starts_all(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Every backup is started: the first is job 11 of task 1, the next job 12 of task 2."""
    backups = [
        backup(one.get("id") or one["instance_name"], task_id=number, job_ids=[str(10 + number)], changed=True)
        for number, one in enumerate(options["instances"], 1)
    ]
    return {"backups": backups}


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> t.Callable[..., Role]:
    """Makes the role for hosts with their variables, and for those of the play without the prefix of the role."""

    def make(hosts: t.Any, play: dict[str, t.Any] | None = None, **options: t.Any) -> Role:
        named = hosts if isinstance(hosts, dict) else {host: {"commvault_instance_name": host} for host in hosts}
        variables = {f"oracle_rds_export_backup_{name}": value for name, value in options.items()}
        source = {"tasks": TASKS, **(play or {}), "vars": {"commvault_client_name": "aws-prod", **variables}}
        return Role(monkeypatch, LoadedPlay(tmp_path, named, source))

    return make
