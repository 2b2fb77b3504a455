# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides for AWX tell a reader to do is done here, as tests/playbooks/test_documents.py does it for others.

The set-up is run once for all tests, with the file that the first guide shows. For ansible-builder stands the part of
it that needs no container, and for ansible-navigator the command that it runs without one.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import yaml

from ansible_collections.rdsops.commvault.tests.awx.jobs import Job
from ansible_collections.rdsops.commvault.tests.awx.notifications import render
from ansible_collections.rdsops.commvault.tests.playbooks.test_documents import Reader
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.documents import Block, blocks
from ansible_collections.rdsops.commvault.tests.support.playbooks import run_command

from .conftest import CHAT_SECRET, EVERYTHING, GUIDES, ROOT, SYSTEM_ONLY, Twice, data

SHOWN = [block for guide in GUIDES for block in blocks(guide)]
SETUP = ["ansible-playbook", "rdsops.commvault.awx_setup", "-e", "@awx.yml"]


class AwxReader(Reader):
    """Does what the guide says."""

    def __init__(self, place: Path, simulator: Simulator, collections_path: str, done: Twice) -> None:
        super().__init__(place, simulator, collections_path)
        self.setups = list(done.runs)

    def export(self, name: str, value: str) -> None:
        """What the set-up works with is set where it is run; all else works on the rehearsal server."""

    def yaml(self, block: Block) -> None:
        """What the file of a site may have, too, is what the test of a second organization has in it."""
        if not block.text.startswith("# more of awx.yml"):
            super().yaml(block)
            return
        for name, value in yaml.safe_load(block.text).items():
            text = re.sub(r"\{\{ lookup.*?\}\}", lambda _found: json.dumps(CHAT_SECRET)[1:-1], json.dumps(value))
            assert json.loads(text) == EVERYTHING[name]

    def command(self, line: str) -> None:
        """Try one line of a shell block."""
        words = shlex.split(line)
        match words:
            case ["ansible-playbook", "rdsops.commvault.awx_setup", *_] if words[len(SETUP) :] == ["-e", SYSTEM_ONLY]:
                pass  # the test of a second organization does it
            case ["ansible-playbook", "rdsops.commvault.awx_setup", *_]:
                assert words == SETUP
                self.waiting.discard("awx.yml")
                self.runs.append(self.setups.pop(0))
            case ["cd", "execution-environment"]:
                shutil.copytree(ROOT / "execution-environment", self.place / "execution-environment")
            case ["cp", tarball, "."]:
                version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
                assert tarball == f"../dist/rdsops-commvault-{version}.tar.gz"
                (self.place / "execution-environment" / Path(tarball).name).write_bytes(b"")
            case ["ansible-builder", "build", "--tag", _]:
                arguments = ["ansible-builder", "create"]
                self.runs.append(run_command(arguments, variables={}, cwd=self.place / "execution-environment"))
            case ["ansible-navigator", "run", *arguments, "--ee", "false", "--mode", "stdout"]:
                self.ansible(["ansible-playbook", *arguments])
            case _:
                super().command(line)


def test_a_reader_who_does_what_the_guide_says_gets_what_it_shows(
    done: Twice, collections_path: str, tmp_path: Path
) -> None:
    with Simulator(ROOT / "tests/simulator/sample_estate.yml", https=True) as simulator:
        reader = AwxReader(tmp_path, simulator, collections_path, done)
        before = ""
        for block in SHOWN:
            if block.language != "text" or before == "shell":
                reader.do(block, None)
            before = block.language
    assert reader.waiting == set(), "no command of the guides uses these files"
    assert reader.setups == []


def test_the_line_of_progress_that_the_guide_shows_is_one_of_those_that_are_tried() -> None:
    (line,) = [line for block in SHOWN for line in block.text.splitlines() if " running (" in line]
    assert line in (GUIDES[0].parent / "guide_jobs.rst").read_text(encoding="utf-8")


def test_the_artifact_that_the_guide_shows_has_the_parts_that_a_job_has() -> None:
    """The test of a whole workflow looks at the values."""
    (shown,) = [json.loads(block.text) for block in SHOWN if block.language == "json"]
    (artifact,) = shown.values()
    assert list(artifact) == ["task_ids", "job_ids", "counts", "failed", "message"]


def test_the_notification_that_the_guide_shows_is_what_awx_makes_of_our_text() -> None:
    (shown,) = [block.text for block in SHOWN if " backups failed" in block.text]
    counts = {"backups": 4, "succeeded": 3, "failed": 1, "open": 0}
    cause = "Failed. ORA-01017: invalid username/password; logon denied"
    bad = {"id": "hr", "result": "failed", "cause": cause, "job_ids": ["148890"]}
    name, playbook = "Commvault: back up and wait", "playbooks/export_backup.yml"
    artifacts = {"oracle_rds_export_backup_artifact": {"counts": counts, "failed": [bad]}}
    job = Job(103, name, playbook, "failed", [], artifacts)
    mail = render({"error": data("notifications")["email"]}, "error", job.shown())
    assert f"{mail.subject}\n\n{mail.body}\n" == shown
