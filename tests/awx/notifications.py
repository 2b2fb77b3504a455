# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders texts of notification templates as AWX 24.6 does: in its sandbox, from the fields of a job that it allows."""

from __future__ import annotations

import typing as t

from jinja2 import ChainableUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

# What AWX lets a message know of a job. A workflow job has no artifacts, playbook, or counts of hosts.
ALLOWED = {
    *("id", "type", "url", "created", "modified", "name", "description", "job_type", "playbook", "forks", "limit"),
    *("verbosity", "job_tags", "force_handlers", "skip_tags", "start_at_task", "timeout", "use_fact_cache"),
    *("launch_type", "status", "failed", "started", "finished", "elapsed", "job_explanation", "execution_node"),
    *("controller_node", "allow_simultaneous", "scm_revision", "diff_mode", "job_slice_number", "job_slice_count"),
    *("custom_virtualenv", "approval_status", "approval_node_name", "workflow_url", "scm_branch", "artifacts"),
    *("host_status_counts", "summary_fields"),
}
ALLOWED_SUMMARIES = {
    *("inventory", "project", "job_template", "unified_job_template", "instance_group", "created_by", "schedule"),
    "labels",
}


class Lazy:
    """A text that AWX will translate when it is shown: text for whoever prints it, and no str for anything else.

    An error of any other kind than Jinja's own is not caught in AWX. In a text for a workflow, it comes again whenever
    AWX looks at its workflows, and none of them goes on.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __len__(self) -> int:
        return len(self._text)


class Message(t.NamedTuple):
    """What AWX sends. subject: all of it, for Slack and other chats."""

    subject: str
    body: str


def render(messages: t.Mapping[str, t.Any], event: str, job: t.Mapping[str, t.Any]) -> Message:
    """Render the message of an event.

    Args:
        messages: Of a notification template, as AWX's API has them.
        event: One of "success" and "error".
        job: What AWX's API shows of the job, with any field.
    """
    known = {name: value for name, value in job.items() if name in ALLOWED}
    known["summary_fields"] = {
        name: value for name, value in job.get("summary_fields", {}).items() if name in ALLOWED_SUMMARIES
    }
    known["job_explanation"] = Lazy(job.get("job_explanation", ""))
    kind = "workflow" if job["type"] == "workflow_job" else "playbook"
    context = {
        "job": known,
        "job_friendly_name": "Workflow Job" if kind == "workflow" else "Job",
        "url": f"https://awx.example.com/#/jobs/{kind}/{job['id']}",
        "job_metadata": "{}",
    }
    sandbox = ImmutableSandboxedEnvironment(undefined=ChainableUndefined)
    texts = messages[event]
    return Message(*(sandbox.from_string(texts.get(part) or "").render(context) for part in ("message", "body")))
