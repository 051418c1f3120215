"""Where data sets lie on this machine, and the check that a file is the one it claims to be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from gradus.arguments import path as checked_path
from gradus.data.idx import gunzip
from gradus.data.registry import ENTRIES, Entry, RemoteFile
from gradus.errors import GradusError
from gradus.files import cache_folder, user_path
from gradus.text import Text


class DamagedFileError(GradusError):
    """A file that is there but is not what it should be."""

    def __init__(self, path: Path, message: str | Text) -> None:
        super().__init__(message)
        self.path = path


def data_directory(data_dir: str | Path | None = None) -> Path:
    """The folder of downloaded data: `data_dir`, else the environment's GRADUS_DATA, else the user's cache.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set; `data_dir` is no path.

    Example:
        >>> data_directory("my-data").name
        'my-data'
    """
    if data_dir is not None and not (isinstance(data_dir, str) and not data_dir):
        checked_path("data_dir", data_dir)
    return user_path(data_dir) if data_dir else cache_folder()


def places(entry: Entry, file: RemoteFile, root: Path) -> Iterator[Path]:
    """Where the file may lie below `root`, compressed or not, the download's own place first."""
    for folder in (root / entry.name, *(root / f for f in entry.folders), root):
        yield folder / file.name
        if file.content_size:
            yield folder / file.plain


def find(entry: Entry, file: RemoteFile, root: Path) -> Path | None:
    """The first place where the file lies; files of another data set with the same name are passed over.

    Raises:
        GradusError: a folder cannot be read.
    """
    for path in places(entry, file, root):
        try:
            if path.is_file() and not (path.parent == root and _is_of_another(entry, path)):
                return path
        except OSError as error:
            raise GradusError(
                Text(
                    f"{path}: cannot be read ({error.strerror or error})",
                    f"{path}：无法读取（{error.strerror or error}）",
                )
            ) from None
    return None


def _is_of_another(entry: Entry, path: Path) -> bool:
    """Whether this is another data set's file: MNIST and Fashion-MNIST give theirs the same names."""
    size = path.stat().st_size
    others = [f for e in ENTRIES.values() if e.name != entry.name for f in e.files]
    hashes = {f.sha256 for f in others if f.size == size} | {
        f.content_sha256 for f in others if f.content_size == size
    }
    hashes.discard("")
    return bool(hashes) and sha256_of(path) in hashes


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GradusError(
            Text(
                f"{path}: cannot be read ({error.strerror or error})",
                f"{path}：无法读取（{error.strerror or error}）",
            )
        ) from None


def compare(path: Path, got: int | str, expected: int | str) -> None:
    """Refuses a size (int) or SHA-256 (str) that differs; one that is not known ("") cannot.

    Raises:
        DamagedFileError: with the path and both values.
    """
    if isinstance(got, str):
        if expected and got != expected:
            raise DamagedFileError(
                path,
                Text(
                    f"{path}: corrupted: expected sha256 {expected}, got {got}",
                    f"{path}：已损坏：sha256 应为 {expected}，得到 {got}",
                ),
            )
    elif got != expected:
        state, state_zh = ("truncated", "不完整") if got < int(expected) else ("too long", "过长")
        raise DamagedFileError(
            path,
            Text(
                f"{path}: {state}: expected {expected:,} bytes, got {got:,}",
                f"{path}：{state_zh}：应为 {expected:,} 字节，得到 {got:,} 字节",
            ),
        )


def _expected(path: Path, file: RemoteFile) -> tuple[int, str]:
    """Size and SHA-256 that the file at this path should have: unpacked or as downloaded."""
    return (file.size, file.sha256) if path.name == file.name else (file.content_size, file.content_sha256)


def check(path: Path, file: RemoteFile) -> None:
    """Refuses a file whose size or SHA-256 is not the registry's.

    Raises:
        DamagedFileError: with the path and the expected and found values.
    """
    size, sha256 = _expected(path, file)
    compare(path, path.stat().st_size, size)
    if sha256:
        compare(path, sha256_of(path), sha256)


def read_content(path: Path, file: RemoteFile) -> bytes:
    """The verified, unpacked bytes of a single (possibly gzip-compressed) file.

    The bytes that are checked are the bytes that are returned: the file is read once.

    Raises:
        DamagedFileError: size or SHA-256 differ from the registry's, or it does not unpack.
    """
    size, sha256 = _expected(path, file)
    data = read_exactly(path, size)
    compare(path, hashlib.sha256(data).hexdigest(), sha256)
    return gunzip(data, file.content_size, str(path)) if path.name == file.name else data


def read_exactly(path: Path, size: int) -> bytes:
    """The bytes of a file that must have this size.

    Raises:
        DamagedFileError: it has another size.
        GradusError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            compare(path, os.fstat(file.fileno()).st_size, size)
            data = file.read(size)
            compare(path, len(data), size)
            return data
    except OSError as error:
        raise GradusError(
            Text(
                f"{path}: cannot be read ({error.strerror or error})",
                f"{path}：无法读取（{error.strerror or error}）",
            )
        ) from None
