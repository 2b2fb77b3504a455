# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret in any trace that Ansible leaves, whatever goes wrong; and the hunt finds those that are put there."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import json
import random
import re
import sys
import typing as t
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from ansible.release import __version__ as ansible_version

from ansible_collections.rdsops.commvault.tests.campaigns.leaks.forms import core, make_secret
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.ground import CHANNELS, Ground
from ansible_collections.rdsops.commvault.tests.campaigns.leaks.search import Searcher
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun
from ansible_collections.rdsops.commvault.tests.support.proxy import Proxy

COLLECTION = "rdsops.commvault"
CORE = tuple(map(int, ansible_version.split(".")[:2]))
ROLE = Path(__file__).parents[2] / "roles" / "oracle_rds_export_backup"
MODULES = {path.stem for path in (Path(__file__).parents[2] / "plugins" / "modules").glob("[!_]*.py")}

# Headers carry printable ASCII only, passwords anything.
ODD = "%41'\"\\<x>&+="
SECRETS = {
    "token": make_secret("token", "a/", ODD),
    "password": make_secret("password", "pässword /", ODD + "ö"),
    "login token": make_secret("login token", "", ""),
    "renewed login token": make_secret("renewed login token", "", ""),
    "ended login token": make_secret("ended login token", "", ""),
    "access token": make_secret("access token", "ey.", "/+="),
    "refresh token": make_secret("refresh token", "ey.", "/+="),
    "new access token": make_secret("new access token", "ey.", "/+="),
    "new refresh token": make_secret("new refresh token", "ey.", "/+="),
    "proxy password": make_secret("proxy password", "p/", "+="),
    "password in task_info": make_secret("password in task info", "/", ODD),
}


def repeated(*names: str) -> str:
    """What a server says that repeats what it was sent, in the forms that it may have."""
    secrets = [SECRETS[name] for name in names]
    encoded = [base64.b64encode(secret.encode()).decode() for secret in secrets]
    shown = [*map(quote, secrets), *map(html.escape, secrets), *map(repr, secrets), json.dumps(secrets)]
    return " | ".join([*secrets, *encoded, *shown])


TOKEN, LOGIN, PAIR = ("token", "password"), ("login token", "password"), ("access token", "refresh token", "token")

# Instances whose createtask goes wrong. What may have started a backup does start one, so that it is found at once.
FAULTS: dict[str, dict[str, t.Any]] = {
    "f-echo": {"kind": "echo"},
    "f-repeat": {"status": 500, "json": {"errorCode": 7, "errorMessage": repeated(*TOKEN)}},
    "f-login": {"status": 500, "json": {"errorCode": 7, "errorMessage": repeated(*LOGIN)}},
    "f-code": {"status": 200, "json": {"errorCode": repeated(*TOKEN), "errorMessage": "odd"}},
    "f-words": {"status": 400, "json": repeated(*TOKEN)},
    "f-html": {"status": 200, "process": True, "body": f"<i>{repeated(*TOKEN)}</i>", "content_type": "text/html"},
    "f-unauthorized": {"kind": "unauthorized"},
    "f-missing": {"status": 404, "json": {"errorMessage": repeated(*TOKEN)}},
    "f-no-job": {"status": 200, "process": True, "json": {"taskId": 5, "note": repeated(*TOKEN)}},
    "f-server": {"status": 503, "process": True, "body": repeated(*TOKEN)},
    "f-redirect": {"status": 302, "headers": {"Location": f"https://sso.example.com/?token={quote(SECRETS['token'])}"}},
    "f-reset": {"reset": "after"},
    "f-cut": {"cut_json": True},
    "f-slow": {"delay_after": 3},
    "f-quota": {"status": 429, "headers": {"Retry-After": "9999"}, "json": {"errorMessage": repeated(*TOKEN)}},
}
# Jobs about which Commvault says what it should not, and what each run can know of: one failed before, one fails, one
# waits for ever.
TALKING = [
    {"name": "f-before", "history": [{"status": "Failed", "age": 3600, "reason": repeated("token")}]},
    {"name": "f-job", "script": [{"state": "Failed", "reason": repeated("token")}]},
    {"name": "f-stuck", "script": [{"state": "Waiting", "reason": repeated("token")}]},
]
GOOD = [f"ok{number}" for number in range(12)]
ESTATE: dict[str, t.Any] = {
    "clients": [{"name": "aws", "instances": [*GOOD, *FAULTS, *TALKING, {"name": "f-refused", "plan": None}]}],
    "users": [{"name": "operator", "password": SECRETS["password"]}],
}
# Good ones between the bad ones: after five failures in a row the module would stop.
TOKEN_FLEET = [
    *("ok0", "f-echo", "f-repeat", "f-code", "f-words", "ok1", "f-html", "f-unauthorized", "f-missing", "f-no-job"),
    *("ok2", "f-server", "f-redirect", "ok3", "f-reset", "f-cut", "f-refused", "f-job", "f-stuck", "ok4"),
]
# Job ids that are asked for in vain, or with which the collection itself has an accident.
ECHOED_JOB, ACCIDENT_JOB = "9001", "77777"
ACCIDENT = f"""
        if "{ACCIDENT_JOB}" in path:
            raise ValueError(f"an accident with {{dict(auth)}} of {{self._credential.__dict__}}")
"""


# Another name of the same Python: then no task can be done in Ansible's own process, and each one runs as a module.
AS_MODULE = {"vars": {"ansible_python_interpreter": f"{Path(sys.executable).parent}/./{Path(sys.executable).name}"}}


def task(name: str, module: str, options: dict[str, t.Any] | None = None, **keywords: t.Any) -> dict[str, t.Any]:
    """A task whose failure is no reason to stop."""
    full = module if "." in module else f"{COLLECTION}.{module}"
    return {"name": name, full: options or {}, "ignore_errors": True, **keywords}


def one(instance: str, **more: t.Any) -> dict[str, t.Any]:
    """The options that name an instance."""
    return {"client_name": "aws", "instance_name": instance, "read_retries": 0, **more}


def play(*tasks: dict[str, t.Any]) -> str:
    """A playbook."""
    return json.dumps([{"name": "Hunt", "hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}], indent=1)


def in_the_background(jobs: dict[str, tuple[str, dict[str, t.Any]]]) -> list[dict[str, t.Any]]:
    """Jobs of async, all at once, whose files stay. jobs: module and options by name."""
    return [
        *(
            task(f"{name} in the background", module, options, register=f"{name}_job", **{"async": 60, "poll": 0})
            for name, (module, options) in jobs.items()
        ),
        *(
            {
                "name": f"wait for the {name}",
                "ansible.builtin.async_status": {"jid": f"{{{{ {name}_job.ansible_job_id }}}}"},
                "register": "job_result",
                "until": "job_result is finished",
                "retries": 200,
                "delay": 0.5,
                "ignore_errors": True,
            }
            for name in jobs
        ),
    ]


def answer_with_known_tokens(simulator: Simulator) -> None:
    """Order what the hunt needs to know of: tokens that are not drawn at random."""
    denied = {"errorCode": 5, "errorMessage": repeated(*LOGIN[1:])}
    login = {"path": "login"}
    simulator.order_fault(login, {"kind": "echo"})
    simulator.order_fault(login, {"status": 200, "json": {"isAccountLocked": True, "remainingLockTime": 60, **denied}})
    good = {"token": f"QSDK {SECRETS['login token']}", "errList": []}
    simulator.order_fault(login, {"status": 200, "json": good}, times=None)
    # The simulator would end a token that was its own from the start.
    simulator.order_fault({"path": "logout"}, {"status": 500, "body": repeated(*LOGIN), "content_type": "text/plain"})
    simulator.order_fault({"path": "logout"}, {"status": 200, "json": "User logged out"}, times=None)
    renewed = {"token": f"QSDK {SECRETS['renewed login token']}", "error": {}}
    simulator.order_fault({"path": "renewlogintoken"}, {"status": 200, "json": renewed}, times=None)
    renew = {"path": "v4/accesstoken/renew"}
    simulator.order_fault(renew, {"status": 404, "json": {"errorCode": 5, "errorMessage": repeated(*PAIR)}})
    simulator.order_fault(renew, {"reset": "after"})
    pair = {"accessToken": SECRETS["new access token"], "refreshToken": SECRETS["new refresh token"]}
    simulator.order_fault(renew, {"status": 200, "json": {**pair, "tokenExpiryTimestamp": 2000000000}}, times=None)
    for instance, fault in FAULTS.items():
        simulator.order_fault({"path": "createtask", "instance": instance}, fault, times=None)
    simulator.order_fault({"path": f"job/{ECHOED_JOB}"}, {"kind": "echo"}, times=None)


def credential_files(directory: Path) -> dict[str, str]:
    """Files with tokens, good and bad ones; their paths by name."""
    pair = {"accessToken": SECRETS["access token"], "refreshToken": SECRETS["refresh token"]}
    session = {"token": f"QSDK {SECRETS['ended login token']}", "deviceId": "device"}
    contents = {
        "refused": json.dumps(pair),
        "lost": json.dumps(pair),
        "renewed": json.dumps(pair),
        "broken": json.dumps(pair)[:-5],
        "elsewhere": json.dumps({**pair, "url": "https://other.example.com"}),
        "session": json.dumps(session),
    }
    for name, content in contents.items():
        (directory / name).touch(mode=0o600)
        (directory / name).write_text(content, encoding="utf-8")
    return {name: str(directory / name) for name in contents}


def tasks_with_secrets_of_the_environment(simulator: Simulator, files: dict[str, str]) -> list[dict[str, t.Any]]:
    """Every module, each kind of credentials, each kind of failure; no task names a secret."""
    certificate = {"url": str(simulator.https_url).replace("127.0.0.1", "localhost")}
    read = {"job_ids": [ECHOED_JOB], "read_retries": 0}
    return [
        task("start one", "oracle_rds_export_backup", one("ok5"), register="one"),
        task(
            "start many",
            "oracle_rds_export_backup",
            {
                "instances": [{"client_name": "aws", "instance_name": name} for name in TOKEN_FLEET],
                "concurrency": 1,
                "read_retries": 0,
            },
            register="many",
            **AS_MODULE,
        ),
        task("echoed read", "job_info", {**read, "validate_certs": False}),
        task("unknown certificate", "job_info", {**read, **certificate}),
        task("proxy", "job_info", {**read, "url": simulator.https_url}),
        task("wait", "job_wait", {"job_ids": "{{ many.job_ids }}", "wait_timeout": 3, "wait_interval": 1}),
        task("wait in vain", "job_wait", {"job_ids": [ECHOED_JOB], "wait_timeout": 2, "wait_interval": 1}),
        task("wait for an accident", "job_wait", {"job_ids": [ACCIDENT_JOB], "wait_timeout": 2}, **AS_MODULE),
        task("kill", "job_control", {"job_ids": "{{ many.job_ids }}", "state": "killed"}),
        task("instances", "oracle_rds_instance_info", register="estate"),
        task("doctor", "commcell_check", {"read_retries": 0}),
        task(
            "report",
            "export_report",
            {
                "backups": "{{ many.backups }}",
                "path": [
                    f"{{{{ lookup('env', 'HUNT_EVENTS') }}}}/report.{end}"
                    for end in ("html", "json", "csv", "junit.xml")
                ],
            },
        ),
        # The first two logins go wrong in two ways, the first logout does, too. A start would log in twice, since it
        # reads before it starts.
        task("login with echo", "job_info", {**read, "username": "operator"}, **AS_MODULE),
        task("login locked", "login", {"username": "operator"}),
        task("login", "oracle_rds_export_backup", one("ok2", username="operator")),
        task("login of many", "login", {"username": "operator"}, register="session"),
        task("use a session", "job_info", {**read, "token_file": "{{ session.token_file }}"}),
        task("log out", "logout", {"token_file": "{{ session.token_file }}"}),
        *(
            task(f"token file: {name}", "oracle_rds_export_backup", one(f"ok{number}", token_file=path))
            for number, (name, path) in enumerate(files.items(), 6)
        ),
        *in_the_background(
            {
                "backup": ("oracle_rds_export_backup", one("ok11")),
                "accident": ("job_info", {"job_ids": [ACCIDENT_JOB]}),
                "wait": ("job_wait", {"job_ids": "{{ one.job_ids }}"}),
            }
        ),
        role("role", ["ok1", "f-echo", "f-repeat", "f-job", "f-quota"]),
        role("role in check mode", ["ok1", "f-refused"], check_mode=True, diff=True),
        task("facts", "ansible.builtin.set_fact", {"kept": "{{ [one, many, session] }}", "cacheable": True}),
        task("stats", "ansible.builtin.set_stats", {"data": {"kept": "{{ [one, many, session] }}"}}),
        task("all variables", "ansible.builtin.debug", {"var": "[one, many, session, estate, ansible_facts]"}),
    ]


def role(name: str, instances: list[str], **keywords: t.Any) -> dict[str, t.Any]:
    """The role for these instances, and what it says of its failure."""
    prefix = "oracle_rds_export_backup_"
    wanted = {
        "instances": [{"client_name": "aws", "instance_name": instance} for instance in instances],
        "wait": True,
        "wait_timeout": 3,
        "wait_interval": 1,
        "report_path": "{{ lookup('env', 'HUNT_EVENTS') }}/role.html",
    }
    include = {
        "name": name,
        "ansible.builtin.include_role": {"name": f"{COLLECTION}.oracle_rds_export_backup", "apply": keywords},
        "vars": {prefix + option: value for option, value in wanted.items()},
    }
    failed = task(f"{name} failed", "ansible.builtin.debug", {"var": "ansible_failed_result"})
    return {"name": name, "block": [include], "rescue": [failed]}


def tasks_with_secrets_in_options() -> list[dict[str, t.Any]]:
    """As with a vault: the secrets are values of options."""
    token = {"auth_token": "{{ lookup('ansible.builtin.env', 'HUNT_TOKEN') }}"}
    login = {"username": "operator", "password": "{{ lookup('ansible.builtin.env', 'HUNT_PASSWORD') }}"}
    vaulted = {"task_info": {"x": {"password": "{{ lookup('ansible.builtin.env', 'HUNT_VAULTED') }}"}}}
    checked = {"check_mode": True, "diff": True}
    return [
        task("check with extras", "oracle_rds_export_backup", one("ok1", **token, **vaulted), **checked, **AS_MODULE),
        task("check echo", "job_info", {"job_ids": [ECHOED_JOB], "read_retries": 0, **token}, **checked),
        task("check kill", "job_control", {"job_ids": [ECHOED_JOB], "state": "killed", **login}, **checked),
        task("start with extras", "oracle_rds_export_backup", one("ok2", **token, **vaulted), diff=True),
        task("start, repeated", "oracle_rds_export_backup", one("f-login", **login), diff=True),
        task("wrong types", "oracle_rds_export_backup", {"batch_size": "x", **vaulted, **token}),
        task("accident", "job_info", {"job_ids": [ACCIDENT_JOB], **login}, **AS_MODULE),
        task("wait", "job_wait", {"job_ids": [ECHOED_JOB], "wait_timeout": 1, **token}, **AS_MODULE),
        task("instances", "oracle_rds_instance_info", token),
        task("two kinds", "job_info", {"job_ids": ["1"], **token, **login}),
        task("damaged token", "job_info", {"job_ids": ["1"], "auth_token": f"{token['auth_token']}\n"}),
        task("token in the url", "job_info", {"job_ids": ["1"], "url": f"https://x/?t={token['auth_token']}", **token}),
        task("login", "login", login, register="session", **checked, **AS_MODULE),
        task("log out", "logout", {"token_file": "{{ session.token_file }}"}, **checked),
    ]


def tasks_in_loops() -> list[dict[str, t.Any]]:
    """Few tasks, for each of the levels of -v."""
    token = {"auth_token": "{{ lookup('ansible.builtin.env', 'HUNT_TOKEN') }}"}
    vaulted = {"task_info": {"x": [{"password": "{{ lookup('ansible.builtin.env', 'HUNT_VAULTED') }}"}]}}
    loop = {"loop": ["ok3", "f-repeat"], "register": "looped", "diff": True}
    return [
        task("in a loop", "oracle_rds_export_backup", one("{{ item }}", **token, **vaulted), **loop, check_mode=True),
        task("as modules", "oracle_rds_export_backup", one("{{ item }}", **token, **vaulted), **loop, **AS_MODULE),
        task("looped", "ansible.builtin.debug", {"var": "looped"}),
    ]


def test_the_hunt_covers_every_module() -> None:
    used = json.dumps([tasks_with_secrets_in_options(), *_tasks_for_names()])
    for path in ROLE.glob("tasks/*.yml"):
        used += path.read_text(encoding="utf-8")
    assert MODULES - set(re.findall(rf"\b{re.escape(COLLECTION)}\.(\w+)", used)) == set()


def _tasks_for_names() -> list[t.Any]:
    class Nowhere:
        https_url = "https://127.0.0.1"

    return tasks_with_secrets_of_the_environment(t.cast(Simulator, Nowhere()), {})


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Ground]:
    """The ground after all runs."""
    root = tmp_path_factory.mktemp("hunt")
    known = {SECRETS[name]: "admin" for name in ("token", "login token", "renewed login token", "new access token")}
    with (
        Simulator(ESTATE, https=True, tokens=known, latency_ms=20, job_seconds=2, waiting_seconds=0) as simulator,
        Proxy("user:another") as proxy,
    ):
        answer_with_known_tokens(simulator)
        ground = Ground(
            root,
            SECRETS,
            {
                "COMMVAULT_URL": simulator.url,
                "COMMVAULT_AUTH_TOKEN": SECRETS["token"],
                "COMMVAULT_PASSWORD": SECRETS["password"],
                "HTTPS_PROXY": proxy.url(f"user:{quote(SECRETS['proxy password'], safe='')}"),
                "NO_PROXY": "localhost",
            },
        )
        api = ground.collection / "plugins" / "module_utils" / "_commcell.py"
        source = api.read_text(encoding="utf-8")
        place = "        send = self.transport.write if changes else self.transport.read\n"
        assert source.count(place) == 1
        api.write_text(source.replace(place, ACCIDENT + place), encoding="utf-8")
        files = credential_files(ground.credentials)

        ground.runs["environment"] = ground.playbook(
            play(*tasks_with_secrets_of_the_environment(simulator, files)),
            ["-vvvv"],
            ANSIBLE_KEEP_REMOTE_FILES="1",
            HUNT_FIELDS="1",
        )
        options = {"HUNT_TOKEN": "token", "HUNT_PASSWORD": "password", "HUNT_VAULTED": "password in task_info"}
        ground.runs["options"] = ground.playbook(
            play(*tasks_with_secrets_in_options()),
            ["-vvv", "--diff"],
            **{name: SECRETS[secret] for name, secret in options.items()},
            COMMVAULT_AUTH_TOKEN="",
            COMMVAULT_PASSWORD="",
        )
        for level in ("", "-v", "-vv"):
            ground.runs[f"loops {level}"] = ground.playbook(
                play(*tasks_in_loops()),
                [level] if level else [],
                **{name: SECRETS[secret] for name, secret in options.items()},
                COMMVAULT_AUTH_TOKEN="",
            )
        ground.runs["debug"] = ground.playbook(
            play(
                task("start", "oracle_rds_export_backup", one("f-slow", timeout=1)),
                task("accident", "job_info", {"job_ids": [ACCIDENT_JOB]}),
                task("login", "oracle_rds_export_backup", one("f-login", username="operator")),
                task("wait", "job_wait", {"job_ids": [ECHOED_JOB], "wait_timeout": 1, "username": "operator"}),
            ),
            ANSIBLE_DEBUG="1",
        )
        ground.commands["one"] = ad_hoc(ground, one("ok0"), "-vvvv")
        ground.commands["refused"] = ad_hoc(ground, one("f-repeat"))
        inventory = root / "left" / "good.commvault_rds.yml"
        cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(root / "inventory_cache")}
        inventory.write_text(json.dumps({"plugin": f"{COLLECTION}.oracle_rds", **cache}), encoding="utf-8")
        ground.commands["listing"] = ground.command("ansible-inventory", "-i", str(inventory), "--list", "-vvvv")
        for path in ("subclient", "client", "v4/instances", "jobs"):
            simulator.order_fault({"path": path}, {"kind": "echo"}, times=None)
        failing = root / "left" / "failing.commvault_rds.yml"
        failing.write_text(json.dumps({"plugin": f"{COLLECTION}.oracle_rds", "username": "operator"}), encoding="utf-8")
        ground.commands["failing listing"] = ground.command(
            "ansible-inventory", "-i", str(failing), "--list", "-vvvv", ANSIBLE_DEBUG="1"
        )
        yield ground
        ground.close()


def ad_hoc(ground: Ground, options: dict[str, t.Any], *arguments: str) -> t.Any:
    """The module from a shell, with its results kept in a directory."""
    module = f"{COLLECTION}.oracle_rds_export_backup"
    tree = str(ground.root / "tree")
    return ground.command("ansible", "localhost", "-t", tree, "-m", module, "-a", json.dumps(options), *arguments)


def test_no_secret_is_in_any_trace(hunted: Ground) -> None:
    assert_that_the_hunt_went_where_it_meant_to_go(hunted)
    assert set(CHANNELS) - hunted.traces() == set(), "nothing to search there"
    found = [str(finding) for finding in hunted.findings()]
    assert found == [], "\n".join(found)


def assert_that_the_hunt_went_where_it_meant_to_go(hunted: Ground) -> None:
    """Otherwise it could be that nothing was found because nothing was done."""
    results = {name: hosts["localhost"] for name, hosts in hunted.runs["environment"].tasks.items()}
    assert kinds_of_failures(hunted.runs["environment"]) == {
        "start many": "refused",
        "echoed read": "refused",
        "unknown certificate": "tls",
        "proxy": "connection",
        "wait": "job_failed",
        "wait in vain": "refused",
        "wait for an accident": "internal",
        "login with echo": "refused",
        "login locked": "authentication",
        "use a session": "refused",
        "token file: refused": "authentication",
        "token file: lost": "authentication",
        "token file: broken": "invalid_input",
        "token file: elsewhere": "invalid_input",
        "wait for the accident": "internal",
        "Result": None,
    }
    assert {"role failed", "role in check mode failed"} <= results.keys()
    assert {
        one["instance_name"]: one["failure"]["kind"] if one["failure"] else one["state"]
        for one in results["start many"]["backups"]
        if not one["instance_name"].startswith("ok")
    } == {
        "f-echo": "refused",
        "f-repeat": "refused",
        "f-code": "refused",
        "f-words": "bad_request",
        "f-html": "adopted",
        "f-unauthorized": "permission",
        "f-missing": "not_found",
        "f-no-job": "adopted",
        "f-server": "adopted",
        "f-redirect": "redirect",
        "f-reset": "adopted",
        "f-cut": "adopted",
        "f-refused": "refused",
        "f-job": "started",
        "f-stuck": "started",
    }
    assert kinds_of_failures(hunted.runs["options"]) == {
        "check echo": "refused",
        "check kill": "refused",
        "start with extras": "bad_request",
        "start, repeated": "refused",
        "wrong types": None,
        "accident": "internal",
        "wait": "refused",
        "two kinds": "invalid_input",
        "damaged token": "invalid_input",
        "token in the url": "invalid_input",
    }
    assert kinds_of_failures(hunted.runs["debug"]) == {"accident": "internal", "login": "refused", "wait": "refused"}
    outputs = [*(run.stdout for run in hunted.runs.values()), *(run.output for run in hunted.commands.values())]
    # Older ones show a trace only of what no code has caught, and nothing is left uncaught here.
    assert any("Traceback" in output for output in outputs) or CORE < (2, 19)
    assert hunted.commands["one"].rc == 0
    assert hunted.commands["refused"].rc == 2
    assert "ok0" in hunted.commands["listing"].stdout
    assert "Unexpected request" in hunted.commands["failing listing"].output


def kinds_of_failures(run: PlaybookRun) -> dict[str, str | None]:
    """The kind of failure of each task of ours that failed."""
    return {
        name: (hosts["localhost"].get("failure") or {}).get("kind")
        for name, hosts in run.tasks.items()
        if hosts["localhost"]["failed"] and " | " not in name
    }


# --- The hunt itself --------------------------------------------------------------------------------------------------

PLANTED = {channel: make_secret(f"planted {channel}", "", "") for channel in CHANNELS}


def variable(channel: str) -> str:
    """The variable of the environment that holds the secret for a channel."""
    return "PLANT_" + channel.upper().replace(" ", "_")


def plant(channel: str) -> str:
    """A template for that secret: the playbook itself must not hold it."""
    return f"{{{{ lookup('ansible.builtin.env', '{variable(channel)}') }}}}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Ground]:
    """A ground where a secret was put into each channel on purpose, in the way in which one would get there."""
    root = tmp_path_factory.mktemp("planted")
    ground = Ground(root, PLANTED, {variable(channel): secret for channel, secret in PLANTED.items()})
    command = "ansible.builtin.command"
    ground.playbook(
        play(
            *(
                task(channel, "ansible.builtin.debug", {"msg": plant(channel)})
                for channel in ("output", "log file", "runner artifacts", "callback", "JUnit")
            ),
            task("fact", "ansible.builtin.set_fact", {"planted": plant("fact cache"), "cacheable": True}),
            task("arguments", command, {"argv": ["true", plant("kept remote files")]}),
            task("log", command, {"argv": ["true", plant("system log")]}),
            task("process", command, {"argv": ["sh", "-c", "sleep 1; true $0", plant("process list")]}),
            *in_the_background({"job": (command, {"argv": ["echo", plant("async job files")]})}),
            task(
                "file",
                "ansible.builtin.copy",
                {"content": plant("files left behind"), "dest": str(root / "left" / "tmp" / "x")},
            ),
            task(
                "cache",
                "ansible.builtin.copy",
                {"content": plant("inventory cache"), "dest": str(root / "inventory_cache" / "x")},
            ),
        ),
        ["-v"],
        ANSIBLE_KEEP_REMOTE_FILES="1",
    )
    ground.command(
        "ansible",
        "localhost",
        "-t",
        str(root / "tree"),
        "-m",
        "ansible.builtin.debug",
        "-a",
        f"msg={plant('result tree')}",
    )
    yield ground
    ground.close()


def test_the_hunt_finds_what_is_put_into_a_channel_on_purpose(planted: Ground) -> None:
    findings = planted.findings()
    found = {channel: {finding.secret for finding in findings if finding.channel == channel} for channel in CHANNELS}
    assert {channel for channel in CHANNELS if channel not in found[channel]} == set()


@pytest.mark.parametrize(
    "hide",
    [
        str,
        quote,
        lambda secret: quote(secret, safe="").replace("%2F", "%2f"),
        html.escape,
        repr,
        json.dumps,
        lambda secret: json.dumps(json.dumps({"deep": json.dumps([secret])})),
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"ab{secret}cd".encode()).decode().rstrip("="),
        lambda secret: quote(base64.b64encode(f"a{secret}".encode()).decode(), safe=""),
        lambda secret: secret.encode().hex(),
        lambda secret: "********" + core(secret) + "********",
    ],
)
def test_the_hunt_finds_every_form_of_a_secret(hide: t.Callable[[str], str]) -> None:
    searcher = Searcher(SECRETS)
    for name, secret in SECRETS.items():
        found = searcher.in_bytes(f"before {hide(secret)} after".encode(), "a channel", "a place")
        assert [finding.secret for finding in found] == [name]


def test_the_hunt_looks_into_what_is_packed(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        filler = hashlib.sha512(b"what does not shrink").hexdigest() * 5
        archive.writestr("module.py", "".join(random.Random(1).sample(filler, len(filler))) + SECRETS["token"])
    (tmp_path / "AnsiballZ.py").write_text(f"DATA = '{base64.b64encode(packed.getvalue()).decode()}'", encoding="utf-8")
    (tmp_path / "log.gz").write_bytes(gzip.compress(SECRETS["password"].encode()))
    (tmp_path / SECRETS["login token"]).touch()
    (tmp_path / "link").symlink_to(f"/nowhere/{core(SECRETS['access token'])}")
    found = Searcher(SECRETS).in_tree(tmp_path, "a channel")
    assert {finding.secret for finding in found} == {"token", "password", "login token", "access token"}
