# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._argspec import ArgumentSpec
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._module import run as _module
from ansible_collections.rdsops.commvault.tests.support.module_runner import TOKEN


def module_that(work):
    return types.SimpleNamespace(main=lambda: _module.run_module(ArgumentSpec({"text": {"type": "str"}}), work))


def test_the_result_of_the_work_is_the_result_of_the_module(run_module):
    result = run_module(
        module_that(lambda run: {"changed": run.check_mode, "text": run.params["text"]}), check=True, text="x"
    )
    assert (result["changed"], result["text"]) == (True, "x")


def test_an_error_fails_the_module_with_its_failure(run_module):
    def work(run):
        raise InvalidInput("text is odd.")

    result = run_module(module_that(work))
    assert (result["failed"], result["msg"], result["failure"]["kind"]) == (True, "text is odd.", "invalid_input")


def test_a_fault_is_a_clean_failure_without_secrets_or_trace(run_module):
    def work(run):
        run.open()
        raise KeyError(f"header {TOKEN}")

    result = run_module(module_that(work), verbosity=5)
    assert result["failed"] is True
    assert result["failure"]["kind"] == "internal"
    assert "KeyError at test_run.py:" in result["msg"]
    assert TOKEN not in result.text
    assert "Traceback" not in result.text


def test_secrets_are_masked_in_results_in_every_form(run_module):
    import base64

    encoded = base64.b64encode(TOKEN.encode()).decode()

    def work(run):
        run.open()
        return {"plain": TOKEN, "encoded": encoded, "inside": f"x{encoded}y"}

    result = run_module(module_that(work))
    assert TOKEN not in result.text
    assert encoded not in result.text


def free_form(work):
    spec = ArgumentSpec({"extra": {"type": "dict"}, "number": {"type": "int"}})
    return types.SimpleNamespace(main=lambda: _module.run_module(spec, work))


def test_secrets_in_free_form_options_are_masked_before_the_module_has_its_first_word(run_module, monkeypatch):
    logged = []
    monkeypatch.setattr(_module.AnsibleModule, "log", lambda _module, _text, log_args=None: logged.append(log_args))
    extra = {"deep": [{"userPassword": "SECRET-deep", "name": "open"}]}
    result = run_module(free_form(lambda run: {"copy": run.params["extra"]}), extra=extra)
    assert "SECRET" not in result.text + str(logged)
    assert "open" in result.text
    assert "open" in str(logged)


def test_secrets_in_free_form_options_are_masked_where_other_options_are_wrong(run_module):
    result = run_module(free_form(lambda _run: {}), extra={"password": "SECRET-deep"}, number="x", verbosity=3)
    assert "number" in result["msg"]
    assert "SECRET" not in result.text


def test_a_password_in_url_is_refused_and_not_shown(run_module):
    result = run_module(module_that(lambda run: run.open() or {}), url="https://svc:SECRET-pw@host/api", verbosity=5)
    assert "url must not hold a user name or password" in result["msg"]
    assert "SECRET" not in result.text


def test_switching_certificates_off_is_warned_about(run_module, monkeypatch):
    warnings = []
    monkeypatch.setattr(_module.AnsibleModule, "warn", lambda _module, text: warnings.append(text))

    def work(run):
        run.open()
        return {}

    run_module(module_that(work), validate_certs=True)
    assert warnings == []
    run_module(module_that(work), validate_certs=False)
    assert "validate_certs is false" in warnings[0]


def test_a_missing_library_is_named(run_module, monkeypatch):
    monkeypatch.setattr(_module, "HAS_REQUESTS", False)
    result = run_module(module_that(lambda _run: {}))
    assert result["failed"] is True
    assert "requests" in result["msg"]


@pytest.mark.parametrize(
    ("name", "option", "value"), [("COMMVAULT_URL", "url", "env.example.com"), ("COMMVAULT_TIMEOUT", "timeout", 7.0)]
)
def test_options_come_from_the_environment(run_module, monkeypatch, name, option, value):
    monkeypatch.setenv(name, str(value))
    result = run_module(module_that(lambda run: {"value": run.params[option]}), url=None)
    assert result["value"] == value
