#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: logout
short_description: End a login to a CommCell
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Ends the session of M(rdsops.commvault.login), and removes its file.
  - If the server cannot be reached, the module only warns. The server ends an unused session by itself, and without
    the file nobody can use it.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
attributes:
  check_mode:
    support: full
    details:
      - Logs out as without check mode, because M(rdsops.commvault.login) has logged in. It changes nothing that
        Commvault protects.
  diff_mode:
    support: N/A
    details:
      - The session has nothing to show.
  idempotent:
    support: full
options: {}
notes:
  - O(token_file) is required. It must be the file of a session; the module refuses a file with a pair of access
    tokens and does not change it.
seealso:
  - module: rdsops.commvault.login
"""

EXAMPLES = r"""
- name: Log in
  rdsops.commvault.login:
  register: session

- name: Work with the session
  module_defaults:
    group/rdsops.commvault.commvault:
      token_file: "{{ session.token_file }}"
  block:
    - name: Back up the orders database
      rdsops.commvault.oracle_rds_export_backup:
        client_name: aws-prod
        instance_name: orders
  always:
    - name: Log out
      rdsops.commvault.logout:
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: Logged out from commandcenter.example.com.
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description: The kind of failure, V(invalid_input) or V(internal).
      type: str
      returned: always
      sample: invalid_input
    method:
      description: Always V(null).
      type: str
      returned: always
      sample: null
    url:
      description: Always V(null).
      type: str
      returned: always
      sample: null
    status:
      description: Always V(null).
      type: int
      returned: always
      sample: null
    code:
      description: Always V(null).
      type: raw
      returned: always
      sample: null
    message:
      description: The same as RV(msg).
      type: str
      returned: always
      sample: token_file is missing. Set the option or the environment variable COMMVAULT_TOKEN_FILE.
"""

import contextlib
import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._auth.accounts_api import AccountsApi
from ..module_utils._auth.session import end
from ..module_utils._module.connection import required
from ..module_utils._module.run import ModuleRun, run_module


def argument_spec() -> ArgumentSpec:
    """It has no options but those of the connection."""
    return ArgumentSpec({})


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Log out, and remove the file."""
    path = required(module.params.__getitem__, "token_file")
    with contextlib.closing(module.open_transport()) as transport:
        host = transport.base.host
        ended = end(AccountsApi(transport), transport.base.url, module.hide, path)
    if not ended.found:
        return {"changed": False, "msg": f"There is no session in {path!r}."}
    if ended.complaint:
        module.warn(f"The session was removed from this machine, but {host} may not have ended it: {ended.complaint}")
    return {"changed": True, "msg": f"Logged out from {host}."}


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
