# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first page of the site: our beginning, and short names under headings in the sidebar."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "docs" / "site"
MADE = """
.. _plugins_in_rdsops.commvault:

Rdsops.Commvault
================

.. toctree::
    :maxdepth: 1

Begin
-----

.. toctree::
    :maxdepth: 1

    docsite/guide_start

Modules
~~~~~~~

* :ansplugin:`job_wait module <rdsops.commvault.job_wait#module>` -- Wait for Commvault jobs to end

.. toctree::
    :maxdepth: 1
    :hidden:

    job_wait_module
"""


@pytest.fixture(scope="module")
def build():
    """The script that builds the site."""
    sys.path.insert(0, str(SITE))
    try:
        spec = importlib.util.spec_from_file_location("build_site", SITE / "build.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SITE))
    return module


def test_the_first_page_begins_with_picture_and_code_and_groups_what_the_sidebar_lists(build):
    page = build.start_page(MADE)
    assert page.count(".. _plugins_in_rdsops.commvault:") == 1
    assert "Rdsops.Commvault" not in page
    assert page.index("images/report.png") < page.index("code-block:: yaml") < page.index("\nBegin\n-----\n")
    assert ".. toctree::\n    :caption: Begin\n    :maxdepth: 1\n\n    docsite/guide_start\n" in page
    assert (
        ".. toctree::\n    :caption: Modules\n    :maxdepth: 1\n    :hidden:\n\n    job_wait <job_wait_module>\n"
        in page
    )


def test_a_page_without_guides_is_an_error(build):
    with pytest.raises(ValueError, match="substring"):
        build.start_page(MADE.replace("Begin\n-----", "End\n---"))
