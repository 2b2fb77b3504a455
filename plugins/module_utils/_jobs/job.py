# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs: what their states mean, and one job as this collection knows it. No Ansible, no HTTP."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import dataclasses
import functools
import html
import re
import typing as t

from .._errors import InvalidInput
from .._http import fields
from .._redact import printable

# What a state says about a job: under way, or how it ended.
ACTIVE, OK, WARNINGS, ERRORS, BAD = "active", "ok", "warnings", "errors", "failed"

# The states of the vendor's own list, as two independent clients give it (github.com/smatechnologies/commvault-java:
# CommVaultJobStatus) and as Commvault's SDK takes them (github.com/Commvault/cvpysdk: job.py). Written as _plain makes
# them. A state that is not here counts as active and is named to the user; it is never taken for an end.
STATES = {
    "running": ACTIVE,
    "running (cannot be verified)": ACTIVE,
    "waiting": ACTIVE,
    "pending": ACTIVE,
    "queued": ACTIVE,
    "suspend": ACTIVE,
    "suspend pending": ACTIVE,
    "suspended": ACTIVE,
    "kill pending": ACTIVE,
    "interrupt pending": ACTIVE,
    "interrupted": ACTIVE,
    # Some lists have these as one state, some as two. It is a phase of shutting down.
    "abnormal terminated cleanup": ACTIVE,
    "abnormal terminated": ACTIVE,
    "cleanup": ACTIVE,
    "completed": OK,
    "completed with one or more warnings": WARNINGS,
    "completed with warnings": WARNINGS,
    "completed with one or more errors": ERRORS,
    "completed with errors": ERRORS,
    # The job ended early after a part of its data had been committed (inferred from what users say of it).
    "committed": ERRORS,
    "failed": BAD,
    "failed to start": BAD,
    "killed": BAD,
}
# A job can stay in these for ever without doing anything.
STUCK_STATES = ("queued", "pending", "waiting", "suspended")

# The values of the option fail_on, and the ends that each of them calls bad.
FAIL_ON = {
    "failure": frozenset([BAD]),
    "errors": frozenset([BAD, ERRORS]),
    "warnings": frozenset([BAD, ERRORS, WARNINGS]),
}

# Characters of a reason in results; the whole of a job stays at about 1 kB with it.
REASON_LENGTH = 250
# Characters of a description, which no result shows: the marker of a run stands at its end.
_DESCRIPTION_LENGTH = 1 << 16

# Words in the types of jobs that back nothing up (https://documentation.commvault.com, GET Job, and
# github.com/Commvault/cvpysdk: job.py; that they are all is not known). Which type an export has is not documented.
_OTHER_TYPES = ("restore", "aux", "aging", "verif", "install", "download", "update", "report", "refresh", "workflow")
# The numbers of levels (github.com/Commvault/CVPowershellSDKV2: CVBackupType).
_LEVELS = {1: "Full", 2: "Incremental", 3: "Differential", 4: "Synthetic Full"}

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")


# Thousands of jobs have the same few states.
@functools.lru_cache(maxsize=256)
def _plain(status: str) -> str:
    """A state as STATES writes it; the vendor has "Completed w/ one or more errors" and COMPLETED_WITH_ERRORS, too."""
    return " ".join(status.lower().replace("_", " ").replace("w/", "with ").split())


def state_of(status: str) -> str:
    """What a status means: ACTIVE, OK, WARNINGS, ERRORS or BAD; one that is not known counts as active."""
    return STATES.get(_plain(status), ACTIVE)


def is_well(state: str, fail_on: str = "errors") -> bool:
    """Whether this is the state of a job that has ended, and not in a way that fail_on (a key of FAIL_ON) calls bad."""
    return state != ACTIVE and state not in FAIL_ON[fail_on]


def plain_text(value: t.Any, length: int = REASON_LENGTH, clean: t.Callable[[str], str] = str) -> str:
    """One line without markup (the vendor's texts can hold <br> and &amp;), at most length characters.

    Args:
        clean: Masks secrets. It comes first: what is left of a secret when it has been cut can be found by nobody.
    """
    if not value:
        return ""
    line = " ".join(html.unescape(_TAG.sub(" ", clean(printable(str(value))))).split())
    return line if len(line) <= length else line[: length - 3] + "..."


def check_job_ids(values: t.Iterable[t.Any], name: str = "job_ids") -> list[str]:
    """Job ids as texts, each once, in order.

    Args:
        name: Of the option.

    Raises:
        InvalidInput: One cannot be a job id.
    """
    job_ids = []
    for value in values:
        given = str(value).strip()
        if not re.match(r"[0-9]+$", given) or not int(given):
            raise InvalidInput(f"{name} holds {given!r}, which is not a job id. A job id is a number, such as 148886.")
        job_ids.append(str(int(given)))
    return list(dict.fromkeys(job_ids))


@dataclasses.dataclass(frozen=True)
class Job:
    """A job at the moment it was read. Everything but its id may be missing, since Commvault leaves out what it likes.

    None stands for what is not known. Times are epoch seconds, sizes bytes. Fields are named as in RETURN of job_info.

    Attributes:
        status: The state in the vendor's words.
        percent_complete: 0 to 100.
        reason: Why it waits or failed, without markup.
        end_time: None while it runs.
        visible: False for rows that the product itself does not show.
        aged: Whether its data is gone.
        commcell_id: Of the CommCell that it belongs to; ids of jobs are unique in one only.
        description: What whoever started it wrote, None where it is not told.
    """

    id: str
    status: str = ""
    percent_complete: int | None = None
    phase: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    job_type: str | None = None
    backup_level: str | None = None
    client_name: str | None = None
    instance_name: str | None = None
    subclient_name: str | None = None
    client_id: int | None = None
    instance_id: int | None = None
    subclient_id: int | None = None
    application_id: int | None = None
    user_name: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    elapsed_seconds: int | None = None
    application_size: int | None = None
    media_size: int | None = None
    visible: bool = True
    aged: bool = False
    commcell_id: int | None = None
    description: str | None = None
    last_update: int | None = None

    @property
    def state(self) -> str:
        """What the status means: ACTIVE, OK, WARNINGS, ERRORS or BAD."""
        return state_of(self.status)

    @property
    def known_state(self) -> bool:
        """Whether the status is one that this collection knows."""
        return _plain(self.status) in STATES

    @property
    def finished(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state != ACTIVE

    @property
    def going_on(self) -> bool:
        """Whether the job has not ended; in a state that is not known, that is only certain without an end."""
        return not self.finished and (self.known_state or self.end_time is None)

    @property
    def duration(self) -> int | None:
        """How long the job took or has taken, in seconds; None where that is not told."""
        if self.elapsed_seconds is not None:
            return self.elapsed_seconds
        return max(0, self.end_time - self.start_time) if self.end_time and self.start_time else None

    @property
    def stuck(self) -> str | None:
        """The one of STUCK_STATES that the job is in, None if it is in none of them."""
        plain = _plain(self.status)
        return plain if plain in STUCK_STATES else None

    @property
    def suspended(self) -> bool:
        """Whether the job is suspended or about to be."""
        return _plain(self.status) in ("suspend", "suspend pending", "suspended")

    @property
    def dying(self) -> bool:
        """Whether the job is being killed."""
        return _plain(self.status) == "kill pending"

    @property
    def is_backup(self) -> bool:
        """Whether the job may be a backup: its type is not told, or none of those that are known to be others."""
        lowered = (self.job_type or "").lower()
        return "backup" in lowered or not any(word in lowered for word in _OTHER_TYPES)

    @property
    def label(self) -> str:
        """What the job works on, in one word."""
        return self.instance_name or self.subclient_name or self.client_name or f"job {self.id}"

    def succeeded(self, fail_on: str = "errors") -> bool:
        """Whether the job has ended, and not in a way that fail_on (a key of FAIL_ON) calls bad."""
        return is_well(self.state, fail_on)

    def to_result(self) -> dict[str, t.Any]:
        """The job for the result of a module, as of RETURN of job_info; about 1 kB at most."""
        result: dict[str, t.Any] = {"job_id": self.id, "found": True, "state": self.state}
        result.update({name: getattr(self, name) for name in _STORED})
        return result


# What the result of a job has beside its id: the other fields decide things before that.
_STORED = tuple(
    one.name
    for one in dataclasses.fields(Job)
    if one.name not in ("id", "visible", "aged", "commcell_id", "description", "last_update")
)


def result_of_missing(job_id: str) -> dict[str, t.Any]:
    """What stands in results for a job that could not be seen: the same keys as Job.to_result."""
    return {**Job(job_id).to_result(), "found": False, "status": None, "state": None}


def from_result(result: t.Mapping[str, t.Any]) -> Job | None:
    """The job that Job.to_result was called of, None for result_of_missing."""
    if not result.get("found"):
        return None
    known = {name: result[name] for name in _STORED if name in result}
    return Job(id=str(result["job_id"]), **known)


def parse_job(summary: t.Mapping[str, t.Any], clean: t.Callable[[str], str] = str) -> Job | None:
    """The job of a jobSummary, None without a job id.

    Keys as in the rows of GET Job and POST Jobs (github.com/centreon/centreon-plugins:
    tests/apps/backup/commvault/commserve/restapi has one from a live system). Numbers are taken as int or str.

    Args:
        clean: Masks secrets in what the server says.
    """
    job_id = fields.number(summary.get("jobId"))
    if not job_id or job_id < 0:
        return None
    names = fields.member(summary, "subclient")
    told = [str(summary[name]) for name in ("status", "localizedStatus") if summary.get(name)]
    # One of them may be a number, or in another language.
    status = next((one for one in told if _plain(one) in STATES), told[0] if told else "")
    # A password may be one of the vendor's words; anything else that he says may repeat one.
    if _plain(status) not in STATES:
        status = plain_text(status, 80, clean)
    level = fields.text(summary.get("backupLevelName"))
    if level is None or level.isdigit():
        level = _LEVELS.get(fields.number(level or summary.get("backupLevel")) or 0, level)
    destination = fields.member(summary, "destinationClient")
    return Job(
        id=str(job_id),
        status=status,
        percent_complete=_percent(summary.get("percentComplete")),
        phase=fields.text(summary.get("currentPhaseName")),
        reason=plain_text(summary.get("pendingReason"), clean=clean) or None,
        reason_code=fields.text(summary.get("pendingReasonErrorCode")),
        job_type=fields.text(summary.get("jobType")),
        backup_level=level,
        client_name=fields.text(
            names.get("clientName") or summary.get("destClientName") or destination.get("clientName")
        ),
        instance_name=fields.text(names.get("instanceName")),
        subclient_name=fields.text(names.get("subclientName") or summary.get("subclientName")),
        client_id=fields.positive(names.get("clientId") or destination.get("clientId")),
        instance_id=fields.positive(names.get("instanceId")),
        subclient_id=fields.positive(names.get("subclientId")),
        application_id=fields.positive(names.get("applicationId")),
        user_name=fields.text(fields.member(summary, "userName").get("userName")),
        start_time=fields.moment(summary.get("jobStartTime")),
        end_time=_end_time(summary, status),
        elapsed_seconds=fields.size(summary.get("jobElapsedTime")),
        application_size=fields.size(summary.get("sizeOfApplication")),
        media_size=fields.size(summary.get("sizeOfMediaOnDisk")),
        visible=fields.flag(summary.get("isVisible")) is not False,
        aged=fields.flag(summary.get("isAged")) is True,
        commcell_id=fields.positive(summary.get("commcellId") or summary.get("commCellId")),
        description=plain_text(summary.get("jobDescription"), _DESCRIPTION_LENGTH, clean) or None,
        last_update=fields.moment(summary.get("lastUpdateTime")),
    )


def _end_time(summary: t.Mapping[str, t.Any], status: str) -> int | None:
    """When a job ended: jobEndTime, else, as in Commvault's SDK (github.com/Commvault/cvpysdk: job.py), the last update
    of a job that has ended; else its start and how long it took.
    """
    told = fields.moment(summary.get("jobEndTime"))
    if told or state_of(status) == ACTIVE:
        return told
    start, elapsed = fields.moment(summary.get("jobStartTime")), fields.size(summary.get("jobElapsedTime"))
    return fields.moment(summary.get("lastUpdateTime")) or (
        None if start is None or elapsed is None else fields.moment(start + elapsed)
    )


def _percent(value: t.Any) -> int | None:
    found = fields.size(value)
    return None if found is None else min(found, 100)
