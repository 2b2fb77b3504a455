# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From DB instances as AWS names them to subclients as Commvault names them. Pure functions: nothing is guessed, what
does not fit exactly one instance is said to be missing or ambiguous.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from fnmatch import translate

from .._errors import InvalidInput
from .._http.fields import folded
from .._times import some_of
from .model import DEFAULT_SUBCLIENT, MAX_NEAREST, nearest_names, nearest_words

if t.TYPE_CHECKING:
    from .model import Subclient

MATCHED, MISSING, AMBIGUOUS, SKIPPED = "matched", "missing", "ambiguous", "skipped"
NOT_VERIFIED = "not_verified"

# How a match came about; what stands first goes before what stands later.
_BY_INSTANCE, _BY_DISPLAY, _BY_PATTERN = range(3)

# Values of Engine in DescribeDBInstances: oracle-ee, oracle-se2-cdb, custom-oracle-ee and their like
# (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html).
_ORACLE_ENGINE = re.compile(r"(custom-)?oracle-", re.IGNORECASE)
_ARN = re.compile(r"arn:[^:]*:rds:([^:]*):([^:]*):db:(.+)$")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = ("identifier", "region", "account", "engine")
MAX_CANDIDATES = 5


# What names a DB instance, as options of a module.
RDS_OPTIONS: dict[str, dict[str, t.Any]] = {
    name: {"type": "str"}
    for name in ("id", "db_instance_identifier", "db_instance_arn", "engine", "region", "client_name", "subclient_name")
}


@dataclass(frozen=True)
class RdsInstance:
    """A DB instance as AWS describes it; None: not known.

    id: by which the caller finds the result. identifier: the DBInstanceIdentifier. engine: as AWS writes it.
    account: number of the AWS account. client_name: the client that it is under, by name or display name.
    subclient_name: which subclient, where Commvault has several.
    """

    id: str
    identifier: str | None
    engine: str | None = None
    region: str | None = None
    account: str | None = None
    client_name: str | None = None
    subclient_name: str | None = None

    def value(self, placeholder: str) -> str | None:
        """What stands for a placeholder of a pattern."""
        value: str | None = getattr(self, placeholder)
        return value


@dataclass
class Match:
    """What was found for one DB instance.

    state: MATCHED, MISSING, AMBIGUOUS, NOT_VERIFIED where something else may fit that could not be read, or SKIPPED for
    an engine that is not Oracle. msg: the same in words. subclient: what to back up, if it is MATCHED. candidates: what
    fits, if it is too much or not certain. nearest: names that are like the missing one. rank: how it was found.
    """

    wanted: RdsInstance
    state: str
    msg: str
    subclient: Subclient | None = None
    candidates: tuple[Subclient, ...] = ()
    nearest: tuple[str, ...] = ()
    rank: int = _BY_INSTANCE

    def to_result(self) -> dict[str, t.Any]:
        """For the result of a module."""
        return {
            "id": self.wanted.id,
            "db_instance_identifier": self.wanted.identifier,
            "state": self.state,
            "msg": self.msg,
            "entry": {"id": self.wanted.id, **self.subclient.entry()} if self.subclient else None,
            "candidates": [candidate.label for candidate in self.candidates],
            "nearest": list(self.nearest),
        }


def make_rds_instance(values: t.Mapping[str, t.Any], where: str = "") -> RdsInstance:
    """An RdsInstance from option values.

    An ARN tells identifier, region and account where these are not given
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.ARN.html).

    Args:
        where: What stands before the name of an option in messages, such as "match[0].".

    Raises:
        InvalidInput: A value cannot be used.
    """
    given = {name: (value.strip() or None) if isinstance(value, str) else None for name, value in values.items()}
    region = account = identifier = None
    arn = given.get("db_instance_arn")
    if arn:
        parts = _ARN.match(arn)
        if not parts:
            raise InvalidInput(f"{where}db_instance_arn is not the ARN of a DB instance: {arn!r}.")
        region, account, identifier = parts.groups()
    identifier = given.get("db_instance_identifier") or identifier
    return RdsInstance(
        id=given.get("id") or identifier or where.rstrip("."),
        identifier=identifier,
        engine=given.get("engine"),
        region=given.get("region") or region,
        account=account,
        client_name=given.get("client_name"),
        subclient_name=given.get("subclient_name"),
    )


def make_rds_instances(entries: t.Sequence[t.Mapping[str, t.Any]]) -> list[RdsInstance]:
    """The DB instances of the option match, in order. Raises InvalidInput."""
    instances = [make_rds_instance(entry, f"match[{index}].") for index, entry in enumerate(entries)]
    check_ids([instance.id for instance in instances], "match")
    return instances


def check_ids(ids: t.Iterable[str], option: str) -> None:
    """Raises InvalidInput for an id that two entries of an option have."""
    places: dict[str, int] = {}
    for index, one in enumerate(ids):
        first = places.setdefault(one, index)
        if first != index:
            raise InvalidInput(f"{option}[{first}] and {option}[{index}] have the same id {one!r}.")


class Pattern:
    """A pattern for names, such as "rds-{identifier}-*" for instances or "aws-{region}/{identifier}" for instances of
    certain clients.
    """

    def __init__(self, text: str) -> None:
        """text: with the placeholders PLACEHOLDERS and the wildcards * and ?. Raises InvalidInput."""
        self.text = text
        names = _PLACEHOLDER.findall(text)
        unknown = sorted(set(names) - set(PLACEHOLDERS))
        if unknown or not names:
            words = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise InvalidInput(f"match_patterns: {text!r} must have one or several of the placeholders {words}.")
        self._placeholders = names

    def of(self, wanted: RdsInstance) -> _Names | None:
        """The names that fit one DB instance, None if what the pattern needs is not known of it."""
        if any(not wanted.value(name) for name in self._placeholders):
            return None
        # What AWS says is taken literally, whatever it holds.
        text = _PLACEHOLDER.sub(lambda found: re.sub(r"([*?\[])", r"[\1]", wanted.value(found[1]) or ""), self.text)
        return _Names(re.compile(translate(folded(text))), "/" in text)


class _Names(t.NamedTuple):
    """Names of instances, or where with_client, of clients and instances."""

    regex: t.Pattern[str]
    with_client: bool

    def fit(self, subclient: Subclient) -> bool:
        """Whether a subclient has such a name; its client counts by name or display name."""
        name = folded(subclient.instance_name)
        if not self.with_client:
            return bool(self.regex.match(name))
        clients = (subclient.client_name, subclient.display_name)
        return any(self.regex.match(f"{folded(client)}/{name}") for client in clients)

    def exclude(self, client_name: str, instance_name: str) -> bool:
        """Whether an instance of that name would not fit, if that client had one."""
        return self.with_client and not self.regex.match(f"{folded(client_name)}/{folded(instance_name)}")


def _names_of(wanted: RdsInstance, patterns: t.Sequence[Pattern]) -> list[_Names]:
    """What the patterns say of one DB instance."""
    return [names for names in (pattern.of(wanted) for pattern in patterns) if names]


class _Estate:
    """Subclients by the names that RDS instances can have in Commvault."""

    def __init__(self, subclients: t.Sequence[Subclient]) -> None:
        self.all = subclients
        self.by_instance: dict[str, list[Subclient]] = {}
        self.by_display: dict[str, list[Subclient]] = {}
        for subclient in subclients:
            self.by_instance.setdefault(folded(subclient.instance_name), []).append(subclient)
            self.by_display.setdefault(folded(subclient.display_name), []).append(subclient)


def match(
    wanted: t.Sequence[RdsInstance],
    subclients: t.Sequence[Subclient],
    patterns: t.Sequence[Pattern] = (),
    complete: bool = True,
    clients_not_read: t.Sequence[str] = (),
) -> list[Match]:
    """Find for each DB instance the subclient that backs it up.

    The instance name has to be the identifier; or else the display name of the client; or else a pattern has to fit.
    Case does not count. Where several instances fit, patterns that fit some of them decide. One subclient never stands
    for two DB instances: the one that it is called like has it.

    Args:
        complete: Whether all subclients could be read, so that what is missing is certain not to be there.
        clients_not_read: Names of clients whose instances could not be read. What fits elsewhere is NOT_VERIFIED unless
            a pattern, or the client that was asked for, rules these clients out.

    Returns:
        One Match each, in order.
    """
    estate = _Estate(subclients)
    matches = [_match_one(one, estate, patterns) for one in wanted]
    _settle_conflicts(matches, patterns)
    if clients_not_read:
        for found in matches:
            if found.subclient:
                _downgrade_uncertain_match(found, patterns, clients_not_read)
    _explain_missing([found for found in matches if found.state == MISSING], estate, complete)
    return matches


def _downgrade_uncertain_match(found: Match, patterns: t.Sequence[Pattern], clients_not_read: t.Sequence[str]) -> None:
    """Take a match back if the DB instance can as well be one that could not be read."""
    subclient = t.cast("Subclient", found.subclient)
    if found.wanted.client_name:
        asked_for = folded(found.wanted.client_name)
        others = [name for name in clients_not_read if folded(name) == asked_for]
    else:
        fitting = [names for names in _names_of(found.wanted, patterns) if names.fit(subclient)]
        others = [
            client
            for client in clients_not_read
            if not any(names.exclude(client, subclient.instance_name) for names in fitting)
        ]
    if not others:
        return
    found.state = NOT_VERIFIED
    found.candidates = (subclient,)
    found.subclient = None
    found.msg = (
        f"{_called(found.wanted)} fits {subclient.label}, but the instances of client {some_of(others, 1)} could not be"
        " read, and one of them may fit as well."
    )


def _explain_missing(missing: t.Sequence[Match], estate: _Estate, complete: bool) -> None:
    known = [name for one in estate.all for name in (one.instance_name, one.display_name)] if missing else []
    for number, found in enumerate(missing):
        if number < MAX_NEAREST and found.wanted.identifier and not found.nearest:
            found.nearest = tuple(nearest_names(found.wanted.identifier, known))
            found.msg += nearest_words(found.nearest)
        if not complete:
            found.msg += " It may be among what could not be read."


def _match_one(wanted: RdsInstance, estate: _Estate, patterns: t.Sequence[Pattern]) -> Match:
    if wanted.engine and not _ORACLE_ENGINE.match(wanted.engine):
        return Match(wanted, SKIPPED, f"{_called(wanted)} is not Oracle, but {wanted.engine}. It is left out.")
    if not wanted.identifier:
        return Match(wanted, MISSING, f"{wanted.id} has no DB instance identifier.")
    identifier = folded(wanted.identifier)
    rank, found = _BY_INSTANCE, _of_client(wanted, estate.by_instance.get(identifier, []))
    if not found:
        rank, found = _BY_DISPLAY, _of_client(wanted, estate.by_display.get(identifier, []))
    if not found:
        rank = _BY_PATTERN
    if _instances(found) != 1:
        found = _narrowed(wanted, found, _of_client(wanted, estate.all), patterns)
    if not found:
        where = f" of client {wanted.client_name}" if wanted.client_name else ""
        return Match(
            wanted, MISSING, f"Commvault has no instance{where} for {_called(wanted)} that these credentials may see."
        )
    if _instances(found) > 1:
        return _ambiguous(wanted, found, "Use match_patterns, or commvault_client_name of a host, to say which it is")
    result = _with_subclient(wanted, found)
    result.rank = rank
    return result


def _of_client(wanted: RdsInstance, subclients: t.Sequence[Subclient]) -> t.Sequence[Subclient]:
    """Those of the client that was asked for; all if none was."""
    if not wanted.client_name:
        return subclients
    return [one for one in subclients if one.is_of(wanted.client_name)]


def _narrowed(
    wanted: RdsInstance,
    found: t.Sequence[Subclient],
    everything: t.Sequence[Subclient],
    patterns: t.Sequence[Pattern],
) -> t.Sequence[Subclient]:
    """What the patterns leave of several instances, or find where there is none."""
    for names in _names_of(wanted, patterns):
        found = [one for one in found or everything if names.fit(one)] or found
        if _instances(found) == 1:
            break
    return found


def _instances(subclients: t.Sequence[Subclient]) -> int:
    return len({subclient.instance_key for subclient in subclients})


def _with_subclient(wanted: RdsInstance, found: t.Sequence[Subclient]) -> Match:
    """The match with the one instance that was found."""
    first = found[0]
    place = f"instance {first.instance_name} of client {first.client_name}"
    if wanted.subclient_name or len(found) > 1:
        name = folded(wanted.subclient_name or DEFAULT_SUBCLIENT)
        named = [one for one in found if folded(one.subclient_name) == name]
        if not named and wanted.subclient_name:
            others = tuple(one.subclient_name for one in found)
            msg = f"{_called(wanted)} is {place}, but that has no subclient {wanted.subclient_name}."
            return Match(wanted, MISSING, msg + nearest_words(others), nearest=others)
        if len(named) != 1:
            return _ambiguous(
                wanted, found, "Say which one by subclient_name, or by commvault_subclient_name of a host"
            )
        first = named[0]
    return Match(wanted, MATCHED, f"{_called(wanted)} is {place}, subclient {first.subclient_name}.", first)


def _ambiguous(wanted: RdsInstance, found: t.Sequence[Subclient], advice: str) -> Match:
    labels = some_of([one.label for one in found], MAX_CANDIDATES)
    msg = f"{_called(wanted)} can be any of {labels}. {advice}."
    return Match(wanted, AMBIGUOUS, msg, candidates=tuple(found[:MAX_CANDIDATES]))


def _called(wanted: RdsInstance) -> str:
    name = wanted.identifier or wanted.id
    return f"DB instance {name} in {wanted.region}" if wanted.region else f"DB instance {name}"


def _settle_conflicts(matches: t.Sequence[Match], patterns: t.Sequence[Pattern]) -> None:
    """See that no two DB instances are taken for the same subclient: it would be backed up twice, and the other one
    never.
    """
    takers: dict[t.Any, list[Match]] = {}
    for found in matches:
        if found.subclient:
            takers.setdefault((found.subclient.instance_key, found.subclient.sort_key), []).append(found)
    for rivals in takers.values():
        if len(rivals) == 1:
            continue
        best = min(rival.rank for rival in rivals)
        first = [rival for rival in rivals if rival.rank == best]
        subclient = t.cast("Subclient", first[0].subclient)
        label = subclient.label
        winners = first
        if len(first) > 1:
            winners = [one for one in first if any(names.fit(subclient) for names in _names_of(one.wanted, patterns))]
        for rival in rivals:
            if winners == [rival]:
                continue
            others = ", ".join(other.wanted.id for other in rivals if other is not rival)
            if len(winners) == 1:
                rival.state = MISSING
                owner = winners[0].wanted.id
                rival.msg = f"Commvault has no instance for {_called(rival.wanted)}: {label} is {owner}."
            else:
                rival.state = AMBIGUOUS
                rival.candidates = (subclient,)
                rival.msg = (
                    f"{_called(rival.wanted)} can be {label}, but so can {others}. Use match_patterns with {{region}}"
                    " or {account} to say which is which."
                )
            rival.subclient = None
