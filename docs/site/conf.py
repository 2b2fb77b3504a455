# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx renders the site; build.py puts this file beside the pages."""

import re

project = "rdsops.commvault"
author = "rdsops contributors"
copyright = "2026, rdsops contributors"  # noqa: A001 - the name is Sphinx's

html_theme = "furo"
html_title = "rdsops.commvault"
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
# A list of its own instead of the one that Ansible's site serves: a build needs no network.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/ansible/latest/", "ansible.inv")}

highlight_language = "YAML+Jinja"
pygments_style = "ansible"

default_role = "any"
nitpicky = True


def setup(app):
    """Leave the tables of contents of pages out: this theme has one beside each page, and an error for others."""
    contents = re.compile(r"^\.\. contents::\n(?: +:.*\n)*", re.MULTILINE)

    def without_contents(_app, _page, source):
        source[0] = contents.sub("", source[0])

    app.connect("source-read", without_contents)
