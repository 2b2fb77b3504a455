# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-test make its virtual environments from a package registry, or its mirror, alone.

ansible-test puts pip into them with a script that it fetches from its makers' server, and keeps in its cache. Where the
cache lacks the script, this writes one that takes the pip that comes with Python. ansible-test 2.22 wants a
development version of dill for Python 3.15; for older Pythons a release does. Run with the Python of an environment
that holds ansible-core.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import ansible_test

# ensurepip would have pip install itself, and each of the dozens of environments would compile a pip of its own: they
# share one for each Python. And pylint spends a seventh of its time on looking for garbage that is not there.
SCRIPT = """
import ensurepip, pathlib, sysconfig, zipfile

shared = pathlib.Path(__file__).parent / ("pip-" + sysconfig.get_python_version())
wheels = list(pathlib.Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
if wheels and not shared.exists():
    unpacked = shared.with_name(shared.name + ".new")
    for wheel in wheels:
        zipfile.ZipFile(str(wheel)).extractall(str(unpacked))
    unpacked.rename(shared)
lines = [str(shared)] * bool(wheels) + ["import gc; gc.set_threshold(50000, 50, 100)", ""]
pathlib.Path(sysconfig.get_path("purelib"), "shared.pth").write_text("\\n".join(lines))
if not wheels:  # a distribution keeps them elsewhere
    ensurepip.bootstrap(upgrade=True)
"""


def write_pip_scripts(package: Path) -> None:
    """Write a script for each pip version that this ansible-test names."""
    source = (package / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    versions = sorted(set(re.findall(r"pip='([\d.]+)'", source)))
    if not versions:
        raise SystemExit("this ansible-test names no pip version: look at how it makes its environments now")
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.exists():
            script.write_text(SCRIPT, encoding="utf-8")


def take_releases(package: Path) -> None:
    """Ask for releases where ansible-test asks for archives of a repository."""
    for file in (package / "_data" / "requirements").glob("sanity.*.txt"):
        text = file.read_text(encoding="utf-8")
        released = re.sub(r"(?m)^(dill) @ https://\S+$", r"\1", text)
        if released != text:
            file.unlink()  # not written in place: other environments may share it by a hard link
            file.write_text(released, encoding="utf-8")


if __name__ == "__main__":
    (place,) = map(Path, ansible_test.__path__)
    write_pip_scripts(place)
    if sys.version_info < (3, 15):
        take_releases(place)
