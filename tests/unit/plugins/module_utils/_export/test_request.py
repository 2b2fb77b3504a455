# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.plugins.module_utils._export.request import (
    ExportOptions,
    Instance,
    build_request,
    check_task_info,
    deep_merge,
    make_instance,
    make_instances,
)

ORDERS = Instance("aws-prod", "orders", id="orders")
BILLING = Instance("aws-prod", "billing", id="billing")


class TestRequest:
    def test_the_request_is_the_documented_one(self):
        assert build_request([ORDERS], ExportOptions()) == {
            "taskInfo": {
                "associations": [
                    {
                        "displayName": "aws-prod",
                        "instanceName": "orders",
                        "appName": "Oracle",
                        "applicationId": 22,
                        "clientName": "aws-prod",
                        "subclientName": "default",
                    }
                ],
                "task": {"taskType": "IMMEDIATE"},
                "subTasks": [
                    {
                        "subTask": {"subTaskType": 2, "operationType": 2},
                        "options": {
                            "backupOpts": {"backupLevel": "INCREMENTAL", "oracleOptions": {"cumulative": True}},
                            "commonOpts": {"notifyUserOnJobCompletion": True},
                        },
                    }
                ],
            }
        }

    def test_every_option_has_its_field(self):
        instance = Instance("c", "i", "s", "the display name", "Oracle RAC", 80)
        options = ExportOptions(
            backup_level="full",
            cumulative=False,
            notify_user_on_job_completion=False,
            job_description="why",
            installer_user={"user_id": 4, "user_name": "admin"},
        )
        info = build_request([instance], options)["taskInfo"]
        assert info["associations"][0] == {
            "displayName": "the display name",
            "instanceName": "i",
            "appName": "Oracle RAC",
            "applicationId": 80,
            "clientName": "c",
            "subclientName": "s",
        }
        assert info["subTasks"][0]["options"] == {
            "backupOpts": {"backupLevel": "FULL", "oracleOptions": {"cumulative": False}},
            "commonOpts": {"notifyUserOnJobCompletion": False, "jobDescription": "why"},
            "adminOpts": {"clientInstallOption": {"installerOption": {"User": {"userId": 4, "userName": "admin"}}}},
        }

    def test_a_batch_has_one_association_per_instance_in_order(self):
        associations = build_request([ORDERS, BILLING], ExportOptions())["taskInfo"]["associations"]
        assert [association["instanceName"] for association in associations] == ["orders", "billing"]

    def test_task_info_is_laid_over_the_request(self):
        extra = {
            "task": {"initiatedFrom": 2},
            "subTasks": [{"subTaskOperation": 1, "options": {"commonOpts": {"startUpOpts": {"priority": 66}}}}],
            "associations": [{"region": 11}],
            "new": [1],
        }
        before = copy.deepcopy(extra)
        info = build_request([ORDERS, BILLING], ExportOptions(task_info=extra))["taskInfo"]
        assert info["task"] == {"taskType": "IMMEDIATE", "initiatedFrom": 2}
        assert info["subTasks"][0]["subTask"] == {"subTaskType": 2, "operationType": 2}
        assert info["subTasks"][0]["subTaskOperation"] == 1
        assert info["subTasks"][0]["options"]["commonOpts"] == {
            "notifyUserOnJobCompletion": True,
            "startUpOpts": {"priority": 66},
        }
        assert [association["region"] for association in info["associations"]] == [11, 11]
        assert info["new"] == [1]
        assert extra == before

    @pytest.mark.parametrize(
        "task_info",
        [
            {"associations": [{"clientName": "other"}]},
            {"associations": [{"applicationId": 81}]},
            {"associations": [{"clientId": 1}, {"clientId": 2}]},
            {"associations": []},
            {"associations": {"clientId": 1}},
            {"associations": ["x"]},
        ],
    )
    def test_task_info_cannot_change_what_is_backed_up(self, task_info):
        with pytest.raises(InvalidInput, match=r"task_info\.associations"):
            check_task_info(task_info)

    @pytest.mark.parametrize(
        "task_info",
        [
            {"Associations": [{"planEntity": {}}]},
            {" associations": []},
            {"associations": [{"CLIENTNAME": "other"}]},
            {"associations": [{"client_id": 7}]},
            {"associations": [{"subClientEntity": {"subclientId": 1}}]},
            {"associations": [{"flags": {"exclude": True}}]},
            {"associations": [{"more": [{"backupSetName": "x"}]}]},
            {"subTasks": [{}, {"subTask": {"subTaskType": 2}}]},
            {"subtasks": [{}]},
            {"subTasks": {"options": {}}},
            {"subTasks": []},
            {"Task": {}},
            {"subTasks": [{"associations": [{"clientName": "other"}]}]},
            {"subTasks": [{"options": {"backupOpts": {"SubclientID": 1}}}]},
            {"taskInfo": {"associations": [{}]}},
            {"task": {"Client-Name ": "other"}},
        ],
    )
    def test_nor_can_it_in_any_spelling_or_depth(self, task_info):
        with pytest.raises(InvalidInput, match="task_info"):
            check_task_info(task_info)

    def test_other_task_info_is_fine(self):
        check_task_info({})
        check_task_info({"associations": [{"region": {"id": 1}}]})
        options = {"adminOpts": {"clientInstallOption": {"reuseADCredential": True}}, "commonOpts": {"priority": 1}}
        check_task_info({"task": {"taskFlags": {"disabled": False}}, "subTasks": [{"options": options}]})

    @pytest.mark.parametrize(
        ("base", "extra", "merged"),
        [
            ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
            ([{"a": 1}], [{"b": 2}, {"c": 3}], [{"a": 1, "b": 2}, {"c": 3}]),
            ([{"a": 1}, {"z": 1}], [{"b": 2}], [{"a": 1, "b": 2}, {"z": 1}]),
            ([1, 2], [3], [3]),
            ({"a": [1]}, {"a": []}, {"a": []}),
            ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ],
    )
    def test_merging(self, base, extra, merged):
        assert deep_merge(base, extra) == merged


class TestInstances:
    def test_defaults_are_those_of_the_api(self):
        assert make_instance(
            {"client_name": "c", "instance_name": "i", "subclient_name": None, "application_id": None}
        ) == Instance("c", "i", "default", "", "Oracle", 22, "c/i/default")

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"client_name": "c"}, "x.instance_name is missing"),
            ({"client_name": "c", "instance_name": ""}, "x.instance_name is empty"),
            ({"client_name": " ", "instance_name": "i"}, "x.client_name is empty"),
            ({"client_name": "c", "instance_name": "i", "subclient_name": ""}, "x.subclient_name is empty"),
            ({"client_name": "c\nd", "instance_name": "i"}, "control character"),
            (
                {"client_name": "c", "instance_name": "i", "application_id": 0},
                "x.application_id must be a positive number, not 0",
            ),
            ({"client_name": "c", "instance_name": "i", "id": ""}, "x.id is empty"),
            ({"client_name": "c", "instance_name": "i", "id": "a\nb"}, "x.id contains a control character"),
            ({"client_name": "c ", "instance_name": "i"}, "x.client_name begins or ends with a blank"),
            ({"client_name": "\u00a0c", "instance_name": "i"}, "x.client_name begins or ends with a blank"),
            ({"client_name": "a\u00a0c", "instance_name": "i"}, r"invisible character \(U\+00A0\)"),
            ({"client_name": "a\u200bc", "instance_name": "i"}, r"invisible character \(U\+200B\)"),
            ({"client_name": "c", "instance_name": "\ufeffi"}, r"invisible character \(U\+FEFF\)"),
            ({"client_name": "c", "instance_name": "i\ud800"}, r"invisible character \(U\+D800\)"),
            ({"client_name": "c", "instance_name": "i\u202e"}, r"invisible character \(U\+202E\)"),
            ({"client_name": "c", "instance_name": "['a', 'b']"}, "looks like a list"),
            ({"client_name": "{'a': 1}", "instance_name": "i"}, "looks like a list"),
            ({"client_name": "c", "instance_name": "True"}, "a boolean"),
            ({"client_name": "nan", "instance_name": "i"}, "looks like"),
        ],
    )
    def test_what_cannot_name_an_instance_is_refused_with_its_place(self, values, words):
        with pytest.raises(InvalidInput, match=words):
            make_instance(values, "x.")

    @pytest.mark.parametrize("name", ["orders db", "Größe", "a[b]c", "{b}", "[prod]", "true-north", "o'hara", "42"])
    def test_names_may_be_unusual(self, name):
        assert make_instance({"client_name": name, "instance_name": name}).instance_name == name

    def test_an_empty_list_is_refused(self):
        with pytest.raises(InvalidInput, match="empty list"):
            make_instances([])

    @pytest.mark.parametrize("name", ["R&D Caf\u00e9", "r&amp;d caf\u00e9", "R&D Cafe\u0301"])
    def test_the_same_subclient_twice_is_refused_however_it_is_written(self, name):
        entries = [
            {"id": "1", "client_name": "r&d caf\u00e9", "instance_name": "orders"},
            {"id": "2", "client_name": name, "instance_name": "Orders", "subclient_name": "DEFAULT"},
        ]
        with pytest.raises(InvalidInput, match=r"instances\[0\] and instances\[1\] are the same"):
            make_instances(entries)

    def test_the_same_id_twice_is_refused(self):
        entries = [
            {"id": "1", "client_name": "c", "instance_name": "a"},
            {"id": "1", "client_name": "c", "instance_name": "b"},
        ]
        with pytest.raises(InvalidInput, match=r"instances\[0\] and instances\[1\] have the same id '1'"):
            make_instances(entries)

    def test_two_subclients_of_one_instance_are_two_backups(self):
        entries = [
            {"client_name": "c", "instance_name": "a"},
            {"client_name": "c", "instance_name": "a", "subclient_name": "other"},
        ]
        assert [instance.id for instance in make_instances(entries)] == ["c/a/default", "c/a/other"]
