# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the files of a report can be written, as far as that can be told before there is anything to write."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import os
import re
import typing as t

from .._errors import InvalidInput
from .formats import format_of

# As AnsibleModule.set_mode_if_different of ansible-core 2.16 to 2.21 reads them.
_OCTAL = re.compile(r"(0o)?[0-7]{1,5}")
_SYMBOLIC_PART = r"(a|[ugo]*)([-+=][rwxXstugo]*)+"
_SYMBOLIC = re.compile(f"{_SYMBOLIC_PART}(,{_SYMBOLIC_PART})*")


def check_paths(paths: t.Sequence[str]) -> list[tuple[str, str]]:
    """The paths with their formats. Raises InvalidInput for what cannot be written."""
    if not paths:
        raise InvalidInput("path is an empty list: there is nothing to write.")
    targets: dict[str, tuple[str, str]] = {}
    for path in paths:
        name = format_of(path)
        directory = os.path.dirname(path) or "."
        if not os.path.isdir(directory):
            raise InvalidInput(f"{path!r} cannot be written: there is no directory {directory!r}.")
        if os.path.isdir(path):
            raise InvalidInput(f"{path!r} cannot be written: it is a directory.")
        if not os.access(directory, os.W_OK | os.X_OK):
            raise InvalidInput(f"{path!r} cannot be written: the user may not write to the directory {directory!r}.")
        real = os.path.realpath(path)
        if real in targets:
            raise InvalidInput(f"path names the same file twice: {targets[real][0]!r} and {path!r}.")
        targets[real] = (path, name)
    return list(targets.values())


def check_mode(mode: str | int | None) -> None:
    """Raises InvalidInput for what Ansible does not take for permissions. None or "": Ansible chooses them."""
    if mode and isinstance(mode, str) and not _OCTAL.fullmatch(mode) and not _SYMBOLIC.fullmatch(mode):
        raise InvalidInput(f"mode must be octal, such as '0640', or symbolic, such as 'u=rw,g=r', but is {mode!r}.")
