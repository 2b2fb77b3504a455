# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Argument specs: what belongs together in AnsibleModule, in one object that can be merged."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound


class ArgumentSpec:
    """An argument spec with its constraints."""

    def __init__(
        self,
        options: dict[str, t.Any],
        *,
        mutually_exclusive: t.Sequence[t.Sequence[str]] = (),
        required_together: t.Sequence[t.Sequence[str]] = (),
        required_one_of: t.Sequence[t.Sequence[str]] = (),
    ) -> None:
        self.options = options
        self.constraints = {
            "mutually_exclusive": list(mutually_exclusive),
            "required_together": list(required_together),
            "required_one_of": list(required_one_of),
        }

    def merge(self, other: ArgumentSpec) -> ArgumentSpec:
        """A new spec with the options and constraints of both."""
        merged = ArgumentSpec({**self.options, **other.options})
        for name, own in self.constraints.items():
            merged.constraints[name] = own + other.constraints[name]
        return merged

    def kwargs(self) -> dict[str, t.Any]:
        """The arguments for AnsibleModule."""
        return {"argument_spec": self.options, **self.constraints}


def set_env_fallback(name: str) -> str:
    """Like Ansible's env_fallback, but a variable that is set to nothing counts as not set: AWX sets those for empty
    fields.
    """
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def from_env(name: str) -> tuple[t.Any, list[str]]:
    """The value of fallback for an option that may come from an environment variable."""
    return set_env_fallback, [name]


def connection_spec() -> ArgumentSpec:
    """The options of the doc fragment rdsops.commvault.connection."""
    return ArgumentSpec(
        {
            "url": {"type": "str", "fallback": from_env("COMMVAULT_URL")},
            "auth_token": {"type": "str", "no_log": True, "fallback": from_env("COMMVAULT_AUTH_TOKEN")},
            "auth_scheme": {
                "type": "str",
                "choices": ["authtoken", "bearer"],
                "default": "authtoken",
                "fallback": from_env("COMMVAULT_AUTH_SCHEME"),
            },
            "validate_certs": {"type": "bool", "default": True, "fallback": from_env("COMMVAULT_VALIDATE_CERTS")},
            "ca_path": {"type": "path", "fallback": from_env("COMMVAULT_CA_PATH")},
            "timeout": {"type": "float", "default": 60, "fallback": from_env("COMMVAULT_TIMEOUT")},
            "read_retries": {"type": "int", "default": 3},
            "allow_http": {"type": "bool", "default": False},
        }
    )
