"""Writing that is complete or absent (aside, flushed to the disk, renamed), and the folder that the user's cache is in."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from gradus.errors import GradusError
from gradus.text import Text

TEMPORARY = ".tmp"
HTML = (".html", ".htm")
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
    user_path(path)  # refuses a NUL
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


def require_suffix(path: Path, *known: str) -> Path:
    """The path, whose name must not promise another kind of file than what is written; a name without a suffix promises none.

    Raises:
        GradusError: its suffix is none of these.
    """
    if path.suffix and path.suffix.lower() not in known:
        names = ", ".join(known)
        raise GradusError(
            Text(
                f"cannot write {path}: expected a name that ends in {names}, got {path.suffix}",
                f"无法写入 {path}：文件名应以 {names} 结尾，实为 {path.suffix}",
            )
        )
    return path


def output_file(
    name: str | os.PathLike[str], makes: Path | None = None, suffixes: tuple[str, ...] = ()
) -> Path:
    """Where what a user asked to be written goes: of a link, the file that it names. Asked before the work, so that none is lost.

    Args:
        name: as the user wrote it.
        makes: a folder that is made before the file is written, and need not be there yet.
        suffixes: that are written; any where none are given.

    Raises:
        GradusError: it is there and no regular file, or must not be written, its folder is not there, or its suffix is another.
    """
    try:
        if not os.fspath(name):
            raise GradusError(
                Text(
                    f"expected the name of a file to write, got {name!r}",
                    f"应给出要写入的文件名，得到 {name!r}",
                )
            )
        path = user_path(name)
        target = path.resolve() if path.is_symlink() else path
        if target.is_symlink():
            raise RuntimeError(
                "what resolve raises for links in a circle on some versions, and on others not"
            )
        _check_output(Path(name), target, makes)
        if suffixes:
            require_suffix(Path(name), *suffixes)
    except (OSError, RuntimeError) as error:  # links that name each other; a name that is too long
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise _cannot_write(Path(name), reason, getattr(error, "strerror", None) or "链接成环") from None
    return target


def _check_output(name: Path, target: Path, makes: Path | None) -> None:
    if target.is_dir():
        raise _cannot_write(name, "it is a folder; give the name of a file", "它是文件夹；请给出文件名")
    if target.exists() and not target.is_file():
        raise _cannot_write(name, "it is no regular file; give a new name", "它不是普通文件；请换一个文件名")
    folder = target.parent
    if makes is not None and folder == user_path(makes):
        return
    if not folder.is_dir():
        what = ("is no folder", "不是文件夹") if folder.exists() else ("does not exist", "不存在")
        raise _cannot_write(name, f"{folder} {what[0]}; make it first", f"{folder} {what[1]}；请先建立")
    for path in (target, folder):
        if path.exists() and not os.access(path, os.W_OK):
            raise _cannot_write(name, f"{path} must not be written to", f"{path} 没有写入权限")


def _cannot_write(path: Path, en: str, zh: str) -> GradusError:
    return GradusError(Text(f"cannot write {path}: {en}", f"无法写入 {path}：{zh}"))


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
    """A path that a user wrote, made absolute; `~` is the home, and links stay as they were named.

    Raises:
        GradusError: it holds a NUL, which no system's names may.
    """
    if "\0" in os.fsdecode(name):
        raise GradusError(
            Text(
                f"expected a path, got {name!r}, with a NUL in it", f"应为路径，得到含有 NUL 字符的 {name!r}"
            )
        )
    return Path(os.path.abspath(os.path.expanduser(name)))  # noqa: PTH100, PTH111
