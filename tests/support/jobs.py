# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs and subclients as they were read."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

from ansible_collections.rdsops.commvault.plugins.module_utils._jobs.job import Job


def job(job_id: int | str = 7, instance: str | None = "orders", status: str = "Running", **more: t.Any) -> Job:
    """A job of the subclient default of an instance; more: further fields, or others in place of these."""
    names = {"client_name": "aws-prod", "instance_name": instance, "subclient_name": "default", "application_id": 22}
    return Job(str(job_id), **{"status": status, **names, **more})


def subclient(subclient_id: int, instance: str = "orders") -> t.Any:
    """What of a subclient a job is matched with."""
    return SimpleNamespace(
        subclient_id=subclient_id, instance_name=instance, subclient_name="default", application_id=22
    )
