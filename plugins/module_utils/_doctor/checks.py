# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the doctor checks: each line with the facts it is about, what is assumed, and what a difference means.

The numbers of facts are those of the guide on the vendor's API.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

# The verdicts on a line. NOT_SEEN: nothing there by which it can be told. NOT_ALLOWED: this user may not see it.
OK, DIFFERS, NOT_SEEN, NOT_ALLOWED = "ok", "differs", "not_seen", "not_allowed"
STATUSES = (OK, DIFFERS, NOT_SEEN, NOT_ALLOWED)


class Check(t.NamedTuple):
    """One line.

    facts: numbers of the guide. assumed: what this collection takes for granted. means: what it is to the user if that
    is not so. option: the option or the key of commcell_profile that adapts to it, empty if there is none or none is
    needed.
    """

    topic: str
    facts: tuple[str, ...]
    assumed: str
    means: str
    option: str = ""


TOPICS = {
    "way": "The way to the CommCell",
    "who": "Who is calling",
    "endpoints": "What this release offers",
    "jobs": "What jobs look like",
    "instances": "What can be backed up",
    "settings": "Settings that matter",
    "start": "What one start shows",
}

CHECKS = {
    # --- the way
    "url": Check(
        "way",
        ("A45", "A46"),
        "The URL is that of the REST API and answers without a redirect.",
        "Redirects are not followed, so every task fails until the URL is the final one.",
        "url",
    ),
    "tls": Check(
        "way",
        (),
        "The certificate is trusted and good for two more weeks.",
        "When it expires, every task fails before anything is sent.",
        "ca_path",
    ),
    "proxy": Check(
        "way",
        (),
        "The server is reached without a proxy.",
        "A proxy that ends requests early leaves starts with an unknown outcome.",
        "the environment variables HTTPS_PROXY and NO_PROXY",
    ),
    "latency": Check(
        "way",
        (),
        "A read takes less than two seconds.",
        "Runs over many databases take longer. More requests at once make up for it.",
        "concurrency",
    ),
    "local_clock": Check(
        "way",
        (),
        "This machine's clock agrees with the header Date.",
        "Nothing is judged by this machine's clock, but times in reports look odd. Synchronise it.",
    ),
    "job_clock": Check(
        "way",
        ("A61",),
        "The header Date and the times of jobs come from the same clock.",
        "Without the correction, the job of a lost answer is not found, or an earlier job is taken for it.",
        "commcell_profile: clock_skew",
    ),
    "keep_alive": Check(
        "way",
        (),
        "One connection serves several requests.",
        "Each request makes a connection of its own, which is slower. Nothing else changes.",
    ),
    "compression": Check("way", (), "Answers may be compressed.", "Large listings take more bandwidth."),
    "http_version": Check("way", (), "The server speaks HTTP/1.1.", "Each request makes a connection of its own."),
    # --- who
    "header": Check(
        "who",
        ("A34", "A35"),
        "The token is accepted in the header that auth_scheme names.",
        "Every task fails with a login error until the other header is used.",
        "auth_scheme, or commcell_profile: auth_scheme",
    ),
    "user": Check(
        "who",
        ("A40", "A63"),
        "WhoAmI names the user of these credentials.",
        "A dead token cannot be told from a missing permission, and jobs of this user not from those of others.",
    ),
    "lifetime": Check(
        "who",
        ("A36", "A38"),
        "The credentials outlive a run, or are renewed in time.",
        "A run that lasts longer than the token fails in the middle. Jobs go on; wait for them with job_wait.",
        "token_file, or username with password",
    ),
    "release": Check(
        "who",
        (),
        "The release is 11.38 or newer, the one that the operation is documented for.",
        "Older releases may lack the operation, or renewable access tokens.",
    ),
    "sight": Check(
        "who",
        ("A44",),
        "The user sees at least one client.",
        "What the user does not see can be neither listed nor checked before a start.",
    ),
    "start_right": Check(
        "who",
        ("A1", "A12"),
        "The user may start backups.",
        "It cannot be told by reading; the first start shows it. A refusal starts nothing.",
        "doctor_start",
    ),
    # --- endpoints
    **{
        f"endpoint_{name}": Check("endpoints", facts, f"{path} is there.", means)
        for name, path, facts, means in (
            ("jobs", "POST Jobs", ("A27",), "Jobs cannot be listed: no max_age, and no search for lost jobs."),
            ("job", "GET Job/ID", ("A23",), "A single job cannot be read, so nothing can be waited for."),
            ("job_details", "POST JobDetails", ("A29",), "Adopted backups have no task id."),
            ("events", "GET Events", (), "A failed job is shown without its last events."),
            ("client", "GET Client", ("A41",), "Clients cannot be listed: no inventory from subclients."),
            ("subclient", "GET Subclient", ("A41", "A56"), "Jobs are matched by names alone."),
            ("get_id", "GET GetId", (), "A client's number is looked up in the list of all clients."),
            (
                "v4_instances",
                "GET V4/Instances",
                ("A42",),
                "Instances are read client by client, which takes more requests.",
            ),
            (
                "activity",
                "GET V4/CommCell/ActivityControl",
                (),
                "A dry run does not see that backups are switched off for the whole CommCell.",
            ),
            (
                "job_settings",
                "GET CommServ/JobManagementSetting",
                ("A66",),
                "Whether conflicting jobs are queued is only seen when it happens.",
            ),
        )
    },
    # --- jobs
    "job_rows": Check(
        "jobs",
        ("A24", "A25"),
        "The rows of Oracle jobs of the last days can be read.",
        "Nothing below could be checked. Run the doctor again once a backup has run.",
        "doctor_days",
    ),
    "job_type": Check(
        "jobs",
        ("A51",),
        "The job of an export has a type with Backup in its name.",
        "Without the correction, max_age and the search for lost jobs do not find its jobs.",
        "commcell_profile: job_types",
    ),
    "job_application": Check(
        "jobs",
        ("A52",),
        "The application id in its row is 22.",
        "Without the correction, such rows are no proof of a backup, and what depends on them is not decided.",
        "commcell_profile: application_ids",
    ),
    "job_client": Check(
        "jobs",
        ("A53",),
        "Its row names the client of the request.",
        "Without the correction, such rows are no proof of a backup, and what depends on them is not decided.",
        "commcell_profile: client_is_proxy",
    ),
    "job_level": Check(
        "jobs",
        ("A54",),
        "Its row names the level: Full or Incremental.",
        "The number of the level is used instead. Where neither says it, a backup does not count for max_age.",
    ),
    "job_end": Check(
        "jobs",
        ("A55",),
        "A job that has ended tells when.",
        "The time of its last update is used instead, then start and elapsed time.",
    ),
    "job_subclient": Check(
        "jobs",
        ("A56",),
        "Its row has the subclient's id.",
        "Jobs are matched by names alone.",
    ),
    "job_states": Check(
        "jobs",
        ("A30", "A32"),
        "All states are known.",
        "A job in an unknown state counts as active until wait_timeout. Tell us the word.",
    ),
    "job_rows_once": Check(
        "jobs",
        ("A59",),
        "Each job stands in the listing once, and all are of one CommCell.",
        "The newest row of a job counts, and rows of other CommCells are left out.",
    ),
    "job_order": Check(
        "jobs",
        ("A57",),
        "The listing begins with the newest job.",
        "The listing is asked for the other way round.",
    ),
    "job_paging": Check(
        "jobs",
        ("A58",),
        "A second page goes on where the first one ended, and the total is the number of rows.",
        "Long listings are read with overlapping pages, or end in an error.",
    ),
    "job_lag": Check(
        "jobs",
        ("A26",),
        "A job that can be read is listed, too.",
        "Without the correction, two launches in a row can double a backup.",
        "commcell_profile: visibility_lag",
    ),
    # --- instances
    "instances": Check(
        "instances",
        ("A8", "A64"),
        "Amazon RDS instances are Oracle instances of a client (application 22).",
        "Name instances by hand, with the names that the Command Center shows.",
        "application_id, app_name",
    ),
    # --- settings
    "queueing": Check(
        "settings",
        ("A62", "A66"),
        "A second backup of a subclient is refused.",
        "The CommCell queues it instead. Then only check_running keeps two launches from backing up twice.",
        "commcell_profile: queues_conflicts",
    ),
    "rate_limit": Check(
        "settings",
        ("A48", "A50", "A65"),
        "Requests are not limited.",
        "Requests wait for their turn. On large inventories, fewer at once get less refusals.",
        "concurrency, batch_size",
    ),
    "activity": Check(
        "settings",
        (),
        "Backup activity of the CommCell is enabled.",
        "Every start is refused or stays queued until an administrator enables it.",
    ),
    # --- one start
    "start_ids": Check(
        "start",
        ("A10", "A22"),
        "createtask answers with the id of the job that then shows up.",
        "The job of a start is told by its subclient, not by the answer.",
    ),
    "start_lag": Check(
        "start",
        ("A26",),
        "A new job is listed within 5 seconds.",
        "Without the correction, two launches in a row can double a backup.",
        "commcell_profile: visibility_lag",
    ),
    "start_clock": Check(
        "start",
        ("A61",),
        "The job begins at the time of the request, by the header Date.",
        "Without the correction, the job of a lost answer is not found, or an earlier job is taken for it.",
        "commcell_profile: clock_skew",
    ),
    "start_task": Check(
        "start",
        ("A29",),
        "JobDetails has the task id that createtask answered with.",
        "Adopted backups have no task id.",
    ),
    "start_marker": Check(
        "start",
        ("A4", "A60"),
        "The description of the request comes back in the row of its job or in its details.",
        "job_marker is of no use here; the search for a lost job goes by user, time and level.",
        "job_marker, or commcell_profile: job_marker",
    ),
    "start_row": Check(
        "start",
        ("A51", "A52", "A53", "A54", "A56"),
        "The row of the job looks as assumed over its whole life.",
        "See the lines on jobs.",
        "commcell_profile",
    ),
    "start_end": Check(
        "start",
        ("A30", "A55"),
        "The job ends in a known state and tells when.",
        "The time of its last update is used instead.",
    ),
}


def summary_lines(msg: str, findings: t.Sequence[t.Mapping[str, t.Any]], profile: t.Mapping[str, t.Any]) -> list[str]:
    """What a person reads at the end: the verdict, what differs with what to do, and how much there is of the rest.

    Args:
        findings: As of Finding.to_result.
        profile: As of Profile.to_result.
    """
    lines = [msg]
    for finding in findings:
        if finding["status"] != DIFFERS:
            continue
        facts = f" ({', '.join(finding['facts'])})" if finding["facts"] else ""
        lines += ["", f"differs: {finding['assumed']}{facts}", f"  Seen: {finding['seen']}", f"  {finding['means']}"]
        if finding["option"]:
            lines.append(f"  What adapts to it: {finding['option']}")
    if profile:
        lines += ["", f"commcell_profile: {json.dumps(profile)}"]
    counts = [(status, sum(finding["status"] == status for finding in findings)) for status in STATUSES]
    return [*lines, "", ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts) + "."]


def date_is(ahead: float, than: str) -> str:
    """By how many seconds the header Date is ahead of something."""
    return f"Date is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {than}."


class Finding(t.NamedTuple):
    """What was found about one check. seen: in words, free of secrets."""

    check: str
    status: str
    seen: str

    def to_result(self) -> dict[str, t.Any]:
        """For the result of the module and for reports."""
        check = CHECKS[self.check]
        return {
            "check": self.check,
            "topic": check.topic,
            "status": self.status,
            "facts": list(check.facts),
            "assumed": check.assumed,
            "seen": self.seen,
            "means": check.means if self.status == DIFFERS else "",
            "option": check.option if self.status == DIFFERS else "",
        }


@dataclass
class Findings:
    """What was found. differences: what that would set in a profile, by its keys."""

    findings: list[Finding] = field(default_factory=list)
    differences: dict[str, t.Any] = field(default_factory=dict)

    def add(self, check: str, status: str, seen: str) -> None:
        """Add a line."""
        self.findings.append(Finding(check, status, seen))

    def judge(self, check: str, good: bool, seen: str, **differences: t.Any) -> None:
        """Add a line that is OK if it is good, else DIFFERS and proposes differences."""
        self.add(check, OK if good else DIFFERS, seen)
        if not good:
            self.differences.update(differences)

    def take(self, other: Findings) -> None:
        """Add what somebody else found."""
        self.findings += other.findings
        self.differences.update(other.differences)
