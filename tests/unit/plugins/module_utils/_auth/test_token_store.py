# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading

import pytest

from ansible_collections.rdsops.commvault.plugins.module_utils._auth import token_store as _token_store
from ansible_collections.rdsops.commvault.plugins.module_utils._auth.token_store import (
    PATIENCE,
    CannotStore,
    TokenStore,
)
from ansible_collections.rdsops.commvault.plugins.module_utils._errors import InvalidInput
from ansible_collections.rdsops.commvault.tests.support.fake_runtime import FakeRuntime


@pytest.fixture
def path(tmp_path):
    """A file as it should be."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text('{"accessToken": "SECRET"}', encoding="utf-8")
    return path


def sleeping(sleep):
    """A run that does something else than to sleep."""
    runtime = FakeRuntime()
    runtime.sleep = sleep
    return runtime


def names(path):
    return sorted(os.listdir(path.parent))


def test_a_private_file_is_read(path):
    assert TokenStore(str(path)).read() == {"accessToken": "SECRET"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
def test_a_file_that_others_may_touch_is_refused(path, mode):
    path.chmod(mode)
    with pytest.raises(InvalidInput, match=f"has the mode {mode:04o}: others can"):
        TokenStore(str(path)).read()


def test_a_file_of_somebody_else_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(InvalidInput, match="belongs to the user with the number"):
        TokenStore(str(path)).read()


def test_a_link_is_refused_wherever_it_leads(path):
    link = path.parent / "link.json"
    link.symlink_to(path)
    with pytest.raises(InvalidInput, match="is a link"):
        TokenStore(str(link)).read()
    dangling = path.parent / "dangling.json"
    dangling.symlink_to(path.parent / "nothing")
    with pytest.raises(InvalidInput, match="is a link"):
        TokenStore(str(dangling)).read()


def test_what_is_no_file_is_refused_without_waiting_for_it(path):
    os.mkfifo(path.parent / "pipe", 0o600)
    for odd in (path.parent, path.parent / "pipe"):
        with pytest.raises(InvalidInput, match="not a regular file"):
            TokenStore(str(odd)).read()


def test_a_missing_file_is_said_to_be_missing_here(path):
    with pytest.raises(InvalidInput, match="does not exist on the machine that runs this task"):
        TokenStore(str(path) + "x").read()


@pytest.mark.parametrize("text", ["", "SECRET", '{"accessToken": "SECRET', "[]", '"SECRET"', "\ud800"])
def test_what_is_no_object_is_refused_without_showing_it(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InvalidInput, match="does not hold a JSON object") as caught:
        TokenStore(str(path)).read()
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_huge_file_is_not_read_to_its_end(path):
    path.write_text('{"a": "' + "x" * _token_store.MAX_SIZE + '"}', encoding="utf-8")
    with pytest.raises(InvalidInput, match="does not hold a JSON object"):
        TokenStore(str(path)).read()


def test_writing_replaces_the_file_and_leaves_nothing_else(path):
    before = path.stat().st_ino
    store = TokenStore(str(path))
    store.write({"b": 1})
    assert json.loads(path.read_text(encoding="utf-8")) == {"b": 1} == store.read()
    assert path.stat().st_ino != before
    assert names(path) == ["token.json"]


def test_a_new_file_is_private_whatever_the_umask_says(tmp_path):
    path = tmp_path / "new.json"
    before = os.umask(0)
    try:
        TokenStore(str(path)).write({})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_content_is_on_the_disk_before_the_name_changes_and_the_name_after_that(path, monkeypatch):
    done = []
    for name in ("fsync", "rename"):
        real = getattr(os, name)

        def traced(*args, _name=name, _real=real):
            kind = "directory " if _name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode) else ""
            done.append(kind + _name)
            return _real(*args)

        monkeypatch.setattr(os, name, traced)
    TokenStore(str(path)).write({})
    assert done == ["fsync", "fsync", "rename", "directory fsync"]


def test_a_reader_never_sees_a_half(path):
    store = TokenStore(str(path))
    store.write({"token": "x" * 20000})
    stop = threading.Event()
    failures = []

    def read():
        while not stop.is_set():
            content = store.read()
            if len(content["token"]) != 20000 or len(set(content["token"])) != 1:
                failures.append(content)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(50):
        store.write({"token": str(number % 10) * 20000})
    stop.set()
    thread.join(10)
    assert failures == []


def test_room_for_the_next_content_is_taken_before_it_is_known(path):
    with TokenStore(str(path)).replacement() as place:
        assert (path.parent / "token.json.new").stat().st_size == _token_store.RESERVE
        place.commit({"b": 2})
    assert TokenStore(str(path)).read() == {"b": 2}


def test_a_place_that_is_not_used_goes_away(path):
    with TokenStore(str(path)).replacement():
        pass
    assert names(path) == ["token.json"]
    assert TokenStore(str(path)).read() == {"accessToken": "SECRET"}


def test_what_a_killed_process_left_is_no_obstacle(path):
    (path.parent / "token.json.new").write_text("half", encoding="utf-8")
    TokenStore(str(path)).write({"b": 2})
    assert names(path) == ["token.json"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_a_disk_that_does_not_take_it_is_a_reason_in_words(path, monkeypatch, call):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_token_store.os, call, full)
    with pytest.raises(CannotStore, match="No space left on device"):
        TokenStore(str(path)).write({"b": 2})
    monkeypatch.undo()
    assert TokenStore(str(path)).read() == {"accessToken": "SECRET"}


def test_a_file_system_without_fsync_of_directories_is_fine(path, monkeypatch):
    real = os.fsync

    def fsync(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(22, "Invalid argument")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    TokenStore(str(path)).write({"b": 2})
    assert TokenStore(str(path)).read() == {"b": 2}


HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path) + ".lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_lock_keeps_other_processes_out_for_as_long_as_it_is_bearable(path, holder):
    clock = FakeRuntime()
    with (
        pytest.raises(CannotStore, match=f"held .*token.json.lock for {PATIENCE:.0f} seconds"),
        TokenStore(str(path), clock).locked(),
    ):
        raise AssertionError("two have it")
    assert PATIENCE <= sum(clock.slept) < PATIENCE + 1


def test_a_lock_ends_with_its_process(path, holder):
    def kill(_seconds):
        holder.kill()
        holder.wait()

    with TokenStore(str(path), sleeping(kill)).locked():
        assert holder.returncode is not None


def test_the_lock_keeps_other_threads_out(path):
    store = TokenStore(str(path), sleeping(lambda _seconds: None))
    inside, most = [], []

    def work():
        for _time in range(20):
            with store.locked():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(most), max(most)) == (80, 1)


def test_a_lock_that_was_removed_while_waiting_for_it_is_not_taken_for_the_new_one(path, holder):
    name = path.parent / "token.json.lock"

    def remove(_seconds):
        name.unlink()
        name.touch(mode=0o600)
        holder.kill()
        holder.wait()

    with TokenStore(str(path), sleeping(remove)).locked():
        other = subprocess.run(
            [sys.executable, "-c", "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)",
             str(name)],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert "BlockingIOError" in other.stderr


def test_a_lock_that_is_a_link_is_refused(path):
    (path.parent / "token.json.lock").symlink_to(path.parent / "elsewhere")
    with pytest.raises(CannotStore, match=r"token\.json\.lock"), TokenStore(str(path)).locked():
        raise AssertionError("followed a link")
    assert not (path.parent / "elsewhere").exists()


def test_removing_takes_everything_along(path):
    store = TokenStore(str(path))
    with store.locked():
        store.remove()
    assert names(path) == []
