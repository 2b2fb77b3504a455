# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the system: found, installed, or said to be missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.gates.programs import CannotInstall, Program, ensure


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory of PATH; who asks is root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def program(place: Path) -> Program:
    path = place / "viewer"
    return Program("viewer", lambda: str(path) if path.exists() else None)


def apt_get(place: Path, script: str) -> None:
    """An apt-get that notes how it is called, then does this."""
    path = place / "apt-get"
    path.write_text(f'#!/bin/sh\necho "$@" >>{place}/calls\n{script}\n', encoding="utf-8")
    path.chmod(0o755)


def test_what_is_here_is_not_installed(place: Path) -> None:
    (place / "viewer").touch()
    apt_get(place, "exit 1")
    assert ensure(program(place)) == f"{place}/viewer, there already"
    assert not (place / "calls").exists()


def test_root_has_it_installed(place: Path) -> None:
    apt_get(place, f': >"{place}/viewer"')
    assert ensure(program(place)) == f"{place}/viewer, installed by apt-get"
    calls = (place / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == ["--quiet update", "--quiet install --yes --no-install-recommends viewer"]


def test_others_are_told_what_is_missing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt_get(place, "exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CannotInstall, match=r"there is no viewer here \(Debian: package viewer\); only root"):
        ensure(program(place))
    assert not (place / "calls").exists()


def test_without_apt_get_it_is_missing(place: Path) -> None:
    with pytest.raises(CannotInstall, match="only root can have it installed, by apt-get"):
        ensure(program(place))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo reading; echo no such package; exit 100", "apt-get update failed: no such package"),
        ("exit 100", "apt-get update failed: it said nothing"),
        ("exit 0", "installed it somewhere else"),
    ],
)
def test_what_goes_wrong_is_said(place: Path, script: str, words: str) -> None:
    apt_get(place, script)
    with pytest.raises(CannotInstall, match=words):
        ensure(program(place))
