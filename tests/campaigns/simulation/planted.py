# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that can be put into the code under test, to see that the checker finds them.

Each is one that somebody could make in good faith.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export import export, submission
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TasksApi
from ansible_collections.rdsops.commvault.plugins.module_utils._jobs import api as jobs_api

from . import world  # noqa: F401  # pylint: disable=unused-import  # puts the code under test on the scheduler first
from .commserve import OUR_USER


def send_lost_requests_again() -> None:
    """Take an answer that was lost for a request that was not carried out, and repeat it."""
    create = TasksApi.create

    def create_twice(self: TasksApi, *args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return create(self, *args, **kwargs)
        except RequestError as error:
            if not error.maybe_ran:
                raise
        return create(self, *args, **kwargs)

    TasksApi.create = create_twice


def call_lost_requests_refused() -> None:
    """Report that nothing was started wherever the answer was an error."""
    original = submission.backup_from_error

    def refused(instance: t.Any, error: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        error.maybe_ran = False
        return original(instance, error, *args, **kwargs)

    submission.backup_from_error = refused


def take_any_job_for_ours() -> None:
    """Do not look who started a job, and how."""
    parse, details = jobs_api.parse_job, jobs_api.JobsApi.details

    def parse_as_ours(*args: t.Any, **kwargs: t.Any) -> t.Any:
        job = parse(*args, **kwargs)
        return job and dataclasses.replace(job, user_name=OUR_USER, backup_level="Full")

    def details_as_ours(self: t.Any, job_id: str) -> t.Any:
        return details(self, job_id)._replace(started_from="Interactive", started_by=OUR_USER)

    jobs_api.parse_job = parse_as_ours
    jobs_api.JobsApi.details = details_as_ours


def kill_the_jobs_before() -> None:
    """Kill more jobs than the one that is meant."""
    act = jobs_api.JobsApi.act

    def act_on_several(self: t.Any, job_id: str, action: str) -> None:
        for number in range(int(job_id) - 5, int(job_id)):
            with contextlib.suppress(RequestError):
                act(self, str(number), action)
        act(self, job_id, action)

    jobs_api.JobsApi.act = act_on_several


def start_without_a_look() -> None:
    """Do not look for other backups, neither before the first start nor after the last."""
    original = export.Export.__init__

    def blind(self: t.Any, commcell: t.Any, options: t.Any, plan: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        original(self, commcell, options, dataclasses.replace(plan, check_running=False), *args, **kwargs)

    export.Export.__init__ = blind


def never_rest() -> None:
    """Ask a server that is away again and again without a pause."""
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(float(seconds), 0.5))


FAULTS: dict[str, t.Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        send_lost_requests_again,
        call_lost_requests_refused,
        take_any_job_for_ours,
        kill_the_jobs_before,
        start_without_a_look,
        never_rest,
    )
}
