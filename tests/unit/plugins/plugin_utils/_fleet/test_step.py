# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet.step import Step

REGISTERED = "fleet"


class Hostvars(dict):
    """Counts whose variables are made, which takes Ansible long."""

    def __init__(self, fleets):
        super().__init__({host: {REGISTERED: fleet} for host, fleet in fleets.items()})
        self.asked = []

    def raw_get(self, host):
        self.asked.append(host)
        return self[host]


def batch(number, hosts, **more):
    return {"results": {host: {"id": host, "batch": number} for host in hosts}, "by_host": True, **more}


def earlier(fleets, everyone, current, failed=()):
    hostvars = Hostvars(fleets)
    variables = {
        "hostvars": hostvars,
        "ansible_play_hosts_all": everyone,
        "ansible_play_hosts": [host for host in everyone if host not in failed],
        "ansible_play_batch": current,
    }
    step = Step(SimpleNamespace(), {}, {"registered": REGISTERED}, variables)
    return {one["id"]: one["batch"] for one in step._previous_batches({host: {} for host in current})}, hostvars.asked


def test_one_host_of_each_batch_before_tells_of_all_of_it():
    first, second, current = ["a", "b", "c"], ["d", "e", "f"], ["g"]
    fleets = {host: batch(number, hosts) for number, hosts in enumerate([first, second]) for host in hosts}
    found, asked = earlier(fleets, [*first, *second, *current], current)
    assert found == {**dict.fromkeys(first, 0), **dict.fromkeys(second, 1)}
    assert asked == ["a", "d"]


def test_a_host_that_has_failed_tells_of_itself_alone():
    first, current = ["a", "b"], ["g"]
    fleets = {"a": batch(0, ["a", "b"]), "b": batch(1, ["b"])}
    assert earlier(fleets, [*first, *current], current, failed=["a"])[0] == {"a": 0, "b": 1}
