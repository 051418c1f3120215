"""What the commands print with: Rich on a terminal, plain aligned text elsewhere; Chinese characters two columns wide."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from gradus.progress import is_terminal
from gradus.text import Text


class Terminal:
    """Prints in one language."""

    def __init__(self, lang: str, colour: bool = True) -> None:
        from rich.console import Console

        self.lang = lang
        plain = not colour or bool(os.environ.get("NO_COLOR"))
        width = None if is_terminal(sys.stdout) or os.environ.get("COLUMNS") else 110
        self.console = Console(no_color=plain, highlight=False, soft_wrap=False, width=width)

    def say(self, text: str | Text = "", style: str = "", indent: int = 0) -> None:
        """One paragraph; wrapped to the terminal, indented."""
        from rich.padding import Padding
        from rich.text import Text as Rich

        words = text.get(self.lang) if isinstance(text, Text) else text
        rich = Rich(words, style=style)
        self._print(Padding(rich, (0, 0, 0, indent)) if indent else rich)

    def t(self, en: str, zh: str) -> str:
        """The one of two sentences that is in the reader's language."""
        return zh if self.lang == "zh" else en

    def heading(self, en: str, zh: str) -> None:
        """A heading with a line of space above."""
        self.console.print()
        self.say(self.t(en, zh), style="bold")

    def code(self, source: str, indent: int = 2) -> None:
        """Python source, coloured on a terminal."""
        from rich.padding import Padding

        if self.console.is_terminal and not self.console.no_color:
            from rich.syntax import Syntax

            self.console.print(
                Padding(Syntax(source, "python", background_color="default"), (0, 0, 0, indent))
            )
            return
        for line in source.splitlines():
            print(" " * indent + line, file=self.console.file)

    def lines(self, text: str) -> None:
        """Text as it is, line by line; long lines are left to the terminal."""
        for line in text.splitlines():
            print(line, file=self.console.file)

    def table(
        self, columns: Sequence[Text | str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()
    ) -> None:
        """An aligned table without a frame."""
        from rich.table import Table
        from rich.text import Text as Rich

        names = [name.get(self.lang) if isinstance(name, Text) else name for name in columns]
        table = Table(
            box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(names)
        )
        for i, name in enumerate(names):
            table.add_column(name, justify="right" if i in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*[cell if isinstance(cell, Rich) else Rich(str(cell)) for cell in row])
        self._print(table)

    def _print(self, what: Any) -> None:
        """On a terminal as it is; in a file without padding at the ends of lines."""
        if self.console.is_terminal:
            self.console.print(what)
            return
        with self.console.capture() as captured:
            self.console.print(what)
        for line in captured.get().splitlines():
            print(line.rstrip(), file=self.console.file)
