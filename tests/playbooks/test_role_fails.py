# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts the role fails. That rests on how Ansible handles run_once and failed hosts, which its releases do not do
alike, so the gates run these with each ansible-core.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun

from .conftest import Play

ROLE = "rdsops.commvault.oracle_rds_export_backup"
INVENTORY = """
oracle_rds:
  vars: {commvault_client_name: aws-prod}
  hosts:
    orders: {commvault_instance_name: orders}
    billing: {commvault_instance_name: billing}
    archive: {commvault_instance_name: archive, commvault_client_name: aws-old}
    hr: {commvault_instance_name: hr}
"""
IMPORTED = f"""
    - name: Back up
      ansible.builtin.import_role:
        name: {ROLE}
        rolespec_validate: false
"""
INCLUDED = IMPORTED.replace("import_role", "include_role")
ONCE = IMPORTED + "      run_once: true\n"
WAYS = pytest.mark.parametrize(
    "tasks", [IMPORTED, INCLUDED, ONCE], ids=["imported", "included", "imported with run_once"]
)
PATCH = """
    - name: Patch
      ansible.builtin.debug:
        msg: "Patching {{ inventory_hostname }}"
"""


def a_play(tasks: str, *keywords: str) -> str:
    lines = ["", "- name: Back up before patching", "  hosts: oracle_rds", "  gather_facts: false"]
    return "\n".join([*lines, *(f"  {keyword}" for keyword in keywords), "  tasks:"]) + tasks


def failed_in_the_recap(run: PlaybookRun) -> list[str]:
    """The hosts that AWX's relaunch on failed hosts would take."""
    return sorted(host for host, counts in run.stats.items() if counts.get("failures"))


def patched(run: PlaybookRun) -> list[str]:
    return sorted(run.tasks.get("Patch", {}))


@WAYS
def test_in_batches_what_failed_fails_also_after_a_batch_that_succeeded(play: Play, tasks: str) -> None:
    run = play(a_play(tasks + PATCH, "serial: 2"), inventory=INVENTORY)
    assert list(run.failed) == failed_in_the_recap(run) == ["archive"]
    assert "no eligible subclients" in run.failed["archive"]
    assert patched(run) == ["billing", "hr", "orders"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [(False, []), ("false", []), ("no", []), (True, ["archive"]), ("", ["archive"]), (None, ["archive"])],
)
def test_hosts_are_failed_unless_the_answer_is_no(play: Play, answer: t.Any, failed: list[str]) -> None:
    variables = {"oracle_rds_export_backup_fail_hosts": answer}
    run = play(a_play(IMPORTED + PATCH), inventory=INVENTORY, extravars=variables)
    assert list(run.failed) == failed_in_the_recap(run) == failed
    assert patched(run) == sorted({"archive", "billing", "hr", "orders"} - set(failed))


def test_a_role_that_is_not_wanted_does_nothing_and_the_play_goes_on(play: Play, simulator: Simulator) -> None:
    tasks = IMPORTED.rstrip("\n") + "\n      when: false\n"
    run = play(a_play(tasks + PATCH), inventory=INVENTORY)
    assert run.rc == 0
    assert patched(run) == ["archive", "billing", "hr", "orders"]
    assert simulator.journal() == []


@pytest.mark.parametrize("keywords", [(), ("serial: 2",)], ids=["all at once", "in batches"])
@pytest.mark.parametrize("other", ["orders", "billing"])
def test_a_condition_that_differs_between_hosts_is_refused_before_anything_is_started(
    play: Play, simulator: Simulator, keywords: tuple[str, ...], other: str
) -> None:
    """Else those that it is true for would be patched without a backup."""
    tasks = IMPORTED.rstrip("\n") + f"\n      when: inventory_hostname != '{other}'\n"
    run = play(a_play(tasks + PATCH, *keywords), inventory=INVENTORY)
    assert run.rc == 2
    others = sorted({"orders", "billing", "archive", "hr"} - {other})
    assert sorted(run.failed) == failed_in_the_recap(run) == others
    assert all("is not the same for all hosts" in text for text in run.failed.values())
    assert "include_role" in next(iter(run.failed.values()))
    assert simulator.journal() == []


def test_a_condition_of_include_role_holds_for_each_host(play: Play, simulator: Simulator) -> None:
    tasks = INCLUDED.rstrip("\n") + "\n      when: inventory_hostname in ['billing', 'hr']\n"
    run = play(a_play(tasks + PATCH), inventory=INVENTORY)
    assert run.rc == 0
    assert sorted(job["instance"] for job in simulator.jobs()) == ["billing", "hr"]
    assert patched(run) == ["archive", "billing", "hr", "orders"]


@pytest.mark.parametrize("keywords", [(), ("serial: 2",)], ids=["all at once", "in batches"])
def test_a_role_that_is_included_for_one_host_of_many_is_refused_and_stops_all(
    play: Play, simulator: Simulator, keywords: tuple[str, ...]
) -> None:
    run = play(a_play(INCLUDED + "      run_once: true\n" + PATCH, *keywords), inventory=INVENTORY)
    assert list(run.failed) == ["orders"]
    assert "include_role with run_once" in run.failed["orders"]
    assert patched(run) == []
    assert simulator.journal() == []


@pytest.mark.parametrize("keyword", ["include_role", "import_role"])
def test_the_role_in_a_rescue_is_refused(play: Play, simulator: Simulator, keyword: str) -> None:
    tasks = f"""
    - name: Try
      block:
        - name: Try something
          ansible.builtin.fail:
          when: inventory_hostname == 'hr'
      rescue:
        - name: Back up
          ansible.builtin.{keyword}:
            name: rdsops.commvault.oracle_rds_export_backup
"""
    run = play(a_play(tasks), inventory=INVENTORY)
    assert list(run.failed) == ["hr"] or "rescue section" in run.failed["hr"]
    assert "rescue section" in run.failed["hr"]
    assert simulator.journal() == []


WRONG = INVENTORY.replace("{commvault_instance_name: hr}", "{}")
# What cannot be told before it is tried.
TOO_LONG = f"{'night' * 60}.json"
MISSING = "Not started: commvault_instance_name is missing. Correct the variables of this host."
OTHERS = (
    "Not started, since variables of other hosts are wrong: hr. Correct them, or set"
    " oracle_rds_export_backup_on_invalid to skip to start the others."
)


@WAYS
def test_a_start_that_fails_as_a_whole_fails_every_host_with_the_cause(
    play: Play, simulator: Simulator, tasks: str
) -> None:
    """Else a relaunch on failed hosts would be green with a backup of the first host alone."""
    run = play(a_play(tasks + PATCH, "max_fail_percentage: 30"), inventory=WRONG)
    assert run.rc == 2
    assert run.failed == {**dict.fromkeys(["archive", "billing", "orders"], OTHERS), "hr": MISSING}
    assert failed_in_the_recap(run) == sorted(run.failed)
    assert patched(run) == []
    assert simulator.journal() == []


@WAYS
def test_in_batches_a_start_that_fails_as_a_whole_ends_the_play(play: Play, simulator: Simulator, tasks: str) -> None:
    run = play(a_play(tasks + PATCH, "serial: 2"), inventory=WRONG)
    assert run.rc == 2
    assert run.failed == dict.fromkeys(["billing", "orders"], OTHERS)
    assert patched(run) == []
    assert simulator.journal() == []


def test_a_rescue_sees_why_nothing_was_started_on_every_host_and_later_plays_have_all(play: Play) -> None:
    tasks = f"""
    - name: Back up, or say why not
      block:
        - name: Back up
          ansible.builtin.include_role:
            name: {ROLE}
            rolespec_validate: false
          vars:
            # Fails before the role's own code can have a say.
            oracle_rds_export_backup_concurrency: "{{{{ nowhere_defined }}}}"
      rescue:
        - name: Say why not
          ansible.builtin.debug:
            msg: ["{{{{ ansible_failed_result.msg }}}}", "{{{{ oracle_rds_export_backup_result.msg }}}}"]
"""
    run = play(a_play(tasks, "max_fail_percentage: 30") + a_play(PATCH), inventory=INVENTORY)
    assert run.rc == 0
    said = {host: result["msg"] for host, result in run.tasks["Say why not"].items()}
    assert sorted(said) == patched(run) == ["archive", "billing", "hr", "orders"]
    for message, cause in said.values():
        assert "nowhere_defined" in message
        assert message == cause


def test_hosts_whose_variables_are_wrong_can_be_left_behind(play: Play, simulator: Simulator) -> None:
    run = play(a_play(IMPORTED + PATCH), inventory=WRONG, extravars={"oracle_rds_export_backup_on_invalid": "skip"})
    assert sorted(run.failed) == ["archive", "hr"]
    assert run.failed["hr"] == MISSING
    assert sorted(job["instance"] for job in simulator.jobs()) == ["billing", "orders"]
    assert patched(run) == ["billing", "orders"]


def test_a_list_that_cannot_be_started_fails_once(play: Play) -> None:
    run = play(
        "rdsops.commvault.export_backup",
        extravars={"oracle_rds_export_backup_hosts": "localhost", "oracle_rds_export_backup_instances": [{"id": "x"}]},
    )
    assert list(run.failed) == ["localhost"]
    assert "client_name" in run.failed["localhost"]


@WAYS
def test_without_a_report_what_failed_fails_by_its_own_cause_and_one_host_for_the_report(
    play: Play, tmp_path: Path, tasks: str
) -> None:
    """All others have good backups, which a relaunch on failed hosts must not start again."""
    more = {"oracle_rds_export_backup_report_path": f"{tmp_path}/{TOO_LONG}"}
    run = play(a_play(tasks + PATCH), inventory=INVENTORY, extravars=more)
    assert run.rc == 2
    assert failed_in_the_recap(run) == sorted(run.failed) == ["archive", "orders"]
    assert "no eligible subclients" in run.failed["archive"]
    assert run.failed["orders"].startswith("The report was not written: ")
    assert "File name too long" in run.failed["orders"]
    assert patched(run) == ["billing", "hr"]
