# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the inventory plugin in this process, as Ansible would."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

from ansible_collections.rdsops.commvault.plugins.module_utils._http import transport as _http

from .scripted_http import Script

URL = "https://cc.example.com"
TOKEN = "SECRET-token-for-tests-0123456789"
NAME = "rdsops.commvault.oracle_rds"


class Inventory:
    """What the plugin made. error: the text of the error with which it ended, None if it succeeded. warnings: what it
    warned of.
    """

    def __init__(self, data: InventoryData, error: str | None, warnings: list[str]) -> None:
        self.data, self.error, self.warnings = data, error, warnings

    @property
    def hosts(self) -> list[str]:
        """The names of all hosts, in the order in which they were made."""
        return list(self.data.hosts)

    @property
    def groups(self) -> dict[str, list[str]]:
        """The hosts of each group, without those that every inventory has."""
        own = {name: group for name, group in self.data.groups.items() if name not in ("all", "ungrouped")}
        return {name: [host.name for host in group.get_hosts()] for name, group in own.items()}

    def variables(self, host: str) -> dict[str, t.Any]:
        """The variables of a host."""
        found: dict[str, t.Any] = self.data.hosts[host].get_vars()
        return found


class InventoryRunner:
    """Runs the plugin; made by the fixture run_inventory. now: the time that the plugin sees, in epoch seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
        self._monkeypatch = monkeypatch
        self.place = place
        self.now = 10_000.0

    def __call__(
        self,
        script: Script | None = None,
        *,
        refresh: bool = False,
        data: InventoryData | None = None,
        **options: t.Any,
    ) -> Inventory:
        """Run the plugin with options on top of a URL and a token (None takes one away); script: the exchanges to
        expect (None: no request at all). refresh: as with --flush-cache. data: what earlier sources made.
        """
        exchanges = script or Script()
        original = _http.make_session

        def scripted_session(*args: t.Any, **kwargs: t.Any) -> t.Any:
            session = original(*args, **kwargs)
            exchanges.mount_on(session)
            return session

        given = {
            "plugin": NAME,
            "url": URL,
            "auth_token": TOKEN,
            "concurrency": 1,
            "read_retries": 0,
            "outage_timeout": 0,
            **options,
        }
        path = self.place / "test.commvault_rds.yml"
        path.write_text(yaml.safe_dump({name: value for name, value in given.items() if value is not None}))
        plugin = inventory_loader.get(NAME)
        assert plugin.verify_file(str(path))
        warnings: list[str] = []
        data, error = data or InventoryData(), None
        # As Ansible does it around each source.
        data.current_source = str(path)
        with self._monkeypatch.context() as patches:
            patches.setattr(_http, "make_session", scripted_session)
            patches.setattr(sys.modules[type(plugin).__module__], "time", SimpleNamespace(time=lambda: self.now))
            patches.setattr(plugin.display, "warning", lambda text, *_args, **_kwargs: warnings.append(text))
            try:
                plugin.parse(data, DataLoader(), str(path), cache=not refresh)
                if hasattr(plugin, "_cache"):
                    plugin.update_cache_if_changed()
            except AnsibleError as caught:
                error = str(caught)
        exchanges.finish()
        data.reconcile_inventory()
        return Inventory(data, error, warnings)
