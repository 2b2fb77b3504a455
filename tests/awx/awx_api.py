# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the API of AWX, on the loopback interface: it keeps what it is given, and refuses what AWX would.

It knows what the modules of the collection awx.awx ask for when they set up AWX, and no more. What it refuses was seen
with, or read in, AWX 24.6.
"""

from __future__ import annotations

import json
import secrets
import threading
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from . import rules

Object = dict[str, t.Any]

VERSION = "24.6.1"
# What an object has besides what it was given.
DEFAULTS: dict[str, Object] = {
    "organizations": {"description": "", "default_environment": None},
    "execution_environments": {"description": "", "credential": None, "organization": None},
    "credential_types": {"description": "", "managed": False},
    "credentials": {"description": "", "organization": None},
    "projects": {"description": "", "scm_branch": "", "scm_revision": "", "credential": None, "status": "new"},
    "inventories": {"description": "", "kind": "", "host_filter": None, "variables": ""},
    "inventory_sources": {"description": "", "execution_environment": None, "status": "never updated"},
    "job_templates": {"description": "", "execution_environment": None, "survey_enabled": False},
    "workflow_job_templates": {"description": "", "survey_enabled": False},
    "workflow_job_template_nodes": {"extra_data": {}, "unified_job_template": None, "all_parents_must_converge": False},
    "workflow_approval_templates": {"description": "", "timeout": 0},
    "schedules": {"description": "", "extra_data": {}, "limit": None},
    "notification_templates": {"description": "", "messages": None},
    "labels": {},
    "teams": {"description": ""},
    "instance_groups": {"is_container_group": False},
}
UNIFIED = {
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "projects": "project",
    "inventory_sources": "inventory_source",
    "workflow_approval_templates": "workflow_approval",
}
# Names are unique within these fields, () for the whole of AWX.
UNIQUE: dict[str, tuple[str, ...]] = {
    "organizations": (),
    "execution_environments": (),
    "credential_types": ("kind",),
    "credentials": ("organization", "credential_type"),
    "inventory_sources": ("inventory",),
    "schedules": ("unified_job_template",),
    **dict.fromkeys(
        (
            *("projects", "inventories", "job_templates", "workflow_job_templates"),
            *("notification_templates", "labels", "teams"),
        ),
        ("organization",),
    ),
}
NOTIFYING = ("notification_templates_started", "notification_templates_success", "notification_templates_error")
LINKS: dict[str, tuple[str, ...]] = {
    "organizations": ("galaxy_credentials",),
    "job_templates": ("credentials", "labels", "instance_groups", *NOTIFYING),
    "workflow_job_templates": ("labels", *NOTIFYING, "notification_templates_approvals"),
    "workflow_job_template_nodes": ("always_nodes", "success_nodes", "failure_nodes"),
}
LINK_KIND = {
    "galaxy_credentials": "credentials",
    "credentials": "credentials",
    "labels": "labels",
    "instance_groups": "instance_groups",
    **dict.fromkeys((*NOTIFYING, "notification_templates_approvals"), "notification_templates"),
}
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
ROLES: dict[str, tuple[str, ...]] = {
    "projects": ("admin", "use", "update", "read"),
    "inventories": ("admin", "update", "adhoc", "use", "read"),
    "job_templates": ("admin", "execute", "read"),
    "workflow_job_templates": ("admin", "execute", "read", "approval"),
}
# What only system administrators can make or change.
OF_THE_SYSTEM = {"organizations", "credential_types", "instance_groups"}
# An update of the project follows a change of these.
STARTS_AN_UPDATE = {"scm_type", "scm_url", "scm_branch", "credential"}
STOCK_SETTINGS: Object = {
    "AWX_ISOLATION_SHOW_PATHS": ["/etc/pki/ca-trust:/etc/pki/ca-trust:O", "/usr/share/pki:/usr/share/pki:O"],
    "AWX_MOUNT_ISOLATED_PATHS_ON_K8S": False,
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
class Sync:
    """What becomes of an update of a project or an inventory. polls: how often it is still running when asked."""

    status: str = "successful"
    output: str = ""
    polls: int = 0


@dataclass
class User:
    """Who asks. administers: ids of organizations. groups: instance groups that they may use."""

    name: str
    superuser: bool = False
    administers: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass
class Awx:
    """A running stand-in; use it as a context manager.

    Args:
        playbooks: The files that a project with this repository has, as AWX lists them.
        galaxy: Whether the organization Default has a credential for collections, as in a new AWX.
        prefix: Path of the API, which is another one behind the gateway of Red Hat's platform.
        settings: What /settings/jobs/ says; that of a new AWX by default.
        project_syncs: What becomes of the next updates of projects; after these, they succeed.
        inventory_syncs: The same for inventory sources.
        kubernetes: Whether jobs run in pods.
        breaks_at: Number of the write that finds AWX broken, 0 for none.
    """

    playbooks: t.Collection[str] = ()
    galaxy: bool = False
    prefix: str = "/api/v2/"
    settings: Object = field(default_factory=lambda: dict(STOCK_SETTINGS))
    project_syncs: list[Sync] = field(default_factory=list)
    inventory_syncs: list[Sync] = field(default_factory=list)
    kubernetes: bool = False
    breaks_at: int = 0
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = secrets.token_hex(24)
        self.users = {self.token: User("admin", superuser=True)}
        self._lock = threading.Lock()
        self._last_id = 0
        self._objects: dict[str, dict[int, Object]] = {kind: {} for kind in DEFAULTS}
        self._links: dict[tuple[str, int, str], list[int]] = {}
        self._surveys: dict[tuple[str, int], Object] = {}
        self._secrets: dict[int, Object] = {}
        self._updates: dict[tuple[str, int], tuple[Object, Sync]] = {}
        self._current: dict[tuple[str, int], int] = {}
        self._roles: dict[int, tuple[str, int, str]] = {}
        self._holders: dict[int, list[int]] = {}
        kind = self._store(
            "credential_types",
            {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "galaxy", "inputs": {}, "managed": True},
        )
        self._store("instance_groups", {"name": "controlplane"})
        self._store("instance_groups", {"name": "default", "is_container_group": self.kubernetes})
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

    def refused(self) -> list[tuple[str, int]]:
        """The requests that did not succeed."""
        return [(call.path, call.status) for call in self.calls if call.status >= 400]

    def of(self, kind: str, organization: str = "Default") -> dict[str, Object]:
        """The objects of a kind that belong to an organization by their names, as the API shows them."""
        owner = self.named("organizations")[organization]["id"]
        return {
            one.get("name") or one["identifier"]: self._shown(kind, one)
            for one in self._objects[kind].values()
            if self._owner(kind, one) == owner
        }

    def named(self, kind: str) -> dict[str, Object]:
        """The objects of a kind by their names, as the API shows them."""
        return {one.get("name") or one["identifier"]: self._shown(kind, one) for one in self._objects[kind].values()}

    def linked(self, kind: str, one: Object, link: str) -> list[str]:
        """The names of what is associated with an object."""
        ids = self._links.get((kind, one["id"], link), [])
        others = self._objects[LINK_KIND.get(link, kind)]
        return [others[other].get("name") or others[other]["identifier"] for other in ids]

    def survey(self, kind: str, one: Object) -> Object:
        """The survey of a template."""
        return self._surveys[kind, one["id"]]

    def inputs(self, credential: Object) -> Object:
        """What AWX would put into a job: the values of a credential, with its secrets."""
        return self._secrets[credential["id"]]

    def holders(self, kind: str, one: Object, role: str) -> list[str]:
        """The names of the teams that have a role."""
        (number,) = [number for number, named in self._roles.items() if named == (kind, one["id"], role)]
        return [self._objects["teams"][team]["name"] for team in self._holders.get(number, [])]

    def have(self, kind: str, body: Mapping[str, t.Any]) -> Object:
        """Let there be an object that the set-up has not made."""
        return self._store(kind, body)

    def administrator(self, *organizations: str, groups: t.Collection[str] = ()) -> str:
        """The token of somebody who administers organizations, and not the whole of AWX.

        groups: instance groups that they may use.
        """
        token = secrets.token_hex(24)
        known = self.named("organizations")
        ids = frozenset(known[name]["id"] for name in organizations)
        self.users[token] = User("night shift", administers=ids, groups=frozenset(groups))
        return token

    # --- requests ---

    def answer(self, method: str, target: str, body: t.Any, authorization: str) -> tuple[int, t.Any]:
        """Answer one request: the status and what goes into the body."""
        parts = urlsplit(target)
        call = Call(method, parts.path, body)
        with self._lock:
            self.calls.append(call)
            try:
                user = self.users.get(authorization.removeprefix("Bearer "))
                if user is None:
                    raise Refusal(401, {"detail": "Authentication credentials were not provided."})
                if method != "GET" and len(self.writes()) == self.breaks_at:
                    raise Refusal(503, {"detail": "upstream connect error"})
                call.status, reply = self._route(user, method, parts.path, parse_qsl(parts.query), body)
            except Refusal as refusal:
                call.status, reply = refusal.status, refusal.body
        return call.status, reply

    def _route(  # noqa: C901 - the list of what there is
        self, user: User, method: str, path: str, query: list[tuple[str, str]], body: t.Any
    ) -> tuple[int, t.Any]:
        if not path.startswith(self.prefix):
            raise Refusal(404, {"detail": "Not found."})
        match path.removeprefix(self.prefix).strip("/").split("/"):
            case ["ping"]:
                return 200, {"version": VERSION}
            case ["me"]:
                return 200, _page([{"id": 1, "username": user.name, "is_superuser": user.superuser}])
            case ["settings", "jobs"]:
                if not user.superuser:
                    raise _forbidden()
                return 200, self.settings
            case ["schedules", "zoneinfo"]:
                return 200, {"zones": sorted(rules.ZONES), "links": {}}
            case ["unified_job_templates"] if method == "GET":
                return 200, _page(
                    {**self._shown(kind, one), "type": word}
                    for kind, word in UNIFIED.items()
                    for one in self._visible(user, kind)
                    if self._fits({**one, "type": word}, query)
                )
            case [("project_updates" | "inventory_updates") as kind]:
                return 200, _page([self._updates[kind, int(dict(query)["id"])][0]])
            case [("project_updates" | "inventory_updates") as kind, number, *rest]:
                return 200, self._look_at(kind, int(number), rest)
            case ["roles", number, "teams"]:
                return self._role(method, int(number), body)
            case [kind] if kind in self._objects:
                if method == "POST":
                    return 201, self._shown(kind, self._create(user, kind, body))
                return 200, _page(self._shown(kind, one) for one in self._visible(user, kind) if self._fits(one, query))
            case [kind, number, *rest] if kind in self._objects:
                found = [one for one in self._visible(user, kind) if one["id"] == int(number)]
                if found:
                    return self._object(user, method, kind, found[0], rest, body)
        raise Refusal(404, {"detail": "Not found."})

    def _object(  # noqa: C901 - the list of what can be done
        self, user: User, method: str, kind: str, one: Object, rest: list[str], body: t.Any
    ) -> tuple[int, t.Any]:
        if method != "GET":
            self._may_write(user, kind, one)
        match method, rest:
            case "GET", []:
                return 200, self._shown(kind, one)
            case "PATCH", []:
                self._check(kind, {**one, **body}, one)
                changed = {name for name in body.keys() & STARTS_AN_UPDATE if one.get(name) != body[name]}
                self._keep(kind, one, body)
                if kind == "projects" and changed:
                    self._update(kind, one)
                return 200, self._shown(kind, one)
            case "DELETE", []:
                del self._objects[kind][one["id"]]
                for (of, _number, _link), linked in self._links.items():
                    if of == kind and one["id"] in linked:
                        linked.remove(one["id"])
                return 204, None
            case "GET", ["survey_spec"]:
                return 200, self._surveys.get((kind, one["id"]), {})
            case "POST", ["survey_spec"]:
                _refuse(rules.survey_problems(body), "error")
                self._surveys[kind, one["id"]] = body
                return 200, {}
            case "POST", ["update"]:
                return 202, self._update(kind, one)
            case "POST", ["create_approval_template"] if kind == "workflow_job_template_nodes":
                made = self._store("workflow_approval_templates", body)
                one["unified_job_template"] = made["id"]
                return 201, self._shown("workflow_approval_templates", made)
            case "GET", [link] if link in LINKS.get(kind, ()):
                others = LINK_KIND.get(link, kind)
                ids = self._links.get((kind, one["id"], link), [])
                return 200, _page(self._shown(others, self._objects[others][other]) for other in ids)
            case "POST", [link] if link in LINKS.get(kind, ()):
                linked = self._links.setdefault((kind, one["id"], link), [])
                if body.get("disassociate"):
                    linked.remove(body["id"])
                else:
                    self._check_link(user, kind, one, link, body["id"])
                    linked.append(body["id"])
                return 204, None
        raise Refusal(405, {"detail": f"Method {method} not allowed."})

    def _role(self, method: str, number: int, body: t.Any) -> tuple[int, t.Any]:
        held = self._holders.setdefault(number, [])
        if method == "POST":
            held.append(body["id"])
            return 204, None
        return 200, _page(self._shown("teams", self._objects["teams"][team]) for team in held)

    # --- who may do what ---

    def _owner(self, kind: str, one: Object) -> int | None:
        """The organization to which an object belongs."""
        for name, others in (
            ("inventory", "inventories"),
            ("workflow_job_template", "workflow_job_templates"),
            ("project", "projects"),
        ):
            if one.get("organization") is None and one.get(name) in self._objects[others]:
                return t.cast("int | None", self._objects[others][one[name]]["organization"])
        if kind == "schedules":
            (template,) = [
                members[one["unified_job_template"]]
                for members in (self._objects[kind] for kind in UNIFIED)
                if one["unified_job_template"] in members
            ]
            return self._owner("", template)
        return one["id"] if kind == "organizations" else one.get("organization")

    def _visible(self, user: User, kind: str) -> list[Object]:
        """What a user is shown. Others get the same answer as for what there is not."""
        every = self._objects[kind].values()
        if user.superuser or kind in ("credential_types", "workflow_approval_templates"):
            return list(every)
        return [
            one
            for one in every
            if self._owner(kind, one) in user.administers
            or (kind == "execution_environments" and one["organization"] is None)
            or (kind == "instance_groups" and one["name"] in user.groups)
        ]

    def _may_write(self, user: User, kind: str, body: Object) -> None:
        if user.superuser or (kind == "organizations" and body.get("id") in user.administers):
            return
        if kind in OF_THE_SYSTEM or self._owner(kind, body) not in user.administers:
            raise _forbidden()

    # --- objects ---

    def _create(self, user: User, kind: str, body: Object) -> Object:
        self._may_write(user, kind, body)
        self._check(kind, body, None)
        made = self._store(kind, body)
        if kind == "projects":
            self._update(kind, made)
        return made

    def _store(self, kind: str, body: Mapping[str, t.Any]) -> Object:
        one = {"id": self._next_id(), **DEFAULTS[kind]}
        self._objects[kind][one["id"]] = one
        self._keep(kind, one, body)
        if kind == "job_templates" and one.get("organization") is None:
            one["organization"] = self._objects["projects"][one["project"]]["organization"]
        for role in ROLES.get(kind, ()):
            self._roles[self._next_id()] = (kind, one["id"], role)
        return one

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _keep(self, kind: str, one: Object, body: Mapping[str, t.Any]) -> None:
        one.update(body)
        if kind == "inventories" and one["kind"] is None:
            one["kind"] = ""
        if kind == "credentials":
            fields = self._objects["credential_types"][one["credential_type"]]["inputs"].get("fields", [])
            self._hide(one, "inputs", {member["id"] for member in fields if member.get("secret")})
        if kind == "notification_templates":
            events = dict.fromkeys(("started", "success", "error", "workflow_approval"))
            one["messages"] = {**events, **(one["messages"] or {})}
            shape = rules.NOTIFICATION_FIELDS[one["notification_type"]]
            defaults = {name: of["default"] for name, of in shape.items() if "default" in of}
            one["notification_configuration"] = {**defaults, **one["notification_configuration"]}
            self._hide(
                one, "notification_configuration", {name for name, of in shape.items() if of["type"] == "password"}
            )

    def _hide(self, one: Object, name: str, hidden: t.Collection[str]) -> None:
        known = self._secrets.get(one["id"], {})
        self._secrets[one["id"]] = {
            key: known[key] if value == rules.ENCRYPTED else value for key, value in one[name].items()
        }
        one[name] = {key: rules.ENCRYPTED if key in hidden and value else value for key, value in one[name].items()}

    def _shown(self, kind: str, one: Object) -> Object:
        url = f"{self.prefix}{kind}/{one['id']}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        summary: Object = {
            "object_roles": {
                f"{role}_role": {"id": number}
                for number, (of, owner, role) in self._roles.items()
                if (of, owner) == (kind, one["id"])
            }
        }
        current = self._current.get((kind, one["id"]))
        if current is not None:
            summary["last_update" if self._done(kind, current) else "current_update"] = {"id": current}
        if kind == "workflow_job_template_nodes":
            related.pop("survey_spec")
            for of in ("workflow_approval_templates", "job_templates"):
                if one["unified_job_template"] in self._objects[of]:
                    related["unified_job_template"] = f"{self.prefix}{of}/{one['unified_job_template']}/"
        return {"url": url, "type": _singular(kind), "related": related, "summary_fields": summary, **one}

    def _fits(self, one: Object, query: list[tuple[str, str]]) -> bool:
        either = [self._is(one, name.removeprefix("or__"), value) for name, value in query if name.startswith("or__")]
        others = [self._is(one, name, value) for name, value in query if not name.startswith("or__")]
        return all(others) and (any(either) or not either)

    def _is(self, one: Object, name: str, wanted: str) -> bool:
        value: t.Any = one
        while "__" in name:
            reference, _underscores, name = name.partition("__")
            kinds = UNIFIED if reference == "unified_job_template" else (REFERENCES[reference],)
            found = [self._objects[kind].get(value.get(reference) or 0) for kind in kinds]
            value = next(filter(None, found), {})
        return str(value.get(name)) == wanted

    # --- updates of projects and inventory sources ---

    def _update(self, kind: str, one: Object) -> Object:
        updates = "project_updates" if kind == "projects" else "inventory_updates"
        planned = self.project_syncs if kind == "projects" else self.inventory_syncs
        sync = planned.pop(0) if planned else Sync()
        number = self._next_id()
        shown = {"id": number, "url": f"{self.prefix}{updates}/{number}/", "status": "pending", "finished": None}
        shown |= {"failed": False, "job_explanation": "", "scm_revision": "", "of": one["id"]}
        if kind == "inventory_sources":
            project = self._objects["projects"][one["source_project"]]
            if project["status"] in ("failed", "error"):
                # The job ends before it has run, so its output is empty.
                sync = Sync("failed")
                shown["job_explanation"] = "Missing a revision to run due to failed project update."
        self._updates[updates, number] = (shown, sync)
        self._current[kind, one["id"]] = number
        one["status"] = "pending"
        if sync.polls == 0:
            self._finish(updates, number)
        return shown

    def _finish(self, updates: str, number: int) -> None:
        shown, sync = self._updates[updates, number]
        shown |= {"status": sync.status, "failed": sync.status != "successful", "finished": "now"}
        one = self._objects["projects" if updates == "project_updates" else "inventory_sources"][shown["of"]]
        one["status"] = sync.status
        if updates == "project_updates" and sync.status == "successful":
            one["scm_revision"] = shown["scm_revision"] = "0" * 40

    def _done(self, kind: str, number: int) -> bool:
        shown, _sync = self._updates["project_updates" if kind == "projects" else "inventory_updates", number]
        return shown["finished"] is not None

    def _look_at(self, updates: str, number: int, rest: list[str]) -> Object:
        shown, sync = self._updates[updates, number]
        if rest == ["stdout"]:
            return {"range": {}, "content": sync.output}
        if shown["finished"] is None:
            sync.polls -= 1
            if sync.polls < 0:
                self._finish(updates, number)
            else:
                shown["status"] = "running"
        return shown

    # --- what AWX refuses ---

    def _check(self, kind: str, body: Object, old: Object | None) -> None:
        for name, others in REFERENCES.items():
            if body.get(name) is not None and body[name] not in self._objects[others]:
                raise Refusal(400, {name: [f'Invalid pk "{body[name]}" - object does not exist.']})
        self._check_name(kind, body)
        check = getattr(self, f"_check_{kind}", None)
        if check is not None:
            check(body, old)

    def _check_name(self, kind: str, body: Object) -> None:
        if kind not in UNIQUE:
            return
        fields = ("name", *UNIQUE[kind])
        taken = [
            one
            for one in self._objects[kind].values()
            if one["id"] != body.get("id") and all(one.get(name) == body.get(name) for name in fields)
        ]
        if taken:
            words = f"{_singular(kind).replace('_', ' ').capitalize()} with this {' and '.join(fields)} already exists."
            raise Refusal(400, {"name" if len(fields) == 1 else "__all__": [words]})

    def _check_link(self, user: User, kind: str, one: Object, link: str, other: int) -> None:
        found = self._objects[LINK_KIND.get(link, kind)].get(other)
        if found is None:
            raise Refusal(400, {"detail": "Not found."})
        if link == "galaxy_credentials":
            of = self._objects["credential_types"][found["credential_type"]]
            _refuse([] if of["kind"] == "galaxy" else [f"not {of['name']}"], "msg")
        if found not in self._visible(user, LINK_KIND.get(link, kind)):
            raise _forbidden()
        if link == "credentials":
            of = found["credential_type"]
            others = [self._objects["credentials"][known] for known in self._links.get((kind, one["id"], link), [])]
            _refuse(
                ["two credentials of one type"] if of in {one["credential_type"] for one in others} else [], "error"
            )

    def _check_execution_environments(self, body: Object, old: Object | None) -> None:
        if old and body["organization"] not in (None, old["organization"]):
            raise Refusal(400, {"organization": ["Cannot change the organization of an execution environment"]})

    def _check_credential_types(self, body: Object, old: Object | None) -> None:
        _refuse(rules.credential_type_problems(body), "inputs")
        used = old and any(one["credential_type"] == old["id"] for one in self._objects["credentials"].values())
        if old and used and body["inputs"] != old["inputs"]:
            raise Refusal(403, {"detail": "Modifications to inputs are not allowed for types that are in use."})

    def _check_credentials(self, body: Object, old: Object | None) -> None:
        kind = self._objects["credential_types"][body["credential_type"]]
        _refuse(rules.credential_problems(body.get("inputs", {}), kind["inputs"]), "inputs")

    def _check_inventory_sources(self, body: Object, old: Object | None) -> None:
        credential = self._objects["credentials"][body["credential"]]
        kind = self._objects["credential_types"][credential["credential_type"]]["kind"]
        _refuse([f"{kind} credentials"] if kind != "cloud" else [], "credential")
        _refuse([] if body["source"] == "scm" and body["source_path"] else ["source"], "source")
        json.loads(body["source_vars"])

    def _check_job_templates(self, body: Object, old: Object | None) -> None:
        project = self._objects["projects"][body["project"]]
        offered = self.playbooks if project["scm_revision"] else ()
        _refuse([] if body["playbook"] in offered else ["Playbook not found for project."], "playbook")
        json.loads(body["extra_vars"])

    def _check_workflow_job_template_nodes(self, body: Object, old: Object | None) -> None:
        if body.get("unified_job_template") in self._objects["job_templates"]:
            self._check_answers("job_templates", body["unified_job_template"], body.get("extra_data", {}))

    def _check_schedules(self, body: Object, old: Object | None) -> None:
        _refuse(rules.schedule_problems(body["rrule"]), "rrule")
        (kind,) = [kind for kind in UNIFIED if body["unified_job_template"] in self._objects[kind]]
        template = self._objects[kind][body["unified_job_template"]]
        if body.get("limit") and not template.get("ask_limit_on_launch"):
            raise Refusal(400, {"limit": ["Field is not configured to prompt on launch."]})
        self._check_answers(kind, body["unified_job_template"], body.get("extra_data", {}))

    def _check_answers(self, kind: str, number: int, given: Object) -> None:
        survey = self._surveys.get((kind, number), {"spec": []})
        if self._objects[kind][number].get("ask_variables_on_launch"):
            asked = {question["variable"] for question in survey["spec"]}
            given = {name: value for name, value in given.items() if name in asked}
        # A node may leave an answer to the launch of its workflow.
        problems = rules.answer_problems(given, survey, needs_all=kind != "job_templates")
        _refuse(problems, "variables_needed_to_start")

    def _check_notification_templates(self, body: Object, old: Object | None) -> None:
        shape = rules.NOTIFICATION_FIELDS[body["notification_type"]]
        _refuse(rules.notification_problems(body["notification_configuration"], shape), "notification_configuration")
        _refuse(rules.message_problems(body["messages"] or {}), "messages")


def _page(found: t.Iterable[Object]) -> Object:
    results = list(found)
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _singular(kind: str) -> str:
    return f"{kind[:-3]}y" if kind.endswith("ies") else kind.removesuffix("s")


def _forbidden() -> Refusal:
    return Refusal(403, {"detail": "You do not have permission to perform this action."})


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
