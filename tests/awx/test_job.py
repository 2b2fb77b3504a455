# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them: through ansible-runner, with our credential, surveys, and the inventory of the CommCell."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.awx.jobs import Job, Project, launch, sliced
from ansible_collections.rdsops.commvault.tests.awx.notifications import render
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import make_secret, needles
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Injected, Twice, data, inject

TEMPLATES: dict[str, dict[str, t.Any]] = {one["key"]: one for one in data("job_templates")}
EMPTY: dict[str, t.Any] = {"_meta": {"hostvars": {}}}
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

    def launch(
        self, key: str, *, inventory: t.Mapping[str, t.Any] | None = None, made: Twice | None = None, **more: t.Any
    ) -> Job:
        """Launch one of our job templates. made: take all from what the set-up has made in AWX, not from our data."""
        template = TEMPLATES[key]
        survey = data(template["survey"].removesuffix(".yml"))
        hosts = self.inventory if template["inventory"] == "databases" else EMPTY
        if made is not None:
            found = made.awx.of("job_templates")[f"Commvault: {template['name']}"]
            survey = made.awx.survey("job_templates", found)
            sources = [source["inventory"] for source in made.awx.of("inventory_sources").values()]
            hosts = self.inventory if found["inventory"] in sources else EMPTY
            own = {"playbook": Path(found["playbook"]).name, "extra_vars": json.loads(found["extra_vars"])}
            template = {"name": found["name"], **own}
        number = 101 + len(self.jobs)
        place = self.place / f"job{number}"
        more = {"number": number, **more}
        job = launch(self.project, place, template, survey, inventory or hosts, self.credential.env, **more)
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
    told = (event["stdout"] for event in events if event["event"] == "verbose")
    return [line for line in told if re.search(r" of \d+, (\d+:)?\d\d:\d\d", line)]


FAST = {"oracle_rds_export_backup_wait_interval": "0.5s"}


def test_a_night_with_one_failed_database(site: Site, done: Twice, tmp_path: Path) -> None:
    """All from what the set-up has made in AWX with the sample of the guide.

    Time stands still until a line of progress has come as an event: else nothing would ever end.
    """
    fails = [{"state": "Running", "seconds": 90}, {"state": "Failed", "reason": DENIED}]
    site.simulator.script("hr", fails, times=2)
    site.simulator.set(speed=0)
    lines: list[str] = []

    def time_goes_on(event: dict[str, t.Any]) -> bool:
        lines.extend(progress([event]))
        if lines:
            site.simulator.advance(60)
        return True

    # What a set-up with a directory for reports gives to templates that write them.
    report = {"oracle_rds_export_backup_report_path": f"{tmp_path}/commvault-{{{{ awx_job_id }}}}.html"}
    more: dict[str, t.Any] = {"made": done, "handler": time_goes_on, "more": {**FAST, **report}}
    nodes = done.awx.of("workflow_job_template_nodes")
    (mail,) = done.awx.of("notification_templates").values()
    # The answers of the workflow are those of its schedule. AWX gives them to all nodes.
    nightly = done.awx.of("schedules")["Commvault nightly full"]["extra_data"]
    try:
        start = site.launch("start_only", made=done, answers=nightly)
        assert start.status == "successful"
        assert sorted(site.started()) == ["billing", "crm", "hr", "orders"]
        assert {job["level"] for job in site.simulator.jobs()} == {"full"}
        job_ids = sorted(str(job["job_id"]) for job in site.simulator.jobs())
        assert sorted(start.artifacts[ARTIFACT]["job_ids"]) == job_ids

        wait = site.launch("wait_and_report", artifacts=start.artifacts, **more)
        assert wait.status == "failed"
        assert lines
        assert DENIED in wait.stdout
        assert len(site.started()) == 4
        (bad,) = wait.artifacts[ARTIFACT]["failed"]
        assert DENIED in bad["cause"]

        lines.clear()
        answers = {**nightly, **nodes["again"]["extra_data"]}
        again = site.launch("export_backup", artifacts={**start.artifacts, **wait.artifacts}, answers=answers, **more)
        assert again.status == "failed"
        assert lines
        assert site.started()[4:] == ["hr"]
        sent = render(mail["messages"], "error", again.shown())
        assert sent.subject == f"1 of 4 backups failed: hr (Job {again.number})"
        assert DENIED in sent.body
        assert f"(Commvault job {site.simulator.jobs()[-1]['job_id']})" in sent.body
        assert f"https://awx.example.com/#/jobs/playbook/{again.number}" in sent.body
        assert "relaunch it on failed hosts" in sent.body

        lines.clear()
        assert again.failed_hosts == {"hr"}
        relaunch = site.launch("export_backup", limit=",".join(again.failed_hosts), answers=answers, **more)
        assert relaunch.status == "successful"
        assert site.started()[5:] == ["hr"]
        assert relaunch.artifacts[ARTIFACT]["counts"]["failed"] == 0
        assert render(mail["messages"], "success", relaunch.shown()).subject.startswith("1 of 1 backups succeeded")
        # No job has overwritten the report of another.
        files = {path.name for path in tmp_path.glob("*.html")}
        assert files == {f"commvault-{job.number}.html" for job in (wait, again, relaunch)}
    finally:
        site.simulator.set(speed=1)


def test_a_check_fails_the_databases_that_are_not_protected_and_its_mail_names_them(site: Site, done: Twice) -> None:
    """It starts nothing. The answers are those of an operator who leaves open what the form lets them leave open."""
    site.launch("start_only", limit="orders,hr")
    site.simulator.advance(7200)
    writes = len(site.simulator.writes())
    answers = {
        "oracle_rds_export_backup_protection_target": "12h",
        "oracle_rds_export_backup_protection_new_after": "",
    }
    check = site.launch("protection_report", made=done, answers=answers)
    assert len(site.simulator.writes()) == writes
    assert check.status == "failed"
    assert check.failed_hosts == {"billing", "crm"}
    artifact = check.artifacts["oracle_rds_export_backup_protection_artifact"]
    assert artifact["counts"] == {"databases": 4, "protected": 2, "failed": 2}
    (mail,) = done.awx.of("notification_templates").values()
    sent = render(mail["messages"], "error", check.shown())
    assert sent.subject == f"2 of 4 databases are not protected: billing, crm (Job {check.number})"
    assert "billing: never" in sent.body
    good = site.launch("protection_report", made=done, limit="orders,hr")
    assert good.status == "successful"
    assert render(mail["messages"], "success", good.shown()).subject.startswith("2 of 2 databases are protected")


def test_looking_and_waiting_start_while_the_commserve_is_away(site: Site, done: Twice) -> None:
    """Neither reads the inventory of databases. Looking succeeds, and waiting goes on until it is back."""
    site.simulator.set(speed=0)
    start = site.launch("start_only", made=done)
    ids = {"oracle_rds_export_backup_follow_job_ids": "\n".join(start.artifacts[ARTIFACT]["job_ids"])}
    away: list[int] = [site.simulator.order_fault(fault={"kind": "unavailable"}, times=None)]
    try:
        for answers in (ids, {}):
            look = site.launch("job_status", made=done, answers=answers)
            assert look.status == "successful"
        assert "503" in site.jobs[-2].stdout

        def back(event: dict[str, t.Any]) -> bool:
            # The first line says that nothing could be read yet.
            if away and "last poll failed" in event["stdout"]:
                away.clear()
                site.simulator.clear_faults()
                site.simulator.set(speed=600)
            return True

        wait = site.launch("wait_and_report", made=done, answers=ids, handler=back, more=FAST)
        assert away == []
        assert wait.status == "successful"
        look = site.launch("job_status", made=done, answers=ids)
        assert "4 backups: 4 succeeded" in look.stdout
    finally:
        site.simulator.clear_faults()
        site.simulator.set(speed=1)


def test_jobs_of_a_job_that_somebody_cancelled_can_be_followed_as_the_guide_says(site: Site, done: Twice) -> None:
    """AWX ends it where it stands: no summary, no artifact. What it has printed has all ids."""
    site.simulator.set(speed=0)
    lines: list[str] = []

    def note(event: dict[str, t.Any]) -> bool:
        lines.extend(progress([event]))
        return True

    try:
        job = site.launch("export_backup", made=done, handler=note, cancelled=lambda: bool(lines), more=FAST)
        assert job.status == "canceled"
        assert job.artifacts == {}
        site.simulator.set(speed=600)
        (ids,) = re.findall(r"oracle_rds_export_backup_follow_job_ids=(\S+)", job.stdout)
        answers = {"oracle_rds_export_backup_follow_job_ids": ids}
        wait = site.launch("wait_and_report", made=done, answers=answers, more=FAST)
        assert wait.status == "successful"
        assert wait.artifacts[ARTIFACT]["counts"]["succeeded"] == 4
    finally:
        site.simulator.set(speed=1)


def test_jobs_are_killed_by_their_ids(site: Site) -> None:
    """What the workflow does after somebody has approved it."""
    for name in ("hr", "orders"):
        site.simulator.script(name, [{"state": "Running", "seconds": 100_000}, "Completed"])
    start = site.launch("start_only", limit="hr,orders")
    site.simulator.set(speed=60)
    try:
        ids = ", ".join(start.artifacts[ARTIFACT]["job_ids"])
        for _twice in range(2):
            kill = site.launch("kill_jobs", answers={"commvault_kill_job_ids": f" {ids}\n"})
            assert kill.status == "successful"
        assert {job["state"] for job in site.simulator.jobs()} == {"Killed"}
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
