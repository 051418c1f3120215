"""Locks between processes, held by an open file, so that the death of their holder, however it dies, releases them.

The lock is the system's, not the file's existence: the file that a dead process left behind locks nobody out, and two
processes can never both take over a stale one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gradus.errors import GradusError
from gradus.files import write_failed
from gradus.text import Text

POLL = 0.05  # seconds

if os.name == "nt":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Waits for the lock at `path` and holds it; the file is removed on release."""
    handle = _acquire(path)
    try:
        yield
    finally:
        # Removed while still held: a waiter that opened the old file sees, once it has the lock, that
        # the path names another file or none, and starts anew.
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def _acquire(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while not _try_lock(handle):
                time.sleep(POLL)
            if _still_names(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _still_names(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Holds a run folder for this process, or refuses at once; the file stays, and names the owner's pid.

    Raises:
        GradusError: when another process holds the folder, or it cannot be written.
    """
    path = folder / "run.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise write_failed(path, error) from None
    try:
        _lock_or_refuse(folder, path, handle)
        with suppress(OSError):  # the pid only serves the message
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _lock_or_refuse(folder: Path, path: Path, handle: int) -> None:
    try:
        free = _try_lock(handle)
    except OSError as error:
        raise write_failed(path, error) from None
    if not free:
        owner = _owner(handle)
        raise GradusError(
            Text(
                f"the run folder {folder} is in use by process {owner or 'unknown'}: wait for it, or choose another",
                f"运行文件夹 {folder} 正被进程 {owner or '（未知）'} 使用：请等它结束，或换一个文件夹",
            )
        )


def _owner(handle: int) -> str:
    return os.pread(handle, 32, 0).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
