# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts the role fails. That rests on how Ansible handles run_once and failed hosts, which its releases do not do
alike, so the gates run these with each ansible-core.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator
from ansible_collections.rdsops.commvault.tests.support.playbooks import PlaybookRun

from .conftest import Play

ROLE = "rdsops.commvault.oracle_rds_export_backup"
HOSTS = {
    "orders": {"commvault_instance_name": "orders"},
    "billing": {"commvault_instance_name": "billing"},
    "archive": {"commvault_instance_name": "archive", "commvault_client_name": "aws-old"},
    "hr": {"commvault_instance_name": "hr"},
}
IMPORTED = f"""
    - name: Back up
      ansible.builtin.import_role:
        name: {ROLE}
        rolespec_validate: false
"""
INCLUDED = IMPORTED.replace("import_role", "include_role")
ONCE = IMPORTED + "      run_once: true\n"
WAYS = {"imported": IMPORTED, "included": INCLUDED, "imported_once": ONCE}
EACH_WAY = pytest.mark.parametrize("tasks", WAYS.values(), ids=WAYS)
PATCH = """
    - name: Patch
      ansible.builtin.debug:
        msg: "Patching {{ inventory_hostname }}"
"""


def inventory(*groups: str, **more: dict[str, str]) -> str:
    """The text of an inventory with all hosts, and more of them, in each group: orders-GROUP, and so on."""
    hosts = {**HOSTS, **more}
    members = {group: {"hosts": {f"{host}-{group}": one for host, one in hosts.items()}} for group in groups}
    return json.dumps({**members, "all": {"vars": {"commvault_client_name": "aws-prod"}}}, indent=1)


def a_play(tasks: str, *keywords: str, hosts: str = "all") -> str:
    """The text of a play. As long as a play leaves one host without failure, plays after it are played."""
    lines = ["", "- name: Back up before patching", f"  hosts: {hosts}", "  gather_facts: false"]
    return "\n".join([*lines, *(f"  {keyword}" for keyword in keywords), "  tasks:"]) + tasks


def of(group: str, *hosts: str) -> list[str]:
    """The names of hosts in a group of the inventory, as sorted."""
    return sorted(f"{host}-{group}" for host in hosts)


def failed_in_the_recap(run: PlaybookRun) -> list[str]:
    """The hosts that AWX's relaunch on failed hosts would take."""
    return sorted(host for host, counts in run.stats.items() if counts.get("failures"))


def patched(run: PlaybookRun) -> list[str]:
    return sorted(run.tasks.get("Patch", {}))


def test_in_batches_what_failed_fails_also_after_a_batch_that_succeeded(play: Play) -> None:
    plays = [a_play(tasks + PATCH, "serial: 2", hosts=way) for way, tasks in WAYS.items()]
    run = play("".join(plays), inventory=inventory(*WAYS))
    assert sorted(run.failed) == failed_in_the_recap(run) == sorted(f"archive-{way}" for way in WAYS)
    assert all("no eligible subclients" in text for text in run.failed.values())
    assert patched(run) == sorted(host for way in WAYS for host in of(way, "billing", "hr", "orders"))


def test_hosts_are_failed_unless_the_answer_is_no(play: Play) -> None:
    answers = {"False": False, "false": "false", "no": "no", "True": True, "empty": "", "none": None}
    variable = "oracle_rds_export_backup_fail_hosts"
    plays = [
        a_play(IMPORTED + PATCH, f"vars: {json.dumps({variable: answer})}", hosts=f"answer_{name}")
        for name, answer in answers.items()
    ]
    run = play("".join(plays), inventory=inventory(*(f"answer_{name}" for name in answers)))
    failed = [f"archive-answer_{name}" for name in ("True", "empty", "none")]
    assert sorted(run.failed) == failed_in_the_recap(run) == sorted(failed)
    everybody = {host for name in answers for host in of(f"answer_{name}", *HOSTS)}
    assert patched(run) == sorted(everybody - set(failed))


def test_a_condition_holds_for_the_role_or_for_each_host_of_an_included_one(play: Play, simulator: Simulator) -> None:
    """A role that is not wanted does nothing, and the play goes on."""
    nowhere = IMPORTED.rstrip("\n") + "\n      when: false\n"
    somewhere = INCLUDED.rstrip("\n") + "\n      when: inventory_hostname in ['billing-included', 'hr-included']\n"
    plays = a_play(nowhere + PATCH, hosts="nowhere") + a_play(somewhere + PATCH, hosts="included")
    run = play(plays, inventory=inventory("nowhere", "included"))
    assert run.rc == 0
    assert sorted(job["instance"] for job in simulator.jobs()) == ["billing", "hr"]
    assert len(simulator.writes()) == 2
    assert patched(run) == sorted([*of("nowhere", *HOSTS), *of("included", *HOSTS)])


@pytest.mark.parametrize("other", ["orders", "billing"])
def test_a_condition_that_differs_between_hosts_is_refused_before_anything_is_started(
    play: Play, simulator: Simulator, other: str
) -> None:
    """Else those that it is true for would be patched without a backup."""
    tasks = IMPORTED.rstrip("\n") + f"\n      when: not inventory_hostname.startswith('{other}-')\n"
    plays = a_play(tasks + PATCH, hosts="together") + a_play(tasks + PATCH, "serial: 2", hosts="batches")
    run = play(plays, inventory=inventory("together", "batches"))
    assert run.rc == 2
    others = {*HOSTS} - {other}
    failed = [*of("batches", *others), *of("together", *others)]
    assert sorted(run.failed) == failed_in_the_recap(run) == sorted(failed)
    assert all("is not the same for all hosts" in text for text in run.failed.values())
    assert "include_role" in next(iter(run.failed.values()))
    assert simulator.journal() == []


@pytest.mark.parametrize("keywords", [(), ("serial: 2",)], ids=["all at once", "in batches"])
def test_a_role_that_is_included_for_one_host_of_many_is_refused_and_stops_all(
    play: Play, simulator: Simulator, keywords: tuple[str, ...]
) -> None:
    run = play(a_play(INCLUDED + "      run_once: true\n" + PATCH, *keywords), inventory=inventory("fleet"))
    assert list(run.failed) == ["orders-fleet"]
    assert "include_role with run_once" in run.failed["orders-fleet"]
    assert patched(run) == []
    assert simulator.journal() == []


def test_the_role_in_a_rescue_is_refused(play: Play, simulator: Simulator) -> None:
    plays = [
        a_play(
            f"""
    - name: Try
      block:
        - name: Try something
          ansible.builtin.fail:
          when: inventory_hostname.startswith('hr-')
      rescue:
        - name: Back up
          ansible.builtin.{keyword}:
            name: {ROLE}
""",
            hosts=keyword,
        )
        for keyword in ("include_role", "import_role")
    ]
    run = play("".join(plays), inventory=inventory("include_role", "import_role"))
    assert list(run.failed) == ["hr-include_role", "hr-import_role"]
    assert all("rescue section" in text for text in run.failed.values())
    assert simulator.journal() == []


WRONG = inventory("fleet", hr={})
# What cannot be told before it is tried.
TOO_LONG = f"{'night' * 60}.json"
MISSING = "Not started: commvault_instance_name is missing. Correct the variables of this host."
OTHERS = (
    "Not started, since variables of other hosts are wrong: hr-fleet. Correct them, or set"
    " oracle_rds_export_backup_on_invalid to skip to start the others."
)


@EACH_WAY
def test_a_start_that_fails_as_a_whole_fails_every_host_with_the_cause(
    play: Play, simulator: Simulator, tasks: str
) -> None:
    """Else a relaunch on failed hosts would be green with a backup of the first host alone."""
    run = play(a_play(tasks + PATCH, "max_fail_percentage: 30"), inventory=WRONG)
    assert run.rc == 2
    assert run.failed == {**dict.fromkeys(of("fleet", "archive", "billing", "orders"), OTHERS), "hr-fleet": MISSING}
    assert failed_in_the_recap(run) == sorted(run.failed)
    assert patched(run) == []
    assert simulator.journal() == []


@EACH_WAY
def test_in_batches_a_start_that_fails_as_a_whole_ends_the_play(play: Play, simulator: Simulator, tasks: str) -> None:
    run = play(a_play(tasks + PATCH, "serial: 2"), inventory=WRONG)
    assert run.rc == 2
    assert run.failed == dict.fromkeys(of("fleet", "billing", "orders"), OTHERS)
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
    run = play(a_play(tasks, "max_fail_percentage: 30") + a_play(PATCH), inventory=inventory("fleet"))
    assert run.rc == 0
    said = {host: result["msg"] for host, result in run.tasks["Say why not"].items()}
    assert sorted(said) == patched(run) == of("fleet", *HOSTS)
    for message, cause in said.values():
        assert "nowhere_defined" in message
        assert message == cause


def test_hosts_whose_variables_are_wrong_can_be_left_behind(play: Play, simulator: Simulator) -> None:
    run = play(a_play(IMPORTED + PATCH), inventory=WRONG, extravars={"oracle_rds_export_backup_on_invalid": "skip"})
    assert sorted(run.failed) == of("fleet", "archive", "hr")
    assert run.failed["hr-fleet"] == MISSING
    assert sorted(job["instance"] for job in simulator.jobs()) == ["billing", "orders"]
    assert patched(run) == of("fleet", "billing", "orders")


def test_a_list_that_cannot_be_started_fails_once(play: Play) -> None:
    run = play(
        "rdsops.commvault.export_backup",
        extravars={"oracle_rds_export_backup_hosts": "localhost", "oracle_rds_export_backup_instances": [{"id": "x"}]},
    )
    assert list(run.failed) == ["localhost"]
    assert "client_name" in run.failed["localhost"]


def test_without_a_report_what_failed_fails_by_its_own_cause_and_one_host_for_the_report(
    play: Play, tmp_path: Path
) -> None:
    """All others have good backups, which a relaunch on failed hosts must not start again."""
    more = {"oracle_rds_export_backup_report_path": f"{tmp_path}/{TOO_LONG}"}
    plays = [a_play(tasks + PATCH, hosts=way) for way, tasks in WAYS.items()]
    run = play("".join(plays), inventory=inventory(*WAYS), extravars=more)
    assert run.rc == 2
    failed = sorted(host for way in WAYS for host in of(way, "archive", "orders"))
    assert failed_in_the_recap(run) == sorted(run.failed) == failed
    for way in WAYS:
        assert "no eligible subclients" in run.failed[f"archive-{way}"]
        assert run.failed[f"orders-{way}"].startswith("The report was not written: ")
        assert "File name too long" in run.failed[f"orders-{way}"]
    assert patched(run) == sorted(host for way in WAYS for host in of(way, "billing", "hr"))
