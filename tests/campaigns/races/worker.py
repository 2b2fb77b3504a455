# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process of a race: for each line on its input it makes one request with the token file, and says how it went.

Its arguments are URL TOKEN_FILE; a line is {"delay": seconds, "reopen": whether to begin anew like a new module}.
"""

from __future__ import annotations

import json
import sys
import time

from ansible_collections.rdsops.commvault.plugins.module_utils._auth import token_file as _auth_token_file
from ansible_collections.rdsops.commvault.plugins.module_utils._commcell import CommCell
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import CommvaultError
from ansible_collections.rdsops.commvault.plugins.module_utils._module.connection import open_commcell
from ansible_collections.rdsops.commvault.plugins.module_utils._redact import Redactor

OPTIONS = {
    "auth_token": None,
    "auth_scheme": "authtoken",
    "username": None,
    "password": None,
    "domain": None,
    "validate_certs": True,
    "ca_path": None,
    "timeout": 120.0,
    "read_retries": 1,
    "allow_http": False,
    "commcell_profile": None,
}


def open_again(url: str, token_file: str) -> CommCell:
    """What every module does at its start."""
    return open_commcell({**OPTIONS, "url": url, "token_file": token_file}.__getitem__, Redactor())


def main() -> None:
    """Until the end of the input."""
    url, token_file = sys.argv[1:]
    # In a race tokens die milliseconds after they were given out, which they do nowhere else.
    _auth_token_file.FRESH = 0.0
    commcell = open_again(url, token_file)
    print(json.dumps({"outcome": "ready"}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        time.sleep(order["delay"])
        try:
            if order["reopen"]:
                commcell = open_again(url, token_file)
            commcell.read("GET", "CommServ")
        except CommvaultError as error:
            answer = {"outcome": error.kind, "message": str(error)}
        else:
            answer = {"outcome": "ok"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
