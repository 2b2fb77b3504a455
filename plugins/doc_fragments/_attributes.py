# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This doc fragment is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations


class ModuleDocFragment:
    # Used by every module, together with one of the fragments below where it applies.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changes without making them.
  diff_mode:
    description: Returns details on what was or would be changed when run in diff mode.
  idempotent:
    description:
      - A second run with the same arguments changes nothing.
      - This assumes that nothing else changed the same objects in the meantime.
  action_group:
    description: Use C(group/rdsops.commvault.commvault) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - rdsops.commvault.commvault
"""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
  idempotent:
    support: full
    details:
      - This module only reads.
"""
