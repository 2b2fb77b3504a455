# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a host as an ordinary task of that host sees them, for one task that serves all hosts.

They are asked for as Ansible's strategies ask, with play, host and task (ansible-core 2.16 to 2.22:
plugins/strategy/linear.py). What is not part of Ansible's interface for plugins is in this file alone, and
tests/playbooks/test_role_variables.py compares it with ordinary tasks on each core.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import os
import re
import typing as t
from pathlib import Path

from ansible import errors, template
from ansible.plugins import action as action_plugins
from ansible.template import Templar

from ...module_utils._errors import InvalidInput
from ...module_utils._times import shortened

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible.parsing.dataloader import DataLoader
    from ansible.playbook.task import Task
    from ansible.plugins.action import ActionBase

ROLE = Path(__file__).parents[3] / "roles" / "oracle_rds_export_backup"
_MAX_REASON = 200
# Magic variables with the names of hosts: the same for every host at one place of a play.
_SAME_FOR_ALL = (
    *("ansible_play_hosts_all", "ansible_play_hosts", "ansible_play_batch", "play_hosts"),
    *("ansible_current_hosts", "ansible_failed_hosts"),
)
# Since ansible-core 2.19, what evaluates to "omit" raises this, and only what is marked as a template is one.
_Omitted: t.Any = getattr(errors, "AnsibleValueOmittedError", ())
_trusted: t.Any = getattr(template, "trust_as_template", str)


def may_have_templates(value: t.Any) -> bool:
    """Whether there is a template anywhere in what somebody wrote."""
    return bool(re.search("{[{%]", str(value)))


class CannotEvaluate(Exception):
    """What should be a value is none; the text is Ansible's own reason."""


class HostVariables:
    """The variables of one host. Each is evaluated when it is asked for."""

    def __init__(self, raw: dict[str, t.Any], templar: Templar) -> None:
        """raw: As Ansible has them, not evaluated."""
        self.raw = raw
        self._templar = templar

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def get(self, name: str) -> t.Any:
        """The value of a variable; None if there is none, or if it is "omit". Raises InvalidInput with its name."""
        try:
            return self.evaluate(self.raw.get(name))
        except CannotEvaluate as exc:
            raise InvalidInput(f"{name} cannot be evaluated: {exc}") from exc

    def evaluate(self, value: t.Any) -> t.Any:
        """The value of what may hold templates. Raises CannotEvaluate."""
        if value is None or (isinstance(value, str) and "{" not in value):
            # No template: Ansible would come to the same, at a hundred times the cost.
            return None if value == self.raw.get("omit") else value
        self._templar.available_variables = self.raw
        try:
            value = self._templar.template(value)
            # Before ansible-core 2.19, an inline vault is no string until it is made one.
            value = str(value) if hasattr(value, "__ENCRYPTED__") else value
        except _Omitted:
            return None
        except Exception as exc:
            raise CannotEvaluate(shortened(str(exc), _MAX_REASON)) from exc
        return None if value == self.raw.get("omit") else value

    def holds(self, condition: t.Any) -> bool:
        """Whether a condition, as of "when", is true. Raises CannotEvaluate."""
        # Ansible warns of a template there, and takes what it comes to.
        value = self.evaluate(condition)
        if not isinstance(value, str):
            return bool(value)
        if value == condition:
            return bool(self.evaluate(_trusted("{{ true if (" + condition + ") else false }}")))
        # Whoever sets the variable must not write conditions, as Ansible sees to by marks on texts.
        if value.lower() not in ("true", "false"):
            raise CannotEvaluate(f"{condition} is {shortened(value, _MAX_REASON)!r}, and neither true nor false")
        return value.lower() == "true"


class PlayVariables:
    """The variables of all hosts of a play, at the place of a task that runs once for all of them.

    Attributes:
        parents: What the task is in, from the inside out: blocks, imports and includes.
        includes: Those of them that are done for each host alone, such as include_role.
    """

    def __init__(self, task: Task, loader: DataLoader, variables: dict[str, t.Any]) -> None:
        """variables: Those of the task."""
        hostvars = variables["hostvars"]
        self._manager, self._inventory = hostvars._variable_manager, hostvars._inventory
        self._templar = Templar(loader=loader)
        # An ordinary task at the same place: without the variables of this one, and in the role without those of the
        # block that it is in, which are about where it runs.
        self._probe = task.copy()
        self._probe.vars, self._probe.delegate_to = {}, None
        self.task = task
        self.parents: list[t.Any] = [task._parent]
        while self.parents[-1]._parent is not None:
            self.parents.append(self.parents[-1]._parent)
        in_role = os.path.realpath(task.get_path()).startswith(os.path.realpath(ROLE) + os.sep)
        self._probe._parent = (self.parents[1 if in_role else 0 :] or self.parents)[0]
        # The playbooks of the collection import the tasks of the role without the role.
        by_import = in_role and task._role is None
        self._defaults = loader.load_from_file(str(ROLE / "defaults" / "main.yml")) if by_import else {}
        self._play = next(play for play in (getattr(one, "_play", None) for one in self.parents) if play)
        # Ansible would copy the lists of all hosts for each host, a third of the time for 5,000 of them. Only names of
        # vars_files can depend on the lists before they are put in their place.
        self._same = {name: variables.get(name) for name in _SAME_FOR_ALL if name in variables}
        names = ("ansible_play_batch", "ansible_play_hosts_all") if self._play.get_vars_files() else ()
        self._hosts = [variables[name] for name in names]
        self.includes = [one for one in self.parents if getattr(one, "statically_loaded", True) is False]

    @property
    def strategy(self) -> str:
        """The name of the play's strategy, without that of a collection."""
        return str(self._play.strategy).rpartition(".")[2]

    @property
    def is_included_once(self) -> bool:
        """Whether the role is included by a task that runs for one host alone."""
        return any(include.run_once for include in self.includes)

    def of(self, host: str) -> HostVariables:
        """The variables of a host."""
        batch, everyone = self._hosts or ([host], [host])
        raw = self._manager.get_vars(
            play=self._play,
            host=self._inventory.get_host(host),
            task=self._probe,
            _hosts=batch,
            _hosts_all=everyone,
        )
        for name, value in self._defaults.items():
            raw.setdefault(name, value)
        raw.update(self._same)
        return HostVariables(raw, self._templar)

    def registered(self, host: str, name: str) -> t.Any:
        """What a task registered for a host. To ask for all variables of thousands of hosts takes long."""
        return self._manager._nonpersistent_fact_cache.get(host, {}).get(name)

    def is_any_fact(self, hosts: t.Iterable[str], name: str) -> bool:
        """Whether one of the hosts has a fact of that name. Where facts are cached, it can be of an earlier run."""
        for host in hosts:
            # Without a fact, some ansible-cores return None, and others raise.
            with contextlib.suppress(KeyError):
                if name in (self._manager._fact_cache.get(host) or {}):
                    return True
        return False


def set_facts(action: ActionBase, result: dict[str, t.Any], facts: dict[str, t.Any]) -> None:
    """Set variables of the hosts of a task that succeeds, as set_fact does.

    Args:
        result: Of the task.
    """
    register = getattr(action, "register_host_variables", None)
    if register is None:
        # Before ansible-core 2.21, facts are all that an action can set beside what is registered.
        result["ansible_facts"] = facts
        return
    register(facts, getattr(action_plugins, "VariableLayer").EPHEMERAL_FACT)  # noqa: B009
