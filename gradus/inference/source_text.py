"""Files of networks as text: opened plainly or from gzip, and an error that says line and column."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Any

from gradus.arguments import path as checked_path
from gradus.errors import GradusError
from gradus.files import write_atomically
from gradus.text import Text

__all__ = ["at_place", "read_text", "shown_path", "written"]

GZIP = b"\x1f\x8b"


def read_text(file: str | os.PathLike[str]) -> tuple[Path, str]:
    """The text of a file, unpacked where it is gzip; UTF-8.

    Raises:
        GradusError: there is no such file, or it holds no text.
    """
    where = Path(checked_path("file", file))
    shown = shown_path(where)
    try:
        raw = where.read_bytes()
        if raw.startswith(GZIP):
            raw = gzip.decompress(raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise GradusError(
            Text(
                f"{shown}: broken gzip data ({error}); fetch the file again",
                f"{shown}：gzip 数据损坏（{error}）；请重新获取该文件",
            )
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise GradusError(
            Text(f"cannot read {shown}: {reason}; check the path", f"无法读取 {shown}：{reason}；请检查路径")
        ) from None
    try:
        return where, raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GradusError(
            Text(f"{shown}:{line}: expected text in UTF-8, got byte 0x{raw[error.start]:02x}; convert the file",
                 f"{shown}:{line}：应为 UTF-8 文本，实为字节 0x{raw[error.start]:02x}；请转换文件编码")
        ) from None  # fmt: skip


def at_place(
    where: Path | str,
    text: str,
    offset: int,
    expected: tuple[str, str],
    got: Any,
    mend: tuple[str, str] = ("", ""),
) -> GradusError:
    """The error for what stands at an offset of a text: file, line, column, what was expected and what came."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    came = got if isinstance(got, Text) else Text(repr(got), repr(got))
    en = f"{shown_path(where)}:{line}:{column}: expected {expected[0]}, got {came.en}" + (
        f"; {mend[0]}" if mend[0] else ""
    )
    zh = f"{shown_path(where)}:{line}:{column}：应为{expected[1]}，实为 {came.zh}" + (
        f"；{mend[1]}" if mend[1] else ""
    )
    return GradusError(Text(en, zh))


def shown_path(where: Path | str) -> str:
    """A path in an error: as it is, or with escapes where a terminal would act on it or cannot write it."""
    return str(where) if str(where).isprintable() else repr(str(where))


def written(file: str | os.PathLike[str], text: str) -> None:
    """Writes a text whole or not at all, packed where the name ends in .gz.

    Raises:
        GradusError: it cannot be written.
    """
    where = Path(checked_path("file", file))
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        odd = ascii(text[error.start])
        raise GradusError(
            Text(f"network: expected names that UTF-8 can hold, got the character {odd}",
                 f"network：名称应能以 UTF-8 编码，实为字符 {odd}")
        ) from None  # fmt: skip
    write_atomically(where, [gzip.compress(raw, mtime=0) if where.suffix == ".gz" else raw])
