# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a tarball may be published: ``release.py TARBALL``.

One version in its name, its manifest and its changelog, in which no fragment waits to be released; and installed into
an empty place, the demo runs from it. Run with the Python of an environment that holds ansible-core and the simulator,
with the directory above ansible_collections/ on PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FRAGMENTS = ROOT / "changelogs" / "fragments"


def complaints(tarball: Path) -> list[str]:
    """What is wrong with the versions in and around a tarball."""
    with tarfile.open(tarball) as archive:
        texts = {name: _text(archive, name) for name in ("MANIFEST.json", "changelogs/changelog.yaml", "CHANGELOG.md")}
    about = json.loads(texts["MANIFEST.json"] or "{}").get("collection_info", {})
    version = about.get("version", "")
    found = []
    if tarball.name != f"{about.get('namespace')}-{about.get('name')}-{version}.tar.gz":
        found.append(f"the manifest of {tarball.name} says {version}")
    releases = (yaml.safe_load(texts["changelogs/changelog.yaml"]) or {}).get("releases") or {}
    if not (releases.get(version) or {}).get("changes"):
        found.append(f"changelogs/changelog.yaml tells nothing of {version}: run antsibull-changelog release")
    if f"v{version}" not in texts["CHANGELOG.md"].replace("\\", ""):
        found.append(f"CHANGELOG.md does not name v{version}")
    left = sorted(path.name for path in FRAGMENTS.glob("*.y*ml"))
    if left:
        found.append(f"fragments are not released: {', '.join(left)}")
    return found


def _text(archive: tarfile.TarFile, name: str) -> str:
    """A member of the tarball, empty if it is not there."""
    try:
        member = archive.extractfile(name)
    except KeyError:
        return ""
    return member.read().decode("utf-8") if member else ""


def run_demo(tarball: Path, place: Path) -> None:
    """Install the tarball into an empty place and run the demo from there. Raises CalledProcessError."""
    here = Path(sys.executable).parent
    collections = place / "collections"
    subprocess.run(
        [here / "ansible-galaxy", "collection", "install", "--offline", "-p", collections, tarball],
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=180,
    )
    variables = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    subprocess.run([sys.executable, ROOT / "tests/demo/run.py"], env=variables, check=True, timeout=400)


def main() -> None:
    """See the top of this file."""
    tarball = Path(sys.argv[1]).resolve()
    wrong = complaints(tarball)
    if wrong:
        sys.exit("\n".join(["This is not ready to be published:", *wrong]))
    with tempfile.TemporaryDirectory(prefix="release-") as place:
        run_demo(tarball, Path(place))
    print(f"{tarball.name} can be published")


if __name__ == "__main__":
    main()
