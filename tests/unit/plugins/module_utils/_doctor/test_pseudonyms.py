# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves the house holds no names."""

from __future__ import annotations

from ansible_collections.rdsops.commvault.plugins.module_utils._doctor.pseudonyms import Pseudonyms


def test_a_name_has_the_same_pseudonym_wherever_it_stands():
    names = Pseudonyms()
    names.add("client", "aws-prod", "aws-prod-2")
    names.add("user", "operator")
    names.add("client", "AWS-PROD")
    value = {"aws-prod": ["job of aws-prod-2 by Operator", 7, None, ("aws-prod",)]}
    assert names.clean(value) == {"client-1": ["job of client-2 by user-1", 7, None, ["client-1"]]}


def test_a_short_name_is_not_cut_out_of_words():
    names = Pseudonyms()
    names.add("instance", "or")
    assert names.clean("or for or-1") == "instance-1 for instance-1-1"


def test_nothing_is_no_name():
    names = Pseudonyms()
    names.add("user", None, "", "  ")
    assert names.clean("a user") == "a user"
