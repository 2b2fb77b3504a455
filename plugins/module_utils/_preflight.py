# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

"""Looks before a backup is started whether it can be: names, application, plan and backup activity. Only reads, each
client once.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._errors import CommvaultError
from ._estate import nearest_names, nearest_words
from ._parallel import read_each

if t.TYPE_CHECKING:
    from ._api_estate import EstateApi
    from ._estate import Client, Subclient
    from ._oracle_rds import Instance

WOULD_START, REFUSED, NOT_VERIFIED = "would_start", "refused", "not_verified"

# Why an instance would be refused, as stable words.
NO_CLIENT, NO_INSTANCE, NO_SUBCLIENT = "no_client", "no_instance", "no_subclient"
APPLICATION, ACTIVITY, NO_PLAN = "application", "activity", "no_plan"

_QUEUES = (
    " Commvault refuses such a backup, or, if the CommCell is set up to queue jobs while activity is disabled, lets it"
    " wait until it is enabled again."
)


@dataclass(frozen=True)
class Verdict:
    """What can be said of a backup before it is started.

    state: WOULD_START, REFUSED, or NOT_VERIFIED where something could not be read. msg: a sentence for people; also for
    WOULD_START, where it says what remains open. reason: one of the words above for REFUSED. nearest: known names that
    are like an unknown one. subclient: what the names stand for. error: why something could not be read. open: whether
    a closer look can tell more; never true in what Preflight.check returns.
    """

    instance: Instance
    state: str
    msg: str
    reason: str | None = None
    nearest: tuple[str, ...] = ()
    subclient: Subclient | None = None
    error: CommvaultError | None = None
    open: bool = False


class _ClientFacts(t.NamedTuple):
    """What was read of one client. subclients: None if there is no such client. activity: None if it is not told.
    trouble: why it is not, if that was an error.
    """

    subclients: list[Subclient] | None
    activity: bool | None = None
    trouble: CommvaultError | None = None


class Preflight:
    """Checks what a call is about to back up."""

    def __init__(self, estate: EstateApi, concurrency: int = 4) -> None:
        """concurrency: requests at once."""
        self._estate = estate
        self._concurrency = concurrency
        self._clients: list[Client] | CommvaultError | None = None

    def check(self, instances: t.Sequence[Instance]) -> list[Verdict]:
        """One Verdict for each instance, in order. Raises nothing: what cannot be read is not verified."""
        names: dict[str, str] = {}
        for instance in instances:
            names.setdefault(instance.client_name.lower(), instance.client_name)
        try:
            commcell_activity = self._estate.activity()
        except CommvaultError:
            # The server is out of reach; the reads below say so for each client.
            commcell_activity = None
        answers = dict(zip(names, read_each(list(names.values()), self._read_client, self._concurrency)))
        verdicts = [self._judge(instance, answers[instance.client_name.lower()]) for instance in instances]
        self._look_closer(verdicts)
        if commcell_activity is False:
            verdicts = [_stopped(verdict) if verdict.state == WOULD_START else verdict for verdict in verdicts]
        return verdicts

    def _read_client(self, name: str) -> _ClientFacts:
        # All applications, to tell an instance of another one from an instance that does not exist.
        subclients = self._estate.subclients_of(name)
        if not subclients:
            return _ClientFacts(subclients)
        try:
            return _ClientFacts(subclients, self._estate.client_activity(subclients[0].client_id))
        except CommvaultError as error:
            return _ClientFacts(subclients, trouble=error)

    def _judge(self, instance: Instance, facts: _ClientFacts | CommvaultError) -> Verdict:
        if isinstance(facts, CommvaultError):
            return _not_verified(instance, facts)
        if facts.subclients is None:
            return self._no_client(instance)
        same_name = [one for one in facts.subclients if one.instance_name.lower() == instance.instance_name.lower()]
        if not same_name:
            return _no_instance(instance, facts.subclients)
        own = [one for one in same_name if one.application_id == instance.application_id]
        if not own:
            return _other_application(instance, same_name[0])
        wanted = [one for one in own if one.subclient_name.lower() == instance.subclient_name.lower()]
        if not wanted:
            return _no_subclient(instance, own)
        subclient = next((one for one in wanted if one.backup_enabled is not False), wanted[0])
        if facts.activity is False:
            why = f"backup activity of client '{subclient.client_name}' is disabled." + _QUEUES
            return _refused(instance, ACTIVITY, why, subclient=subclient)
        return _judge_subclient(instance, subclient, facts.trouble)

    def _no_client(self, instance: Instance) -> Verdict:
        known = self._known_clients()
        name = instance.client_name
        shown = [client.name for client in known if client.display_name.lower() == name.lower()]
        if shown:
            msg = f"'{name}' is the display name of client '{shown[0]}'. Use its name as client_name."
            return _refused(instance, NO_CLIENT, msg, nearest=shown)
        nearest = nearest_names(name, [client.name for client in known])
        msg = f"there is no client '{name}', or these credentials may not see it.{nearest_words(nearest)}"
        return _refused(instance, NO_CLIENT, msg, nearest=nearest)

    def _known_clients(self) -> list[Client]:
        """All clients, read once; they only help to find a misspelled name."""
        if self._clients is None:
            try:
                self._clients = self._estate.clients()
            except CommvaultError as error:
                self._clients = error
        return [] if isinstance(self._clients, CommvaultError) else self._clients

    def _look_closer(self, verdicts: list[Verdict]) -> None:
        """Settle, in place, what a list of subclients left open: older releases do not tell their activity there, and
        one without a plan may have a storage policy of its own.
        """
        places = [place for place, verdict in enumerate(verdicts) if verdict.state == WOULD_START and verdict.open]
        wanted = [t.cast("Subclient", verdicts[place].subclient) for place in places]
        answers = read_each([one.subclient_id or 0 for one in wanted], self._estate.subclient, self._concurrency)
        for place, listed, answer in zip(places, wanted, answers):
            instance = verdicts[place].instance
            if answer is None:
                answer = CommvaultError(
                    "The CommCell lists its subclient, but does not show it by itself.", "not_found"
                )
            if isinstance(answer, CommvaultError):
                verdicts[place] = _not_verified(instance, answer, listed)
            else:
                verdicts[place] = _judge_subclient(instance, answer, closely=True)


def _judge_subclient(
    instance: Instance, subclient: Subclient, trouble: CommvaultError | None = None, closely: bool = False
) -> Verdict:
    """closely: whether the subclient was read by itself, so that nothing more can be learned."""
    if subclient.backup_enabled is False:
        return _refused(instance, ACTIVITY, "its backup activity is disabled." + _QUEUES, subclient=subclient)
    planless = not (subclient.plan or subclient.storage_policy)
    if closely and planless:
        return _refused(instance, NO_PLAN, "it has neither a plan nor a storage policy.", subclient=subclient)
    msg = f"Would start a backup of {instance.label}."
    if closely and subclient.backup_enabled is None:
        msg += " Not verified is whether its backup activity is enabled: Commvault does not tell."
    if trouble:
        msg += f" Not verified is whether backup activity of its client is enabled: {trouble}"
    is_open = not closely and (planless or subclient.backup_enabled is None)
    return Verdict(instance, WOULD_START, msg, subclient=subclient, open=is_open)


def _not_verified(instance: Instance, error: CommvaultError, subclient: Subclient | None = None) -> Verdict:
    msg = f"Whether {instance.label} can be backed up is not verified: {error}"
    return Verdict(instance, NOT_VERIFIED, msg, subclient=subclient, error=error)


def _other_application(instance: Instance, other: Subclient) -> Verdict:
    why = (
        f"instance '{other.instance_name}' of client '{other.client_name}' belongs to {other.app_name} (application id"
        f" {other.application_id}), not to application id {instance.application_id}."
    )
    return _refused(instance, APPLICATION, why)


def _refused(
    instance: Instance,
    reason: str,
    why: str,
    nearest: t.Sequence[str] = (),
    subclient: Subclient | None = None,
) -> Verdict:
    msg = f"A backup of {instance.label} would be refused: {why}"
    return Verdict(instance, REFUSED, msg, reason, tuple(nearest), subclient)


def _stopped(verdict: Verdict) -> Verdict:
    msg = "backup activity of the whole CommCell is disabled." + _QUEUES
    return _refused(verdict.instance, ACTIVITY, msg, subclient=verdict.subclient)


def _no_instance(instance: Instance, subclients: t.Sequence[Subclient]) -> Verdict:
    names = list(
        dict.fromkeys(one.instance_name for one in subclients if one.application_id == instance.application_id)
    )
    nearest = nearest_names(instance.instance_name, names)
    msg = f"client '{instance.client_name}' has no instance '{instance.instance_name}' that these credentials may see."
    return _refused(instance, NO_INSTANCE, msg + nearest_words(nearest), nearest)


def _no_subclient(instance: Instance, own: t.Sequence[Subclient]) -> Verdict:
    names = list(dict.fromkeys(one.subclient_name for one in own))
    # There are few of them, so all are shown, the likeliest first.
    near = nearest_names(instance.subclient_name, names, len(names))
    shown = near + [name for name in names if name not in near]
    msg = f"the instance has no subclient '{instance.subclient_name}'. It has {', '.join(shown)}."
    return _refused(instance, NO_SUBCLIENT, msg, shown)
