# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs: what belongs together in AnsibleModule, in one object that can be merged."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.validation import check_type_dict


class Environment:
    """Values of options that come from environment variables.

    Like Ansible's env_fallback, but a variable that is set to nothing counts as not set, since AWX sets those for empty
    fields; and it is known afterwards which options were not given by the user.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()

    def fallback(self, name: str) -> tuple[t.Callable[[str], str], list[str]]:
        """The value of fallback for an option that may come from the environment variable name."""
        return self.value, [name]

    def value(self, name: str) -> str:
        """The value of a variable. Raises AnsibleFallbackNotFound if it has none."""
        value = os.environ.get(name)
        if not value or not value.strip():
            raise AnsibleFallbackNotFound
        self._used.add(name)
        return value

    def complete(self, options: t.Mapping[str, t.Any], params: dict[str, t.Any]) -> set[str]:
        """The names of the options whose values in params came from the environment.

        Ansible asks for a fallback only where an option is missing; one that is set to nothing gets its value here.
        """
        found = set()
        for name, option in options.items():
            variable = option["fallback"][1][0] if "fallback" in option else None
            if variable and params.get(name) in (None, ""):
                with contextlib.suppress(AnsibleFallbackNotFound):
                    params[name] = self.value(variable)
                    found.add(name)
            elif variable in self._used:
                found.add(name)
        return found


class ArgumentSpec:
    """An argument spec with its constraints.

    environment: gives options their environment variable's value, and knows which it did so for.
    """

    def __init__(
        self,
        options: dict[str, t.Any],
        *,
        mutually_exclusive: t.Sequence[t.Sequence[str]] = (),
        required_together: t.Sequence[t.Sequence[str]] = (),
        required_one_of: t.Sequence[t.Sequence[str]] = (),
        environment: Environment | None = None,
    ) -> None:
        self.options = options
        self.environment = environment or Environment()
        self.constraints = {
            "mutually_exclusive": list(mutually_exclusive),
            "required_together": list(required_together),
            "required_one_of": list(required_one_of),
        }

    def merge(self, other: ArgumentSpec) -> ArgumentSpec:
        """A new spec with the options and constraints of both."""
        merged = ArgumentSpec({**self.options, **other.options}, environment=self.environment)
        for name, own in self.constraints.items():
            merged.constraints[name] = own + other.constraints[name]
        return merged

    def kwargs(self) -> dict[str, t.Any]:
        """The arguments for AnsibleModule."""
        return {"argument_spec": self.options, **self.constraints}


def not_a_dictionary(options: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
    """What is wrong with a string in a list of dictionaries; else empty. Ansible's own message does not say where."""
    for name, option in options.items():
        members = given.get(name)
        if option.get("elements") != "dict" or not isinstance(members, (list, str)):
            continue
        for index, member in enumerate([members] if isinstance(members, str) else members):
            try:
                check_type_dict(member if isinstance(member, str) else {})
            except TypeError:
                return f"{name}[{index}] is a string. Give a dictionary, as in the examples of the documentation."
    return ""


def connection_spec() -> ArgumentSpec:
    """The options of the doc fragment rdsops.commvault._connection."""
    environment = Environment()
    from_env = environment.fallback
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
            "username": {"type": "str", "fallback": from_env("COMMVAULT_USERNAME")},
            "password": {"type": "str", "no_log": True, "fallback": from_env("COMMVAULT_PASSWORD")},
            "domain": {"type": "str", "fallback": from_env("COMMVAULT_DOMAIN")},
            "token_file": {"type": "path", "no_log": False, "fallback": from_env("COMMVAULT_TOKEN_FILE")},
            "validate_certs": {"type": "bool", "default": True, "fallback": from_env("COMMVAULT_VALIDATE_CERTS")},
            "ca_path": {"type": "path", "fallback": from_env("COMMVAULT_CA_PATH")},
            "timeout": {"type": "float", "default": 60, "fallback": from_env("COMMVAULT_TIMEOUT")},
            "read_retries": {"type": "int", "default": 3},
            "allow_http": {"type": "bool", "default": False},
            "commcell_profile": {"type": "raw", "fallback": from_env("COMMVAULT_PROFILE")},
        },
        environment=environment,
    )
