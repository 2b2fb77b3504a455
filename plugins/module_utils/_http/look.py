# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at the way to a server: connection, TLS, proxy, clock. Changes nothing.

This module util is private to the collection: it can change at any time. Do not use it from elsewhere.
"""

from __future__ import annotations

import ssl
import typing as t

_VERSIONS = {9: "0.9", 10: "1.0", 11: "1.1", 20: "2"}


class Look(t.NamedTuple):
    """What one request showed beside its answer.

    Attributes:
        status: Of HTTP.
        http_version: Such as "1.1".
        port: Of this end of the connection, the same for all requests of one; None where it is closed already.
        proxied: Whether a proxy is in between.
        tls: The version of TLS, empty for plain http.
        certificate_end: Epoch seconds, None where the certificate was not verified.
    """

    status: int
    http_version: str
    port: int | None
    proxied: bool
    tls: str
    certificate_end: float | None


def describe(response: t.Any, proxied: bool) -> Look:
    """What a response of requests shows as long as its body was not read.

    Args:
        proxied: Whether it came through a proxy.
    """
    connection = getattr(response.raw, "connection", None)
    sock = getattr(connection, "sock", None)
    port = sock.getsockname()[1] if sock is not None else None
    tls, end = "", None
    if isinstance(sock, ssl.SSLSocket):
        tls = sock.version() or ""
        # Empty where the certificate was not verified.
        until = (sock.getpeercert() or {}).get("notAfter")
        end = float(ssl.cert_time_to_seconds(until)) if isinstance(until, str) else None
    version = _VERSIONS.get(getattr(response.raw, "version", 0), "?")
    return Look(response.status_code, version, port, proxied, tls, end)
