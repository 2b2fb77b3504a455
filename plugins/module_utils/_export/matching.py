# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a job works on the subclient of an instance: yes, no, or that cannot be told.

No source shows the job row of an export. It may name a proxy or the cloud account as client, and another application
than the one that was asked for (inferred from the vendor's pages on Amazon RDS); instance and subclient have the names
of the request. The number of the subclient decides where it can be known.
"""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import enum
import typing as t

from .._errors import CommvaultError
from .._http.fields import folded

if t.TYPE_CHECKING:
    from .._estate.model import Subclient
    from .._jobs.job import Job
    from .request import Instance

    # Gives the subclients of a client, None if there is no such client. Raises CommvaultError.
    ReadSubclients = t.Callable[[str], t.Optional[t.Sequence[Subclient]]]


class Fit(enum.Enum):
    """Whether a job is of an instance."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


def fit_by_names(instance: Instance, job: Job, application_ids: t.Collection[int] = ()) -> Fit:
    """Whether a job is of an instance by what its row says.

    Args:
        application_ids: As of Matching.
    """
    names = ((job.instance_name, instance.instance_name), (job.subclient_name, instance.subclient_name))
    if any(told and folded(told) != folded(wanted) for told, wanted in names):
        return Fit.NO
    if not any(told for told, _wanted in names):
        # Nothing says that it is a job of any database.
        return Fit.MAYBE if _is_client(instance, job) and job.application_id == instance.application_id else Fit.NO
    complete = all(told for told, _wanted in names)
    same_application = job.application_id in (None, instance.application_id, *application_ids)
    return Fit.YES if complete and same_application and _is_client(instance, job) else Fit.MAYBE


def _is_client(instance: Instance, job: Job) -> bool:
    return folded(job.client_name) in {
        folded(instance.client_name),
        folded(instance.display_name or instance.client_name),
    }


class Matching:
    """Says of jobs which instance they are of. Reads the subclients of a client where a name does not decide."""

    def __init__(
        self,
        read_subclients: ReadSubclients,
        instances: t.Sequence[Instance] = (),
        application_ids: t.Collection[int] = (),
    ) -> None:
        """Prepare to match.

        Args:
            instances: All of the call: a job that is certainly of one of them is of no other.
            application_ids: What rows of this CommCell say beside the application of the request.
        """
        self._application_ids = frozenset(application_ids)
        self._read_subclients = read_subclients
        self._owners: dict[tuple[str, str], list[Instance]] = {}
        for instance in instances:
            self._owners.setdefault(_below_client(instance), []).append(instance)

    def fit(self, instance: Instance, job: Job) -> Fit:
        """Whether a job is of an instance. Raises nothing: what cannot be read is a MAYBE."""
        known = fit_by_names(instance, job, self._application_ids)
        if known is not Fit.MAYBE:
            return known
        others = self._owners.get(_below_client(instance), ())
        if any(
            other.key != instance.key and fit_by_names(other, job, self._application_ids) is Fit.YES for other in others
        ):
            return Fit.NO
        if job.subclient_id is None:
            return Fit.MAYBE
        own = self._subclient_id(instance)
        if own is None:
            return Fit.MAYBE
        return Fit.YES if own == job.subclient_id else Fit.NO

    def is_named_alone(self, instance: Instance, job: Job) -> bool:
        """Whether a job tells the names of instance and subclient, and no other instance of the call has these."""
        told = folded(job.instance_name), folded(job.subclient_name)
        owners = self._owners.get(_below_client(instance), ())
        return told == _below_client(instance) and {other.key for other in owners} <= {instance.key}

    def _subclient_id(self, instance: Instance) -> int | None:
        """None where it cannot be known."""
        try:
            subclients = self._read_subclients(instance.client_name)
        except CommvaultError:
            return None
        found = {
            one.subclient_id
            for one in subclients or ()
            if (folded(one.instance_name), folded(one.subclient_name)) == _below_client(instance)
            and one.application_id == instance.application_id
        }
        return found.pop() if len(found) == 1 else None


def _below_client(instance: Instance) -> tuple[str, str]:
    return folded(instance.instance_name), folded(instance.subclient_name)


class JobsOfInstances:
    """Finds the jobs of an instance among many."""

    def __init__(self, jobs: t.Iterable[Job], matching: Matching) -> None:
        self._matching = matching
        self._jobs: dict[tuple[str, str], list[Job]] = {}
        for job in jobs:
            names = folded(job.instance_name), folded(job.subclient_name)
            self._jobs.setdefault(names, []).append(job)

    def of(self, instance: Instance) -> tuple[list[Job], list[Job]]:
        """The jobs that are of an instance, and those that may be."""
        name, subclient = _below_client(instance)
        # A row may leave out either name, or both.
        keys = [(name, subclient), (name, ""), ("", subclient), ("", "")]
        near = [job for key in keys for job in self._jobs.get(key, ())]
        fits = [(job, self._matching.fit(instance, job)) for job in near]
        return [job for job, fit in fits if fit is Fit.YES], [job for job, fit in fits if fit is Fit.MAYBE]
