# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every switch of the simulator that is not part of the estate, with its default and the values it may take.

The defaults are what the vendor documents or, where nothing is documented, what was seen most often. README.md lists
them for readers.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

CHOICES: dict[str, tuple[Any, ...]] = {
    "bad_request_style": ("json_string", "bare_text"),
    "conflict_status": (200, 409),
    "mixed_batch": ("start_rest", "refuse_all"),
    "job_ids_order": ("asked", "reversed", "shuffled"),
    "task_id_type": ("int", "str"),
    "job_ids_type": ("str", "int"),
    "webconsole": ("serve", "redirect"),
    "not_visible": ("zero", "missing", "404", "empty"),
    "job_view": ("all", "own", "denied"),
    "history_view": ("all", "none", "denied"),
    "action_error": ("errors", "top_level"),
    "login_password": ("base64", "plain"),
    "login_refusal": (200, 401, 403),
    "old_access_tokens": ("invalid", "valid"),
    "renew_reply": ("plain", "expires_in", "broken_json"),
    "renew_refusal": (200, 403, 404, 450, 500),
    "empty_lists": ("object", "404", "list"),
    "instance_properties": ("list", "object"),
    "quota_queries": ("read", "write"),
    "quota_period": ("full", "remaining"),
    "token_header": ("any", "bearer"),
}


@dataclasses.dataclass
class Settings:
    """The switches. Times are in simulated seconds unless the name ends in ``_ms`` (real milliseconds)."""

    # the wire
    latency_ms: float = 0
    clock_skew: float = 0
    date_header: bool = True
    webconsole: str = "serve"
    release: str = "11.38"

    # createtask
    bad_request_style: str = "json_string"
    queue_conflicting_jobs: bool = False
    conflict_status: int = 200
    activity_enabled: bool = True
    queue_when_disabled: bool = False
    blackout: bool = False
    mixed_batch: str = "start_rest"
    start_at_most: int | None = None
    job_ids_order: str = "asked"
    task_id_type: str = "int"
    job_ids_type: str = "str"
    processing_instruction: bool = False

    # jobs
    first_task_id: int = 9920
    first_job_id: int = 148886
    waiting_seconds: float = 2
    job_seconds: float = 60
    control_seconds: float = 2
    visibility_lag: float = 0
    not_visible: str = "zero"
    active_keeps_finished: float = 300
    list_duplicates: bool = False
    hidden_rows: bool = False
    sort_reversed: bool = False
    job_view: str = "all"
    history_view: str = "all"
    action_error: str = "errors"
    job_client: str = ""
    job_application_id: int | None = None
    job_type: str = "Backup"
    job_end_times: bool = True
    level_names: bool = True
    row_description: bool = False

    # credentials
    token_header: str = "any"
    fixed_token_seconds: float | None = None
    login_idle_seconds: float = 1800
    login_renewable_seconds: float = 86400
    login_password: str = "base64"
    login_refusal: int = 200
    saas_login: bool = False
    lockout_attempts: int = 5
    lockout_seconds: float = 900
    access_token_seconds: float = 1800
    access_renewable_seconds: float = 14 * 86400
    access_chain_seconds: float = 90 * 86400
    old_access_tokens: str = "invalid"
    renew_reply: str = "plain"
    renew_refusal: int = 404

    # discovery
    v4_discovery: bool = True
    activity_control: bool = True
    empty_lists: str = "object"
    instance_properties: str = "list"
    list_activity: bool = True

    # the hourly quota of the SaaS gateways, for example {"reads": 1000, "writes": 100, "period": 3600}
    quota: dict[str, int] | None = None
    quota_queries: str = "read"
    quota_period: str = "full"
    quota_headers_always: bool = False
    # the rate limiter of a CommCell of one's own, for example {"rate": 2, "burst": 5}: requests per second
    rate_limit: dict[str, float] | None = None

    seed: int = 0

    def update(self, changes: dict[str, Any]) -> None:
        """Change switches by name; all or none of them.

        :raises ValueError: for an unknown name or a value that is none of the allowed ones.
        """
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in defaults:
                raise ValueError(f"no such setting: {name} (there are {', '.join(sorted(defaults))})")
            _check(name, value, defaults[name])
        for name, value in changes.items():
            setattr(self, name, value)


def _check(name: str, value: Any, default: Any) -> None:
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, CHOICES[name]))}, not {value!r}")
    elif name == "quota":
        if value is not None and (not isinstance(value, dict) or set(value) != {"reads", "writes", "period"}):
            raise ValueError("quota must be null or have reads, writes and period")
    elif name == "rate_limit":
        if value is not None and (not isinstance(value, dict) or set(value) != {"rate", "burst"}):
            raise ValueError("rate_limit must be null or have rate and burst")
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, not {value!r}")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a string, not {value!r}")
    elif isinstance(value, bool) or not (isinstance(value, (int, float)) or value is default):
        raise ValueError(f"{name} must be a number, not {value!r}")


def from_text(name: str, text: str) -> Any:
    """Return the value of a setting given as text: JSON, or the text itself for settings that are texts."""
    default = next((field.default for field in dataclasses.fields(Settings) if field.name == name), None)
    if isinstance(default, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
