# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rides out a CommCell that is away for a while: pauses, asks whether it is back, and goes on where it stopped."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import threading
import typing as t

from .._errors import CommvaultError, ErrorKind
from .._parallel import RUNTIME
from .._times import age_words

if t.TYPE_CHECKING:
    from .._parallel import Runtime

    Answer = t.TypeVar("Answer")

# Seconds between two attempts double from the first to the last. Each is drawn from the whole of that, as the AWS SDKs
# do it, so that launches on many machines do not come back together.
FIRST_PAUSE = 1.0
LAST_PAUSE = 20.0
# How often a read is made that fails while the CommCell answers others.
MAX_READS = 3
# Seconds after which those who wait for the attempt of another look again.
POLL = 0.5
# Seconds after which people who look on are told again. After a minute of silence they, and some systems, take a run
# for dead.
HEARTBEAT = 40.0


class Outage:
    """Holds requests back while the CommCell is away. Thread-safe.

    After a failure that is about the server, one caller at a time makes an attempt while the others wait. When it is
    answered, all go on. No lock is held while time passes.
    """

    def __init__(
        self,
        probe: t.Callable[[], object],
        timeout: float = 0.0,
        deadline: float | None = None,
        runtime: Runtime = RUNTIME,
    ) -> None:
        """Prepare to wait.

        Args:
            probe: Reads something small, once. Raises CommvaultError.
            timeout: Seconds from the first failure after which nobody waits any more; 0 waits for nothing.
            deadline: When nobody waits in any case, on the monotonic clock; None for no limit.
            runtime: Time.
        """
        self.timeout = timeout
        self.deadline = deadline
        # Shows people a line at once; None where they cannot see it.
        self.tell: t.Callable[[str], object] | None = None
        self._told_at: float | None = None
        self._probe = probe
        self._runtime = runtime
        self._lock = threading.Lock()
        self._proven = False
        self._attempts = 0
        self._begun: float | None = None
        self._last: CommvaultError | None = None
        # The thread that makes the next attempt while all others wait.
        self._prober: int | None = None
        # Why nobody waits any more; empty while somebody does.
        self._over = ""

    @property
    def given_up(self) -> bool:
        """Whether the CommCell was away for too long, and has not answered since."""
        return bool(self._over)

    @property
    def last_error(self) -> CommvaultError | None:
        """The last failure while the CommCell is away, None while it is there."""
        return self._last

    def is_about(self, error: CommvaultError) -> bool:
        """Whether an error means that the CommCell is away, and not that somebody must do something.

        A wrong address, a redirect and the like mean it only where the CommCell has answered before in this run: a web
        tier that restarts answers so for a while. Refused credentials never do: who may not see one thing is told the
        same.
        """
        if error.unknown_host and not self._proven:
            return False
        if error.kind is ErrorKind.NOT_FOUND and not error.web_page:
            # What the API does not know, it need not have.
            return False
        return error.kind.about_the_server and not error.kind.ends_a_wait(self._proven)

    def note(self, error: CommvaultError | None) -> None:
        """Take in how a request ended. Whoever called wait must do so.

        Args:
            error: None where it was answered in some way.
        """
        with self._lock:
            if self._prober == threading.get_ident():
                self._prober = None
            told_at, begun = self._told_at, self._begun
            if error is None:
                self._told_at = None
                self._attempts, self._proven = 0, True
                self._begun = self._last = self._prober = None
                self._over = ""
            elif self.is_about(error):
                self._last = error
                if self._begun is None:
                    self._begun = self._runtime.monotonic()
        if error is None and self.tell and told_at is not None:
            self.tell(f"The CommCell answers again after {self._away(begun)}.")

    def wait(self) -> None:
        """Return when a request may go out; whoever calls this says by note how it ended.

        Raises:
            CommvaultError: The CommCell was away for too long; nothing is to be sent.
        """
        while True:
            with self._lock:
                if self._over:
                    raise CommvaultError(self._over, ErrorKind.NOT_SUBMITTED)
                if self._begun is None:
                    return
                mine = self._prober is None
                if mine:
                    self._prober = threading.get_ident()
                    self._attempts += 1
            if not mine:
                self._pause(POLL)
            elif self._pause(self._length()) and self._is_back():
                return

    def ride_out(self, read: t.Callable[[], Answer]) -> Answer:
        """What a read gives, read again while the CommCell is away.

        A read that fails alike again and again although the CommCell answers others is left at that.

        Raises:
            CommvaultError: What read raised last.
        """
        failures: list[CommvaultError] = []
        for _attempt in range(MAX_READS):
            if self.timeout and not self.given_up:
                try:
                    self.wait()
                except CommvaultError:
                    if failures:
                        raise failures[-1] from None
            try:
                answer = read()
            except CommvaultError as error:
                failures.append(error)
                # An answer that says no is an answer. A web page is none of the API, whatever its status.
                self.note(None if error.kind.says_no and not (error.web_page or self.is_about(error)) else error)
                if not self.timeout or self.given_up or not self.is_about(error):
                    raise
            except BaseException:
                # Whatever it was, it must not keep the others waiting.
                self.note(CommvaultError("", ErrorKind.INTERNAL))
                raise
            else:
                self.note(None)
                return answer
        raise failures[-1]

    def _is_back(self) -> bool:
        try:
            self._probe()
        except CommvaultError as error:
            # An answer that says no is an answer.
            if self.is_about(error):
                self.note(error)
                return False
        except BaseException:
            # Whatever it was, it must not keep the others waiting.
            self.note(CommvaultError("", ErrorKind.INTERNAL))
            raise
        return True

    def _length(self) -> float:
        longest = min(LAST_PAUSE, FIRST_PAUSE * 2 ** min(self._attempts - 1, 10))
        return longest * self._runtime.random()

    def _pause(self, seconds: float) -> bool:
        """Let time pass; whether there is any left. Gives up where there is none."""
        with self._lock:
            if self._begun is None:
                return True
            now = self._runtime.monotonic()
            end = self._begun + self.timeout
            if self.deadline is not None:
                end = min(end, self.deadline)
            if now >= end:
                self._prober = None
                self._over = f"not sent: the CommCell was away for {self._away(self._begun)}; last error: {self._last}"
                return False
            words = self._news(now, end)
        if words and self.tell:
            self.tell(words)
        self._runtime.sleep(min(seconds, end - now))
        return True

    def _news(self, now: float, end: float) -> str:
        """What to tell people now, empty for nothing. Called with the lock."""
        first = self._told_at is None
        if self._told_at is not None and now - self._told_at < HEARTBEAT:
            return ""
        self._told_at = now
        left = f"Waiting for up to {_length(end - now)} until it answers"
        if first:
            return f"{self._last} {left} (outage_timeout; 0 does not wait)."
        return f"The CommCell has been away for {self._away(self._begun)}. {left}."

    def _away(self, begun: float | None) -> str:
        now = self._runtime.monotonic()
        return _length(now - (now if begun is None else begun))


def _length(seconds: float) -> str:
    # Of 5 minutes, a moment has passed already: not 4.
    seconds = round(seconds)
    return age_words(seconds) if seconds >= 60 else f"{seconds} s"
