"""A table of a report: words to the left, numbers to the right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from gradus.catalogue.formulas import prose_html
from gradus.errors import GradusError
from gradus.numbers import typeset_value
from gradus.report.pictures import Picture, Place
from gradus.text import Text

_NUMBER = re.compile(r"(< )?[+−-]?[\d.]+%?( ± [\d.]+)?")
Cell = Any  # Text, str, int, float, or None for nothing


def table(
    columns: Sequence[Text],
    rows: Sequence[Sequence[Cell]],
    caption: Text,
    place: Place = "result",
    digits: int = 4,
) -> Picture:
    """A table; its first column names the rows.

    Args:
        columns: their names; may hold `$…$`.
        rows: for each row a cell for each column: `Text` in both languages, `str` as it stands, whole numbers exactly,
            other numbers with `digits` significant digits, None for an empty cell.
        caption: what is in it, and what to see.
        place: the section of the report.
        digits: of numbers.

    Raises:
        GradusError: a row of another length.
    """
    for row in rows:
        if len(row) != len(columns):
            raise GradusError(
                Text(
                    f"expected a cell for each of {len(columns)} columns, got {len(row)}: {row!r}",
                    f"{len(columns)} 列应各有一个单元格，得到 {len(row)} 个：{row!r}",
                )
            )

    def draw(lang: str) -> str:
        head = "".join(
            f'<th scope="col"{_aligned([row[j] for row in rows])}>{_prose(name, lang)}</th>'
            for j, name in enumerate(columns)
        )
        body = "".join(f"<tr>{_row(row, lang, digits)}</tr>" for row in rows)
        return f'<div class="scroll"><table class="data"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'

    return Picture(draw, caption, Text("", ""), place, wide=True, kind="table")


def _row(row: Sequence[Cell], lang: str, digits: int) -> str:
    first, *rest = (_cell(cell, lang, digits) for cell in row)
    cells = "".join(f"<td{_aligned([raw])}>{shown}</td>" for raw, shown in zip(row[1:], rest, strict=True))
    return f'<th scope="row"{_aligned(row[:1])}>{first}</th>{cells}'


def _aligned(cells: Sequence[Cell]) -> str:
    """Numbers stand right."""
    known = [c for c in cells if c is not None]
    return ' class="n"' if known and all(_is_number(c) for c in known) else ""


def _is_number(cell: Cell) -> bool:
    """A number, or a text that shows one: −0.25, 98.7%, < 0.001, 0.98 ± 0.02."""
    return isinstance(cell, (int, float)) or (isinstance(cell, str) and bool(_NUMBER.fullmatch(cell)))


def _cell(cell: Cell, lang: str, digits: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Text):
        return _prose(cell, lang)
    return escape(cell) if isinstance(cell, str) else str(typeset_value(cell, lang, digits))


def _prose(text: Text, lang: str) -> str:
    return str(prose_html(text.get(lang), strict=False))
