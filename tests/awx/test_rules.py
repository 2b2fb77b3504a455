# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules by which the other tests judge, held against what AWX 24.6 was seen to do."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.rdsops.commvault.tests.awx import rules

TYPE: dict[str, t.Any] = {
    "kind": "cloud",
    "inputs": {
        "fields": [
            {"id": "url", "label": "URL", "type": "string"},
            {"id": "token", "label": "Token", "type": "string", "secret": True},
            {"id": "insecure", "label": "Insecure", "type": "boolean"},
        ],
        "required": ["url"],
    },
    "injectors": {"env": {"SOME_URL": "{{ url }}", "SOME_TOKEN": "{{ token }}"}},
}
QUESTION = {"type": "text", "question_name": "Target", "variable": "target", "required": False}


def type_with(change: t.Callable[[dict[str, t.Any]], t.Any]) -> dict[str, t.Any]:
    changed = copy.deepcopy(TYPE)
    change(changed)
    return changed


def field(**more: t.Any) -> t.Callable[[dict[str, t.Any]], t.Any]:
    return lambda data: data["inputs"]["fields"].append({"id": "more", "label": "More", "type": "string", **more})


def injector(**more: t.Any) -> t.Callable[[dict[str, t.Any]], t.Any]:
    return lambda data: data["injectors"].update(more)


REFUSED_TYPES: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "a key that fields do not have": field(placeholder="x"),
    "a type that fields do not have": field(type="integer"),
    "a format that fields do not have": field(format="email"),
    "a field called tower": field(id="tower"),
    "a field that is there twice": field(id="url"),
    "a field whose name has a blank": field(id="some field"),
    "a field without a label": field(label=""),
    "a secret yes-or-no": field(type="boolean", secret=True),
    "choices of a yes-or-no": field(type="boolean", choices=["a"]),
    "a yes-or-no of several lines": field(type="boolean", multiline=True),
    "a text as default of a yes-or-no": field(type="boolean", default="true"),
    "a yes-or-no as default of a text": field(default=True),
    "dependencies": lambda data: data["inputs"].update(dependencies={}),
    "metadata": lambda data: data["inputs"].update(metadata=[]),
    "a variable of Ansible": injector(env={"ANSIBLE_FORKS": "{{ url }}"}),
    "a variable that AWX sets": injector(env={"JOB_ID": "{{ url }}"}),
    "the path": injector(env={"PATH": "{{ url }}"}),
    "a variable that is no text": injector(env={"SOME_FLAG": True}),
    "a variable that is not ASCII": injector(env={"SOME_WORD": "ä"}),
    "a name that no field has": injector(env={"SOME_URL": "{{ nope }}"}),
    "a yes-or-no among extra variables": injector(extra_vars={"verify": True}),
    "a file beside named files": injector(file={"template": "x", "template.ca": "y"}),
    "the path of a file that there is not": injector(env={"SOME_PATH": "{{ tower.filename.ca }}"}),
    "another kind": lambda data: data.update(kind="scm"),
}
ACCEPTED_TYPES: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "as it is": injector(),
    "a required field that there is not": lambda data: data["inputs"].update(required=["nope"]),
    "a name with a default that no field has": injector(env={"SOME_URL": "{{ nope | default('') }}"}),
    "extra variables of any depth": injector(extra_vars={"a": {"b": ["{{ url }}"]}}),
    "a named file and its path": injector(
        file={"template.ca": "{{ url }}"}, env={"SOME_PATH": "{{ tower.filename.ca }}"}
    ),
}


@pytest.mark.parametrize("what", REFUSED_TYPES)
def test_a_credential_type_is_refused_for(what: str) -> None:
    assert rules.credential_type_problems(type_with(REFUSED_TYPES[what])) != []


@pytest.mark.parametrize("what", ACCEPTED_TYPES)
def test_a_credential_type_is_accepted(what: str) -> None:
    assert rules.credential_type_problems(type_with(ACCEPTED_TYPES[what])) == []


def test_what_awx_accepts_of_a_type_and_cannot_work_is_a_mistake() -> None:
    for what in ("a required field that there is not", "a name with a default that no field has"):
        mistakes = rules.mistakes_in_credential_type(type_with(ACCEPTED_TYPES[what]))
        assert any("nope" in mistake for mistake in mistakes), what


def survey_of(**more: t.Any) -> dict[str, t.Any]:
    """A survey with one question, which has more or other parts than it should."""
    return {"name": "", "description": "", "spec": [{**QUESTION, **more}]}


def question_without(key: str) -> dict[str, t.Any]:
    return {
        "name": "",
        "description": "",
        "spec": [{name: value for name, value in QUESTION.items() if name != key}],
    }


REFUSED_SURVEYS: dict[str, dict[str, t.Any]] = {
    "no name": {"description": "", "spec": [QUESTION]},
    "no description": {"name": "", "spec": [QUESTION]},
    "no question": {"name": "", "description": "", "spec": []},
    "the same variable twice": {"name": "", "description": "", "spec": [QUESTION, QUESTION]},
    "a type that there is not": survey_of(type="boolean"),
    "a text as default of an integer": survey_of(type="integer", default="3"),
    "nothing as default of an integer": survey_of(type="integer", default=None),
    "a text as minimum": survey_of(min="1"),
    "a text as maximum": survey_of(max="9"),
    "no choices": survey_of(type="multiplechoice"),
    "a default that is no choice": survey_of(type="multiplechoice", choices=["a"], default="b"),
    "defaults that are no choices": survey_of(type="multiselect", choices=["a", "b"], default="a\nc"),
    "a default that only passwords have": survey_of(default="$encrypted$"),
    "a text that says whether it is required": survey_of(required="yes"),
    **{f"a question without {key}": question_without(key) for key in QUESTION},
}


@pytest.mark.parametrize("what", REFUSED_SURVEYS)
def test_a_survey_is_refused_for(what: str) -> None:
    assert rules.survey_problems(REFUSED_SURVEYS[what]) != []


def test_a_survey_is_accepted_whose_variable_is_none_and_that_is_a_mistake() -> None:
    survey = {"name": "", "description": "", "spec": [{**QUESTION, "variable": "a b-c"}]}
    assert rules.survey_problems(survey) == []
    assert rules.mistakes_in_survey(survey) != []


def test_a_required_question_is_a_mistake_for_it_has_no_default_outside_of_the_form() -> None:
    survey = {"name": "", "description": "", "spec": [{**QUESTION, "required": True, "default": "x"}]}
    assert rules.survey_problems(survey) == []
    assert rules.mistakes_in_survey(survey) == ["target is required"]
    assert rules.answer_problems(rules.answers_of(survey), survey) == ["target: missing"]


ZONE = "DTSTART;TZID=Europe/Berlin:20260101T010000"
DAILY = "RRULE:FREQ=DAILY;INTERVAL=1"
REFUSED_SCHEDULES = {
    "no start": DAILY,
    "two starts": f"{ZONE} {ZONE} {DAILY}",
    "a start without zone": f"DTSTART:20260101T010000 {DAILY}",
    "a zone and UTC": f"{ZONE}Z {DAILY}",
    "a zone that there is not": f"DTSTART;TZID=Mars/Base:20260101T010000 {DAILY}",
    "no rule": ZONE,
    "no interval": f"{ZONE} RRULE:FREQ=DAILY",
    "every second": f"{ZONE} RRULE:FREQ=SECONDLY;INTERVAL=1",
    "the first Monday": f"{ZONE} RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO",
    "a count and an end": f"{ZONE} {DAILY};COUNT=2;UNTIL=20270101T000000Z",
    "a large count": f"{ZONE} {DAILY};COUNT=1000",
    "a date that is left out": f"{ZONE} {DAILY} EXDATE:20260102T010000Z",
}


@pytest.mark.parametrize("what", REFUSED_SCHEDULES)
def test_a_schedule_is_refused_for(what: str) -> None:
    assert len(rules.schedule_problems(REFUSED_SCHEDULES[what])) >= 1


@pytest.mark.parametrize("rule", [f"{ZONE} {DAILY}", f"DTSTART:20260101T010000Z {DAILY};COUNT=999"])
def test_a_schedule_is_accepted(rule: str) -> None:
    assert rules.schedule_problems(rule) == []


@pytest.mark.parametrize(
    ("path", "text", "offered"),
    [
        ("playbooks/a.yml", "- name: x\n  hosts: all\n", True),
        ("playbooks/a.yml", "- import_playbook: rdsops.commvault.export_backup\n", True),
        ("playbooks/a.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", True),
        ("playbooks/a.yml", "key: value\n", False),
        ("playbooks/a.yml", '- name: x\n  "hosts": all\n', False),
        ("playbooks/tasks/a.yml", "- hosts: all\n", False),
        ("roles/a/b.yml", "- hosts: all\n", False),
        (".hidden/a.yml", "- hosts: all\n", False),
        ("inventory", "- hosts: all\n", False),
    ],
)
def test_awx_offers_a_file_as_a_playbook(path: str, text: str, offered: bool) -> None:
    assert rules.is_playbook(path, text) == offered
