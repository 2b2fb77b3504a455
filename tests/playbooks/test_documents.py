# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What README and guides tell a reader to do is done here, in the order of the document, on the rehearsal server.

How a block is tried:

- ``yaml``: a list is a playbook, or tasks; it is run at once. An inventory is kept as inventory.yml. A first line like
  "# nightly.yml" gives the file its name; such a file waits for a command that names it.
- ``shell``: commands of Ansible are run in the directory of these files; so is ``make demo``. Of other make commands
  the target must exist. Installation commands are compared with the project's metadata. Whoever exports a user name
  logs in with the password of the rehearsal server's user. A file that is opened with an editor gets the JSON block
  that comes next, with a pair of tokens of that server.
- ``text`` after commands: each of its lines is in their output; numbers of four digits or more may differ, and "..."
  stands for anything. If there is "FAILED!" or "fatal:" in it, the last command fails, and else none does.

Where a wait is all that is tried, the clock of the server runs fast, and looks follow each other fast.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.documents import (
    Block,
    as_playbook,
    blocks,
    commands,
    is_inventory,
    settled,
)
from ansible_collections.rdsops.commvault.tests.support.playbooks import COLLECTIONS, CommandRun, run_command

from .conftest import ROOT

DOCUMENTS = sorted(
    [*ROOT.glob("README.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob("docs/docsite/rst/*.rst")],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)
# Their commands need another collection; tests/awx/ does what they say.
for _awx in ("guide_awx.rst", "guide_awx_details.rst"):
    DOCUMENTS.remove(ROOT / "docs/docsite/rst" / _awx)
# Its commands need amazon.aws and an exporter of metrics; tests/aws/ reports over a simulated AWS as it says.
DOCUMENTS.remove(ROOT / "docs/docsite/rst/guide_protection.rst")
# For playbooks of documents that have no inventory of their own: hosts of the rehearsal server's estate.
INVENTORY = {
    "oracle_rds": {
        "vars": {"commvault_client_name": "aws-prod"},
        "hosts": {f"{name}.example.com": {"commvault_instance_name": name} for name in ("orders", "billing", "hr")},
    },
    "aws_rds": {"hosts": {"invoices": {"db_instance_identifier": "invoices", "engine": "oracle-ee"}}},
}
# The one user of the rehearsal server's estate.
USER, PASSWORD = "backup-operator", "rehearsal-only"
WAITING = ("job_wait", "oracle_rds_export_backup")
# Simulated seconds in a second while something waits, so that jobs of minutes take seconds.
SPEED = 60
ELSEWHERE = re.compile(r"https://commandcenter\.example\.com(?:/commandcenter/api)?")


class Reader:
    """Does what a document says."""

    def __init__(self, place: Path, simulator: Simulator, collections_path: str) -> None:
        assert simulator.https_url is not None
        assert simulator.ca_file is not None
        self.url = simulator.https_url
        self.place = place
        self.variables = {
            "ANSIBLE_COLLECTIONS_PATH": collections_path,
            "COMMVAULT_URL": simulator.https_url,
            "COMMVAULT_AUTH_TOKEN": simulator.token,
            "COMMVAULT_CA_PATH": simulator.ca_file,
            "HOME": str(place),
            "PWD": str(place),
        }
        self.runs: list[CommandRun] = []
        self.waiting: set[str] = set()
        self._simulator = simulator
        self._edited: Path | None = None

    def do(self, block: Block, expected: str | None) -> None:
        """Try one block; expected: the text of the block after it, if that shows output."""
        if block.language in ("yaml", "yaml+jinja"):
            self.yaml(block)
        elif block.language in ("shell", "sh", "bash"):
            self.runs = []
            for line in commands(block.text):
                self.command(line)
            fails = expected is not None and re.search(r"FAILED!|fatal:", expected) is not None
            codes = [run.rc != 0 for run in self.runs]
            assert codes[-1:] == ([fails] if codes else []), self.output
            assert not any(codes[:-1]), self.output
        elif block.language == "json":
            self.json(json.loads(block.text))
        elif block.language == "text":
            self.compare(block.text)
        else:
            raise AssertionError(f"nobody knows how to try a block of {block.language or 'no language'}")

    @property
    def output(self) -> str:
        """What the commands of the last shell block, or the last playbook, printed."""
        return "".join(run.output for run in self.runs)

    def compare(self, text: str) -> None:
        """Every line of the text must be in the last output."""
        if not self.runs:
            return  # it shows something else than output of a command
        output = settled(self.output)
        for line in text.splitlines():
            if line.strip() not in ("", "..."):
                assert settled(line.strip()) in output, f"{line.strip()!r} is not in the output:\n{self.output}"

    def yaml(self, block: Block) -> None:
        """Keep a file, or run a playbook."""
        text = ELSEWHERE.sub(self.url, block.text)
        data = yaml.safe_load(text)
        if block.file_name:
            (self.place / block.file_name).write_text(hurried(text, data), encoding="utf-8")
            self.waiting.add(block.file_name)
        elif is_inventory(data):
            (self.place / "inventory.yml").write_text(text, encoding="utf-8")
            self.waiting.add("inventory.yml")
        else:
            assert isinstance(data, list), "neither a playbook, nor tasks, nor an inventory"
            (self.place / "block.yml").write_text(hurried(as_playbook(text)), encoding="utf-8")
            self.runs = []
            inventory = "inventory.yml" if (self.place / "inventory.yml").exists() else "sample.yml"
            (self.place / "sample.yml").write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
            self.waiting.discard("inventory.yml")
            for more in (["--check"], []):
                assert self.ansible(["ansible-playbook", "-i", inventory, *more, "block.yml"]).rc == 0, self.output

    def json(self, data: t.Any) -> None:
        """Keep what a reader types into an editor."""
        if self._edited:
            pair = self._simulator.create_access_token(USER)
            data.update(accessToken=pair["accessToken"], refreshToken=pair["refreshToken"], url=self.url)
            self._edited.write_text(json.dumps(data), encoding="utf-8")
            self._edited = None

    def ansible(self, arguments: t.Sequence[str]) -> CommandRun:
        """Run a command; a warning is a failure."""
        self.waiting.difference_update(arguments)
        files = [self.place / argument for argument in arguments if (self.place / argument).is_file()]
        said = " ".join([*arguments, *(file.read_text(encoding="utf-8") for file in files)])
        only_waits = (
            re.search(r"job_wait|wait=true|wait: true|tasks_from: wait|wait_and_report|doctor_start", said)
            and "job_control" not in said
        )
        self._simulator.set(speed=SPEED if only_waits else 1)
        run = run_command(arguments, variables=self.variables, cwd=self.place)
        print(f"$ {shlex.join(arguments)}\n{run.output}")
        assert run.warnings == []
        for path in [] if "--check" in arguments else re.findall(r"\breport_path=(\S+)", " ".join(arguments)):
            assert (self.place / path).is_file(), "a report belongs where the reader is"
        self.runs.append(run)
        return run

    def command(self, line: str) -> None:
        """Try one line of a shell block."""
        match shlex.split(line):
            case ["export", *assignments]:
                for assignment in assignments:
                    self.export(*assignment.split("=", 1))
            case ["read", "-rs", name, "&&", "export", exported] if name == exported:
                self.variables[name] = PASSWORD
            case ["(umask", *_]:
                subprocess.run(["bash", "-c", line], env={**os.environ, "HOME": str(self.place)}, check=True)
            case ["${EDITOR:-vi}", path]:
                self._edited = Path(path.replace("~", str(self.place)))
            case ["make", "demo"]:
                self.demo()
            case ["make", target, *_arguments]:
                assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.M), (
                    f"no target {target}"
                )
            case ["ansible-galaxy", "collection", "install", what]:
                check_installation(what)
            case ["python3", "-m", "pip", "install", *packages]:
                check_packages(packages)
            case ["git", "clone", _] | ["cd", _]:
                pass
            case ["ansible" | "ansible-playbook" | "ansible-doc" | "ansible-inventory", *_] as arguments:
                self.ansible([without_delay(each) for each in arguments])
            case _:
                raise AssertionError(f"nobody knows how to try the command {line!r}")

    def export(self, name: str, value: str) -> None:
        """Set a variable for the commands that follow."""
        kinds = {"COMMVAULT_USERNAME": USER, "COMMVAULT_TOKEN_FILE": value.replace("~", str(self.place))}
        if name in kinds:
            self.variables.pop("COMMVAULT_AUTH_TOKEN", None)
            self.variables[name] = kinds[name]
        elif "{" not in value:
            self.variables.setdefault(name, value)

    def demo(self) -> None:
        """Run what is behind "make demo"."""
        variables = {**self.variables, "PYTHONPATH": COLLECTIONS}
        arguments = [sys.executable, str(ROOT / "tests/demo/run.py")]
        run = run_command(arguments, variables=variables, cwd=self.place)
        assert run.warnings == []
        self.runs.append(run)


def without_delay(argument: str) -> str:
    """An argument of a command, with waits that look every second."""
    if re.match(r"oracle_rds_export_backup_(wait|follow_job_ids)=", argument):
        return f"{argument} oracle_rds_export_backup_wait_interval=1s"
    return re.sub(r"wait_interval=\w+|(?<=wait=true)", " wait_interval=1s", argument)


def hurried(text: str, data: t.Any = None) -> str:
    """A playbook whose waits look every second; data: what is in the text, if it may be something else."""
    data = yaml.safe_load(text) if data is None else data
    if not isinstance(data, list) or "wait" not in text:
        return text
    for play in data:
        if "hosts" in play:
            defaults = play.setdefault("module_defaults", {})
            defaults.update({f"rdsops.commvault.{name}": {"wait_interval": "1s"} for name in WAITING})
            play.setdefault("vars", {}).update(oracle_rds_export_backup_wait_interval="1s")
    return json.dumps(data, indent=1)


def check_installation(what: str) -> None:
    """An installation names this collection, and a tarball this version."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    full_name = f"{galaxy['namespace']}.{galaxy['name']}"
    tarball = f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz"
    assert what in (full_name, f"git+{galaxy['repository']}.git") or os.path.basename(what) == tarball


def check_packages(packages: t.Sequence[str]) -> None:
    """Packages to install are those of the execution environment."""
    lines = (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(packages) <= {line.replace(" ", "") for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_reader_who_does_what_a_document_says_gets_what_it_shows(
    document: Path, simulator: Simulator, collections_path: str, tmp_path: Path
) -> None:
    simulator.reset(ROOT / "tests/simulator/sample_estate.yml")
    simulator.set(waiting_seconds=0.2)  # a reader takes longer from one command to the next
    reader = Reader(tmp_path, simulator, collections_path)
    found = blocks(document)
    for number, block in enumerate(found, 1):
        print(f"--- {document.name}:{block.line}")
        after = found[number] if number < len(found) else None
        reader.do(block, after.text if after is not None and after.language == "text" else None)
    assert reader.waiting == set(), "no command of the document uses these files"


# Sites that are other than the one of the rehearsal server, and whether something is to be backed up there.
BACKED_UP = {"name": "orders", "history": [{"age": 3600, "seconds": 60}]}
SITES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any], bool]] = {
    "everything is backed up": ({"clients": [{"name": "aws-prod", "instances": [BACKED_UP]}]}, {}, False),
    "no V4/Instances": ({"clients": {"aws-prod": ["orders"]}}, {"v4_discovery": False}, True),
}


@pytest.mark.parametrize("site", SITES)
def test_tasks_that_back_up_what_they_listed_do_so_at_other_sites_as_well(
    site: str, simulator: Simulator, collections_path: str, tmp_path: Path
) -> None:
    estate, settings, due = SITES[site]
    found = [block for path in DOCUMENTS for block in blocks(path) if "oracle_rds_instance_info:\n" in block.text]
    assert found
    for block in found:
        simulator.reset(estate)
        simulator.set(**settings)
        Reader(tmp_path, simulator, collections_path).yaml(block)
        assert any(job["started_by"] for job in simulator.jobs()) is due


def test_there_are_documents_to_read() -> None:
    assert any(blocks(document) for document in DOCUMENTS)
