# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the API of AWX, on the loopback interface: it keeps what it is given, and refuses what AWX would.

It knows what the modules of the collection awx.awx ask for when they set up AWX, and no more.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from . import rules

VERSION = "24.6.1"
PREFIX = "/api/v2/"
# What an object has besides what it was given.
DEFAULTS: dict[str, dict[str, t.Any]] = {
    "organizations": {"description": "", "default_environment": None},
    "execution_environments": {"description": "", "credential": None, "organization": None},
    "credential_types": {"description": "", "managed": False},
    "credentials": {"description": "", "organization": None},
    "projects": {"description": "", "scm_branch": "", "scm_revision": "", "credential": None, "status": "successful"},
    "inventories": {"description": "", "kind": "", "host_filter": None, "variables": ""},
    "inventory_sources": {"description": "", "execution_environment": None},
    "job_templates": {"description": "", "execution_environment": None, "survey_enabled": False},
    "workflow_job_templates": {"description": "", "survey_enabled": False},
    "workflow_job_template_nodes": {"extra_data": {}},
    "schedules": {"description": ""},
}
UNIFIED = {
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "projects": "project",
    "inventory_sources": "inventory_source",
}
LINKS = {
    "organizations": ("galaxy_credentials",),
    "job_templates": ("credentials",),
    "workflow_job_template_nodes": ("always_nodes", "success_nodes", "failure_nodes"),
}
LINK_KIND = {"galaxy_credentials": "credentials", "credentials": "credentials"}
REFERENCES = {
    "organization": "organizations",
    "credential_type": "credential_types",
    "credential": "credentials",
    "inventory": "inventories",
    "project": "projects",
    "source_project": "projects",
    "execution_environment": "execution_environments",
    "workflow_job_template": "workflow_job_templates",
}


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: Mapping[str, t.Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body = status, dict(body)


@dataclass
class Call:
    """One request. body: as it came."""

    method: str
    path: str
    body: t.Any = None
    status: int = 0


@dataclass
class Awx:
    """A running stand-in; use it as a context manager.

    playbooks: the files that a project with this repository has, as AWX lists them. galaxy: whether the organization
    Default has a credential for collections, as in a new AWX.
    """

    playbooks: t.Collection[str] = ()
    galaxy: bool = False
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = secrets.token_hex(24)
        self._lock = threading.Lock()
        self._last_id = 0
        self._objects: dict[str, dict[int, dict[str, t.Any]]] = {kind: {} for kind in DEFAULTS}
        self._links: dict[tuple[str, int, str], list[int]] = {}
        self._surveys: dict[tuple[str, int], dict[str, t.Any]] = {}
        self._secrets: dict[int, dict[str, t.Any]] = {}
        self._updates: dict[tuple[str, int], dict[str, t.Any]] = {}
        kind = self._store(
            "credential_types",
            {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "galaxy", "inputs": {}, "managed": True},
        )
        default = self._store("organizations", {"name": "Default"})
        hub = self._store("credentials", {"name": "Ansible Galaxy", "credential_type": kind["id"], "inputs": {}})
        if self.galaxy:
            self._links["organizations", default["id"], "galaxy_credentials"] = [hub["id"]]

    def __enter__(self) -> Awx:
        """Start to listen."""
        awx = self

        class Handler(_Handler):
            def answer(self, method: str, body: t.Any) -> tuple[int, t.Any]:
                return awx.answer(method, self.path, body, self.headers.get("Authorization", ""))

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    # --- for tests ---

    def writes(self) -> list[Call]:
        """The requests that change something, in order."""
        return [call for call in self.calls if call.method != "GET"]

    def named(self, kind: str) -> dict[str, dict[str, t.Any]]:
        """The objects of a kind by their names, as the API shows them."""
        return {one.get("name") or one["identifier"]: self._shown(kind, one) for one in self._objects[kind].values()}

    def linked(self, kind: str, name: str, link: str) -> list[str]:
        """The names of what is associated with an object."""
        ids = self._links.get((kind, self.named(kind)[name]["id"], link), [])
        others = self._objects[LINK_KIND.get(link, kind)]
        return [others[one].get("name") or others[one]["identifier"] for one in ids]

    def survey(self, kind: str, name: str) -> dict[str, t.Any]:
        """The survey of a template."""
        return self._surveys[kind, self.named(kind)[name]["id"]]

    def inputs(self, name: str) -> dict[str, t.Any]:
        """What AWX would put into a job: the values of a credential, with its secrets."""
        return self._secrets[self.named("credentials")[name]["id"]]

    def have_credential(self, kind: Mapping[str, t.Any], name: str, inputs: Mapping[str, t.Any]) -> None:
        """Let there be a credential and its type, of the organization Default."""
        made = self._store("credential_types", kind)
        default = self.named("organizations")["Default"]["id"]
        given = {"name": name, "credential_type": made["id"], "organization": default, "inputs": dict(inputs)}
        self._store("credentials", given)

    # --- requests ---

    def answer(self, method: str, target: str, body: t.Any, authorization: str) -> tuple[int, t.Any]:
        """Answer one request: the status and what goes into the body."""
        parts = urlsplit(target)
        call = Call(method, parts.path, body)
        with self._lock:
            self.calls.append(call)
            try:
                if authorization != f"Bearer {self.token}":
                    raise Refusal(401, {"detail": "Authentication credentials were not provided."})
                call.status, reply = self._route(method, parts.path, dict(parse_qsl(parts.query)), body)
            except Refusal as refusal:
                call.status, reply = refusal.status, refusal.body
        return call.status, reply

    def _route(self, method: str, path: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        if not path.startswith(PREFIX):
            raise Refusal(404, {"detail": "Not found."})
        match path.removeprefix(PREFIX).strip("/").split("/"):
            case ["ping"]:
                return 200, {"version": VERSION}
            case ["unified_job_templates"] if method == "GET":
                return 200, self._page(
                    {**self._shown(kind, one), "type": word}
                    for kind, word in UNIFIED.items()
                    for one in self._objects[kind].values()
                    if self._fits({**one, "type": word}, query)
                )
            case [("project_updates" | "inventory_updates") as kind, number]:
                return 200, self._updates[kind, int(number)]
            case [kind] if kind in self._objects:
                if method == "POST":
                    return 201, self._shown(kind, self._create(kind, body))
                found = [one for one in self._objects[kind].values() if self._fits(one, query)]
                return 200, self._page(self._shown(kind, one) for one in found)
            case [kind, number, *rest] if kind in self._objects and int(number) in self._objects[kind]:
                return self._object(method, kind, self._objects[kind][int(number)], rest, body)
        raise Refusal(404, {"detail": "Not found."})

    def _object(self, method: str, kind: str, one: dict[str, t.Any], rest: list[str], body: t.Any) -> tuple[int, t.Any]:
        match method, rest:
            case "GET", []:
                return 200, self._shown(kind, one)
            case "PATCH", []:
                self._check(kind, {**one, **body}, one)
                self._keep(kind, one, body)
                return 200, self._shown(kind, one)
            case "GET", ["survey_spec"]:
                return 200, self._surveys.get((kind, one["id"]), {})
            case "POST", ["survey_spec"]:
                _refuse(rules.survey_problems(body), "error")
                self._surveys[kind, one["id"]] = body
                return 200, {}
            case "POST", ["update"]:
                return 202, self._update("inventory_updates" if kind == "inventory_sources" else "project_updates")
            case "GET", [link] if link in LINKS.get(kind, ()):
                others = LINK_KIND.get(link, kind)
                ids = self._links.get((kind, one["id"], link), [])
                return 200, self._page(self._shown(others, self._objects[others][other]) for other in ids)
            case "POST", [link] if link in LINKS.get(kind, ()):
                linked = self._links.setdefault((kind, one["id"], link), [])
                if body.get("disassociate"):
                    linked.remove(body["id"])
                else:
                    linked.append(body["id"])
                return 204, None
        raise Refusal(405, {"detail": f"Method {method} not allowed."})

    # --- objects ---

    def _create(self, kind: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
        self._check(kind, body, None)
        return self._store(kind, body)

    def _store(self, kind: str, body: Mapping[str, t.Any]) -> dict[str, t.Any]:
        self._last_id += 1
        one = {"id": self._last_id, **DEFAULTS[kind]}
        self._objects[kind][self._last_id] = one
        self._keep(kind, one, body)
        if kind == "projects":
            one["scm_revision"] = "0" * 40
        return one

    def _keep(self, kind: str, one: dict[str, t.Any], body: Mapping[str, t.Any]) -> None:
        one.update(body)
        if kind == "inventories" and one["kind"] is None:
            one["kind"] = ""
        if kind == "credentials":
            known = self._secrets.get(one["id"], {})
            fields = self._objects["credential_types"][one["credential_type"]]["inputs"].get("fields", [])
            hidden = {member["id"] for member in fields if member.get("secret")}
            self._secrets[one["id"]] = {
                name: known[name] if value == "$encrypted$" else value for name, value in one["inputs"].items()
            }
            one["inputs"] = {name: "$encrypted$" if name in hidden else value for name, value in one["inputs"].items()}

    def _update(self, kind: str) -> dict[str, t.Any]:
        self._last_id += 1
        url = f"{PREFIX}{kind}/{self._last_id}/"
        done = {"id": self._last_id, "url": url, "status": "successful", "failed": False, "finished": "now"}
        self._updates[kind, self._last_id] = done
        return done

    def _shown(self, kind: str, one: dict[str, t.Any]) -> dict[str, t.Any]:
        url = f"{PREFIX}{kind}/{one['id']}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        summary: dict[str, t.Any] = {}
        if kind == "projects":
            # A new project is updated at once.
            summary["current_update"] = {"id": self._update("project_updates")["id"]}
        return {"url": url, "type": kind.rstrip("s"), "related": related, "summary_fields": summary, **one}

    def _page(self, found: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any]:
        results = list(found)
        return {"count": len(results), "next": None, "previous": None, "results": results}

    def _fits(self, one: dict[str, t.Any], query: dict[str, str]) -> bool:
        for name, wanted in query.items():
            value: t.Any
            if "__" in name:
                reference, _underscores, inner = name.partition("__")
                other = self._objects[REFERENCES[reference]].get(one.get(reference) or 0, {})
                value = other.get(inner)
            else:
                value = one.get(name)
            if str(value) != wanted:
                return False
        return True

    # --- what AWX refuses ---

    def _check(self, kind: str, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        for name, others in REFERENCES.items():
            if body.get(name) is not None and body[name] not in self._objects[others]:
                raise Refusal(400, {name: [f'Invalid pk "{body[name]}" - object does not exist.']})
        check = getattr(self, f"_check_{kind}", None)
        if check is not None:
            check(body, old)

    def _check_credential_types(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        _refuse(rules.credential_type_problems(body), "inputs")
        used = old and any(one["credential_type"] == old["id"] for one in self._objects["credentials"].values())
        if old and used and body["inputs"] != old["inputs"]:
            raise Refusal(403, {"detail": "Modifications to inputs are not allowed for types that are in use."})

    def _check_credentials(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        kind = self._objects["credential_types"][body["credential_type"]]
        _refuse(rules.credential_problems(body.get("inputs", {}), kind["inputs"]), "inputs")

    def _check_inventory_sources(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        credential = self._objects["credentials"][body["credential"]]
        kind = self._objects["credential_types"][credential["credential_type"]]["kind"]
        _refuse([f"{kind} credentials"] if kind != "cloud" else [], "credential")
        _refuse([] if body["source"] == "scm" and body["source_path"] else ["source"], "source")
        json.loads(body["source_vars"])

    def _check_job_templates(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        _refuse([] if body["playbook"] in self.playbooks else ["Playbook not found for project."], "playbook")
        json.loads(body["extra_vars"])

    def _check_workflow_job_template_nodes(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        template = self._objects["job_templates"][body["unified_job_template"]]
        given = body.get("extra_data", {})
        if not template["ask_variables_on_launch"]:
            _refuse(rules.answer_problems(given, self._surveys["job_templates", template["id"]]), "extra_data")

    def _check_schedules(self, body: dict[str, t.Any], old: dict[str, t.Any] | None) -> None:
        good = re.match(r"DTSTART(;TZID=\S+)?:\d{8}T\d{6}Z? RRULE:FREQ=\w+;.*INTERVAL=\d+", body["rrule"])
        _refuse([] if good else ["rrule"], "rrule")


def _refuse(problems: list[str], name: str) -> None:
    if problems:
        raise Refusal(400, {name: problems})


class _Handler(BaseHTTPRequestHandler):
    """JSON in, JSON out."""

    timeout = 30
    wbufsize = -1  # head and body in one packet, or each answer takes 40 ms longer

    def answer(self, method: str, body: t.Any) -> tuple[int, t.Any]:
        raise NotImplementedError

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        # AWX's modules send a body with GET requests, too.
        status, reply = self.answer(self.command, json.loads(text) if text and self.command != "GET" else None)
        content = b"" if reply is None else json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", VERSION)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle

    def log_message(self, *_arguments: t.Any) -> None:
        """Say nothing."""
