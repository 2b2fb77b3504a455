# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import requests

from ansible_collections.rdsops.commvault.plugins.module_utils._http.look import describe

ESTATE = {"clients": [{"name": "aws-prod", "instances": ["orders"]}]}


def look(url, **options):
    with requests.Session() as session:
        session.trust_env = False
        with session.get(f"{url}/CommServ", stream=True, timeout=10, **options) as response:
            seen = describe(response, proxied=False)
            assert response.raw.connection.sock.getsockname()[1] == seen.port
            return seen


def test_of_plain_http_there_is_no_tls_and_no_certificate(simulator):
    seen = look(simulator.url)
    assert (seen.http_version, seen.tls, seen.certificate_end, seen.proxied) == ("1.1", "", None, False)


def test_of_https_the_version_and_the_end_of_the_certificate_are_seen(simulator):
    seen = look(simulator.https_url, verify=simulator.ca_file)
    assert seen.tls.startswith("TLSv1.")
    assert seen.certificate_end > time.time()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_that_nobody_verified_has_no_end(simulator):
    seen = look(simulator.https_url, verify=False)
    assert (seen.tls.startswith("TLSv1."), seen.certificate_end) == (True, None)


def test_what_is_closed_already_or_of_a_strange_version_is_said_to_be_unknown():
    raw = SimpleNamespace(version=9999)
    seen = describe(SimpleNamespace(raw=raw, status_code=503), proxied=True)
    assert seen == (503, "?", None, True, "", None)
