# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import gc
import gzip
import socket
import time
import types

import pytest
import requests

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput, RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._http import session as _session
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.support.raw_server import (
    RawServer,
    http_answer,
    read_request,
    reset,
    say_nothing,
)
from ansible_collections.rdsops.commvault.tests.support.scripted_http import get, post, script_of, scripted_transport

SECRET = "SECRET-proxy-password"


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """No retry waits for real; the seconds that it would have waited."""
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time", types.SimpleNamespace(sleep=waits.append, time=time.time))
    return waits


def transport(url="https://cc.example.com", **kwargs):
    return Transport(parse_base_url(url), Redactor(), **{"timeout": 5, **kwargs})


@contextlib.contextmanager
def served(*answers, **options):
    """A transport to a server that gives these answers on one connection, and the server."""
    with RawServer() as server, contextlib.closing(transport(server.url, **options)) as made:
        server.add(server.answer(*answers))
        yield made, server


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_requests_go_below_the_base_url_as_json_and_are_counted():
    made = scripted_transport(
        post("createtask")
        .sends({"a": 1})
        .with_header("Content-Type", "application/json")
        .with_header("Authtoken", "x")
        .returns(200, {"b": 2}),
        get("Job/7").with_query(limit=5).returns(404, {}),
    )
    assert made.write("POST", "createtask", body={"a": 1}, headers={"Authtoken": "x"}).data == {"b": 2}
    assert made.read("GET", "Job/7", params={"limit": 5}).status == 404
    assert made.counts() == (1, 1)


def test_a_get_sends_no_content_type():
    made = scripted_transport(get("Job/7").returns(200, {}))
    made.read("GET", "Job/7")
    assert "Content-Type" not in script_of(made).requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_answers_and_not_followed(status):
    made = scripted_transport(get("Job/7").returns(status, "", {"Location": "https://elsewhere.example.com/"}))
    assert made.read("GET", "Job/7").status == status


def test_netrc_never_replaces_the_token(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine cc.example.com login x password netrc-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth("https://cc.example.com") is not None
    made = scripted_transport(get("Job/7").with_header("Authorization", "Bearer token").returns(200, {}))
    made.read("GET", "Job/7", headers={"Authorization": "Bearer token"})


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, "bundle.pem"),
        ({"ca_path": "/option/bundle.pem"}, "/option/bundle.pem"),
        ({"validate_certs": False}, False),
        ({"validate_certs": False, "ca_path": "/option/bundle.pem"}, False),
    ],
)
def test_options_beat_the_environments_ca_bundle(monkeypatch, tmp_path, kwargs, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundle.pem").touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "bundle.pem")
    assert transport(**kwargs).session.verify == expected


def test_certificates_are_verified_by_default():
    assert transport().session.verify is True


def test_proxies_come_from_the_environment_and_their_password_is_a_secret(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECRET}@proxy.example.com:3128")
    made = transport()
    assert made.session.proxies["https"].endswith("@proxy.example.com:3128")
    assert made.redactor.clean(f"via {SECRET}") == "via ********"


def test_what_a_proxy_repeats_of_its_own_header_is_a_secret(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://us%40er:p%2fss@proxy.example.com:3128")
    sent = base64.b64encode(b"us@er:p/ss").decode()
    assert transport().redactor.clean(f"Proxy-Authorization: Basic {sent}, p%2fss, p/ss") == (
        "Proxy-Authorization: Basic ********, ********, ********"
    )


def test_no_proxy_is_honored(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "cc.example.com")
    assert not transport().session.proxies


def test_plain_http_to_this_machine_uses_no_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    assert transport("http://127.0.0.1:8400").session.proxies == {}


def test_cookies_of_the_server_are_not_sent_back():
    with served(http_answer(200, headers="Set-Cookie: JSESSIONID=1; Path=/\r\n"), http_answer(200)) as (made, server):
        made.read("GET", "one")
        made.read("GET", "two")
    assert b"Cookie" not in server.requests[1]
    assert server.connections == 1


def test_each_request_has_its_own_body_and_credentials_however_alike_they_are():
    with served(*[http_answer(200)] * 4) as (made, server):
        made.write("POST", "createtask", body={"a": 1}, headers={"Authtoken": "first"})
        made.write("POST", "createtask", body={"a": "longer"}, headers={"Authtoken": "first"})
        made.write("POST", "createtask", body={"a": "ü"}, headers={"Authtoken": "second"})
        made.read("POST", "Jobs", body={}, headers={"Authtoken": "second"})
    sent = [request.partition(b"\r\n\r\n") for request in server.requests]
    assert [body for _head, _end, body in sent] == [b'{"a": 1}', b'{"a": "longer"}', b'{"a": "\\u00fc"}', b"{}"]
    heads = [head.decode().split("\r\n") for head, _end, _body in sent]
    assert [head[0].split()[1].rpartition("/")[2] for head in heads] == ["createtask"] * 3 + ["Jobs"]
    tokens = [next(line for line in head if line.startswith("Authtoken")) for head in heads]
    assert tokens == ["Authtoken: first"] * 2 + ["Authtoken: second"] * 2
    assert all("Content-Type: application/json" in head and "Accept: application/json" in head for head in heads)
    assert server.connections == 1


def test_after_it_was_closed_a_transport_connects_anew():
    with RawServer() as server:
        server.add(server.answer(http_answer(200)))
        server.add(server.answer(http_answer(200)))
        made = transport(server.url)
        made.read("GET", "one")
        made.close()
        assert made.read("GET", "two").status == 200
        made.close()
    assert server.connections == 2


# urllib3 leaves the socket of a failed TLS handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestWhatMayHaveRun:
    """The proof on which "never twice, never lost" rests, on real sockets."""

    def write(self, url, **kwargs):
        made = transport(url, **kwargs)
        with pytest.raises(RequestError) as caught:
            made.write("POST", "createtask", body={"a": 1})
        made.close()
        error = caught.value
        del caught
        gc.collect()
        return error

    def test_refused_connection_is_repeated_and_nothing_ran(self, slept):
        error = self.write(f"http://127.0.0.1:{closed_port()}", read_retries=2)
        assert (error.kind, error.maybe_ran) == ("connection", False)
        assert "Connection refused" in str(error)
        assert "object at" not in str(error)
        assert len(slept) >= 1

    def test_unknown_host_name_means_that_nothing_ran(self):
        error = self.write("https://no-such-host.invalid", read_retries=0)
        assert (error.kind, error.maybe_ran) == ("connection", False)

    def test_reset_after_the_request_may_have_run_and_is_sent_once(self):
        with RawServer() as server:
            server.add(server.reset_after_request, server.answer(http_answer(200)))
            error = self.write(server.url)
        assert (error.kind, error.maybe_ran) == ("interrupted", True)
        assert len(server.requests) == 1

    def test_close_without_an_answer_may_have_run(self):
        with RawServer() as server:
            server.add(server.answer(b""))
            error = self.write(server.url)
        assert (error.kind, error.maybe_ran) == ("interrupted", True)

    def test_no_answer_in_time_may_have_run(self):
        with RawServer(say_nothing) as server:
            error = self.write(server.url, timeout=0.2)
        assert (error.kind, error.maybe_ran) == ("timeout", True)
        assert "within 0.2 seconds" in str(error)

    def test_an_answer_cut_short_may_have_run(self):
        with RawServer() as server:
            server.add(server.answer(http_answer(200, b'{"taskId": 1', length=500)))
            made = transport(server.url)
            try:
                # The oldest supported libraries notice nothing: then the answer itself is marked as cut.
                assert made.write("POST", "createtask", body={"a": 1}).shape == "cut"
            except RequestError as error:
                assert (error.kind, error.maybe_ran) == ("interrupted", True)  # noqa: PT017
            finally:
                made.close()

    def test_peer_that_resets_in_the_tls_handshake_got_nothing(self, slept):
        with RawServer(reset, reset, reset) as server:
            error = self.write(f"https://127.0.0.1:{server.port}", read_retries=2)
        assert error.maybe_ran is False
        assert error.kind in ("connection", "tls")

    def test_peer_that_is_silent_in_the_tls_handshake_got_nothing(self):
        with RawServer(say_nothing) as server:
            error = self.write(f"https://127.0.0.1:{server.port}", timeout=0.2, read_retries=0)
        assert (error.kind, error.maybe_ran) == ("connection", False)

    def test_peer_that_speaks_no_tls_got_nothing(self):
        with RawServer(lambda connection: connection.sendall(b"HTTP/1.1 400 X\r\n\r\n")) as server:
            error = self.write(f"https://127.0.0.1:{server.port}", read_retries=0)
        assert (error.kind, error.maybe_ran) == ("tls", False)

    def test_unreachable_proxy_got_nothing(self, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{SECRET}@127.0.0.1:{closed_port()}")
        error = self.write("https://cc.example.com", read_retries=0)
        assert (error.kind, error.maybe_ran) == ("connection", False)
        assert SECRET not in str(error)

    def test_proxy_that_resets_connections_is_named(self, monkeypatch):
        with RawServer() as server:
            server.add(server.reset_after_request)
            monkeypatch.setenv("HTTPS_PROXY", server.url)
            error = self.write("https://cc.example.com", read_retries=0)
        assert (error.kind, error.maybe_ran) == ("connection", False)
        assert "HTTPS_PROXY" in str(error)

    def test_proxy_that_refuses_the_tunnel_passed_nothing_on(self, monkeypatch):
        with RawServer() as server:
            server.add(server.answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))
            monkeypatch.setenv("HTTPS_PROXY", server.url)
            error = self.write("https://cc.example.com", read_retries=0)
        assert (error.kind, error.maybe_ran) == ("connection", False)
        assert "407" in str(error)

    def test_an_error_of_unknown_kind_may_have_run(self):
        made = scripted_transport(post("createtask").raises(requests.exceptions.ConnectionError("?")))
        with pytest.raises(RequestError) as caught:
            made.write("POST", "createtask", body={})
        assert caught.value.maybe_ran is True

    def test_a_failed_read_never_ran_anything(self):
        made = scripted_transport(get("Job/7").raises(requests.exceptions.ReadTimeout("?")))
        with pytest.raises(RequestError) as caught:
            made.read("GET", "Job/7")
        assert caught.value.maybe_ran is False

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 413])
    def test_no_bad_answer_makes_a_write_go_out_twice(self, status):
        with RawServer() as server:
            bad = http_answer(status, headers="Retry-After: 0\r\n")
            server.add(server.answer(bad, http_answer(200)))
            made = transport(server.url)
            assert made.write("POST", "createtask", body={}).status == status
            made.close()
        assert len(server.requests) == 1

    def test_a_dead_kept_connection_is_not_used_for_a_write(self):
        with served(http_answer(200)) as (made, server):
            server.add(server.answer(http_answer(200)))
            assert made.write("POST", "createtask", body={}).status == 200
            deadline = time.monotonic() + 5
            while server.connections < 2 and time.monotonic() < deadline:
                # The server closed the first connection; the client must notice instead of losing a request in it.
                time.sleep(0.05)
                assert made.write("POST", "createtask", body={}).status == 200
        assert len(server.requests) == 2


class TestRepeats:
    def test_reads_are_repeated_on_passing_faults(self):
        with RawServer() as server:
            server.add(
                server.answer(http_answer(503), http_answer(502)),
                server.reset_after_request,
                server.answer(http_answer(200, b'{"jobs": []}')),
            )
            made = transport(server.url, read_retries=3)
            assert made.read("POST", "Jobs", body={}).data == {"jobs": []}
            made.close()
        assert len(server.requests) == 4
        assert made.counts().reads == 1

    def test_reads_give_up_after_the_given_number(self):
        with served(*[http_answer(503)] * 3, read_retries=2) as (made, server):
            assert made.read("GET", "Job/7").status == 503
        assert len(server.requests) == 3

    def test_no_retries_means_none(self):
        with served(http_answer(503), http_answer(200), read_retries=0) as (made, _server):
            assert made.read("GET", "Job/7").status == 503

    def test_a_lasting_500_is_read_once(self):
        with served(http_answer(500, b'{"errorCode": 7}'), http_answer(200)) as (made, _server):
            assert made.read("GET", "Job/7").status == 500

    @pytest.mark.parametrize(
        ("headers", "wait"),
        [
            ("Retry-After: 7\r\n", 7),
            ("X-RateLimit-Period: 9\r\n", 9.0),
            ("Retry-After: 0.5\r\n", 0.5),
            ("X-RateLimit-Period: 3600\r\nX-RateLimit-Reset: 2\r\n", 2),
            ("", 1.0),
            ("X-RateLimit-Period: x\r\n", 1.0),
        ],
    )
    @pytest.mark.parametrize("verb", ["read", "send_unrepeated"])
    def test_a_429_is_waited_out_as_the_server_says(self, slept, headers, wait, verb):
        with served(http_answer(429, headers=headers), http_answer(200)) as (made, _server):
            assert getattr(made, verb)("POST", "createtask", body={}).status == 200
        assert slept == [wait]

    def test_a_429_that_takes_too_long_is_handed_back(self, slept):
        with served(http_answer(429, headers="X-RateLimit-Period: 3600\r\n"), http_answer(200)) as (made, _server):
            assert made.read("POST", "Jobs", body={}).status == 429
        assert slept == []

    def test_a_429_of_a_write_is_handed_back_for_whoever_sends_many(self, slept):
        with served(http_answer(429, headers="Retry-After: 7\r\n"), http_answer(200)) as (made, _server):
            assert made.write("POST", "createtask", body={}).status == 429
        assert slept == []


def test_a_header_that_cannot_be_sent_is_wrong_input():
    made = transport("http://127.0.0.1:1")
    with pytest.raises(InvalidInput):
        made.read("GET", "Job/7", headers={"Authtoken": "a\nb"})


def test_errors_carry_no_trace_of_the_library():
    made = scripted_transport(
        get("Job/7").raises(requests.exceptions.ConnectionError("https://cc.example.com/?token=SECRET"))
    )
    with pytest.raises(RequestError) as caught:
        made.read("GET", "Job/7")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_retry_rules_survive_being_used():
    rules = _session.read_rules(3, _session.RetryQuota(), max_wait=5)
    fresh = rules.new(connect=1)
    assert (fresh.max_wait, fresh.quota) == (5, rules.quota)


def started(body=b'{"taskId": 1, "jobIds": ["7"]}', **kwargs):
    return http_answer(200, body, **kwargs)


class TestAnswersThatAreBroken:
    """Whatever goes wrong while an answer is read, the request was carried out."""

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
            # It says where it ends, so the connection would be kept, which the server closes at some time.
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            b"HTTP/1.1 twohundred OK\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/9 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"Content-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000 + b"\r\n\r\n{}",
            b"HTTP/1.1 102 Processing\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        ],
    )
    def test_such_a_request_may_have_run_and_no_connection_is_lost(self, answer):
        with RawServer() as server:
            for _time in range(3):
                server.add(server.answer(answer))
            server.add(server.answer(started()))
            made = transport(server.url, read_retries=0)
            for _time in range(3):
                with pytest.raises(RequestError) as caught:
                    made.write("POST", "createtask", body={})
                assert caught.value.maybe_ran
                assert caught.value.kind in ("interrupted", "bad_reply")
            assert made.write("POST", "createtask", body={}).data["jobIds"] == ["7"]
            made.close()
            assert len(server.requests) == 4

    @pytest.mark.parametrize("interim", [b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 E\r\nLink: x\r\n\r\n"])
    def test_interim_answers_are_read_past(self, interim):
        with served(b"HTTP/1.1 100 Continue\r\n\r\n" + 3 * interim + started(), started(b"{}")) as (made, _server):
            assert made.write("POST", "createtask", body={}).data["jobIds"] == ["7"]
            # What comes next on this connection belongs to the next request.
            assert made.write("POST", "createtask", body={}).data == {}

    def test_an_answer_that_drips_has_a_limit_as_a_whole(self):
        def drip(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _byte in range(1000):
                connection.sendall(b" ")
                time.sleep(0.02)

        with RawServer(drip) as server:
            made = transport(server.url, timeout=0.1)
            with pytest.raises(RequestError, match="not complete in the time") as caught:
                made.write("POST", "createtask", body={})
            assert (caught.value.kind, caught.value.maybe_ran) == ("timeout", True)
            made.close()

    def test_headers_that_drip_have_it_too(self):
        def drip(connection):
            read_request(connection)
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)

        with RawServer(drip) as server:
            made = transport(server.url, timeout=30)
            with pytest.raises(RequestError) as caught:
                made.read("GET", "Job/7", repeat=False, within=0.3)
            assert caught.value.kind == "timeout"
            made.close()

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_body_has_a_largest_size(self, monkeypatch, packed):
        monkeypatch.setattr(_session, "MAX_BODY", 1 << 20)
        body = b" " * (2 << 20)
        headers = "Content-Encoding: gzip\r\n" if packed else ""
        with RawServer() as server:
            server.add(server.answer(http_answer(200, gzip.compress(body) if packed else body, headers)))
            server.add(server.answer(started()))
            made = transport(server.url)
            with pytest.raises(RequestError, match="larger than 64 MiB") as caught:
                made.write("POST", "createtask", body={})
            assert (caught.value.kind, caught.value.maybe_ran) == ("bad_reply", True)
            assert made.write("POST", "createtask", body={}).status == 200
            made.close()


def test_a_server_that_wants_a_client_certificate_carries_nothing_out():
    made = scripted_transport(
        post("createtask").raises(
            requests.exceptions.SSLError("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
        )
    )
    with pytest.raises(RequestError, match="wants a certificate of the client") as caught:
        made.write("POST", "createtask", body={})
    assert (caught.value.kind, caught.value.maybe_ran) == ("tls", False)


def test_another_tls_error_after_the_request_may_have_run():
    made = scripted_transport(post("createtask").raises(requests.exceptions.SSLError("EOF in violation of protocol")))
    with pytest.raises(RequestError) as caught:
        made.write("POST", "createtask", body={})
    assert (caught.value.kind, caught.value.maybe_ran) == ("interrupted", True)


@pytest.mark.parametrize("fault", [KeyError("x"), RecursionError(), MemoryError(), AssertionError()])
def test_a_fault_of_a_library_after_the_request_may_have_run(fault):
    made = scripted_transport(post("createtask").raises(fault))
    with pytest.raises(RequestError) as caught:
        made.write("POST", "createtask", body={})
    assert (caught.value.kind, caught.value.maybe_ran) == ("interrupted", True)


def test_all_requests_of_a_run_share_a_number_of_repeats(monkeypatch):
    monkeypatch.setattr(_session, "RETRY_QUOTA", 4)
    with RawServer() as server:
        bad, good = http_answer(503), http_answer(200)
        server.add(server.answer(*[bad] * 8, good, bad, good))
        made = transport(server.url, read_retries=2)
        # Three attempts, three, and then one each, until an answer has earned one more.
        assert [made.read("GET", "x").status for _time in range(5)] == [503, 503, 503, 503, 200]
        assert made.read("GET", "x").status == 200
        made.close()
        assert len(server.requests) == 11


def test_a_bundle_from_the_environment_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(InvalidInput, match=r"REQUESTS_CA_BUNDLE.*'/nowhere/ca.pem'.*does not exist"):
        transport()


def test_only_a_name_without_an_address_is_an_unknown_host():
    made = transport("https://no-such-host.invalid")
    with pytest.raises(RequestError) as caught:
        made.read("GET", "Job/7", repeat=False)
    assert (caught.value.kind, caught.value.unknown_host) == ("connection", True)
    made = transport(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(RequestError) as caught:
        made.read("GET", "Job/7", repeat=False)
    assert (caught.value.kind, caught.value.unknown_host) == ("connection", False)
