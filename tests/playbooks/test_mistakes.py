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

from .conftest import Play, Shell

MODULE = "rdsops.commvault.oracle_rds_export_backup"
ROLE_PLAYBOOK = "rdsops.commvault.export_backup"
HOST = {"commvault_client_name": "aws-prod", "commvault_instance_name": "orders"}
WAIT_PLAYBOOK = "ansible-playbook rdsops.commvault.wait_and_report"
PREFIX = "oracle_rds_export_backup_"
ENDS_IN_WHAT_TO_DO = re.compile(
    r"(Check|Correct|Create|Give|Have|Install|Set|Use)\b|Commvault goes on with it; to wait again, (use|run) "
)


def sentences(message: str) -> list[str]:
    """The sentences of a message. What is in parentheses, such as a request, belongs to the one before it."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z'])", re.sub(r"\s*\([^()]*\)", "", message))


@dataclasses.dataclass
class Mistake:
    """A mistake in a command of a shell.

    cause and advice: what the message says, and how it ends. requests: to the simulator, by endpoint. calls: reads and
    writes of the run.
    """

    cause: str
    advice: str
    arguments: str = "client_name=aws-prod instance_name=orders"
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    options: t.Sequence[str] = ()
    requests: t.Sequence[str] = ()
    calls: tuple[int, int] | None = None


def mistakes(simulator: Simulator, place: Path, expired: Simulator) -> dict[str, Mistake]:
    (place / "requests.py").write_text("raise ImportError('There is no requests.')\n")
    return {
        "wrong URL": Mistake(
            "127.0.0.1 has no Commvault REST API at this address",
            "Correct url (or COMMVAULT_URL), usually to one of https://HOST/commandcenter/api, ",
            environment={"COMMVAULT_URL": f"{simulator.root}/nothing/api"},
            calls=(1, 1),
        ),
        "wrong host in the URL": Mistake(
            "commvault.invalid could not be reached: ",
            "Correct the host in url.",
            environment={"COMMVAULT_URL": "https://commvault.invalid/commandcenter/api"},
        ),
        "nothing listens there": Mistake(
            "127.0.0.1 could not be reached: ",
            "Check host and port in url, and the firewall.",
            arguments="client_name=aws-prod instance_name=orders outage_timeout=1s",
            environment={"COMMVAULT_URL": "https://127.0.0.1:9/commandcenter/api"},
        ),
        "dead token": Mistake(
            "127.0.0.1 did not accept the credentials: the token is wrong, has expired",
            "Create a new token in the Command Center, and use it in place of this one.",
            environment={"COMMVAULT_AUTH_TOKEN": "of-the-week-before-0123456789"},
            requests=["jobs", "whoami", "createtask"],
        ),
        "wrong client": Mistake(
            "There is no client 'aws-prd', or these credentials may not see it.",
            "Correct client_name; nearest: aws-prod, aws-old, aws-dev.",
            arguments="client_name=aws-prd instance_name=orders",
            requests=["jobs", "createtask", "subclient", "getid", "client"],
        ),
        "wrong instance": Mistake(
            "Client 'aws-prod' has no instance 'ordrs' that these credentials may see.",
            "Correct instance_name; nearest: orders.",
            arguments="client_name=aws-prod instance_name=ordrs",
            requests=["jobs", "createtask", "subclient"],
        ),
        "expired certificate": Mistake(
            "certificate has expired",
            "Have the certificate renewed on the server.",
            environment={"COMMVAULT_URL": str(expired.https_url), "COMMVAULT_CA_PATH": str(expired.ca_file)},
        ),
        "no requests": Mistake(
            "Failed to import the required Python library (requests) on ",
            f"Install it there: {sys.executable} -m pip install requests",
            environment={"PYTHONPATH": str(place)},
        ),
        "wrong interpreter": Mistake(
            "ansible_python_interpreter is /nowhere/python3, which does not exist on this machine.",
            "Correct it, or do not set it.",
            options=["-e", "ansible_python_interpreter=/nowhere/python3"],
        ),
        "misspelt option": Mistake(
            "oracle_rds_export_backup has no option instance_nam.",
            "Correct it; nearest: instance_name, instances.",
            arguments="client_name=aws-prod instance_nam=orders",
        ),
        "name in place of a dictionary": Mistake(
            "instances[0] is a string.",
            "Give a dictionary, as in the examples of the documentation.",
            arguments="instances=orders",
        ),
        "wrong variable": Mistake(
            "argument 'timeout' is of type ",
            "Correct the environment variable COMMVAULT_TIMEOUT.",
            environment={"COMMVAULT_TIMEOUT": "a minute"},
        ),
        "no URL": Mistake(
            "url is missing.",
            "Set the option or the environment variable COMMVAULT_URL.",
            environment={"COMMVAULT_URL": ""},
        ),
        "no credentials": Mistake(
            "The credentials are missing.",
            "Set one of auth_token, token_file, or username with password",
            environment={"COMMVAULT_AUTH_TOKEN": ""},
        ),
        "wait that times out": Mistake(
            "Job 148886 (orders) was still running after 00:00:0",
            "Commvault goes on with it; to wait again, use job_wait with job_ids 148886.",
            arguments="client_name=aws-prod instance_name=orders wait=true wait_timeout=1s wait_interval=1s",
        ),
    }


def test_each_mistake_at_a_shell_is_told_in_three_sentences_that_end_in_what_to_do(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.set(speed=0)
    (tmp_path / "no-requests").mkdir()
    with Simulator(https=True, tls="expired") as expired:
        for name, mistake in mistakes(simulator, tmp_path / "no-requests", expired).items():
            seen = len(simulator.journal())
            command = ("ansible", "localhost", "-m", MODULE, "-a", mistake.arguments, *mistake.options)
            done = shell(*command, env=mistake.environment)
            result = done.adhoc()
            message = result["msg"]
            told = sentences(message)
            assert done.rc == 2, name
            assert mistake.cause in message, name
            assert told[-1].startswith(sentences(mistake.advice)[0]), name
            assert len(told) <= 3, name
            assert ENDS_IN_WHAT_TO_DO.match(told[-1]), name
            assert told[-1] not in json.dumps({**result, "msg": ""}), name
            if mistake.calls:
                assert (result["api_calls"]["reads"], result["api_calls"]["writes"]) == mistake.calls, name
            if mistake.requests:
                assert [one["endpoint"] for one in simulator.journal()[seen:]] == mistake.requests, name


# By mistake: variables of the host, those of the command line, and what the message of the host ends in.
IN_VARIABLES: dict[str, tuple[dict[str, str], dict[str, t.Any], str, str]] = {
    "missing variable": (
        {"commvault_client_name": "aws-prod"},
        {},
        "Not started: commvault_instance_name is missing.",
        "Correct the variables of this host.",
    ),
    "misspelt variable": (
        HOST,
        {f"{PREFIX}backup_levle": "full"},
        f"The role has no variable {PREFIX}backup_levle (nearest: {PREFIX}backup_level).",
        "Correct it, or remove it.",
    ),
    "wait that times out": (
        HOST,
        {f"{PREFIX}wait": True, f"{PREFIX}wait_timeout": "1s", f"{PREFIX}wait_interval": "1s"},
        "Job 148886 (still running): Waiting.",
        f"Commvault goes on with it; to wait again, run {WAIT_PLAYBOOK} -e {PREFIX}follow_job_ids=148886.",
    ),
    "wrong instance": (
        {**HOST, "commvault_instance_name": "ordrs"},
        {},
        "Client 'aws-prod' has no instance 'ordrs' that these credentials may see.",
        "Correct instance_name; nearest: orders.",
    ),
    "wrong interpreter": (
        HOST,
        {"ansible_python_interpreter": "/nowhere/python3"},
        "ansible_python_interpreter is /nowhere/python3, which does not exist on this machine.",
        "Correct it, or do not set it.",
    ),
}


@pytest.mark.parametrize("mistake", IN_VARIABLES)
def test_each_mistake_in_a_variable_fails_the_host_with_one_message_that_ends_in_what_to_do(
    play: Play, simulator: Simulator, mistake: str
) -> None:
    host, extravars, cause, advice = IN_VARIABLES[mistake]
    simulator.set(speed=0)
    inventory = json.dumps({"oracle_rds": {"hosts": {"orders": host}}}, indent=1)
    run = play(ROLE_PLAYBOOK, inventory=inventory, extravars=extravars)
    assert run.rc == 2
    assert list(run.failed) == ["orders"]
    assert run.failed["orders"].endswith(f"{cause} {advice}")
    told = sentences(run.failed["orders"])
    assert len(told) <= 3
    assert ENDS_IN_WHAT_TO_DO.match(told[-1])
