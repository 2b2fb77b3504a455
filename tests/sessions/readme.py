# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paste README's shell blocks, from top to bottom, as somebody who may write to nothing but a home directory.

``readme.py SOURCE REQUIREMENT``: SOURCE is a copy of the repository, which stands in for the one on GitHub; REQUIREMENT
names the ansible-core that this reader has. Root makes a user for it and removes it afterwards; anybody else is the
reader, with an empty home. Blocks run where the text has led: after ``cd commvault`` that is the clone. What Ansible
does there must do the same in an empty directory. ``make simulator`` runs beside the others, with a clock that runs
fast. Where a Galaxy server would be asked, nothing is done, and that is said.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.rdsops.commvault.tests.support.documents import Block, blocks, commands, is_inventory

REPOSITORY = "https://github.com/rdsops/commvault"
USER = "commvault-reader"
LIMIT = 900  # seconds for a command: the first make fetches packages
PYTHONS = ("python3.12", "python3.11", "python3.10", "python3")
# Packages may come from a mirror that only these name.
KEPT = ("PIP_", "UV_", "SSL_", "http_proxy", "https_proxy", "no_proxy")


class Reader:
    """Somebody with an empty home directory and nothing else."""

    def __init__(self, home: Path, user: str | None) -> None:
        """user: whose rights the commands have; None for those of whoever runs this."""
        self.home = self.where = home
        self.more: dict[str, Any] = {}
        path = os.environ.get("PATH", os.defpath)
        if user is not None:
            entry = pwd.getpwnam(user)
            self.more = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            path = "/usr/local/bin:/usr/bin:/bin"
        self.variables = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        self.variables.update(HOME=str(home), PATH=f"{home}/ansible/bin:{path}", LANG="C.UTF-8", LC_ALL="C.UTF-8")
        self.simulator: subprocess.Popen[str] | None = None
        self.given: dict[str, str] = {}

    def run(self, line: str, where: Path | None = None) -> str:
        """Run a line in a shell; what it wrote. Ends this script if the line fails or Ansible warns."""
        where = where or self.where
        print(f"{where}$ {line}", flush=True)
        done = subprocess.run(
            ["bash", "-c", line], cwd=where, env={**self.variables, **self.given}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False, **self.more,
        )  # fmt: skip
        if done.returncode or (line.startswith("ansible") and "WARNING]" in done.stdout.replace(LOCALHOST, "")):
            print(done.stdout)
            raise SystemExit(f"a line of README ended with {done.returncode}: {line}")
        return done.stdout

    def command(self, line: str) -> None:
        """Do what one line of a block says."""
        words = line.split()
        if words[0] == "cd":
            self.where = (self.where / words[1]).resolve()
        elif words[:2] == ["make", "simulator"]:
            self.start_simulator(line)
        elif words[0] == "export":
            for name, value in (word.split("=", 1) for word in words[1:]):
                self.variables[name] = value
        elif line == "ansible-galaxy collection install rdsops.commvault":
            print(f"nox > left out: {line}, which asks a Galaxy server")
        elif words[0] in ("ansible", "ansible-playbook", "ansible-inventory", "ansible-doc"):
            line = re.sub(r"(export_backup_wait=true)", r"\1 -e oracle_rds_export_backup_wait_interval=1s", line)
            self.run(line)
            self.elsewhere(line)
        else:
            self.run(line)

    def elsewhere(self, line: str) -> None:
        """Run a line in a directory that holds the inventory and nothing else."""
        empty = self.home / "empty"
        if not empty.exists():
            self.run(f"mkdir {empty}", self.home)
        self.run(f"cp {self.where}/inventory.yml . 2>/dev/null || true", empty)
        self.run(line, empty)

    def start_simulator(self, line: str) -> None:
        """Start the server beside the rest, and take the variables that it prints."""
        print(f"{self.where}$ {line} &", flush=True)
        self.simulator = subprocess.Popen(
            f"exec {line} ARGS='--speed 60'", shell=True, cwd=self.where, env=self.variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, **self.more,
        )  # fmt: skip
        assert self.simulator.stdout is not None
        for text in self.simulator.stdout:
            print(f"  {text}", end="")
            self.given.update(re.findall(r"export (COMMVAULT_\w+)=(\S+)", text))
            if {"COMMVAULT_URL", "COMMVAULT_AUTH_TOKEN"} <= set(self.given):
                return
        raise SystemExit("make simulator ended")

    def do(self, block: Block) -> None:
        """Paste one block; an inventory becomes inventory.yml, what is a playbook is tried elsewhere."""
        if block.language == "shell":
            for line in commands(block.text):
                self.command(line)
        elif block.language == "yaml" and is_inventory(yaml.safe_load(block.text)):
            self.run(f"cat > inventory.yml <<'END'\n{block.text}\nEND")

    def end(self) -> None:
        """End the simulator with all that make started for it."""
        if self.simulator:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.simulator.pid, signal.SIGTERM)
            self.simulator.wait(20)


# Said of the implicit localhost; a reader with an inventory does not see it.
LOCALHOST = "[WARNING]: No inventory was parsed, only implicit localhost is available"


def end_all_of(user: int) -> None:
    """End what a user's commands left running; a user that has processes cannot be removed."""
    for _second in range(30):
        left = False
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if path.stat().st_uid == user:
                    left = True
                    os.kill(int(path.name), signal.SIGKILL)
        if not left:
            return
        time.sleep(1)


@contextlib.contextmanager
def reader() -> Iterator[Reader]:
    """Make the reader, as a user of its own if this is root."""
    is_root = os.geteuid() == 0 and shutil.which("useradd") is not None
    name = f"{USER}-{os.getpid()}" if is_root else None
    with tempfile.TemporaryDirectory(prefix="commvault-readme-", dir="/var/tmp", ignore_cleanup_errors=True) as place:
        home = Path(place, "home")
        home.mkdir()
        if name:
            Path(place).chmod(0o755)
            subprocess.run(
                ["useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/bash", name], check=True
            )
            shutil.chown(home, name, name)
        someone = Reader(home, name)
        try:
            yield someone
        finally:
            someone.end()
            if name:
                end_all_of(pwd.getpwnam(name).pw_uid)
                subprocess.run(["userdel", name], check=True)


def main() -> None:
    """See the top of this file."""
    source, requirement = Path(sys.argv[1]), sys.argv[2]
    since = time.monotonic()
    with reader() as someone:
        if not someone.more:
            print("nox > left out: README as another user, whom only root can make")
        # README's requirements: an ansible-core, and the repository where README says that it is.
        origin = someone.home.parent / "origin"
        shutil.copytree(source, origin, symlinks=True)
        if someone.more:
            subprocess.run(["chown", "-R", f"{someone.more['user']}:{someone.more['group']}", origin], check=True)
        identity = "git -c user.name=reader -c user.email=reader@example.com"
        someone.run(f"git init -q -b main && git add -A && {identity} commit -q -m Copy", origin)
        someone.run(f"git config --global url.file://{origin}.insteadOf {REPOSITORY}.git")
        python = f"$(command -v {' '.join(PYTHONS)} | head -1)"
        someone.run(f"{python} -m venv ansible && ansible/bin/python -m pip install -q '{requirement}'")
        for block in blocks(source / "README.md"):
            someone.do(block)
        report = someone.where / "night.html"
        if "</html>" not in report.read_text(encoding="utf-8"):
            raise SystemExit(f"no report at {report}")
        print(f"pasted all of README in {time.monotonic() - since:.0f} s")


if __name__ == "__main__":
    main()
