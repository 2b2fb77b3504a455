# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for the https listener: a CA made at start, and a server certificate that is good or bad as ordered."""

from __future__ import annotations

import datetime
from pathlib import Path

import trustme

MODES = ("ok", "expired", "wrong-host")


def make(directory: Path, mode: str = "ok") -> tuple[Path, Path, Path]:
    """Write CA, certificate chain and key into ``directory`` and return their paths.

    :param mode: ``ok``; ``expired``, a certificate whose time is over; ``wrong-host``, one for another host name.
    """
    authority = trustme.CA(organization_name="CommServe simulator")
    names = ["elsewhere.example.invalid"] if mode == "wrong-host" else ["localhost", "127.0.0.1"]
    if mode == "expired":
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = authority.issue_cert(
            *names, not_before=now - datetime.timedelta(days=30), not_after=now - datetime.timedelta(days=1)
        )
    else:
        certificate = authority.issue_cert(*names)
    ca_file, chain, key = directory / "ca.pem", directory / "server.pem", directory / "server.key"
    authority.cert_pem.write_to_path(str(ca_file))
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(certificate.private_key_pem.bytes())
    return ca_file, chain, key
