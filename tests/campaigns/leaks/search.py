# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Searches files for secrets, also inside of what Ansible packs into its modules."""

from __future__ import annotations

import base64
import binascii
import contextlib
import gzip
import io
import re
import typing as t
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from .forms import needles

_BASE64_BLOCK = re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")
_AROUND = 60


@dataclass(frozen=True)
class Finding:
    """A secret in a place where it must not be. excerpt: what stands before it."""

    channel: str
    place: str
    secret: str
    form: str
    excerpt: str

    def __str__(self) -> str:
        return f"{self.channel}: {self.secret} ({self.form}) in {self.place} after {self.excerpt!r}"


class Searcher:
    """Knows the secrets by name."""

    def __init__(self, secrets: t.Mapping[str, str]) -> None:
        self._needles = [
            (needle, name, form) for name, secret in secrets.items() for needle, form in needles(secret).items()
        ]

    def in_bytes(self, data: bytes, channel: str, place: str) -> list[Finding]:
        """Each secret that is in data, once."""
        found: dict[str, Finding] = {}
        for part, inner in _unpacked(data, place):
            for needle, name, form in self._needles:
                if name in found:
                    continue
                at = part.find(needle)
                if at >= 0:
                    before = part[max(0, at - _AROUND) : at].decode("utf-8", "replace")
                    found[name] = Finding(channel, inner, name, form, before)
        return list(found.values())

    def in_tree(self, root: Path, channel: str, without: t.Collection[str] = ()) -> list[Finding]:
        """Each secret in the files below root, in their names, and where links lead to. without: names of files."""
        findings = []
        for path in sorted([root, *root.rglob("*")]):
            if path.name in without and path.is_file():
                continue
            name = str(path.relative_to(root.parent))
            findings += self.in_bytes(name.encode(), channel, f"the name {name}")
            if path.is_symlink():
                findings += self.in_bytes(str(path.readlink()).encode(), channel, f"the link {name}")
            elif path.is_file():
                findings += self.in_bytes(path.read_bytes(), channel, name)
        return findings


def _unpacked(data: bytes, place: str, depth: int = 3) -> t.Iterator[tuple[bytes, str]]:
    """The data, and what is packed in it: zip, gzip, and long blocks of Base64."""
    yield data, place
    if depth == 0:
        return
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield from _unpacked(archive.read(name), f"{place}!{name}", depth - 1)
        except zipfile.BadZipFile:
            pass
    elif data[:2] == b"\x1f\x8b":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield from _unpacked(gzip.decompress(data), f"{place}!", depth - 1)
    for block in _BASE64_BLOCK.findall(data):
        try:
            inner = base64.b64decode(block + b"=" * (-len(block) % 4))
        except binascii.Error:
            continue
        yield from _unpacked(inner, f"{place} (Base64)", depth - 1)
