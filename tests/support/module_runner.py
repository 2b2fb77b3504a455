# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's main() in this process, as Ansible would call it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as module_warnings

patch_module_args: t.Any
try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core before 2.19
    patch_module_args = None

if t.TYPE_CHECKING:
    from types import ModuleType


from ansible_collections.rdsops.commvault.plugins.module_utils._http import transport as _http

from .scripted_http import Script

URL = "https://cc.example.com"
TOKEN = "SECRET-token-for-tests-0123456789"


class Result(dict[str, t.Any]):
    """What the module returned; text is its whole output."""

    text: str = ""


class ModuleRunner:
    """Runs modules; made by the fixture run_module."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(
        self,
        module: ModuleType,
        script: Script | None = None,
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        **args: t.Any,
    ) -> Result:
        """Run main() of a module with args on top of a URL and a token; script: the exchanges to expect (None: no
        request at all).
        """
        exchanges = script or Script()
        original = _http.make_session

        def scripted_session(*session_args: t.Any, **session_kwargs: t.Any) -> t.Any:
            session = original(*session_args, **session_kwargs)
            exchanges.mount_on(session)
            return session

        self._monkeypatch.setattr(_http, "make_session", scripted_session)
        params = {
            "url": URL,
            "auth_token": TOKEN,
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
            "_ansible_verbosity": verbosity,
            **args,
        }
        self._capfd.readouterr()
        with pytest.raises(SystemExit):
            self._main(module, {name: value for name, value in params.items() if value is not None})
        self._monkeypatch.setattr(_http, "make_session", original)
        text = self._capfd.readouterr().out
        exchanges.finish()
        result = Result(json.loads(text[text.index("{") :]))
        result.text = text
        return result

    def _main(self, module: ModuleType, params: dict[str, t.Any]) -> None:
        if callable(patch_module_args):
            with patch_module_args(params):
                module.main()
        else:
            # What earlier modules of this process warned of would be in the result of this one.
            module_warnings._global_warnings.clear()
            encoded = json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode()
            self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", encoded)
            module.main()
