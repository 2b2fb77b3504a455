# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the site: pages of the plugins and roles by antsibull-docs, with the guides of docs/docsite, by Sphinx.

The pictures in them are taken anew, by pictures.py.

``build.py DIRECTORY`` writes the HTML there. The collection must be where ANSIBLE_COLLECTIONS_PATH says, since its
documentation is read by Ansible; requirements/docs.txt has the packages. A warning is an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pictures

COLLECTION = "rdsops.commvault"
# The first section of docs/docsite/extra-docs.yml.
FIRST_GUIDES = "Begin"
# What antsibull-docs calls them, and what the sidebar does.
CAPTIONS = {"Inventory Plugins": "Inventory", "Role Index": "Role"}
HERE = Path(__file__).resolve().parent
GUIDES = HERE.parent / "docsite" / "rst"
BIN = Path(sys.executable).parent

# What the pages that antsibull-docs writes name of Ansible's own site: role, name, page, title.
ANSIBLE_NAMES = (
    ("label", "action_plugins", "plugins/action.html#action-plugins", "Action plugins"),
    ("label", "ansible_configuration_settings", "reference_appendices/config.html", "Ansible Configuration Settings"),
    ("label", "common_return_values", "reference_appendices/common_return_values.html", "Return Values"),
    ("label", "inventory_plugins", "plugins/inventory.html#inventory-plugins", "Inventory plugins"),
    (
        "label",
        "ansible_collections.ansible.builtin.set_stats_module",
        "collections/ansible/builtin/set_stats_module.html",
        "ansible.builtin.set_stats",
    ),
    *(
        ("envvar", f"ANSIBLE_{name}", f"reference_appendices/config.html#envvar-ANSIBLE_{name}", "-")
        for name in (
            "CACHE_PLUGIN",
            "CACHE_PLUGIN_CONNECTION",
            "CACHE_PLUGIN_PREFIX",
            "CACHE_PLUGIN_TIMEOUT",
            "INVENTORY_USE_EXTRA_VARS",
        )
    ),
)
ANTSIBULL_DOCS = """
collection_url = {
  * = "https://github.com/rdsops/commvault"
}
collection_install = {
  * = "ansible-galaxy collection install rdsops-commvault-*.tar.gz"
}
"""


def write_inventory(path: Path) -> None:
    """Write the names in the format of Sphinx's inventories, version 2."""
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: latest\n# The rest is compressed using zlib.\n"
    lines = "".join(f"{name} std:{role} -1 {page} {title}\n" for role, name, page, title in ANSIBLE_NAMES)
    path.write_bytes(head.encode() + zlib.compress(lines.encode()))


def start_page(index: str) -> str:
    """The page that antsibull-docs makes of the collection, with our beginning, and with titles for a sidebar.

    Each list of pages gets its heading as caption, and plugins are called by their short names. Raises ValueError if
    the page no longer has the guides.
    """
    index = index[index.index(f"\n{FIRST_GUIDES}\n") :]
    heading = re.compile(r"\n([A-Z][\w ]+)\n([-~])\2+\n((?:(?!\n[-~]{3,}\n).)*?\.\. toctree::\n)", re.DOTALL)
    index = heading.sub(lambda found: f"{found[0]}    :caption: {CAPTIONS.get(found[1], found[1])}\n", index)
    index = re.sub(r"(?m)^    (\w+)_(module|inventory|role)$", r"    \1 <\1_\2>", index)
    return f"{(HERE / 'start.rst').read_text(encoding='utf-8')}\n{index}"


def call(program: str, *arguments: str) -> int:
    """Run a program of this Python's environment; its exit code."""
    command = [str(BIN / program), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=300, check=False).returncode


def main() -> int:
    """Build in a directory of its own, then replace the given one; the exit code of what failed, or 0."""
    (target,) = (Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="site-") as scratch:
        source, html = Path(scratch, "source"), Path(scratch, "html")
        source.mkdir(mode=0o700)
        shutil.copy(HERE / "conf.py", source)
        write_inventory(source / "ansible.inv")
        Path(scratch, "antsibull-docs.cfg").write_text(ANTSIBULL_DOCS, encoding="utf-8")
        pages = ["--config-file", str(Path(scratch, "antsibull-docs.cfg")), "collection", "--use-current"]
        pages += ["--fail-on-error", "--squash-hierarchy", "--dest-dir", str(source), COLLECTION]
        render = ["-b", "html", "--fail-on-warning", "--keep-going", "--quiet", str(source), str(html)]
        fresh = Path(scratch, "images")
        fresh.mkdir()
        with ThreadPoolExecutor(1) as beside:  # the demo mostly waits
            taken = beside.submit(pictures.take, fresh)
            status = call("antsibull-docs", *pages) or taken.result()
        static = source / "_static"
        static.mkdir(exist_ok=True)
        shutil.copy(HERE / "site.css", static)
        # antsibull-docs takes the guides along, but not their pictures, and would clean them away if they were there.
        images = source / "docsite" / "images"
        for directory in (GUIDES / "images", fresh):
            shutil.copytree(directory, images, dirs_exist_ok=True)
        if not status:
            page = source / "index.rst"
            page.write_text(start_page(page.read_text(encoding="utf-8")), encoding="utf-8")
        status = status or call("sphinx-build", *render)
        if status:
            return status
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(html, target)
    print(f"{sum(1 for _page in target.rglob('*.html'))} pages, from {target / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
