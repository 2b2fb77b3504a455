# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what all launches of a world said, together, against what really happened.

A promise is about the history of an instance over every launch, killed ones included, not about a single call.
"""

from __future__ import annotations

import typing as t
from collections import Counter

from .commserve import GOOD_ENDS

if t.TYPE_CHECKING:
    from .commserve import Job
    from .world import Launch, Outcome

# A server that is away sees at most so many requests of one launch in so many seconds.
MOST_REQUESTS, IN_SECONDS = 200, 300.0
# Outages that last longer than this together may end a launch; shorter ones must be ridden out.
OUTAGE_TIMEOUT = 300.0
# Seconds that a launch waits for an answer, unless it is told otherwise.
SILENCE = 60.0
# No launch without a wait lasts longer, in seconds: every request of a world could time out.
LONGEST = 6 * 3600.0
# Seconds by which clocks may be apart before an age is judged wrongly.
CLOCKS = 130.0
MODULE_FAULT = "A fault in rdsops.commvault"
# What may be the matter with an answer without leaving it open whether the request was carried out.
CLEAR_FAULTS = frozenset(["", "401 before", "403 before", "429 before", "redirect before", "500 json before"])
STATES_THAT_START = ("started", "duplicate")


class Finding(t.NamedTuple):
    """A broken promise."""

    kind: str
    launch: str
    instance: str
    text: str


class Verdict(t.NamedTuple):
    """What a world showed. counts: states, causes of "unknown", and whatever else is worth counting."""

    findings: list[Finding]
    counts: Counter[str]


def check(outcome: Outcome) -> Verdict:
    """Every broken promise of a world, and its figures."""
    checker = _Checker(outcome)
    checker.all_launches()
    return Verdict(checker.findings, checker.counts)


class _Checker:
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.truth = outcome.truth
        self.settings = outcome.settings
        covered, self.profile = outcome.scenario.variant()
        # What differs about this CommCell and is in no profile, so that the code under test cannot know of it.
        self.untold = set(self.settings) - set(covered)
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.own: dict[tuple[str, str], list[Job]] = {}
        self.by_instance: dict[str, list[Job]] = {}
        for job in self.truth.jobs.values():
            self.by_instance.setdefault(job.instance, []).append(job)
            if job.owner:
                self.own.setdefault((job.owner, job.instance), []).append(job)
        # What launches said of each instance, and which ids they named doing so.
        self.entries: dict[tuple[str, str], dict[str, t.Any]] = {}
        for launch in outcome.launches:
            for entry in (launch.result or {}).get("backups", ()):
                self.entries[launch.name, entry["id"]] = entry
        outages = outcome.scenario.of("outage")
        self.outage_seconds = sum(event["seconds"] for event in outages)

    def found(self, kind: str, launch: str, instance: str, text: str) -> None:
        self.findings.append(Finding(kind, launch, instance, text))

    def all_launches(self) -> None:
        """Check everything."""
        if self.outcome.stalled:
            self.found("stalled", "", "", self.outcome.stalled)
            return
        # An instance for which a launch sent a request, or said why not.
        for event in self.outcome.scenario.of("variant"):
            self.counts[f"worlds of {event['name']}"] += 1
        self.counts["submissions"] = len({*self.outcome.sent, *self.entries})
        self.counts["start requests"] = sum(len(faults) for faults in self.outcome.sent.values())
        for launch in self.outcome.launches:
            self._launch(launch)
        for instance in self.by_instance:
            self._twice(instance)
        for moment, who, job_id, action in self.truth.actions:
            job = self.truth.jobs[job_id]
            self.counts[f"action {action}"] += 1
            if job.owner != who and action != "resume":
                whose = job.owner or job.user
                self.found("touched", who, job.instance, f"{action} of job {job_id} of {whose} at {moment:.1f}")
        for who in self.truth.pairs_reused:
            self.found("pair used twice", who, "", "a pair of tokens was sent to be renewed a second time")

    # --- one launch

    def _launch(self, launch: Launch) -> None:
        self.counts["launches"] += 1
        self.counts["requests"] += launch.requests
        if launch.failure is not None:
            self.found("crashed", launch.name, "", repr(launch.failure))
            return
        self._bounds(launch)
        if launch.result is None:
            self.counts["killed"] += 1
            return
        result = launch.result
        for text in (str(result.get("msg")), *result.get("simulated_warnings", ())):
            if MODULE_FAULT in text:
                self.found("crashed", launch.name, "", text[:300])
        for instance in {name for _launch, name in self.own if _launch == launch.name}:
            if (launch.name, instance) not in self.entries:
                self.found("lost", launch.name, instance, f"no entry, but jobs: {str(result.get('msg'))[:200]}")
        changed_by_truth = any(owner == launch.name for owner, _name in self.own)
        if changed_by_truth and not result.get("changed"):
            self.found("unsaid change", launch.name, "", "jobs were started, but the result is not changed")
        self._thrift(launch)
        self._young(launch)
        for backup in launch.backups if "backups" in result else ():
            self._backup(launch, backup, self.entries[launch.name, backup.instance.id])

    def _bounds(self, launch: Launch) -> None:
        moments = launch.outage_requests
        self.counts["requests in outages"] += len(moments)
        for index, moment in enumerate(moments):
            later = index + MOST_REQUESTS
            if later < len(moments) and moments[later] - moment <= IN_SECONDS:
                self.found("hammered", launch.name, "", f"{MOST_REQUESTS} requests in an outage from {moment:.0f} s on")
                break
        lasted = (launch.ended or 0.0) - launch.began
        if launch.began and not launch.options.get("wait") and lasted > LONGEST + self.outage_seconds:
            self.found("endless", launch.name, "", f"{lasted:.0f} s")

    def _thrift(self, launch: Launch) -> None:
        """Where nothing goes wrong, a start makes two requests, and a fleet of n makes n + 2."""
        kinds = {event["kind"] for event in self.outcome.scenario.events}
        costly = {"wait", "max_age", "preflight", "batch_size", "on_duplicate"} & set(launch.options)
        plain = not kinds & {"start_fault", "read_fault", "outage", "stranger", "expire"} and not costly
        calm = not {"lag", "rate", "rows", "token_seconds", "foreign_rows"} & set(self.settings)
        states = [entry["state"] for (name, _instance), entry in self.entries.items() if name == launch.name]
        if not (plain and calm and launch.event["credential"] == "token" and set(states) == {"started"}):
            return
        self.counts["launches without trouble"] += 1
        # Who is told that conflicts are queued looks again after one start, too.
        alone = 3 if self.profile.get("queues_conflicts") else 2
        if launch.requests > (alone if len(states) == 1 else len(states) + 2):
            self.found("too many requests", launch.name, "", f"{launch.requests} for {len(states)} backups")

    def _young(self, launch: Launch) -> None:
        """A good backup that is young enough spares a new one, however its row is shaped."""
        hours = launch.options.get("max_age")
        faults = self.outcome.read_faults.get(launch.name, [])
        hidden = {"401 before", "500 json before", "html 404"} & set(faults)
        # As documented: a listing that is a 204 twice is an empty one.
        if not hours or faults.count("no content after") > 1:
            return
        oldest = launch.began - int(hours[:-1]) * 3600.0 + CLOCKS
        for (owner, instance), own in self.own.items():
            # Where the server keeps the jobs from us, the entry says that they could not be read.
            if owner != launch.name or (hidden and self.entries.get((owner, instance), {}).get("not_verified")):
                continue
            for job in self.by_instance[instance]:
                good = job.ended is not None and (job.status or job.ending) in GOOD_ENDS and job not in own
                level = launch.options.get("backup_level") != "full" or job.level == "Full"
                seen = job.visible < launch.began - CLOCKS
                if good and level and seen and oldest < t.cast("float", job.ended) < launch.began - CLOCKS:
                    text = f"job {job.id} ended {launch.began - t.cast('float', job.ended):.0f} s before"
                    self.found("young backup ignored", launch.name, instance, text)

    def _backup(self, launch: Launch, backup: t.Any, entry: dict[str, t.Any]) -> None:
        name = backup.instance.id
        state, msg = entry["state"], entry["msg"]
        self.counts[f"state {state}"] += 1
        own = self.own.get((launch.name, name), [])
        own_ids = [str(job.id) for job in own]
        named = set(entry["job_ids"]) | set(entry.get("candidates") or ())
        about = f"{state}, jobs {entry['job_ids']}, really {own_ids}: {msg[:400]}"
        if state != "unknown":
            for job in own:
                if str(job.id) not in named and str(job.id) not in msg:
                    self.found("lost", launch.name, name, about)
        if entry["own"] and not set(entry["job_ids"]) <= set(own_ids):
            self.found("claimed", launch.name, name, f"said to be its own for certain: {about}")
        if not entry["changed"] and any(job.created < (launch.ended or 0.0) for job in own):
            self.found("unsaid change", launch.name, name, about)
        if state == "started" or (state == "adopted" and backup.changed):
            self._claim(launch, name, entry, own_ids, about)
        elif state in ("adopted", "recent", "duplicate"):
            there = {str(job.id) for job in self.by_instance.get(name, ())}
            if not set(entry["job_ids"]) <= there:
                self.found("claimed", launch.name, name, about)
        elif state == "unknown":
            self._unknown(launch, name, own, named, entry, about)
        elif state == "refused":
            self._refused(launch, name, entry, about)
        elif state == "not_submitted":
            self._not_submitted(launch, name, entry, about)
        self._followed(launch, name, entry, about)

    def _marked(self, launch: Launch) -> bool:
        """Whether its jobs can be told from those of all others."""
        asked = launch.options.get("job_marker") or self.profile.get("job_marker")
        return bool(asked and self.settings.get("description", True))

    def _claim(self, launch: Launch, name: str, entry: dict[str, t.Any], own_ids: list[str], about: str) -> None:
        for job_id in entry["job_ids"]:
            if job_id in own_ids:
                continue
            job = self.truth.jobs.get(int(job_id)) if job_id.isdigit() else None
            sibling = job is not None and job.instance == name and job.owner is not None
            if sibling and not own_ids and entry["state"] == "adopted" and not self._marked(launch):
                # As documented: launches of one intent, one user, one moment, and the own request was not carried out.
                self.counts["job of another launch taken for a request that was not carried out"] += 1
            else:
                self.found("claimed", launch.name, name, about)

    def _unknown(
        self, launch: Launch, name: str, own: list[Job], named: set[str], entry: dict[str, t.Any], about: str
    ) -> None:
        faults = [fault for fault in self.outcome.sent.get((launch.name, name), ()) if fault not in CLEAR_FAULTS]
        batched = launch.options.get("batch_size", 1) > 1
        blurred = {"lag", "rows", "foreign_rows", "start_at_most"} & self.untold or self.outage_seconds
        unmapped = batched and (blurred or self.outcome.read_faults.get(launch.name))
        if not faults and not unmapped:
            self.found("unknown without a cause", launch.name, name, about)
        if not entry.get("failure") or not msg_has_advice(entry["msg"]):
            self.found("unknown without a reason", launch.name, name, about)
        seen = self.truth.seen.get(launch.name, {})
        for job in own:
            if job.id in seen and str(job.id) not in named:
                self.found("unknown, but seen", launch.name, name, about)
        batch = {str(job.id) for job in self.truth.jobs.values() if job.owner == launch.name} if batched else set()
        there = {str(job.id) for job in self.by_instance.get(name, ())} | batch
        if self.settings.get("rows") == "no_instance":
            # Nothing tells which instance a job is of.
            there = {str(job_id) for job_id in self.truth.jobs}
        if not set(entry.get("candidates") or ()) <= there:
            self.found("wrong candidate", launch.name, name, about)
        if any(job.id in seen for job in own) and self._evident(launch, name):
            self.found("unknown, but evident", launch.name, name, about)
        self.counts[f"unknown: {self._cause(launch, name, own, named)}"] += 1

    def _evident(self, launch: Launch, name: str) -> bool:
        """Whether nothing stood in the way of proving that a job is ours."""
        if launch.options.get("batch_size", 1) > 1 or self.outage_seconds:
            return False
        # By the time after which a launch looks no more.
        seen = self.truth.seen.get(launch.name, {})
        own = self.own.get((launch.name, name), ())
        soon = any(seen.get(job.id, launch.ended) < (launch.ended or 0.0) - 1.0 for job in own)
        rows = {"no_instance"} if self._marked(launch) else {"no_instance", "no_user"}
        unclear = self.settings.get("rows") in rows
        if self._marked(launch):
            return not unclear
        if "late" in self.outcome.sent.get((launch.name, name), ()):
            # It did not start in the seconds of its request.
            return False
        others = any(job.owner != launch.name for job in self.by_instance.get(name, ()))
        blurred = {"date_ahead", "details"} & self.untold
        return soon and not (others or blurred or unclear or self.outcome.read_faults.get(launch.name))

    def _cause(self, launch: Launch, name: str, own: list[Job], named: set[str]) -> str:
        """Why nobody could know."""
        if not own:
            return "nothing was started, which nobody can see" if not named else "another's job, nothing of ours"
        ended = launch.ended or 0.0
        if all(job.created > ended for job in own):
            return "started after the launch had ended"
        if all(job.visible > ended for job in own):
            return "not visible in time"
        if named:
            return "found, without proof that it is ours"
        if self.outcome.read_faults.get(launch.name) or self.outage_seconds:
            return "jobs could not be read"
        return "not recognised"

    def _refused(self, launch: Launch, name: str, entry: dict[str, t.Any], about: str) -> None:
        refusals = self.outcome.refusals.get((launch.name, name), [])
        faults = self.outcome.sent.get((launch.name, name), [])
        # As documented: a listing that is a 204 twice is an empty one.
        empty = self.outcome.read_faults.get(launch.name, []).count("no content after") > 1
        told = {"401 before", "403 before", "redirect before", "500 json before"}
        active = any(job.created <= (launch.ended or 0.0) for job in self.by_instance.get(name, ()))
        by_rule = launch.options.get("on_running") == "fail" and active
        trait = next((e for e in self.outcome.scenario.of("instance") if e["name"] == name), {})
        # The server says both in the same way, and a token that was given out a moment ago is not taken for dead.
        credentials = (entry.get("failure") or {}).get("kind") in ("authentication", "permission")
        locked_out = credentials and self._locked_out(launch)
        if not (refusals or told & set(faults) or by_rule or trait.get("refused") or locked_out or empty):
            self.found("refused without a cause", launch.name, name, about)

    def _locked_out(self, launch: Launch) -> bool:
        """Whether its credentials may have ended: logins and renewals whose answers are lost are not repeated."""
        disturbed = self.outcome.read_faults or any(other.result is None for other in self.outcome.launches)
        return launch.event["credential"] != "token" and bool(disturbed or self.outcome.scenario.of("expire"))

    def _not_submitted(self, launch: Launch, name: str, entry: dict[str, t.Any], about: str) -> None:
        cause = self._why_not_submitted(launch, entry)
        if cause:
            self.counts[f"not submitted: {cause}"] += 1
        elif self.outage_seconds:
            self.found("gave up early", launch.name, name, about)
        else:
            self.found("not submitted without a cause", launch.name, name, about)

    def _why_not_submitted(self, launch: Launch, entry: dict[str, t.Any]) -> str:
        """The cause that the world gave for what an entry says, empty for none."""
        met = [fault for (who, _n), found in self.outcome.sent.items() if who == launch.name for fault in found]
        faults = set(met)
        # A start that is not answered looks like a server that is away.
        mute = SILENCE * sum(fault in ("late", "silence before", "silence after") for fault in met)
        long = self.outage_seconds + (mute if self.outage_seconds else 0) >= OUTAGE_TIMEOUT * 0.9
        read = self.outcome.read_faults.get(launch.name) or long
        msg, kind = entry["msg"], (entry.get("failure") or {}).get("kind")
        doubtful = {"rows", "foreign_rows"} & self.untold
        denied = launch.event["credential"] != "token" or {"401 before", "403 before"} & faults
        causes = {
            "quota": kind == "rate_limited" and (self.settings.get("rate") or "429 before" in faults),
            "away": "was away for" in msg and long,
            "jobs not read": "could not be read" in msg and launch.options.get("max_age") and read,
            # Which subclient a job is of has to be read where the name of its client does not tell.
            "jobs not judged": bool(entry.get("candidates")) and (doubtful or read),
            "credentials": "failed alike" in msg and denied,
        }
        return next((cause for cause, holds in causes.items() if holds), "")

    def _followed(self, launch: Launch, name: str, entry: dict[str, t.Any], about: str) -> None:
        """A job that is said to have succeeded did so, and was a backup of this instance."""
        job = entry.get("job") or {}
        if job.get("outcome") != "succeeded":
            return
        real = self.truth.jobs.get(int(job["job_id"]))
        ended = real is not None and real.instance == name and not real.active(launch.ended or 0.0)
        if not ended or real is None or (real.status or real.ending) not in GOOD_ENDS:
            self.found("called a success", launch.name, name, about)

    # --- all launches

    def _twice(self, instance: str) -> None:
        """At most one own surviving backup, and none beside another unsaid."""
        own = sorted((job for job in self.by_instance[instance] if job.owner), key=lambda job: job.id)
        self.counts["started"] += bool(own)
        for index, second in enumerate(own):
            for first in own[:index]:
                # The times of jobs are whole seconds: less cannot be seen.
                if first.ended is not None and int(first.ended) <= int(second.created):
                    continue
                self.counts["two at once"] += 1
                if self._said(instance, first, second):
                    continue
                if first.owner != second.owner and self._alone(second):
                    # As documented: one start alone is not looked at again, which would take a third request.
                    self.counts["two at once, the second a start alone that nobody looks at again"] += 1
                elif first.owner != second.owner and self._mute(first, second):
                    self.counts["two at once, the second of a launch that was killed before it looked"] += 1
                else:
                    text = f"jobs {first.id} of {first.owner} and {second.id} of {second.owner}"
                    self.found("twice unsaid", str(second.owner), instance, text)
        killed = [job for job in own if job.status == "Killed"]
        alone = all(job.owner for job in self.by_instance[instance])
        if killed and len(killed) == len(own) and alone and not self._waited_out(killed):
            self.found("none survives", "", instance, f"all of {[job.id for job in own]} were killed")
        self._surviving(instance, own)

    def _surviving(self, instance: str, own: list[Job]) -> None:
        surviving = [job for job in own if job.status != "Killed"]
        for index, second in enumerate(surviving):
            overlapping = [job for job in surviving[:index] if job.ended is None or job.ended > second.created]
            launch = next(launch for launch in self.outcome.launches if launch.name == second.owner)
            if overlapping and launch.options.get("on_duplicate") == "kill" and launch.result is not None:
                entry = self.entries.get((launch.name, instance), {})
                unsure = entry.get("state") == "duplicate" and not entry["own"]
                failed = "could not be killed" in entry.get("msg", "")
                gone = all(not job.active(launch.ended or 0.0) for job in overlapping)
                if entry.get("state") != "unknown" and not (unsure or failed or gone or _not_looked(entry)):
                    text = f"job {second.id} beside {overlapping[0].id}, {entry.get('state')}: {entry.get('msg')}"
                    self.found("twice surviving", launch.name, instance, text)

    def _waited_out(self, killed: list[Job]) -> bool:
        """Whether on_timeout asked for their end."""
        return all(
            launch.options.get("on_timeout") == "kill" and launch.options.get("wait")
            for job in killed
            for launch in self.outcome.launches
            if launch.name == job.owner
        )

    def _mute(self, first: Job, second: Job) -> bool:
        """Whether the launch of the second was killed, and none that was begun later has seen both at work."""
        owner = next(launch for launch in self.outcome.launches if launch.name == second.owner)
        if owner.result is not None:
            return False
        for launch in self.outcome.launches:
            if _not_looked(self.entries.get((launch.name, second.instance), {})):
                continue
            seen = self.truth.seen.get(launch.name, {})
            at_work = all(job.id in seen and job.active(seen[job.id]) for job in (first, second))
            # Who starts nothing looks for jobs at work once.
            if not any(owner == launch.name for owner, _name in self.own):
                at_work = at_work and seen[first.id] == seen[second.id]
            if launch.result is not None and launch.began > second.created and at_work:
                return False
        return True

    def _alone(self, job: Job) -> bool:
        """Whether a job is of a launch that started nothing else, was answered, and was not told to look again."""
        launch = next(launch for launch in self.outcome.launches if launch.name == job.owner)
        sent = [(name, faults) for (name, _instance), faults in self.outcome.sent.items() if name == launch.name]
        answered = all(fault in CLEAR_FAULTS for _name, faults in sent for fault in faults)
        told_to = launch.options.get("wait") or launch.options.get("on_duplicate") == "kill"
        return len(sent) == 1 and answered and not told_to

    def _said(self, instance: str, first: Job, second: Job) -> bool:
        """Whether some launch told of both, or could not tell whether it had started its own."""
        for launch in self.outcome.launches:
            entry = self.entries.get((launch.name, instance))
            if entry is None:
                continue
            text = entry["msg"] + " ".join([*entry["job_ids"], *(entry.get("candidates") or ())])
            if str(first.id) in text and str(second.id) in text:
                return True
            other = first.owner != second.owner
            told = entry["state"] == "unknown" or (other and (entry["state"] == "duplicate" or _not_looked(entry)))
            if launch.name == second.owner and told:
                return True
        return False


def _not_looked(entry: dict[str, t.Any]) -> bool:
    """Whether an entry says that nobody could see if another backup was active when its own was started."""
    return any("another" in text for text in entry.get("not_verified") or ())


def msg_has_advice(msg: str) -> bool:
    """Whether a message says what to do next."""
    return "Command Center" in msg or "before you start" in msg
