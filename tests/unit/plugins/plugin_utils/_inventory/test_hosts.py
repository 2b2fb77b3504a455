# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.plugin_utils._inventory.hosts import (
    age_group,
    default_name,
    group_names,
    is_another,
    safe_host_name,
    standing_groups,
    unique_names,
)


def row(instance="orders", client="aws", subclient="default", number=1, **more):
    return {
        "instance_name": instance,
        "client_name": client,
        "subclient_name": subclient,
        "subclient_id": number,
        "plan": "gold",
        "status": "ready",
        "last_backup": None,
        "last_good_backup": None,
        **more,
    }


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("orders", "orders"),
        ("orders-prd.eu_1@x+y", "orders-prd.eu_1@x+y"),
        ("Größe", "Größe"),
        ("a b", "a_b"),
        ("  a  ", "a"),
        ("{{ a }}", "_a_"),
        ("a:b,c!d&e~f*g[1]", "a_b_c_d_e_f_g_1_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-x", "x"),
        ("a\nb", "a_b"),
        ("...", ""),
    ],
)
def test_a_host_name_means_itself_and_nothing_else(name, safe):
    assert safe_host_name(name) == safe


@pytest.mark.parametrize(("subclient", "name"), [("default", "orders"), ("Default", "orders"), ("a", "orders.a")])
def test_the_default_subclient_needs_no_mention(subclient, name):
    assert default_name(row(subclient=subclient)) == name


def names(*rows, taken=()):
    return unique_names(rows, [default_name(one) for one in rows], lambda name, _row: name in taken)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("a"), row("b")], (["a", "b"], [], [])),
        # Of several alike none keeps the name, and case does not count.
        ([row("a", "x"), row("a", "y"), row("b")], (["a.x", "a.y", "b"], ["a"], [])),
        ([row("A", "x"), row("a", "y")], (["A.x", "a.y"], ["A", "a"], [])),
        # Where the client does not tell them apart, the number of the subclient does, and without any the place.
        ([row("a", number=7), row("a", number=8)], (["a.aws.7", "a.aws.8"], ["a"], [])),
        ([row("a", number=None), row("a", number=None)], (["a.aws.None.0", "a.aws.None.1"], ["a"], [])),
        # What means nothing, or something else to Ansible, is no name.
        ([row("...")], (["aws"], [], [])),
        *(([row(name)], ([f"{name}.aws"], [], [])) for name in ("localhost", "all", "ungrouped", "127.0.0.1", "ALL")),
    ],
)
def test_each_row_has_a_name_of_its_own(rows, expected):
    assert names(*rows) == expected


def test_a_name_that_was_made_longer_can_clash_with_a_real_one():
    found = names(row("a", "x", number=1), row("a", "y", number=2), row("a.x", "z", number=3))
    assert len(set(found.names)) == 3
    assert found.names[1] == "a.y"


def test_a_name_of_a_group_is_not_used_alone():
    rows = [row("gold"), row("Gold"), row("silver")]
    assert unique_names(rows[:1], ["gold"], groups={"gold"}) == (["gold.aws"], [], [])
    assert unique_names(rows[1:], ["Gold", "silver"], groups={"gold"}) == (["Gold", "silver"], [], [])


def test_a_name_that_something_else_has_is_not_used():
    assert names(row("a"), row("b"), taken=["a"]) == (["a.aws", "b"], [], ["a"])
    assert names(row("a", number=7), taken=["a", "a.aws"]) == (["a.aws.7"], [], ["a"])
    assert names(row("a", "x"), row("a", "y", number=7), taken=["a", "a.y"]) == (["a.x", "a.y.7"], ["a"], [])


@pytest.mark.parametrize(
    ("variables", "another"),
    [
        ({}, False),
        ({"ansible_host": "10.0.0.1", "client_name": "other"}, False),
        ({"cv_client_name": "AWS", "cv_instance_name": "orders", "cv_subclient_name": "Default"}, False),
        ({"cv_client_name": "aws-eu"}, True),
        ({"cv_client_name": "aws", "cv_instance_name": "orders", "cv_subclient_name": "nightly"}, True),
        ({"cv_client_name": "aws", "cv_subclient_id": None}, False),
        ({"cv_client_name": "aws", "cv_subclient_id": "1"}, False),
        ({"cv_client_name": "aws", "cv_subclient_id": 2}, True),
    ],
)
def test_a_host_is_another_subclient_if_its_variables_say_so(variables, another):
    assert is_another(row(), variables, "cv_") is another


def backup(time):
    return {"job_id": "1", "time": time, "state": "ok"}


@pytest.mark.parametrize(
    ("good", "last", "history", "group"),
    [
        (backup(950), backup(950), 0, "fresh"),
        (backup(900), backup(900), 0, "fresh"),
        (backup(899), backup(899), 0, "stale"),
        (backup(950), backup(990), 100, "fresh"),
        (None, None, 100, "stale"),
        (None, backup(990), 100, "stale"),
        (None, None, 99, "age_unknown"),
        (None, None, 0, "age_unknown"),
        (None, backup(990), 0, "age_unknown"),
        (None, backup(899), 0, "stale"),
        (None, {**backup(None)}, 0, "age_unknown"),
        (backup(890), backup(990), 0, "age_unknown"),
        (backup(890), backup(895), 0, "stale"),
    ],
)
def test_a_row_is_stale_only_if_that_is_known(good, last, history, group):
    one = row(last_good_backup=good, last_backup=last)
    assert age_group(one, now=1000, stale_after=100, history=history) == group


def test_groups_are_named_after_what_they_hold():
    groups = ("client", "plan", "status", "age")
    assert group_names(row(client="aws prod/1", plan="Gold {x}"), "stale", groups, "cv_") == [
        "cv_client_aws_prod_1",
        "cv_plan_Gold__x_",
        "cv_status_ready",
        "cv_stale",
    ]
    assert group_names(row(plan=None), "fresh", ["plan", "age"], "") == ["fresh"]
    assert group_names(row(), "fresh", [], "x") == []


def test_groups_that_hosts_come_into_with_time_are_known_beforehand():
    assert standing_groups(["age", "client"], "cv-") == {"cv_fresh", "cv_stale", "cv_age_unknown"}
    assert standing_groups(["status", "plan"], "") == {
        *("status_ready", "status_not_ready", "status_enabled", "status_disabled", "status_unknown")
    }
    assert standing_groups([], "cv_") == set()
