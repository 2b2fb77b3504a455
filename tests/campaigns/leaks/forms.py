# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to look for to find a secret in any form. Made without the collection's own list of forms, which could lack one.

The secrets of a hunt have a long run of letters and digits between signs that must be quoted or escaped. The run looks
the same in every escaped form, and a part of a secret that a mask has left over is found with it.
"""

from __future__ import annotations

import base64
import random
import re
import string

SHORTEST = 16


def make_secret(name: str, before: str = "/", after: str = "+=") -> str:
    """A secret for a hunt, the same for each call; before and after: what must be quoted or escaped somewhere."""
    draw = random.Random(name)
    words = "".join(word.capitalize() for word in re.findall("[a-z]+", name.lower()))
    while True:
        run = f"Leak{words}" + "".join(draw.choice(string.ascii_letters + string.digits) for _letter in range(10))
        if all(re.fullmatch(b"[A-Za-z0-9]+", piece) for piece in _pieces(run.encode())):
            return f"{before}{run}{after}"


def core(secret: str) -> str:
    """The longest run of letters and digits in a secret."""
    run = max(re.findall("[A-Za-z0-9]+", secret), key=len)
    assert len(run) >= SHORTEST, f"{secret} is not fit for a hunt"
    return run


def needles(secret: str) -> dict[bytes, str]:
    """What to look for, with a name for the form that it was found in."""
    run = core(secret).encode()
    found = {run: "in clear, quoted or escaped", run.hex().encode(): "hex"}
    found.update(dict.fromkeys(base64_pieces(run), "Base64"))
    return found


def base64_pieces(raw: bytes) -> list[bytes]:
    """What the Base64 of any text that holds raw must hold, wherever raw stands in it."""
    pieces = _pieces(raw)
    # Otherwise there would be other alphabets, and signs to be quoted.
    assert all(re.fullmatch(b"[A-Za-z0-9]+", piece) for piece in pieces), f"{raw!r} is not fit for a hunt"
    return pieces


def _pieces(raw: bytes) -> list[bytes]:
    pieces = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        # The first characters depend on what stands before, the last ones on what comes after.
        first = (0, 2, 3)[before]
        last = len(encoded) - (0, 3, 2)[(before + len(raw)) % 3]
        pieces.append(encoded[first:last])
    return pieces
