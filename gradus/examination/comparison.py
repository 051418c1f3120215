"""Two examinations side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradus.examination.verdicts import LEVELS
from gradus.text import Text


@dataclass(frozen=True)
class Comparison:
    """Two examinations side by side.

    Attributes:
        one, other: the examinations.
    """

    one: Any
    other: Any

    @property
    def rows(self) -> list[tuple[str, Text, Text | None, Text | None]]:
        """Section, label, the value of the one and of the other; None where it has none."""
        found: dict[tuple[str, Text], list[Text | None]] = {}
        for k, side in enumerate((self.one, self.other)):
            for section in side.sections:
                for label, value in section.facts:
                    found.setdefault((section.name, label), [None, None])[k] = value
        return [(name, label, a, b) for (name, label), (a, b) in found.items()]

    @property
    def verdicts(self) -> list[tuple[Any, bool, bool]]:
        """Each verdict, and whether the one and the other examination has one of this check and level."""
        sides = [{(v.check, v.level) for v in e.verdicts} for e in (self.one, self.other)]
        seen: set[tuple[str, str]] = set()
        result = []
        for v in [*self.one.verdicts, *self.other.verdicts]:
            if (v.check, v.level) not in seen:
                seen.add((v.check, v.level))
                result.append((v, *((v.check, v.level) in side for side in sides)))
        return result

    @property
    def table(self) -> str:
        """Both as plain text."""
        return self.text(self.one.lang)

    def text(self, lang: str = "en") -> str:
        """Both as plain text, in English ("en") or Chinese ("zh")."""
        from gradus.examination.plain import columns

        none = Text("–", "–")
        head = ["", f"1 {self.one.title}", f"2 {self.other.title}"]
        cells = [head]
        cells += [
            [label.get(lang), (a or none).get(lang), (b or none).get(lang)] for _, label, a, b in self.rows
        ]
        for v, has, other in self.verdicts:
            words = f"{LEVELS[v.level].get(lang)}: {v.statement.get(lang)}"
            cells.append([words, "✗" if has else "–", "✗" if other else "–"])
        return "\n".join(columns(cells))
