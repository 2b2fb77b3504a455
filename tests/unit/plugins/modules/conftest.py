# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of tests of modules."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import connection_spec
from ansible_collections.rdsops.commvault.plugins.module_utils._module.run import AnsibleModule, ModuleRun
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of a module."""
    texts: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: texts.append(text))
    return texts


def _with_defaults(options: dict[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
    """Values of options, completed as Ansible does it."""
    params = {**{name: option.get("default") for name, option in options.items()}, **given}
    for name, value in params.items():
        suboptions = options[name].get("options")
        if suboptions and isinstance(value, dict):
            params[name] = _with_defaults(suboptions, value)
        elif suboptions and value:
            params[name] = [_with_defaults(suboptions, entry) for entry in value]
    return params


@pytest.fixture
def run_simulated(simulator: Simulator) -> t.Callable[..., dict[str, t.Any]]:
    """Runs a module against the simulator, without Ansible; its warnings are in the result. Raises what it raises."""

    def run(module: t.Any, *, check: bool = False, diff: bool = False, **options: t.Any) -> dict[str, t.Any]:
        given = {"url": simulator.url, "auth_token": simulator.token, "timeout": 10.0, **options}
        params = _with_defaults({**connection_spec().options, **module.argument_spec().options}, given)
        warnings: list[str] = []
        result = module.run(ModuleRun(params, Redactor(), check, diff, 0, warnings.append))
        return {**result, "warnings": warnings}

    return run
