"""Unpacking of zip, tar, tar.gz and gz files that may be hostile.

Only plain files and folders come out, below the folder asked for, in at most the bytes allowed: names that lead
elsewhere, links, devices, encrypted or overlapping entries, bombs and damaged archives are refused before anything
has its final name. Python's own `extractall` filters were bypassed more than once; nothing here relies on them.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gradus.arguments import number, refusal, whole
from gradus.arguments import path as checked_path
from gradus.data.archive_members import Member, members, naming_damage
from gradus.errors import GradusError
from gradus.files import sync_folder
from gradus.locks import waiting_lock
from gradus.text import Text

BLOCK = 2**16
RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{i}" for p in ("com", "lpt") for i in range(10))}
LONGEST_PART, LONGEST_NAME = 255, 1024  # bytes


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: bytes in all, entries, and bytes out for each byte of the archive.

    Example:
        >>> Limits(max_bytes=10**6).budget(1000)
        1000000
    """

    max_bytes: int = 2**32
    max_entries: int = 100_000
    max_ratio: float = 200.0

    def __post_init__(self) -> None:
        whole("max_bytes", self.max_bytes, least=1)
        whole("max_entries", self.max_entries, least=1)
        number("max_ratio", self.max_ratio, above=0)

    def budget(self, archive_bytes: int) -> int:
        """How many bytes may come out of an archive of this size; a mebibyte is always allowed."""
        return min(self.max_bytes, max(2**20, int(self.max_ratio * archive_bytes)))


def extract(archive: str | Path, folder: str | Path, limits: Limits = Limits()) -> list[Path]:
    """Unpacks a zip, tar, tar.gz or gz file into a new (or empty) folder; all of it or nothing.

    Owners, permissions and times in the archive are ignored.

    Args:
        archive: the file; what it is is told by its content, not its name.
        folder: where to; made here.
        limits: what it may hold.

    Returns:
        The files, in the archive's order.

    Raises:
        GradusError: the archive cannot be read, is damaged, or is hostile; the folder is then not made.
    """
    archive, folder = checked_path("archive", archive), checked_path("folder", folder)
    if not isinstance(limits, Limits):
        raise refusal("limits", ("a Limits", " Limits"), limits, kind=True)
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (links stay as the user named them)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GradusError(
            Text(
                f"{folder}: expected a new or empty folder to unpack {archive.name} into",
                f"{folder}：解压 {archive.name} 需要一个新的或空的文件夹",
            )
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with waiting_lock(folder.parent / f".{folder.name}.lock"):
            for orphan in folder.parent.glob(f".{_literal(folder.name)}.*.part"):
                shutil.rmtree(orphan)  # left by a process that was killed: nobody else holds the lock
            aside = folder.parent / f".{folder.name}.{uuid.uuid4().hex}.part"
            aside.mkdir()
            try:
                names = _unpack(archive, aside, limits)
                if folder.exists():
                    folder.rmdir()
                aside.rename(folder)
                sync_folder(folder.parent)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
    except OSError as error:
        raise GradusError(
            Text(
                f"cannot unpack {archive} into {folder} ({error.strerror or error})",
                f"无法把 {archive} 解压到 {folder}（{error.strerror or error}）",
            )
        ) from None
    return [folder.joinpath(*name) for name in names]


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _unpack(archive: Path, aside: Path, limits: Limits) -> list[tuple[str, ...]]:
    with archive.open("rb") as file, naming_damage(archive):
        size = os.fstat(file.fileno()).st_size
        budget = limits.budget(size)
        names = []
        for member, name in checked(members(file, archive, budget), archive, limits.max_entries):
            if member.folder:
                aside.joinpath(*name).mkdir(parents=True, exist_ok=True)
                continue
            aside.joinpath(*name[:-1]).mkdir(parents=True, exist_ok=True)
            budget -= _write(member, aside.joinpath(*name), budget, archive)
            names.append(name)
    return names


def checked(
    entries: Iterator[Member], archive: Path, max_entries: int
) -> Iterator[tuple[Member, tuple[str, ...]]]:
    """The entries with the parts of their names, each of which is safe and clashes with no other.

    Raises:
        GradusError: a hostile name, a clash (also one of case or Unicode form), or too many entries.
    """
    seen: dict[tuple[str, ...], bool] = {}  # name, folded -> whether it is a folder
    for count, member in enumerate(entries, 1):
        if count > max_entries:
            raise GradusError(
                Text(
                    f"{archive}: refused: more than {max_entries:,} entries",
                    f"{archive}：已拒绝：条目超过 {max_entries:,} 个",
                )
            )
        name = safe_name(member.name, archive)
        if not name:  # the root itself, "./"
            continue
        folded = tuple(unicodedata.normalize("NFC", part).casefold() for part in name)
        parents = [folded[:i] for i in range(1, len(folded))]
        clash = folded in seen and not (member.folder and seen[folded])
        if clash or any(not seen.get(parent, True) for parent in parents):
            raise GradusError(
                Text(
                    f"{archive}: refused: two entries are called {member.name[:80]!r} (or so, ignoring case)",
                    f"{archive}：已拒绝：有两个条目同名（或仅大小写不同）：{member.name[:80]!r}",
                )
            )
        seen[folded] = member.folder
        for parent in parents:
            seen.setdefault(parent, True)
        yield member, name


def safe_name(name: str, archive: Path) -> tuple[str, ...]:
    """The parts of an entry's name, if it stays below its folder on every system.

    Raises:
        GradusError: it is absolute, leads upwards, or holds what some system gives a meaning to.
    """
    problem = None
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/"):
        problem = Text("is absolute", "是绝对路径")
    elif ".." in parts:
        problem = Text("leads upwards", "通向上级文件夹")
    elif any(c in name for c in '\\:*?"<>|') or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in name):
        problem = Text(
            "holds a character that names a drive, a path or nothing printable",
            "含有表示盘符或路径的字符，或不可打印的字符",
        )
    elif any(part.split(".")[0].strip().casefold() in RESERVED or part[-1] in ". " for part in parts):
        problem = Text("is reserved on Windows", "是 Windows 的保留名")
    elif len(name.encode()) > LONGEST_NAME or any(len(part.encode()) > LONGEST_PART for part in parts):
        problem = Text("is too long", "过长")
    if problem:
        shown = name if len(name) <= 80 else name[:77] + "..."
        raise GradusError(
            Text(
                f"{archive}: refused: the entry name {shown!r} {problem.en}",
                f"{archive}：已拒绝：条目名 {shown!r} {problem.zh}",
            )
        )
    return parts


def _write(member: Member, path: Path, budget: int, archive: Path) -> int:
    """Writes one file of the declared size, which must fit the budget; returns the size."""
    if member.size is not None and member.size > budget:
        raise GradusError(
            Text(
                f"{archive}: refused: {member.name!r} declares {member.size:,} bytes; {budget:,} are allowed",
                f"{archive}：已拒绝：{member.name!r} 声明 {member.size:,} 字节；只允许 {budget:,} 字节",
            )
        )
    with path.open("xb") as out:
        size = copy(member.read, out, budget, f"{archive}: {member.name}")
        out.flush()
        os.fsync(out.fileno())
    if member.size is not None and size != member.size:
        raise GradusError(
            Text(
                f"{archive}: damaged: {member.name!r} declares {member.size:,} bytes and holds {size:,}",
                f"{archive}：已损坏：{member.name!r} 声明 {member.size:,} 字节，实际为 {size:,} 字节",
            )
        )
    return size


def copy(read: IO[bytes], out: IO[bytes], budget: int, name: str) -> int:
    """Copies at most `budget` bytes; returns how many there were."""
    size = 0
    while block := read.read(BLOCK):
        size += len(block)
        if size > budget:
            raise GradusError(
                Text(
                    f"{name}: refused: unpacks to more than the {budget:,} bytes allowed",
                    f"{name}：已拒绝：解压后超过允许的 {budget:,} 字节",
                )
            )
        out.write(block)
    return size
