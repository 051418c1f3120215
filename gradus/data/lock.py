"""A lock between processes, held by an open file, so that the death of its holder releases it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

POLL = 0.05  # seconds


@contextmanager
def locked(path: Path) -> Iterator[None]:
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
