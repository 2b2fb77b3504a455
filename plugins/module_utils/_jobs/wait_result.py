# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of a wait: an outcome for every job, and the result of all. The same for module and action plugin."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._errors import CommvaultError
from .._times import counted, first_of, some_of, span
from .entry import missing_entry
from .job import WARNINGS, from_result

if t.TYPE_CHECKING:
    from .wait_loop import Wait
    from .wait_options import WaitOptions

# Every outcome that a job of a wait can have, with the kind of failure it stands for; None: it is none.
OUTCOMES: dict[str, str | None] = {
    "succeeded": None,
    "active": None,
    "failed": "job_failed",
    "missing": "job_missing",
    "stuck": "job_stuck",
    "timed_out": "wait_timeout",
    "not_followed": None,
}
_SHOWN = 3

_ACTIONS = {"suspend": "was suspended", "kill": "was killed"}
# Why on_timeout did nothing to a job.
NOT_OWN = "this run did not start it"
ActionResult = t.Tuple[str, t.Optional[str]]


def wait_result(
    wait: Wait,
    entries: t.Mapping[str, t.Mapping[str, t.Any]],
    options: WaitOptions,
    *,
    actions: t.Mapping[str, ActionResult] | None = None,
    check_mode: bool = False,
) -> dict[str, t.Any]:
    """The result of job_wait, failed unless every job succeeded.

    Args:
        wait: What came of the wait.
        entries: Those of the jobs that were seen, by id.
        options: How it was waited.
        actions: What on_timeout did to which job: suspend or kill, and None or why it could not be done.
        check_mode: Jobs that are still active are all right.
    """
    actions = actions or {}
    jobs = []
    for job_id in wait.job_ids:
        entry = dict(entries.get(job_id) or missing_entry(job_id))
        entry["outcome"] = _outcome(wait, entry, options, check_mode)
        action = actions.get(job_id)
        entry["on_timeout"] = action[0] if action and not action[1] else None
        jobs.append(entry)
    counts = {outcome: sum(entry["outcome"] == outcome for entry in jobs) for outcome in OUTCOMES}
    problems = [
        (entry["outcome"] == "missing" and wait.strangers.get(entry["job_id"]))
        or _problem(entry, actions.get(entry["job_id"]))
        for entry in jobs
        if OUTCOMES[entry["outcome"]]
    ]
    result: dict[str, t.Any] = {
        "changed": any(entry["on_timeout"] for entry in jobs),
        "msg": _message(wait, jobs, counts, problems),
        "job_ids": list(wait.job_ids),
        "jobs": jobs,
        "counts": counts,
        "waited_seconds": int(wait.waited),
    }
    warnings = [*wait.warnings, *job_warnings(jobs)]
    if warnings:
        result["warnings"] = warnings
    failure = wait.error or _failure(result["msg"], counts)
    if failure:
        result["failed"] = True
        result["failure"] = failure.failure()
    return result


def _outcome(wait: Wait, entry: t.Mapping[str, t.Any], options: WaitOptions, check_mode: bool) -> str:
    job_id = entry["job_id"]
    # The entry may have been read after the wait: a job that was killed for want of time has ended since.
    for outcome, job_ids in (("missing", wait.missing), ("stuck", wait.stuck), ("timed_out", wait.timed_out)):
        if job_id in job_ids and not (check_mode and outcome == "timed_out"):
            return outcome
    job = from_result(entry)
    if check_mode and not wait.error and (job is None or not job.finished):
        return "missing" if job is None else "active"
    if job is None or not job.finished:
        return "not_followed"
    return "succeeded" if job.succeeded(options.fail_on) else "failed"


def _failure(msg: str, counts: t.Mapping[str, int]) -> CommvaultError | None:
    kind = next((kind for outcome, kind in OUTCOMES.items() if kind and counts[outcome]), None)
    return CommvaultError(msg, kind) if kind else None


def _message(
    wait: Wait, jobs: t.Sequence[t.Mapping[str, t.Any]], counts: t.Mapping[str, int], problems: t.Sequence[str]
) -> str:
    if not jobs:
        return "There are no jobs to wait for."
    words = {
        "succeeded": "succeeded",
        "failed": "failed",
        "active": "still active",
        "missing": "not there",
        "stuck": "stuck",
        "timed_out": "still running when the time was over",
        "not_followed": "not followed to the end",
    }
    said = ", ".join(f"{counts[outcome]} {text}" for outcome, text in words.items() if counts[outcome])
    text = f"{counted(len(jobs), 'job')} after {span(wait.waited)}: {said}."
    if wait.error:
        text += f" No more could be read: {wait.error}"
    text += first_of(problems, _SHOWN, "jobs")
    if len(jobs) == 1 and counts["timed_out"]:
        # What there is to count is the job itself.
        text = problems[0].replace(":", f" was still running after {span(wait.waited)}:", 1)
    if wait.last_error and wait.timed_out and not wait.error:
        text += f" The last look failed: {wait.last_error}"
    left = [entry["job_id"] for entry in jobs if entry["outcome"] == "timed_out" and not entry["on_timeout"]]
    if left:
        what = "it" if len(left) == 1 else "them"
        text += f" Commvault goes on with {what}; to wait again, use job_wait with job_ids {some_of(left, _SHOWN)}."
    return text


def _problem(entry: t.Mapping[str, t.Any], action: ActionResult | None) -> str:
    """What is wrong with a job, the vendor's words before the hint."""
    name = f"Job {entry['job_id']}" + (f" ({entry['instance_name']})" if entry["instance_name"] else "")
    if entry["outcome"] == "missing":
        if entry["status"]:
            return f"{name} is not there any more; it was last seen as {entry['status']}."
        return f"{name} does not exist on this CommCell, or the user may not see it."
    text = f"{name}: {entry['status'] or 'not visible yet'}"
    for words in (entry["reason"], entry["delay_reason"], _last_event(entry)):
        if words and words not in text:
            text += f", {words.rstrip('.')}"
    text += "."
    if entry["hint"]:
        text += f" Hint: {entry['hint']}"
    if action:
        if action[1] == NOT_OWN:
            text += f" It was left alone, since {NOT_OWN}."
        else:
            text += f" It {_ACTIONS[action[0]]}." if not action[1] else f" To {action[0]} it failed: {action[1]}"
    return text


def job_warnings(jobs: t.Sequence[t.Mapping[str, t.Any]]) -> t.Iterator[str]:
    """A line on the jobs that Commvault completed with warnings: a task that succeeds shows nothing else of them."""
    warned = [_problem(job, None) for job in jobs if job["outcome"] == "succeeded" and job["state"] == WARNINGS]
    if warned:
        yield f"{counted(len(warned), 'job')} succeeded with warnings.{first_of(warned, _SHOWN, 'jobs')}"


def _last_event(entry: t.Mapping[str, t.Any]) -> str | None:
    """The newest event, where nothing else gives a reason."""
    if entry["reason"] or entry["delay_reason"] or not entry["events"]:
        return None
    return str(entry["events"][0]).partition(" ")[2]
