"""What the commands print with: wrapped and aligned, Chinese characters two columns wide.

Rich costs more time to load than all else that a reading command does, so it is loaded only for what needs it: colours,
and terminals of which little is known.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradus.cli.layout import table_lines, wrap
from gradus.progress import is_terminal
from gradus.text import Text

if TYPE_CHECKING:
    from rich.console import Console

ANSI = {"bold": "\x1b[1m", "dim": "\x1b[2m"}
RESET = "\x1b[0m"
PLAIN_WIDTH = 110  # of what goes into a file
WIDEST = 10_000
FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE")  # Rich then treats a file as a terminal, or a terminal as a file


def columns_variable() -> int:
    """COLUMNS of the environment; 0 where it is none, or no number of columns."""
    words = os.environ.get("COLUMNS", "")
    return min(int(words), WIDEST) if words.isdecimal() and len(words) < 10 else 0


class Terminal:
    """Prints in one language."""

    def __init__(self, lang: str, colour: bool = True) -> None:
        self.lang = lang
        self._colour = colour and not os.environ.get("NO_COLOR")

    @functools.cached_property
    def console(self) -> Console:
        """Rich's console, of the same width."""
        from rich.console import Console

        return Console(
            no_color=not self._colour,
            highlight=False,
            soft_wrap=False,
            width=self.width,
        )

    @functools.cached_property
    def width(self) -> int:
        """How many columns a line may take."""
        if width := columns_variable():
            return width
        if not is_terminal(sys.stdout):
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
        if not is_terminal(sys.stdout):
            return {"": "", **dict.fromkeys(ANSI, "")}
        known = os.name != "nt" and os.environ.get("TERM", "") not in ("dumb", "unknown")
        return {"": "", **ANSI} if known else None

    def say(self, text: str | Text = "", style: str = "", indent: int = 0) -> None:
        """One paragraph; wrapped to the terminal, indented."""
        words = text.get(self.lang) if isinstance(text, Text) else text
        if self._plain(words, style):
            for line in words.split("\n"):
                for part in wrap(line, max(1, self.width - indent)):
                    print(self._styled(" " * indent + part if part else "", style))
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

    def code(self, source: str, indent: int = 0) -> None:
        """Python source, coloured on a terminal; not indented, so that it can be pasted."""
        if is_terminal(sys.stdout) and self._colour:
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
        lines = [names, *cells] if any(names) else cells
        if not cells or not all(self._plain("".join(line)) for line in lines):
            self._rich_table(names, cells, right)
            return
        for row, parts in zip(lines, table_lines(lines, self.width, right), strict=True):
            for part in parts:
                print(self._styled(part, "bold" if row is names else ""))

    def _rich_table(self, names: list[str], rows: list[list[str]], right: Sequence[int]) -> None:
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

    def _plain(self, words: str, style: str = "") -> bool:
        """Whether words are printed without Rich."""
        known = self._styles is not None and style in self._styles
        return known and words.replace("\n", "").isprintable()

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
