# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test orders for requests to come: wrong answers, delays, resets, cut replies.

A fault is a dict of these primitives; ``kind`` names a ready-made one, and primitives beside it override its own:

``status``, ``json`` or ``body`` (text), ``headers``, ``content_type``
    answer this. The request is not processed unless ``process`` is true.
``process``
    whether the request is carried out although its answer is the fault's.
``delay``, ``delay_after``
    real seconds before the request is processed, and after it before the answer.
``reset``
    ``before``: reset the connection, nothing is processed; ``after``: process, then reset instead of answering.
``cut_body``
    announce the whole length and close in the middle (true, or the number of bytes to send).
``cut_json``
    answer with the first half of the JSON text, at its proper length.
``echo``
    answer with an error that repeats all request headers, the credential among them.
``choice``
    a list of faults, one of which is drawn each time.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import random
from typing import Any

from .replies import MAINTENANCE_PAGE, Reply

GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"

KINDS: dict[str, dict[str, Any]] = {
    "maintenance": {"status": 200, "body": MAINTENANCE_PAGE, "content_type": "text/html; charset=utf-8"},
    "rate_limit": {
        "status": 429,
        "json": {"errorMessage": "Too many requests", "errorCode": 429},
        "headers": {"X-RateLimit-Limit": "100", "X-RateLimit-Period": "3600"},
    },
    "rate_limit_retry_after": {
        "status": 429,
        "json": {"errorMessage": "Too many requests", "errorCode": 429},
        "headers": {"Retry-After": "2"},
    },
    "rate_limit_bare": {"status": 429, "body": ""},
    "unauthorized": {"status": 401, "json": {"errorMessage": "Access denied", "errorCode": 5}},
    "forbidden": {"status": 403, "body": "Forbidden", "content_type": "text/plain"},
    "server_error": {"status": 500, "body": "Internal Server Error", "content_type": "text/plain"},
    "server_error_json": {"status": 500, "json": {"errorMessage": "Internal error occurred.", "errorCode": 1}},
    "bad_gateway": {"status": 502, "body": GATEWAY_PAGE.format("502 Bad Gateway"), "content_type": "text/html"},
    "unavailable": {"status": 503, "body": GATEWAY_PAGE.format("503 Service Unavailable"), "content_type": "text/html"},
    "gateway_timeout": {
        "status": 504,
        "body": GATEWAY_PAGE.format("504 Gateway Time-out"),
        "content_type": "text/html",
    },
    "empty": {"status": 200, "body": ""},
    "empty_object": {"status": 200, "json": {}},
    "json_string": {"status": 200, "json": "Request could not be processed"},
    "text": {"status": 200, "body": "Request could not be processed", "content_type": "text/plain"},
    "redirect": {
        "status": 302,
        "body": "",
        "headers": {"Location": "https://elsewhere.example.invalid{path}"},
    },
    "echo": {"echo": True, "status": 500},
    "reset_before": {"reset": "before"},
    "reset_after": {"reset": "after"},
    "cut_body": {"cut_body": True},
    "cut_json": {"cut_json": True},
}
PRIMITIVES = frozenset(
    {
        *("kind", "choice", "process"),
        *("status", "json", "body", "headers", "content_type", "echo"),
        *("delay", "delay_after", "reset", "cut_body", "cut_json"),
    }
)
MATCHES = frozenset(["path", "method", "client", "instance", "subclient", "job_id"])


@dataclasses.dataclass
class Fault:
    """One fault, ready to be applied."""

    name: str
    primitives: dict[str, Any]

    @property
    def delay(self) -> float:
        """Real seconds to wait before the request is processed."""
        return float(self.primitives.get("delay", 0))

    @property
    def delay_after(self) -> float:
        """Real seconds to wait between processing and the answer."""
        return float(self.primitives.get("delay_after", 0))

    @property
    def reset(self) -> str | None:
        """``before``, ``after`` or None."""
        return self.primitives.get("reset")

    @property
    def answers(self) -> bool:
        """Whether the fault brings its own answer."""
        return bool(self.primitives.keys() & {"status", "json", "body", "echo"})

    @property
    def processes(self) -> bool:
        """Whether the request is carried out."""
        if "process" in self.primitives:
            return bool(self.primitives["process"])
        return not self.answers and self.reset != "before"

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """Return the fault's own answer to a request for ``path`` that came with ``headers``."""
        given = self.primitives
        status = int(given.get("status", 200))
        own = {name: str(value).replace("{path}", path) for name, value in given.get("headers", {}).items()}
        if given.get("echo"):
            lines = "; ".join(f"{name}: {value}" for name, value in headers.items())
            return Reply({"errorMessage": f"Unexpected request. Headers were: {lines}", "errorCode": 1}, status, own)
        if "json" in given:
            return Reply(given["json"], status, own, media_type=given.get("content_type", "application/json"))
        return Reply(None, status, own, text=given.get("body", ""), media_type=given.get("content_type", "text/plain"))


@dataclasses.dataclass
class Order:
    """A fault together with the requests it is meant for."""

    id: int
    match: dict[str, Any]
    fault: dict[str, Any]
    times: int | None
    after: int
    probability: float | None
    seen: int = 0
    applied: int = 0


def resolve(fault: dict[str, Any]) -> Fault:
    """Return the fault with its ``kind`` spelled out.

    :raises ValueError: for an unknown kind or primitive.
    """
    unknown = fault.keys() - PRIMITIVES
    if unknown:
        raise ValueError(f"no such part of a fault: {', '.join(sorted(unknown))}")
    kind = fault.get("kind")
    if kind is not None and kind not in KINDS:
        raise ValueError(f"no such kind of fault: {kind} (there are {', '.join(sorted(KINDS))})")
    own = {name: value for name, value in fault.items() if name != "kind"}
    primitives = {**(KINDS[kind] if kind else {}), **own}
    if primitives.get("reset") not in (None, "before", "after"):
        raise ValueError("reset must be before or after")
    name = kind or "+".join(sorted(own))
    return Fault(name, primitives)


class Faults:
    """The orders in force, the first that fits a request wins."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._orders: list[Order] = []
        self._count = 0

    def order(
        self,
        fault: dict[str, Any],
        match: dict[str, Any] | None = None,
        times: int | None = 1,
        after: int = 0,
        probability: float | None = None,
    ) -> int:
        """Order ``fault`` for requests that ``match`` and return the number of the order.

        :param times: how many requests get it, None for all.
        :param after: how many matching requests pass unharmed before.
        :param probability: the share of matching requests that get it, drawn with the seeded generator.
        :raises ValueError: if fault or match has an unknown part.
        """
        for one in fault.get("choice", [fault]):
            resolve(one)
        match = match or {}
        unknown = match.keys() - MATCHES
        if unknown:
            raise ValueError(f"no such part of a match: {', '.join(sorted(unknown))}")
        self._count += 1
        self._orders.append(Order(self._count, match, fault, times, after, probability))
        return self._count

    def clear(self) -> None:
        """Drop all orders."""
        self._orders = []

    def reseed(self, seed: int) -> None:
        """Start the generator of draws anew."""
        self._random = random.Random(seed)

    def list(self) -> list[dict[str, Any]]:
        """Return the orders with how often they were seen and applied."""
        return [dataclasses.asdict(order) for order in self._orders]

    def pick(self, facts: dict[str, Any]) -> Fault | None:
        """Return the fault for a request, or None.

        :param facts: ``path`` (endpoint, lower case), ``method``, ``job_id`` and the lists ``client``, ``instance`` and
            ``subclient`` of lower-case names in it.
        """
        for order in self._orders:
            if not self._fits(order.match, facts):
                continue
            order.seen += 1
            if order.seen <= order.after or (order.times is not None and order.applied >= order.times):
                continue
            if order.probability is not None and self._random.random() >= order.probability:
                continue
            order.applied += 1
            fault = order.fault
            return resolve(self._random.choice(fault["choice"]) if "choice" in fault else fault)
        return None

    @staticmethod
    def _fits(match: dict[str, Any], facts: dict[str, Any]) -> bool:
        for part, wanted in match.items():
            value = str(wanted).lower()
            if part == "path":
                fits = fnmatch.fnmatchcase(facts["path"], value.strip("/"))
            elif part == "method":
                fits = facts["method"].lower() == value
            elif part == "job_id":
                fits = str(facts.get("job_id")) == value
            else:
                fits = value in facts[part]
            if not fits:
                return False
        return True
