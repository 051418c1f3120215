"""Words in columns: how wide they are, where they are wrapped, and how the columns of a table share a line.

Paragraphs and cells are wrapped as Rich wraps them, which takes longer to load than all else that a list needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.text import cell_width

GAP = 2  # columns between those of a table
_WORDS = re.compile(r"\s*\S+\s*")


def wrap(text: str, width: int) -> list[str]:
    """The lines of a text, broken between words; a word that is too long for a line begins one and is broken."""
    if cell_width(text) <= width:
        return [text]
    lines = [""]
    for word in _WORDS.findall(text):
        long = cell_width(word.rstrip()) > width
        if lines[-1] and (long or cell_width(lines[-1]) + cell_width(word.rstrip()) > width):
            lines.append("")
        if long:
            lines[-1:] = _pieces(word, width)
        else:
            lines[-1] += word
    return [line.rstrip() for line in lines]


def _pieces(word: str, width: int) -> list[str]:
    pieces, used = [""], 0
    for character in word:
        if used + cell_width(character) > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += character
        used += cell_width(character)
    return pieces


def column_widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns' widths: of their longest cells, or where a line cannot hold them, the widest give way."""
    widths = [max(cell_width(cell) for cell in column) + GAP for column in zip(*rows, strict=True)]
    widths[-1] -= GAP
    for _ in range(sum(widths) - width):
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return [max(1, width - GAP) for width in widths[:-1]] + [max(1, widths[-1])]


def table_lines(rows: Sequence[Sequence[str]], width: int, right: Sequence[int] = ()) -> list[list[str]]:
    """The lines of each row of a table; the columns named by `right` are flush right."""
    widths = column_widths(rows, width)
    return [_row_lines(row, widths, right) for row in rows]


def _row_lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> list[str]:
    blanks = [width - cell_width(cell) for cell, width in zip(row, widths, strict=True)]
    if min(blanks) >= 0:  # every cell has room: nothing is wrapped
        padded = [
            " " * blank + cell if i in right else cell + " " * blank
            for i, (cell, blank) in enumerate(zip(row, blanks, strict=True))
        ]
        return [(" " * GAP).join(padded).rstrip()]
    cells = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        padded = []
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            text = cell[number] if number < len(cell) else ""
            blank = " " * (width - cell_width(text))
            padded.append(blank + text if i in right else text + blank)
        lines.append((" " * GAP).join(padded).rstrip())
    return lines
