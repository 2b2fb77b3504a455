# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
VENVS = ROOT / ".venvs"
WORK = ROOT / ".gates"
DIST = ROOT / "dist"

# Where a copy of the tree lies inside the directory made for it: pytest-ansible wants the word "collections"
# above the collection, ansible-test a real path (no link) and no git repository above.
MODULES = "ansible_collections.rdsops.commvault.tests"
INSIDE = Path("collections", "ansible_collections", "rdsops", "commvault")
