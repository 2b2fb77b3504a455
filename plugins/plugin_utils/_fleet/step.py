# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of the role oracle_rds_export_backup for all hosts of a play at once, as a task of a play.

It runs modules where the task runs, and hands on no more than what facts, console and reports need of their results:
whatever it returns is copied several times by Ansible, and kept for each host.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import os
import typing as t

from ...module_utils._argspec import connection_spec
from ...module_utils._errors import CommvaultError, InvalidInput
from ...module_utils._jobs.entry import missing_entry
from ...module_utils._jobs.wait_options import wait_options
from ...module_utils._report.formats import check_mode, check_paths
from ...module_utils._report.model import NOT_WELL
from ...modules.oracle_rds_export_fleet import (
    EXPORT_OPTIONS,
    INFO_OPTIONS,
    REPORT_OPTIONS,
    WAIT_OPTIONS,
    argument_spec,
)
from .._in_place import execute, execute_packed
from .artifact import PreviousRun, backups_of_jobs, read_artifact, split_list
from .entries import awaited, known_jobs, make_entries
from .host_variables import HostVariables
from .hosts import add_matches, not_of_the_play, read_hosts
from .result import make_fleet

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible.plugins.action import ActionBase

    from .entries import Entry

COLLECTION = "rdsops.commvault"
EXPORT = "oracle_rds_export_backup"
INFO = "oracle_rds_instance_info"
WAIT = "job_wait"
JOB_INFO = "job_info"
REPORT = "export_report"


class _Stopped(CommvaultError):
    """A module did not come to results; what it said of its failure goes on as it is."""

    def __init__(self, result: Mapping[str, t.Any], module: str) -> None:
        super().__init__(str(result.get("msg") or f"{module} returned nothing."))
        self._failure = result.get("failure")

    def failure(self) -> dict[str, t.Any]:
        """As the module returned it."""
        return self._failure or super().failure()


class Step:
    """One step."""

    def __init__(
        self, action: ActionBase, given: dict[str, t.Any], params: dict[str, t.Any], variables: dict[str, t.Any]
    ) -> None:
        """given: the options as they were given. params: those and defaults, checked. variables: those of the task."""
        self._action = action
        self._params = params
        self._variables = variables
        own = argument_spec().options
        self._connection = {name: value for name, value in given.items() if name not in own}
        self._collected: dict[str, t.Any] = {"warnings": []}
        self._all: list[str] = variables.get("ansible_play_hosts_all") or []
        self._batch: list[str] = variables.get("ansible_play_batch") or []

    # --- start

    def start(self) -> dict[str, t.Any]:
        """Start the backups."""
        self._check_later_steps("Nothing was started.")
        lost: list[Entry] = []
        left_out: list[dict[str, str]] = []
        instances = self._params["instances"]
        if instances is None:
            inputs = self._read_hosts()
            if inputs.wanted:
                lost, left_out = add_matches(inputs, self._matches(inputs.wanted))
                if lost and self._params["on_unmatched"] == "stop":
                    raise InvalidInput(f"Nothing was started. {' '.join(one['msg'] for one in lost)}")
            batch = set(self._batch)
            instances = [entry for host, entry in inputs.entries.items() if host in batch]
            lost = [one for one in lost if one["id"] in batch]
            left_out = [one for one in left_out if one["id"] in batch]
        backups: list[Entry] = []
        if instances or not (lost or left_out):
            backups = self._export(instances)
        return self._fleet(make_entries([*lost, *backups]), left_out)

    def _read_hosts(self) -> t.Any:
        """Raises InvalidInput if anything is wrong with the variables of any host."""
        hostvars = self._variables["hostvars"]
        active: list[str] = self._variables["ansible_play_hosts"]
        # A batch is what "serial" makes of the hosts. The first one looks at the hosts of all, so that nothing is
        # started if there is anything wrong.
        first = self._batch[:1] == active[:1]
        inputs = read_hosts(
            active if first else self._batch, lambda host: t.cast("t.Any", HostVariables(hostvars[host]))
        )
        own = hostvars.raw_get(self._variables["inventory_hostname"])
        problems = [*not_of_the_play(own, self._variables), *inputs.problems]
        if problems:
            raise InvalidInput(f"Nothing was started. {'; '.join(problems)}")
        return inputs

    def _matches(self, wanted: list[Entry]) -> list[dict[str, t.Any]]:
        options = {name: self._params[name] for name in INFO_OPTIONS}
        # The history of jobs is of no use here, and would be the larger part of what is read.
        result = self._module(INFO, {**self._connection, **options, "match": wanted, "history": "0"})
        if "matches" not in result:
            raise _Stopped(result, INFO)
        return result["matches"]

    def _export(self, instances: list[Entry]) -> list[Entry]:
        options = {name: self._params[name] for name in EXPORT_OPTIONS if self._params[name] is not None}
        result = self._module(EXPORT, {**self._connection, **options, "instances": instances})
        if "backups" not in result:
            raise _Stopped(result, EXPORT)
        return result["backups"]

    def _check_later_steps(self, undone: str) -> None:
        """Whoever started a night's backups must not learn then that they cannot be waited for, or not be reported.

        undone: what was not done if that is so. Raises InvalidInput.
        """
        try:
            wait_options(self._params)
        except InvalidInput as exc:
            raise InvalidInput(f"{undone} {exc}") from exc
        paths = self._paths()
        try:
            if paths:
                check_paths(paths)
                check_mode(self._params["mode"])
        except InvalidInput as exc:
            raise InvalidInput(f"{undone} The report: {exc}") from exc

    # --- wait

    def wait(self) -> dict[str, t.Any]:
        """Wait for the jobs of the step before, or for those that are given."""
        self._check_later_steps("Nothing was waited for; jobs that were started go on.")
        return self._follow(self._wait_for)

    def status(self) -> dict[str, t.Any]:
        """Read the jobs once."""
        return self._follow(self._read)

    def _follow(self, jobs_of: t.Callable[[list[str]], list[dict[str, t.Any]]]) -> dict[str, t.Any]:
        given = split_list(self._params["job_ids"])
        before = None if given else self._before()
        if before is not None:
            entries = list(self._entries_of_batch(before).values())
            jobs = jobs_of(awaited(entries))
            return self._fleet(make_entries(entries, jobs), before["left_out"])
        previous = PreviousRun(given) if given else self._previous_run()
        jobs = jobs_of(list(dict.fromkeys(previous.job_ids)))
        entries = backups_of_jobs(jobs, previous.not_started)
        return self._fleet(make_entries(entries, jobs), [], previous.task_ids)

    def _previous_run(self) -> PreviousRun:
        """What an earlier run handed on. Raises InvalidInput if there is nothing of that kind."""
        artifact = self._params["artifact"] or {}
        if "job_ids" not in artifact:
            raise InvalidInput(
                "There are no jobs to look at: no backups were started before for the hosts of this play, and neither"
                " ids nor an artifact of an earlier run are given."
            )
        previous = read_artifact(artifact)
        if previous.unnamed > 0:
            self._collected["warnings"].append(
                f"{previous.unnamed} more backups were not started in the run before than its artifact names. They are"
                " missing here; see what that run showed, and its report."
            )
        return previous

    def _read(self, job_ids: list[str]) -> list[dict[str, t.Any]]:
        if not job_ids:
            return []
        result = self._module(JOB_INFO, {**self._connection, "job_ids": job_ids})
        if "jobs" not in result:
            raise _Stopped(result, JOB_INFO)
        return result["jobs"]

    def _entries_of_batch(self, before: Mapping[str, t.Any]) -> dict[str, Entry]:
        """Of what the step before returned, the backups of hosts of this batch, of those that have failed since, and
        those that are of no host.
        """
        results: dict[str, Entry] = before["results"]
        if not before["by_host"]:
            return results
        failed = set(self._all).difference(self._variables["ansible_play_hosts"])
        others = set(self._variables["groups"].get("all", ())).difference(self._batch, failed)
        return {host: entry for host, entry in results.items() if host not in others}

    def _wait_for(self, job_ids: list[str]) -> list[dict[str, t.Any]]:
        """Run the action plugin that waits and shows how far the jobs are. Returns its jobs, and if it could not read
        them such as say so: what was started must be reported whatever happens.
        """
        if not job_ids:
            return []
        action = self._action
        options = {name: self._params[name] for name in WAIT_OPTIONS if self._params[name] is not None}
        task = action._task.copy()
        task.args = {**self._defaults(WAIT), **self._connection, **options, "job_ids": job_ids}
        plugin = action._shared_loader_obj.action_loader.get(
            f"{COLLECTION}.{WAIT}",
            task=task,
            connection=action._connection,
            play_context=action._play_context,
            loader=action._loader,
            templar=action._templar,
            shared_loader_obj=action._shared_loader_obj,
        )
        result = plugin.run(task_vars=self._variables)
        self._collect_warnings(result)
        jobs = result.get("jobs") or [{**missing_entry(job_id), "outcome": "not_followed"} for job_id in job_ids]
        for job in jobs:
            if job["outcome"] == "not_followed" and not job["reason"]:
                job["reason"] = (result.get("failure") or {}).get("message") or str(_Stopped(result, WAIT))
        return jobs

    # --- report

    def report(self) -> dict[str, t.Any]:
        """Write the report of the step before."""
        before = self._before()
        if before is None:
            raise InvalidInput(
                "There is nothing to report: no backups were started or waited for before for the hosts of this play."
            )
        entries = [*self._previous_batches(before["results"]), *before["results"].values()]
        options = {name: self._params[name] for name in REPORT_OPTIONS if self._params[name]}
        given = {**options, "path": self._paths(), "backups": entries, "jobs": known_jobs(entries)}
        result = self._module(REPORT, given)
        # Since ansible-core 2.19, the message of a module that failed by an exception is in there.
        kept = ("failed", "msg", "exception", "failure", "changed", "files", "summary", "diff", "warnings")
        return {name: result[name] for name in kept if name in result}

    def _paths(self) -> list[str]:
        """The files of the report. Where a survey has them in one text, there may be spaces after the commas.

        Relative ones are below the directory in which Ansible was started. To a module they would be below that of the
        playbook, which for a playbook of this collection is where it is installed.
        """
        given = (path.strip() for path in self._params["path"] or [])
        return [os.path.abspath(os.path.expanduser(path)) for path in given if path]

    # --- what all steps do

    def result_of_failed_step(self, cause: str) -> dict[str, t.Any]:
        """What a step that could not be done returns of the one before: the backups that were started are known all the
        same, and none of them is well. Of a start, nothing: it is about new ones.
        """
        before = self._before() if self._params.get("step") in ("wait", "status") else None
        if before is None:
            return {}
        results = self._entries_of_batch(before)
        fleet = make_fleet(results, self._previous_batches(results), before["left_out"])
        entries = {key: {**one, "verdict": NOT_WELL, "cause": one["cause"] or cause} for key, one in results.items()}
        kept = {name: fleet[name] for name in ("summary", "artifact", "left_out")}
        return {**kept, "results": entries, "by_host": before["by_host"]}

    def _fleet(
        self, entries: dict[str, Entry], left_out: list[dict[str, str]], task_ids: Sequence[int] = ()
    ) -> dict[str, t.Any]:
        """The result of a step."""
        fleet = make_fleet(entries, self._previous_batches(entries), left_out, self._params["summary_lines"], task_ids)
        # The ids of a list may be names of hosts, too, but not of those that this play can fail.
        by_host = set(self._all).issuperset(entries)
        return {"changed": False, **self._collected, **fleet, "by_host": by_host}

    def _before(self) -> dict[str, t.Any] | None:
        """What the step before returned for the hosts of the batch, which may have been in several batches then."""
        found: list[dict[str, t.Any]] = []
        results: dict[str, Entry] = {}
        for host in [self._variables["inventory_hostname"], *self._batch]:
            fleet = self._variables["hostvars"].raw_get(host).get(self._params["registered"])
            if not isinstance(fleet, dict) or "results" not in fleet:
                continue
            if not any(fleet is one for one in found):
                found.append(fleet)
                results = {**fleet["results"], **results}
            if host in fleet["results"]:
                # What others know of this host may be older.
                results[host] = fleet["results"][host]
        if not found:
            return None
        left_out = {one["id"]: one for fleet in found for one in fleet.get("left_out", ())}
        by_host = all(fleet["by_host"] for fleet in found)
        return {"results": results, "left_out": list(left_out.values()), "by_host": by_host}

    def _previous_batches(self, own: Mapping[str, t.Any]) -> list[Entry]:
        """The backups of the batches before this one."""
        found: dict[str, Entry] = {}
        hosts, active = set(self._all), set(self._variables["ansible_play_hosts"])
        for host in self._before_the_batch():
            # To ask a host makes all its variables. One that goes on tells of its whole batch.
            if host in found or host in own:
                continue
            fleet = self._variables["hostvars"].raw_get(host).get(self._params["registered"])
            if not isinstance(fleet, dict):
                continue
            for key, one in fleet.get("results", {}).items():
                # What a host that has failed knows of others may be of an earlier play: it was in no batch since.
                if key not in own and (host in active or key == host or key not in hosts):
                    found.setdefault(key, one)
        return list(found.values())

    def _before_the_batch(self) -> Iterator[str]:
        batch = set(self._batch)
        for host in self._all:
            if host in batch:
                return
            yield host

    def _module(self, name: str, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run a module where the task runs."""
        if name == REPORT:
            # It has no connection, and is none of those that can do their work in place.
            result = execute_packed(self._action, name, arguments, self._variables)
        else:
            result = execute(self._action, name, {**self._defaults(name), **arguments}, self._variables)
        self._collect_warnings(result)
        return result

    def _defaults(self, module: str) -> dict[str, t.Any]:
        """The connection options that module_defaults have for a module by its own name; Ansible itself has looked
        after those of the group.
        """
        found: dict[str, t.Any] = {}
        for defaults in self._action._task.module_defaults or []:
            found.update(self._action._templar.template(defaults.get(f"{COLLECTION}.{module}") or {}))
        options = connection_spec().options
        return {name: value for name, value in found.items() if name in options}

    def _collect_warnings(self, result: Mapping[str, t.Any]) -> None:
        """Take over what Ansible shows of a result."""
        self._collected["warnings"] += result.get("warnings") or []
        self._collected["changed"] = self._collected.get("changed", False) or bool(result.get("changed"))
        if "diff" in result:
            self._collected["diff"] = result["diff"]
