# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks secrets in what a module returns, and has Ansible mask them in what it shows."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from .._redact import SHORT, Redactor

try:
    # It masks whatever it shows, and leaves results as they are.
    from ansible.module_utils.secrets import register_secrets  # type: ignore[import-not-found]
except ImportError:  # ansible-core before 2.22, which masks the results of modules by their no_log_values
    register_secrets = None


def tell_ansible(secrets: t.Iterable[str], names: t.Collection[str] = ()) -> None:
    """Have Ansible mask secrets in whatever it shows, where it can be told. For its own process, not for modules.

    Args:
        secrets: A short one, or one that is part of a name, is left out: Ansible would mask it in names of hosts and
            tasks. weak_secrets warns of short ones and of whole names.
        names: Of what is backed up.
    """
    if register_secrets:
        register_secrets(
            [secret for secret in secrets if len(secret) >= SHORT and not any(secret in name for name in names)]
        )


# The names of what is backed up, and the words by which playbooks decide. A password can be part of one by chance
# ("oracle" of "oracle-orders"). To mask it there would tell more of the password than it hides, and would take a job
# from its host.
_NAMES = frozenset(
    ("id", "client_name", "instance_name", "subclient_name", "backupset_name", "display_name", "db_instance_identifier")
)
_WORDS = frozenset(
    ("action", "check", "job_id", "job_ids", "kind", "option", "outcome", "source", "state", "status", "verdict")
)
_KEPT = _NAMES | _WORDS


def masked(value: t.Any, redactor: Redactor) -> t.Any:
    """A result, or the options of a task, without secrets; names and words stay as they are, and so do numbers."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, dict):
        return {key: member if key in _KEPT and _is_plain(member) else masked(member, redactor)
                for key, member in value.items()}  # fmt: skip
    if isinstance(value, (list, tuple, set)):
        return [masked(member, redactor) for member in value]
    return value


def _is_plain(value: t.Any) -> bool:
    """Whether it is a text, or texts."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(member, str) for member in value))


def weak_secrets(params: dict[str, t.Any]) -> list[str]:
    """Warnings of secrets among the options that masking cannot tell from other words."""
    secrets = {name: params.get(name) for name in ("auth_token", "password")}
    names = set(names_in(params))
    return [
        f"The {option} {'is also the name of a client or an instance' if secret in names else 'is very short'}. Names"
        " that contain it are shown, and messages that contain it become hard to read. Use another one."
        for option, secret in secrets.items()
        if secret and (len(secret) < SHORT or secret in names)
    ]


def names_in(value: t.Any, is_name: bool = False) -> t.Iterator[str]:
    """The names of what is backed up, among options."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from names_in(member, key in _NAMES or key == "client_names")
    elif isinstance(value, list):
        for member in value:
            yield from names_in(member, is_name)
    elif is_name and isinstance(value, str):
        yield value
