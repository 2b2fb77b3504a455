# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who the credentials are sent to: certificates, proxies, redirects, plain http."""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

import pytest
import trustme

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.certificates import self_signed
from ansible_collections.rdsops.commvault.tests.support.proxy import Proxy
from ansible_collections.rdsops.commvault.tests.support.raw_server import RawServer

from .conftest import ESTATE, Play

BACKUP = "rdsops.commvault.oracle_rds_export_backup"
INSTANCES = ["orders", "billing", "hr"]
SECRET = "SECRET-of-the-proxy/1"
QUOTED = "SECRET-of-the-proxy%2F1"


def try_each(cases: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """A play with a task for each case, whatever became of those before. environment: of a case, goes to its task."""
    tasks = []
    for number, (name, case) in enumerate(cases.items()):
        # Each is one request, which is not repeated.
        options = {"check_running": False, "outage_timeout": "0", "client_name": "aws-prod"}
        options.update({"instance_name": INSTANCES[number % 3], **case})
        environment = options.pop("environment", {})
        tasks.append({"name": name, BACKUP: options, "environment": environment, "ignore_errors": True})
    return json.dumps([{"name": "Try", "hosts": "localhost", "gather_facts": False, "tasks": tasks}], indent=1)


@pytest.fixture
def other_ca(tmp_path: Path) -> str:
    """A CA that has nothing to do with the simulator."""
    path = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


def test_a_private_ca_is_trusted_where_the_user_says_so(play: Play, simulator: Simulator, other_ca: str) -> None:
    ca, url = str(simulator.ca_file), str(simulator.https_url)
    run = play(
        try_each(
            {
                "nothing said": {"url": url},
                "option": {"url": url, "ca_path": ca},
                "variable": {"url": url, "environment": {"COMMVAULT_CA_PATH": ca}},
                "variable of requests": {"url": url, "environment": {"REQUESTS_CA_BUNDLE": ca}},
                "option against requests": {
                    "url": url,
                    "ca_path": other_ca,
                    "environment": {"REQUESTS_CA_BUNDLE": ca, "CURL_CA_BUNDLE": ca},
                },
                "another CA": {"url": url, "ca_path": other_ca},
            }
        )
    )
    started = {name: not result["localhost"]["failed"] for name, result in run.tasks.items()}
    assert started == {
        "nothing said": False,
        "option": True,
        "variable": True,
        "variable of requests": True,
        "option against requests": False,
        "another CA": False,
    }
    for name in ("nothing said", "another CA"):
        assert "set ca_path (or COMMVAULT_CA_PATH)" in run.result(name)["msg"]
        assert run.result(name)["failure"]["kind"] == "tls"
    assert len(simulator.jobs()) == 3


def test_a_certificate_that_signs_itself_is_refused_and_the_token_stays_here(play: Play, tmp_path: Path) -> None:
    context, file = self_signed(tmp_path)
    with RawServer(tls=context) as refused, RawServer(tls=context) as trusted:
        for _attempt in range(8):
            refused.add(refused.answer())
        trusted.add(trusted.answer(b'HTTP/1.1 200 X\r\nContent-Length: 27\r\n\r\n{"taskId":1,"jobIds":["7"]}'))
        run = play(
            try_each(
                {
                    "refused": {"url": refused.url, "read_retries": 0},
                    "trusted": {"url": trusted.url, "ca_path": str(file)},
                }
            )
        )
        assert "self" in run.result("refused")["msg"]
        assert "set ca_path (or COMMVAULT_CA_PATH)" in run.result("refused")["msg"]
        assert refused.requests == []
        assert run.result("trusted")["job_ids"] == ["7"]


def test_to_trust_everybody_is_possible_and_warned_about(play: Play, simulator: Simulator, other_ca: str) -> None:
    case = {
        "url": simulator.https_url,
        "validate_certs": False,
        "environment": {"REQUESTS_CA_BUNDLE": other_ca},
    }
    run = play(try_each({"trusting": case}), warnings=True)
    assert run.result("trusting")["failed"] is False
    assert [warning for warning in run.warnings if "validate_certs is false" in " ".join(warning.split())]
    assert len(run.warnings) == 1
    assert "InsecureRequestWarning" not in run.stdout


def test_a_certificate_that_is_wrong_is_refused_with_the_reason(play: Play) -> None:
    wrong = {
        "expired": "Have the certificate renewed on the server",
        "wrong-host": "The certificate is made out to another name: put the name in the certificate into url",
    }
    with contextlib.ExitStack() as stack:
        there = {tls: stack.enter_context(Simulator(ESTATE, https=True, tls=tls)) for tls in wrong}
        cases = {
            tls: {"url": server.https_url, "ca_path": server.ca_file, "read_retries": 0}
            for tls, server in there.items()
        }
        run = play(try_each(cases))
        for tls, words in wrong.items():
            assert words in run.result(tls)["msg"]
            assert run.result(tls)["failure"]["kind"] == "tls"
            assert there[tls].journal() == []


def test_proxies_are_used_with_and_without_credentials(play: Play, simulator: Simulator) -> None:
    to_simulator = {"url": simulator.https_url, "ca_path": simulator.ca_file, "read_retries": 0}
    with Proxy() as free, Proxy(f"user:{SECRET}") as strict:
        with_password = strict.url(f"user:{QUOTED}")
        run = play(
            try_each(
                {
                    "free": {**to_simulator, "environment": {"HTTPS_PROXY": free.url()}},
                    "with password": {**to_simulator, "environment": {"https_proxy": with_password}},
                    "not for this host": {
                        **to_simulator,
                        "environment": {"HTTPS_PROXY": strict.url("x:y"), "NO_PROXY": "127.0.0.1"},
                    },
                    "wrong password": {**to_simulator, "environment": {"HTTPS_PROXY": strict.url("user:SECRET-wrong")}},
                }
            )
        )
        started = {name: not result["localhost"]["failed"] for name, result in run.tasks.items()}
        assert started == {"free": True, "with password": True, "not for this host": True, "wrong password": False}
        assert [head.split()[0] for head in free.requests] == ["CONNECT"]
        assert len(strict.requests) == 2
        # Neither saw a token: it goes through the tunnel.
        assert simulator.token not in str(free.requests + strict.requests)
    assert "The proxy for 127.0.0.1 could not be used" in run.result("wrong password")["msg"]
    assert run.result("wrong password")["failure"]["kind"] == "connection"
    text = json.dumps([result["localhost"] for result in run.tasks.values()])
    assert "SECRET" not in text


def test_plain_http_goes_to_other_machines_only_where_that_is_allowed(play: Play, simulator: Simulator) -> None:
    port = int(simulator.root.rpartition(":")[2])
    with Proxy(target=("127.0.0.1", port)) as proxy:
        case = {"url": "http://cc.example.com", "environment": {"HTTP_PROXY": proxy.url()}}
        run = play(try_each({"refused": case, "allowed": {**case, "allow_http": True}}))
        assert "allow_http: true" in run.result("refused")["msg"]
        assert run.result("refused")["failure"]["kind"] == "invalid_input"
        assert run.result("allowed")["failed"] is False
        api = "http://cc.example.com/commandcenter/api"
        assert [head.split()[1] for head in proxy.requests] == [f"{api}/createtask"]


def test_a_redirect_is_an_error_and_the_token_is_not_sent_there(play: Play, simulator: Simulator) -> None:
    statuses = (301, 302, 303, 307, 308)
    with RawServer() as elsewhere:
        for _attempt in range(4 * len(statuses)):
            elsewhere.add(elsewhere.answer(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}"))
        target = f"{elsewhere.url}/portal?secret={SECRET}"
        for status in statuses:
            redirect = {"status": status, "headers": {"Location": target}, "body": ""}
            simulator.order_fault({"path": "createtask"}, redirect)
        # Else each would be looked for until it is certain that it is not there. What cannot be read is a warning.
        simulator.set(job_view="denied")
        run = play(try_each({f"redirected by {status}": {} for status in statuses}), warnings=True)
        assert elsewhere.requests == []
    assert [request["status"] for request in simulator.journal(path="createtask")] == list(statuses)
    for status in statuses:
        result = run.result(f"redirected by {status}")
        assert f"redirects to {elsewhere.url}/portal, which is not followed" in result["msg"]
        assert result["failure"]["kind"] == "redirect"
    assert simulator.jobs() == []
