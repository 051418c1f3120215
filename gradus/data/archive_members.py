"""The entries of zip, tar, tar.gz and gz files, one after the other, with what is not a plain file or folder refused."""

from __future__ import annotations

import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gradus.errors import GradusError
from gradus.text import Text

LONGEST_HEADER = 2**14  # bytes of an extended tar header; the standard library parses it in quadratic time
LOCAL_HEADER = 30  # bytes before the name in a zip entry
BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, gzip.BadGzipFile,
    struct.error, NotImplementedError, RuntimeError, UnicodeError, OverflowError, ValueError, IndexError, KeyError,
)  # fmt: skip
KINDS = {
    tarfile.LNKTYPE: Text("a hard link", "硬链接"), tarfile.SYMTYPE: Text("a symbolic link", "符号链接"),
    tarfile.CHRTYPE: Text("a device", "设备"), tarfile.BLKTYPE: Text("a device", "设备"),
    tarfile.FIFOTYPE: Text("a pipe", "管道"), tarfile.GNUTYPE_SPARSE: Text("a sparse file", "稀疏文件"),
    tarfile.GNUTYPE_LONGLINK: Text("a link", "链接"),
}  # fmt: skip
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME)


@dataclass(frozen=True)
class Member:
    """An entry: its name as the archive has it, its declared size (None: not declared), and its bytes.

    `read` is valid until the next entry is asked for.
    """

    name: str
    folder: bool
    size: int | None
    read: Any


def members(file: IO[bytes], archive: Path, budget: int) -> Iterator[Member]:
    """The entries of an open archive, of which at most `budget` bytes are unpacked.

    Raises:
        GradusError: unknown format, damaged, or an entry that is neither a plain file nor a folder.
    """
    start = file.read(265)
    file.seek(0)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        yield from _zip_members(file, archive)
    elif start[:2] == b"\x1f\x8b":
        yield from _gzip_members(file, archive, budget)
    elif start[257:262] == b"ustar":
        yield from _tar_members(file, archive, budget)
    else:
        raise GradusError(
            Text(
                f"{archive}: expected a zip, tar or gzip archive, got bytes {start[:4].hex() or 'none'}",
                f"{archive}：应为 zip、tar 或 gzip 压缩包，开头字节为 {start[:4].hex() or '空'}",
            )
        )


@contextmanager
def naming_damage(archive: Path) -> Iterator[None]:
    """Turns what the standard library raises on a damaged archive into a `GradusError` that names it.

    It must enclose both the iteration over `members` and the reading of each one.
    """
    try:
        yield
    except GradusError:
        raise
    except BROKEN as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise GradusError(
            Text(f"{archive}: damaged archive ({reason})", f"{archive}：压缩包已损坏（{reason}）")
        ) from None


class Metered:
    """A file of which only so many bytes may be read."""

    def __init__(self, file: Any, budget: int, archive: Path) -> None:
        self.file, self.left, self.archive = file, budget, archive

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        data: bytes = self.file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise GradusError(
                Text(
                    f"{self.archive}: refused: unpacks to more bytes than allowed",
                    f"{self.archive}：已拒绝：解压后的字节数超过允许的范围",
                )
            )
        return data


def _gzip_members(file: IO[bytes], archive: Path, budget: int) -> Iterator[Member]:
    with gzip.GzipFile(fileobj=file) as unpacked:
        is_tar = unpacked.read(262)[257:] == b"ustar"
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as unpacked:
        if is_tar:
            yield from _tar_members(unpacked, archive, budget)
        else:
            yield Member(
                archive.name.removesuffix(".gz") or archive.name,
                False,
                None,
                Metered(unpacked, budget, archive),
            )


def _tar_members(file: Any, archive: Path, budget: int) -> Iterator[Member]:
    """Entries of a tar stream. It is read forwards only, so no header can lead backwards."""
    stream = Metered(file, budget + 2**16, archive)  # the headers of small archives come on top
    headers = _strict_headers(archive)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=headers, encoding="utf-8") as tar:  # type: ignore[call-overload]
        for info in tar:
            if info.size < 0:
                raise GradusError(
                    Text(
                        f"{archive}: refused: {info.name!r} declares {info.size} bytes",
                        f"{archive}：已拒绝：{info.name!r} 声明 {info.size} 字节",
                    )
                )
            if info.isdir():
                yield Member(info.name, True, 0, None)
            else:
                yield Member(info.name, False, info.size, tar.extractfile(info))
    while stream.read(2**16):  # to the end, so that gzip compares its checksum
        pass


def _strict_headers(archive: Path) -> type[tarfile.TarInfo]:
    """A header parser that refuses what the standard library would skip, follow or take for the archive's end."""

    class StrictHeader(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
            try:
                info = super().frombuf(buf, encoding, errors)
            except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # two zero blocks: the proper end
                raise
            except tarfile.HeaderError as error:
                raise GradusError(
                    Text(
                        f"{archive}: damaged or truncated tar archive ({error})",
                        f"{archive}：tar 压缩包已损坏或不完整（{error}）",
                    )
                ) from None
            if info.type in EXTENDED:
                if not 0 <= info.size <= LONGEST_HEADER:
                    raise GradusError(
                        Text(
                            f"{archive}: refused: a header of {info.size:,} bytes",
                            f"{archive}：已拒绝：头部长达 {info.size:,} 字节",
                        )
                    )
            elif info.type not in PLAIN:
                kind = KINDS.get(info.type, Text(f"of type {info.type!r}", f"类型为 {info.type!r} 的条目"))
                raise GradusError(
                    Text(
                        f"{archive}: refused: {info.name[:80]!r} is {kind.en}; only files and folders are unpacked",
                        f"{archive}：已拒绝：{info.name[:80]!r} 是{kind.zh}；只解压文件与文件夹",
                    )
                )
            return info

        def _refuse_sparse(self, *args: Any) -> None:
            raise GradusError(
                Text(
                    f"{archive}: refused: {self.name[:80]!r} is a sparse file",
                    f"{archive}：已拒绝：{self.name[:80]!r} 是稀疏文件",
                )
            )

        _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_sparse

    return StrictHeader


def _zip_members(file: IO[bytes], archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(file) as unpacked:
        infos = unpacked.infolist()
        _check_overlaps(infos, archive)
        for info in infos:
            name = info.orig_filename  # `filename` is cut off at a NUL
            _check_zip_entry(info, archive)
            if name.endswith("/"):
                yield Member(name, True, 0, None)
                continue
            with unpacked.open(info) as read:
                yield Member(name, False, info.file_size, read)


def _check_zip_entry(info: zipfile.ZipInfo, archive: Path) -> None:
    mode = stat.S_IFMT(info.external_attr >> 16)
    name = info.orig_filename[:80]
    if info.flag_bits & 0x41:
        raise GradusError(
            Text(f"{archive}: refused: {name!r} is encrypted", f"{archive}：已拒绝：{name!r} 已加密")
        )
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise GradusError(
            Text(
                f"{archive}: refused: {name!r} is a link or device; only files and folders are unpacked",
                f"{archive}：已拒绝：{name!r} 是链接或设备；只解压文件与文件夹",
            )
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise GradusError(
            Text(
                f"{archive}: refused: {name!r} uses compression {info.compress_type}; expected stored or deflated",
                f"{archive}：已拒绝：{name!r} 的压缩方式为 {info.compress_type}；应为 stored 或 deflated",
            )
        )
    if info.orig_filename.endswith("/") and info.file_size:
        raise GradusError(
            Text(
                f"{archive}: refused: the folder {name!r} holds {info.file_size:,} bytes",
                f"{archive}：已拒绝：文件夹 {name!r} 带有 {info.file_size:,} 字节",
            )
        )


def _check_overlaps(infos: list[zipfile.ZipInfo], archive: Path) -> None:
    """Refuses entries that share bytes: the densest bombs are built so."""
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise GradusError(
                Text(
                    f"{archive}: refused: {info.orig_filename[:80]!r} overlaps another entry",
                    f"{archive}：已拒绝：{info.orig_filename[:80]!r} 与另一条目重叠",
                )
            )
        end = info.header_offset + LOCAL_HEADER + len(info.orig_filename.encode()) + info.compress_size
