# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import time

from ansible_collections.rdsops.commvault.tests.campaigns.races.__main__ import run
from ansible_collections.rdsops.commvault.tests.campaigns.races.referee import OPEN, PATIENCE, Referee
from ansible_collections.rdsops.commvault.tests.simulator.harness import Simulator


def test_a_slice_of_the_races_breaks_no_promise():
    tally = run(16, seed=20260101)
    assert tally.findings == []
    assert tally.races == 16
    # Without these, the slice would have tested nothing.
    assert tally.renewals > 0
    assert tally.killed > 0


def test_a_process_that_is_killed_in_a_renewal_leaves_a_pair_that_no_other_sends():
    with Simulator() as simulator, Referee(simulator, "in the middle") as referee:
        simulator.expire_tokens()
        simulator.order_fault({"path": "v4/accesstoken/renew"}, {"delay_after": 30})
        first, second = referee.workers[:2]
        first.order(0, False)
        limit = time.monotonic() + PATIENCE
        while not simulator.journal(path="v4/accesstoken/renew"):
            assert time.monotonic() < limit
            time.sleep(0.01)
        first.kill()
        second.order(0, True)
        answer = second.answer()
        assert answer["outcome"] == "authentication"
        assert OPEN in answer["message"]
        assert len(simulator.journal(path="v4/accesstoken/renew")) == 1
        assert "renewalSentAt" in json.loads(referee.token_file.read_text(encoding="utf-8"))
        # The rest of the story: a person makes a new token, and all is well again.
        referee.new_pair()
        second.order(0, False)
        assert second.answer() == {"outcome": "ok"}


def test_the_referee_sees_a_pair_that_is_used_twice():
    with Simulator() as simulator, Referee(simulator, "broken") as referee:
        old = referee.token_file.read_text(encoding="utf-8")
        referee.race()
        referee.token_file.write_text(old, encoding="utf-8")
        referee.race()
        assert any("used twice" in finding for finding in referee.tally.findings)
