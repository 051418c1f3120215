"""A table of numbers in a CSV file, with one column to predict."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

MOST_BYTES = 2**28
TARGETS = ("target", "label", "class", "y")  # names of the column that is predicted
SEPARATORS = ",;\t"


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs (n, d) as float64, targets as they are written, the columns' names."""

    path: Path
    inputs: np.ndarray
    targets: tuple[str, ...]
    features: tuple[str, ...]
    target: str

    def numbers(self) -> np.ndarray:
        """The targets as numbers.

        Raises:
            GradusError: one is none.
        """
        return np.array([_number(self.path, None, self.target, word) for word in self.targets])


def read_table(path: Path) -> Table:
    """The table of a CSV file; commas, semicolons or tabs; a first line that holds words names the columns.

    Raises:
        GradusError: it is too large, no text, has lines of other lengths, or holds what is no finite number.
    """
    rows = _checked_rows(path)
    width = len(rows[0][1])
    header = not all(map(is_number, rows[0][1][:-1]))
    names = (
        [word or f"column {i + 1}" for i, word in enumerate(rows[0][1])]
        if header
        else [f"column {i + 1}" for i in range(width)]
    )
    at = target_column(names)
    rows = rows[1:] if header else rows
    columns = [i for i in range(width) if i != at]
    inputs = np.array([[_number(path, line, names[i], row[i]) for i in columns] for line, row in rows], float)
    for line, row in rows:
        if not row[at]:
            raise _wrong(
                path,
                f"line {line}, {names[at]}: expected a value, got none",
                f"第 {line} 行的 {names[at]} 缺少取值",
            )
    features = tuple(names[i] for i in columns)
    return Table(path, inputs, tuple(row[at] for _, row in rows), features, names[at])


def words_of(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The columns' names, and the other lines as words with their numbers; the first line names the columns.

    Raises:
        GradusError: it is too large, no text, or has lines of other lengths or none but the first.
    """
    rows = _checked_rows(path)
    if len(rows) < 2:
        raise _wrong(path, "has no rows below its first line", "首行之下没有数据行")
    return rows[0][1], rows[1:]


def target_column(names: Sequence[str]) -> int:
    """Which column is predicted: the one called target, label, class or y, else the last."""
    folded = [name.casefold() for name in names]
    return next((folded.index(name) for name in TARGETS if name in folded), len(names) - 1)


def _checked_rows(path: Path) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, all of one length, two columns or more."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise _wrong(
            path,
            f"has {size:,} bytes, more than the {MOST_BYTES:,} allowed",
            f"有 {size:,} 字节，超过上限 {MOST_BYTES:,}",
        )
    rows = _rows(path)
    if not rows:
        raise _wrong(path, "has no rows", "没有数据行")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise _wrong(
                path,
                f"line {line} has {len(row)} columns, the first {width}",
                f"第 {line} 行有 {len(row)} 列，首行有 {width} 列",
            )
    if width < 2:
        raise _wrong(
            path,
            "expected at least two columns, one of them to predict, got one",
            "至少需要两列，其中一列为预测目标，得到一列",
        )
    return rows


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers from 1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise csv.Error("it holds a NUL")
        first = text.partition("\n")[0]
        separator = max(SEPARATORS, key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [
            (reader.line_num, [word.strip() for word in row]) for row in reader if any(map(str.strip, row))
        ]
    except UnicodeDecodeError:
        raise _wrong(
            path, "is no text in UTF-8; save it as CSV in UTF-8", "不是 UTF-8 文本；请另存为 UTF-8 的 CSV"
        ) from None
    except csv.Error as error:
        raise _wrong(path, f"is no CSV: {error}", f"不是 CSV：{error}") from None


def is_number(word: str) -> bool:
    """Whether a word is a number, finite or not."""
    try:
        float(word)
    except ValueError:
        return False
    return True


def _number(path: Path, line: int | None, column: str, word: str) -> float:
    if is_number(word) and math.isfinite(value := float(word)):
        return value
    en, zh = (f"line {line}, ", f"第 {line} 行，") if line else ("", "")
    raise _wrong(
        path,
        f"{en}{column}: expected a finite number, got {word[:40]!r}",
        f"{zh}{column}：应为有限的数，得到 {word[:40]!r}",
    )


def _wrong(path: Path, en: str, zh: str) -> GradusError:
    return GradusError(Text(f"{path}: {en}", f"{path}：{zh}"))
