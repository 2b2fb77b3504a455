# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks before a backup is started whether it can be: names, application, plan and backup activity. Only reads, few for
each client, and not more than a bounded number for instances.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import CommvaultError
from .._estate.model import nearest_names
from .._http.fields import folded
from .._parallel import RUNTIME, read_each

if t.TYPE_CHECKING:
    from .._estate.api import EstateApi
    from .._estate.clients import ClientDirectory
    from .._estate.model import Subclient
    from .._parallel import Runtime
    from .request import Instance

    _ByInstance = t.Dict[str, t.List[Subclient]]

WOULD_START, REFUSED, NOT_VERIFIED = "would_start", "refused", "not_verified"

# So many subclients are read by themselves where a list does not tell enough of them. Commvault Cloud allows a thousand
# reads an hour.
MAX_CLOSE_LOOKS = 50
# So many names are compared to find those nearest to wrong ones: two seconds of work.
MAX_COMPARED = 100_000

_QUEUES = (
    " Commvault refuses such a backup, or, if the CommCell is set up to queue jobs while activity is disabled, lets it"
    " wait until it is enabled again."
)
_ENABLE = " Enable it in the Command Center."


@dataclass(frozen=True)
class Verdict:
    """What can be said of a backup before it is started.

    state: WOULD_START, REFUSED, or NOT_VERIFIED where something could not be read. msg: a sentence for people; also for
    WOULD_START, where it says what remains open. subclient: what the names stand for. not_verified: what remains open,
    texts that begin with "whether". open: whether a closer look can tell more; never true in what Preflight.check
    returns. cause: for REFUSED, why and what to do about it.
    """

    instance: Instance
    state: str
    msg: str
    subclient: Subclient | None = None
    not_verified: tuple[str, ...] = ()
    open: bool = False
    cause: str = ""


class Preflight:
    """Checks what a call is about to back up."""

    def __init__(
        self,
        estate: EstateApi,
        clients: ClientDirectory,
        concurrency: int = 4,
        runtime: Runtime = RUNTIME,
        close_looks: int = MAX_CLOSE_LOOKS,
    ) -> None:
        """Prepare to check.

        Args:
            concurrency: Requests at once.
            close_looks: So many subclients are read by themselves, at most.
        """
        self._estate = estate
        self._clients = clients
        self._concurrency = concurrency
        self._runtime = runtime
        self._close_looks = close_looks
        self._nearest: dict[tuple[str, ...], list[str]] = {}
        self._compared = 0

    def check(self, instances: t.Sequence[Instance]) -> list[Verdict]:
        """One Verdict for each instance, in order. Raises nothing: what cannot be read is not verified."""
        try:
            commcell_activity = self._estate.activity()
        except CommvaultError:
            # The server is out of reach; the reads below say so for each client.
            commcell_activity = None
        verdicts = self._judge_names(instances)
        if commcell_activity is False:
            # Nothing else can tell more then.
            return [_stopped(verdict) if verdict.state == WOULD_START else verdict for verdict in verdicts]
        self._look_at_clients(verdicts)
        self._look_closer(verdicts)
        return verdicts

    def check_subclients(self, instances: t.Sequence[Instance]) -> list[Verdict]:
        """As check, but without the activity of clients and of the CommCell."""
        verdicts = self._judge_names(instances)
        self._look_closer(verdicts)
        return verdicts

    def _judge_names(self, instances: t.Sequence[Instance]) -> list[Verdict]:
        names: dict[str, str] = {}
        for instance in instances:
            names.setdefault(folded(instance.client_name), instance.client_name)
        # All applications, to tell an instance of another one from an instance that does not exist.
        answers = dict(
            zip(names, read_each(list(names.values()), self._clients.subclients, self._concurrency, self._runtime))
        )
        listed = {name: _by_instance(one) if isinstance(one, list) else one for name, one in answers.items()}
        return [self._judge(instance, listed[folded(instance.client_name)]) for instance in instances]

    def _judge(self, instance: Instance, listed: _ByInstance | CommvaultError | None) -> Verdict:
        """listed: the subclients of the client, None if there is no such client."""
        if isinstance(listed, CommvaultError):
            return _not_verified(instance, listed)
        if listed is None:
            return self._no_client(instance)
        same_name = listed.get(folded(instance.instance_name))
        if not same_name:
            return self._no_instance(instance, listed)
        own = [one for one in same_name if one.application_id == instance.application_id]
        if not own:
            return _other_application(instance, same_name[0])
        wanted = [one for one in own if folded(one.subclient_name) == folded(instance.subclient_name)]
        if not wanted:
            return _no_subclient(instance, own)
        return _judge_subclient(instance, next((one for one in wanted if one.backup_enabled is not False), wanted[0]))

    def _no_client(self, instance: Instance) -> Verdict:
        known = self._clients.known()
        name = instance.client_name
        shown = [client.name for client in known if folded(client.display_name) == folded(name)]
        if shown:
            why = f"'{name}' is the display name of client '{shown[0]}'."
            return _refused(instance, why, " Use its name as client_name.")
        nearest = self._nearest_names((name,), (client.name for client in known))
        why = f"there is no client '{name}', or these credentials may not see it."
        return _refused(instance, why, _correct("client_name", nearest))

    def _no_instance(self, instance: Instance, listed: _ByInstance) -> Verdict:
        name, client = instance.instance_name, instance.client_name
        known = (
            one.instance_name
            for many in listed.values()
            for one in many
            if one.application_id == instance.application_id
        )
        nearest = self._nearest_names((client, name), known)
        why = f"client '{client}' has no instance '{name}' that these credentials may see."
        return _refused(instance, why, _correct("instance_name", nearest))

    def _nearest_names(self, wrong: tuple[str, ...], known: t.Iterable[str]) -> list[str]:
        """The names most like the last of these; none where too many have been compared already."""
        if wrong not in self._nearest:
            names = list(known) if self._compared < MAX_COMPARED else []
            self._compared += len(names)
            self._nearest[wrong] = nearest_names(wrong[-1], names)
        return self._nearest[wrong]

    def _look_at_clients(self, verdicts: list[Verdict]) -> None:
        """Add, in place, what the activity of each client means for what would start otherwise. Nothing else is known
        to tell it: neither the list of clients nor that of subclients.
        """
        by_client: dict[int, list[int]] = {}
        for place, verdict in enumerate(verdicts):
            if verdict.state == WOULD_START and verdict.subclient:
                by_client.setdefault(verdict.subclient.client_id, []).append(place)
        answers = read_each(list(by_client), self._estate.client_activity, self._concurrency, self._runtime)
        for places, answer in zip(by_client.values(), answers):
            for place in places:
                verdicts[place] = _with_client_activity(verdicts[place], answer)

    def _look_closer(self, verdicts: list[Verdict]) -> None:
        """Settle, in place, what a list of subclients left open: older releases do not tell their activity there, and
        one without a plan may have a storage policy of its own. Of too many, those without a plan go
        first, since they are the likeliest to be refused.
        """
        places = [place for place, verdict in enumerate(verdicts) if verdict.state == WOULD_START and verdict.open]
        places.sort(key=lambda place: not _planless(t.cast("Subclient", verdicts[place].subclient)))
        for place in places[self._close_looks :]:
            verdicts[place] = _not_looked_at(verdicts[place])
        del places[self._close_looks :]
        wanted = [t.cast("Subclient", verdicts[place].subclient) for place in places]
        answers = read_each(
            [one.subclient_id or 0 for one in wanted], self._estate.subclient, self._concurrency, self._runtime
        )
        for place, listed, answer in zip(places, wanted, answers):
            instance, known = verdicts[place].instance, verdicts[place].not_verified
            if answer is None:
                answer = CommvaultError(
                    "The CommCell lists its subclient, but does not show it by itself.", "not_found"
                )
            if isinstance(answer, CommvaultError):
                verdicts[place] = _not_verified(instance, answer, listed, known)
            else:
                verdicts[place] = _judge_subclient(instance, answer, known, closely=True)


def _judge_subclient(
    instance: Instance, subclient: Subclient, known: tuple[str, ...] = (), closely: bool = False
) -> Verdict:
    """known: what is not verified so far. closely: whether the subclient was read by itself, so that nothing more can
    be learned.
    """
    if subclient.backup_enabled is False:
        why = "its backup activity is disabled."
        return _refused(instance, why, _ENABLE, subclient=subclient, more=_QUEUES)
    if not closely:
        is_open = _planless(subclient) or subclient.backup_enabled is None
        return _would_start(instance, subclient, known, is_open)
    if _planless(subclient):
        why = "it has neither a plan nor a storage policy."
        return _refused(instance, why, " Assign a plan in the Command Center.", subclient=subclient)
    if subclient.backup_enabled is None:
        known += ("whether its backup activity is enabled: Commvault does not tell.",)
    return _would_start(instance, subclient, known)


def _planless(subclient: Subclient) -> bool:
    return not (subclient.plan or subclient.storage_policy)


def _would_start(
    instance: Instance, subclient: Subclient | None, not_verified: tuple[str, ...], is_open: bool = False
) -> Verdict:
    msg = f"Would start a backup of {instance.label}.{not_verified_words(not_verified)}"
    return Verdict(instance, WOULD_START, msg, subclient=subclient, not_verified=not_verified, open=is_open)


def not_verified_words(texts: t.Iterable[str]) -> str:
    """What is not verified, in sentences after another one."""
    return "".join(f" Not verified is {text}" for text in texts)


def _with_client_activity(verdict: Verdict, answer: bool | CommvaultError | None) -> Verdict:
    subclient = t.cast("Subclient", verdict.subclient)
    if answer is False:
        why = f"backup activity of client '{subclient.client_name}' is disabled."
        return _refused(verdict.instance, why, _ENABLE, subclient=subclient, more=_QUEUES)
    if not isinstance(answer, CommvaultError):
        return verdict
    text = f"whether backup activity of its client is enabled: {answer}"
    return _would_start(verdict.instance, subclient, (*verdict.not_verified, text), verdict.open)


def _not_looked_at(verdict: Verdict) -> Verdict:
    """What is said of a subclient when enough others were read by themselves."""
    subclient = t.cast("Subclient", verdict.subclient)
    texts = list(verdict.not_verified)
    why = f"the list of subclients does not tell, and no more than {MAX_CLOSE_LOOKS} are read one by one."
    if _planless(subclient):
        texts.append(f"whether it has a plan or a storage policy: {why}")
    if subclient.backup_enabled is None:
        texts.append(f"whether its backup activity is enabled: {why}")
    return _would_start(verdict.instance, subclient, tuple(texts))


def _not_verified(
    instance: Instance, error: CommvaultError, subclient: Subclient | None = None, known: tuple[str, ...] = ()
) -> Verdict:
    msg = f"Whether {instance.label} can be backed up is not verified: {error}{not_verified_words(known)}"
    texts = (f"whether it can be backed up: {error}", *known)
    return Verdict(instance, NOT_VERIFIED, msg, subclient=subclient, not_verified=texts)


def _other_application(instance: Instance, other: Subclient) -> Verdict:
    why = (
        f"instance '{other.instance_name}' of client '{other.client_name}' belongs to {other.app_name} (application id"
        f" {other.application_id}), not to application id {instance.application_id}."
    )
    advice = f" To back it up all the same, set application_id to {other.application_id}, and app_name."
    return _refused(instance, why, advice)


def _refused(instance: Instance, why: str, advice: str, subclient: Subclient | None = None, more: str = "") -> Verdict:
    """why: a sentence. advice: another one. more: one between them, of what is not certain before it is tried."""
    msg = f"A backup of {instance.label} would be refused: {why}{more}{advice}"
    return Verdict(instance, REFUSED, msg, subclient, cause=why + advice)


def _correct(option: str, nearest: t.Sequence[str]) -> str:
    """What to do about a wrong name, a sentence."""
    if not nearest:
        return f" Correct {option}: rdsops.commvault.list_instances shows all names."
    return f" Correct {option}; nearest: {', '.join(nearest)}."


def _stopped(verdict: Verdict) -> Verdict:
    why = "backup activity of the whole CommCell is disabled."
    return _refused(verdict.instance, why, _ENABLE, subclient=verdict.subclient, more=_QUEUES)


def _by_instance(subclients: t.Iterable[Subclient]) -> _ByInstance:
    """By the folded name of the instance."""
    found: _ByInstance = {}
    for one in subclients:
        found.setdefault(folded(one.instance_name), []).append(one)
    return found


def _no_subclient(instance: Instance, own: t.Sequence[Subclient]) -> Verdict:
    names = list(dict.fromkeys(one.subclient_name for one in own))
    # There are few of them, so all are shown, the likeliest first.
    near = nearest_names(instance.subclient_name, names, len(names))
    shown = near + [name for name in names if name not in near]
    why = f"the instance has no subclient '{instance.subclient_name}'."
    return _refused(instance, why, f" Correct subclient_name: it has {', '.join(shown)}.")
