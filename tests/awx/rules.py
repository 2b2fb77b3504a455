# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX accepts, as functions that say what is wrong with a payload.

They keep to what AWX 24.6 was seen to do; the tables in test_rules.py are those observations. Where AWX accepts what
cannot work, the functions whose names begin with "mistakes" say so.
"""

from __future__ import annotations

import re
import typing as t

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

FIELD_KEYS = {
    "id",
    "label",
    "type",
    "format",
    "choices",
    "help_text",
    "multiline",
    "secret",
    "ask_at_runtime",
    "default",
}
# What a text may have and a yes-or-no may not.
ONLY_OF_STRINGS = {"secret", "choices", "multiline", "format"}
ENV_BLOCKLIST = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"),
}
KINDS = {"cloud", "net"}
SURVEY_TYPES = {"text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float"}
PLAYBOOK_LINE = re.compile(r"\s*-?\s*(hosts|(ansible\.builtin\.)?(import_playbook|include)):")
# What AWX shows in place of a secret.
ENCRYPTED = "$encrypted$"
ZONES = {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"}
# The configuration of notification templates: with "default", a field may be left out.
NOTIFICATION_FIELDS: dict[str, dict[str, dict[str, t.Any]]] = {
    "email": {
        **{name: {"type": "string"} for name in ("host", "username", "sender")},
        **{name: {"type": "bool"} for name in ("use_tls", "use_ssl")},
        "port": {"type": "int"},
        "password": {"type": "password"},
        "recipients": {"type": "list"},
        "timeout": {"type": "int", "default": 30},
    },
    "slack": {"token": {"type": "password"}, "channels": {"type": "list"}},
    "webhook": {
        "url": {"type": "string"},
        "http_method": {"type": "string", "default": "POST"},
        "disable_ssl_verification": {"type": "bool", "default": False},
        "username": {"type": "string", "default": ""},
        "password": {"type": "password", "default": ""},
        "headers": {"type": "object"},
    },
    "mattermost": {"mattermost_url": {"type": "string"}, "mattermost_no_verify_ssl": {"type": "bool"}},
}
_TYPES = {"string": str, "password": str, "int": int, "bool": bool, "list": list, "object": dict}


# --- Credential types -------------------------------------------------------------------------------------------------


def credential_type_problems(data: t.Mapping[str, t.Any]) -> list[str]:
    """Why AWX would refuse a credential type; nothing if it would not. data: name, kind, inputs, injectors."""
    inputs, injectors = data.get("inputs") or {}, data.get("injectors") or {}
    problems = [] if data.get("kind") in KINDS else [f"kind {data.get('kind')!r}"]
    problems += [f"inputs: unknown key {key}" for key in inputs.keys() - {"fields", "required"}]
    seen: set[str] = set()
    for field in inputs.get("fields", []):
        problems += _field_problems(field, seen)
    return problems or _injector_problems(inputs, injectors)


def _field_problems(field: t.Mapping[str, t.Any], seen: set[str]) -> list[str]:
    name = field.get("id")
    problems = [f"{name}: unknown key {key}" for key in sorted(field.keys() - FIELD_KEYS)]
    if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", name) or name == "tower":
        problems.append(f"{name}: not a name for a field")
    if name in seen:
        problems.append(f"{name}: twice")
    seen.add(str(name))
    if not field.get("label"):
        problems.append(f"{name}: no label")
    kind = field.get("type", "string")
    if kind not in ("string", "boolean"):
        problems.append(f"{name}: type {kind!r}")
    if "format" in field and field["format"] not in ("url", "ssh_private_key"):
        problems.append(f"{name}: format {field['format']!r}")
    if kind == "boolean" and field.keys() & ONLY_OF_STRINGS:
        problems.append(f"{name}: a boolean with {sorted(field.keys() & ONLY_OF_STRINGS)}")
    if "default" in field and not isinstance(field["default"], bool if kind == "boolean" else str):
        problems.append(f"{name}: default {field['default']!r}")
    return problems


def _injector_problems(inputs: t.Mapping[str, t.Any], injectors: t.Mapping[str, t.Any]) -> list[str]:
    files = injectors.get("file", {})
    problems = [f"injectors: unknown key {key}" for key in injectors.keys() - {"env", "extra_vars", "file"}]
    if not isinstance(files, dict) or ("template" in files and len(files) > 1):
        problems.append("file: template beside template.NAME")
    names = _namespace(inputs, files if isinstance(files, dict) else {})
    for name, template in injectors.get("env", {}).items():
        if name.startswith("ANSIBLE_") or name in ENV_BLOCKLIST or not re.fullmatch(r"[a-zA-Z_]+\w*", name):
            problems.append(f"env: the name {name}")
        elif not isinstance(template, str) or not template.isascii():
            problems.append(f"env: the value of {name}")
        else:
            problems += _template_problems(f"env {name}", template, names)
    for name, template in files.items() if isinstance(files, dict) else ():
        problems += _template_problems(f"file {name}", template, names)
    for name, value in injectors.get("extra_vars", {}).items():
        problems += _extra_var_problems(name, value, names)
    return problems


def _extra_var_problems(name: str, value: t.Any, names: dict[str, t.Any]) -> list[str]:
    if isinstance(value, dict):
        return [text for key, member in value.items() for text in _extra_var_problems(f"{name}.{key}", member, names)]
    if isinstance(value, list):
        return [text for member in value for text in _extra_var_problems(name, member, names)]
    if not isinstance(value, str):
        return [f"extra_vars: the value of {name}"]
    return _template_problems(f"extra_vars {name}", value, names)


def _namespace(inputs: t.Mapping[str, t.Any], files: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The names that a template may use, as AWX fills them in when it checks a type."""
    names: dict[str, t.Any] = {
        field["id"]: field["type"] == "boolean" or "text" for field in inputs.get("fields", []) if "type" in field
    }
    labels = [label.partition(".")[2] for label in files]
    if labels:
        names["tower"] = {"filename": "path" if labels == [""] else dict.fromkeys(labels, "path")}
    else:
        names["tower"] = {}
    return names


def _template_problems(where: str, template: t.Any, names: dict[str, t.Any]) -> list[str]:
    try:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(**names)
    except UndefinedError as error:
        return [f"{where}: {error}"]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a template, AWX refuses it
        return [f"{where}: {type(error).__name__} {error}"]
    return []


def mistakes_in_credential_type(data: t.Mapping[str, t.Any]) -> list[str]:
    """What AWX accepts of a type, and cannot mean anything."""
    fields = {field["id"] for field in data["inputs"]["fields"]}
    mistakes = [f"required: no field {name}" for name in data["inputs"].get("required", []) if name not in fields]
    texts = [*data["injectors"].get("env", {}).values(), *data["injectors"].get("file", {}).values()]
    used = {name for text in texts for name in names_in(text)} - {"tower"}
    mistakes += [f"template: no field {name}" for name in sorted(used - fields)]
    return mistakes + [f"field {name}: never used" for name in sorted(fields - used)]


def names_in(template: str) -> set[str]:
    """The variables of a template, also those with a default."""
    from jinja2 import meta

    return meta.find_undeclared_variables(ImmutableSandboxedEnvironment().parse(template))


def credential_problems(inputs: t.Mapping[str, t.Any], type_inputs: t.Mapping[str, t.Any]) -> list[str]:
    """Why AWX would refuse the values of a credential of a type."""
    fields = {field["id"]: field for field in type_inputs.get("fields", [])}
    problems = [f"no field {name}" for name in inputs.keys() - fields.keys()]
    for name, value in inputs.items():
        field = fields.get(name, {})
        if not isinstance(value, bool if field.get("type") == "boolean" else str):
            problems.append(f"{name}: {type(value).__name__}")
        elif value and "choices" in field and value not in field["choices"]:
            problems.append(f"{name}: {value!r} is no choice")
    return problems


# --- Surveys ----------------------------------------------------------------------------------------------------------


def survey_problems(survey: t.Mapping[str, t.Any]) -> list[str]:
    """Why AWX would refuse a survey."""
    problems = [f"no {key}" for key in ("name", "description", "spec") if key not in survey]
    if problems or not isinstance(survey["spec"], list) or not survey["spec"]:
        return problems or ["spec: needs a question"]
    seen: set[str] = set()
    for question in survey["spec"]:
        missing = [key for key in ("type", "question_name", "variable", "required") if key not in question]
        if missing:
            problems.append(f"a question without {missing}")
            continue
        if question["variable"] in seen:
            problems.append(f"{question['variable']}: twice")
        seen.add(question["variable"])
        problems += [f"{question['variable']}: {text}" for text in _question_problems(question)]
    return problems


def _question_problems(question: t.Mapping[str, t.Any]) -> list[str]:
    kind, default = question["type"], question.get("default", "")
    if kind not in SURVEY_TYPES:
        return [f"type {kind!r}"]
    problems = [] if isinstance(question["required"], bool) else ["required is no boolean"]
    problems += [f"{key} is no number" for key in ("min", "max") if not isinstance(question.get(key, 0), int)]
    if default == ENCRYPTED and kind != "password":
        problems.append("default $encrypted$")
    if kind.startswith("multi"):
        choices = question.get("choices")
        choices = choices.splitlines() if isinstance(choices, str) else choices
        if not choices:
            return [*problems, "no choices"]
        given = default.splitlines() if kind == "multiselect" and isinstance(default, str) else [default]
        return problems + [f"default {one!r} is no choice" for one in given if one != "" and one not in choices]
    if default == "":
        return problems
    types: dict[str, tuple[type, ...]] = {"integer": (int,), "float": (int, float)}
    if not isinstance(default, types.get(kind, (str,))):
        problems.append(f"default {default!r}")
    return problems


def mistakes_in_survey(survey: t.Mapping[str, t.Any]) -> list[str]:
    """What AWX accepts of a survey, and cannot work."""
    mistakes = []
    for question in survey["spec"]:
        if not re.fullmatch(r"[a-z_]\w*", question["variable"]):
            mistakes.append(f"{question['variable']!r} is no name for a variable")
        if question["required"] and question.get("default"):
            # Launches by the API, by schedules and in workflows get no default of a required question.
            mistakes.append(f"{question['variable']} is required")
    return mistakes


def answer_problems(
    answers: t.Mapping[str, t.Any], survey: t.Mapping[str, t.Any], *, needs_all: bool = True
) -> list[str]:
    """Why AWX would refuse these extra variables for a template with this survey that asks for no variables."""
    questions = {question["variable"]: question for question in survey["spec"]}
    problems = [f"{name}: no question asks for it" for name in answers.keys() - questions.keys()]
    problems += [
        f"{name}: missing"
        for name, question in questions.items()
        if needs_all and question["required"] and name not in answers
    ]
    for name, value in answers.items():
        question = questions.get(name, {})
        kind = question.get("type")
        if kind == "multiplechoice" and value not in question["choices"]:
            problems.append(f"{name}: {value!r} is no choice")
        elif kind in ("text", "textarea", "password") and not isinstance(value, str):
            problems.append(f"{name}: {value!r} is no text")
        elif kind in ("text", "textarea", "password") and not (
            question.get("min", 0) <= len(value) <= question.get("max", 1024)
        ):
            problems.append(f"{name}: its length")
        elif kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
            problems.append(f"{name}: {value!r} is no integer")
    return problems


def answers_of(survey: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    """The extra variables of a launch with these answers: AWX adds the defaults of optional questions."""
    defaults = {
        question["variable"]: question["default"]
        for question in survey["spec"]
        if question.get("default", "") != "" and not question["required"]
    }
    return {**defaults, **(given or {})}


# --- Schedules --------------------------------------------------------------------------------------------------------


def schedule_problems(rule: str) -> list[str]:
    """Why AWX would refuse the rule of a schedule."""
    starts = re.findall(r"DTSTART(?:;[^:]+)?:\d+T\d+Z?", rule)
    problems = [] if len(starts) == 1 else [f"{len(starts)} DTSTART"]
    for start in starts:
        zone = re.search(r"TZID=([^:;]+)", start)
        if zone is None and not start.endswith("Z"):
            problems.append("DTSTART without a zone")
        if zone is not None and start.endswith("Z"):
            problems.append("a zone and Z")
        if zone is not None and zone[1] not in ZONES:
            problems.append(f"no zone {zone[1]}")
    problems += [f"{word} is not allowed" for word in ("EXDATE", "RDATE") if f"{word}:" in rule.upper()]
    recurrences = re.findall(r"RRULE:(\S*)", rule)
    if not recurrences:
        problems.append("no RRULE")
    for recurrence in recurrences:
        parts = dict(part.partition("=")[::2] for part in recurrence.split(";"))
        if "INTERVAL" not in parts:
            problems.append("INTERVAL required")
        if parts.get("FREQ") not in ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
            problems.append(f"FREQ {parts.get('FREQ')}")
        if re.match(r"\d", parts.get("BYDAY", "")):
            problems.append("BYDAY with a number")
        if "COUNT" in parts and "UNTIL" in parts:
            problems.append("COUNT and UNTIL")
        if int(parts.get("COUNT", 0)) > 999:
            problems.append("COUNT above 999")
    return problems


# --- Notifications ----------------------------------------------------------------------------------------------------


def notification_problems(given: t.Mapping[str, t.Any], shape: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """Why AWX would refuse the configuration of a notification template. shape: one of NOTIFICATION_FIELDS."""
    problems = []
    for name, of in shape.items():
        if name not in given:
            problems += [] if "default" in of else [f"no {name}"]
        elif type(given[name]) is not _TYPES[of["type"]]:  # pylint: disable=unidiomatic-typecheck
            problems.append(f"{name} is no {of['type']}")
        elif of["type"] == "list" and not given[name]:
            problems.append(f"no value for {name}")
    return problems


def message_problems(messages: t.Mapping[str, t.Any]) -> list[str]:
    """Why AWX would refuse the texts of a notification template: it renders each with a job that has no artifacts."""
    problems = [f"event {event}" for event in messages.keys() - {"started", "success", "error", "workflow_approval"}]
    for event in ("started", "success", "error"):
        for part, text in (messages.get(event) or {}).items():
            if part not in ("message", "body") or not isinstance(text, str):
                problems.append(f"{event}: {part} {type(text).__name__}")
            elif part == "message" and "\n" in text:
                problems.append(f"{event}: a line break in a message")
            else:
                try:
                    ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(text).render(_SAMPLE)
                except TemplateError as error:
                    problems.append(f"{event}: {part}: {error}")
    return problems


_SAMPLE: dict[str, t.Any] = {
    "job": {
        "id": 42,
        "name": "Sample",
        "type": "job",
        "status": "running",
        "failed": False,
        "job_explanation": "",
        "limit": "",
        "launch_type": "workflow",
        "artifacts": {},
        "elapsed": 0.4,
        "finished": False,
        "started": "2019-07-29T17:38:14.137461Z",
        "host_status_counts": {"ok": 5, "failures": 0},
        "job_slice_number": 0,
        "job_slice_count": 1,
        "url": "/api/v2/jobs/42/",
        "summary_fields": {"inventory": {"id": 17, "name": "Sample"}, "job_template": {"id": 39, "name": "Sample"}},
    },
    "job_friendly_name": "Job",
    "url": "https://awx.example.com/#/jobs/playbook/42",
    "job_metadata": "{}",
    "approval_status": "approved",
    "approval_node_name": "Sample",
    "workflow_url": "https://awx.example.com/#/jobs/workflow/41",
}


# --- Projects ---------------------------------------------------------------------------------------------------------


def is_playbook(path: str, text: str) -> bool:
    """Whether AWX offers a file of a project as a playbook. path: below the project's directory."""
    *directories, name = path.split("/")
    if not name.endswith((".yml", ".yaml")):
        return False
    if any(part.startswith(".") or part in ("roles", "tasks", "group_vars", "host_vars") for part in directories):
        return False
    return text.startswith("$ANSIBLE_VAULT;") or any(PLAYBOOK_LINE.match(line) for line in text.splitlines())


# --- Workflows --------------------------------------------------------------------------------------------------------


def run_workflow(nodes: t.Sequence[t.Mapping[str, t.Any]], failing: t.Container[str]) -> tuple[list[str], bool]:
    """What AWX makes of a workflow in which these nodes fail: the nodes that run, in order, and whether it succeeds.

    nodes: as in extensions/awx/workflow.yml, none with all_parents_must_converge. A node waits for all of its parents
    that run, and runs if one of them leads to it. A failed node fails the workflow if no edge handles the failure.
    """
    parents = {
        node["identifier"]: {
            other["identifier"] for other in nodes for kind in _EDGES if node["identifier"] in other[kind]
        }
        for node in nodes
    }
    by_name = {node["identifier"]: node for node in nodes}
    ran: list[str] = []
    decided: set[str] = set()
    while len(decided) < len(nodes):
        ready = [name for name in by_name if name not in decided and parents[name] <= decided]
        assert ready, "a circle"
        for name in ready:
            leading = [other for other in parents[name] if other in ran]
            edges = {
                other: by_name[other]["failure_nodes" if other in failing else "success_nodes"]
                + by_name[other]["always_nodes"]
                for other in leading
            }
            if not parents[name] or any(name in targets for targets in edges.values()):
                ran.append(name)
            decided.add(name)
    unhandled = [
        name
        for name in ran
        if name in failing and not by_name[name]["failure_nodes"] and not by_name[name]["always_nodes"]
    ]
    return ran, not unhandled


_EDGES = ("always_nodes", "success_nodes", "failure_nodes")
