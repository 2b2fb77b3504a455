# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""Which instances are backed up, and by which request. No Ansible, no HTTP."""

from __future__ import annotations

import copy
import itertools
import typing as t
import unicodedata
from dataclasses import dataclass, field

from .._errors import InvalidInput
from .._http.fields import folded

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

# What YAML makes of yes and .nan, and Ansible of other things where a string is wanted.
_NO_NAMES = frozenset(["True", "False", "nan", "inf", "-inf", "None"])
# Keys by which Commvault knows what a backup is of, without case and punctuation. They are refused wherever they stand
# in task_info, and what contains one of _PARTS in its associations.
_IDENTITY = frozenset(
    [kind + word for kind in ("client", "instance", "subclient", "backupset") for word in ("name", "id", "guid")]
    + ["appname", "applicationid", "apptypeid", "association", "associations", "subclient", "subclients", "clients"]
)
_PARTS = (
    "client",
    "instance",
    "backupset",
    "appname",
    "application",
    "displayname",
    "commcell",
    "entity",
    "guid",
    "exclude",
    "include",
)


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
        """Equal for two entries that name the same subclient."""
        return folded(self.client_name), folded(self.instance_name), folded(self.subclient_name), self.application_id

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


def check_name(value: str, where: str, any_text: bool = False) -> None:
    """Raises InvalidInput for what can be no name in Commvault, or only looks like one that is.

    Args:
        where: The option, for the message.
        any_text: Whether it is no name, and anything will do that people can read.
    """
    if not value.strip():
        raise InvalidInput(f"{where} is empty.")
    if any_text:
        if any(unicodedata.category(character) == "Cc" for character in value):
            raise InvalidInput(f"{where} contains a control character or a line break: {value!r}.")
        return
    if value in _NO_NAMES or (value[0] in "[{(" and _is_collection(value)):
        raise InvalidInput(
            f"{where} is {value!r}, which looks like a list, a dictionary, a boolean or no value at all and not like a"
            " name."
        )
    if value != value.strip():
        raise InvalidInput(f"{where} begins or ends with a blank: {value!r}.")
    for character in value:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or (category == "Zs" and character != " "):
            what = "a control character or a line break" if category == "Cc" else "an invisible character"
            raise InvalidInput(f"{where} contains {what} (U+{ord(character):04X}): {value!a}.")


def make_instance(values: t.Mapping[str, t.Any], where: str = "") -> Instance:
    """An Instance from option values (None: the default).

    Args:
        where: Prefix for messages, such as "instances[3].".

    Raises:
        InvalidInput: A value cannot be used.
    """
    texts = {}
    for name in ("client_name", "instance_name", "subclient_name", "display_name", "app_name", "id"):
        value = values.get(name)
        if value is None:
            continue
        check_name(value, where + name, any_text=name == "id")
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

    Attributes:
        backup_level: "full" or "incremental".
        installer_user: None, or user_id (int) and user_name (str).
        marker: A text of this run alone that is put into the description of its jobs, empty for none.
        task_info: Merged into the request last.
    """

    backup_level: str = "incremental"
    cumulative: bool = True
    notify_user_on_job_completion: bool = True
    job_description: str | None = None
    marker: str = ""
    installer_user: t.Mapping[str, t.Any] | None = None
    task_info: t.Mapping[str, t.Any] = field(default_factory=dict)


def _is_collection(value: str) -> bool:
    """Whether a text is what Ansible makes of a list or a dictionary where a string is wanted."""
    # Imported here because names do not begin so.
    import ast

    try:
        return isinstance(ast.literal_eval(value), (list, dict, tuple, set))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False


def check_task_info(task_info: t.Mapping[str, t.Any]) -> None:
    """Raises InvalidInput where task_info would change what is backed up, in whatever spelling and however deep."""
    for key in task_info:
        for known in ("associations", "subTasks", "task"):
            if key != known and _bare(key) == known.lower():
                raise InvalidInput(f"task_info has the key {key!r}; it is written {known}.")
    subtasks = task_info.get("subTasks", [{}])
    if not isinstance(subtasks, list) or len(subtasks) != 1:
        raise InvalidInput("task_info.subTasks must be a list of one dictionary, to be laid over that of the backup.")
    rest = {key: value for key, value in task_info.items() if key != "associations"}
    _refuse_identity(rest, "task_info", lambda key: key in _IDENTITY)
    associations = task_info.get("associations")
    if associations is None:
        return
    if not isinstance(associations, list) or len(associations) != 1 or not isinstance(associations[0], dict):
        raise InvalidInput(
            "task_info.associations must be a list of exactly one dictionary; its fields are added to the"
            " association of every instance."
        )
    _refuse_identity(
        associations[0],
        "task_info.associations",
        lambda key: key in _IDENTITY or any(part in key for part in _PARTS),
    )


def _refuse_identity(value: t.Any, where: str, is_identity: t.Callable[[str], bool]) -> None:
    if isinstance(value, t.Mapping):
        taken = sorted(str(key) for key in value if is_identity(_bare(key)))
        if taken:
            raise InvalidInput(
                f"{where} must not set {', '.join(taken)}: task_info cannot change what is backed up. Use the"
                " options of this module for that."
            )
        for key, member in value.items():
            _refuse_identity(member, f"{where}.{key}", is_identity)
    elif isinstance(value, (list, tuple)):
        for member in value:
            _refuse_identity(member, where, is_identity)


def _bare(key: t.Any) -> str:
    return "".join(character for character in str(key).lower() if character.isalnum())


def build_request(instances: t.Sequence[Instance], options: ExportOptions) -> dict[str, t.Any]:
    """The body of POST createtask, as documented at
    https://api.commvault.com/docs/SP38/api/cv/AWSExportDBOperations/post-create-tasks, for one or several instances.
    """
    common: dict[str, t.Any] = {"notifyUserOnJobCompletion": options.notify_user_on_job_completion}
    description = " ".join(text for text in (options.job_description, options.marker) if text)
    if description:
        # Documented for createtask in general (https://api.commvault.com, BackupOperations/create-task-backup), not on
        # the export's page.
        common["jobDescription"] = description
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
        pairs: t.Iterable[tuple[t.Any, t.Any]] = itertools.zip_longest(base, extra, fillvalue={})
        return [deep_merge(one, other) for one, other in pairs]
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
        fail_on: Which ends of a job are bad, as of Job.succeeded.
        patience: Seconds that a quota may hold requests up.
        preflight: Whether names and eligibility are looked at before anything is started.
        check_running: Whether running backups are looked for before anything is started.
        kill_duplicates: Whether a backup that was started beside another one is killed.
        start_unverified: Whether a backup is started where it cannot be told whether another one spares it.
        waits: Whether the jobs are waited for, so that one more look costs no time.
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
    check_running: bool = True
    kill_duplicates: bool = False
    start_unverified: bool = False
    waits: bool = False
    look_back: float = 0.0
    deadline: float | None = None
