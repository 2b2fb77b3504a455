# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._fleet import step


@pytest.fixture
def earlier(monkeypatch):
    """The backups of earlier batches, by what each host has registered."""

    def ask(fleets, everyone, current, failed=()):
        play = SimpleNamespace(registered=lambda host, _name: fleets.get(host))
        monkeypatch.setattr(step, "PlayVariables", lambda *_args: play)
        monkeypatch.setattr(step, "RoleOptions", lambda _loader: None)
        variables = {
            "inventory_hostname": current[0],
            "ansible_play_hosts_all": everyone,
            "ansible_play_hosts": [host for host in everyone if host not in failed],
            "ansible_play_batch": current,
        }
        action = SimpleNamespace(_task=SimpleNamespace(args={"step": "report"}), _loader=None)
        found = step.Step(action, variables)._previous_batches({host: {} for host in current})
        return {one["id"]: one["batch"] for one in found}

    return ask


def batch(number, hosts):
    return {"results": {host: {"id": host, "batch": number} for host in hosts}, "by_host": True}


def test_one_host_of_each_batch_before_tells_of_all_of_it(earlier):
    first, second, current = ["a", "b", "c"], ["d", "e", "f"], ["g"]
    fleets = {hosts[0]: batch(number, hosts) for number, hosts in enumerate([first, second])}
    assert earlier(fleets, [*first, *second, *current], current) == {
        **dict.fromkeys(first, 0),
        **dict.fromkeys(second, 1),
    }


def test_a_host_that_has_failed_tells_of_itself_alone(earlier):
    first, current = ["a", "b"], ["g"]
    fleets = {"a": batch(0, ["a", "b"]), "b": batch(1, ["b"])}
    assert earlier(fleets, [*first, *current], current, failed=["a"]) == {"a": 0, "b": 1}


def reported(monkeypatch, number, *, answer="auto", notify=None, others=0, once=False, **fleet):
    """What the last step says of a play with so many hosts in its batch."""
    hosts = [f"db{one}" for one in range(number)]
    found = {"results": {}, "summary": ["a line"], "by_host": True, "failed_backups": [], "msg": "", **fleet}
    play = SimpleNamespace(registered=lambda _host, _name: found, is_included_once=once)
    monkeypatch.setattr(step, "PlayVariables", lambda *_args: play)
    monkeypatch.setattr(step, "RoleOptions", lambda _loader: None)
    everyone = [*hosts, *(f"other{one}" for one in range(others))]
    variables = {
        "inventory_hostname": hosts[0],
        "ansible_play_hosts_all": everyone,
        "ansible_play_hosts": everyone,
        "ansible_play_batch": hosts,
    }
    lines = []
    action = SimpleNamespace(
        _task=SimpleNamespace(args={"step": "report"}, notify=notify),
        _loader=None,
        _display=SimpleNamespace(display=lines.append),
    )
    one = step.Step(action, variables)
    one._params = {"host_results": answer, "report_path": None, "fail_hosts": True}
    result = one.run() if "error" in fleet else one._report()
    assert lines == ["a line"]
    return result["host_results"]


@pytest.mark.parametrize(
    ("number", "more", "own"),
    [
        (500, {}, True),
        (501, {}, False),
        (501, {"answer": "false"}, False),
        (501, {"answer": "true"}, True),
        (501, {"failed_backups": ["db7"]}, True),
        (501, {"error": "Not so."}, True),
        (501, {"notify": ["a handler"]}, True),
        (501, {"others": 1}, True),
        (3, {"once": True, "error": "Not so."}, False),
    ],
)
def test_each_host_has_a_result_unless_there_are_many_and_all_is_well(monkeypatch, number, more, own):
    assert reported(monkeypatch, number, **more) is own
