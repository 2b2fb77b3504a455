# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role backs up or looks at is what an ordinary task of each host sees, for every source of variables. That
rests on how Ansible puts variables together, so the gates run these with each ansible-core.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import typing as t
from pathlib import Path

from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator

from .conftest import HERE, Play

PLACE = HERE / "variables"
# The name of an instance, by host; each is of another source.
SOURCES = {
    "inventory": "plain",
    "play-vars": "{{ of_the_play }}",
    "vars-files": "{{ of_a_vars_file }}",
    "vars-prompt": "{{ of_a_prompt }}-1",
    "block-vars": "{{ of_the_block }}",
    "role-parameter": "{{ of_the_role }}",
    "include-vars": "{{ of_include_vars }}",
    "set-fact": "{{ of_set_fact }}",
    "registered": "{{ of_register.msg }}",
    "extra-vars": "{{ of_extra_vars }}",
    "group-vars": "{{ of_group_vars }}",
    "host-vars": "{{ of_host_vars }}",
    "other-host": "other-{{ hostvars['inventory'].commvault_instance_name }}",
    "lookup": "{{ lookup('ansible.builtin.env', 'OF_THE_ENVIRONMENT') }}",
    "play-name": "{{ ansible_play_name | replace(' ', '') }}",
    "hosts-all": "all-{{ ansible_play_hosts_all | length }}-{{ ansible_play_hosts_all | first }}",
    "batch": "batch-{{ ansible_play_batch | length }}-{{ ansible_play_hosts | last }}",
    "groups": "groups-{{ groups.oracle_rds | length }}-{{ group_names | join('-') }}",
    "own-names": "{{ inventory_hostname }}-{{ inventory_hostname_short }}",
    "version": "core-{{ ansible_version.major }}",
    "check": "check-{{ ansible_check_mode }}",
    "playbook-dir": "dir-{{ playbook_dir | basename }}",
    "a-number": 42,
    "chain": "{{ link }}",
    "a-condition": "{{ 'odd' if inventory_hostname in groups.odd else 'even' }}-one",
    "a-filter": "{{ ['x', 'y'] | join('-') | upper }}",
    "precedence": "{{ of_set_fact_and_inventory }}",
}
VAULT = """!vault |
              $ANSIBLE_VAULT;1.1;AES256
              34393464376135313838373164336531373963373638626637396131643737646433613962643963
              3935393230336264343632393666616338343565633363370a323366346331393562326135646565
              64303663303336303561303966393534653838373138633264326463353064633437343463633262
              6666643865636662350a636333303334376239636530663832613766616461626233633133353435
              6539"""
PASSWORD = "pw"
# What cannot be written as JSON.
TAGGED = f"""
    vault:
      commvault_client_name: {VAULT}
      commvault_instance_name: of-a-vault-client
    vault-in-template:
      secret_name: {VAULT}
      commvault_instance_name: "{{{{ secret_name }}}}-x"
    unsafe:
      commvault_instance_name: !unsafe "{{{{ not a template }}}}"
"""


def inventory(sources: t.Mapping[str, t.Any]) -> str:
    hosts = {host: {"commvault_instance_name": name} for host, name in sources.items()}
    hosts["chain"].update(link="{{ link2 }}", link2="end-{{ of_the_play }}")
    hosts["precedence"].update(of_set_fact_and_inventory="{{ of_set_fact }}", of_set_fact="not this")
    for host, name, value in (
        ("omitted", "commvault_subclient_name", "{{ nothing | default(omit) }}"),
        ("own-client", "oracle_rds_export_backup_client_name", "{{ of_the_play }}"),
        ("own-display", "commvault_display_name", "Of {{ of_the_play }}"),
    ):
        hosts[host] = {"commvault_instance_name": host, name: value}
    lines = [f"    {host}: {json.dumps(variables)}" for host, variables in hosts.items()]
    text = "oracle_rds:\n  vars:\n    commvault_client_name: aws-{{ of_the_play }}\n  hosts:\n" + "\n".join(lines)
    return text + TAGGED + "odd:\n  hosts:\n    include-vars:\n    a-condition:\n"


def asked(simulator: Simulator) -> dict[str, dict[str, str]]:
    """What Commvault was asked to back up, by instance, without what it has by default."""
    associations = [one for write in simulator.writes() for one in write["body"]["taskInfo"]["associations"]]
    names = {"client_name": "clientName", "subclient_name": "subclientName", "display_name": "displayName"}
    found = {one["instanceName"]: {key: one[name] for key, name in names.items()} for one in associations}
    for one in found.values():
        if one["display_name"] == one["client_name"]:
            del one["display_name"]
        if one["subclient_name"] == "default":
            del one["subclient_name"]
        one["client_name"] = digest(one["client_name"])
    return {digest(name): one for name, one in found.items()}


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def test_each_source_is_seen_as_an_ordinary_task_of_the_host_sees_it(
    play: Play, simulator: Simulator, tmp_path: Path
) -> None:
    """The databases that are looked at are those that would be backed up."""
    shutil.copytree(PLACE, tmp_path / "play")
    (tmp_path / "password").write_text(PASSWORD)
    run = play(
        tmp_path / "play" / "play.yml",
        inventory=inventory(SOURCES),
        extravars={
            "of_extra_vars": "extra-{{ inventory_hostname }}",
            # The simulator has none of them, and refuses them all.
            "oracle_rds_export_backup_fail_hosts": False,
            "oracle_rds_export_backup_protection_fail": False,
        },
        answers={r"Asked.*: ?$": "answer"},
        env={"OF_THE_ENVIRONMENT": "environment"},
        arguments=["--vault-password-file", str(tmp_path / "password")],
    )
    names = {host: result["msg"] for host, result in run.tasks["Say what a task of this host sees"].items()}
    assert len(names) == len(SOURCES) + 6
    assert asked(simulator) == {
        one["instance_name"]: {key: value for key, value in one.items() if key != "instance_name"}
        for one in names.values()
    }
    (start,) = run.tasks["Start the backups"].values()
    assert {host: one["state"] for host, one in start["results"].items()} == dict.fromkeys(names, "refused")
    looked_at = {host: result["msg"] for host, result in run.tasks["Say what was looked at"].items()}
    for one in names.values():
        one.pop("display_name", None)
        one.setdefault("subclient_name", "default")
    assert looked_at == names
