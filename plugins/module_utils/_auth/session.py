# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins that last longer than one task: begun in a file, used from there by later tasks, and ended."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from .._errors import CommvaultError, InvalidInput
from .login import new_device
from .token import auth_headers
from .token_file import BASE_URL, session_content, session_in
from .token_store import CannotStore, TokenStore

if t.TYPE_CHECKING:
    from .accounts_api import AccountsApi

# In the file of a session whose directory was made for it alone.
OWN_DIRECTORY = "ownDirectory"


class Ended(t.NamedTuple):
    """What became of the end of a session.

    Attributes:
        found: Whether there was one.
        complaint: Why the server may not have ended it, None if it has; the file is gone all the same.
    """

    found: bool
    complaint: str | None = None


def begin(
    accounts: AccountsApi, base_url: str, username: str, password: str, domain: str | None, path: str | None
) -> str:
    """Log in and keep the session in a file; returns its path.

    That the file can be written is made sure of before the login.

    Args:
        accounts: The accounts of the CommCell.
        base_url: Where the session is good for.
        username: Of the account.
        password: Of the account.
        domain: Of the directory, if the account is not a local one.
        path: The file, None for a new one in a directory of its own.

    Raises:
        RequestError: The login failed.
        InvalidInput: The file holds something else than a session, or cannot be written.
    """
    own = path is None
    store = TokenStore(path or os.path.join(tempfile.mkdtemp(prefix="rdsops-commvault-"), "session.json"))
    try:
        with store.locked(), store.replacement() as place:
            if not own:
                _check_replaceable(store)
            device = new_device()
            token = accounts.login(username, password, domain, device)
            content = session_content(token, device, base_url)
            if own:
                content[OWN_DIRECTORY] = True
            try:
                place.commit(content)
            except CannotStore:
                with contextlib.suppress(CommvaultError):
                    accounts.logout(auth_headers(*token))
                raise
    except CannotStore as exc:
        _clean_up(store, own)
        raise InvalidInput(f"The session cannot be kept in {store.path!r}: {exc}.") from None
    except BaseException:
        _clean_up(store, own)
        raise
    return store.path


def _check_replaceable(store: TokenStore) -> None:
    """Raises InvalidInput if the file is there and is not that of a session."""
    if os.path.lexists(store.path) and session_in(store.read()) is None:
        raise InvalidInput(f"{store.path!r} holds something else than a session, and is not replaced.")


def _clean_up(store: TokenStore, own: bool) -> None:
    if own:
        with contextlib.suppress(CannotStore, OSError):
            store.remove()
            os.rmdir(os.path.dirname(store.path))


def end(accounts: AccountsApi, base_url: str, hide: t.Callable[[str], object], path: str) -> Ended:
    """Log out the session in a file, and remove the file.

    Args:
        accounts: The accounts of the CommCell.
        base_url: Where the session must be good for.
        hide: Told of the secret in the file.
        path: The file.

    Raises:
        InvalidInput: The file holds something else than a session, or one of another server, or cannot be removed.
    """
    store = TokenStore(path)
    if not os.path.lexists(store.path):
        return Ended(False)
    try:
        with store.locked():
            if not os.path.lexists(store.path):
                return Ended(False)
            content = store.read()
            token = session_in(content)
            if token is None:
                raise InvalidInput(f"{store.path!r} holds no session of a login. It is left as it is.")
            hide(token.token)
            hide(token.token.rpartition(" ")[2])
            bound = content.get(BASE_URL)
            if bound != base_url:
                raise InvalidInput(f"The session in {store.path!r} is one of another server than {base_url}.")
            complaint = None
            try:
                accounts.logout(auth_headers(*token))
            except CommvaultError as error:
                complaint = str(error)
            store.remove()
    except CannotStore as exc:
        raise InvalidInput(f"{store.path!r} cannot be removed: {exc}.") from None
    if content.get(OWN_DIRECTORY):
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(store.path))
    return Ended(True, complaint)
