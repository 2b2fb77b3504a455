# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small file with secrets that several processes of one user on one machine read, lock and replace."""

# This module util is private to the collection: it can change at any time. Do not use it from elsewhere.

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
import typing as t

from .._errors import InvalidInput
from .._parallel import RUNTIME

if t.TYPE_CHECKING:
    from .._parallel import Runtime

MAX_SIZE = 1 << 20  # bytes; what is larger is no file of tokens
# Bytes that are written before a renewal to be sure that what comes back can be kept; tokens are a few kB at most.
RESERVE = 1 << 16
# Seconds to wait for another process that holds the lock. It holds it for one renewal: attempts to connect, an answer.
PATIENCE = 300.0
_OPEN = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class CannotStore(Exception):
    """The file cannot be replaced. str() of it is the reason in the words of the operating system."""


class Replacement:
    """A place on the disk for the next content of a file; made by TokenStore.replacement."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._new = path + ".new"
        # What a process that was killed left there is nobody's: only the holder of the lock writes it.
        _remove(self._new)
        self._fd = os.open(self._new, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o600)
        try:
            os.fchmod(self._fd, 0o600)
            _write_all(self._fd, b" " * RESERVE)
            os.fsync(self._fd)
        except OSError:
            self.drop()
            raise

    def commit(self, content: t.Mapping[str, t.Any]) -> None:
        """Put content in place of the file; on return it is on the disk. Raises CannotStore."""
        data = (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("utf-8")
        try:
            os.lseek(self._fd, 0, os.SEEK_SET)
            _write_all(self._fd, data)
            os.ftruncate(self._fd, len(data))
            os.fsync(self._fd)
            os.rename(self._new, self._path)
            _sync_directory(self._path)
        except OSError as exc:
            raise CannotStore(_reason(exc)) from None

    def drop(self) -> None:
        """Give the place up; nothing happens after a commit."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            _remove(self._new)


class TokenStore:
    """One such file. Processes agree by an operating system lock on PATH.lock, which ends with its process."""

    def __init__(self, path: str, runtime: Runtime = RUNTIME) -> None:
        """Name a file; runtime: time."""
        self.path = os.path.abspath(path)
        self._runtime = runtime

    def read(self) -> dict[str, t.Any]:
        """The content. Raises InvalidInput if there is none, or if anybody else can read or replace it."""
        try:
            # O_NONBLOCK: a pipe in place of the file must not hang us.
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | _OPEN)
        except OSError as exc:
            raise InvalidInput(self._cannot_open(exc)) from None
        try:
            self._check(os.fstat(fd))
            data = _read_all(fd, MAX_SIZE + 1)
        except OSError as exc:
            raise InvalidInput(f"token_file {self.path!r} cannot be read: {_reason(exc)}.") from None
        finally:
            os.close(fd)
        try:
            content = json.loads(data.decode("utf-8-sig")) if len(data) <= MAX_SIZE else None
        except ValueError:
            # The error of the parser would show a part of the file.
            content = None
        if not isinstance(content, dict):
            raise InvalidInput(f"token_file {self.path!r} does not hold a JSON object.")
        return content

    def _cannot_open(self, exc: OSError) -> str:
        if exc.errno == errno.ENOENT:
            return f"token_file {self.path!r} does not exist on the machine that runs this task."
        if exc.errno in (errno.ELOOP, errno.EMLINK) or os.path.islink(self.path):
            return f"token_file {self.path!r} is a link. Name the file itself, since a renewal replaces it."
        return f"token_file {self.path!r} cannot be read: {_reason(exc)}."

    def _check(self, facts: os.stat_result) -> None:
        """Raises InvalidInput unless the file is ours alone."""
        if not stat.S_ISREG(facts.st_mode):
            raise InvalidInput(f"token_file {self.path!r} is not a regular file.")
        if facts.st_uid != os.geteuid():
            raise InvalidInput(
                f"token_file {self.path!r} belongs to the user with the number {facts.st_uid}, but this task runs as"
                f" {os.geteuid()}. Each user needs a file, and a pair of tokens, of their own."
            )
        mode = stat.S_IMODE(facts.st_mode)
        if mode & 0o077:
            raise InvalidInput(
                f"token_file {self.path!r} has the mode {mode:04o}: others can read or change it. Revoke the tokens in"
                " it if somebody may have done so, and set the mode to 0600."
            )

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Have the file for oneself, among all processes and threads. Raises CannotStore if that takes too long."""
        fd = self._lock()
        try:
            yield
        finally:
            os.close(fd)

    def _lock(self) -> int:
        name = self.path + ".lock"
        deadline = self._runtime.monotonic() + PATIENCE
        pause = 0.02
        while True:
            try:
                fd = os.open(name, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
            except OSError as exc:
                raise CannotStore(f"{name}: {_reason(exc)}") from None
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_same_file(fd, name):
                    return fd
                # Removed together with the file that it belonged to, while we waited for it.
                os.close(fd)
                continue
            except OSError as exc:
                os.close(fd)
                if exc.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise CannotStore(f"{name}: {_reason(exc)}") from None
            if self._runtime.monotonic() >= deadline:
                raise CannotStore(f"another process has held {name} for {PATIENCE:.0f} seconds")
            self._runtime.sleep(pause)
            pause = min(0.1, pause * 1.5)

    @contextlib.contextmanager
    def replacement(self) -> t.Iterator[Replacement]:
        """A place on the disk for the next content, taken before it is known. For the holder of the lock. Raises
        CannotStore.
        """
        try:
            place = Replacement(self.path)
        except OSError as exc:
            raise CannotStore(_reason(exc)) from None
        try:
            yield place
        finally:
            place.drop()

    def write(self, content: t.Mapping[str, t.Any]) -> None:
        """Replace the content, or make the file; on return it is on the disk. For the holder of the lock. Raises
        CannotStore.
        """
        with self.replacement() as place:
            place.commit(content)

    def remove(self) -> None:
        """Remove the file and its lock. For the holder of the lock. Raises CannotStore."""
        try:
            for name in (self.path, self.path + ".new", self.path + ".lock"):
                _remove(name)
        except OSError as exc:
            raise CannotStore(_reason(exc)) from None


def _reason(exc: OSError) -> str:
    return exc.strerror or type(exc).__name__


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _is_same_file(fd: int, path: str) -> bool:
    try:
        named = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), named)


def _read_all(fd: int, limit: int) -> bytes:
    parts = []
    while limit > 0:
        part = os.read(fd, limit)
        if not part:
            break
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _sync_directory(path: str) -> None:
    """Make a rename in the directory of path last."""
    fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as exc:
        # Some network file systems cannot do that for a directory, and need not.
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)
