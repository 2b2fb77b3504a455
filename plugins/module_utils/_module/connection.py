# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module and plugin shares, and the CommCell that they lead to. Knows option names, but no
AnsibleModule.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import os
import typing as t

from .._auth.token import Token
from .._commcell import CommCell
from .._errors import InvalidInput
from .._http.base_url import parse_base_url
from .._http.profile import read_profile
from .._http.transport import Transport

if t.TYPE_CHECKING:
    from .._commcell import Credential
    from .._redact import Redactor

    Option = t.Callable[[str], t.Any]

LONGEST_TIMEOUT = 86400  # seconds; what is much longer no socket takes
SECRET_OPTIONS = ("auth_token", "password")
# The options of each kind of credentials; where the environment gives several kinds, the first of them counts.
KINDS = (("auth_token",), ("token_file",), ("username", "password"))
UNPROVEN = (
    "validate_certs is false: nothing proves that the server is the CommCell, and the credentials go to whatever"
    " answers. Use ca_path for a certificate of a private CA."
)


def open_commcell(
    option: Option,
    redactor: Redactor,
    *,
    pool_size: int = 1,
    from_environment: t.Container[str] = (),
    outage_timeout: float = 0.0,
    deadline: float | None = None,
) -> CommCell:
    """The CommCell that the connection options describe. Nothing is sent yet.

    Args:
        option: Gives the value of an option by its name.
        redactor: Learns every secret.
        pool_size: Requests at once.
        from_environment: The options whose values nobody gave in so many words.
        outage_timeout: Seconds for which a CommCell that is away is waited for.
        deadline: When nothing is waited for in any case, as of time.monotonic.

    Raises:
        InvalidInput: An option cannot be used.
    """
    profile = read_profile(option("commcell_profile"))
    transport = open_transport(option, redactor, pool_size=pool_size)
    # What the user says in so many words counts more than what was seen once.
    scheme = option("auth_scheme")
    if profile.auth_scheme and scheme == "authtoken":
        scheme = profile.auth_scheme
    commcell = CommCell(transport, _credential(option, transport, from_environment, scheme), profile=profile)
    commcell.outage.timeout, commcell.outage.deadline = outage_timeout, deadline
    return commcell


def open_transport(option: Option, redactor: Redactor, *, pool_size: int = 1) -> Transport:
    """The transport to the server that the connection options describe; arguments as of open_commcell. Raises
    InvalidInput.
    """
    for name in SECRET_OPTIONS:
        redactor.add(option(name))
    base = parse_base_url(required(option, "url"), bool(option("allow_http")))
    return Transport(
        base,
        redactor,
        timeout=positive(option, "timeout", LONGEST_TIMEOUT),
        validate_certs=option("validate_certs"),
        ca_path=_existing_path(option, "ca_path"),
        read_retries=_not_negative(option, "read_retries"),
        pool_size=pool_size,
    )


def _credential(
    option: Option, transport: Transport, from_environment: t.Container[str], auth_scheme: str
) -> Credential:
    kind = credentials_kind(option, from_environment)
    if kind == ("auth_token",):
        transport.redactor.add(option("auth_token").rpartition(" ")[2])
        return Token(option("auth_token"), auth_scheme)
    # Imported here because a ready token, what most runs have, does without.
    from .._auth.accounts_api import AccountsApi

    accounts = AccountsApi(transport)
    if kind == ("token_file",):
        from .._auth.token_file import TokenFile
        from .._auth.token_store import TokenStore

        store = TokenStore(os.path.expanduser(option("token_file")))
        return TokenFile(store, accounts, transport.redactor, transport.base.url, auth_scheme)
    from .._auth.login import Login

    return Login(accounts, required(option, "username"), required(option, "password"), option("domain"))


def credentials_kind(option: Option, from_environment: t.Container[str]) -> tuple[str, ...]:
    """Which kind of credentials to use: what was given in so many words beats the environment. Raises InvalidInput."""
    given = [kind for kind in KINDS if any(option(name) for name in kind)]
    on_purpose = [kind for kind in given if any(option(name) and name not in from_environment for name in kind)]
    if len(on_purpose) > 1:
        raise InvalidInput(
            f"{' and '.join(' with '.join(kind) for kind in on_purpose)} are set at once. Give one kind of credentials."
        )
    if not given:
        raise InvalidInput(
            "The credentials are missing. Set one of auth_token, token_file, or username with password, or one of the"
            " environment variables COMMVAULT_AUTH_TOKEN, COMMVAULT_TOKEN_FILE, or COMMVAULT_USERNAME with"
            " COMMVAULT_PASSWORD."
        )
    return (on_purpose or given)[0]


def required(option: Option, name: str) -> str:
    """The value of an option that must be set, here or in the environment. Raises InvalidInput."""
    value = option(name)
    if not value:
        raise InvalidInput(f"{name} is missing. Set the option or the environment variable COMMVAULT_{name.upper()}.")
    return value


def positive(option: Option, name: str, at_most: float = float("inf")) -> t.Any:
    """The value of a numeric option that must be above 0. Raises InvalidInput."""
    value = option(name)
    if not value > 0:
        raise InvalidInput(f"{name} must be a positive number, not {value}.")
    if value > at_most:
        raise InvalidInput(f"{name} must be at most {at_most:g}, not {value}.")
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
