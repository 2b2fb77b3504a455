# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values from a server must never be evaluated as templates: whoever can name a database could run code."""

# This plugin util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t

try:
    # From ansible-core 2.19 on, only strings that are marked as trusted can be templates, and none of ours is.
    from ansible.template import trust_as_template as _marks_trust  # noqa: F401

    MARKS_TRUST = True
except ImportError:
    MARKS_TRUST = False

if not MARKS_TRUST:
    from ansible.utils.unsafe_proxy import AnsibleUnsafeText


def make_unsafe(value: t.Any) -> t.Any:
    """The value, of which nothing ever becomes a template.

    Args:
        value: Strings, numbers, lists and dictionaries, as JSON has them; keys are left as they are.
    """
    return value if MARKS_TRUST else _wrapped(value)


def _wrapped(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return AnsibleUnsafeText(value)
    if isinstance(value, dict):
        return {key: _wrapped(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_wrapped(member) for member in value]
    return value
