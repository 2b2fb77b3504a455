# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks: POST createtask. See https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import functools
import re
import threading
import typing as t

from .._errors import ErrorKind, RequestError
from .._http.fields import member, positive, text
from .._http.reply_errors import error_about, find_error
from .backup import NO_ELIGIBLE_SUBCLIENT

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._http.quota import Quota
    from .._http.reply import Reply

# Paths are not case-sensitive: the vendor's pages write this one in five ways.
CREATE_TASK = "createtask"
# A task or a job that an answer names, however deep; with 0 it names none.
_NAMED = re.compile(r'"(taskId|jobIds?)"\s*:[^0-9,}\]]*([1-9][0-9]*)')


class TaskReply(t.NamedTuple):
    """What createtask answered when it started something.

    Attributes:
        task_id: None if the answer had none.
        job_ids: Never empty.
        response: The answer verbatim.
        complaint: An error that the answer reported beside its jobs, or None.
    """

    task_id: int | None
    job_ids: tuple[str, ...]
    response: dict[str, t.Any]
    complaint: str | None = None


class TasksApi:
    """The tasks of a CommCell."""

    def __init__(self, commcell: CommCell) -> None:
        self._commcell = commcell
        self._lock = threading.Lock()
        # The jobs of all answers.
        self._named: set[str] = set()

    def create_url(self) -> str:
        """Where create sends its request."""
        return self._commcell.url(CREATE_TASK)

    @property
    def quota(self) -> Quota | None:
        """What the server last said about its quota of requests that change something."""
        return self._commcell.quotas.get(True)

    def own_user(self) -> str | None:
        """The name of the user that the credentials belong to, None where it is not told: POST WhoAmI, by nature a read
        (github.com/Commvault/cvpysdk: cvpysdk.py). Raises RequestError.
        """
        data = self._commcell.read("POST", "WhoAmI")
        return text(member(data, "user").get("userName"))

    def create(self, body: dict[str, t.Any]) -> TaskReply:
        """Submit a task: POST createtask, once.

        Args:
            body: As of request.build_request.

        Returns:
            The jobs. An answer with job ids counts as started even if it reports an error too: those jobs run.

        Raises:
            RequestError: No job was started (maybe_ran false), or that is not known (maybe_ran true).
        """
        reply = self._commcell.call("POST", CREATE_TASK, changes=True, body=body)
        started = _read_reply(reply)
        if started:
            with self._lock:
                repeated = not self._named.isdisjoint(started.job_ids)
                self._named.update(started.job_ids)
            if repeated:
                # That was the answer to another request. If the connection stays, its own one may come in the place of
                # the next one's.
                self._commcell.transport.close()
            return started
        if None not in _job_ids(reply):
            try:
                self._commcell.check(reply, "POST", CREATE_TASK, changes=True)
            except RequestError as error:
                named = _NAMED.search(reply.text)
                if named and not _is_all_refused(error, body):
                    # What was made before the error came is not known.
                    error.maybe_ran = True
                    error.args = (f"{error} The same answer has {named[1]} {named[2]}.",)
                raise
        raise _no_job(reply, self.create_url())


def _read_reply(reply: Reply) -> TaskReply | None:
    """The documented good answer, {"taskId": 9920, "jobIds": ["148886"]}; None for any other.

    Ids are taken as int or str, several in one str with commas, a single one bare, as jobId, or as an object with the
    key val, as the XML form of the answer has it (https://documentation.commvault.com, POST Create Task; that JSON can
    be so is inferred).
    """
    if reply.status // 100 != 2 or not isinstance(reply.data, dict):
        return None
    ids = _job_ids(reply)
    known = tuple(dict.fromkeys(job_id for job_id in ids if job_id))
    if not known or None in ids:
        return None
    vendor = find_error(reply.data)
    complaint = vendor.message or str(vendor.code) if vendor else None
    return TaskReply(_task_id(reply), known, reply.data, complaint)


def _task_id(reply: Reply) -> int | None:
    return positive(reply.data.get("taskId")) if isinstance(reply.data, dict) else None


def _is_all_refused(error: RequestError, body: dict[str, t.Any]) -> bool:
    """Whether an error says all by itself that nothing was started: it is about the one association that there is."""
    alone = len(body.get("taskInfo", {}).get("associations", ())) == 1
    return alone and (error.kind is ErrorKind.ALREADY_RUNNING or error.code == NO_ELIGIBLE_SUBCLIENT)


def _job_ids(reply: Reply) -> list[str | None]:
    """The ids as str of digits, empty where none is told, None for what is in no known shape."""
    data = reply.data if reply.status // 100 == 2 and isinstance(reply.data, dict) else {}
    told = data.get("jobIds") or data.get("jobId")
    if isinstance(told, str):
        told = told.split(",")
    ids: list[str | None] = []
    for one in told if isinstance(told, list) else [told]:
        value = one.get("val") if isinstance(one, dict) and "val" in one else one
        found = None if isinstance(value, float) else positive(value)
        ids.append("" if value in (None, "", 0, "0", {}) else str(found) if found else None)
    return ids


def _no_job(reply: Reply, url: str) -> RequestError:
    """A 2xx JSON answer without error and without jobs. A task of it may have jobs that come later."""

    error = functools.partial(error_about, reply, "POST", url)
    task_id = _task_id(reply)
    if None in _job_ids(reply):
        msg = "Commvault answered with jobs in a shape that is not known."
        return error(msg, ErrorKind.BAD_REPLY, maybe_ran=True)
    if task_id:
        found = error(f"Commvault accepted the request as task {task_id}, but named no job.", ErrorKind.NO_JOB)
        found.maybe_ran, found.task_id = True, task_id
        return found
    return error("Commvault answered without a task and without jobs.", ErrorKind.BAD_REPLY, maybe_ran=True)
