# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mistakes that new users make most often, as they make them: each gives one message of at most three sentences,
and the last one says what to do.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import CommandRun, PlaybookRun

from .conftest import Play, Shell

MODULE = "rdsops.commvault.oracle_rds_export_backup"
ROLE_PLAYBOOK = "rdsops.commvault.export_backup"
HOST = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
WAIT_AGAIN = "Commvault goes on with it; to wait again, run ansible-playbook rdsops.commvault.wait_and_report -e"
NO_INSTANCE = "Client 'aws-prod' has no instance 'ordrs' that these credentials may see."
NO_PYTHON = "ansible_python_interpreter is /nowhere/python3, which does not exist on this machine."
PREFIX = "oracle_rds_export_backup_"
ENDS_IN_WHAT_TO_DO = re.compile(
    r"(Check|Correct|Create|Give|Have|Install|Set|Use)\b|Commvault goes on with it; to wait again, (use|run) "
)


def sentences(message: str) -> list[str]:
    """The sentences of a message. What is in parentheses, such as a request, belongs to the one before it."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z'])", re.sub(r"\s*\([^()]*\)", "", message))


@dataclasses.dataclass
class Mistake:
    """A mistake at a shell.

    cause and advice: what the message says, and how it ends. variables: of a host that differs by them from one for
    which all is right. requests: to the simulator, by endpoint. calls: reads and writes of the run.
    """

    cause: str
    advice: str
    variables: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    requests: t.Sequence[str] = ()
    calls: tuple[int, int] | None = None


# What a host's variables say beside the names of the database.
OPTIONS = ("url", "auth_token", "ca_path", "outage_timeout", "wait", "wait_timeout", "wait_interval")
IN_OPTIONS = {
    "wrong-url": Mistake(
        "127.0.0.1 has no Commvault REST API at this address",
        "Correct url (or COMMVAULT_URL), usually to one of https://HOST/commandcenter/api, ",
        {"url": "{{ root }}/nothing/api"},
        requests=["nothing/api/jobs", "nothing/api/createtask"],
        calls=(1, 1),
    ),
    "wrong-host-in-the-url": Mistake(
        "commvault.invalid could not be reached: ",
        "Correct the host in url.",
        {"url": "https://commvault.invalid/commandcenter/api"},
    ),
    "nothing-listens-there": Mistake(
        "127.0.0.1 could not be reached: ",
        "Check host and port in url, and the firewall.",
        {"url": "https://127.0.0.1:9/commandcenter/api", "outage_timeout": "1s"},
    ),
    "dead-token": Mistake(
        "127.0.0.1 did not accept the credentials: the token is wrong, has expired",
        "Create a new token in the Command Center, and use it in place of this one.",
        {"auth_token": "of-the-week-before-0123456789"},
        requests=["jobs", "whoami", "createtask"],
    ),
    "wrong-client": Mistake(
        "There is no client 'aws-prd', or these credentials may not see it.",
        "Correct client_name; nearest: aws-prod, aws-old, aws-dev.",
        {"client": "aws-prd"},
        requests=["jobs", "createtask", "subclient", "getid", "client"],
    ),
    "wrong-instance": Mistake(
        NO_INSTANCE,
        "Correct instance_name; nearest: orders.",
        {"instance": "ordrs"},
        requests=["jobs", "createtask", "subclient"],
    ),
    "expired-certificate": Mistake(
        "certificate has expired",
        "Have the certificate renewed on the server.",
        {"url": "{{ expired_url }}", "ca_path": "{{ expired_ca_path }}"},
    ),
    "wrong-interpreter": Mistake(
        NO_PYTHON,
        "Correct it, or do not set it.",
        {"ansible_python_interpreter": "/nowhere/python3"},
    ),
    "no-url": Mistake(
        "url is missing.",
        "Set the option or the environment variable COMMVAULT_URL.",
        {"url": "{{ omit }}"},
    ),
    "no-credentials": Mistake(
        "The credentials are missing.",
        "Set one of auth_token, token_file, or username with password",
        {"auth_token": "{{ omit }}"},
    ),
    "wait-that-times-out": Mistake(
        "Job 148886 (orders) was still running after 00:00:0",
        "Commvault goes on with it; to wait again, use job_wait with job_ids 148886.",
        {"wait": True, "wait_timeout": "1s", "wait_interval": "1s"},
        requests=["jobs", "createtask"],
    ),
}


def hold_against_the_rule(done: CommandRun, host: str, mistake: Mistake) -> None:
    """One message of at most three sentences, of which the last says what to do and stands nowhere else."""
    result = done.adhoc(host)
    told = sentences(result["msg"])
    assert mistake.cause in result["msg"], host
    assert told[-1].startswith(sentences(mistake.advice)[0]), host
    assert len(told) <= 3, host
    assert ENDS_IN_WHAT_TO_DO.match(told[-1]), host
    assert told[-1] not in json.dumps({**result, "msg": ""}), host
    if mistake.calls:
        assert (result["api_calls"]["reads"], result["api_calls"]["writes"]) == mistake.calls, host


def test_each_mistake_in_an_option_is_told_in_three_sentences_that_end_in_what_to_do(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    """One command for as many hosts as there are mistakes, one host after the other."""
    simulator.set(speed=0)
    options = {"client_name": "{{ client }}", "instance_name": "{{ instance }}"}
    options.update({name: f"{{{{ {name} | default(omit) }}}}" for name in OPTIONS})
    with Simulator(https=True, tls="expired") as expired:
        right = {
            "ansible_connection": "local",
            "client": "aws-prod",
            "instance": "orders",
            "url": simulator.url,
            "auth_token": simulator.token,
            "root": simulator.root,
            "expired_url": expired.https_url,
            "expired_ca_path": str(expired.ca_file),
        }
        hosts = {host: mistake.variables for host, mistake in IN_OPTIONS.items()}
        (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": right}}), encoding="utf-8")
        command = ("ansible", "all", "-i", "inventory.yml", "--forks", "1", "-m", MODULE, "-a", json.dumps(options))
        done = shell(*command, env={"COMMVAULT_URL": "", "COMMVAULT_AUTH_TOKEN": ""})
    assert done.rc == 2
    for host, mistake in IN_OPTIONS.items():
        hold_against_the_rule(done, host, mistake)
    sent = [name for mistake in IN_OPTIONS.values() for name in mistake.requests]
    # After them are the polls of the wait.
    assert [one["endpoint"] for one in simulator.journal()][: len(sent)] == sent


RIGHT = "client_name=aws-prod instance_name=orders"
# By mistake: what the command has in place of the right arguments, the environment, and what is told.
IN_COMMANDS: dict[str, tuple[str, dict[str, str], Mistake]] = {
    "misspelt option": (
        "client_name=aws-prod instance_nam=orders",
        {},
        Mistake(
            "oracle_rds_export_backup has no option instance_nam.", "Correct it; nearest: instance_name, instances."
        ),
    ),
    "name in place of a dictionary": (
        "instances=orders",
        {},
        Mistake("instances[0] is a string.", "Give a dictionary, as in the examples of the documentation."),
    ),
    "wrong variable": (
        RIGHT,
        {"COMMVAULT_TIMEOUT": "a minute"},
        Mistake("argument 'timeout' is of type ", "Correct the environment variable COMMVAULT_TIMEOUT."),
    ),
    "no requests": (
        RIGHT,
        {"PYTHONPATH": "no-requests"},
        Mistake(
            "Failed to import the required Python library (requests) on ",
            f"Install it there: {sys.executable} -m pip install requests",
        ),
    ),
}


@pytest.mark.parametrize("mistake", IN_COMMANDS)
def test_each_mistake_in_a_command_is_told_in_three_sentences_that_end_in_what_to_do(
    shell: Shell, simulator: Simulator, tmp_path: Path, mistake: str
) -> None:
    arguments, env, told = IN_COMMANDS[mistake]
    (tmp_path / "no-requests").mkdir()
    (tmp_path / "no-requests" / "requests.py").write_text("raise ImportError('There is no requests.')\n")
    done = shell("ansible", "localhost", "-m", MODULE, "-a", arguments, env=env)
    assert done.rc == 2
    hold_against_the_rule(done, "localhost", told)
    assert simulator.journal() == []


# Hosts of one run, by mistake: their variables, and what the message of each ends in.
IN_HOSTS: dict[str, tuple[dict[str, str], str]] = {
    "missing-variable": (
        {"commvault_client_name": "aws-prod"},
        "Not started: commvault_instance_name is missing. Correct the variables of this host.",
    ),
    "wait-that-times-out": (
        HOST,
        f"Job 148886 (still running): Waiting. {WAIT_AGAIN} {PREFIX}follow_job_ids=148886.",
    ),
    "wrong-instance": (
        {**HOST, "commvault_instance_name": "ordrs"},
        f"{NO_INSTANCE} Correct instance_name; nearest: orders.",
    ),
}
# Variables of the command line, and what the message of the host ends in.
IN_EXTRA_VARIABLES = {
    "misspelt variable": (
        {f"{PREFIX}backup_levle": "full"},
        f"The role has no variable {PREFIX}backup_levle (nearest: {PREFIX}backup_level). Correct it, or remove it.",
    ),
    "wrong interpreter": (
        {"ansible_python_interpreter": "/nowhere/python3"},
        f"{NO_PYTHON} Correct it, or do not set it.",
    ),
}


def failed_by_one_message(run: PlaybookRun, expected: t.Mapping[str, str]) -> None:
    """Each host has failed, by one message of at most three sentences that ends in what to do."""
    assert run.rc == 2
    assert run.failed.keys() == expected.keys()
    for host, end in expected.items():
        told = sentences(run.failed[host])
        assert run.failed[host].endswith(end)
        assert len(told) <= 3
        assert ENDS_IN_WHAT_TO_DO.match(told[-1])


def test_each_mistake_about_a_host_fails_it_with_one_message_that_ends_in_what_to_do(
    play: Play, simulator: Simulator
) -> None:
    simulator.set(speed=0)
    hosts = {host: variables for host, (variables, _end) in IN_HOSTS.items()}
    waiting = {f"{PREFIX}wait": True, f"{PREFIX}wait_timeout": "1s", f"{PREFIX}wait_interval": "1s"}
    run = play(
        ROLE_PLAYBOOK,
        inventory=json.dumps({"oracle_rds": {"hosts": hosts}}, indent=1),
        extravars={**waiting, f"{PREFIX}on_invalid": "skip"},
    )
    failed_by_one_message(run, {host: end for host, (_variables, end) in IN_HOSTS.items()})


@pytest.mark.parametrize("mistake", IN_EXTRA_VARIABLES)
def test_each_mistake_in_a_variable_of_all_fails_hosts_with_one_message_that_ends_in_what_to_do(
    play: Play, simulator: Simulator, mistake: str
) -> None:
    extravars, end = IN_EXTRA_VARIABLES[mistake]
    inventory = json.dumps({"oracle_rds": {"hosts": {"orders": HOST}}}, indent=1)
    run = play(ROLE_PLAYBOOK, inventory=inventory, extravars=extravars)
    failed_by_one_message(run, {"orders": end})
    assert simulator.journal() == []
