# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module job_wait: waits here, reads the jobs by short runs of job_info, and tells people
how far they are. Options and results are the module's.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ..module_utils._argspec import connection_spec
from ..module_utils._errors import CommvaultError
from ..module_utils._jobs.control import STATE_FOR
from ..module_utils._jobs.entry import missing_entry, needs_explanation
from ..module_utils._jobs.job import check_job_ids, from_result
from ..module_utils._jobs.wait_loop import wait_for_jobs
from ..module_utils._jobs.wait_options import job_wait_spec, wait_options
from ..module_utils._jobs.wait_result import wait_result
from ..module_utils._module.connection import KINDS, credentials_kind
from ..plugin_utils._in_place import execute, execute_packed
from ..plugin_utils._progress import Progress
from ..plugin_utils._worker import exit_if_parent_died, ignore_task_timeout, parent_has_died

if t.TYPE_CHECKING:
    from ..module_utils._jobs.job import Job
    from ..module_utils._jobs.wait_loop import Wait
    from ..module_utils._jobs.wait_result import ActionResult

WAIT = "job_wait"
INFO = "job_info"
CONTROL = "job_control"
LOGIN = "login"
LOGOUT = "logout"
LOGIN_KIND = ("username", "password")
# Seconds to stay away after a refusal for want of quota, since results do not say what the server's headers said.
QUOTA_PAUSE = 60.0


class ActionModule(ActionBase):
    """Waits for jobs."""

    TRANSFERS_FILES = False
    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """As of ActionBase.run."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        spec = connection_spec().merge(job_wait_spec())
        checked = ArgumentSpecValidator(spec.options, **spec.constraints).validate(self._task.args)
        if self._task.async_val or checked.error_messages:
            # The module itself words what is wrong with its options best.
            return execute_packed(self, WAIT, self._task.args, variables)
        params = checked.validated_parameters
        from_environment = spec.environment.complete(spec.options, params)
        runs = _Runs(self, variables, _logs_in(params, from_environment))
        try:
            return _Waiting(self, runs, params, variables).run()
        except CommvaultError as error:
            return {"failed": True, "msg": str(error), "failure": error.failure()}
        finally:
            runs.close()
            exit_if_parent_died()


def _logs_in(params: dict[str, t.Any], from_environment: t.Container[str]) -> bool:
    """Whether each run of a module would log in with a password."""
    try:
        return credentials_kind(params.get, from_environment) == LOGIN_KIND
    except CommvaultError:
        # The first run of a module will say what is wrong.
        return False


class _RunError(CommvaultError):
    """A run of a module failed. retry_after: seconds until the next one makes sense, or None."""

    def __init__(self, message: str, failure: dict[str, t.Any] | None) -> None:
        """failure: as the module returned it, None if it did not get so far."""
        super().__init__(message, (failure or {}).get("kind"))
        self.retry_after = QUOTA_PAUSE if self.kind == "rate_limited" else None
        self._failure = failure

    def failure(self) -> dict[str, t.Any]:
        """As the module returned it."""
        return self._failure or super().failure()


class _Runs:
    """Short runs of modules where the task runs, with the connection options as they were given: environment variables
    count there.
    """

    def __init__(self, action: ActionModule, variables: dict[str, t.Any], logs_in: bool) -> None:
        """logs_in: whether each run logs in and out, unless they share a session."""
        self.warnings: list[str] = []
        self.api_calls: dict[str, t.Any] = {"reads": 0, "writes": 0, "quota": None}
        self._action = action
        self._variables = variables
        own = job_wait_spec().options
        self._given = {name: value for name, value in action._task.args.items() if name not in own}
        self._logs_in = logs_in
        self._session: dict[str, t.Any] | None = None
        self._proven = False

    def share_a_session(self) -> None:
        """Log in once for all runs to come, if each of them would do so by itself."""
        if self._logs_in and not self._session:
            # Once is enough: where this does not work, each run goes on by itself.
            self._logs_in = False
            token_file = self._execute(LOGIN, self._given).get("token_file")
            if token_file:
                rest = {name for kind in KINDS for name in kind} | {"domain"}
                kept = {name: value for name, value in self._given.items() if name not in rest}
                self._session = {**kept, "token_file": token_file}

    def close(self) -> None:
        """Log out."""
        if self._session:
            # What counts is what became of the jobs; the file is gone, and Commvault ends the session by itself.
            with contextlib.suppress(AnsibleConnectionFailure):
                self._execute(LOGOUT, self._session)
            self._session = None

    def jobs(self, module: str, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of a run of a module, one with jobs in it. Raises CommvaultError if it has none."""
        try:
            result = self._execute(module, {**(self._session or self._given), **arguments})
        except AnsibleConnectionFailure as error:
            if not self._proven:
                raise
            raise CommvaultError(
                f"The machine that runs this task could not be reached: {error}", "connection"
            ) from error
        calls = result.get("api_calls") or {}
        for name in ("reads", "writes"):
            self.api_calls[name] += calls.get(name, 0)
        self.api_calls["quota"] = calls.get("quota") or self.api_calls["quota"]
        if "jobs" in result:
            self._proven = True
            return result
        if (result.get("failure") or {}).get("kind") == "authentication" and self._session:
            # The session has died, for example because the CommServe was restarted; the password is still good.
            self.close()
            self._logs_in = True
            self.share_a_session()
            if self._session:
                return self.jobs(module, arguments)
        raise _RunError(str(result.get("msg") or f"{module} returned nothing."), result.get("failure"))

    def _execute(self, module: str, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        result = execute(self._action, module, arguments, self._variables)
        self.warnings += [text for text in result.get("warnings", []) if text not in self.warnings]
        return result


class _Waiting:
    """One wait."""

    def __init__(
        self, action: ActionModule, runs: _Runs, params: dict[str, t.Any], variables: dict[str, t.Any]
    ) -> None:
        """params: the checked options. Raises InvalidInput."""
        self._action = action
        self._runs = runs
        self._host = variables.get("inventory_hostname", "localhost")
        self._job_ids = check_job_ids(params["job_ids"])
        # Ansible's timeout would end the wait without a word of how far the jobs are.
        ignore_task_timeout(action._task)
        self._options = wait_options(params).within(action._task.timeout or None)
        self._timeout = params["timeout"]
        self._check_mode = bool(action._task.check_mode)
        self._entries: dict[str, dict[str, t.Any]] = {}

    def run(self) -> dict[str, t.Any]:
        """Wait, do what on_timeout asks for, find out why jobs failed, and make the result."""
        options = self._options
        wait = wait_for_jobs(
            self._job_ids,
            self._poll,
            timeout=0.0 if self._check_mode else options.timeout,
            interval=options.interval,
            stuck_timeout=options.stuck_timeout,
            on_progress=Progress(self._show, options.fail_on, names=not self._action._task.no_log),
            is_orphan=parent_has_died,
        )
        actions = self._act(wait)
        if not wait.error:
            self._explain(wait)
        result = wait_result(wait, self._entries, options, actions=actions, check_mode=self._check_mode)
        result["api_calls"] = self._runs.api_calls
        warnings = self._runs.warnings + result.get("warnings", [])
        if warnings:
            result["warnings"] = warnings
        return result

    def _show(self, line: str) -> None:
        self._action._display.display(f"[{self._host}] {line}")

    def _poll(self, job_ids: t.Sequence[str], time_left: float | None) -> dict[str, Job]:
        # A look that fails comes again soon, so it need not be repeated; and it must not outlast the time there is.
        limits: dict[str, t.Any] = {"read_retries": 0}
        if time_left is not None and time_left < self._timeout:
            limits["timeout"] = time_left
        clients = {entry["client_id"] for entry in self._entries.values() if entry["client_id"]}
        arguments = {"job_ids": list(job_ids), "details": "none", "client_ids": sorted(clients)}
        if self._entries and not self._check_mode:
            self._runs.share_a_session()
        return self._take(self._runs.jobs(INFO, {**arguments, **limits}))

    def _take(self, result: dict[str, t.Any]) -> dict[str, Job]:
        """Keep the entries of a result; returns the jobs that could be seen."""
        jobs = {}
        for entry in result["jobs"]:
            job = from_result(entry)
            if job:
                self._entries[job.id] = {name: entry[name] for name in missing_entry(job.id)}
                jobs[job.id] = job
        return jobs

    def _act(self, wait: Wait) -> dict[str, ActionResult]:
        """Do what on_timeout says."""
        verb = self._options.on_timeout
        if verb == "leave" or self._check_mode or not wait.overdue:
            return {}
        try:
            result = self._runs.jobs(CONTROL, {"job_ids": wait.overdue, "state": STATE_FOR[verb]})
        except CommvaultError as error:
            return {job_id: (verb, str(error)) for job_id in wait.overdue}
        self._take(result)
        return {
            entry["job_id"]: (verb, entry["msg"] if entry["failure"] else None)
            for entry in result["jobs"]
            if entry["action"] or entry["failure"]
        }

    def _explain(self, wait: Wait) -> None:
        """Find out why jobs failed or are stuck."""
        bad = [job_id for job_id, job in wait.jobs.items() if needs_explanation(job) or job_id in wait.stuck]
        if not bad:
            return
        try:
            self._take(self._runs.jobs(INFO, {"job_ids": bad, "details": "all"}))
        except CommvaultError as error:
            self._runs.warnings.append(f"Why jobs failed could not be read: {error}")
