# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of the role oracle_rds_export_backup for all hosts of a play at once, as a task of a play.

It runs modules where the task runs, and hands on no more than what hosts, console and reports need of their results:
whatever it returns is copied several times by Ansible.
"""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import itertools
import os
import typing as t

from ansible import context

from ...module_utils._argspec import connection_spec
from ...module_utils._errors import CommvaultError, InvalidInput
from ...module_utils._jobs.entry import missing_entry
from ...module_utils._jobs.wait_options import wait_options, wait_spec
from ...module_utils._jobs.wait_result import job_warnings
from ...module_utils._module.run import failed
from ...module_utils._report.model import FAILED
from ...module_utils._times import some_of
from ...modules.oracle_rds_export_backup import argument_spec
from .._in_place import execute, execute_packed
from .._play.conditions import hosts_included
from .._play.database import PREFIX
from .._play.options import RoleOptions
from .._play.variables import PlayVariables, set_facts
from .artifact import PreviousRun, backups_of_jobs, read_artifact, split_list
from .entries import Entry, awaited, entry_not_submitted, expected_ends
from .hosts import HostInputs
from .result import make_fleet
from .table import started_line

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

WAIT_OPTIONS = tuple(wait_spec().options)
# Options of oracle_rds_export_backup that say how it waits, which a step of its own does.
_NOT_OF_STARTS = ("wait", "stuck_timeout", "on_timeout")
# Where the steps leave what came of each backup, for all hosts.
RESULTS = f"{PREFIX}results"
# Up to so many hosts, each has a result of its own though none failed.
MAX_OWN_RESULTS = 500
_NOT_WAITED = "Nothing was waited for; jobs that were started go on. "
UNDONE = {"start": "Nothing was started. ", "wait": _NOT_WAITED, "follow": _NOT_WAITED}
_NOTHING_TO_REPORT = (
    "There is nothing to report: no backups were started or waited for before for the hosts of this play."
)
# Those of the task that fails hosts. A step before it that is left out leaves nothing that could fail.
_TAGS_OF_RESULT = frozenset(["backup", "wait", "report"])
_NO_RESULT = (
    "--skip-tags {} would skip the task Result, too, without which no host fails, whatever becomes of its backup."
    " Choose steps with --tags, or by oracle_rds_export_backup_wait and oracle_rds_export_backup_report_path."
)


class _Stopped(CommvaultError):
    """A module did not come to results; what it said of its failure goes on as it is."""

    def __init__(self, result: t.Mapping[str, t.Any], module: str) -> None:
        super().__init__(str(result.get("msg") or f"{module} returned nothing."))
        self._failure = result.get("failure")

    def failure(self) -> dict[str, t.Any]:
        """As the module returned it."""
        return self._failure or super().failure()


class Step:
    """One step."""

    def __init__(self, action: ActionBase, variables: dict[str, t.Any]) -> None:
        """variables: Those of the task."""
        self._action = action
        self._variables = variables
        self._play = PlayVariables(action._task, action._loader, variables)
        self._options = RoleOptions(action._loader)
        self._name = action._task.args["step"]
        self._connection = {name: value for name, value in action._task.args.items() if name != "step"}
        self._collected: dict[str, t.Any] = {"warnings": []}
        self._host: str = variables["inventory_hostname"]
        self._all: list[str] = variables["ansible_play_hosts_all"]
        self._batch: list[str] = variables["ansible_play_batch"]
        self._params: dict[str, t.Any] = {}

    def run(self) -> dict[str, t.Any]:
        """The result of the step. It does not fail: the task Result of the role fails each host by its own cause."""
        skipped = sorted(_TAGS_OF_RESULT.intersection(context.CLIARGS.get("skip_tags") or ()))
        if skipped and self._name in ("start", "follow"):
            return failed(InvalidInput(f"{UNDONE[self._name]}{_NO_RESULT.format(', '.join(skipped))}"))
        before = self._left_for(self._host)
        if "error" in before and self._name in ("wait", "report"):
            return _unchanged(before) if self._name == "wait" else self._report_of_error(before)
        try:
            own = self._play.of(self._host)
            self._params = self._options.read(own)
            if self._name != "start" or self._params["instances"] is not None:
                self._options.check_names(own)
            self._check_later_steps()
            steps = {"start": self._start, "report": self._report, "write_only": self._write_only}
            result = steps.get(self._name, self._follow)()
        except InvalidInput as exc:
            result = self._result_of_failed_step(InvalidInput(f"{UNDONE.get(self._name, '')}{exc}"))
        except CommvaultError as exc:
            result = self._result_of_failed_step(exc)
        # The one that stands for all where something is about all of them.
        result["host"] = self._host
        if "artifact" in result and not self._action._task.check_mode:
            # What set_stats does; it holds what earlier batches of the play did, too.
            data = {"oracle_rds_export_backup_artifact": result["artifact"]}
            result["ansible_stats"] = {"data": data, "per_host": False, "aggregate": False}
        if self._name == "start" and (
            self._play.registered(self._host, f"{PREFIX}result")
            or self._play.is_any_fact(self._batch, f"{PREFIX}job_ids")
        ):
            # Those of an earlier start; a host that fails now gets no others.
            set_facts(self._action, result, {f"{PREFIX}task_id": None, f"{PREFIX}job_ids": []})
        return result

    # --- start

    def _start(self) -> dict[str, t.Any]:
        instances, lost, left_out = self._params["instances"], [], []
        is_list = instances is not None
        if not is_list:
            chosen = self._instances_of_hosts()
            batch = set(self._batch)
            instances, lost, left_out = ([one for one in many if one["id"] in batch] for many in chosen)
        backups = self._export(instances) if instances or is_list else []
        line = started_line(backups)
        if line:
            self._show(line)
        return self._fleet([*lost, *backups], left_out=left_out)

    def _instances_of_hosts(self) -> tuple[list[Entry], list[Entry], list[dict[str, str]]]:
        """What to back up, what cannot be, and what is left out, of other batches, too. Raises InvalidInput."""
        # A batch is what "serial" makes of the hosts. The first one looks at the hosts of all, so that nothing is
        # started if there is anything wrong.
        active: list[str] = self._variables["ansible_play_hosts"]
        stop = self._params["on_invalid"] == "stop"
        looks_at_all = stop and self._batch[:1] == active[:1]
        batch = set(self._batch)
        hosts = [host for host in hosts_included(self._play, active) if looks_at_all or host in batch]
        inputs = self._read_hosts(hosts)
        group = self._variables.get(f"{PREFIX}hosts") or "oracle_rds"
        is_none = self._all == ["localhost"] and "localhost" not in self._variables["groups"].get(str(group), ())
        if is_none and not (inputs.entries or inputs.wanted):
            if not self._params["allow_empty"]:
                raise InvalidInput(
                    f"There is no host to back up: the inventory has none in {group}, and"
                    " oracle_rds_export_backup_instances is not set. Choose other hosts with"
                    " oracle_rds_export_backup_hosts, or set oracle_rds_export_backup_allow_empty to true if that is"
                    " as it should be."
                )
            return [], [], []
        lost = [
            entry_not_submitted(host, f"Not started: {problem}. Correct the variables of this host.", "invalid_input")
            for host, problem in inputs.problems.items()
        ]
        if stop and lost:
            msg = (
                f"Not started, since variables of other hosts are wrong: {some_of(list(inputs.problems), 3)}. Correct"
                " them, or set oracle_rds_export_backup_on_invalid to skip to start the others."
            )
            others = [host for host in self._batch if host not in inputs.problems]
            return [], [*lost, *(entry_not_submitted(host, msg, "invalid_input") for host in others)], []
        matches: list[dict[str, t.Any]] = []
        if inputs.wanted:
            # The history of jobs is of no use here, and would be the larger part of what is read.
            options = {"match_patterns": self._params["match_patterns"], "match": inputs.wanted, "history": "0"}
            matches = self._results_of("oracle_rds_instance_info", options, "matches")
        unmatched, left_out = inputs.add_matches(matches)
        if unmatched and self._params["on_unmatched"] == "stop":
            raise InvalidInput(" ".join(one["msg"] for one in unmatched))
        return list(inputs.entries.values()), [*lost, *unmatched], left_out

    def _read_hosts(self, hosts: t.Sequence[str]) -> HostInputs:
        """Raises InvalidInput for what is wrong with all of them."""
        inputs = HostInputs()
        misspelt = 0
        for host in hosts:
            variables = self._play.of(host)
            self._options.check_same(variables, host)
            unknown = self._options.unknown_names(variables)
            if unknown:
                inputs.problems[host] = unknown
                misspelt += 1
            else:
                inputs.add(host, variables)
        if hosts and misspelt == len(hosts):
            # It is said once for all where it is not of one host.
            self._options.check_names(self._play.of(hosts[0]))
        return inputs

    def _export(self, instances: list[Entry]) -> list[Entry]:
        names = set(argument_spec().options).difference(_NOT_OF_STARTS)
        if not self._params["concurrency_per_client"]:
            # No start waits for ends then.
            names -= {"wait_timeout", "wait_interval"}
        options = {name: value for name, value in self._params.items() if name in names and value is not None}
        return self._results_of("oracle_rds_export_backup", {**options, "instances": instances}, "backups")

    def _check_later_steps(self) -> None:
        """Whoever started a night's backups must not learn then that they cannot be waited for, or not be reported."""
        wait_options(self._params)
        paths = self._paths()
        if paths:
            # Imported here because most runs write no report.
            from ...module_utils._report.formats import check_mode, check_paths

            try:
                check_paths(paths)
                check_mode(self._params["report_mode"])
            except InvalidInput as exc:
                raise InvalidInput(f"The report: {exc}") from exc

    # --- wait

    def _follow(self) -> dict[str, t.Any]:
        """Wait for the jobs of the step before, or for those that are given; by the step "status" read them once."""
        left = self._left_for(self._host)
        if left and self._name == "wait" and not self._params["wait"]:
            if awaited(left["results"].values()):
                # The task is "ok" at once, as if the jobs had ended.
                self._show("The jobs go on: oracle_rds_export_backup_wait is false, so nothing was waited for.")
            return _unchanged(left)
        given = split_list(self._params["follow_job_ids"])
        before = None if given else self._before()
        if before is not None:
            entries = list(self._entries_of_batch(before).values())
            if self._name != "wait":
                entries = [{**entry, "changed": False} for entry in entries]
            own = awaited(entry for entry in entries if entry["own"])
            jobs = self._jobs(awaited(entries), own_job_ids=own, expected_ends=expected_ends(entries))
            return self._fleet(entries, jobs, left_out=before["left_out"])
        previous = PreviousRun(given) if given else self._previous_run()
        jobs = self._jobs(list(dict.fromkeys(previous.job_ids)))
        return self._fleet(backups_of_jobs(jobs, previous.not_started), jobs, task_ids=previous.task_ids)

    def _previous_run(self) -> PreviousRun:
        """What an earlier run handed on. Raises InvalidInput if there is nothing of that kind."""
        artifact = self._params["artifact"] or {}
        if "job_ids" not in artifact:
            raise InvalidInput(
                "There are no jobs to look at: no backups were started before for the hosts of this play, and neither"
                " oracle_rds_export_backup_follow_job_ids nor an artifact of an earlier run is set."
            )
        previous = read_artifact(artifact)
        if previous.unnamed > 0:
            self._collected["warnings"].append(
                f"{previous.unnamed} more backups were not started in the run before than its artifact names. They are"
                " missing here; see what that run showed, and its report."
            )
        return previous

    def _entries_of_batch(self, before: t.Mapping[str, t.Any]) -> dict[str, Entry]:
        """The backups of the step before that are of hosts of this batch, of hosts that failed since, or of no host."""
        results: dict[str, Entry] = before["results"]
        if not before["by_host"]:
            return results
        failed = set(self._all).difference(self._variables["ansible_play_hosts"])
        others = set(self._variables["groups"].get("all", ())).difference(self._batch, failed)
        return {host: entry for host, entry in results.items() if host not in others}

    def _jobs(self, job_ids: list[str], **options: t.Any) -> list[dict[str, t.Any]]:
        """Wait for jobs and show how far they are, or read them. Jobs that could not be seen say so: what was started
        must be reported whatever happens. options: More of job_wait.
        """
        if not job_ids:
            return []
        module = "job_info"
        told: set[str] = set()
        if self._name == "status":
            result = self._run(module, {"job_ids": job_ids})
        else:
            module = "job_wait"
            options.update((name, self._params[name]) for name in WAIT_OPTIONS if self._params[name] is not None)
            result = self._run(module, {**options, "job_ids": job_ids})
            # The summary has a line for each job with warnings.
            told.update(job_warnings(result.get("jobs") or ()))
        self._collected["warnings"] += [text for text in result.get("warnings") or () if text not in told]
        jobs = list(result.get("jobs") or ())
        seen = {job["job_id"] for job in jobs}
        unseen = [job_id for job_id in job_ids if job_id.lstrip("0") not in seen]
        jobs += [{**missing_entry(job_id), "outcome": "not_followed"} for job_id in unseen]
        for job in jobs:
            if job.get("outcome") == "not_followed" and not job["reason"]:
                job["reason"] = _Stopped(result, module).failure()["message"]
        return jobs

    # --- report

    def _report(self) -> dict[str, t.Any]:
        """Show what came of the backups, and write the reports."""
        fleet = self._left_for(self._host)
        if not fleet or fleet.get("skipped"):
            raise InvalidInput(_NOTHING_TO_REPORT)
        self._show_table(fleet["summary"])
        result: dict[str, t.Any] = {"changed": False, "msg": fleet["msg"]}
        if self._paths():
            result.update(self._write(fleet))
        # With "serial", since ansible-core 2.21 keeps what run_once came to for the first batch; and a handler is
        # notified by the host that has changed.
        own = len(self._batch) <= MAX_OWN_RESULTS or bool(fleet["failed_backups"] or self._action._task.notify)
        own = own or len(self._batch) != len(self._variables["ansible_play_hosts"]) or "error" in result
        own = own or self._params["host_results"] == "true"
        return {**result, "host_results": own, "fail_hosts": self._params["fail_hosts"]}

    def _report_of_error(self, fleet: dict[str, t.Any]) -> dict[str, t.Any]:
        """What there is to show after a step that could not be done."""
        if "summary" in fleet:
            self._show_table(fleet["summary"])
        # Where only one host comes to the task Result, that one has to fail all.
        return {"changed": False, "host": self._host, "host_results": not self._play.is_included_once}

    def _write_only(self) -> dict[str, t.Any]:
        """Write a report of the step before."""
        before = self._before()
        if before is None:
            raise InvalidInput(_NOTHING_TO_REPORT)
        return {**self._write(before), "host_results": True, "fail_hosts": self._params["fail_hosts"], "again": True}

    def _write(self, fleet: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        entries = [*self._previous_batches(fleet["results"]), *fleet["results"].values()]
        named = {name: self._params[f"report_{name}"] for name in ("title", "mode")}
        options = {"path": self._paths(), "backups": entries}
        options.update((name, value) for name, value in named.items() if value)
        result = execute_packed(self._action, "export_report", options, self._variables)
        if result.get("failed"):
            # Since ansible-core 2.19, the message of a module that failed by an exception is in there.
            cause = result.get("msg") or result.get("exception")
            return {"changed": False, "error": f"The report was not written: {cause}"}
        return {name: result[name] for name in ("msg", "changed", "files", "warnings") if name in result}

    def _paths(self) -> list[str]:
        """The files of the report; a survey may have spaces after the commas. Relative ones are below the directory in
        which Ansible was started: to a module they would be below that of the playbook, where that is installed.
        """
        given = (path.strip() for path in self._params["report_path"] or [])
        return [os.path.abspath(os.path.expanduser(path)) for path in given if path]

    # --- what all steps do

    def _show(self, text: str) -> None:
        self._action._display.display(text)

    def _show_table(self, lines: t.Sequence[str]) -> None:
        """With no_log, the first line alone: it has no names and no texts of others."""
        self._show("\n".join(lines[:1] if self._action._task.no_log else lines))

    def _result_of_failed_step(self, error: CommvaultError) -> dict[str, t.Any]:
        """What a step that could not be done returns beside the error, of the one before: the backups that were started
        are known all the same, and none of them succeeded. Of a start, nothing: it is about new ones.
        """
        result: dict[str, t.Any] = {"changed": False, "error": str(error), "failure": error.failure()}
        before = None if self._name == "start" else self._before()
        if before is None:
            return result
        results = self._entries_of_batch(before)
        fleet = make_fleet(list(results.values()), (), self._previous_batches(results), before["left_out"])
        result.update((name, fleet[name]) for name in ("summary", "artifact", "left_out"))
        more = {"changed": False, "counts_as": FAILED}
        entries = {key: {**one, **more, "cause": one["cause"] or str(error)} for key, one in results.items()}
        return {**result, "results": entries, "by_host": before["by_host"]}

    def _fleet(self, backups: t.Sequence[Entry], jobs: t.Sequence[Entry] = (), **more: t.Any) -> dict[str, t.Any]:
        """The result of a step. more: Of make_fleet."""
        own = {one["id"] for one in backups}
        fleet = make_fleet(backups, jobs, self._previous_batches(own), lines=self._params["summary_lines"], **more)
        # The ids of a list may be names of hosts, too, but not of those that this play can fail.
        by_host = set(self._all).issuperset(own)
        # A host that was started counts as changed in the task Result, but a diff is only shown with a change.
        return {"changed": "diff" in self._collected, **self._collected, **fleet, "by_host": by_host}

    def _left_for(self, host: str) -> dict[str, t.Any]:
        """What the last step for a host returned, empty if there was none."""
        fleet = self._play.registered(host, RESULTS)
        return fleet if isinstance(fleet, dict) else {}

    def _before(self) -> dict[str, t.Any] | None:
        """What the step before returned for the hosts of the batch, which may have been in several batches then."""
        left = {host: self._left_for(host) for host in [self._host, *self._batch]}
        fleets = list({id(fleet): fleet for fleet in left.values() if "results" in fleet}.values())
        if not fleets:
            return None
        results = {key: one for fleet in reversed(fleets) for key, one in fleet["results"].items()}
        # What others know of a host may be older.
        results.update((host, own["results"][host]) for host, own in left.items() if host in own.get("results", ()))
        left_out = {one["id"]: one for fleet in fleets for one in fleet.get("left_out", ())}
        by_host = all(fleet["by_host"] for fleet in fleets)
        return {"results": results, "left_out": list(left_out.values()), "by_host": by_host}

    def _previous_batches(self, own: t.Container[str]) -> list[Entry]:
        """The backups of the batches before this one."""
        found: dict[str, Entry] = {}
        hosts, batch, active = map(set, (self._all, self._batch, self._variables["ansible_play_hosts"]))
        for host in itertools.takewhile(lambda one: one not in batch, self._all):
            # One that goes on tells of its whole batch.
            if host in found or host in own:
                continue
            for key, one in self._left_for(host).get("results", {}).items():
                # What a host that has failed knows of others may be of an earlier play: it was in no batch since.
                if key not in own and (host in active or key == host or key not in hosts):
                    found.setdefault(key, one)
        return list(found.values())

    def _results_of(self, module: str, options: dict[str, t.Any], wanted: str) -> list[dict[str, t.Any]]:
        """What a module returns under a name. Raises _Stopped if it did not come to that."""
        result = self._run(module, options)
        self._collected["warnings"] += result.get("warnings") or []
        if result.get("diff"):
            self._collected["diff"] = result["diff"]
        if wanted not in result:
            raise _Stopped(result, module)
        return result[wanted]

    def _run(self, module: str, options: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result of a module. Where the task says nothing of its connection, the module's module_defaults count."""
        defaults: dict[str, t.Any] = {}
        for found in self._action._task.module_defaults or []:
            defaults.update(self._action._templar.template(found.get(f"rdsops.commvault.{module}") or {}))
        connection = {name: defaults[name] for name in connection_spec().options if name in defaults}
        return execute(self._action, module, {**connection, **self._connection, **options}, self._variables)


def _unchanged(fleet: dict[str, t.Any]) -> dict[str, t.Any]:
    """The result of a step that leaves all as the one before did."""
    return {**fleet, "changed": False, "diff": [], "warnings": []}
