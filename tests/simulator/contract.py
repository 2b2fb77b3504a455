# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of createtask: each request is held against the OpenAPI description in tests/contract."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACT = Path(__file__).resolve().parents[1] / "contract" / "createtask.yml"


@functools.lru_cache(maxsize=1)
def load() -> dict[str, Any]:
    """Return the description as a dict."""
    with CONTRACT.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@functools.lru_cache(maxsize=16)
def validator(schema: str) -> Any:
    """Return a compiled validator for one of the named schemas; compiled once, a check then takes microseconds."""
    return jsonschema_rs.validator_for(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": f"#/components/schemas/{schema}",
            "components": load()["components"],
        }
    )


def request_errors(body: Any) -> list[str]:
    """Return what breaks the contract in a createtask body, one line for each fault; empty if nothing does."""
    check = validator("CreateTaskRequest")
    if check.is_valid(body):
        return []
    return [
        f"{'.'.join(map(str, problem.instance_path)) or 'body'}: {problem.message}"
        for problem in check.iter_errors(body)
    ]


def answer_errors(status: int, body: Any) -> list[str]:
    """Return what breaks the contract in a JSON answer to createtask; empty if nothing does."""
    answer = load()["paths"]["/createtask"]["post"]["responses"].get(str(status))
    if answer is None:
        return [f"status {status} is not described"]
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    check = jsonschema_rs.validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": load()["components"], **schema}
    )
    return [problem.message for problem in check.iter_errors(body)]
