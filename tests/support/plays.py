# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays as Ansible loads them, with inventory and variables, in this process: no task of them is run."""

from __future__ import annotations

import functools
import json
import typing as t

from ansible import template
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.role_include import IncludeRole
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible.playbook.task import Task

# Since ansible-core 2.19, a text holds templates only if whoever reads it says so.
_trusted: t.Any = getattr(template, "trust_as_template", str)
STEP = "rdsops.commvault.oracle_rds_export_fleet"
EXPORT_ROLE = "rdsops.commvault.oracle_rds_export_backup"


def role_by(keyword: str, **more: t.Any) -> list[dict[str, t.Any]]:
    """The tasks of a play that has the role by import_role or include_role, with more keywords."""
    return [{keyword: {"name": EXPORT_ROLE}, **more}]


@functools.cache
def _load(play: str) -> tuple[Play, list[Task]]:
    """A play of JSON, and all its tasks, those of roles that are included as well. To load a role takes a while, so the
    same play is loaded once.
    """
    loader = DataLoader()
    inventory = InventoryManager(loader, ["localhost,"])
    inventory.add_group("oracle_rds")  # under ansible-test, a pattern that no host matches is an error
    inventory.add_host("any", "oracle_rds")
    manager = VariableManager(loader, inventory)
    (source,) = loader.load(_trusted(json.dumps([{"hosts": "oracle_rds", "gather_facts": False, **json.loads(play)}])))
    loaded = Play.load(source, variable_manager=manager, loader=loader)

    def tasks_of(blocks: t.Iterable[t.Any]) -> t.Iterator[Task]:
        for block in blocks:
            for one in [*block.block, *block.rescue, *block.always]:
                if hasattr(one, "block"):
                    yield from tasks_of([one])
                    continue
                yield one
                if isinstance(one, IncludeRole):
                    yield from tasks_of(one.get_block_list(play=loaded, variable_manager=manager, loader=loader)[0])

    return loaded, list(tasks_of(loaded.compile()))


class LoadedPlay:
    """A play that is about to run the step of the role, for all of its hosts."""

    def __init__(
        self,
        directory: Path,
        hosts: t.Mapping[str, t.Mapping[str, t.Any]],
        play: t.Mapping[str, t.Any],
    ) -> None:
        """hosts: their variables. play: as in a playbook, without hosts."""
        source = directory / "inventory.yml"
        # JSON is YAML, and templates in it are templates.
        source.write_text(json.dumps({"oracle_rds": {"hosts": hosts}}))
        self.loader = DataLoader()
        self.loader.set_basedir(str(directory))
        self.inventory = InventoryManager(self.loader, [str(source)])
        self.manager = VariableManager(self.loader, self.inventory)
        self.play, self.tasks = _load(json.dumps({**play, "vars": {}}))
        self.play.vars = self.loader.load(_trusted(json.dumps(play.get("vars", {}))))
        self.hosts = list(hosts)
        self.hostvars = HostVars(self.inventory, self.manager, self.loader)

    def step(self, name: str) -> Task:
        """The task of a step, by the step's name."""
        return next(one for one in self.tasks if one.action == STEP and one.args["step"] == name)

    def variables(
        self, task: Task, *, active: t.Sequence[str] | None = None, batch: t.Sequence[str] | None = None
    ) -> dict[str, t.Any]:
        """Those with which an action plugin is called. active: hosts that have not failed. batch: as of serial."""
        active = self.hosts if active is None else active
        batch = active if batch is None else batch
        first = self.inventory.get_host(batch[0])
        found = self.manager.get_vars(
            play=self.play, host=first, task=task, _hosts=list(batch), _hosts_all=list(self.hosts)
        )
        found.update(
            hostvars=self.hostvars,
            ansible_play_hosts_all=list(self.hosts),
            ansible_play_hosts=list(active),
            ansible_play_batch=list(batch),
            play_hosts=list(batch),
        )
        return dict(found)
