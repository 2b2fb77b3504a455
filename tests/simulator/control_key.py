# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of the header that guards the control API; here so that the harness needs no server library."""

from __future__ import annotations

KEY_HEADER = "X-Simulator-Key"
