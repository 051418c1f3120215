"""Writing that is complete or absent (aside, flushed to the disk, renamed), and the folder that the user's cache is in."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from gradus.errors import GradusError
from gradus.text import Text

TEMPORARY = ".tmp"
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_NO_FOLDER_FLUSH = {errno.EINVAL, errno.ENOTSUP}  # of file systems that flush files only


def write_failed(path: Path, error: OSError) -> GradusError:
    """The one-line error for a file that could not be written; a full disk is called that."""
    if error.errno in _FULL:
        return GradusError(
            Text(
                f"disk full while writing {path}: free some space, then resume",
                f"写入 {path} 时磁盘已满：请腾出空间后继续",
            )
        )
    if error.errno == errno.EFBIG:
        return GradusError(
            Text(
                f"file size limit reached while writing {path}: raise the limit, then resume",
                f"写入 {path} 时达到文件大小上限：请提高上限后继续",
            )
        )
    reason = error.strerror or str(error)
    return GradusError(
        Text(
            f"cannot write {path}: {reason}; check the folder and its permissions",
            f"无法写入 {path}：{reason}；请检查文件夹及其权限",
        )
    )


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename survives a power cut (a no-op where unsupported)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        GradusError: when the system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failed(folder, error) from None


def _write_all(descriptor: int, chunk: memoryview) -> None:
    while len(chunk):
        written = os.write(descriptor, chunk)
        chunk = chunk[written:]


def write_atomically(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `chunks` to `path`: afterwards the file is whole, or as it was before.

    What is there and is no file (a terminal, a pipe) is written to as it is; of a link, the file that it names.

    Raises:
        GradusError: when the system refuses (disk full, no permission, input/output error).
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                stream.writelines(chunks)
        else:
            _write_aside(path.resolve() if path.is_symlink() else path, chunks)
    except OSError as error:
        raise write_failed(path, error) from None


def _write_aside(path: Path, chunks: Iterable[bytes | memoryview]) -> None:
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
        _rename(temporary, path)
    except OSError:
        remove_quietly(temporary)
        raise


def publish(part: Path, path: Path) -> None:
    """Give the complete file `part` its final name, once it is on the disk; an `OSError` is the caller's to word."""
    with part.open("rb+") as handle:
        os.fsync(handle.fileno())
    _rename(part, path)


def _rename(part: Path, path: Path) -> None:
    part.replace(path)
    sync_folder(path.parent)


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


def cache_folder(kind: str = "") -> Path:
    """The folder of what is kept on this machine: GRADUS_DATA, or "gradus" in the user's cache; `kind` is a folder in it.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set.
    """
    chosen = os.environ.get("GRADUS_DATA", "")
    if chosen:
        return user_path(chosen) / kind
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("gradus"))
    if not folder.is_absolute():
        raise GradusError(
            Text(
                "no home directory to keep data in: set GRADUS_DATA to a folder that you can write to",
                "没有可存放数据的主目录：请将 GRADUS_DATA 设为可写入的文件夹",
            )
        )
    return folder / kind


def user_path(name: str | os.PathLike[str]) -> Path:
    """A path that a user wrote, made absolute; `~` is the home, and links stay as they were named."""
    return Path(os.path.abspath(os.path.expanduser(name)))  # noqa: PTH100, PTH111
