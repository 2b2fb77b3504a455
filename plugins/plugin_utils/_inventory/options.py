# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a plugin on the controller: the same values as modules get from the same settings."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ...module_utils._argspec import connection_spec
from ...module_utils._errors import InvalidInput

PREFIX = "COMMVAULT_"
# Those that may be templates in a configuration file. Ansible makes absolute paths of the others, or numbers.
TEMPLATED = ("url", "auth_token", "username", "password", "domain")
BOOLEANS = ("validate_certs", "allow_http")


@contextlib.contextmanager
def without_empty_variables() -> t.Iterator[None]:
    """A variable that is set to nothing counts as not set, as in modules: AWX sets those for empty fields.

    Ansible would take such a one for a value, and for the value false where a boolean is asked for.
    """
    empty = [name for name, value in os.environ.items() if name.startswith(PREFIX) and not value.strip()]
    kept = {name: os.environ.pop(name) for name in empty}
    try:
        yield
    finally:
        os.environ.update(kept)


class ConnectionOptions:
    """Call it with the name of an option for its value."""

    def __init__(
        self,
        get_option: t.Callable[[str], t.Any],
        config: t.Mapping[str, t.Any],
        template: t.Callable[[str], t.Any],
    ) -> None:
        """get_option: of the plugin. config: what the configuration file sets. template: evaluates a template."""
        self._get_option = get_option
        self._config = config
        self._template = template

    def __call__(self, name: str) -> t.Any:
        """The value of an option. Raises InvalidInput."""
        value = self._get_option(name)
        if name in BOOLEANS:
            return self._boolean(name, value)
        if isinstance(value, str):
            # Also what is a string of a special kind, such as a text from a vault, is a plain one from here on.
            text = self._evaluated(name, value) if name in TEMPLATED and "{{" in value else value
            return str(text) if str(text).strip() else None
        return value

    def _evaluated(self, name: str, value: str) -> t.Any:
        try:
            result = self._template(value)
        except Exception as error:  # noqa: BLE001  # pylint: disable=broad-except
            # Not chained, and without its text: that can hold what the template is made of.
            raise InvalidInput(f"{name} cannot be evaluated as a template: {type(error).__name__}.") from None
        return "" if result is None else result

    def _boolean(self, name: str, value: t.Any) -> bool:
        """Ansible takes any text that it does not know for false; to check certificates must not end that way."""
        given = self._config.get(name)
        if given is None:
            given = os.environ.get(PREFIX + name.upper(), "").strip() or value
        try:
            return bool(boolean(given, strict=True))
        except TypeError:
            raise InvalidInput(f"{name} must be true or false, not {given!r}.") from None

    def from_environment(self) -> frozenset[str]:
        """The options whose values the configuration file does not set."""
        return frozenset(name for name in connection_spec().options if self._config.get(name) in (None, ""))


def texts(values: t.Iterable[t.Any], name: str) -> tuple[str, ...]:
    """The members of a list option as texts.

    Ansible converts the members of lists for modules, not for plugins. Numbers become texts here as well. What YAML
    takes for a boolean or a date does not: how it was written is not known any more.

    Args:
        name: Of the option.

    Raises:
        InvalidInput: A member cannot be used.
    """
    found = []
    for value in values:
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise InvalidInput(f"{name} must hold texts, not {value!r}. If it is meant as a text, put it in quotes.")
        found.append(str(value))
    return tuple(found)


def numbers(values: t.Iterable[t.Any], name: str) -> tuple[int, ...]:
    """The members of a list option as integers.

    Args:
        name: Of the option.

    Raises:
        InvalidInput: A member cannot be used.
    """
    found = []
    for value in values:
        try:
            if not isinstance(value, (str, int)) or isinstance(value, bool):
                raise ValueError
            found.append(int(value))
        except ValueError:
            raise InvalidInput(f"{name} must hold integers, not {value!r}.") from None
    return tuple(found)
