# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""Which instances are backed up, and by which request. No Ansible, no HTTP."""

from __future__ import annotations

import copy
import re
import typing as t
from dataclasses import dataclass, field

from .._errors import InvalidInput

# Defaults and field names: https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks
DEFAULT_SUBCLIENT = "default"
DEFAULT_APP_NAME = "Oracle"
DEFAULT_APPLICATION_ID = 22
# The page shows 0 as placeholder for both; 2 is what a backup is in Commvault's SDK (github.com/Commvault/cvpysdk:
# instance.py).
SUBTASK_TYPE_BACKUP = 2
OPERATION_TYPE_BACKUP = 2

# Seconds that a request may be held up by a quota when no time for the whole call is given.
PATIENCE = 60.0

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What an association says about identity; task_info must not change it behind the module's back.
_IDENTITY_FIELDS = frozenset(["clientName", "instanceName", "subclientName", "displayName", "appName", "applicationId"])


@dataclass(frozen=True)
class Instance:
    """One RDS instance as Commvault knows it: what a createtask association says, and the id by which the user finds
    the result.
    """

    client_name: str
    instance_name: str
    subclient_name: str = DEFAULT_SUBCLIENT
    display_name: str = ""
    app_name: str = DEFAULT_APP_NAME
    application_id: int = DEFAULT_APPLICATION_ID
    id: str = ""

    @property
    def label(self) -> str:
        """For messages."""
        return f"instance '{self.instance_name}' of client '{self.client_name}' (subclient '{self.subclient_name}')"

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Equal for two entries that name the same subclient. Commvault takes names without regard to case."""
        names = (self.client_name.lower(), self.instance_name.lower(), self.subclient_name.lower())
        return (*names, self.application_id)

    def association(self) -> dict[str, t.Any]:
        """The association of the request, with every documented field."""
        return {
            "clientName": self.client_name,
            "displayName": self.display_name or self.client_name,
            "instanceName": self.instance_name,
            "subclientName": self.subclient_name,
            "appName": self.app_name,
            "applicationId": self.application_id,
        }


def make_instance(values: t.Mapping[str, t.Any], where: str = "") -> Instance:
    """An Instance from option values (None: the default). where: prefix for messages, such as "instances[3].". Raises
    InvalidInput.
    """
    texts = {}
    for name in ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "id"):
        value = values.get(name)
        if value is None:
            continue
        if not value.strip():
            raise InvalidInput(f"{where}{name} is empty.")
        if _CONTROL.search(value):
            raise InvalidInput(f"{where}{name} contains a control character or a line break: {value!r}.")
        texts[name] = value
    for name in ("client_name", "instance_name"):
        if name not in texts:
            raise InvalidInput(f"{where}{name} is missing.")
    application_id = values.get("application_id")
    if application_id is None:
        application_id = DEFAULT_APPLICATION_ID
    if application_id <= 0:
        raise InvalidInput(f"{where}application_id must be a positive number, not {application_id}.")
    instance = Instance(application_id=application_id, **texts)
    if instance.id:
        return instance
    names = (instance.client_name, instance.instance_name, instance.subclient_name)
    return Instance(application_id=application_id, **{**texts, "id": "/".join(names)})


def make_instances(entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[Instance]:
    """The instances of the option instances, in order. Raises InvalidInput for an empty list, for one id or one
    subclient given twice.
    """
    if not entries:
        raise InvalidInput("instances is an empty list: there is nothing to back up.")
    instances = [make_instance(entry, f"instances[{index}].") for index, entry in enumerate(entries)]
    ids: dict[str, int] = {}
    keys: dict[tuple[str, str, str, int], int] = {}
    for index, instance in enumerate(instances):
        first = keys.setdefault(instance.key, index)
        if first != index:
            raise InvalidInput(
                f"instances[{first}] and instances[{index}] are the same: {instance.label}. Its backup would be"
                " started twice."
            )
        first = ids.setdefault(instance.id, index)
        if first != index:
            raise InvalidInput(f"instances[{first}] and instances[{index}] have the same id {instance.id!r}.")
    return instances


@dataclass(frozen=True)
class ExportOptions:
    """How to back up, the same for all instances of a call.

    backup_level: "full" or "incremental". installer_user: None, or user_id (int) and user_name (str). task_info:
      merged into the request last.
    """

    backup_level: str = "incremental"
    cumulative: bool = True
    notify_user_on_job_completion: bool = True
    job_description: str | None = None
    installer_user: t.Mapping[str, t.Any] | None = None
    task_info: t.Mapping[str, t.Any] = field(default_factory=dict)


def check_task_info(task_info: t.Mapping[str, t.Any]) -> None:
    """Raises InvalidInput where task_info would change what is backed up."""
    associations = task_info.get("associations")
    if associations is None:
        return
    if not isinstance(associations, list) or len(associations) != 1 or not isinstance(associations[0], dict):
        raise InvalidInput(
            "task_info.associations must be a list of exactly one dictionary; its fields are added to the"
            " association of every instance."
        )
    taken = sorted(_IDENTITY_FIELDS.intersection(associations[0]))
    if taken:
        raise InvalidInput(
            f"task_info.associations must not set {', '.join(taken)}; use the options of this module for that."
        )


def build_request(instances: t.Sequence[Instance], options: ExportOptions) -> dict[str, t.Any]:
    """The body of POST createtask, as documented at
    https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks, for one or several instances.
    """
    common: dict[str, t.Any] = {"notifyUserOnJobCompletion": options.notify_user_on_job_completion}
    if options.job_description:
        # Documented for createtask in general (https://api.commvault.com, BackupOperations/create-task-backup), not on
        # the export's page.
        common["jobDescription"] = options.job_description
    task_options: dict[str, t.Any] = {
        "backupOpts": {
            "backupLevel": options.backup_level.upper(),
            "oracleOptions": {"cumulative": options.cumulative},
        },
        "commonOpts": common,
    }
    if options.installer_user is not None:
        user = {"userId": options.installer_user["user_id"], "userName": options.installer_user["user_name"]}
        task_options["adminOpts"] = {"clientInstallOption": {"installerOption": {"User": user}}}
    task_info: dict[str, t.Any] = {
        "associations": [instance.association() for instance in instances],
        "task": {"taskType": "IMMEDIATE"},
        "subTasks": [
            {
                "subTask": {"subTaskType": SUBTASK_TYPE_BACKUP, "operationType": OPERATION_TYPE_BACKUP},
                "options": task_options,
            }
        ],
    }
    extra = dict(options.task_info)
    for added in extra.pop("associations", None) or ():
        for association in task_info["associations"]:
            association.update(copy.deepcopy(added))
    return {"taskInfo": deep_merge(task_info, extra)}


def deep_merge(base: t.Any, extra: t.Any) -> t.Any:
    """extra laid over base: dictionaries key by key, lists of dictionaries entry by entry, anything else replaced.
    Neither is changed.
    """
    if isinstance(base, dict) and isinstance(extra, t.Mapping):
        merged = dict(base)
        for key, value in extra.items():
            merged[key] = deep_merge(merged[key], value) if key in merged else copy.deepcopy(value)
        return merged
    if _dicts(base) and _dicts(extra):
        longest = max(len(base), len(extra))
        return [
            deep_merge(base[i], extra[i])
            if i < min(len(base), len(extra))
            else copy.deepcopy((base if i < len(base) else extra)[i])
            for i in range(longest)
        ]
    return copy.deepcopy(extra)


def _dicts(value: t.Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(member, dict) for member in value)


@dataclass(frozen=True)
class ExportPlan:
    """How a call goes about its backups.

    Attributes:
        batch_size: Associations in one request.
        concurrency: Requests at once.
        adopt_running: Whether a backup that is under way already is as good as one that is started.
        max_age: Seconds for which a good backup spares a new one, None for never.
        fail_on: Which ends of a job are bad, as of Job.ended_well.
        patience: Seconds that a quota may hold requests up.
        preflight: Whether names, eligibility and running backups are looked at before anything is started.
        look_back: Seconds for which the last good backups will be asked for, 0 if they will not be; so jobs are read
            once for both.
        deadline: When nothing more is sent or looked for, on the monotonic clock; None for no limit.
    """

    batch_size: int = 1
    concurrency: int = 1
    adopt_running: bool = True
    max_age: float | None = None
    fail_on: str = "errors"
    patience: float = PATIENCE
    preflight: bool = False
    look_back: float = 0.0
    deadline: float | None = None
