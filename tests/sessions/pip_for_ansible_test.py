# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-test make its virtual environments without a download of its own.

ansible-test puts pip into them with a script that it fetches from its makers' server, which machines behind a
package mirror do not reach, and keeps in its cache. Where the cache lacks the script, this writes one that uses
the pip that comes with Python. Run with the Python of an environment that holds ansible-core.
"""

from __future__ import annotations

import re
from pathlib import Path

import ansible_test

SCRIPT = "import ensurepip\n\nensurepip.bootstrap(upgrade=True)\n"


def main() -> None:
    """Write what is missing, for each pip version that this ansible-test names."""
    (package,) = ansible_test.__path__
    source = Path(package, "_internal", "python_requirements.py").read_text(encoding="utf-8")
    versions = sorted(set(re.findall(r"pip='([\d.]+)'", source)))
    if not versions:
        raise SystemExit("this ansible-test names no pip version: look at how it makes its environments now")
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.exists():
            script.write_text(SCRIPT, encoding="utf-8")
            print(f"wrote {script}")


if __name__ == "__main__":
    main()
