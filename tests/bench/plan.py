# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark measures, and what it compares with what."""

from __future__ import annotations

from dataclasses import dataclass


class WentWrong(Exception):
    """A case did not do what it was to do: its time means nothing."""


@dataclass(frozen=True)
class Case:
    """One way to start backups.

    group, says: its place in the table. what: a playbook of playbooks/ without its ending, or "floor" for floor.py.
    backups: how many. connections: the most that the server may see. looks: so many more requests at most, for lists of
    jobs that show whether a backup was started twice.
    """

    group: str
    says: str
    what: str
    backups: int
    connections: int
    looks: int = 0


@dataclass(frozen=True)
class Ratio:
    """The time of one case over the sum of the times of others. at_most: what the collection promises, or None."""

    says: str
    case: Case
    over: tuple[Case, ...]
    at_most: float | None = None


class Plan:
    """The cases and ratios for a size: fleet and loop are numbers of backups."""

    def __init__(self, fleet: int, loop: int, concurrency: int) -> None:
        self.start_up = Case("", "Ansible's start-up: a module that does nothing", "start_up", 0, 0)
        one, few, many = "1 backup", f"{loop} backups", f"{fleet} backups, {concurrency} requests at once"
        wide, narrow = min(concurrency, fleet), min(concurrency, loop)
        self.cases = (
            self.start_up,
            uri_one := Case(one, "ansible.builtin.uri", "uri_loop", 1, 1),
            our_one := Case(one, "oracle_rds_export_backup", "module_loop", 1, 1, looks=1),
            uri_loop := Case(few, "ansible.builtin.uri in a loop", "uri_loop", loop, loop),
            our_loop := Case(few, "oracle_rds_export_backup in a loop", "module_loop", loop, loop, looks=loop),
            our_few := Case(few, "oracle_rds_export_backup, one call", "fleet", loop, narrow, looks=2),
            our_many := Case(many, "oracle_rds_export_backup, one call", "fleet", fleet, wide, looks=2),
            floor := Case(many, "a bare script on requests", "floor", fleet, wide),
        )
        self.ratios = (
            Ratio("1 backup: module / uri", our_one, (uri_one,), 1.0),
            Ratio(f"{loop} backups: module in a loop / uri in a loop", our_loop, (uri_loop,)),
            Ratio(f"{loop} backups: one call / uri in a loop", our_few, (uri_loop,)),
            Ratio(f"{fleet} backups: one call / (bare script + start-up)", our_many, (floor, self.start_up), 1.3),
        )
