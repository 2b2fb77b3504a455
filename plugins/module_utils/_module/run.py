# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of a module's work, wherever it is: its options, its CommCell, and the one place where errors are caught."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import os
import traceback
import typing as t
from dataclasses import dataclass

from .._errors import CommvaultError
from .connection import open_commcell, open_transport

if t.TYPE_CHECKING:
    from .._commcell import CommCell
    from .._http.transport import Transport
    from .._jobs.wait_loop import Wait
    from .._redact import Redactor

    # Gets the run, returns the result; a result with failed: true fails the task.
    Work = t.Callable[["ModuleRun"], t.Dict[str, t.Any]]


@dataclass(frozen=True)
class Circumstances:
    """What Ansible says of a run beside the options.

    warn: shows the user a warning. deadline: when the time of the task is over, as of time.monotonic, None for never.
    outlive: lets the run go on to its result all the same. is_orphan: whether nobody is left to hear the result.
    on_progress: shows people how far a wait is, None where they cannot see it.
    """

    check_mode: bool
    diff_mode: bool
    verbosity: int
    warn: t.Callable[[str], object]
    deadline: float | None = None
    outlive: t.Callable[[], object] = lambda: None
    is_orphan: t.Callable[[], bool] = lambda: False
    on_progress: t.Callable[[Wait], None] | None = None


class ModuleRun:
    """One run of a module: its parameters and the CommCell that it works on."""

    def __init__(
        self,
        params: dict[str, t.Any],
        circumstances: Circumstances,
        redactor: Redactor,
        from_environment: t.Container[str] = (),
    ) -> None:
        """params: the checked options. from_environment: those whose values came from environment variables."""
        self.params = params
        self.check_mode = circumstances.check_mode
        self.diff_mode = circumstances.diff_mode
        self.verbosity = circumstances.verbosity
        self.deadline = circumstances.deadline
        self.outlive = circumstances.outlive
        self.is_orphan = circumstances.is_orphan
        self.on_progress = circumstances.on_progress
        self._warn = circumstances.warn
        self._redactor = redactor
        self._from_environment = from_environment

    def warn(self, text: str) -> None:
        """Show the user a warning; text holds no secret."""
        self._warn(self._redactor.clean(text))

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


def perform(run: ModuleRun, work: Work, redactor: Redactor) -> dict[str, t.Any]:
    """The result of the work; any error becomes a result with failed, msg and failure."""
    try:
        return work(run)
    except CommvaultError as exc:
        return failed(exc)
    except Exception as exc:  # noqa: BLE001  # pylint: disable=broad-except
        # Left alone, Ansible would print it with its trace, and the text of a foreign error can hold a secret.
        return failed(CommvaultError(f"A fault in rdsops.commvault, please report it: {_describe(exc, redactor)}"))


def failed(error: CommvaultError) -> dict[str, t.Any]:
    """The result that reports an error."""
    return {"failed": True, "msg": str(error), "failure": error.failure()}


def _describe(exc: Exception, redactor: Redactor) -> str:
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return f"{type(exc).__name__} at {place}: {redactor.excerpt(str(exc))}"
