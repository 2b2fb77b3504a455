# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: reading them."""

from __future__ import annotations

from simulator.commserve import Call, CommServe
from simulator.replies import Reply
from simulator.routes import Route
from simulator.views import job_summary


def get_job(server: CommServe, call: Call) -> Reply:
    """Answer with one job, or with no record for an id that is unknown."""
    number = call.params["job_id"]
    job = server.jobs.by_id.get(int(number)) if number.isdigit() else None
    if job is None:
        return Reply({"totalRecordsWithoutPaging": 0})
    summary = job_summary(job, server.clock.now(), server.estate.commcell_name, server.estate.commcell_id)
    return Reply({"totalRecordsWithoutPaging": 1, "jobs": [{"jobSummary": summary}]})


ROUTES = [Route("GET", "job/{job_id}", "read", get_job)]
