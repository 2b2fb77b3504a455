# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This doc fragment is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations


class ModuleDocFragment:
    # The options of _jobs.wait_options.
    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - How long to wait for all jobs together.
      - A number of seconds, or a number with a unit, such as V(90), V(30m), V(4h), V(2d) or V(1h30m).
      - At its end, the task polls once more. If a job is still active, the task fails and returns all jobs. The jobs
        go on, unless O(on_timeout) is set.
      - V(0) reads the jobs and does not wait.
    type: str
    default: 12h
  wait_interval:
    description:
      - How long to wait between two polls, in the format of O(wait_timeout).
      - A poll is usually one request for any number of jobs. Commvault Cloud allows a tenant 1000 reads an hour.
      - After a temporary fault, the task polls again after 15 seconds, or after this time if it is shorter.
    type: str
    default: 60s
  stuck_timeout:
    description:
      - How long a job may stay in the same of the states C(Queued), C(Pending), C(Waiting) and C(Suspended), in the
        format of O(wait_timeout).
      - The task does not wait any longer for such a job. It fails once all other jobs have ended.
      - By default, only O(wait_timeout) limits it.
    type: str
  on_timeout:
    description:
      - What to do with jobs that are still active after O(wait_timeout) or O(stuck_timeout).
      - V(leave) does not touch them.
      - V(suspend) suspends them; they can be resumed.
      - V(kill) kills them.
      - The task always fails then.
    type: str
    choices:
      - leave
      - suspend
      - kill
    default: leave
  fail_on:
    description:
      - Which job states make the task fail.
      - V(failure) - C(Failed), C(Failed to Start) and C(Killed).
      - V(errors) - also C(Completed w/ one or more errors) and C(Committed), a job that somebody ended early and
        whose data saved so far was kept.
      - V(warnings) - also C(Completed w/ one or more warnings).
    type: str
    choices:
      - failure
      - errors
      - warnings
    default: errors
"""
