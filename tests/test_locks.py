"""Locks: one waits, one refuses and names the owner; a lock file that a dead process left locks nobody out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gradus import locks
from gradus.errors import GradusError
from gradus.locks import run_lock, waiting_lock


def test_lock_is_one_file_that_its_waiters_agree_on(tmp_path: Path) -> None:
    path, inside, done = tmp_path / "lock", threading.Event(), threading.Event()

    def wait_and_hold() -> None:
        with waiting_lock(path):
            inside.set()
            done.wait(5)

    with waiting_lock(path):
        waiter = threading.Thread(target=wait_and_hold)
        waiter.start()
        assert not inside.wait(0.2)
    assert inside.wait(5)
    assert path.exists()  # the waiter's own: the first holder's was removed
    done.set()
    waiter.join()
    assert not path.exists()


HOLDER = """
import sys, time
from pathlib import Path
from gradus.locks import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_run_folder_in_use_is_refused_with_the_pid_of_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    owner = subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE, text=True)
    assert owner.stdout and owner.stdout.readline() == "held\n"
    try:
        with (
            pytest.raises(GradusError, match=f"in use by process {owner.pid}: wait") as refused,
            run_lock(folder),
        ):
            pass
        assert f"正被进程 {owner.pid} 使用" in refused.value.text.zh
    finally:
        owner.kill()
        owner.wait()
        owner.stdout.close()
    with run_lock(folder):  # the dead owner's file is there and locks nobody out
        assert (folder / "run.lock").read_text() == f"{os.getpid()}\n"
    with run_lock(folder):
        pass


def test_a_folder_that_cannot_be_made_or_locked_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GradusError, match="cannot write"), run_lock(tmp_path / "file" / "run"):
        pass

    def no_locks(handle: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks, "_try_lock", no_locks)
    with pytest.raises(GradusError, match=r"cannot write .*run\.lock"), run_lock(tmp_path / "run"):
        pass
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)), waiting_lock(tmp_path / "lock"):
        pass
