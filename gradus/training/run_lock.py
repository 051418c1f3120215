"""One writer per run folder."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from gradus.errors import GradusError
from gradus.files import write_failed

if os.name == "nt":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the system lets go of it when the process ends, however it ends.

    The lock is the system's, not the file's existence: the file a dead process left behind locks nobody out, and
    two processes can never both take over a stale one. The file holds the owner's pid for the message.

    Raises:
        GradusError: when another process holds the folder, or it cannot be written.
    """
    path = folder / "run.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise write_failed(path, error) from None
    try:
        try:
            _take(descriptor)
        except OSError:
            owner = (
                os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
            )
            raise GradusError(
                f"the run folder {folder} is in use by process {owner or 'unknown'}: wait for it, or choose another"
            ) from None
        with contextlib.suppress(OSError):  # the pid only serves the message
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
