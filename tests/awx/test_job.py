# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them: through ansible-runner, with our credential, surveys, and the inventory of the CommCell."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.awx.jobs import Job, Project, launch, sliced
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import make_secret, needles
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Injected, data, inject

TEMPLATES: dict[str, dict[str, t.Any]] = {one["key"]: one for one in data("job_templates")}
NODES: dict[str, dict[str, t.Any]] = {one["identifier"]: one for one in data("workflow")["nodes"]}
PASSWORD = make_secret("AWX password")
ESTATE: dict[str, t.Any] = {
    "clients": [{"name": "aws-prod", "instances": ["orders", "billing", "hr", "crm"]}],
    "users": [{"name": "operator", "password": PASSWORD}],
}
INVENTORY_FILE = "inventories/awx.commvault_rds.yml"
ARTIFACT = "oracle_rds_export_backup_artifact"
DENIED = "ORA-01017: invalid username/password; logon denied"


class Site:
    """An AWX with our credential, and the inventory as it was read from the CommCell."""

    def __init__(self, project: Project, simulator: Simulator, place: Path) -> None:
        assert simulator.ca_file is not None
        self.project, self.simulator, self.place = project, simulator, place
        values = {
            "url": simulator.https_url,
            "username": "operator",
            "password": PASSWORD,
            "ca_cert": Path(simulator.ca_file).read_text(encoding="utf-8"),
        }
        self.credential: Injected = inject(values, place)
        self.jobs: list[Job] = []
        update = project.read_inventory(INVENTORY_FILE, self.credential.env, data("inventory_source")["source_vars"])
        assert update.rc == 0, update.output
        self.inventory: dict[str, t.Any] = json.loads(update.stdout)
        self.printed = update.output

    def launch(self, key: str, *, inventory: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> Job:
        """Launch one of our job templates."""
        template = TEMPLATES[key]
        job = launch(
            self.project,
            self.place / f"job{len(self.jobs)}",
            template,
            data(template["survey"].removesuffix(".yml")),
            inventory or self.inventory,
            self.credential.env,
            **more,
        )
        self.jobs.append(job)
        return job

    def started(self) -> list[str]:
        """The instances whose backups were started, in order."""
        return [job["instance"] for job in self.simulator.jobs()]


@pytest.fixture
def site(projects: t.Callable[[], Project], simulator: Simulator, tmp_path: Path) -> t.Iterator[Site]:
    site = Site(projects(), simulator, tmp_path)
    yield site
    # Whatever a test was about: nothing secret is in an event, in what is printed, or among the artifacts.
    said = json.dumps([[job.events, job.artifacts] for job in site.jobs], default=str) + site.printed
    found = [form for needle, form in needles(PASSWORD).items() if needle.decode("latin-1") in said]
    assert found == []


def progress(events: t.Iterable[dict[str, t.Any]]) -> list[str]:
    """Lines about how far jobs are, as far as they are events of their own."""
    return [event["stdout"] for event in events if event["event"] == "verbose" and " finished" in event["stdout"]]


def test_the_workflow_starts_waits_and_tries_again_only_what_failed(site: Site) -> None:
    """Time stands still until a line of progress has come as an event: else nothing would ever end."""
    site.simulator.script("hr", [{"state": "Running", "seconds": 90}, {"state": "Failed", "reason": DENIED}], times=1)
    site.simulator.set(speed=0)
    lines: list[str] = []

    def time_goes_on(event: dict[str, t.Any]) -> bool:
        lines.extend(progress([event]))
        if lines:
            site.simulator.advance(60)
        return True

    fast = {"oracle_rds_export_backup_wait_interval": "0.5s"}
    try:
        start = site.launch("start_only", answers={"oracle_rds_export_backup_job_description": "{{ 7 * 7 }}"})
        assert start.status == "successful"
        assert sorted(site.started()) == ["billing", "crm", "hr", "orders"]
        job_ids = sorted(str(job["job_id"]) for job in site.simulator.jobs())
        assert sorted(start.artifacts[ARTIFACT]["job_ids"]) == job_ids

        wait = site.launch("wait_and_report", artifacts=start.artifacts, handler=time_goes_on, more=fast)
        assert wait.status == "failed"
        assert lines
        assert DENIED in wait.stdout
        assert len(site.started()) == 4
        (bad,) = wait.artifacts[ARTIFACT]["not_well"]
        assert DENIED in bad["cause"]

        lines.clear()
        again = site.launch(
            "export_backup",
            artifacts={**start.artifacts, **wait.artifacts},
            answers=NODES["again"]["extra_data"],
            handler=time_goes_on,
            more=fast,
        )
        assert again.status == "successful"
        assert lines
        assert site.started()[4:] == ["hr"]
        assert again.artifacts[ARTIFACT]["counts"]["not_well"] == 0

        status = site.launch("job_status", answers={"oracle_rds_export_backup_follow_job_ids": "\n".join(job_ids)})
        assert status.status == "successful"
        assert "4 backups: 1 ended badly, 3 ended well" in status.stdout
    finally:
        site.simulator.set(speed=1)


def test_slices_start_each_backup_once_and_a_limit_and_a_relaunch_keep_to_their_hosts(site: Site) -> None:
    """The answers are as AWX has them: texts, also for what is a yes or a no, and empty ones."""
    site.simulator.set_activity(False, instance="orders")
    answers = {
        "oracle_rds_export_backup_preflight": "true",
        "oracle_rds_export_backup_max_age": "",
        "oracle_rds_export_backup_backup_level": "full",
    }
    jobs = [
        site.launch("start_only", inventory=sliced(site.inventory, number, 2), answers=answers) for number in (1, 2)
    ]
    assert sorted(site.started()) == ["billing", "crm", "hr"]
    assert sorted(job.status for job in jobs) == ["failed", "successful"]
    failed = {host for job in jobs for host in job.failed_hosts}
    assert failed == {"orders"}

    site.simulator.set_activity(True, instance="orders")
    relaunch = site.launch("start_only", limit=",".join(failed), answers=answers)
    assert relaunch.status == "successful"
    assert site.started()[3:] == ["orders"]
