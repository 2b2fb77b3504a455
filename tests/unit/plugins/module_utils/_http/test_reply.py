# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._http.reply import read_reply


@pytest.mark.parametrize(
    ("body", "shape", "data", "words"),
    [
        (b'{"taskId": 1}', "object", {"taskId": 1}, ""),
        (b'\xef\xbb\xbf {"taskId": 1}\r\n', "object", {"taskId": 1}, ""),
        (b"[1, 2]", "array", [1, 2], ""),
        (
            b'"Request body is empty or format is invalid"',
            "string",
            "Request body is empty or format is invalid",
            "Request body is empty or format is invalid",
        ),
        (b"Request body is empty or format is invalid", "text", None, "Request body is empty or format is invalid"),
        (b"17", "scalar", 17, ""),
        (b"<!DOCTYPE html><html></html>", "markup", None, ""),
        (b'<?xml version="1.0"?><App_X taskId="1"/>', "markup", None, ""),
        (b"", "empty", None, ""),
        (b" \n", "empty", None, ""),
        (b"null", "empty", None, ""),
        (b'{"taskId": 99', "cut", None, ""),
        (b'"Request bo', "cut", None, ""),
        ('{"taskId": 1}'.encode("utf-16"), "object", {"taskId": 1}, ""),
        ('{"taskId": 1}'.encode("utf-16-le"), "object", {"taskId": 1}, ""),
        (b"\xffno", "text", None, "\ufffdno"),
    ],
)
def test_answers_are_told_apart(body, shape, data, words):
    reply = read_reply(200, {}, body)
    assert (reply.shape, reply.data) == (shape, data)
    assert reply.words == words


def test_an_answer_shorter_than_announced_is_cut_even_if_it_parses():
    assert read_reply(200, {}, b'{"jobIds": []}', complete=False).shape == "cut"


def test_line_breaks_in_texts_lose_no_answer():
    assert read_reply(200, {}, b'{"reason": "a\nb\tc"}').data == {"reason": "a\nb\tc"}


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (b"[" * 100 + b"]" * 100, "array"),
        (b"[" * 101 + b"]" * 101, "deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "deep"),
        (b"[" * 200000 + b"]" * 200000, "deep"),
        (b"[" + b",".join([b'{"a": [{}]}'] * 500) + b"]", "array"),
    ],
)
def test_json_that_is_nested_too_deep_is_no_answer(body, shape):
    assert read_reply(200, {}, body).shape == shape
