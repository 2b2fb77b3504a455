# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A place where Ansible runs with every way of leaving traces switched on, and where all of them are kept."""

from __future__ import annotations

import shutil
import sys
import tempfile
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.support.playbooks import (
    CommandRun,
    PlaybookRun,
    run_command,
    run_playbook,
)

from .search import Finding, Searcher
from .watch import ProcessWatch

ROOT = Path(__file__).resolve().parents[3]
# For one run. With everything switched on that leaves traces, Ansible takes its time.
LIMIT_SECONDS = 600

# What a module tells the system's log, as a file: modules run with the Python that reads this.
_SITECUSTOMIZE = """
import os, syslog
def _keep(*args):
    with open({path!r}, "a") as stream:
        stream.write(" ".join(str(arg) for arg in args) + "\\n")
syslog.syslog = _keep
"""

# A callback that writes all that a callback can see, as those do that report to files, databases and chats.
_CALLBACK = '''
from __future__ import annotations

DOCUMENTATION = """
name: everything
type: notification
short_description: Writes all events as JSON
description: Writes all that a callback sees.
"""

import json, os, threading
from ansible.plugins.callback import CallbackBase

LOCK = threading.Lock()


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "everything"

    def _write(self, kind, result):
        task = getattr(result, "task", None) or result._task
        data = getattr(result, "result", None) or result._result
        shown = {"kind": kind, "task": task.get_name(), "result": data}
        # The options of the task as they are before any module can mask them.
        if os.environ.get("HUNT_FIELDS"):
            shown["fields"] = getattr(result, "_task_fields", {})
        with LOCK, open(os.path.join(os.environ["HUNT_EVENTS"], "events.json"), "a") as stream:
            stream.write(json.dumps(shown, default=repr) + "\\n")

    def v2_runner_on_ok(self, result):
        self._write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write("failed", result)

    def v2_runner_on_async_poll(self, result):
        self._write("poll", result)

    def v2_runner_item_on_ok(self, result):
        self._write("item", result)

    def v2_runner_item_on_failed(self, result):
        self._write("item failed", result)

    def v2_playbook_on_stats(self, stats):
        with LOCK, open(os.path.join(os.environ["HUNT_EVENTS"], "events.json"), "a") as stream:
            stream.write(json.dumps(stats.custom, default=repr) + "\\n")
'''

# Name of a channel: the part of the ground that belongs to it.
PLACES = {
    "log file": "log.txt",
    "runner artifacts": "runner",
    "callback": "events",
    "JUnit": "junit",
    "async job files": "async",
    "kept remote files": "remote_tmp",
    "system log": "syslog.txt",
    "result tree": "tree",
    "inventory cache": "inventory_cache",
    "files left behind": "left",
}
# ansible-runner keeps it among its artifacts.
FACT_CACHE = "fact_cache"
# ansible-runner writes the whole environment into them, whatever runs; AWX, which stores it, masks it there.
NOT_SEARCHED = ("command", "envvars")
CHANNELS = (*PLACES, "fact cache", "output", "process list")


class Ground:
    """A directory to run Ansible in, and its search."""

    def __init__(self, root: Path, secrets: t.Mapping[str, str], variables: t.Mapping[str, str]) -> None:
        """secrets: by name. variables: of the environment, with secrets in them as users have.

        Attributes runs, commands: for whoever uses the ground to keep what they did.
        """
        self.root = root
        self.credentials = root / "credentials"
        self._searcher = Searcher(secrets)
        self._findings: list[Finding] = []
        self._runs = 0
        self.watched: set[bytes] = set()
        self.runs: dict[str, PlaybookRun] = {}
        self.commands: dict[str, CommandRun] = {}
        for name in (*PLACES.values(), "credentials", "site", "plugins", "left/home", "left/tmp", "left/local"):
            if "." not in name:
                (root / name).mkdir(parents=True, exist_ok=True)
        # Newer cores have a socket in there, whose path may have about a hundred characters.
        self._short = tempfile.TemporaryDirectory(prefix="hunt-", dir="/tmp")
        short = {name: Path(self._short.name, name) for name in ("tmp", "local")}
        for name, link in short.items():
            link.symlink_to(root / "left" / name)
        (root / "site" / "sitecustomize.py").write_text(
            _SITECUSTOMIZE.format(path=str(root / "syslog.txt")), encoding="utf-8"
        )
        (root / "plugins" / "everything.py").write_text(_CALLBACK, encoding="utf-8")
        self.collection = root / "collections" / "ansible_collections" / "rdsops" / "commvault"
        for part in ("plugins", "roles", "playbooks", "meta"):
            shutil.copytree(ROOT / part, self.collection / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copy(ROOT / "galaxy.yml", self.collection)
        self._variables = {
            "ANSIBLE_COLLECTIONS_PATH": str(root / "collections"),
            "HOME": str(root / "left" / "home"),
            "TMPDIR": str(short["tmp"]),
            "ANSIBLE_HOME": str(root / "left" / "home" / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(short["local"]),
            "ANSIBLE_REMOTE_TEMP": str(root / "remote_tmp"),
            "ANSIBLE_ASYNC_DIR": str(root / "async"),
            "ANSIBLE_LOG_PATH": str(root / "log.txt"),
            "ANSIBLE_CALLBACK_PLUGINS": str(root / "plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "everything,ansible.builtin.junit",
            "HUNT_EVENTS": str(root / "events"),
            "JUNIT_OUTPUT_DIR": str(root / "junit"),
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PYTHONPATH": str(root / "site"),
            **variables,
        }

    def close(self) -> None:
        """Remove what is not in the directory itself."""
        self._short.cleanup()

    def playbook(self, playbook: Path | str, arguments: t.Sequence[str] = (), **variables: str) -> PlaybookRun:
        """Run a playbook through ansible-runner, as AWX does."""
        self._runs += 1
        with ProcessWatch() as watch:
            run = run_playbook(
                self.root / "runner" / str(self._runs),
                playbook,
                variables={**self._variables, **variables},
                arguments=arguments,
                limit=LIMIT_SECONDS,
            )
        self.watched |= watch.seen
        self._note(run.stdout.encode())
        return run

    def command(self, *arguments: str, **variables: str) -> CommandRun:
        """Run one of Ansible's commands in a shell."""
        with ProcessWatch() as watch:
            run = run_command(arguments, variables={**self._variables, **variables}, cwd=self.root / "left")
        self.watched |= watch.seen
        self._note(run.output.encode())
        return run

    def _note(self, output: bytes) -> None:
        self._findings += self._searcher.in_bytes(output, "output", f"run {self._runs}")

    def findings(self) -> list[Finding]:
        """Every secret in every channel; the files of credentials may have theirs."""
        found = list(self._findings)
        for channel, name in PLACES.items():
            path = self.root / name
            if path.is_file():
                found += self._searcher.in_bytes(path.read_bytes(), channel, name)
            else:
                found += [
                    replace(finding, channel="fact cache") if FACT_CACHE in finding.place else finding
                    for finding in self._searcher.in_tree(path, channel, NOT_SEARCHED)
                ]
        found += self._searcher.in_bytes(b"\n".join(sorted(self.watched)), "process list", "a command line")
        return found

    def traces(self) -> set[str]:
        """The channels in which a run has left anything at all, so that a search in them means something."""
        left = {
            channel
            for channel, name in PLACES.items()
            if (self.root / name).is_file() or any(path.is_file() for path in (self.root / name).rglob("*"))
        }
        if any(path.is_file() for path in (self.root / "runner").glob(f"*/artifacts/*/{FACT_CACHE}/*")):
            left.add("fact cache")
        if any(b"AnsiballZ" in line or b"async_wrapper" in line for line in self.watched):
            left.add("process list")
        return left | {"output"}
