"""What an examination says: verdicts with their evidence, what was not checked and why, and the sections that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from gradus.text import Text

Level = Literal["fault", "warning", "note"]
LEVELS: dict[Level, Text] = {
    "fault": Text("fault", "故障"),
    "warning": Text("warning", "警告"),
    "note": Text("note", "提示"),
}


class Verdict(NamedTuple):
    """One thing that was found.

    Attributes:
        level: "fault" (the network cannot do what it is meant to), "warning" (it will do so badly, or hardly), or "note".
        statement: what is the matter.
        evidence: the numbers that show it.
        advice: what to do.
        pages: keys of the concepts that teach it.
        section: of the report.
        check: the name of the check that found it.
    """

    level: Level
    statement: Text
    evidence: Text
    advice: Text
    pages: tuple[str, ...]
    section: str
    check: str = ""


class NotChecked(NamedTuple):
    """What was not checked, and why.

    Attributes:
        what: the check.
        reason: why.
        section: of the report.
    """

    what: Text
    reason: Text
    section: str


class Table(NamedTuple):
    """Rows of a section.

    Attributes:
        columns: their names.
        rows: a cell for each column: `Text`, `str`, a number, or None for nothing.
        caption: what they are.
    """

    columns: tuple[Text, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: Text


@dataclass
class Section:
    """One part of the report; its checks fill it, so that what an interrupted one has found stays.

    Attributes:
        name: of the section.
        title: its heading.
        facts: what was measured, a label and a value each.
        tables: rows of numbers.
        remarks: on which samples, in which mode, with how many products.
        verdicts: what was found.
        not_checked: what was not, and why.
        values: the numbers behind, as JSON has them.
        seconds: what it took.
    """

    name: str
    title: Text
    facts: list[tuple[Text, Text]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    remarks: list[Text] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def fact(self, en: str, zh: str, value: Any, value_zh: str | None = None) -> None:
        """Adds a line."""
        words = value if isinstance(value, Text) else Text(str(value), value_zh or str(value))
        self.facts.append((Text(en, zh), words))

    def say(self, en: str, zh: str) -> None:
        """Adds a remark, once."""
        if Text(en, zh) not in self.remarks:
            self.remarks.append(Text(en, zh))

    def find(
        self,
        level: Level,
        check: str,
        statement: tuple[str, str],
        evidence: tuple[str, str],
        advice: tuple[str, str],
        pages: Sequence[str] = (),
    ) -> None:
        """Adds a verdict."""
        words = Text(*statement), Text(*evidence), Text(*advice)
        self.verdicts.append(Verdict(level, *words, tuple(pages), self.name, check))

    def leave(self, what: Text, reason: Text) -> None:
        """Adds what was not checked."""
        self.not_checked.append(NotChecked(what, reason, self.name))


class Unchecked(Exception):
    """Raised by a check that cannot be made here; its words are the reason."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.reason = Text(en, zh)
