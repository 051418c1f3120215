"""The result of an examination: sections, verdicts, what was not checked; as text, JSON and HTML."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.arguments import refusal
from gradus.examination.comparison import Comparison
from gradus.examination.verdicts import LEVELS, NotChecked, Section, Table, Verdict
from gradus.text import Text


@dataclass(frozen=True)
class Examination:
    """What was found of a model.

    Attributes:
        sections: in the order of the report.
        title: the model's class.
        facts: what was examined: samples, budget, seconds.
        lang: of `table` and of what a notebook shows.
        current: the section that was being looked at when this was written; empty at the end.

    Example:
        >>> import torch, gradus
        >>> model = torch.nn.Linear(2, 3)
        >>> data = torch.randn(30, 2, generator=torch.Generator().manual_seed(0)), torch.arange(30) % 3
        >>> found = gradus.examine(model, torch.nn.functional.cross_entropy, data, sections=["anatomy"])
        >>> [section.name for section in found.sections], found.verdicts
        (['anatomy'], [])
    """

    sections: tuple[Section, ...]
    title: str
    facts: tuple[tuple[Text, Text], ...]
    lang: str = "en"
    current: str = ""

    @property
    def verdicts(self) -> list[Verdict]:
        """All verdicts, the gravest first."""
        order = list(LEVELS)
        return sorted((v for s in self.sections for v in s.verdicts), key=lambda v: order.index(v.level))

    @property
    def not_checked(self) -> list[NotChecked]:
        """What was not checked, and why."""
        return [n for s in self.sections for n in s.not_checked]

    @property
    def table(self) -> str:
        """The whole report as plain text."""
        from gradus.examination.plain import as_text

        return as_text(self, self.lang)

    def text(self, lang: str = "en") -> str:
        """The whole report as plain text, in English ("en") or Chinese ("zh")."""
        from gradus.examination.plain import as_text

        return as_text(self, _language(lang))

    def to_json(self) -> str:
        """Everything as JSON; numbers that are not finite are texts, "NaN", "Infinity", "-Infinity"."""
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "title": self.title,
            "current": self.current,
            "facts": [[list(a), list(b)] for a, b in self.facts],
            "sections": [
                {
                    "name": s.name,
                    "title": list(s.title),
                    "seconds": round(s.seconds, 3),
                    "facts": [[list(a), list(b)] for a, b in s.facts],
                    "remarks": [list(r) for r in s.remarks],
                    "tables": [_plain(t._asdict()) for t in s.tables],
                    "verdicts": [_plain(v._asdict()) for v in s.verdicts],
                    "not_checked": [_plain(n._asdict()) for n in s.not_checked],
                    "values": _plain(s.values),
                }
                for s in self.sections
            ],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any], lang: str = "en") -> Examination:
        """What `as_dict` or `to_json` has written, read again.

        Raises:
            GradusError: it is something else.
        """
        try:
            sections = tuple(_section(v) for v in values["sections"])
            facts = tuple((Text(*a), Text(*b)) for a, b in values["facts"])
            return cls(sections, values["title"], facts, _language(lang), values.get("current", ""))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise refusal("values", ("what as_dict gives", "as_dict 的结果"), values, kind=True) from None

    def html(self, lang: str = "en") -> str:
        """The report as one page that needs no network, in English ("en") or Chinese ("zh")."""
        from gradus.examination.page import examination_html

        return examination_html(self, _language(lang))

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Writes the report to a file, whole or not at all: .html, .htm, .json (as `to_json`) or .txt (as `text`).

        A name without a suffix gets the HTML.

        Raises:
            GradusError: another suffix, or a file that cannot be written.
        """
        from gradus.files import HTML, make_folder, require_suffix, write_atomically

        target = require_suffix(Path(path), *HTML, ".json", ".txt")
        _language(lang)
        if target.suffix.lower() == ".json":
            content = self.to_json()
        elif target.suffix.lower() == ".txt":
            content = self.text(lang) + "\n"
        else:
            content = self.html(lang)
        make_folder(target.parent)
        write_atomically(target, [content.encode("utf-8")])
        return target

    def compare(self, other: Examination) -> Comparison:
        """Two examinations side by side: what one has and the other has not, and how the numbers differ.

        Raises:
            GradusError: the other is none.
        """
        if not isinstance(other, Examination):
            raise refusal("other", ("an Examination", "一个 Examination"), other, kind=True)
        return Comparison(self, other)

    def _repr_html_(self) -> str:
        from gradus.examination.page import fragment

        return fragment(self, self.lang)

    def __str__(self) -> str:
        counts = {level: sum(v.level == level for v in self.verdicts) for level in LEVELS}
        words = ", ".join(f"{n} {LEVELS[level].en}{'s' if n != 1 else ''}" for level, n in counts.items())
        return f"Examination of {self.title}: {words}; {len(self.not_checked)} not checked"

    __repr__ = __str__


def _section(values: dict[str, Any]) -> Section:
    section = Section(values["name"], Text(*values["title"]))
    section.facts = [(Text(*a), Text(*b)) for a, b in values["facts"]]
    section.remarks = [Text(*r) for r in values["remarks"]]
    for t in values["tables"]:
        rows = tuple(tuple(Text(*c) if isinstance(c, list) else c for c in row) for row in t["rows"])
        section.tables.append(Table(tuple(Text(*c) for c in t["columns"]), rows, Text(*t["caption"])))
    for v in values["verdicts"]:
        words = Text(*v["statement"]), Text(*v["evidence"]), Text(*v["advice"])
        section.verdicts.append(Verdict(v["level"], *words, tuple(v["pages"]), v["section"], v["check"]))
    for n in values["not_checked"]:
        section.not_checked.append(NotChecked(Text(*n["what"]), Text(*n["reason"]), n["section"]))
    section.values, section.seconds = _numbers(values["values"]), values["seconds"]
    return section


def _numbers(value: Any) -> Any:
    """NaN and infinities, which JSON has as texts, as numbers again."""
    if isinstance(value, dict):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    known = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    return known.get(value, value) if isinstance(value, str) else value


def _language(lang: str) -> str:
    if lang not in ("en", "zh"):
        raise refusal("lang", ('"en" or "zh"', "“en” 或 “zh”"), lang)
    return lang


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(v) for v in value]
    return value
