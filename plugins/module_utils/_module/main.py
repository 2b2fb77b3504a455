# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Being a module: options from Ansible, a result to Ansible, and the module's own work in between."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._argspec import connection_spec
from .._http.session import HAS_REQUESTS, REQUESTS_IMPORT_ERROR
from .._redact import Redactor, named_secrets, secret_forms
from .run import Circumstances, ModuleRun, perform

if t.TYPE_CHECKING:
    from .._argspec import ArgumentSpec
    from .run import Work


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


def run_module(spec: ArgumentSpec, work: Work) -> None:
    """Be a module: spec holds its own options. Ends the process."""
    complete = connection_spec().merge(spec)
    module = _Module(supports_check_mode=True, **complete.kwargs())
    if not HAS_REQUESTS:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    redactor = Redactor(listener=module.no_log_values.update)
    circumstances = Circumstances(module.check_mode, module._diff, module._verbosity, module.warn)
    from_environment = complete.environment.complete(complete.options, module.params)
    result = perform(ModuleRun(module.params, circumstances, redactor, from_environment), work, redactor)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
