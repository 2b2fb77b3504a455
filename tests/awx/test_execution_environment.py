# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment: a definition that ansible-builder takes, and the dependencies that it finds by itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ansible_collections.rdsops.commvault.tests.support.playbooks import BIN

from .conftest import ROOT

HERE = ROOT / "execution-environment"
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
TARBALL = f"rdsops-commvault-{VERSION}.tar.gz"


def builder(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(BIN / "ansible-builder"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
    print(done.stdout + done.stderr)
    return done


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The directory as the comment in the definition says to prepare it."""
    shutil.copytree(HERE, tmp_path / "ee")
    (tmp_path / "ee" / TARBALL).write_bytes(b"")
    return tmp_path / "ee"


def test_the_builder_takes_the_definition_and_puts_the_collection_where_it_installs_it_from(place: Path) -> None:
    done = builder("create", "--context", "context", "--output-filename", "Containerfile", cwd=place)
    assert done.returncode == 0
    (wanted,) = yaml.safe_load((place / "requirements.yml").read_text(encoding="utf-8"))["collections"]
    assert wanted == {"name": f"/build/collections/{TARBALL}", "type": "file"}
    assert (place / "context/_build/collections" / TARBALL).is_file()
    steps = (place / "context/Containerfile").read_text(encoding="utf-8")
    assert "COPY _build /build" in steps
    assert "ansible-galaxy collection install" in steps


def test_the_builder_would_refuse_a_definition_that_is_wrong(place: Path) -> None:
    definition = place / "execution-environment.yml"
    definition.write_text(definition.read_text(encoding="utf-8") + "surprise: true\n", encoding="utf-8")
    done = builder("create", "--context", "context", cwd=place)
    assert done.returncode != 0
    assert "Additional properties are not allowed" in done.stdout + done.stderr


def test_the_builder_finds_exactly_the_packages_that_the_collection_needs(
    collections_path: str, tmp_path: Path
) -> None:
    done = builder(
        "introspect", "--write-pip", "pip.txt", "--write-bindep", "system.txt", collections_path, cwd=tmp_path
    )
    assert done.returncode == 0
    lines = (tmp_path / "pip.txt").read_text(encoding="utf-8").splitlines()
    found = {line.partition("#")[0].strip() for line in lines}
    source = (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    assert found - {""} == {line for line in source if line and not line.startswith("#")}
    assert not (tmp_path / "system.txt").exists()
