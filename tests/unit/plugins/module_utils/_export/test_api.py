# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token import Token
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import RequestError
from ansible_collections.rdsops.commvault.plugins.module_utils._export.api import TasksApi
from ansible_collections.rdsops.commvault.tests.support.scripted_http import post, script_of, scripted_transport


def commcell(*exchanges):
    return CommCell(scripted_transport(*exchanges, secrets=["SECRET"]), Token("SECRET"))


def test_a_task_is_created_by_one_authenticated_request():
    cell = commcell(
        post("createtask")
        .sends({"taskInfo": {}})
        .with_header("Authtoken", "SECRET")
        .returns(200, {"taskId": 9920, "jobIds": ["148886"]})
    )
    with cell:
        reply = TasksApi(cell).create({"taskInfo": {}})
    assert (reply.task_id, reply.job_ids, reply.complaint) == (9920, ("148886",), None)
    assert reply.response == {"taskId": 9920, "jobIds": ["148886"]}
    assert script_of(cell.transport).closed


@pytest.mark.parametrize(
    ("body", "task_id", "job_ids"),
    [
        ({"taskId": "9920", "jobIds": [148886, "148887"]}, 9920, ("148886", "148887")),
        ({"jobIds": ["148886"]}, None, ("148886",)),
        ({"taskId": 0, "jobIds": ["148886"]}, None, ("148886",)),
        ({"taskId": 9920, "jobIds": "148886"}, 9920, ("148886",)),
        ({"taskId": 9920, "jobId": 148886}, 9920, ("148886",)),
        ({"taskId": 9920, "jobIds": [], "jobId": 148886}, 9920, ("148886",)),
        ({"taskId": 9920, "jobIds": "148886, 148887"}, 9920, ("148886", "148887")),
        ({"taskId": 9920, "jobIds": 148886}, 9920, ("148886",)),
        ({"taskId": 9920, "jobIds": [{"val": 148886}, {"val": "148887"}]}, 9920, ("148886", "148887")),
        ({"taskId": 9920, "jobIds": {"val": "148886"}}, 9920, ("148886",)),
        ({"taskId": 9920, "jobIds": ["148886", None, "", 0]}, 9920, ("148886",)),
        ({"taskId": 9920, "jobIds": ["148886"], "errorCode": 0}, 9920, ("148886",)),
    ],
)
def test_ids_are_read_whether_they_are_text_or_numbers(body, task_id, job_ids):
    cell = commcell(post("createtask").returns(200, body))
    reply = TasksApi(cell).create({})
    assert (reply.task_id, reply.job_ids) == (task_id, job_ids)


def test_jobs_beside_an_error_run_and_are_not_lost():
    cell = commcell(
        post("createtask").returns(200, {"taskId": 1, "jobIds": ["7"], "errorCode": 9, "errorMessage": "half of it"})
    )
    reply = TasksApi(cell).create({})
    assert (reply.job_ids, reply.complaint) == (("7",), "half of it")


@pytest.mark.parametrize(
    ("status", "body", "kind", "maybe_ran"),
    [
        (200, {"taskId": 9920}, "no_job", True),
        (200, {"taskId": 9920, "jobIds": []}, "no_job", True),
        (200, {"taskId": 9920, "jobIds": ["0", None]}, "no_job", True),
        (200, {"taskId": 9920, "jobIds": [{"id": 148886}]}, "bad_reply", True),
        (200, {"taskId": 9920, "jobIds": ["148886", ["7"]]}, "bad_reply", True),
        (200, {"taskId": 9920, "jobIds": "many"}, "bad_reply", True),
        (200, {"taskId": 9920, "jobIds": "148886,many"}, "bad_reply", True),
        (200, {"errorCode": 7, "errorMessage": "no", "jobIds": [True]}, "bad_reply", True),
        (200, {"errorCode": 7, "errorMessage": "no", "jobIds": []}, "refused", False),
        (200, {"taskId": "0"}, "bad_reply", True),
        (200, {}, "bad_reply", True),
        (200, [], "bad_reply", True),
        (200, "", "bad_reply", True),
        (500, {"taskId": 1, "jobIds": ["7"]}, "server", True),
    ],
)
def test_an_answer_without_jobs_is_an_error(status, body, kind, maybe_ran):
    cell = commcell(post("createtask").returns(status, body))
    with pytest.raises(RequestError) as caught:
        TasksApi(cell).create({})
    assert (caught.value.kind, caught.value.maybe_ran) == (kind, maybe_ran)


def request_for(count):
    return {"taskInfo": {"associations": [{}] * count}}


ANOTHER = {"errorCode": 2, "errorMessage": "Another backup is running for client [a]"}
NOT_ELIGIBLE = {"errorCode": 587207178, "errorMessage": "no eligible subclients"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"taskId": 9920, "errorCode": 7, "errorMessage": "no"}),
        (200, {"taskId": "9920", "jobIds": [], "errorMessage": "no"}),
        (200, {"taskId": 9920, **ANOTHER}),
        (200, {"response": [{"taskId": 9920, "jobIds": ["148886"], "errorCode": 0}, NOT_ELIGIBLE]}),
        (500, {"taskId": 9920, **NOT_ELIGIBLE}),
        (500, {"jobIds": ["9920"], "errorCode": 7, "errorMessage": "no"}),
        (400, {"jobIds": [{"val": 9920}], "errorCode": 7, "errorMessage": "no"}),
    ],
)
def test_an_error_beside_a_task_leaves_open_what_was_started(status, body):
    cell = commcell(post("createtask").returns(status, body))
    with pytest.raises(RequestError, match="9920") as caught:
        TasksApi(cell).create(request_for(2))
    assert caught.value.maybe_ran


@pytest.mark.parametrize("body", [ANOTHER, NOT_ELIGIBLE, {"errorCode": 7, "errorMessage": "no", "taskId": 0}])
@pytest.mark.parametrize("task", [{}, {"jobIds": []}, {"jobIds": ["0"]}, {"jobIds": None}])
def test_an_error_without_a_task_leaves_nothing_open(task, body):
    cell = commcell(post("createtask").returns(500, {**task, **body}))
    with pytest.raises(RequestError) as caught:
        TasksApi(cell).create(request_for(2))
    assert not caught.value.maybe_ran


@pytest.mark.parametrize("body", [ANOTHER, NOT_ELIGIBLE])
def test_what_refuses_the_only_association_leaves_nothing_open(body):
    cell = commcell(post("createtask").returns(200, {"taskId": 9920, **body}))
    with pytest.raises(RequestError) as caught:
        TasksApi(cell).create(request_for(1))
    assert not caught.value.maybe_ran


@pytest.mark.parametrize(
    ("body", "name"), [({"user": {"userName": " svc "}}, "svc"), ({"user": {}}, None), ({"user": []}, None)]
)
def test_the_own_user_is_read(body, name):
    cell = commcell(post("WhoAmI").returns(200, body))
    assert TasksApi(cell).own_user() == name


def test_a_dead_token_started_nothing():
    denied = {"errorMessage": "Access denied", "errorCode": 5}
    cell = commcell(post("createtask").returns(401, denied), post("WhoAmI").returns(401, denied))
    with pytest.raises(RequestError) as caught:
        TasksApi(cell).create({})
    assert (caught.value.kind, caught.value.maybe_ran) == ("authentication", False)


def test_a_task_without_jobs_names_the_task():
    cell = commcell(post("createtask").returns(200, {"taskId": 9920}))
    with pytest.raises(RequestError, match="task 9920, but named no job") as caught:
        TasksApi(cell).create({})
    assert caught.value.task_id == 9920


def test_after_the_answer_to_another_request_no_other_comes_on_that_connection():
    answers = [post("createtask").returns(200, {"taskId": 9919, "jobIds": [job_id]}) for job_id in ("6", "7", 7)]
    with commcell(*answers) as cell:
        tasks = TasksApi(cell)
        told = [(tasks.create({"taskInfo": {}}).job_ids, script_of(cell.transport).closed) for _answer in answers]
    assert told == [(("6",), False), (("7",), False), (("7",), True)]
