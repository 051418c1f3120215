"""What the commands print with: aligned and plain where it fits, else Rich; Chinese characters two columns wide.

Rich costs more time to load than all else that a reading command does, so it is loaded only for what needs it:
wrapping, folding, and source code in colours.
"""

from __future__ import annotations

import functools
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradus.text import Text

if TYPE_CHECKING:
    from rich.console import Console

ANSI = {"bold": "\x1b[1m", "dim": "\x1b[2m"}
RESET = "\x1b[0m"
PLAIN_WIDTH = 110  # of what goes into a file
FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE")  # Rich then treats a file as a terminal, or a terminal as a file


def cell_width(text: str) -> int:
    """How many columns of a terminal a text takes: two for a Chinese character, none for a combining accent."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


@functools.cache
def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Terminal:
    """Prints in one language."""

    def __init__(self, lang: str, colour: bool = True) -> None:
        self.lang = lang
        self._colour = colour and not os.environ.get("NO_COLOR")

    @functools.cached_property
    def console(self) -> Console:
        """Rich's console, of the same width."""
        from rich.console import Console

        to_file = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
        return Console(
            no_color=not self._colour,
            highlight=False,
            soft_wrap=False,
            width=PLAIN_WIDTH if to_file else None,
        )

    @functools.cached_property
    def width(self) -> int:
        """How many columns a line may take."""
        width = os.environ.get("COLUMNS", "")
        if width.isdigit():
            return int(width)
        if not sys.stdout.isatty() and not width:
            return PLAIN_WIDTH
        for descriptor in range(3):
            try:
                return os.get_terminal_size(descriptor).columns or 80
            except (AttributeError, ValueError, OSError):
                continue
        return 80

    @functools.cached_property
    def _styles(self) -> dict[str, str] | None:
        """The escape sequences of the styles that are printed without Rich; None where Rich must judge the terminal."""
        if any(name in os.environ for name in FORCED):
            return None
        if not sys.stdout.isatty():
            return {"": "", **dict.fromkeys(ANSI, "")}
        known = os.name != "nt" and os.environ.get("TERM", "") not in ("dumb", "unknown")
        return {"": "", **ANSI} if known else None

    def say(self, text: str | Text = "", style: str = "", indent: int = 0) -> None:
        """One paragraph; wrapped to the terminal, indented."""
        words = text.get(self.lang) if isinstance(text, Text) else text
        if self._styles is not None and style in self._styles and self._fits(words, self.width - indent):
            print(" " * indent + self._styled(words, style) if words else "")
            return
        from rich.padding import Padding
        from rich.text import Text as Rich

        rich = Rich(words, style=style)
        self._print(Padding(rich, (0, 0, 0, indent)) if indent else rich)

    def t(self, en: str, zh: str) -> str:
        """The one of two sentences that is in the reader's language."""
        return zh if self.lang == "zh" else en

    def heading(self, en: str, zh: str) -> None:
        """A heading with a line of space above."""
        self.say()
        self.say(self.t(en, zh), style="bold")

    def code(self, source: str, indent: int = 2) -> None:
        """Python source, coloured on a terminal."""
        if sys.stdout.isatty() and self._colour:
            from rich.padding import Padding
            from rich.syntax import Syntax

            self.console.print(
                Padding(Syntax(source, "python", background_color="default"), (0, 0, 0, indent))
            )
            return
        self.lines(source, indent)

    def lines(self, text: str, indent: int = 0) -> None:
        """Text as it is, line by line; long lines are left to the terminal."""
        for line in text.splitlines():
            print(" " * indent + line)

    def table(
        self, columns: Sequence[Text | str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()
    ) -> None:
        """An aligned table without a frame; where it is too wide, its cells are folded."""
        names = [name.get(self.lang) if isinstance(name, Text) else name for name in columns]
        cells = [[str(cell) for cell in row] for row in rows]
        if not self._table_that_fits(names, cells, right):
            self._folded_table(names, cells, right)

    def _table_that_fits(self, names: list[str], rows: list[list[str]], right: Sequence[int]) -> bool:
        """Prints the table when each row fits on a line, and says whether it did."""
        lines = [names, *rows] if any(names) else rows
        if self._styles is None or not rows or not all(c.isprintable() for line in lines for c in line):
            return False
        sizes = [[cell_width(cell) for cell in line] for line in lines]
        widths = [max(size) for size in zip(*sizes, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) > self.width:
            return False
        for line, size in zip(lines, sizes, strict=True):
            blanks = [" " * (width - taken) for width, taken in zip(widths, size, strict=True)]
            padded = [
                b + c if i in right else c + b for i, (c, b) in enumerate(zip(line, blanks, strict=True))
            ]
            print(self._styled("  ".join(padded).rstrip(), "bold" if line is names else ""))
        return True

    def _folded_table(self, names: list[str], rows: list[list[str]], right: Sequence[int]) -> None:
        from rich.table import Table
        from rich.text import Text as Rich

        table = Table(
            box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(names)
        )
        for i, name in enumerate(names):
            table.add_column(name, justify="right" if i in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Rich, row))
        self._print(table)

    def _fits(self, words: str, width: int) -> bool:
        return words.isprintable() and cell_width(words) <= width

    def _styled(self, words: str, style: str) -> str:
        sequence = (self._styles or {}).get(style, "")
        return f"{sequence}{words}{RESET}" if sequence else words

    def _print(self, what: Any) -> None:
        """On a terminal as it is; in a file without padding at the ends of lines."""
        if self.console.is_terminal:
            self.console.print(what)
            return
        with self.console.capture() as captured:
            self.console.print(what)
        for line in captured.get().splitlines():
            print(line.rstrip())
