"""How pieces of a formula are set in a terminal: the spaces between them, and blocks of several lines.

A piece is a text and its class in TeX's sense; `gradus.catalogue.formulas.terminal` makes pieces from MathML.
"""

import re
from typing import NamedTuple
from unicodedata import combining

from gradus.text import cell_width

OPEN, CLOSE = set("([{⟨⌈⌊⟦"), set(")]}⟩⌉⌋⟧")
_OPENING = {"open", "group"}
# what binds less than a product
_COMPOUND = {"bin", "rel", "op", "fun", "apply", "frac", "slash", "punct", "text"}
_FACTORS = {"ord", "num", "word", "op", "fun", "frac", "open", "group"}
_TALL = {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "{": "⎧⎪⎩", "}": "⎫⎪⎭"}


class Piece(NamedTuple):
    """A text, its class, and for a table the texts of its cells by rows.

    The classes: TeX's ord, op, bin, rel, open, close, punct; num, word and text (no spaces of their own);
    slash; fun, a function's name; apply, the invisible sign after one; sign, a prefixed ±; frac; group, a bracketed
    base with a script; space and back, a positive and a negative one; table.
    """

    text: str
    kind: str
    rows: tuple[tuple[str, ...], ...] = ()


_WRITTEN_SCRIPT = re.compile(r"[_^][A-Za-z0-9]+$")


def join(pieces: list[Piece], tight: bool = False) -> str:
    """The text of the pieces with the spaces that their classes ask for."""
    pieces = [_flat(p) if p.kind == "table" else p for p in pieces]
    pieces = _resolve(pieces)
    text = ""
    previous = "start"
    for index, piece in enumerate(pieces):
        kind, shown = piece.kind, piece.text
        if kind == "back":
            text = text.rstrip(" ")
            previous = "back"
            continue
        if kind == "bin" and previous in {"start", "bin", "rel", "open", "punct", "op"}:
            kind = "sign"  # not an operation
        after = next((p.kind for p in pieces[index + 1 :] if p.text != " " and p.kind != "back"), "end")
        if kind == "frac" and (previous == "fun" or after in _FACTORS):
            shown = f"({shown})"
        runs_on = shown[:1].isalnum() and _WRITTEN_SCRIPT.search(text)  # c_in k, not c_ink
        spaced = text.endswith(" ") or shown.startswith(" ")
        if runs_on or (_wants_space(previous, kind, tight) and not spaced):
            text += " "
        if kind == "space" and (previous in {"open", "start"} or text.endswith(" ")):
            continue
        text += shown
        previous = previous if kind == "space" else kind
    return text


def _resolve(pieces: list[Piece]) -> list[Piece]:
    """Marks the names of functions, and drops the spaces around an application."""
    result: list[Piece] = []
    for piece in pieces:
        if piece.kind == "apply":
            if result and result[-1].kind in {"word", "ord", "op"}:
                result[-1] = result[-1]._replace(kind="fun" if result[-1].kind != "op" else "op")
            continue
        if piece.kind == "space" and result and result[-1].kind in {"fun", "op"}:
            continue
        if piece.kind == "back" and result and result[-1].kind == "space":
            result.pop()
        result.append(piece)
    return result


def _wants_space(left: str, right: str, tight: bool) -> bool:
    if left in {"start", "open", "back", "sign", "slash"} or right in {"close", "punct", "space", "slash"}:
        return False
    if left == right == "rel":  # :=
        return False
    if {left, right} & {"bin", "rel"}:
        return not tight
    if left == "punct":
        return not tight
    if "text" in (left, right):
        return False
    if left == "fun":
        return right not in _OPENING
    if left == "op":
        return True
    if right in {"fun", "op"}:
        return left != "open"
    if left == "word" or right == "word":
        return right not in _OPENING
    if left == "frac" or right == "frac":
        return right not in _OPENING
    return right == "num" and left in {"num"}


def outer(pieces: list[Piece]) -> list[Piece]:
    """The pieces that stand outside all brackets."""
    depth, result = 0, []
    for index, piece in enumerate(pieces):
        depth -= piece.kind == "close" and depth > 0
        if depth == 0:
            sign = piece.kind == "bin" and index == 0
            result.append(piece._replace(kind="ord") if sign else piece)
        depth += piece.kind == "open"
    return result


def is_product(pieces: list[Piece]) -> bool:
    """Whether a numerator needs no brackets: factors side by side, or one call f(x)."""
    kinds = [p.kind for p in outer(pieces) if p.kind not in {"space", "back"}]
    if kinds and kinds[-1] == "apply":  # a name that is applied to nothing here: ∂ MSE
        kinds.pop()
    return _is_call(pieces) or not set(kinds) & _COMPOUND


def is_factor(pieces: list[Piece]) -> bool:
    """Whether a denominator needs no brackets: one factor, ∂x, or a call f(x)."""
    shown = [p for p in outer(pieces) if p.kind not in {"space", "back"}]
    kinds = [p.kind for p in shown]
    if _is_call(pieces) or between_bars(join(pieces)):
        return True
    if set(kinds) & (_COMPOUND | {"table"}):
        return False
    names = [p.text for p in shown if p.kind not in {"open", "close"}]
    if len(names) == 2 and names[0] in {"∂", "d"} and "open" not in kinds:
        return True
    return len(names) + kinds.count("open") <= 1  # 16(t + 1) is two


def _is_call(pieces: list[Piece]) -> bool:
    kinds = [p.kind for p in outer(pieces) if p.kind not in {"space", "back", "apply"}]
    return kinds in (["word", "open", "close"], ["ord", "open", "close"])


def enclosed(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    depth = 0
    for index, c in enumerate(text):
        depth += (c in OPEN) - (c in CLOSE)
        if depth == 0 and index < len(text) - 1:
            return False
    return bool(text) and text[0] in OPEN and text[-1] in CLOSE


def between_bars(text: str) -> bool:
    """Whether the text is an absolute value or a norm."""
    return len(text) > 2 and text[0] == text[-1] and text[0] in "‖|∥" and text.count(text[0]) == 2


def bare(text: str) -> str:
    """The text without its accents."""
    return "".join(c for c in text if not combining(c))


def _flat(piece: Piece) -> Piece:
    return Piece("; ".join(" ".join(c for c in row if c) for row in piece.rows), "ord")


def several_lines(pieces: list[Piece]) -> list[str]:
    """Pieces with tables among them, set side by side around their middle lines."""
    lines, middle = [""], 0
    run: list[Piece] = []
    rest = list(pieces)
    while rest:
        piece = rest.pop(0)
        if piece.kind != "table":
            run.append(piece)
            continue
        opening = run.pop().text if run and run[-1].kind == "open" else ""
        closing = rest.pop(0).text if rest and rest[0].kind == "close" else ""
        lines, middle = _beside(lines, middle, [join(run) + " " * bool(run)])
        lines, middle = _beside(lines, middle, _set_rows(piece, opening, closing))
        run = [Piece("", "ord")]
    tail = join(run)
    return _beside(lines, middle, [tail])[0] if tail.strip() else lines


def _beside(left: list[str], middle: int, right: list[str]) -> tuple[list[str], int]:
    """Two blocks side by side, and the line on which their middles lie."""
    centre = (len(right) - 1) // 2
    width = max(map(cell_width, left))
    above = max(middle, centre)
    height = above + max(len(left) - middle, len(right) - centre)
    rows = []
    for i in range(height):
        a, b = i - above + middle, i - above + centre
        first = left[a] if 0 <= a < len(left) else ""
        rows.append(first + " " * (width - cell_width(first)) + (right[b] if 0 <= b < len(right) else ""))
    return rows, above


def _set_rows(piece: Piece, opening: str, closing: str) -> list[str]:
    columns = max(len(row) for row in piece.rows)
    rows = [[*row, *[""] * (columns - len(row))] for row in piece.rows]
    widths = [max(cell_width(row[j]) for row in rows) for j in range(columns)]
    aligned = piece.text == "aligned"
    result = []
    for i, row in enumerate(rows):
        cells = []
        for j, cell in enumerate(row):
            pad = " " * (widths[j] - cell_width(cell))
            cells.append(pad + cell if aligned and j % 2 == 0 else cell + pad)
        body = " ".join(cells) if aligned else "  ".join(cells)
        result.append(_fence(opening, i, len(rows)) + body + _fence(closing, i, len(rows)))
    return result


def _fence(bracket: str, row: int, rows: int) -> str:
    if rows == 1 or not bracket:
        return bracket
    top, middle, bottom = tuple(_TALL.get(bracket, bracket * 3))
    edge = top if row == 0 else bottom if row == rows - 1 else middle
    if bracket in "{}" and rows > 2 and row == (rows - 1) // 2:
        edge = "⎨" if bracket == "{" else "⎬"
    return edge + " " if bracket in "([{|‖" and bracket not in ")]}" else " " + edge
