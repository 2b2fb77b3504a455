# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the work of a module in Ansible's own process where the task is the controller's own, and the module elsewhere.

Most tasks of this collection talk to a CommCell from the controller. To pack a module with all that it uses, to write
it to a file and to start a Python that compiles it takes longer than the request; and options of a task, secrets among
them, would be in that file.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import sys
import typing as t

from ansible import constants as C
from ansible import context
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ..module_utils._argspec import ArgumentSpec, connection_spec, not_a_dictionary
from ..module_utils._errors import InvalidInput
from ..module_utils._estate.model import unknown_options
from ..module_utils._http.session import HAS_REQUESTS
from ..module_utils._jobs.wait_options import WaitOptions
from ..module_utils._module.masking import masked, names_in, tell_ansible, weak_secrets
from ..module_utils._module.run import ModuleRun, failed, find_secrets, run_safely
from ..module_utils._redact import Redactor, named_secrets
from ..module_utils._times import parse_duration
from ._progress import WIDTH, Progress
from ._worker import deadline_of, exit_if_parent_died, ignore_task_timeout, parent_has_died

_COLLECTION = "rdsops.commvault"
# Modules that start or wait for what goes on without them, and show how far it is; the second waits by an option.
_WAITING = ("job_wait", "oracle_rds_export_backup")
_MODULES = f"ansible_collections.{_COLLECTION}.plugins.modules"


class InPlaceAction(ActionBase):
    """The action plugin of a module of this collection whose main() is a run_module(argument_spec(), run)."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        super().run(tmp, task_vars)
        # Not of the task: the role has a task of another name run job_wait.
        name = type(self).__module__.rpartition(".")[2]
        result = execute(self, name, self._task.args, task_vars or {})
        exit_if_parent_died()
        # The command "ansible" prints a result as it is, and nothing else reads it. With -v all of it is shown.
        msg = result.get("msg")
        if result.get("failed") and msg and "module_args" in context.CLIARGS and not self._display.verbosity:
            result = {**without_repeats(result, msg), "msg": msg}
        return result


def without_repeats(result: dict[str, t.Any], msg: str) -> dict[str, t.Any]:
    """A part of a failed result without the messages that msg, that of the whole, has in it."""
    kept: dict[str, t.Any] = {}
    for name, value in result.items():
        if isinstance(value, dict):
            kept[name] = without_repeats(value, msg)
        elif isinstance(value, list):
            kept[name] = [without_repeats(one, msg) if isinstance(one, dict) else one for one in value]
        elif name not in ("msg", "message") or str(value) not in msg:
            kept[name] = value
    return kept


def execute(
    action: ActionBase, module: str, arguments: t.Mapping[str, t.Any], variables: dict[str, t.Any]
) -> dict[str, t.Any]:
    """The result of a module of this collection, for the task of an action plugin.

    Args:
        module: Its short name.
        arguments: Its options.
        variables: Those of the task.
    """
    host = variables.get("inventory_hostname", "localhost")
    own = _is_controllers_own(action, variables)
    code = importlib.import_module(f"{_MODULES}.{module}")
    spec = connection_spec().merge(code.argument_spec())
    result = _in_place(action, code.run, spec, arguments, host) if own else None
    mistake = None if result else _wrong_options(module, spec, arguments) or _missing_python(action, variables)
    if mistake:
        return failed(InvalidInput(mistake))
    if not own and module in _WAITING and boolean(arguments.get("wait", module == "job_wait"), strict=False):
        action._display.display(
            f"[{host}] No progress is shown, since this task does not run in Ansible's own process."
        )
    return execute_packed(action, module, arguments, variables) if result is None else result


def execute_packed(
    action: ActionBase, module: str, arguments: t.Mapping[str, t.Any], variables: dict[str, t.Any]
) -> dict[str, t.Any]:
    """As execute, but by the module itself, where the task runs; in the background if the task asks for that."""
    Redactor(named_secrets(dict(arguments)), _telling_ansible(arguments))
    in_background = bool(action._task.async_val and not action._connection.has_native_async)
    if module in _WAITING:
        # Its process would go on, and its result would be lost.
        ignore_task_timeout(action._task)
    if module == "job_wait" and not action._task.async_val:
        arguments = _within_timeout(arguments, action._task.timeout)
    return action._execute_module(
        module_name=f"{_COLLECTION}.{module}",
        module_args=dict(arguments),
        task_vars=variables,
        wrap_async=in_background,
    )


def _within_timeout(arguments: t.Mapping[str, t.Any], timeout: int) -> t.Mapping[str, t.Any]:
    """The options of a wait that ends by itself when the time of its task is over, as of WaitOptions.within."""
    with contextlib.suppress(InvalidInput):
        wait_timeout = parse_duration(arguments.get("wait_timeout", WaitOptions.timeout), "wait_timeout")
        if timeout and timeout < wait_timeout:
            return {**arguments, "wait_timeout": timeout, "on_timeout": "leave"}
    return arguments


def _is_controllers_own(action: ActionBase, variables: dict[str, t.Any]) -> bool:
    """Whether a module would run as this user, with this Python and in this environment."""
    task, connection = action._task, action._connection
    return not (
        task.async_val
        or connection.transport != "local"
        or connection.become
        or any(task.environment or ())
        or not HAS_REQUESTS
        # Its libraries for proxies do not survive the fork of a worker.
        or sys.platform == "darwin"
        or not _is_own_python(action, variables)
    )


def _is_own_python(action: ActionBase, variables: dict[str, t.Any]) -> bool:
    return _chosen_python(action, variables) in ("", sys.executable)


def _chosen_python(action: ActionBase, variables: dict[str, t.Any]) -> str:
    """Empty without a choice: Ansible looks for any Python that will do then."""
    if action._task.delegate_to:
        variables = (variables.get("ansible_delegated_vars") or {}).get(action._task.delegate_to) or variables
    # From the variable of the host, or from where else Ansible may be told.
    chosen = str(action._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=variables)) or "")
    return "" if chosen.startswith("auto") else chosen


def _missing_python(action: ActionBase, variables: dict[str, t.Any]) -> str:
    """What is wrong where a task of this machine and user is to run with a Python that is not there; else empty."""
    chosen = _chosen_python(action, variables)
    own = action._connection.transport == "local" and not action._connection.become
    if not own or not os.path.isabs(chosen) or os.path.exists(chosen):
        return ""
    return (
        f"ansible_python_interpreter is {chosen}, which does not exist on this machine. Correct it, or do not set it."
    )


def _wrong_options(module: str, spec: ArgumentSpec, arguments: t.Mapping[str, t.Any]) -> str:
    """What is wrong with the options of a module where Ansible's own message does not help, else empty: it hides those
    that a module does not have behind others, and does not say what comes from the environment.
    """
    wrong = unknown_options(module, arguments, spec.options, f"{_COLLECTION}.{module}")
    wrong = wrong or not_a_dictionary(spec.options, arguments)
    for name, option in spec.options.items():
        if "fallback" in option and arguments.get(name) in (None, "") and not wrong:
            errors = ArgumentSpecValidator(_without_no_log({name: option})).validate({}).error_messages
            wrong = f"{errors[0]}. Correct the environment variable {option['fallback'][1][0]}." if errors else ""
    return wrong


def _without_no_log(options: t.Mapping[str, dict[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """Options of which Ansible masks none: since ansible-core 2.22 it would, also in names of hosts and tasks."""
    kept = {}
    for name, option in options.items():
        kept[name] = {**option, "no_log": False}
        if option.get("options"):
            kept[name]["options"] = _without_no_log(option["options"])
    return kept


def _telling_ansible(arguments: t.Mapping[str, t.Any]) -> t.Callable[[t.Iterable[str]], None]:
    """Has Ansible mask secrets, but in names of what these options back up."""
    return functools.partial(tell_ansible, names=frozenset(names_in(dict(arguments))))


def _in_place(
    action: ActionBase,
    work: t.Callable[[ModuleRun], dict[str, t.Any]],
    spec: ArgumentSpec,
    arguments: t.Mapping[str, t.Any],
    host: str,
) -> dict[str, t.Any] | None:
    """The result of the work; None if the options are wrong, which the module words best. host: named in progress."""
    # As a module gets them: without what Ansible knows of the origin of a value, and decrypted.
    plain = json.loads(json.dumps(dict(arguments), default=str))
    checked = ArgumentSpecValidator(_without_no_log(spec.options), **spec.constraints).validate(plain)
    if checked.error_messages:
        return None
    params = checked.validated_parameters
    from_environment = spec.environment.complete(spec.options, params)
    redactor = Redactor(listener=_telling_ansible(params))
    find_secrets(params, spec.options, redactor)
    warnings: list[str] = []
    task = action._task

    def show(line: str) -> None:
        action._display.display(f"[{host}] {line}")

    run = ModuleRun(
        params,
        redactor,
        task.check_mode,
        bool(task.diff),
        action._display.verbosity,
        warnings.append,
        from_environment,
        deadline_of(task),
        functools.partial(ignore_task_timeout, task),
        parent_has_died,
        Progress(show, params["fail_on"], names=not task.no_log, width=WIDTH - len(f"[{host}] "))
        if "fail_on" in params
        else None,
        None if task.no_log else show,
    )
    result = masked({**run_safely(run, work), "invocation": {"module_args": params}}, redactor)
    warnings = [*weak_secrets(params), *warnings]
    return {**result, "warnings": warnings} if warnings else result
