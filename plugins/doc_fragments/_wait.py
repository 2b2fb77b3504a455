# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This doc fragment is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations


class ModuleDocFragment:
    # The options of _wait_options.wait_spec().
    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - How long to wait for all jobs together, by the clock.
      - A number of seconds, or one with a unit, such as V(90), V(30m), V(4h), V(2d) or V(1h30m).
      - When the time is over, the jobs are looked at once more. If one is still active then, the task fails, with all
        jobs in its result. The jobs go on, unless O(on_timeout) says otherwise.
      - V(0) looks once and does not wait.
    type: str
    default: 12h
  wait_interval:
    description:
      - How long to wait between two looks at the jobs; written as O(wait_timeout).
      - A look is one request as a rule, for any number of jobs. Commvault Cloud allows 1000 of them in an hour, for all
        that a tenant does.
      - A look that fails because of a passing fault is repeated after 15 seconds, or after this time if it is shorter.
    type: str
    default: 60s
  stuck_timeout:
    description:
      - How long a job may stay in one and the same of the states C(Queued), C(Pending), C(Waiting) and C(Suspended), in
        which nothing is done; written as O(wait_timeout).
      - A job that has been stuck for so long is not waited for any longer and makes the task fail, once all others have
        ended.
      - By default, a job may be stuck until O(wait_timeout) is over.
    type: str
  on_timeout:
    description:
      - What to do with the jobs that are still active when their time is over, because of O(wait_timeout) or
        O(stuck_timeout).
      - V(leave) leaves them alone.
      - V(suspend) suspends them, so that they can be resumed.
      - V(kill) ends them for good.
      - The task fails in any case.
    type: str
    choices:
      - leave
      - suspend
      - kill
    default: leave
  fail_on:
    description:
      - Which ends of a job make the task fail.
      - V(failure) - C(Failed), C(Failed to Start) and C(Killed).
      - V(errors) - also C(Completed w/ one or more errors) and C(Committed), which is a job that ended early after a
        part of its data had been saved.
      - V(warnings) - also C(Completed w/ one or more warnings).
    type: str
    choices:
      - failure
      - errors
      - warnings
    default: errors
"""
