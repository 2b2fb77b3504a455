# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module of this name: does its work in place where the task is the controller's own, so
that people see how far the jobs are.
"""

from __future__ import annotations

from ..plugin_utils._in_place import InPlaceAction


class ActionModule(InPlaceAction):
    """Waits for jobs."""
