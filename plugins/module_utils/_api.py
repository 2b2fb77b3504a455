# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Commvault's verbs: domain objects in and out, errors raised. The only place that knows endpoints."""

from __future__ import annotations

import typing as t

from ._envelopes import as_number, find_error
from ._errors import RequestError
from ._reply_errors import error_from_reply

if t.TYPE_CHECKING:
    from ._auth import Token
    from ._http import Transport
    from ._reply import Reply

# https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks; paths are not case-sensitive.
CREATE_TASK = "createtask"


class TaskReply(t.NamedTuple):
    """What createtask answered when it started something.

    task_id: int, or None if the answer had none. job_ids: never empty. response: the answer verbatim.
    complaint: an error that the answer reported beside its jobs, or None.
    """

    task_id: int | None
    job_ids: tuple[str, ...]
    response: dict[str, t.Any]
    complaint: str | None = None


class CommCell:
    """One CommCell, seen through its REST API."""

    def __init__(self, transport: Transport, credential: Token) -> None:
        self.transport = transport
        self._credential = credential

    def __enter__(self) -> CommCell:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.transport.close()

    def job_url(self, job_id: str) -> str | None:
        """The page of a job in the Command Center (github.com/Commvault/cvpysdk: job.py), None where the base URL does
        not tell its address.
        """
        root = self.transport.base.command_center()
        return f"{root}/commandcenter/#/jobs/{job_id}" if root else None

    def create_task_url(self) -> str:
        """Where create_task sends its request."""
        return self.transport.url(CREATE_TASK)

    def create_task(self, body: dict[str, t.Any]) -> TaskReply:
        """Submit a task: POST createtask, once.

        body: as of _oracle_rds.build_request. Raises RequestError when no job was started (maybe_ran false) or when
          that is not known
        (maybe_ran true). An answer with job ids counts as started even if it reports an error too: those jobs run.
        """
        reply = self.transport.write("POST", CREATE_TASK, body=body, headers=self._credential.headers())
        started = _read_task_reply(reply)
        if started:
            return started
        url = self.create_task_url()
        error = error_from_reply(reply, "POST", url, self.transport.redactor, changes=True)
        if error:
            raise error
        raise _no_job(reply, url)


def _read_task_reply(reply: Reply) -> TaskReply | None:
    """The documented good answer, {"taskId": 9920, "jobIds": ["148886"]}; ids are taken as int or str."""
    if reply.status // 100 != 2 or not isinstance(reply.data, dict):
        return None
    job_ids = reply.data.get("jobIds")
    if not isinstance(job_ids, list):
        return None
    ids = tuple(str(job_id) for job_id in job_ids if job_id not in (None, "", 0, "0"))
    if not ids:
        return None
    vendor = find_error(reply.data)
    task_id = as_number(reply.data.get("taskId"))
    return TaskReply(
        task_id if isinstance(task_id, int) else None,
        ids,
        reply.data,
        vendor.message or str(vendor.code) if vendor else None,
    )


def _no_job(reply: Reply, url: str) -> RequestError:
    """A 2xx JSON answer without error and without jobs: a task that starts nothing now, or no answer at all."""
    task_id = reply.data.get("taskId") if isinstance(reply.data, dict) else None
    where = f"(POST {url}, HTTP {reply.status})"
    if task_id:
        return RequestError(
            f"Commvault accepted the request as task {task_id}, but started no job. Look at that task in the Command"
            " Center before you"
            f" start this backup again. {where}",
            "no_job",
            method="POST",
            url=url,
            status=reply.status,
        )
    return RequestError(
        f"Commvault answered without a task and without jobs. {where}",
        "bad_reply",
        method="POST",
        url=url,
        status=reply.status,
        maybe_ran=True,
    )
