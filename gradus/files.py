"""Writing that is complete or absent: aside, flushed to the disk, renamed."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from gradus.errors import GradusError

TEMPORARY = ".tmp"
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


def write_failed(path: Path, error: OSError) -> GradusError:
    """The one-line error for a file that could not be written; a full disk is called that."""
    if error.errno in _FULL:
        return GradusError(f"disk full while writing {path}: free some space, then resume")
    if error.errno == errno.EFBIG:
        return GradusError(f"file size limit reached while writing {path}: raise the limit, then resume")
    reason = error.strerror or str(error)
    return GradusError(f"cannot write {path}: {reason}; check the folder and its permissions")


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename survives a power cut (a no-op where unsupported)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, chunk: memoryview) -> None:
    while len(chunk):
        written = os.write(descriptor, chunk)
        chunk = chunk[written:]


def write_atomically(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `chunks` to `path`: afterwards the file is whole, or as it was before.

    Raises:
        GradusError: when the system refuses (disk full, no permission, input/output error).
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644
        )
        try:
            for chunk in chunks:
                _write_all(descriptor, memoryview(chunk))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        remove_quietly(temporary)
        raise write_failed(path, error) from None


def remove_quietly(path: Path) -> None:
    """Remove a file that may be absent or stuck; the next sweep tries again."""
    with contextlib.suppress(OSError):
        path.unlink()


def sweep(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    """Remove the files of `folder` that are not wanted; returns what was removed."""
    orphans = [path for path in folder.iterdir() if path.is_file() and not wanted(path)]
    for path in orphans:
        remove_quietly(path)
    return orphans
