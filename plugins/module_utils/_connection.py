# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""The options that every module and plugin shares, and the CommCell that they lead to. Knows option names, but no
AnsibleModule.
"""

from __future__ import annotations

import os
import typing as t

from ._api import CommCell
from ._auth import Token
from ._base_url import parse_base_url
from ._errors import InvalidInput
from ._http import Transport

if t.TYPE_CHECKING:
    from ._redact import Redactor

    Option = t.Callable[[str], t.Any]

SECRET_OPTIONS = ("auth_token",)


def open_commcell(option: Option, redactor: Redactor, *, pool_size: int = 1) -> CommCell:
    """The CommCell that the connection options describe. Nothing is sent yet.

    option: gives the value of an option by its name. redactor: learns every secret. pool_size: requests at once.
      Raises InvalidInput.
    """
    for name in SECRET_OPTIONS:
        redactor.add(option(name))
    base = parse_base_url(_required(option, "url"), bool(option("allow_http")))
    credential = Token(_required(option, "auth_token"), option("auth_scheme"))
    transport = Transport(
        base,
        redactor,
        timeout=positive(option, "timeout"),
        validate_certs=option("validate_certs"),
        ca_path=_existing_path(option, "ca_path"),
        read_retries=_not_negative(option, "read_retries"),
        pool_size=pool_size,
    )
    return CommCell(transport, credential)


def _required(option: Option, name: str) -> str:
    value = option(name)
    if not value:
        raise InvalidInput(f"{name} is missing. Set the option or the environment variable COMMVAULT_{name.upper()}.")
    return value


def positive(option: Option, name: str) -> t.Any:
    """The value of a numeric option that must be above 0. Raises InvalidInput."""
    value = option(name)
    if not value > 0:
        raise InvalidInput(f"{name} must be a positive number, not {value}.")
    return value


def _not_negative(option: Option, name: str) -> int:
    value = option(name)
    if value < 0:
        raise InvalidInput(f"{name} must not be negative, but is {value}.")
    return value


def _existing_path(option: Option, name: str) -> str | None:
    # AWX sets a variable to '' where a credential field was left empty.
    value = option(name)
    if not value:
        return None
    path = os.path.expanduser(value)
    if not os.path.exists(path):
        raise InvalidInput(f"{name} {value!r} does not exist on the machine that runs this task.")
    return path
