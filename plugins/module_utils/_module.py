# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""What every module does around its own work: options, connection, and the one place where errors are caught."""

from __future__ import annotations

import os
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._argspec import connection_spec
from ._connection import open_commcell, open_transport
from ._errors import CommvaultError
from ._redact import Redactor, named_secrets, secret_forms
from ._session import HAS_REQUESTS, REQUESTS_IMPORT_ERROR

if t.TYPE_CHECKING:
    from ._api import CommCell
    from ._argspec import ArgumentSpec
    from ._http import Transport

    # Gets the module and its CommCell, returns the result; a result with failed: true fails the module.
    Work = t.Callable[["ModuleRun"], t.Dict[str, t.Any]]


class _Module(AnsibleModule):
    """An AnsibleModule that also masks what free-form options hold under names that sound secret.

    It must do so before anything else happens: Ansible writes the options to the system's log, and shows them when they
    are wrong, before a module has its first word.
    """

    def fail_json(self, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        """As of AnsibleModule."""
        self._mask_free_forms()
        super().fail_json(*args, **kwargs)

    def _log_invocation(self) -> None:
        self._mask_free_forms()
        super()._log_invocation()

    def _mask_free_forms(self) -> None:
        for value in (getattr(self, "params", None) or {}).values():
            for secret in named_secrets(value):
                self.no_log_values.update(secret_forms(secret))


class ModuleRun:
    """One run of a module: its parameters and the CommCell that it works on."""

    def __init__(self, module: AnsibleModule, redactor: Redactor, from_environment: t.Container[str] = ()) -> None:
        """from_environment: the options whose values came from environment variables."""
        self.params: dict[str, t.Any] = module.params
        self.check_mode: bool = module.check_mode
        self.diff_mode: bool = module._diff
        self.verbosity: int = module._verbosity
        self._module = module
        self._redactor = redactor
        self._from_environment = from_environment

    def warn(self, text: str) -> None:
        """Show the user a warning; text holds no secret."""
        self._module.warn(self._redactor.clean(text))

    def open(self, pool_size: int = 1) -> CommCell:
        """The CommCell of the connection options; pool_size: requests at once. Raises InvalidInput."""
        self._warn_of_unproven_servers()
        return open_commcell(
            self.params.__getitem__, self._redactor, pool_size=pool_size, from_environment=self._from_environment
        )

    def open_transport(self) -> Transport:
        """The connection to the server alone, without credentials. Raises InvalidInput."""
        self._warn_of_unproven_servers()
        return open_transport(self.params.__getitem__, self._redactor)

    def given(self, name: str) -> bool:
        """Whether an option was set, and not by its environment variable."""
        return bool(self.params[name]) and name not in self._from_environment

    def _warn_of_unproven_servers(self) -> None:
        if not self.params["validate_certs"]:
            self.warn(
                "validate_certs is false: nothing proves that the server is the CommCell, and the credentials go to"
                " whatever answers."
                " Use ca_path for a certificate of a private CA."
            )

    def hide(self, *secrets: str) -> None:
        """Mask secrets in whatever this module puts out."""
        for secret in secrets:
            self._redactor.add(secret)


def run_module(spec: ArgumentSpec, work: Work) -> None:
    """Be a module: spec holds its own options. Ends the process."""
    complete = connection_spec().merge(spec)
    module = _Module(supports_check_mode=True, **complete.kwargs())
    if not HAS_REQUESTS:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    redactor = Redactor(listener=module.no_log_values.update)
    try:
        from_environment = complete.environment.complete(complete.options, module.params)
        result = work(ModuleRun(module, redactor, from_environment))
    except CommvaultError as exc:
        result = _failed(exc)
    except Exception as exc:  # noqa: BLE001  # pylint: disable=broad-except
        # Left alone, Ansible would print it with its trace, and the text of a foreign error can hold a secret.
        result = _failed(CommvaultError(f"A fault in rdsops.commvault, please report it: {_describe(exc, redactor)}"))
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _failed(error: CommvaultError) -> dict[str, t.Any]:
    return {"failed": True, "msg": str(error), "failure": error.failure()}


def _describe(exc: Exception, redactor: Redactor) -> str:
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return f"{type(exc).__name__} at {place}: {redactor.excerpt(str(exc))}"
