# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of a module, in its own process or in Ansible's; the one place where a module's errors are caught."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import os
import sys
import traceback
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._argspec import connection_spec
from .._errors import CommvaultError
from .._http.session import HAS_REQUESTS, REQUESTS_IMPORT_ERROR
from .._redact import Redactor, named_secrets, url_secret
from .connection import UNPROVEN, open_commcell, open_transport
from .masking import masked, weak_secrets

if t.TYPE_CHECKING:
    from .._argspec import ArgumentSpec
    from .._commcell import CommCell
    from .._http.transport import Transport

    # Gets the run, returns the result; a result with failed: true fails the task.
    Work = t.Callable[["ModuleRun"], t.Dict[str, t.Any]]


@dataclass(frozen=True)
class ModuleRun:
    """One run of a module.

    Attributes:
        params: The checked options.
        redactor: Knows the secrets of the run.
        check_mode: Whether nothing is to be changed.
        diff_mode: Whether to return what differs.
        verbosity: How many times -v was given.
        show_warning: Shows the user a text that holds no secret; see warn.
        from_environment: The options whose values came from environment variables.
        deadline: When the time of the task is over, as of time.monotonic; None for never.
        ignore_task_timeout: Lets the run go on to its result all the same.
        parent_has_died: Whether nobody is left to hear the result.
        on_progress: Shows people how far a wait is; None where they cannot see it.
        show: Shows people a line at once, as on_progress.
    """

    params: dict[str, t.Any]
    redactor: Redactor
    check_mode: bool
    diff_mode: bool
    verbosity: int
    show_warning: t.Callable[[str], object]
    from_environment: t.Container[str] = ()
    deadline: float | None = None
    ignore_task_timeout: t.Callable[[], object] = lambda: None
    parent_has_died: t.Callable[[], bool] = lambda: False
    on_progress: t.Callable[[t.Any], None] | None = None
    show: t.Callable[[str], object] | None = None

    def warn(self, text: str) -> None:
        """Show the user a warning; text holds no secret."""
        self.show_warning(self.redactor.clean(text))

    def open(self, pool_size: int = 1, outage_timeout: float = 0.0, params: dict[str, t.Any] | None = None) -> CommCell:
        """The CommCell of the connection options.

        Args:
            pool_size: Requests at once.
            outage_timeout: Seconds for which a CommCell that is away is waited for; never beyond the task's own time.
            params: Options in place of those of the run.

        Raises:
            InvalidInput: An option cannot be used.
        """
        self._warn_of_unproven_servers()
        commcell = open_commcell(
            (params or self.params).__getitem__,
            self.redactor,
            pool_size=pool_size,
            from_environment=self.from_environment,
            outage_timeout=outage_timeout,
            deadline=self.deadline,
        )
        commcell.outage.tell = self.show
        return commcell

    def open_transport(self) -> Transport:
        """The connection to the server alone, without credentials. Raises InvalidInput."""
        self._warn_of_unproven_servers()
        return open_transport(self.params.__getitem__, self.redactor)

    def set_explicitly(self, name: str) -> bool:
        """Whether an option was set, and not by its environment variable."""
        return bool(self.params[name]) and name not in self.from_environment

    def _warn_of_unproven_servers(self) -> None:
        if not self.params["validate_certs"]:
            self.warn(UNPROVEN)

    def hide(self, *secrets: str) -> None:
        """Mask secrets in whatever this module puts out."""
        for secret in secrets:
            self.redactor.add(secret)


def run_safely(run: ModuleRun, work: Work) -> dict[str, t.Any]:
    """The result of the work; any error becomes a result with failed, msg and failure."""
    try:
        return work(run)
    except CommvaultError as exc:
        return failed(exc)
    except Exception as exc:  # noqa: BLE001  # pylint: disable=broad-except
        # Left alone, Ansible would print it with its trace, and the text of a foreign error can hold a secret.
        return failed(CommvaultError(f"A fault in rdsops.commvault, please report it: {_describe(exc, run.redactor)}"))


def failed(error: CommvaultError) -> dict[str, t.Any]:
    """The result that reports an error."""
    return {"failed": True, "msg": str(error), "failure": error.failure()}


def _describe(exc: Exception, redactor: Redactor) -> str:
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return f"{type(exc).__name__} at {place}: {redactor.excerpt(str(exc))}"


def find_secrets(params: t.Mapping[str, t.Any], options: t.Mapping[str, t.Any], redactor: Redactor) -> None:
    """Learn the secrets among options: those that are one, what free-form ones hold under names that sound secret, and
    what is refused in url.

    Args:
        params: The values.
        options: As of an argument specification.
        redactor: Learns them.
    """
    for name, value in params.items():
        secret = (options.get(name) or {}).get("no_log") and isinstance(value, str)
        for found in [value] if secret else named_secrets(value):
            redactor.add(found)
        if name == "url" and isinstance(value, str):
            redactor.add(url_secret(value))


class _Module(AnsibleModule):
    """An AnsibleModule that masks its result by itself, since Ansible would do it in names, too.

    It learns the secrets among its options before anything else happens: Ansible writes the options to the system's
    log, and shows them when they are wrong, before a module has its first word.
    """

    _redactor: Redactor | None = None

    @property
    def redactor(self) -> Redactor:
        """Knows all secrets of this run."""
        if self._redactor is None:
            self._redactor = Redactor(listener=self._hide)
            find_secrets(getattr(self, "params", None) or {}, self.argument_spec, self._redactor)
        return self._redactor

    def _hide(self, forms: set[str]) -> None:
        # Not tell_ansible: from ansible-core 2.22 on, a module hands what it was told on in its result, unmasked.
        self.no_log_values.update(forms)

    def _log_invocation(self) -> None:
        given = self.params
        self.params = masked(given, self.redactor)
        super()._log_invocation()
        self.params = given

    def _return_formatted(self, kwargs: dict[str, t.Any]) -> None:
        result = masked({"invocation": {"module_args": getattr(self, "params", {})}, **kwargs}, self.redactor)
        # What is left of secrets was left on purpose.
        texts = json.dumps(result, default=str, ensure_ascii=False)
        self.no_log_values = {form for form in self.no_log_values if str(form) not in texts}
        if hasattr(self, "_new_secrets"):
            # From ansible-core 2.22 on they would stand in the result, as they are, for Ansible to mask them. There is
            # nothing left to mask, and the files of async keep results.
            self._new_secrets.flush()
        super()._return_formatted(result)


def run_module(spec: ArgumentSpec, work: Work) -> None:
    """Be a module; ends the process.

    Args:
        spec: The module's own options.
        work: What it does.
    """
    complete = connection_spec().merge(spec)
    module = _Module(supports_check_mode=True, **complete.kwargs())
    if not HAS_REQUESTS:
        # The first words are Ansible's own, by which people search.
        said = missing_required_lib("requests").partition(". ")[0]
        install = f"Install it there: {sys.executable} -m pip install requests"
        module.fail_json(msg=f"{said}. {install}", exception=REQUESTS_IMPORT_ERROR)
    run = ModuleRun(
        module.params,
        module.redactor,
        module.check_mode,
        module._diff,
        module._verbosity,
        module.warn,
        complete.environment.complete(complete.options, module.params),
    )
    for warning in weak_secrets(run.params):
        module.warn(warning)
    result = run_safely(run, work)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
