# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module at a shell: "ansible localhost -m ...", and through pytest-ansible."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import Shell

MODULE = "rdsops.commvault.oracle_rds_export_backup"
NAMES = "client_name=aws-prod instance_name=orders"


def test_one_command_starts_a_backup_and_prints_its_ids(shell: Shell, simulator: Simulator) -> None:
    done = shell("ansible", "localhost", "-m", MODULE, "-a", NAMES)
    assert done.rc == 0
    result = done.adhoc()
    assert result["word"] == "CHANGED"
    assert result["changed"] is True
    assert (result["task_id"], result["job_ids"]) == (9920, ["148886"])
    assert len(simulator.writes()) == 1


def test_with_another_python_the_module_does_the_same(shell: Shell, simulator: Simulator) -> None:
    # Another name of the same one: what counts is that Ansible is told to use it.
    directory = Path(sys.executable).parent
    other = f"{directory}/../{directory.name}/python"
    done = shell("ansible", "localhost", "-m", MODULE, "-a", NAMES, "-e", f"ansible_python_interpreter={other}", "-vvv")
    assert done.rc == 0
    assert "AnsiballZ_oracle_rds_export_backup" in done.output
    result = done.adhoc()
    assert (result["changed"], result["task_id"], result["job_ids"]) == (True, 9920, ["148886"])
    assert len(simulator.writes()) == 1


def test_check_mode_starts_nothing(shell: Shell, simulator: Simulator) -> None:
    done = shell("ansible", "localhost", "-m", MODULE, "-a", NAMES, "--check")
    assert done.rc == 0
    assert done.adhoc()["backups"][0]["state"] == "would_start"
    assert simulator.writes() == []


def test_a_step_that_there_is_not_is_named_with_those_that_there_are(shell: Shell) -> None:
    done = shell("ansible", "localhost", "-m", "rdsops.commvault.oracle_rds_export_fleet", "-a", "step=begin")
    # Before ansible-core 2.19, what serves all hosts ends with 8.
    assert done.rc in (2, 8)
    assert done.adhoc()["msg"].startswith("step must be one of start, wait, ")


def test_a_refusal_is_an_error_of_the_command_and_is_told_once(shell: Shell) -> None:
    command = ("ansible", "localhost", "-m", MODULE, "-a", "client_name=aws-prod instance_name=nobody")
    done = shell(*command)
    assert done.rc == 2
    result = done.adhoc()
    assert result["word"] == "FAILED!"
    assert result["failure"]["code"] == 587207178
    assert "no eligible subclients" in result["msg"]
    assert "no eligible subclients" not in json.dumps({**result, "msg": ""})
    assert result["backups"][0]["state"] == "refused"
    # What a playbook gets is shown on demand.
    backup = shell(*command, "-v").adhoc()["backups"][0]
    assert backup["msg"] == result["msg"]
    assert "no eligible subclients" in backup["failure"]["message"]


def test_the_token_is_in_no_output_however_verbose(shell: Shell, simulator: Simulator) -> None:
    done = shell("ansible", "localhost", "-m", MODULE, "-a", NAMES, "-vvvv", env={"ANSIBLE_DEBUG": "true"})
    assert done.rc == 0
    assert simulator.token not in done.output


def test_the_documentation_is_shown(shell: Shell) -> None:
    for arguments in (["-t", "module"], ["-t", "role"]):
        done = shell("ansible-doc", *arguments, MODULE)
        assert done.rc == 0
        assert "EXPORT" in done.stdout.upper()


# A part of pytest-ansible that it means to remove one day; what it calls is still what "ansible" itself calls.
@pytest.mark.filterwarnings(
    "ignore:Host management is deprecated:DeprecationWarning",
    "ignore:AnsibleCollectionFinder has already been configured:UserWarning",
)
def test_pytest_ansible_starts_a_backup(
    ansible_adhoc: t.Callable[..., t.Any],
    connection: dict[str, str],
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in connection.items():
        monkeypatch.setenv(name, value)
    inventory = tmp_path / "inventory"
    inventory.write_text(f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
    hosts = ansible_adhoc(inventory=str(inventory), connection="local", host_pattern="localhost")
    result = getattr(hosts.localhost, MODULE)(client_name="aws-prod", instance_name="orders")["localhost"]
    assert (result["changed"], result["task_id"], result["job_ids"]) == (True, 9920, ["148886"])
    assert len(simulator.writes()) == 1


def test_a_report_can_have_a_bare_name(shell: Shell, tmp_path: Path) -> None:
    arguments = '{"path": "night.html", "backups": []}'
    done = shell("ansible", "localhost", "-m", "rdsops.commvault.export_report", "-a", arguments)
    assert done.rc == 0
    assert "0 backups" in (tmp_path / "night.html").read_text(encoding="utf-8")


def test_a_report_never_goes_into_a_pipe_or_device(shell: Shell, tmp_path: Path) -> None:
    pipe = tmp_path / "night.html"
    os.mkfifo(pipe)
    arguments = '{"path": "night.html", "backups": []}'
    done = shell("ansible", "localhost", "-m", "rdsops.commvault.export_report", "-a", arguments)
    assert "it is a device, socket or FIFO" in done.adhoc()["msg"]
    assert pipe.is_fifo()
