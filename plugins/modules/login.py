#!/usr/bin/python
# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: login
short_description: Log in to a CommCell once for several tasks
version_added: 1.0.0
author:
  - rdsops contributors (@rdsops)
description:
  - Logs in with user name and password, and keeps the session in a file that only the user who runs the task can read.
    Later tasks use the path of the file as O(token_file).
  - Without this module, each task logs in and out. For a few tasks that is fine.
  - No result has the token of the session, so nothing can log it. Later tasks could not use a masked token, and an
    unmasked one would be in logs, in job files of C(async) and in the arguments of later tasks.
extends_documentation_fragment:
  - rdsops.commvault._attributes
  - rdsops.commvault._connection
attributes:
  check_mode:
    support: full
    details:
      - Logs in as without check mode, because later tasks need the session for their checks. It changes nothing that
        Commvault protects.
  diff_mode:
    support: N/A
    details:
      - The session has nothing to show.
  idempotent:
    support: none
    details:
      - Each run logs in.
options:
  path:
    description:
      - File for the session. The module replaces a file with an older session, and refuses any other existing file.
      - Defaults to a new file in a new temporary directory.
    type: path
notes:
  - O(username) and O(password) are required, as options or environment variables. The options O(auth_token) and
    O(token_file) must not be set.
  - End the session with M(rdsops.commvault.logout) in an C(always) section. Otherwise Commvault ends the session
    after 30 minutes without a request, and the file stays.
  - The later tasks must run on the same machine, because the file is there.
seealso:
  - module: rdsops.commvault.logout
"""

EXAMPLES = r"""
# The environment variables COMMVAULT_URL, COMMVAULT_USERNAME and COMMVAULT_PASSWORD say who logs in, and where.
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

    - name: Back up the billing database
      rdsops.commvault.oracle_rds_export_backup:
        client_name: aws-prod
        instance_name: billing
  always:
    - name: Log out
      rdsops.commvault.logout:

- name: Log in with a password from a vault
  rdsops.commvault.login:
    url: commandcenter.example.com
    username: backup-operator
    password: "{{ vault_commvault_password }}"
    domain: CORP
  register: session
"""

RETURN = r"""
msg:
  description: The result as a sentence.
  returned: always
  type: str
  sample: Logged in to commandcenter.example.com as 'backup-operator'.
token_file:
  description: Path of the file with the session, for the option O(token_file) of later tasks.
  returned: success
  type: str
  sample: /tmp/rdsops-commvault-x3k1v_9q/session.json
failure:
  description: The failure, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - The kind of failure, such as V(authentication) for a refused login and a locked account, V(invalid_input),
          V(connection), V(tls), V(timeout), V(not_found), V(redirect), V(bad_reply), V(server).
      type: str
      returned: always
      sample: authentication
    method:
      description: The HTTP method, V(null) without a request.
      type: str
      returned: always
      sample: POST
    url:
      description: The URL, V(null) without a request.
      type: str
      returned: always
      sample: https://commandcenter.example.com/commandcenter/api/Login
    status:
      description: The HTTP status, V(null) without an answer.
      type: int
      returned: always
      sample: 200
    code:
      description: Commvault's error code, V(null) if there was none.
      type: raw
      returned: always
      sample: 5
    message:
      description: Commvault's message, or that of this module if Commvault sent none.
      type: str
      returned: always
      sample: Invalid username or password.
"""

import contextlib
import typing as t

from ..module_utils._argspec import ArgumentSpec
from ..module_utils._auth.accounts_api import AccountsApi
from ..module_utils._auth.session import begin
from ..module_utils._errors import InvalidInput
from ..module_utils._module.connection import required
from ..module_utils._module.run import ModuleRun, run_module


def argument_spec() -> ArgumentSpec:
    """The module's own options."""
    return ArgumentSpec({"path": {"type": "path"}})


def run(module: ModuleRun) -> dict[str, t.Any]:
    """Log in, and say where the session is."""
    params = module.params
    for name in ("auth_token", "token_file"):
        if module.set_explicitly(name):
            raise InvalidInput(f"{name} has no use here: a login needs username and password.")
    username = required(params.__getitem__, "username")
    password = required(params.__getitem__, "password")
    with contextlib.closing(module.open_transport()) as transport:
        base = transport.base
        path = begin(AccountsApi(transport), base.url, username, password, params["domain"], params["path"] or None)
    return {"changed": True, "msg": f"Logged in to {base.host} as {username!r}.", "token_file": path}


def main() -> None:
    run_module(argument_spec(), run)


if __name__ == "__main__":
    main()
