# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor where there is no CommCell: a verdict after a few requests, and nothing that could start anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.support.elsewhere import ELSEWHERE, PASSWORD

from .conftest import Play


# tests/unit/plugins/modules/test_commcell_check.py has every place with each kind of credentials.
@pytest.mark.parametrize(("place", "credentials"), [("an OpenAPI mock", "token"), ("a silent server", "password")])
def test_what_is_no_commcell_gets_its_verdict_and_is_asked_to_start_nothing(
    play: Play, tmp_path: Path, place: str, credentials: str
) -> None:
    chosen: dict[str, str] = {}
    if credentials == "password":
        chosen = {"COMMVAULT_AUTH_TOKEN": "", **{f"COMMVAULT_{key.upper()}": one for key, one in PASSWORD.items()}}
    make, verdict, words, most = ELSEWHERE[place]
    with make() as (url, journal):
        run = play(
            "rdsops.commvault.doctor",
            extravars={
                "doctor_directory": str(tmp_path),
                "doctor_start": True,
                "doctor_client_name": "aws-prod",
                "doctor_instance_name": "orders",
            },
            env={"COMMVAULT_URL": f"{url}/commandcenter/api", "COMMVAULT_TIMEOUT": "2", **chosen},
        )
    result = run.result("Examine the CommCell")
    assert (run.rc, result["verdict"]) == (2, verdict)
    assert re.search(words, result["msg"])
    assert json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))["verdict"] == verdict
    assert len(journal) <= most, journal
    assert "POST createtask" not in journal
