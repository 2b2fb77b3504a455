# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of a CommCell, in Ansible's cache for inventories."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible.errors import AnsibleError

# Counted up when what is stored changes its form.
FORMAT = 1


@dataclass
class Reading:
    """What was read of a CommCell.

    rows: as of Subclient.to_result. read_at: when, in epoch seconds of this machine. clock_offset: by how many seconds
    the server's clock is ahead of this machine's. history: seconds for which all jobs of the past were looked at, 0 for
    none. warnings: what could not be read.
    """

    rows: list[dict[str, t.Any]]
    read_at: float
    clock_offset: float = 0.0
    history: float = 0.0
    warnings: list[str] = field(default_factory=list)


class RowCache:
    """One entry of a cache, for one inventory file."""

    def __init__(self, storage: t.MutableMapping[str, t.Any], key: str, query: t.Mapping[str, t.Any]) -> None:
        """storage: Ansible's cache, with entries that never expire. key: of the entry. query: what it must be about to
        be of use.
        """
        self._storage = storage
        self._key = key
        self._query = json.dumps(query, sort_keys=True)

    def load(self) -> Reading | None:
        """What was stored for this query, however old; None if there is nothing of use."""
        try:
            stored = self._storage[self._key]
            if stored["format"] != FORMAT or stored["query"] != self._query:
                return None
            return Reading(**json.loads(stored["reading"]))
        except (AnsibleError, KeyError, TypeError, ValueError):
            # Nothing there, or nothing that this plugin wrote as it is now.
            return None

    def store(self, reading: Reading) -> None:
        """Keep a reading."""
        # As one text: Ansible's caches go through every value of a structure, which takes longer than to read it anew.
        text = json.dumps(vars(reading), separators=(",", ":"))
        self._storage[self._key] = {"format": FORMAT, "query": self._query, "reading": text}
