# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CommCell protects: clients, subclients, their last backups, and names that are like each other. No Ansible, no
HTTP.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import difflib
import fnmatch
import typing as t
from collections import Counter
from dataclasses import asdict, dataclass, fields

from .._http.fields import as_number, flag, folded, member, moment, positive, rows, text
from .._jobs.job import BAD, OK, is_well, plain_text, state_of

if t.TYPE_CHECKING:
    from .._jobs.job import Job

ORACLE = 22
DEFAULT_SUBCLIENT = "default"

# The databaseEngine of V4/Instances for an application id (github.com/Commvault/CVPowershellSDKV2: OpenAPI3.yaml; that
# these belong together is inferred from their names).
ENGINES = {22: "ORACLE", 80: "ORACLE_RAC", 81: "SQL_SERVER", 104: "MYSQL", 125: "POSTGRESQL"}
# An engine of the same list that can stand for any database on Amazon RDS.
RDS_ENGINE = "RDS"

# The names that go with the numbers in GET Instance (https://documentation.commvault.com, REST API).
_APP_NAMES = {22: "Oracle", 80: "Oracle RAC", 81: "SQL Server", 104: "MySQL", 125: "PostgreSQL"}

# What is known about whether a subclient can be backed up, in the words of results and groups.
READY, NOT_READY, DISABLED, ENABLED, UNKNOWN = "ready", "not_ready", "disabled", "enabled", "unknown"


@dataclass(frozen=True)
class Client:
    """A client, as GET Client lists it."""

    id: int
    name: str
    display_name: str
    company: str | None = None


# What statuses of last backups mean that V4/Instances has and jobs have not (github.com/Commvault/CVPowershellSDKV2:
# OpenAPI3.yaml, which has the words alone; the meanings are inferred).
_V4_ENDS = {
    "system_failed": BAD,
    "skipped": BAD,
    "not_attempted": BAD,
    "not_synchronized": BAD,
    "synchronized": OK,
}


@dataclass(frozen=True)
class LastBackup:
    """The last backup of something.

    Attributes:
        job_id: None where the server does not tell it.
        status: In the vendor's words.
        time: Epoch seconds of its end, or of its start while it runs.
        level: None where it is not told.
    """

    job_id: str | None
    status: str
    time: int | None
    level: str | None = None
    reason: str | None = None

    @property
    def state(self) -> str:
        """What the status means, as of Job.state."""
        return _V4_ENDS.get(self.status.lower()) or state_of(self.status)

    @property
    def good(self) -> bool:
        """Whether it ended without errors; warnings are no errors."""
        return is_well(self.state)

    def to_result(self) -> dict[str, t.Any]:
        """For the result of a module."""
        return {**asdict(self), "state": self.state}


@dataclass(frozen=True)
class DatabaseInstance:
    """A row of GET V4/Instances.

    status: "READY" or "NOT_READY". last_backup: None if there was none, or if it is not told.
    """

    id: int
    name: str
    client_id: int
    client_name: str
    vendor: str | None = None
    engine: str | None = None
    status: str | None = None
    not_ready_reason: str | None = None
    plan: str | None = None
    company: str | None = None
    display_name: str | None = None
    last_backup: LastBackup | None = None


@dataclass
class Subclient:
    """A subclient with all that createtask wants to be told, and what else is known of it; None: it is not told.

    display_name: of the client. subclient_id: None where subclients were not read. storage_policy: what a subclient
    without a plan can have instead. backup_enabled: the activity of the subclient itself. last_good_backup: the last
    one that ended without errors, as far back as was looked.
    """

    client_id: int
    client_name: str
    display_name: str
    instance_id: int | None
    instance_name: str
    subclient_id: int | None
    subclient_name: str
    application_id: int
    app_name: str
    backupset_name: str | None = None
    company: str | None = None
    plan: str | None = None
    storage_policy: str | None = None
    backup_enabled: bool | None = None
    vendor: str | None = None
    readiness: str | None = None
    not_ready_reason: str | None = None
    last_backup: LastBackup | None = None
    last_good_backup: LastBackup | None = None

    @property
    def status(self) -> str:
        """READY or NOT_READY where the CommCell says so; DISABLED or ENABLED where only the subclient's own backup
        activity is known; else UNKNOWN.
        """
        if self.backup_enabled is False:
            return DISABLED
        if self.readiness:
            return READY if self.readiness == "READY" else NOT_READY
        return UNKNOWN if self.backup_enabled is None else ENABLED

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.client_name}/{self.instance_name}/{self.subclient_name}"

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """By names, however they are written."""
        return folded(self.client_name), folded(self.instance_name), folded(self.subclient_name)

    @property
    def instance_key(self) -> tuple[int, t.Any]:
        """The same for all subclients of an instance."""
        return self.client_id, self.instance_id or folded(self.instance_name)

    def is_of(self, client_name: str) -> bool:
        """Whether it is of a client, by its name or its display name."""
        return folded(client_name) in (folded(self.client_name), folded(self.display_name))

    def entry(self) -> dict[str, t.Any]:
        """An entry for the option instances of oracle_rds_export_backup."""
        return {name: getattr(self, name) for name in ENTRY_FIELDS}

    def to_result(self) -> dict[str, t.Any]:
        """For the result of a module, and for a cache."""
        result = {name: getattr(self, name) for name in _PLAIN_FIELDS}
        result["status"] = self.status
        for name in _BACKUP_FIELDS:
            backup = getattr(self, name)
            result[name] = backup.to_result() if backup else None
        return result


ENTRY_FIELDS = ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "application_id")
_BACKUP_FIELDS = ("last_backup", "last_good_backup")
_PLAIN_FIELDS = tuple(field.name for field in fields(Subclient) if field.name not in (*_BACKUP_FIELDS, "readiness"))


def parse_clients(data: t.Any) -> list[Client]:
    """The clients of an answer of GET Client or GET Client/{id} (github.com/Commvault/cvpysdk: client.py)."""
    clients = []
    for row in rows(data, "clientProperties"):
        entity = member(member(row, "client"), "clientEntity")
        client_id, name = positive(entity.get("clientId")), text(entity.get("clientName"))
        if client_id and name:
            company = text(member(entity, "entityInfo").get("companyName"))
            clients.append(Client(client_id, name, text(entity.get("displayName")) or name, company))
    return clients


def parse_client_activity(data: t.Any) -> bool | None:
    """Whether an answer of GET Client/{id} says that backup activity is enabled, None if it does not say.

    Activity type 1 is data management (github.com/Commvault/cvpysdk: client.py, which also reads EnableDataManagement).
    """
    for row in rows(data, "clientProperties"):
        properties = member(row, "clientProps")
        for option in rows(member(properties, "clientActivityControl"), "activityControlOptions"):
            if as_number(option.get("activityType")) == 1:
                return flag(option.get("enableActivityType"))
        return flag(member(properties, "activityControl").get("EnableDataManagement"))
    return None


def parse_activity(data: t.Any) -> bool | None:
    """Whether an answer of GET V4/CommCell/ActivityControl says that backups are enabled, None if it does not say.

    128 is all activity, 1 is data management (github.com/Commvault/cvpysdk: activitycontrol.py).
    """
    told = {
        as_number(row.get("activityType")): flag(row.get("enabled"))
        for row in rows(data, "acObjects")
        if as_number(row.get("activityType")) in (1, 128)
    }
    if False in told.values():
        return False
    return told.get(1)


def parse_subclients(data: t.Any) -> list[Subclient]:
    """The subclients of an answer of GET Subclient or GET Subclient/{id}.

    The entity holds what createtask wants in an association (https://api.commvault.com, and
    github.com/Commvault/cvpysdk: subclient.py).
    """
    subclients = []
    for row in rows(data, "subClientProperties"):
        entity, common = member(row, "subClientEntity"), member(row, "commonProperties")
        client_id, application_id = positive(entity.get("clientId")), positive(entity.get("applicationId"))
        client_name, instance_name = text(entity.get("clientName")), text(entity.get("instanceName"))
        subclient_name = text(entity.get("subclientName"))
        if not (client_id and application_id and client_name and instance_name and subclient_name):
            continue
        policy = member(member(common, "storageDevice"), "dataBackupStoragePolicy")
        subclients.append(
            Subclient(
                client_id=client_id,
                client_name=client_name,
                display_name=text(entity.get("displayName")) or client_name,
                instance_id=positive(entity.get("instanceId")),
                instance_name=instance_name,
                subclient_id=positive(entity.get("subclientId")),
                subclient_name=subclient_name,
                application_id=application_id,
                app_name=text(entity.get("appName")) or _APP_NAMES.get(application_id, ""),
                backupset_name=text(entity.get("backupsetName")),
                company=text(member(entity, "entityInfo").get("companyName")),
                plan=text(member(row, "planEntity").get("planName")),
                storage_policy=text(policy.get("storagePolicyName")),
                backup_enabled=flag(common.get("enableBackup")),
            )
        )
    return subclients


def parse_database_instances(data: t.Any, clean: t.Callable[[str], str] = str) -> list[DatabaseInstance]:
    """The rows of GET V4/Instances (github.com/Commvault/CVPowershellSDKV2: OpenAPI3.yaml).

    Args:
        clean: Masks secrets in what the server says of instances.
    """
    instances = []
    for row in rows(data, "instances"):
        client = member(row, "client")
        number, name = positive(row.get("id")), text(row.get("name"))
        client_id, client_name = positive(client.get("id")), text(client.get("name"))
        if not (number and name and client_id and client_name):
            continue
        instances.append(
            DatabaseInstance(
                number,
                name,
                client_id,
                client_name,
                vendor=_word(row.get("vendor")),
                engine=_word(row.get("databaseEngine")),
                status=_word(row.get("status")),
                not_ready_reason=clean(text(row.get("notReadyReason")) or "") or None,
                plan=text(member(row, "plan").get("name")),
                company=text(member(row, "company").get("name")),
                display_name=text(row.get("server")),
                last_backup=_parse_last_backup(member(row, "lastBackup"), clean),
            )
        )
    return instances


def _word(value: t.Any) -> str | None:
    """A value of an enumeration, as the vendor's list has it."""
    return (text(value) or "").upper() or None


def _parse_last_backup(data: dict[str, t.Any], clean: t.Callable[[str], str]) -> LastBackup | None:
    status = text(data.get("status"))
    # ANY_STATUS is a value of the vendor's list that says nothing.
    if not status or status.upper() in ("NEVER_BACKED_UP", "ANY_STATUS"):
        return None
    job_id = positive(data.get("jobId"))
    reason = plain_text(data.get("failureReason"), clean=clean) or None
    return LastBackup(str(job_id) if job_id else None, status, moment(data.get("time")), reason=reason)


def add_instance_facts(subclients: t.Sequence[Subclient], instances: t.Iterable[DatabaseInstance]) -> None:
    """Complete subclients, in place, with what V4/Instances says of their instances.

    The last backup of an instance is taken for that of a subclient only where the instance has no other one.
    """
    by_id = {instance.id: instance for instance in instances}
    siblings = Counter(subclient.instance_key for subclient in subclients)
    for subclient in subclients:
        instance = by_id.get(subclient.instance_id or 0)
        if not instance:
            continue
        subclient.vendor = instance.vendor
        subclient.readiness = instance.status
        subclient.not_ready_reason = instance.not_ready_reason
        subclient.plan = subclient.plan or instance.plan
        if siblings[subclient.instance_key] == 1 and instance.last_backup:
            note_backup(subclient, instance.last_backup)


def from_database_instance(instance: DatabaseInstance) -> Subclient:
    """What V4/Instances alone says of an instance; its subclient is the one that createtask takes if none is named."""
    application_id = next((number for number, engine in ENGINES.items() if engine == instance.engine), 0)
    subclient = Subclient(
        client_id=instance.client_id,
        client_name=instance.client_name,
        display_name=instance.display_name or instance.client_name,
        instance_id=instance.id,
        instance_name=instance.name,
        subclient_id=None,
        subclient_name=DEFAULT_SUBCLIENT,
        application_id=application_id,
        app_name=_APP_NAMES.get(application_id, ""),
        company=instance.company,
    )
    add_instance_facts([subclient], [instance])
    return subclient


class SubclientIndex:
    """Finds the subclient of a job."""

    def __init__(self, subclients: t.Iterable[Subclient]) -> None:
        self._by_id: dict[int | None, Subclient] = {}
        self._by_names: dict[tuple[str, ...], Subclient] = {}
        self._by_instance: dict[tuple[str, ...], list[Subclient]] = {}
        for one in subclients:
            if one.subclient_id:
                self._by_id[one.subclient_id] = one
            self._by_names[one.sort_key] = one
            self._by_instance.setdefault(one.sort_key[1:], []).append(one)

    def owner(self, job: Job) -> tuple[Subclient | None, bool]:
        """The subclient that a job is of, None if it is of none, and whether that is certain."""
        found = self._by_id.get(job.subclient_id)
        if found:
            return found, True
        names = tuple(map(folded, (job.client_name, job.instance_name, job.subclient_name)))
        named = self._by_names.get(names)
        if named:
            # The same names with another number: the subclient was removed and made anew.
            return (None, False) if named.subclient_id and job.subclient_id else (named, True)
        others = self._by_instance.get(names[1:], [])
        return (others[0], False) if len(others) == 1 and not job.subclient_id else (None, False)


def add_jobs(subclients: t.Sequence[Subclient], jobs: t.Iterable[Job]) -> None:
    """Complete subclients, in place, with their last backups among these jobs."""
    index = SubclientIndex(subclients)
    for job in jobs:
        subclient, certain = index.owner(job)
        if subclient and certain:
            backup = LastBackup(job.id, job.status, job.end_time or job.start_time, job.backup_level, job.reason)
            note_backup(subclient, backup)


def note_backup(subclient: Subclient, backup: LastBackup) -> None:
    """Keep of this one and of those it has the last backup and the last good one of a subclient."""
    subclient.last_backup = _later(subclient.last_backup, backup)
    if backup.good:
        subclient.last_good_backup = _later(subclient.last_good_backup, backup)


def _later(known: LastBackup | None, other: LastBackup) -> LastBackup:
    if known is None:
        return other
    if known.job_id == other.job_id:
        # The same job, seen twice: the listing of jobs tells the level, V4/Instances does not.
        return other if other.level else known
    mine, yours = (int(known.job_id or 0), known.time or 0), (int(other.job_id or 0), other.time or 0)
    return other if yours > mine else known


def name_filter(patterns: t.Sequence[str]) -> t.Callable[[str, str, str], bool]:
    """A function that says whether one of the names it is given (of client and instance, and display name) matches one
    of these shell-style patterns, in any case. No pattern at all fits all.
    """
    wanted = [folded(pattern) for pattern in patterns]

    def fits(*names: str) -> bool:
        return not wanted or any(fnmatch.fnmatchcase(folded(name), one) for one in wanted for name in names)

    return fits


def nearest_names(name: str, known: t.Iterable[str], limit: int = 3) -> list[str]:
    """The known names that are most like a name, best first; case does not count."""
    originals: dict[str, str] = {}
    for other in known:
        originals.setdefault(folded(other), other)
    wanted = folded(name)
    close = difflib.get_close_matches(wanted, originals, n=limit, cutoff=0.6)
    if len(wanted) >= 3:
        # "orders" is not like "aws-prod-eu-orders-01" to difflib, but it is to people.
        close += sorted((other for other in originals if wanted in other and other not in close), key=len)
    return [originals[other] for other in close[:limit]]


def unknown_options(what: str, given: t.Iterable[str], known: t.Iterable[str], page: str) -> str:
    """What is wrong if there are options that something does not have; else empty.

    Args:
        what: What has options.
        given: The names that are set.
        known: The names that there are.
        page: What to give to ansible-doc.
    """
    known = list(known)
    unknown = [str(name) for name in given if name not in known]
    if not unknown:
        return ""
    near = dict.fromkeys(other for name in unknown[:MAX_NEAREST] for other in nearest_names(name, known, 2))
    advice = f"Correct it; nearest: {', '.join(near)}." if near else f"See ansible-doc {page}."
    return f"{what} has no option {', '.join(unknown)}. {advice}"


# Of one call: the wrong names for which near ones are looked for. Among 4,000 names, each takes 80 ms.
MAX_NEAREST = 20


def nearest_words(names: t.Sequence[str]) -> str:
    """Nearest names as a sentence after another one; empty for none."""
    return f" Nearest: {', '.join(names)}." if names else ""
