# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the gates read out of the output of tools."""

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.tests.gates import readings


@pytest.mark.parametrize(
    ("output", "closing"),
    [
        ("....\n4 passed in 0.12s\n", "4 passed in 0.12s"),
        ("x\n===== 4 passed, 1 skipped in 75.01s (0:01:15) =====\n", "4 passed, 1 skipped in 75.01s (0:01:15)"),
        ("2 failed, 815 passed, 3 skipped in 33.61s\n", "2 failed, 815 passed, 3 skipped in 33.61s"),
    ],
)
def test_the_closing_line_of_pytest_is_kept(output: str, closing: str) -> None:
    reading = readings.pytest(output)
    assert reading.closing == [closing]
    assert reading.problems == []


@pytest.mark.parametrize("output", ["no tests ran in 0.01s\n", "3 skipped in 0.10s\n", "usage: pytest\n", ""])
def test_a_pytest_run_without_a_passed_test_is_a_problem(output: str) -> None:
    assert readings.pytest(output).problems == ["no test passed"]


def test_skipped_tests_are_told() -> None:
    reading = readings.pytest("SKIPPED [1] tests/unit/test_x.py:7: no IPv6\n1 passed, 1 skipped in 0.10s\n")
    assert reading.notes == ["SKIPPED [1] tests/unit/test_x.py:7: no IPv6"]


def test_a_sanity_test_may_be_skipped_for_a_missing_python_only() -> None:
    reading = readings.ansible_test(
        'Running sanity test "import" on Python 3.12\n'
        'WARNING: Skipping sanity test "import" on Python 3.14 because it could not be found.\n'
        'WARNING: Skipping sanity test "shellcheck" because shellcheck is not installed.\n'
        "WARNING: Location 'file:///x' is ignored: it is neither a file nor a directory.\n"
    )
    assert reading.notes == ['Skipping sanity test "import" on Python 3.14 because it could not be found.']
    assert reading.problems == ['Skipping sanity test "shellcheck" because shellcheck is not installed.']


def test_a_sanity_run_without_a_test_is_a_problem() -> None:
    assert readings.ansible_test("").problems == ["no sanity test ran"]


def test_a_warning_of_ansible_lint_is_a_problem() -> None:
    passed = "Passed: 0 failure(s), 0 warning(s) in 70 files processed of 90 encountered."
    assert readings.ansible_lint(passed).problems == []
    assert readings.ansible_lint(passed.replace("0 warning", "1 warning")).problems != []


def test_a_warning_of_the_importer_is_a_problem() -> None:
    assert readings.galaxy_importer("Importing\nWARNING: No changelog found.\n").problems == [
        "WARNING: No changelog found."
    ]
