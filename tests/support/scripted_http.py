# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A strict script of HTTP exchanges in place of a network: an unexpected call, a missing timeout or a left-over call
fails.
"""

from __future__ import annotations

import io
import json
import typing as t
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._http.base_url import parse_base_url
from ansible_collections.rdsops.commvault.plugins.module_utils._http.transport import Transport
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor


class Exchange:
    """One expected request and what is answered to it."""

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path = method, path
        self.body: t.Any = None
        self.headers: dict[str, str] = {}
        self.query: dict[str, list[str]] = {}
        self.answer: tuple[int, bytes, dict[str, str]] | Exception = (200, b"{}", {})

    def sends(self, body: t.Any) -> Exchange:
        """Expect this JSON body."""
        self.body = body
        return self

    def with_header(self, name: str, value: str) -> Exchange:
        """Expect this header."""
        self.headers[name] = value
        return self

    def with_query(self, **query: t.Any) -> Exchange:
        """Expect exactly this query."""
        self.query = {name: [str(value)] for name, value in query.items()}
        return self

    def returns(self, status: int, body: t.Any = None, headers: dict[str, str] | None = None) -> Exchange:
        """Answer with a JSON value, or with text or bytes as they are."""
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
        self.answer = (status, body, headers or {})
        return self

    def raises(self, error: Exception) -> Exchange:
        """Fail in the way requests would."""
        self.answer = error
        return self


def get(path: str) -> Exchange:
    """Expect a GET of a path below the base URL."""
    return Exchange("GET", path)


def post(path: str) -> Exchange:
    """Expect a POST to a path below the base URL."""
    return Exchange("POST", path)


class Script(BaseAdapter):
    """Mounted on a requests session: plays exchanges in order. The unit tests' conftest.py finishes every one made."""

    made: t.ClassVar[list[Script]] = []

    def __init__(self, *exchanges: Exchange, base: str = "/commandcenter/api") -> None:
        super().__init__()
        self._left = list(exchanges)
        self._base = base
        self.requests: list[t.Any] = []
        self.closed = False
        self.made.append(self)

    def mount_on(self, session: requests.Session) -> None:
        """Take the place of the network in a session."""
        session.mount("https://", self)
        session.mount("http://", self)

    def send(
        self,
        request: t.Any,
        stream: t.Any = False,
        timeout: t.Any = None,
        verify: t.Any = True,
        cert: t.Any = None,
        proxies: t.Any = None,
    ) -> requests.Response:
        assert timeout, f"{request.method} {request.url} has no timeout"
        assert verify is not None
        assert self._left, f"unexpected call: {request.method} {request.url} {request.body!r}"
        expected = self._left.pop(0)
        url = urlsplit(request.url)
        assert (request.method, url.path) == (expected.method, f"{self._base}/{expected.path}")
        assert parse_qs(url.query, keep_blank_values=True) == expected.query
        assert request.headers["Accept"] == "application/json"
        for name, value in expected.headers.items():
            assert request.headers.get(name) == value
        if expected.body is not None:
            assert json.loads(request.body) == expected.body
        self.requests.append(request)
        if isinstance(expected.answer, Exception):
            raise expected.answer
        status, body, headers = expected.answer
        response = requests.Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict(headers)
        response.raw = io.BytesIO(body)
        response._content = body
        response.url = request.url
        response.request = request
        return response

    def close(self) -> None:
        self.closed = True

    def finish(self) -> None:
        """Fail if an expected call was not made."""
        assert not self._left, f"not called: {[(e.method, e.path) for e in self._left]}"


def scripted_transport(
    *exchanges: Exchange,
    url: str = "cc.example.com",
    secrets: t.Iterable[str] = (),
    timeout: float = 5,
    **options: t.Any,
) -> Transport:
    """A transport that plays these exchanges; options: of Transport."""
    transport = Transport(parse_base_url(url), Redactor(secrets), timeout=timeout, **options)
    Script(*exchanges).mount_on(transport.session)
    return transport


def script_of(transport: Transport) -> Script:
    """What such a transport plays."""
    return t.cast("Script", transport.session.get_adapter("https://"))


def scripted_commcell(*exchanges: Exchange, **options: t.Any) -> CommCell:
    """A CommCell that plays these exchanges; options: of scripted_transport."""
    return CommCell(scripted_transport(*exchanges, **options), Token("token-of-this-test"))
