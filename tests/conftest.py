# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the collection importable before the conftest.py files below are read.

pytest-ansible does it later, and only for a pytest that is started at the root; ansible-test did it before.
"""

from __future__ import annotations

from pathlib import Path

from ansible.utils.collection_loader import AnsibleCollectionConfig

if AnsibleCollectionConfig.collection_finder is None:
    from pytest_ansible.units import inject

    inject(Path(__file__).parents[1])
